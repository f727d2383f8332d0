//! What a baseline knows.

use crate::engine::{Engine, Told};
use crate::known::{Known, Seen};
use crate::rise::float;
use crate::texts::{NONE, Texts};
use crate::{Block, key};
use std::borrow::Cow;

/// The most templates that a model or a comparison holds.
pub const MOST_TEMPLATES: usize = 100_000;
/// Texts in all, with parts of traces.
pub(crate) const MOST_TEXTS: usize = MOST_TEMPLATES;

/// How often a key came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    /// In all.
    pub total: u64,
    /// In the log that is being learnt.
    pub current: u64,
    /// The highest share of a log's events, and events a minute.
    pub share: f32,
    pub rate: f32,
}

/// The templates of one or more baseline logs.
///
/// Its size is bounded by [`MOST_TEMPLATES`]; events beyond are counted in
/// [`Model::overflow`] and are not known.
#[derive(Debug)]
pub struct Model {
    pub(crate) engine: Engine,
    pub(crate) counts: Vec<Count>,
    pub(crate) events: u64,
    current: u64,
    span: Option<(i64, i64)>,
    pub(crate) minutes: f64,
    pub(crate) overflow: u64,
    pub(crate) truncated: u64,
    pub(crate) lines: u64,
    pub(crate) logs: u64,
    base: Option<Base>,
}

/// What a comparison needs of a model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Base {
    pub known: Known,
    pub seen: Vec<Seen>,
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// A model that knows nothing.
    pub fn new() -> Self {
        Self {
            engine: Engine::new(MOST_TEXTS, 1970),
            counts: Vec::new(),
            events: 0,
            current: 0,
            span: None,
            minutes: 0.0,
            overflow: 0,
            truncated: 0,
            lines: 0,
            logs: 0,
            base: None,
        }
    }

    /// Takes a piece of a baseline log, cut anywhere. Call [`Model::finish`]
    /// between two logs, or the last line of one runs into the next.
    pub fn learn(&mut self, bytes: &[u8]) {
        self.base = None;
        let mut tally = Tally { counts: &mut self.counts, span: &mut self.span, events: 0, overflow: 0 };
        self.engine.feed(bytes, |_, told| tally.take(told));
        let (events, overflow) = (tally.events, tally.overflow);
        self.count(events, overflow);
    }

    /// Takes a block of a baseline log; several threads can have a model each
    /// for their blocks, and [`Model::merge`] makes one of them.
    pub fn learn_block(&mut self, block: &Block) {
        self.learn(&block.bytes);
        self.flush();
    }

    /// Ends a baseline log. More may be learnt after it.
    pub fn finish(&mut self) {
        self.flush();
        self.logs += 1;
        let minutes = self.span.map_or(0.0, |(first, last)| float(last.abs_diff(first)) / 60e6);
        self.minutes += minutes;
        for count in self.counts.iter_mut().filter(|count| count.current > 0) {
            #[expect(clippy::cast_possible_truncation, reason = "shares and rates need no more")]
            let of = |whole: f64| if whole > 0.0 { (float(count.current) / whole) as f32 } else { 0.0 };
            count.share = count.share.max(of(float(self.current)));
            count.rate = count.rate.max(of(minutes));
            count.current = 0;
        }
        self.current = 0;
        self.span = None;
        self.base = Some(self.derive());
    }

    fn count(&mut self, events: u64, overflow: u64) {
        self.events += events;
        self.current += events;
        self.overflow += overflow;
    }

    fn flush(&mut self) {
        self.base = None;
        let mut tally = Tally { counts: &mut self.counts, span: &mut self.span, events: 0, overflow: 0 };
        self.engine.finish(|_, told| tally.take(told));
        let (events, overflow) = (tally.events, tally.overflow);
        self.count(events, overflow);
        self.lines += self.engine.lines();
        self.truncated += self.engine.truncated();
        self.engine.restart();
    }

    /// Adds what another model knows. Below the bound on templates this equals
    /// learning the logs of both; what neither has finished counts as one log.
    pub fn merge(&mut self, other: &Model) {
        self.flush();
        for (number, count) in other.counts.iter().enumerate().filter(|(_, count)| count.total > 0) {
            let text = other.text(number);
            let important = key::unbadged(text).0.is_error();
            let own = self.engine.within.texts.number(text, MOST_TEXTS, important);
            if own == NONE {
                self.overflow += count.total;
                continue;
            }
            let own = slot(&mut self.counts, own);
            own.total += count.total;
            own.current += count.current;
            own.share = own.share.max(count.share);
            own.rate = own.rate.max(count.rate);
        }
        self.events += other.events;
        self.current += other.current;
        self.overflow += other.overflow;
        self.truncated += other.truncated;
        self.lines += other.lines;
        self.logs += other.logs;
        self.minutes += other.minutes;
        self.span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.base = Some(self.derive());
    }

    fn text(&self, number: usize) -> &[u8] {
        u32::try_from(number).map_or(b"", |number| self.texts().get(number))
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.engine.within.texts
    }

    /// The keys in the order of their bytes, so that the order of lines does not matter.
    pub(crate) fn sorted(&self) -> Vec<Seen> {
        let mut seen: Vec<Seen> = (0_u32..)
            .zip(&self.counts)
            .filter(|(_, count)| count.total > 0)
            .map(|(text, count)| Seen {
                text,
                severity: key::unbadged(self.texts().get(text)).0,
                count: count.total,
                share: count.share,
                rate: count.rate,
            })
            .collect();
        seen.sort_unstable_by(|a, b| self.texts().get(a.text).cmp(self.texts().get(b.text)));
        seen
    }

    fn derive(&self) -> Base {
        let seen = self.sorted();
        Base { known: Known::of(self.texts(), &seen), seen }
    }

    /// What is known; derived anew where learning went on.
    pub(crate) fn base(&self) -> Cow<'_, Base> {
        match &self.base {
            Some(base) => Cow::Borrowed(base),
            None => Cow::Owned(self.derive()),
        }
    }

    /// How many kinds of message it knows.
    pub fn templates(&self) -> usize {
        self.base().known.groups.len()
    }

    /// How many events it has seen.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many lines it has seen, of logs that are finished.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How many events found no place among the templates.
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// How many lines were longer than 64 KiB and cut there.
    pub fn truncated(&self) -> u64 {
        self.truncated
    }

    /// How many logs it was learnt from: calls of [`Model::finish`].
    pub fn logs(&self) -> u64 {
        self.logs
    }

    /// Whether an event (a line, or a line with its trace) is of a known kind.
    /// Of several events, all must be. Nothing is known of nothing.
    pub fn knows(&self, event: &str) -> bool {
        let mut comparison = crate::Comparison::new(self, crate::Options::default());
        comparison.feed(event.as_bytes());
        comparison.end_log(|_| ());
        comparison.knows_all()
    }

    /// Puts a loaded model together.
    pub(crate) fn loaded(mut self, keys: &[(Vec<u8>, Count)]) -> Self {
        for (text, count) in keys {
            let number = self.engine.within.texts.number(text, MOST_TEXTS, true);
            if number != NONE {
                *slot(&mut self.counts, number) = *count;
            }
        }
        self.base = Some(self.derive());
        self
    }
}

/// Counts events into a model.
struct Tally<'a> {
    counts: &'a mut Vec<Count>,
    span: &'a mut Option<(i64, i64)>,
    events: u64,
    overflow: u64,
}

impl Tally<'_> {
    #[inline]
    fn take(&mut self, told: &Told<'_>) {
        self.events += 1;
        if let Some(time) = told.event.time {
            let (first, last) = self.span.unwrap_or((time, time));
            *self.span = Some((first.min(time), last.max(time)));
        }
        if told.key == NONE {
            self.overflow += 1;
            return;
        }
        let count = slot(self.counts, told.key);
        count.total += 1;
        count.current += 1;
    }
}

/// The place of a number in a list that grows.
pub(crate) fn slot<T: Default + Clone>(list: &mut Vec<T>, number: u32) -> &mut T {
    let i = number as usize;
    if i >= list.len() {
        list.resize(i + 1, T::default());
    }
    &mut list[i]
}
