//! Implement: a person or an agent makes the smallest change in the worktree.
//! The change gates watch, and the person says when it is done.

use super::change::{self, Subject};
use super::{Cx, Ended, person, says};
use crate::engine::Stop;
use hotfix_core::gate::Verdict;
use hotfix_core::journal::Observation;

/// Waits for the change, then judges it.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let attempt = cx.attempt()?;
    if !std::path::Path::new(&attempt.worktree).join(".git").exists() {
        return Err(gone(&attempt).into());
    }
    let changed = cx.state().head.as_ref().is_some_and(|h| h.dirty || h.commit != attempt.base);
    let done = cx.state().done.contains_key("implement");
    if !(changed && done) {
        let what = match (changed, done) {
            (false, true) => format!("a change: nothing has changed yet in {}", attempt.worktree),
            _ => format!("the smallest change that ends the incident, in {}", attempt.worktree),
        };
        return Err(Stop::Waiting(vec![person(what, "hotfix ship")]));
    }
    judge_change(cx)?;
    Ok(Ended::Passed)
}

/// The change gates, on the worktree as it stands.
pub fn judge_change(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let attempt = cx.attempt()?;
    let Some(head) = cx.state().head.clone() else { return Ok(()) };
    let subject = Subject { attempt: &attempt, tree: &head.tree, commit: &head.commit };
    let judged = change::judge(cx.t, cx.state(), &subject)?;
    let budget = judged.budget;
    let seen = [budget.files, budget.lines, budget.max_files, budget.max_lines];
    if cx.state().budget != Some(seen) {
        let [files, lines, max_files, max_lines] = seen;
        cx.observe(Observation::Budget { files, lines, max_files, max_lines })?;
    }
    for judgement in judged.gates {
        // A weakened test binds whatever the page says of the gate.
        let must_stop = judgement.verdict == Verdict::Fail && judgement.findings.iter().any(|f| f.binding);
        let answer = says(judgement.verdict, judgement.summary.clone()).findings(judgement.findings);
        cx.gate(judgement.gate, answer)?;
        if must_stop && cx.verdict(judgement.gate) == Verdict::Fail {
            return Err(stopped_by(judgement.gate, &judgement.summary).into());
        }
    }
    Ok(())
}

fn stopped_by(gate: &str, summary: &str) -> crate::error::Failure {
    crate::error::Failure::failed("HF0601", format!("{gate} has not passed: {summary}"))
        .try_this("mend it and go on", "hotfix ship")
        .try_this("or let it pass under your name", format!("hotfix waive {gate} --reason \"why\""))
}

/// Somebody removed the worktree; the branch has what was committed.
pub fn gone(attempt: &hotfix_core::run::Attempt) -> crate::error::Failure {
    let (path, branch) = (&attempt.worktree, &attempt.branch);
    crate::error::Failure::failed("HF0503", format!("the worktree {path} is gone"))
        .try_this("bring it back", format!("git worktree prune && git worktree add {path} {branch}"))
        .try_this("or stop here", "hotfix abort")
}

/// What the worktree holds right now.
pub fn look(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let attempt = cx.attempt()?;
    let Some((commit, tree, dirty)) = change::worktree_now(&attempt)? else { return Ok(()) };
    let same =
        cx.state().head.as_ref().is_some_and(|h| (&h.commit, &h.tree, h.dirty) == (&commit, &tree, dirty));
    if same {
        return Ok(());
    }
    cx.observe(Observation::Head { commit, tree, dirty })
}
