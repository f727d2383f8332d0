//! Deploy: only with a rehearsed way back, and then the version that runs is
//! read back.

use super::tools::{How, Tools};
use super::{Cx, Ended, Says, Verdict, rollback, says, until};
use crate::engine::Stop;
use crate::error::Failure;
use hotfix_core::config::Trigger;
use hotfix_core::effect::{Action, short};
use hotfix_core::gate::Point;
use hotfix_core::journal::Observation;
use jiff::SignedDuration;
use std::time::Duration;

/// Deploys the merged commit.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    // Nothing is said to be deployed that nobody has deployed.
    if !hotfix_core::plan::deploys(&cx.t.config) {
        return Ok(Ended::Skipped("merged, deployment unverified: no deploy is configured".to_owned()));
    }
    let Some((version, commit)) = merged(cx) else {
        return Err(Failure::bug("a deploy without a merge").into());
    };
    if cx.state().standing_rollback().is_some() {
        return Ok(Ended::Passed);
    }
    let there = cx.state().deploys.iter().any(|d| !d.rollback && d.commit == commit);
    if !there {
        sample(cx)?;
        let replaces = remember_what_runs(cx)?;
        rollback::ready(cx, &version, replaces.as_deref())?;
        cx.hold(Point::BeforeDeploy)?;
        let command = match (&cx.t.config.deploy.trigger, &cx.t.config.deploy.command) {
            (Trigger::Command, Some(command)) => cx.t.trusted(command).map(|c| c.argv())?,
            _ => Vec::new(),
        };
        let what = Action::Deploy {
            version: version.clone(),
            commit: commit.clone(),
            command,
            rollback: false,
            replaces,
        };
        cx.must("deploy", "deploy", version.clone(), what)?;
        sample(cx)?;
    }
    read_back(cx, &version, &commit)?;
    Ok(Ended::Passed)
}

/// The merged version: its tag, else its commit; and the commit.
pub fn merged(cx: &Cx<'_>) -> Option<(String, String)> {
    let view = cx.state().merge_request("production")?;
    let commit = view.merge_commit.clone()?;
    let tagged = cx.state().effects.values().rev().find_map(|e| match &e.effect.what {
        Action::Merge { number, tag: Some(tag), .. } if *number == view.number => Some(tag.clone()),
        Action::Tag { name, commit: of, .. } if *of == commit => Some(name.clone()),
        _ => None,
    });
    let on_commit = |tag: &String| cx.t.git().commit(&format!("refs/tags/{tag}")).as_ref() == Some(&commit);
    let tag = tagged.filter(on_commit).or_else(|| super::merge::tag_of(cx, &commit));
    Some((tag.unwrap_or_else(|| short(&commit).to_owned()), commit))
}

/// What runs now: what a rollback would bring back.
fn remember_what_runs(cx: &mut Cx<'_>) -> Result<Option<String>, Stop> {
    let Some(version) = read_version(cx)? else {
        return Ok(cx.attempt()?.base_version);
    };
    let commit = commit_of_version(cx, &version);
    if cx.state().live.as_ref() != Some(&(version.clone(), commit.clone())) {
        cx.observe(Observation::Version { version: version.clone(), commit })?;
    }
    Ok(Some(version))
}

/// Takes a sample at the edge of a window.
fn sample(cx: &mut Cx<'_>) -> Result<(), Stop> {
    super::monitor::sample_now(cx)
}

/// The version that production says it runs, if something can be asked.
pub fn read_version(cx: &Cx<'_>) -> Result<Option<String>, Stop> {
    let production = &cx.t.config.production;
    if let Some(url) = &production.version_url {
        return Ok(cx.t.http.get_text(url, 64 * 1024).ok().and_then(|text| version_in(&text)));
    }
    if let Some(command) = &production.version_command {
        let command = cx.t.trusted(command)?;
        let how = How {
            cwd: &cx.t.repo.main,
            what: "asking production for its version",
            on: None,
            env: vec![],
            pid_file: None,
        };
        let ran = cx.t.run(&command, &how, Duration::from_secs(30))?;
        return Ok(ran.finished.succeeded().then(|| version_in(&ran.output)).flatten());
    }
    Ok(None)
}

/// The version in an answer: JSON's `version`, else the first word.
pub fn version_in(text: &str) -> Option<String> {
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        let found = json.get("version").or_else(|| json.get("tag")).or_else(|| json.get("commit"));
        return found.and_then(|v| v.as_str()).or(json.as_str()).map(str::to_owned);
    }
    text.split_whitespace().next().map(str::to_owned)
}

/// The commit that a version names, through the configured mapping.
pub fn commit_of_version(cx: &Cx<'_>, version: &str) -> Option<String> {
    commit_of(cx.t, version)
}

/// The commit that a version names for these tools.
pub fn commit_of(tools: &Tools<'_>, version: &str) -> Option<String> {
    let map = tools.config.deploy.version_map.as_deref().unwrap_or("{version}");
    let tag = map.replace("{version}", version);
    let git = tools.git();
    [format!("refs/tags/{tag}"), format!("refs/tags/v{tag}"), tag].iter().find_map(|name| git.commit(name))
}

/// The gates `deploy.version` and `deploy.live`: what runs is what was merged.
fn read_back(cx: &mut Cx<'_>, version: &str, commit: &str) -> Result<(), Stop> {
    if cx.verdict("deploy.version") == Verdict::NotApplicable
        && cx.verdict("deploy.live") == Verdict::NotApplicable
    {
        return Ok(());
    }
    let seen = read_version(cx)?;
    let running = seen.as_ref().and_then(|v| commit_of_version(cx, v));
    if let Some(seen) = seen.clone().filter(|_| running.as_deref() == Some(commit)) {
        if cx.state().live.as_ref().map(|(v, _)| v) != Some(&seen) {
            cx.observe(Observation::Version { version: seen.clone(), commit: running })?;
        }
        if cx.verdict("deploy.version") != Verdict::NotApplicable {
            cx.gate(
                "deploy.version",
                says(
                    Verdict::Pass,
                    format!("production says it runs {seen}, which is the merged commit {}", short(commit)),
                ),
            )?;
        }
        return live(cx, says(Verdict::Pass, format!("the service answers as {seen}")));
    }
    if cx.verdict("deploy.version") == Verdict::NotApplicable {
        return live_without_version(cx);
    }
    wait_for_it(cx, version, seen)
}

fn live(cx: &mut Cx<'_>, answer: Says) -> Result<(), Stop> {
    if cx.verdict("deploy.live") == Verdict::NotApplicable {
        return Ok(());
    }
    cx.gate("deploy.live", answer)
}

/// One look at what can be scraped, where no version can be read back.
fn live_without_version(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let url = cx.t.config.telemetry.values().find_map(|t| t.url.clone());
    let Some(url) = url else { return Ok(()) };
    let answer = match cx.t.http.get_text(&url, 16 * 1024 * 1024) {
        Ok(_) => says(Verdict::Pass, format!("{url} answers")),
        Err(e) => says(Verdict::Fail, format!("{url} does not answer: {e}")),
    };
    live(cx, answer)
}

fn wait_for_it(cx: &mut Cx<'_>, version: &str, seen: Option<String>) -> Result<(), Stop> {
    let expect = cx.t.config.deploy.expect.unwrap_or(SignedDuration::from_mins(10));
    let deployed = cx.state().deploys.last().map_or(cx.now(), |d| d.at);
    let runs = seen.map_or_else(
        || "production does not say what it runs".to_owned(),
        |s| format!("production says it runs {s}"),
    );
    if cx.now().duration_since(deployed) < expect {
        let next = cx.now().checked_add(SignedDuration::from_secs(5)).unwrap_or(cx.now());
        return Err(until(format!("{version} to be read back ({runs})"), next));
    }
    cx.gate("deploy.version", says(Verdict::Fail, format!("{version} was deployed, and {runs}")))?;
    Err(Failure::failed("HF0801", format!("{version} was deployed, and {runs}"))
        .try_this("bring the version from before back", "hotfix rollback")
        .try_this("or look again", "hotfix run")
        .into())
}
