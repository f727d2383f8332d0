//! A log in blocks that several cores can read at once.
//!
//! A block ends where an event certainly ends, so that no stack trace is cut in
//! two; where no such place is found within [`Blocks::SEARCHED`] bytes it ends
//! at any line end. Threads are the caller's.

use crate::encoding::Decoder;
use crate::line::{self, Reader};
use crate::text::clean;

/// Whole lines of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The 1-based number of its first line.
    pub first_line: u64,
    /// Its bytes, in UTF-8 where the log was in UTF-16.
    pub bytes: Vec<u8>,
}

/// Cuts a stream into [`Block`]s.
#[derive(Debug)]
pub struct Blocks {
    size: usize,
    held: Vec<u8>,
    line: u64,
    decoder: Decoder,
    reader: Reader,
}

impl Blocks {
    /// How far back from a block's end a place to cut is looked for, in bytes.
    pub const SEARCHED: usize = 64 * 1024;

    /// Blocks of about so many bytes, at least 64 KiB.
    pub fn new(size: usize) -> Self {
        Self::exactly(size.max(64 * 1024))
    }

    pub(crate) fn exactly(size: usize) -> Self {
        Self { size, held: Vec::new(), line: 1, decoder: Decoder::default(), reader: Reader::default() }
    }

    /// Takes a piece of the log, cut anywhere. Ask [`Blocks::next_block`] after each.
    pub fn feed(&mut self, bytes: &[u8]) {
        let decoded = self.decoder.decode(bytes);
        self.held.extend_from_slice(decoded);
    }

    /// Gives a block, if one is full.
    pub fn next_block(&mut self) -> Option<Block> {
        if self.held.len() < self.size {
            return None;
        }
        let end = self.cut()?;
        let rest = self.held.split_off(end);
        Some(self.block(rest))
    }

    /// Gives what is left.
    pub fn finish(mut self) -> Option<Block> {
        let rest = self.decoder.finish().to_vec();
        self.held.extend_from_slice(&rest);
        (!self.held.is_empty()).then(|| self.block(Vec::new()))
    }

    fn block(&mut self, rest: Vec<u8>) -> Block {
        let bytes = std::mem::replace(&mut self.held, rest);
        let first_line = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Block { first_line, bytes }
    }

    /// Where the last event that certainly begins in what is held begins.
    fn cut(&mut self) -> Option<usize> {
        let from = self.held.len().saturating_sub(Self::SEARCHED);
        let mut last = None;
        let mut end = self.held.len();
        for at in memchr::memrchr_iter(b'\n', self.held.get(from..)?) {
            let start = from + at + 1;
            last = last.or(Some(start));
            let line = self.held.get(start..end)?;
            // A line that is cut off may be anything.
            if end < self.held.len() && start > 0 {
                let facts = self.reader.read(&clean(line));
                if line::begins(facts) {
                    return Some(start);
                }
            }
            end = start - 1;
        }
        last.filter(|end| *end > 0)
    }
}
