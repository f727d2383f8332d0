//! The environment that a command's result depends on, as a digest: a result
//! is taken over only where nothing of it has changed. What differs from
//! terminal to terminal and says nothing of tests is left out.

use hotfix_core::config::{Config, Setup};
use hotfix_core::digest;
use hotfix_core::testing::runner::Told;
use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Variables that differ from terminal to terminal.
const VOLATILE: &[&str] = &[
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "TERM",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "WINDOWID",
    "DISPLAY",
    "STY",
    "PS1",
    "PS2",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "LESS",
    "MANPATH",
    "HOSTNAME",
    "MAIL",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "NO_COLOR",
    "LS_COLORS",
    "HISTFILE",
    "MOTD_SHOWN",
];

/// Beginnings of the names of such variables.
const VOLATILE_FAMILIES: &[&str] = &[
    "TERM_",
    "SSH_",
    "XDG_",
    "DBUS_",
    "TMUX",
    "WAYLAND_",
    "VSCODE_",
    "GIT_",
    "GPG_",
    "HOTFIX_",
    "GITHUB_",
    "RUNNER_",
    "CI_",
    "BUILDKITE",
    "SYSTEMD_",
    "KITTY_",
    "ITERM_",
    "WEZTERM_",
    "CLICOLOR",
];

/// What a result depends on besides the tree.
#[derive(Debug, Clone, Copy)]
pub struct Depends<'a> {
    /// The config: how trees are set up.
    pub config: &'a Config,
    /// The clone that files are copied or linked from.
    pub main: &'a Path,
    /// The program and its arguments.
    pub argv: &'a [String],
    /// What the config says of the results.
    pub told: &'a Told,
}

/// Its digest.
pub fn digest_of(depends: Depends<'_>) -> String {
    let mut text = format!("{}\n{}\n", std::env::consts::OS, std::env::consts::ARCH);
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .map(|(n, v)| (n.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()))
        .filter(|(name, _)| counts(name))
        .collect();
    variables.sort();
    for (name, value) in variables {
        let _ = writeln!(text, "{name}={value}");
    }
    let _ = writeln!(text, "{:?}\n{:?}", depends.argv, depends.told);
    if let Some(program) = depends.argv.first().and_then(|p| program(p)) {
        let _ = writeln!(text, "{} {}", program.display(), stamp(&program));
    }
    for setup in &depends.config.worktree.setup {
        let _ = match setup {
            Setup::Copy(path) | Setup::Link(path) => {
                writeln!(text, "{path} {}", content(&depends.main.join(path)))
            }
            Setup::Run(command) => writeln!(text, "{:?}", command.argv()),
        };
    }
    digest::of_bytes(text.as_bytes())
}

fn counts(name: &str) -> bool {
    !VOLATILE.contains(&name)
        && !VOLATILE_FAMILIES.iter().any(|family| name.starts_with(family))
        && !super::super::tools::is_secret(name)
        && !name.ends_with("_PID")
        && !name.contains("SESSION")
}

/// Where a program is found.
fn program(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return None;
    }
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.is_file())?;
    found.canonicalize().ok()
}

/// A file's size and time.
fn stamp(path: &Path) -> String {
    std::fs::metadata(path)
        .map(|m| format!("{} {}.{}", m.len(), m.mtime(), m.mtime_nsec()))
        .unwrap_or_default()
}

/// What is copied or linked into a tree: a small file by what it holds, the
/// rest by size and time.
fn content(path: &Path) -> String {
    match std::fs::metadata(path) {
        Ok(about) if about.is_file() && about.len() <= 1024 * 1024 => {
            std::fs::read(path).map(|bytes| digest::of_bytes(&bytes)).unwrap_or_default()
        }
        _ => stamp(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_run_and_what_is_set_up_counts() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.worktree.setup = vec![Setup::Copy(".env".to_owned())];
        let of = |argv: &[&str], told: &Told| {
            let argv: Vec<String> = argv.iter().map(|s| (*s).to_owned()).collect();
            digest_of(Depends { config: &config, main: dir.path(), argv: &argv, told })
        };
        let plain = Told::default();
        let first = of(&["a b"], &plain);
        assert_eq!(first, of(&["a b"], &plain));
        assert_ne!(first, of(&["a", "b"], &plain), "it is shown the same, and is not");
        let told = Told { format: Some(hotfix_core::testing::Format::Tap), report: None };
        assert_ne!(first, of(&["a b"], &told));
        std::fs::write(dir.path().join(".env"), "A=1").unwrap();
        assert_ne!(first, of(&["a b"], &plain));
    }

    #[test]
    fn terminals_and_secrets_do_not_count() {
        for name in
            ["PWD", "TERM", "SSH_AUTH_SOCK", "HOTFIX_JOB", "NPM_TOKEN", "A_PASSWORD", "SHELL_SESSION_ID"]
        {
            assert!(!counts(name), "{name}");
        }
        for name in ["PATH", "LANG", "CI", "PYTHONPATH", "DATABASE_URL", "FEATURE_X"] {
            assert!(counts(name), "{name}");
        }
    }
}
