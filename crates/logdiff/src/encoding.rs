//! UTF-16 to UTF-8, where a log starts with a byte order mark or looks like it.

/// What a log is written in, once it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Encoding {
    #[default]
    Unknown,
    /// UTF-8, or anything else in single bytes.
    Bytes,
    Little,
    Big,
}

/// Turns the chunks of one log into UTF-8; keeps what a chunk's end cut in two.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decoder {
    encoding: Encoding,
    /// Bytes that are not yet decided or half a character.
    held: Vec<u8>,
    /// The first half of a surrogate pair.
    high: Option<u16>,
    out: Vec<u8>,
}

impl Decoder {
    /// The chunk in UTF-8; itself where nothing is to be done.
    pub(crate) fn decode<'a>(&'a mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.encoding == Encoding::Bytes {
            return bytes;
        }
        if self.encoding == Encoding::Unknown {
            if self.held.is_empty() && bytes.len() >= 4 {
                self.encoding = detect(bytes);
                if self.encoding == Encoding::Bytes {
                    return bytes;
                }
            } else {
                self.held.extend_from_slice(bytes);
                if self.held.len() < 4 {
                    return &[];
                }
                return self.decide();
            }
        }
        self.units(bytes)
    }

    /// What is left at the end of a log; the next log starts anew.
    pub(crate) fn finish(&mut self) -> &[u8] {
        let rest = if self.encoding == Encoding::Unknown && !self.held.is_empty() {
            self.decide().len()
        } else {
            self.out.clear();
            0
        };
        self.encoding = Encoding::Unknown;
        self.held.clear();
        self.high = None;
        self.out.get(..rest).unwrap_or_default()
    }

    fn decide(&mut self) -> &[u8] {
        let held = std::mem::take(&mut self.held);
        self.encoding = detect(&held);
        if self.encoding == Encoding::Bytes {
            self.out = held;
            return &self.out;
        }
        self.units(&held)
    }

    fn units(&mut self, bytes: &[u8]) -> &[u8] {
        self.out.clear();
        let mut bytes = bytes;
        if let (Some(&first), Some((&second, rest))) = (self.held.first(), bytes.split_first()) {
            self.held.clear();
            self.unit([first, second]);
            bytes = rest;
        }
        let mut pairs = bytes.chunks_exact(2);
        for pair in &mut pairs {
            self.unit([pair[0], pair[1]]);
        }
        self.held.extend_from_slice(pairs.remainder());
        &self.out
    }

    fn unit(&mut self, pair: [u8; 2]) {
        let unit =
            if self.encoding == Encoding::Big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
        let high = self.high.take();
        if high.is_none() && (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        let text = high.into_iter().chain([unit]);
        for c in char::decode_utf16(text) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            if c != '\u{feff}' {
                self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// By the byte order mark, or by where the zeros of the first two characters are.
fn detect(bytes: &[u8]) -> Encoding {
    match *bytes {
        [0xff, 0xfe, ..] => Encoding::Little,
        [0xfe, 0xff, ..] => Encoding::Big,
        [a, 0, b, 0, ..] if a != 0 && b != 0 => Encoding::Little,
        [0, a, 0, b, ..] if a != 0 && b != 0 => Encoding::Big,
        _ => Encoding::Bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(bytes: &[u8], cut: usize) -> String {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for chunk in bytes.chunks(cut) {
            out.extend_from_slice(decoder.decode(chunk));
        }
        out.extend_from_slice(decoder.finish());
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn both_orders_with_and_without_a_mark_in_any_pieces() {
        let text = "ERROR bäd \u{1f600} end\n";
        for mark in ["", "\u{feff}"] {
            let units: Vec<u16> = [mark, text].concat().encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
            for cut in [1, 2, 3, 5, 7, 100] {
                assert_eq!(through(&little, cut), text);
                assert_eq!(through(&big, cut), text);
            }
        }
        assert_eq!(through("plain ü".as_bytes(), 1), "plain ü");
        assert_eq!(through(b"x", 1), "x");
        assert_eq!(through(b"", 1), "");
    }
}
