//! From the parts of a page that are steps to steps: what carries each out,
//! its inputs, outputs, checklist and guidance. It refuses to drop a step:
//! what no skill carries out is a manual step.

use super::account::Kind;
use super::checklists;
use super::commands::{self, command};
use super::criteria::{self, criterion};
use super::lexicon::Sense;
use super::parse::{Block, Content, Document, Item, Line, Row, plain};
use super::reader::Reader;
use super::sequence::{Part, Place, Sequence};
use super::synonyms::{self, NEAR};
use super::topics::Topic;
use super::{Guidance, Input, Skill, Step};
use crate::policy::Criterion;
use crate::text::slug;
use std::collections::HashMap;

mod recap;
mod settle;

/// Reads the steps that were found.
pub(crate) fn steps(doc: &Document, sequence: &Sequence, reader: &mut Reader) -> Vec<Step> {
    let recap = recap::Recap::of(&sequence.parts);
    let drafts = sequence.parts.iter().map(|part| {
        let mut draft = Draft::new(part);
        reader.became(part.lines[0], part.lines[0], Kind::Step, "");
        draft.read(doc, part, &recap, reader);
        for input in &mut draft.step.inputs {
            input.links = doc.links_at(input.line);
        }
        draft
    });
    let mut steps = settle::settle(drafts.collect());
    unique_ids(&mut steps);
    steps
}

/// A step while it is read: with what its skills will be decided by.
struct Draft {
    step: Step,
    found: Found,
}

/// Where the skills of a step were found.
#[derive(Default)]
struct Found {
    called: Vec<Sense>,
    acted: Vec<Sense>,
    put_out: Vec<Sense>,
    titled: Vec<Sense>,
    listed: Vec<Sense>,
    commands: Vec<Skill>,
}

impl Found {
    /// What carries the step out: what it calls and does, or else what its
    /// title and its ordered lists name, or else what its commands would do.
    fn senses(mut self) -> Vec<Sense> {
        let mut senses = self.called;
        senses.extend(self.acted);
        senses.extend(self.put_out);
        if !senses.is_empty() {
            return senses;
        }
        if self.titled.first() == Some(&Sense::Does(Skill::Manual)) {
            return self.titled;
        }
        // What is owed afterwards changes nothing any more, and the other way round.
        let owed = |sense: &Sense| {
            matches!(
                sense,
                Sense::Does(
                    Skill::Analyze | Skill::Report | Skill::FollowUp | Skill::Notify | Skill::Cleanup
                )
            )
        };
        if let Some(first) = self
            .titled
            .first()
            .map(owed)
            .filter(|first| self.titled.iter().all(|sense| owed(sense) == *first))
        {
            self.listed.retain(|sense| owed(sense) == first);
        }
        if self.titled.iter().all(|sense| self.listed.contains(sense)) {
            senses = self.listed;
        } else {
            senses = self.titled;
            senses.extend(self.listed);
        }
        if senses.is_empty() { self.commands.into_iter().map(Sense::Does).collect() } else { senses }
    }
}

pub(crate) fn new_step(title: &str, first: u32, last: u32) -> Step {
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

impl Draft {
    fn new(part: &Part) -> Self {
        Draft { step: new_step(&part.title, part.lines[0], part.lines[1]), found: Found::default() }
    }

    fn read(&mut self, doc: &Document, part: &Part, recap: &recap::Recap, reader: &mut Reader) {
        match part.place {
            Place::Section(at) => self.section(doc, at, part, recap, reader),
            Place::Item(section, block, item) => {
                let block = doc.sections.get(section).and_then(|section| section.blocks.get(block));
                if let Some(Content::List(items)) = block.map(|block| &block.content) {
                    self.item(items.get(item..).unwrap_or_default(), reader);
                }
                self.between(doc, section, part.lines, reader);
            }
            Place::Row(section, block, row, column) => {
                let block = doc.sections.get(section).and_then(|section| section.blocks.get(block));
                if let Some(Content::Table(_, rows)) = block.map(|block| &block.content) {
                    self.row(rows.get(row), column, reader);
                }
            }
            Place::Line => {
                self.found.titled = reader.words.senses(&part.said, NEAR);
                self.found.commands = commands::all_do(commands::in_spans(&part.said));
            }
        }
    }

    fn section(&mut self, doc: &Document, at: usize, part: &Part, recap: &recap::Recap, reader: &mut Reader) {
        self.found.titled = reader.words.senses(&part.said, usize::MAX);
        let end = doc.end_of(at);
        for (index, section) in doc.sections.iter().enumerate().take(end).skip(at) {
            let about = if index == at { Topic::None } else { reader.words.topic(&section.title) };
            for block in &section.blocks {
                let lists = index == at && !recap.is_one(block, &part.title);
                self.block(block, about, lists, reader);
            }
        }
        if !part.titled {
            self.name_by_text(doc, at, reader);
        }
    }

    /// A heading that is only `Step 3` has its first sentence for a title.
    fn name_by_text(&mut self, doc: &Document, at: usize, reader: &Reader) {
        let blocks = doc.sections.get(at).map(|section| section.blocks.as_slice()).unwrap_or_default();
        let text = blocks.iter().find_map(|block| match &block.content {
            Content::Paragraph(lines) => lines.first().map(Line::whole),
            Content::List(items) => items.first().map(Item::text),
            _ => None,
        });
        let Some(text) = text else { return };
        let sentence = plain(synonyms::first_sentence(&text));
        let title = crate::text::brief(sentence.trim_end_matches(['.', ':', '：']), 120);
        if !title.is_empty() {
            let [first, last] = self.step.lines;
            let named = new_step(&title, first, last);
            (self.step.id, self.step.title) = (named.id, named.title);
            self.found.titled = reader.words.senses(&text, NEAR);
        }
    }

    /// An item with those nested in it.
    fn item(&mut self, items: &[Item], reader: &mut Reader) {
        let Some((own, rest)) = items.split_first() else { return };
        let nested = rest.iter().take_while(|item| item.depth > own.depth);
        self.found.titled = named(own, NEAR, reader);
        let spans = own.lines.iter().flat_map(|line| commands::in_spans(&line.text));
        self.found.commands = commands::all_do(spans.chain(own.code.iter().map(|(_, line)| line.as_str())));
        self.step.suggested_commands.extend(own.code.iter().filter_map(|(_, line)| command(line)));
        for line in own.lines.iter().skip(1).filter(|line| line.label.is_some()) {
            self.line(line, reader);
        }
        let mut described = own.lines.iter().skip(1).filter(|line| line.label.is_none()).peekable();
        if described.peek().is_some() {
            self.step
                .guidance
                .extend(described.map(|line| Guidance { line: line.no, text: line.text.clone() }));
        }
        let nested: Vec<&Item> = nested.collect();
        let label = own.lines.last().map(Line::whole).unwrap_or_default().to_lowercase();
        self.items(&nested, &Under { label: &label, line: None, about: Topic::None, lists: false }, reader);
    }

    /// What stands between the items of an interrupted list.
    fn between(&mut self, doc: &Document, section: usize, [first, last]: [u32; 2], reader: &mut Reader) {
        let blocks = doc.sections.get(section).map(|section| section.blocks.as_slice()).unwrap_or_default();
        let start = blocks.partition_point(|block| block.first <= first);
        for block in blocks.iter().skip(start).take_while(|block| block.last <= last) {
            if !matches!(block.content, Content::List(_)) {
                self.block(block, Topic::None, false, reader);
            }
        }
    }

    fn row(&mut self, row: Option<&Row>, column: usize, reader: &mut Reader) {
        let Some(row) = row else { return };
        let own = row.cells.get(column).map(String::as_str).unwrap_or_default();
        self.found.titled = reader.words.senses(own, usize::MAX);
        let rest: Vec<&String> =
            row.cells.iter().enumerate().filter(|(at, _)| *at > column).map(|(_, cell)| cell).collect();
        if self.found.titled.is_empty() {
            let said = rest.iter().map(|cell| reader.words.senses(cell, NEAR));
            self.found.titled = said.into_iter().find(|senses| !senses.is_empty()).unwrap_or_default();
        }
        for cell in rest {
            if let Some(text) = checklists::gate(cell).filter(|text| !text.is_empty()) {
                let criterion = criterion(&plain(&text), criteria::Place::Anywhere, Some(row.line));
                self.check(criterion, row.line, reader);
                continue;
            }
            self.step.guidance.push(Guidance { line: row.line, text: cell.clone() });
            let suggested = commands::in_spans(cell).filter_map(command);
            self.step.suggested_commands.extend(suggested);
        }
    }

    fn block(&mut self, block: &Block, about: Topic, lists: bool, reader: &mut Reader) {
        match &block.content {
            Content::Paragraph(lines) => {
                for line in lines {
                    self.line(line, reader);
                }
            }
            Content::List(items) => {
                let label = block.label_text();
                let line = block.label.as_ref().map(|label| label.no);
                let all: Vec<&Item> = items.iter().collect();
                let lists = lists && !block.label.as_ref().is_some_and(|label| is_special(label, reader));
                self.items(&all, &Under { label: &label, line, about, lists }, reader);
            }
            Content::Table(header, rows) if is_mapping(header.cells.as_slice()) => {
                self.mapping(block, rows, reader);
            }
            Content::Fence(lines) => self.fence(block, lines, reader),
            Content::Quote(_) | Content::Table(..) | Content::Other => {}
        }
    }

    fn mapping(&mut self, block: &Block, rows: &[Row], reader: &mut Reader) {
        let head = rows.first().map_or(block.last, |row| row.line.saturating_sub(1));
        reader.became(block.first, head, Kind::TableHead, "");
        if let Some(label) = &block.label {
            reader.became(label.no, label.no, Kind::Label, "");
        }
        for row in rows.iter().filter(|row| !row.cell(0).is_empty()) {
            let (name, source) = (row.cell(0), row.cell(1));
            let input = Input { name, source, line: row.line, links: vec![], file: None };
            reader.became(row.line, row.line, Kind::Input, &input.name);
            self.step.inputs.push(input);
        }
    }

    fn fence(&mut self, block: &Block, lines: &[(u32, String)], reader: &mut Reader) {
        let checks = checklists::fenced(block);
        for (line, text) in checks {
            self.check(criterion(&text, criteria::Place::Anywhere, Some(line)), line, reader);
        }
        let shown: Vec<String> = lines.iter().filter_map(|(_, line)| command(line)).collect();
        if is_shell(&block.info) {
            self.found.commands.extend(commands::all_do(shown.iter().map(String::as_str)));
        }
        self.step.suggested_commands.extend(shown);
    }

    fn check(&mut self, criterion: Criterion, last: u32, reader: &mut Reader) {
        let gate = criterion.gate.clone().unwrap_or_default();
        reader.became(criterion.line.unwrap_or(last), last, Kind::Checklist, &gate);
        self.step.checklist.push(criterion);
    }

    fn line(&mut self, line: &Line, reader: &mut Reader) {
        let Some(label) = line.label.as_deref().map(str::to_lowercase) else { return };
        if line.text.is_empty() {
            return;
        }
        if label.contains("skill") || label == "agent" {
            let name = plain(&line.text);
            self.step.name_in_document.clone_from(&name);
            let skill = reader.words.of_name(&name);
            match skill {
                Some(skill) => self.found.called.push(Sense::Does(skill)),
                None => super::check::unknown_skill(reader, line.no, &name),
            }
            reader.became(line.no, line.no, Kind::Skill, skill.unwrap_or(Skill::Manual).name());
        } else if matches!(label.as_str(), "output" | "outputs" | "result" | "results") {
            self.step.outputs.push(plain(&line.text));
            self.found.put_out.extend(synonyms::in_result(&line.text).into_iter().map(Sense::Does));
            reader.became(line.no, line.no, Kind::Output, &plain(&line.text));
        } else if checklists::demands(&label) {
            let criterion = criterion(&plain(&line.text), criteria::Place::Anywhere, Some(line.no));
            self.check(criterion, line.no, reader);
        }
    }

    fn items(&mut self, items: &[&Item], under: &Under<'_>, reader: &mut Reader) {
        let own = reader.words.topic(under.label);
        let kind = if own == Topic::None || own == Topic::Procedure { under.about } else { own };
        let has = |words: &[&str]| words.iter().any(|word| under.label.contains(word));
        let does = has(&["action", "deliverable", "do this", "tasks"]) && kind.place().is_none();
        let outputs = has(&["output", "deliverable", "result"]);
        let demanded = checklists::demands(under.label)
            || matches!(kind, Topic::Verification | Topic::Monitoring | Topic::Completion);
        let mut listed = Vec::new();
        for item in items {
            let text = item.text();
            self.step.suggested_commands.extend(item.code.iter().filter_map(|(_, line)| command(line)));
            if item.task || checklists::boxed(&text).is_some() || (demanded && item.depth == 0) {
                let text = plain(checklists::boxed(&text).unwrap_or(&text));
                let place = kind.place().unwrap_or(criteria::Place::Anywhere);
                self.check(criterion(&text, place, Some(item.line)), item.last(), reader);
                under.understood(reader);
                continue;
            }
            self.step.guidance.push(Guidance { line: item.line, text: text.clone() });
            if outputs {
                self.step.outputs.push(plain(&text));
                reader.became(item.line, item.last(), Kind::Output, &plain(&text));
            }
            if does {
                let senses = reader.words.senses(&text, usize::MAX);
                for sense in &senses {
                    reader.became(item.line, item.last(), Kind::Action, settle::plainly(*sense).name());
                }
                if outputs || !senses.is_empty() {
                    under.understood(reader);
                }
                self.found.acted.extend(senses);
            } else if kind == Topic::None && item.depth == 0 && item.ordered {
                let reach = if self.found.titled.is_empty() { NEAR } else { 0 };
                listed.push((item, named(item, reach, reader).first().copied()));
            }
        }
        self.listed(&listed, under, reader);
    }

    /// An ordered list in a step tells what is done in it, if enough of its
    /// items do.
    fn listed(&mut self, items: &[(&&Item, Option<Sense>)], under: &Under<'_>, reader: &mut Reader) {
        let count = items.iter().filter(|(_, sense)| sense.is_some()).count();
        let least = if self.found.titled.is_empty() { 2 } else { 3 };
        if !under.lists || count == 0 || count * least < items.len() {
            return;
        }
        for (item, sense) in items.iter().filter_map(|(item, sense)| Some((item, (*sense)?))) {
            if sense != Sense::Does(Skill::Manual) {
                reader.became(item.line, item.last(), Kind::Action, settle::plainly(sense).name());
                self.found.listed.push(sense);
            }
        }
    }
}

/// What a list stands under.
struct Under<'a> {
    label: &'a str,
    line: Option<u32>,
    about: Topic,
    /// Whether its ordered items may be what the step does.
    lists: bool,
}

impl Under<'_> {
    fn understood(&self, reader: &mut Reader) {
        if let Some(line) = self.line {
            reader.became(line, line, Kind::Label, "");
        }
    }
}

/// Whether a label introduces what is done only in some cases, or no part of
/// the steps: `If the tests fail:`, `**Error handling:** when it takes too long:`.
fn is_special(label: &Line, reader: &Reader) -> bool {
    let whole = label.whole();
    let first = super::words::tokens(&whole);
    let grammar = &reader.words.grammar;
    let only_if = first.first().is_some_and(|word| grammar.only_if.of_word(word).is_some());
    let case = ["場合", "如果", "경우", "ときは"].iter().any(|word| whole.contains(word));
    let named = label.label.as_deref().map_or(Topic::None, |name| reader.words.topic(name));
    only_if || case || matches!(named, Topic::Around | Topic::Principles)
}

/// What an item names: its label, or else its text.
fn named(item: &Item, reach: usize, reader: &Reader) -> Vec<Sense> {
    let Some(first) = item.lines.first() else { return vec![] };
    if let Some(label) = &first.label {
        let senses = reader.words.senses(label, usize::MAX);
        if !senses.is_empty() || reader.words.only_tells(label) {
            return senses;
        }
    }
    let text: Vec<&str> = item.lines.iter().map(|line| line.text.as_str()).collect();
    reader.words.senses(&text.join(" "), reach)
}

/// Whether a fence shows commands.
fn is_shell(info: &str) -> bool {
    matches!(
        info,
        "" | "sh"
            | "bash"
            | "shell"
            | "zsh"
            | "console"
            | "shell-session"
            | "powershell"
            | "cmd"
            | "terminal"
            | "fish"
    )
}

pub(crate) fn is_mapping(header: &[String]) -> bool {
    let has =
        |column: usize, word: &str| header.get(column).is_some_and(|cell| cell.to_lowercase().contains(word));
    has(0, "input") && has(1, "source")
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
