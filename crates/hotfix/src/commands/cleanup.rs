//! `hotfix cleanup`: removes the worktree; the branch stays.

use super::{Answer, Session};
use crate::engine::Stop;
use crate::engine::drive::{Came, interrupted, with_cx};
use crate::error::{Failure, exit};
use crate::steps::cleanup;

/// Carries the verb out.
pub fn run(session: &Session<'_>) -> Answer {
    let mut run = session.open_run(true)?;
    let attempt = run.state().attempt.clone().ok_or_else(|| Failure::bug("a run without an attempt"))?;
    if session.global.dry_run {
        session.ui.answer(format!(
            "would remove the worktree {} (its branch {} stays); nothing was carried out",
            attempt.worktree, attempt.branch
        ));
        return Ok(exit::DONE);
    }
    if session.repo.top.starts_with(&attempt.worktree) {
        return Err(Failure::usage("HF0905", "you stand in the worktree that would be removed")
            .try_this("go back to your clone first", format!("cd {}", session.repo.main.display())));
    }
    let _lock = run.lock("cleanup")?;
    match with_cx(&mut run.journal, &run.tools, cleanup::run) {
        Ok(_) => super::done::answer(
            session,
            &run,
            &format!("the worktree is gone; the branch {} stays", attempt.branch),
        ),
        Err(Stop::Failed(failure)) => Err(*failure),
        Err(Stop::Interrupted) => Err(interrupted()),
        Err(Stop::Waiting(waits)) => run.finish(Ok(Came::Waits(waits))),
    }
}
