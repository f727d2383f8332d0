//! Merge: exactly the verified and approved commit, and the version's tag.
//! If production has moved, what the merge would give is verified first.

use super::proof::{self, Result3};
use super::{Cx, Ended, base, merge_request, review, test};
use crate::engine::Stop;
use crate::error::Failure;
use crate::git::merge::{Merged, commits};
use crate::git::tree::loose_commit;
use hotfix_core::effect::{Action, short};
use hotfix_core::forge::{Kind, Readiness};
use hotfix_core::gate::Point;
use hotfix_core::journal::{
    Event, MergeRequestState, MergeRequestView, Observation, WaitingFor, WaitingKind,
};

/// Merges, when everything that is required before it has passed.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    super::fit::must_fit(cx)?;
    let view = cx.state().merge_request("production").cloned();
    let view = view.ok_or_else(|| Failure::bug("a merge without a merge request"))?;
    if view.state == MergeRequestState::Merged {
        // By hand, or by us before a crash: the tag and the review are owed all the same.
        return after(cx);
    }
    test::verify(cx)?;
    review::look(cx)?;
    super::prepare::confirmations(cx)?;
    merge_request::bring_up_to_date(cx)?;
    super::pipeline::must_pass(cx)?;
    cx.hold(Point::BeforeMerge)?;
    cx.t.forge.refresh().map_err(|e| merge_request::forge_failure(&e))?;
    let onto = cx.t.repo.remote_branch(&view.target).ok_or_else(|| {
        Failure::failed("HF0703", format!("the branch {} is not on the remote", view.target))
            .try_this("see which branches there are", "git ls-remote --heads origin")
    })?;
    let tree = merged_tree(cx, &onto, &view.commit)?;
    ready(cx, view.number)?;
    let incident = cx.plan()?.incident.clone();
    // The local forge merges and tags in one push; elsewhere the tag is an effect of its own.
    let tag = if cx.t.forge.kind() == Kind::Local { version_tag(cx)? } else { None };
    let what = Action::Merge {
        number: view.number,
        commit: view.commit.clone(),
        target: view.target.clone(),
        message: format!(
            "Merge !{}: [{}] {}\n",
            view.number,
            incident.key,
            hotfix_core::text::brief(&incident.title, 100)
        ),
        tag,
        onto: onto.clone(),
        tree,
    };
    cx.must("merge", "merge", format!("{}>{onto}", view.commit), what)?;
    merge_request::take_in(cx, view.number, "production")?;
    after(cx)
}

/// Goes on only if the forge itself would merge now. Its own rules are never
/// gone around: where they want more than the matrix, they are waited for.
pub fn ready(cx: &Cx<'_>, number: u64) -> Result<(), Stop> {
    let answer = cx.t.forge.readiness(number).map_err(|e| merge_request::forge_failure(&e))?;
    let request = format!("!{number}");
    let wait = |kind: WaitingKind, what: String| {
        let how = "hotfix run --wait".to_owned();
        Err(Stop::Waiting(vec![WaitingFor { kind, what, how, until: None }]))
    };
    match answer {
        Readiness::Ready | Readiness::Queued => Ok(()),
        Readiness::Checking => {
            let soon = cx.now().checked_add(jiff::SignedDuration::from_secs(3)).unwrap_or(cx.now());
            Err(super::until(format!("the forge to work out whether {request} can be merged"), soon))
        }
        Readiness::Waits { kind, what } => wait(kind, format!("the forge, which holds {request} for {what}")),
        Readiness::Draft => wait(WaitingKind::Person, format!("{request} to be marked as ready on its page")),
        Readiness::NotOpen => wait(WaitingKind::Person, format!("{request}, which is not open any more")),
        Readiness::Behind => Err(Failure::failed(
            "HF0704",
            format!("the target has moved, and the project wants its commits in the branch before {request} is merged"),
        )
        .hint("a rebase by the forge would make commits that nobody verified or approved")
        .try_this("bring the target into the branch, then go on", "git merge origin/TARGET && hotfix ship")
        .into()),
        Readiness::Conflicts => Err(Failure::failed("HF0704", format!("{request} conflicts with its target"))
            .try_this("bring the target into the branch, resolve, then go on", "git merge origin/TARGET && hotfix ship")
            .into()),
    }
}

/// What is owed once it is merged, by whomever: the result is what was
/// verified, the version has its tag, and the review after the merge is due.
fn after(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    if cx.t.forge.kind() != Kind::Local {
        cx.t.forge.refresh().map_err(|e| merge_request::forge_failure(&e))?;
        let view = cx.state().merge_request("production").cloned();
        let Some((view, commit)) = view.and_then(|v| v.merge_commit.clone().map(|c| (v, c))) else {
            let soon = cx.now().checked_add(jiff::SignedDuration::from_secs(3)).unwrap_or(cx.now());
            return Err(super::until("the forge to say which commit the merge made", soon));
        };
        if cx.t.git().commit(&commit).is_none() {
            let soon = cx.now().checked_add(jiff::SignedDuration::from_secs(3)).unwrap_or(cx.now());
            return Err(super::until(format!("the merge {} to be on the remote", short(&commit)), soon));
        }
        result_is_verified(cx, &view, &commit)?;
        tag(cx, &view, &commit)?;
    }
    owe_review(cx)?;
    Ok(Ended::Passed)
}

/// The forge may have made another tree than the one that was verified: the
/// target moved, it squashed or rebased, somebody merged by hand. Then it is
/// verified before anything is deployed.
fn result_is_verified(cx: &mut Cx<'_>, view: &MergeRequestView, commit: &str) -> Result<(), Stop> {
    let tree = cx.t.git().tree_of(commit)?;
    let head = cx.state().head.as_ref().is_some_and(|h| h.tree == tree);
    let by_gates =
        ["repro.passes-after", "tests.critical", "tests.smoke"].iter().all(|id| cx.verdict(id).lets_pass());
    if head && by_gates || cx.state().verified_trees.contains_key(&tree) {
        return Ok(());
    }
    let text = format!(
        "!{} was merged as {}: what is on {} is verified now",
        view.number,
        short(commit),
        view.target
    );
    cx.t.ui.say(format!("  {text}"));
    cx.d.append(Event::Note { text })?;
    prove(cx, &tree, commit, "what was merged")
}

/// The version's tag, on the commit that the merge made.
fn tag(cx: &mut Cx<'_>, view: &MergeRequestView, commit: &str) -> Result<(), Stop> {
    if tag_of(cx, commit).is_some() {
        return Ok(());
    }
    let Some(name) = version_tag(cx)? else { return Ok(()) };
    let incident = cx.plan()?.incident.clone();
    let title = hotfix_core::text::brief(&incident.title, 100);
    let what = Action::Tag {
        remote: cx.t.repo.remote()?.to_owned(),
        name,
        commit: commit.to_owned(),
        message: format!("Merge !{}: [{}] {title}", view.number, incident.key),
    };
    cx.must("merge", "tag", commit, what).map(|_| ()).map_err(super::fit::explain_push)
}

/// The release tag that a commit has, as last fetched.
pub fn tag_of(cx: &Cx<'_>, commit: &str) -> Option<String> {
    let pattern = cx.t.config.production.tag_pattern.as_deref().unwrap_or("*[0-9].[0-9]*");
    let on_it = |tag: &String| cx.t.git().commit(&format!("refs/tags/{tag}")).as_deref() == Some(commit);
    cx.t.repo.tags(pattern).into_iter().find(on_it)
}

/// The tree that the merge gives. Where it is another than the verified one,
/// the same commands are run on it first.
fn merged_tree(cx: &mut Cx<'_>, onto: &str, commit: &str) -> Result<String, Stop> {
    let git = cx.t.git().clone();
    let merged = match commits(&git, onto, commit)? {
        Merged::Clean(tree) => tree,
        Merged::Conflicts(paths) => {
            return Err(Failure::failed(
                "HF0704",
                format!("production has moved and conflicts with the fix in {}", paths.join(", ")),
            )
            .try_this(
                "bring production into the branch, resolve, and go on",
                format!("git merge {onto} && hotfix ship"),
            )
            .into());
        }
    };
    if merged == git.tree_of(commit)? || cx.state().verified_trees.contains_key(&merged) {
        return Ok(merged);
    }
    let text = format!("production has moved to {}: the merge is verified as it will be", short(onto));
    cx.t.ui.say(format!("  {text}"));
    cx.d.append(Event::Note { text })?;
    prove(cx, &merged, onto, &format!("the merge with {}", short(onto)))?;
    Ok(merged)
}

/// Runs the verification's commands on a tree that no gate has seen.
fn prove(cx: &mut Cx<'_>, tree: &str, parent: &str, what: &str) -> Result<(), Stop> {
    let loose = loose_commit(cx.t.git(), tree, parent)?;
    let place = proof::check_out(cx, "merge", &loose)?;
    let mut passed = Vec::new();
    for command in verification_commands(cx)? {
        let ran = proof::run(cx, &place, &command, "verifying the merge")?;
        if proof::judge(&ran) != Result3::Passes {
            return Err(Failure::failed(
                "HF0605",
                format!("`{}` {} on {what}", command.shown(), ran.finished.told()),
            )
            .hint(hotfix_core::text::tail(&ran.output, 6))
            .try_this(
                "bring production into the branch, mend it, and go on",
                format!("git merge {parent} && hotfix ship"),
            )
            .into());
        }
        let text = format!("`{}` passes on {what} (tree {})", command.shown(), short(tree));
        cx.d.append(Event::Note { text })?;
        passed.push(command.shown());
    }
    let how = format!("{what}: {}", passed.join(", "));
    cx.observe(Observation::TreeVerified { tree: tree.to_owned(), how })
}

fn verification_commands(cx: &Cx<'_>) -> Result<Vec<crate::settings::TrustedCommand>, Stop> {
    let verify = &cx.t.config.verify;
    let mut all: Vec<_> = super::reproduce::command(cx)?.into_iter().collect();
    for command in verify.critical.iter().map(|c| &c.run).chain(&verify.smoke) {
        all.push(cx.t.trusted(command)?);
    }
    Ok(all)
}

/// The version that the merge gets, where the project tags.
fn version_tag(cx: &Cx<'_>) -> Result<Option<String>, Stop> {
    let attempt = cx.attempt()?;
    let production = base::production_branch(cx.t.repo, &cx.t.config);
    let latest = base::latest_tag(cx.t.repo, &cx.t.config, production.as_deref());
    Ok(latest.or(attempt.base_version).map(|v| base::next_version(cx.t.repo, &v)))
}

/// A review that the matrix wants after the deploy is owed from the merge on.
fn owe_review(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let row = cx.plan()?.row.clone();
    let owed = cx.state().obligations.iter().any(|o| o.id == "review");
    if owed || row.reviewers == 0 || cx.verdict("review.reviewers").lets_pass() {
        return Ok(());
    }
    let due = cx.now().checked_add(jiff::SignedDuration::from_hours(24)).unwrap_or(cx.now());
    let what =
        format!("{} review{} of the merged change", row.reviewers, if row.reviewers == 1 { "" } else { "s" });
    cx.d.append(Event::ObligationOpened { id: "review".to_owned(), what, due, blocks_close: true })
}
