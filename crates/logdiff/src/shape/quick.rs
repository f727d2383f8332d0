//! The shape of a line in plain ASCII without a backslash, which most are: only
//! numbers and what is beside them are looked at byte by byte.

use super::{SORTS, load, tells};
use crate::atoms::{DIGIT, HEX_GROUPS, LETTER, UUID, is_hex_group, is_long_hex, is_uuid};
use crate::hash::fold;

/// Eight times the same byte.
const fn all(b: u8) -> u64 {
    0x0101_0101_0101_0101 * b as u64
}

const HIGH: u64 = all(0x80);

/// The line as a stream of bytes that goes into a hash eight at a time: text as
/// it is, and for each number a symbol, which no text contains.
struct Stream {
    hash: u64,
    held: u64,
    bits: u32,
}

impl Stream {
    /// Adds up to eight bytes; those beyond `len` are zero.
    #[inline]
    fn add(&mut self, bytes: u64, len: usize) {
        #[expect(clippy::cast_possible_truncation, reason = "at most eight")]
        let more = len as u32 * 8;
        self.held |= bytes << self.bits;
        let bits = self.bits + more;
        if bits < 64 {
            self.bits = bits;
            return;
        }
        self.hash = fold(self.hash, self.held);
        // What did not fit; nothing if nothing was held before.
        self.held = bytes.checked_shr(64 - self.bits).unwrap_or(0);
        self.bits = bits - 64;
    }

    #[inline]
    fn text(&mut self, line: &[u8], from: usize, to: usize) {
        let mut at = from;
        while at + 8 <= to {
            self.add(load(line, at, 8), 8);
            at += 8;
        }
        if at < to {
            self.add(load(line, at, to - at), to - at);
        }
    }
}

/// The shape, or `None` for a line that needs care.
pub(super) fn of(line: &[u8]) -> Option<u64> {
    let mut stream = Stream { hash: 1, held: 0, bits: 0 };
    let (mut done, mut at) = (0, 0);
    let mut http = 0_u8;
    loop {
        at = next_digit(line, at)?;
        if at >= line.len() {
            stream.text(line, done, line.len());
            return Some(fold(fold(stream.hash, stream.held), u64::from(stream.bits)));
        }
        let mut start = at;
        while start > done && class(line, start - 1) != 0 {
            start -= 1;
        }
        if let Some(uuid) = uuid(line, done, start) {
            stream.text(line, done, uuid);
            stream.add(4, 1);
            at = uuid + UUID;
            done = at;
            continue;
        }
        let mut seen = if start < at { LETTER | DIGIT } else { DIGIT };
        at += 1;
        loop {
            let class = class(line, at);
            if class == 0 {
                break;
            }
            seen |= class;
            at += 1;
        }
        stream.text(line, done, start);
        if tells(line, start, at, &mut http) {
            stream.add(1, 1);
            stream.text(line, start, at);
        } else {
            let symbol = if seen & LETTER == 0 {
                2
            } else if class(line, start) == DIGIT && !is_long_hex(line.get(start..at).unwrap_or_default()) {
                3
            } else {
                4
            };
            stream.add(symbol, 1);
            if symbol == 2 && http == 0 {
                at = numbers(line, at, &mut stream);
            }
            if matches!(line.get(at), Some(b'-' | b':')) {
                at = hex_groups(line, at, &mut stream);
            }
        }
        done = at;
    }
}

/// Numbers with one mark between them, as in times and addresses: none of them
/// is a code, since a number is before it.
#[inline]
fn numbers(line: &[u8], end: usize, stream: &mut Stream) -> usize {
    let mut end = end;
    while let Some(&[mark, first]) = line.get(end..).and_then(|rest| rest.first_chunk::<2>()) {
        if !first.is_ascii_digit()
            || !matches!(mark, b' '..=b'~')
            || mark == b'\\'
            || class(line, end) != 0
            || end < 6
        {
            break;
        }
        let mut next = end + 2;
        while line.get(next).is_some_and(u8::is_ascii_digit) {
            next += 1;
        }
        // Letters may follow, or the groups of a UUID.
        if class(line, next) != 0 || next - end == 9 && line.get(next) == Some(&b'-') {
            break;
        }
        stream.add(u64::from(mark) | 2 << 8, 2);
        end = next;
    }
    end
}

/// Where a UUID starts whose first digit is in the run at `start`: there, or up
/// to four groups before.
#[inline]
fn uuid(line: &[u8], done: usize, start: usize) -> Option<usize> {
    if is_uuid(line, start) {
        return Some(start);
    }
    if start == 0 || line.get(start - 1) != Some(&b'-') {
        return None;
    }
    [9, 14, 19, 24]
        .into_iter()
        .filter_map(|back| start.checked_sub(back))
        .find(|at| *at >= done && is_uuid(line, *at))
}

#[inline]
fn class(line: &[u8], at: usize) -> u8 {
    line.get(at).map_or(0, |b| SORTS[usize::from(*b)] & (LETTER | DIGIT))
}

/// The place of the next digit, or the end; `None` where a byte before it needs care.
#[inline]
fn next_digit(line: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(eight) = line.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let x = u64::from_le_bytes(*eight);
        let low = x & !HIGH;
        let digit = (low + all(0x80 - b'0')) & !(low + all(0x80 - b'9' - 1)) & !x & HIGH;
        let control = !(low + all(0x80 - 0x20)) & HIGH;
        let tab = is(low, b'\t');
        let odd = (x & HIGH) | (control & !tab) | is(low, 0x7f) | is(low, b'\\');
        if digit != 0 {
            // What needs care behind the digit is found when it is looked for again.
            let place = digit.trailing_zeros();
            let before = odd & ((1_u64 << place) - 1);
            return (before == 0).then_some(at + place as usize / 8);
        }
        if odd != 0 {
            return None;
        }
        at += 8;
    }
    while let Some(&b) = line.get(at) {
        if b.is_ascii_digit() {
            return Some(at);
        }
        if (b < 0x20 && b != b'\t') || b >= 0x7f || b == b'\\' {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// The high bits of the bytes that are `b`; the high bits of `low` are clear.
#[inline]
fn is(low: u64, b: u8) -> u64 {
    !((low ^ all(b)) + all(0x7f)) & HIGH
}

/// Groups of hex letters behind a number, as in a UUID.
#[inline]
fn hex_groups(line: &[u8], end: usize, stream: &mut Stream) -> usize {
    let mut end = end;
    for _ in 0..HEX_GROUPS {
        let Some(&mark @ (b'-' | b':')) = line.get(end) else { break };
        let mut next = end + 1;
        while class(line, next) == LETTER {
            next += 1;
        }
        if class(line, next) != 0 || !is_hex_group(line.get(end + 1..next).unwrap_or_default(), mark) {
            break;
        }
        stream.add(u64::from(mark) << 8 | 5, 2);
        end = next;
    }
    end
}
