//! What is new between two logs, as data: what `hotfix logdiff --json` prints,
//! what the log gates rest on, and what the report shows. The comparing itself
//! is the library's, in `crates/logdiff`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema's name.
pub const SCHEMA: &str = "hotfix.logdiff/1";

/// What a comparison of logs found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogDiff {
    /// `hotfix.logdiff/1`.
    pub schema: String,
    /// Which events were looked for: `errors`, `warnings` (and errors) or `all`.
    pub only: String,
    /// What was compared with.
    pub baseline: LogBaseline,
    /// The logs that were looked through, in the order in which they were read.
    pub candidates: Vec<LogSource>,
    /// Lines of the candidates.
    pub lines: u64,
    /// Events of the candidates: lines, or lines with their stack traces.
    pub events: u64,
    /// How much was found, also where not all of it is listed.
    pub found: LogCounts,
    /// Templates that the baseline lacks, the worst first.
    pub new: Vec<LogTemplate>,
    /// Known templates that come more often than chance explains, the worst first.
    pub risen: Vec<LogRise>,
    /// Templates of the baseline that did not come, the worst first.
    pub gone: Vec<LogGone>,
    /// What the steps of `over_time` are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axis: Option<LogAxis>,
    /// What a reader should know: rotation, truncation, what was left out.
    pub notices: Vec<String>,
}

/// How much was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogCounts {
    /// New templates that say that something failed.
    pub new_errors: u64,
    /// All new templates.
    pub new: u64,
    /// Lines of the candidates that belong to new templates.
    pub new_lines: u64,
    /// Risen templates.
    pub risen: u64,
    /// Gone templates.
    pub gone: u64,
}

/// What was compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogBaseline {
    /// The logs that were learnt, in the order in which they were read.
    pub logs: Vec<LogSource>,
    /// The saved models that were loaded.
    pub models: Vec<String>,
    /// Events in all of them.
    pub events: u64,
    /// Templates in all of them.
    pub templates: u64,
    /// There is no event in it: then everything is new, and nothing is proven.
    pub empty: bool,
}

/// A log that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogSource {
    /// As it was named; `-` is the standard input.
    pub name: String,
    /// What it is packed with.
    pub packing: Packing,
    /// Bytes of its text, unpacked.
    pub bytes: u64,
    /// The number of its first line, counted over all logs of its side, from 1.
    pub first_line: u64,
    /// How many lines it has.
    pub lines: u64,
}

/// What a log is packed with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Packing {
    /// Nothing.
    #[default]
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// How bad an event says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogSeverity {
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

impl LogSeverity {
    /// The name on the wire.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogPart {
    /// What all its events share, or `<*>` where they differ.
    pub text: String,
    /// It stands for what differs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub variable: bool,
}

/// A kind of message in the candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogTemplate {
    /// What its events have in common, with `<*>` for what varies; the types
    /// and functions of a stack trace follow, parted by ` | `.
    pub template: String,
    /// The same in pieces.
    pub parts: Vec<LogPart>,
    /// How bad it is.
    pub severity: LogSeverity,
    /// How many events of it there are.
    pub count: u64,
    /// The line where the first of them starts, counted over all candidates, from 1.
    pub first_line: u64,
    /// The line where the last of them starts.
    pub last_line: u64,
    /// The candidate with the first of them.
    pub file: String,
    /// The number of that line in this file.
    pub file_line: u64,
    /// The earliest of their times, where the log has times; UTC where it names no zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_time: Option<Timestamp>,
    /// The latest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_time: Option<Timestamp>,
    /// The first line of the first such event, without control characters.
    pub example: String,
    /// How many came in each step of the axis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_time: Vec<u64>,
}

/// A known template that comes more often than chance explains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogRise {
    /// The template, as the candidates have it.
    #[serde(flatten)]
    pub template: LogTemplate,
    /// How many of it the baseline has.
    pub baseline_count: u64,
    /// Its part of all events of the candidates, 0 to 1.
    pub share: f64,
    /// The same in the baseline.
    pub baseline_share: f64,
    /// Events a minute in the candidates, where both sides have times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The same in the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_rate: Option<f64>,
    /// How many times as often.
    pub ratio: f64,
    /// How probable such a rise is by chance alone, corrected for the number of templates.
    pub p_adjusted: f64,
}

/// A template of the baseline that did not come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogGone {
    /// The template.
    pub template: String,
    /// The same in pieces.
    pub parts: Vec<LogPart>,
    /// How bad it was.
    pub severity: LogSeverity,
    /// How many of it the baseline has.
    pub baseline_count: u64,
    /// How many the candidates would have at the baseline's share.
    pub expected: f64,
    /// How probable it is to see none of them by chance alone.
    pub p_value: f64,
}

/// What the steps of `over_time` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogAxis {
    /// Steps of time; otherwise of line numbers, for logs without times.
    pub time: bool,
    /// Where the first step starts: microseconds since 1970, or a line.
    pub start: i64,
    /// How long each step is: microseconds, or lines.
    pub step: i64,
    /// How many there are.
    pub steps: u64,
}
