//! UTF-16 text as UTF-8, so that a line ends where a line feed is. It is told
//! by its byte order mark, or by the zero bytes between its letters.

use std::io::{self, Read};

/// Gives text as it is, or as UTF-8 where it is UTF-16.
pub struct Text<R> {
    inner: R,
    form: Option<Form>,
    /// What was read and not yet given.
    ready: Vec<u8>,
    given: usize,
    /// The first byte of a pair.
    odd: Option<u8>,
    /// The first half of a character.
    high: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    AsItIs,
    Little,
    Big,
}

/// So many bytes are looked at.
const LOOKED_AT: usize = 256;

impl<R: Read> Text<R> {
    /// The text of some bytes.
    pub fn of(inner: R) -> Self {
        Self { inner, form: None, ready: Vec::new(), given: 0, odd: None, high: None }
    }

    fn take(&mut self, bytes: &[u8], form: Form) {
        let pairs = self.odd.take().into_iter().chain(bytes.iter().copied());
        let mut first = None;
        let mut units = Vec::with_capacity(bytes.len() / 2 + 2);
        units.extend(self.high.take());
        for byte in pairs {
            match first.take() {
                None => first = Some(byte),
                Some(a) if form == Form::Little => units.push(u16::from_le_bytes([a, byte])),
                Some(a) => units.push(u16::from_be_bytes([a, byte])),
            }
        }
        self.odd = first;
        if units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            self.high = units.pop();
        }
        let mut letter = [0; 4];
        for c in char::decode_utf16(units) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(c.encode_utf8(&mut letter).as_bytes());
        }
    }

    fn give(&mut self, buffer: &mut [u8]) -> usize {
        let length = buffer.len().min(self.ready.len() - self.given);
        buffer[..length].copy_from_slice(&self.ready[self.given..self.given + length]);
        self.given += length;
        if self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
        }
        length
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.ready.is_empty() || buffer.is_empty() {
                return Ok(self.give(buffer));
            }
            if self.form == Some(Form::AsItIs) {
                return self.inner.read(buffer);
            }
            let mut bytes = vec![0; buffer.len().max(LOOKED_AT)];
            let length = self.inner.read(&mut bytes)?;
            let mut bytes = &bytes[..length];
            let first = self.form.is_none();
            let form = *self.form.get_or_insert_with(|| form_of(bytes));
            if form == Form::AsItIs {
                self.ready = bytes.to_vec();
                if length == 0 {
                    return Ok(0);
                }
                continue;
            }
            if length == 0 {
                // Half a character at the end is shown as one that is none.
                let cut = self.odd.take().is_some() | self.high.take().is_some();
                if cut {
                    self.ready.extend_from_slice("\u{fffd}".as_bytes());
                    continue;
                }
                return Ok(0);
            }
            if first && matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
                bytes = &bytes[2..];
            }
            self.take(bytes, form);
        }
    }
}

fn form_of(first: &[u8]) -> Form {
    match first {
        [0xff, 0xfe, 0, 0, ..] => return Form::AsItIs,
        [0xff, 0xfe, ..] => return Form::Little,
        [0xfe, 0xff, ..] => return Form::Big,
        _ => {}
    }
    let pairs = first[..first.len().min(LOOKED_AT)].chunks_exact(2);
    let (all, mut little, mut big) = (pairs.len(), 0, 0);
    for pair in pairs {
        little += usize::from(pair[0] != 0 && pair[1] == 0);
        big += usize::from(pair[0] == 0 && pair[1] != 0);
    }
    let mostly = |count: usize| all >= 4 && count * 10 >= all * 9;
    if mostly(little) {
        Form::Little
    } else if mostly(big) {
        Form::Big
    } else {
        Form::AsItIs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as a slow pipe may; the first piece is whole.
    struct Slow<'b>(&'b [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length =
                if std::mem::replace(&mut self.1, false) { 9 } else { 1 }.min(self.0.len()).min(buffer.len());
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    fn read(bytes: &[u8]) -> String {
        let (mut whole, mut slow) = (Vec::new(), Vec::new());
        Text::of(bytes).read_to_end(&mut whole).unwrap();
        Text::of(Slow(bytes, true)).read_to_end(&mut slow).unwrap();
        assert_eq!(whole, slow);
        String::from_utf8_lossy(&whole).into_owned()
    }

    #[test]
    fn utf_16_is_told_by_its_mark_or_its_zeros() {
        let text = "ERROR Zahlung ungültig 💥\r\nnext line\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (mark, bytes) in
            [(vec![0xff, 0xfe], &little), (vec![], &little), (vec![0xfe, 0xff], &big), (vec![], &big)]
        {
            assert_eq!(read(&[mark, bytes.clone()].concat()), text);
        }
        assert_eq!(read(&little[..little.len() - 1]), text.replace("line\n", "line\u{fffd}"));
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for text in ["", "a", "plain text\n", "\0\0\0\0\0\0\0\0", "a\0b", "\u{feff}with a mark"] {
            assert_eq!(read(text.as_bytes()), text);
        }
        let binary: Vec<u8> = (0..=255).collect();
        let mut out = Vec::new();
        Text::of(&binary[..]).read_to_end(&mut out).unwrap();
        assert_eq!(out, binary);
    }
}
