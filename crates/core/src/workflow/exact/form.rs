//! The exact form as types: the front matter of a page, of which the JSON
//! Schema is made that editors complete by and the reader checks against.

// The types are only ever looked at by the schema's maker.
#![expect(dead_code, reason = "these types are the source of the published schema")]

use crate::policy::{BaseKind, NotifyKind, PortBy, Requirement, ReviewTiming};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The front matter of a hotfix page.
#[derive(JsonSchema)]
#[schemars(title = "front matter of a hotfix page")]
pub(super) struct FrontMatter {
    /// The workflow's name, e.g. `payments-hotfix`.
    name: Option<String>,
    /// What it is for, in one line.
    description: Option<String>,
    /// Who carries it out, e.g. `developer`. They cannot approve their own change.
    role: Option<String>,
    /// The skills of a skill-list page, in order. A skill may have an argument:
    /// `git-workflow (worktree)`.
    skills: Option<Vec<String>>,
    /// The rules, exactly, or the file beside the page that holds them. They
    /// win over the page's prose; what is left out stays as the prose says.
    policy: Option<ExactPolicyOrFile>,
}

/// The rules, or where they are.
#[derive(JsonSchema)]
#[schemars(rename = "PolicyOrFile", untagged)]
pub(super) enum ExactPolicyOrFile {
    /// The rules.
    Here(Box<ExactPolicy>),
    /// A YAML file of the repository with the rules, as seen from the page.
    File(String),
}

/// The rules of a hotfix, exactly. What is left out stays as the page's prose says.
#[derive(JsonSchema)]
#[schemars(rename = "Policy", title = "policy: of a hotfix page", deny_unknown_fields)]
pub(super) struct ExactPolicy {
    /// The steps, in order. With them, headings and lists of the page are no steps of their own.
    steps: Option<Vec<ExactStep>>,
    /// Gates that come after a step, as a quality-gate table has them.
    gates: Option<Vec<ExactGate>>,
    /// What must hold before the hotfix goes to production.
    prerequisites: Option<Vec<ExactCriterion>>,
    /// What the change may be.
    change: Option<ExactChange>,
    /// What the verification must show.
    verification: Option<Vec<ExactCriterion>>,
    /// When the run is complete.
    completion: Option<Vec<ExactCriterion>>,
    /// What is owed later and holds nothing up, e.g. a post-mortem.
    obligations: Option<Vec<ExactCriterion>>,
    /// The rules for merge requests.
    merge_request: Option<ExactMergeRequest>,
    /// The approval matrix, by severity (`P1`, `P2` …), the highest first.
    severities: Option<BTreeMap<String, ExactSeverity>>,
    /// Where the branch comes from and where it goes.
    branch: Option<ExactBranch>,
    /// How production is watched after the deploy.
    monitor: Option<ExactMonitor>,
    /// What must be known before the deploy, and when to go back.
    rollback: Option<ExactRollback>,
    /// The time from resolution in which the incident report is due.
    report_within: Option<ExactDuration>,
    /// Who is told.
    notify: Option<Vec<ExactNotify>>,
    /// The roles that may let a gate pass, by gate (`change.size`), by family
    /// (`review.*`) or for all the others (`*`). An empty list: nobody. A gate
    /// that is not named: anybody, by name and with a reason.
    waivers: Option<BTreeMap<String, Vec<String>>>,
    /// What is to be read and belongs to no step.
    guidance: Option<Vec<String>>,
}

/// A step.
#[derive(JsonSchema)]
#[schemars(rename = "Step", deny_unknown_fields)]
pub(super) struct ExactStep {
    /// What it is called.
    title: String,
    /// A stable name, unique in the page; made from the title if left out.
    id: Option<String>,
    /// What carries it out, in order: built-in skills. None: a person does it and confirms it.
    skills: Option<Vec<crate::workflow::Skill>>,
    /// The name that gates know it by (`After`), e.g. the path of its skill; the title if left out.
    name: Option<String>,
    /// Its context mapping.
    inputs: Option<Vec<ExactInput>>,
    /// What it puts out.
    outputs: Option<Vec<String>>,
    /// What must hold after it.
    checklist: Option<Vec<ExactCriterion>>,
    /// What is for people and agents to read.
    guidance: Option<Vec<String>>,
    /// Commands that help. They never run by themselves.
    suggested_commands: Option<Vec<String>>,
}

/// An input of a step.
#[derive(JsonSchema)]
#[schemars(rename = "Input", deny_unknown_fields)]
pub(super) struct ExactInput {
    /// The skill's input.
    name: String,
    /// Where it comes from: `Ticket description`, `Production tag`, `Output of Step 1`,
    /// `Logs, metrics, alerts`, a path of the repository, or the words themselves.
    source: String,
    /// Files that belong to it, as links from the page.
    links: Option<Vec<String>>,
}

/// A gate after a step.
#[derive(JsonSchema)]
#[schemars(rename = "Gate", deny_unknown_fields)]
pub(super) struct ExactGate {
    /// The step after which it must hold: its id, title or name.
    after: String,
    /// What must hold.
    criteria: String,
    /// The gate that decides it; found from the words if left out.
    gate: Option<ExactGateId>,
}

/// A criterion: its words, or its words with the gate that decides it.
#[derive(JsonSchema)]
#[schemars(rename = "Criterion", untagged)]
pub(super) enum ExactCriterion {
    /// The words; the gate is found from them.
    Words(String),
    /// The words and the gate.
    Exact(ExactCriterionFull),
}

/// A criterion with its gate.
#[derive(JsonSchema)]
#[schemars(rename = "CriterionFull", deny_unknown_fields)]
pub(super) struct ExactCriterionFull {
    /// The words.
    text: String,
    /// The gate that decides it: built in, or `manual.<slug>` for a person's word.
    gate: Option<ExactGateId>,
}

/// What the change may be.
#[derive(JsonSchema)]
#[schemars(rename = "Change", deny_unknown_fields)]
pub(super) struct ExactChange {
    /// At most so many files (tests do not count).
    max_files: Option<u32>,
    /// At most so many added and removed lines (tests do not count).
    max_lines: Option<u32>,
    /// The smallest possible change: `change.size` binds.
    minimal: Option<bool>,
    /// No refactoring: `change.shape` binds.
    no_refactoring: Option<bool>,
    /// No new features: `change.shape` binds.
    no_features: Option<bool>,
}

/// The rules for merge requests.
#[derive(JsonSchema)]
#[schemars(rename = "MergeRequest", deny_unknown_fields)]
pub(super) struct ExactMergeRequest {
    /// The tracker's key in the title.
    title_key: Option<Requirement>,
    /// Labels that it must have.
    labels: Option<Vec<String>>,
    /// The evidence table in the body.
    evidence: Option<Requirement>,
}

/// A row of the approval matrix.
#[derive(JsonSchema)]
#[schemars(rename = "Severity", deny_unknown_fields)]
pub(super) struct ExactSeverity {
    /// What the severity means, e.g. `Down`.
    title: Option<String>,
    /// Roles whose approval is needed before the merge, e.g. `on-call`.
    approvers: Option<Vec<String>>,
    /// How many reviewers are needed besides.
    reviewers: Option<u32>,
    /// When they review.
    review: Option<ReviewTiming>,
    /// Its place in the matrix, 0 the highest; its place in this map if left out.
    rank: Option<u32>,
}

/// Where the branch comes from and where it goes.
#[derive(JsonSchema)]
#[schemars(rename = "Branch", deny_unknown_fields)]
pub(super) struct ExactBranch {
    /// The branch's name; `{id}` is the incident's key, `{version}` the next version.
    pattern: Option<String>,
    /// What it starts from.
    base: Option<BaseKind>,
    /// What it is merged to.
    merge_to: Option<BaseKind>,
    /// The branch that the fix is brought to afterwards; null: none.
    port_to: Option<String>,
    /// How it comes there.
    port_by: Option<PortBy>,
}

/// How production is watched after the deploy.
#[derive(JsonSchema)]
#[schemars(rename = "Monitor", deny_unknown_fields)]
pub(super) struct ExactMonitor {
    /// Whether there is a monitored window at all; else one look at liveness.
    watch: Option<bool>,
    /// The shortest window.
    min: Option<ExactDuration>,
    /// The longest window.
    max: Option<ExactDuration>,
    /// What must hold.
    checks: Option<Vec<ExactCriterion>>,
}

/// What must be known before the deploy, and when to go back.
#[derive(JsonSchema)]
#[schemars(rename = "Rollback", deny_unknown_fields)]
pub(super) struct ExactRollback {
    /// What must be known before the deploy.
    required: Option<Vec<ExactCriterion>>,
    /// Whether a proven regression rolls back without asking; null: as the config says.
    automatic: Option<bool>,
}

/// Somebody who is told: a channel's name with its `#`, or all of it.
#[derive(JsonSchema)]
#[schemars(rename = "Notify", untagged)]
pub(super) enum ExactNotify {
    /// A channel, e.g. `#incident`.
    Channel(String),
    /// All of it.
    Full(ExactNotifyFull),
}

/// Somebody who is told.
#[derive(JsonSchema)]
#[schemars(rename = "NotifyFull", deny_unknown_fields)]
pub(super) struct ExactNotifyFull {
    /// What kind of place.
    kind: NotifyKind,
    /// The channel's name with its `#`, or words.
    target: String,
    /// When, in words, e.g. `if external`.
    condition: Option<String>,
}

/// A duration: `15m`, `2h`, `1d` or `PT15M`.
pub(super) struct ExactDuration;

impl JsonSchema for ExactDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": super::duration::PATTERN,
            "description": "A duration: `15m`, `2h`, `1d` or `PT15M`.",
            "examples": ["15m", "30m", "2h", "1d"],
        })
    }
}

/// A gate's id.
pub(super) struct ExactGateId;

impl JsonSchema for ExactGateId {
    fn schema_name() -> Cow<'static, str> {
        "GateId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ids: Vec<&str> = crate::gate::BUILT_IN.iter().map(|gate| gate.id).collect();
        json_schema!({
            "description": "A gate: built in, or `manual.<slug>` for a person's word.",
            "anyOf": [{ "enum": ids }, { "type": "string", "pattern": "^manual\\.\\S*$" }],
        })
    }
}
