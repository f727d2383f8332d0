//! The wire shape of `hotfix status --json` (`hotfix.status/1`) and how it
//! follows from a run's state. Fields may be added, never removed.

use crate::effect::Outcome;
use crate::finding::Finding;
use crate::gate::{Point, Verdict};
use crate::incident::Incident;
use crate::journal::{Approval, Evidence, MergeRequestState, StepEnd, WaitingFor};
use crate::logs::LogDiff;
use crate::run::RunState;
use crate::workflow::Skill;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema's name.
pub const SCHEMA: &str = "hotfix.status/1";

/// Where a run stands.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// `hotfix.status/1`.
    pub schema: String,
    /// The incident.
    pub incident: Incident,
    /// The run.
    pub run: RunPart,
    /// Its worktree; none before the first attempt.
    pub worktree: Option<WorktreePart>,
    /// The plan's actions.
    pub steps: Vec<StepPart>,
    /// The plan's gates.
    pub gates: Vec<GatePart>,
    /// Its merge requests.
    pub merge_requests: Vec<MergeRequestPart>,
    /// What went to production.
    pub deploys: Vec<DeployPart>,
    /// What it waits for.
    pub waiting_for: Vec<WaitingFor>,
    /// What is owed.
    pub obligations: Vec<ObligationPart>,
    /// Its effects, counted.
    pub effects: EffectsPart,
    /// How the port will go, once there is something to port.
    pub port_forecast: Option<ForecastPart>,
    /// The change against its budget.
    pub change: Option<ChangePart>,
    /// What a person should know (a policy that differs, a stale approval).
    pub notices: Vec<String>,
    /// What is next.
    pub next: Option<NextPart>,
}

/// The run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunPart {
    /// Its id.
    pub id: String,
    /// The attempt under way, from 1.
    pub attempt: u32,
    /// `active`, `waiting`, `resolved`, `closed`, `rolled-back` or `aborted`.
    pub state: String,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When the incident was over.
    pub resolved_at: Option<Timestamp>,
    /// The page.
    pub workflow: WorkflowPart,
    /// Digest of the frozen plan.
    pub plan_digest: String,
    /// How much faster than real time the clock of a demo's world runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_scale: Option<f64>,
}

/// The page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowPart {
    /// Its name.
    pub name: String,
    /// Where it came from.
    pub source: String,
    /// Its digest.
    pub digest: String,
    /// Taken from a local file that nobody reviewed.
    pub unreviewed: bool,
}

/// The worktree.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WorktreePart {
    /// Its folder.
    pub path: String,
    /// Its branch.
    pub branch: String,
    /// What the branch starts from.
    pub base: RefPart,
    /// Its commit.
    pub head: Option<String>,
}

/// A ref and its commit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RefPart {
    /// The ref.
    #[serde(rename = "ref")]
    pub name: String,
    /// The commit.
    pub commit: String,
}

/// An action of the plan.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepPart {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What carries it out.
    pub skill: Skill,
    /// The page's step.
    pub document_step: Option<String>,
    /// No step of the page names it.
    pub implied: bool,
    /// `pending`, `active`, `waiting`, `passed`, `failed` or `skipped`.
    pub state: String,
    /// When it was entered.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A gate.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GatePart {
    /// Its id.
    pub id: String,
    /// The action that evaluates it.
    pub step: String,
    /// Its answer.
    pub verdict: Verdict,
    /// Where it must have passed.
    pub required: Point,
    /// Whether it holds the run.
    pub binding: bool,
    /// One line that says why.
    pub summary: String,
    /// More lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What it objects to, each with its place and what to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What is new in the logs, where they were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Box<LogDiff>>,
    /// Who let it pass.
    pub waiver: Option<WaiverPart>,
    /// The page's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criteria: Option<String>,
}

/// A waiver.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WaiverPart {
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// By the author of the change.
    pub self_waived: bool,
}

/// A merge request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MergeRequestPart {
    /// `production` or `port`.
    pub role: String,
    /// Its number.
    pub id: String,
    /// Where a person finds it.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// The branch with the fix.
    pub source: String,
    /// Where it goes.
    pub target: String,
    /// Whether it is open.
    pub state: MergeRequestState,
    /// Its head.
    pub commit: String,
    /// The commit that the merge made.
    pub merge_commit: Option<String>,
    /// Other people's words on it that hold.
    pub approvals: Vec<Approval>,
    /// Those that no longer hold.
    pub voided: Vec<VoidedPart>,
}

/// An approval that no longer holds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VoidedPart {
    /// Whose.
    pub by: String,
    /// The commit it was for.
    pub commit: String,
    /// Why.
    pub reason: String,
}

/// A deploy.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeployPart {
    /// The version.
    pub version: String,
    /// Its commit.
    pub commit: String,
    /// When.
    pub at: Timestamp,
    /// `live`, `replaced` or `rolled-back`.
    pub state: String,
}

/// Something owed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ObligationPart {
    /// Its id.
    pub id: String,
    /// What.
    pub what: String,
    /// By when.
    pub due: Timestamp,
    /// `open`, `met` or `overdue`.
    pub state: String,
    /// Whether `close` waits for it.
    pub blocks_close: bool,
    /// How it was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

/// Effects, counted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct EffectsPart {
    /// All.
    pub requested: u32,
    /// Those that took place.
    pub succeeded: u32,
    /// Those that did not.
    pub failed: u32,
    /// Those that nobody knows of yet.
    pub in_doubt: u32,
}

/// How the port will go.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ForecastPart {
    /// The branch.
    pub target: String,
    /// It applies cleanly.
    pub clean: bool,
    /// Paths that conflict.
    pub conflicts: Vec<String>,
}

/// The change against its budget.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ChangePart {
    /// Files changed, tests aside.
    pub files: u32,
    /// Lines changed, tests aside.
    pub lines: u32,
    /// Files allowed.
    pub max_files: u32,
    /// Lines allowed.
    pub max_lines: u32,
    /// Lines of tests changed; none where only the journal says what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_lines: Option<u32>,
    /// Lines changed that are comments, blank or only indented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_lines: Option<u32>,
    /// Files changed that do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_aside: Option<u32>,
    /// The tree of the worktree as it stands, where it was looked at just
    /// now; none where the journal's last word is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// What the change gates say of that tree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<ChangeGatePart>,
}

/// What a change gate says of the worktree as it stands. Nothing of this is
/// in the journal yet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangeGatePart {
    /// The gate.
    pub id: String,
    /// Its answer.
    pub verdict: Verdict,
    /// One line that says why.
    pub summary: String,
    /// What it objects to.
    pub findings: Vec<Finding>,
}

impl ChangePart {
    /// What was judged just now, of a tree.
    pub fn of(judged: &crate::change::Judged, tree: &str) -> ChangePart {
        let budget = judged.budget;
        let gate = |gate: &crate::change::Judgement| ChangeGatePart {
            id: gate.gate.to_owned(),
            verdict: gate.verdict,
            summary: gate.summary.clone(),
            findings: crate::finding::kept(gate.findings.clone()).0,
        };
        ChangePart {
            files: budget.files,
            lines: budget.lines,
            max_files: budget.max_files,
            max_lines: budget.max_lines,
            test_lines: Some(budget.test_lines),
            quiet_lines: Some(budget.quiet_lines),
            files_aside: Some(budget.files_aside),
            tree: Some(tree.to_owned()),
            gates: judged.gates.iter().map(gate).collect(),
        }
    }
}

/// What is next.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NextPart {
    /// The action.
    pub step: String,
    /// The command.
    pub command: String,
}

/// The status of a run at a time.
pub fn of(state: &RunState, now: Timestamp) -> Option<Status> {
    let plan = state.plan.as_ref()?;
    Some(Status {
        schema: SCHEMA.to_owned(),
        incident: state.incident.clone()?,
        run: RunPart {
            id: state.run.clone(),
            attempt: state.attempt_number(),
            state: state.phase().name().to_owned(),
            started_at: state.started_at,
            resolved_at: state.resolved.as_ref().map(|(at, ..)| *at),
            workflow: WorkflowPart {
                name: plan.workflow.name.clone(),
                source: plan.workflow.source.clone(),
                digest: plan.workflow.digest.clone(),
                unreviewed: plan.workflow.unreviewed,
            },
            plan_digest: state.plan_digest.clone(),
            clock_scale: state.world.as_ref().map(|w| w.scale),
        },
        worktree: state.attempt.as_ref().map(|a| WorktreePart {
            path: a.worktree.clone(),
            branch: a.branch.clone(),
            base: RefPart { name: a.base_ref.clone(), commit: a.base.clone() },
            head: state.head.as_ref().map(|h| h.commit.clone()),
        }),
        steps: steps(state),
        gates: gates(state),
        merge_requests: merge_requests(state),
        deploys: deploys(state),
        waiting_for: match state.standing_rollback() {
            Some(_) => Vec::new(),
            None => state.waiting_for().into_iter().cloned().collect(),
        },
        obligations: obligations(state, now),
        effects: effects(state),
        port_forecast: state.forecast.as_ref().map(|f| ForecastPart {
            target: f.target.clone(),
            clean: f.conflicts.is_empty(),
            conflicts: f.conflicts.clone(),
        }),
        change: state.budget.map(|[files, lines, max_files, max_lines]| ChangePart {
            files,
            lines,
            max_files,
            max_lines,
            ..ChangePart::default()
        }),
        notices: notices(state),
        next: next(state),
    })
}

fn steps(state: &RunState) -> Vec<StepPart> {
    let Some(plan) = &state.plan else { return Vec::new() };
    let part = |action: &crate::workflow::order::ActionRow| {
        let seen = state.steps.get(&action.id);
        let name = match seen {
            None => "pending",
            Some(s) => match s.ended {
                Some((_, StepEnd::Passed)) => "passed",
                Some((_, StepEnd::Failed)) => "failed",
                Some((_, StepEnd::Skipped)) => "skipped",
                None if s.waiting_for.is_empty() => "active",
                None => "waiting",
            },
        };
        StepPart {
            id: action.id.clone(),
            title: title(action),
            skill: action.skill,
            document_step: action.document_step.clone(),
            implied: action.implied,
            state: name.to_owned(),
            started_at: seen.map(|s| s.started_at),
            ended_at: seen.and_then(|s| s.ended).map(|(at, _)| at),
            reason: seen.and_then(|s| s.reason.clone()),
        }
    };
    plan.actions.iter().map(part).collect()
}

/// What an action is called for people.
pub fn title(action: &crate::workflow::order::ActionRow) -> String {
    if action.skill == Skill::Manual {
        return action.document_step.clone().unwrap_or_else(|| action.id.clone());
    }
    match action.skill {
        Skill::Prepare => "Prepare the branch and worktree",
        Skill::Reproduce => "Reproduce the incident",
        Skill::Implement => "Implement the fix",
        Skill::CheckStyle => "Check the style",
        Skill::Test => "Verify the fix",
        Skill::Commit => "Commit",
        Skill::MergeRequest => "Open the merge request",
        Skill::Review => "Get the approvals",
        Skill::Merge => "Merge",
        Skill::Deploy => "Deploy",
        Skill::Monitor => "Watch production",
        Skill::Mitigate => "Stop the bleeding",
        Skill::Rollback => "Roll back",
        Skill::Port => "Bring the fix to main",
        Skill::Analyze => "Analyze the incident",
        Skill::Report => "Write the incident report",
        Skill::FollowUp => "File the follow-up",
        Skill::Notify => "Tell people",
        Skill::Cleanup => "Clean up",
        Skill::Manual => "",
    }
    .to_owned()
}

fn gates(state: &RunState) -> Vec<GatePart> {
    let Some(plan) = &state.plan else { return Vec::new() };
    plan.gates
        .iter()
        .map(|planned| {
            let verdict = state.verdict(planned);
            let seen = state.gates.get(&planned.id).map(|(_, seen)| seen);
            let waiver = state.waivers.get(&planned.id);
            let summary = match (verdict, &planned.not_applicable, seen) {
                (Verdict::Waived, ..) => waiver.map(|w| {
                    let alone = if w.self_waived { "self-" } else { "" };
                    format!("{alone}waived by {}: {}", w.by, w.reason)
                }),
                (Verdict::NotApplicable, reason, _) => reason.clone(),
                (Verdict::Pending, _, Some(seen)) => {
                    Some(format!("stale, was {}: {}", seen.verdict.name(), seen.summary))
                }
                (Verdict::Pending, _, None) => Some("not evaluated yet".to_owned()),
                (_, _, Some(seen)) => Some(seen.summary.clone()),
                (_, _, None) => None,
            };
            GatePart {
                id: planned.id.clone(),
                step: planned.step.clone(),
                verdict,
                required: planned.required,
                binding: planned.binding,
                summary: summary.unwrap_or_default(),
                details: seen.map(|s| s.details.clone()).unwrap_or_default(),
                findings: seen.map(|s| s.findings.clone()).unwrap_or_default(),
                evidence: seen.map(|s| s.evidence.clone()).unwrap_or_default(),
                logs: seen.and_then(|s| s.logs.clone()),
                waiver: waiver.map(|w| WaiverPart {
                    by: w.by.clone(),
                    reason: w.reason.clone(),
                    at: w.at,
                    self_waived: w.self_waived,
                }),
                criteria: planned.criteria.clone(),
            }
        })
        .collect()
}

fn merge_requests(state: &RunState) -> Vec<MergeRequestPart> {
    let voided = |number: u64| {
        let of_this = state.voided.iter().filter(move |(a, _)| a.number == number);
        of_this.map(|(a, reason)| VoidedPart {
            by: a.by.clone(),
            commit: a.commit.clone(),
            reason: reason.clone(),
        })
    };
    let part = |m: &crate::journal::MergeRequestView| MergeRequestPart {
        role: m.role.clone(),
        id: m.number.to_string(),
        url: m.url.clone(),
        title: m.title.clone(),
        labels: m.labels.clone(),
        source: m.source.clone(),
        target: m.target.clone(),
        state: m.state,
        commit: m.commit.clone(),
        merge_commit: m.merge_commit.clone(),
        approvals: state.approvals.iter().filter(|a| a.number == m.number).cloned().collect(),
        voided: voided(m.number).collect(),
    };
    state.merge_requests.values().map(part).collect()
}

fn deploys(state: &RunState) -> Vec<DeployPart> {
    let last = state.deploys.len().saturating_sub(1);
    let part = |(i, d): (usize, &crate::run::DeployState)| {
        let undone = state.rollbacks.iter().any(|r| r.from == d.version && r.at >= d.at);
        let name = match (i == last, undone && !d.rollback) {
            (_, true) => "rolled-back",
            (true, false) => "live",
            (false, false) => "replaced",
        };
        DeployPart { version: d.version.clone(), commit: d.commit.clone(), at: d.at, state: name.to_owned() }
    };
    state.deploys.iter().enumerate().map(part).collect()
}

fn obligations(state: &RunState, now: Timestamp) -> Vec<ObligationPart> {
    let part = |o: &crate::run::Obligation| ObligationPart {
        id: o.id.clone(),
        what: o.what.clone(),
        due: o.due,
        state: if o.met.is_some() {
            "met"
        } else if o.due < now {
            "overdue"
        } else {
            "open"
        }
        .to_owned(),
        blocks_close: o.blocks_close,
        how: o.met.as_ref().map(|(_, how)| how.clone()),
    };
    state.obligations.iter().map(part).collect()
}

fn effects(state: &RunState) -> EffectsPart {
    let count = |f: &dyn Fn(&Option<Outcome>) -> bool| {
        u32::try_from(state.effects.values().filter(|e| f(&e.outcome)).count()).unwrap_or(u32::MAX)
    };
    EffectsPart {
        requested: count(&|_| true),
        succeeded: count(&|o| matches!(o, Some(Outcome::Succeeded { .. }))),
        failed: count(&|o| matches!(o, Some(Outcome::Failed { .. }))),
        in_doubt: count(&Option::is_none),
    }
}

fn notices(state: &RunState) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(plan) = state.plan.as_ref().filter(|p| p.workflow.unreviewed) {
        all.push(format!("the workflow {} is a local file that nobody reviewed", plan.workflow.source));
    }
    if let Some(world) = &state.world {
        all.push(format!("this run is a demo: its clock runs {} times as fast as real time", world.scale));
    }
    if state.has_ended() || state.resolved.is_some() {
        return all;
    }
    if state
        .plan
        .as_ref()
        .is_some_and(|p| p.action_of(Skill::Deploy).is_none() || !crate::plan::deploys(&p.config))
        && state.merge_request("production").is_some_and(|m| m.state == MergeRequestState::Merged)
    {
        all.push("merged, deployment unverified: no deploy is configured".to_owned());
    }
    all
}

fn next(state: &RunState) -> Option<NextPart> {
    if state.has_ended() {
        return None;
    }
    if state.standing_rollback().is_some() {
        let command = if state.analysis.is_none() { "hotfix report --edit" } else { "hotfix abort" };
        return Some(NextPart { step: "report".to_owned(), command: command.to_owned() });
    }
    if let Some((step, seen)) =
        state.steps.iter().find(|(_, s)| s.ended.is_none() && !s.waiting_for.is_empty())
    {
        let command = seen.waiting_for.first().map(|w| w.how.clone()).unwrap_or_default();
        return Some(NextPart { step: step.clone(), command });
    }
    match state.current_action() {
        Some(action) => Some(NextPart { step: action.id.clone(), command: "hotfix run".to_owned() }),
        None => Some(NextPart { step: "close".to_owned(), command: "hotfix close".to_owned() }),
    }
}
