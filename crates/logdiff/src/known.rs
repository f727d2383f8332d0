//! What a baseline knows: its kinds, given that some places of them vary.
//!
//! A place varies where several kinds of the baseline agree everywhere else and
//! their words there look like samples of many: the share of words seen once
//! estimates how likely the next one is unseen (Good, 1953; Turing). A kind is
//! known if it is in the set once its varying places are widened. There is no
//! similarity threshold: it would hide a one-word change of an error message.

use crate::hash::{self, Map, Set};
use crate::key;
use crate::tokens::{Tokens, rank, ranked};
use crate::{Severity, texts::Texts};

/// Slots that are sorted at once; more are looked at in several rounds.
const ROUND: usize = 300_000;
/// Known stacks of one chain of exceptions that a new one is compared with.
const STACKS: usize = 64;

/// A key of the baseline and how often it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// Its number among the texts.
    pub text: u32,
    pub severity: Severity,
    pub count: u64,
    /// The highest share of a baseline's events, and the highest rate a minute.
    pub share: f32,
    pub rate: f32,
}

/// Kinds that are one once widened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    /// The key that stands for it: the first in the order of bytes.
    pub text: u32,
    pub severity: Severity,
    pub rank: u8,
    pub count: u64,
    pub share: f32,
    pub rate: f32,
}

/// Codes and requests that came with the same words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loose {
    /// Pairs of a hash of codes and one of requests.
    pub seen: Vec<(u64, u64)>,
    pub group: u32,
}

/// The kinds of a baseline, widened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    columns: Set,
    passes: [Set; 2],
    by_identity: Map<u32>,
    loose: Map<Loose>,
    stacks: Map<Vec<u32>>,
    pub groups: Vec<Group>,
    pub events: u64,
}

impl Known {
    /// Learns from keys that are all different.
    pub(crate) fn of(texts: &Texts, seen: &[Seen]) -> Self {
        let mut known = Self { events: seen.iter().map(|seen| seen.count).sum(), ..Self::default() };
        known.columns = columns(texts, seen);
        for pass in 0..2 {
            known.passes[pass] = known.varying(texts, seen);
        }
        known.collect(texts, seen);
        known
    }

    /// Widens what varies.
    pub(crate) fn widen(&self, tokens: &mut Tokens, rank: u8) {
        if !self.columns.is_empty() {
            let mut wide = Vec::new();
            tokens.columns(|i, column| wide.extend(self.columns.contains(&column).then_some(i)));
            for i in wide {
                tokens.widen(i);
            }
        }
        for pass in &self.passes {
            tokens.widen_all(pass, rank);
        }
    }

    /// The slots that enough different words fill.
    fn varying(&self, texts: &Texts, seen: &[Seen]) -> Set {
        let mut varying = Set::default();
        let mut tokens = Tokens::default();
        let slots: usize = seen
            .iter()
            .map(|seen| memchr::memchr_iter(key::WORD, texts.get(seen.text)).count().min(64))
            .sum();
        let rounds = (slots / ROUND + 1) as u64;
        let mut slots: Vec<Filler> = Vec::new();
        for round in 0..rounds {
            slots.clear();
            for seen in seen {
                let rank = rank(seen.severity);
                tokens.read(texts.get(seen.text));
                self.widen(&mut tokens, rank);
                let count = u32::try_from(seen.count).unwrap_or(u32::MAX);
                for i in tokens.open() {
                    let slot = ranked(tokens.without(i), rank);
                    if slot % rounds == round {
                        let place = tokens.places[i];
                        slots.push(Filler {
                            slot,
                            word: place.hash,
                            count,
                            named: place.named,
                            error: rank == 2,
                        });
                    }
                }
            }
            slots.sort_unstable();
            for slot in slots.chunk_by(|a, b| a.slot == b.slot).filter(|slot| slot.len() > 1) {
                let words = slot.chunk_by(|a, b| a.word == b.word);
                let filling =
                    Filling::of(words.map(|same| same.iter().map(|filler| u64::from(filler.count)).sum()));
                if filling.varies(slot[0].error, slot[0].named) {
                    varying.insert(slot[0].slot);
                }
            }
        }
        varying
    }

    /// Puts together what is one once widened.
    fn collect(&mut self, texts: &Texts, seen: &[Seen]) {
        let mut tokens = Tokens::default();
        for seen in seen {
            let rank = rank(seen.severity);
            tokens.read(texts.get(seen.text));
            self.widen(&mut tokens, rank);
            let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
            let number = *self.by_identity.entry(tokens.identity(rank)).or_insert(next);
            if number == next {
                self.groups.push(Group {
                    text: seen.text,
                    severity: seen.severity,
                    rank,
                    count: 0,
                    share: 0.0,
                    rate: 0.0,
                });
                if !tokens.frames.is_empty() {
                    let stacks = self.stacks.entry(stack_of(&tokens, rank)).or_default();
                    if stacks.len() < STACKS {
                        stacks.push(number);
                    }
                }
            }
            if let Some(group) = self.groups.get_mut(number as usize) {
                group.count += seen.count;
                group.share += seen.share;
                group.rate += seen.rate;
                group.severity = group.severity.min(seen.severity);
                if texts.get(seen.text) < texts.get(group.text) {
                    group.text = seen.text;
                }
            }
            let (sum, codes, requests) = tokens.loose();
            if codes != 0 || requests != 0 {
                let loose = self
                    .loose
                    .entry(ranked(sum, rank))
                    .or_insert_with(|| Loose { seen: Vec::new(), group: number });
                loose.group = loose.group.min(number);
                if !loose.seen.contains(&(codes, requests)) && loose.seen.len() < 4_096 {
                    loose.seen.push((codes, requests));
                }
            }
        }
    }

    /// The group of a key, if the baseline knows it. The tokens are widened on the way.
    pub(crate) fn find(&self, tokens: &mut Tokens, severity: Severity, texts: &Texts) -> Option<u32> {
        let rank = rank(severity);
        self.widen(tokens, rank);
        (rank..=2).find_map(|rank| self.find_ranked(tokens, rank, texts))
    }

    fn find_ranked(&self, tokens: &Tokens, rank: u8, texts: &Texts) -> Option<u32> {
        if let Some(group) = self.by_identity.get(&tokens.identity(rank)) {
            return Some(*group);
        }
        if let Some((loose, known)) = self.find_loose(tokens, rank).filter(|(_, known)| *known) {
            return known.then_some(loose.group);
        }
        // A word where the baseline has an id, a path or a quoted value.
        for i in tokens.open() {
            let Some(&group) = self.by_identity.get(&ranked(tokens.without(i), rank)) else { continue };
            let mut known = Tokens::default();
            known.read(self.groups.get(group as usize).map_or(b"", |group| texts.get(group.text)));
            if known.places.get(i).is_some_and(|place| place.name) {
                return Some(group);
            }
        }
        self.find_stack(tokens, rank, texts)
    }

    /// What came with the same words, and whether with these codes and requests.
    pub(crate) fn find_loose(&self, tokens: &Tokens, rank: u8) -> Option<(&Loose, bool)> {
        let (sum, codes, requests) = tokens.loose();
        let loose = self.loose.get(&ranked(sum, rank))?;
        let known =
            |seen: &(u64, u64)| (codes == 0 || seen.0 == codes) && (requests == 0 || seen.1 == requests);
        Some((loose, loose.seen.iter().any(known)))
    }

    /// A known stack of the same exceptions of which this one lacks a few
    /// frames, or the reverse: compilers inline, and the runtime adds.
    fn find_stack(&self, tokens: &Tokens, rank: u8, texts: &Texts) -> Option<u32> {
        if tokens.frames.is_empty() {
            return None;
        }
        let mut known = Tokens::default();
        self.stacks.get(&stack_of(tokens, rank))?.iter().copied().find(|group| {
            known.read(self.groups.get(*group as usize).map_or(b"", |group| texts.get(group.text)));
            let (longer, shorter) = if known.frames.len() >= tokens.frames.len() {
                (&known.frames, &tokens.frames)
            } else {
                (&tokens.frames, &known.frames)
            };
            let missing = longer.len() - shorter.len();
            let mut rest = longer.iter();
            missing > 0
                && missing * 4 <= longer.len()
                && longer.first() == shorter.first()
                && shorter.iter().all(|frame| rest.any(|other| other == frame))
        })
    }
}

/// A hash of a trace without its frames.
fn stack_of(tokens: &Tokens, rank: u8) -> u64 {
    let head = tokens
        .places
        .iter()
        .enumerate()
        .fold(0_u64, |sum, (i, place)| sum.wrapping_add(hash::at(place.hash, i)));
    ranked(hash::at(head.wrapping_add(tokens.chain), 5), rank)
}

/// A word in a slot: in everything else of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Filler {
    slot: u64,
    word: u64,
    count: u32,
    named: bool,
    error: bool,
}

/// The words that fill a slot, as counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Filling {
    /// Different words.
    pub words: u64,
    /// Words seen once.
    pub once: u64,
    pub events: u64,
}

impl Filling {
    pub(crate) fn of(counts: impl Iterator<Item = u64>) -> Self {
        counts.fold(Self::default(), Self::with)
    }

    pub(crate) fn with(self, count: u64) -> Self {
        Self { words: self.words + 1, once: self.once + u64::from(count == 1), events: self.events + count }
    }

    /// Whether the slot varies: many different words, or a few that hardly
    /// repeat. Words of errors are more likely news than names.
    pub(crate) fn varies(self, error: bool, named: bool) -> bool {
        let fresh = self.once * 5 >= self.events * 2;
        let (few, many) = if error { (6, 16) } else { (3, 12) };
        let few = if named { 2 } else { few };
        self.words >= many || self.words >= few && fresh
    }
}

/// Columns of headers whose word does not depend on the message behind it, as
/// the name of a thread or a program: of the messages that came with several
/// words there, most share them.
fn columns(texts: &Texts, seen: &[Seen]) -> Set {
    // Column, message without it, word, count.
    let mut cells: Vec<(u64, u64, u64, u32)> = Vec::new();
    let mut tokens = Tokens::default();
    for seen in seen.iter().take(50_000) {
        tokens.read(texts.get(seen.text));
        let count = u32::try_from(seen.count).unwrap_or(u32::MAX);
        tokens.columns(|i, column| cells.push((column, tokens.without(i), tokens.places[i].hash, count)));
    }
    cells.sort_unstable();
    let mut open = Set::default();
    for column in cells.chunk_by(|a, b| a.0 == b.0) {
        let (mut often, mut several) = (0, 0);
        let mut words: Vec<u64> = Vec::new();
        for message in column.chunk_by(|a, b| a.1 == b.1) {
            let events: u64 = message.iter().map(|cell| u64::from(cell.3)).sum();
            often += u64::from(events >= 2);
            let mut here: Vec<u64> = message.iter().map(|cell| cell.2).collect();
            here.dedup();
            if here.len() >= 2 {
                several += 1;
                words.extend(here);
            }
        }
        words.sort_unstable();
        let different = words.chunk_by(|a, b| a == b).count();
        let shared = words.chunk_by(|a, b| a == b).filter(|same| same.len() >= 2).count();
        if several >= 3 && several * 2 >= often && different >= 3 && shared >= 2 {
            open.insert(column[0].0);
        }
    }
    open
}
