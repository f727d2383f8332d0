//! What a reader of the page should know: is it a workflow at all, does it
//! contradict itself. It refuses to repair.

use super::account::Kind;
use super::reader::Reader;
use super::sequence::Shape;
use super::synonyms::base_name;
use super::{GateRow, Level, Step};
use crate::text::{brief, slug};

/// A name in the page that no built-in skill has.
pub(crate) fn unknown_skill(reader: &mut Reader, line: u32, name: &str) {
    let message = format!("`{}` is no known skill; a person does it and confirms it", brief(name, 60));
    let hint = "give it a command or an agent in the config: [skills.<name>]";
    reader.say(Level::Note, "HF0309", line, message, hint).about(name);
}

/// A box stands elsewhere than its skill in the list.
pub(crate) fn flow_differs(reader: &mut Reader, line: u32, name: &str) {
    let message = format!(
        "the flow has `{}` at another place than the skill list; the list's order holds",
        brief(name, 60)
    );
    reader.say(Level::Warning, "HF0307", line, message, "bring the two into one order").about(name);
}

/// A listed skill that the flow does not draw.
pub(crate) fn not_drawn(reader: &mut Reader, line: u32, name: &str) {
    let message = format!("`{}` is in the skill list, and the flow has no box for it", brief(name, 60));
    reader.say(Level::Warning, "HF0307", line, message, "draw it, or take it from the list").about(name);
}

/// A box that is not in the list.
pub(crate) fn extra_box(reader: &mut Reader, line: u32, name: &str) {
    let message = format!("the flow's box `{}` is not in the skill list; it is a step too", brief(name, 60));
    reader.say(Level::Note, "HF0308", line, message, "").about(name);
}

/// `Inherits:` links of a page that stands alone.
pub(crate) fn inherits(links: &[super::follow::Link], reader: &mut Reader) {
    for link in links {
        reader.became(link.line, link.line, Kind::Link, &link.target);
        let message = format!("the page inherits from {}", brief(&link.target, 120));
        let hint = "only the section that the link names is taken";
        reader.say(Level::Note, "HF0313", link.line, message, hint).about(&link.target);
    }
}

/// Gates that name a step which does not exist.
pub(crate) fn gates(gates: &[GateRow], steps: &[Step], reader: &mut Reader) {
    let ids: std::collections::HashSet<String> =
        steps.iter().flat_map(|step| [step.id.clone(), slug(&base_name(&step.name_in_document))]).collect();
    for gate in gates {
        let named = slug(&base_name(&gate.after));
        let skill = reader.words.of_name(&gate.after);
        let known = ids.contains(&named)
            || skill.is_some_and(|skill| steps.iter().any(|s| s.skills.contains(&skill)));
        reader.became(gate.line, gate.line, Kind::Gate, &gate.id);
        if !known {
            let message =
                format!("the gate comes after `{}`, and the page has no such step", brief(&gate.after, 60));
            reader
                .say(Level::Warning, "HF0306", gate.line, message, "name a step of the page")
                .about(&gate.after);
        }
    }
}

/// The page has no headings or numbers to take steps from.
pub(crate) fn shape(shape: Shape, line: u32, reader: &mut Reader) {
    let what = match shape {
        Shape::List => "a list",
        Shape::Plain => "plain headings",
        Shape::Table => "the rows of a table",
        Shape::Prose => "running text",
        Shape::Keyword | Shape::Numbered | Shape::None => "",
    };
    if !what.is_empty() {
        let message = format!("the steps were taken from {what}");
        reader.say(
            Level::Note,
            "HF0316",
            line,
            message,
            "`## Step 1: …` headings say exactly what a step is",
        );
    }
}
