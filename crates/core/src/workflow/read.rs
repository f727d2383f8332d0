//! From a page to a [`Workflow`]: the order in which the parts of the reader
//! do their work, and the account of every line.

use super::account::{self, Kind};
use super::front_matter::FrontMatter;
use super::lexicon::Lexicon;
use super::library::Shelf;
use super::parse::{Content, Document};
use super::reader::Reader;
use super::sequence::{self, Sequence, Shape};
use super::{Guidance, Level, Lines, Skill, Step, Workflow};
use super::{
    check, contradictions, dangers, exact, follow, front_matter, inherit, kind, parse, placeholders,
    policy_rules, skill_list, stepped, unread,
};
use crate::text::{brief, one_line};
use std::collections::HashMap;
use std::sync::Arc;

/// A larger page is no hotfix page, and is not read.
const MOST_BYTES: usize = 512 * 1024;

/// A page with where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'a> {
    /// Where it came from, for people.
    pub source: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// The text of the built-in page.
pub const BUILT_IN: &str = include_str!("default.md");

/// Where the built-in page comes from.
pub const BUILT_IN_SOURCE: &str = "built in";

/// The workflow of a repository that has no page.
pub fn built_in() -> Workflow {
    read(&Page { source: BUILT_IN_SOURCE, text: BUILT_IN })
}

/// Reads a page by itself; its links are named and not followed. It always
/// answers: a page that is no workflow has `is_workflow` false and an error
/// that says why.
pub fn read(page: &Page<'_>) -> Workflow {
    read_with(page, None, Lexicon::built_in())
}

/// Reads a page, and follows its links to the files beside it.
pub fn read_on(page: &Page<'_>, shelf: &Shelf<'_>) -> Workflow {
    read_with(page, Some(shelf), Lexicon::built_in())
}

/// Reads a page with a repository's own words, and follows its links where
/// there is a shelf.
pub fn read_with(page: &Page<'_>, shelf: Option<&Shelf<'_>>, words: Arc<Lexicon>) -> Workflow {
    let text = normalised(page.text);
    let lines: Vec<&str> = text.lines().collect();
    let mut reader = Reader::new(lines.len(), words);
    if text.len() > MOST_BYTES {
        let message = format!("the page has {} bytes; at most {MOST_BYTES} are read", text.len());
        reader.say(Level::Error, "HF0303", 1, message, "point to the hotfix page itself");
        return finish(page, &lines, reader, empty());
    }
    let (yaml, body, first_line) = front_matter::split(&text);
    let mut front = yaml.map(|yaml| front_matter::read(yaml, &mut reader)).unwrap_or_default();
    let policy_file = policy_beside(&mut front, shelf, &mut reader);
    let (doc, sequence, by_list) = found(parse::document(body, first_line), &front, &reader);
    let mut workflow = compile(&front, &doc, (&sequence, by_list), &mut reader, body);
    describe(&front, &doc, &mut workflow, &mut reader);
    let inherits = inherit::links(&doc);
    workflow.inherits = inherits.iter().map(|link| link.target.clone()).collect();
    match shelf {
        Some(shelf) if workflow.is_workflow => follow(&mut workflow, &doc, shelf, &mut reader),
        _ if workflow.is_workflow => check::inherits(&inherits, &mut reader),
        _ => {}
    }
    workflow.followed.extend(policy_file);
    if workflow.is_workflow {
        workflow.origins.clone_from(&reader.origins);
        contradictions::find(&workflow, &doc, &mut reader);
        placeholders::find(&doc, &mut reader);
    }
    understand_headings(&doc, &mut reader);
    finish(page, &lines, reader, workflow)
}

/// The typed policy of a page that has it in a file of its own.
fn policy_beside(
    front: &mut FrontMatter,
    shelf: Option<&Shelf<'_>>,
    reader: &mut Reader,
) -> Option<super::Followed> {
    let (path, at) = front.policy_file.take()?;
    let (policy, followed) = exact::beside((&path, at), shelf, reader)?;
    front.policy = Some(policy);
    Some(followed)
}

/// Takes what the links lead to, below what the page says itself.
fn follow(workflow: &mut Workflow, doc: &Document, shelf: &Shelf<'_>, reader: &mut Reader) {
    workflow.origins = std::mem::take(&mut reader.origins);
    follow::all(workflow, doc, shelf, reader);
    reader.origins = std::mem::take(&mut workflow.origins);
}

/// A page's text as its lines are counted: without a byte-order mark, and with
/// one kind of line end.
pub fn normalised(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

fn empty() -> Workflow {
    Workflow {
        name: String::new(),
        description: String::new(),
        role: None,
        source: String::new(),
        digest: String::new(),
        inherits: vec![],
        is_workflow: false,
        steps: vec![],
        gates: vec![],
        policy: crate::policy::Policy::default(),
        obligations: vec![],
        guidance: vec![],
        origins: std::collections::BTreeMap::new(),
        inherited: std::collections::BTreeMap::new(),
        followed: vec![],
        diagnostics: vec![],
        lines: Lines::default(),
        unread_rules: vec![],
        account: vec![],
    }
}

/// The document model, with the steps that were found in it.
fn found(doc: Document, front: &FrontMatter, reader: &Reader) -> (Document, Sequence, bool) {
    let (sequence, with_headings) = sequence::find(&doc, &reader.words);
    let doc = with_headings.unwrap_or(doc);
    let counted = matches!(sequence.shape, Shape::Keyword | Shape::Numbered);
    let by_list = !counted && (!front.skills.is_empty() || skill_list::flow(&doc).is_some());
    let sequence = if by_list { Sequence { shape: Shape::Keyword, parts: vec![] } } else { sequence };
    (doc, sequence, by_list)
}

fn compile(
    front: &FrontMatter,
    doc: &Document,
    way: (&Sequence, bool),
    reader: &mut Reader,
    body: &str,
) -> Workflow {
    let (sequence, by_list) = way;
    let mut rules = policy_rules::read(doc, sequence, reader);
    let mut steps = if by_list {
        skill_list::steps(doc, &front.skills, &mut rules.policy, reader)
    } else {
        let steps = stepped::steps(doc, sequence, reader);
        skill_list::against_headings(&front.skills, &steps, reader);
        steps
    };
    let exact_steps = front.policy.as_ref().and_then(|exact| exact::steps(exact, &steps, reader));
    let by_data = exact_steps.as_ref().is_some_and(|given| !given.is_empty());
    steps = exact_steps.unwrap_or(steps);
    let mut workflow = empty();
    let described = format!(
        "{} {}",
        front.name.as_deref().unwrap_or_default(),
        front.description.as_deref().unwrap_or_default()
    );
    let seen = kind::Seen { text: body, described: &described, doc, steps: &steps, shape: sequence.shape };
    if let Some(why) = kind::no_workflow(&seen).filter(|_| !by_data) {
        let message = format!("this is no hotfix workflow: {why}");
        reader.say(Level::Error, "HF0301", 1, message, "hotfix workflow show");
        reader.forget();
        return workflow;
    }
    if !by_data {
        check::shape(sequence.shape, steps.first().map_or(1, |step| step.lines[0]), reader);
    }
    dangers::find(doc, reader);
    for step in &mut steps {
        step.suggested_commands.retain(|command| !dangers::is_dangerous(command));
    }
    let monitored =
        reader.origins.contains_key("monitor.min") || reader.origins.contains_key("monitor.checks");
    rules.policy.monitor.watch = monitored || steps.iter().any(|step| step.skills.contains(&Skill::Monitor));
    if let Some(exact) = &front.policy {
        let said = exact::Said {
            policy: &mut rules.policy,
            gates: &mut rules.gates,
            obligations: &mut rules.obligations,
            guidance: &mut workflow.guidance,
        };
        exact::rules(said, exact, reader);
    }
    check::gates(&rules.gates, &steps, reader);
    workflow.is_workflow = true;
    workflow.steps = steps;
    workflow.gates = rules.gates;
    workflow.policy = rules.policy;
    workflow.obligations = rules.obligations;
    workflow
}

/// Name, description and role.
fn describe(front: &FrontMatter, doc: &Document, workflow: &mut Workflow, reader: &mut Reader) {
    workflow.role.clone_from(&front.role);
    let title = doc.sections.iter().find(|section| section.level > 0);
    if let Some(title) = title.filter(|_| workflow.is_workflow) {
        reader.became(title.line, title.line, Kind::Title, "");
    }
    let heading = title.map(|section| parse::plain(&section.title));
    workflow.name = brief(&front.name.clone().or(heading).unwrap_or_default(), 120);
    let first =
        doc.sections.iter().take(2).flat_map(|section| &section.blocks).find_map(|block| {
            match &block.content {
                Content::Quote(lines) | Content::Paragraph(lines) => Some((block, lines)),
                _ => None,
            }
        });
    let quoted = first.filter(|(_, lines)| lines.iter().all(|line| line.label.is_none()));
    let told = quoted.map(|(block, lines)| {
        if workflow.is_workflow {
            reader.became(block.first, block.last, Kind::Description, "");
        }
        one_line(&lines.iter().map(parse::Line::whole).collect::<Vec<_>>().join(" "))
    });
    workflow.description = front.description.as_deref().map(one_line).or(told).unwrap_or_default();
}

/// A heading is understood when something below it is.
pub(crate) fn understand_headings(doc: &Document, reader: &mut Reader) {
    let counts = reader.running_count();
    let count = |line: u32| counts.get(line as usize).copied().unwrap_or_default();
    for (at, section) in doc.sections.iter().enumerate().filter(|(_, section)| section.level > 0) {
        let last = doc.last_line_before(doc.end_of(at));
        if count(last + 1) > count(section.line + 1) {
            reader.became(section.line, section.line, Kind::Label, "");
        }
    }
}

/// A line's text without the markers of its list, quote or heading.
fn without_markers(line: &str) -> &str {
    let text = line.trim().trim_start_matches(['#', '>', ' ']);
    let text = text.strip_prefix(['-', '*', '+']).filter(|rest| rest.starts_with(' ')).unwrap_or(text).trim();
    let text = text.strip_prefix("[ ]").or_else(|| text.strip_prefix("[x]")).unwrap_or(text);
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or_default();
    let numbered = text.get(digits..).and_then(|rest| rest.strip_prefix(". ")).filter(|_| digits > 0);
    numbered.unwrap_or(text).trim()
}

/// Counts every line, and keeps what was not understood to be read.
fn finish(page: &Page<'_>, lines: &[&str], mut reader: Reader, mut workflow: Workflow) -> Workflow {
    page.source.clone_into(&mut workflow.source);
    workflow.digest = digest(page, &workflow.followed);
    let refused = page.text.len() > MOST_BYTES;
    let kept = guidance_kept(&workflow.steps);
    let mut steps = StepsByLine::new(&workflow.steps);
    let (mut in_fence, mut in_comment) = (false, false);
    for (no, line) in (1_u32..).zip(lines).filter(|(_, line)| !line.trim().is_empty()) {
        in_fence ^= account::is_fence(line);
        if workflow.is_workflow && !in_fence && account::is_comment(line, &mut in_comment) {
            reader.became(no, no, Kind::Comment, "");
        }
        if workflow.is_workflow && account::is_structure(line) {
            reader.became(no, no, Kind::Structure, "");
        }
        let understood = reader.is_understood(no);
        let at = kept.get(&no).copied().or_else(|| steps.at(no));
        if !refused {
            let account = account_of(no, at.and_then(|at| workflow.steps.get(at)), &mut reader);
            if workflow.is_workflow && !in_fence {
                workflow.unread_rules.extend(unread::of_line(&account, line));
            }
            workflow.account.push(account);
        }
        workflow.lines.count(understood);
        if !understood && workflow.is_workflow && !kept.contains_key(&no) {
            let text = if in_fence { line.trim_end() } else { without_markers(line) };
            let guidance = Guidance { line: no, text: crate::text::printable(&text.replace("**", "")) };
            match at.and_then(|at| workflow.steps.get_mut(at)) {
                Some(step) => step.guidance.push(guidance),
                None => workflow.guidance.push(guidance),
            }
        }
    }
    workflow.steps.iter_mut().for_each(|step| step.guidance.sort_by_key(|guidance| guidance.line));
    workflow.diagnostics.extend(super::reader::placed(reader.diagnostics, lines));
    workflow.diagnostics.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    workflow.unread_rules.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    workflow.origins = reader.origins;
    workflow
}

/// The page's digest; what was followed is part of the page.
fn digest(page: &Page<'_>, followed: &[super::Followed]) -> String {
    let own = crate::digest::of_bytes(page.text.as_bytes());
    if followed.is_empty() {
        return own;
    }
    let all = followed.iter().map(|file| format!("{} {}", file.path, file.digest));
    crate::digest::of_bytes(std::iter::once(own).chain(all).collect::<Vec<_>>().join("\n").as_bytes())
}

/// The lines that a step keeps to be read, with the step's place.
fn guidance_kept(steps: &[Step]) -> HashMap<u32, usize> {
    let kept =
        steps.iter().enumerate().flat_map(|(at, step)| step.guidance.iter().map(move |g| (g.line, at)));
    kept.collect()
}

/// What a line became. Where a step begins, it has the step's own id.
fn account_of(no: u32, step: Option<&Step>, reader: &mut Reader) -> account::LineAccount {
    let mut notes = reader.take_notes(no);
    for note in notes.iter_mut().filter(|note| note.kind == Kind::Step) {
        if let Some(step) = step.filter(|step| step.lines[0] == no) {
            note.of.clone_from(&step.id);
        }
    }
    account::of_notes(no, step.map(|step| step.id.clone()), notes)
}

/// Finds the step that a line lies in; asked with rising lines.
struct StepsByLine {
    spans: Vec<([u32; 2], usize)>,
    next: usize,
}

impl StepsByLine {
    fn new(steps: &[Step]) -> Self {
        let mut spans: Vec<_> = steps.iter().enumerate().map(|(at, step)| (step.lines, at)).collect();
        spans.sort_unstable();
        StepsByLine { spans, next: 0 }
    }

    fn at(&mut self, line: u32) -> Option<usize> {
        while self.spans.get(self.next).is_some_and(|(span, _)| span[1] < line) {
            self.next += 1;
        }
        self.spans.get(self.next).filter(|(span, _)| span[0] <= line).map(|(_, at)| *at)
    }
}
