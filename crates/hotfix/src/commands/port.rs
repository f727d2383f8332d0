//! `hotfix port`: brings the fix to main, by itself.

use super::{Answer, Session};
use crate::engine::Stop;
use crate::engine::drive::{Came, interrupted, with_cx};
use crate::error::{Failure, exit};
use crate::steps::{forecast, port, watch};
use hotfix_core::journal::{Event, MergeRequestState, StepEnd};

/// Carries the verb out.
pub fn run(session: &Session<'_>) -> Answer {
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    if session.global.dry_run {
        let mut lines = forecast::would(run.state(), None);
        lines.retain(|w| w.step == "port");
        forecast::show(session.ui, &lines);
        return Ok(exit::DONE);
    }
    if !run.state().merge_request("production").is_some_and(|m| m.state == MergeRequestState::Merged) {
        return Err(Failure::failed(
            "HF0903",
            "the fix is not merged to production yet, so there is nothing to port",
        )
        .try_this("see where the run stands", "hotfix status"));
    }
    let lock = run.lock("port")?;
    let came = with_cx(&mut run.journal, &run.tools, |cx| {
        watch::pass(cx, true)?;
        port::run(cx)?;
        if !cx.state().is_over("port") && cx.plan()?.action("port").is_some() {
            cx.d.append(Event::StepEntered { step: "port".to_owned() })?;
            cx.d.append(Event::StepEnded { step: "port".to_owned(), state: StepEnd::Passed, reason: None })?;
        }
        Ok(())
    });
    drop(lock);
    match came {
        Ok(()) => run.finish(Ok(Came::ToTheEnd)),
        Err(Stop::Waiting(waits)) => run.finish(Ok(Came::Waits(waits))),
        Err(Stop::Failed(failure)) => Err(*failure),
        Err(Stop::Interrupted) => Err(interrupted()),
    }
}
