//! A log that is compared with a model while it is read.

use crate::event::{Event, Folder};
use crate::known::Known;
use crate::lines::Splitter;
use crate::{
    Block, Diff, Finding, Gone, MOST_TEMPLATES, Model, Options, Part, Risen, Severity, Template, WILD,
};
use std::borrow::Cow;
use std::collections::HashMap;

/// The most line numbers that a [`Diff`] lists.
pub const MOST_LINES: usize = 1_000_000;
/// The longest example or template that is shown, in bytes.
const SHOWN: usize = 2_048;

/// A log that is compared with a model while it is read.
///
/// Feed it the log's bytes in any pieces, then ask [`Comparison::finish`]. Three
/// more calls are for special readers: [`Comparison::settle`] for those who wait
/// for a log to grow, [`Comparison::end_log`] for those with several files, and
/// [`Comparison::merge`] for those with several cores.
#[derive(Debug, Clone)]
pub struct Comparison<'m> {
    known: Cow<'m, Known>,
    options: Options,
    splitter: Splitter,
    tally: Tally,
    folder: Folder,
}

/// What a comparison has seen.
#[derive(Debug, Default, Clone)]
struct Tally {
    new: HashMap<(Severity, String), Template>,
    new_lines: Vec<u64>,
    old: HashMap<u64, Template>,
    events: u64,
    overflow: u64,
}

impl<'m> Comparison<'m> {
    /// Starts to compare a log with what a model knows.
    pub fn new(model: &'m Model, options: Options) -> Self {
        Self {
            known: model.known(),
            options,
            splitter: Splitter::default(),
            tally: Tally::default(),
            folder: Folder::default(),
        }
    }

    /// Takes a piece of the log, cut anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.feed_with(bytes, |_| ());
    }

    /// Takes a piece of the log, cut anywhere, and tells each event that ended in it.
    pub fn feed_with(&mut self, bytes: &[u8], mut each: impl FnMut(&Finding<'_>)) {
        let Self { known, options, splitter, tally, folder } = self;
        splitter.feed(bytes, |number, line| {
            if let Some(event) = folder.line(number, line) {
                tally.count(known, *options, event, &mut each);
            }
        });
    }

    /// Takes a block of the log; several threads can have a comparison each for
    /// their blocks, and [`Comparison::merge`] makes one of them.
    pub fn feed_block(&mut self, block: &Block, mut each: impl FnMut(&Finding<'_>)) {
        self.splitter.lines = block.first_line - 1;
        self.feed_with(&block.bytes, &mut each);
        self.end_log(each);
    }

    /// Says that no more lines come for now: tells the event that was held back
    /// because its stack trace might go on. Call it when a growing log has been
    /// quiet for some ten milliseconds. A line that goes on after all is taken in.
    pub fn settle(&mut self, each: impl FnMut(&Finding<'_>)) {
        self.end_log(each);
    }

    /// Ends a file: its last line and event. Line numbers go on with the next file.
    pub fn end_log(&mut self, mut each: impl FnMut(&Finding<'_>)) {
        let Self { known, options, splitter, tally, folder } = self;
        splitter.finish(|number, line| {
            if let Some(event) = folder.line(number, line) {
                tally.count(known, *options, event, &mut each);
            }
        });
        if let Some(event) = folder.finish() {
            tally.count(known, *options, event, &mut each);
        }
    }

    /// Adds what another comparison, with the same model and options, has seen of
    /// other blocks of the same log.
    pub fn merge(&mut self, mut other: Self) {
        self.end_log(|_| ());
        other.end_log(|_| ());
        self.tally.merge(other.tally);
        self.splitter.lines = self.splitter.lines.max(other.splitter.lines);
        self.splitter.truncated += other.splitter.truncated;
    }

    /// Ends the log and says what is different.
    pub fn finish(mut self) -> Diff {
        self.end_log(|_| ());
        self.diff()
    }

    /// Says what is different so far, without the event that may go on.
    pub fn diff(&self) -> Diff {
        let Self { known, options, splitter, tally, .. } = self;
        let mut new: Vec<Template> = tally.new.values().cloned().collect();
        new.sort_by(|a, b| (a.severity, a.first_line, &a.text).cmp(&(b.severity, b.first_line, &b.text)));
        let wanted = |severity: Severity| !options.only_errors || severity.is_error();
        let before = known.all();
        let share = float(tally.events) / float(known.events.max(1));
        let gone = before
            .iter()
            .filter(|(id, _, severity, _)| wanted(*severity) && !tally.old.contains_key(id))
            .map(|(_, text, severity, count)| Gone {
                text: brief(text),
                parts: parts(&brief(text)),
                example: brief(text),
                severity: *severity,
                baseline_count: *count,
                expected: float(*count) * share,
                p_value: (-float(*count) * share).exp(),
            })
            .collect();
        let risen = risen(&before, known.events, &tally.old, tally.events);
        let mut new_lines = tally.new_lines.clone();
        new_lines.sort_unstable();
        Diff {
            new,
            risen: risen.into_iter().filter(|risen| wanted(risen.template.severity)).collect(),
            gone,
            lines: splitter.lines,
            events: tally.events,
            baseline_events: known.events,
            baseline_templates: before.len() as u64,
            truncated: splitter.truncated,
            overflow: tally.overflow,
            new_lines,
            baseline_empty: known.events == 0,
            axis: None,
        }
    }
}

impl Tally {
    fn count(&mut self, known: &Known, options: Options, event: Event, each: &mut impl FnMut(&Finding<'_>)) {
        self.events += 1;
        let kind = known.identity(&event.key, event.severity);
        if known.contains(kind) {
            let seen = self.old.entry(kind).or_insert_with(|| first_of(&event));
            seen.count += 1;
            seen.last_line = event.first;
            each(&Finding { event: &event, new: false, first: seen.count == 1, kind });
            return;
        }
        if options.only_errors && !event.severity.is_error() {
            return;
        }
        let room = MOST_LINES.saturating_sub(self.new_lines.len());
        self.new_lines.extend((event.first..=event.last).take(room));
        let name = (event.severity, event.key.clone());
        if self.new.len() >= MOST_TEMPLATES && !self.new.contains_key(&name) {
            self.overflow += 1;
            return;
        }
        let seen = self.new.entry(name).or_insert_with(|| first_of(&event));
        seen.count += 1;
        seen.last_line = event.first;
        each(&Finding { event: &event, new: true, first: seen.count == 1, kind });
    }

    fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.overflow += other.overflow;
        self.new_lines.extend(other.new_lines);
        for (kind, template) in other.old {
            join(
                self.old.entry(kind).or_insert_with(|| Template { count: 0, ..template.clone() }),
                &template,
            );
        }
        for (name, template) in other.new {
            join(
                self.new.entry(name).or_insert_with(|| Template { count: 0, ..template.clone() }),
                &template,
            );
        }
    }
}

fn join(one: &mut Template, other: &Template) {
    one.count += other.count;
    if other.first_line < one.first_line {
        one.first_line = other.first_line;
        one.example.clone_from(&other.example);
    }
    one.last_line = one.last_line.max(other.last_line);
}

fn first_of(event: &Event) -> Template {
    let text = brief(&event.key);
    Template {
        parts: parts(&text),
        text,
        example: brief(&event.example),
        severity: event.severity,
        count: 0,
        first_line: event.first,
        last_line: event.first,
        first_time: None,
        last_time: None,
        over_time: Vec::new(),
    }
}

fn brief(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.replace('\t', " ");
    }
    let end = (0..=SHOWN).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    [text[..end].replace('\t', " ").trim_end_matches(WILD), "…"].concat()
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for (i, fixed) in text.split(WILD).enumerate() {
        if i > 0 {
            parts.push(Part { text: WILD.to_owned(), variable: true });
        }
        if !fixed.is_empty() {
            parts.push(Part { text: fixed.to_owned(), variable: false });
        }
    }
    parts
}

/// Known templates that come at least twice as often, by count and by share,
/// and more so than chance allows among so many (G test, Dunning,
/// Computational Linguistics 19:61–74, 1993; 15.1 is 1e-4, plus Bonferroni).
fn risen(
    before: &[(u64, &str, Severity, u64)],
    events_before: u64,
    after: &HashMap<u64, Template>,
    events_after: u64,
) -> Vec<Risen> {
    let (n0, n1) = (float(events_before), float(events_after));
    let bar = 15.1 + 2.0 * float(before.len().max(1) as u64).ln();
    let mut risen: Vec<(f64, Risen)> = before
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
            (g > bar).then(|| {
                let risen = Risen {
                    template: now.clone(),
                    baseline_count: *count,
                    share: share_after,
                    baseline_share: share_before,
                    rate: None,
                    baseline_rate: None,
                    ratio: share_after / share_before,
                    p_value: (-g / 2.0).exp(),
                    p_adjusted: (-g / 2.0).exp() * float(before.len() as u64),
                };
                (g, risen)
            })
        })
        .collect();
    risen.sort_by(|x, y| y.0.total_cmp(&x.0).then_with(|| x.1.template.text.cmp(&y.1.template.text)));
    risen.into_iter().map(|(_, risen)| risen).collect()
}

/// Counts of events are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn float(count: u64) -> f64 {
    count as f64
}
