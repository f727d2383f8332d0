//! A log in blocks that several cores can read at once.
//!
//! A block ends where an event certainly ends, so that no stack trace is cut in
//! two; where no such place is found within [`Blocks::SEARCHED`] bytes it ends
//! at any line end. Threads are the caller's.

/// Whole lines of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The 1-based number of its first line.
    pub first_line: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Cuts a stream into [`Block`]s.
#[derive(Debug, Clone)]
pub struct Blocks {
    size: usize,
    held: Vec<u8>,
    line: u64,
}

impl Blocks {
    /// How far back from a block's end a place to cut is looked for, in bytes.
    pub const SEARCHED: usize = 256 * 1024;

    /// Blocks of about so many bytes, at least 64 KiB.
    pub fn new(size: usize) -> Self {
        Self { size: size.max(64 * 1024), held: Vec::new(), line: 1 }
    }

    /// Takes a piece of the log, cut anywhere; gives the block that it fills.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<Block> {
        self.held.extend_from_slice(bytes);
        if self.held.len() < self.size {
            return None;
        }
        let end = cut(&self.held)?;
        let rest = self.held.split_off(end);
        Some(self.block(rest))
    }

    /// Gives what is left.
    pub fn finish(mut self) -> Option<Block> {
        (!self.held.is_empty()).then(|| self.block(Vec::new()))
    }

    fn block(&mut self, rest: Vec<u8>) -> Block {
        let bytes = std::mem::replace(&mut self.held, rest);
        let first_line = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Block { first_line, bytes }
    }
}

/// Where the last event that certainly begins in `bytes` begins.
fn cut(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(Blocks::SEARCHED);
    let mut last = None;
    for end in memchr::memrchr_iter(b'\n', &bytes[from..]) {
        let start = from + end + 1;
        last = last.or(Some(start));
        if bytes.get(start).is_some_and(|b| b.is_ascii_digit() || matches!(b, b'[' | b'{' | b'<')) {
            return Some(start);
        }
    }
    last
}
