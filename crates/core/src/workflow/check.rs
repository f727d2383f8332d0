//! What a reader of the page should know: is it a workflow at all, does it
//! contradict itself, does it give dangerous advice. It refuses to repair.

use super::account::Kind;
use super::parse::{Content, Document};
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

/// `Inherits:` links.
pub(crate) fn inherits(doc: &Document, reader: &mut Reader) -> Vec<String> {
    let mut found = Vec::new();
    let mut targets = doc.links.iter().peekable();
    for block in doc.sections.iter().flat_map(|section| &section.blocks) {
        let Content::Paragraph(lines) = &block.content else { continue };
        for line in lines {
            let label = line.label.as_deref().unwrap_or(&line.text).to_lowercase();
            if !label.starts_with("inherits") {
                continue;
            }
            while targets.next_if(|(no, _)| *no < line.no).is_some() {}
            while let Some((_, target)) = targets.next_if(|(no, _)| *no == line.no) {
                reader.became(line.no, line.no, Kind::Link, target);
                let message = format!("the page inherits from {}", brief(target, 120));
                let hint = "only the section that the link names is taken";
                reader.say(Level::Note, "HF0313", line.no, message, hint).about(target);
                found.push(target.clone());
            }
        }
    }
    found
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

struct Danger {
    code: &'static str,
    what: &'static str,
    hint: &'static str,
    is: fn(&str) -> Option<usize>,
}

const DANGERS: &[Danger] = &[
    Danger {
        code: "HF0320",
        what: "advises a force push",
        hint: "push a further commit instead; hotfix never force-pushes",
        is: |line| {
            let flag = line.find("push").filter(|at| {
                let rest = line.get(*at..).unwrap_or_default();
                rest.contains("--force") || rest.split_whitespace().any(|word| word == "-f")
            });
            flag.or_else(|| line.find("force push")).or_else(|| line.find("force-push"))
        },
    },
    Danger {
        code: "HF0321",
        what: "advises `git reset --hard`, which throws work away",
        hint: "work in a worktree of its own, as `hotfix start` does",
        is: |line| line.find("reset --hard"),
    },
    Danger {
        code: "HF0322",
        what: "advises to skip hooks",
        hint: "waive the one gate that is in the way, with a reason",
        is: |line| line.find("--no-verify"),
    },
    Danger {
        code: "HF0323",
        what: "advises to add every file, which also takes secrets and leftovers",
        hint: "name the files that the fix changes",
        is: |line| {
            let at = line.find("git add ")?;
            let first = line.get(at + 8..)?.split_whitespace().next()?;
            matches!(first.trim_matches(['`', '"', ';']), "-a" | "--all" | ".").then_some(at)
        },
    },
    Danger {
        code: "HF0324",
        what: "advises to push to main directly",
        hint: "open a merge request; its gates are the point",
        is: |line| {
            let named = [
                "push origin main",
                "push origin master",
                "push directly to main",
                "push directly to master",
            ];
            let named =
                named.iter().chain(&["push straight to main", "push origin production", "directly to main"]);
            named.copied().find_map(|words| line.find(words))
        },
    },
];

/// Finds dangerous advice. A line that forbids it is none.
pub(crate) fn dangers(doc: &Document, reader: &mut Reader) {
    const DENIALS: &[&str] =
        &["never", "don't", "do not", "not ", "avoid", "without", "no ", "❌", "forbid", "không", "nicht"];
    for (no, text) in &doc.raw {
        let lower = text.to_lowercase();
        for danger in DANGERS {
            let Some(at) = (danger.is)(&lower) else { continue };
            let before = lower.get(..at).unwrap_or_default();
            if DENIALS.iter().any(|denial| before.contains(denial)) {
                continue;
            }
            let message = format!("the page {}", danger.what);
            let words: Vec<&str> = lower.get(at..).unwrap_or_default().split_whitespace().take(3).collect();
            reader.say(Level::Warning, danger.code, *no, message, danger.hint).about(&words.join(" "));
        }
    }
}
