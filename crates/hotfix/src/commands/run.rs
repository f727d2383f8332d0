//! `hotfix run`: goes on until the run is done or needs a person.

use super::{Answer, Session};
use crate::args;
use crate::engine::drive::Until;

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Run) -> Answer {
    let mut run = session.open_run(false)?;
    known_step(&run, args.until.as_deref())?;
    run.drive(Until { action: args.until.as_deref(), wait: args.wait, offline: false }, "run")
}

/// Refuses a step that the plan does not have.
pub fn known_step(run: &super::OpenRun<'_>, step: Option<&str>) -> Result<(), crate::error::Failure> {
    let (Some(step), Some(plan)) = (step, &run.state().plan) else { return Ok(()) };
    let known = |a: &hotfix_core::workflow::order::ActionRow| {
        a.id == step || a.skill.name() == step || a.step.as_deref() == Some(step)
    };
    if plan.actions.iter().any(known) {
        return Ok(());
    }
    let ids: Vec<&str> = plan.actions.iter().map(|a| a.id.as_str()).collect();
    let failure = crate::error::Failure::usage(
        "HF0208",
        format!("the plan has no step `{step}`; it has {}", ids.join(", ")),
    );
    Err(match hotfix_core::text::did_you_mean(step, ids) {
        Some(near) => failure.try_this("did you mean", format!("hotfix run --until {near}")),
        None => failure.try_this("see the plan", "hotfix status"),
    })
}
