//! The user's side: which workflow and config hold for this clone, where they
//! came from, and which of their commands may run.

use crate::error::Failure;
use crate::git::repo::Repo;
use hotfix_core::config::{self, Command, Config};
use hotfix_core::digest;
use std::path::PathBuf;

mod library;
mod pages;
mod user;

pub use pages::{FoundPage, named_page, page, page_text, runnable, workflow};
pub use user::{UserFile, user};

/// Where the config stands in a repository.
pub const CONFIG: &str = ".hotfix/config.toml";
/// Where the workflow stands in a repository.
pub const WORKFLOW: &str = ".hotfix/workflows/hotfix.md";

/// A text and where it came from.
#[derive(Debug, Clone)]
pub struct Sourced<T> {
    /// What.
    pub value: T,
    /// Where from, for people.
    pub source: String,
    /// Nobody reviewed it: it is a local file.
    pub unreviewed: bool,
}

/// A config with its text.
#[derive(Debug, Clone, Default)]
pub struct ConfigText {
    /// What it says.
    pub config: Config,
    /// Its path, for people.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The config with its text, for those who name its lines.
pub fn config_text(repo: &Repo) -> Result<ConfigText, Failure> {
    let found = config(repo)?;
    let text = match repo.reviewed_file(CONFIG) {
        Some((text, _)) => text,
        None => std::fs::read_to_string(repo.top.join(CONFIG)).unwrap_or_default(),
    };
    Ok(ConfigText { config: found.value, path: CONFIG.to_owned(), text })
}

/// The config: at the tip of the default branch as last fetched, else the
/// local file, else nothing.
pub fn config(repo: &Repo) -> Result<Sourced<Config>, Failure> {
    let (text, source, unreviewed) = match repo.reviewed_file(CONFIG) {
        Some((text, source)) => (text, source, false),
        None => match std::fs::read_to_string(repo.top.join(CONFIG)) {
            Ok(text) => (text, CONFIG.to_owned(), true),
            Err(e) if nothing_there(&e) => (String::new(), "no config".to_owned(), false),
            // A config that is there and cannot be read is not the same as none.
            Err(e) => return Err(unreadable_config(&e)),
        },
    };
    let value = config::parse(&text).map_err(|e| bad_config(&source, &text, e))?;
    Ok(Sourced { value, source, unreviewed })
}

fn nothing_there(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

fn unreadable_config(error: &std::io::Error) -> Failure {
    Failure::usage("HF0202", format!("the config cannot be used: {CONFIG} cannot be read ({error})"))
        .try_this("look at it", format!("ls -ld {CONFIG} && file {CONFIG}"))
}

fn bad_config(source: &str, text: &str, error: config::ConfigError) -> Failure {
    let mut failure = Failure::usage("HF0202", format!("the config cannot be used: {}", error.message));
    if let Some(span) = error.span {
        failure = failure.at(source, text, span);
    } else {
        failure.message = format!("{source}: {}", failure.message);
    }
    if let Some(hint) = error.hint {
        failure = failure.hint(hint);
    }
    failure.try_this("the keys that can stand there are in", "docs/reference/config.md")
}

/// A command of a repository's config that may run.
#[derive(Debug, Clone)]
pub struct TrustedCommand(Command);

impl TrustedCommand {
    /// The program and its arguments.
    pub fn argv(&self) -> Vec<String> {
        self.0.argv()
    }

    /// The command as a person would type it.
    pub fn shown(&self) -> String {
        self.0.shown()
    }
}

/// Whether the commands of a repository's config may run.
#[derive(Debug, Clone)]
pub struct Trust {
    digest: String,
    granted: bool,
}

impl Trust {
    /// What was said of this clone's config before.
    pub fn of(repo: &Repo, config: &Config) -> Trust {
        let digest = trust_digest(repo, config);
        let granted = folder().is_ok_and(|f| f.join(&digest).exists()) || config.commands().is_empty();
        Trust { digest, granted }
    }

    /// Remembers that they may run.
    pub fn grant(repo: &Repo, config: &Config) -> Result<(), Failure> {
        let folder = folder()?;
        std::fs::create_dir_all(&folder)?;
        let text = format!("{}\n{}\n", repo.main.display(), config.commands().join("\n"));
        Ok(std::fs::write(folder.join(trust_digest(repo, config)), text)?)
    }

    /// Whether they may run.
    pub fn is_granted(&self) -> bool {
        self.granted
    }

    /// A command that may run, or what to do first.
    pub fn allow(&self, command: &Command) -> Result<TrustedCommand, Failure> {
        if self.granted {
            return Ok(TrustedCommand(command.clone()));
        }
        let message = format!(
            "the command `{}` comes from this repository's config, which you have not trusted yet",
            command.shown()
        );
        Err(Failure::usage("HF0203", message)
            .try_this("read its commands, then allow them", "hotfix trust")
            .hint(format!("the allowance is for these very commands ({})", &self.digest[..12])))
    }

    /// A command that a person typed at this terminal, or that a demo plays.
    pub fn typed(words: &[String]) -> TrustedCommand {
        TrustedCommand(Command::Words(words.to_vec()))
    }
}

fn trust_digest(repo: &Repo, config: &Config) -> String {
    digest::of_bytes(format!("{}\0{}", repo.common.display(), config.commands().join("\0")).as_bytes())
}

fn folder() -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|h| h.join(".local/state")));
    state.map(|s| s.join("hotfix/trust")).ok_or_else(|| {
        Failure::usage("HF0108", "HOME is not set: there is nowhere to keep what you trust")
            .try_this("set it", "export HOME=/path/to/your/home")
    })
}
