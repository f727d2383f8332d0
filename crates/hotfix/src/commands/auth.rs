//! `hotfix auth`: a token for the forge in the OS keyring, and which one is
//! used. The token itself is shown nowhere.

use super::{Answer, Session};
use crate::args::AuthVerb;
use crate::connect::forge::credentials::{Secret, keyring};
use crate::connect::forge::place::{self, Site};
use crate::error::{Failure, exit};
use crate::settings::{self, Trust};
use crate::ui::{self, GOOD, NAME, WAIT, styled};
use hotfix_core::forge::Kind;
use std::io::Read as _;

/// Carries the verb out.
pub fn run(session: &Session<'_>, verb: &AuthVerb) -> Answer {
    match verb {
        AuthVerb::Login { host } => login(session, host.as_deref()),
        AuthVerb::Status => status(session),
        AuthVerb::Logout { host } => logout(session, host.as_deref()),
    }
}

/// The page on which a token is made, and the scopes that it needs.
pub fn page(site: &Site) -> (String, &'static str) {
    match site.kind {
        Some(Kind::Github) => (
            format!("{}/settings/tokens", site.web),
            "`repo` (classic), or for the one repository: Contents and Pull requests read and write, Checks and Commit statuses read",
        ),
        Some(Kind::Forgejo) => (
            format!("{}/user/settings/applications", site.web),
            "`write:repository`, `write:issue`, `read:user`",
        ),
        _ => (format!("{}/-/user_settings/personal_access_tokens", site.web), "`api`"),
    }
}

fn site(session: &Session<'_>) -> Result<Option<Site>, Failure> {
    let config = settings::config(&session.repo)?.value;
    let trust = Trust::of(&session.repo, &config);
    Ok(place::wallet(&session.means(&config, &trust))?.map(|(site, _)| site))
}

fn host_of(session: &Session<'_>, given: Option<&str>) -> Result<String, Failure> {
    if let Some(host) = given {
        return Ok(host.trim().trim_start_matches("https://").trim_end_matches('/').to_ascii_lowercase());
    }
    site(session)?.map(|s| s.host).ok_or_else(|| {
        Failure::usage("HF0715", "this clone's merge requests are refs on its remote: they need no token")
            .try_this("name the host that the token is for", "hotfix auth login --host HOST")
    })
}

fn no_keyring(why: &str, host: &str) -> Failure {
    Failure::failed("HF0717", format!("the OS keyring cannot be used: {why}"))
        .hint(format!("nothing was kept for {host}"))
        .try_this(
            "put the token into the environment instead",
            "export GITLAB_TOKEN=…  # or GH_TOKEN, FORGEJO_TOKEN",
        )
}

fn login(session: &Session<'_>, given: Option<&str>) -> Answer {
    let host = host_of(session, given)?;
    if session.global.dry_run {
        session
            .ui
            .answer(format!("would keep a token for {host} in the OS keyring; nothing was carried out"));
        return Ok(exit::DONE);
    }
    keyring::ready().map_err(|why| no_keyring(&why, &host))?;
    if let Some(site) = given.is_none().then(|| site(session)).transpose()?.flatten() {
        let (page, scopes) = page(&site);
        session.ui.say(format!("make a token at {} with {scopes}", styled(NAME, page)));
    }
    let text = if let Some(text) = ui::typed_unseen(&format!("the token for {host}:")) {
        text
    } else {
        let mut text = String::new();
        std::io::stdin().take(16 * 1024).read_to_string(&mut text)?;
        text
    };
    let secret = Secret::new(text.lines().next().unwrap_or_default()).ok_or_else(|| {
        Failure::usage("HF0717", "no token was given")
            .try_this("give it on stdin", format!("hotfix auth login --host {host} < token.txt"))
    })?;
    keyring::set(&host, &secret).map_err(|why| no_keyring(&why, &host))?;
    session.ui.say(format!("{} a token for {host} is in the OS keyring", styled(GOOD, "✓")));
    Ok(exit::DONE)
}

fn logout(session: &Session<'_>, given: Option<&str>) -> Answer {
    let host = host_of(session, given)?;
    if session.global.dry_run {
        session.ui.answer(format!("would forget the token for {host}; nothing was carried out"));
        return Ok(exit::DONE);
    }
    let there = keyring::remove(&host).map_err(|why| no_keyring(&why, &host))?;
    let said = if there { "is forgotten" } else { "was not in the OS keyring" };
    session.ui.say(format!("the token for {host} {said}"));
    Ok(exit::DONE)
}

fn status(session: &Session<'_>) -> Answer {
    let config = settings::config(&session.repo)?.value;
    let trust = Trust::of(&session.repo, &config);
    let means = session.means(&config, &trust);
    let Some((site, wallet)) = place::wallet(&means)? else {
        session.ui.say("merge requests are refs on the remote: no token is needed");
        return Ok(exit::DONE);
    };
    let found = wallet.find()?;
    let Some(found) = found else {
        let (page, scopes) = page(&site);
        return Err(Failure::failed("HF0709", format!("there is no token for {}", site.host))
            .hint("looked for in the environment, the OS keyring, the files of glab, gh and tea, and git's credential helpers")
            .hint(format!("make one at {page} with {scopes}"))
            .try_this("keep it", "hotfix auth login"));
    };
    let health = place::forge(&means)?.health().map_err(|e| crate::steps::fit::forge_failure(&e))?;
    if session.ui.json {
        session.ui.document(&serde_json::json!({
            "schema": "hotfix.auth/1", "host": site.host, "kind": site.kind.map(Kind::name), "from": found.from,
            "account": health.account, "lacks": health.lacks, "expires": health.expires,
        }));
        return Ok(exit::DONE);
    }
    let account = health.account.as_deref().unwrap_or("somebody");
    session.ui.answer(format!("{} as @{account}, by a token from {}", site.host, found.from));
    for lacks in &health.lacks {
        session.ui.answer(format!("{} it lacks {lacks}", styled(WAIT, "!")));
    }
    if let Some(expires) = &health.expires {
        session.ui.answer(format!("it ends on {expires}"));
    }
    Ok(if health.lacks.is_empty() { exit::DONE } else { exit::FAILED })
}
