//! `hotfix abort`: stops a run. Branch, worktree and journal stay.

use super::{Answer, Session};
use crate::engine::effects::Journal as _;
use crate::error::exit;
use crate::ui::{NAME, styled};
use hotfix_core::journal::{Event, MergeRequestState};

/// Carries the verb out.
pub fn run(session: &Session<'_>, reason: &str) -> Answer {
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    if session.global.dry_run {
        session.ui.answer("would stop the run; branch and worktree would stay; nothing was carried out");
        return Ok(exit::DONE);
    }
    let _lock = run.lock("abort")?;
    run.journal.append(session.clock.now(), Event::Aborted { reason: reason.to_owned() })?;
    if session.ui.json {
        run.print_status()?;
        return Ok(exit::DONE);
    }
    let state = run.state();
    session.ui.say("the run is stopped; nothing was removed");
    if let Some(attempt) = &state.attempt {
        session.ui.say(format!(
            "  the work is in {} on {}",
            styled(NAME, &attempt.worktree),
            styled(NAME, &attempt.branch)
        ));
    }
    for m in state.merge_requests.values().filter(|m| m.state == MergeRequestState::Open) {
        session.ui.say(format!("  merge request !{} is still open", m.number));
    }
    let key = state.incident.as_ref().map(|i| i.key.clone()).unwrap_or_default();
    session
        .ui
        .say(format!("remove the worktree: {}", styled(NAME, format!("hotfix cleanup --incident {key}"))));
    Ok(exit::DONE)
}
