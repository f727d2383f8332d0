//! Reproduce: a command that fails while the incident is there, run by the
//! tool itself: on the base, or with a new test of the change on the base, or
//! against production. On the fix, or after the deploy, it must pass.

use super::proof::test_run::{self, TestRun, Tested, Wanted};
use super::proof::{self, ProofTree, Side};
use super::test::against_base::Budget;
use super::test::test_run_of;
use super::{Cx, Ended, Says, Verdict, says};
use crate::engine::{Stop, blobs};
use crate::git::tree::{self, Put};
use crate::settings::Trust;
use hotfix_core::journal::{Blob, Evidence, MergeRequestState};
use hotfix_core::testing::judge::{Judged, Meaning};
use hotfix_core::testing::overlay;
use hotfix_core::testing::reproduction::{self, Expected, Shown};
use hotfix_core::testing::runner::Told;
use hotfix_core::text::tail;

/// The reproduction of this run.
#[derive(Debug, Clone)]
pub struct Reproduction {
    /// Its command.
    pub run: TestRun,
    /// How often it is run on each side.
    pub times: u32,
    /// What its output must hold where it fails.
    pub expect: Option<String>,
    /// It is run against production: before and after the deploy.
    pub production: bool,
}

/// Runs the reproduction on the base, if there is one by now.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let Some(reproduction) = wanted(cx)? else {
        return Ok(Ended::Skipped(
            "no reproduction is recorded yet; it is needed before the merge".to_owned(),
        ));
    };
    if cx.verdict("repro.fails-before") != Verdict::Pass {
        let mut budget = Budget::new(cx);
        fails_before(cx, &reproduction, &mut budget)?;
    }
    Ok(Ended::Passed)
}

/// The command that shows the incident: recorded for the run, or configured.
pub fn wanted(cx: &Cx<'_>) -> Result<Option<Reproduction>, Stop> {
    if let Some(recorded) = &cx.state().reproduction {
        let run = TestRun { command: Trust::typed(&recorded.command), told: Told::default() };
        return Ok(Some(Reproduction {
            run,
            times: recorded.times,
            expect: recorded.expect.clone(),
            production: recorded.production,
        }));
    }
    let Some(command) = &cx.t.config.verify.reproduce else { return Ok(None) };
    let run = test_run_of(cx, command)?;
    Ok(Some(Reproduction { run, times: 1, expect: None, production: false }))
}

/// The gates of the reproduction that are open.
pub fn verify(cx: &mut Cx<'_>, budget: &mut Budget) -> Result<(), Stop> {
    let Some(reproduction) = wanted(cx)? else { return Ok(()) };
    if cx.wants("repro.fails-before") || cx.t.wish.fresh {
        fails_before(cx, &reproduction, budget)?;
    }
    if reproduction.production {
        return after_deploy(cx, budget);
    }
    if cx.wants("repro.passes-after") || cx.t.wish.fresh {
        passes_after(cx, &reproduction, Side::Fix, budget)?;
    }
    Ok(())
}

/// The gate `repro.fails-before`.
pub fn fails_before(cx: &mut Cx<'_>, reproduction: &Reproduction, budget: &mut Budget) -> Result<(), Stop> {
    let base = proof::prepare_tree(cx, Side::Base)?;
    let mut runs = Runs::take(cx, reproduction, &base, Side::Base, budget)?;
    let place = if reproduction.production { "production" } else { "the base" };
    let mut shown = runs.before(reproduction, place);
    let mut of_change = false;
    // A test that the change brings cannot be there yet.
    if shown.verdict != Verdict::Pass
        && !reproduction.production
        && let Some((tests, files)) = with_tests_of_change(cx)?
    {
        of_change = true;
        let more = Runs::take(cx, reproduction, &tests, Side::Base, budget)?;
        shown = more.before(reproduction, &format!("the base with the change's tests ({files})"));
        runs.evidence.extend(more.evidence.iter().cloned());
        runs.tested = more.tested;
    }
    let mut answer = runs.answer(cx, shown);
    answer.of_change = of_change;
    cx.gate("repro.fails-before", answer)
}

/// The gate `repro.passes-after`.
fn passes_after(
    cx: &mut Cx<'_>,
    reproduction: &Reproduction,
    side: Side,
    budget: &mut Budget,
) -> Result<(), Stop> {
    let place = proof::prepare_tree(cx, side)?;
    let runs = Runs::take(cx, reproduction, &place, side, budget)?;
    let name = if reproduction.production { "production after the deploy" } else { "the fix" };
    let judged: Vec<Judged> = runs.tested.iter().map(|t| t.judged.clone()).collect();
    let shown = match runs.missing(reproduction) {
        Some(shown) => shown,
        None => reproduction::after(&shown_command(reproduction), name, &judged, &shown_by(cx)),
    };
    let answer = runs.answer(cx, shown);
    cx.gate("repro.passes-after", answer)
}

/// What shows only in production is shown to be gone there, after the deploy.
pub fn after_deploy(cx: &mut Cx<'_>, budget: &mut Budget) -> Result<(), Stop> {
    let Some(reproduction) = wanted(cx)?.filter(|r| r.production) else { return Ok(()) };
    let merged = cx.state().merge_request("production").is_some_and(|m| m.state == MergeRequestState::Merged);
    let deploys = hotfix_core::plan::deploys(&cx.t.config);
    let out = if deploys { cx.state().deploys.last().is_some_and(|d| !d.rollback) } else { merged };
    if !out || !cx.wants("repro.passes-after") || too_soon(cx) {
        return Ok(());
    }
    passes_after(cx, &reproduction, Side::Base, budget)
}

/// Production is not asked more often than once a minute.
fn too_soon(cx: &Cx<'_>) -> bool {
    let seen = cx.state().gates.get("repro.passes-after").filter(|(_, g)| cx.state().is_fresh(g));
    seen.is_some_and(|(at, _)| cx.now().duration_since(*at) < jiff::SignedDuration::from_mins(1))
}

fn shown_command(reproduction: &Reproduction) -> String {
    hotfix_core::change::redact(&reproduction.run.command.shown())
}

/// The tests that failed each time on the base: those that showed the incident.
fn shown_by(cx: &Cx<'_>) -> Vec<String> {
    let Some((_, seen)) = cx.state().gates.get("repro.fails-before") else { return Vec::new() };
    let Some(last) = seen.evidence.last() else { return Vec::new() };
    let runs: Vec<&Evidence> = seen.evidence.iter().filter(|e| e.tree == last.tree).collect();
    last.failing.iter().filter(|name| runs.iter().all(|e| e.failing.contains(name))).cloned().collect()
}

/// The base with the tests that the change brings, and which those are.
fn with_tests_of_change(cx: &Cx<'_>) -> Result<Option<(ProofTree, String)>, Stop> {
    let attempt = cx.attempt()?;
    let git = cx.t.git().clone();
    let Some(head) = cx.state().head.as_ref().map(|h| h.tree.clone()) else { return Ok(None) };
    let changed = tree::changed_paths(&git, &attempt.base, &head)?;
    let mut files: Vec<Put> = overlay::test_files(&changed).into_iter().map(Put::From).collect();
    let is_own = |path: &String| files.iter().any(|f| matches!(f, Put::From(p) if p == path));
    let is_rust = |path: &str| std::path::Path::new(path).extension().is_some_and(|e| e == "rs");
    let mut inside = Vec::new();
    for path in changed.iter().filter(|p| is_rust(p) && !is_own(p)) {
        let text = |tree: &str| git.bytes(["cat-file", "blob", &format!("{tree}:{path}")]).ok();
        let (Some(base), Some(fix)) = (text(&attempt.base), text(&head)) else { continue };
        let source = overlay::rust_source(&String::from_utf8_lossy(&base), &String::from_utf8_lossy(&fix));
        inside.extend(source.map(|text| Put::Text(path.clone(), text)));
    }
    files.extend(inside);
    if files.is_empty() {
        return Ok(None);
    }
    let names: Vec<String> = files
        .iter()
        .map(|f| match f {
            Put::From(path) | Put::Text(path, _) => path.clone(),
        })
        .collect();
    let with = tree::with_files(&git, &attempt.base, &head, &files)?;
    let commit = tree::loose_commit(&git, &with, &attempt.base)?;
    let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    let told = format!("{}{more}", names.iter().take(3).cloned().collect::<Vec<_>>().join(", "));
    Ok(Some((proof::check_out(cx, "base", &commit)?, told)))
}

/// The runs of a reproduction in one place.
struct Runs {
    tested: Vec<Tested>,
    evidence: Vec<Evidence>,
}

impl Runs {
    fn take(
        cx: &mut Cx<'_>,
        reproduction: &Reproduction,
        place: &ProofTree,
        side: Side,
        budget: &mut Budget,
    ) -> Result<Runs, Stop> {
        let (name, what) = match (reproduction.production, side) {
            (true, _) => ("production", "trying the reproduction against production"),
            (false, Side::Base) => ("base", "reproducing the incident on the base"),
            (false, Side::Fix) => ("fix", "trying the reproduction on the fix"),
        };
        let mut tested = Vec::new();
        // What was seen once says nothing of the next time.
        let known = (reproduction.times == 1 && !reproduction.production)
            .then(|| test_run::known(cx, &reproduction.run, place, name))
            .flatten();
        tested.extend(known);
        while tested.len() < reproduction.times as usize {
            let Some(limit) = budget.next() else { break };
            let wanted = Wanted { place, side: name, what, limit, expect: reproduction.expect.as_deref() };
            let one = test_run::run(cx, &reproduction.run, wanted)?;
            budget.used(one.took);
            let answered = matches!(one.judged.meaning, Meaning::Passed | Meaning::Failed);
            tested.push(one);
            if !answered {
                break;
            }
        }
        let evidence = tested.iter().map(|t| t.evidence.clone()).collect();
        Ok(Runs { tested, evidence })
    }

    /// What they say where the incident is.
    fn before(&self, reproduction: &Reproduction, place: &str) -> Shown {
        if let Some(shown) = self.missing(reproduction) {
            return shown;
        }
        let judged: Vec<Judged> = self.tested.iter().map(|t| t.judged.clone()).collect();
        let expected = reproduction
            .expect
            .as_deref()
            .map(|text| Expected { text, found: self.tested.iter().all(|t| t.expected) });
        reproduction::before(&shown_command(reproduction), place, &judged, expected)
    }

    /// Fewer runs than wanted, and none that explains it.
    fn missing(&self, reproduction: &Reproduction) -> Option<Shown> {
        let answered =
            self.tested.iter().all(|t| matches!(t.judged.meaning, Meaning::Passed | Meaning::Failed));
        let (there, wanted) = (self.tested.len(), reproduction.times as usize);
        (answered && there < wanted).then(|| Shown {
            verdict: Verdict::Unknown,
            summary: format!(
                "`{}` was run {there} of {wanted} times: the time budget was used up (verify.time_budget)",
                shown_command(reproduction)
            ),
            failing: Vec::new(),
        })
    }

    fn answer(self, cx: &Cx<'_>, shown: Shown) -> Says {
        let telling =
            self.tested.iter().rev().find(|t| t.judged.meaning != Meaning::Passed).or(self.tested.last());
        let lines = telling.map(|t| lines(cx, t, &shown)).unwrap_or_default();
        says(shown.verdict, shown.summary).details(lines).evidence(self.evidence)
    }
}

/// What failed, and the end of what was printed.
fn lines(cx: &Cx<'_>, tested: &Tested, shown: &Shown) -> Vec<String> {
    let mut lines = Vec::new();
    for case in tested.judged.report.failing().filter(|c| !c.around).take(3) {
        let first = case.message.as_deref().unwrap_or_default().lines().take(2).collect::<Vec<_>>().join(" ");
        lines.push(format!("{}: {}", case.name, hotfix_core::text::brief(&first, 200)));
    }
    if lines.is_empty() || shown.verdict != Verdict::Pass {
        let output =
            if tested.output.is_empty() { kept(cx, &tested.evidence) } else { tested.output.clone() };
        lines.extend(tail(&output, 6).lines().map(str::to_owned));
    }
    let printed = tested.evidence.printed.unwrap_or_default();
    if let Some(digest) = tested.evidence.digest.as_deref().filter(|_| printed > 0) {
        let short = &digest[..12.min(digest.len())];
        lines.push(format!("all that it printed: hotfix log --output {short}"));
    }
    lines
}

/// What an earlier run had printed, if it is still kept.
fn kept(cx: &Cx<'_>, evidence: &Evidence) -> String {
    let blob = evidence.digest.clone().zip(evidence.path.clone()).map(|(digest, path)| Blob { digest, path });
    let bytes = blob.and_then(|blob| blobs::read(&cx.t.folder, &blob)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
