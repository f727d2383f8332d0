//! Which parts of a page are its steps, and in which order. The surest form
//! wins: headings that count, then tables, then lists, then headings that name
//! skills, then prose. It refuses to mix forms, but for what a page owes at
//! its end (`Post-hotfix actions`).

use super::lexicon::Lexicon;
use super::parse::{Block, Content, Document, Item, Line, Section, plain, with_headings};
use super::synonyms::NEAR;
use super::titles::{By, Mark, mark};
use super::topics::Topic;
use super::words::{Token, tokens};
use std::ops::Range;

mod drawings;
mod headings;
mod lists;
mod prose;

pub(crate) use lists::is_field;

/// How the steps were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `Step N` headings.
    Keyword,
    /// Numbered headings.
    Numbered,
    /// Headings without numbers.
    Plain,
    /// The rows of a table.
    Table,
    /// A list.
    List,
    /// Paragraphs, or a line with arrows.
    Prose,
    /// Nothing to make steps of.
    None,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A heading with everything below it.
    Section(usize),
    /// An item: section, block, item.
    Item(usize, usize, usize),
    /// A row: section, block, row, and the column of its title.
    Row(usize, usize, usize, usize),
    /// A line of a paragraph.
    Line,
}

/// A part of the page that is a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub title: String,
    /// What names its skill, with its code marked.
    pub said: String,
    /// The text of an item or a paragraph, in lower case.
    pub text: String,
    /// Whether the title says anything; `Step 3` alone does not.
    pub titled: bool,
    /// First and last line.
    pub lines: [u32; 2],
    pub place: Place,
}

/// The steps of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub shape: Shape,
    pub parts: Vec<Part>,
}

impl Sequence {
    /// No steps.
    pub fn none() -> Self {
        Sequence { shape: Shape::None, parts: vec![] }
    }

    /// The outermost heading that is a step and has this section in it.
    pub fn step_of(&self, section: usize, doc: &Document) -> Option<usize> {
        let is_step = |at: usize| self.parts.iter().any(|part| part.place == Place::Section(at));
        let parents = doc.sections.get(section).map(|of| of.parents.as_slice()).unwrap_or_default();
        parents.iter().copied().chain([section]).find(|at| is_step(*at))
    }
}

/// What a page is searched with.
pub(super) struct Search<'a> {
    doc: &'a Document,
    lexicon: &'a Lexicon,
    marks: Vec<Option<Mark>>,
    topics: Vec<Topic>,
    about_rollback: bool,
}

/// Finds a page's steps. Where they are lines that only stand as headings,
/// the page with these headings comes with them.
pub(crate) fn find(doc: &Document, lexicon: &Lexicon) -> (Sequence, Option<Document>) {
    let search = Search::new(doc, lexicon);
    if let Some(found) = search.counted() {
        return (search.with_tail(found), None);
    }
    let promoted = with_headings(doc, |line| counted_line(line, lexicon));
    if promoted.sections.len() > doc.sections.len() + 1 {
        let search = Search::new(&promoted, lexicon);
        if let Some(found) = search.counted() {
            let found = search.with_tail(found);
            return (found, Some(promoted));
        }
    }
    let pointer = search.pointer();
    let sure = |found: &Sequence| pointer.is_none() || found.shape != Shape::List || search.is_ordered(found);
    let found = search.table().or_else(|| search.procedure().filter(sure)).or_else(|| search.introduced());
    let found = found.or_else(|| search.drawn());
    let found = found.or_else(|| search.better_list()).or_else(|| search.plain(2));
    if let Some(found) = found {
        return (search.with_tail(found), None);
    }
    let bold = with_headings(doc, lone_bold);
    if bold.sections.len() > doc.sections.len() + 1 {
        let search = Search::new(&bold, lexicon);
        if let Some(found) = search.plain(2) {
            return (found, Some(bold));
        }
    }
    let found = search
        .any_list()
        .filter(sure)
        .or_else(|| pointer.clone())
        .or_else(|| search.plain(1))
        .or_else(|| search.last_list())
        .or_else(|| search.prose());
    (found.map_or_else(Sequence::none, |found| search.with_tail(found)), None)
}

/// A line that counts like a heading: `**Step 2: Fix**`, `**1. Fix**`, `Step 2: Fix`.
fn counted_line(line: &Line, lexicon: &Lexicon) -> Option<(String, Option<Line>)> {
    let text = line.label.as_deref().unwrap_or(&line.text);
    let mark = mark(text, lexicon)?;
    let rest = line.label.as_ref().map(|_| line.text.trim()).filter(|rest| !rest.is_empty());
    let whole = mark.by == By::Keyword || line.label.is_some() || text.starts_with(super::words::is_dense);
    if !whole || (line.label.is_none() && text.chars().count() > 160) {
        return None;
    }
    match rest {
        // `**Step 1:** Fix it` has its title behind the label.
        Some(rest) if !mark.titled => Some((format!("{text}: {rest}"), None)),
        Some(rest) => {
            Some((text.to_owned(), Some(Line { no: line.no, text: rest.to_owned(), ..Line::default() })))
        }
        None => Some((text.to_owned(), None)),
    }
}

/// A line that is bold from end to end and introduces nothing.
fn lone_bold(line: &Line) -> Option<(String, Option<Line>)> {
    let label = line.label.as_ref().filter(|_| line.text.is_empty() && !line.colon)?;
    (label.chars().count() <= 80).then(|| (label.clone(), None))
}

impl<'a> Search<'a> {
    fn new(doc: &'a Document, lexicon: &'a Lexicon) -> Self {
        let title = |section: &Section| if section.level > 0 { mark(&section.title, lexicon) } else { None };
        let marks = doc.sections.iter().map(title).collect();
        let topics = doc.sections.iter().map(|section| lexicon.topic(&section.title)).collect();
        let first = doc.sections.iter().find(|section| section.level > 0);
        let about_rollback = first.is_some_and(|section| lexicon.topic(&section.title) == Topic::Rollback);
        Search { doc, lexicon, marks, topics, about_rollback }
    }

    fn section(&self, at: usize) -> Option<&'a Section> {
        self.doc.sections.get(at)
    }

    fn topic(&self, at: usize) -> Topic {
        self.topics.get(at).copied().unwrap_or(Topic::None)
    }

    /// The topics of a section and of those that it lies in, without the page's title.
    fn path(&self, at: usize) -> impl Iterator<Item = Topic> + '_ {
        let section = self.section(at);
        let parents = section.map(|section| section.parents.as_slice()).unwrap_or_default();
        let below = move |at: &usize| !self.is_title(*at);
        parents.iter().copied().chain([at]).filter(below).map(|at| self.topic(at))
    }

    /// Whether a section is the page's title.
    fn is_title(&self, at: usize) -> bool {
        let first = self.doc.sections.iter().position(|section| section.level > 0);
        self.section(at).is_none_or(|section| section.level == 0)
            || (first == Some(at) && self.section(at).is_some_and(|s| s.level == 1))
    }

    /// A part of a page where steps are shown or forbidden, not taken.
    fn is_aside(topic: Topic) -> bool {
        matches!(topic, Topic::Around | Topic::Principles)
    }

    fn names_skill(&self, title: &str) -> bool {
        !self.lexicon.senses(title, usize::MAX).is_empty()
    }

    fn of_section(&self, at: usize) -> Option<Part> {
        let section = self.section(at)?;
        let mark = self.marks.get(at).and_then(Option::as_ref);
        let title = mark.map_or_else(|| plain(&section.title), |mark| mark.title.clone());
        let last = self.doc.last_line_before(section.end);
        let titled = mark.is_none_or(|mark| mark.titled);
        let raw = mark.map_or(section.title.as_str(), |mark| mark.said.as_str());
        let lines = [section.line, last.max(section.line)];
        Some(Part {
            title,
            said: raw.to_owned(),
            text: String::new(),
            titled,
            lines,
            place: Place::Section(at),
        })
    }

    fn sections(&self, shape: Shape, found: &[usize]) -> Sequence {
        Sequence { shape, parts: found.iter().filter_map(|at| self.of_section(*at)).collect() }
    }

    /// Adds what a page does after its steps: the ordered lists below `After
    /// the hotfix`, or that section as a whole; and, where the steps are a
    /// list, the sections after it that are called as a skill is.
    fn with_tail(&self, mut found: Sequence) -> Sequence {
        let Some(end) = found.parts.iter().map(|part| part.lines[1]).max() else { return found };
        let listed = matches!(found.shape, Shape::List | Shape::Table | Shape::Prose);
        let mut at = 1;
        while let Some(section) = self.section(at) {
            at += 1;
            let here = at - 1;
            if section.line <= end || self.is_title(here) || self.path(here).any(Self::is_aside) {
                continue;
            }
            let after = self.path(here).any(|topic| topic == Topic::After);
            let called = listed && self.is_called_as_skill(here);
            let runs = self.runs_in(here..here + 1);
            let ordered: Vec<_> =
                runs.iter().filter(|run| run.ordered && !run.task && run.items.len() >= 2).collect();
            if after && !ordered.is_empty() {
                found.parts.extend(ordered.into_iter().flat_map(|run| self.of_run(run)));
            } else if (called || (after && self.topic(here) == Topic::After))
                && runs.iter().any(|run| !run.task)
            {
                found.parts.extend(self.of_section(here));
                at = section.end;
            }
        }
        found
    }

    /// Whether a heading says what is done and nothing else.
    fn is_called_as_skill(&self, at: usize) -> bool {
        let Some(section) = self.section(at) else { return false };
        let words = tokens(&super::synonyms::without_parentheses(&section.title));
        let hits = self.lexicon.skills.hits(&words);
        let covered: usize = hits.iter().map(|hit| hit.end - hit.first).sum();
        let whole = words.iter().all(|word| !word.dense || self.lexicon.skills.is_whole(&word.word));
        let free = matches!(self.topic(at), Topic::None | Topic::After);
        free && whole && covered == words.len() && self.names_skill(&section.title)
    }
}
