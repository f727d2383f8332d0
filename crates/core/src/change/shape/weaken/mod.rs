//! Weakened tests: removed assertions that nothing replaces, looser ones,
//! removed tests and cases, added skips and retries, tests that always pass,
//! test files that no longer run. They always bind.

mod signs;
mod strength;

use super::super::block::{Block, squeeze};
use super::super::lang::Lang;
use super::super::reading::Reading;
use super::super::{FileChange, Finding, Line, LineKind, Rules, Status, Ways, count, excerpt, is_test_path};
use signs::{ASSERTION, CASE, LEFT_OUT, RETRY, SKIP, TRIVIAL, silences, test_name};
use std::collections::HashMap;

/// All weakened tests of a change.
pub(super) fn findings(readings: &[Reading<'_>], rules: &Rules<'_>) -> Vec<Finding> {
    let mut moved = Moved::new(readings);
    readings.iter().flat_map(|reading| Weak { reading, rules, out: Vec::new() }.all(&mut moved)).collect()
}

/// What was seen of a file's tests.
#[derive(Default)]
struct Seen<'c> {
    /// Assertions that are gone.
    removed: Vec<&'c Line>,
    /// Assertions that have come.
    added: usize,
    tests_gone: Vec<(&'c Line, &'c str)>,
    tests_new: usize,
    /// Skips and the like: gone, and come with what each is.
    skips_gone: usize,
    skips: Vec<(&'c Line, &'static str, &'static str)>,
}

struct Weak<'r, 'c> {
    reading: &'r Reading<'c>,
    rules: &'r Rules<'r>,
    out: Vec<Finding>,
}

impl<'c> Weak<'_, 'c> {
    fn all(mut self, moved: &mut Moved) -> Vec<Finding> {
        let file = self.reading.file;
        let seen = self.look();
        if file.status == Status::Deleted && file.is_test() {
            if !moved.takes_all(&seen.removed, self.reading.lang)
                || (seen.removed.is_empty() && !seen.tests_gone.is_empty())
            {
                self.deleted(&seen);
            }
            return self.out;
        }
        self.no_longer_runs();
        self.left_out();
        for (line, rule, what) in seen.skips.iter().skip(seen.skips_gone) {
            self.add(rule, line, what);
        }
        self.assertions(seen, moved);
        self.out
    }

    fn look(&mut self) -> Seen<'c> {
        let lang = self.reading.lang;
        let mut seen = Seen::default();
        for (line, in_test) in self.reading.changed() {
            let text = line.text.as_str();
            // Where the grammar is not known, `#[ignore]` alone gives a test away.
            let in_test = in_test || (lang == Lang::Rust && text.contains("#[ignore"));
            if !in_test || (self.reading.is_comment(line) && lang != Lang::Other) {
                continue;
            }
            let gone = line.kind == LineKind::Removed;
            let skip = if SKIP.is_match(text) {
                Some(("skipped-test", "a test is skipped"))
            } else if RETRY.is_match(text) {
                Some(("retried-test", "a test is run again until it passes"))
            } else if silences(&self.reading.file.path, text) {
                Some(("silenced-test", "a failure is ignored"))
            } else {
                None
            };
            match skip {
                Some(_) if gone => seen.skips_gone += 1,
                Some((rule, what)) => seen.skips.push((line, rule, what)),
                None => {}
            }
            if ASSERTION.is_match(text) {
                if TRIVIAL.is_match(text) {
                    if !gone {
                        self.add("trivial-assertion", line, "an assertion that always holds");
                    }
                } else if gone {
                    seen.removed.push(line);
                } else {
                    seen.added += 1;
                }
            }
            if let Some(name) = test_name(text) {
                if gone { seen.tests_gone.push((line, name)) } else { seen.tests_new += 1 }
            }
        }
        seen
    }

    fn assertions(&mut self, mut seen: Seen<'c>, moved: &mut Moved) {
        let lang = self.reading.lang;
        let removed_total = seen.removed.len();
        seen.removed.retain(|line| !moved.take(line, lang));
        let left = seen.added.saturating_sub(removed_total - seen.removed.len());
        if seen.removed.len() > left
            && let Some(line) = seen.removed.first()
        {
            let what =
                format!("{} removed, {left} added", count(seen.removed.len(), "assertion", "assertions"));
            self.add("removed-assertion", line, &what);
        } else if seen.tests_gone.len() > seen.tests_new
            && let Some((line, name)) = seen.tests_gone.first()
        {
            self.add("removed-test", line, &format!("test `{}` is removed and not replaced", excerpt(name)));
        } else {
            self.looser();
            self.fewer_cases();
        }
    }

    /// Assertions that ask for less than those whose place they take.
    fn looser(&mut self) {
        let reading = self.reading;
        for block in reading.blocks.iter().filter(|block| in_test(reading, block)) {
            let of = |lines: &[&'c Line]| -> Vec<&'c Line> {
                let real = |line: &&&'c Line| ASSERTION.is_match(&line.text) && !reading.is_comment(line);
                lines.iter().filter(real).copied().collect()
            };
            for (old, new) in strength::pairs(&of(&block.removed), &of(&block.added)) {
                if let Some(how) = strength::loosened(&old.text, &new.text) {
                    let what =
                        format!("an expectation is looser ({how}): it was `{}`", excerpt(old.text.trim()));
                    self.add("looser-assertion", new, &what);
                }
            }
        }
    }

    /// Rows of a table of cases that go and are not replaced.
    fn fewer_cases(&mut self) {
        let reading = self.reading;
        for block in reading.blocks.iter().filter(|block| in_test(reading, block)) {
            let rows = |lines: &[&Line]| lines.iter().filter(|line| CASE.is_match(&line.text)).count();
            let only_rows =
                block.removed.iter().all(|line| CASE.is_match(&line.text) || line.text.trim().is_empty());
            let (gone, come) = (rows(&block.removed), rows(&block.added));
            if only_rows
                && block.added.is_empty()
                && gone > come
                && let Some(line) = block.removed.first()
            {
                self.add(
                    "removed-case",
                    line,
                    &format!("{} removed", count(gone, "test case", "test cases")),
                );
            }
        }
    }

    fn deleted(&mut self, seen: &Seen<'_>) {
        let (assertions, tests) = (seen.removed.len(), seen.tests_gone.len());
        let message = format!(
            "a test file is deleted ({}, {})",
            count(assertions, "assertion", "assertions"),
            count(tests, "test", "tests")
        );
        self.whole("deleted-test", message);
    }

    /// A test that is renamed to something that no runner looks at.
    fn no_longer_runs(&mut self) {
        let file = self.reading.file;
        let was = file.old_path.as_deref().filter(|old| file.status == Status::Renamed && runs(old));
        if let Some(old) = was.filter(|_| !runs(&file.path)) {
            self.whole("disabled-test", format!("a test file no longer runs: it was {old}"));
        }
    }

    /// Settings of a runner that leave tests out.
    fn left_out(&mut self) {
        if !signs::configures_a_runner(&self.reading.file.path) {
            return;
        }
        let lines = |kind| {
            self.reading.changed().filter(move |(line, _)| line.kind == kind && LEFT_OUT.is_match(&line.text))
        };
        let (gone, come) = (lines(LineKind::Removed).count(), lines(LineKind::Added).count());
        if come > gone {
            let first = lines(LineKind::Added).next();
            if let Some((line, _)) = first {
                self.add("left-out-test", line, "tests are left out");
            }
        }
    }

    fn add(&mut self, rule: &str, line: &Line, what: &str) {
        let message = format!("{what}: `{}`", excerpt(line.text.trim()));
        let place = line.new_line.or(line.old_line);
        let column = line.text.len() - line.text.trim_start().len() + 1;
        let finding = Finding { line: place, column: u32::try_from(column).ok(), message, ..self.bare(rule) };
        self.out.push(finding);
    }

    fn whole(&mut self, rule: &str, message: String) {
        let finding = Finding { message, ..self.bare(rule) };
        self.out.push(finding);
    }

    fn bare(&self, rule: &str) -> Finding {
        let ways = Ways { gate: super::GATE, base: self.rules.base };
        Finding {
            rule: rule.to_owned(),
            file: self.reading.file.path.clone(),
            binding: true,
            hints: ways.of_test(self.reading.file),
            ..Finding::default()
        }
    }
}

fn in_test(reading: &Reading<'_>, block: &Block<'_>) -> bool {
    block.in_test || reading.file.is_test()
}

/// Whether a runner looks at a path: it is a test's, and not set aside.
fn runs(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let off = ["disabled", "skip", "skipped", "off", "bak", "old", "orig"];
    let ended = name.rsplit('.').next().is_some_and(|end| off.contains(&end));
    is_test_path(path) && !ended && !name.starts_with(['_', '.'])
}

/// Assertions that are added somewhere, by their text: what is removed in
/// one place and added in another has moved.
struct Moved(HashMap<String, usize>);

impl Moved {
    fn new(readings: &[Reading<'_>]) -> Moved {
        let mut added = HashMap::new();
        for reading in readings {
            for (line, in_test) in reading.changed() {
                let counts = in_test && line.kind == LineKind::Added && !reading.is_comment(line);
                if counts && ASSERTION.is_match(&line.text) {
                    *added.entry(key(line, reading.lang)).or_insert(0) += 1;
                }
            }
        }
        Moved(added)
    }

    fn take(&mut self, line: &Line, lang: Lang) -> bool {
        match self.0.get_mut(&key(line, lang)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    fn takes_all(&mut self, lines: &[&Line], lang: Lang) -> bool {
        lines.iter().filter(|line| !self.take(line, lang)).count() == 0
    }
}

fn key(line: &Line, lang: Lang) -> String {
    squeeze(line.text.trim(), lang)
}

impl Ways<'_> {
    /// For a test: back to what it was.
    fn of_test(&self, file: &FileChange) -> Vec<crate::finding::Hint> {
        let mut hints = vec![crate::finding::Hint::say(
            "put the test back as it was; if it is wrong, say so in a change of its own",
        )];
        hints.extend(self.of_hunk(file));
        hints
    }
}
