//! Verify the fix: the incident can no longer be reproduced, critical and
//! smoke tests that pass on the base pass on the fix, and the logs have no
//! new errors.

pub mod against_base;
mod chosen;

use super::{Cx, Ended, Verdict, logs, person, reproduce};
use crate::engine::Stop;
use against_base::{Budget, Sides};
pub use chosen::{configured, test_run_of};
use hotfix_core::gate::Point;

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
    logs::begin(cx)?;
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
    if cx.wants(logs::GATE) {
        logs::evaluate(cx)?;
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
