//! What a change holds, read from its diff, and what the change gates say of it.
//!
//! [`parse`] reads unified output of `git diff`, [`judge`] answers the gates
//! `change.size`, `change.scope`, `change.shape` and `change.secrets` in this
//! order, and [`redact`] takes secrets out of text before anything keeps it.
//! Diffs come from outside: nothing in here panics on any input, and what
//! could not be read makes a gate unknown, never a pass.

mod block;
mod diff;
mod globs;
mod interface;
mod key;
mod lang;
mod manifest;
mod paths;
mod scope;
mod secret_rules;
mod secrets;
mod shape;
mod size;
mod weaken;

pub use diff::parse;
pub use paths::is_test_path;
pub use scope::DEFAULT_PROTECTED;
pub use secrets::redact;
pub use size::{DEFAULT_MAX_FILES, DEFAULT_MAX_LINES, budget};

use crate::gate::Verdict;
use crate::policy::ChangePolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that a diff changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The files, in the diff's order.
    pub files: Vec<FileChange>,
    /// What could not be read, one line each.
    pub malformed: Vec<String>,
}

impl Change {
    /// Whether nothing has changed and nothing was unreadable.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.malformed.is_empty()
    }
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content changed.
    Modified,
    /// It has a new path.
    Renamed,
    /// It is a copy of another file.
    Copied,
    /// Only its mode changed.
    Mode,
}

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChange {
    /// Its path after the change, or before it where it was deleted.
    pub path: String,
    /// Where it was renamed or copied from.
    pub old_path: Option<String>,
    /// What happened to it.
    pub status: Status,
    /// Whether git shows no text for it.
    pub binary: bool,
    /// The changed places.
    pub hunks: Vec<Hunk>,
    /// How alike source and target of a rename or copy are, in percent.
    pub similarity: Option<u8>,
}

impl FileChange {
    /// How many lines are added.
    pub fn added(&self) -> u32 {
        self.count(LineKind::Added)
    }

    /// How many lines are removed.
    pub fn removed(&self) -> u32 {
        self.count(LineKind::Removed)
    }

    /// Whether the path is one that test runners look at.
    pub fn is_test(&self) -> bool {
        is_test_path(&self.path)
    }

    /// Every line of every hunk with whether it belongs to a test: all of
    /// them in a test's file, those below `#[cfg(test)]` in Rust (as far as
    /// the hunk shows it).
    pub fn lines(&self) -> Vec<(&Line, bool)> {
        let flags = paths::test_lines(self);
        self.hunks.iter().flat_map(|hunk| &hunk.lines).zip(flags).collect()
    }

    fn count(&self, kind: LineKind) -> u32 {
        let lines = self.hunks.iter().flat_map(|hunk| &hunk.lines);
        u32::try_from(lines.filter(|line| line.kind == kind).count()).unwrap_or(u32::MAX)
    }
}

/// One changed place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hunk {
    /// Its first line before the change.
    pub old_start: u32,
    /// Its first line after the change.
    pub new_start: u32,
    /// What git shows after the second `@@`: the function or section around.
    pub section: String,
    /// Its lines, context included.
    pub lines: Vec<Line>,
}

/// What a line of a hunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// On both sides.
    Context,
    /// Only after the change.
    Added,
    /// Only before the change.
    Removed,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Its text without the marker and the line end.
    pub text: String,
    /// Its number before the change, where it was there.
    pub old_line: Option<u32>,
    /// Its number after the change, where it is there.
    pub new_line: Option<u32>,
}

/// What a change is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The page's rules; its `max_files` and `max_lines`, where given, go before those below.
    pub policy: &'a ChangePolicy,
    /// The budget of files, where the policy has none.
    pub max_files: u32,
    /// The budget of lines, where the policy has none.
    pub max_lines: u32,
    /// Globs of the paths that the incident declares; none allows every path.
    /// Globs without a slash match at any depth, and a directory's name
    /// stands for all below it, as in `.gitignore`.
    pub only: &'a [String],
    /// Globs protected besides [`DEFAULT_PROTECTED`]; `!glob` lifts a protection.
    pub protected: &'a [String],
    /// Globs of generated files, which do not count against the budget.
    pub generated: &'a [String],
    /// Secrets that are none: `path:GLOB`, `rule:ID`, or a text of at least
    /// four characters that the secret contains.
    pub allow_secrets: &'a [String],
}

/// Something that a gate objects to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The gate's id.
    pub gate: &'static str,
    /// The file; empty where the whole change is meant.
    pub file: String,
    /// The line after the change, where one can be named.
    pub line: Option<u32>,
    /// What is there. It never holds a secret.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// Whether it holds the run even where its gate is advisory.
    pub binding: bool,
}

/// How much of the budget a change uses. Tests and generated files do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// Files that count.
    pub files: u32,
    /// Added and removed lines that count.
    pub lines: u32,
    /// The most files.
    pub max_files: u32,
    /// The most lines.
    pub max_lines: u32,
    /// Added and removed lines of tests.
    pub test_lines: u32,
}

impl Budget {
    /// Whether more is used than there is.
    pub fn is_over(&self) -> bool {
        self.files > self.max_files || self.lines > self.max_lines
    }
}

/// A gate's answer with what it is based on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Judgement {
    /// The gate's id.
    pub gate: &'static str,
    /// Its answer.
    pub verdict: Verdict,
    /// One line with figures.
    pub summary: String,
    /// What it objects to.
    pub findings: Vec<Finding>,
}

/// The four change gates' answers, in the order size, scope, shape, secrets.
/// A diff that could not be read whole passes none of them.
pub fn judge(change: &Change, rules: &Rules<'_>) -> Vec<Judgement> {
    let mut all = vec![
        size::judge(change, rules),
        scope::judge(change, rules),
        shape::judge(change, rules),
        secrets::judge(change, rules),
    ];
    if let Some(first) = change.malformed.first() {
        for judgement in all.iter_mut().filter(|judgement| judgement.verdict == Verdict::Pass) {
            judgement.verdict = Verdict::Unknown;
            let first = excerpt(first);
            judgement.summary =
                format!("part of the diff could not be read ({first}); {}", judgement.summary);
        }
    }
    all
}

/// Fail where there are findings, pass where there are none.
fn verdict(findings: &[Finding]) -> Verdict {
    if findings.is_empty() { Verdict::Pass } else { Verdict::Fail }
}

/// A line of the change fit for a message: short, printable, without secrets.
fn excerpt(line: &str) -> String {
    crate::text::brief(&redact(line), 100)
}

/// `1 file`, `2 files`.
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
