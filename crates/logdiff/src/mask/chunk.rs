//! Chunks: words and numbers without a break between them. Whole they are an
//! id, an address, a path, or a name with a number; otherwise their parts count.

use super::{Last, Pass, ends_chunk};
use crate::atoms::{Atom, Sort};
use crate::key;
use crate::words::{Lower, is};

/// Marks that put a name together.
fn joins(atom: &Atom) -> bool {
    matches!(atom.mark, b'-' | b'.' | b'#' | b'~' | b'+')
}

impl Pass<'_, '_> {
    pub(super) fn chunk(&mut self, at: usize, to: usize) -> usize {
        let end = (at..to).find(|i| ends_chunk(&self.atoms[*i])).unwrap_or(to);
        let first = self.atoms[at];
        if self.host == Some((first.start, self.atoms[end - 1].end)) {
            self.name();
            return end;
        }
        if self.is_address(at) {
            return self.path(at, to);
        }
        let stop = |i: &usize| !matches!(self.atoms[*i].mark, b'.' | b':' | b'!' | b'?');
        let core = (at..end).rev().find(stop).map_or(end, |i| i + 1);
        let chunk = self.atoms.get(at..core).unwrap_or_default();
        let digits = chunk.iter().any(|atom| atom.sort.has_digit());
        if Self::is_path(chunk, digits) && self.code(at).is_none() {
            return self.path(at, to);
        }
        if digits && self.is_id(chunk) {
            self.to.key.unsign();
            let number = chunk.iter().all(|atom| !atom.sort.is_word() && atom.sort != Sort::LetterFirst);
            self.to.key.var(if number { key::NUMBER } else { key::NAME });
            self.came(if number && self.is(at + 1, b':') { Last::Clock } else { Last::Number });
        } else {
            self.parts(at, core);
        }
        for i in core..end {
            self.put_mark(self.atoms[i].mark);
        }
        end
    }

    /// `https://…`, `C:\…`
    fn is_address(&self, at: usize) -> bool {
        let single = self.sort(at) == Some(Sort::Word) && self.text_of(at).len() == 1;
        let slash = |i: usize| self.is(i, b'/');
        self.is(at + 1, b':')
            && (slash(at + 2) && slash(at + 3) || single && (self.is(at + 2, b'\\') || slash(at + 2)))
    }

    /// Several slashes, one with a number or an ending of a file; a name at a place.
    fn is_path(chunk: &[Atom], digits: bool) -> bool {
        let slashes = chunk.iter().filter(|atom| matches!(atom.mark, b'/' | b'\\')).count();
        let ending = match chunk {
            [.., _, dot, name] => dot.is(b'.') && name.sort == Sort::Word && name.end - name.start <= 5,
            _ => false,
        };
        slashes >= 2
            || slashes == 1 && (digits || ending)
            || chunk.len() >= 3 && chunk.iter().any(|atom| atom.is(b'@'))
    }

    pub(super) fn path_starts(&self, at: usize, to: usize) -> bool {
        let before = at.checked_sub(1).map(|i| self.atoms[i]);
        let starts = before.is_none_or(|atom| ends_chunk(&atom) || atom.is(b':'));
        let Some(next) = self.atoms.get(at + 1).filter(|_| at + 1 < to) else { return false };
        let name = next.sort.is_word()
            || next.sort.has_digit()
            || matches!(next.mark, b'.' | b'-' | b'/' | b'%' | b'*');
        starts
            && match self.atoms[at].mark {
                b'/' => name,
                b'\\' => next.is(b'\\'),
                b'~' => next.is(b'/'),
                b'.' => next.is(b'/') || (next.is(b'.') && self.is(at + 2, b'/')),
                _ => false,
            }
    }

    /// A path or an address from here on; a query has breaks of its own.
    pub(super) fn path(&mut self, at: usize, to: usize) -> usize {
        let ends = |atom: &Atom| {
            atom.sort == Sort::Space
                || matches!(
                    atom.mark,
                    b'"' | b'\'' | b'`' | b'<' | b'>' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|'
                )
        };
        let mut end = (at..to).find(|i| ends(&self.atoms[*i])).unwrap_or(to);
        if !(at..end).any(|i| self.is(i, b'?')) {
            end = (at..end).find(|i| matches!(self.atoms[*i].mark, b',' | b';' | b'=')).unwrap_or(end);
        }
        let stop = |i: &usize| !matches!(self.atoms[*i].mark, b'.' | b':' | b'!' | b',' | b';');
        let core = (at..end).rev().find(stop).map_or(at + 1, |i| i + 1);
        self.name();
        for i in core..end {
            self.put_mark(self.atoms[i].mark);
        }
        end.max(at + 1)
    }

    /// UUIDs, addresses, hex with dashes or colons; names with numbers; versions.
    fn is_id(&self, chunk: &[Atom]) -> bool {
        self.is_hex(chunk)
            || is_place(self.line, chunk)
            || self.is_name(chunk)
            || is_version(chunk)
            || self.is_pod(chunk)
    }

    fn hex_word(&self, atom: &Atom) -> bool {
        let text = atom.of(self.line);
        atom.sort == Sort::Word
            && matches!(text.len(), 1 | 2 | 3 | 4 | 8 | 12)
            && text.iter().all(u8::is_ascii_hexdigit)
    }

    fn is_hex(&self, chunk: &[Atom]) -> bool {
        let hex = |atom: &Atom| match atom.sort {
            Sort::Word => self.hex_word(atom),
            Sort::Mark => matches!(atom.mark, b'-' | b':' | b'.'),
            sort => sort.has_digit() && !is_type(atom.of(self.line)),
        };
        let marks = chunk.iter().filter(|atom| atom.sort == Sort::Mark).count();
        let colons = chunk.iter().filter(|atom| atom.is(b':')).count();
        let digits = chunk.iter().filter(|atom| atom.sort.has_digit()).count();
        marks >= 2 && chunk.iter().all(hex) || colons >= 3 && digits >= 2
    }

    /// `worker-12`, `req-6f3a…-bfbb-…`, `kafka-1.example.org`, `Name.java:12`.
    fn is_name(&self, chunk: &[Atom]) -> bool {
        let (name, port) = match chunk {
            [name @ .., colon, port] if colon.is(b':') && port.sort == Sort::Number => (name, true),
            _ => (chunk, false),
        };
        let telling = |atom: &Atom| {
            let text = atom.of(self.line);
            let lower = Lower::of(text);
            is_type(text)
                || atom.sort == Sort::Word && !self.hex_word(atom) && lower.is(is::FAILURE | is::LEVEL)
        };
        let only = name.iter().all(|atom| atom.sort != Sort::Mark || joins(atom));
        let ellipsis = chunk.windows(2).any(|pair| pair[0].is(b'.') && pair[1].is(b'.'));
        if !only || ellipsis || !name.iter().any(joins) || name.iter().any(telling) {
            return false;
        }
        if let [word, _, _] = name
            && word.sort == Sort::Word
            && Lower::of(word.of(self.line)).is(is::PREFIX)
        {
            return false;
        }
        let dots = name.iter().all(|atom| atom.sort != Sort::Mark || atom.is(b'.'));
        let port = port && (dots && name.len() > 4 || is_ending(self.line, name));
        port || name.iter().any(|atom| atom.sort.has_digit())
            && (!dots || self.to.body || first_is_number(name))
    }

    /// `web-7d4b9c6f5-xkqzl`: a word without vowels behind a hash.
    fn is_pod(&self, chunk: &[Atom]) -> bool {
        let [.., hash, dash, name] = chunk else { return false };
        hash.sort.has_digit()
            && dash.is(b'-')
            && name.sort == Sort::Word
            && name.end - name.start == 5
            && name.of(self.line).iter().all(|b| b"bcdfghjklmnpqrstvwxz".contains(b))
    }

    pub(super) fn parts(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            let atom = self.atoms[at];
            at = match atom.sort {
                Sort::Mark | Sort::Space => {
                    self.put_mark(atom.mark);
                    at + 1
                }
                Sort::Word | Sort::Foreign => self.word(at, to),
                Sort::LetterFirst if is_type(atom.of(self.line)) => {
                    self.to.key.token(key::FIXED, atom.of(self.line));
                    self.to.suggest_error();
                    self.came(Last::Nothing);
                    at + 1
                }
                _ => {
                    if let Some(end) = self.code(at) {
                        self.put_code(at, end);
                        end
                    } else {
                        self.number(at);
                        at + 1
                    }
                }
            }
        }
    }
}

/// `Http2Exception`: a type, whatever its number.
pub(crate) fn is_type(text: &[u8]) -> bool {
    text.ends_with(b"Exception") || text.ends_with(b"Error")
}

/// Whether the last label is a file's or a host's.
fn is_ending(line: &[u8], name: &[Atom]) -> bool {
    name.last().is_some_and(|label| Lower::of(label.of(line)).is(is::FILE | is::HOST))
}

fn first_is_number(chunk: &[Atom]) -> bool {
    matches!(chunk.first().map(|atom| atom.sort), Some(Sort::Number | Sort::DigitFirst))
}

/// `R02-M1-N0-C:J12-U11`: several numbers between short capitals.
fn is_place(line: &[u8], chunk: &[Atom]) -> bool {
    let short = |atom: &Atom| {
        !atom.sort.is_word() || atom.end - atom.start <= 2 && atom.of(line).iter().all(u8::is_ascii_uppercase)
    };
    let count = |f: fn(&Atom) -> bool| chunk.iter().filter(|atom| f(atom)).count();
    count(|atom| atom.sort == Sort::Mark) >= 2
        && count(|atom| atom.sort.has_digit()) >= 2
        && chunk.iter().all(short)
}

/// `1.2.3-SNAPSHOT`, `v2.0.1-rc1+build`.
fn is_version(chunk: &[Atom]) -> bool {
    let number =
        |at: usize| chunk.get(at).is_some_and(|atom| matches!(atom.sort, Sort::Number | Sort::DigitFirst));
    let v = chunk.first().is_some_and(|atom| atom.sort == Sort::LetterFirst)
        && chunk.get(1).is_some_and(|atom| atom.is(b'.'))
        && number(2);
    let fits = |atom: &Atom| atom.sort != Sort::Mark || matches!(atom.mark, b'.' | b'-' | b'_' | b'+' | b'~');
    chunk.len() >= 3 && (number(0) || v) && chunk.iter().all(fits)
}
