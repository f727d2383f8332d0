//! What is seen and written down: gates, readings, merge requests, approvals,
//! and what a run waits for.

use crate::gate::Verdict;
use crate::logs::LogDiff;
use crate::policy::optional_iso_duration as optional_iso;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Observation {
    /// A gate was evaluated.
    Gate(GateObservation),
    /// The state of the worktree.
    Head {
        /// Its commit.
        commit: String,
        /// Its tree, uncommitted changes included.
        tree: String,
        /// There are uncommitted changes.
        dirty: bool,
    },
    /// The command that shows the incident.
    Reproduction {
        /// The words of the command.
        command: Vec<String>,
    },
    /// One look at production.
    Sample {
        /// The readings, one for each check.
        readings: Vec<Reading>,
    },
    /// What was seen of a check before the deploy.
    Window {
        /// The check.
        check: String,
        /// `baseline` or `incident`.
        name: String,
        /// The readings.
        readings: Vec<Reading>,
    },
    /// A merge request as it stands.
    MergeRequest(MergeRequestView),
    /// What runs in production.
    Version {
        /// The version read back.
        version: String,
        /// Its commit, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
    },
    /// How the port will go.
    Forecast {
        /// The branch.
        target: String,
        /// The target's commit.
        onto: String,
        /// The fix's commit or tree.
        head: String,
        /// Paths that conflict; none: it applies cleanly.
        conflicts: Vec<String>,
    },
    /// A step waits.
    Waiting {
        /// The step.
        step: String,
        /// For what.
        waiting_for: Vec<WaitingFor>,
    },
    /// What a person wrote for the report.
    Analysis {
        /// What they wrote.
        analysis: crate::report::Analysis,
    },
    /// Whether the fix is temporary.
    Temporary {
        /// Whether it is.
        temporary: bool,
    },
    /// The new error templates since the deploy.
    NewErrors {
        /// The check.
        check: String,
        /// The templates with an example each.
        templates: Vec<String>,
        /// How many lines were read.
        lines: u64,
        /// The whole answer, as far as it is kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        found: Option<Box<LogDiff>>,
    },
    /// One of the planned looks at the monitored window was taken.
    Look {
        /// Its number, from 1.
        number: u32,
        /// What it says of each check.
        rulings: std::collections::BTreeMap<String, crate::judge::Ruling>,
    },
    /// The change as it stands against its budget.
    Budget {
        /// Files changed.
        files: u32,
        /// Lines changed.
        lines: u32,
        /// Files allowed.
        max_files: u32,
        /// Lines allowed.
        max_lines: u32,
    },
}

/// A gate's evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateObservation {
    /// The gate.
    pub gate: String,
    /// Its answer.
    pub verdict: Verdict,
    /// One line that says why.
    pub summary: String,
    /// More lines: failing tests, what else there is to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What it objects to, each with its place and what to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<crate::finding::Finding>,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What is new in the logs, where they were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Box<LogDiff>>,
    /// The tree that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// The commit that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The deploy that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<String>,
}

/// An observed fact with its source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// `command`, `git`, `forge`, `telemetry`, `log`, `person`.
    pub kind: String,
    /// The command, as a person would type it.
    pub command: Option<String>,
    /// Its exit status; none if it did not end by itself.
    pub exit_status: Option<i32>,
    /// The commit that it ran on.
    pub commit: Option<String>,
    /// The tree that it ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// When.
    pub at: Timestamp,
    /// How long it took.
    #[serde(default, with = "optional_iso", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub duration: Option<SignedDuration>,
    /// Digest of the output.
    pub digest: Option<String>,
    /// The output's blob, beside the journal.
    pub path: Option<String>,
    /// Digest of the environment that it ran in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// One reading of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// The check.
    pub check: String,
    /// When.
    pub at: Timestamp,
    /// Errors since the reading before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<f64>,
    /// Events since the reading before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// A value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Why there is no reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// A merge request as it stands on the forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MergeRequestView {
    /// `production` or `port`.
    pub role: String,
    /// Its number.
    pub number: u64,
    /// Where a person finds it.
    pub url: String,
    /// The title.
    pub title: String,
    /// The labels.
    pub labels: Vec<String>,
    /// The branch with the fix.
    pub source: String,
    /// The branch that it goes to.
    pub target: String,
    /// `open`, `merged` or `closed`.
    pub state: MergeRequestState,
    /// Its head.
    pub commit: String,
    /// The commit that the merge made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_commit: Option<String>,
    /// Digest of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_digest: Option<String>,
}

/// Whether a merge request is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MergeRequestState {
    /// It can be merged.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without a merge.
    Closed,
}

/// How a person's identity is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// By their own word (git's `user.email`).
    Asserted,
    /// By the forge.
    Forge,
    /// By a signature.
    Signed,
}

/// Another person's word on a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// The merge request.
    pub number: u64,
    /// `Name <e-mail>`.
    pub by: String,
    /// The commit it is for.
    pub commit: String,
    /// When it was given.
    pub at: Timestamp,
    /// How the person is known.
    pub identity: Identity,
    /// The caller was no person at a terminal, and the config names it.
    #[serde(default)]
    pub simulated: bool,
    /// False: changes were requested.
    pub approved: bool,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingFor {
    /// `person`, `approval`, `time`, `pipeline` or `conflict`.
    pub kind: WaitingKind,
    /// What.
    pub what: String,
    /// The command that helps.
    pub how: String,
    /// When to look again, for `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The kinds of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WaitingKind {
    /// A person must do something.
    Person,
    /// Somebody must approve.
    Approval,
    /// Time must pass.
    Time,
    /// A pipeline must end.
    Pipeline,
    /// A conflict must be resolved.
    Conflict,
}

impl WaitingKind {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            WaitingKind::Person => "person",
            WaitingKind::Approval => "approval",
            WaitingKind::Time => "time",
            WaitingKind::Pipeline => "pipeline",
            WaitingKind::Conflict => "conflict",
        }
    }
}
