//! What is looked at on every pass, whatever step is next: the worktree, the
//! remote, the forge, and what people have said meanwhile.

use super::{Cx, Verdict, implement, manual_gates, merge_request, monitor, port, prepare, review, says};
use crate::engine::Stop;
use hotfix_core::approval;
use hotfix_core::gate::Verdict as V;
use hotfix_core::journal::{Event, MergeRequestState};

/// What is owed when somebody requests changes after the merge.
const OBJECTION: &str = "objection";

/// Looks, and writes down what is new. A remote that cannot be reached does
/// not hold up what needs no network.
pub fn pass(cx: &mut Cx<'_>, with_network: bool) -> Result<(), Stop> {
    if cx.state().attempt.is_none() {
        return Ok(());
    }
    let merged = cx.state().merge_request("production").is_some_and(|m| m.state == MergeRequestState::Merged);
    if !merged {
        implement::look(cx)?;
    }
    prepare::confirmations(cx)?;
    manual_gates(cx)?;
    let reached = with_network && refresh(cx);
    if reached && cx.verdict("prepare.base") == V::Pending {
        prepare::check_base(cx)?;
    }
    if !merged {
        port::forecast(cx)?;
    }
    if reached {
        match requests(cx) {
            // What needs no forge goes on; a step that needs it says so.
            Err(Stop::Failed(failure)) if matches!(failure.code, "HF0110" | "HF0716") => {
                cx.t.ui.say(format!("  {}", hotfix_core::text::brief(&failure.message, 200)));
            }
            other => other?,
        }
    }
    if let Some(done) =
        cx.state().done.get("resolve").cloned().filter(|_| cx.state().resolved.is_none() && merged)
    {
        let how = done.note.clone().unwrap_or_else(|| "a person says so".to_owned());
        monitor::resolve(cx, &done.by, &how)?;
    }
    Ok(())
}

fn refresh(cx: &Cx<'_>) -> bool {
    match cx.t.forge.refresh() {
        Ok(()) => true,
        Err(e) => {
            cx.t.ui.say(format!(
                "  the remote cannot be reached: {}",
                hotfix_core::text::brief(&e.to_string(), 120)
            ));
            false
        }
    }
}

/// Merge requests as they stand, and everybody's word on them.
fn requests(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let known: Vec<(u64, String)> =
        cx.state().merge_requests.values().map(|m| (m.number, m.role.clone())).collect();
    for (number, role) in known {
        merge_request::take_in(cx, number, &role)?;
    }
    let merged = cx.state().merge_request("production").is_some_and(|m| m.state == MergeRequestState::Merged);
    if !merged {
        if cx.state().merge_request("production").is_some() {
            review::look(cx)?;
        }
        return Ok(());
    }
    let before = cx.verdict("review.reviewers");
    if before.lets_pass() && before != Verdict::Pass {
        return Ok(());
    }
    let answer = review::look(cx)?;
    if answer.reviewers == Verdict::Pass
        && cx.state().obligations.iter().any(|o| o.id == "review" && o.met.is_none())
    {
        cx.d.append(Event::ObligationMet { id: "review".to_owned(), how: answer.reviewers_summary.clone() })?;
    }
    if answer.reviewers == Verdict::Fail {
        cx.gate("review.reviewers", says(Verdict::Fail, answer.reviewers_summary.clone()))?;
    }
    objection(cx, &answer)
}

/// Changes requested on what is merged: somebody has to decide between a
/// rollback and a follow-up, and the run is not closed before.
fn objection(cx: &mut Cx<'_>, answer: &approval::Answer) -> Result<(), Stop> {
    let stands = answer.reviewers == Verdict::Fail || answer.approvers == Verdict::Fail;
    let open = cx.state().obligations.iter().any(|o| o.id == OBJECTION && o.met.is_none());
    let rolled_back = cx.state().standing_rollback().is_some();
    if open && (rolled_back || !stands) {
        let how = if rolled_back { "it was rolled back" } else { "the objection was taken back" };
        return cx.d.append(Event::ObligationMet { id: OBJECTION.to_owned(), how: how.to_owned() });
    }
    let known = cx.state().obligations.iter().any(|o| o.id == OBJECTION);
    if !stands || known || rolled_back {
        return Ok(());
    }
    let what = format!(
        "{} after the merge: roll back (hotfix rollback), or mend it in a follow-up until they approve",
        answer.reviewers_summary
    );
    cx.t.ui.say(format!("  {}", hotfix_core::text::printable(&what)));
    let due = cx.now().checked_add(jiff::SignedDuration::from_hours(24)).unwrap_or(cx.now());
    cx.d.append(Event::ObligationOpened { id: OBJECTION.to_owned(), what, due, blocks_close: true })
}
