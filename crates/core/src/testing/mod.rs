//! What test runners say: which runner a command is, how it is asked for
//! results per test, how they are read, what a finished run means, and how
//! the base and the fix compare.
//!
//! Readers take lines or bytes and give a [`Report`]. They never guess: what
//! is malformed, cut off or too large is an error, and the run says nothing.

pub mod case;
pub mod compare;
pub mod go_json;
pub mod jest;
pub mod judge;
pub mod junit;
pub mod libtest;
pub mod lines;
pub mod runner;
pub mod tap;
pub mod unittest;

pub use case::{Case, Counts, ReadError, Report, Status, Trouble};
pub use lines::Lines;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A form in which results per test are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// JUnit's XML.
    Junit,
    /// The Test Anything Protocol.
    Tap,
    /// `go test -json`.
    GoJson,
    /// The text of Rust's own test harness.
    Libtest,
    /// The JSON of jest and vitest.
    JestJson,
    /// The text of Python's `unittest -v`.
    Unittest,
    /// None: the exit status alone counts.
    ExitStatus,
}

impl Format {
    /// The format's name for people.
    pub fn name(self) -> &'static str {
        match self {
            Format::Junit => "JUnit XML",
            Format::Tap => "TAP",
            Format::GoJson => "go test's JSON",
            Format::Libtest => "libtest's text",
            Format::JestJson => "jest's JSON",
            Format::Unittest => "unittest's text",
            Format::ExitStatus => "the exit status",
        }
    }

    /// A reader for what a runner prints; none for formats that are files.
    pub fn reader(self, root: &str) -> Option<Box<dyn Lines>> {
        match self {
            Format::Tap => Some(Box::new(tap::Tap::new(root))),
            Format::GoJson => Some(Box::new(go_json::GoJson::new(root))),
            Format::Libtest => Some(Box::new(libtest::Libtest::new(root))),
            Format::Unittest => Some(Box::new(unittest::Unittest::new(root))),
            Format::Junit | Format::JestJson | Format::ExitStatus => None,
        }
    }
}

/// Reads a whole document: a report's file, or output that was kept.
///
/// `root` is the folder of the tree, which is taken off the tests' names, so
/// that they are the same in every tree.
pub fn read(format: Format, input: &mut dyn std::io::BufRead, root: &str) -> Result<Report, ReadError> {
    match format {
        Format::Junit => junit::read(input, root),
        Format::JestJson => jest::read(input, root),
        Format::ExitStatus => Err(ReadError::Nothing),
        Format::Tap | Format::GoJson | Format::Libtest | Format::Unittest => {
            let mut reader = format.reader(root).ok_or(ReadError::Nothing)?;
            let mut splitter = lines::Splitter::default();
            loop {
                let chunk = input.fill_buf().map_err(|e| ReadError::Unreadable(e.to_string()))?;
                if chunk.is_empty() {
                    break;
                }
                splitter.feed(chunk, &mut |line| reader.line(line));
                let length = chunk.len();
                input.consume(length);
            }
            splitter.finish(&mut |line| reader.line(line));
            reader.finish()
        }
    }
}
