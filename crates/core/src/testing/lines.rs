//! Output as lines, in bounded memory: chunks come in as they were read, a
//! line that never ends is cut, and bytes that are no UTF-8 are replaced.

use super::case::{Counts, ReadError, Report};

/// A longer line is cut, in bytes.
pub const MAX_LINE: usize = 256 * 1024;

/// Reads results from lines as they come.
pub trait Lines: Send {
    /// Takes a line, without its end.
    fn line(&mut self, line: &str);
    /// How many tests there are so far, for people who wait.
    fn so_far(&self) -> Counts;
    /// The results, once there are no more lines.
    fn finish(self: Box<Self>) -> Result<Report, ReadError>;
}

/// Makes lines of chunks.
#[derive(Debug, Default)]
pub struct Splitter {
    partial: Vec<u8>,
}

impl Splitter {
    /// Takes a chunk, and gives every line that ends in it.
    pub fn feed(&mut self, chunk: &[u8], give: &mut dyn FnMut(&str)) {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            self.keep(&rest[..end]);
            self.give(give);
            rest = &rest[end + 1..];
        }
        self.keep(rest);
    }

    /// Gives the last line, if it had no end.
    pub fn finish(&mut self, give: &mut dyn FnMut(&str)) {
        if !self.partial.is_empty() {
            self.give(give);
        }
    }

    /// The line under way.
    pub fn under_way(&self) -> String {
        String::from_utf8_lossy(&self.partial).into_owned()
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn give(&mut self, give: &mut dyn FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.partial);
        give(text.strip_suffix('\r').unwrap_or(&text));
        self.partial.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut all = Vec::new();
        let mut splitter = Splitter::default();
        for chunk in chunks {
            splitter.feed(chunk, &mut |line| all.push(line.to_owned()));
        }
        splitter.finish(&mut |line| all.push(line.to_owned()));
        all
    }

    #[test]
    fn chunks_may_end_anywhere() {
        assert_eq!(lines(&[b"a\r\nb", b"c\n\nd"]), ["a", "bc", "", "d"]);
        assert_eq!(lines(&["ä".as_bytes().split_at(1).0, &"ä".as_bytes()[1..], b"\n"]), ["ä"]);
        assert_eq!(lines(&[&[0xff, b'x', b'\n']]), ["\u{fffd}x"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let chunk = vec![b'x'; 64 * 1024];
        let mut splitter = Splitter::default();
        for _ in 0..100 {
            splitter.feed(&chunk, &mut |_| {});
        }
        assert!(splitter.partial.capacity() <= 2 * MAX_LINE);
        let mut length = 0;
        splitter.feed(b"\nnext\n", &mut |line| length = length.max(line.len()));
        assert_eq!(length, MAX_LINE);
    }
}
