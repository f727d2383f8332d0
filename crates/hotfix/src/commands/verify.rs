//! `hotfix verify`: runs the verification gates now, and shows the evidence.

use super::{Answer, OpenRun, Session};
use crate::args;
use crate::engine::Stop;
use crate::engine::blobs;
use crate::engine::drive::{Came, with_cx};
use crate::error::{Failure, exit};
use crate::steps::tools::Wish;
use crate::steps::{check_style, forecast, implement, test, watch};
use crate::ui::{DIM, NAME, Ui, styled, verdict};
use hotfix_core::gate::{Point, Verdict};
use hotfix_core::journal::{Event, Evidence, Observation};
use hotfix_core::status::GatePart;
use hotfix_core::testing::Report;
use hotfix_core::text::printable;
use hotfix_core::verification::{self, ResultsPart};

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Verify) -> Answer {
    if args.watch.stream {
        session.ui.stream_output();
    }
    let mut run = session.open_run(false)?;
    run.tools.wish = Wish { all: args.all, fresh: args.fresh };
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
        if cx
            .state()
            .head
            .as_ref()
            .is_some_and(|h| h.dirty || Some(&h.commit) != cx.d.state().attempt.as_ref().map(|a| &a.base))
        {
            implement::judge_change(cx)?;
            check_style::run(cx)?;
        }
        test::verify(cx)?;
        // Somebody may have gone on editing: then this is for what was there before.
        implement::look(cx)?;
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
    show(session, &run, args.markdown)
}

/// The tests that are listed of one run.
const LISTED: usize = 10_000;

fn show(session: &Session<'_>, run: &OpenRun<'_>, markdown: bool) -> Answer {
    let now = verification::of(run.state(), session.clock.now());
    let mut now = now.ok_or_else(|| Failure::bug("a run without a plan was verified"))?;
    if markdown {
        session.ui.answer_raw(verification::table(&now.gates).as_bytes());
    } else if session.ui.json {
        now.results = results(run, &now.gates);
        session.ui.document(&serde_json::to_value(&now)?);
    } else {
        now.gates.iter().for_each(|gate| show_gate(session.ui, gate));
    }
    let held = now.gates.iter().filter(|g| g.binding && g.required <= Point::BeforeMerge);
    let worst = held.map(|g| g.verdict).filter(|v| !v.lets_pass()).collect::<Vec<_>>();
    Ok(match worst.as_slice() {
        [] => exit::DONE,
        all if all.iter().all(|v| *v == Verdict::Pending) => exit::WAITS,
        _ => exit::FAILED,
    })
}

fn show_gate(ui: &Ui, gate: &GatePart) {
    ui.answer(format!(
        "{:<28} {} {}",
        verdict(gate.verdict),
        styled(NAME, format!("{:<20}", gate.id)),
        printable(&gate.summary)
    ));
    for e in &gate.evidence {
        let status =
            e.exit_status.map_or_else(|| "no exit status".to_owned(), |s| format!("exit status {s}"));
        let status = e.why.clone().unwrap_or(status);
        let on = e.commit.as_deref().map(hotfix_core::effect::short).unwrap_or_default();
        let side = e.side.as_deref().map(|s| format!("{s} ")).unwrap_or_default();
        let took = e.duration.map(|d| format!(", {}", crate::ui::duration(d))).unwrap_or_default();
        let before = if e.taken_over { ", taken over" } else { "" };
        let stale = if e.stale { ", stale" } else { "" };
        let command = e.command.as_deref().unwrap_or_default();
        ui.answer(styled(DIM, format!("      {command} on {side}{on}: {status}{took}{before}{stale}")));
        if let Some(read) = &e.read {
            ui.answer(styled(DIM, format!("        {read}")));
        }
    }
    for line in gate.details.iter().filter(|_| !gate.tests.is_empty() || gate.verdict != Verdict::Pass) {
        ui.answer(format!("      {}", printable(line)));
    }
}

/// The results per test, as far as they are still kept.
fn results(run: &OpenRun<'_>, gates: &[GatePart]) -> Vec<ResultsPart> {
    let of = |gate: &GatePart, e: &Evidence| {
        let bytes = blobs::read(run.journal.folder(), e.results.as_ref()?)?;
        let report: Report = serde_json::from_slice(&bytes).ok()?;
        let more = report.cases.len().saturating_sub(LISTED);
        Some(ResultsPart {
            gate: gate.id.clone(),
            command: e.command.clone().unwrap_or_default(),
            side: e.side.clone().unwrap_or_default(),
            tree: e.tree.clone(),
            at: e.at,
            counts: report.counts,
            cases: report.cases.into_iter().take(LISTED).collect(),
            more,
            troubles: report.troubles,
        })
    };
    gates.iter().flat_map(|g| g.evidence.iter().filter_map(move |e| of(g, e))).collect()
}
