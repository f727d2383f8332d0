//! What a baseline knows, and a log compared with it.

use crate::event::{Event, Folder};
use crate::known::Known;
use crate::lines::Splitter;
use crate::{Block, ModelError, Severity};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The most templates that a model or a comparison holds.
pub const MOST_TEMPLATES: usize = 100_000;
/// The templates of one or more baseline logs.
///
/// Its size is bounded by [`MOST_TEMPLATES`]; events beyond are counted in
/// [`Model::overflow`] and are not known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Model {
    /// By the letter of the severity and the template.
    templates: BTreeMap<String, (Severity, u64)>,
    events: u64,
    overflow: u64,
    truncated: u64,
    logs: u64,
    #[serde(skip)]
    splitter: Splitter,
    #[serde(skip)]
    folder: Folder,
    #[serde(skip)]
    known: Option<Known>,
}

/// Counts up whenever masking changes, since templates then no longer compare.
const VERSION: u32 = 2;
/// What a saved model starts with.
const MARK: &[u8] = b"HFLOGDIF";

impl Model {
    /// A model that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a piece of a baseline log, cut anywhere. Call [`Model::finish`]
    /// between two logs, or the last line of one runs into the next.
    pub fn learn(&mut self, bytes: &[u8]) {
        self.known = None;
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.feed(bytes, |number, line| {
            if let Some(event) = self.folder.line(number, line) {
                self.count(event);
            }
        });
        self.splitter = splitter;
    }

    /// Takes a block of a baseline log; several threads can have a model each
    /// for their blocks, and [`Model::merge`] makes one of them.
    pub fn learn_block(&mut self, block: &Block) {
        self.learn(&block.bytes);
        self.flush();
    }

    /// Ends a baseline log: the last line and event count. More may be learnt after it.
    pub fn finish(&mut self) {
        self.flush();
        self.logs += 1;
        self.known = Some(Known::of(&self.templates));
    }

    fn flush(&mut self) {
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.finish(|number, line| {
            if let Some(event) = self.folder.line(number, line) {
                self.count(event);
            }
        });
        self.truncated += splitter.truncated;
        if let Some(event) = self.folder.finish() {
            self.count(event);
        }
    }

    fn count(&mut self, event: Event) {
        self.events += 1;
        // The same words at another level are another template.
        let key = [letter(event.severity), &event.key].concat();
        self.add(key, event.severity, 1);
    }

    fn add(&mut self, key: String, severity: Severity, count: u64) {
        if let Some(entry) = self.templates.get_mut(&key) {
            entry.1 += count;
        } else if self.templates.len() < MOST_TEMPLATES {
            self.templates.insert(key, (severity, count));
        } else {
            self.overflow += count;
        }
    }

    /// Adds what another (finished) model knows. Below the bound on templates,
    /// this equals learning both logs.
    pub fn merge(&mut self, other: &Model) {
        let mut other = Cow::Borrowed(other);
        if other.known.is_none() {
            other.to_mut().flush();
        }
        self.flush();
        for (key, (severity, count)) in &other.templates {
            self.add(key.clone(), *severity, *count);
        }
        self.events += other.events;
        self.overflow += other.overflow;
        self.truncated += other.truncated;
        self.logs += other.logs;
        self.known = Some(Known::of(&self.templates));
    }

    /// How many different templates it holds.
    pub fn templates(&self) -> usize {
        self.templates.len()
    }

    /// How many events it has seen.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many events found no place among the templates.
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// How many lines were longer than 64 KiB and cut there.
    pub fn truncated(&self) -> u64 {
        self.truncated
    }

    /// Whether an event (a line, or a line with its trace) is of a known kind.
    /// Of several events, all must be. Nothing is known of nothing.
    pub fn knows(&self, event: &str) -> bool {
        let known = self.known();
        let (mut all, mut any) = (true, false);
        let mut folder = Folder::default();
        let mut check = |event: Option<Event>| {
            if let Some(event) = event {
                any = true;
                all &= known.contains(known.identity(&event.key, event.severity));
            }
        };
        let mut splitter = Splitter::default();
        splitter.feed(event.as_bytes(), |number, line| check(folder.line(number, line)));
        splitter.finish(|number, line| check(folder.line(number, line)));
        check(folder.finish());
        any && all
    }

    /// The templates as they compare; derived anew where learning went on.
    pub(crate) fn known(&self) -> Cow<'_, Known> {
        if let Some(known) = &self.known {
            return Cow::Borrowed(known);
        }
        let mut finished = self.clone();
        finished.flush();
        Cow::Owned(Known::of(&finished.templates))
    }

    /// How many logs it was learnt from: calls of [`Model::finish`].
    pub fn logs(&self) -> u64 {
        self.logs
    }

    /// The model for a file. What was learnt and not finished is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut finished = self.clone();
        finished.flush();
        let mut out = [MARK, &VERSION.to_le_bytes()].concat();
        // Only strings and numbers under string keys: this cannot fail.
        out.extend(serde_json::to_vec(&finished).unwrap_or_default());
        out
    }

    /// Reads what [`Model::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let rest = bytes.strip_prefix(MARK).ok_or(ModelError::NotAModel)?;
        let cut = ModelError::Damaged { at: bytes.len(), what: "it is cut short" };
        let (version, rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(ModelError::Version { found, expected: VERSION });
        }
        let mut model: Self = serde_json::from_slice(rest)
            .map_err(|e| ModelError::Damaged { at: 12 + e.column(), what: "it is not well formed" })?;
        model.known = Some(Known::of(&model.templates));
        Ok(model)
    }
}

fn letter(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal => "F",
        Severity::Error => "E",
        Severity::Warning => "W",
        Severity::Info => "I",
        Severity::Debug => "D",
        Severity::Unknown => "U",
    }
}
