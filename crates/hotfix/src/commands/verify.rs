//! `hotfix verify`: runs the verification gates now, and shows the evidence.

use super::{Answer, OpenRun, Session};
use crate::args;
use crate::engine::Stop;
use crate::engine::drive::{Came, with_cx};
use crate::error::exit;
use crate::steps::check_style::{self, mend};
use crate::steps::{forecast, implement, test, watch};
use crate::ui::{DIM, NAME, styled, verdict};
use hotfix_core::gate::{Point, Verdict};
use hotfix_core::journal::{Event, Observation};
use hotfix_core::status::{self, GatePart};

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: args::Verify) -> Answer {
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    if session.global.dry_run {
        let mut lines = forecast::would(run.state(), None);
        lines.retain(|w| w.kind == "command");
        forecast::show(session.ui, &lines);
        return Ok(exit::DONE);
    }
    let lock = run.lock("verify")?;
    let verified = with_cx(&mut run.journal, &run.tools, |cx| {
        watch::pass(cx, false)?;
        if args.fix_style {
            for line in mend::told(&mend::run(cx)?) {
                session.ui.say(format!("  {}", styled(anstyle::Style::new(), line)));
            }
            watch::pass(cx, false)?;
        }
        if cx
            .state()
            .head
            .as_ref()
            .is_some_and(|h| h.dirty || Some(&h.commit) != cx.d.state().attempt.as_ref().map(|a| &a.base))
        {
            implement::evaluate_change(cx)?;
            check_style::run(cx)?;
        }
        test::verify(cx)?;
        // What was seen is written down even where nothing is new.
        let observation = Observation::Head {
            commit: cx.state().head.as_ref().map(|h| h.commit.clone()).unwrap_or_default(),
            tree: cx.state().head.as_ref().map(|h| h.tree.clone()).unwrap_or_default(),
            dirty: cx.state().head.as_ref().is_some_and(|h| h.dirty),
        };
        cx.d.append(Event::Observed { observation })
    });
    drop(lock);
    match verified {
        Ok(()) => {}
        Err(Stop::Failed(failure)) => return Err(*failure),
        Err(Stop::Interrupted) => return Err(crate::engine::drive::interrupted()),
        Err(Stop::Waiting(waits)) => return run.finish(Ok(Came::Waits(waits))),
    }
    Ok(show(session, &run))
}

fn show(session: &Session<'_>, run: &OpenRun<'_>) -> u8 {
    let Some(now) = status::of(run.state(), session.clock.now()) else { return exit::FAILED };
    let mine = |g: &&GatePart| {
        ["change.", "style.", "repro.", "tests.", "logs."].iter().any(|p| g.id.starts_with(p))
    };
    let gates: Vec<&GatePart> = now.gates.iter().filter(mine).collect();
    if session.ui.json {
        session.ui.document(&serde_json::json!({"schema": "hotfix.verify/1", "gates": gates}));
    } else {
        for gate in &gates {
            session.ui.answer(format!(
                "{:<28} {} {}",
                verdict(gate.verdict),
                styled(NAME, format!("{:<20}", gate.id)),
                gate.summary
            ));
            for e in &gate.evidence {
                let status =
                    e.exit_status.map_or_else(|| "no exit status".to_owned(), |s| format!("exit status {s}"));
                let on = e.commit.as_deref().map(hotfix_core::effect::short).unwrap_or_default();
                let command = e.command.as_deref().unwrap_or_default();
                session.ui.answer(styled(DIM, format!("      {command} on {on}: {status}")));
            }
        }
    }
    // A weakened test binds whatever the page says of the gate.
    let binds = |g: &&&GatePart| g.binding || g.findings.iter().any(|f| f.binding);
    let held = gates.iter().filter(binds).filter(|g| g.required <= Point::BeforeMerge);
    let worst = held.map(|g| g.verdict).filter(|v| !v.lets_pass()).collect::<Vec<_>>();
    match worst.as_slice() {
        [] => exit::DONE,
        all if all.iter().all(|v| *v == Verdict::Pending) => exit::WAITS,
        _ => exit::FAILED,
    }
}
