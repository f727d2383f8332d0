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
mod lang;
mod manifest;
mod paths;
mod reading;
mod scope;
mod secrets;
mod shape;
mod size;

pub use diff::parse;
pub use paths::is_test_path;
pub use scope::DEFAULT_PROTECTED;
pub use secrets::{RuleFile, SecretRules, SecretRulesError, extends, redact};
pub use size::{DEFAULT_MAX_FILES, DEFAULT_MAX_LINES};

use crate::finding::{Finding, Hint, shell_word};
use crate::gate::Verdict;
use crate::policy::ChangePolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
    /// Who wrote it, as far as git's attributes say.
    #[serde(default)]
    pub origin: Origin,
    /// Its whole text before and after, where somebody has read it: a diff
    /// alone shows too little to tell what a program offers.
    #[serde(skip)]
    pub texts: Texts,
}

/// Who wrote a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Somebody, by hand.
    #[default]
    Hand,
    /// A tool (`linguist-generated`).
    Generated,
    /// Somebody elsewhere (`linguist-vendored`).
    Vendored,
}

/// A file's text on both sides of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Before; none where it was not there, is no text, or was not read.
    pub before: Option<String>,
    /// After, likewise.
    pub after: Option<String>,
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

    /// Whether its whole texts say more than the diff: programs in a language
    /// whose grammar is known, and manifests.
    pub fn wants_texts(&self) -> bool {
        !self.binary
            && (crate::syntax::Language::of(&self.path).is_some() || manifest::is_manifest(&self.path))
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
    /// What secrets look like; the built-in rules where there are none.
    pub secret_rules: Option<&'a SecretRules>,
    /// What the change starts from, for the commands that take a part of it
    /// out again.
    pub base: &'a str,
}

/// How much of the budget a change uses. What does not change the program
/// does not count: tests, comments, blank lines, text for people, what tools
/// write and what comes from elsewhere; nor do lines that were only indented.
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
    /// Added and removed lines that are comments, blank, or only indented.
    pub quiet_lines: u32,
    /// Files that do not count: tests, generated and vendored ones, text for people.
    pub files_aside: u32,
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

/// What the change gates say of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Judged {
    /// The budget used.
    pub budget: Budget,
    /// The answers, in the order size, scope, shape, secrets.
    pub gates: Vec<Judgement>,
}

impl Judged {
    /// All findings of all gates.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.gates.iter().flat_map(|gate| &gate.findings)
    }
}

/// The four change gates' answers, in the order size, scope, shape, secrets.
/// A diff that could not be read whole passes none of them.
pub fn judge(change: &Change, rules: &Rules<'_>) -> Judged {
    let readings = reading::read(&change.files, rules);
    let (budget, size) = size::judge(change, &readings, rules);
    let (secrets, texts) = secrets::judge(change, rules);
    let mut gates = vec![size, scope::judge(change, rules), shape::judge(&readings, rules), secrets];
    hide(&mut gates, &texts);
    doubt(change, &mut gates);
    Judged { budget, gates }
}

/// The answer of `change.secrets` alone.
pub fn judge_secrets(change: &Change, rules: &Rules<'_>) -> Judgement {
    let mut gates = vec![secrets::judge(change, rules).0];
    doubt(change, &mut gates);
    gates.remove(0)
}

/// A diff that could not be read whole passes no gate.
fn doubt(change: &Change, gates: &mut [Judgement]) {
    let Some(first) = change.malformed.first() else { return };
    for judgement in gates.iter_mut().filter(|judgement| judgement.verdict == Verdict::Pass) {
        judgement.verdict = Verdict::Unknown;
        let first = excerpt(first);
        judgement.summary = format!("part of the diff could not be read ({first}); {}", judgement.summary);
    }
}

/// Those of some path patterns that are none.
pub fn bad_patterns(patterns: &[String]) -> Vec<String> {
    globs::Globs::new(patterns.iter().map(String::as_str)).bad
}

/// No gate quotes a line with a secret that another gate has found.
fn hide(gates: &mut [Judgement], secrets: &BTreeSet<String>) {
    let without = |text: &mut String| {
        for secret in secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), "[redacted]");
            }
            // A line that was cut short may end inside of one.
            let ends = secret.char_indices().map(|(at, _)| &secret[..at]).filter(|head| head.len() >= 4);
            let cut = ends.rev().map(|head| format!("{head}…")).find(|cut| text.contains(cut.as_str()));
            if let Some(cut) = cut {
                *text = text.replace(&cut, "[redacted]…");
            }
        }
    };
    for judgement in gates {
        without(&mut judgement.summary);
        judgement.findings.iter_mut().for_each(|finding| without(&mut finding.message));
    }
}

/// Fail where there are findings, pass where there are none.
fn verdict(findings: &[Finding]) -> Verdict {
    if findings.is_empty() { Verdict::Pass } else { Verdict::Fail }
}

/// A line of the change fit for a message: short, printable, without secrets.
fn excerpt(line: &str) -> String {
    crate::text::brief(&redact(line), 100)
}

/// How to leave a part of a change out, and how to let it pass all the same.
struct Ways<'a> {
    gate: &'a str,
    base: &'a str,
}

impl Ways<'_> {
    /// For a place of a file: out with some hunks, or kept for a follow-up.
    fn of_hunk(&self, file: &FileChange) -> Vec<Hint> {
        let (path, base) = (shell_word(&file.path), shell_word(self.base));
        vec![
            Hint::run("take it out, hunk by hunk", format!("git restore --patch --source={base} -- {path}")),
            Hint::run("keep it for a follow-up", format!("git diff {base} -- {path} > ../follow-up.patch")),
            self.waive(),
        ]
    }

    /// For a whole file: back to what it was.
    fn of_file(&self, file: &FileChange) -> Vec<Hint> {
        let base = shell_word(self.base);
        let mut paths = vec![shell_word(&file.path)];
        paths.extend(file.old_path.as_deref().filter(|_| file.status == Status::Renamed).map(shell_word));
        let paths = paths.join(" ");
        let out = match file.status {
            Status::Added | Status::Copied => {
                format!("git rm --cached --quiet --ignore-unmatch -- {paths} && mv -- {paths} ../")
            }
            _ => format!("git restore --staged --worktree --source={base} -- {paths}"),
        };
        vec![Hint::run("take it out of the change", out), self.waive()]
    }

    /// Under a person's name.
    fn waive(&self) -> Hint {
        Hint::run("or let it pass under your name", format!("hotfix waive {} --reason \"why\"", self.gate))
    }
}

/// `1 file`, `2 files`.
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
