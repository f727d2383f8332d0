//! The built-in skills: a file for each, which reads like the procedure that
//! it carries out. What they may rely on is [`Cx`]; how effects are carried
//! out is not their business.

pub mod analyze;
pub mod base;
pub mod change;
pub mod check_style;
pub mod cleanup;
pub mod commit;
pub mod deploy;
pub mod follow_up;
pub mod forecast;
pub mod implement;
pub mod logs;
pub mod manual;
pub mod merge;
pub mod merge_request;
pub mod monitor;
pub mod notify;
pub mod port;
pub mod prepare;
pub mod proof;
pub mod report;
pub mod reproduce;
pub mod review;
pub mod rollback;
pub mod test;
pub mod tools;
pub mod watch;

use crate::engine::effects::identity;
use crate::engine::{Durable, Stop, Values};
use crate::error::Failure;
use hotfix_core::effect::{Action, Effect};
use hotfix_core::finding::{self, Finding};
use hotfix_core::gate::{self, Bound, Point, Verdict};
use hotfix_core::journal::{Event, Evidence, GateObservation, Observation, WaitingFor, WaitingKind};
use hotfix_core::logs::LogDiff;
use hotfix_core::plan::Plan;
use hotfix_core::run::{Attempt, RunState};
use hotfix_core::workflow::Skill;
use hotfix_core::workflow::order::ActionRow;
use jiff::Timestamp;
pub use tools::Tools;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It did what it is for.
    Passed,
    /// It has nothing to do here.
    Skipped(String),
}

/// What a step works with: the durable context, and the tools.
pub struct Cx<'a> {
    /// What is known and what lasts.
    pub d: &'a mut dyn Durable,
    /// The clone and the connectors.
    pub t: &'a Tools<'a>,
}

/// Carries an action out as far as it goes now.
pub fn run(cx: &mut Cx<'_>, action: &ActionRow) -> Result<Ended, Stop> {
    match action.skill {
        Skill::Prepare => prepare::run(cx),
        Skill::Reproduce => reproduce::run(cx),
        Skill::Implement => implement::run(cx),
        Skill::CheckStyle => check_style::run(cx),
        Skill::Test => test::run(cx),
        Skill::Commit => commit::run(cx),
        Skill::MergeRequest => merge_request::run(cx),
        Skill::Review => review::run(cx),
        Skill::Merge => merge::run(cx),
        Skill::Deploy => deploy::run(cx),
        Skill::Monitor => monitor::run(cx),
        Skill::Port => port::run(cx),
        Skill::Analyze => analyze::run(cx),
        Skill::Report => report::run(cx),
        Skill::FollowUp => follow_up::run(cx),
        Skill::Cleanup => cleanup::run(cx),
        Skill::Mitigate | Skill::Rollback | Skill::Notify => {
            Ok(Ended::Skipped("it happens when it is needed, not in the plan's order".to_owned()))
        }
        Skill::Manual => manual::run(cx, action),
    }
}

/// What a gate's evaluation says.
#[derive(Debug, Clone)]
pub struct Says {
    /// The answer.
    pub verdict: Verdict,
    /// One line that says why.
    pub summary: String,
    /// More lines.
    pub details: Vec<String>,
    /// What it objects to.
    pub findings: Vec<Finding>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What is new in the logs, where they were judged.
    pub logs: Option<Box<LogDiff>>,
}

/// A gate's evaluation with no more than a line.
pub fn says(verdict: Verdict, summary: impl Into<String>) -> Says {
    let summary = summary.into();
    Says { verdict, summary, details: Vec::new(), findings: Vec::new(), evidence: Vec::new(), logs: None }
}

impl Says {
    /// With more lines.
    pub fn details(mut self, details: Vec<String>) -> Says {
        self.details = details;
        self
    }

    /// With what it objects to; only so much is kept.
    pub fn findings(mut self, findings: Vec<Finding>) -> Says {
        let (kept, more) = finding::kept(findings);
        if more > 0 {
            self.details.push(format!("{more} more are not listed"));
        }
        self.findings = kept;
        self
    }

    /// With what it rests on.
    pub fn evidence(mut self, evidence: Vec<Evidence>) -> Says {
        self.evidence = evidence;
        self
    }
}

impl Cx<'_> {
    /// What is known of the run.
    pub fn state(&self) -> &RunState {
        self.d.state()
    }

    /// The frozen plan.
    pub fn plan(&self) -> Result<&Plan, Stop> {
        self.d.state().plan.as_ref().ok_or_else(|| Failure::bug("a run without a plan was entered").into())
    }

    /// The attempt under way.
    pub fn attempt(&self) -> Result<Attempt, Stop> {
        let attempt = self.d.state().attempt.clone();
        attempt.ok_or_else(|| Failure::bug("a run without an attempt was entered").into())
    }

    /// The incident's key.
    pub fn key(&self) -> String {
        self.d.state().incident.as_ref().map(|i| i.key.clone()).unwrap_or_default()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.d.now()
    }

    /// Writes an observation down.
    pub fn observe(&mut self, observation: Observation) -> Result<(), Stop> {
        self.d.append(Event::Observed { observation })
    }

    /// Writes a gate's evaluation down, if it says anything new.
    pub fn gate(&mut self, id: &str, says: Says) -> Result<(), Stop> {
        let state = self.d.state();
        let bound = gate::built_in(id).map_or(Bound::Run, |g| g.bound);
        let head = state.head.as_ref();
        let seen = GateObservation {
            gate: id.to_owned(),
            verdict: says.verdict,
            summary: says.summary,
            details: says.details,
            findings: says.findings,
            evidence: says.evidence,
            logs: says.logs,
            tree: head.filter(|_| bound == Bound::Tree).map(|h| h.tree.clone()),
            commit: head.filter(|_| bound == Bound::Commit).map(|h| h.commit.clone()),
            deploy: state.deploys.last().filter(|_| bound == Bound::Deploy).map(|d| d.version.clone()),
        };
        let same = state.gates.get(id).is_some_and(|(_, before)| {
            before.verdict == seen.verdict
                && before.summary == seen.summary
                && (&before.tree, &before.commit, &before.deploy) == (&seen.tree, &seen.commit, &seen.deploy)
                && before.details == seen.details
                && before.findings == seen.findings
        });
        if same {
            return Ok(());
        }
        self.t.tell_gate(&seen);
        self.observe(Observation::Gate(seen))
    }

    /// A gate's verdict as it holds now.
    pub fn verdict(&self, id: &str) -> Verdict {
        let state = self.d.state();
        let planned = state.plan.as_ref().and_then(|p| p.gate(id));
        planned.map_or(Verdict::NotApplicable, |g| state.verdict(g))
    }

    /// Whether a gate still has to be evaluated for what stands now.
    pub fn wants(&self, id: &str) -> bool {
        matches!(self.verdict(id), Verdict::Pending | Verdict::Unknown | Verdict::Fail)
    }

    /// Carries out an effect that the run cannot go on without.
    pub fn must(
        &mut self,
        step: &str,
        name: &str,
        subject: impl Into<String>,
        what: Action,
    ) -> Result<Values, Stop> {
        let id = identity(self.d.state(), step, name, subject);
        self.d.effect(Effect { id, required: true, what })
    }

    /// Carries out an effect that the run can go on without.
    pub fn may(
        &mut self,
        step: &str,
        name: &str,
        subject: impl Into<String>,
        what: Action,
    ) -> Result<Values, Stop> {
        let id = identity(self.d.state(), step, name, subject);
        self.d.effect(Effect { id, required: false, what })
    }

    /// Stops if a binding gate that is required by now does not let pass.
    /// What only a person can give is waited for.
    pub fn hold(&self, point: Point) -> Result<(), Stop> {
        let state = self.d.state();
        let holding = state.holding(point);
        if holding.is_empty() {
            return Ok(());
        }
        let of_person =
            |id: &str| id.starts_with("prepare.") && id != "prepare.base" || id.starts_with("manual.");
        let waits: Vec<WaitingFor> = holding
            .iter()
            .filter(|(g, v)| *v == Verdict::Pending && of_person(&g.id))
            .map(|(g, _)| person(ask_for(&g.id, g.criteria.as_deref()), format!("hotfix done {}", g.id)))
            .collect();
        if waits.len() == holding.len() {
            return Err(Stop::Waiting(waits));
        }
        let hard = holding.iter().filter(|(g, v)| !(*v == Verdict::Pending && of_person(&g.id)));
        let mut failure = Failure::failed(
            "HF0601",
            format!("{} not passed, and required {}", some_gates(holding.len()), words(point)),
        );
        for (g, v) in hard {
            let summary =
                state.gates.get(&g.id).map_or("not evaluated yet", |(_, seen)| seen.summary.as_str());
            failure = failure.hint(format!("{} is {}: {summary}", g.id, v.name()));
        }
        let first = holding.first().map(|(g, _)| g.id.clone()).unwrap_or_default();
        Err(failure
            .try_this("mend it and go on", "hotfix run")
            .try_this("or let it pass under your name", format!("hotfix waive {first} --reason \"why\""))
            .into())
    }
}

fn some_gates(count: usize) -> String {
    if count == 1 { "a gate has".to_owned() } else { format!("{count} gates have") }
}

fn words(point: Point) -> String {
    point.name().replace('-', " the ")
}

fn ask_for(gate: &str, criteria: Option<&str>) -> String {
    match gate {
        "prepare.incident-confirmed" => "somebody to confirm the incident".to_owned(),
        "prepare.authorized" => "the authorisation of a manager or the person on call".to_owned(),
        _ => criteria.map_or_else(|| gate.to_owned(), |c| format!("somebody to confirm: {c}")),
    }
}

/// Waits for a person.
pub fn person(what: impl Into<String>, how: impl Into<String>) -> WaitingFor {
    WaitingFor { kind: WaitingKind::Person, what: what.into(), how: how.into(), until: None }
}

/// Waits for time to pass.
pub fn until(what: impl Into<String>, at: Timestamp) -> Stop {
    let how = "hotfix run --wait".to_owned();
    Stop::Waiting(vec![WaitingFor { kind: WaitingKind::Time, what: what.into(), how, until: Some(at) }])
}

/// The gates that only a person can answer: their word is taken as given.
pub fn manual_gates(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let plan = cx.plan()?;
    let manual: Vec<String> =
        plan.gates.iter().filter(|g| g.id.starts_with("manual.")).map(|g| g.id.clone()).collect();
    for id in manual {
        if let Some(done) = cx.state().done.get(&id).cloned() {
            let note = done.note.map(|n| format!(": {n}")).unwrap_or_default();
            cx.gate(&id, says(Verdict::Pass, format!("confirmed by {}{note}", done.by)))?;
        }
    }
    Ok(())
}
