//! What only the whole candidate shows: which of its unknown kinds are known
//! kinds after all, because what is unseen in them never repeats.
//!
//! A new message or a new code comes again and again in the same words. Where
//! one place of a known kind takes ever other values, the place varies.

use crate::Severity;
use crate::hash::{Map, Set};
use crate::key;
use crate::known::{Filling, Known, Seen};
use crate::texts::Texts;
use crate::tokens::{Tokens, rank, ranked};
use std::collections::HashMap;

/// Unknown kinds beyond are new without a second look.
const MOST: usize = 20_000;
/// Tokens that are compared in all to find the nearest known kinds.
const WORK: usize = 40_000_000;

/// A kind that the baseline does not know by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unknown {
    /// Its number among the candidate's texts.
    pub text: u32,
    pub severity: Severity,
    pub count: u64,
}

/// Both sides of a comparison.
pub(crate) struct Sides<'a> {
    pub known: &'a Known,
    pub baseline: &'a Texts,
    pub seen: &'a [Seen],
    pub candidate: &'a Texts,
}

/// For each unknown kind: the known group that it belongs to after all.
pub(crate) fn weigh(sides: &Sides<'_>, unknown: &[Unknown], others: &[Unknown]) -> Vec<Option<u32>> {
    let mut out = vec![None; unknown.len()];
    if sides.known.events == 0 || unknown.is_empty() {
        return out;
    }
    let read: Vec<(Tokens, u8)> = unknown
        .iter()
        .take(MOST)
        .map(|unknown| {
            let mut tokens = Tokens::default();
            let rank = rank(unknown.severity);
            tokens.read(sides.candidate.get(unknown.text));
            sides.known.widen(&mut tokens, rank);
            (tokens, rank)
        })
        .collect();
    codes(sides, unknown, others, &read, &mut out);
    let words = Words::of(sides, unknown, &read);
    words.slots(&read, &mut out);
    words.holes(&read, &mut out);
    words.flats(&read, &mut out);
    out
}

/// Numbers that were taken for codes, and are none: unseen ones never repeat.
fn codes(
    sides: &Sides<'_>,
    unknown: &[Unknown],
    others: &[Unknown],
    read: &[(Tokens, u8)],
    out: &mut [Option<u32>],
) {
    let mut unseen: Map<(Filling, u32)> = Map::default();
    let mut of: Vec<Option<u64>> = vec![None; read.len()];
    let mut groups: HashMap<(u64, u64), u64> = HashMap::new();
    for (i, (tokens, rank)) in read.iter().enumerate() {
        let (sum, codes, _) = tokens.loose();
        let found = (*rank..=2).find_map(|rank| sides.known.find_loose(tokens, rank));
        if let Some((loose, false)) = found.filter(|_| codes != 0) {
            of[i] = Some(ranked(sum, *rank));
            *groups.entry((ranked(sum, *rank), codes)).or_default() += unknown[i].count;
            unseen.entry(ranked(sum, *rank)).or_insert((Filling::default(), loose.group));
        }
    }
    if unseen.is_empty() {
        return;
    }
    for ((sum, _), count) in groups {
        if let Some((filling, _)) = unseen.get_mut(&sum) {
            *filling = filling.with(count);
        }
    }
    // Numbers that cannot be codes, in the place of codes.
    let mut tokens = Tokens::default();
    for other in others.iter().take(MOST) {
        tokens.read(sides.candidate.get(other.text));
        let rank = rank(other.severity);
        sides.known.widen(&mut tokens, rank);
        let (sum, codes, _) = tokens.loose();
        if let Some((filling, _)) = unseen.get_mut(&ranked(sum, rank)).filter(|_| codes == 0) {
            *filling = filling.with(1);
        }
    }
    for (i, sum) in of.iter().enumerate() {
        let Some((filling, group)) = sum.and_then(|sum| unseen.get(&sum)) else { continue };
        if filling.words >= 8 || filling.words >= 3 && filling.once * 4 >= filling.words * 3 {
            out[i] = Some(*group);
        }
    }
}

/// The words of unknown kinds against those of the baseline.
struct Words<'a> {
    sides: &'a Sides<'a>,
    /// Words of unknown kinds that the baseline lacks.
    unseen: Set,
    /// Baseline and candidate words of each slot of an unknown kind.
    slots: Map<(Filling, Filling, u32)>,
    /// Known kinds with the same marks, by the place in `seen`.
    bones: Map<Vec<u32>>,
    /// Known kinds that an unknown one becomes without its unseen words.
    flats: Map<u32>,
    groups: Vec<u32>,
}

impl<'a> Words<'a> {
    fn of(sides: &'a Sides<'a>, unknown: &[Unknown], read: &[(Tokens, u8)]) -> Self {
        let mut words = Self {
            sides,
            unseen: Set::default(),
            slots: Map::default(),
            bones: Map::default(),
            flats: Map::default(),
            groups: vec![0; sides.seen.len()],
        };
        let mut counts: HashMap<(u64, u64), u64> = HashMap::new();
        for (i, (tokens, rank)) in read.iter().enumerate() {
            for place in tokens.open() {
                words.unseen.insert(tokens.places[place].hash);
                *counts
                    .entry((ranked(tokens.without(place), *rank), tokens.places[place].hash))
                    .or_default() += unknown[i].count;
            }
            words.bones.entry(ranked(tokens.skeleton(), *rank)).or_default();
        }
        for ((slot, _), count) in counts {
            let entry = words.slots.entry(slot).or_default();
            entry.1 = entry.1.with(count);
        }
        words.baseline(read);
        words
    }

    /// Two readings of the baseline: its words, then what depends on them.
    fn baseline(&mut self, read: &[(Tokens, u8)]) {
        let mut tokens = Tokens::default();
        let sides = self.sides;
        let mut fillers: HashMap<(u64, u64), (u64, u32)> = HashMap::new();
        for (at, seen) in sides.seen.iter().enumerate() {
            let top = rank(seen.severity);
            tokens.read(sides.baseline.get(seen.text));
            for place in &tokens.places {
                self.unseen.remove(&place.hash);
            }
            self.groups[at] = sides.known.find(&mut tokens, seen.severity, sides.baseline).unwrap_or(0);
            for rank in 0..=top {
                for place in tokens.open() {
                    let slot = ranked(tokens.without(place), rank);
                    if self.slots.contains_key(&slot) {
                        let filler =
                            fillers.entry((slot, tokens.places[place].hash)).or_insert((0, self.groups[at]));
                        filler.0 += seen.count;
                        filler.1 = filler.1.min(self.groups[at]);
                    }
                }
                if let Some(bones) = self.bones.get_mut(&ranked(tokens.skeleton(), rank)) {
                    bones.push(u32::try_from(at).unwrap_or(0));
                }
            }
        }
        for ((slot, _), (count, group)) in fillers {
            if let Some(entry) = self.slots.get_mut(&slot) {
                entry.2 = if entry.0.words == 0 { group } else { entry.2.min(group) };
                entry.0 = entry.0.with(count);
            }
        }
        let wanted: Set = read.iter().filter_map(|(tokens, rank)| self.flat(tokens, *rank)).collect();
        if wanted.is_empty() {
            return;
        }
        for (at, seen) in sides.seen.iter().enumerate() {
            tokens.read(sides.baseline.get(seen.text));
            sides.known.widen(&mut tokens, rank(seen.severity));
            let (flat, _) = tokens.flat(|_| false);
            for rank in 0..=rank(seen.severity) {
                if wanted.contains(&ranked(flat, rank)) {
                    let group = self.flats.entry(ranked(flat, rank)).or_insert(self.groups[at]);
                    *group = (*group).min(self.groups[at]);
                }
            }
        }
    }

    /// A key without its unseen words, if it has any.
    fn flat(&self, tokens: &Tokens, rank: u8) -> Option<u64> {
        let (flat, unseen) = tokens.flat(|word| self.unseen.contains(&word));
        (unseen > 0).then_some(ranked(flat, rank))
    }

    /// One place that baseline and candidate together fill with ever other words.
    fn slots(&self, read: &[(Tokens, u8)], out: &mut [Option<u32>]) {
        for (i, (tokens, rank)) in read.iter().enumerate() {
            out[i] = out[i].or_else(|| {
                tokens.open().find_map(|place| {
                    let (before, after, group) = *self.slots.get(&ranked(tokens.without(place), *rank))?;
                    let (once, events) = (before.once + after.once, before.events + after.events);
                    let fresh = once * 5 >= events * 2;
                    let (few, some, many) = if *rank == 2 { (4, 8, 12) } else { (2, 5, 8) };
                    let varies = before.words >= 2 && after.words >= few && fresh
                        || before.words >= 3 && after.words >= some
                        || before.words >= 1 && after.words >= many;
                    varies.then_some(group)
                })
            });
        }
    }

    /// Several places at once, all with unseen words, against the nearest known kind.
    fn holes(&self, read: &[(Tokens, u8)], out: &mut [Option<u32>]) {
        let mut known = Tokens::default();
        let mut nearest: Vec<Option<(u32, u64)>> = vec![None; read.len()];
        let mut members: HashMap<(u32, u64), usize> = HashMap::new();
        let mut work = 0;
        for (i, (tokens, rank)) in read.iter().enumerate() {
            let Some(bones) = self.bones.get(&ranked(tokens.skeleton(), *rank)) else { continue };
            let words =
                tokens.places.iter().filter(|place| matches!(place.mark, key::WORD | key::FIXED)).count();
            let mut best = usize::MAX;
            for at in bones {
                work += tokens.places.len();
                if work > WORK {
                    return;
                }
                let Some(seen) = self.sides.seen.get(*at as usize) else { continue };
                known.read(self.sides.baseline.get(seen.text));
                self.sides.known.widen(&mut known, crate::tokens::rank(seen.severity));
                let differ = |(place, other): &(&crate::tokens::Place, &crate::tokens::Place)| {
                    place.hash != other.hash
                };
                let pairs = || tokens.places.iter().zip(&known.places);
                let count = pairs().filter(differ).count();
                let fits = count < best
                    && count * 2 <= words
                    && pairs()
                        .filter(differ)
                        .all(|(place, _)| place.mark == key::WORD && self.unseen.contains(&place.hash));
                if fits {
                    best = count;
                    let holes = pairs()
                        .enumerate()
                        .filter(|(_, pair)| differ(pair))
                        .fold(0, |holes, (i, _)| holes | 1_u64 << (i % 64));
                    nearest[i] = Some((*at, holes));
                }
            }
            if let Some(near) = nearest[i] {
                *members.entry(near).or_default() += 1;
            }
        }
        for (i, near) in nearest.iter().enumerate() {
            let enough = if read[i].1 == 2 { 8 } else { 5 };
            if let Some((at, _)) = near.filter(|near| members.get(near).is_some_and(|n| *n >= enough)) {
                out[i] = out[i].or_else(|| self.groups.get(at as usize).copied());
            }
        }
    }

    /// Unseen words beside a variable of a known kind.
    fn flats(&self, read: &[(Tokens, u8)], out: &mut [Option<u32>]) {
        let mut members: Map<usize> = Map::default();
        for (tokens, rank) in read {
            if let Some(flat) = self.flat(tokens, *rank).filter(|flat| self.flats.contains_key(flat)) {
                *members.entry(flat).or_default() += 1;
            }
        }
        for (i, (tokens, rank)) in read.iter().enumerate() {
            let enough = if *rank == 2 { 8 } else { 5 };
            out[i] = out[i].or_else(|| {
                let flat = self.flat(tokens, *rank)?;
                members.get(&flat).filter(|n| **n >= enough)?;
                self.flats.get(&flat).copied()
            });
        }
    }
}
