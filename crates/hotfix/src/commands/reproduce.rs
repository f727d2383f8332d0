//! `hotfix reproduce -- CMD`: records the command that shows the incident. It
//! must fail now, on the base.

use super::{Answer, Session};
use crate::args::{self, Against};
use crate::engine::Stop;
use crate::engine::drive::{interrupted, with_cx};
use crate::error::{Failure, exit};
use crate::steps::test::against_base::Budget;
use crate::steps::{reproduce, watch};
use hotfix_core::gate::Verdict;
use hotfix_core::journal::Observation;
use hotfix_core::run::Reproduction;

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Reproduce) -> Answer {
    let command = &args.command;
    if args.watch.stream {
        session.ui.stream_output();
    }
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    // Whoever asks again wants to see it again.
    run.tools.wish.fresh = true;
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
        let now = Reproduction {
            command: command.clone(),
            times: args.times,
            expect: args.expect.clone(),
            production: args.against == Some(Against::Production),
        };
        if cx.state().reproduction.as_ref() != Some(&now) {
            let Reproduction { command, times, expect, production } = now;
            let times = (times > 1).then_some(times);
            cx.observe(Observation::Reproduction { command, times, expect, production })?;
        }
        let reproduction =
            reproduce::wanted(cx)?.ok_or_else(|| Failure::bug("no reproduction was recorded"))?;
        let mut budget = Budget::new(cx);
        reproduce::fails_before(cx, &reproduction, &mut budget)?;
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
