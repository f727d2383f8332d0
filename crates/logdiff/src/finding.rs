//! One event of the candidate, told while the log is read.

use crate::Severity;
use crate::event::Event;

/// An event of the candidate. Its texts are made only when they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    pub(crate) event: &'a Event,
    pub(crate) new: bool,
    pub(crate) first: bool,
    pub(crate) kind: u64,
}

impl Finding<'_> {
    /// The 1-based number of its first line.
    pub fn line(&self) -> u64 {
        self.event.first
    }

    /// The 1-based number of its last line.
    pub fn last_line(&self) -> u64 {
        self.event.last
    }

    /// How bad it says it is.
    pub fn severity(&self) -> Severity {
        self.event.severity
    }

    /// Whether the baseline lacks its kind.
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// Whether it is the first of its kind in the candidate.
    pub fn is_first(&self) -> bool {
        self.first
    }

    /// What events of one kind share, and no others: to group by.
    pub fn kind(&self) -> u64 {
        self.kind
    }

    /// The time stamp of its first line, in microseconds since 1970.
    pub fn time(&self) -> Option<i64> {
        None
    }

    /// Its template, as [`crate::Template::text`].
    pub fn template(&self) -> String {
        self.event.key.clone()
    }

    /// Its first line, without control characters.
    pub fn example(&self) -> String {
        self.event.example.clone()
    }
}
