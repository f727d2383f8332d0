//! The base and the fix, test by test: what the fix broke, what it mended,
//! what failed before as well, and what is flaky. Only the first fails a gate;
//! what cannot be told apart leaves it unknown.

use super::case::{Case, Report, Status};
use super::judge::{Judged, Meaning};
use crate::gate::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The names kept of each list.
pub const MAX_NAMES: usize = 200;

/// What changed between the base and the fix, by test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Differences {
    /// They fail on the fix, and not on the base.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// They fail on the base, and pass on the fix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<String>,
    /// They fail on both.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failing_before: Vec<String>,
    /// They failed and passed on the same tree.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flaky: Vec<String>,
    /// They are not on the base, and pass on the fix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// They passed on the base, and did not run on the fix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// How many there are of each list, where it is longer than what is kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub longer: BTreeMap<String, usize>,
    /// How many pass on both.
    pub unchanged: usize,
}

/// Compares two sides that both gave an answer.
pub fn compare(base: &Report, fix: &Report) -> Differences {
    let before: HashMap<&str, &Case> = base.cases.iter().map(|c| (c.name.as_str(), c)).collect();
    let after: HashMap<&str, &Case> = fix.cases.iter().map(|c| (c.name.as_str(), c)).collect();
    let mut all = Differences::default();
    let both_named = !base.terse && !fix.terse;
    for case in &fix.cases {
        let old = before.get(case.name.as_str()).map(|c| c.status);
        let name = case.name.clone();
        match (old, case.status) {
            (Some(old), new) if old.is_failing() && new.is_failing() => all.failing_before.push(name),
            (_, new) if new.is_failing() => all.broken.push(name),
            (Some(old), Status::Passed) if old.is_failing() => all.fixed.push(name),
            (Some(Status::Passed), Status::Skipped) => all.gone.push(name),
            (None | Some(Status::Skipped), Status::Passed) if both_named => all.added.push(name),
            (_, Status::Passed) => all.unchanged += 1,
            _ => {}
        }
        if case.flaky {
            all.flaky.push(case.name.clone());
        }
    }
    for case in &base.cases {
        let missing = !after.contains_key(case.name.as_str());
        // Around the tests, what is not told did not fail.
        if missing && (case.around || fix.terse) && case.status.is_failing() {
            all.fixed.push(case.name.clone());
        } else if missing && both_named && case.status != Status::Skipped {
            all.gone.push(case.name.clone());
        }
    }
    all.without_renames(&before)
}

impl Differences {
    /// As many tests as have gone from a suite have come to it: they were renamed.
    fn without_renames(mut self, before: &HashMap<&str, &Case>) -> Differences {
        let mut come: HashMap<&str, usize> = HashMap::new();
        for name in self.added.iter().filter(|n| !before.contains_key(n.as_str())) {
            *come.entry(suite(name)).or_default() += 1;
        }
        let mut left: HashMap<&str, usize> = HashMap::new();
        for name in &self.gone {
            *left.entry(suite(name)).or_default() += 1;
        }
        let renamed: Vec<String> = self
            .gone
            .iter()
            .filter(|n| left.get(suite(n)).copied() <= come.get(suite(n)).copied())
            .cloned()
            .collect();
        self.gone.retain(|n| !renamed.contains(n));
        self
    }

    /// What failed on the fix alone and passes there when it is run again, is flaky.
    pub fn rerun_of_fix(&mut self, first: &Report, again: &Report) {
        let (good, bad) = std::mem::take(&mut self.broken).into_iter().partition(|n| passes(first, again, n));
        self.broken = bad;
        self.also_flaky(good);
    }

    /// What failed on the base alone and passes there when it is run again, is flaky.
    pub fn rerun_of_base(&mut self, first: &Report, again: &Report) {
        let (good, bad) = std::mem::take(&mut self.fixed).into_iter().partition(|n| passes(first, again, n));
        self.fixed = bad;
        self.also_flaky(good);
    }

    fn also_flaky(&mut self, more: Vec<String>) {
        self.flaky.extend(more);
        self.flaky.sort();
        self.flaky.dedup();
    }

    /// Keeps lists at a length that can be written down.
    pub fn shortened(mut self) -> Differences {
        let lists: [(&str, &mut Vec<String>); 6] = [
            ("broken", &mut self.broken),
            ("fixed", &mut self.fixed),
            ("failing_before", &mut self.failing_before),
            ("flaky", &mut self.flaky),
            ("added", &mut self.added),
            ("gone", &mut self.gone),
        ];
        for (name, list) in lists {
            if list.len() > MAX_NAMES {
                self.longer.insert(name.to_owned(), list.len());
                list.truncate(MAX_NAMES);
            }
        }
        self
    }
}

fn suite(name: &str) -> &str {
    let end = name.rfind("::").max(name.rfind(" > ")).or_else(|| name.rfind('.')).unwrap_or(0);
    &name[..end]
}

/// Whether what failed first passes the second time. Around the tests, and
/// where passed tests have no names, what is not told did not fail.
fn passes(first: &Report, again: &Report, name: &str) -> bool {
    let good = again.failing().next().is_none() && again.cut().is_none();
    match again.case(name) {
        Some(case) => case.status == Status::Passed,
        None => good && (again.terse || first.case(name).is_some_and(|c| c.around)),
    }
}

/// What the comparison of one command says of the gate, and why.
pub fn verdict(command: &str, base: &Judged, fix: &Judged, all: &Differences) -> (Verdict, String) {
    let count = |n: usize| if n == 1 { "1 test".to_owned() } else { format!("{n} tests") };
    match (fix.meaning, base.meaning) {
        (Meaning::Unclear, _) => (Verdict::Unknown, format!("`{command}` {} on the fix", fix.why)),
        (Meaning::NoTests, _) => {
            (Verdict::Unknown, format!("`{command}` {} on the fix: that proves nothing", fix.why))
        }
        (Meaning::NotBuilt, Meaning::NotBuilt | Meaning::Unclear) => (
            Verdict::Unknown,
            format!("`{command}` {} on the fix, and says nothing on the base either", fix.why),
        ),
        (Meaning::NotBuilt, _) => {
            (Verdict::Fail, format!("`{command}` {} on the fix, not on the base", fix.why))
        }
        (Meaning::Failed, Meaning::Unclear | Meaning::NoTests | Meaning::NotBuilt)
            if !all.broken.is_empty() =>
        {
            (Verdict::Unknown, format!("`{command}` {} on the fix, and {} on the base", fix.why, base.why))
        }
        (Meaning::Failed, _) if !all.broken.is_empty() => {
            (Verdict::Fail, format!("`{command}`: {} broken by the fix", count(all.broken.len())))
        }
        _ if !all.gone.is_empty() => {
            let what = format!("`{command}`: {} of the base did not run on the fix", count(all.gone.len()));
            (Verdict::Unknown, what)
        }
        (Meaning::Failed, _) => match fix.report.stopped_early().or(fix.report.cut()) {
            Some(what) if !all.failing_before.is_empty() => {
                (Verdict::Unknown, format!("`{command}` failed before as well, and left tests out: {what}"))
            }
            _ => (Verdict::Pass, passed(command, fix, all)),
        },
        (Meaning::Passed, _) => (Verdict::Pass, passed(command, fix, all)),
    }
}

fn passed(command: &str, fix: &Judged, all: &Differences) -> String {
    let told = if fix.report.counts.total() > 0 {
        format!("`{command}`: {}", fix.report.counts.told())
    } else {
        format!("`{command}` passes by its exit status")
    };
    let parts = [
        (all.fixed.len(), "fixed"),
        (all.failing_before.len(), "failing before as well"),
        (all.flaky.len(), "flaky"),
    ];
    let more: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if more.is_empty() { told } else { format!("{told}; {}", more.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::case::Counts;
    use super::*;

    fn report(cases: &[(&str, Status)]) -> Report {
        let of = |s: Status| cases.iter().filter(|(_, c)| *c == s).count() as u64;
        Report {
            counts: Counts {
                passed: of(Status::Passed),
                failed: of(Status::Failed),
                skipped: of(Status::Skipped),
            },
            cases: cases
                .iter()
                .map(|(name, status)| Case {
                    name: (*name).to_owned(),
                    status: *status,
                    message: None,
                    flaky: false,
                    around: name.starts_with('('),
                })
                .collect(),
            ..Report::default()
        }
    }

    fn judged(report: Report) -> Judged {
        let failing = report.failing().next().is_some();
        let meaning = if failing { Meaning::Failed } else { Meaning::Passed };
        Judged { meaning, why: "ended".to_owned(), report }
    }

    use Status::{Failed as F, Passed as P, Skipped as S};

    #[test]
    fn every_pair_has_its_name() {
        let base = report(&[
            ("s::pp", P),
            ("s::pf", P),
            ("s::fp", F),
            ("s::ff", F),
            ("s::ps", P),
            ("t::p", P),
            ("u::f", F),
        ]);
        let fix = report(&[
            ("s::pp", P),
            ("s::pf", F),
            ("s::fp", P),
            ("s::ff", F),
            ("s::ps", S),
            ("s::new", P),
            ("s::bad", F),
        ]);
        let all = compare(&base, &fix);
        assert_eq!(all.broken, ["s::pf", "s::bad"]);
        assert_eq!(all.fixed, ["s::fp"]);
        assert_eq!(all.failing_before, ["s::ff"]);
        assert_eq!(all.added, ["s::new"]);
        assert_eq!(all.gone, ["t::p", "u::f"], "one has gone from s, and one has come");
        assert_eq!(all.unchanged, 1);
        assert_eq!(verdict("x", &judged(base), &judged(fix), &all).0, Verdict::Fail);
    }

    #[test]
    fn only_broken_ones_fail_the_gate() {
        let says = |base: &[(&str, Status)], fix: &[(&str, Status)]| {
            let (base, fix) = (judged(report(base)), judged(report(fix)));
            verdict("x", &base, &fix, &compare(&base.report, &fix.report)).0
        };
        assert_eq!(says(&[("a", F), ("b", P)], &[("a", F), ("b", P)]), Verdict::Pass);
        assert_eq!(says(&[("a", F)], &[("a", P)]), Verdict::Pass);
        assert_eq!(says(&[("a", P)], &[("a", F)]), Verdict::Fail);
        assert_eq!(says(&[], &[("a", F)]), Verdict::Fail);
        assert_eq!(says(&[("s::a", P), ("s::b", P)], &[("s::b", P)]), Verdict::Unknown);
        assert_eq!(says(&[("s::a", P)], &[("s::b", P)]), Verdict::Pass, "renamed");
        assert_eq!(says(&[("a", P), ("b", P)], &[("a", S), ("b", P)]), Verdict::Unknown);
    }

    #[test]
    fn a_rerun_decides() {
        let base = report(&[("a", P), ("b", F), ("c", P)]);
        let fix = report(&[("a", F), ("b", P), ("c", F)]);
        let mut all = compare(&base, &fix);
        all.rerun_of_fix(&fix, &report(&[("a", P), ("b", P), ("c", F)]));
        all.rerun_of_base(&base, &report(&[("a", P), ("b", P), ("c", P)]));
        assert_eq!(
            (all.broken, all.fixed, all.flaky),
            (vec!["c".to_owned()], vec![], vec!["a".to_owned(), "b".to_owned()])
        );
    }

    #[test]
    fn commands_without_tests_compare_as_a_whole() {
        let good = Judged { meaning: Meaning::Passed, why: "ended".to_owned(), report: Report::default() };
        let mut bad = good.clone();
        bad.meaning = Meaning::Failed;
        bad.report.add_around(super::super::judge::WHOLE, "ended with exit status 1");
        let says = |base: &Judged, fix: &Judged| {
            let mut all = compare(&base.report, &fix.report);
            let first = verdict("x", base, fix, &all).0;
            all.rerun_of_fix(&fix.report, &good.report);
            (first, verdict("x", base, fix, &all).0)
        };
        assert_eq!(says(&good, &bad), (Verdict::Fail, Verdict::Pass), "the rerun passes: flaky");
        assert_eq!(says(&bad, &bad).0, Verdict::Pass);
        assert_eq!(compare(&bad.report, &good.report).fixed.len(), 1);
    }

    #[test]
    fn what_cannot_be_told_apart_is_unknown() {
        let of = |meaning| Judged { meaning, why: "x".to_owned(), report: Report::default() };
        let failed = judged(report(&[("a", F)]));
        let passed = judged(report(&[("a", P)]));
        let says =
            |base: &Judged, fix: &Judged| verdict("x", base, fix, &compare(&base.report, &fix.report)).0;
        for meaning in [Meaning::Unclear, Meaning::NoTests] {
            assert_eq!(says(&passed, &of(meaning)), Verdict::Unknown);
            assert_eq!(says(&of(meaning), &failed), Verdict::Unknown);
            assert_eq!(says(&of(meaning), &passed), Verdict::Pass);
        }
        assert_eq!(says(&passed, &of(Meaning::NotBuilt)), Verdict::Fail);
        assert_eq!(says(&of(Meaning::NotBuilt), &of(Meaning::NotBuilt)), Verdict::Unknown);
        let mut early = judged(report(&[("a", F)]));
        early.report.troubles.push(super::super::Trouble::StoppedEarly("x".to_owned()));
        assert_eq!(says(&failed, &early), Verdict::Unknown, "what it left out may be broken");
    }

    #[test]
    fn terse_reports_compare_by_their_failures() {
        let terse = |cases: &[(&str, Status)]| Report { terse: true, ..report(cases) };
        let all = compare(&terse(&[("a", F)]), &terse(&[("b", F)]));
        assert_eq!((all.broken, all.fixed, all.gone), (vec!["b".to_owned()], vec!["a".to_owned()], vec![]));
    }
}
