//! The incident report as data: what a run's journal says happened. How it
//! looks is decided in the program's `report/`.

use crate::effect::{Action, EffectId, Outcome};
use crate::gate::Verdict;
use crate::journal::{Event, Observation, Reading, Record, StepEnd};
use crate::policy::optional_iso_duration as optional_iso;
use crate::run::RunState;
use crate::status::{self, Status};
use crate::text::one_line;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The schema's name.
pub const SCHEMA: &str = "hotfix.report/1";

/// Everything that the report shows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// `hotfix.report/1`.
    pub schema: String,
    /// Where the run stands, with each gate and its evidence.
    pub status: Status,
    /// When the report was made.
    pub made_at: Timestamp,
    /// Who started the run.
    pub author: String,
    /// When the incident began, as far as it is known.
    pub began_at: Option<Timestamp>,
    /// When the fix went to production.
    pub deployed_at: Option<Timestamp>,
    /// From the beginning of the incident (or the run) to its resolution.
    #[serde(with = "optional_iso", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub time_to_restore: Option<SignedDuration>,
    /// What a person wrote, or has still to write.
    pub analysis: Analysis,
    /// What happened, in order.
    pub timeline: Vec<Moment>,
    /// The signals.
    pub signals: Vec<Signal>,
    /// The rollback, if there was one.
    pub rolled_back: Option<RollbackPart>,
    /// The fix as a diff, where it is known.
    pub diff: Option<String>,
    /// How much faster than real time a demo's clock ran.
    pub clock_scale: Option<f64>,
}

/// What a person writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Analysis {
    /// In two sentences, for everybody.
    pub summary: Option<String>,
    /// Who noticed what, and for how long.
    pub impact: Option<String>,
    /// Why it happened.
    pub root_cause: Option<String>,
    /// What was changed.
    pub fix: Option<String>,
    /// How it was noticed.
    pub detection: Option<String>,
    /// What keeps it from happening again: measure, owner, due date.
    pub prevention: Vec<Prevention>,
    /// What went well, what went wrong, where we got lucky.
    pub lessons: Vec<String>,
}

/// A prevention measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prevention {
    /// What is to be done.
    pub measure: String,
    /// By whom.
    pub owner: String,
    /// By when, as a date.
    pub due: String,
}

/// A row of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// `incident`, `step`, `gate`, `effect`, `person`, `production` or `note`.
    pub kind: String,
    /// What.
    pub what: String,
    /// The journal's record that says so.
    pub seq: u64,
    /// One of the moments that tell the story by themselves.
    pub key: bool,
}

/// A signal over time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Signal {
    /// The check.
    pub check: String,
    /// `error-rate`, `value` or `new-errors`.
    pub kind: String,
    /// Readings before the deploy and after it, oldest first.
    pub readings: Vec<Reading>,
    /// When each version went to production: time and version.
    pub deploys: Vec<(Timestamp, String)>,
    /// When the incident began.
    pub began_at: Option<Timestamp>,
    /// What the gate says.
    pub verdict: Option<String>,
}

/// A rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RollbackPart {
    /// The version that ran.
    pub from: String,
    /// The version that runs now.
    pub to: String,
    /// Why.
    pub reason: String,
    /// Somebody asked for it.
    pub asked: bool,
    /// When.
    pub at: Timestamp,
}

/// The report on a run, from its records.
pub fn of(records: &[Record], analysis: Analysis, now: Timestamp) -> Option<Report> {
    let state = RunState::fold(records);
    let status = status::of(&state, now)?;
    let began_at = state.since.or(state.started_at);
    let resolved_at = state.resolved.as_ref().map(|(at, ..)| *at);
    Some(Report {
        schema: SCHEMA.to_owned(),
        status,
        made_at: now,
        author: state.author.clone(),
        began_at,
        deployed_at: state.deploys.iter().rev().find(|d| !d.rollback).map(|d| d.at),
        time_to_restore: began_at.zip(resolved_at).map(|(began, over)| over.duration_since(began)),
        analysis,
        timeline: timeline(records),
        signals: signals(records, &state),
        rolled_back: state.standing_rollback().map(|r| RollbackPart {
            from: r.from.clone(),
            to: r.to.clone(),
            reason: r.reason.clone(),
            asked: r.asked,
            at: r.at,
        }),
        diff: None,
        clock_scale: state.world.as_ref().map(|w| w.scale),
    })
}

fn signals(records: &[Record], state: &RunState) -> Vec<Signal> {
    let Some(plan) = &state.plan else { return Vec::new() };
    let samples: Vec<&Reading> = records
        .iter()
        .filter_map(|r| match &r.event {
            Event::Observed { observation: Observation::Sample { readings } } => Some(readings),
            _ => None,
        })
        .flatten()
        .collect();
    let new_errors = new_errors(records);
    let deploys: Vec<_> = state.deploys.iter().map(|d| (d.at, d.version.clone())).collect();
    let signal = |check: &crate::config::Check| {
        let before = ["baseline", "incident"]
            .iter()
            .filter_map(|name| state.windows.get(&(check.name.clone(), (*name).to_owned())))
            .flatten();
        let mut readings: Vec<Reading> = before
            .chain(samples.iter().copied().chain(&new_errors).filter(|r| r.check == check.name))
            .cloned()
            .collect();
        readings.sort_by_key(|r| r.at);
        let (kind, gate) = match check.kind {
            crate::config::CheckKind::ErrorRate => ("error-rate", "monitor.error-rate"),
            crate::config::CheckKind::NewErrors => ("new-errors", "monitor.new-errors"),
            _ => ("value", "monitor.metrics"),
        };
        Signal {
            check: check.name.clone(),
            kind: kind.to_owned(),
            readings,
            deploys: deploys.clone(),
            began_at: state.since,
            verdict: state.gates.get(gate).map(|(_, seen)| seen.summary.clone()),
        }
    };
    plan.config.monitor.checks.iter().map(signal).collect()
}

/// How many new error templates each look at a log has found, among how many lines.
fn new_errors(records: &[Record]) -> Vec<Reading> {
    let reading = |record: &Record| match &record.event {
        Event::Observed { observation: Observation::NewErrors { check, templates, lines, .. } } => {
            Some(Reading {
                check: check.clone(),
                at: record.at,
                errors: u32::try_from(templates.len()).ok().map(f64::from),
                total: u32::try_from(*lines).ok().map(f64::from),
                value: None,
                missing: None,
            })
        }
        _ => None,
    };
    records.iter().filter_map(reading).collect()
}

/// The timeline: records that a reader of the report wants to see.
pub fn timeline(records: &[Record]) -> Vec<Moment> {
    let mut teller = Teller::default();
    let moment = |record: &Record| {
        let (kind, what, key) = teller.tell(record)?;
        Some(Moment { at: record.at, kind: kind.to_owned(), what: one_line(&what), seq: record.seq, key })
    };
    records.iter().filter_map(moment).collect()
}

type Told = (&'static str, String, bool);

/// Remembers what a later record only refers to.
#[derive(Default)]
struct Teller {
    verdicts: BTreeMap<String, Verdict>,
    effects: BTreeMap<EffectId, Action>,
}

impl Teller {
    fn tell(&mut self, record: &Record) -> Option<Told> {
        match &record.event {
            Event::RunStarted { incident, .. } => {
                let (by, key, severity) = (&record.by.person, &incident.key, &incident.severity);
                Some((
                    "incident",
                    format!("{by} started a hotfix for {key} ({severity}): {}", incident.title),
                    true,
                ))
            }
            Event::AttemptStarted { number, base_ref, branch, .. } => {
                Some(("step", format!("attempt {number}: branch {branch} from {base_ref}"), false))
            }
            Event::StepEnded { step, state: StepEnd::Failed, reason } => {
                Some(("step", format!("{step} failed: {}", reason.as_deref().unwrap_or("")), false))
            }
            Event::EffectRequested { effect } => {
                self.effects.insert(effect.id.clone(), effect.what.clone());
                None
            }
            Event::EffectOutcome { id, outcome } | Event::EffectAdopted { id, outcome } => {
                Some(self.effect(id, outcome))
            }
            Event::Observed { observation: Observation::Gate(g) } => {
                let before = self.verdicts.insert(g.gate.clone(), g.verdict);
                let what = format!("{}: {} ({})", g.gate, g.verdict.name(), g.summary);
                (before != Some(g.verdict)).then_some(("gate", what, false))
            }
            _ => tell_person(record),
        }
    }

    fn effect(&self, id: &EffectId, outcome: &Outcome) -> Told {
        let action = self.effects.get(id);
        let what = action.map_or_else(|| format!("{} ({})", id.name, id.subject), Action::summary);
        match outcome {
            Outcome::Succeeded { .. } => {
                let deploy = matches!(action, Some(Action::Deploy { .. }));
                let told = matches!(action, Some(Action::Commit { .. } | Action::Merge { .. }));
                (if deploy { "production" } else { "effect" }, what, deploy || told)
            }
            Outcome::Failed { error } => ("effect", format!("could not {what}: {error}"), true),
        }
    }
}

fn tell_person(record: &Record) -> Option<Told> {
    let marked = |simulated: bool| if simulated { " (simulated)" } else { "" };
    match &record.event {
        Event::ApprovalSeen { approval } => {
            let word = if approval.approved { "approved" } else { "requested changes on" };
            let what = format!(
                "{}{} {word} {}",
                approval.by,
                marked(approval.simulated),
                crate::effect::short(&approval.commit)
            );
            Some(("person", what, true))
        }
        Event::ApprovalVoided { by, reason, .. } => {
            Some(("person", format!("the approval of {by} no longer holds: {reason}"), false))
        }
        Event::Waived { gate, by, reason, .. } => {
            Some(("person", format!("{by} waived {gate}: {reason}"), true))
        }
        Event::BrokeGlass { what, by, reason } => {
            Some(("person", format!("{by} broke the glass for {what}: {reason}"), true))
        }
        Event::Done { step, by, note } => {
            let note = note.as_ref().map(|n| format!(": {n}")).unwrap_or_default();
            Some(("person", format!("{by}{} says {step} is done{note}", marked(record.by.simulated)), false))
        }
        Event::RolledBack { from, to, reason, .. } => {
            Some(("production", format!("rolled back from {from} to {to}: {reason}"), true))
        }
        Event::Resolved { how, .. } => Some(("incident", format!("resolved: {how}"), true)),
        Event::ObligationMet { id, how } => Some(("step", format!("{id} is met: {how}"), false)),
        Event::Note { text } => Some(("note", text.clone(), false)),
        Event::Aborted { reason } => Some(("incident", format!("stopped: {reason}"), true)),
        _ => None,
    }
}
