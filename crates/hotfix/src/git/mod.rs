//! The only place that runs git: the user's own, by process, so that hooks,
//! signing, credentials and configuration are the user's. Nothing here ever
//! forces a push, skips a hook or touches the checkout that one stands in.

pub mod change;
pub mod fetch;
pub mod merge;
pub mod push;
pub mod repo;
pub mod tree;
pub mod worktree;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The oldest git that is supported (`merge-tree --write-tree`).
pub const OLDEST: (u32, u32) = (2, 38);

/// Git, run in a folder.
#[derive(Debug, Clone)]
pub struct Git {
    dir: PathBuf,
    env: Vec<(OsString, OsString)>,
}

/// Why git did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("git could not be started: {0}")]
    NotFound(String),
    /// It said no.
    #[error("git {command} failed: {stderr}")]
    Failed {
        /// The command, without what comes before its name.
        command: String,
        /// The exit status; none if a signal ended it.
        status: Option<i32>,
        /// What it said, without trailing space.
        stderr: String,
    },
    /// It answered something else than expected.
    #[error("git {command} answered something unexpected: {answer}")]
    Unexpected {
        /// The command.
        command: String,
        /// What it answered.
        answer: String,
    },
}

impl GitError {
    /// Whether a signal ended git, so that nobody knows what it had done.
    pub fn was_killed(&self) -> bool {
        matches!(self, GitError::Failed { status: None, .. })
    }

    /// What git said.
    pub fn said(&self) -> String {
        match self {
            GitError::Failed { stderr, .. } => stderr.clone(),
            other => other.to_string(),
        }
    }
}

/// Variables by which a git that runs us would lead our git astray.
const INHERITED: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_CEILING_DIRECTORIES",
];

impl Git {
    /// Git in a folder.
    pub fn at(dir: impl Into<PathBuf>) -> Git {
        Git { dir: dir.into(), env: Vec::new() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The same, with a variable set.
    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Git {
        self.env.push((key.into(), value.as_ref().to_owned()));
        self
    }

    /// Runs git; its output without the last newline.
    pub fn run<I, S>(&self, args: I) -> Result<String, GitError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let (output, command) = self.output(args, None)?;
        let out = checked(output, &command)?;
        Ok(String::from_utf8_lossy(&out).trim_end_matches('\n').to_owned())
    }

    /// Runs git; its output as bytes.
    pub fn bytes<I, S>(&self, args: I) -> Result<Vec<u8>, GitError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let (output, command) = self.output(args, None)?;
        checked(output, &command)
    }

    /// Runs git with something on its standard input.
    pub fn feed<I, S>(&self, args: I, input: &[u8]) -> Result<String, GitError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let (output, command) = self.output(args, Some(input))?;
        let out = checked(output, &command)?;
        Ok(String::from_utf8_lossy(&out).trim_end_matches('\n').to_owned())
    }

    /// Runs git with something on its standard input; its output as bytes.
    pub fn feed_bytes<I, S>(&self, args: I, input: &[u8]) -> Result<Vec<u8>, GitError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let (output, command) = self.output(args, Some(input))?;
        checked(output, &command)
    }

    /// Whether git answers yes (exit status 0) or no (1).
    pub fn asks<I, S>(&self, args: I) -> Result<bool, GitError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let (output, command) = self.output(args, None)?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => checked(output, &command).map(|_| false),
        }
    }

    /// The answer, if git has one.
    pub fn maybe<I, S>(&self, args: I) -> Option<String>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.run(args).ok().filter(|s| !s.is_empty())
    }

    /// Runs git and gives everything back, for commands whose status says more than yes and no.
    pub fn output<I, S>(&self, args: I, input: Option<&[u8]>) -> Result<(Output, String), GitError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let args: Vec<OsString> = args.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let shown = args.iter().map(|a| a.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let mut command = Command::new("git");
        for name in INHERITED {
            command.env_remove(name);
        }
        command
            .args(["-c", "core.quotePath=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(&args)
            .current_dir(&self.dir)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C.UTF-8")
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if !rustix::termios::isatty(std::io::stdin()) {
            command.env("GIT_TERMINAL_PROMPT", "0");
        }
        let fail = |e: std::io::Error| GitError::NotFound(e.to_string());
        let mut child = command.spawn().map_err(fail)?;
        let stdin = child.stdin.take();
        // Git may answer before it has read everything: a pipe holds only so much.
        let output = std::thread::scope(|scope| {
            if let (Some(input), Some(mut stdin)) = (input, stdin) {
                // A git that ends early says why on its standard error.
                scope.spawn(move || drop(stdin.write_all(input)));
            }
            child.wait_with_output()
        });
        Ok((output.map_err(fail)?, shown))
    }

    /// Git's version, e.g. (2, 39).
    pub fn version(&self) -> Result<(u32, u32), GitError> {
        let answer = self.run(["version"])?;
        let mut numbers = answer.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) => Ok((major, minor)),
            _ => Err(GitError::Unexpected { command: "version".to_owned(), answer }),
        }
    }

    /// The full object id of a revision, if there is one.
    pub fn resolve(&self, revision: &str) -> Option<String> {
        self.maybe(["rev-parse", "--verify", "--quiet", "--end-of-options", revision])
    }

    /// The commit of a revision, tags peeled.
    pub fn commit(&self, revision: &str) -> Option<String> {
        self.resolve(&format!("{revision}^{{commit}}"))
    }

    /// The tree of a revision.
    pub fn tree_of(&self, revision: &str) -> Result<String, GitError> {
        self.run(["rev-parse", "--verify", "--end-of-options", &format!("{revision}^{{tree}}")])
    }

    /// Whether one commit is an ancestor of another (or the same).
    pub fn is_ancestor(&self, old: &str, new: &str) -> bool {
        self.asks(["merge-base", "--is-ancestor", old, new]).unwrap_or(false)
    }

    /// A setting of git's.
    pub fn setting(&self, key: &str) -> Option<String> {
        self.maybe(["config", "--get", key])
    }
}

fn checked(output: Output, command: &str) -> Result<Vec<u8>, GitError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let mut stderr = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    if stderr.is_empty() {
        stderr = match output.status.signal() {
            Some(signal) => format!("ended by signal {signal}"),
            None => format!("exit status {}", output.status.code().unwrap_or(-1)),
        };
    }
    let verb = command.split(' ').take(3).collect::<Vec<_>>().join(" ");
    Err(GitError::Failed { command: verb, status: output.status.code(), stderr })
}

impl From<GitError> for crate::error::Failure {
    fn from(error: GitError) -> Self {
        use crate::error::Failure;
        match &error {
            GitError::NotFound(_) => Failure::usage("HF0104", error.to_string())
                .try_this("install it, for example", "sudo apt-get install git"),
            GitError::Failed { stderr, .. } if unreachable(stderr) => {
                Failure::failed("HF0110", format!("the remote cannot be reached: {error}"))
                    .hint("what needs no network goes on; the rest is queued")
                    .try_this("try the connection by hand", "git ls-remote")
            }
            _ => Failure::failed("HF0109", error.to_string())
                .try_this("see where the run stands", "hotfix status"),
        }
    }
}

/// Whether git's words mean that the other side could not be reached.
fn unreachable(stderr: &str) -> bool {
    [
        "Could not resolve host",
        "unable to access",
        "Could not read from remote",
        "Connection refused",
        "timed out",
        "does not appear to be a git repository",
    ]
    .iter()
    .any(|words| stderr.contains(words))
}
