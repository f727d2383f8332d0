//! The workflow compiled for one incident: ordered actions, the gates that
//! hold them, and where everything came from. Frozen when the run starts.

use crate::config::{CheckKind, Config, Trigger};
use crate::digest;
use crate::gate::{self, BUILT_IN, BuiltIn, Point};
use crate::incident::Incident;
use crate::policy::{Policy, Requirement, ReviewTiming, SeverityPolicy};
use crate::workflow::order::{ActionRow, order};
use crate::workflow::{Skill, Step, Workflow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The frozen plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The incident as it was when the plan was frozen.
    pub incident: Incident,
    /// The page it was compiled from.
    pub workflow: WorkflowRef,
    /// The page's steps, for the brief.
    pub steps: Vec<Step>,
    /// What is to be done, in order.
    pub actions: Vec<ActionRow>,
    /// What must hold.
    pub gates: Vec<PlannedGate>,
    /// The typed rules.
    pub policy: Policy,
    /// The severity's row of the matrix.
    pub row: SeverityPolicy,
    /// The config as it was when the plan was frozen.
    pub config: Config,
    /// Where the config came from.
    pub config_source: String,
}

/// The page that a plan was compiled from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowRef {
    /// Its name.
    pub name: String,
    /// Where it came from, for people.
    pub source: String,
    /// Digest of the page.
    pub digest: String,
    /// Taken from a local file that nobody reviewed.
    pub unreviewed: bool,
    /// The role that executes it.
    pub role: Option<String>,
}

/// A gate of this plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedGate {
    /// Built in, or `manual.<slug>`.
    pub id: String,
    /// The action that evaluates it.
    pub step: String,
    /// Where it must have passed.
    pub required: Point,
    /// Whether it holds the run.
    pub binding: bool,
    /// Why it has no meaning here, if it has none.
    pub not_applicable: Option<String>,
    /// The page's words, if the page names it.
    pub criteria: Option<String>,
    /// The page's line, from 1.
    pub line: Option<u32>,
}

/// What the repository offers beyond its config, as far as gates need it.
#[derive(Debug, Clone, Default)]
pub struct Means {
    /// A reproduction was given with the start.
    pub reproduction: bool,
    /// The forge runs pipelines.
    pub pipelines: bool,
    /// What the user who starts has as defaults.
    pub user: crate::defaults::UserConfig,
}

/// Compiles a workflow and a config for one incident.
pub fn compile(
    workflow: &Workflow,
    config: &Config,
    config_source: &str,
    means: &Means,
    incident: Incident,
) -> Plan {
    let policy = crate::defaults::fill(workflow, config, &means.user).policy;
    let row = policy.row(&incident.severity);
    let actions = order(workflow, deploys(config));
    let mut gates = built_in_gates(&policy, &row, config, means, &actions);
    name_by_page(&mut gates, workflow, &policy, &actions);
    Plan {
        incident,
        workflow: WorkflowRef {
            name: workflow.name.clone(),
            source: workflow.source.clone(),
            digest: workflow.digest.clone(),
            unreviewed: false,
            role: workflow.role.clone(),
        },
        steps: workflow.steps.clone(),
        actions,
        gates,
        policy,
        row,
        config: config.clone(),
        config_source: config_source.to_owned(),
    }
}

/// Whether there is anything that deploys.
pub fn deploys(config: &Config) -> bool {
    config.deploy.command.is_some() || config.deploy.trigger == Trigger::Merge
}

fn built_in_gates(
    policy: &Policy,
    row: &SeverityPolicy,
    config: &Config,
    means: &Means,
    actions: &[ActionRow],
) -> Vec<PlannedGate> {
    BUILT_IN
        .iter()
        .map(|gate| PlannedGate {
            id: gate.id.to_owned(),
            step: step_of(gate.id, actions),
            required: required(gate, row, config),
            binding: binding(gate, policy),
            not_applicable: not_applicable(gate.id, policy, row, config, means, actions),
            criteria: None,
            line: None,
        })
        .collect()
}

/// The action that evaluates a built-in gate; the gate's own family where the plan lacks it.
fn step_of(id: &str, actions: &[ActionRow]) -> String {
    let skill = match id.split('.').next().unwrap_or_default() {
        "prepare" => Skill::Prepare,
        "change" => Skill::Implement,
        "style" => Skill::CheckStyle,
        "repro" if id.ends_with("before") => Skill::Reproduce,
        "repro" | "tests" | "logs" => Skill::Test,
        "mr" => Skill::MergeRequest,
        "review" => Skill::Review,
        "monitor" => Skill::Monitor,
        "incident" if has(actions, Skill::Monitor) => Skill::Monitor,
        "rollback" | "deploy" | "incident" => Skill::Deploy,
        "port" => Skill::Port,
        "followup" => Skill::FollowUp,
        "report" => Skill::Report,
        _ => Skill::Manual,
    };
    actions.iter().find(|a| a.skill == skill).map_or_else(|| skill.name().to_owned(), |a| a.id.clone())
}

fn has(actions: &[ActionRow], skill: Skill) -> bool {
    actions.iter().any(|a| a.skill == skill)
}

fn required(gate: &BuiltIn, row: &SeverityPolicy, config: &Config) -> Point {
    if gate.id == "review.reviewers" && row.review == ReviewTiming::PostDeploy {
        return Point::BeforeClose;
    }
    if gate.required == Point::BeforeDeploy && config.deploy.trigger == Trigger::Merge {
        return Point::BeforeMerge;
    }
    gate.required
}

fn binding(gate: &BuiltIn, policy: &Policy) -> bool {
    match gate.default {
        gate::Default::Binding => true,
        gate::Default::Advisory => match gate.id {
            "change.size" => {
                policy.change.minimal
                    || policy.change.max_files.is_some()
                    || policy.change.max_lines.is_some()
            }
            "change.shape" => policy.change.no_refactoring || policy.change.no_features,
            _ => false,
        },
        gate::Default::ByPolicy => match gate.id {
            "mr.title" => policy.merge_request.title_key == Requirement::Required,
            "mr.labels" => !policy.merge_request.labels.is_empty(),
            "mr.evidence" => policy.merge_request.evidence == Requirement::Required,
            _ => true,
        },
    }
}

/// Why a gate has no meaning for this plan. Decided here, never later.
fn not_applicable(
    id: &str,
    policy: &Policy,
    row: &SeverityPolicy,
    config: &Config,
    means: &Means,
    actions: &[ActionRow],
) -> Option<String> {
    let no = |reason: &str| Some(reason.to_owned());
    let verify = &config.verify;
    let kind = |wanted: &[CheckKind]| config.monitor.checks.iter().any(|c| wanted.contains(&c.kind));
    let watched = policy.monitor.watch && has(actions, Skill::Monitor);
    let readable = config.production.version_command.is_some() || config.production.version_url.is_some();
    match id {
        "style.clean" if verify.style.is_empty() => no("no style checker is configured (verify.style)"),
        "tests.critical" if verify.critical.is_empty() => {
            no("no critical tests are configured (verify.critical)")
        }
        "tests.smoke" if verify.smoke.is_empty() => no("no smoke tests are configured (verify.smoke)"),
        "logs.no-new-errors" if verify.logs.is_empty() => no("the verification writes no logs (verify.logs)"),
        "mr.pipeline" if !means.pipelines => no("the forge runs no pipeline"),
        "mr.title" if policy.merge_request.title_key == Requirement::Optional => {
            no("the policy asks for no key in the title")
        }
        "mr.labels" if policy.merge_request.labels.is_empty() => no("the policy names no label"),
        "mr.evidence" if policy.merge_request.evidence == Requirement::Optional => {
            no("the policy makes the evidence optional")
        }
        "review.approvers" if row.approvers.is_empty() => {
            no("the severity's row names no approver before the merge")
        }
        "review.reviewers" if row.reviewers == 0 => no("the severity's row names no reviewer"),
        "rollback.ready" | "deploy.version" | "deploy.live" if !deploys(config) => {
            no("no deploy is configured")
        }
        "deploy.version" if !readable => {
            no("nothing reads the deployed version back (production.version_url)")
        }
        "deploy.live" if watched && kind(&[CheckKind::ErrorRate, CheckKind::Gauge, CheckKind::Mean]) => {
            no("the monitoring watches the service")
        }
        "deploy.live" if !readable && !endpoint(config) => {
            no("nothing answers for the service (production.version_url)")
        }
        "monitor.error-rate" | "monitor.new-errors" | "monitor.metrics" if !watched => {
            no("the workflow asks for no monitoring")
        }
        "monitor.error-rate" if !kind(&[CheckKind::ErrorRate]) => {
            no("no error rate is configured (monitor.checks)")
        }
        "monitor.new-errors" if !kind(&[CheckKind::NewErrors]) => {
            no("no production log is configured (monitor.checks)")
        }
        "monitor.metrics" if !kind(&[CheckKind::Gauge, CheckKind::Mean]) => {
            no("no key metrics are configured (monitor.checks)")
        }
        "port.merged" if policy.branch.port_to.is_none() => no("the policy ports to no branch"),
        "report.complete" if !has(actions, Skill::Report) => {
            no("the page asks for no report in the run; the post-mortem is an obligation")
        }
        _ => None,
    }
}

fn endpoint(config: &Config) -> bool {
    config.telemetry.values().any(|t| t.url.is_some())
}

/// Gates that the page names bind, with the page's words; what no built-in
/// gate covers becomes a manual one.
fn name_by_page(gates: &mut Vec<PlannedGate>, workflow: &Workflow, policy: &Policy, actions: &[ActionRow]) {
    let last = actions.last().map_or_else(String::new, |a| a.id.clone());
    let mut named = Vec::new();
    let mut add = |criteria: &[crate::policy::Criterion], step: Option<String>, point: Point| {
        for c in criteria {
            if let Some(gate) = &c.gate {
                named.push((gate.clone(), c.text.clone(), c.line, step.clone(), point));
            }
        }
    };
    add(&policy.prerequisites, first_action(actions, Skill::Prepare), Point::BeforeMerge);
    add(&policy.verification, first_action(actions, Skill::Test), Point::BeforeMerge);
    add(&policy.rollback.required, first_action(actions, Skill::Deploy), Point::BeforeDeploy);
    add(&policy.monitor.checks, first_action(actions, Skill::Monitor), Point::BeforeResolve);
    for step in &workflow.steps {
        let action = actions.iter().rev().find(|a| a.step.as_deref() == Some(&step.id));
        let point = action.map_or(Point::BeforeClose, |a| point_after(a.skill));
        add(&step.checklist, action.map(|a| a.id.clone()), point);
    }
    add(&policy.completion, Some(last), Point::BeforeClose);
    for row in &workflow.gates {
        let action = workflow
            .steps
            .iter()
            .find(|s| {
                s.name_in_document.contains(&row.after) || s.title.contains(&row.after) || s.id == row.after
            })
            .and_then(|s| actions.iter().rev().find(|a| a.step.as_deref() == Some(&s.id)));
        let point = action.map_or(Point::BeforeMerge, |a| point_after(a.skill));
        named.push((
            row.id.clone(),
            row.criteria.clone(),
            Some(row.line),
            action.map(|a| a.id.clone()),
            point,
        ));
    }
    for (id, text, line, step, point) in named {
        name_one(gates, id, text, line, step, point);
    }
}

fn name_one(
    gates: &mut Vec<PlannedGate>,
    id: String,
    text: String,
    line: Option<u32>,
    step: Option<String>,
    point: Point,
) {
    if let Some(gate) = gates.iter_mut().find(|g| g.id == id) {
        gate.binding = true;
        if gate.criteria.is_none() {
            gate.criteria = Some(text);
            gate.line = line;
        }
    } else if id.starts_with("manual.") {
        let step = step.unwrap_or_else(|| "close".to_owned());
        gates.push(PlannedGate {
            id,
            step,
            required: point,
            binding: true,
            not_applicable: None,
            criteria: Some(text),
            line,
        });
    }
}

fn first_action(actions: &[ActionRow], skill: Skill) -> Option<String> {
    actions.iter().find(|a| a.skill == skill).map(|a| a.id.clone())
}

/// Where a manual gate that stands after a step must have been confirmed.
fn point_after(skill: Skill) -> Point {
    match skill {
        Skill::Prepare | Skill::Reproduce | Skill::Mitigate | Skill::Implement | Skill::CheckStyle => {
            Point::BeforeCommit
        }
        Skill::Commit | Skill::Test | Skill::MergeRequest | Skill::Review => Point::BeforeMerge,
        Skill::Merge => Point::BeforeDeploy,
        Skill::Deploy | Skill::Monitor | Skill::Rollback => Point::BeforeResolve,
        _ => Point::BeforeClose,
    }
}

impl Plan {
    /// The plan's digest.
    pub fn digest(&self) -> String {
        digest::of_value(self).unwrap_or_default()
    }

    /// The action of this id.
    pub fn action(&self, id: &str) -> Option<&ActionRow> {
        self.actions.iter().find(|a| a.id == id)
    }

    /// The first action that a skill carries out.
    pub fn action_of(&self, skill: Skill) -> Option<&ActionRow> {
        self.actions.iter().find(|a| a.skill == skill)
    }

    /// The page's step of this id.
    pub fn document_step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.id == id)
    }

    /// The gate of this id.
    pub fn gate(&self, id: &str) -> Option<&PlannedGate> {
        self.gates.iter().find(|g| g.id == id)
    }
}
