//! `hotfix close`: ends the run when its completion criteria hold.

use super::{Answer, OpenRun, Session};
use crate::args::Permanence;
use crate::engine::Stop;
use crate::engine::drive::{Came, interrupted, with_cx};
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
        session.ui.answer(if held.is_empty() {
            "would close the run; nothing was carried out".to_owned()
        } else {
            format!("could not close yet: {}", held.join("; "))
        });
        return Ok(exit::DONE);
    }
    let _lock = run.lock("close")?;
    if permanence.temporary || permanence.permanent {
        let observation = Observation::Temporary { temporary: permanence.temporary };
        run.journal.append(session.clock.now(), Event::Observed { observation })?;
    }
    match with_cx(&mut run.journal, &run.tools, complete) {
        Err(Stop::Failed(failure)) => return Err(*failure),
        Err(Stop::Interrupted) => return Err(interrupted()),
        // A question is no reason to keep quiet about what else is missing.
        Err(Stop::Waiting(waits)) if only_asks(&run) => return run.finish(Ok(Came::Waits(waits))),
        Ok(()) | Err(Stop::Waiting(_)) => {}
    }
    if !holding(&run).is_empty() {
        return Err(refusal(&run));
    }
    end(session, &mut run)
}

/// Whether nothing is missing but the answer to a question.
fn only_asks(run: &OpenRun<'_>) -> bool {
    let state = run.state();
    let gates = state.holding(Point::BeforeClose);
    gates.iter().all(|(g, _)| g.id == "followup.ticket")
        && !state.obligations.iter().any(|o| o.blocks_close && o.met.is_none())
}

/// What is missing, each with what helps.
fn refusal(run: &OpenRun<'_>) -> Failure {
    let mut failure = Failure::failed("HF0607", "the run cannot be closed yet");
    for (gate, verdict) in run.state().holding(Point::BeforeClose) {
        let asks =
            if gate.id == "followup.ticket" { "; say --temporary if a proper fix must follow" } else { "" };
        let text = format!("{} is {}{asks}", gate.id, verdict.name());
        failure = match what_helps(&gate.id) {
            Some(command) => failure.try_this(text, command),
            None => failure.hint(text),
        };
    }
    let owed = run.state().obligations.iter().filter(|o| o.blocks_close && o.met.is_none());
    for owed in owed {
        failure = failure.hint(format!("{} is owed until {}", owed.what, date_time(owed.due)));
    }
    failure.try_this("see all of it", "hotfix status")
}

fn what_helps(gate: &str) -> Option<String> {
    match gate {
        "incident.resolved" => Some("hotfix done resolve".to_owned()),
        "port.merged" => Some("hotfix port".to_owned()),
        "report.complete" => Some("hotfix report --edit".to_owned()),
        "followup.ticket" => Some("hotfix close --permanent".to_owned()),
        manual if manual.starts_with("manual.") => Some(format!("hotfix done {manual}")),
        _ => None,
    }
}

/// Looks once more at what may have been done meanwhile.
fn complete(cx: &mut Cx<'_>) -> Result<(), Stop> {
    watch::pass(cx, true)?;
    review::look(cx)?;
    if let Some(target) = cx.plan()?.policy.branch.port_to.clone()
        && cx.verdict("port.merged") != Verdict::Pass
    {
        port::prove(cx, &target)?;
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
    let gates =
        state.holding(Point::BeforeClose).into_iter().map(|(g, v)| format!("{} is {}", g.id, v.name()));
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
    let open: Vec<_> = run
        .state()
        .obligations
        .iter()
        .filter(|o| o.met.is_none())
        .map(|o| format!("{} (due {})", o.what, date_time(o.due)))
        .collect();
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
