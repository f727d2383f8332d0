//! What a baseline knows, and a log compared with it.

use crate::event::{Event, Folder};
use crate::known::Known;
use crate::lines::Splitter;
use crate::mask::WILD;
use crate::{Diff, Options, Severity, Template};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// The most templates that a model or a comparison holds.
pub const MOST_TEMPLATES: usize = 100_000;
/// The most line numbers that a [`Diff`] lists.
pub const MOST_LINES: usize = 1_000_000;
/// The longest example or template that is shown, in bytes.
const SHOWN: usize = 2_048;

/// The templates of one or more baseline logs.
///
/// Its size is bounded by [`MOST_TEMPLATES`]; events beyond are counted in
/// [`Model::overflow`] and are not known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Model {
    version: u32,
    /// By the letter of the severity and the template.
    templates: BTreeMap<String, (Severity, u64)>,
    events: u64,
    overflow: u64,
    truncated: u64,
    #[serde(skip)]
    splitter: Splitter,
    #[serde(skip)]
    folder: Folder,
    #[serde(skip)]
    known: Option<Known>,
}

/// Why bytes are no model.
#[derive(Debug)]
pub enum ModelError {
    /// They are not what [`Model::to_bytes`] writes.
    Malformed(serde_json::Error),
    /// They were written by another version, whose templates do not compare.
    Version(u32),
}

impl std::fmt::Display for ModelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "not a model of log templates: {error}"),
            Self::Version(version) => {
                write!(f, "a model of format {version}, this is {VERSION}: learn it again")
            }
        }
    }
}

impl std::error::Error for ModelError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Malformed(error) => Some(error),
            Self::Version(_) => None,
        }
    }
}

/// Counts up whenever masking changes, since templates then no longer compare.
const VERSION: u32 = 1;

impl Model {
    /// A model that knows nothing.
    pub fn new() -> Self {
        Self { version: VERSION, ..Self::default() }
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

    /// Ends a baseline log: the last line and event count. More may be learnt after it.
    pub fn finish(&mut self) {
        self.flush();
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
        let key = [event.severity.letter(), &event.key].concat();
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
    fn known(&self) -> Cow<'_, Known> {
        if let Some(known) = &self.known {
            return Cow::Borrowed(known);
        }
        let mut finished = self.clone();
        finished.flush();
        Cow::Owned(Known::of(&finished.templates))
    }

    /// The model for a file: JSON. What was learnt and not finished is finished.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut finished = self.clone();
        finished.flush();
        // Only strings and numbers under string keys: this cannot fail.
        serde_json::to_vec(&finished).unwrap_or_default()
    }

    /// Reads what [`Model::to_bytes`] wrote.
    ///
    /// # Errors
    /// Where the bytes are something else, or another version's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut model: Self = serde_json::from_slice(bytes).map_err(ModelError::Malformed)?;
        if model.version != VERSION {
            return Err(ModelError::Version(model.version));
        }
        model.known = Some(Known::of(&model.templates));
        Ok(model)
    }
}

/// A log that is compared with a model while it is read.
#[derive(Debug)]
pub struct Comparison<'m> {
    known: Cow<'m, Known>,
    options: Options,
    splitter: Splitter,
    tally: Tally,
    folder: Folder,
}

/// What a comparison has seen.
#[derive(Debug, Default)]
struct Tally {
    new: HashMap<(Severity, String), Template>,
    new_lines: Vec<u64>,
    old: HashMap<u64, Template>,
    events: u64,
}

impl<'m> Comparison<'m> {
    /// Starts to compare a log with what a model knows.
    pub fn new(model: &'m Model, options: Options) -> Self {
        let known = model.known();
        Self {
            known,
            options,
            splitter: Splitter::default(),
            tally: Tally::default(),
            folder: Folder::default(),
        }
    }

    /// Takes a piece of the log, cut anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { known, options, splitter, tally, folder } = self;
        splitter.feed(bytes, |number, line| {
            if let Some(event) = folder.line(number, line) {
                tally.count(known, *options, event);
            }
        });
    }

    /// Ends the log and says what is different.
    pub fn finish(self) -> Diff {
        let Self { known, options, mut splitter, mut tally, mut folder } = self;
        splitter.finish(|number, line| {
            if let Some(event) = folder.line(number, line) {
                tally.count(&known, options, event);
            }
        });
        if let Some(event) = folder.finish() {
            tally.count(&known, options, event);
        }
        let mut new: Vec<Template> = tally.new.into_values().collect();
        new.sort_by(|a, b| (a.severity, a.first_line, &a.text).cmp(&(b.severity, b.first_line, &b.text)));
        let wanted = |severity| !options.only_errors || is_error(severity);
        let before = known.all();
        let gone = before
            .iter()
            .filter(|(id, _, severity, _)| wanted(*severity) && !tally.old.contains_key(id))
            .map(|(_, text, ..)| brief(text))
            .collect();
        let risen = risen(&before, known.events, &tally.old, tally.events);
        Diff {
            new,
            risen: risen.into_iter().filter(|template| wanted(template.severity)).collect(),
            gone,
            lines: splitter.lines,
            truncated: splitter.truncated,
            new_lines: tally.new_lines,
            baseline_empty: known.events == 0,
        }
    }
}

fn is_error(severity: Severity) -> bool {
    matches!(severity, Severity::Fatal | Severity::Error)
}

impl Tally {
    fn count(&mut self, known: &Known, options: Options, event: Event) {
        self.events += 1;
        let identity = known.identity(&event.key, event.severity);
        if known.contains(identity) {
            let seen = self.old.entry(identity).or_insert_with(|| first_of(&event));
            seen.count += 1;
            seen.last_line = event.first;
            return;
        }
        if options.only_errors && !is_error(event.severity) {
            return;
        }
        let room = MOST_LINES.saturating_sub(self.new_lines.len());
        self.new_lines.extend((event.first..=event.last).take(room));
        let kind = (event.severity, event.key.clone());
        if self.new.len() >= MOST_TEMPLATES && !self.new.contains_key(&kind) {
            return;
        }
        let seen = self.new.entry(kind).or_insert_with(|| first_of(&event));
        seen.count += 1;
        seen.last_line = event.first;
    }
}

fn first_of(event: &Event) -> Template {
    Template {
        text: brief(&event.key),
        example: brief(&event.example),
        severity: event.severity,
        count: 0,
        first_line: event.first,
        last_line: event.first,
    }
}

fn brief(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.replace('\t', " ");
    }
    let end = (0..=SHOWN).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    [text[..end].replace('\t', " ").trim_end_matches(WILD), "…"].concat()
}

/// Known templates that come at least twice as often, by count and by share,
/// and more so than chance allows among so many (G test, Dunning,
/// Computational Linguistics 19:61–74, 1993; 15.1 is 1e-4, plus Bonferroni).
fn risen(
    before: &[(u64, &str, Severity, u64)],
    events_before: u64,
    after: &HashMap<u64, Template>,
    events_after: u64,
) -> Vec<Template> {
    let (n0, n1) = (float(events_before), float(events_after));
    let bar = 15.1 + 2.0 * float(before.len().max(1) as u64).ln();
    let mut risen: Vec<(f64, Template)> = before
        .iter()
        .filter_map(|(id, _, _, count)| {
            let now = after.get(id)?;
            let (a, b) = (float(*count), float(now.count));
            let (share_before, share_after) = (a / n0, b / n1);
            if b < 10.0 || b < 2.0 * a || share_after < 2.0 * share_before {
                return None;
            }
            let term = |seen: f64, of: f64| if seen > 0.0 { seen * (seen / of).ln() } else { 0.0 };
            let mean = (a + b) / (n0 + n1);
            let g = 2.0
                * (term(a, n0 * mean)
                    + term(b, n1 * mean)
                    + term(n0 - a, n0 * (1.0 - mean))
                    + term(n1 - b, n1 * (1.0 - mean)));
            (g > bar).then(|| (g, now.clone()))
        })
        .collect();
    risen.sort_by(|x, y| y.0.total_cmp(&x.0).then_with(|| x.1.text.cmp(&y.1.text)));
    risen.into_iter().map(|(_, template)| template).collect()
}

/// Counts of events are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn float(count: u64) -> f64 {
    count as f64
}
