//! Keys of events, each stored once, by number.

use crate::hash::{self, Map};

/// A key that found no place.
pub(crate) const NONE: u32 = u32::MAX;

/// Room for bytes of keys, over all.
const MOST_BYTES: usize = 24 << 20;

/// A bounded store of byte strings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    by_hash: Map<u32>,
}

impl Texts {
    /// The number of a text, new or not; [`NONE`] when there is no room.
    /// What is not important gets only nine tenths of the room.
    pub(crate) fn number(&mut self, text: &[u8], most: usize, important: bool) -> u32 {
        let hash = hash::text(text);
        if let Some(&number) = self.by_hash.get(&hash) {
            return number;
        }
        let tenths = if important { 10 } else { 9 };
        if self.ends.len() >= most / 10 * tenths || self.bytes.len() + text.len() > MOST_BYTES / 10 * tenths {
            return NONE;
        }
        let (Ok(number), Ok(end)) =
            (u32::try_from(self.ends.len()), u32::try_from(self.bytes.len() + text.len()))
        else {
            return NONE;
        };
        self.bytes.extend_from_slice(text);
        self.ends.push(end);
        self.by_hash.insert(hash, number);
        number
    }

    pub(crate) fn get(&self, number: u32) -> &[u8] {
        let i = number as usize;
        let start = i.checked_sub(1).and_then(|i| self.ends.get(i)).map_or(0, |end| *end as usize);
        let end = self.ends.get(i).map_or(start, |end| *end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }
}
