//! The append-only, hash-chained record of a run: its events, its lines, and
//! the check of the chain. How lines reach a disk is not decided here.

mod chain;
mod observation;
mod words;

pub use chain::{Chain, ChainError, line, link, read};
pub use observation::{
    Approval, Evidence, GateObservation, Identity, MergeRequestState, MergeRequestView, Observation, Reading,
    WaitingFor, WaitingKind,
};

pub use words::summary;

use crate::effect::{Effect, EffectId, Outcome};
use crate::incident::Incident;
use crate::plan::Plan;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema's name, in the first record.
pub const SCHEMA: &str = "hotfix.journal/1";

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Its place, from 1.
    pub seq: u64,
    /// When it was written, by the run's clock.
    pub at: Timestamp,
    /// Who wrote it.
    pub by: Actor,
    /// The attempt under way; 0 before the first.
    pub attempt: u32,
    /// Digest of the line before; empty in the first.
    pub prev: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Who wrote a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// The tool's version.
    pub tool: String,
    /// The machine's name.
    pub host: String,
    /// The person, as git knows them: `Name <e-mail>`.
    pub person: String,
    /// The caller was no person at a terminal, and the config names it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

/// A demo's world, whose clock may be scaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct World {
    /// Its folder.
    pub path: String,
    /// How much faster its clock runs.
    pub scale: f64,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A run begins.
    RunStarted {
        /// `hotfix.journal/1`.
        schema: String,
        /// The run's id.
        run: String,
        /// What is wrong in production.
        incident: Incident,
        /// When the incident began, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// The demo's world, in a demo.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        world: Option<World>,
    },
    /// The plan is frozen.
    PlanFrozen {
        /// Its digest.
        digest: String,
        /// The plan.
        plan: Plan,
    },
    /// A changed workflow or config was taken into the run.
    Replanned {
        /// Its digest.
        digest: String,
        /// The plan.
        plan: Plan,
        /// Why.
        reason: String,
    },
    /// A try at a fix begins.
    AttemptStarted {
        /// Its number, from 1.
        number: u32,
        /// The ref that the branch starts from.
        base_ref: String,
        /// Its commit.
        base: String,
        /// The version there, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base_version: Option<String>,
        /// The branch.
        branch: String,
        /// The worktree.
        worktree: String,
        /// The branch that the fix goes to.
        target: String,
        /// Somebody else's branch was taken over.
        #[serde(default)]
        adopted: bool,
    },
    /// An action of the plan is entered.
    StepEntered {
        /// Its id.
        step: String,
    },
    /// An action of the plan ended.
    StepEnded {
        /// Its id.
        step: String,
        /// How.
        state: StepEnd,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An effect is about to be carried out.
    EffectRequested {
        /// The effect.
        effect: Effect,
    },
    /// An effect was carried out, or was not.
    EffectOutcome {
        /// Its identity.
        id: EffectId,
        /// What became of it.
        outcome: Outcome,
    },
    /// An effect in doubt was found to have taken place.
    EffectAdopted {
        /// Its identity.
        id: EffectId,
        /// What it gave.
        outcome: Outcome,
    },
    /// Something was seen.
    Observed {
        /// What.
        observation: Observation,
    },
    /// Another person's yes or no was seen.
    ApprovalSeen {
        /// Whose, on what.
        approval: Approval,
    },
    /// An approval no longer holds.
    ApprovalVoided {
        /// Whose.
        #[serde(rename = "who")]
        by: String,
        /// The commit it was for.
        commit: String,
        /// Why.
        reason: String,
    },
    /// A gate was let pass by a named person.
    Waived {
        /// The gate.
        gate: String,
        /// By whom.
        #[serde(rename = "who")]
        by: String,
        /// Why.
        reason: String,
        /// The person is the author of the change.
        #[serde(default)]
        self_waived: bool,
    },
    /// Something was done without what the policy wants.
    BrokeGlass {
        /// What.
        what: String,
        /// By whom.
        #[serde(rename = "who")]
        by: String,
        /// Why.
        reason: String,
    },
    /// A person's word that something is done.
    Done {
        /// The action or manual gate.
        step: String,
        /// By whom.
        #[serde(rename = "who")]
        by: String,
        /// What they say of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A deadline was set.
    DeadlineSet {
        /// What for.
        id: String,
        /// When.
        due: Timestamp,
    },
    /// Production was brought back.
    RolledBack {
        /// The version that ran.
        from: String,
        /// The version that runs now.
        to: String,
        /// Somebody asked for it.
        asked: bool,
        /// Why.
        reason: String,
    },
    /// Something worth remembering.
    Note {
        /// What.
        text: String,
    },
    /// Something is owed.
    ObligationOpened {
        /// Its id.
        id: String,
        /// What.
        what: String,
        /// By when.
        due: Timestamp,
        /// Whether `close` waits for it.
        blocks_close: bool,
    },
    /// Something owed was done.
    ObligationMet {
        /// Its id.
        id: String,
        /// How.
        how: String,
    },
    /// The severity changed.
    SeverityChanged {
        /// From.
        from: String,
        /// To.
        to: String,
        /// Why.
        reason: String,
    },
    /// The run was given to somebody else.
    HandedOver {
        /// To whom.
        to: String,
        /// The epoch that begins.
        epoch: u64,
    },
    /// The run was taken over.
    TakenOver {
        /// By whom.
        #[serde(rename = "who")]
        by: String,
        /// The epoch that begins.
        epoch: u64,
    },
    /// The incident is over.
    Resolved {
        /// Who or what says so.
        #[serde(rename = "who")]
        by: String,
        /// How.
        how: String,
    },
    /// The run is over, its completion criteria hold.
    Closed {},
    /// The run was stopped.
    Aborted {
        /// Why.
        reason: String,
    },
    /// The journal was repaired.
    Repaired {
        /// What was dropped.
        what: String,
    },
}

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepEnd {
    /// It did what it is for.
    Passed,
    /// A gate or the step failed; it can be entered again.
    Failed,
    /// It has nothing to do here.
    Skipped,
}
