//! Test commands on both sides: what the fix broke, what it mended, what
//! failed before as well, and what is flaky. What is known of a tree is taken
//! over; what looks broken or mended is run once more, and that decides.

use crate::engine::Stop;
use crate::steps::proof::test_run::{self, TestRun, Tested, Wanted};
use crate::steps::proof::{self, ProofTree, Side};
use crate::steps::{Cx, Says, says};
use hotfix_core::gate::Verdict;
use hotfix_core::journal::Evidence;
use hotfix_core::testing::compare::{Differences, compare, verdict};
use hotfix_core::testing::judge::Meaning;
use hotfix_core::testing::{Compared, NotRun, SideSays};
use std::time::Duration;

/// The time that a verification has left.
#[derive(Debug)]
pub struct Budget {
    left: Duration,
    whole: Duration,
    limit: Duration,
}

impl Budget {
    /// The whole budget.
    pub fn new(cx: &Cx<'_>) -> Budget {
        let whole = cx.t.time_budget();
        Budget { left: whole, whole, limit: cx.t.time_limit() }
    }

    /// The time that the next command has; none where nothing is left.
    pub fn next(&self) -> Option<Duration> {
        (self.left >= Duration::from_secs(1)).then(|| self.left.min(self.limit))
    }

    /// Takes what a command has used.
    pub fn used(&mut self, time: Duration) {
        self.left = self.left.saturating_sub(time);
    }

    /// Why something was not run.
    pub fn told(&self) -> String {
        let whole = jiff::SignedDuration::try_from(self.whole).unwrap_or_default();
        format!("the time budget of {} was used up (verify.time_budget)", crate::ui::duration(whole))
    }
}

/// A command with the reasons for which it was chosen.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The command.
    pub run: TestRun,
    /// Why.
    pub why: Vec<String>,
}

/// The two trees that are compared.
#[derive(Debug)]
pub struct Sides {
    /// What it was before.
    pub base: ProofTree,
    /// What it is now.
    pub fix: ProofTree,
    /// What the second one is called: `fix` or `merge`.
    pub name: &'static str,
}

impl Sides {
    /// The base and the fix as it stands.
    pub fn of_change(cx: &Cx<'_>) -> Result<Sides, Stop> {
        let (base, fix) = (proof::prepare_tree(cx, Side::Base)?, proof::prepare_tree(cx, Side::Fix)?);
        Ok(Sides { base, fix, name: "fix" })
    }
}

/// Compares every command, and says what its gate says.
pub fn run(
    cx: &mut Cx<'_>,
    sides: &Sides,
    chosen: &[Chosen],
    what: &str,
    budget: &mut Budget,
) -> Result<Says, Stop> {
    let (mut all, mut not_run, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
    for chosen in chosen {
        if budget.next().is_none() {
            not_run.push(NotRun { command: chosen.run.command.shown(), why: budget.told() });
            continue;
        }
        let mut both = Both { sides, chosen, what, budget, evidence: Vec::new() };
        let compared = both.compare(cx)?;
        evidence.append(&mut both.evidence);
        all.push(compared);
    }
    Ok(answer(all, not_run, evidence))
}

/// One command on both sides.
struct Both<'a> {
    sides: &'a Sides,
    chosen: &'a Chosen,
    what: &'a str,
    budget: &'a mut Budget,
    evidence: Vec<Evidence>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Base,
    Fix,
}

impl Both<'_> {
    fn compare(&mut self, cx: &mut Cx<'_>) -> Result<Compared, Stop> {
        let shown = self.chosen.run.command.shown();
        let Some(mut fix) = self.side(cx, Which::Fix)? else { return Ok(self.unrun(&shown)) };
        if fix.judged.meaning == Meaning::Unclear {
            let summary = format!("`{shown}` {} on the {}", fix.judged.why, self.sides.name);
            return Ok(self.told(
                Verdict::Unknown,
                summary,
                None,
                Some(&fix),
                Differences::default(),
                [0, 1],
            ));
        }
        let Some(base) = self.side(cx, Which::Base)? else {
            let summary = format!("`{shown}` was not run on the base: {}", self.budget.told());
            return Ok(self.told(
                Verdict::Unknown,
                summary,
                None,
                Some(&fix),
                Differences::default(),
                [0, 1],
            ));
        };
        let mut differences = compare(&base.judged.report, &fix.judged.report);
        // What was broken the last time may have been mended around the tree.
        if !differences.broken.is_empty()
            && fix.evidence.taken_over
            && let Some(now) = self.again(cx, Which::Fix)?
        {
            fix = now;
            differences = compare(&base.judged.report, &fix.judged.report);
        }
        let mut runs = [1, 1];
        if !differences.broken.is_empty()
            && base.judged.meaning != Meaning::Unclear
            && let Some(again) = self.again(cx, Which::Fix)?
        {
            runs[1] += 1;
            differences.rerun_of_fix(&fix.judged.report, &again.judged.report);
        }
        if !differences.fixed.is_empty()
            && !base.evidence.taken_over
            && let Some(again) = self.again(cx, Which::Base)?
        {
            runs[0] += 1;
            differences.rerun_of_base(&base.judged.report, &again.judged.report);
        }
        let (verdict, summary) = verdict(&shown, &base.judged, &fix.judged, &differences);
        Ok(self.told(verdict, summary, Some(&base), Some(&fix), differences.shortened(), runs))
    }

    /// What is known of a side, or is found out now; none where no time is left.
    fn side(&mut self, cx: &mut Cx<'_>, which: Which) -> Result<Option<Tested>, Stop> {
        let (place, side) = self.place(which);
        let known = test_run::known(cx, &self.chosen.run, place, side);
        let answers = |t: &Tested| matches!(t.judged.meaning, Meaning::Passed | Meaning::Failed);
        let enough = |t: &Tested| which == Which::Base || answers(t);
        if let Some(known) = known.filter(enough) {
            self.evidence.push(known.evidence.clone());
            return Ok(Some(known));
        }
        self.again(cx, which)
    }

    /// Runs it on a side; none where no time is left.
    fn again(&mut self, cx: &mut Cx<'_>, which: Which) -> Result<Option<Tested>, Stop> {
        let Some(limit) = self.budget.next() else { return Ok(None) };
        let (place, side) = self.place(which);
        let what = match which {
            Which::Base => format!("{} on the base", self.what),
            Which::Fix => self.what.to_owned(),
        };
        let wanted = Wanted { place, side, what: &what, limit, expect: None };
        let tested = test_run::run(cx, &self.chosen.run, wanted)?;
        self.budget.used(tested.took);
        self.evidence.push(tested.evidence.clone());
        Ok(Some(tested))
    }

    fn place(&self, which: Which) -> (&ProofTree, &'static str) {
        match which {
            Which::Base => (&self.sides.base, "base"),
            Which::Fix => (&self.sides.fix, self.sides.name),
        }
    }

    fn unrun(&self, shown: &str) -> Compared {
        let summary = format!("`{shown}` was not run: {}", self.budget.told());
        self.told(Verdict::Unknown, summary, None, None, Differences::default(), [0, 0])
    }

    fn told(
        &self,
        verdict: Verdict,
        summary: String,
        base: Option<&Tested>,
        fix: Option<&Tested>,
        differences: Differences,
        runs: [u32; 2],
    ) -> Compared {
        let side = |tested: Option<&Tested>, runs: u32| {
            tested.map(|t| SideSays {
                says: t.judged.meaning,
                why: t.judged.why.clone(),
                tests: t.judged.report.counts,
                runs,
            })
        };
        Compared {
            command: hotfix_core::change::redact(&self.chosen.run.command.shown()),
            runner: fix.and_then(|t| t.evidence.runner),
            chosen: self.chosen.why.clone(),
            verdict,
            summary,
            base: side(base, runs[0]),
            fix: side(fix, runs[1]),
            differences,
        }
    }
}

/// What the commands say together: one that fails fails the gate, one that
/// nobody can tell leaves it unknown.
fn answer(all: Vec<Compared>, not_run: Vec<NotRun>, evidence: Vec<Evidence>) -> Says {
    let of = |verdict: Verdict| all.iter().filter(move |c| c.verdict == verdict);
    let verdict = if of(Verdict::Fail).next().is_some() {
        Verdict::Fail
    } else if of(Verdict::Unknown).next().is_some() || !not_run.is_empty() {
        Verdict::Unknown
    } else {
        Verdict::Pass
    };
    let mut parts: Vec<String> = of(verdict).map(|c| c.summary.clone()).collect();
    if !not_run.is_empty() && verdict != Verdict::Fail {
        let commands = if not_run.len() == 1 { "command was".to_owned() } else { "commands were".to_owned() };
        parts.push(format!("{} {commands} not run: {}", not_run.len(), not_run[0].why));
    }
    let details = details(&all, &not_run);
    let mut answer = says(verdict, parts.join("; ")).details(details).evidence(evidence);
    answer.tests = all;
    answer.not_run = not_run;
    answer
}

/// The names of each list, the broken ones first.
fn details(all: &[Compared], not_run: &[NotRun]) -> Vec<String> {
    let mut lines = Vec::new();
    for (word, of) in LISTS {
        for compared in all {
            let names = of(&compared.differences);
            lines.extend(names.iter().take(5).map(|name| format!("{word}: {name}")));
            if names.len() > 5 {
                lines.push(format!("{word}: {} more of `{}`", names.len() - 5, compared.command));
            }
        }
    }
    for compared in all {
        let told = |side: &Option<SideSays>, name: &str| {
            let side = side.as_ref().filter(|s| s.says != Meaning::Passed)?;
            Some(format!("`{}` {} on the {name}", compared.command, side.why))
        };
        lines.extend(told(&compared.base, "base"));
        if compared.verdict != Verdict::Pass {
            lines.extend(told(&compared.fix, "fix"));
        }
    }
    lines.extend(not_run.iter().map(|n| format!("not run: `{}`", n.command)));
    for compared in all.iter().filter(|c| !c.chosen.is_empty()) {
        lines.push(format!("`{}` was chosen: {}", compared.command, compared.chosen.join("; ")));
    }
    lines
}

type Of = fn(&Differences) -> &Vec<String>;

const LISTS: [(&str, Of); 6] = [
    ("broken by the fix", |d| &d.broken),
    ("did not run on the fix", |d| &d.gone),
    ("flaky", |d| &d.flaky),
    ("failing before as well", |d| &d.failing_before),
    ("fixed", |d| &d.fixed),
    ("new", |d| &d.added),
];
