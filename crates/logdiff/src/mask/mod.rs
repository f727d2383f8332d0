//! A line to its key: what varies becomes a variable, what tells stays.
//!
//! Variable: numbers, times, ids, addresses, paths, quoted values, values of
//! keys that carry no message, names in known places. Telling: words, levels,
//! short numbers beside a status or code key (200 → 500 is news), error codes.
//!
//! Everything here is decided from the atoms of a line (see [`crate::atoms`]),
//! and of an atom with a digit only its sort counts, except for the codes that
//! [`crate::shape`] keeps, too. So it can be remembered by the shape of a line.

mod chunk;
mod code;
mod word;

pub(crate) use chunk::is_type;

use crate::Severity;
use crate::atoms::{Atom, Sort, split};
use crate::header::Header;
use crate::key::{self, Key};
use crate::words::{Lower, is};

/// Quotes and lists that are longer, in atoms, are no values.
const FAR: usize = 200;

/// What came last: what a number may be the code of.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Last {
    #[default]
    Nothing,
    Word(Lower),
    /// `HTTP/1.1`: one of so many numbers to come may be the answer.
    Http(u8),
    Number,
    /// A number with a colon beside it, as in a clock time.
    Clock,
}

/// Turns text into keys; keeps its memory between lines.
#[derive(Debug, Default)]
pub(crate) struct Masker {
    atoms: Vec<Atom>,
    pub key: Key,
    last: Last,
    /// Marks and blanks since the last word or number.
    gap: u32,
    /// Whether one of them was `=` or `:`.
    keyed: bool,
    /// Words outside brackets so far, and whether the message has begun.
    words: u32,
    body: bool,
    severity: Option<Severity>,
    /// What the words suggest, where no level says it.
    hint: Option<Severity>,
    /// Whether an answer of 5xx was among the numbers.
    pub server_error: bool,
}

impl Masker {
    /// Starts a new key.
    pub(crate) fn begin(&mut self) {
        self.key.clear();
        self.severity = None;
        self.hint = None;
        self.server_error = false;
    }

    /// Cuts a line into atoms, for its header and for [`Masker::line`].
    pub(crate) fn split(&mut self, line: &[u8]) -> &[Atom] {
        self.atoms.clear();
        split(line, &mut self.atoms);
        &self.atoms
    }

    /// Adds the line that was split last.
    pub(crate) fn line(&mut self, line: &[u8], header: &Header) {
        self.severity = self.severity.or(header.severity);
        self.run(line, false, header.host);
    }

    /// Adds the message of a record.
    pub(crate) fn message(&mut self, text: &[u8]) {
        self.split(text);
        self.run(text, true, None);
    }

    /// Adds the name of a logger.
    pub(crate) fn component(&mut self, text: &[u8]) {
        self.split(text);
        self.run(text, false, None);
        self.key.space();
    }

    /// Adds a field that tells.
    pub(crate) fn telling(&mut self, name: &[u8], text: &[u8], numeric: bool) {
        self.key.space();
        self.key.token(key::FIXED, name);
        self.key.mark(b'=');
        self.split(text);
        let last = Last::Word(Lower::of(name.rsplit(|b| *b == b'.').next().unwrap_or_default()));
        let atoms = std::mem::take(&mut self.atoms);
        (self.last, self.gap, self.keyed, self.body) = (last, 1, true, true);
        let mut pass = Pass { line: text, atoms: &atoms, to: self, host: None };
        match pass.code(0).filter(|end| numeric && *end == atoms.len()) {
            Some(_) => pass.put_code(0, atoms.len()),
            None => pass.run(0, atoms.len(), 1),
        }
        self.atoms = atoms;
    }

    /// Adds the name of a field whose value varies.
    pub(crate) fn field(&mut self, name: &[u8]) {
        self.key.space();
        self.key.token(key::FIXED, name);
        self.key.mark(b'=');
        self.key.var(key::NAME);
    }

    fn run(&mut self, line: &[u8], body: bool, host: Option<(u32, u32)>) {
        let atoms = std::mem::take(&mut self.atoms);
        self.last = Last::Nothing;
        (self.gap, self.keyed, self.words, self.body) = (0, false, 0, body);
        Pass { line, atoms: &atoms, to: self, host }.run(0, atoms.len(), 0);
        self.atoms = atoms;
    }

    fn suggest_error(&mut self) {
        self.hint = Some(self.hint.unwrap_or(Severity::Error));
    }

    pub(crate) fn set_severity(&mut self, severity: Option<Severity>) {
        self.severity = severity;
    }

    /// The severity that a level names.
    pub(crate) fn severity_named(&self) -> Option<Severity> {
        self.severity
    }

    /// The severity by level, or else by words.
    pub(crate) fn severity(&self) -> Severity {
        self.severity.or(self.hint).unwrap_or(Severity::Unknown)
    }
}

/// One text on its way to a key.
struct Pass<'a, 'm> {
    line: &'a [u8],
    atoms: &'a [Atom],
    to: &'m mut Masker,
    /// Where the name of the host is, which says nothing.
    host: Option<(u32, u32)>,
}

/// Whether an atom parts chunks: blanks, quotes, brackets, list marks.
fn ends_chunk(atom: &Atom) -> bool {
    atom.sort == Sort::Space
        || matches!(
            atom.mark,
            b'"' | b'\''
                | b'`'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b'<'
                | b'>'
                | b','
                | b';'
                | b'='
                | b'|'
                | b'&'
        )
}

impl<'a> Pass<'a, '_> {
    fn run(&mut self, from: usize, to: usize, depth: u8) {
        let mut at = from;
        while at < to {
            if self.to.key.len() > key::LONGEST_KEY {
                return;
            }
            at = match self.atoms[at].sort {
                Sort::Space => {
                    self.space(at);
                    at + 1
                }
                Sort::Mark => self.mark(at, to, depth),
                _ => self.chunk(at, to),
            };
        }
    }

    fn text_of(&self, at: usize) -> &'a [u8] {
        self.atoms.get(at).map_or(&b""[..], |atom| atom.of(self.line))
    }

    fn is(&self, at: usize, mark: u8) -> bool {
        self.atoms.get(at).is_some_and(|atom| atom.is(mark))
    }

    fn sort(&self, at: usize) -> Option<Sort> {
        self.atoms.get(at).map(|atom| atom.sort)
    }

    /// A blank; behind `component:` or between ` - ` the message begins.
    fn space(&mut self, at: usize) {
        let mark = |i: usize| self.atoms.get(i).map_or(0, |atom| atom.mark);
        let before = at.checked_sub(1).map_or(0, mark);
        let alone = at.checked_sub(2).is_some_and(|i| self.sort(i) == Some(Sort::Space));
        let parts = before == b':' || alone && matches!(before, b'-' | b'|' | b'>');
        self.to.body |= self.to.words > 0 && parts;
        self.to.key.space();
        self.to.gap += 1;
    }

    /// One mark, or what it opens.
    fn mark(&mut self, at: usize, to: usize, depth: u8) -> usize {
        let mark = self.atoms[at].mark;
        match mark {
            b'"' | b'\'' | b'`' => {
                if let Some(end) = self.quoted(at, to) {
                    self.quote(at, end, to, depth);
                    return end + 1;
                }
            }
            b'[' | b'{' => {
                if let Some(end) = self.list(at, to) {
                    self.put_mark(mark);
                    self.name();
                    return end;
                }
            }
            b'=' => {
                if let Some(end) = self.value(at, to) {
                    self.put_mark(mark);
                    self.name();
                    return end;
                }
            }
            b'/' | b'~' | b'.' | b'\\' if self.path_starts(at, to) => return self.path(at, to),
            _ => {}
        }
        if depth == 0 || mark != b'\\' {
            self.put_mark(mark);
        }
        at + 1
    }

    fn put_mark(&mut self, mark: u8) {
        self.to.key.mark(mark);
        self.to.keyed |= matches!(mark, b'=' | b':');
        self.to.gap += 1;
    }

    /// A variable that is no number.
    fn name(&mut self) {
        self.to.key.var(key::NAME);
        self.came(Last::Number);
    }

    fn came(&mut self, last: Last) {
        self.to.last = last;
        self.to.gap = 0;
        self.to.keyed = false;
    }

    /// The last word, if it is not too long ago.
    fn last_word(&self, far: u32) -> Option<Lower> {
        match self.to.last {
            Last::Word(word) if self.to.gap <= far => Some(word),
            _ => None,
        }
    }

    /// The place of the closing quote of what opens here. An apostrophe inside a word is no quote.
    fn quoted(&self, at: usize, to: usize) -> Option<usize> {
        let quote = self.atoms[at].mark;
        let alnum = |i: usize| self.sort(i).is_some_and(|sort| sort.is_word() || sort.has_digit());
        if quote == b'\'' && at > 0 && alnum(at - 1) {
            return None;
        }
        let mut escaped = false;
        for end in at + 1..to.min(at + FAR) {
            let atom = self.atoms[end];
            if atom.is(quote) && !escaped && !(quote == b'\'' && alnum(end + 1)) {
                return Some(end);
            }
            escaped = atom.is(b'\\') && !escaped;
        }
        None
    }

    fn quote(&mut self, at: usize, end: usize, to: usize, depth: u8) {
        let (from, inner_end) = (at + 1, end);
        let protocol = |i: &usize| self.text_of(*i) == b"HTTP" && self.is(*i + 1, b'/');
        if let Some(http) = (from..inner_end.saturating_sub(1)).rev().take(6).find(protocol) {
            if self.sort(from) == Some(Sort::Word) && http > from {
                self.to.key.request(self.text_of(from));
            } else {
                self.to.key.var(key::NAME);
            }
            self.came(Last::Http(1));
            return;
        }
        let whole = at == 0 && end + 1 == to;
        if depth < 3 && (whole || self.tells_here() || self.is_message(from, inner_end)) {
            self.put_mark(b'"');
            self.run(from, inner_end, depth + 1);
            self.put_mark(b'"');
        } else {
            self.name();
        }
    }

    /// Whether the last word is a key whose value says what happened.
    fn tells_here(&self) -> bool {
        let Some(word) = self.last_word(3) else { return false };
        self.to.keyed && word.is(is::TELLS | is::CODE) || word.is(is::REASON)
    }

    /// Three words or more, of which one says that something fails.
    fn is_message(&self, from: usize, to: usize) -> bool {
        let words =
            || self.atoms.get(from..to).unwrap_or_default().iter().filter(|atom| atom.sort == Sort::Word);
        words().count() >= 3 && words().any(|atom| Lower::of(atom.of(self.line)).is(is::FAILURE))
    }

    /// The end of a list of values that opens here, if that is what it is.
    fn list(&self, at: usize, to: usize) -> Option<usize> {
        let (open, close) = if self.is(at, b'[') { (b'[', b']') } else { (b'{', b'}') };
        let mut depth = 0_u32;
        let mut commas = 0;
        for end in at..to.min(at + FAR) {
            let atom = self.atoms[end];
            if atom.is(open) {
                depth += 1;
            } else if atom.is(close) {
                depth -= 1;
                if depth == 0 {
                    return (commas > 0 || end == at + 1).then_some(end);
                }
            } else if atom.is(b',') {
                commas += 1;
            }
        }
        None
    }

    /// The end of the value behind `key=`, where the key does not say that the value tells.
    fn value(&self, at: usize, to: usize) -> Option<usize> {
        let word = self.last_word(1)?;
        let spaced = self.to.gap == 1;
        let operator = self.is(at + 1, b'=') || self.is(at + 1, b'>');
        if operator || word.is(is::TELLS | is::CODE) || (spaced && self.sort(at + 1) != Some(Sort::Space)) {
            return None;
        }
        let from = if spaced { at + 2 } else { at + 1 };
        match self.atoms.get(from).filter(|_| from < to)?.mark {
            b'"' | b'\'' | b'`' => return self.quoted(from, to).map(|end| end + 1),
            b'[' | b'{' => return self.list(from, to).map(|end| end + 1),
            _ => {}
        }
        let ends = |atom: &Atom| {
            atom.sort == Sort::Space
                || matches!(
                    atom.mark,
                    b',' | b';' | b')' | b']' | b'}' | b'|' | b'&' | b'>' | b'"' | b'(' | b'[' | b'{'
                )
        };
        let end = (from..to).find(|i| ends(&self.atoms[*i])).unwrap_or(to);
        (end > from || !spaced).then_some(end)
    }
}
