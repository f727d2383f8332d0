//! New message templates between two logs.
//!
//! A [`Model`] learns one or more baseline logs; a [`Comparison`] reads another
//! log and says which kinds of message it has that the baseline lacks, which
//! rose, and which are gone. Both stream, take chunks cut anywhere and need no
//! configuration: formats, headers, levels, JSON lines and stack traces are
//! recognised.
//!
//! It refuses to guess by similarity (one word can be all that is new of an
//! error), to grow without bound, and to pass an escape sequence on to a
//! terminal. It reads no files.

#![forbid(unsafe_code)]

mod event;
mod known;
mod level;
mod lines;
mod mask;
mod model;
#[cfg(test)]
mod tests;

pub use model::{Comparison, MOST_LINES, MOST_TEMPLATES, Model, ModelError};
use serde::{Deserialize, Serialize};

/// What a comparison looks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Only events of [`Severity::Error`] and [`Severity::Fatal`].
    pub only_errors: bool,
}

/// How bad an event says it is; by its level, or its words where it has none.
/// The worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The process or the system gives up.
    Fatal,
    /// Something failed.
    Error,
    /// Something may fail.
    Warning,
    /// As it should be.
    Info,
    /// For developers.
    Debug,
    /// It does not say.
    Unknown,
}

impl Severity {
    fn letter(self) -> &'static str {
        match self {
            Self::Fatal => "F",
            Self::Error => "E",
            Self::Warning => "W",
            Self::Info => "I",
            Self::Debug => "D",
            Self::Unknown => "U",
        }
    }
}

/// A kind of message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// What its events have in common, with `<*>` for what varies; the types
    /// and functions of a stack trace follow, parted by ` | `.
    pub text: String,
    /// The first line of the first such event, without control characters.
    pub example: String,
    /// How bad it is.
    pub severity: Severity,
    /// How many events of it the log has.
    pub count: u64,
    /// The 1-based line where the first of them starts.
    pub first_line: u64,
    /// The 1-based line where the last of them starts.
    pub last_line: u64,
}

/// What is different in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// Kinds that the baseline lacks, the worst first, then by their first line.
    pub new: Vec<Template>,
    /// Known kinds that come far more often, the surest first.
    pub risen: Vec<Template>,
    /// Templates of the baseline that did not come.
    pub gone: Vec<String>,
    /// Lines read.
    pub lines: u64,
    /// Lines that were longer than 64 KiB and cut there.
    pub truncated: u64,
    /// The 1-based numbers of the lines of new kinds, ascending; at most [`MOST_LINES`].
    pub new_lines: Vec<u64>,
    /// The baseline has no event, so everything is new and nothing is proven.
    pub baseline_empty: bool,
}
