//! The shape of a line: a hash that two lines share only if everything that is
//! read from their atoms is the same. Most lines of a log have a shape that came
//! before, and are never looked at again.
//!
//! Numbers and atoms with a digit count by their sort alone. Written out are
//! those that may be codes: behind a word like `status` or `errno`, with a
//! prefix like `ORA`, and types of exceptions. It may keep apart what is the
//! same, never the reverse (see the property test in `tests`).

mod careful;
mod quick;

use crate::atoms::{CLASS, DIGIT, LETTER};
use crate::mask::is_type;
use crate::text::is_suspect;
use crate::words::{self, Lower, is};

/// The longest line that has a shape; longer ones are read each time.
pub(crate) const LONGEST: usize = 16 * 1024;
/// The longest number that may be a code, in bytes.
const CODE: usize = 10;

/// What a shape may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Of(u64),
    /// It has to be cleaned first.
    Suspect,
    /// It is read each time.
    Never,
}

const SUSPECT: u8 = 16;
const BACKSLASH: u8 = 32;

const SORTS: [u8; 256] = {
    let mut sorts = CLASS;
    let mut b = 0;
    while b < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let byte = b as u8;
        if is_suspect(byte) {
            sorts[b] |= SUSPECT;
        }
        b += 1;
    }
    sorts[b'\\' as usize] |= BACKSLASH;
    sorts
};

/// The shape of a line; of one that is `clean` if it was cleaned.
#[inline]
pub(crate) fn of(line: &[u8], clean: bool) -> Shape {
    if line.len() > LONGEST {
        return Shape::Never;
    }
    match quick::of(line) {
        Some(hash) => Shape::Of(hash),
        None => careful::of(line, clean),
    }
}

/// Up to eight bytes from `at` on.
#[inline]
fn load(line: &[u8], at: usize, len: usize) -> u64 {
    if let Some(eight) = line.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*eight);
        return if len >= 8 { word } else { word & ((1 << (8 * len)) - 1) };
    }
    line.get(at..at + len).unwrap_or_default().iter().rev().fold(0, |word, b| word << 8 | u64::from(*b))
}

/// Whether a run with a digit may be a code, or a type.
#[inline]
fn tells(line: &[u8], start: usize, end: usize, http: &mut u8) -> bool {
    let run = line.get(start..end).unwrap_or_default();
    if matches!(run.last(), Some(b'r' | b'n')) && is_type(run) {
        return true;
    }
    if run.len() > CODE {
        return is_prefixed(run);
    }
    let number = run.len() > 5 && run.iter().all(u8::is_ascii_digit);
    if number || run.len() > 7 && run.starts_with(b"0x") && !words::is_hex_code(run) {
        return number
            && run.len() <= 7
            && line.get(start.wrapping_sub(1)) == Some(&b'-')
            && is_dashed(line, start - 1);
    }
    if *http > 0 {
        *http = if run.len() == 3 { 0 } else { *http - 1 };
        return true;
    }
    let first = run.first().copied().unwrap_or(0);
    if start == 0 {
        return first.is_ascii_uppercase() && (run.len() == 5 || is_prefixed(run));
    }
    if start < 6 && line.first() == Some(&b'<') && (start == 1 || run.len() == 1) {
        return true;
    }
    announced(line, start, http) || is_prefixed(run)
}

/// Whether the word before a number announces a code: by its last letters,
/// which is more than it takes.
#[inline]
fn announced(line: &[u8], start: usize, http: &mut u8) -> bool {
    let mut to = start;
    while to > 0 && start - to < 12 && SORTS[usize::from(line[to - 1])] & (LETTER | DIGIT) == 0 {
        to -= 1;
    }
    if start - to == 1
        && to > 0
        && line[to] == b'-'
        && line[to - 1].is_ascii_alphabetic()
        && is_dashed(line, to)
    {
        return true;
    }
    let Some(tail) =
        to.checked_sub(4).and_then(|from| line.get(from..)).and_then(|rest| rest.first_chunk::<4>())
    else {
        // Nothing but one of the short words is before it.
        let word = line.get(..to).unwrap_or_default();
        let from = word.iter().take_while(|b| SORTS[usize::from(**b)] & (LETTER | DIGIT) == 0).count();
        return [&b"err"[..], b"ret", b"sig", b"lvl", b"rc", b"ec"]
            .iter()
            .any(|key| word[from..].eq_ignore_ascii_case(key));
    };
    let low = u32::from_le_bytes(*tail) | 0x2020_2020;
    (ENDINGS.may(low) || SHORT.may(low >> 8) || SHORTEST.may(low >> 16)) && is_key(line, to, *tail, http)
}

/// A small set of words of a few bytes; it may say yes for others.
struct Few(u64);

impl Few {
    const fn of(words: &[&[u8]]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < words.len() {
            let (mut packed, mut at) = (0_u32, words[i].len());
            while at > 0 {
                at -= 1;
                packed = packed << 8 | words[i][at] as u32;
            }
            bits |= 1_u64 << Self::bit(packed);
            i += 1;
        }
        Self(bits)
    }

    const fn bit(packed: u32) -> u32 {
        packed.wrapping_mul(0x9E37_79B1) >> 26
    }

    #[inline]
    fn may(&self, packed: u32) -> bool {
        self.0 >> Self::bit(packed) & 1 == 1
    }
}

const ENDINGS: Few = Few::of(&[
    b"http", b"code", b"atus", b"rrno", b"exit", b"gnal", b"rror", b"evel", b"elno", b"rity", b"onse",
    b"ited", b"tate", b"sult", b"nded", b"mber",
]);
const SHORT: Few = Few::of(&[b"err", b"ret", b"sig", b"lvl"]);
const SHORTEST: Few = Few::of(&[b"rc", b"ec"]);

/// Whether a word that ends at `to` announces a code.
fn is_key(line: &[u8], to: usize, tail: [u8; 4], http: &mut u8) -> bool {
    let before = |word: &[u8]| to >= word.len() && line[to - word.len()..to].eq_ignore_ascii_case(word);
    let letter = |at: usize| SORTS[usize::from(tail[at])] & (LETTER | DIGIT) != 0;
    match &tail.map(|b| b | 0x20) {
        b"http" => {
            if tail == *b"HTTP" {
                *http = 3;
            }
            true
        }
        b"code" | b"atus" | b"rrno" | b"exit" | b"gnal" | b"rror" | b"evel" | b"elno" | b"rity" | b"onse" => {
            true
        }
        b"ited" => before(b"exited"),
        b"tate" => before(b"sqlstate"),
        b"sult" => before(b"hresult"),
        b"nded" => before(b"responded"),
        b"mber" => before(b"severitynumber") || before(b"severity_number"),
        [_, b'e', b'r', b'r'] | [_, b'r', b'e', b't'] | [_, b's', b'i', b'g'] | [_, b'l', b'v', b'l'] => {
            !letter(0)
        }
        [_, _, b'r' | b'e', b'c'] => !letter(1),
        _ => false,
    }
}

/// `ORA-` before a number.
fn is_dashed(line: &[u8], to: usize) -> bool {
    let before = line.get(..to).unwrap_or_default();
    let letters = before.iter().rev().take(9).take_while(|b| SORTS[usize::from(**b)] & LETTER != 0).count();
    let word = before.get(to - letters..).unwrap_or_default();
    word.first().is_some_and(u8::is_ascii_uppercase) && is_prefix(word)
}

/// `E1234`: letters of codes and at least two digits.
fn is_prefixed(run: &[u8]) -> bool {
    if run.len() > 16 || !run.first().is_some_and(u8::is_ascii_uppercase) {
        return false;
    }
    let digits = run.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    digits >= 2 && is_prefix(run.get(..run.len() - digits).unwrap_or_default())
}

/// Whether letters are what error codes start with.
fn is_prefix(letters: &[u8]) -> bool {
    let letters = letters.strip_suffix(b"_").unwrap_or(letters);
    letters.len() <= 8 && Lower::of(letters).is(is::PREFIX)
}
