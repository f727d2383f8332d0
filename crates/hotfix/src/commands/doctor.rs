//! `hotfix doctor`: what a hotfix in this clone needs, what it lacks, and what
//! to do about each. It changes nothing. A further look is a function more in [`LOOKS`].

use super::{Answer, Session};
use crate::connect::forge::place;
use crate::error::exit;
use crate::settings::{self, Trust};
use crate::ui::{BAD, GOOD, NAME, WAIT, styled};
use hotfix_core::config::Config;
use hotfix_core::forge::Kind;
use serde::Serialize;

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub about: &'static str,
    /// How it is.
    pub state: State,
    /// What is so.
    pub what: String,
    /// A command that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Well,
    /// It works, and is worth knowing.
    Note,
    /// A hotfix would stop here.
    Lacks,
}

/// What is looked at, in order.
const LOOKS: &[fn(&Session<'_>, &Config) -> Vec<Finding>] = &[git, remote, commands, forge];

/// How far a clock may be off before it is worth saying, in seconds.
const SKEW: i64 = 30;

fn well(about: &'static str, what: impl Into<String>) -> Finding {
    Finding { about, state: State::Well, what: what.into(), command: None }
}

fn note(about: &'static str, what: impl Into<String>) -> Finding {
    Finding { about, state: State::Note, what: what.into(), command: None }
}

fn lacks(about: &'static str, what: impl Into<String>, command: impl Into<String>) -> Finding {
    Finding { about, state: State::Lacks, what: what.into(), command: Some(command.into()) }
}

/// Carries the verb out.
pub fn run(session: &Session<'_>) -> Answer {
    let config = settings::config(&session.repo)?.value;
    let all: Vec<Finding> = LOOKS.iter().flat_map(|look| look(session, &config)).collect();
    let bad = all.iter().any(|f| f.state == State::Lacks);
    if session.ui.json {
        session.ui.document(&serde_json::json!({"schema": "hotfix.doctor/1", "findings": all}));
    } else {
        for finding in &all {
            let sign = match finding.state {
                State::Well => styled(GOOD, "✓"),
                State::Note => styled(WAIT, "·"),
                State::Lacks => styled(BAD, "✗"),
            };
            session.ui.answer(format!(
                "{sign} {} {}",
                styled(NAME, finding.about),
                hotfix_core::text::printable(&finding.what)
            ));
            if let Some(command) = &finding.command {
                session.ui.answer(format!("    {}", styled(NAME, command)));
            }
        }
    }
    Ok(if bad { exit::FAILED } else { exit::DONE })
}

fn git(session: &Session<'_>, _: &Config) -> Vec<Finding> {
    let mut all = Vec::new();
    if let Ok((major, minor)) = session.repo.git.version() {
        all.push(well("git", format!("{major}.{minor}")));
    }
    match session.repo.person() {
        Ok(person) => all.push(well("you", person)),
        Err(f) => all.push(lacks("you", f.message, "git config user.email you@example.org")),
    }
    if let Some(path) = session.repo.git.setting("core.hooksPath") {
        all.push(note("hooks", format!("commits run the hooks of {path}")));
    }
    all
}

fn remote(session: &Session<'_>, config: &Config) -> Vec<Finding> {
    let Ok(remote) = session.repo.remote() else {
        return vec![lacks("remote", "this clone has none", "git remote add origin URL")];
    };
    let url = session.repo.remote_url().map(|u| crate::connect::http::shown(&u)).unwrap_or_default();
    let mut all = match session.repo.git.run(["ls-remote", "--quiet", "--heads", remote]) {
        Ok(_) => vec![well("remote", format!("{remote} ({url}) answers"))],
        Err(e) => vec![lacks(
            "remote",
            format!("{remote} ({url}) does not answer: {}", e.said()),
            format!("git ls-remote {remote}"),
        )],
    };
    if let Ok(push) = place::push_remote(&session.repo, config)
        && push != remote
    {
        all.push(note("remote", format!("branches are pushed to {push}")));
    }
    all
}

fn commands(session: &Session<'_>, config: &Config) -> Vec<Finding> {
    let count = config.commands().len();
    if count == 0 {
        return vec![note("commands", "the config names none")];
    }
    if Trust::of(&session.repo, config).is_granted() {
        return vec![well("commands", format!("the config's {count} may run"))];
    }
    vec![lacks("commands", format!("the config's {count} may not run yet"), "hotfix trust")]
}

fn forge(session: &Session<'_>, config: &Config) -> Vec<Finding> {
    let trust = Trust::of(&session.repo, config);
    let means = session.means(config, &trust);
    let (site, wallet) = match place::wallet(&means) {
        Ok(Some(found)) => found,
        Ok(None) => return vec![well("forge", "merge requests are refs on the remote (the local forge)")],
        Err(f) => {
            let command = f.hints.iter().find_map(|h| h.command.clone()).unwrap_or_default();
            return vec![lacks("forge", f.message, command)];
        }
    };
    let kind = site.kind.unwrap_or(Kind::Local);
    let mut all = vec![well("forge", format!("{kind} on {}, project {}", site.web, site.project))];
    if let Some(fork) = &site.fork {
        all.push(note("forge", format!("branches come from the fork {fork}")));
    }
    let (page, scopes) = super::auth::page(&site);
    match wallet.find() {
        Ok(Some(found)) => all.push(well("token", format!("from {}", found.from))),
        Ok(None) => {
            let what = format!("there is none for {}; make one at {page} with {scopes}", site.host);
            all.push(lacks("token", what, "hotfix auth login"));
            return all;
        }
        Err(f) => {
            all.push(lacks("token", f.message, "hotfix auth login"));
            return all;
        }
    }
    match place::forge(&means).map(|forge| forge.health()) {
        Ok(Ok(health)) => healthy(&health, &mut all),
        Ok(Err(e)) => {
            let failure = crate::steps::fit::forge_failure(&e);
            all.push(lacks("forge", failure.message, "hotfix auth status"));
        }
        Err(f) => all.push(lacks("forge", f.message, "hotfix auth status")),
    }
    all
}

fn healthy(health: &crate::connect::forge::Health, all: &mut Vec<Finding>) {
    let version = health.version.as_ref().map(|v| format!(" (version {v})")).unwrap_or_default();
    if let Some(account) = &health.account {
        all.push(well("forge", format!("it answers as @{account}{version}")));
    }
    for what in &health.lacks {
        all.push(lacks("token", format!("it lacks {what}"), "hotfix auth login"));
    }
    if let Some(expires) = &health.expires {
        all.push(note("token", format!("it ends on {expires}")));
    }
    for what in &health.notes {
        all.push(note("forge", what.clone()));
    }
    match health.skew {
        Some(skew) if skew.abs() > SKEW => {
            let side = if skew > 0 { "ahead of" } else { "behind" };
            all.push(note(
                "clock",
                format!(
                    "this machine is {} s {side} the forge; approvals go by the forge's clock",
                    skew.abs()
                ),
            ));
        }
        Some(_) => all.push(well("clock", "it agrees with the forge's")),
        None => {}
    }
}
