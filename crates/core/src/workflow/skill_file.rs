//! The file that says how a skill is carried out: a flat file with an
//! interface, a template and a checklist, or a folder with a `SKILL.md`. It
//! gives its step inputs, gates and words to read; it refuses to change what
//! carries the step out.

use super::account::Kind;
use super::criteria::{Place, criterion};
use super::follow::{FollowedAs, Follower, Part, refuse};
use super::front_matter;
use super::library::{Shelved, folder_of, places_of_skill};
use super::parse::{self, Block, Content, Document, Item, Row, plain};
use super::reader::Reader;
use super::{Guidance, Input, Level, Step, Workflow};
use crate::policy::Criterion;
use crate::text::{brief, one_line, printable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many names are looked for.
const MOST_NAMES: usize = 64;

/// What a step's skill file says, beside the inputs and gates that it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkillFile {
    /// Its path from the repository's root.
    pub path: String,
    /// Digest of its bytes.
    pub digest: String,
    /// The skill's name, from its front matter or its first heading.
    pub name: String,
    /// What it does, from its front matter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The form of what it puts out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What is for people and agents to read, with the file's lines.
    pub guidance: Vec<Guidance>,
}

/// What a file gives.
#[derive(Debug, Default)]
struct Given {
    name: String,
    description: String,
    template: Vec<String>,
    inputs: Vec<Input>,
    outputs: Vec<String>,
    checklist: Vec<Criterion>,
}

/// Looks for the file of each step's skill, and takes what it gives.
pub(crate) fn follow(
    follower: &mut Follower<'_>,
    workflow: &mut Workflow,
    doc: &Document,
    reader: &mut Reader,
) {
    let folder = folder_of(follower.shelf.path).to_owned();
    let mut search = Search { follower, folder, missing: vec![], reader };
    let mut seen: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for at in 0..workflow.steps.len() {
        let Some((name, line)) = workflow.steps.get(at).and_then(|step| called(step, doc)) else { continue };
        if let Some(known) = seen.get(&name).copied() {
            let given = known.and_then(|other| workflow.steps.get(other)).cloned();
            if let Some(given) = &given {
                share(given, workflow.steps.get_mut(at));
            }
        } else if seen.len() < MOST_NAMES {
            let took = search.one(workflow.steps.get_mut(at), &name, line);
            seen.insert(name, took.then_some(at));
        }
    }
    tell_missing(&search.missing, search.reader);
}

/// Who looks for skill files.
struct Search<'a, 'b> {
    follower: &'a mut Follower<'b>,
    /// The page's own.
    folder: String,
    /// Names of files that are not there, with their lines.
    missing: Vec<(u32, String)>,
    reader: &'a mut Reader,
}

impl Search<'_, '_> {
    /// Looks for the file of one name; whether it was taken.
    fn one(&mut self, step: Option<&mut Step>, name: &str, line: u32) -> bool {
        let places = match places_of_skill(&self.folder, name) {
            Ok(places) => places,
            Err(why) => {
                refuse(self.reader, line, name, &why.to_string());
                return false;
            }
        };
        let place = places.into_iter().find(|path| self.follower.file(path) != Shelved::Absent);
        match place.map(|path| (self.follower.file(&path), path)) {
            Some((Shelved::Text(text), path)) if self.follower.may_go_on() => {
                take(self.follower, step, &path, &text);
                return true;
            }
            Some((Shelved::Refused(why), _)) => refuse(self.reader, line, name, &why),
            _ if is_path(name) => self.missing.push((line, name.to_owned())),
            _ => {}
        }
        false
    }
}

/// One diagnostic for all files that are not there.
fn tell_missing(missing: &[(u32, String)], reader: &mut Reader) {
    let Some((line, first)) = missing.first() else { return };
    let names: Vec<String> = missing.iter().map(|(_, name)| format!("`{}`", brief(name, 60))).collect();
    let message = format!("no file is there for {}", names.join(", "));
    let hint = "the steps are carried out without them; put them into `skills/` to have them read";
    let said = reader.say(Level::Note, "HF0341", *line, message, hint).about(first);
    for (line, name) in missing.iter().skip(1) {
        said.with(*line, Some(name), "nor for this one");
    }
}

/// A name that says where its file is, and not only what it is called.
fn is_path(name: &str) -> bool {
    name.contains('/') || name.to_lowercase().ends_with(".md")
}

/// The skill that a step names, and the line where it does. A step that is
/// only titled names none.
fn called(step: &Step, doc: &Document) -> Option<(String, u32)> {
    let name = step.name_in_document.trim();
    let listed = step.lines[0] == step.lines[1];
    if name.is_empty() || (name == step.title && !listed) {
        return None;
    }
    let start = doc.raw.first().map_or(1, |(no, _)| *no);
    let within = doc.raw.iter().skip(step.lines[0].saturating_sub(start) as usize);
    let mut within = within.take_while(|(no, _)| *no <= step.lines[1]);
    let line = within.find(|(_, text)| text.contains(name)).map_or(step.lines[0], |(no, _)| *no);
    let linked = doc.links.iter().find(|(no, target)| *no == line && target.to_lowercase().ends_with(".md"));
    Some((linked.map_or_else(|| name.to_owned(), |(_, target)| target.clone()), line))
}

/// A step whose skill has the same file.
fn share(from: &Step, to: Option<&mut Step>) {
    let Some(to) = to else { return };
    let file = from.skill_file.as_ref().map(|file| file.path.clone());
    to.skill_file.clone_from(&from.skill_file);
    let ours = |of: &Option<String>| of.is_some() && *of == file;
    let inputs = from.inputs.iter().filter(|input| ours(&input.file)).cloned().collect();
    let checklist = from.checklist.iter().filter(|item| ours(&item.file)).cloned().collect();
    give(to, Given { inputs, checklist, ..Given::default() });
}

/// What the page says itself ranks above the file.
fn give(step: &mut Step, given: Given) {
    for input in given.inputs {
        if !step.inputs.iter().any(|own| own.name.eq_ignore_ascii_case(&input.name)) {
            step.inputs.push(input);
        }
    }
    if step.outputs.is_empty() {
        step.outputs = given.outputs;
    }
    for item in given.checklist {
        if !step.checklist.iter().any(|own| own.text == item.text) {
            step.checklist.push(item);
        }
    }
}

fn take(follower: &mut Follower<'_>, step: Option<&mut Step>, path: &str, text: &str) {
    let Some(step) = step else { return };
    let text = super::read::normalised(text);
    let mut reader = Reader::new(text.lines().count(), super::Lexicon::built_in());
    let (yaml, body, first) = front_matter::split(&text);
    let front = yaml.map(|yaml| front_matter::read(yaml, &mut reader)).unwrap_or_default();
    let doc = parse::document(body, first);
    let mut given = Given { name: front.name.unwrap_or_default(), ..Given::default() };
    given.description = front.description.map(|text| one_line(&text)).unwrap_or_default();
    read(&doc, path, &mut given, &mut reader);
    super::read::understand_headings(&doc, &mut reader);
    super::dangers::find(&doc, &mut reader);
    let template = given.template.join("\n\n");
    step.skill_file = Some(SkillFile {
        path: path.to_owned(),
        digest: crate::digest::of_bytes(text.as_bytes()),
        name: std::mem::take(&mut given.name),
        description: std::mem::take(&mut given.description),
        template: (!template.is_empty()).then_some(template),
        guidance: guidance(&doc, &reader),
    });
    give(step, given);
    let id = step.id.clone();
    let part = Part {
        path: path.to_owned(),
        kind: FollowedAs::Skill,
        section: None,
        text: &text,
        doc: &doc,
        step: Some(&id),
    };
    follower.took(&part, reader);
}

/// The lines that became nothing else.
fn guidance(doc: &Document, reader: &Reader) -> Vec<Guidance> {
    let lines = doc.raw.iter().filter(|(no, line)| !line.trim().is_empty() && !reader.is_understood(*no));
    lines
        .filter(|(_, line)| !super::account::is_structure(line))
        .map(|(no, line)| Guidance { line: *no, text: printable(line.trim_end()) })
        .collect()
}

/// What a part of the file is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Inputs,
    Outputs,
    Interface,
    Template,
    Checklist,
    Words,
}

fn about(title: &str) -> About {
    let title = title.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| title.contains(word));
    if has(&[
        "checklist",
        "acceptance",
        "definition of done",
        "verification",
        "quality gate",
        "exit criteria",
    ]) {
        About::Checklist
    } else if has(&["template", "output format", "report format"]) {
        About::Template
    } else if has(&["interface", "signature", "contract"]) {
        About::Interface
    } else if has(&["input", "parameter", "argument", "requires", "context"]) {
        About::Inputs
    } else if has(&["output", "result", "returns", "produces"]) {
        About::Outputs
    } else {
        About::Words
    }
}

fn read(doc: &Document, path: &str, given: &mut Given, reader: &mut Reader) {
    let mut inherited = About::Words;
    for section in &doc.sections {
        let own = about(&section.title);
        inherited = match section.level {
            0 | 1 => About::Words,
            2 => own,
            _ if own != About::Words => own,
            _ => inherited,
        };
        if section.level == 1 && given.name.is_empty() {
            given.name = plain(&section.title);
            reader.became(section.line, section.line, Kind::Title, "");
        }
        for block in &section.blocks {
            let labelled = block.label.as_ref().map_or(About::Words, |label| about(&label.whole()));
            let kind = if labelled == About::Words { inherited } else { labelled };
            let mut part = FilePart { path, given, reader, kind };
            part.block(block);
        }
    }
}

struct FilePart<'a> {
    path: &'a str,
    given: &'a mut Given,
    reader: &'a mut Reader,
    kind: About,
}

impl FilePart<'_> {
    fn block(&mut self, block: &Block) {
        match (&block.content, self.kind) {
            (Content::Fence(lines), About::Template) => self.template(block, lines),
            (Content::Fence(lines), About::Interface | About::Inputs | About::Outputs) => {
                self.declared(lines);
            }
            (Content::Table(header, rows), kind) if kind != About::Template => {
                self.table(block, header, rows);
            }
            (Content::List(items), About::Checklist) => items.iter().for_each(|item| self.check(item)),
            (Content::List(items), About::Inputs | About::Outputs) => {
                items.iter().filter(|item| item.depth == 0).for_each(|item| self.item(item));
            }
            (Content::List(items), About::Words | About::Interface) => {
                items.iter().filter(|item| item.task).for_each(|item| self.check(item));
            }
            _ => {}
        }
        if let Some(label) = block.label.as_ref().filter(|_| self.reader.is_understood(block.last)) {
            self.reader.became(label.no, label.no, Kind::Label, "");
        }
    }

    fn template(&mut self, block: &Block, lines: &[(u32, String)]) {
        let text: Vec<String> = lines.iter().map(|(_, line)| printable(line)).collect();
        self.given.template.push(text.join("\n"));
        self.reader.became(block.first, block.last, Kind::Output, "template");
    }

    fn check(&mut self, item: &Item) {
        let mut criterion = criterion(&plain(&item.text()), Place::Anywhere, Some(item.line));
        criterion.file = Some(self.path.to_owned());
        self.reader.became(
            item.line,
            item.last(),
            Kind::Checklist,
            criterion.gate.as_deref().unwrap_or_default(),
        );
        self.given.checklist.push(criterion);
    }

    fn item(&mut self, item: &Item) {
        let first = item.lines.first();
        let label = first.and_then(|line| line.label.clone());
        let text = item.text();
        let (name, source) = match label {
            Some(label) => (label, first.map(|line| line.text.clone()).unwrap_or_default()),
            None => text
                .split_once([':', '\u{2014}'])
                .map_or((text.clone(), String::new()), |(name, rest)| (name.to_owned(), rest.to_owned())),
        };
        self.put(&plain(&name), plain(&source), (item.line, item.last()), self.kind == About::Outputs);
    }

    fn put(&mut self, name: &str, source: String, lines: (u32, u32), output: bool) {
        let name = name.trim().trim_matches('*');
        if name.is_empty() {
            return;
        }
        if output {
            self.given.outputs.push(name.to_owned());
            self.reader.became(lines.0, lines.1, Kind::Output, name);
        } else {
            let file = Some(self.path.to_owned());
            self.given.inputs.push(Input {
                name: name.to_owned(),
                source,
                line: lines.0,
                links: vec![],
                file,
            });
            self.reader.became(lines.0, lines.1, Kind::Input, name);
        }
    }

    /// A table of inputs or outputs: told by its head, or by what it stands below.
    fn table(&mut self, block: &Block, header: &Row, rows: &[Row]) {
        let head: Vec<String> = header.cells.iter().map(|cell| cell.to_lowercase()).collect();
        let column =
            |words: &[&str]| head.iter().position(|cell| words.iter().any(|word| cell.contains(word)));
        let named_output = head.first().is_some_and(|cell| cell.contains("output"));
        let named_input =
            head.first().is_some_and(|cell| ["input", "parameter"].iter().any(|w| cell.contains(w)));
        let output = named_output || (self.kind == About::Outputs && !named_input);
        if !output && !named_input && !matches!(self.kind, About::Inputs | About::Interface) {
            return;
        }
        let direction = column(&["direction", "in/out", "kind"]);
        let source = column(&["source", "from", "description", "meaning"]).unwrap_or(1);
        let last = rows.first().map_or(block.last, |row| row.line.saturating_sub(1));
        self.reader.became(block.first, last, Kind::TableHead, "");
        for row in rows {
            let out = output || direction.is_some_and(|at| row.cell(at).to_lowercase().starts_with("out"));
            self.put(&row.cell(0), row.cell(source), (row.line, row.line), out);
        }
    }

    /// An interface as YAML: `inputs:` and `outputs:` with names below them.
    fn declared(&mut self, lines: &[(u32, String)]) {
        let mut output = self.kind == About::Outputs;
        let mut depth = None;
        for (no, line) in lines.iter().filter(|(_, line)| !line.trim().is_empty()) {
            let indent = line.len() - line.trim_start().len();
            let text = line.trim().trim_start_matches("- ").trim();
            let Some((key, value)) = text.split_once(':') else { continue };
            let key = key.trim().trim_matches(['"', '\'']);
            let lower = key.to_lowercase();
            if matches!(lower.as_str(), "input" | "inputs" | "output" | "outputs" | "parameters")
                && value.trim().is_empty()
            {
                (output, depth) = (lower.starts_with("output"), None);
                self.reader.became(*no, *no, Kind::Label, "");
                continue;
            }
            let named = lower == "name" && !value.trim().is_empty();
            let inner = depth.is_some_and(|depth| indent > depth);
            if inner && !named {
                continue;
            }
            depth = Some(indent);
            let name = if named { value.trim().trim_matches(['"', '\'']) } else { key };
            let source =
                if named { String::new() } else { value.trim().trim_matches(['"', '\'']).to_owned() };
            self.put(name, source, (*no, *no), output);
        }
    }
}
