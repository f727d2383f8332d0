//! Pours logs, one after the other, into blocks of whole lines, and counts
//! them. Lines are numbered over all logs, as if they were one.

use super::LogError;
use super::find::{Found, Queue};
use super::open::OpenLog;
use crate::sys::interrupt;
use hotfix_core::logs::LogSource;
use hotfix_logdiff::{Block, Blocks};

/// About so many bytes are a block.
pub const BLOCK: usize = 2 << 20;
/// More of one line is left out; the library looks at less of it still.
const LONGEST_LINE: u64 = 1 << 20;

/// What takes the blocks.
pub trait Sink {
    /// Takes a block.
    fn block(&mut self, block: Block);
    /// A log has ended: its last block was taken.
    fn log_ended(&mut self) {}
    /// Now and then: what is read, and how many bytes of it were.
    fn progress(&mut self, _name: &str, _bytes: u64) {}
}

/// What was read, in the order in which it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Poured {
    /// The logs.
    pub sources: Vec<LogSource>,
    /// What happened to them meanwhile, for people.
    pub notices: Vec<String>,
}

/// Reads logs to their ends, in blocks of about so many bytes.
pub fn pour(found: &[Found], block: usize, sink: &mut dyn Sink) -> Result<Poured, LogError> {
    let mut queue = Queue::open(found)?;
    let mut pump = Pump { sink, block, blocks: None, before: 0, lines: 0, last: b'\n', line: 0 };
    let mut poured = Poured::default();
    while let Some((log, continues)) = queue.take()? {
        if !continues {
            pump.end_log();
        }
        let (name, packing, first_line) = (log.name.clone(), log.packing, pump.lines + 1);
        let (bytes, mut notices) = pump.read(log)?;
        let lines = pump.lines + 1 - first_line;
        poured.sources.push(LogSource { name, packing, bytes, first_line, lines });
        poured.notices.append(&mut notices);
    }
    pump.end_log();
    poured.notices.splice(0..0, queue.notices);
    Ok(poured)
}

struct Pump<'s> {
    sink: &'s mut dyn Sink,
    block: usize,
    blocks: Option<Blocks>,
    /// Lines of the logs before this one.
    before: u64,
    /// Lines so far; one that has not ended counts once its log has.
    lines: u64,
    /// The last byte that was read.
    last: u8,
    /// How long the line under way is.
    line: u64,
}

impl Pump<'_> {
    fn read(&mut self, log: OpenLog) -> Result<(u64, Vec<String>), LogError> {
        let name = log.name.clone();
        let mut bytes = 0;
        let ended = log.read(&mut |piece| {
            bytes += piece.len() as u64;
            self.sink.progress(&name, bytes);
            if interrupt::asked() {
                return Err(LogError::Interrupted { name: name.clone() });
            }
            self.take(piece);
            Ok(())
        })?;
        // What follows, even in the same log, begins a line.
        if self.last != b'\n' {
            self.take(b"\n");
        }
        Ok((ended.bytes, ended.notices))
    }

    fn take(&mut self, piece: &[u8]) {
        let Some(last) = piece.last() else { return };
        self.last = *last;
        let ends = memchr::memrchr(b'\n', piece);
        self.lines += memchr::memchr_iter(b'\n', piece).count() as u64;
        // What is left out of a line lies between its beginning and its end.
        let from = match ends {
            _ if self.line < LONGEST_LINE => 0,
            Some(_) => memchr::memchr(b'\n', piece).unwrap_or(0),
            None => piece.len(),
        };
        self.line = ends.map_or(self.line + piece.len() as u64, |end| (piece.len() - end - 1) as u64);
        for part in piece[from..].chunks((self.block / 8).max(4096)) {
            let blocks = self.blocks.get_or_insert_with(|| Blocks::new(self.block));
            if let Some(block) = blocks.feed(part) {
                self.give(block);
            }
        }
    }

    fn give(&mut self, mut block: Block) {
        block.first_line += self.before;
        self.sink.block(block);
    }

    fn end_log(&mut self) {
        let Some(blocks) = self.blocks.take() else { return };
        if let Some(block) = blocks.finish() {
            self.give(block);
        }
        self.before = self.lines;
        self.sink.log_ended();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[derive(Default)]
    struct Kept {
        blocks: Vec<Block>,
        logs: usize,
    }

    impl Sink for Kept {
        fn block(&mut self, block: Block) {
            self.blocks.push(block);
        }
        fn log_ended(&mut self) {
            self.logs += 1;
        }
    }

    fn found(folder: &Path, name: &str, continues: bool) -> Found {
        Found { name: name.to_owned(), path: Some(folder.join(name)), continues }
    }

    #[test]
    fn lines_are_numbered_over_all_logs() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a.log.1", "1\n2"), ("a.log", "3\n"), ("empty", ""), ("b.log", "4\n5\n")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let all = [("a.log.1", false), ("a.log", true), ("empty", false), ("b.log", false)];
        let all = all.map(|(name, continues)| found(folder.path(), name, continues));
        let mut kept = Kept::default();
        let poured = pour(&all, BLOCK, &mut kept).unwrap();
        let spans: Vec<_> = poured.sources.iter().map(|s| (s.first_line, s.lines, s.bytes)).collect();
        assert_eq!(spans, [(1, 2, 3), (3, 1, 2), (4, 0, 0), (4, 2, 4)]);
        let blocks: Vec<_> = kept.blocks.iter().map(|b| (b.first_line, b.bytes.as_slice())).collect();
        assert_eq!(blocks, [(1, &b"1\n2\n3\n"[..]), (4, b"4\n5\n")]);
        assert_eq!(kept.logs, 2);
    }

    #[test]
    fn most_of_a_very_long_line_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("first\n{}\nlast\n", "x".repeat(20 << 20));
        std::fs::write(folder.path().join("long"), text).unwrap();
        let mut kept = Kept::default();
        let poured = pour(&[found(folder.path(), "long", false)], BLOCK, &mut kept).unwrap();
        assert_eq!((poured.sources[0].lines, poured.sources[0].bytes), (3, (20 << 20) + 12));
        let text: Vec<u8> = kept.blocks.into_iter().flat_map(|b| b.bytes).collect();
        assert!(text.len() < 2 << 20, "{}", text.len());
        assert!(text.starts_with(b"first\nxxx") && text.ends_with(b"x\nlast\n"));
    }
}
