//! Get the approvals: the severity's row of the matrix, by other people, on
//! this very commit.

use super::{Cx, Ended, Verdict, says};
use crate::engine::Stop;
use crate::error::Failure;
use hotfix_core::approval::{self, Question};
use hotfix_core::forge::Kind;
use hotfix_core::journal::{Event, MergeRequestState, WaitingFor, WaitingKind};
use hotfix_core::policy::ReviewTiming;
use std::collections::BTreeSet;

/// Waits until everybody has approved who must before the merge.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    super::fit::must_fit(cx)?;
    let answer = look(cx)?;
    super::merge_request::bring_up_to_date(cx)?;
    let row = cx.plan()?.row.clone();
    let before = row.review == ReviewTiming::PreDeploy;
    let approvers = cx.verdict("review.approvers");
    let reviewers = if before { cx.verdict("review.reviewers") } else { Verdict::Pass };
    if approvers.lets_pass() && reviewers.lets_pass() {
        return Ok(Ended::Passed);
    }
    if approvers == Verdict::Fail || reviewers == Verdict::Fail {
        let forge = cx.t.forge.kind() != Kind::Local;
        let after = if forge { "hotfix run" } else { "hotfix ship" };
        return Err(Failure::failed(
            "HF0603",
            format!("the merge request is not approved: {}", answer.approvers_summary),
        )
        .try_this("talk to them, change the fix, and go on", after)
        .into());
    }
    let view = cx.state().merge_request("production");
    let (number, url) = view.map_or((0, String::new()), |m| (m.number, m.url.clone()));
    // On a forge, its page is where people approve; the verb works as well.
    let on_page = cx.t.forge.kind() != Kind::Local && !url.is_empty();
    let approve = if on_page { url } else { format!("hotfix approve --mr {number}") };
    let mut waits: Vec<WaitingFor> = Vec::new();
    for role in answer.missing_roles {
        let people =
            cx.t.config.roles.get(&role).filter(|p| !p.is_empty()).map(|p| format!(" ({})", p.join(", ")));
        waits.push(wait(format!("the approval of {role}{}", people.unwrap_or_default()), &approve));
    }
    if before && answer.missing_reviews > 0 {
        waits.push(wait(
            format!(
                "{} more review{}",
                answer.missing_reviews,
                if answer.missing_reviews == 1 { "" } else { "s" }
            ),
            &approve,
        ));
    }
    Err(Stop::Waiting(waits))
}

fn wait(what: String, how: &str) -> WaitingFor {
    WaitingFor { kind: WaitingKind::Approval, what, how: how.to_owned(), until: None }
}

/// Reads everybody's word, takes in what is new, voids what no longer holds,
/// and decides both review gates.
pub fn look(cx: &mut Cx<'_>) -> Result<approval::Answer, Stop> {
    let empty = approval::Answer {
        approvers: Verdict::Pending,
        approvers_summary: "there is no merge request yet".to_owned(),
        reviewers: Verdict::Pending,
        reviewers_summary: "there is no merge request yet".to_owned(),
        missing_roles: Vec::new(),
        missing_reviews: 0,
        refused: Vec::new(),
    };
    let Some(view) = cx.state().merge_request("production").cloned() else { return Ok(empty) };
    let seen = cx.t.forge.reviews(view.number).map_err(|e| super::merge_request::forge_failure(&e))?;
    for approval in seen {
        let known = cx.state().approvals.iter().chain(cx.state().voided.iter().map(|(a, _)| a));
        let new = !known
            .into_iter()
            .any(|a| a.by == approval.by && a.commit == approval.commit && a.at == approval.at);
        if new {
            cx.t.ui.say(format!(
                "  {} {} {}",
                approval.by,
                if approval.approved { "approved" } else { "requested changes on" },
                hotfix_core::effect::short(&approval.commit)
            ));
            cx.d.append(Event::ApprovalSeen { approval })?;
        }
    }
    if view.state == MergeRequestState::Open {
        void_stale(cx, &view.commit)?;
    }
    decide(cx, &view.commit)
}

/// A new commit voids the approvals of the one before.
fn void_stale(cx: &mut Cx<'_>, commit: &str) -> Result<(), Stop> {
    let head = cx.state().head.as_ref().map_or(commit.to_owned(), |h| h.commit.clone());
    let stale: Vec<_> = cx.state().approvals.iter().filter(|a| a.commit != head).cloned().collect();
    for approval in stale {
        let reason = format!("the commit is {} now", hotfix_core::effect::short(&head));
        cx.t.ui.say(format!("  the approval of {} no longer holds: {reason}", approval.by));
        cx.d.append(Event::ApprovalVoided { by: approval.by, commit: approval.commit, reason })?;
    }
    Ok(())
}

fn decide(cx: &mut Cx<'_>, commit: &str) -> Result<approval::Answer, Stop> {
    let authors = authors(cx)?;
    let row = cx.plan()?.row.clone();
    let answer = approval::decide(&Question {
        row: &row,
        roles: &cx.t.config.roles,
        approvals: &cx.state().approvals,
        commit,
        authors: &authors,
    });
    for (id, verdict, summary) in [
        ("review.approvers", answer.approvers, &answer.approvers_summary),
        ("review.reviewers", answer.reviewers, &answer.reviewers_summary),
    ] {
        if verdict != Verdict::Pending && cx.verdict(id) != Verdict::NotApplicable {
            cx.gate(id, says(verdict, summary.clone()).details(answer.refused.clone()))?;
        }
    }
    Ok(answer)
}

/// Everybody who made the change: who runs it, who wrote its commits, and who
/// the forge says opened the request.
fn authors(cx: &Cx<'_>) -> Result<Vec<String>, Stop> {
    let attempt = cx.attempt()?;
    let mut all: BTreeSet<String> = [cx.state().author.clone()].into();
    if let Some(head) = &cx.state().head {
        let range = format!("{}..{}", attempt.base, head.commit);
        let log = cx.t.git().run(["log", "--format=%an <%ae>%n%cn <%ce>", &range])?;
        all.extend(log.lines().map(str::to_owned));
    }
    if let Some(view) = cx.state().merge_request("production").filter(|_| cx.t.forge.kind() != Kind::Local) {
        all.extend(cx.t.forge.authors(view.number).map_err(|e| super::merge_request::forge_failure(&e))?);
    }
    Ok(all.into_iter().collect())
}
