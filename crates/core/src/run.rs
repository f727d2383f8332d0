//! The run as a fold over its journal. Nothing else holds state: what the
//! program knows of a run is what follows from these records.

use crate::effect::{Effect, EffectId, Outcome};
use crate::gate::{self, Bound, Verdict};
use crate::incident::Incident;
use crate::journal::{
    Approval, Event, GateObservation, MergeRequestState, MergeRequestView, Observation, Reading, Record,
    StepEnd, WaitingFor, World,
};
use crate::logs::LogDiff;
use crate::plan::{Plan, PlannedGate};
use crate::report::Analysis;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What is known of a run.
#[derive(Debug, Clone, Default)]
pub struct RunState {
    /// The run's id.
    pub run: String,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// Who started it.
    pub author: String,
    /// When the incident began, where it is known.
    pub since: Option<Timestamp>,
    /// The incident.
    pub incident: Option<Incident>,
    /// The demo's world.
    pub world: Option<World>,
    /// The frozen plan.
    pub plan: Option<Plan>,
    /// Its digest.
    pub plan_digest: String,
    /// The attempt under way.
    pub attempt: Option<Attempt>,
    /// The actions that were entered, by id.
    pub steps: BTreeMap<String, StepState>,
    /// The last evaluation of each gate.
    pub gates: BTreeMap<String, (Timestamp, GateObservation)>,
    /// Waivers, by gate.
    pub waivers: BTreeMap<String, Waiver>,
    /// Every effect, by identity.
    pub effects: BTreeMap<EffectId, EffectState>,
    /// The worktree as last seen.
    pub head: Option<Head>,
    /// The command that shows the incident.
    pub reproduction: Option<Vec<String>>,
    /// Merge requests, by number.
    pub merge_requests: BTreeMap<u64, MergeRequestView>,
    /// Approvals that hold, in the order in which they were seen.
    pub approvals: Vec<Approval>,
    /// Approvals that no longer hold, with the reason.
    pub voided: Vec<(Approval, String)>,
    /// Persons' words that something is done.
    pub done: BTreeMap<String, Done>,
    /// Deploys and rollbacks that took place, oldest first.
    pub deploys: Vec<DeployState>,
    /// The version that production last gave as its own, and its commit.
    pub live: Option<(String, Option<String>)>,
    /// Rollbacks.
    pub rollbacks: Vec<RolledBack>,
    /// The last forecast of the port.
    pub forecast: Option<Forecast>,
    /// Readings, oldest first: windows before the deploy, samples after it.
    pub windows: BTreeMap<(String, String), Vec<Reading>>,
    /// Readings since the last deploy.
    pub samples: Vec<Reading>,
    /// How many looks at the monitored window were taken since the last deploy.
    pub looks: u32,
    /// When the last of them was taken.
    pub last_look: Option<Timestamp>,
    /// New error templates since the last deploy, by check.
    pub new_errors: BTreeMap<String, NewErrorsSeen>,
    /// Whether the fix is temporary, once somebody said so.
    pub temporary: Option<bool>,
    /// What a person wrote for the report.
    pub analysis: Option<Analysis>,
    /// The change against its budget: files, lines, and what is allowed.
    pub budget: Option<[u32; 4]>,
    /// What is owed.
    pub obligations: Vec<Obligation>,
    /// When the incident was over, who says so and how.
    pub resolved: Option<(Timestamp, String, String)>,
    /// When the run was closed.
    pub closed_at: Option<Timestamp>,
    /// When and why the run was stopped.
    pub aborted: Option<(Timestamp, String)>,
    /// Notes and broken glass, for the report.
    pub notes: Vec<(Timestamp, String)>,
    /// The last record's place and time.
    pub last: Option<(u64, Timestamp)>,
}

/// A try at a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The ref that the branch starts from.
    pub base_ref: String,
    /// Its commit.
    pub base: String,
    /// The version there.
    pub base_version: Option<String>,
    /// The branch.
    pub branch: String,
    /// The worktree.
    pub worktree: String,
    /// The branch that the fix goes to.
    pub target: String,
    /// Somebody else's branch was taken over.
    pub adopted: bool,
}

/// Where an action stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// When it was first entered.
    pub started_at: Timestamp,
    /// When and how it ended.
    pub ended: Option<(Timestamp, StepEnd)>,
    /// Why.
    pub reason: Option<String>,
    /// What it waits for.
    pub waiting_for: Vec<WaitingFor>,
}

/// A waiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// By the author of the change.
    pub self_waived: bool,
}

/// Where an effect stands.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectState {
    /// The effect.
    pub effect: Effect,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// What became of it; none: in doubt.
    pub outcome: Option<Outcome>,
    /// It was found to have taken place.
    pub adopted: bool,
}

/// The worktree as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its commit.
    pub commit: String,
    /// Its tree, uncommitted changes included.
    pub tree: String,
    /// There are uncommitted changes.
    pub dirty: bool,
}

/// A person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Whose.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they say of it.
    pub note: Option<String>,
}

/// A deploy that took place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployState {
    /// The version.
    pub version: String,
    /// Its commit.
    pub commit: String,
    /// When.
    pub at: Timestamp,
    /// It brought an earlier version back.
    pub rollback: bool,
    /// The version that ran before it.
    pub replaces: Option<String>,
}

/// A rollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledBack {
    /// The version that ran.
    pub from: String,
    /// The version that runs now.
    pub to: String,
    /// Somebody asked for it.
    pub asked: bool,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What the last look at a log has found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewErrorsSeen {
    /// The new error templates, by an example of each.
    pub templates: Vec<String>,
    /// How many lines were read.
    pub lines: u64,
    /// The whole answer, as far as it was kept.
    pub found: Option<Box<LogDiff>>,
}

/// How the port will go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// The branch.
    pub target: String,
    /// The target's commit.
    pub onto: String,
    /// The fix's tree.
    pub head: String,
    /// Paths that conflict.
    pub conflicts: Vec<String>,
}

/// Something owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// Its id.
    pub id: String,
    /// What.
    pub what: String,
    /// By when.
    pub due: Timestamp,
    /// Whether `close` waits for it.
    pub blocks_close: bool,
    /// When and how it was met.
    pub met: Option<(Timestamp, String)>,
}

/// The state of a run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Something can be done.
    Active,
    /// It waits.
    Waiting,
    /// The incident is over.
    Resolved,
    /// All is done.
    Closed,
    /// It ended in a rollback.
    RolledBack,
    /// It was stopped.
    Aborted,
}

impl Phase {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Active => "active",
            Phase::Waiting => "waiting",
            Phase::Resolved => "resolved",
            Phase::Closed => "closed",
            Phase::RolledBack => "rolled-back",
            Phase::Aborted => "aborted",
        }
    }
}

impl RunState {
    /// The state after these records.
    pub fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut state = RunState::default();
        for record in records {
            state.apply(record);
        }
        state
    }

    /// Takes one more record in.
    pub fn apply(&mut self, record: &Record) {
        self.last = Some((record.seq, record.at));
        match &record.event {
            Event::RunStarted { run, incident, since, world, .. } => {
                self.run.clone_from(run);
                self.started_at = Some(record.at);
                self.author.clone_from(&record.by.person);
                self.since = *since;
                self.incident = Some(incident.clone());
                self.world.clone_from(world);
            }
            Event::PlanFrozen { digest, plan } | Event::Replanned { digest, plan, .. } => {
                self.plan_digest.clone_from(digest);
                self.plan = Some(plan.clone());
            }
            Event::AttemptStarted { .. } => self.apply_attempt(&record.event),
            Event::StepEntered { .. } | Event::StepEnded { .. } => self.apply_step(record),
            Event::EffectRequested { .. } | Event::EffectOutcome { .. } | Event::EffectAdopted { .. } => {
                self.apply_effect(record);
            }
            Event::Observed { observation } => self.apply_observation(record, observation),
            Event::ApprovalSeen { approval } => self.approvals.push(approval.clone()),
            Event::ApprovalVoided { by, commit, reason } => self.void(by, commit, reason),
            Event::Waived { gate, by, reason, self_waived } => {
                let waiver = Waiver {
                    by: by.clone(),
                    reason: reason.clone(),
                    at: record.at,
                    self_waived: *self_waived,
                };
                self.waivers.insert(gate.clone(), waiver);
            }
            Event::Done { step, by, note } => {
                self.done.insert(step.clone(), Done { by: by.clone(), at: record.at, note: note.clone() });
            }
            Event::ObligationOpened { .. } | Event::ObligationMet { .. } => self.apply_obligation(record),
            Event::RolledBack { from, to, asked, reason } => self.rollbacks.push(RolledBack {
                from: from.clone(),
                to: to.clone(),
                asked: *asked,
                reason: reason.clone(),
                at: record.at,
            }),
            _ => self.apply_ending(record),
        }
    }

    fn apply_ending(&mut self, record: &Record) {
        match &record.event {
            Event::SeverityChanged { to, .. } => {
                if let Some(incident) = &mut self.incident {
                    incident.severity.clone_from(to);
                }
            }
            Event::Resolved { by, how } => self.resolved = Some((record.at, by.clone(), how.clone())),
            Event::Closed {} => self.closed_at = Some(record.at),
            Event::Aborted { reason } => self.aborted = Some((record.at, reason.clone())),
            Event::Note { text } => self.notes.push((record.at, text.clone())),
            Event::BrokeGlass { what, by, reason } => {
                self.notes.push((record.at, format!("{by} broke the glass for {what}: {reason}")));
            }
            _ => {}
        }
    }

    fn apply_attempt(&mut self, event: &Event) {
        if let Event::AttemptStarted {
            number,
            base_ref,
            base,
            base_version,
            branch,
            worktree,
            target,
            adopted,
        } = event
        {
            self.attempt = Some(Attempt {
                number: *number,
                base_ref: base_ref.clone(),
                base: base.clone(),
                base_version: base_version.clone(),
                branch: branch.clone(),
                worktree: worktree.clone(),
                target: target.clone(),
                adopted: *adopted,
            });
            self.steps.clear();
            self.done.retain(|step, _| step.contains('.'));
            self.head = None;
            self.samples.clear();
        }
    }

    fn apply_step(&mut self, record: &Record) {
        match &record.event {
            Event::StepEntered { step } => {
                let fresh =
                    StepState { started_at: record.at, ended: None, reason: None, waiting_for: Vec::new() };
                let entry = self.steps.entry(step.clone()).or_insert(fresh);
                entry.ended = None;
                entry.reason = None;
            }
            Event::StepEnded { step, state, reason } => {
                let fresh =
                    StepState { started_at: record.at, ended: None, reason: None, waiting_for: Vec::new() };
                let entry = self.steps.entry(step.clone()).or_insert(fresh);
                entry.ended = Some((record.at, *state));
                entry.reason.clone_from(reason);
                entry.waiting_for.clear();
            }
            _ => {}
        }
    }

    fn apply_effect(&mut self, record: &Record) {
        match &record.event {
            Event::EffectRequested { effect } => {
                let state = EffectState {
                    effect: effect.clone(),
                    requested_at: record.at,
                    outcome: None,
                    adopted: false,
                };
                self.effects.insert(effect.id.clone(), state);
            }
            Event::EffectOutcome { id, outcome } => self.settle(record.at, id, outcome, false),
            Event::EffectAdopted { id, outcome } => self.settle(record.at, id, outcome, true),
            _ => {}
        }
    }

    fn settle(&mut self, at: Timestamp, id: &EffectId, outcome: &Outcome, adopted: bool) {
        let Some(state) = self.effects.get_mut(id) else { return };
        state.outcome = Some(outcome.clone());
        state.adopted = adopted;
        if let (
            Outcome::Succeeded { .. },
            crate::effect::Action::Deploy { version, commit, rollback, replaces, .. },
        ) = (outcome, &state.effect.what)
        {
            self.deploys.push(DeployState {
                version: version.clone(),
                commit: commit.clone(),
                at,
                rollback: *rollback,
                replaces: replaces.clone(),
            });
            self.samples.clear();
            self.looks = 0;
            self.last_look = None;
            self.new_errors.clear();
        }
    }

    fn apply_observation(&mut self, record: &Record, observation: &Observation) {
        match observation {
            Observation::Gate(gate) => {
                self.gates.insert(gate.gate.clone(), (record.at, gate.clone()));
            }
            Observation::Head { commit, tree, dirty } => {
                self.head = Some(Head { commit: commit.clone(), tree: tree.clone(), dirty: *dirty });
            }
            Observation::Reproduction { command } => self.reproduction = Some(command.clone()),
            Observation::Sample { readings } => self.samples.extend(readings.iter().cloned()),
            Observation::Window { check, name, readings } => {
                self.windows.insert((check.clone(), name.clone()), readings.clone());
            }
            Observation::MergeRequest(view) => {
                self.merge_requests.insert(view.number, view.clone());
            }
            Observation::Version { version, commit } => self.live = Some((version.clone(), commit.clone())),
            Observation::Forecast { target, onto, head, conflicts } => {
                self.forecast = Some(Forecast {
                    target: target.clone(),
                    onto: onto.clone(),
                    head: head.clone(),
                    conflicts: conflicts.clone(),
                });
            }
            Observation::Waiting { step, waiting_for } => {
                if let Some(state) = self.steps.get_mut(step) {
                    state.waiting_for.clone_from(waiting_for);
                }
            }
            Observation::Analysis { analysis } => self.analysis = Some(analysis.clone()),
            Observation::Temporary { temporary } => self.temporary = Some(*temporary),
            Observation::NewErrors { check, templates, lines, found } => {
                let seen =
                    NewErrorsSeen { templates: templates.clone(), lines: *lines, found: found.clone() };
                self.new_errors.insert(check.clone(), seen);
            }
            Observation::Look { number, .. } => {
                self.looks = *number;
                self.last_look = Some(record.at);
            }
            Observation::Budget { files, lines, max_files, max_lines } => {
                self.budget = Some([*files, *lines, *max_files, *max_lines]);
            }
        }
    }

    fn apply_obligation(&mut self, record: &Record) {
        match &record.event {
            Event::ObligationOpened { id, what, due, blocks_close }
                if !self.obligations.iter().any(|o| o.id == *id) =>
            {
                self.obligations.push(Obligation {
                    id: id.clone(),
                    what: what.clone(),
                    due: *due,
                    blocks_close: *blocks_close,
                    met: None,
                });
            }
            Event::ObligationMet { id, how } => {
                if let Some(obligation) = self.obligations.iter_mut().find(|o| o.id == *id) {
                    obligation.met.get_or_insert((record.at, how.clone()));
                }
            }
            _ => {}
        }
    }

    fn void(&mut self, by: &str, commit: &str, reason: &str) {
        let (gone, kept) =
            std::mem::take(&mut self.approvals).into_iter().partition(|a| a.by == by && a.commit == commit);
        self.approvals = kept;
        self.voided.extend(Vec::into_iter(gone).map(|a| (a, reason.to_owned())));
    }
}

impl RunState {
    /// The attempt's number; 0 before the first.
    pub fn attempt_number(&self) -> u32 {
        self.attempt.as_ref().map_or(0, |a| a.number)
    }

    /// Where an action stands.
    pub fn ended(&self, step: &str) -> Option<StepEnd> {
        self.steps.get(step).and_then(|s| s.ended).map(|(_, end)| end)
    }

    /// Whether an action needs nothing more.
    pub fn is_over(&self, step: &str) -> bool {
        matches!(self.ended(step), Some(StepEnd::Passed | StepEnd::Skipped))
    }

    /// A gate's verdict as it holds now: a waiver wins, then what the plan
    /// says of it, then the last evaluation unless it is stale.
    pub fn verdict(&self, planned: &PlannedGate) -> Verdict {
        if self.waivers.contains_key(&planned.id) {
            return Verdict::Waived;
        }
        if planned.not_applicable.is_some() {
            return Verdict::NotApplicable;
        }
        match self.gates.get(&planned.id) {
            Some((_, seen)) if self.is_fresh(seen) => seen.verdict,
            _ => Verdict::Pending,
        }
    }

    /// Whether an evaluation is for what stands now.
    pub fn is_fresh(&self, seen: &GateObservation) -> bool {
        let bound = gate::built_in(&seen.gate).map_or(Bound::Run, |g| g.bound);
        match bound {
            Bound::Run => true,
            Bound::Tree => self.head.as_ref().is_none_or(|h| seen.tree.as_ref() == Some(&h.tree)),
            Bound::Commit => self.head.as_ref().is_none_or(|h| seen.commit.as_ref() == Some(&h.commit)),
            Bound::Deploy => self.deploys.last().is_some_and(|d| seen.deploy.as_ref() == Some(&d.version)),
        }
    }

    /// The binding gates required at a point (and before it) that do not let pass.
    pub fn holding(&self, point: gate::Point) -> Vec<(&PlannedGate, Verdict)> {
        let Some(plan) = &self.plan else { return Vec::new() };
        plan.gates
            .iter()
            .filter(|g| g.binding && g.required <= point)
            .map(|g| (g, self.verdict(g)))
            .filter(|(_, verdict)| !verdict.lets_pass())
            .collect()
    }

    /// Effects with no outcome.
    pub fn in_doubt(&self) -> Vec<&EffectState> {
        self.effects.values().filter(|e| e.outcome.is_none()).collect()
    }

    /// The newest merge request of a role in this attempt's branch.
    pub fn merge_request(&self, role: &str) -> Option<&MergeRequestView> {
        self.merge_requests.values().rev().find(|m| m.role == role && m.state != MergeRequestState::Closed)
    }

    /// Whether the run has ended for good.
    pub fn has_ended(&self) -> bool {
        self.closed_at.is_some() || self.aborted.is_some()
    }

    /// The rollback that stands: the last thing that went to production.
    pub fn standing_rollback(&self) -> Option<&RolledBack> {
        self.rollbacks.last().filter(|_| self.deploys.last().is_some_and(|d| d.rollback))
    }

    /// The state of the run as a whole.
    pub fn phase(&self) -> Phase {
        if self.aborted.is_some() {
            Phase::Aborted
        } else if self.closed_at.is_some() {
            Phase::Closed
        } else if self.standing_rollback().is_some() {
            Phase::RolledBack
        } else if self.resolved.is_some() {
            Phase::Resolved
        } else if self.steps.values().any(|s| s.ended.is_none() && !s.waiting_for.is_empty()) {
            Phase::Waiting
        } else {
            Phase::Active
        }
    }

    /// Everything that is waited for.
    pub fn waiting_for(&self) -> Vec<&WaitingFor> {
        self.steps.values().filter(|s| s.ended.is_none()).flat_map(|s| &s.waiting_for).collect()
    }

    /// The first action that is not over.
    pub fn current_action(&self) -> Option<&crate::workflow::order::ActionRow> {
        self.plan.as_ref()?.actions.iter().find(|a| !self.is_over(&a.id))
    }
}
