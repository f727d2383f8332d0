//! What the runs of a reproduction prove. It must fail where the incident is,
//! each time and for the right reason, and pass on the fix, each time: a
//! command that is not found, a build that fails, a time-out and a test that
//! did not run show nothing, and one that fails now and then is no proof.

use super::case::Status;
use super::judge::{Judged, Meaning, WHOLE};
use crate::gate::Verdict;

/// What the runs say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Of the gate.
    pub verdict: Verdict,
    /// Why, in one line.
    pub summary: String,
    /// The tests that failed each time.
    pub failing: Vec<String>,
}

/// What somebody said that the failing output holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected<'a> {
    /// The text.
    pub text: &'a str,
    /// Whether each run's output has it.
    pub found: bool,
}

fn shown(verdict: Verdict, summary: String) -> Shown {
    Shown { verdict, summary, failing: Vec::new() }
}

/// What runs where the incident is say: on the base, or in production.
pub fn before(command: &str, place: &str, runs: &[Judged], expected: Option<Expected<'_>>) -> Shown {
    let as_expected = expected.is_some_and(|e| e.found);
    // A build that fails is the incident if somebody said so beforehand.
    let fails = |r: &&Judged| r.meaning == Meaning::Failed || (as_expected && r.meaning == Meaning::NotBuilt);
    let failed = runs.iter().filter(fails).count();
    let nothing = runs.iter().find(|r| r.meaning != Meaning::Passed && !fails(r));
    if let Some(run) = nothing {
        let hint = if run.meaning == Meaning::NotBuilt {
            "; if that is the incident, say so with --expect"
        } else {
            ""
        };
        return shown(
            Verdict::Unknown,
            format!("`{command}` {} on {place}: that is no reproduction{hint}", run.why),
        );
    }
    if failed == 0 {
        let times = times(runs.len());
        return shown(
            Verdict::Fail,
            format!("`{command}` passes on {place}{times}: it does not show the incident"),
        );
    }
    if failed < runs.len() {
        return shown(
            Verdict::Unknown,
            format!(
                "`{command}` is flaky on {place}: it fails {failed} of {} times, which proves nothing",
                runs.len()
            ),
        );
    }
    if let Some(expected) = expected.filter(|e| !e.found) {
        return shown(
            Verdict::Unknown,
            format!(
                "`{command}` fails on {place}, and not as expected: its output lacks “{}”",
                crate::text::brief(expected.text, 60)
            ),
        );
    }
    let outside = runs.iter().find(|r| r.report.counts.total() > 0 && only_outside(r));
    if let Some(run) = outside.filter(|_| !as_expected) {
        return shown(
            Verdict::Unknown,
            format!("`{command}` {} on {place}: that is no reproduction", run.why),
        );
    }
    let failing = each_time(runs);
    if failing.is_empty() && runs.len() > 1 && runs.iter().any(|r| r.report.counts.total() > 0) {
        return shown(Verdict::Unknown, format!("`{command}` is flaky on {place}: no test fails each time"));
    }
    let why = runs.first().map(|r| r.why.as_str()).unwrap_or_default();
    Shown {
        verdict: Verdict::Pass,
        summary: format!("`{command}` fails on {place}{} ({why})", times(runs.len())),
        failing,
    }
}

/// What runs on the fix say; `failing` are the tests that showed the incident.
pub fn after(command: &str, place: &str, runs: &[Judged], failing: &[String]) -> Shown {
    let answered = |r: &&Judged| matches!(r.meaning, Meaning::Passed | Meaning::Failed);
    if let Some(run) = runs.iter().find(|r| !answered(r)) {
        // What cannot be built does not pass.
        let verdict = if run.meaning == Meaning::NotBuilt { Verdict::Fail } else { Verdict::Unknown };
        return shown(verdict, format!("`{command}` {} on {place}", run.why));
    }
    let failed = runs.iter().filter(|r| r.meaning == Meaning::Failed).count();
    if failed == runs.len() {
        let why = runs.first().map(|r| r.why.as_str()).unwrap_or_default();
        return shown(
            Verdict::Fail,
            format!("`{command}` still fails on {place}{} ({why})", times(runs.len())),
        );
    }
    if failed > 0 {
        return shown(
            Verdict::Fail,
            format!("`{command}` is flaky on {place}: it fails {failed} of {} times", runs.len()),
        );
    }
    let not_run = |r: &Judged| {
        let did = |name: &&String| match r.report.case(name) {
            Some(case) => case.status == Status::Passed,
            None => r.report.terse || r.report.cases.is_empty(),
        };
        failing.iter().find(|n| !did(n)).cloned()
    };
    if let Some(test) = runs.iter().find_map(not_run) {
        return shown(
            Verdict::Unknown,
            format!(
                "`{command}` passes on {place}, and the test that showed the incident did not run: {test}"
            ),
        );
    }
    let told = runs.first().filter(|r| r.report.counts.total() > 0);
    let told = told.map(|r| format!(" ({})", r.report.counts.told())).unwrap_or_default();
    shown(Verdict::Pass, format!("`{command}` passes on {place}{}{told}", times(runs.len())))
}

fn times(runs: usize) -> String {
    if runs > 1 { format!(" {runs} of {runs} times") } else { String::new() }
}

/// Whether no test failed, and something around them did.
fn only_outside(run: &Judged) -> bool {
    run.report.failing().all(|c| c.name == WHOLE)
}

fn each_time(runs: &[Judged]) -> Vec<String> {
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    let fails = |r: &Judged, name: &str| r.report.failing().any(|c| c.name == name);
    let tests = first.report.failing().filter(|c| !c.around);
    tests.filter(|c| others.iter().all(|r| fails(r, &c.name))).map(|c| c.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::case::{Case, Counts, Report};
    use super::*;

    fn run(meaning: Meaning, cases: &[(&str, Status)]) -> Judged {
        let of = |s: Status| cases.iter().filter(|(_, c)| *c == s).count() as u64;
        let case = |(name, status): &(&str, Status)| Case {
            name: (*name).to_owned(),
            status: *status,
            message: None,
            flaky: false,
            around: *name == WHOLE,
        };
        let counts =
            Counts { passed: of(Status::Passed), failed: of(Status::Failed), skipped: of(Status::Skipped) };
        let report = Report { cases: cases.iter().map(case).collect(), counts, ..Report::default() };
        Judged { meaning, why: "ended".to_owned(), report }
    }

    fn bare(meaning: Meaning) -> Judged {
        run(meaning, &[])
    }

    use Meaning::{Failed, NoTests, NotBuilt, Passed, Unclear};

    #[test]
    fn only_a_failure_shows_the_incident() {
        let says = |runs: &[Judged]| before("x", "the base", runs, None).verdict;
        assert_eq!(says(&[bare(Failed)]), Verdict::Pass);
        assert_eq!(says(&[bare(Passed)]), Verdict::Fail);
        for meaning in [NotBuilt, NoTests, Unclear] {
            assert_eq!(says(&[bare(meaning)]), Verdict::Unknown);
            assert_eq!(says(&[bare(Failed), bare(meaning)]), Verdict::Unknown);
        }
        let outside = run(Failed, &[("a", Status::Passed), (WHOLE, Status::Failed)]);
        assert_eq!(says(&[outside]), Verdict::Unknown, "no test failed");
    }

    #[test]
    fn now_and_then_is_no_proof() {
        let flaky = before("x", "the base", &[bare(Failed), bare(Passed), bare(Failed)], None);
        assert_eq!(flaky.verdict, Verdict::Unknown);
        assert!(flaky.summary.contains("fails 2 of 3 times"), "{}", flaky.summary);
        let one = run(Failed, &[("a", Status::Failed), ("b", Status::Passed)]);
        let other = run(Failed, &[("a", Status::Passed), ("b", Status::Failed)]);
        assert_eq!(before("x", "the base", &[one.clone(), other], None).verdict, Verdict::Unknown);
        let steady = before("x", "the base", &[one.clone(), one], None);
        assert_eq!((steady.verdict, steady.failing), (Verdict::Pass, vec!["a".to_owned()]));
        assert!(steady.summary.contains("2 of 2 times"));
        let fixed = after("x", "the fix", &[bare(Passed), bare(Failed)], &[]);
        assert!(fixed.verdict == Verdict::Fail && fixed.summary.contains("1 of 2"), "{fixed:?}");
    }

    #[test]
    fn for_the_reason_that_was_expected() {
        let expected = |found| Some(Expected { text: "O'Brien", found });
        assert_eq!(before("x", "the base", &[bare(Failed)], expected(true)).verdict, Verdict::Pass);
        let other = before("x", "the base", &[bare(Failed)], expected(false));
        assert!(other.verdict == Verdict::Unknown && other.summary.contains("lacks “O'Brien”"), "{other:?}");
        assert_eq!(before("x", "the base", &[bare(NotBuilt)], expected(true)).verdict, Verdict::Pass);
        assert_eq!(before("x", "the base", &[bare(NotBuilt)], expected(false)).verdict, Verdict::Unknown);
    }

    #[test]
    fn the_test_that_showed_it_must_run_on_the_fix() {
        let failing = ["t::a".to_owned()];
        let says = |r: Judged| after("x", "the fix", &[r], &failing).verdict;
        assert_eq!(says(run(Passed, &[("t::a", Status::Passed)])), Verdict::Pass);
        assert_eq!(says(run(Passed, &[("t::a", Status::Skipped), ("b", Status::Passed)])), Verdict::Unknown);
        assert_eq!(says(run(Passed, &[("b", Status::Passed)])), Verdict::Unknown);
        assert_eq!(says(run(Failed, &[("t::a", Status::Failed)])), Verdict::Fail);
        assert_eq!(says(bare(NotBuilt)), Verdict::Fail);
        assert_eq!(says(bare(Unclear)), Verdict::Unknown);
        assert_eq!(says(bare(NoTests)), Verdict::Unknown);
        assert_eq!(after("x", "the fix", &[bare(Passed)], &[]).verdict, Verdict::Pass);
    }
}
