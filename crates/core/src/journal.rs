//! The append-only, hash-chained record of a run: its events, its lines, and
//! the check of the chain. How lines reach a disk is not decided here.

use crate::digest;
use crate::effect::{Effect, EffectId, Outcome};
use crate::gate::Verdict;
use crate::incident::Incident;
use crate::plan::Plan;
use crate::policy::iso_duration;
use jiff::{SignedDuration, Timestamp};
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
    /// More lines: findings, failing tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
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
    /// `command`, `git`, `forge`, `telemetry`, `person`.
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

mod optional_iso {
    use super::iso_duration;
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub fn serialize<S: Serializer>(value: &Option<SignedDuration>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => iso_duration::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SignedDuration>, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "iso_duration")] SignedDuration);
        Ok(Option::<Wrapped>::deserialize(from)?.map(|w| w.0))
    }
}

/// Why a journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A line that is no record.
    #[error("line {line} is no record: {reason}")]
    NotARecord {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A line whose place is wrong.
    #[error("line {line} has the sequence number {found}, {line} was expected")]
    Sequence {
        /// The line, from 1.
        line: usize,
        /// The number it has.
        found: u64,
    },
    /// A line that does not follow from the one before.
    #[error("line {line} does not follow from the line before: one of the two was changed")]
    Broken {
        /// The line, from 1.
        line: usize,
    },
}

/// What was read from a journal's bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The records, in order.
    pub records: Vec<Record>,
    /// Digest of the last whole line; empty if there is none.
    pub head: String,
    /// How many bytes hold whole lines. What is behind is a torn tail.
    pub whole: usize,
}

/// Reads a journal and checks its chain. A torn last line (no newline, or no
/// record) is left out; damage before it is an error that names the line.
pub fn read(bytes: &[u8]) -> Result<Chain, ChainError> {
    let mut chain = Chain { records: Vec::new(), head: String::new(), whole: 0 };
    let mut at = 0;
    while at < bytes.len() {
        let Some(length) = bytes[at..].iter().position(|b| *b == b'\n') else {
            break;
        };
        let line = &bytes[at..at + length];
        let number = chain.records.len() + 1;
        let last = at + length + 1 == bytes.len();
        match serde_json::from_slice::<Record>(line) {
            Ok(record) => {
                check_link(&record, &chain.head, number)?;
                chain.records.push(record);
            }
            // A newline can reach the disk before the bytes ahead of it.
            Err(_) if last && line.contains(&0) => break,
            Err(e) => return Err(ChainError::NotARecord { line: number, reason: e.to_string() }),
        }
        chain.head = digest::of_bytes(line);
        at += length + 1;
        chain.whole = at;
    }
    Ok(chain)
}

fn check_link(record: &Record, head: &str, line: usize) -> Result<(), ChainError> {
    if record.seq != line as u64 {
        return Err(ChainError::Sequence { line, found: record.seq });
    }
    if record.prev != head {
        return Err(ChainError::Broken { line });
    }
    Ok(())
}

/// Writes a record as its line, newline included.
pub fn line(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(record)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Digest of a line as [`line()`] wrote it: the `prev` of the next.
pub fn link(line: &[u8]) -> String {
    digest::of_bytes(line.strip_suffix(b"\n").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64, prev: &str, text: &str) -> Record {
        Record {
            seq,
            at: "2026-11-22T03:04:05Z".parse().unwrap(),
            by: Actor { tool: "0.1.0".into(), host: "h".into(), person: "M <m@x>".into(), simulated: false },
            attempt: 1,
            prev: prev.to_owned(),
            event: Event::Note { text: text.to_owned() },
        }
    }

    fn three() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut prev = String::new();
        for (i, text) in ["one", "two", "three"].iter().enumerate() {
            let l = line(&record(i as u64 + 1, &prev, text)).unwrap();
            prev = link(&l);
            bytes.extend(l);
        }
        bytes
    }

    #[test]
    fn events_do_not_collide_with_the_record() {
        let who = || "W <w@x>".to_owned();
        let events = vec![
            Event::Waived { gate: "g".into(), by: who(), reason: "r".into(), self_waived: true },
            Event::BrokeGlass { what: "w".into(), by: who(), reason: "r".into() },
            Event::Done { step: "s".into(), by: who(), note: None },
            Event::TakenOver { by: who(), epoch: 2 },
            Event::Resolved { by: who(), how: "h".into() },
            Event::ApprovalVoided { by: who(), commit: "c".into(), reason: "r".into() },
            Event::HandedOver { to: who(), epoch: 1 },
            Event::Closed {},
            Event::StepEnded { step: "s".into(), state: StepEnd::Failed, reason: None },
        ];
        for event in events {
            let whole = Record { event, ..record(1, "", "") };
            let bytes = line(&whole).unwrap();
            assert_eq!(read(&bytes).unwrap().records, [whole]);
        }
    }

    #[test]
    fn a_chain_reads_back() {
        let bytes = three();
        let chain = read(&bytes).unwrap();
        assert_eq!((chain.records.len(), chain.whole), (3, bytes.len()));
        assert_eq!(read(b"").unwrap().records.len(), 0);
    }

    #[test]
    fn a_torn_tail_is_left_out_at_every_byte() {
        let bytes = three();
        for cut in 0..bytes.len() {
            let chain = read(&bytes[..cut]).unwrap();
            assert!(chain.whole <= cut);
            assert_eq!(chain.records.len(), bytes[..cut].split(|b| *b == b'\n').count() - 1);
        }
    }

    #[test]
    fn damage_names_its_line() {
        let text = String::from_utf8(three()).unwrap();
        let changed = text.replacen("\"two\"", "\"2wo\"", 1);
        assert_eq!(read(changed.as_bytes()).unwrap_err(), ChainError::Broken { line: 3 });
        let dropped: String =
            text.lines().enumerate().filter(|(i, _)| *i != 1).flat_map(|(_, l)| [l, "\n"]).collect();
        assert_eq!(read(dropped.as_bytes()).unwrap_err(), ChainError::Sequence { line: 2, found: 3 });
        let garbled = text.replacen("{\"seq\":2", "{\"seq\":", 1);
        assert!(matches!(read(garbled.as_bytes()), Err(ChainError::NotARecord { line: 2, .. })));
    }

    #[test]
    fn any_changed_byte_is_found() {
        let bytes = three();
        let second = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
        for i in 0..second {
            let mut copy = bytes.clone();
            copy[i] ^= 1;
            assert!(read(&copy).is_err(), "byte {i}");
        }
    }
}
