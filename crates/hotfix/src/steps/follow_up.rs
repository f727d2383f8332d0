//! File the follow-up: a ticket for the proper fix, where this one is
//! temporary. Whether it is, a person says.

use super::{Cx, Ended, Verdict, merge_request, person, says};
use crate::engine::Stop;
use hotfix_core::effect::Action;
use serde_json::Value;
use std::fmt::Write as _;

/// Files the ticket, or notes that none is needed.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    match cx.state().temporary {
        None => {
            let what = "your word: is the fix temporary, so that a proper one must follow?";
            Err(Stop::Waiting(vec![
                person(what, "hotfix done follow-up --temporary"),
                person("or your word that nothing has to follow", "hotfix done follow-up --permanent"),
            ]))
        }
        Some(false) => {
            cx.gate("followup.ticket", says(Verdict::Pass, "the fix is permanent: nothing has to follow"))?;
            Ok(Ended::Passed)
        }
        Some(true) => file(cx),
    }
}

fn file(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    if cx.t.tracker.is_none() {
        return by_hand(cx);
    }
    let incident = cx.plan()?.incident.clone();
    let what = Action::Ticket {
        title: format!("Follow-up to {}: {}", incident.key, hotfix_core::text::brief(&incident.title, 100)),
        body: body(cx),
        marker: format!("{} follow-up", merge_request::marker(cx)),
        labels: vec!["hotfix-follow-up".to_owned()],
    };
    let given = cx.must("follow-up", "ticket", incident.key, what)?;
    let key = given.get("key").and_then(Value::as_str).unwrap_or("the ticket").to_owned();
    cx.gate("followup.ticket", says(Verdict::Pass, format!("{key} is filed")))?;
    Ok(Ended::Passed)
}

fn by_hand(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let Some(done) = cx.state().done.get("follow-up").and_then(|d| d.note.clone()) else {
        let what = "the follow-up ticket: no tracker is configured, so file it by hand";
        return Err(Stop::Waiting(vec![person(what, "hotfix done follow-up --note TICKET")]));
    };
    cx.gate("followup.ticket", says(Verdict::Pass, format!("filed by hand: {done}")))?;
    Ok(Ended::Passed)
}

fn body(cx: &Cx<'_>) -> String {
    let state = cx.state();
    let mut out = format!("The hotfix for {} is in production and is temporary.\n", cx.key());
    if let Some(view) = state.merge_request("production") {
        let _ = writeln!(out, "\n- Merge request: !{} {}", view.number, view.title);
    }
    for deploy in state.deploys.iter().filter(|d| !d.rollback) {
        let _ = writeln!(out, "- Deployed: {}", deploy.version);
    }
    for measure in state.analysis.iter().flat_map(|a| &a.prevention) {
        let _ = writeln!(out, "- [ ] {} ({}, by {})", measure.measure, measure.owner, measure.due);
    }
    out
}
