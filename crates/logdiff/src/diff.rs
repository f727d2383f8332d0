//! From what a comparison has seen to what it answers.

use crate::comparison::{Comparison, Lines, MOST_LINES, SHOWN, Status, Tally};
use crate::evidence::{self, Sides, Unknown};
use crate::known::{Group, Known, Seen};
use crate::rise::{self, float};
use crate::text::shown;
use crate::texts::{NONE, Texts};
use crate::tokens::Tokens;
use crate::{Diff, Gone, Part, Risen, Severity, Template, key};

impl Comparison<'_> {
    /// Says what is different so far, without an event that may go on.
    pub fn diff(&self) -> Diff {
        let judged = self.judge();
        let fresh = Fresh::of(self, &judged);
        let after = self.per_group(&judged);
        let wanted = |severity: Severity| !self.options.only_errors || severity.is_error();
        let mut new: Vec<Template> = fresh.templates(self);
        new.retain(|template| wanted(template.severity));
        new.sort_by(|a, b| (a.severity, a.first_line, &a.text).cmp(&(b.severity, b.first_line, &b.text)));
        let mut risen = self.risen(&after);
        risen.retain(|risen| wanted(risen.template.severity));
        let mut gone = self.gone(&after);
        gone.retain(|gone| wanted(gone.severity));
        Diff {
            new,
            risen,
            gone,
            lines: self.engine.lines(),
            events: self.seen.events,
            baseline_events: self.base.known.events,
            baseline_templates: self.base.known.groups.len() as u64,
            truncated: self.engine.truncated(),
            overflow: self.seen.overflow,
            new_lines: self.new_lines(&judged),
            baseline_empty: self.base.known.events == 0,
            axis: self.seen.scale.axis(),
        }
    }

    /// What each key is, after the evidence of the whole log.
    fn judge(&self) -> Vec<Status> {
        let mut judged: Vec<Status> = self.seen.tallies.iter().map(|tally| tally.status).collect();
        let texts = &self.engine.within.texts;
        let mut unknown = Vec::new();
        let mut others = Vec::new();
        for (text, tally) in (0_u32..).zip(&self.seen.tallies) {
            let one = Unknown { text, severity: key::unbadged(texts.get(text)).0, count: tally.count };
            match tally.status {
                Status::New => unknown.push(one),
                Status::Known(_) => others.push(one),
                Status::Unseen => {}
            }
        }
        // The order of lines must not matter where there is too much to look at.
        let by_text = |a: &Unknown, b: &Unknown| texts.get(a.text).cmp(texts.get(b.text));
        unknown.sort_unstable_by(by_text);
        others.sort_unstable_by(by_text);
        let sides = Sides {
            known: &self.base.known,
            baseline: self.model.texts(),
            seen: &self.base.seen,
            candidate: texts,
        };
        for (one, group) in unknown.iter().zip(evidence::weigh(&sides, &unknown, &others)) {
            if let (Some(group), Some(status)) = (group, judged.get_mut(one.text as usize)) {
                *status = Status::Known(group);
            }
        }
        judged
    }

    fn new_lines(&self, judged: &[Status]) -> Vec<u64> {
        let is_new =
            |lines: &&Lines| lines.key == NONE || judged.get(lines.key as usize) == Some(&Status::New);
        let wanted = |lines: &&Lines| lines.error || !self.options.only_errors;
        let mut out: Vec<u64> = self
            .seen
            .lines
            .iter()
            .filter(is_new)
            .filter(wanted)
            .flat_map(|lines| lines.first..=lines.last)
            .take(MOST_LINES)
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// What the candidate has of each group of the baseline.
    fn per_group(&self, judged: &[Status]) -> Vec<Tally> {
        let mut after = vec![Tally::default(); self.base.known.groups.len()];
        for (tally, status) in self.seen.tallies.iter().zip(judged) {
            if let Status::Known(group) = status
                && let Some(sum) = after.get_mut(*group as usize)
            {
                join(sum, tally, self);
            }
        }
        after
    }

    fn template(&self, tally: &Tally, group: &Group, texts: &Texts, known: &Known) -> Template {
        let parts = widened(texts.get(group.text), group, known);
        let axis = self.seen.scale.axis();
        let mut over_time = vec![0; axis.map_or(0, |axis| axis.steps)];
        tally.counts.add_to(&self.seen.scale, &mut over_time);
        Template {
            text: text_of(&parts),
            parts,
            example: tally.example.to_string(),
            severity: tally.shown.unwrap_or(group.severity),
            count: tally.count,
            first_line: tally.first,
            last_line: tally.last,
            first_time: tally.times.map(|(first, _)| first),
            last_time: tally.times.map(|(_, last)| last),
            over_time,
        }
    }

    /// Known kinds that come at least twice as often, by count and by share, and
    /// more so than chance explains among so many.
    fn risen(&self, after: &[Tally]) -> Vec<Risen> {
        let known = &self.base.known;
        if known.events == 0 || self.seen.events == 0 {
            return Vec::new();
        }
        let (events_before, events_after) = (float(known.events), float(self.seen.events));
        let minutes_after =
            self.seen.scale.span().map_or(0.0, |(first, last)| float(last.abs_diff(first)) / 60e6);
        let timed = minutes_after > 0.0 && self.model.minutes > 0.0;
        let exposure =
            if timed { (self.model.minutes, minutes_after) } else { (float(self.model.logs.max(1)), 1.0) };
        let tests: Vec<f64> = known
            .groups
            .iter()
            .zip(after)
            .map(|(group, tally)| {
                let share =
                    rise::upper(group.count, tally.count, events_after / (events_before + events_after));
                let count = rise::upper(group.count, tally.count, exposure.1 / (exposure.0 + exposure.1));
                share.max(count)
            })
            .collect();
        let corrected = rise::holm(&tests);
        let mut risen = Vec::new();
        for (i, (group, tally)) in known.groups.iter().zip(after).enumerate() {
            let share = float(tally.count) / events_after;
            let baseline_share = f64::from(group.share).max(float(group.count) / events_before);
            let rate = timed.then(|| float(tally.count) / minutes_after);
            let baseline_rate = timed.then(|| f64::from(group.rate).max(float(group.count) / exposure.0));
            let by_rate = match (rate, baseline_rate) {
                (Some(rate), Some(before)) => rate / before,
                _ => float(tally.count) / (float(group.count) / exposure.0),
            };
            let ratio = (share / baseline_share).min(by_rate);
            if tally.count < rise::LEAST_COUNT || ratio < rise::LEAST_RATIO || corrected[i] > rise::LEVEL {
                continue;
            }
            risen.push(Risen {
                template: self.template(tally, group, self.model.texts(), known),
                baseline_count: group.count,
                share,
                baseline_share,
                rate,
                baseline_rate,
                ratio,
                p_value: tests[i],
                p_adjusted: corrected[i],
            });
        }
        risen.sort_by(|a, b| {
            let bad = |risen: &Risen| !risen.template.severity.is_error();
            (bad(a).cmp(&bad(b)))
                .then(a.p_value.total_cmp(&b.p_value))
                .then_with(|| a.template.text.cmp(&b.template.text))
        });
        risen
    }

    fn gone(&self, after: &[Tally]) -> Vec<Gone> {
        let known = &self.base.known;
        let (before, now) = (float(known.events), float(self.seen.events));
        let mut gone: Vec<Gone> = known
            .groups
            .iter()
            .zip(after)
            .filter(|(_, tally)| tally.count == 0)
            .map(|(group, _)| {
                let parts = widened(self.model.texts().get(group.text), group, known);
                Gone {
                    text: text_of(&parts),
                    parts,
                    severity: group.severity,
                    baseline_count: group.count,
                    expected: float(group.count) * now / before.max(1.0),
                    p_value: rise::none(group.count, now / (before + now).max(1.0)),
                }
            })
            .collect();
        gone.sort_by(|a, b| {
            let bad = |gone: &Gone| !gone.severity.is_error();
            (bad(a), std::cmp::Reverse(a.baseline_count), &a.text).cmp(&(
                bad(b),
                std::cmp::Reverse(b.baseline_count),
                &b.text,
            ))
        });
        gone
    }
}

/// New keys, put together where places of them vary among themselves.
struct Fresh {
    known: Known,
    tallies: Vec<Tally>,
}

impl Fresh {
    fn of(comparison: &Comparison<'_>, judged: &[Status]) -> Self {
        let texts = &comparison.engine.within.texts;
        let mut seen: Vec<Seen> = (0_u32..)
            .zip(comparison.seen.tallies.iter().zip(judged))
            .filter(|(_, (tally, status))| **status == Status::New && tally.count > 0)
            .map(|(text, (tally, _))| Seen {
                text,
                severity: key::unbadged(texts.get(text)).0,
                count: tally.count,
                share: 0.0,
                rate: 0.0,
            })
            .collect();
        seen.sort_unstable_by(|a, b| texts.get(a.text).cmp(texts.get(b.text)));
        let known = Known::of(texts, &seen);
        let mut tallies = vec![Tally::default(); known.groups.len()];
        let mut tokens = Tokens::default();
        for seen in &seen {
            tokens.read(texts.get(seen.text));
            let group = known
                .find(&mut tokens, seen.severity, texts)
                .and_then(|group| tallies.get_mut(group as usize));
            if let (Some(sum), Some(tally)) = (group, comparison.seen.tallies.get(seen.text as usize)) {
                join(sum, tally, comparison);
            }
        }
        Self { known, tallies }
    }

    fn templates(&self, comparison: &Comparison<'_>) -> Vec<Template> {
        let texts = &comparison.engine.within.texts;
        let pairs = self.known.groups.iter().zip(&self.tallies).filter(|(_, tally)| tally.count > 0);
        pairs.map(|(group, tally)| comparison.template(tally, group, texts, &self.known)).collect()
    }
}

/// Adds the tally of a key to that of its group.
fn join(sum: &mut Tally, tally: &Tally, comparison: &Comparison<'_>) {
    let worst = match (sum.shown, tally.shown) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    sum.merge(tally, &comparison.seen.scale);
    sum.shown = worst;
}

/// The pieces of a group's template, shortened to what is shown.
fn widened(text: &[u8], group: &Group, known: &Known) -> Vec<Part> {
    let mut tokens = Tokens::default();
    tokens.read(text);
    let before: Vec<u64> = tokens.places.iter().map(|place| place.hash).collect();
    known.widen(&mut tokens, group.rank);
    let wide = |i: usize| tokens.places.get(i).is_some_and(|place| before.get(i) != Some(&place.hash));
    let mut room = SHOWN;
    let mut parts = Vec::new();
    for part in key::parts(text, wide) {
        let text = if part.variable { part.text } else { shown(part.text.as_bytes(), room) };
        room = room.saturating_sub(text.len());
        parts.push(Part { text, variable: part.variable });
        if room == 0 {
            break;
        }
    }
    parts
}

fn text_of(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}
