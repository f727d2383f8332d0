//! The shape of any line, byte by byte.

use super::{BACKSLASH, SORTS, SUSPECT, Shape, load, tells};
use crate::atoms::{DIGIT, FOREIGN, LETTER, SPACE, UUID, is_long_hex, is_uuid};
use crate::hash::fold;

/// A line on its way to a hash: eight bytes at a time.
struct Mixer {
    hash: u64,
    word: u64,
    bits: u32,
}

impl Mixer {
    #[inline]
    fn byte(&mut self, b: u8) {
        self.word |= u64::from(b) << self.bits;
        self.bits += 8;
        if self.bits == 64 {
            self.hash = fold(self.hash, self.word);
            (self.word, self.bits) = (0, 0);
        }
    }

    /// All of a run.
    #[inline]
    fn run(&mut self, line: &[u8], from: usize, to: usize) {
        let mut at = from;
        while at < to {
            let len = (to - at).min(8);
            // Up to seven marks, how many they are, and how long the word is.
            let before = self.word | u64::from(self.bits / 8) << 56 | (len as u64) << 60;
            self.hash = fold(self.hash ^ before, load(line, at, len));
            (self.word, self.bits) = (0, 0);
            at += len;
        }
    }
}

/// The shape of any line; of one that is `clean` if it was cleaned.
pub(super) fn of(line: &[u8], clean: bool) -> Shape {
    let mut mixer = Mixer { hash: 0, word: 0, bits: 0 };
    let mut http = 0_u8;
    let mut at = 0;
    while let Some(&b) = line.get(at) {
        let class = SORTS[usize::from(b)];
        if class & (LETTER | DIGIT) != 0 {
            let start = at;
            if is_uuid(line, start) {
                mixer.byte(4);
                at += UUID;
                continue;
            }
            let mut seen = class;
            at += 1;
            while let Some(&b) = line.get(at) {
                let class = SORTS[usize::from(b)];
                if class & (LETTER | DIGIT) == 0 {
                    break;
                }
                seen |= class;
                at += 1;
            }
            if seen & DIGIT == 0 {
                mixer.run(line, start, at);
                continue;
            }
            if tells(line, start, at, &mut http) {
                mixer.byte(1);
                mixer.run(line, start, at);
            } else if seen & LETTER == 0 {
                mixer.byte(2);
            } else if class & DIGIT != 0 && !is_long_hex(line.get(start..at).unwrap_or_default()) {
                mixer.byte(3);
            } else {
                mixer.byte(4);
            }
            continue;
        }
        if class & SUSPECT != 0 && !clean {
            if b != b'\r' || at + 1 != line.len() {
                return Shape::Suspect;
            }
            at += 1;
        } else if class & SPACE != 0 {
            at += 1;
            while line.get(at).is_some_and(|b| SORTS[usize::from(*b)] == SPACE) {
                at += 1;
            }
            mixer.byte(b' ');
        } else if class & FOREIGN != 0 {
            let start = at;
            at += 1;
            while line.get(at).is_some_and(|b| {
                let class = SORTS[usize::from(*b)];
                class & FOREIGN != 0 && (clean || class & SUSPECT == 0)
            }) {
                at += 1;
            }
            mixer.run(line, start, at);
        } else if class & BACKSLASH != 0 {
            match escape(line, at, &mut mixer) {
                Some(end) => at = end,
                None => return Shape::Never,
            }
        } else {
            mixer.byte(b);
            at += 1;
        }
    }
    Shape::Of(fold(mixer.hash ^ u64::from(mixer.bits), mixer.word))
}

/// A backslash and what it escapes; `None` where a number is behind it, since
/// whether the first letter belongs to it depends on who reads it.
fn escape(line: &[u8], at: usize, mixer: &mut Mixer) -> Option<usize> {
    mixer.byte(b'\\');
    let Some(&next) = line.get(at + 1) else { return Some(at + 1) };
    if SORTS[usize::from(next)] & SUSPECT != 0 {
        return Some(at + 1);
    }
    let run = line
        .get(at + 1..)
        .unwrap_or_default()
        .iter()
        .map(|b| SORTS[usize::from(*b)] & (LETTER | DIGIT))
        .take_while(|class| *class != 0);
    if run.fold(0, |seen, class| seen | class) & DIGIT != 0 {
        return None;
    }
    mixer.byte(next);
    Some(at + 2)
}
