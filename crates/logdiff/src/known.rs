//! Which templates are known, given that some positions of them vary.
//!
//! A position is a wildcard where several baseline templates agree in every
//! other position; a template is known if it is in the set once its varying
//! positions are widened. There is no similarity threshold: it would hide a
//! one-word change of an error message. Two passes, so two positions may vary.

use crate::{Severity, level};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Templates that must agree elsewhere for a position to vary.
const AGREE: usize = 3;
/// The same for errors, whose words are more likely news than names.
const AGREE_ON_ERROR: usize = 8;
/// Positions that are looked at; longer templates vary only up to here.
const POSITIONS: usize = 96;

/// A template as hashes: FNV-1a of each token, mixed with its position and summed,
/// so that widening one position is one subtraction.
struct Key {
    tokens: Vec<u64>,
    fixed: Vec<bool>,
    sum: u64,
}

const WIDE: u64 = 0x9E37_79B9_7F4A_7C15;

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
}

fn mixed(token: u64, position: usize) -> u64 {
    let mut x = token.wrapping_add((position as u64 + 1).wrapping_mul(WIDE));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

impl Key {
    fn of(template: &str, severity: Severity) -> Self {
        let (head, trace) = template.split_once(" | ").unwrap_or((template, ""));
        let (mut tokens, mut fixed) = (Vec::new(), Vec::new());
        for token in tokens_of(head) {
            tokens.push(fnv(token));
            fixed.push(is_fixed(token));
        }
        if !trace.is_empty() {
            tokens.push(fnv(trace));
            fixed.push(true);
        }
        tokens.push(severity as u64);
        fixed.push(true);
        let sum = tokens.iter().enumerate().fold(0_u64, |sum, (i, t)| sum.wrapping_add(mixed(*t, i)));
        Self { tokens, fixed, sum }
    }

    fn without(&self, i: usize) -> u64 {
        self.sum.wrapping_sub(mixed(self.tokens[i], i)).wrapping_add(mixed(WIDE, i))
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        (0..self.tokens.len().min(POSITIONS)).filter(|i| !self.fixed[*i] && self.tokens[*i] != WIDE)
    }

    fn widen(&mut self, varying: &HashSet<u64>) {
        let places: Vec<usize> = self.places().filter(|i| varying.contains(&self.without(*i))).collect();
        for i in places {
            self.sum = self.without(i);
            self.tokens[i] = WIDE;
        }
    }
}

/// Words; each other character but a space is a token of its own.
fn tokens_of(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let end = if word(first) { rest.find(|c| !word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

/// What never varies: levels, codes, exception types, punctuation.
fn is_fixed(token: &str) -> bool {
    level::named(token).is_some()
        || !token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        || token.bytes().any(|b| b.is_ascii_digit())
        || token.ends_with("Exception")
        || token.ends_with("Error")
}

/// The templates of a baseline, widened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    passes: [HashSet<u64>; 2],
    set: HashMap<u64, (String, Severity, u64)>,
    /// Events in total.
    pub events: u64,
}

impl Known {
    /// From templates behind the letter of their severity.
    pub(crate) fn of(entries: &BTreeMap<String, (Severity, u64)>) -> Self {
        let text = |key: &String| key.get(1..).unwrap_or_default().to_owned();
        let mut keys: Vec<(Key, String, Severity, u64)> = entries
            .iter()
            .map(|(key, (severity, count))| (Key::of(&text(key), *severity), text(key), *severity, *count))
            .collect();
        let mut known = Self { events: entries.values().map(|(_, count)| count).sum(), ..Self::default() };
        for pass in 0..2 {
            known.passes[pass] = varying(&keys);
            for (key, ..) in &mut keys {
                key.widen(&known.passes[pass]);
            }
        }
        for (key, text, severity, count) in keys {
            known.set.entry(key.sum).or_insert_with(|| (text, severity, 0)).2 += count;
        }
        known
    }

    /// The widened identity of a template.
    pub(crate) fn identity(&self, template: &str, severity: Severity) -> u64 {
        let mut key = Key::of(template, severity);
        for pass in &self.passes {
            key.widen(pass);
        }
        key.sum
    }

    pub(crate) fn contains(&self, identity: u64) -> bool {
        self.set.contains_key(&identity)
    }

    /// Identity, template, severity and count of each, in the order of the templates.
    pub(crate) fn all(&self) -> Vec<(u64, &str, Severity, u64)> {
        let mut all: Vec<_> =
            self.set.iter().map(|(id, (text, severity, n))| (*id, text.as_str(), *severity, *n)).collect();
        all.sort_unstable_by_key(|(_, text, ..)| *text);
        all
    }
}

/// The templates-with-a-hole that enough different words fill.
fn varying(keys: &[(Key, String, Severity, u64)]) -> HashSet<u64> {
    let mut fillers: HashMap<u64, Vec<u64>> = HashMap::new();
    let mut enough = HashSet::new();
    for (key, _, severity, _) in keys {
        let need = if matches!(severity, Severity::Fatal | Severity::Error) { AGREE_ON_ERROR } else { AGREE };
        for i in key.places() {
            let words = fillers.entry(key.without(i)).or_default();
            if words.len() < need && !words.contains(&key.tokens[i]) {
                words.push(key.tokens[i]);
                if words.len() >= need {
                    enough.insert(key.without(i));
                }
            }
        }
    }
    enough
}
