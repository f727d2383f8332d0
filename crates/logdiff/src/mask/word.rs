//! Words: alone, joined to one name, and what they are where they are more.

use super::{Last, Pass};
use crate::Severity;
use crate::atoms::{Sort, continues_hex};
use crate::key;
use crate::words::{Lower, is};

impl<'a> Pass<'a, '_> {
    /// One word, or several that are joined to one name.
    pub(super) fn word(&mut self, at: usize, to: usize) -> usize {
        if continues_hex(self.line, self.atoms, at) {
            self.name();
            return at + 1;
        }
        let mut end = at + 1;
        while let Some(more) = self.joined(end, to) {
            end = more;
        }
        let atom = self.atoms[at];
        let text = self.line.get(atom.start as usize..self.atoms[end - 1].end as usize).unwrap_or_default();
        if end == at + 1 && atom.sort == Sort::Word {
            if self.dashed(at, text) {
                self.put_code(at, end + 2);
                return end + 2;
            }
            if self.plain(at, text) {
                return end;
            }
        }
        let failure = text.ends_with(b"Exception") || text.ends_with(b"Error");
        if end > at + 1 && !failure && self.is_dotted_name(text) {
            self.name();
            return end;
        }
        let lower = Lower::of(text);
        self.suggests(end, lower, failure);
        if at.checked_sub(1).is_none_or(|i| !self.is(i, b'[')) {
            let beside = matches!(self.to.last, Last::Word(_)) && self.to.gap <= 1 && end == at + 1;
            self.to.body |= beside && self.to.words > 0;
            self.to.words += 1;
        }
        let fixed = failure || lower.is(is::FAILURE);
        let counted = matches!(self.to.last, Last::Number | Last::Clock) && self.to.gap <= 1;
        let shown = if counted { singular(text) } else { text };
        self.to.key.token(if fixed { key::FIXED } else { key::WORD }, shown);
        let last = Lower::of(self.text_of(end - 1));
        self.came(if text == b"HTTP" { Last::Http(3) } else { Last::Word(last) });
        end
    }

    /// The end of the next word, if it belongs to the same name.
    fn joined(&self, end: usize, to: usize) -> Option<usize> {
        let wordy = |i: usize| i < to && self.sort(i).is_some_and(Sort::is_word);
        let next = self.atoms.get(end).filter(|_| end < to)?;
        if next.sort.is_word() {
            return Some(end + 1);
        }
        if next.is(b':') && self.is(end + 1, b':') && wordy(end + 2) {
            return Some(end + 3);
        }
        (matches!(next.mark, b'.' | b'-') && wordy(end + 1)).then_some(end + 2)
    }

    /// Names of hosts, packages and files; what logs is named before the message.
    fn is_dotted_name(&self, text: &[u8]) -> bool {
        let dots = memchr::memchr_iter(b'.', text).count();
        let ending = text.rsplit(|b| *b == b'.').next().unwrap_or_default();
        is_host(text, dots) || self.to.body && (dots >= 2 || dots == 1 && Lower::of(ending).is(is::FILE))
    }

    /// What a single word of letters is, if it is more than a word.
    fn plain(&mut self, at: usize, text: &'a [u8]) -> bool {
        let word = Lower::of(text);
        if text.len() > 64 || is_hex(text, self.beside_number(at)) {
            self.name();
            return true;
        }
        let close = self.to.gap <= 1;
        let (clock, number) = (self.to.last == Last::Clock, self.to.last == Last::Number);
        if close && ((clock || number) && word.is(is::UNIT) || clock && word.is(is::ZONE)) {
            let last = self.to.last;
            self.to.key.var(key::NUMBER);
            self.came(last);
            return true;
        }
        let dated = self.number_follows(at + 1);
        let month = word.is(is::MONTH) && (dated || close && (clock || number));
        let day = word.is(is::WEEKDAY) && (dated || self.month_follows(at + 1));
        if month || day || word.is(is::BOOL) || self.is_user(at) {
            self.name();
            return true;
        }
        if self.is_level(at, text, word) {
            self.to.key.token(key::LEVEL, text);
            self.came(Last::Word(word));
            return true;
        }
        false
    }

    fn beside_number(&self, at: usize) -> bool {
        let digit = |i: usize| self.sort(i).is_some_and(Sort::has_digit);
        at >= 2 && self.is(at - 1, b'-') && digit(at - 2) || self.is(at + 1, b'-') && digit(at + 2)
    }

    fn number_follows(&self, from: usize) -> bool {
        for i in from..from + 3 {
            match self.atoms.get(i) {
                Some(atom) if atom.sort == Sort::Space || matches!(atom.mark, b',' | b'/' | b'-') => {}
                Some(atom) => return matches!(atom.sort, Sort::Number | Sort::DigitFirst),
                None => return false,
            }
        }
        false
    }

    fn month_follows(&self, from: usize) -> bool {
        let next = (from..from + 3).find(|i| self.sort(*i).is_some_and(Sort::is_word));
        next.is_some_and(|i| Lower::of(self.text_of(i)).is(is::MONTH))
    }

    /// A level in capitals, in brackets, behind its key, or before a colon, near the start.
    fn is_level(&mut self, at: usize, text: &[u8], word: Lower) -> bool {
        let Some(severity) = word.level().filter(|_| at <= 100 && self.to.severity.is_none()) else {
            return false;
        };
        let before = at.checked_sub(1).map_or(0, |i| self.atoms[i].mark);
        let after = self.atoms.get(at + 1).map_or(0, |atom| atom.mark);
        let bracketed =
            matches!((before, after), (b'[', b']' | b':') | (b'<', b'>') | (b'(', b')') | (b'|', b'|'));
        let keyed = matches!(before, b'=' | b':' | b'"')
            && self.last_word(4).is_some_and(|key| key.is(is::LEVEL_KEY));
        let labelled = after == b':' && at < 16;
        let timed = matches!(self.to.last, Last::Number | Last::Clock)
            && at < 24
            && self.sort(at + 1) == Some(Sort::Space);
        let capitals = text.iter().all(u8::is_ascii_uppercase);
        if keyed || text.len() >= 3 && (capitals || bracketed || labelled || timed) {
            self.to.severity = Some(severity);
            return true;
        }
        false
    }

    /// What a word says about severity, where no level does.
    fn suggests(&mut self, end: usize, word: Lower, failure: bool) {
        let fatal = word.is(is::FATAL);
        let error = failure || word.is(is::ERROR);
        if !fatal && !error {
            return;
        }
        let key = self.is(end, b'=')
            || (self.is(end, b':') || self.sort(end) == Some(Sort::Space)) && self.text_of(end + 1) == b"0";
        let denied = match self.to.last {
            Last::Word(before) => before.is(is::DENIES),
            _ => false,
        };
        if !key && !denied {
            self.to.hint =
                Some(if fatal { Severity::Fatal } else { self.to.hint.unwrap_or(Severity::Error) });
        }
    }

    /// A name in a known place: `invalid user NAME`, `for user NAME`, `for NAME from 1.2.3.4`.
    fn is_user(&self, at: usize) -> bool {
        let before = |at: usize| {
            let i = at
                .checked_sub(2)
                .filter(|i| self.sort(at - 1) == Some(Sort::Space) && self.sort(*i) == Some(Sort::Word))?;
            Some((i, Lower::of(self.text_of(i))))
        };
        let Some((i, user)) = before(at) else { return false };
        let spaced = |i: usize| self.sort(i) == Some(Sort::Space);
        if user.same(b"for") {
            return spaced(at + 1)
                && self.text_of(at + 2) == b"from"
                && spaced(at + 3)
                && self.sort(at + 4).is_some_and(Sort::has_digit);
        }
        user.is(is::USER) && before(i).is_some_and(|(_, word)| word.is(is::TO_USER))
    }
}

/// Hex without a digit: long, or as long as a group of a UUID beside a number.
fn is_hex(text: &[u8], beside: bool) -> bool {
    (text.len() >= 8 || beside && text.len() == 4) && text.iter().all(u8::is_ascii_hexdigit)
}

/// `files` behind a number is `file`.
fn singular(text: &[u8]) -> &[u8] {
    match text {
        [head @ .., last, b's'] if head.len() >= 2 && !matches!(last, b's' | b'u' | b'i') => {
            text.get(..text.len() - 1).unwrap_or(text)
        }
        _ => text,
    }
}

/// A name of a host by its ending.
fn is_host(text: &[u8], dots: usize) -> bool {
    let first = text.split(|b| *b == b'.').next().unwrap_or_default();
    let last = text.rsplit(|b| *b == b'.').next().unwrap_or_default();
    dots >= 2
        && text.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'.' | b'-'))
        && !matches!(first, b"com" | b"org" | b"net" | b"io" | b"java" | b"javax")
        && Lower::of(last).is(is::HOST)
}
