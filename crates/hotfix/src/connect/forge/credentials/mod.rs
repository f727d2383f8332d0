//! Where a forge's token comes from: what the config names, the environment,
//! the OS keyring, the files of `glab`, `gh` and `tea`, and git's credential
//! helpers, in this order. A token belongs to one host, and is given for no
//! other; it is never written into a journal, a log or a message.

mod files;
mod helper;
pub mod keyring;

use crate::error::Failure;
use crate::git::Git;
use crate::settings::Trust;
use hotfix_core::config::Token;
use hotfix_core::forge::Kind;
use std::fmt;
use std::path::PathBuf;

/// A secret that prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret, unless it is empty.
    pub fn new(text: &str) -> Option<Secret> {
        let text = text.trim();
        (!text.is_empty()).then(|| Secret(text.to_owned()))
    }

    /// The secret itself, for a header and for the keyring.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Something that has a token, or has none.
pub trait Source {
    /// The token, looked up anew.
    fn token(&self) -> Result<Option<Secret>, Failure>;
}

/// A token and where it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The token.
    pub secret: Secret,
    /// Where, for people.
    pub from: String,
}

/// Where the token for one forge is looked for.
#[derive(Clone)]
pub struct Wallet {
    /// The kind of forge.
    pub kind: Kind,
    /// Its host, with the port where it is not the usual one.
    pub host: String,
    /// `https` or `http`.
    pub scheme: String,
    /// What the config names.
    pub named: Option<Token>,
    /// Whether the config's commands may run.
    pub trust: Trust,
    /// Git in the clone, for its credential helpers.
    pub git: Git,
    /// The environment; the process's own, except in tests.
    pub env: fn(&str) -> Option<String>,
}

/// A variable of the process's environment that says something.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.trim().is_empty())
}

impl Source for Wallet {
    fn token(&self) -> Result<Option<Secret>, Failure> {
        Ok(self.find()?.map(|found| found.secret))
    }
}

impl Wallet {
    /// The first token that there is.
    pub fn find(&self) -> Result<Option<Found>, Failure> {
        if let Some(named) = &self.named {
            return self.of_config(named).map(Some);
        }
        if let Some(found) = self.of_environment() {
            return Ok(Some(found));
        }
        if let Some(secret) = keyring::get(&self.host) {
            return Ok(Some(Found { secret, from: "the OS keyring".to_owned() }));
        }
        if let Some(found) = files::find(self) {
            return Ok(Some(found));
        }
        Ok(helper::ask(&self.git, &self.scheme, &self.host))
    }

    fn of_config(&self, named: &Token) -> Result<Found, Failure> {
        let missing = |what: String, how: String| {
            Failure::usage(
                "HF0709",
                format!("the config takes the forge's token from {what}, and there is none"),
            )
            .try_this("put it there", how)
        };
        match named {
            Token::Env(name) => {
                let secret = (self.env)(name).and_then(|v| Secret::new(&v));
                secret
                    .map(|secret| Found { secret, from: format!("the environment ({name})") })
                    .ok_or_else(|| missing(format!("the environment ({name})"), format!("export {name}=…")))
            }
            Token::Keyring(entry) => keyring::get(entry)
                .map(|secret| Found { secret, from: format!("the OS keyring ({entry})") })
                .ok_or_else(|| {
                    missing(format!("the OS keyring ({entry})"), format!("hotfix auth login --host {entry}"))
                }),
            Token::Command(command) => {
                let command = self.trust.allow(command)?;
                let shown = command.shown();
                let text = crate::sys::process::capture(&command.argv(), self.git.dir())
                    .map_err(|e| missing(format!("`{shown}` ({e})"), shown.clone()))?;
                Secret::new(text.lines().next().unwrap_or_default())
                    .map(|secret| Found { secret, from: format!("`{shown}`") })
                    .ok_or_else(|| missing(format!("`{shown}`"), shown.clone()))
            }
        }
    }

    /// A variable's token is for the host of the remote that it is used with,
    /// unless another variable names its host: then for that one alone.
    fn of_environment(&self) -> Option<Found> {
        let host_only = self.host.split(':').next().unwrap_or_default();
        let (tokens, hosts): (&[&str], &[&str]) = match self.kind {
            Kind::Gitlab => (&["GITLAB_TOKEN"], &["GITLAB_HOST", "GL_HOST"]),
            Kind::Github if host_only != "github.com" && !host_only.ends_with(".ghe.com") => (
                &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"],
                &["GH_HOST"],
            ),
            Kind::Github => (&["GH_TOKEN", "GITHUB_TOKEN"], &[]),
            Kind::Forgejo => (&["FORGEJO_TOKEN", "GITEA_TOKEN"], &["FORGEJO_HOST", "GITEA_HOST"]),
            Kind::Local => return None,
        };
        let named = hosts.iter().find_map(|name| (self.env)(name));
        if named.is_some_and(|named| !names_host(&named, &self.host)) {
            return None;
        }
        let found = |name: &&str| {
            let secret = Secret::new(&(self.env)(name)?)?;
            Some(Found { secret, from: format!("the environment ({name})") })
        };
        tokens.iter().find_map(found)
    }
}

/// Whether `GITLAB_HOST` and its like (`host`, `host:port` or an address) name this host.
fn names_host(named: &str, host: &str) -> bool {
    let bare = named.trim().trim_end_matches('/');
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default().to_ascii_lowercase();
    bare == host || !bare.contains(':') && host.split(':').next() == Some(bare.as_str())
}

/// The user's configuration folder of a program.
fn config_folder(env: fn(&str) -> Option<String>, program: &str) -> Option<PathBuf> {
    let base = env("XDG_CONFIG_HOME").map(PathBuf::from);
    Some(base.or_else(|| env("HOME").map(|h| PathBuf::from(h).join(".config")))?.join(program))
}

#[cfg(test)]
mod tests;
