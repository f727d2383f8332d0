//! Numbers, and which of them tell.

use super::{Last, Pass};
use crate::atoms::Sort;
use crate::key;
use crate::words::{self, Lower, is};

/// The value of decimal digits.
fn value(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n: u32, b| n.saturating_mul(10).saturating_add(u32::from(b.wrapping_sub(b'0'))))
}

impl Pass<'_, '_> {
    pub(super) fn number(&mut self, at: usize) {
        self.to.key.unsign();
        let clock = self.is(at + 1, b':') || at > 0 && self.is(at - 1, b':');
        self.to.key.var(key::NUMBER);
        let last = match self.to.last {
            Last::Http(left) if left > 1 && self.text_of(at).len() != 3 => Last::Http(left - 1),
            _ if clock => Last::Clock,
            _ => Last::Number,
        };
        self.came(last);
    }

    pub(super) fn put_code(&mut self, at: usize, end: usize) {
        let (start, stop) = (self.atoms[at].start as usize, self.atoms[end - 1].end as usize);
        let text = self.line.get(start..stop).unwrap_or_default();
        let http =
            matches!(self.to.last, Last::Http(_)) || self.last_word(9).is_some_and(|word| word.is(is::HTTP));
        self.to.server_error |= http && text.len() == 3 && text.starts_with(b"5");
        self.to.key.token(key::CODE, text);
        self.came(Last::Number);
    }

    /// The end of the code that starts here: a short number whose key says so, or `E1234`.
    pub(super) fn code(&self, at: usize) -> Option<usize> {
        let text = self.text_of(at);
        match self.sort(at)? {
            Sort::Number => self.decimal(at, text).then_some(at + 1),
            Sort::DigitFirst => self.mixed(text).then_some(at + 1),
            Sort::LetterFirst => (self.prefixed(at, text) || self.mixed(text)).then_some(at + 1),
            _ => None,
        }
    }

    fn decimal(&self, at: usize, text: &[u8]) -> bool {
        if matches!(self.to.last, Last::Http(_)) {
            return text.len() == 3 && words::is_http_status(value(text));
        }
        let Some(word) = self.last_word(4) else { return false };
        if text.len() > 5 || !word.is(is::CODE) || !word.announces(value(text)) {
            return false;
        }
        // A part of a version, a time or an address is none.
        let more = (self.is(at + 1, b'.') || self.is(at + 1, b':'))
            && self.sort(at + 2).is_some_and(Sort::has_digit);
        !more && (!word.is(is::HTTP) || text.len() < 3 || words::is_http_status(value(text)))
    }

    /// Hex codes and the codes of SQL: `0x80070005`, `42P01`.
    fn mixed(&self, text: &[u8]) -> bool {
        let Some(word) = self.last_word(4) else { return false };
        if !word.is(is::CODE) {
            return false;
        }
        let short = || text.len() <= 6 && text.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        words::is_hex_code(text) || !text.starts_with(b"0x") && short()
    }

    fn prefixed(&self, at: usize, text: &[u8]) -> bool {
        let letters = text.iter().position(u8::is_ascii_digit).unwrap_or(0);
        let (prefix, digits) = text.split_at(letters);
        let prefix = prefix.strip_suffix(b"_").unwrap_or(prefix);
        (2..=7).contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit)
            && prefix.first().is_some_and(u8::is_ascii_uppercase)
            && Lower::of(prefix).is(is::PREFIX)
            && !self.is(at + 1, b'-')
    }

    /// `ORA-00942`: a code in three atoms.
    pub(super) fn dashed(&self, at: usize, text: &[u8]) -> bool {
        self.is(at + 1, b'-')
            && self.sort(at + 2) == Some(Sort::Number)
            && text.first().is_some_and(u8::is_ascii_uppercase)
            && Lower::of(text).is(is::PREFIX)
            && (2..=7).contains(&self.text_of(at + 2).len())
    }
}
