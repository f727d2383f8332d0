//! Commit: by the user's own git, with its hooks and signing. A clean branch
//! that is already ahead of its base is taken over and never amended.

use super::{Cx, Ended, implement, person};
use crate::engine::Stop;
use crate::git::tree;
use hotfix_core::effect::{Action, Outcome};
use hotfix_core::gate::{Point, Verdict};
use hotfix_core::journal::Event;
use serde_json::Value;

/// Commits what the gates have judged.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    implement::look(cx)?;
    let attempt = cx.attempt()?;
    let there = std::path::Path::new(&attempt.worktree).join(".git").exists();
    let Some(head) = cx.state().head.clone().filter(|_| there) else {
        return Err(implement::gone(&attempt).into());
    };
    if head.dirty {
        edits_are_meant(cx)?;
    }
    implement::judge_change(cx)?;
    if cx.verdict("style.clean") == Verdict::Pending {
        super::check_style::run(cx)?;
    }
    cx.hold(Point::BeforeCommit)?;
    if !head.dirty {
        return Ok(Ended::Passed);
    }
    let paths = tree::changed_paths(cx.t.git(), &head.commit, &head.tree)?;
    let what = Action::Commit {
        path: attempt.worktree.clone(),
        paths,
        message: message(cx),
        parent: head.commit.clone(),
        tree: head.tree.clone(),
    };
    let given = cx.must("commit", "commit", format!("{}>{}", head.commit, head.tree), what)?;
    implement::look(cx)?;
    let committed = given.get("tree").and_then(Value::as_str).unwrap_or_default();
    if committed != head.tree {
        let text = "a hook changed what was committed: it is verified again".to_owned();
        cx.t.ui.say(format!("  {text}"));
        cx.d.append(Event::Note { text })?;
        implement::judge_change(cx)?;
        super::check_style::run(cx)?;
        cx.hold(Point::BeforeCommit)?;
    }
    Ok(Ended::Passed)
}

/// Edits made after the last commit are committed only when somebody has said
/// since that the change is done.
fn edits_are_meant(cx: &Cx<'_>) -> Result<(), Stop> {
    let state = cx.state();
    let commits = state.effects.values().filter(|e| e.effect.id.attempt == state.attempt_number());
    let last = commits
        .filter(|e| e.effect.id.step == "commit" && matches!(e.outcome, Some(Outcome::Succeeded { .. })))
        .map(|e| e.requested_at)
        .max();
    let said = state.done.get("implement").map(|d| d.at);
    if last.is_some() && said < last {
        let what = "your word on the edits since the last commit: are they part of the fix?";
        return Err(Stop::Waiting(vec![person(what, "hotfix ship")]));
    }
    Ok(())
}

/// A Conventional Commit that names the incident.
fn message(cx: &Cx<'_>) -> String {
    let Some(incident) = &cx.state().incident else { return "fix: hotfix".to_owned() };
    let note = cx.state().done.get("implement").and_then(|d| d.note.clone());
    let title = subject(&incident.title);
    let body = note.map(|n| format!("{}\n\n", hotfix_core::text::printable(&n))).unwrap_or_default();
    format!("fix: {title}\n\n{body}Refs: {}\n", incident.key)
}

/// The incident's title as a commit's subject: one line, no capital at its
/// beginning unless the word has more of them, no full stop, at most 67 characters.
fn subject(title: &str) -> String {
    let line = hotfix_core::text::brief(title.trim_end_matches('.'), 67);
    let mut chars = line.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(chars).collect(),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn subjects_are_one_line() {
        assert_eq!(super::subject("Sign-in fails.\nfor many"), "sign-in fails. for many");
        assert_eq!(super::subject("API is down"), "API is down");
    }
}
