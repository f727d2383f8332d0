//! `hotfix rollback`: brings back what ran before the deploy.

use super::{Answer, Session};
use crate::engine::Stop;
use crate::engine::drive::{interrupted, with_cx};
use crate::engine::effects::Journal as _;
use crate::error::{Failure, exit};
use crate::steps::{notify, report, rollback};
use crate::ui::{GOOD, styled};
use hotfix_core::journal::Event;

/// Carries the verb out.
pub fn run(session: &Session<'_>, to: Option<&str>, reason: &str) -> Answer {
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    let target = to
        .map(str::to_owned)
        .or_else(|| run.state().deploys.iter().rev().find(|d| !d.rollback).and_then(|d| d.replaces.clone()));
    let shown = target.clone().unwrap_or_else(|| "what ran before".to_owned());
    if run.state().deploys.is_empty() {
        return Err(Failure::failed(
            "HF0802",
            "nothing was deployed by this run, so there is nothing to roll back",
        )
        .try_this("see where the run stands", "hotfix status"));
    }
    if session.global.dry_run {
        session.ui.answer(format!("would roll back to {shown}; nothing was carried out"));
        return Ok(exit::DONE);
    }
    if !session.global.yes
        && crate::ui::at_terminal()
        && !session.ui.confirm(&format!("roll production back to {shown}?"))
    {
        return Err(Failure::failed("HF0807", "nothing was rolled back")
            .try_this("when you are sure", "hotfix rollback --yes"));
    }
    let _lock = run.lock("rollback")?;
    let by = session.repo.person()?;
    let word = Event::Done { step: "rollback".to_owned(), by, note: Some(reason.to_owned()) };
    run.journal.append(session.clock.now(), word)?;
    loop {
        let done = with_cx(&mut run.journal, &run.tools, |cx| {
            rollback::run(cx, to, true, reason)?;
            notify::send_due(cx)?;
            report::write(cx)
        });
        match done {
            Ok(page) => {
                if session.ui.json {
                    run.print_status()?;
                } else {
                    session.ui.say(format!(
                        "{} production runs {shown} again; the report is {}",
                        styled(GOOD, "✓"),
                        page.display()
                    ));
                }
                return Ok(exit::DONE);
            }
            Err(Stop::Failed(failure)) => return Err(*failure),
            Err(Stop::Interrupted) => return Err(interrupted()),
            Err(Stop::Waiting(waits)) => {
                let until = waits.iter().filter_map(|w| w.until).min().unwrap_or_else(|| session.clock.now());
                session.ui.busy(&waits.iter().map(|w| w.what.as_str()).collect::<Vec<_>>().join("; "), "");
                if !session.clock.sleep_until(until) {
                    return Err(interrupted());
                }
            }
        }
    }
}
