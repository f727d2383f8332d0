//! What is read of production: samples, the windows before the deploy, and
//! what came after it. Nothing is judged here.

use crate::connect::telemetry::Collector;
use crate::engine::Stop;
use crate::error::Failure;
use crate::steps::Cx;
use crate::steps::tools::How;
use hotfix_core::config::CheckKind;
use hotfix_core::journal::Observation;
use jiff::Timestamp;
use std::time::Duration;

/// Samples every check now, and keeps what was seen beside the journals.
pub fn sample_now(cx: &mut Cx<'_>) -> Result<(), Stop> {
    if cx.t.config.monitor.checks.is_empty() {
        return Ok(());
    }
    let now = cx.now();
    with_collector(cx, |collector| collector.sample(now).map_err(|e| store_failed(&e)))
}

fn store_failed(error: &dyn std::fmt::Display) -> Stop {
    Failure::failed("HF0407", format!("what was sampled cannot be kept: {error}"))
        .try_this("make room, then go on", "df -h . && hotfix run")
        .into()
}

/// The folder where samples lie: they outlive runs.
pub fn store(cx: &Cx<'_>) -> std::path::PathBuf {
    crate::engine::runs::root(cx.t.repo).join("telemetry")
}

fn with_collector<T>(
    cx: &Cx<'_>,
    act: impl FnOnce(&mut Collector<'_>) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let run = |argv: &[String]| -> Result<String, String> {
        let wanted =
            cx.t.config.telemetry.values().filter_map(|t| t.command.as_ref()).find(|c| c.argv() == argv);
        let command = wanted.ok_or("the command is not in the config")?;
        let command = cx.t.trust.allow(command).map_err(|f| f.message)?;
        let how =
            How { cwd: &cx.t.repo.main, what: "asking telemetry", on: None, env: vec![], pid_file: None };
        let ran =
            cx.t.run(&command, &how, Duration::from_secs(30)).map_err(|_| "it did not end".to_owned())?;
        if ran.finished.succeeded() { Ok(ran.output) } else { Err(ran.finished.told()) }
    };
    let mut collector = Collector::new(&cx.t.config, store(cx), &cx.t.repo.main, &run);
    act(&mut collector)
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
            with_collector(cx, |c| c.readings(&check.name, from, Some(to)).map_err(|e| store_failed(&e)))
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
        readings.extend(with_collector(cx, |c| {
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
    let readings =
        with_collector(cx, |c| c.readings(&check.name, Some(deployed), None).map_err(|e| store_failed(&e)))?;
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
    let found = with_collector(cx, |c| {
        let edge = c.first_looked_at(check, edge).unwrap_or(edge);
        let old_or_new = c.new_errors(check, since, edge);
        Ok(old_or_new.and_then(|mut found| {
            let never = c.new_errors(check, Some(begun), begun)?;
            for example in never.examples {
                if !found.examples.contains(&example) {
                    found.examples.push(example);
                }
            }
            Ok(found)
        }))
    })?;
    let found = match found {
        Ok(found) => found,
        Err(e) => {
            cx.t.ui.say(format!("  {check}: {e}"));
            return Ok(());
        }
    };
    let templates: Vec<String> = found.examples.iter().map(|e| hotfix_core::change::redact(e)).collect();
    let seen = (templates.clone(), found.lines_seen);
    if cx.state().new_errors.get(check) != Some(&seen) {
        cx.observe(Observation::NewErrors { check: check.to_owned(), templates, lines: found.lines_seen })?;
    }
    Ok(())
}
