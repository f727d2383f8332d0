//! The tests of a run: what became of each, and what cannot be believed.

use crate::text::printable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// More tests than these are not read: memory stays bounded.
pub const MAX_CASES: usize = 200_000;
/// A longer name is cut, in characters.
const MAX_NAME: usize = 400;
/// A longer message is cut, in characters.
const MAX_MESSAGE: usize = 1_200;

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It was not run.
    Skipped,
    /// It passed.
    Passed,
    /// It could not be built, loaded or collected.
    NotBuilt,
    /// It failed.
    Failed,
}

impl Status {
    /// Whether it counts against the run.
    pub fn is_failing(self) -> bool {
        matches!(self, Status::Failed | Status::NotBuilt)
    }

    /// The name on the wire, e.g. `not-built`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Skipped => "skipped",
            Status::Passed => "passed",
            Status::NotBuilt => "not-built",
            Status::Failed => "failed",
        }
    }
}

/// A test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// Its name, with what it belongs to.
    pub name: String,
    /// What became of it.
    pub status: Status,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its runner saw it fail and pass.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flaky: bool,
    /// No test, but something around them that failed: a suite's end, the
    /// command as a whole. Where it is missing, nothing is wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub around: bool,
}

/// How many tests came to which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Not run.
    pub skipped: u64,
}

impl Counts {
    /// Those that were run.
    pub fn ran(self) -> u64 {
        self.passed + self.failed
    }

    /// All.
    pub fn total(self) -> u64 {
        self.ran() + self.skipped
    }

    /// In words: `3 passed, 1 failed, 2 skipped`.
    pub fn told(self) -> String {
        let part = |n: u64, word: &str| (n > 0).then(|| format!("{n} {word}"));
        let parts: Vec<String> =
            [part(self.passed, "passed"), part(self.failed, "failed"), part(self.skipped, "skipped")]
                .into_iter()
                .flatten()
                .collect();
        if parts.is_empty() { "no test".to_owned() } else { parts.join(", ") }
    }

    fn add(&mut self, status: Status) {
        match status {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
            // Nobody knows how many tests would have been in it.
            Status::NotBuilt => {}
        }
    }
}

/// What keeps a report from being the whole truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "what", rename_all = "kebab-case")]
pub enum Trouble {
    /// Something could not be built, loaded or collected.
    NotBuilt(String),
    /// It ends before its end: tests that were announced are missing.
    Cut(String),
    /// The runner stopped at a failure, and left others out.
    StoppedEarly(String),
}

impl Trouble {
    /// In words.
    pub fn told(&self) -> &str {
        match self {
            Trouble::NotBuilt(what) | Trouble::Cut(what) | Trouble::StoppedEarly(what) => what,
        }
    }
}

/// The tests of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Each test that is known by name, in the order in which it was seen first.
    pub cases: Vec<Case>,
    /// How many there were, as the runner counts.
    pub counts: Counts,
    /// What keeps this from being the whole truth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
    /// Tests that passed were only counted, not named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub terse: bool,
}

impl Report {
    /// The tests that count against the run.
    pub fn failing(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|c| c.status.is_failing())
    }

    /// The test of this name.
    pub fn case(&self, name: &str) -> Option<&Case> {
        self.cases.iter().find(|c| c.name == name)
    }

    /// Whether it ends before its end.
    pub fn cut(&self) -> Option<&str> {
        self.troubles.iter().find_map(|t| match t {
            Trouble::Cut(what) => Some(what.as_str()),
            _ => None,
        })
    }

    /// Whether the runner left tests out after a failure.
    pub fn stopped_early(&self) -> Option<&str> {
        self.troubles.iter().find_map(|t| match t {
            Trouble::StoppedEarly(what) => Some(what.as_str()),
            _ => None,
        })
    }

    /// Adds something that failed around the tests.
    pub fn add_around(&mut self, name: &str, message: &str) {
        self.cases.push(Case {
            name: name.to_owned(),
            status: Status::Failed,
            message: Some(cut(message, MAX_MESSAGE)),
            flaky: false,
            around: true,
        });
    }
}

/// Why results cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is nothing of the format there.
    #[error("there are no results in it")]
    Nothing,
    /// It is not what it should be.
    #[error("line {line}: {what}")]
    Malformed {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// It ends in the middle.
    #[error("it ends in the middle of {0}")]
    Truncated(String),
    /// It is larger than what is read.
    #[error("it is too large: {0}")]
    TooLarge(String),
    /// It was not written.
    #[error("{0} was not written")]
    Missing(String),
    /// It could not be read from the disk.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// Gathers tests, with one entry for each name.
#[derive(Debug)]
pub(super) struct Gather {
    root: String,
    report: Report,
    by_name: HashMap<String, usize>,
    full: bool,
}

impl Gather {
    /// With the tree's folder, which is taken off the names.
    pub(super) fn new(root: &str) -> Gather {
        let root = root.trim_end_matches('/');
        let root = if root.is_empty() { String::new() } else { format!("{root}/") };
        Gather { root, report: Report::default(), by_name: HashMap::new(), full: false }
    }

    /// A name as it is the same in every tree, on one line.
    pub(super) fn name(&self, raw: &str) -> String {
        let clean = crate::text::one_line(raw);
        let clean = if self.root.is_empty() { clean } else { clean.replace(&self.root, "") };
        cut(&clean, MAX_NAME)
    }

    /// Adds a test. One that is seen again keeps its worse end.
    pub(super) fn add(&mut self, name: &str, status: Status, message: Option<&str>) {
        self.report.counts.add(status);
        self.note(name, status, message);
    }

    /// Adds a test that the counts have already.
    pub(super) fn note(&mut self, name: &str, status: Status, message: Option<&str>) {
        let name = self.name(name);
        let message = message.map(|m| self.clean(m)).filter(|m| !m.is_empty());
        if let Some(known) = self.by_name.get(&name).and_then(|at| self.report.cases.get_mut(*at)) {
            if status > known.status {
                known.status = status;
                known.message = message;
            }
            return;
        }
        if self.report.cases.len() >= MAX_CASES {
            self.full = true;
            return;
        }
        self.by_name.insert(name.clone(), self.report.cases.len());
        self.report.cases.push(Case { name, status, message, flaky: false, around: false });
    }

    /// Marks a test as one that its runner saw fail and pass.
    pub(super) fn mark_flaky(&mut self, name: &str) {
        let name = self.name(name);
        if let Some(case) = self.by_name.get(&name).and_then(|at| self.report.cases.get_mut(*at)) {
            case.flaky = true;
        }
    }

    /// Adds something that failed around the tests.
    pub(super) fn around(&mut self, name: &str, message: &str) {
        let (name, message) = (self.name(name), self.clean(message));
        if self.report.cases.len() < MAX_CASES {
            self.report.add_around(&name, &message);
        }
    }

    /// Adds what keeps the report from being the whole truth.
    pub(super) fn trouble(&mut self, trouble: Trouble) {
        if self.report.troubles.len() < 100 && !self.report.troubles.contains(&trouble) {
            self.report.troubles.push(trouble);
        }
    }

    /// Tests that are only counted.
    pub(super) fn count(&mut self, more: Counts) {
        self.report.counts.passed += more.passed;
        self.report.counts.failed += more.failed;
        self.report.counts.skipped += more.skipped;
    }

    /// Passed tests have no names.
    pub(super) fn terse(&mut self) {
        self.report.terse = true;
    }

    /// How many there are so far.
    pub(super) fn counts(&self) -> Counts {
        self.report.counts
    }

    /// The report, unless it is too large.
    pub(super) fn done(self) -> Result<Report, ReadError> {
        if self.full {
            return Err(ReadError::TooLarge(format!("more than {MAX_CASES} tests")));
        }
        Ok(self.report)
    }

    /// A message without colours, control characters and the tree's folder.
    pub(super) fn clean(&self, message: &str) -> String {
        let text = printable(&without_ansi(message));
        let text = if self.root.is_empty() { text } else { text.replace(&self.root, "") };
        cut(text.trim(), MAX_MESSAGE)
    }
}

/// A text without the escape sequences that colour it.
pub fn without_ansi(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
        } else if chars.next_if_eq(&'[').is_some() {
            // A control sequence ends with a letter or `~`, `@`, …
            while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
        }
    }
    out
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(max - 1).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_end_is_kept() {
        let mut gather = Gather::new("/tree/");
        gather.add("/tree/a.js x", Status::Passed, None);
        gather.add("a.js x", Status::Failed, Some("\u{1b}[31mred\u{1b}[0m in /tree/a.js"));
        gather.add("a.js x", Status::Skipped, None);
        let report = gather.done().unwrap();
        assert_eq!(report.cases.len(), 1);
        assert_eq!(report.cases[0].status, Status::Failed);
        assert_eq!(report.cases[0].message.as_deref(), Some("red in a.js"));
        assert_eq!(report.counts, Counts { passed: 1, failed: 1, skipped: 1 });
    }

    #[test]
    fn long_texts_are_cut() {
        let mut gather = Gather::new("");
        gather.add(&"n".repeat(5000), Status::Failed, Some(&"m".repeat(50_000)));
        let report = gather.done().unwrap();
        assert_eq!(report.cases[0].name.chars().count(), MAX_NAME);
        assert_eq!(report.cases[0].message.as_ref().unwrap().chars().count(), MAX_MESSAGE);
    }
}
