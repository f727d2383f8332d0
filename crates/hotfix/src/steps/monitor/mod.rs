//! Watch production: 15 to 30 minutes of error rates, new error types and key
//! metrics, against the time before the incident and the incident itself.

mod rulings;
mod sampling;

use super::{Cx, Ended, Verdict, person, rollback, says, until};
use crate::engine::Stop;
use crate::error::Failure;
use hotfix_core::config::CheckKind;
use hotfix_core::journal::{Event, Observation};
use hotfix_core::judge::{Kind, Ruling, Window, WindowSays};
use jiff::{SignedDuration, Timestamp};
use rulings::{judge, level_after_rollback, write_gates};
use sampling::{look, remember_windows};
pub use sampling::{sample_now, with_collector};
use std::collections::BTreeMap;

/// The error level of a whole window.
const ALPHA: f64 = 0.01;

/// Takes a sample, judges what there is, and says when to come back.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    if let Some((to, asked, reason)) = begun_rollback(cx) {
        rollback::run(cx, to.as_deref(), asked, &reason)?;
        return Err(rolled_back(cx));
    }
    if cx.state().resolved.is_some() {
        return Ok(Ended::Passed);
    }
    if !hotfix_core::plan::deploys(&cx.t.config) {
        let reason = "nothing was deployed by this run; when the incident is over: hotfix done resolve";
        return Ok(Ended::Skipped(reason.to_owned()));
    }
    let Some(deployed) = cx.state().deploys.last().map(|d| d.at) else {
        return Err(Failure::bug("a monitored window without a deploy").into());
    };
    if cx.t.config.monitor.checks.is_empty() {
        return unwatched(cx);
    }
    remember_windows(cx, deployed)?;
    look(cx, deployed)?;
    let window = window(cx)?;
    let elapsed = cx.now().duration_since(deployed);
    let Some(number) = due_look(cx, &window, elapsed) else {
        return Err(go_on(cx, deployed, &window, elapsed));
    };
    let rulings = judge(cx, number, &window);
    cx.observe(Observation::Look { number, rulings: rulings.clone() })?;
    let all: Vec<&Ruling> = rulings.values().collect();
    match window.says(elapsed, &all) {
        WindowSays::Pass => pass(cx, &rulings, elapsed),
        // Not back to normal, and not proven worse than the incident either:
        // the watch goes on until it is known whether it must be rolled back.
        WindowSays::Fail if elapsed < window.min && still_held(cx, &rulings)? => {
            Err(go_on(cx, deployed, &window, elapsed))
        }
        WindowSays::Fail => fail(cx, &rulings),
        WindowSays::RollBack { reason } => regression(cx, &rulings, &reason),
        WindowSays::AskPerson { reason } => ask(cx, &rulings, &reason),
        WindowSays::GoOn { .. } => Err(go_on(cx, deployed, &window, elapsed)),
    }
}

/// The number of the look that is due by now and was not taken yet. Between
/// planned looks nothing is judged: every look spends its share of the error
/// level. After the last one, a look a minute, from what is kept for those.
/// Looks that were missed (nobody was watching) are not made up for.
fn due_look(cx: &Cx<'_>, window: &Window, elapsed: SignedDuration) -> Option<u32> {
    let planned = window.look_times();
    let last = planned.last().copied().unwrap_or(window.max);
    let deployed = cx.state().deploys.last()?.at;
    let taken = cx.state().last_look.map_or(SignedDuration::ZERO, |at| at.duration_since(deployed));
    let by_plan = planned.iter().any(|t| *t <= elapsed && *t > taken);
    let after_plan =
        elapsed > last && elapsed.checked_sub(taken).is_some_and(|d| d >= SignedDuration::from_mins(1));
    (by_plan || after_plan).then_some(cx.state().looks + 1)
}

/// A rollback that was asked for or carried out, and has yet to come to its
/// end: where to, whether somebody asked, and why.
fn begun_rollback(cx: &Cx<'_>) -> Option<(Option<String>, bool, String)> {
    let state = cx.state();
    let last = state.deploys.last()?;
    let asked =
        state.done.get("rollback").filter(|d| state.deploys.iter().any(|p| !p.rollback && d.at >= p.at));
    let to = last.rollback.then(|| last.version.clone());
    if to.is_none() && asked.is_none() {
        return None;
    }
    let told = state.standing_rollback().map(|r| (r.asked, r.reason.clone()));
    let by_gate = state.gates.get("monitor.error-rate").map(|(_, g)| g.summary.clone()).unwrap_or_default();
    let (was_asked, reason) = told.unwrap_or_else(|| match asked {
        Some(done) => (true, done.note.clone().unwrap_or_default()),
        None => (false, by_gate),
    });
    Some((to, was_asked, reason))
}

/// Writes the gates, and says whether one of them still holds the run.
fn still_held(cx: &mut Cx<'_>, rulings: &BTreeMap<String, Ruling>) -> Result<bool, Stop> {
    write_gates(cx, rulings)?;
    Ok(cx.hold(hotfix_core::gate::Point::BeforeResolve).is_err())
}

fn window(cx: &Cx<'_>) -> Result<Window, Stop> {
    let policy = &cx.plan()?.policy.monitor;
    Ok(Window { min: policy.min, max: policy.max })
}

/// With nothing to watch by, a person says that the incident is over.
fn unwatched(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    if let Some(done) = cx.state().done.get("monitor").or_else(|| cx.state().done.get("resolve")).cloned() {
        resolve(cx, &done.by, "a person says so")?;
        return Ok(Ended::Passed);
    }
    let what = "somebody to watch production and say that the incident is over: no checks are configured (monitor.checks)";
    Err(Stop::Waiting(vec![person(what, "hotfix done monitor --note \"what was seen\"")]))
}

fn pass(cx: &mut Cx<'_>, rulings: &BTreeMap<String, Ruling>, elapsed: SignedDuration) -> Result<Ended, Stop> {
    write_gates(cx, rulings)?;
    cx.hold(hotfix_core::gate::Point::BeforeResolve)?;
    let how = format!("production is back to normal, watched for {}", crate::ui::duration(elapsed));
    resolve(cx, "the monitoring", &how)?;
    Ok(Ended::Passed)
}

/// Sets `resolved_at`, from which the due times count.
pub fn resolve(cx: &mut Cx<'_>, by: &str, how: &str) -> Result<(), Stop> {
    if cx.state().resolved.is_some() {
        return Ok(());
    }
    cx.d.append(Event::Resolved { by: by.to_owned(), how: how.to_owned() })?;
    cx.gate("incident.resolved", says(Verdict::Pass, format!("{how} ({by})")))?;
    let due = cx.now().checked_add(cx.plan()?.policy.report_within).unwrap_or(cx.now());
    if cx.verdict("report.complete") != Verdict::NotApplicable {
        let what = "the incident report".to_owned();
        cx.d.append(Event::ObligationOpened { id: "report".to_owned(), what, due, blocks_close: true })?;
        return Ok(());
    }
    let what = "the post-mortem: root cause, timeline, fix, prevention".to_owned();
    cx.d.append(Event::ObligationOpened { id: "report".to_owned(), what, due, blocks_close: false })
}

fn fail(cx: &mut Cx<'_>, rulings: &BTreeMap<String, Ruling>) -> Result<Ended, Stop> {
    write_gates(cx, rulings)?;
    if cx.hold(hotfix_core::gate::Point::BeforeResolve).is_ok() {
        let by = cx.t.person.clone();
        resolve(cx, &by, "what did not pass was waived")?;
        return Ok(Ended::Passed);
    }
    let reasons: Vec<_> =
        rulings.values().filter(|r| r.kind == Kind::Fail).map(|r| r.reason.clone()).collect();
    Err(Failure::failed("HF0804", format!("production is not back to normal: {}", reasons.join("; ")))
        .try_this("bring the version from before back", "hotfix rollback")
        .try_this("look again", "hotfix monitor")
        .into())
}

/// A proven regression: back by itself where the policy says so, otherwise a
/// person is asked first.
fn regression(cx: &mut Cx<'_>, rulings: &BTreeMap<String, Ruling>, reason: &str) -> Result<Ended, Stop> {
    write_gates(cx, rulings)?;
    cx.t.ui.say(format!("  a regression is proven: {reason}"));
    if rollback::is_automatic(cx)? || cx.t.rollback_asked {
        rollback::run(cx, None, cx.t.rollback_asked, reason)?;
        return Err(rolled_back(cx));
    }
    if cx.hold(hotfix_core::gate::Point::BeforeResolve).is_ok() {
        let by = cx.t.person.clone();
        resolve(cx, &by, "what did not pass was waived")?;
        return Ok(Ended::Passed);
    }
    Err(Stop::Waiting(vec![person(format!("your word: {reason}. Roll back?"), "hotfix rollback")]))
}

/// What the run ends with once production was brought back.
pub fn rolled_back(cx: &Cx<'_>) -> Stop {
    let Some(rollback) = cx.state().standing_rollback() else {
        return Failure::bug("no rollback stands").into();
    };
    let message = format!("rolled back from {} to {}: {}", rollback.from, rollback.to, rollback.reason);
    let status = if rollback.asked { crate::error::exit::DONE } else { crate::error::exit::ROLLED_BACK };
    let mut failure = Failure::failed("HF0805", message)
        .exits(status)
        .done(format!("production runs {} again", rollback.to));
    if cx.state().attempt.as_ref().is_some_and(|a| a.base_version.as_ref() == Some(&rollback.to)) {
        failure = failure.hint(format!("{} still has the incident", rollback.to));
    }
    failure
        .try_this("read what happened", "hotfix report")
        .try_this(
            "end this run before the next one; the branch stays, for `start --adopt`",
            "hotfix abort && hotfix cleanup",
        )
        .into()
}

fn ask(cx: &mut Cx<'_>, rulings: &BTreeMap<String, Ruling>, reason: &str) -> Result<Ended, Stop> {
    write_gates(cx, rulings)?;
    if let Some(done) = cx.state().done.get("monitor").cloned() {
        let how =
            format!("{} looked at it: {}", done.by, done.note.as_deref().unwrap_or("the incident is over"));
        waive_open(cx, &done)?;
        resolve(cx, &done.by, &how)?;
        return Ok(Ended::Passed);
    }
    let what = format!("your word: the window is over and nothing is proven ({reason})");
    Err(Stop::Waiting(vec![
        person(what, "hotfix done monitor --note \"what was seen\""),
        person("or your word to go back to what ran before", "hotfix rollback"),
    ]))
}

fn go_on(cx: &Cx<'_>, deployed: Timestamp, window: &Window, elapsed: SignedDuration) -> Stop {
    let every = cx.t.config.monitor.every.unwrap_or(SignedDuration::from_secs(30));
    let soon = cx.now().checked_add(every).unwrap_or(cx.now());
    let next = window.look_times().into_iter().find(|t| *t > elapsed);
    let look = next.and_then(|t| deployed.checked_add(t).ok()).unwrap_or(soon);
    let rate = cx.state().samples.iter().rev().find_map(|r| Some((r.errors?, r.total?)));
    let seen = rate.map_or(String::new(), |(e, t)| format!(", lately {e:.0} errors in {t:.0}"));
    let (at, least) = (crate::ui::duration(elapsed), crate::ui::duration(window.min));
    until(format!("production to be watched: {at} of at least {least}{seen}"), soon.min(look.max(cx.now())))
}

/// After a rollback the same monitoring runs again, against the level that
/// the version brought back had: for the shortest window, or until it is proven.
pub fn after_rollback(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let Some(deployed) = cx.state().deploys.last().map(|d| d.at) else { return Ok(()) };
    if cx.t.config.monitor.checks.is_empty()
        || cx.state().notes.iter().any(|(at, n)| *at >= deployed && n.starts_with("after the rollback"))
    {
        return Ok(());
    }
    look(cx, deployed)?;
    let window = window(cx)?;
    let elapsed = cx.now().duration_since(deployed);
    let again = |cx: &Cx<'_>| {
        let look = cx.now().checked_add(SignedDuration::from_secs(30)).unwrap_or(cx.now());
        until("production to be watched after the rollback", look)
    };
    let Some(number) = due_look(cx, &window, elapsed) else { return Err(again(cx)) };
    let mut rulings = judge(cx, number, &window);
    rulings.retain(|name, _| {
        cx.t.config.monitor.checks.iter().any(|c| c.name == *name && c.kind == CheckKind::ErrorRate)
    });
    cx.observe(Observation::Look { number, rulings: rulings.clone() })?;
    let proven = rulings.values().all(|r| matches!(r.kind, Kind::Pass | Kind::Fail));
    if !proven && elapsed < window.min {
        return Err(again(cx));
    }
    let reasons: Vec<String> = rulings.values().map(level_after_rollback).collect();
    let text = format!("after the rollback {}", reasons.join("; "));
    cx.t.ui.say(format!("  {text}"));
    cx.d.append(Event::Note { text })
}

/// What a person's word settles is not passed: it is waived, by name.
fn waive_open(cx: &mut Cx<'_>, done: &hotfix_core::run::Done) -> Result<(), Stop> {
    let self_waived = hotfix_core::approval::same_person(&done.by, &cx.state().author);
    for gate in ["monitor.error-rate", "monitor.new-errors", "monitor.metrics"] {
        if cx.verdict(gate) == Verdict::Unknown {
            let reason = done.note.clone().unwrap_or_else(|| "looked at production".to_owned());
            let (gate, by) = (gate.to_owned(), done.by.clone());
            cx.d.append(Event::Waived { gate, by, reason, self_waived })?;
        }
    }
    Ok(())
}
