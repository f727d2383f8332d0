//! Roll back: the rehearsed plan, by hand or by its criteria. It deploys what
//! ran before our deploy, or a version named as known to be good.

use super::tools::How;
use super::{Cx, Ended, Verdict, deploy, monitor, says, until};
use crate::engine::Stop;
use crate::error::Failure;
use crate::git::merge::{Merged, revert};
use hotfix_core::effect::{Action, short};
use hotfix_core::journal::{Event, Observation};
use jiff::SignedDuration;

/// The gate `rollback.ready`: where to, by which command, by which criteria,
/// and all of it tried as far as it can be.
pub fn ready(cx: &mut Cx<'_>, version: &str, replaces: Option<&str>) -> Result<(), Stop> {
    let (mut have, mut lack) = (Vec::new(), Vec::new());
    match target(cx, replaces) {
        Some((good, Some(commit))) => have.push(format!("back to {good} ({})", short(&commit))),
        Some((good, None)) => {
            lack.push(format!("{good} names no commit here, so it could not be deployed again"));
        }
        None => lack.push("the last good version is not known (production.known_good)".to_owned()),
    }
    match command(cx)? {
        Some(command) => have.push(format!("by `{}`", command.join(" "))),
        None => lack.push("no command rolls back (rollback.command)".to_owned()),
    }
    match revert_in_memory(cx)? {
        Some(Merged::Clean(_)) => have.push("the revert applies".to_owned()),
        Some(Merged::Conflicts(paths)) => lack.push(format!("the revert conflicts in {}", paths.join(", "))),
        None => {}
    }
    let automatic = if is_automatic(cx)? { "by itself" } else { "after asking" };
    have.push(format!("on a proven regression, {automatic}"));
    rehearse(cx, &mut have, &mut lack)?;
    let answer = if lack.is_empty() {
        says(Verdict::Pass, format!("{version} can be taken back: {}", have.join(", ")))
    } else {
        says(Verdict::Fail, lack.join("; ")).details(have)
    };
    cx.gate("rollback.ready", answer)
}

/// Whether a proven regression rolls back without asking.
pub fn is_automatic(cx: &Cx<'_>) -> Result<bool, Stop> {
    Ok(cx.plan()?.policy.rollback.automatic.unwrap_or(cx.t.config.rollback.automatic))
}

/// The version to go back to and its commit.
fn target(cx: &Cx<'_>, replaces: Option<&str>) -> Option<(String, Option<String>)> {
    let version = replaces.map(str::to_owned).or_else(|| cx.t.config.production.known_good.clone())?;
    let commit = deploy::commit_of_version(cx, &version);
    Some((version, commit))
}

fn command(cx: &Cx<'_>) -> Result<Option<Vec<String>>, Stop> {
    let config = &cx.t.config;
    let command = config.rollback.command.as_ref().or(config.deploy.command.as_ref());
    command.map(|c| cx.t.trusted(c).map(|c| c.argv())).transpose()
}

/// How the merge would be taken back on the branch that it went to.
fn revert_in_memory(cx: &Cx<'_>) -> Result<Option<Merged>, Stop> {
    let Some((_, commit)) = deploy::merged(cx) else { return Ok(None) };
    let parent = cx.t.git().commit(&format!("{commit}^1"));
    parent.map(|parent| Ok(revert(cx.t.git(), &parent, &commit, &commit)?)).transpose()
}

fn rehearse(cx: &Cx<'_>, have: &mut Vec<String>, lack: &mut Vec<String>) -> Result<(), Stop> {
    let Some(command) = &cx.t.config.rollback.rehearse else { return Ok(()) };
    let command = cx.t.trusted(command)?;
    let how =
        How { cwd: &cx.t.repo.main, what: "rehearsing the rollback", on: None, env: vec![], pid_file: None };
    let ran = cx.t.run(&command, &how, cx.t.time_limit())?;
    if ran.finished.succeeded() {
        have.push(format!("rehearsed by `{}`", command.shown()));
    } else {
        lack.push(format!("the rehearsal `{}` {}", command.shown(), ran.finished.told()));
    }
    Ok(())
}

/// Rolls back. `to` names a version; what ran before our deploy otherwise.
pub fn run(cx: &mut Cx<'_>, to: Option<&str>, asked: bool, reason: &str) -> Result<Ended, Stop> {
    let last = cx.state().deploys.iter().rev().find(|d| !d.rollback).cloned();
    let Some(last) = last else {
        return Err(Failure::failed(
            "HF0802",
            "nothing was deployed by this run, so there is nothing to roll back",
        )
        .try_this("see where the run stands", "hotfix status")
        .into());
    };
    let Some((version, Some(commit))) = target(cx, to.or(last.replaces.as_deref())) else {
        return Err(Failure::failed(
            "HF0803",
            "the version to go back to is not known, or names no commit here",
        )
        .try_this("name it", "hotfix rollback --to VERSION")
        .into());
    };
    let command = command(cx)?.ok_or_else(|| {
        Failure::failed("HF0803", "no command rolls back")
            .hint("the plan was frozen without rollback.command and deploy.command")
            .try_this("bring the version back by hand, and see where the run stands", "hotfix status")
    })?;
    if cx.state().standing_rollback().is_none() {
        let what = Action::Deploy {
            version: version.clone(),
            commit,
            command,
            rollback: true,
            replaces: Some(last.version.clone()),
        };
        cx.must("rollback", "rollback", format!("{}>{version}", last.version), what)?;
        monitor::sample_now(cx)?;
    }
    read_back(cx, &version)?;
    let told = cx.state().rollbacks.iter().any(|r| r.from == last.version && r.to == version);
    if !told {
        let reason = reason.to_owned();
        cx.d.append(Event::RolledBack { from: last.version, to: version, asked, reason })?;
        let due = cx.now().checked_add(SignedDuration::from_hours(24)).unwrap_or(cx.now());
        let what =
            "the change that was rolled back is still merged: revert it, or replace it in the next attempt"
                .to_owned();
        cx.d.append(Event::ObligationOpened { id: "revert".to_owned(), what, due, blocks_close: true })?;
    }
    monitor::after_rollback(cx)?;
    Ok(Ended::Passed)
}

fn read_back(cx: &mut Cx<'_>, version: &str) -> Result<(), Stop> {
    let config = &cx.t.config.production;
    if config.version_url.is_none() && config.version_command.is_none() {
        return Ok(());
    }
    let seen = deploy::read_version(cx)?;
    if seen.as_deref() == Some(version) {
        let commit = deploy::commit_of_version(cx, version);
        if cx.state().live.as_ref().map(|(v, _)| v.as_str()) != Some(version) {
            cx.observe(Observation::Version { version: version.to_owned(), commit })?;
        }
        return Ok(());
    }
    let at = cx.state().deploys.last().map_or(cx.now(), |d| d.at);
    let expect = cx.t.config.deploy.expect.unwrap_or(SignedDuration::from_mins(10));
    if cx.now().duration_since(at) < expect {
        let next = cx.now().checked_add(SignedDuration::from_secs(5)).unwrap_or(cx.now());
        return Err(until(format!("{version} to be read back"), next));
    }
    Err(Failure::failed(
        "HF0801",
        format!(
            "{version} was brought back, and production says it runs {}",
            seen.unwrap_or_else(|| "nothing".to_owned())
        ),
    )
    .try_this("look at production yourself, then", "hotfix rollback")
    .into())
}
