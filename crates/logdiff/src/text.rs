//! Bytes of a log to text that is safe to work with and to show.
//!
//! No escape sequence, no control character and no bidirectional override gets
//! past this room.

use std::borrow::Cow;

/// Whether a byte may start something that [`clean`] takes away.
pub(crate) const fn is_suspect(b: u8) -> bool {
    matches!(b, 0..=8 | 10..=31 | 127 | 0xc2 | 0xe2)
}

/// The line without escape sequences; other control characters become blanks,
/// since they part words. Most lines are clean as they are.
pub(crate) fn clean(line: &[u8]) -> Cow<'_, [u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let Some(first) = line.iter().position(|b| is_suspect(*b)) else { return Cow::Borrowed(line) };
    let mut out = Vec::with_capacity(line.len());
    let (head, mut rest) = line.split_at(first);
    out.extend_from_slice(head);
    while let Some((&b, after)) = rest.split_first() {
        rest = match b {
            0x1b => skip_escape(after),
            // The one-byte introducers of ECMA-48 in UTF-8.
            0xc2 if matches!(after.first(), Some(0x80..=0x9f)) => {
                let (kind, after) = (after[0], &after[1..]);
                match kind {
                    0x9b => skip_control(after),
                    0x90 | 0x98 | 0x9d..=0x9f => skip_string(after),
                    _ => {
                        out.push(b' ');
                        after
                    }
                }
            }
            0xe2 if is_invisible(after) => after.get(2..).unwrap_or_default(),
            b'\t' => {
                out.push(b'\t');
                after
            }
            0..=31 | 127 => {
                out.push(b' ');
                after
            }
            _ => {
                out.push(b);
                after
            }
        };
    }
    Cow::Owned(out)
}

/// Whether these are the last two bytes of a character without a width, or of
/// one that turns the direction of text.
fn is_invisible(rest: &[u8]) -> bool {
    matches!(rest, [0x80, 0x8b..=0x8f | 0xa8..=0xae, ..] | [0x81, 0xa0..=0xaf, ..])
}

/// What follows an escape sequence whose escape character is gone (ECMA-48).
fn skip_escape(rest: &[u8]) -> &[u8] {
    let Some((&kind, after)) = rest.split_first() else { return rest };
    match kind {
        b'[' => skip_control(after),
        b']' | b'P' | b'X' | b'^' | b'_' => skip_string(after),
        b'(' | b')' | b'#' | b'%' | b'*' | b'+' | b' ' => after.get(1..).unwrap_or_default(),
        0x20..=0x7e => after,
        _ => rest,
    }
}

/// A control sequence up to its final byte.
fn skip_control(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|b| !(0x20..=0x3f).contains(b)).unwrap_or(rest.len());
    let rest = rest.get(end..).unwrap_or_default();
    match rest.split_first() {
        Some((0x40..=0x7e, after)) => after,
        _ => rest,
    }
}

/// A control string up to its terminator. One without a terminator takes only
/// its introducer away, or it could hide the rest of the line.
fn skip_string(rest: &[u8]) -> &[u8] {
    for (i, b) in rest.iter().enumerate() {
        match b {
            7 => return rest.get(i + 1..).unwrap_or_default(),
            0x1b => {
                let after = rest.get(i + 1..).unwrap_or_default();
                return after.strip_prefix(b"\\").unwrap_or(after);
            }
            0xc2 if rest.get(i + 1) == Some(&0x9c) => return rest.get(i + 2..).unwrap_or_default(),
            _ => {}
        }
    }
    rest
}

/// Text for people: at most `longest` bytes, whole characters, an ellipsis where it was cut.
pub(crate) fn shown(line: &[u8], longest: usize) -> String {
    let clean = clean(line);
    let cut = clean.len() > longest;
    let head = if cut { clean.get(..longest).unwrap_or_default() } else { &clean };
    let mut out = String::with_capacity(head.len());
    for c in String::from_utf8_lossy(head).chars() {
        match c {
            '\t' => out.push(' '),
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{61c}' => {}
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    if cut {
        out.truncate(out.trim_end_matches('\u{fffd}').len());
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_go_and_words_stay() {
        let cases: [(&[u8], &[u8]); 8] = [
            (b"\x1b[31mERROR\x1b[0m bad\r", b"ERROR bad"),
            (b"\x1b]0;title\x07x", b"x"),
            (b"\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", b"link"),
            (b"\xc2\x9b2Jx", b"x"),
            (b"a\x00b\x08c", b"a b c"),
            (b"\x1b]unterminated is kept", b"unterminated is kept"),
            (b"\xef\xbb\xbfbom", b"bom"),
            ("caf\u{e9}\tx".as_bytes(), "caf\u{e9}\tx".as_bytes()),
        ];
        for (from, to) in cases {
            assert_eq!(clean(from).as_ref(), to, "{}", String::from_utf8_lossy(from));
        }
    }

    #[test]
    fn what_is_shown_has_no_control_and_is_short() {
        let text = shown("x\u{202e}evil\u{7f} \u{85}\u{9b}31m\u{1b}[2J\u{2066}".as_bytes(), 100);
        assert_eq!(text, "xevil   ");
        let cut = shown("ü".repeat(100).as_bytes(), 11);
        assert_eq!(cut, "üüüüü…");
        assert_eq!(shown(b"\xff\xfe", 9), "\u{fffd}\u{fffd}");
    }
}
