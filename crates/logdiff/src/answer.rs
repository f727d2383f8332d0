//! What a comparison answers: the words that programs and people read.

use serde::{Deserialize, Serialize};

/// The stand-in for what varies, in [`Template::text`].
pub const WILD: &str = "<*>";

/// What a comparison looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Only events of [`Severity::Error`] and [`Severity::Fatal`].
    pub only_errors: bool,
    /// The year of time stamps that have none (`Jun 14 15:16:01`); 1970 if
    /// nobody says, since this library reads no clock.
    pub year: i16,
}

impl Default for Options {
    fn default() -> Self {
        Self { only_errors: false, year: 1970 }
    }
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
    /// The word for it, as it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Unknown => "unknown",
        }
    }

    /// Whether something failed.
    pub fn is_error(self) -> bool {
        matches!(self, Self::Fatal | Self::Error)
    }
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The text that all its events share, or [`WILD`] where they differ.
    pub text: String,
    /// Whether it stands for what differs.
    pub variable: bool,
}

/// A kind of message in the candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// What its events have in common, with [`WILD`] for what varies; the types
    /// and functions of a stack trace follow, parted by ` | `.
    pub text: String,
    /// The same in pieces, told apart by whether they vary. Put together they are `text`.
    pub parts: Vec<Part>,
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
    /// The earliest of their time stamps: microseconds since 1970, UTC where
    /// the stamp names no zone. `None` where the log has no times.
    pub first_time: Option<i64>,
    /// The latest of them.
    pub last_time: Option<i64>,
    /// How many came in each of the equal steps of [`Diff::axis`].
    pub over_time: Vec<u64>,
}

/// A known template that comes more often than chance explains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Risen {
    /// The template, as the candidate has it.
    #[serde(flatten)]
    pub template: Template,
    /// How many of it the baseline has.
    pub baseline_count: u64,
    /// Its part of all events, 0 to 1: candidate.
    pub share: f64,
    /// The same in the baseline; the highest of several.
    pub baseline_share: f64,
    /// Events a minute in the candidate, where both logs have times.
    pub rate: Option<f64>,
    /// The same in the baseline; the highest of several.
    pub baseline_rate: Option<f64>,
    /// How many times as often: the lesser of the ratios of share and of rate.
    pub ratio: f64,
    /// Probability of such a rise by chance: exact, the greater of the tests of share and of count.
    pub p_value: f64,
    /// The same, corrected for the number of templates (Holm).
    pub p_adjusted: f64,
}

/// A template of the baseline that the candidate lacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gone {
    /// As [`Template::text`].
    pub text: String,
    /// As [`Template::parts`].
    pub parts: Vec<Part>,
    /// How bad it was.
    pub severity: Severity,
    /// How many of it the baseline has.
    pub baseline_count: u64,
    /// How many the candidate would have at the baseline's share.
    pub expected: f64,
    /// Probability to see none of them by chance.
    pub p_value: f64,
}

/// What the steps of [`Template::over_time`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axis {
    /// Whether it counts microseconds since 1970; otherwise line numbers, for logs without times.
    pub time: bool,
    /// Where the first step starts.
    pub start: i64,
    /// How long each step is.
    pub step: i64,
    /// How many steps there are, at most 60.
    pub steps: usize,
}

/// What is different in a log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// Kinds that the baseline lacks, the worst first, then by their first line.
    pub new: Vec<Template>,
    /// Known kinds that come far more often, errors first, then the surest.
    pub risen: Vec<Risen>,
    /// Kinds of the baseline that did not come, errors first, then the most frequent.
    pub gone: Vec<Gone>,
    /// Lines read.
    pub lines: u64,
    /// Events read: lines, or lines with their traces.
    pub events: u64,
    /// Events in the baseline.
    pub baseline_events: u64,
    /// Templates in the baseline.
    pub baseline_templates: u64,
    /// Lines that were longer than 64 KiB and cut there.
    pub truncated: u64,
    /// Events of new kinds that found no place among the templates; they are
    /// counted and listed in `new_lines`, but in no template.
    pub overflow: u64,
    /// The 1-based numbers of the lines of new kinds, ascending; at most [`crate::MOST_LINES`].
    pub new_lines: Vec<u64>,
    /// The baseline has no event, so everything is new and nothing is proven.
    pub baseline_empty: bool,
    /// The steps of [`Template::over_time`]; `None` for an empty log.
    pub axis: Option<Axis>,
}

impl Diff {
    /// Whether there is a new template.
    pub fn has_new(&self) -> bool {
        !self.new.is_empty() || !self.new_lines.is_empty()
    }
}
