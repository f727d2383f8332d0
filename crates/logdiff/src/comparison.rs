//! A log that is compared with a model while it is read.

use crate::axis::{Counts, Scale};
use crate::engine::{Engine, Told, Within};
use crate::model::{Base, MOST_TEXTS, slot};
use crate::text::shown;
use crate::texts::NONE;
use crate::tokens::{Tokens, rank};
use crate::{Block, Diff, Finding, Model, Options, Severity, key};
use std::borrow::Cow;

/// The most line numbers that a [`Diff`] lists.
pub const MOST_LINES: usize = 1_000_000;
/// The longest example or template that is shown, in bytes.
pub(crate) const SHOWN: usize = 2_048;
/// Room for examples in full; later ones are cut short.
const EXAMPLES: usize = 6 << 20;
/// The longest example then, in bytes.
const SHORT: usize = 120;

/// Whether a key is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Status {
    /// It did not come yet.
    #[default]
    Unseen,
    Known(u32),
    New,
}

/// What a comparison has seen of a key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub status: Status,
    pub shown: Option<Severity>,
    pub count: u64,
    pub first: u64,
    pub last: u64,
    pub times: Option<(i64, i64)>,
    pub counts: Counts,
    pub example: Box<str>,
    pub kind: u64,
}

/// Lines of an event that the model does not know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines {
    pub first: u64,
    pub last: u64,
    pub key: u32,
    pub error: bool,
}

/// A log that is compared with a model while it is read.
///
/// Feed it the log's bytes in any pieces, then ask [`Comparison::finish`]. Three
/// more calls are for special readers: [`Comparison::settle`] for those who wait
/// for a log to grow, [`Comparison::end_log`] for those with several files, and
/// [`Comparison::merge`] for those with several cores.
#[derive(Debug)]
pub struct Comparison<'m> {
    pub(crate) model: &'m Model,
    pub(crate) base: Cow<'m, Base>,
    pub(crate) options: Options,
    pub(crate) engine: Engine,
    pub(crate) seen: SeenSoFar,
}

/// What a comparison has seen.
#[derive(Debug, Default)]
pub(crate) struct SeenSoFar {
    pub tallies: Vec<Tally>,
    pub lines: Vec<Lines>,
    pub scale: Scale,
    pub events: u64,
    pub overflow: u64,
    examples: usize,
    tokens: Tokens,
}

impl<'m> Comparison<'m> {
    /// Starts to compare a log with what a model knows.
    pub fn new(model: &'m Model, options: Options) -> Self {
        let engine = Engine::new(MOST_TEXTS, options.year);
        Self { model, base: model.base(), options, engine, seen: SeenSoFar::default() }
    }

    /// Takes a piece of the log, cut anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.feed_with(bytes, |_| ());
    }

    /// Takes a piece of the log, cut anywhere, and tells each event that ended in it.
    pub fn feed_with(&mut self, bytes: &[u8], mut each: impl FnMut(&Finding<'_>)) {
        let Self { model, base, options, engine, seen } = self;
        let known = Side { model, base, options: *options };
        engine.feed(bytes, |within, told| seen.take(&known, within, told, &mut each));
    }

    /// Takes a block of the log; several threads can have a comparison each for
    /// their blocks, and [`Comparison::merge`] makes one of them.
    pub fn feed_block(&mut self, block: &Block, mut each: impl FnMut(&Finding<'_>)) {
        self.engine.set_lines(block.first_line - 1);
        self.feed_with(&block.bytes, &mut each);
        self.end_log(each);
    }

    /// Says that no more lines come for now: tells the event that was held back
    /// because its stack trace might go on. Call it when a growing log has been
    /// quiet for some ten milliseconds. An event that goes on after all is told
    /// again if that makes it another.
    pub fn settle(&mut self, mut each: impl FnMut(&Finding<'_>)) {
        let Self { model, base, options, engine, seen } = self;
        let known = Side { model, base, options: *options };
        engine.settle(|within, told| seen.show(&known, within, told, &mut each));
    }

    /// Ends a file: its last line and event. Line numbers go on with the next file.
    pub fn end_log(&mut self, mut each: impl FnMut(&Finding<'_>)) {
        let Self { model, base, options, engine, seen } = self;
        let known = Side { model, base, options: *options };
        engine.finish(|within, told| seen.take(&known, within, told, &mut each));
    }

    /// Adds what another comparison, with the same model and options, has seen of
    /// other blocks of the same log.
    pub fn merge(&mut self, mut other: Self) {
        self.end_log(|_| ());
        other.end_log(|_| ());
        let important = |text: &[u8]| key::unbadged(text).0.is_error();
        let mut numbers = Vec::with_capacity(other.seen.tallies.len());
        self.seen.scale.merge(&other.seen.scale);
        for (number, tally) in (0_u32..).zip(&other.seen.tallies) {
            if tally.status == Status::Unseen {
                numbers.push(NONE);
                continue;
            }
            let text = other.engine.within.texts.get(number);
            let own = self.engine.within.texts.number(text, MOST_TEXTS, important(text));
            numbers.push(own);
            if own == NONE {
                self.seen.overflow += tally.count;
            } else {
                let scale = self.seen.scale;
                slot(&mut self.seen.tallies, own).merge(tally, &scale);
            }
        }
        let renumbered = other
            .seen
            .lines
            .iter()
            .map(|lines| Lines { key: numbers.get(lines.key as usize).copied().unwrap_or(NONE), ..*lines });
        self.seen.lines.extend(renumbered);
        self.seen.lines.sort_unstable_by_key(|lines| lines.first);
        self.seen.lines.truncate(MOST_LINES);
        self.seen.events += other.seen.events;
        self.seen.overflow += other.seen.overflow;
        self.engine.set_lines(self.engine.lines().max(other.engine.lines()));
        self.engine.add_truncated(other.engine.truncated());
    }

    /// Ends the log and says what is different.
    pub fn finish(mut self) -> Diff {
        self.end_log(|_| ());
        self.diff()
    }

    /// Whether it had an event, and no kind that is new.
    pub(crate) fn knows_all(&self) -> bool {
        self.seen.events > 0
            && self.seen.overflow == 0
            && self.seen.tallies.iter().all(|tally| tally.status != Status::New)
    }
}

/// What events are compared with.
struct Side<'a> {
    model: &'a Model,
    base: &'a Base,
    options: Options,
}

impl SeenSoFar {
    /// Counts an event and tells it.
    #[inline]
    fn take(
        &mut self,
        side: &Side<'_>,
        within: &mut Within,
        told: &Told<'_>,
        each: &mut impl FnMut(&Finding<'_>),
    ) {
        self.events += 1;
        if told.key == NONE {
            self.overflow += 1;
            self.list(told, NONE, side);
            return;
        }
        let value = self.scale.take(told.event.time, told.event.first);
        self.meet(side, within, told);
        let scale = self.scale;
        let Some(tally) = self.tallies.get_mut(told.key as usize) else { return };
        tally.count += 1;
        tally.last = tally.last.max(told.event.first);
        if let Some(time) = told.event.time {
            let (first, last) = tally.times.unwrap_or((time, time));
            tally.times = Some((first.min(time), last.max(time)));
        }
        if let Some(value) = value {
            tally.counts.add(&scale, value);
        }
        let (new, first, kind) = (tally.status == Status::New, tally.count == 1, tally.kind);
        if new {
            self.list(told, told.key, side);
        }
        // What was shown while it was open is not told twice.
        if !told.event.settled {
            each(&Finding { told, texts: &within.texts, new, first, kind });
        }
    }

    fn is_unseen(&self, key: u32) -> bool {
        self.tallies.get(key as usize).is_none_or(|tally| tally.status == Status::Unseen)
    }

    /// Tells an event that may go on, without counting it.
    fn show(
        &mut self,
        side: &Side<'_>,
        within: &mut Within,
        told: &Told<'_>,
        each: &mut impl FnMut(&Finding<'_>),
    ) {
        if told.key == NONE {
            return;
        }
        self.meet(side, within, told);
        if let Some(tally) = self.tallies.get(told.key as usize) {
            let new = tally.status == Status::New;
            each(&Finding { told, texts: &within.texts, new, first: tally.count == 0, kind: tally.kind });
        }
    }

    /// Finds out what a key is that comes for the first time.
    #[inline]
    fn meet(&mut self, side: &Side<'_>, within: &Within, told: &Told<'_>) {
        if !self.is_unseen(told.key) {
            return;
        }
        let text = within.texts.get(told.key);
        let severity = key::unbadged(text).0;
        self.tokens.read(text);
        let group = side.base.known.find(&mut self.tokens, severity, side.model.texts());
        let kind = match group.and_then(|group| side.base.known.groups.get(group as usize)) {
            Some(group) => crate::hash::text(side.model.texts().get(group.text)),
            None => self.tokens.identity(rank(severity)),
        };
        let room = if self.examples < EXAMPLES { SHOWN } else { SHORT };
        let example = shown(&told.event.raw, room).into_boxed_str();
        self.examples += example.len();
        let tally = slot(&mut self.tallies, told.key);
        tally.status = group.map_or(Status::New, Status::Known);
        tally.shown = Some(told.shown);
        tally.first = told.event.first;
        tally.example = example;
        tally.kind = kind;
    }

    fn list(&mut self, told: &Told<'_>, key: u32, side: &Side<'_>) {
        let error = told.shown.is_error();
        if self.lines.len() < MOST_LINES && (error || !side.options.only_errors) {
            self.lines.push(Lines { first: told.event.first, last: told.event.last, key, error });
        }
    }
}

impl Tally {
    pub(crate) fn merge(&mut self, other: &Self, scale: &Scale) {
        if self.status == Status::Unseen || other.first < self.first {
            self.first = other.first;
            self.example.clone_from(&other.example);
        }
        self.status = other.status;
        self.shown = self.shown.or(other.shown);
        self.kind = other.kind;
        self.count += other.count;
        self.last = self.last.max(other.last);
        self.times = match (self.times, other.times) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.counts.merge(&other.counts, scale);
    }
}
