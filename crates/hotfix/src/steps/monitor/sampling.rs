//! What is read of production: samples, the windows before the deploy, and
//! what came after it. Nothing is judged here.

use crate::connect::telemetry::Collector;
use crate::engine::Stop;
use crate::error::Failure;
use crate::logs::answer;
use crate::steps::Cx;
use crate::steps::tools::{How, Tools};
use hotfix_core::config::CheckKind;
use hotfix_core::journal::Observation;
use hotfix_core::logs::LogDiff;
use hotfix_core::run::NewErrorsSeen;
use jiff::Timestamp;
use std::time::Duration;

/// Samples every check now, and keeps what was seen beside the journals.
pub fn sample_now(cx: &mut Cx<'_>) -> Result<(), Stop> {
    if cx.t.config.monitor.checks.is_empty() {
        return Ok(());
    }
    let now = cx.now();
    with_collector(cx.t, |collector| collector.sample(now).map_err(|e| store_failed(&e)))
}

fn store_failed(error: &dyn std::fmt::Display) -> Stop {
    Failure::failed("HF0407", format!("what was sampled cannot be kept: {error}"))
        .try_this("make room, then go on", "df -h . && hotfix run")
        .into()
}

/// The folder where samples lie: they outlive runs.
fn store(tools: &Tools<'_>) -> std::path::PathBuf {
    crate::engine::runs::root(tools.repo).join("telemetry")
}

/// Asks a collector over what the config names, with what was sampled so far.
pub fn with_collector<T>(tools: &Tools<'_>, ask: impl FnOnce(&mut Collector<'_>) -> T) -> T {
    let run = |argv: &[String]| -> Result<String, String> {
        let wanted =
            tools.config.telemetry.values().filter_map(|t| t.command.as_ref()).find(|c| c.argv() == argv);
        let command = wanted.ok_or("the command is not in the config")?;
        let command = tools.trust.allow(command).map_err(|f| f.message)?;
        let how =
            How { cwd: &tools.repo.main, what: "asking telemetry", on: None, env: vec![], pid_file: None };
        let ran =
            tools.run(&command, &how, Duration::from_secs(30)).map_err(|_| "it did not end".to_owned())?;
        if ran.finished.succeeded() { Ok(ran.output) } else { Err(ran.finished.told()) }
    };
    ask(&mut Collector::new(&tools.config, store(tools), &tools.repo.main, &run))
}

/// Writes down what was seen before the deploy: the baseline until the
/// incident began, and the incident until the deploy.
pub fn remember_windows(cx: &mut Cx<'_>, deployed: Timestamp) -> Result<(), Stop> {
    let since = cx.state().since;
    for check in cx.t.config.monitor.checks.clone() {
        if check.kind == CheckKind::NewErrors
            || cx.state().windows.contains_key(&(check.name.clone(), "incident".to_owned()))
        {
            continue;
        }
        let first = cx.state().deploys.first().map_or(deployed, |d| d.at);
        let read = |from, to| {
            with_collector(cx.t, |c| c.readings(&check.name, from, Some(to)).map_err(|e| store_failed(&e)))
        };
        let (baseline, incident) = match since {
            Some(since) => (read(None, since)?, read(Some(since), first)?),
            // Nobody said when it began: what was recorded before the run is
            // the incident, and there is no baseline.
            None => (Vec::new(), read(None, first)?),
        };
        for (name, readings) in [("baseline", baseline), ("incident", incident)] {
            let (check, name) = (check.name.clone(), name.to_owned());
            cx.observe(Observation::Window { check, name, readings })?;
        }
    }
    Ok(())
}

/// One look at production since the deploy.
pub fn look(cx: &mut Cx<'_>, deployed: Timestamp) -> Result<(), Stop> {
    sample_now(cx)?;
    let edge = edge(cx, deployed)?;
    let mut readings = Vec::new();
    for check in cx.t.config.monitor.checks.clone() {
        if check.kind == CheckKind::NewErrors {
            look_at_log(cx, &check.name, edge)?;
            continue;
        }
        let last = cx.state().samples.iter().rev().find(|r| r.check == check.name).map_or(edge, |r| r.at);
        readings.extend(with_collector(cx.t, |c| {
            c.readings(&check.name, Some(last), None).map_err(|e| store_failed(&e))
        })?);
    }
    if readings.is_empty() { Ok(()) } else { cx.observe(Observation::Sample { readings }) }
}

/// The first sample that was taken wholly after the deploy. What was read
/// before it may still be of the version before.
fn edge(cx: &Cx<'_>, deployed: Timestamp) -> Result<Timestamp, Stop> {
    let checks = &cx.t.config.monitor.checks;
    let Some(check) = checks.iter().find(|c| c.kind != CheckKind::NewErrors) else { return Ok(deployed) };
    let readings = with_collector(cx.t, |c| {
        c.readings(&check.name, Some(deployed), None).map_err(|e| store_failed(&e))
    })?;
    Ok(readings.first().map_or(deployed, |r| r.at))
}

/// New errors are those since the edge that the log had not before the
/// incident, and those since the deploy began that it never had before.
fn look_at_log(cx: &mut Cx<'_>, check: &str, edge: Timestamp) -> Result<(), Stop> {
    let since = cx.state().since;
    let begun = cx
        .state()
        .effects
        .values()
        .filter(|e| e.effect.what.kind() == "deploy")
        .map(|e| e.requested_at)
        .max();
    let begun = begun.unwrap_or(edge);
    let found = with_collector(cx.t, |c| {
        let edge = c.first_looked_at(check, edge).unwrap_or(edge);
        let old_or_new = c.new_errors(check, since, edge);
        old_or_new.and_then(|found| Ok(joined(found, c.new_errors(check, Some(begun), begun)?)))
    });
    let found = match found {
        Ok(found) => answer::kept(found),
        Err(e) => {
            cx.t.ui.say(format!("  {check}: {e}"));
            return Ok(());
        }
    };
    let templates: Vec<String> = found.new.iter().map(|template| template.example.clone()).collect();
    let seen = NewErrorsSeen { templates, lines: found.lines, found: Some(Box::new(found)) };
    if cx.state().new_errors.get(check) != Some(&seen) {
        let NewErrorsSeen { templates, lines, found } = seen;
        cx.observe(Observation::NewErrors { check: check.to_owned(), templates, lines, found })?;
    }
    Ok(())
}

/// One answer, with the new templates of another.
fn joined(mut found: LogDiff, other: LogDiff) -> LogDiff {
    for template in other.new {
        if !found.new.iter().any(|known| known.template == template.template) {
            found.found.new += 1;
            found.found.new_errors += u64::from(template.severity.is_error());
            found.new.push(template);
        }
    }
    found.notices.extend(other.notices);
    found.notices.sort();
    found.notices.dedup();
    found
}
