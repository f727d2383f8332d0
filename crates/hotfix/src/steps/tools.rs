//! What steps work with besides the journal: the clone, the connectors, and
//! commands that may run.

use crate::connect::chat::Chat;
use crate::connect::forge::Forge;
use crate::connect::http::Http;
use crate::connect::status_page::StatusPage;
use crate::connect::tracker::Tracker;
use crate::engine::Stop;
use crate::engine::blobs;
use crate::git::Git;
use crate::git::repo::Repo;
use crate::settings::{Trust, TrustedCommand};
use crate::sys::clock::Clock;
use crate::sys::process::{self, Ended, Finished, Job};
use crate::ui::{NAME, Ui, finding_lines, styled, verdict};
use hotfix_core::change::redact;
use hotfix_core::config::{Command, Config};
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
    /// How the caller wants the verification.
    pub wish: Wish,
}

/// How a verification is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish {
    /// Every critical test, not only those that the change calls for.
    pub all: bool,
    /// Nothing is taken over from earlier runs.
    pub fresh: bool,
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

    /// How long one command of the verification may take.
    pub fn time_limit(&self) -> Duration {
        let limit = self.config.verify.time_limit.unwrap_or(SignedDuration::from_mins(10));
        Duration::try_from(limit).unwrap_or(Duration::from_secs(600))
    }

    /// How long the tests of a verification may take together.
    pub fn time_budget(&self) -> Duration {
        let budget = self.config.verify.time_budget.unwrap_or(SignedDuration::from_mins(20));
        Duration::try_from(budget).unwrap_or(Duration::from_secs(1200))
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
        let blob = blobs::keep(&self.folder, "output", text.as_bytes())?;
        let evidence = Evidence {
            kind: "command".to_owned(),
            command: Some(redact(&command.shown())),
            exit_status: finished.status(),
            commit: how.on.map(|(commit, _)| commit.to_owned()),
            tree: how.on.map(|(_, tree)| tree.to_owned()),
            at,
            duration: SignedDuration::try_from(finished.took).ok(),
            digest: Some(blob.digest),
            path: Some(blob.path),
            ..Evidence::default()
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
        // What a test run found is worth reading where it passes, too.
        if seen.verdict != Verdict::Pass || !seen.evidence.is_empty() {
            for line in seen.details.iter().take(12) {
                self.ui.say(format!("      {}", styled(anstyle::Style::new(), line)));
            }
            for line in finding_lines(&seen.findings, 8) {
                self.ui.say(format!("      {line}"));
            }
        }
    }
}

/// Whether a variable's name says that its value is a secret.
pub fn is_secret(name: &str) -> bool {
    const NAMES: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "CREDENTIAL"];
    let name = name.to_uppercase();
    NAMES.iter().any(|n| name.contains(n))
}

/// A text without what looks like a secret, and without the secrets that the
/// environment holds.
pub fn without_secrets(text: &str) -> String {
    let mut out = redact(text);
    for (name, value) in std::env::vars_os() {
        let value = value.to_string_lossy();
        if value.len() >= 8 && is_secret(&name.to_string_lossy()) {
            out = out.replace(value.as_ref(), "[redacted:environment]");
        }
    }
    out
}
