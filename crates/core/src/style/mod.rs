//! What style checkers say: which checker a command is, how what it prints is
//! read, which of its remarks the change has added, and which hunks of a
//! formatter's work concern lines that the change touches.
//!
//! Output comes from outside: nothing in here panics on any, and output that
//! is not understood is never taken for an empty one.

pub mod adopt;
mod checkstyle;
pub mod compare;
pub mod detect;
mod diffs;
mod json;
mod lines;
mod sarif;
pub mod tool;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A form in which remarks are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// SARIF.
    Sarif,
    /// Checkstyle's XML.
    Checkstyle,
    /// Cargo's messages (`--message-format=json`), a document a line.
    Cargo,
    /// The JSON of a checker: eslint, ruff, shellcheck, pylint, mypy, rubocop,
    /// golangci-lint, biome, stylelint, Code Climate, reviewdog.
    Json,
    /// A unified diff, or rustfmt's, of what a formatter would change.
    Diff,
    /// The names of files that a formatter would change, one a line.
    Files,
    /// Lines that begin with a place: `file:line: message` and its relatives.
    Text,
}

impl Format {
    /// The format's name for people.
    pub fn name(self) -> &'static str {
        match self {
            Format::Sarif => "SARIF",
            Format::Checkstyle => "checkstyle XML",
            Format::Cargo => "cargo's messages",
            Format::Json => "JSON",
            Format::Diff => "a diff",
            Format::Files => "a list of files",
            Format::Text => "text",
        }
    }

    /// Whether it is made for programs: then what it lists counts whatever
    /// the exit status.
    pub fn is_for_programs(self) -> bool {
        matches!(self, Format::Sarif | Format::Checkstyle | Format::Cargo | Format::Json)
    }
}

/// How grave a remark is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// To be mended.
    #[default]
    Warning,
    /// Wrong.
    Error,
}

/// One remark of a checker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remark {
    /// The file, relative to the tree.
    pub file: String,
    /// The line, from 1; none where the file as a whole is meant.
    pub line: Option<u32>,
    /// The last line that is meant, where there are more than one.
    pub last: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The checker's rule, where it names one.
    pub rule: String,
    /// How grave it is.
    pub level: Level,
    /// What it says.
    pub message: String,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The form it was in.
    pub format: Format,
    /// The remarks, in its order.
    pub remarks: Vec<Remark>,
}

/// Why output could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {} could be read: {reason}", format.name())]
pub struct ReadError {
    /// The form that was expected.
    pub format: Format,
    /// What is wrong.
    pub reason: String,
}

impl ReadError {
    fn new(format: Format, reason: impl Into<String>) -> ReadError {
        ReadError { format, reason: reason.into() }
    }
}

/// Reads what a checker printed; where no format is given, it is found out,
/// and what has none is text.
///
/// `root` is the folder of the tree, which is taken off the files' names.
///
/// # Errors
/// Where it is not in the format that is given.
pub fn read(format: Option<Format>, output: &str, root: &str) -> Result<Said, ReadError> {
    let format = format.unwrap_or_else(|| guess(output));
    let mut remarks = match format {
        Format::Sarif => sarif::read(output)?,
        Format::Checkstyle => checkstyle::read(output)?,
        Format::Cargo => json::cargo(output)?,
        Format::Json => json::read(output)?,
        Format::Diff => diffs::read(output),
        Format::Files => {
            lines::files(output).ok_or_else(|| ReadError::new(format, "it has lines that are no names"))?
        }
        Format::Text => lines::read(output),
    };
    for remark in &mut remarks {
        remark.file = relative(&remark.file, root);
        remark.message = crate::text::one_line(&crate::change::redact(&remark.message));
    }
    Ok(Said { format, remarks })
}

/// The format of some output, by what it begins with.
fn guess(output: &str) -> Format {
    let begins = output.lines().map(str::trim_start).find(|line| !line.is_empty()).unwrap_or_default();
    let whole = output.trim_start();
    if begins.starts_with("<?xml") || begins.starts_with("<checkstyle") {
        return Format::Checkstyle;
    }
    if whole.starts_with('{')
        && whole.get(..whole.len().min(4000)).is_some_and(|head| head.contains("\"runs\""))
    {
        return Format::Sarif;
    }
    if whole.starts_with(['{', '[']) && json::read(output).is_ok() {
        return Format::Json;
    }
    if diffs::is_one(output) { Format::Diff } else { Format::Text }
}

/// A path as the tree has it.
fn relative(path: &str, root: &str) -> String {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let path = path
        .strip_prefix(root)
        .filter(|_| !root.is_empty())
        .map_or(path, |rest| rest.trim_start_matches('/'));
    path.trim_start_matches("./").to_owned()
}

/// A number as a line or column; 0 means none.
fn number(value: Option<u64>) -> Option<u32> {
    value.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests;
