//! Implement: a person or an agent makes the smallest change in the worktree.
//! The change gates watch, and the person says when it is done.

use super::{Cx, Ended, person, says};
use crate::engine::Stop;
use crate::git::{Git, tree};
use hotfix_core::change::{self, Rules};
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
    let diff = tree::diff(cx.t.git(), &attempt.base, &head.tree)?;
    let change = change::parse(&diff);
    let policy = cx.plan()?.policy.change.clone();
    let config = cx.t.config.change.clone();
    let rules = Rules {
        policy: &policy,
        max_files: config.max_files.unwrap_or(change::DEFAULT_MAX_FILES),
        max_lines: config.max_lines.unwrap_or(change::DEFAULT_MAX_LINES),
        only: &[],
        protected: &config.protected,
        generated: &config.generated,
        allow_secrets: &config.allow_secrets,
    };
    let budget = change::budget(&change, &rules);
    let seen = [budget.files, budget.lines, budget.max_files, budget.max_lines];
    if cx.state().budget != Some(seen) {
        let [files, lines, max_files, max_lines] = seen;
        cx.observe(Observation::Budget { files, lines, max_files, max_lines })?;
    }
    let mut judgements = change::judge(&change, &rules);
    let passed = |j: &change::Judgement| j.gate == "change.secrets" && j.verdict == Verdict::Pass;
    if let Some(slot) = judgements.iter_mut().find(|j| passed(j))
        && let Some(found) = secrets_of_commits(cx, &head.commit, &rules)?
    {
        *slot = found;
    }
    for judgement in judgements {
        let findings = judgement.findings.iter().map(|f| match f.line {
            Some(line) => format!("{}:{line}: {} ({})", f.file, f.message, f.hint),
            None => format!("{}: {} ({})", f.file, f.message, f.hint),
        });
        let answer = says(judgement.verdict, judgement.summary.clone()).details(findings.collect());
        // A weakened test binds whatever the page says of the gate.
        let must_stop = judgement.verdict == Verdict::Fail && judgement.findings.iter().any(|f| f.binding);
        cx.gate(judgement.gate, answer)?;
        if must_stop && cx.verdict(judgement.gate) == Verdict::Fail {
            return Err(stopped_by(judgement.gate, &judgement.summary).into());
        }
    }
    Ok(())
}

/// What a commit adds is pushed even if the next one takes it away again.
fn secrets_of_commits(cx: &Cx<'_>, head: &str, rules: &Rules<'_>) -> Result<Option<change::Judgement>, Stop> {
    let range = format!("{}..{head}", cx.attempt()?.base);
    let list = cx.t.git().run(["rev-list", "--no-merges", &range])?;
    for commit in list.lines() {
        let diff = tree::diff(cx.t.git(), &format!("{commit}^"), commit)?;
        let judged = change::judge(&change::parse(&diff), rules);
        let secrets = judged.into_iter().find(|j| j.gate == "change.secrets" && j.verdict != Verdict::Pass);
        if let Some(mut found) = secrets {
            found.summary =
                format!("{} (in the commit {})", found.summary, hotfix_core::effect::short(commit));
            return Ok(Some(found));
        }
    }
    Ok(None)
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
    let path = std::path::Path::new(&attempt.worktree);
    if !path.join(".git").exists() {
        return Ok(());
    }
    let git = Git::at(path);
    let Some(commit) = git.commit("HEAD") else { return Ok(()) };
    let dirty = tree::is_dirty(&git)?;
    let tree = if dirty { tree::of_worktree(&git)? } else { git.tree_of("HEAD")? };
    let same =
        cx.state().head.as_ref().is_some_and(|h| (&h.commit, &h.tree, h.dirty) == (&commit, &tree, dirty));
    if same {
        return Ok(());
    }
    cx.observe(Observation::Head { commit, tree, dirty })
}
