//! `.hotfix/config.toml`, typed. Unknown keys are errors with a suggestion;
//! every section may be left out.

use crate::policy::optional_iso_duration as optional_duration;
use crate::text::did_you_mean;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is in production, and how it is read back.
    pub production: Production,
    /// Where worktrees lie and how they are prepared.
    pub worktree: Worktree,
    /// The branch's name and where the fix goes afterwards.
    pub branch: Branch,
    /// How a fix is verified.
    pub verify: Verify,
    /// What a change may be.
    pub change: Change,
    /// Where merge requests live.
    pub forge: Forge,
    /// Where tickets live.
    pub tracker: Connector,
    /// Where people are told.
    pub channel: Connector,
    /// Where customers are told.
    pub status_page: Connector,
    /// Who is on call.
    pub on_call: Connector,
    /// Where signals come from, by name.
    pub telemetry: BTreeMap<String, Telemetry>,
    /// Who has which role: `on-call = ["Priya <priya@example.org>"]`.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Callers that are no person at a terminal and may approve or waive all the same.
    pub callers: Callers,
    /// How a version is deployed.
    pub deploy: Deploy,
    /// How production goes back.
    pub rollback: Rollback,
    /// How production is watched.
    pub monitor: Monitor,
    /// Named ways to stop the bleeding.
    pub mitigate: BTreeMap<String, Mitigate>,
    /// Who carries out a skill, where it is not built in.
    pub skills: BTreeMap<String, SkillBy>,
}

/// A command: words that are run as they are, or one text for `sh -c`.
/// Values from outside reach it through its environment only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Command {
    /// A text for `sh -c`, as its author wrote it.
    Shell(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

impl Command {
    /// The program and its arguments.
    pub fn argv(&self) -> Vec<String> {
        match self {
            Command::Shell(text) => vec!["sh".to_owned(), "-c".to_owned(), text.clone()],
            Command::Words(words) => words.clone(),
        }
    }

    /// The command as a person would type it.
    pub fn shown(&self) -> String {
        match self {
            Command::Shell(text) => text.clone(),
            Command::Words(words) => words.join(" "),
        }
    }
}

/// What is in production, and how it is read back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Production {
    /// The production branch.
    pub branch: Option<String>,
    /// The glob of the release tags, e.g. `v*`.
    pub tag_pattern: Option<String>,
    /// Prints the version that runs in production.
    pub version_command: Option<Command>,
    /// Answers with the version that runs in production (text, or JSON with `version`).
    pub version_url: Option<String>,
    /// A version known to be good.
    pub known_good: Option<String>,
}

/// Where worktrees lie and how they are prepared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Worktree {
    /// The folder for worktrees; `../<repository>.hotfix` where nothing is said.
    pub directory: Option<String>,
    /// What a fresh worktree needs.
    pub setup: Vec<Setup>,
    /// Folders of a cone sparse checkout, for large repositories.
    pub sparse: Vec<String>,
}

/// One preparation of a fresh worktree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Setup {
    /// A path that is copied from the clone.
    Copy(String),
    /// A path that is linked from the clone.
    Link(String),
    /// A command that is run in the worktree.
    Run(Command),
}

/// The branch's name and where the fix goes afterwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Branch {
    /// The branch's name, where the page says none: `{id}` is the incident's key, `{version}` the next version.
    pub pattern: Option<String>,
    /// The branch that the fix is ported to, where the page says none.
    pub port_to: Option<String>,
}

/// How a fix is verified.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// Fails while the incident is there. `hotfix reproduce` records one for a run.
    pub reproduce: Option<Command>,
    /// Critical tests; with `paths`, only for changes that touch them.
    pub critical: Vec<Critical>,
    /// Smoke tests.
    pub smoke: Vec<Command>,
    /// Style checkers; the changed files are appended as arguments (`HOTFIX_FILES` for a shell text).
    pub style: Vec<Command>,
    /// The time for each command; 10 minutes where nothing is said.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub time_budget: Option<SignedDuration>,
    /// Logs that the verification writes, relative to the tree; patterns (`out/*.log`) and packed logs too.
    /// A log elsewhere (an absolute path) is compared with `baseline_logs` alone.
    pub logs: Vec<String>,
    /// Logs with what is normal, relative to the clone, besides the base's own: patterns, rotated and packed
    /// logs, and models that `hotfix logdiff --save-model` has saved.
    pub baseline_logs: Vec<String>,
}

/// Critical tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Critical {
    /// Globs; empty: always.
    #[serde(default)]
    pub paths: Vec<String>,
    /// The command.
    pub run: Command,
}

/// What a change may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// At most so many files, where the page says no number.
    pub max_files: Option<u32>,
    /// At most so many added and removed lines, where the page says no number.
    pub max_lines: Option<u32>,
    /// Globs of further paths that need a waiver.
    pub protected: Vec<String>,
    /// Globs of generated files, which do not count.
    pub generated: Vec<String>,
    /// Regular expressions of texts that look like secrets and are none.
    pub allow_secrets: Vec<String>,
}

/// Where merge requests live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Forge {
    /// `local` (refs on the remote); found from the remote where nothing is said.
    pub kind: Option<String>,
    /// The project's path on the forge.
    pub project: Option<String>,
    /// The remote that is pushed to.
    pub push_remote: Option<String>,
    /// Where the token comes from.
    pub token: Option<Token>,
}

/// Where a secret comes from. It is never written down itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Token {
    /// An environment variable.
    Env(String),
    /// An entry of the OS keyring.
    Keyring(String),
    /// A command that prints it.
    Command(Command),
}

/// A tracker, channel, status page or on-call schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Connector {
    /// `folder` (tracker), `file` (channel, status page).
    pub kind: Option<String>,
    /// A path, for the local kinds; relative to the clone.
    pub path: Option<String>,
    /// An address, for the others.
    pub url: Option<String>,
    /// Where the token comes from.
    pub token: Option<Token>,
}

/// A source of signals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// `metrics-endpoint` (Prometheus text), `log-file` or `command` (prints a number).
    pub kind: TelemetryKind,
    /// The endpoint.
    #[serde(default)]
    pub url: Option<String>,
    /// The log file.
    #[serde(default)]
    pub path: Option<String>,
    /// The command.
    #[serde(default)]
    pub command: Option<Command>,
    /// Where the token comes from.
    #[serde(default)]
    pub token: Option<Token>,
}

/// The kinds of signal sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TelemetryKind {
    /// An HTTP endpoint in the Prometheus text format.
    MetricsEndpoint,
    /// A log file that is followed.
    LogFile,
    /// A command that prints a number.
    Command,
}

/// Callers that are no person at a terminal and may act all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Callers {
    /// E-mail addresses whose word is taken without a terminal; it is marked *simulated*.
    pub simulated: Vec<String>,
}

/// What starts a deploy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The command.
    #[default]
    Command,
    /// The merge itself.
    Merge,
}

/// How a version is deployed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deploy {
    /// `command`.
    pub kind: Option<String>,
    /// What starts it.
    pub trigger: Trigger,
    /// Deploys `HOTFIX_VERSION` (commit `HOTFIX_COMMIT`).
    pub command: Option<Command>,
    /// The time that it may take, and in which the version must be read back; 10 minutes where nothing is said.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expect: Option<SignedDuration>,
    /// Turns what is read back into a tag: a template with `{version}`.
    pub version_map: Option<String>,
}

/// How production goes back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollback {
    /// `command`; the deploy command with the earlier version where nothing is said.
    pub kind: Option<String>,
    /// Brings `HOTFIX_VERSION` back.
    pub command: Option<Command>,
    /// Whether a proven regression rolls back without asking.
    pub automatic: bool,
    /// Rehearses it; must exit with 0.
    pub rehearse: Option<Command>,
}

/// How production is watched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Monitor {
    /// The service's name.
    pub service: Option<String>,
    /// The shortest window, where the page says none.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub min: Option<SignedDuration>,
    /// The longest window, where the page says none.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub max: Option<SignedDuration>,
    /// The time between two samples; 30 seconds where nothing is said.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub every: Option<SignedDuration>,
    /// What is watched.
    pub checks: Vec<Check>,
}

/// One thing that is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// A source of `[telemetry]`.
    pub telemetry: String,
    /// What it is.
    pub kind: CheckKind,
    /// The selector: the errors, the gauge, or the sum of a mean.
    #[serde(default)]
    pub query: Option<String>,
    /// The selector of the total, for `error-rate` and `mean`.
    #[serde(default)]
    pub total: Option<String>,
    /// How far it may be from the baseline.
    #[serde(default)]
    pub margin: Option<CheckMargin>,
    /// A hard limit: a rate from 0 to 1, or a value.
    #[serde(default)]
    pub limit: Option<f64>,
}

/// The kinds of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// Errors among a total (counters).
    ErrorRate,
    /// A value that should stay where it was.
    Gauge,
    /// The mean of a histogram or summary: sum over count (counters).
    Mean,
    /// Error templates that the baseline's log does not have.
    NewErrors,
}

/// How far from the baseline is still normal; the wider of the two holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckMargin {
    /// A factor, e.g. 1.5.
    #[serde(default)]
    pub ratio: Option<f64>,
    /// Percentage points, e.g. 0.5.
    #[serde(default)]
    pub points: Option<f64>,
}

/// A named way to stop the bleeding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mitigate {
    /// The command.
    pub command: Command,
}

/// Who carries a skill out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkillBy {
    /// `builtin`, `command`, `agent` or `person`.
    pub by: String,
    /// The command, for `command`.
    #[serde(default)]
    pub command: Option<Command>,
}

/// Why a config could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the text.
    pub span: Option<std::ops::Range<usize>>,
    /// What was probably meant.
    pub hint: Option<String>,
}

/// Reads a config.
pub fn parse(text: &str) -> Result<Config, ConfigError> {
    let config: Config = toml::from_str(text).map_err(|e| ConfigError {
        hint: suggestion(e.message()),
        message: e.message().to_owned(),
        span: e.span(),
    })?;
    check(&config)?;
    Ok(config)
}

/// "did you mean" from serde's own list of what was expected.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    did_you_mean(unknown, quoted).map(|near| format!("did you mean `{near}`?"))
}

fn check(config: &Config) -> Result<(), ConfigError> {
    let fail = |message: String| Err(ConfigError { message, span: None, hint: None });
    for check in &config.monitor.checks {
        let Some(source) = config.telemetry.get(&check.telemetry) else {
            return fail(format!(
                "the check `{}` names the telemetry `{}`, which is not configured",
                check.name, check.telemetry
            ));
        };
        let wants_log = check.kind == CheckKind::NewErrors;
        if wants_log != (source.kind == TelemetryKind::LogFile) {
            return fail(format!(
                "the check `{}` cannot be answered by the telemetry `{}`",
                check.name, check.telemetry
            ));
        }
        let rate = matches!(check.kind, CheckKind::ErrorRate | CheckKind::Mean);
        let endpoint = source.kind == TelemetryKind::MetricsEndpoint;
        if endpoint && (check.query.is_none() || (rate && check.total.is_none())) {
            return fail(format!(
                "the check `{}` needs `query`{}",
                check.name,
                if rate { " and `total`" } else { "" }
            ));
        }
    }
    let kinds: [(&str, Option<&String>, &[&str]); 7] = [
        ("forge", config.forge.kind.as_ref(), &["local"]),
        ("tracker", config.tracker.kind.as_ref(), &["folder"]),
        ("channel", config.channel.kind.as_ref(), &["file"]),
        ("status_page", config.status_page.kind.as_ref(), &["file"]),
        ("deploy", config.deploy.kind.as_ref(), &["command"]),
        ("rollback", config.rollback.kind.as_ref(), &["command"]),
        ("on_call", config.on_call.kind.as_ref(), &[]),
    ];
    for (section, kind, known) in kinds {
        if let Some(kind) = kind.filter(|k| !known.contains(&k.as_str())) {
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            return fail(format!("[{section}] has the kind `{kind}`; this version speaks to: {known}"));
        }
    }
    for (name, source) in &config.telemetry {
        let there = match source.kind {
            TelemetryKind::MetricsEndpoint => source.url.is_some(),
            TelemetryKind::LogFile => source.path.is_some(),
            TelemetryKind::Command => source.command.is_some(),
        };
        if !there {
            return fail(format!("the telemetry `{name}` lacks its `url`, `path` or `command`"));
        }
    }
    Ok(())
}

impl Config {
    /// Sections that can be read and that nothing uses yet.
    pub fn unused(&self) -> Vec<&'static str> {
        let all = [
            ("skills", !self.skills.is_empty()),
            ("mitigate", !self.mitigate.is_empty()),
            ("on_call", self.on_call != Connector::default()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    /// Every command that the config can make run, for `hotfix trust`.
    pub fn commands(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut add = |what: &str, command: Option<&Command>| {
            if let Some(command) = command {
                all.push(format!("{what}: {}", command.shown()));
            }
        };
        add("production.version_command", self.production.version_command.as_ref());
        for setup in &self.worktree.setup {
            if let Setup::Run(command) = setup {
                add("worktree.setup", Some(command));
            }
        }
        add("verify.reproduce", self.verify.reproduce.as_ref());
        self.verify.critical.iter().for_each(|c| add("verify.critical", Some(&c.run)));
        self.verify.smoke.iter().for_each(|c| add("verify.smoke", Some(c)));
        self.verify.style.iter().for_each(|c| add("verify.style", Some(c)));
        add("deploy.command", self.deploy.command.as_ref());
        add("rollback.command", self.rollback.command.as_ref());
        add("rollback.rehearse", self.rollback.rehearse.as_ref());
        self.telemetry.iter().for_each(|(name, t)| add(&format!("telemetry.{name}"), t.command.as_ref()));
        self.mitigate.iter().for_each(|(name, m)| add(&format!("mitigate.{name}"), Some(&m.command)));
        self.skills.iter().for_each(|(name, s)| add(&format!("skills.{name}"), s.command.as_ref()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_config() {
        assert_eq!(parse("").unwrap(), Config::default());
    }

    #[test]
    fn an_unknown_key_is_suggested() {
        let text = "[verify]\nsmok = [\"./smoke\"]\n";
        let error = parse(text).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `smoke`?"));
        assert_eq!(&text[error.span.unwrap()], "smok");
    }

    #[test]
    fn durations_and_commands_read() {
        let config = parse(
            "[monitor]\nmin = \"15m\"\nevery = \"PT30S\"\n[deploy]\ncommand = [\"ops/deploy\", \"prod\"]\n[verify]\nreproduce = \"ops/repro | cat\"\n",
        )
        .unwrap();
        assert_eq!(config.monitor.min, Some(SignedDuration::from_mins(15)));
        assert_eq!(config.deploy.command.as_ref().unwrap().argv(), ["ops/deploy", "prod"]);
        assert_eq!(config.verify.reproduce.as_ref().unwrap().argv(), ["sh", "-c", "ops/repro | cat"]);
        assert_eq!(config.commands().len(), 2);
    }

    #[test]
    fn a_check_without_its_source_is_refused() {
        let error = parse("[[monitor.checks]]\nname = \"e\"\ntelemetry = \"prom\"\nkind = \"error-rate\"\n")
            .unwrap_err();
        assert!(error.message.contains("`prom`, which is not configured"), "{}", error.message);
    }

    #[test]
    fn configs_survive_the_journal() {
        let config = parse(
            "[monitor]\nmax = \"20m\"\n[worktree]\nsetup = [{copy = \".env\"}, {run = \"make deps\"}]\n",
        )
        .unwrap();
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), config);
    }
}
