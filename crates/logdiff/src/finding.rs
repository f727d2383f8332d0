//! One event of the candidate, told while the log is read.

use crate::Severity;
use crate::engine::Told;
use crate::key;
use crate::text::shown;
use crate::texts::Texts;

/// An event of the candidate. Its texts are made only when they are asked for.
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    pub(crate) told: &'a Told<'a>,
    pub(crate) texts: &'a Texts,
    pub(crate) new: bool,
    pub(crate) first: bool,
    pub(crate) kind: u64,
}

impl std::fmt::Debug for Finding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finding")
            .field("line", &self.line())
            .field("severity", &self.severity())
            .field("new", &self.new)
            .field("template", &self.template())
            .finish_non_exhaustive()
    }
}

impl Finding<'_> {
    /// The 1-based number of its first line.
    pub fn line(&self) -> u64 {
        self.told.event.first
    }

    /// The 1-based number of its last line.
    pub fn last_line(&self) -> u64 {
        self.told.event.last
    }

    /// How bad it says it is.
    pub fn severity(&self) -> Severity {
        self.told.shown
    }

    /// Whether the baseline lacks its kind, as far as one event can show it.
    /// What only the whole log shows (a place that takes ever other values) may
    /// take it back: [`crate::Diff`] has the last word.
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
        self.told.event.time
    }

    /// Its template, as [`crate::Template::text`].
    pub fn template(&self) -> String {
        let parts = key::parts(self.texts.get(self.told.key), |_| false);
        let text: String = parts.into_iter().map(|part| part.text).collect();
        shown(text.as_bytes(), super::comparison::SHOWN)
    }

    /// Its first line, without control characters.
    pub fn example(&self) -> String {
        shown(&self.told.event.raw, super::comparison::SHOWN)
    }
}
