//! Bytes in any chunking to clean lines: no escape sequence, no control
//! character, at most [`LONGEST`] bytes each.

/// The longest line that is looked at, in bytes; the rest of it is skipped.
pub(crate) const LONGEST: usize = 64 * 1024;

/// Puts lines together across chunks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Splitter {
    held: Vec<u8>,
    cut: bool,
    /// Lines seen so far.
    pub lines: u64,
    /// Lines that were longer than [`LONGEST`].
    pub truncated: u64,
}

impl Splitter {
    /// Takes a chunk and hands over each line that it completes.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(u64, &str)) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            self.hold(&bytes[start..end]);
            self.hand_over(&mut each);
            start = end + 1;
        }
        self.hold(&bytes[start..]);
    }

    /// Hands over the last line, if it had no line end.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(u64, &str)) {
        if !self.held.is_empty() {
            self.hand_over(&mut each);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LONGEST - self.held.len();
        self.cut |= bytes.len() > room;
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn hand_over(&mut self, each: &mut impl FnMut(u64, &str)) {
        self.lines += 1;
        self.truncated += u64::from(self.cut);
        each(self.lines, &clean(&self.held));
        self.held.clear();
        self.cut = false;
    }
}

/// Text without escape sequences; other control characters and bidirectional
/// overrides become a visible stand-in, a tab stays.
pub(crate) fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' | '\u{9b}' => skip_escape(c, &mut chars),
            '\t' => out.push(c),
            '\r'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{feff}' => {}
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Skips a control sequence (ECMA-48): CSI to its final byte, OSC and other
/// strings to their terminator, anything else one character.
fn skip_escape(introducer: char, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let kind = if introducer == '\u{9b}' { Some('[') } else { chars.next() };
    match kind {
        Some('[') => {
            while chars.peek().is_some_and(|c| ('\u{20}'..='\u{3f}').contains(c)) {
                chars.next();
            }
            if chars.peek().is_some_and(|c| ('\u{40}'..='\u{7e}').contains(c)) {
                chars.next();
            }
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || c == '\u{9c}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        Some('(' | ')' | '#') => {
            chars.next();
        }
        _ => {}
    }
}
