//! What steps work with besides the journal: the clone, the connectors, and
//! commands that may run.

use crate::connect::chat::Chat;
use crate::connect::forge::Forge;
use crate::connect::http::Http;
use crate::connect::status_page::StatusPage;
use crate::connect::tracker::Tracker;
use crate::engine::Stop;
use crate::engine::journal::keep_blob;
use crate::git::Git;
use crate::git::repo::Repo;
use crate::settings::{Trust, TrustedCommand};
use crate::sys::clock::Clock;
use crate::sys::process::{self, Ended, Finished, Job};
use crate::ui::{NAME, Ui, finding_lines, styled, verdict};
use hotfix_core::change::redact;
use hotfix_core::config::{Command, Config};
use hotfix_core::digest;
use hotfix_core::gate::Verdict;
use hotfix_core::journal::{Evidence, GateObservation};
use jiff::SignedDuration;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The clone and the connectors.
pub struct Tools<'a> {
    /// The clone.
    pub repo: &'a Repo,
    /// The clock.
    pub clock: &'a Clock,
    /// What people see.
    pub ui: &'a Ui,
    /// The run's folder, beside its journal.
    pub folder: PathBuf,
    /// The frozen config.
    pub config: Config,
    /// Whether its commands may run.
    pub trust: Trust,
    /// The caller: `Name <e-mail>`.
    pub person: String,
    /// Where merge requests live.
    pub forge: Box<dyn Forge + 'a>,
    /// Where tickets live.
    pub tracker: Option<Box<dyn Tracker>>,
    /// Where people are told.
    pub chat: Option<Box<dyn Chat>>,
    /// Where customers are told.
    pub status_page: Option<Box<dyn StatusPage>>,
    /// The HTTP layer.
    pub http: Http,
    /// The caller asked for the rollback that may come.
    pub rollback_asked: bool,
}

/// A command that has run.
#[derive(Debug, Clone)]
pub struct Ran {
    /// How it ended.
    pub finished: Finished,
    /// What it printed, without secrets; the first 8 MiB.
    pub output: String,
    /// What it proves.
    pub evidence: Evidence,
}

/// How a command is to run.
#[derive(Debug, Clone)]
pub struct How<'p> {
    /// Where.
    pub cwd: &'p Path,
    /// What it is for, for people.
    pub what: &'p str,
    /// The commit and tree that it runs on.
    pub on: Option<(&'p str, &'p str)>,
    /// What its environment has besides ours.
    pub env: Vec<(String, String)>,
    /// Where it says who it is, if it must be found again.
    pub pid_file: Option<PathBuf>,
}

/// How much of an output is kept, in bytes.
const KEPT: usize = 8 * 1024 * 1024;

impl Tools<'_> {
    /// Git in the clone.
    pub fn git(&self) -> &Git {
        &self.repo.git
    }

    /// A command of the config, if it may run.
    pub fn trusted(&self, command: &Command) -> Result<TrustedCommand, Stop> {
        Ok(self.trust.allow(command)?)
    }

    /// How long a command of the verification may take.
    pub fn time_budget(&self) -> Duration {
        let budget = self.config.verify.time_budget.unwrap_or(SignedDuration::from_mins(10));
        Duration::try_from(budget).unwrap_or(Duration::from_secs(600))
    }

    /// Runs a command to its end, and keeps what it printed.
    pub fn run(&self, command: &TrustedCommand, how: &How<'_>, limit: Duration) -> Result<Ran, Stop> {
        let output = tempfile::NamedTempFile::new()?;
        let argv = command.argv();
        let job = Job {
            argv: &argv,
            cwd: how.cwd,
            env: &how.env,
            limit,
            output: output.path(),
            pid_file: how.pid_file.as_deref(),
            interruptible: how.pid_file.is_none(),
        };
        let at = self.clock.now();
        self.ui.busy(how.what, "");
        let finished = process::run(&job, &mut |last| self.ui.busy(how.what, last))?;
        self.ui.quiet();
        if finished.ended == Ended::Interrupted {
            return Err(Stop::Interrupted);
        }
        let mut bytes = std::fs::read(output.path())?;
        bytes.truncate(KEPT);
        let text = without_secrets(&String::from_utf8_lossy(&bytes));
        let (digest, blob) = keep_blob(&self.folder, "output", text.as_bytes())?;
        let evidence = Evidence {
            kind: "command".to_owned(),
            command: Some(redact(&command.shown())),
            exit_status: finished.status(),
            commit: how.on.map(|(commit, _)| commit.to_owned()),
            tree: how.on.map(|(_, tree)| tree.to_owned()),
            at,
            duration: SignedDuration::try_from(finished.took).ok(),
            digest: Some(digest),
            path: blob.file_name().map(|n| format!("blobs/{}", n.to_string_lossy())),
            environment: Some(environment()),
        };
        Ok(Ran { finished, output: text, evidence })
    }

    /// Tells a person what a gate says.
    pub fn tell_gate(&self, seen: &GateObservation) {
        self.ui.say(format!(
            "  {} {} {}",
            verdict(seen.verdict),
            styled(NAME, &seen.gate),
            styled(anstyle::Style::new(), &seen.summary)
        ));
        if seen.verdict != Verdict::Pass {
            for line in seen.details.iter().take(8) {
                self.ui.say(format!("      {}", styled(anstyle::Style::new(), line)));
            }
            for line in finding_lines(&seen.findings, 8) {
                self.ui.say(format!("      {line}"));
            }
        }
    }
}

/// Digest of what decides which programs run and how they speak.
fn environment() -> String {
    let value = |name: &str| std::env::var_os(name).unwrap_or_default().to_string_lossy().into_owned();
    let names = ["PATH", "LANG", "LC_ALL", "RUSTFLAGS", "PYTHONPATH", "NODE_ENV", "JAVA_HOME", "GOFLAGS"];
    let text: Vec<String> = names.iter().map(|n| format!("{n}={}", value(n))).collect();
    digest::of_bytes(
        format!("{}\n{}\n{}", std::env::consts::OS, std::env::consts::ARCH, text.join("\n")).as_bytes(),
    )
}

/// A text without what looks like a secret, and without the secrets that the
/// environment holds.
pub fn without_secrets(text: &str) -> String {
    const NAMES: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "CREDENTIAL"];
    let mut out = redact(text);
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy().to_uppercase();
        let value = value.to_string_lossy();
        if value.len() >= 8 && NAMES.iter().any(|n| name.contains(n)) {
            out = out.replace(value.as_ref(), "[redacted:environment]");
        }
    }
    out
}
