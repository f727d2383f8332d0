//! The text of Rust's own test harness, as `cargo test` passes it on. Its
//! form for machines is not stable, this one is: what it lists is checked
//! against what it counts, and where the two differ only the counts and the
//! list of failures are believed.

use super::case::{Counts, Gather, ReadError, Report, Status, Trouble};
use super::lines::Lines;
use std::collections::HashMap;

/// The reader.
#[derive(Debug)]
pub struct Libtest {
    all: Gather,
    /// What cargo said it runs next.
    label: Option<String>,
    /// How often each label was used.
    labels: HashMap<String, u32>,
    suite: Option<Suite>,
    begun: bool,
    /// Cargo stopped at a suite that failed.
    stopped: Option<String>,
}

/// One test binary, between `running N tests` and its result.
#[derive(Debug, Default)]
struct Suite {
    label: String,
    announced: u64,
    place: Place,
    /// Names with their end, as far as it was on the same line.
    seen: Vec<(String, Option<Status>)>,
    /// The names under the last `failures:`.
    failures: Vec<String>,
    /// What the tests that failed had printed.
    said: HashMap<String, String>,
    speaker: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Running,
    /// Inside what the failed tests had printed, which may look like anything.
    Captured,
    /// The list of names.
    Listed,
}

impl Libtest {
    /// A reader for a tree.
    pub fn new(root: &str) -> Libtest {
        Libtest {
            all: Gather::new(root),
            label: None,
            labels: HashMap::new(),
            suite: None,
            begun: false,
            stopped: None,
        }
    }

    /// Whether a test binary was seen.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    fn begin(&mut self, announced: u64) {
        self.break_off();
        self.begun = true;
        let label = self.label.take().unwrap_or_else(|| "tests".to_owned());
        let count = self.labels.entry(label.clone()).or_default();
        *count += 1;
        let label = if *count > 1 { format!("{label}#{count}") } else { label };
        self.suite = Some(Suite { label, announced, ..Suite::default() });
    }

    /// A suite that has no result: its binary was killed, or it crashed.
    fn break_off(&mut self) {
        let Some(suite) = self.suite.take() else { return };
        let done = suite.seen.iter().filter(|(_, status)| status.is_some()).count();
        for (name, status) in &suite.seen {
            if let Some(status) = status {
                self.all.add(&suite.name(name), *status, None);
            }
        }
        let what = format!("{} ended after {done} of {} tests", suite.label, suite.announced);
        let last = suite.seen.iter().rev().find(|(_, status)| status.is_none());
        let message = last.map_or_else(|| what.clone(), |(name, _)| format!("{what}, during {name}"));
        self.all.around(&format!("{} (as a whole)", suite.label), &message);
        self.all.trouble(Trouble::Cut(what));
    }

    fn end(&mut self, counts: Counts) {
        if let Some(suite) = self.suite.take() {
            suite.hand_over(counts, &mut self.all);
        }
    }

    fn of_cargo(&mut self, line: &str) {
        let line = line.trim();
        if let Some(label) = line.strip_prefix("Running ").and_then(label_of) {
            self.break_off();
            self.label = Some(label);
        } else if let Some(name) = line.strip_prefix("Doc-tests ") {
            self.break_off();
            self.label = Some(format!("doc {name}"));
        } else if line.starts_with("error: could not compile")
            || line.starts_with("error: no ") && line.contains(" target ")
            || line.starts_with("error: failed to parse manifest")
            || line.starts_with("error: package ID specification")
        {
            self.all.trouble(Trouble::NotBuilt(line.to_owned()));
        } else if line.starts_with("error: test failed, to rerun pass")
            || line.starts_with("error: doctest failed, to rerun pass")
        {
            self.break_off();
            self.stopped = Some("cargo stopped at the first target that failed".to_owned());
        } else if line.starts_with("error: ")
            && (line.ends_with("targets failed:") || line.ends_with("target failed:"))
        {
            self.stopped = None;
        }
    }
}

impl Lines for Libtest {
    fn line(&mut self, line: &str) {
        let captured = self.suite.as_ref().is_some_and(|s| s.place == Place::Captured);
        if !captured && let Some(announced) = announced(line) {
            return self.begin(announced);
        }
        if let Some(counts) = result(line)
            && self.suite.as_ref().is_none_or(Suite::may_end)
        {
            return self.end(counts);
        }
        match &mut self.suite {
            Some(suite) if !is_cargos(line) || suite.place == Place::Captured => suite.line(line),
            _ => self.of_cargo(line),
        }
    }

    fn so_far(&self) -> Counts {
        let mut counts = self.all.counts();
        for (_, status) in self.suite.iter().flat_map(|s| &s.seen) {
            match status {
                Some(Status::Passed) => counts.passed += 1,
                Some(Status::Skipped) => counts.skipped += 1,
                Some(_) => counts.failed += 1,
                None => {}
            }
        }
        counts
    }

    fn finish(mut self: Box<Self>) -> Result<Report, ReadError> {
        self.break_off();
        if let Some(what) = self.stopped.take() {
            self.all.trouble(Trouble::StoppedEarly(what));
        }
        let begun = self.begun;
        let report = self.all.done()?;
        if !begun && report.troubles.is_empty() {
            return Err(ReadError::Nothing);
        }
        Ok(report)
    }
}

impl Suite {
    fn name(&self, test: &str) -> String {
        format!("{}::{test}", self.label)
    }

    /// Whether a result here can be the suite's own: tests that failed may have
    /// printed the results of others.
    fn may_end(&self) -> bool {
        let known = |name: &String| self.seen.is_empty() || self.seen.iter().any(|(n, _)| n == name);
        match self.place {
            Place::Running => true,
            Place::Captured => false,
            Place::Listed => !self.failures.is_empty() && self.failures.iter().all(known),
        }
    }

    fn line(&mut self, line: &str) {
        match self.place {
            Place::Running if line == "failures:" => self.place = Place::Captured,
            Place::Running => {
                if let Some((name, status)) = test_line(line) {
                    self.seen.push((name, status));
                }
            }
            Place::Captured => self.captured(line),
            Place::Listed => match line.strip_prefix("    ") {
                Some(name) => self.failures.push(name.trim_end().to_owned()),
                None if line.is_empty() => {}
                // It was a test that had printed `failures:`.
                None => {
                    self.failures.clear();
                    self.place = Place::Captured;
                    self.captured(line);
                }
            },
        }
    }

    fn captured(&mut self, line: &str) {
        let header = line.strip_prefix("---- ").and_then(|l| l.strip_suffix(" ----"));
        if let Some(name) = header.and_then(|h| h.strip_suffix(" stdout").or(h.strip_suffix(" stderr"))) {
            self.speaker = Some(name.to_owned());
        } else if line == "failures:" {
            self.place = Place::Listed;
        } else if let Some(speaker) = &self.speaker {
            let said = self.said.entry(speaker.clone()).or_default();
            if said.len() < 2_000 {
                said.push_str(line);
                said.push('\n');
            }
        }
    }

    /// Settles what was seen by what was counted.
    fn hand_over(mut self, counts: Counts, all: &mut Gather) {
        let failed: std::collections::HashSet<String> = self.failures.iter().cloned().collect();
        for (name, status) in &mut self.seen {
            if failed.contains(name) {
                *status = Some(Status::Failed);
            }
        }
        let of = |wanted: Status| self.seen.iter().filter(|(_, s)| *s == Some(wanted)).count() as u64;
        let open = self.seen.iter().filter(|(_, s)| s.is_none()).count() as u64;
        // With `--nocapture` the end of a test may be lines away from its name.
        if open > 0 && of(Status::Passed) + open == counts.passed {
            self.seen.iter_mut().filter(|(_, s)| s.is_none()).for_each(|(_, s)| *s = Some(Status::Passed));
        }
        let of = |wanted: Status| self.seen.iter().filter(|(_, s)| *s == Some(wanted)).count() as u64;
        let whole = self.seen.iter().all(|(_, s)| s.is_some())
            && of(Status::Passed) == counts.passed
            && of(Status::Failed) == counts.failed
            && of(Status::Skipped) == counts.skipped;
        all.count(counts);
        if whole {
            for (name, status) in &self.seen {
                let said = self.said.get(name).map(|s| message(s));
                all.note(&self.name(name), status.unwrap_or(Status::Skipped), said.as_deref());
            }
            return;
        }
        all.terse();
        for name in &self.failures {
            let said = self.said.get(name).map(|s| message(s));
            all.note(&self.name(name), Status::Failed, said.as_deref());
        }
        let unnamed = counts.failed.saturating_sub(self.failures.len() as u64);
        if unnamed > 0 {
            all.around(&format!("{} (as a whole)", self.label), &format!("{unnamed} tests failed"));
        }
    }
}

/// What a test that failed had printed, from its panic on, without the stack.
fn message(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|l| !l.trim().is_empty()).collect();
    let from = lines.iter().position(|l| l.contains("panicked at")).unwrap_or(0);
    let stack = |l: &&&str| {
        l.starts_with("stack backtrace:")
            || l.starts_with("note: run with `RUST_BACKTRACE")
            || l.starts_with("note: Some details are omitted")
    };
    let told: Vec<&str> = lines[from..].iter().take_while(|l| !stack(l)).copied().collect();
    told.join("\n")
}

/// `unittests src/lib.rs (target/debug/deps/shop-0123456789abcdef)` is `shop`.
fn label_of(rest: &str) -> Option<String> {
    let (_, path) = rest.rsplit_once(" (").or_else(|| Some(("", rest.strip_prefix('`')?)))?;
    let path = path.trim_end_matches([')', '`']).split(' ').next()?;
    let file = path.rsplit('/').next()?;
    let stem = match file.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => stem,
        _ => file,
    };
    (!stem.is_empty()).then(|| stem.to_owned())
}

/// Lines that are cargo's own even while a suite has no result yet.
fn is_cargos(line: &str) -> bool {
    let text = line.trim_start();
    line.starts_with("error: ")
        || (text.len() < line.len()
            && (text.starts_with("Running ") && text.ends_with(')') || text.starts_with("Doc-tests ")))
}

fn announced(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("running ")?;
    rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))?.parse().ok()
}

/// `test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; …`.
fn result(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("test result: ")?;
    let rest = rest.strip_prefix("ok. ").or_else(|| rest.strip_prefix("FAILED. "))?;
    let of = |word: &str| {
        let part = rest.split("; ").find_map(|p| p.strip_suffix(word))?;
        part.trim().parse::<u64>().ok()
    };
    Some(Counts {
        passed: of("passed")? + of("measured").unwrap_or(0),
        failed: of("failed")?,
        skipped: of("ignored").unwrap_or(0),
    })
}

/// `test name ... ok`; without an end where it is not on this line.
fn test_line(line: &str) -> Option<(String, Option<Status>)> {
    let rest = line.strip_prefix("test ")?;
    let (name, end) = rest.split_once(" ... ").or_else(|| rest.strip_suffix(" ...").map(|n| (n, "")))?;
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    let status = match end.split([',', ' ', '<', ':']).next().unwrap_or_default() {
        "ok" | "bench" => Some(Status::Passed),
        "FAILED" => Some(Status::Failed),
        "ignored" => Some(Status::Skipped),
        _ => None,
    };
    Some((name.to_owned(), status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Report, ReadError> {
        let mut reader = Box::new(Libtest::new(""));
        text.lines().for_each(|l| reader.line(l));
        reader.finish()
    }

    fn told(report: &Report) -> Vec<String> {
        report.cases.iter().map(|c| format!("{} {}", c.name, c.status.name())).collect()
    }

    const TWO: &str = "\
   Compiling a v0.1.0 (/x/a)
    Finished `test` profile [unoptimized + debuginfo] target(s) in 1.58s
     Running unittests src/lib.rs (target/debug/deps/a-3110576fc3c3c96d)

running 3 tests
test tests::ign ... ignored, slow
test tests::ok ... ok
test tests::sp - should panic ... ok

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.20s

     Running tests/it.rs (target/debug/deps/it-e9084a9c25208d2e)

running 2 tests
test good ... ok
test bad ... FAILED

failures:

---- bad stdout ----
hello
failures:
test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out

thread 'bad' (29869) panicked at a/tests/it.rs:1:38:
assertion `left == right` failed: numbers
  left: 1
 right: 2
stack backtrace:
   0: __rustc::rust_begin_unwind


failures:
    bad

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s

error: test failed, to rerun pass `-p a --test it`
";

    #[test]
    fn two_binaries_and_a_test_that_prints_a_result() {
        let report = read(TWO).unwrap();
        assert_eq!(
            told(&report),
            [
                "a::tests::ign skipped",
                "a::tests::ok passed",
                "a::tests::sp passed",
                "it::good passed",
                "it::bad failed"
            ]
        );
        assert_eq!(report.counts, Counts { passed: 3, failed: 1, skipped: 1 });
        let message = report.case("it::bad").unwrap().message.as_deref().unwrap();
        assert!(message.starts_with("thread 'bad'") && message.ends_with("right: 2"), "{message}");
        assert!(report.stopped_early().is_some(), "cargo did not say that it went on");
        assert!(!report.terse);
    }

    #[test]
    fn with_no_fail_fast_nothing_is_left_out() {
        let report = read(&format!("{TWO}error: 1 target failed:\n    `-p a --test it`\n")).unwrap();
        assert_eq!(report.stopped_early(), None);
    }

    #[test]
    fn the_same_label_in_two_packages_is_two_suites() {
        let suite = "     Running tests/it.rs (target/debug/deps/it-e9084a9c25208d2e)\n\nrunning 1 test\ntest x ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\n";
        assert_eq!(told(&read(&suite.repeat(2)).unwrap()), ["it::x passed", "it#2::x passed"]);
        let docs = "   Doc-tests a\n\nrunning 1 test\ntest src/lib.rs - add (line 2) ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(told(&read(docs).unwrap()), ["doc a::src/lib.rs - add (line 2) passed"]);
    }

    #[test]
    fn quiet_output_gives_counts_and_failures() {
        let text = "\nrunning 3 tests\n..F\nfailures:\n\n---- a::b stdout ----\nno\n\n\nfailures:\n    a::b\n\ntest result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        let report = read(text).unwrap();
        assert_eq!(told(&report), ["tests::a::b failed"]);
        assert!(report.terse && report.counts.passed == 2);
    }

    #[test]
    fn output_between_a_name_and_its_end() {
        let text = "running 2 tests\ntest a ... hello\nok\ntest b ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(told(&read(text).unwrap()), ["tests::a passed", "tests::b passed"]);
        let forged = "running 1 test\ntest a ... test b ... ok\ntest c ... ok\nok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let report = read(forged).unwrap();
        assert!(report.terse && report.cases.is_empty(), "{report:?}");
        assert_eq!(report.counts.passed, 1);
    }

    #[test]
    fn a_binary_that_crashed_is_cut() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/a-3110576fc3c3c96d)\n\nrunning 3 tests\ntest one ... ok\nerror: test failed, to rerun pass `--lib`\n\nCaused by:\n  process didn't exit successfully: `x` (signal: 6, SIGABRT: process abort signal)\n";
        let report = read(text).unwrap();
        assert_eq!(report.cut(), Some("a ended after 1 of 3 tests"));
        assert_eq!(told(&report), ["a::one passed", "a (as a whole) failed"]);
        assert!(report.cases[1].around);
    }

    #[test]
    fn nothing_and_no_build() {
        assert_eq!(read("hello\n").unwrap_err(), ReadError::Nothing);
        let report = read("error: could not compile `a` (lib test) due to 1 previous error\n").unwrap();
        assert!(matches!(&report.troubles[0], Trouble::NotBuilt(what) if what.contains("`a`")));
        let none = read(
            "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out\n",
        )
        .unwrap();
        assert_eq!(none.counts.ran(), 0);
    }
}
