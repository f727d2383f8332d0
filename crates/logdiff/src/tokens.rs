//! A key as hashes: a sum over its tokens, so that widening one place is one
//! subtraction.

use crate::Severity;
use crate::hash::{self, Set};
use crate::key::{self, tokens};
use crate::words::{Lower, is};

/// The hash of a place that may hold anything.
pub(crate) const WIDE: u64 = 0x5157_4944_4531;
/// Places that may vary; longer keys vary only up to here.
const PLACES: usize = 64;
/// Tokens at the start of a key that may be columns of a header.
const COLUMNS: usize = 12;

/// How bad: kinds are known at their rank and below, so an error that is now
/// told as information is no news, and the reverse is.
pub(crate) fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Fatal | Severity::Error => 2,
        Severity::Warning => 1,
        _ => 0,
    }
}

/// One token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub hash: u64,
    pub mark: u8,
    /// Whether it is a variable that was no number.
    pub name: bool,
    /// Whether it follows `user` or the like, with nothing between.
    pub named: bool,
    /// What is between it and the token before, without blanks.
    pub glue: u64,
}

/// The tokens of a key; made again and again in the same memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens {
    pub places: Vec<Place>,
    /// Frames of its trace, in order, and the types of its exceptions.
    pub frames: Vec<u64>,
    pub chain: u64,
    /// Of everything but the severity.
    pub sum: u64,
}

impl Tokens {
    pub(crate) fn read(&mut self, key: &[u8]) {
        self.places.clear();
        self.frames.clear();
        (self.chain, self.sum) = (0, 0);
        let mut before: &[u8] = b"";
        for token in tokens(key) {
            if token.mark == key::FRAME {
                self.frame(token.text);
                continue;
            }
            let i = self.places.len();
            let bare = token.glue.iter().all(|b| *b == b' ');
            let glue = if bare { 0 } else { hash::text(&without_blanks(token.glue)) };
            let hash = match token.mark {
                key::VAR => WIDE,
                key::LEVEL => 7,
                0 => 3,
                _ => hash::text(token.text),
            };
            let named = bare && is_place(before);
            self.places.push(Place {
                hash,
                mark: token.mark,
                name: token.mark == key::VAR && token.text == [key::NAME],
                named,
                glue,
            });
            self.sum = self.sum.wrapping_add(hash::at(hash, i)).wrapping_add(hash::at(glue, i + 100_000));
            before = if token.mark == key::WORD { token.text } else { b"" };
        }
    }

    fn frame(&mut self, text: &[u8]) {
        let hash = hash::text(text);
        if text.starts_with(b"at ") {
            self.frames.push(hash);
        } else {
            self.chain = self.chain.wrapping_add(hash::at(hash, 7));
        }
        self.sum = self.sum.wrapping_add(hash::at(hash, 200_000 + self.frames.len()));
    }

    /// The sum with the severity.
    pub(crate) fn identity(&self, rank: u8) -> u64 {
        ranked(self.sum, rank)
    }

    /// The sum with one place wide.
    pub(crate) fn without(&self, i: usize) -> u64 {
        self.places.get(i).map_or(self.sum, |place| {
            self.sum.wrapping_sub(hash::at(place.hash, i)).wrapping_add(hash::at(WIDE, i))
        })
    }

    /// Places that may turn out to vary.
    pub(crate) fn open(&self) -> impl Iterator<Item = usize> + '_ {
        let open = |i: &usize| self.places[*i].mark == key::WORD && self.places[*i].hash != WIDE;
        (0..self.places.len().min(PLACES)).filter(open)
    }

    /// Makes a place wide.
    pub(crate) fn widen(&mut self, i: usize) {
        self.sum = self.without(i);
        if let Some(place) = self.places.get_mut(i) {
            place.hash = WIDE;
        }
    }

    /// Makes the places wide that `varying` holds.
    pub(crate) fn widen_all(&mut self, varying: &Set, rank: u8) {
        if varying.is_empty() {
            return;
        }
        let mut wide = 0_u64;
        for i in self.open() {
            if varying.contains(&ranked(self.without(i), rank)) {
                wide |= 1 << i;
            }
        }
        for i in 0..PLACES.min(self.places.len()) {
            if wide >> i & 1 == 1 {
                self.widen(i);
            }
        }
    }

    /// Columns of the header: each word among the first tokens, with the hash
    /// of what is before it and how it ends.
    pub(crate) fn columns(&self, mut each: impl FnMut(usize, u64)) {
        let mut before = 0_u64;
        for (i, place) in self.places.iter().enumerate().take(COLUMNS) {
            before = before.wrapping_add(hash::at(place.glue, i + 100_000));
            if place.mark == key::WORD && place.hash != WIDE {
                let next = self.places.get(i + 1).map_or(1, |next| next.glue);
                each(i, hash::at(before ^ next, i));
            }
            before = before.wrapping_add(hash::at(place.hash, i));
        }
    }

    /// The sum with codes and requests wide, a hash of the codes, and one of the requests.
    pub(crate) fn loose(&self) -> (u64, u64, u64) {
        let (mut sum, mut codes, mut requests) = (self.sum, 0_u64, 0_u64);
        for (i, place) in self.places.iter().enumerate() {
            let here = hash::at(place.hash, i);
            match place.mark {
                key::CODE => codes = codes.wrapping_add(here),
                key::REQUEST => requests = requests.wrapping_add(here),
                _ => continue,
            }
            sum = sum.wrapping_sub(here).wrapping_add(hash::at(WIDE, i));
        }
        (sum, codes, requests)
    }

    /// A hash of everything but the words that may vary.
    pub(crate) fn skeleton(&self) -> u64 {
        let words = self.places.iter().enumerate().filter(|(_, place)| place.mark == key::WORD);
        let sum = words.fold(self.sum, |sum, (i, place)| sum.wrapping_sub(hash::at(place.hash, i)));
        hash::at(sum, self.places.len())
    }

    /// A hash with unseen words as variables, and neighbouring variables as one;
    /// with how many words were unseen.
    pub(crate) fn flat(&self, unseen: impl Fn(u64) -> bool) -> (u64, usize) {
        let (mut sum, mut at, mut dropped, mut wide_before) = (0_u64, 0, 0, false);
        for place in &self.places {
            let new = place.mark == key::WORD && place.hash != WIDE && unseen(place.hash);
            dropped += usize::from(new);
            let wide = new || place.hash == WIDE;
            if wide && wide_before && place.glue == 0 {
                continue;
            }
            let hash = if wide { WIDE } else { place.hash };
            sum = sum.wrapping_add(hash::at(hash, at)).wrapping_add(hash::at(place.glue, at + 100_000));
            (at, wide_before) = (at + 1, wide);
        }
        for (i, frame) in self.frames.iter().enumerate() {
            sum = sum.wrapping_add(hash::at(*frame, 300_000 + i));
        }
        (sum.wrapping_add(self.chain), dropped)
    }
}

/// A sum with a rank.
pub(crate) fn ranked(sum: u64, rank: u8) -> u64 {
    sum.wrapping_add(hash::at(u64::from(rank), 999_999))
}

fn without_blanks(glue: &[u8]) -> Vec<u8> {
    glue.iter().copied().filter(|b| *b != b' ').collect()
}

/// Words that names follow.
fn is_place(word: &[u8]) -> bool {
    Lower::of(word).is(is::PLACE)
}
