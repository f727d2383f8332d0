//! The gates: which there are, when each is required, and what a verdict is.
//!
//! Ids are stable: policies, waivers, status and reports use them. How a gate
//! is evaluated is not decided here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The point of a run at which a gate must have passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// Before the first edit.
    BeforeEdit,
    /// Before the commit.
    BeforeCommit,
    /// Before the merge to production.
    BeforeMerge,
    /// Before the deploy.
    BeforeDeploy,
    /// Before the incident counts as resolved.
    BeforeResolve,
    /// Before the run can be closed.
    BeforeClose,
}

impl Point {
    /// The name used on the wire, e.g. `before-merge`.
    pub fn name(self) -> &'static str {
        match self {
            Point::BeforeEdit => "before-edit",
            Point::BeforeCommit => "before-commit",
            Point::BeforeMerge => "before-merge",
            Point::BeforeDeploy => "before-deploy",
            Point::BeforeResolve => "before-resolve",
            Point::BeforeClose => "before-close",
        }
    }
}

/// A gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Not evaluated yet, or what was evaluated is stale.
    Pending,
    /// The criterion holds.
    Pass,
    /// The criterion does not hold.
    Fail,
    /// It could not be decided (inconclusive, unverifiable, a command not found).
    Unknown,
    /// It has no meaning for this plan; decided when the plan is frozen.
    NotApplicable,
    /// A named person let it pass, for a reason.
    Waived,
}

impl Verdict {
    /// Whether the run may go on past this gate.
    pub fn lets_pass(self) -> bool {
        matches!(self, Verdict::Pass | Verdict::NotApplicable | Verdict::Waived)
    }

    /// The name used on the wire, e.g. `not-applicable`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pending => "pending",
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Unknown => "unknown",
            Verdict::NotApplicable => "not-applicable",
            Verdict::Waived => "waived",
        }
    }
}

/// What a verdict holds for: the subject whose change makes it stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The whole run.
    Run,
    /// The tree that was judged; a commit of the same tree inherits it.
    Tree,
    /// The commit that was judged.
    Commit,
    /// The deploy that was watched.
    Deploy,
}

/// Whether a gate holds the run where no page names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// It binds.
    Binding,
    /// It is evaluated and shown.
    Advisory,
    /// The merge-request policy decides.
    ByPolicy,
}

/// A built-in gate.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// Its stable id.
    pub id: &'static str,
    /// Where it is required.
    pub required: Point,
    /// Whether it binds by default.
    pub default: Default,
    /// What a verdict of it holds for.
    pub bound: Bound,
    /// When it passes, in one clause.
    pub passes_when: &'static str,
}

macro_rules! gates {
    ($($id:literal $required:ident $default:ident $bound:ident $when:literal;)*) => {
        &[$(BuiltIn { id: $id, required: Point::$required, default: Default::$default, bound: Bound::$bound, passes_when: $when }),*]
    };
}

/// Every built-in gate, in the order of a run.
pub const BUILT_IN: &[BuiltIn] = gates! {
    "prepare.incident-confirmed" BeforeMerge Binding Run "somebody confirmed the incident, or its alert or ticket is open";
    "prepare.authorized" BeforeMerge Binding Run "a manager or the person on call authorised the hotfix";
    "prepare.base" BeforeMerge Binding Run "the branch starts at the policy's base";
    "change.size" BeforeCommit Advisory Tree "files and lines are within the budget";
    "change.scope" BeforeCommit Binding Tree "only paths that the incident concerns, and no protected ones";
    "change.shape" BeforeCommit Advisory Tree "no refactoring, no new feature, no weakened test";
    "change.secrets" BeforeCommit Binding Tree "no secret is added";
    "style.clean" BeforeCommit Binding Tree "the change adds no finding of the style checker";
    "repro.fails-before" BeforeMerge Binding Run "the reproduction fails on the base";
    "repro.passes-after" BeforeMerge Binding Tree "the reproduction passes on the fix";
    "tests.critical" BeforeMerge Binding Tree "the critical tests that pass on the base pass on the fix";
    "tests.smoke" BeforeMerge Binding Tree "the smoke tests that pass on the base pass on the fix";
    "logs.no-new-errors" BeforeMerge Advisory Tree "the candidate's log has no error template that the baseline lacks";
    "mr.title" BeforeMerge ByPolicy Commit "the merge request's title has the tracker key";
    "mr.labels" BeforeMerge ByPolicy Commit "the merge request has the policy's labels";
    "mr.evidence" BeforeMerge ByPolicy Commit "the merge request's body shows the evidence";
    "mr.pipeline" BeforeMerge ByPolicy Commit "the pipeline of the commit passed";
    "review.approvers" BeforeMerge Binding Commit "the severity's approvers approved this commit";
    "review.reviewers" BeforeMerge Binding Commit "the severity's reviewers reviewed this commit";
    "rollback.ready" BeforeDeploy Binding Commit "the last good version, the command and the criteria are known and rehearsed";
    "deploy.live" BeforeResolve Binding Deploy "the service answers after the deploy";
    "deploy.version" BeforeResolve Binding Deploy "the version read back is the merged commit";
    "monitor.error-rate" BeforeResolve Binding Deploy "error rates are back to normal";
    "monitor.new-errors" BeforeResolve Binding Deploy "no new error types since the deploy";
    "monitor.metrics" BeforeResolve Binding Deploy "key metrics are stable";
    "incident.resolved" BeforeClose Binding Run "a person or the monitoring says that the incident is over";
    "port.merged" BeforeClose Binding Run "the fix is on main";
    "followup.ticket" BeforeClose Binding Run "the follow-up ticket exists, where the fix is temporary";
    "report.complete" BeforeClose Binding Run "root cause, timeline, fix and prevention are written";
};

/// The built-in gate of this id.
pub fn built_in(id: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|gate| gate.id == id)
}

/// Gates that break-glass can never set aside.
pub fn break_glass_cannot(id: &str) -> bool {
    matches!(id, "change.secrets" | "repro.passes-after" | "rollback.ready")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_named() {
        let ids: BTreeSet<_> = BUILT_IN.iter().map(|gate| gate.id).collect();
        assert_eq!(ids.len(), BUILT_IN.len());
        assert!(built_in("port.merged").is_some());
        assert!(built_in("port.imagined").is_none());
    }

    #[test]
    fn unknown_and_fail_never_pass() {
        assert!(!Verdict::Unknown.lets_pass() && !Verdict::Fail.lets_pass() && !Verdict::Pending.lets_pass());
    }
}
