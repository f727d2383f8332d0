//! Verify the fix: the incident can no longer be reproduced, critical and
//! smoke tests that pass on the base pass on the fix, and the logs have no
//! new errors.

pub mod against_base;
mod chosen;

use super::proof::{self, ProofTree, Side};
use super::{Cx, Ended, Verdict, person, reproduce, says};
use crate::engine::Stop;
use against_base::{Budget, Sides};
pub use chosen::{configured, test_run_of};
use hotfix_core::gate::Point;
use hotfix_logdiff::{Comparison, Model, Options};

/// Verifies the worktree as it stands.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    verify(cx)?;
    let held: Vec<_> =
        cx.state().holding(Point::BeforeMerge).into_iter().map(|(g, v)| (g.id.clone(), v)).collect();
    let mine = |id: &str| id.starts_with("repro.") || id.starts_with("tests.") || id.starts_with("logs.");
    if held.iter().any(|(id, v)| mine(id) && *v == Verdict::Pending) {
        let what = "a command that shows the incident: it must fail on the base and pass on the fix";
        return Err(Stop::Waiting(vec![person(what, "hotfix reproduce -- COMMAND")]));
    }
    if let Some((id, verdict)) = held.iter().find(|(id, _)| mine(id)) {
        let summary = cx.state().gates.get(id).map_or(String::new(), |(_, seen)| seen.summary.clone());
        return Err(crate::error::Failure::failed(
            "HF0601",
            format!("the fix is not verified: {id} is {} ({summary})", verdict.name()),
        )
        .try_this("mend the fix and verify it again", "hotfix verify")
        .try_this("or let the gate pass under your name", format!("hotfix waive {id} --reason \"why\""))
        .into());
    }
    Ok(Ended::Passed)
}

/// Evaluates every verification gate that is open for this tree.
pub fn verify(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let mut budget = Budget::new(cx);
    reproduce::verify(cx, &mut budget)?;
    // The smoke tests are few, and come first whatever the budget.
    if cx.wants("tests.smoke") || cx.t.wish.fresh {
        let chosen = chosen::smoke(cx)?;
        compare(cx, "tests.smoke", &chosen, "running smoke tests", &mut budget)?;
    }
    if cx.wants("tests.critical") || cx.t.wish.all || cx.t.wish.fresh {
        let chosen = chosen::critical(cx)?;
        compare(cx, "tests.critical", &chosen, "running critical tests", &mut budget)?;
    }
    if cx.wants("logs.no-new-errors") {
        logs(cx)?;
    }
    Ok(())
}

fn compare(
    cx: &mut Cx<'_>,
    gate: &str,
    chosen: &[against_base::Chosen],
    what: &str,
    budget: &mut Budget,
) -> Result<(), Stop> {
    if cx.verdict(gate) == Verdict::NotApplicable {
        return Ok(());
    }
    let sides = Sides::of_change(cx)?;
    let answer = against_base::run(cx, &sides, chosen, what, budget)?;
    cx.gate(gate, answer)
}

/// The gate `logs.no-new-errors`: what the verification wrote, against the
/// same logs of the base and what else is known to be normal.
fn logs(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let names = cx.t.config.verify.logs.clone();
    let base = proof::prepare_tree(cx, Side::Base)?;
    if !names.iter().any(|n| base.path.join(n).exists()) {
        for command in cx.t.config.verify.smoke.clone() {
            proof::run(cx, &base, &cx.t.trusted(command.command())?, "writing the base's log")?;
        }
    }
    let fix = proof::prepare_tree(cx, Side::Fix)?;
    let answer = compare_logs(cx, &names, &base, &fix)?;
    cx.gate("logs.no-new-errors", answer)
}

fn compare_logs(
    cx: &Cx<'_>,
    names: &[String],
    base: &ProofTree,
    fix: &ProofTree,
) -> Result<super::Says, Stop> {
    let mut model = Model::new();
    let own = cx.t.config.verify.baseline_logs.iter().map(|n| cx.t.repo.main.join(n));
    for path in names.iter().map(|n| base.path.join(n)).chain(own).filter(|p| p.exists()) {
        model.learn(&std::fs::read(&path)?);
        model.finish();
    }
    let mut comparison = Comparison::new(&model, Options { only_errors: true, ..Options::default() });
    let mut read = 0;
    for path in names.iter().map(|n| fix.path.join(n)).filter(|p| p.exists()) {
        comparison.feed(&std::fs::read(&path)?);
        read += 1;
    }
    if read == 0 {
        return Ok(says(Verdict::Unknown, format!("the verification wrote none of {}", names.join(", "))));
    }
    let diff = comparison.finish();
    if diff.new.is_empty() {
        return Ok(says(
            Verdict::Pass,
            format!("no new error among {} lines ({} templates known)", diff.lines, model.templates()),
        ));
    }
    let lines =
        diff.new.iter().map(|t| format!("{} times: {}", t.count, hotfix_core::change::redact(&t.example)));
    Ok(says(Verdict::Fail, format!("{} new error templates", diff.new.len())).details(lines.collect()))
}
