//! Pages that list skills in their front matter and draw a flow of boxes with
//! a note for each. It refuses to run the example: its commands are suggestions.

use super::account::Kind;
use super::commands::command;
use super::front_matter::Named;
use super::parse::{Content, Document};
use super::reader::Reader;
use super::stepped::{new_step, unique_ids};
use super::synonyms::base_name;
use super::{Guidance, Level, Skill, Step, branch_rules, check};
use crate::policy::Policy;
use crate::text::slug;

const MOST_BOXES: usize = 200;

/// A box of the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowBox {
    pub name: String,
    pub note: Option<(u32, String)>,
    pub first: u32,
    pub last: u32,
}

fn is_border(line: &str) -> bool {
    let line = line.trim();
    let corner = line.starts_with(['+', '┌', '└', '├', '╔', '╚', '╭', '╰']);
    let body = line.chars().filter(|c| matches!(c, '-' | '─' | '═' | '=')).count();
    corner && body >= 2 && !line.chars().any(char::is_alphanumeric)
}

/// The boxes of a drawing, in their order.
pub(crate) fn boxes(lines: &[(u32, String)]) -> Vec<FlowBox> {
    let mut found = Vec::new();
    let mut open: Option<FlowBox> = None;
    for (no, line) in lines {
        if is_border(line) {
            match open.take() {
                Some(mut done) => {
                    done.last = *no;
                    found.push(done);
                }
                None => open = Some(FlowBox { name: String::new(), note: None, first: *no, last: *no }),
            }
        } else if let Some(current) = &mut open {
            inside(line, *no, current);
        }
        if found.len() >= MOST_BOXES {
            break;
        }
    }
    found.retain(|found| !found.name.is_empty());
    found
}

fn inside(line: &str, no: u32, current: &mut FlowBox) {
    let Some(rest) = line.trim().strip_prefix(['|', '│', '║']) else { return };
    let (inner, after) = rest.split_once(['|', '│', '║']).unwrap_or((rest, ""));
    if !inner.trim().is_empty() {
        if !current.name.is_empty() {
            current.name.push(' ');
        }
        current.name.push_str(inner.trim());
    }
    let note = after.trim().trim_start_matches(['<', '-', '←', '─', ' ']).trim();
    if !note.is_empty() {
        current.note = Some((no, note.to_owned()));
    }
}

/// The page's flow: the first fence that draws at least two boxes.
pub(crate) fn flow(doc: &Document) -> Option<(Vec<FlowBox>, u32, u32)> {
    doc.sections.iter().flat_map(|section| &section.blocks).find_map(|block| match &block.content {
        Content::Fence(lines) => {
            let boxes = boxes(lines);
            (boxes.len() >= 2).then_some((boxes, block.first, block.last))
        }
        _ => None,
    })
}

/// The lines between the boxes that only lead from one to the next.
fn arrows(doc: &Document, first: u32, last: u32, reader: &mut Reader) {
    let start = doc.raw.first().map_or(1, |(no, _)| *no);
    let lines = doc.raw.iter().skip(first.saturating_sub(start) as usize);
    let leads = |c: char| !c.is_alphanumeric() || matches!(c, 'v' | 'V');
    for (no, _) in lines.take_while(|(no, _)| *no <= last).filter(|(_, line)| line.chars().all(leads)) {
        reader.became(*no, *no, Kind::Drawing, "");
    }
}

/// Reads the steps of such a page, and what its notes and example say.
pub(crate) fn steps(doc: &Document, skills: &[Named], policy: &mut Policy, reader: &mut Reader) -> Vec<Step> {
    let flow = flow(doc);
    let mut steps: Vec<Step> =
        skills.iter().map(|named| step(&named.name, named.line, named.line, reader)).collect();
    for step in &steps {
        reader.became(step.lines[0], step.lines[0], Kind::Step, "");
        if reader.words.of_name(&step.name_in_document).is_none() {
            check::unknown_skill(reader, step.lines[0], &step.name_in_document);
        }
    }
    if let Some((boxes, first, last)) = &flow {
        arrows(doc, *first, *last, reader);
        reader.became(*first, *first, Kind::Drawing, "");
        take_boxes(boxes, &mut steps, policy, reader);
    }
    let labels_known = reader.origins.contains_key("merge_request.labels");
    for block in doc.sections.iter().flat_map(|section| &section.blocks) {
        if let Content::Fence(lines) = &block.content
            && flow.as_ref().is_none_or(|(_, first, _)| *first != block.first)
            && example(lines, &mut steps, policy, labels_known, reader)
        {
            reader.became(block.first, block.first, Kind::Drawing, "");
        }
    }
    steps.iter_mut().for_each(complete);
    unique_ids(&mut steps);
    steps
}

fn step(name: &str, first: u32, last: u32, reader: &Reader) -> Step {
    let title = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name).trim().to_owned();
    let id = slug(&base_name(name));
    Step {
        id: if id.is_empty() { "step".to_owned() } else { id },
        skills: reader.words.of_name(name).into_iter().collect(),
        name_in_document: name.to_owned(),
        ..new_step(&title, first, last)
    }
}

fn position(steps: &[Step], name: &str) -> Option<usize> {
    let id = slug(&base_name(name));
    steps.iter().position(|step| step.id == id)
}

/// Puts the notes into their steps; a box that is not in the list is a step too.
fn take_boxes(boxes: &[FlowBox], steps: &mut Vec<Step>, policy: &mut Policy, reader: &mut Reader) {
    let listed = steps.len();
    let (mut after, mut furthest, mut added) = (0, 0, 0);
    for flow_box in boxes {
        let at = if let Some(at) = position(steps, &flow_box.name) {
            if at < furthest {
                check::flow_differs(reader, flow_box.first, &flow_box.name);
            }
            furthest = furthest.max(at);
            at
        } else {
            let at = after.min(steps.len());
            steps.insert(at, step(&flow_box.name, flow_box.first, flow_box.last, reader));
            furthest = furthest.max(at);
            added += 1;
            if listed > 0 {
                check::extra_box(reader, flow_box.first, &flow_box.name);
            }
            at
        };
        after = at + 1;
        let id = steps.get(at).map(|step| step.id.clone()).unwrap_or_default();
        reader.became(flow_box.first, flow_box.last, Kind::Drawing, "");
        reader.became(flow_box.first + 1, flow_box.last.saturating_sub(1), Kind::Box, &id);
        if let (Some((no, note)), Some(step)) = (&flow_box.note, steps.get_mut(at)) {
            take_note(note, *no, step, reader);
            reader.became(*no, *no, Kind::Note, &step.id);
            branch_rules::note(note, *no, &mut policy.branch, reader);
        }
    }
    let drawn: std::collections::HashSet<String> = boxes.iter().map(|b| slug(&base_name(&b.name))).collect();
    for step in steps.iter().filter(|step| !drawn.contains(&step.id)).take(listed + added) {
        check::not_drawn(reader, step.lines[0], &step.title);
    }
}

/// A note may name further skills: `Quick test + fix`, `Fast merge`.
fn take_note(note: &str, line: u32, step: &mut Step, reader: &Reader) {
    step.guidance.push(Guidance { line, text: note.to_owned() });
    let own = step.skills.first().copied();
    for skill in reader.words.in_prose(note, 1) {
        let more = match (own, skill) {
            (Some(Skill::Implement), Skill::Reproduce) => 0,
            (None, _) | (Some(Skill::MergeRequest), Skill::Review | Skill::Merge | Skill::Deploy) => {
                step.skills.len()
            }
            _ => continue,
        };
        if !step.skills.contains(&skill) {
            step.skills.insert(more, skill);
        }
    }
}

fn complete(step: &mut Step) {
    let at = |skill: Skill| step.skills.iter().position(|of| *of == skill);
    if let (Some(_), Some(merge), None) = (at(Skill::MergeRequest), at(Skill::Merge), at(Skill::Review)) {
        step.skills.insert(merge, Skill::Review);
    }
    if step.skills.is_empty() {
        step.skills.push(Skill::Manual);
    }
    step.guidance.sort_by_key(|guidance| guidance.line);
}

/// The name of a numbered line (`2. write-code`).
fn numbered(line: &str) -> Option<&str> {
    let line = line.trim();
    let digits = line.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
    Some(line.get(digits..)?.strip_prefix(['.', ')'])?.trim())
}

/// Reads an example whose numbered lines name steps.
fn example(
    lines: &[(u32, String)],
    steps: &mut [Step],
    policy: &mut Policy,
    labels: bool,
    reader: &mut Reader,
) -> bool {
    let mut current: Option<usize> = None;
    let mut any = false;
    for (no, line) in lines {
        if let Some(at) = numbered(line).and_then(|name| position(steps, name)) {
            current = Some(at);
            any = true;
            let step = steps.get(at).map(|step| step.id.clone()).unwrap_or_default();
            reader.became(*no, *no, Kind::Example, &step);
            continue;
        }
        let Some(step) = current.and_then(|at| steps.get_mut(at)) else { continue };
        let text = line.trim().trim_start_matches(['-', '>', '→', '*', ' ']).trim();
        let suggested = command(text).or_else(|| text.split_once(": ").and_then(|(_, rest)| command(rest)));
        if let Some(suggested) = suggested {
            branch_rules::command(&suggested, *no, &mut policy.branch, reader);
            step.suggested_commands.push(suggested);
            reader.became(*no, *no, Kind::Command, &step.id);
        } else if !text.is_empty() {
            step.guidance.push(Guidance { line: *no, text: text.to_owned() });
            if !labels && let Some(label) = label(text) {
                policy.merge_request.labels = vec![label];
                reader.rule("merge_request.labels", *no);
            }
        }
    }
    any
}

/// The label in `… with "urgent" label`.
fn label(text: &str) -> Option<String> {
    let quoted = text.split(['"', '`']).nth(1)?;
    (text.to_lowercase().contains("label") && !quoted.is_empty()).then(|| quoted.to_owned())
}

/// Says where a listed skill and the page's step headings differ.
pub(crate) fn against_headings(skills: &[Named], steps: &[Step], reader: &mut Reader) {
    for named in skills {
        let skill = reader.words.of_name(&named.name);
        let done = skill.is_none_or(|skill| steps.iter().any(|step| step.skills.contains(&skill)));
        if !done {
            let message = format!("the front matter lists `{}`, and no step of the page does it", named.name);
            let hint = "name it in a step, or take it from the list";
            reader.say(Level::Warning, "HF0304", named.line, message, hint).about(&named.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_with_notes() {
        let drawing = "+----+\n| one | <- first note\n| (x) |\n+--+--+\n   |\n   v\n┌────┐\n│ two │\n└────┘";
        let lines: Vec<_> = (1..).zip(drawing.lines().map(str::to_owned)).collect();
        let found = boxes(&lines);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].name, "one (x)");
        assert_eq!(found[0].note, Some((2, "first note".to_owned())));
        assert_eq!((found[1].name.as_str(), found[1].first, found[1].last), ("two", 7, 9));
    }
}
