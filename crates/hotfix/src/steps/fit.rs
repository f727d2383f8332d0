//! What no longer fits: people act on the forge's page too, and forges refuse.
//! Each case is told with the state of the run and the next command.

use super::Cx;
use crate::connect::forge::ForgeError;
use crate::engine::Stop;
use crate::error::Failure;
use hotfix_core::effect::{Action, MergeRequestDraft, Outcome, short};
use hotfix_core::forge::{Expected, Kind, Misfit, misfits};
use hotfix_core::journal::{MergeRequestState, MergeRequestView};
use hotfix_core::run::RunState;

/// The commit that was last pushed for the merge request.
pub fn pushed(state: &RunState) -> Option<&str> {
    let ours = state.effects.values().filter(|e| {
        e.effect.id.step == "merge-request"
            && e.effect.id.name == "push"
            && e.effect.id.attempt == state.attempt_number()
            && matches!(e.outcome, Some(Outcome::Succeeded { .. }))
    });
    ours.max_by_key(|e| e.requested_at).map(|e| e.effect.id.subject.as_str())
}

/// Stops where the request to production is not what the run made of it.
pub fn must_fit(cx: &Cx<'_>) -> Result<(), Stop> {
    let number = cx.state().merge_requests.values().rev().find(|m| m.role == "production").map(|m| m.number);
    let Some(view) = number.and_then(|n| cx.state().merge_requests.get(&n)) else { return Ok(()) };
    let attempt = cx.attempt()?;
    let Some(head) = cx.state().head.as_ref() else { return Ok(()) };
    if view.source != attempt.branch {
        // An attempt's before this one.
        return Ok(());
    }
    let expected = Expected {
        source: &attempt.branch,
        target: &attempt.target,
        head: &head.commit,
        pushed: pushed(cx.state()),
    };
    match misfits(&expected, view).into_iter().next() {
        None | Some(Misfit::MergedOther { .. }) => Ok(()),
        Some(misfit) => Err(told(cx, view, &misfit).into()),
    }
}

fn told(cx: &Cx<'_>, view: &MergeRequestView, misfit: &Misfit) -> Failure {
    let (number, at) =
        (view.number, if view.url.is_empty() { String::new() } else { format!(" ({})", view.url) });
    let worktree = cx.state().attempt.as_ref().map_or_else(String::new, |a| a.worktree.clone());
    let state = format!("the fix is on {}, at {}", view.source, short(&view.commit));
    match misfit {
        Misfit::Closed => {
            Failure::failed("HF0707", format!("merge request !{number} was closed without a merge{at}"))
                .done(state)
                .hint("it is not opened again by itself: somebody closed it")
                .try_this("open it again on its page, then go on", "hotfix run")
                .try_this("or stop here", "hotfix abort --reason \"why\"")
        }
        Misfit::Retargeted { to } => {
            let target = cx.state().attempt.as_ref().map_or_else(String::new, |a| a.target.clone());
            Failure::failed(
                "HF0708",
                format!("merge request !{number} goes to {to} now, and the hotfix to {target}{at}"),
            )
            .done(state)
            .try_this(format!("set its target back to {target} on its page, then go on"), "hotfix run")
        }
        Misfit::OtherHead { commit } | Misfit::MergedOther { commit } => {
            let pull = format!("git -C {worktree} pull --ff-only {} {}", remote_of(cx), view.source);
            Failure::failed(
                "HF0706",
                format!(
                    "somebody pushed to {}: merge request !{number} is at {}, the worktree is not{at}",
                    view.source,
                    short(commit)
                ),
            )
            .hint("approvals and evidence are for the worktree's commit; nothing of theirs is overwritten")
            .try_this("take their commits into the worktree, then go on", format!("{pull} && hotfix run"))
        }
    }
}

fn remote_of(cx: &Cx<'_>) -> String {
    crate::connect::forge::place::push_remote(cx.t.repo, &cx.t.config).unwrap_or_else(|_| "origin".to_owned())
}

/// Stops where the branch on the remote has commits that a push would lose.
pub fn must_lead_on(cx: &Cx<'_>, remote: &str, there: &str, commit: &str) -> Result<(), Stop> {
    if there.is_empty() || cx.t.git().is_ancestor(there, commit) {
        return Ok(());
    }
    let attempt = cx.attempt()?;
    let ours = pushed(cx.state()).is_some();
    let what = if ours {
        format!(
            "the branch {} on {remote} was changed by somebody: it is at {}",
            attempt.branch,
            short(there)
        )
    } else {
        format!("the branch {} is on {remote} already, with other commits ({})", attempt.branch, short(there))
    };
    let worktree = &attempt.worktree;
    Err(Failure::failed("HF0706", what)
        .done(format!("the fix is committed in {worktree}, at {}", short(commit)))
        .hint("nothing is ever pushed over other commits")
        .try_this("look at them", format!("git fetch {remote} {0} && git log {remote}/{0}", attempt.branch))
        .try_this(
            "bring them into the worktree, then go on",
            format!("git -C {worktree} pull --no-rebase {remote} {} && hotfix run", attempt.branch),
        )
        .into())
}

/// The merge request that is there for the branch already: an adopted
/// branch's own is taken over, anybody else's stops the run.
pub fn taken(cx: &Cx<'_>, draft: &MergeRequestDraft) -> Result<Option<u64>, Stop> {
    if cx.t.forge.kind() == Kind::Local {
        return Ok(None);
    }
    let all = cx.t.forge.of_branch(&draft.source).map_err(|e| forge_failure(&e))?;
    let marked = |body: &str| hotfix_core::forge::body::has_marker(body, &draft.marker);
    let Some(other) = all.into_iter().find(|l| l.view.state == MergeRequestState::Open && !marked(&l.body))
    else {
        return Ok(None);
    };
    if cx.attempt()?.adopted && other.view.target == draft.target {
        return Ok(Some(other.view.number));
    }
    let by = other.view.author.unwrap_or_else(|| "somebody else".to_owned());
    Err(Failure::failed(
        "HF0712",
        format!(
            "merge request !{} for {} is there already, by {by}, to {} ({})",
            other.view.number, draft.source, other.view.target, other.view.url
        ),
    )
    .done(format!("the branch {} is pushed, at {}", draft.source, short(&draft.commit)))
    .try_this("close it, or have it closed, and go on", "hotfix run")
    .try_this(
        "or take its branch over from the start",
        format!("hotfix start {} --adopt {}", cx.key(), draft.source),
    )
    .into())
}

/// Why a push was refused, where the forge's words say it.
pub fn explain_push(stop: Stop) -> Stop {
    let Stop::Failed(failure) = stop else { return stop };
    let said = failure.message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| said.contains(w));
    let message = failure.message.clone();
    let told = if has(&["protected branch", "gh006", "gh013", "not allowed to push", "branch is protected"]) {
        Failure::failed("HF0713", format!("the forge protects the branch: {message}"))
            .hint("a protected branch is never pushed over; the commit stays in the worktree")
            .try_this(
                "choose a branch pattern that may be pushed to, in .hotfix/config.toml",
                "[branch] pattern = \"hotfix/{id}\"",
            )
            .try_this("or have the rule changed, and go on", "hotfix run")
    } else if has(&[
        "permission denied",
        "403",
        "not permitted",
        "denied to",
        "authentication failed",
        "could not read username",
    ]) {
        Failure::failed("HF0710", format!("you may not push there: {message}"))
            .try_this("push to a fork instead, in .hotfix/config.toml", "[forge] push_remote = \"fork\"")
            .try_this("see what is missing", "hotfix doctor")
    } else if has(&["archived", "read-only", "mirror"]) {
        Failure::failed("HF0711", format!("the project takes no pushes: {message}"))
            .try_this("see what is known of it", "hotfix doctor")
    } else {
        return Stop::Failed(failure);
    };
    Stop::Failed(Box::new(told))
}

/// A forge's answer as an error for people.
pub fn forge_failure(error: &ForgeError) -> Failure {
    match error {
        ForgeError::NoSuchMergeRequest(_) => {
            Failure::usage("HF0701", error.to_string()).try_this("see what is under way", "hotfix status")
        }
        ForgeError::Unreachable(_) => {
            Failure::failed("HF0110", format!("the forge cannot be reached: {error}"))
                .try_this("try again when it is back", "hotfix run")
        }
        ForgeError::Limited(..) => Failure::failed("HF0716", error.to_string())
            .hint("nothing was lost: what the forge did not take is asked for again")
            .try_this("go on later", "hotfix run --wait"),
        ForgeError::Unauthorized(_) => {
            Failure::failed("HF0709", format!("the forge takes no token of yours: {error}"))
                .try_this("give it one", "hotfix auth login")
                .try_this("see where one was looked for", "hotfix auth status")
        }
        ForgeError::Forbidden(_) => Failure::failed("HF0710", format!("the forge forbids it: {error}"))
            .try_this("see what the token lacks", "hotfix doctor"),
        ForgeError::NotFound(_) | ForgeError::Archived(_) => Failure::failed("HF0711", error.to_string())
            .try_this("see which project is meant", "hotfix doctor"),
        _ => Failure::failed("HF0702", format!("the forge refused: {error}"))
            .try_this("see where the run stands", "hotfix status"),
    }
}

/// Whether an effect of this run opened a request for a branch.
pub fn opened(state: &RunState, branch: &str) -> bool {
    state.effects.values().any(|e| {
        matches!(&e.effect.what, Action::OpenMergeRequest { draft, .. } if draft.source == branch)
            && matches!(e.outcome, Some(Outcome::Succeeded { .. }))
    })
}
