//! `hotfix reproduce -- CMD`: records the command that shows the incident. It
//! must fail now, on the base.

use super::{Answer, Session};
use crate::engine::Stop;
use crate::engine::drive::{interrupted, with_cx};
use crate::error::{Failure, exit};
use crate::settings::Trust;
use crate::steps::{reproduce, watch};
use hotfix_core::gate::Verdict;
use hotfix_core::journal::Observation;

/// Carries the verb out.
pub fn run(session: &Session<'_>, command: &[String]) -> Answer {
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    if session.global.dry_run {
        session.ui.answer(format!(
            "would run `{}` on the base; nothing was carried out",
            hotfix_core::text::printable(&command.join(" "))
        ));
        return Ok(exit::DONE);
    }
    let lock = run.lock("reproduce")?;
    let seen = with_cx(&mut run.journal, &run.tools, |cx| {
        watch::pass(cx, false)?;
        if cx.state().reproduction.as_deref() != Some(command) {
            cx.observe(Observation::Reproduction { command: command.to_vec() })?;
        }
        reproduce::fails_before(cx, &Trust::typed(command))?;
        Ok(cx.verdict("repro.fails-before"))
    });
    drop(lock);
    let verdict = match seen {
        Ok(verdict) => verdict,
        Err(Stop::Failed(failure)) => return Err(*failure),
        Err(Stop::Interrupted | Stop::Waiting(_)) => return Err(interrupted()),
    };
    if session.ui.json {
        run.print_status()?;
    }
    if verdict == Verdict::Pass {
        return Ok(exit::DONE);
    }
    let summary =
        run.state().gates.get("repro.fails-before").map(|(_, g)| g.summary.clone()).unwrap_or_default();
    Err(Failure::failed("HF0606", format!("this does not show the incident: {summary}"))
        .try_this("try another command", "hotfix reproduce -- COMMAND"))
}
