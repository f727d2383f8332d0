//! `hotfix ship`: the change is ready. Runs through commit, merge request,
//! review, merge, deploy and monitoring.

use super::{Answer, Session};
use crate::args;
use crate::engine::drive::Until;
use crate::engine::effects::Journal as _;
use crate::steps::forecast;
use hotfix_core::journal::Event;
use hotfix_core::plan::Plan;
use hotfix_core::workflow::Skill;

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Ship) -> Answer {
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    super::run::known_step(&run, args.until.as_deref())?;
    let last = args.until.clone().or_else(|| run.state().plan.as_ref().and_then(last_of_shipping));
    if session.global.dry_run {
        forecast::show(session.ui, &forecast::would(run.state(), last.as_deref()));
        return Ok(crate::error::exit::DONE);
    }
    // It is the runner's word that edits are ready: not while another runs.
    drop(run.lock("ship")?);
    let by = session.repo.person()?;
    let note = args.note.clone().or_else(|| run.state().done.get("implement").and_then(|d| d.note.clone()));
    run.journal.append(session.clock.now(), Event::Done { step: "implement".to_owned(), by, note })?;
    run.drive(Until { action: last.as_deref(), wait: args.wait, offline: false }, "ship")
}

fn last_of_shipping(plan: &Plan) -> Option<String> {
    let order = [Skill::Monitor, Skill::Deploy, Skill::Merge];
    order.iter().find_map(|skill| plan.action_of(*skill)).map(|a| a.id.clone())
}
