//! Merge: exactly the verified and approved commit, and the version's tag.
//! If production has moved, what the merge would give is verified first.

use super::proof::test_run::{self, Wanted};
use super::proof::{self, ProofTree, Side};
use super::test::against_base::{self, Budget, Sides};
use super::{Cx, Ended, Verdict, base, merge_request, review, test};
use crate::engine::Stop;
use crate::error::Failure;
use crate::git::merge::{Merged, commits};
use crate::git::tree::loose_commit;
use hotfix_core::effect::{Action, short};
use hotfix_core::gate::Point;
use hotfix_core::journal::{Event, MergeRequestState};
use hotfix_core::testing::Meaning;

/// Merges, when everything that is required before it has passed.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let view = cx.state().merge_request("production").cloned();
    let view = view.ok_or_else(|| Failure::bug("a merge without a merge request"))?;
    if view.state == MergeRequestState::Merged {
        // By hand, or by us before a crash: the review is owed all the same.
        owe_review(cx)?;
        return Ok(Ended::Passed);
    }
    test::verify(cx)?;
    review::look(cx)?;
    super::prepare::confirmations(cx)?;
    cx.hold(Point::BeforeMerge)?;
    cx.t.forge.refresh().map_err(|e| merge_request::forge_failure(&e))?;
    let onto = cx.t.repo.remote_branch(&view.target).ok_or_else(|| {
        Failure::failed("HF0703", format!("the branch {} is not on the remote", view.target))
            .try_this("see which branches there are", "git ls-remote --heads origin")
    })?;
    let tree = merged_tree(cx, &onto, &view.commit)?;
    let incident = cx.plan()?.incident.clone();
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
        tag: version_tag(cx)?,
        onto: onto.clone(),
        tree,
    };
    cx.must("merge", "merge", format!("{}>{onto}", view.commit), what)?;
    merge_request::take_in(cx, view.number)?;
    owe_review(cx)?;
    Ok(Ended::Passed)
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
    if merged == git.tree_of(commit)? {
        return Ok(merged);
    }
    let text = format!("production has moved to {}: the merge is verified as it will be", short(onto));
    cx.t.ui.say(format!("  {text}"));
    cx.d.append(Event::Note { text })?;
    let loose = loose_commit(&git, &merged, onto)?;
    let place = proof::check_out(cx, "merge", &loose)?;
    let mut budget = Budget::new(cx);
    reproduction_on(cx, onto, &place, &mut budget)?;
    tests_on(cx, onto, place, &mut budget)?;
    Ok(merged)
}

fn broken_merge(onto: &str, message: String, more: &str) -> Stop {
    Failure::failed("HF0605", message)
        .hint(more.to_owned())
        .try_this(
            "bring production into the branch, mend it, and go on",
            format!("git merge {onto} && hotfix ship"),
        )
        .into()
}

/// The reproduction passes on what the merge would give.
fn reproduction_on(cx: &mut Cx<'_>, onto: &str, place: &ProofTree, budget: &mut Budget) -> Result<(), Stop> {
    let Some(reproduction) = super::reproduce::wanted(cx)?.filter(|r| !r.production) else { return Ok(()) };
    let limit = budget.next().unwrap_or_default();
    let wanted = Wanted { place, side: "merge", what: "verifying the merge", limit, expect: None };
    let tested = test_run::run(cx, &reproduction.run, wanted)?;
    budget.used(tested.took);
    let shown = reproduction.run.command.shown();
    if tested.judged.meaning != Meaning::Passed {
        let message = format!("`{shown}` {} on what the merge would give", tested.judged.why);
        return Err(broken_merge(onto, message, &hotfix_core::text::tail(&tested.output, 6)));
    }
    note_pass(cx, &shown, onto, &place.tree)
}

/// No test that passes on the base fails on what the merge would give, whoever broke it.
fn tests_on(cx: &mut Cx<'_>, onto: &str, place: ProofTree, budget: &mut Budget) -> Result<(), Stop> {
    let chosen = test::configured(cx)?;
    let tree = place.tree.clone();
    let sides = Sides { base: proof::prepare_tree(cx, Side::Base)?, fix: place, name: "merge" };
    let answer = against_base::run(cx, &sides, &chosen, "verifying the merge", budget)?;
    if answer.verdict != Verdict::Pass {
        let message = format!("what the merge would give is not verified: {}", answer.summary);
        return Err(broken_merge(onto, message, &answer.details.join("\n")));
    }
    for compared in answer.tests {
        note_pass(cx, &compared.command, onto, &tree)?;
    }
    Ok(())
}

fn note_pass(cx: &mut Cx<'_>, shown: &str, onto: &str, tree: &str) -> Result<(), Stop> {
    let text = format!("`{shown}` passes on the merge with {} (tree {})", short(onto), short(tree));
    cx.d.append(Event::Note { text })
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
