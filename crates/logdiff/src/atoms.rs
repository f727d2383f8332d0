//! A line in atoms: words, numbers, mixtures of both, marks and space.
//!
//! What a line means is decided from its atoms alone: of an atom with a digit
//! only its sort counts, not its text (but see [`crate::shape`] for the few
//! numbers that tell). So lines with equal atoms have equal templates.

/// What an atom is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Letters, `_` and `$`.
    Word,
    /// Digits only.
    Number,
    /// Letters and digits, a digit first.
    DigitFirst,
    /// Letters and digits, a letter first; or an id: long hex, a UUID.
    LetterFirst,
    /// Bytes beyond ASCII.
    Foreign,
    /// Blanks.
    Space,
    /// One other byte.
    Mark,
}

impl Sort {
    /// Whether it holds a digit.
    pub(crate) fn has_digit(self) -> bool {
        matches!(self, Self::Number | Self::DigitFirst | Self::LetterFirst)
    }

    /// Whether it is made of letters.
    pub(crate) fn is_word(self) -> bool {
        matches!(self, Self::Word | Self::Foreign)
    }
}

/// A piece of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Atom {
    pub sort: Sort,
    /// The byte of a mark, else 0.
    pub mark: u8,
    pub start: u32,
    pub end: u32,
}

impl Atom {
    /// Its text in the line it was made of.
    pub(crate) fn of<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether it is this mark.
    pub(crate) fn is(&self, mark: u8) -> bool {
        self.mark == mark && self.sort == Sort::Mark
    }
}

/// What a byte is: bits that a run of bytes is put together of.
pub(crate) const LETTER: u8 = 1;
pub(crate) const DIGIT: u8 = 2;
pub(crate) const FOREIGN: u8 = 4;
pub(crate) const SPACE: u8 = 8;

pub(crate) const CLASS: [u8; 256] = {
    let mut class = [0_u8; 256];
    let mut b = 0;
    while b < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let byte = b as u8;
        class[b] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => LETTER,
            b'0'..=b'9' => DIGIT,
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c | 0 => SPACE,
            0x80..=0xff => FOREIGN,
            _ => 0,
        };
        b += 1;
    }
    class
};

/// Cuts a line into atoms, which it adds to `atoms`.
pub(crate) fn split(line: &[u8], atoms: &mut Vec<Atom>) {
    let mut at = 0;
    while let Some(&first) = line.get(at) {
        let start = at;
        let class = CLASS[usize::from(first)];
        at += 1;
        let sort = if class & (LETTER | DIGIT) != 0 && is_uuid(line, start) {
            at = start + UUID;
            Sort::LetterFirst
        } else if class & (LETTER | DIGIT) != 0 {
            let mut seen = class;
            while let Some(&b) = line.get(at) {
                let class = CLASS[usize::from(b)];
                if class & (LETTER | DIGIT) == 0 {
                    break;
                }
                seen |= class;
                at += 1;
            }
            match (seen, class) {
                (LETTER, _) => Sort::Word,
                (DIGIT, _) => Sort::Number,
                (_, DIGIT) if !is_long_hex(line.get(start..at).unwrap_or_default()) => Sort::DigitFirst,
                _ => Sort::LetterFirst,
            }
        } else if class == 0 {
            Sort::Mark
        } else {
            while line.get(at).is_some_and(|b| CLASS[usize::from(*b)] == class) {
                at += 1;
            }
            if class == SPACE { Sort::Space } else { Sort::Foreign }
        };
        let mark = if sort == Sort::Mark { first } else { 0 };
        // Lines are at most 64 KiB long.
        #[expect(clippy::cast_possible_truncation, reason = "lines are cut at 64 KiB")]
        atoms.push(Atom { sort, mark, start: start as u32, end: at as u32 });
    }
}

/// The length of a UUID in text.
pub(crate) const UUID: usize = 36;

/// Whether a UUID starts here, with a digit somewhere.
#[inline]
pub(crate) fn is_uuid(line: &[u8], at: usize) -> bool {
    if line.get(at + 8) != Some(&b'-') || line.get(at + 13) != Some(&b'-') {
        return false;
    }
    let Some(text) = line.get(at..at + UUID) else { return false };
    let fits =
        |(i, b): (usize, &u8)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() };
    let alone = |b: Option<&u8>| b.is_none_or(|b| CLASS[usize::from(*b)] & (LETTER | DIGIT) == 0);
    text.iter().enumerate().all(fits)
        && alone(line.get(at + UUID))
        && alone(at.checked_sub(1).and_then(|i| line.get(i)))
        && text.iter().any(u8::is_ascii_digit)
}

/// Whether a run with letters and digits is an id in hex, whatever comes first.
#[inline]
pub(crate) fn is_long_hex(run: &[u8]) -> bool {
    run.len() >= 6 && run.iter().all(u8::is_ascii_hexdigit)
}

/// Groups of hex letters in a row that count as numbers.
pub(crate) const HEX_GROUPS: usize = 4;

/// Whether letters behind a mark may be a group of a UUID or of an address.
pub(crate) fn is_hex_group(text: &[u8], mark: u8) -> bool {
    let long = match mark {
        b'-' => matches!(text.len(), 4 | 8 | 12),
        b':' => matches!(text.len(), 2 | 4),
        _ => false,
    };
    long && text.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a word is such a group behind a number.
pub(crate) fn continues_hex(line: &[u8], atoms: &[Atom], at: usize) -> bool {
    let mut at = at;
    for _ in 0..HEX_GROUPS {
        let (Some(word), Some(mark)) = (atoms.get(at), at.checked_sub(1).and_then(|i| atoms.get(i))) else {
            return false;
        };
        let foreign = atoms.get(at + 1).is_some_and(|next| next.sort == Sort::Foreign);
        if word.sort != Sort::Word || foreign || !is_hex_group(word.of(line), mark.mark) {
            return false;
        }
        let Some(before) = at.checked_sub(2) else { return false };
        if atoms.get(before).is_some_and(|atom| atom.sort.has_digit()) {
            return true;
        }
        at = before;
    }
    false
}
