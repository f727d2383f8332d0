//! The text of Python's `unittest -v`: what it lists is checked against what
//! it counts, and where the two differ only the counts and the list of
//! failures are believed.

use super::case::{Counts, Gather, ReadError, Report, Status, Trouble};
use super::lines::Lines;
use std::collections::HashMap;

/// The reader.
#[derive(Debug)]
pub struct Unittest {
    all: Gather,
    /// Tests with their end, as far as it was found.
    seen: Vec<(String, Option<Status>)>,
    /// A test whose end is not there yet.
    open: Option<usize>,
    /// Failures by name, with what was said.
    failures: Vec<(String, String)>,
    in_failures: bool,
    ran: Option<u64>,
    ended: Option<Ended>,
}

#[derive(Debug, Default)]
struct Ended {
    failed: u64,
    skipped: u64,
}

impl Unittest {
    /// A reader for a tree.
    pub fn new(root: &str) -> Unittest {
        Unittest {
            all: Gather::new(root),
            seen: Vec::new(),
            open: None,
            failures: Vec::new(),
            in_failures: false,
            ran: None,
            ended: None,
        }
    }

    fn listing(&mut self, line: &str) {
        let end = line.rsplit_once(" ... ").map(|(head, end)| (head, end.trim()));
        let status = |end: &str| match end.split(' ').next().unwrap_or_default() {
            "ok" => Some(Status::Passed),
            "FAIL" | "ERROR" | "unexpected" => Some(Status::Failed),
            "skipped" | "expected" => Some(Status::Skipped),
            _ => None,
        };
        let head = end.map_or(line, |(head, _)| head);
        if let Some(name) = name_of(head) {
            self.open = Some(self.seen.len());
            self.seen.push((name, end.and_then(|(_, e)| status(e))));
        } else if let Some(slot) = self.open.and_then(|at| self.seen.get_mut(at)).filter(|(_, s)| s.is_none())
        {
            // The end follows the first line of the test's documentation, or what it printed.
            slot.1 = end
                .and_then(|(_, e)| status(e))
                .or_else(|| status(line.trim()).filter(|_| !line.contains(' ')));
        }
    }

    fn failure(&mut self, line: &str) {
        let head = line.strip_prefix("FAIL: ").or_else(|| line.strip_prefix("ERROR: "));
        if let Some(head) = head {
            let name = name_of(head).unwrap_or_else(|| head.to_owned());
            self.failures.push((name, String::new()));
        } else if let Some((_, said)) = self.failures.last_mut().filter(|(_, s)| s.len() < 2_000)
            && !line.starts_with("======")
            && !line.starts_with("------")
        {
            said.push_str(line);
            said.push('\n');
        }
    }
}

impl Lines for Unittest {
    fn line(&mut self, line: &str) {
        if let Some(ran) = ran(line) {
            self.ran = Some(ran);
            self.in_failures = false;
        } else if self.ran.is_some() {
            if let Some(ended) = ended(line) {
                self.ended = Some(ended);
            }
        } else if line.starts_with("======") {
            self.in_failures = true;
        } else if self.in_failures {
            self.failure(line);
        } else {
            self.listing(line);
        }
    }

    fn so_far(&self) -> Counts {
        let of = |wanted: Status| self.seen.iter().filter(|(_, s)| *s == Some(wanted)).count() as u64;
        Counts { passed: of(Status::Passed), failed: of(Status::Failed), skipped: of(Status::Skipped) }
    }

    fn finish(mut self: Box<Self>) -> Result<Report, ReadError> {
        let Some(ran) = self.ran else {
            return if self.seen.is_empty() {
                Err(ReadError::Nothing)
            } else {
                Err(ReadError::Truncated("its list of tests".to_owned()))
            };
        };
        let ended = self.ended.take().unwrap_or_default();
        let passed = ran.saturating_sub(ended.failed + ended.skipped);
        let counts = Counts { passed, failed: ended.failed, skipped: ended.skipped };
        let said: HashMap<&str, &str> = self.failures.iter().map(|(n, s)| (n.as_str(), s.as_str())).collect();
        let listed = self.so_far();
        let whole = listed == counts && self.seen.iter().all(|(_, s)| s.is_some());
        self.all.count(Counts { failed: 0, ..counts });
        let mut tell = |name: &str, status: Status, said: Option<&str>| {
            if let Some(module) = name.strip_prefix("unittest.loader._FailedTest.") {
                self.all.trouble(Trouble::NotBuilt(format!("{module} could not be loaded")));
                self.all.note(&format!("{module} (not loaded)"), Status::NotBuilt, said);
            } else if status == Status::Failed {
                self.all.add(name, status, said);
            } else {
                self.all.note(name, status, said);
            }
        };
        if whole {
            for (name, status) in &self.seen {
                tell(name, status.unwrap_or(Status::Skipped), said.get(name.as_str()).copied());
            }
        } else {
            for (name, said) in &self.failures {
                tell(name, Status::Failed, Some(said));
            }
            self.all.terse();
        }
        self.all.done()
    }
}

/// `test_a (pkg.mod.Class.test_a)` is `pkg.mod.Class.test_a`; before Python
/// 3.11 the bracket lacks the test's name.
fn name_of(head: &str) -> Option<String> {
    let (test, rest) = head.trim_end().split_once(" (")?;
    let (place, after) = rest.split_once(')')?;
    let word = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
    if !word(test) || !word(place) {
        return None;
    }
    let full =
        if place.rsplit('.').next() == Some(test) { place.to_owned() } else { format!("{place}.{test}") };
    Some(format!("{full}{after}"))
}

/// `Ran 4 tests in 0.000s`.
fn ran(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("Ran ")?;
    let (number, rest) = rest.split_once(' ')?;
    (rest.starts_with("test in ") || rest.starts_with("tests in ")).then(|| number.parse().ok())?
}

/// `OK (skipped=1)`, `FAILED (failures=1, errors=1)`, `NO TESTS RAN`.
fn ended(line: &str) -> Option<Ended> {
    let known = ["OK", "FAILED", "NO TESTS RAN"].iter().any(|word| line.starts_with(word));
    if !known {
        return None;
    }
    let of = |word: &str| {
        let inside = line.split_once('(').map_or("", |(_, r)| r.trim_end_matches(')'));
        inside
            .split(", ")
            .find_map(|part| part.strip_prefix(word)?.strip_prefix('=')?.parse::<u64>().ok())
            .unwrap_or(0)
    };
    Some(Ended {
        failed: of("failures") + of("errors") + of("unexpected successes"),
        skipped: of("skipped") + of("expected failures"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Report, ReadError> {
        let mut reader = Box::new(Unittest::new(""));
        text.lines().for_each(|l| reader.line(l));
        reader.finish()
    }

    fn told(report: &Report) -> Vec<String> {
        report.cases.iter().map(|c| format!("{} {}", c.name, c.status.name())).collect()
    }

    const FOUR: &str = "test_a (test_u.T.test_a) ... ok\ntest_b (test_u.T.test_b)\nhas a doc ... FAIL\ntest_c (test_u.T.test_c) ... skipped 'x'\ntest_d (test_u.T.test_d) ... ERROR\n\n======================================================================\nERROR: test_d (test_u.T.test_d)\n----------------------------------------------------------------------\nTraceback (most recent call last):\nRuntimeError\n\n======================================================================\nFAIL: test_b (test_u.T.test_b)\nhas a doc\n----------------------------------------------------------------------\nAssertionError: 1 != 2\n\n----------------------------------------------------------------------\nRan 4 tests in 0.000s\n\nFAILED (failures=1, errors=1, skipped=1)\n";

    #[test]
    fn what_unittest_prints() {
        let report = read(FOUR).unwrap();
        assert_eq!(
            told(&report),
            [
                "test_u.T.test_a passed",
                "test_u.T.test_b failed",
                "test_u.T.test_c skipped",
                "test_u.T.test_d failed"
            ]
        );
        assert_eq!(report.counts, Counts { passed: 1, failed: 2, skipped: 1 });
        assert_eq!(report.cases[1].message.as_deref(), Some("has a doc\nAssertionError: 1 != 2"));
        assert!(!report.terse);
    }

    #[test]
    fn without_names_only_failures_and_counts() {
        let dots = FOUR.replacen("test_a (test_u.T.test_a) ... ok\n", ".", 1);
        let report = read(&dots).unwrap();
        assert!(report.terse);
        assert_eq!(told(&report), ["test_u.T.test_d failed", "test_u.T.test_b failed"]);
        assert_eq!(report.counts, Counts { passed: 1, failed: 2, skipped: 1 });
    }

    #[test]
    fn a_module_that_cannot_be_loaded() {
        let text = "nothing (unittest.loader._FailedTest.nothing) ... ERROR\n\n======================================================================\nERROR: nothing (unittest.loader._FailedTest.nothing)\n----------------------------------------------------------------------\nImportError: Failed to import test module: nothing\n\n----------------------------------------------------------------------\nRan 1 test in 0.000s\n\nFAILED (errors=1)\n";
        let report = read(text).unwrap();
        assert_eq!(told(&report), ["nothing (not loaded) not-built"]);
    }

    #[test]
    fn older_names_none_and_cut() {
        let old = "test_a (test_u.T) ... ok\n\n----------\nRan 1 test in 0.000s\n\nOK\n";
        assert_eq!(told(&read(old).unwrap()), ["test_u.T.test_a passed"]);
        let none = "\n----------------------------------------------------------------------\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n";
        assert_eq!(read(none).unwrap().counts.total(), 0);
        assert!(matches!(read("test_a (m.T.test_a) ... ok\n"), Err(ReadError::Truncated(_))));
        assert_eq!(read("hello\n").unwrap_err(), ReadError::Nothing);
    }
}
