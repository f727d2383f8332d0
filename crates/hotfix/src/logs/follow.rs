//! A log that still grows: what is new in it is told as it comes.
//!
//! Only whole lines are looked at, since half of a known line would look new.
//! An event whose stack trace may go on is told once the log has been quiet
//! for [`QUIET`]. The end of the input and Ctrl-C are both its end.

use super::LogError;
use super::compare::{Compared, Only, collect, narrow};
use super::find::Found;
use super::open::{Ended, OpenLog};
use crate::sys::interrupt;
use hotfix_core::logs::{LogSource, Packing};
use hotfix_logdiff::{Comparison, Diff, Finding, Model};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// After so long without a line, no stack trace is expected to go on.
pub const QUIET: Duration = Duration::from_millis(20);
/// How often somebody who asked to stop is looked for.
const ASKED: Duration = Duration::from_millis(50);
/// More of one line is left out.
const LONGEST_LINE: usize = 1 << 20;

/// Whoever hears of new events.
pub trait Listener {
    /// An event that the baseline has not. Whether to go on.
    fn heard(&mut self, finding: &Finding<'_>) -> bool;
    /// Nothing more comes for now: what was said is to be seen.
    fn pause(&mut self) -> bool;
}

enum Piece {
    Bytes(Vec<u8>),
    End(Result<(Packing, Ended), LogError>),
}

/// Follows a log to its end.
pub fn follow(
    model: &Model,
    found: &Found,
    only: Only,
    listener: &mut dyn Listener,
) -> Result<Compared, LogError> {
    let pieces = read_beside(found.clone());
    let mut follower = Follower {
        comparison: Comparison::new(model, only.options()),
        only,
        lines: Vec::new(),
        held: Vec::new(),
        settled: true,
        goes_on: true,
        listener,
    };
    let (mut bytes, mut ended) = (0, None);
    while follower.goes_on && !interrupt::asked() {
        match pieces.recv_timeout(if follower.settled { ASKED } else { QUIET }) {
            Ok(Piece::Bytes(piece)) => {
                bytes += piece.len() as u64;
                follower.take(&piece);
            }
            Ok(Piece::End(end)) => {
                ended = Some(end?);
                break;
            }
            Err(RecvTimeoutError::Timeout) => follower.settle(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // What came before somebody asked to stop counts.
    while let Ok(Piece::Bytes(piece)) = pieces.try_recv() {
        bytes += piece.len() as u64;
        follower.take(&piece);
    }
    let diff = follower.end();
    let (packing, notices) = ended.map(|(packing, ended)| (packing, ended.notices)).unwrap_or_default();
    let source = LogSource { name: found.name.clone(), packing, bytes, first_line: 1, lines: diff.lines };
    Ok(Compared { diff, only, sources: vec![source], notices })
}

/// Reads on a thread of its own, which blocks where the input does.
fn read_beside(found: Found) -> Receiver<Piece> {
    let (sender, pieces) = sync_channel(8);
    std::thread::spawn(move || {
        let read = || {
            let log = OpenLog::open(&found)?;
            let packing = log.packing;
            let stopped = || LogError::Interrupted { name: found.name.clone() };
            let send = |piece: &[u8]| sender.send(Piece::Bytes(piece.to_vec())).map_err(|_| stopped());
            Ok((packing, log.read(&mut |piece| send(piece))?))
        };
        // Where nobody listens any more, nobody needs to know.
        let _ = sender.send(Piece::End(read()));
    });
    pieces
}

struct Follower<'m, 'l> {
    comparison: Comparison<'m>,
    only: Only,
    /// Lines of what is new, where the library does not collect them.
    lines: Vec<u64>,
    /// The beginning of a line that has not ended.
    held: Vec<u8>,
    /// The last event was told.
    settled: bool,
    goes_on: bool,
    listener: &'l mut dyn Listener,
}

impl Follower<'_, '_> {
    fn take(&mut self, piece: &[u8]) {
        let Some(end) = memchr::memrchr(b'\n', piece) else {
            if self.held.len() < LONGEST_LINE {
                self.held.extend_from_slice(piece);
            }
            return;
        };
        let (lines, begun) = piece.split_at(end + 1);
        if self.held.len() < LONGEST_LINE {
            self.held.extend_from_slice(lines);
        } else {
            self.held.extend_from_slice(&lines[memchr::memchr(b'\n', lines).unwrap_or(0)..]);
        }
        let whole = std::mem::replace(&mut self.held, begun.to_vec());
        self.hear(|comparison, each| comparison.feed_with(&whole, each));
        self.settled = false;
    }

    fn settle(&mut self) {
        if !self.settled {
            self.hear(|comparison, each| comparison.settle(each));
            self.goes_on &= self.listener.pause();
            self.settled = true;
        }
    }

    fn hear(&mut self, act: impl FnOnce(&mut Comparison<'_>, &mut dyn FnMut(&Finding<'_>))) {
        let Self { comparison, only, lines, goes_on, listener, .. } = self;
        act(comparison, &mut |finding| {
            collect(lines, *only, finding);
            if *goes_on && finding.is_new() && only.wants(finding.severity()) {
                *goes_on = listener.heard(finding);
            }
        });
        self.goes_on &= self.listener.pause();
    }

    fn end(mut self) -> Diff {
        let last = std::mem::take(&mut self.held);
        self.hear(|comparison, each| {
            comparison.feed_with(&last, &mut *each);
            comparison.end_log(each);
        });
        let mut diff = self.comparison.finish();
        narrow(&mut diff, self.only, self.lines);
        diff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard {
        lines: Vec<u64>,
        most: usize,
    }

    impl Listener for Heard {
        fn heard(&mut self, finding: &Finding<'_>) -> bool {
            self.lines.push(finding.line());
            self.lines.len() < self.most
        }
        fn pause(&mut self) -> bool {
            true
        }
    }

    fn model() -> Model {
        let mut model = Model::new();
        model.learn(b"INFO served 7 in 3 ms\nERROR payment 7 failed\n");
        model.finish();
        model
    }

    fn heard(pieces: &[&[u8]], most: usize) -> (Vec<u64>, Diff) {
        let model = model();
        let mut heard = Heard { most, ..Heard::default() };
        let mut follower = Follower {
            comparison: Comparison::new(&model, Only::All.options()),
            only: Only::All,
            lines: Vec::new(),
            held: Vec::new(),
            settled: true,
            goes_on: true,
            listener: &mut heard,
        };
        for piece in pieces {
            follower.take(piece);
            follower.settle();
        }
        let diff = follower.end();
        (heard.lines, diff)
    }

    #[test]
    fn half_a_line_is_nothing_new() {
        let (lines, diff) =
            heard(&[b"INFO served 9 i", b"n 4 ms\nERROR pay", b"ment 3 failed\nERROR pool", b" gone\n"], 9);
        assert_eq!((lines, diff.lines, diff.new.len()), (vec![3], 3, 1));
    }

    #[test]
    fn the_last_line_counts_without_its_end() {
        let (lines, diff) = heard(&[b"INFO served 9 in 4 ms\nERROR pool gone"], 9);
        assert_eq!((lines, diff.new_lines), (vec![2], vec![2]));
    }

    #[test]
    fn a_line_without_end_takes_no_more_room_than_a_long_one() {
        let model = model();
        let mut heard = Heard { most: 9, ..Heard::default() };
        let mut follower = Follower {
            comparison: Comparison::new(&model, Only::All.options()),
            only: Only::All,
            lines: Vec::new(),
            held: Vec::new(),
            settled: true,
            goes_on: true,
            listener: &mut heard,
        };
        let piece = vec![b'x'; 256 << 10];
        (0..400).for_each(|_| follower.take(&piece));
        assert!(follower.held.len() < 2 << 20);
        follower.take(b"\nERROR pool gone\n");
        assert_eq!(follower.end().lines, 2);
    }

    #[test]
    fn who_does_not_listen_any_more_hears_no_more() {
        let (lines, diff) = heard(&[b"a b c\nd e f\ng h i\nj k l\n"], 2);
        assert_eq!(lines.len(), 2);
        assert_eq!(diff.new.len(), 4, "it is counted all the same");
    }
}
