//! `hotfix close`: ends the run when its completion criteria hold.

use super::{Answer, OpenRun, Session};
use crate::args::Permanence;
use crate::engine::Stop;
use crate::engine::drive::{interrupted, with_cx};
use crate::engine::effects::Journal as _;
use crate::error::{Failure, exit};
use crate::steps::{Cx, follow_up, notify, port, report, review, watch};
use crate::ui::{GOOD, date_time, styled};
use hotfix_core::gate::{Point, Verdict};
use hotfix_core::journal::{Event, Observation};

/// Carries the verb out.
pub fn run(session: &Session<'_>, permanence: Permanence) -> Answer {
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    if session.global.dry_run {
        let held = holding(&run);
        session.ui.answer(if held.is_empty() { "would close the run; nothing was carried out".to_owned() } else { format!("could not close yet: {}", held.join("; ")) });
        return Ok(exit::DONE);
    }
    let _lock = run.lock("close")?;
    if permanence.temporary || permanence.permanent {
        let observation = Observation::Temporary { temporary: permanence.temporary };
        run.journal.append(session.clock.now(), Event::Observed { observation })?;
    }
    match with_cx(&mut run.journal, &run.tools, complete) {
        Ok(()) => {}
        Err(Stop::Failed(failure)) => return Err(*failure),
        Err(Stop::Interrupted) => return Err(interrupted()),
        Err(Stop::Waiting(waits)) => {
            super::tell_waits(session.ui, &waits);
            return Ok(exit::WAITS);
        }
    }
    let held = holding(&run);
    if !held.is_empty() {
        let mut failure = Failure::failed("HF0607", "the run cannot be closed yet");
        for line in held {
            failure = failure.hint(line);
        }
        return Err(failure.try_this("see all of it", "hotfix status"));
    }
    end(session, &mut run)
}

/// Looks once more at what may have been done meanwhile.
fn complete(cx: &mut Cx<'_>) -> Result<(), Stop> {
    watch::pass(cx, true)?;
    review::look(cx)?;
    if let Some(target) = cx.plan()?.policy.branch.port_to.clone() {
        if cx.verdict("port.merged") != Verdict::Pass {
            port::prove(cx, &target)?;
        }
    }
    if cx.wants("followup.ticket") {
        follow_up::run(cx)?;
    }
    let post_mortem = cx.state().obligations.iter().any(|o| o.id == "report" && o.met.is_none());
    let analysis = cx.state().analysis.clone().unwrap_or_default();
    if post_mortem && crate::steps::analyze::missing(&analysis).is_empty() {
        report::run(cx)?;
    }
    notify::send_due(cx)
}

/// What keeps the run from being closed.
fn holding(run: &OpenRun<'_>) -> Vec<String> {
    let state = run.state();
    let gates = state.holding(Point::BeforeClose).into_iter().map(|(g, v)| format!("{} is {}", g.id, v.name()));
    let owed = state.obligations.iter().filter(|o| o.blocks_close && o.met.is_none());
    gates.chain(owed.map(|o| format!("{} is owed until {}", o.what, date_time(o.due)))).collect()
}

fn end(session: &Session<'_>, run: &mut OpenRun<'_>) -> Answer {
    // The last report says that the run is closed, and comes before the record
    // that says so: a run that has ended has nothing left to do, or in doubt.
    let page = with_cx(&mut run.journal, &run.tools, |cx| {
        if cx.state().analysis.is_some() { report::write_last(cx).map(Some) } else { Ok(None) }
    });
    let page = match page {
        Ok(page) => page,
        Err(Stop::Failed(failure)) => return Err(*failure),
        Err(Stop::Interrupted | Stop::Waiting(_)) => return Err(interrupted()),
    };
    run.journal.append(session.clock.now(), Event::Closed {})?;
    let open: Vec<_> = run.state().obligations.iter().filter(|o| o.met.is_none()).map(|o| format!("{} (due {})", o.what, date_time(o.due))).collect();
    if session.ui.json {
        run.print_status()?;
        return Ok(exit::DONE);
    }
    session.ui.say(format!("{} the run is closed", styled(GOOD, "✓")));
    if let Some(page) = page {
        session.ui.say(format!("  the report is {}", page.display()));
    }
    for owed in open {
        session.ui.say(format!("  still owed: {owed}"));
    }
    Ok(exit::DONE)
}
