//! The chain of a journal's lines: writing one, reading them all, and finding
//! the first that does not follow.

use super::Record;
use crate::digest;

/// Why a journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A line that is no record.
    #[error("line {line} is no record: {reason}")]
    NotARecord {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A line whose place is wrong.
    #[error("line {line} has the sequence number {found}, {line} was expected")]
    Sequence {
        /// The line, from 1.
        line: usize,
        /// The number it has.
        found: u64,
    },
    /// A line that does not follow from the one before.
    #[error("line {line} does not follow from the line before: one of the two was changed")]
    Broken {
        /// The line, from 1.
        line: usize,
    },
}

/// What was read from a journal's bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The records, in order.
    pub records: Vec<Record>,
    /// Digest of the last whole line; empty if there is none.
    pub head: String,
    /// How many bytes hold whole lines. What is behind is a torn tail.
    pub whole: usize,
}

/// Reads a journal and checks its chain. A torn last line (no newline, or no
/// record) is left out; damage before it is an error that names the line.
pub fn read(bytes: &[u8]) -> Result<Chain, ChainError> {
    let mut chain = Chain { records: Vec::new(), head: String::new(), whole: 0 };
    let mut at = 0;
    while at < bytes.len() {
        let Some(length) = bytes[at..].iter().position(|b| *b == b'\n') else {
            break;
        };
        let line = &bytes[at..at + length];
        let number = chain.records.len() + 1;
        let last = at + length + 1 == bytes.len();
        match serde_json::from_slice::<Record>(line) {
            Ok(record) => {
                check_link(&record, &chain.head, number)?;
                chain.records.push(record);
            }
            // A newline can reach the disk before the bytes ahead of it.
            Err(_) if last && line.contains(&0) => break,
            Err(e) => return Err(ChainError::NotARecord { line: number, reason: e.to_string() }),
        }
        chain.head = digest::of_bytes(line);
        at += length + 1;
        chain.whole = at;
    }
    Ok(chain)
}

fn check_link(record: &Record, head: &str, line: usize) -> Result<(), ChainError> {
    if record.seq != line as u64 {
        return Err(ChainError::Sequence { line, found: record.seq });
    }
    if record.prev != head {
        return Err(ChainError::Broken { line });
    }
    Ok(())
}

/// Writes a record as its line, newline included.
pub fn line(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(record)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Digest of a line as [`line()`] wrote it: the `prev` of the next.
pub fn link(line: &[u8]) -> String {
    digest::of_bytes(line.strip_suffix(b"\n").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Actor, Event, StepEnd};

    fn record(seq: u64, prev: &str, text: &str) -> Record {
        Record {
            seq,
            at: "2026-11-22T03:04:05Z".parse().unwrap(),
            by: Actor { tool: "0.1.0".into(), host: "h".into(), person: "M <m@x>".into(), simulated: false },
            attempt: 1,
            prev: prev.to_owned(),
            event: Event::Note { text: text.to_owned() },
        }
    }

    fn three() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut prev = String::new();
        for (i, text) in ["one", "two", "three"].iter().enumerate() {
            let l = line(&record(i as u64 + 1, &prev, text)).unwrap();
            prev = link(&l);
            bytes.extend(l);
        }
        bytes
    }

    #[test]
    fn events_do_not_collide_with_the_record() {
        let who = || "W <w@x>".to_owned();
        let events = vec![
            Event::Waived { gate: "g".into(), by: who(), reason: "r".into(), self_waived: true },
            Event::BrokeGlass { what: "w".into(), by: who(), reason: "r".into() },
            Event::Done { step: "s".into(), by: who(), note: None },
            Event::TakenOver { by: who(), epoch: 2 },
            Event::Resolved { by: who(), how: "h".into() },
            Event::ApprovalVoided { by: who(), commit: "c".into(), reason: "r".into() },
            Event::HandedOver { to: who(), epoch: 1 },
            Event::Closed {},
            Event::StepEnded { step: "s".into(), state: StepEnd::Failed, reason: None },
        ];
        for event in events {
            let whole = Record { event, ..record(1, "", "") };
            let bytes = line(&whole).unwrap();
            assert_eq!(read(&bytes).unwrap().records, [whole]);
        }
    }

    #[test]
    fn a_chain_reads_back() {
        let bytes = three();
        let chain = read(&bytes).unwrap();
        assert_eq!((chain.records.len(), chain.whole), (3, bytes.len()));
        assert_eq!(read(b"").unwrap().records.len(), 0);
    }

    #[test]
    fn a_torn_tail_is_left_out_at_every_byte() {
        let bytes = three();
        for cut in 0..bytes.len() {
            let chain = read(&bytes[..cut]).unwrap();
            assert!(chain.whole <= cut);
            assert_eq!(chain.records.len(), bytes[..cut].split(|b| *b == b'\n').count() - 1);
        }
    }

    #[test]
    fn damage_names_its_line() {
        let text = String::from_utf8(three()).unwrap();
        let changed = text.replacen("\"two\"", "\"2wo\"", 1);
        assert_eq!(read(changed.as_bytes()).unwrap_err(), ChainError::Broken { line: 3 });
        let dropped: String =
            text.lines().enumerate().filter(|(i, _)| *i != 1).flat_map(|(_, l)| [l, "\n"]).collect();
        assert_eq!(read(dropped.as_bytes()).unwrap_err(), ChainError::Sequence { line: 2, found: 3 });
        let garbled = text.replacen("{\"seq\":2", "{\"seq\":", 1);
        assert!(matches!(read(garbled.as_bytes()), Err(ChainError::NotARecord { line: 2, .. })));
    }

    #[test]
    fn any_changed_byte_is_found() {
        let bytes = three();
        let second = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
        for i in 0..second {
            let mut copy = bytes.clone();
            copy[i] ^= 1;
            assert!(read(&copy).is_err(), "byte {i}");
        }
    }
}
