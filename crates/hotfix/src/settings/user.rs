//! The user's own defaults: `hotfix/config.toml` in `$XDG_CONFIG_HOME`, or in
//! `~/.config`. They fill what page and repository leave open, and nothing else.

use crate::error::Failure;
use hotfix_core::defaults::{self, UserConfig};
use std::path::PathBuf;

/// A file larger than this is none, in bytes.
const LARGEST: u64 = 256 * 1024;

/// The user's own file, if there is one.
#[derive(Debug, Clone, Default)]
pub struct UserFile {
    /// What it says.
    pub config: UserConfig,
    /// Its path, for people.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What the user who calls has as defaults; nothing without a file.
pub fn user() -> Result<UserFile, Failure> {
    let Some(path) = place() else { return Ok(UserFile::default()) };
    let shown = shown(&path);
    let refuse = |why: String| {
        Failure::usage("HF0333", format!("your own defaults cannot be used: {shown} {why}"))
            .try_this("look at the file", format!("ls -l {shown}"))
    };
    let about = match std::fs::metadata(&path) {
        Err(e) if super::nothing_there(&e) => return Ok(UserFile { path: shown, ..UserFile::default() }),
        Err(e) => return Err(refuse(format!("cannot be read ({e})"))),
        Ok(about) => about,
    };
    if !about.is_file() || about.len() > LARGEST {
        return Err(refuse("is no file of ordinary size".to_owned()));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| refuse(format!("cannot be read ({e})")))?;
    let config = defaults::parse(&text).map_err(|error| wrong(&shown, &text, error))?;
    Ok(UserFile { config, path: shown, text })
}

fn wrong(shown: &str, text: &str, error: hotfix_core::config::ConfigError) -> Failure {
    let mut failure =
        Failure::usage("HF0333", format!("your own defaults cannot be used: {}", error.message));
    if let Some(span) = error.span {
        failure = failure.at(shown, text, span);
    }
    if let Some(hint) = error.hint {
        failure = failure.hint(hint);
    }
    failure.try_this("correct it, or set it aside", format!("mv {shown} {shown}.aside"))
}

fn place() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
    Some(folder.or_else(|| set("HOME").map(|home| home.join(".config")))?.join("hotfix/config.toml"))
}

/// The path with `~` for the user's home.
fn shown(path: &std::path::Path) -> String {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    match home.and_then(|home| path.strip_prefix(home).ok().map(std::path::Path::to_owned)) {
        Some(inside) => format!("~/{}", inside.display()),
        None => path.display().to_string(),
    }
}
