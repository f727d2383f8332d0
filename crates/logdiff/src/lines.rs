//! Bytes in any chunking to lines of at most [`LONGEST`] bytes.

/// The longest line that is looked at, in bytes; the rest of it is skipped.
pub(crate) const LONGEST: usize = 64 * 1024;

/// Puts lines together across chunks; a line within one chunk is never copied.
#[derive(Debug, Clone, Default)]
pub(crate) struct Splitter {
    held: Vec<u8>,
    /// Whether a line has begun that has not ended.
    begun: bool,
    cut: bool,
    /// Lines seen so far.
    pub lines: u64,
    /// Lines that were longer than [`LONGEST`].
    pub truncated: u64,
}

impl Splitter {
    /// Takes a chunk and hands over each line that it completes.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(u64, &[u8])) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let line = bytes.get(start..end).unwrap_or_default();
            start = end + 1;
            if self.begun {
                self.hold(line);
                self.hand_over(&mut each);
            } else {
                self.lines += 1;
                let whole = line.len() <= LONGEST;
                self.truncated += u64::from(!whole);
                each(self.lines, if whole { line } else { line.get(..LONGEST).unwrap_or_default() });
            }
        }
        if start < bytes.len() {
            self.hold(bytes.get(start..).unwrap_or_default());
        }
    }

    /// Hands over the last line, if it had no line end.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(u64, &[u8])) {
        if self.begun {
            self.hand_over(&mut each);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LONGEST - self.held.len();
        self.begun = true;
        self.cut |= bytes.len() > room;
        self.held.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn hand_over(&mut self, each: &mut impl FnMut(u64, &[u8])) {
        self.lines += 1;
        self.truncated += u64::from(self.cut);
        each(self.lines, &self.held);
        self.held.clear();
        self.begun = false;
        self.cut = false;
    }
}
