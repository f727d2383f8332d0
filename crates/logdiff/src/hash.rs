//! Hashes of 64 bits: of text, and of what is at a place.
//!
//! They are the same in every run, since saved models are built on them.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Folds a word into a hash (the multiply-and-fold of wyhash, Wang Yi, 2019).
#[inline]
pub(crate) fn fold(hash: u64, word: u64) -> u64 {
    let wide = u128::from(hash ^ word).wrapping_mul(u128::from(ODD ^ word.rotate_left(32)) | 1);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are folded")]
    let halves = (wide as u64) ^ ((wide >> 64) as u64);
    halves.wrapping_add(word)
}

/// Of text.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> u64 {
    let mut hash = ODD ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        hash = fold(hash, chunk.iter().rev().fold(0, |word, b| word << 8 | u64::from(*b)));
    }
    let rest = chunks.remainder().iter().rev().fold(0, |word, b| word << 8 | u64::from(*b));
    at(hash ^ rest, chunks.remainder().len())
}

/// Of a hash at a place, well mixed (the finalizer of SplitMix64, Steele et al., 2014).
#[inline]
pub(crate) fn at(hash: u64, place: usize) -> u64 {
    let mut x = hash.wrapping_add((place as u64 + 1).wrapping_mul(ODD));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// For keys that are hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = text(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

pub(crate) type Map<V> = HashMap<u64, V, BuildHasherDefault<Same>>;
pub(crate) type Set = HashSet<u64, BuildHasherDefault<Same>>;
