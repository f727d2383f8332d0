//! The plan's actions in their order: the page's, the ones that the policy
//! needs although no step names them, and the defaults. It refuses to carry
//! out one built-in skill twice.

use super::{Skill, Workflow};
use crate::policy::{BaseKind, PortBy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Why an action is in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A step of the page names it.
    Page,
    /// The policy needs it.
    Implied,
    /// The config makes it possible and the page does not forbid it.
    Default,
}

/// One action of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionRow {
    /// Unique in the plan: the skill's name, or `manual-<step>`.
    pub id: String,
    /// What carries it out.
    pub skill: Skill,
    /// The id of the page's step that it comes from.
    pub step: Option<String>,
    /// That step's title.
    pub document_step: Option<String>,
    /// Whether no step names it.
    pub implied: bool,
    /// Why it is there.
    pub origin: Origin,
}

impl ActionRow {
    fn added(skill: Skill, origin: Origin) -> Self {
        let id = skill.name().to_owned();
        ActionRow { id, skill, step: None, document_step: None, implied: true, origin }
    }
}

/// The ordered actions of a workflow. `deploy_configured` says whether the
/// config knows how to deploy.
pub fn order(workflow: &Workflow, deploy_configured: bool) -> Vec<ActionRow> {
    let mut plan = Plan { rows: from_page(workflow) };
    if workflow.steps.is_empty() || plan.rows.iter().any(|row| row.skill != Skill::Manual) {
        plan.change();
        plan.merge();
        plan.deploy(deploy_configured);
        plan.port(workflow);
        plan.paper(workflow);
        plan.cleanup();
    }
    plan.rows
}

fn from_page(workflow: &Workflow) -> Vec<ActionRow> {
    let mut rows: Vec<ActionRow> = Vec::new();
    let mut seen = BTreeSet::new();
    for step in &workflow.steps {
        for &skill in &step.skills {
            let manual = skill == Skill::Manual;
            if !manual && !seen.insert(skill) {
                continue;
            }
            rows.push(ActionRow {
                id: if manual { format!("manual-{}", step.id) } else { skill.name().to_owned() },
                skill,
                step: Some(step.id.clone()),
                document_step: Some(step.title.clone()),
                implied: false,
                origin: Origin::Page,
            });
        }
    }
    rows
}

struct Plan {
    rows: Vec<ActionRow>,
}

impl Plan {
    fn at(&self, skill: Skill) -> Option<usize> {
        self.rows.iter().position(|row| row.skill == skill)
    }

    fn first_of(&self, skills: &[Skill]) -> Option<usize> {
        self.rows.iter().position(|row| skills.contains(&row.skill))
    }

    fn after_last_of(&self, skills: &[Skill]) -> Option<usize> {
        self.rows.iter().rposition(|row| skills.contains(&row.skill)).map(|at| at + 1)
    }

    fn add(&mut self, at: usize, skill: Skill, origin: Origin) {
        if self.at(skill).is_none() {
            self.rows.insert(at.min(self.rows.len()), ActionRow::added(skill, origin));
        }
    }

    fn change(&mut self) {
        use Skill::{
            CheckStyle, Commit, Deploy, Implement, Merge, MergeRequest, Monitor, Prepare, Reproduce, Review,
            Test,
        };
        self.add(0, Prepare, Origin::Implied);
        let later = [CheckStyle, Test, Commit, MergeRequest, Review, Merge, Deploy, Monitor];
        let end = self.rows.len();
        let fix = self.first_of(&later).unwrap_or(end);
        self.add(fix, Implement, Origin::Implied);
        let fix = self.at(Implement).unwrap_or_default();
        self.add(fix, Reproduce, Origin::Implied);
        let fixed = self.after_last_of(&[Implement, CheckStyle]).unwrap_or(end);
        self.add(fixed, Commit, Origin::Implied);
        let commit = self.at(Commit).unwrap_or(end);
        self.add(commit, CheckStyle, Origin::Implied);
        let committed = self.after_last_of(&[Commit]).unwrap_or(end);
        self.add(committed, Test, Origin::Implied);
    }

    fn merge(&mut self) {
        use Skill::{Commit, Deploy, Merge, MergeRequest, Monitor, Review, Test};
        let ready = self.after_last_of(&[Commit, Test]).unwrap_or(self.rows.len());
        let ready = self.first_of(&[Review, Merge, Deploy, Monitor]).unwrap_or(ready);
        self.add(ready, MergeRequest, Origin::Implied);
        let opened = self.after_last_of(&[MergeRequest]).unwrap_or(ready);
        self.add(self.at(Merge).unwrap_or(opened), Review, Origin::Implied);
        let reviewed = self.after_last_of(&[MergeRequest, Review]).unwrap_or(opened);
        self.add(reviewed, Merge, Origin::Implied);
    }

    fn deploy(&mut self, configured: bool) {
        if configured {
            let merged = self.after_last_of(&[Skill::Merge]).unwrap_or(self.rows.len());
            self.add(merged, Skill::Deploy, Origin::Default);
        }
    }

    fn port(&mut self, workflow: &Workflow) {
        let branch = &workflow.policy.branch;
        let by_ancestry = branch.port_by == PortBy::Ancestry || branch.merge_to == BaseKind::Main;
        if branch.port_to.is_some() || by_ancestry {
            let live =
                self.after_last_of(&[Skill::Merge, Skill::Deploy, Skill::Monitor]).unwrap_or(self.rows.len());
            self.add(live, Skill::Port, Origin::Implied);
        }
    }

    fn paper(&mut self, workflow: &Workflow) {
        use Skill::{Analyze, Deploy, FollowUp, Merge, Monitor, Port, Report};
        let completes =
            |gate: &str| workflow.policy.completion.iter().any(|c| c.gate.as_deref() == Some(gate));
        if completes("report.complete") || workflow.says("report_within") {
            let ported = self.after_last_of(&[Merge, Deploy, Monitor, Port]).unwrap_or(self.rows.len());
            self.add(self.at(Report).unwrap_or(ported), Analyze, Origin::Implied);
            let analyzed = self.after_last_of(&[Analyze]).unwrap_or(ported);
            self.add(analyzed, Report, Origin::Implied);
        }
        if completes("followup.ticket") {
            let end = self.rows.len();
            let reported = self.after_last_of(&[Port, Analyze, Report]).unwrap_or(end);
            self.add(reported, FollowUp, Origin::Implied);
        }
    }

    fn cleanup(&mut self) {
        self.add(self.rows.len(), Skill::Cleanup, Origin::Implied);
    }
}
