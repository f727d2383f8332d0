//! A command that is not understood may print a form that names itself: TAP
//! with its plan, or the text of Rust's test harness. Nothing else is read
//! into what it prints.

use crate::testing::case::{Counts, ReadError, Report};
use crate::testing::libtest::Libtest;
use crate::testing::lines::Lines;
use crate::testing::tap::Tap;

/// The reader.
#[derive(Debug)]
pub struct Sniff {
    tap: Tap,
    libtest: Libtest,
}

impl Sniff {
    /// A reader for a tree.
    pub fn new(root: &str) -> Sniff {
        Sniff { tap: Tap::new(root), libtest: Libtest::new(root) }
    }
}

impl Lines for Sniff {
    fn line(&mut self, line: &str) {
        self.tap.line(line);
        self.libtest.line(line);
    }

    fn so_far(&self) -> Counts {
        let libtest = self.libtest.so_far();
        if libtest.total() > 0 || !self.tap.is_named() { libtest } else { self.tap.so_far() }
    }

    fn finish(self: Box<Self>) -> Result<Report, ReadError> {
        if self.libtest.has_begun() {
            return Box::new(self.libtest).finish();
        }
        if self.tap.is_named() { Box::new(self.tap).finish() } else { Err(ReadError::Nothing) }
    }
}
