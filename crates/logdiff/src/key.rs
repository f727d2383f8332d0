//! The template of one line, in bytes: text with marks before each token.
//!
//! Control characters never come from a log (they are cleaned away before), so
//! they serve as marks here.

use crate::{Part, Severity, WILD};

/// A token that stands for anything; one more byte says what it was: [`NUMBER`] or [`NAME`].
pub(crate) const VAR: u8 = 1;
/// A variable that was a number.
pub(crate) const NUMBER: u8 = b'n';
/// A variable that was something else: an id, a path, a quoted value.
pub(crate) const NAME: u8 = b'i';
/// A word that may turn out to vary.
pub(crate) const WORD: u8 = 2;
/// A word that never varies.
pub(crate) const FIXED: u8 = 3;
/// A number that tells.
pub(crate) const CODE: u8 = 4;
/// A level; how bad it is counts, not how it is written.
pub(crate) const LEVEL: u8 = 5;
/// What is between two tokens, where it does not start with a blank.
pub(crate) const GLUE: u8 = 6;
/// Part of a stack trace: a frame or an exception type.
pub(crate) const FRAME: u8 = 7;
/// The quoted request of an access log, by its method.
pub(crate) const REQUEST: u8 = 8;

/// The longest key in bytes; what is beyond does not count.
pub(crate) const LONGEST_KEY: usize = 4096;

/// A key in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Key {
    bytes: Vec<u8>,
    /// Where the last variable ends, and only light marks came since.
    var_end: usize,
    glued: bool,
    /// Where the variable ends before an opening parenthesis, and the one behind it.
    adjunct: usize,
    inner: usize,
    /// Where the last two variables end, for what repeats.
    ends: [usize; 2],
}

impl Key {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.var_end = 0;
        self.glued = false;
        self.adjunct = 0;
        self.inner = 0;
        self.ends = [0; 2];
    }

    /// The finished key.
    pub(crate) fn done(&mut self) -> &[u8] {
        while self.bytes.last() == Some(&b' ') {
            self.bytes.pop();
        }
        self.bytes.truncate(LONGEST_KEY);
        &self.bytes
    }

    /// Adds a token with text.
    pub(crate) fn token(&mut self, mark: u8, text: &[u8]) {
        self.bytes.push(mark);
        self.bytes.extend_from_slice(text);
        self.var_end = 0;
        self.glued = false;
    }

    /// Adds a variable; with nothing but light marks since the last one, it is the same.
    pub(crate) fn var(&mut self, sort: u8) {
        if self.var_end > 0 {
            self.bytes.truncate(self.var_end);
            if let Some(last) = self.bytes.last_mut().filter(|_| sort == NAME) {
                *last = NAME;
            }
        } else {
            if self.adjunct > 0 && self.bytes.last() != Some(&b'(') {
                self.adjunct = 0;
            }
            self.bytes.extend([VAR, sort]);
            self.var_end = self.bytes.len();
            self.inner = self.var_end;
            self.repeats();
        }
        self.glued = true;
    }

    /// Takes back what repeats between variables: a list of any length is one.
    fn repeats(&mut self) {
        let [first, second] = self.ends;
        let between = |from: usize, to: usize| self.bytes.get(from..to.saturating_sub(2)).unwrap_or_default();
        let (before, now) = (between(first, second), between(second, self.bytes.len()));
        if first > 0 && now.len() > 1 && before == now {
            self.bytes.truncate(second);
            self.var_end = second;
            self.inner = 0;
        } else {
            self.ends = [second, self.bytes.len()];
        }
    }

    /// Adds the quoted request of an access log; it swallows a variable before it.
    pub(crate) fn request(&mut self, method: &[u8]) {
        if self.var_end > 0 {
            self.bytes.truncate(self.var_end - 2);
        }
        self.token(REQUEST, method);
    }

    /// Adds one blank, where there is none yet.
    pub(crate) fn space(&mut self) {
        if !self.bytes.is_empty() && self.bytes.last() != Some(&b' ') {
            self.bytes.push(b' ');
        }
        self.glued = true;
    }

    /// Adds a mark; repetitions count once.
    pub(crate) fn mark(&mut self, mark: u8) {
        let before = self.var_end;
        let light = matches!(
            mark,
            b',' | b'.' | b':' | b';' | b'/' | b'-' | b'+' | b'_' | b'@' | b'#' | b'~' | b'%' | b'*' | b'\\'
        );
        if !light {
            self.var_end = 0;
        }
        if self.bytes.last() == Some(&mark) {
            return;
        }
        // `12 (0.5 KB)` is one number.
        if mark == b')' && self.adjunct > 0 && self.inner == self.bytes.len() {
            self.bytes.truncate(self.adjunct);
            self.var_end = self.adjunct;
            self.adjunct = 0;
            return;
        }
        if mark == b'(' && before > 0 && self.bytes.len() <= before + 1 {
            self.adjunct = before;
        }
        if !self.glued {
            self.bytes.push(GLUE);
            self.glued = true;
        }
        self.bytes.push(mark);
    }

    /// Takes back a sign that belongs to the number that follows.
    pub(crate) fn unsign(&mut self) {
        let mut end = self.bytes.len();
        while end > 0 && matches!(self.bytes[end - 1], b'-' | b'+' | b'#' | b'$' | b'~' | b'@' | b'<' | b'>')
        {
            end -= 1;
        }
        let before = end.checked_sub(1).and_then(|i| self.bytes.get(i));
        if before.is_none_or(|b| matches!(b, b' ' | b'(' | b'[' | b'=' | b':' | b',' | b'{' | b'"')) {
            self.bytes.truncate(end);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// The byte in front of a stored key that says how bad it is.
pub(crate) fn badge(severity: Severity) -> u8 {
    16 + severity as u8
}

/// How bad a stored key is, and the key.
pub(crate) fn unbadged(stored: &[u8]) -> (Severity, &[u8]) {
    const ALL: [Severity; 6] = [
        Severity::Fatal,
        Severity::Error,
        Severity::Warning,
        Severity::Info,
        Severity::Debug,
        Severity::Unknown,
    ];
    match stored.split_first() {
        Some((&badge @ 16..=21, key)) => (ALL[usize::from(badge - 16)], key),
        _ => (Severity::Unknown, stored),
    }
}

/// A token of a finished key, with what is between it and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'k> {
    pub glue: &'k [u8],
    pub mark: u8,
    pub text: &'k [u8],
}

/// The tokens of a key, with or without badge; the last may be an end without text and with mark 0.
pub(crate) fn tokens(key: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let mut rest = unbadged(key).1;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let start = rest.iter().position(|b| (VAR..=REQUEST).contains(b) && *b != GLUE).unwrap_or(rest.len());
        let (glue, after) = rest.split_at(start);
        let glue = glue.strip_prefix(&[GLUE]).unwrap_or(glue);
        let Some((&mark, after)) = after.split_first() else {
            rest = after;
            return Some(Token { glue, mark: 0, text: b"" });
        };
        let ends = |b: &u8| *b == b' ' && mark != FRAME || (VAR..=REQUEST).contains(b);
        let end =
            if mark == VAR { after.len().min(1) } else { after.iter().position(ends).unwrap_or(after.len()) };
        let (text, after) = after.split_at(end);
        rest = after;
        Some(Token { glue, mark, text })
    })
}

/// The pieces of a key to be shown; `open` says which tokens vary besides the variables.
pub(crate) fn parts(key: &[u8], open: impl Fn(usize) -> bool) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut fixed = String::new();
    for (i, token) in tokens(key).enumerate() {
        fixed.push_str(&String::from_utf8_lossy(token.glue));
        if token.mark == VAR || (token.mark != 0 && open(i)) {
            if !fixed.is_empty() {
                parts.push(Part { text: std::mem::take(&mut fixed), variable: false });
            }
            parts.push(Part { text: WILD.to_owned(), variable: true });
        } else {
            if token.mark == FRAME && i > 0 {
                fixed.push_str(" | ");
            }
            let request = token.mark == REQUEST;
            fixed.push_str(if request { "\"" } else { "" });
            fixed.push_str(&String::from_utf8_lossy(token.text));
            if request {
                parts.push(Part { text: std::mem::take(&mut fixed) + " ", variable: false });
                parts.push(Part { text: WILD.to_owned(), variable: true });
                fixed.push('"');
            }
        }
    }
    if !fixed.is_empty() {
        parts.push(Part { text: fixed, variable: false });
    }
    parts
}
