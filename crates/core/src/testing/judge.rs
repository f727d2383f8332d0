//! What a finished run means. An exit status alone is believed only where
//! nothing better is there; "no tests ran", a report that is cut or malformed,
//! a time-out, a kill and a changed tree are never a pass.

use super::case::{ReadError, Report, Status, Trouble};
use super::runner::Runner;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of what fails although no test does.
pub const WHOLE: &str = "(the command as a whole)";

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// Something else: not started, out of time. In words: "it …".
    Other(String),
}

/// What a run says of its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// What was run passes.
    Passed,
    /// Something of it fails.
    Failed,
    /// It could not be built, loaded or collected.
    NotBuilt,
    /// Nothing was run.
    NoTests,
    /// Nobody can tell.
    Unclear,
}

impl Meaning {
    /// The name on the wire, e.g. `not-built`.
    pub fn name(self) -> &'static str {
        match self {
            Meaning::Passed => "passed",
            Meaning::Failed => "failed",
            Meaning::NotBuilt => "not-built",
            Meaning::NoTests => "no-tests",
            Meaning::Unclear => "unclear",
        }
    }
}

/// A finished run, as far as it must be known to be judged.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    /// How it ended.
    pub end: &'a End,
    /// The runner.
    pub runner: Runner,
    /// Its results, where it was asked for some; none where the exit status counts.
    pub report: Option<Result<Report, ReadError>>,
    /// It leaves tests out after a failure.
    pub stops_early: bool,
    /// A line of its output that tells of a build that failed.
    pub build_error: Option<&'a str>,
    /// Files of the tree that it changed.
    pub changed: &'a [String],
    /// Processes that it left running.
    pub left_behind: usize,
}

/// What a run says, why, and its tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What it says.
    pub meaning: Meaning,
    /// Why, in a clause that follows the command: "ended with exit status 1".
    pub why: String,
    /// Its tests; with [`WHOLE`] where it failed and none of them did.
    pub report: Report,
}

/// Judges a run.
pub fn judge(run: Run<'_>) -> Judged {
    let unclear = |why: String| Judged { meaning: Meaning::Unclear, why, report: Report::default() };
    if let Some(why) = no_answer(run.end) {
        return unclear(why);
    }
    if !run.changed.is_empty() {
        let files = run.changed.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more = run.changed.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        return unclear(format!("changed files of its tree while it ran: {files}{more}"));
    }
    match run.report.clone() {
        None => by_exit_status(&run),
        Some(Err(error)) => unreadable(&run, &error),
        Some(Ok(report)) => by_report(&run, report),
    }
}

/// Why an end says nothing of the tree.
fn no_answer(end: &End) -> Option<String> {
    match end {
        End::Other(why) => Some(why.clone()),
        // What a program does to itself when it crashes is an answer.
        End::Signal(4 | 5 | 6 | 7 | 8 | 11 | 31) | End::Exit(0..=125) => None,
        End::Signal(signal) => Some(format!("was ended by signal {signal}")),
        End::Exit(126) => Some("could not be executed (exit status 126)".to_owned()),
        End::Exit(127) => Some("was not found (exit status 127)".to_owned()),
        // A shell's way to say that a signal ended what it ran.
        End::Exit(status @ (129 | 130 | 131 | 137 | 141 | 143)) => {
            Some(format!("was ended by signal {} (exit status {status})", status - 128))
        }
        End::Exit(_) => None,
    }
}

fn told(end: &End) -> String {
    match end {
        End::Exit(status) => format!("ended with exit status {status}"),
        End::Signal(signal) => format!("crashed (signal {signal})"),
        End::Other(why) => why.clone(),
    }
}

fn by_exit_status(run: &Run<'_>) -> Judged {
    let mut report = Report::default();
    if *run.end == End::Exit(0) {
        if run.left_behind > 0 {
            let why = format!(
                "ended with exit status 0 and left {} running: that is not its end",
                processes(run.left_behind)
            );
            return Judged { meaning: Meaning::Unclear, why, report };
        }
        return Judged { meaning: Meaning::Passed, why: "ended with exit status 0".to_owned(), report };
    }
    if let Some(line) = run.build_error {
        return not_built(line, report);
    }
    report.add_around(WHOLE, &told(run.end));
    Judged { meaning: Meaning::Failed, why: told(run.end), report }
}

fn processes(count: usize) -> String {
    if count == 1 { "a process".to_owned() } else { format!("{count} processes") }
}

fn not_built(line: &str, report: Report) -> Judged {
    let why = format!("could not be built: {}", crate::text::brief(line, 160));
    Judged { meaning: Meaning::NotBuilt, why, report }
}

/// Results were asked for, and cannot be had.
fn unreadable(run: &Run<'_>, error: &ReadError) -> Judged {
    let nothing = matches!(error, ReadError::Nothing | ReadError::Missing(_));
    let report = Report::default();
    if nothing && *run.end != End::Exit(0) {
        if let Some(line) = run.build_error {
            return not_built(line, report);
        }
        let status = match run.end {
            End::Exit(status) => *status,
            _ => -1,
        };
        let by_runner = match (run.runner, status) {
            (Runner::Pytest, 5) | (Runner::Nextest, 4) => {
                return Judged { meaning: Meaning::NoTests, why: "ran no test".to_owned(), report };
            }
            (Runner::Pytest, 4) => Some("its options or paths are wrong (exit status 4)"),
            (Runner::CargoTest | Runner::Nextest | Runner::GoTest, _) => {
                Some("it did not come as far as a test")
            }
            _ => None,
        };
        if let Some(why) = by_runner {
            return not_built(why, report);
        }
    }
    if *error == ReadError::Nothing && *run.end == End::Exit(0) {
        return Judged { meaning: Meaning::NoTests, why: "ran no test".to_owned(), report };
    }
    let why = format!("{}, and its results cannot be read: {error}", told(run.end));
    Judged { meaning: Meaning::Unclear, why, report }
}

fn by_report(run: &Run<'_>, mut report: Report) -> Judged {
    let succeeded = *run.end == End::Exit(0);
    let failed = report.cases.iter().filter(|c| c.status == Status::Failed).count();
    let unbuilt = report.cases.iter().filter(|c| c.status == Status::NotBuilt).count();
    if run.stops_early && failed > 0 && report.stopped_early().is_none() {
        let what = "it stops at the first failure, as its command says".to_owned();
        report.troubles.push(Trouble::StoppedEarly(what));
    }
    let because_unbuilt = report.troubles.iter().find_map(|t| match t {
        Trouble::NotBuilt(what) => Some(what.clone()),
        _ => None,
    });
    if failed == 0 && (unbuilt > 0 || (because_unbuilt.is_some() && !succeeded)) {
        let line = because_unbuilt.or_else(|| run.build_error.map(str::to_owned));
        return not_built(line.as_deref().unwrap_or("a part of it"), report);
    }
    // A file that cannot be loaded is a failed test to runners that know no better.
    if let Some(line) = run.build_error.filter(|_| failed > 0 && only_files(&report)) {
        return not_built(line, report);
    }
    if failed == 0 && report.counts.ran() == 0 {
        if let Some(line) = run.build_error.filter(|_| !succeeded) {
            return not_built(line, report);
        }
        let skipped = report.counts.skipped;
        let why =
            if skipped > 0 { format!("ran no test ({skipped} skipped)") } else { "ran no test".to_owned() };
        return Judged { meaning: Meaning::NoTests, why, report };
    }
    if failed > 0 {
        let why = format!("{} ({})", told(run.end), report.counts.told());
        return Judged { meaning: Meaning::Failed, why, report };
    }
    if let Some(what) = report.cut().map(str::to_owned) {
        let why = format!("{}, and its results are not whole: {what}", told(run.end));
        return Judged { meaning: Meaning::Unclear, why, report };
    }
    if !succeeded {
        let why = format!("{}, although no test failed ({})", told(run.end), report.counts.told());
        report.add_around(WHOLE, &why);
        return Judged { meaning: Meaning::Failed, why, report };
    }
    Judged { meaning: Meaning::Passed, why: format!("passed ({})", report.counts.told()), report }
}

/// Whether everything that failed is a whole file.
fn only_files(report: &Report) -> bool {
    let is_file = |name: &str| {
        [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".py"].iter().any(|end| name.ends_with(end))
    };
    report.failing().all(|c| is_file(&c.name))
}

/// Looks for a build that failed in what a command prints.
#[derive(Debug, Default)]
pub struct BuildErrors {
    first: Option<String>,
}

impl BuildErrors {
    /// Takes a line.
    pub fn line(&mut self, line: &str) {
        if self.first.is_none() && is_build_error(line) {
            self.first = Some(super::case::without_ansi(line).trim().to_owned());
        }
    }

    /// The first line that tells of one.
    pub fn found(&self) -> Option<&str> {
        self.first.as_deref()
    }
}

/// Words that only builds say, at places where only they say them.
fn is_build_error(line: &str) -> bool {
    let clean = super::case::without_ansi(line);
    let text = clean.trim();
    let starts = [
        "error: could not compile ",
        "error: aborting due to ",
        "error: failed to parse manifest",
        "error: no matching package named ",
        "error: linking with ",
        "SyntaxError: ",
        "IndentationError: ",
        "E   SyntaxError: ",
        "E   IndentationError: ",
        "Error [ERR_MODULE_NOT_FOUND]",
        "Error: Cannot find module ",
        "ModuleNotFoundError: ",
        "fatal error: ",
        "compilation terminated.",
        "BUILD FAILED",
        "[ERROR] COMPILATION ERROR",
        "make: *** No rule to make target",
        "npm error Missing script:",
        "npm ERR! Missing script:",
    ];
    if starts.iter().any(|s| text.starts_with(s)) {
        return true;
    }
    let codes = text.split_once("error[E").is_some_and(|(before, after)| {
        before.is_empty() && after.get(..4).is_some_and(|c| c.bytes().all(|b| b.is_ascii_digit()))
    });
    let typescript = text.split_once("error TS").is_some_and(|(before, after)| {
        (before.is_empty() || before.ends_with(": ") || before.ends_with(") ") || before.ends_with("- "))
            && after.starts_with(|c: char| c.is_ascii_digit())
    });
    let go =
        text.starts_with("FAIL\t") && (text.ends_with("[build failed]") || text.ends_with("[setup failed]"));
    let c_like = text.contains(": fatal error: ") || text.contains(": undefined reference to ");
    let java = text.contains(".java:") && text.contains(": error: ");
    codes || typescript || go || c_like || java
}

#[cfg(test)]
mod tests {
    use super::super::case::Counts;
    use super::*;

    fn report(passed: u64, failed: &[&str], skipped: u64) -> Report {
        let mut report =
            Report { counts: Counts { passed, failed: failed.len() as u64, skipped }, ..Report::default() };
        for name in failed {
            report.cases.push(super::super::Case {
                name: (*name).to_owned(),
                status: Status::Failed,
                message: None,
                flaky: false,
                around: false,
            });
        }
        report
    }

    fn run(end: &End, report: Option<Result<Report, ReadError>>) -> Run<'_> {
        Run {
            end,
            runner: Runner::Pytest,
            report,
            stops_early: false,
            build_error: None,
            changed: &[],
            left_behind: 0,
        }
    }

    #[test]
    fn per_test_results_count_and_not_the_status() {
        for (status, results, meaning) in [
            (0, report(2, &[], 0), Meaning::Passed),
            (1, report(2, &["a"], 0), Meaning::Failed),
            (0, report(2, &["a"], 0), Meaning::Failed),
            (1, report(2, &[], 0), Meaning::Failed),
            (0, report(0, &[], 0), Meaning::NoTests),
            (0, report(0, &[], 7), Meaning::NoTests),
            (5, report(0, &[], 0), Meaning::NoTests),
            (137, report(2, &[], 0), Meaning::Unclear),
        ] {
            let end = End::Exit(status);
            let judged = judge(run(&end, Some(Ok(results.clone()))));
            assert_eq!(judged.meaning, meaning, "{status} {results:?}: {}", judged.why);
        }
        let end = End::Exit(1);
        let judged = judge(run(&end, Some(Ok(report(2, &[], 0)))));
        assert_eq!(judged.report.cases[0].name, WHOLE);
    }

    #[test]
    fn a_cut_report_is_never_a_pass() {
        let mut results = report(2, &[], 0);
        results.troubles.push(Trouble::Cut("3 tests were planned, 2 were there".to_owned()));
        for status in [0, 1] {
            let end = End::Exit(status);
            assert_eq!(judge(run(&end, Some(Ok(results.clone())))).meaning, Meaning::Unclear);
        }
    }

    #[test]
    fn what_cannot_be_read_is_never_a_pass() {
        let truncated = ReadError::Truncated("the XML".to_owned());
        let missing = ReadError::Missing("the report".to_owned());
        for (status, error, meaning) in [
            (0, truncated.clone(), Meaning::Unclear),
            (1, truncated, Meaning::Unclear),
            (0, missing.clone(), Meaning::Unclear),
            (1, missing.clone(), Meaning::Unclear),
            (4, missing.clone(), Meaning::NotBuilt),
            (5, missing, Meaning::NoTests),
            (0, ReadError::Nothing, Meaning::NoTests),
        ] {
            let end = End::Exit(status);
            let judged = judge(run(&end, Some(Err(error))));
            assert_eq!(judged.meaning, meaning, "{status}: {}", judged.why);
        }
    }

    #[test]
    fn ends_that_say_nothing() {
        for end in [
            End::Signal(9),
            End::Signal(15),
            End::Exit(126),
            End::Exit(127),
            End::Exit(143),
            End::Other("did not end within 3 s".to_owned()),
        ] {
            for results in [None, Some(Ok(report(2, &[], 0))), Some(Ok(report(0, &["a"], 0)))] {
                assert_eq!(judge(run(&end, results)).meaning, Meaning::Unclear, "{end:?}");
            }
        }
        assert_eq!(judge(run(&End::Signal(11), None)).meaning, Meaning::Failed);
        assert_eq!(judge(run(&End::Exit(139), None)).meaning, Meaning::Failed);
    }

    #[test]
    fn a_changed_tree_and_what_is_left_behind() {
        let changed = ["src/a.rs".to_owned()];
        let end = End::Exit(0);
        let run_changed = Run { changed: &changed, ..run(&end, Some(Ok(report(2, &[], 0)))) };
        let judged = judge(run_changed);
        assert!(judged.meaning == Meaning::Unclear && judged.why.contains("src/a.rs"), "{judged:?}");
        let behind = |results| judge(Run { left_behind: 1, ..run(&end, results) }).meaning;
        assert_eq!(behind(None), Meaning::Unclear);
        assert_eq!(behind(Some(Ok(report(2, &[], 0)))), Meaning::Passed);
    }

    #[test]
    fn builds_that_failed_are_no_failures() {
        let with = |line: &'static str, results| {
            let end = End::Exit(1);
            judge(Run { build_error: Some(line), ..run(&end, results) }).meaning
        };
        assert_eq!(with("error: could not compile `a`", None), Meaning::NotBuilt);
        assert_eq!(with("SyntaxError: x", Some(Ok(report(1, &["test/b.test.js"], 0)))), Meaning::NotBuilt);
        assert_eq!(with("SyntaxError: x", Some(Ok(report(1, &["a test"], 0)))), Meaning::Failed);
        for line in [
            "error[E0425]: cannot find value `x`",
            "src/a.ts(3,5): error TS2304: Cannot find name",
            "src/a.ts:3:5 - error TS2304: Cannot find name",
            "FAIL\tp [build failed]",
            "a.c:1:10: fatal error: x.h: No such file or directory",
            "\u{1b}[31merror: could not compile `a`",
        ] {
            assert!(is_build_error(line), "{line}");
        }
        for line in
            ["error: test failed", "AssertionError", "an error TSX", "expected error[E0425", "FAIL\tp\t0.1s"]
        {
            assert!(!is_build_error(line), "{line}");
        }
    }
}
