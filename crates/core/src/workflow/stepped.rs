//! Pages whose steps are headings (`## Step 1: …`, numbered or plain) or the
//! items of a list. It refuses to drop a step: what no skill carries out is a
//! manual step.

use super::account::Kind;
use super::criteria::{Place, criterion};
use super::parse::{Block, Content, Document, Item, Line, plain};
use super::policy_rules::{Topic, topic};
use super::reader::Reader;
use super::{Guidance, Input, Skill, Step, synonyms};
use crate::text::slug;
use std::collections::HashMap;

/// How the steps were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `Step N` headings.
    Keyword,
    /// Numbered headings.
    Numbered,
    /// Headings without numbers.
    Plain,
    /// A list.
    List,
    /// Nothing to make steps of.
    None,
}

const KEYWORDS: &[&str] = &[
    "step",
    "phase",
    "stage",
    "bước",
    "giai đoạn",
    "adım",
    "aşama",
    "fase",
    "paso",
    "passo",
    "etapa",
    "schritt",
    "étape",
    "etape",
    "步骤",
    "阶段",
    "шаг",
    "этап",
    "krok",
    "stap",
];

/// The title after `Step 1:` and the like.
fn after_keyword(title: &str) -> Option<String> {
    let lower = title.to_lowercase();
    let keyword = KEYWORDS.iter().find(|keyword| lower.starts_with(**keyword))?;
    let skip = keyword.chars().count();
    let rest: String = title.chars().skip(skip).collect();
    let rest = rest.trim_start();
    let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let after = rest.get(number..)?;
    (number > 0 && !after.starts_with(char::is_alphanumeric)).then(|| without_separator(after, title))
}

/// The title after `1.` and the like.
fn after_number(title: &str) -> Option<String> {
    let digits = title.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
    let rest = title.get(digits..)?.trim_start_matches("단계");
    let separated = rest.starts_with(['.', ')', ':', '-', '–', '—', '、'])
        || rest.starts_with(" -")
        || rest.starts_with(" —");
    separated.then(|| without_separator(rest, title))
}

fn without_separator(rest: &str, whole: &str) -> String {
    let title = rest.trim_start_matches([' ', ':', '.', ')', '-', '–', '—', '、', '：']).trim();
    plain(if title.is_empty() { whole } else { title })
}

/// Finds a page's steps.
pub(crate) fn steps(doc: &Document, reader: &mut Reader) -> (Vec<Step>, Shape) {
    let mut steps = Vec::new();
    let mut shape = Shape::None;
    for (kind, title_of) in
        [(Shape::Keyword, after_keyword as fn(&str) -> Option<String>), (Shape::Numbered, after_number)]
    {
        if let Some(found) = headings(doc, title_of, if kind == Shape::Keyword { 1 } else { 2 }) {
            steps = found.into_iter().map(|(at, title)| section_step(doc, at, title, reader)).collect();
            shape = kind;
            break;
        }
    }
    if steps.is_empty() {
        (steps, shape) = without_numbers(doc, reader);
    }
    unique_ids(&mut steps);
    (steps, shape)
}

/// The headings of the highest level that has enough of the form.
fn headings(
    doc: &Document,
    title_of: fn(&str) -> Option<String>,
    least: usize,
) -> Option<Vec<(usize, String)>> {
    let all: Vec<_> = doc
        .sections
        .iter()
        .enumerate()
        .filter(|(_, section)| section.level > 0)
        .filter_map(|(at, section)| title_of(&section.title).map(|title| (section.level, at, title)))
        .collect();
    let level = (1..=6).find(|level| all.iter().filter(|(of, ..)| of == level).count() >= least)?;
    Some(all.into_iter().filter(|(of, ..)| *of == level).map(|(_, at, title)| (at, title)).collect())
}

fn without_numbers(doc: &Document, reader: &mut Reader) -> (Vec<Step>, Shape) {
    let named = list_of_steps(doc, true);
    if !named.is_empty() {
        return (named.into_iter().map(|item| item_step(item, reader)).collect(), Shape::List);
    }
    let candidates: Vec<(usize, bool)> = plain_headings(doc);
    if candidates.iter().filter(|(_, known)| *known).count() >= 2 {
        let step = |(at, _): (usize, bool)| {
            let title = doc.sections.get(at).map(|section| plain(&section.title)).unwrap_or_default();
            section_step(doc, at, title, reader)
        };
        return (candidates.into_iter().map(step).collect(), Shape::Plain);
    }
    let steps: Vec<Step> =
        list_of_steps(doc, false).into_iter().map(|item| item_step(item, reader)).collect();
    let shape = if steps.is_empty() { Shape::None } else { Shape::List };
    (steps, shape)
}

/// The headings of the first level with two or more that are no policy, and
/// whether each names a skill.
fn plain_headings(doc: &Document) -> Vec<(usize, bool)> {
    let at_level = |level: u8| -> Vec<(usize, bool)> {
        let of_level = doc.sections.iter().enumerate().filter(|(_, section)| section.level == level);
        let free = of_level.filter(|(_, section)| topic(&section.title) == Topic::None);
        free.map(|(at, section)| (at, !synonyms::in_prose(&section.title, 3).is_empty())).collect()
    };
    (1..=4).map(at_level).find(|found| found.len() >= 2).unwrap_or_default()
}

/// The outermost items of the list of steps: under a heading that says so, or
/// the longest ordered list, or else the longest list.
fn list_of_steps(doc: &Document, under_heading: bool) -> Vec<&Item> {
    let mut best: Vec<&Item> = Vec::new();
    let mut best_rank = (false, 1);
    for (at, section) in doc.sections.iter().enumerate() {
        let titles = doc.titles(at);
        if under_heading != titles.iter().any(|title| is_procedure(title)) {
            continue;
        }
        for block in &section.blocks {
            let Content::List(items) = &block.content else { continue };
            let outer: Vec<_> = items.iter().filter(|item| item.depth == 0).collect();
            let rank = (outer.first().is_some_and(|item| item.ordered), outer.len());
            let free = topic(&block.label_text()) == Topic::None
                && doc.titles_below_first(at).iter().all(|title| topic(title) == Topic::None);
            if free && outer.len() >= 2 && rank > best_rank && (rank.0 || !under_heading) {
                (best, best_rank) = (outer, rank);
            }
        }
    }
    best
}

fn is_procedure(title: &str) -> bool {
    ["steps", "procedure", "process", "workflow", "instructions", "how to"]
        .iter()
        .any(|word| title.contains(word))
}

fn item_step(item: &Item, reader: &mut Reader) -> Step {
    let text = item.text();
    let title = item
        .lines
        .first()
        .map(|line| line.label.clone().unwrap_or_else(|| plain(&line.text)))
        .unwrap_or_default();
    reader.became(item.line, item.line, Kind::Step, "");
    let last = item.code.last().map_or(item.last(), |(line, _)| *line);
    let mut step = new_step(&title, item.line, last);
    step.skills = synonyms::in_prose(&text, 3);
    step.suggested_commands = item.code.iter().filter_map(|(_, code)| command(code)).collect();
    manual_if_none(&mut step);
    step
}

fn new_step(title: &str, first: u32, last: u32) -> Step {
    let id = slug(title);
    Step {
        id: if id.is_empty() { "step".to_owned() } else { id },
        title: title.to_owned(),
        skills: vec![],
        name_in_document: title.to_owned(),
        lines: [first, last.max(first)],
        inputs: vec![],
        outputs: vec![],
        checklist: vec![],
        guidance: vec![],
        suggested_commands: vec![],
        skill_file: None,
    }
}

fn manual_if_none(step: &mut Step) {
    if step.skills.is_empty() {
        step.skills.push(Skill::Manual);
    }
}

/// Where the skills of a step were found.
#[derive(Default)]
struct Found {
    called: Vec<Skill>,
    acted: Vec<Skill>,
    put_out: Vec<Skill>,
    loose: Vec<Skill>,
}

fn section_step(doc: &Document, at: usize, title: String, reader: &mut Reader) -> Step {
    let end = doc.end_of(at);
    let line = doc.sections.get(at).map_or(1, |section| section.line);
    reader.became(line, line, Kind::Step, "");
    let mut step = new_step(&title, line, doc.last_line_before(end));
    let mut found = Found::default();
    for (index, section) in doc.sections.iter().enumerate().take(end).skip(at) {
        let titles = if index == at { vec![] } else { vec![section.title.to_lowercase()] };
        for block in &section.blocks {
            read_block(block, &titles, &mut step, &mut found, reader);
        }
    }
    step.skills = skills_of(&title, found);
    manual_if_none(&mut step);
    step
}

fn skills_of(title: &str, found: Found) -> Vec<Skill> {
    let mut skills = found.called;
    let titled = synonyms::in_prose(title, usize::MAX);
    for more in [found.acted, found.put_out] {
        skills.extend(more);
    }
    if skills.is_empty() {
        skills = titled;
    }
    if skills.is_empty() {
        skills = found.loose;
    }
    let mut seen = Vec::new();
    skills.retain(|skill| {
        !seen.contains(skill) && {
            seen.push(*skill);
            true
        }
    });
    skills
}

fn read_block(block: &Block, titles: &[String], step: &mut Step, found: &mut Found, reader: &mut Reader) {
    match &block.content {
        Content::Paragraph(lines) => {
            for line in lines {
                read_line(line, step, found, reader);
            }
        }
        Content::List(items) => read_list(block, items, titles, step, found, reader),
        Content::Table(header, rows) if is_mapping(header.cells.as_slice()) => {
            let head = rows.first().map_or(block.last, |row| row.line.saturating_sub(1));
            reader.became(block.first, head, Kind::TableHead, "");
            label_understood(block, reader);
            for row in rows.iter().filter(|row| !row.cell(0).is_empty()) {
                let input = Input { name: row.cell(0), source: row.cell(1), line: row.line, file: None };
                reader.became(row.line, row.line, Kind::Input, &input.name);
                step.inputs.push(input);
            }
        }
        Content::Fence(lines) => {
            step.suggested_commands.extend(lines.iter().filter_map(|(_, line)| command(line)));
        }
        Content::Quote(_) | Content::Table(..) | Content::Other => {}
    }
}

pub(crate) fn is_mapping(header: &[String]) -> bool {
    let has =
        |column: usize, word: &str| header.get(column).is_some_and(|cell| cell.to_lowercase().contains(word));
    has(0, "input") && has(1, "source")
}

fn label_understood(block: &Block, reader: &mut Reader) {
    if let Some(label) = &block.label {
        reader.became(label.no, label.no, Kind::Label, "");
    }
}

fn read_line(line: &Line, step: &mut Step, found: &mut Found, reader: &mut Reader) {
    let Some(label) = line.label.as_deref().map(str::to_lowercase) else { return };
    if line.text.is_empty() {
        return;
    }
    if label.contains("skill") || label == "agent" {
        let name = plain(&line.text);
        step.name_in_document.clone_from(&name);
        match synonyms::of_name(&name) {
            Some(skill) => found.called.push(skill),
            None => super::check::unknown_skill(reader, line.no, &name),
        }
        let skill = synonyms::of_name(&name).unwrap_or(Skill::Manual);
        reader.became(line.no, line.no, Kind::Skill, skill.name());
    } else if matches!(label.as_str(), "output" | "outputs" | "result" | "results") {
        step.outputs.push(plain(&line.text));
        found.put_out.extend(synonyms::in_result(&line.text));
        reader.became(line.no, line.no, Kind::Output, &plain(&line.text));
    }
}

fn read_list(
    b: &Block,
    items: &[Item],
    titles: &[String],
    step: &mut Step,
    found: &mut Found,
    reader: &mut Reader,
) {
    let label = b.label_text();
    let about = titles.iter().map(String::as_str).chain([label.as_str()]);
    let kind = about.map(topic).rfind(|kind| *kind != Topic::None).unwrap_or(Topic::None);
    let does = ["action", "deliverable", "do this", "tasks"].iter().any(|word| label.contains(word));
    let outputs = ["output", "deliverable", "result"].iter().any(|word| label.contains(word));
    for item in items {
        let text = item.text();
        step.suggested_commands.extend(item.code.iter().filter_map(|(_, line)| command(line)));
        let checked =
            item.task || matches!(kind, Topic::Verification | Topic::Monitoring | Topic::Completion);
        if checked {
            let place = kind.place().unwrap_or(Place::Anywhere);
            let criterion = criterion(&plain(&text), place, Some(item.line));
            let gate = criterion.gate.as_deref().unwrap_or_default();
            reader.became(item.line, item.last(), Kind::Checklist, gate);
            step.checklist.push(criterion);
            label_understood(b, reader);
            continue;
        }
        step.guidance.push(Guidance { line: item.line, text: text.clone() });
        if outputs {
            step.outputs.push(plain(&text));
        }
        let skills = synonyms::in_prose(&text, usize::MAX);
        if does && kind == Topic::None {
            if outputs {
                reader.became(item.line, item.last(), Kind::Output, &plain(&text));
            }
            for skill in &skills {
                reader.became(item.line, item.last(), Kind::Action, skill.name());
            }
            if !skills.is_empty() || outputs {
                label_understood(b, reader);
            }
            found.acted.extend(skills);
        } else if kind == Topic::None && item.depth == 0 {
            found.loose.extend(synonyms::in_prose(&text, 2));
        }
    }
}

/// The command that a line of an example suggests, if it looks like one.
pub(crate) fn command(line: &str) -> Option<String> {
    const TOOLS: &[&str] = &[
        "git",
        "cd",
        "npm",
        "yarn",
        "pnpm",
        "npx",
        "cargo",
        "make",
        "just",
        "go",
        "python",
        "python3",
        "pytest",
        "flake8",
        "ruff",
        "black",
        "eslint",
        "docker",
        "kubectl",
        "helm",
        "gh",
        "glab",
        "curl",
        "mvn",
        "gradle",
        "dotnet",
        "bundle",
        "rake",
        "terraform",
        "ansible-playbook",
        "bash",
        "sh",
        "composer",
        "php",
        "mix",
        "tox",
        "poetry",
        "uv",
        "rustc",
    ];
    let line = line.trim().trim_start_matches(['$', '>']).trim();
    let first = line.split_whitespace().next()?;
    let known = TOOLS.contains(&first) || (first.starts_with("./") && first.len() > 2);
    known.then(|| line.to_owned())
}

/// Makes ids unique by a number after them.
pub(crate) fn unique_ids(steps: &mut [Step]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let taken: std::collections::HashSet<String> = steps.iter().map(|step| step.id.clone()).collect();
    for step in steps {
        let count = seen.entry(step.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            while taken.contains(&format!("{}-{count}", step.id)) {
                *count += 1;
            }
            step.id = format!("{}-{count}", step.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_in_many_languages() {
        let rows = [
            ("Step 1: Implement Hotfix", Some("Implement Hotfix")),
            ("Phase 2 — Test", Some("Test")),
            ("Bước 3: Triển khai", Some("Triển khai")),
            ("Adım 1. Düzelt", Some("Düzelt")),
            ("Schritt 2 - Prüfen", Some("Prüfen")),
            ("Étape 4 : Déployer", Some("Déployer")),
            ("步骤 1：修复", Some("修复")),
            ("Шаг 5", Some("Шаг 5")),
            ("Stepping stones", None),
            ("Step by step", None),
        ];
        for (title, expected) in rows {
            assert_eq!(after_keyword(title).as_deref(), expected, "{title}");
        }
        assert_eq!(after_number("1. Fix").as_deref(), Some("Fix"));
        assert_eq!(after_number("2024 in review"), None);
        assert_eq!(after_number("2단계: 수정").as_deref(), Some("수정"));
    }

    #[test]
    fn commands() {
        assert_eq!(command("$ git push").as_deref(), Some("git push"));
        assert_eq!(command("go home now").as_deref(), Some("go home now"));
        assert_eq!(command("Keep calm"), None);
    }
}
