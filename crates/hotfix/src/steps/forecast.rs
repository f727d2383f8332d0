//! What a run would do from here: each effect, each command and each place
//! where it would stop. Nothing is carried out, nothing is asked.

use crate::ui::{DIM, NAME, Ui, styled};
use hotfix_core::config::Trigger;
use hotfix_core::journal::MergeRequestState;
use hotfix_core::plan::Plan;
use hotfix_core::run::{Attempt, RunState};
use hotfix_core::workflow::Skill;

/// One thing that would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Would {
    /// The action.
    pub step: String,
    /// `effect`, `command` or `waits`.
    pub kind: &'static str,
    /// What, for people.
    pub what: String,
}

/// What would happen from here until an action, or the end.
pub fn would(state: &RunState, until: Option<&str>) -> Vec<Would> {
    let (Some(plan), Some(attempt)) = (&state.plan, &state.attempt) else { return Vec::new() };
    let mut all = Vec::new();
    for action in &plan.actions {
        if !state.is_over(&action.id) {
            let mut add =
                |kind: &'static str, what: String| all.push(Would { step: action.id.clone(), kind, what });
            of_skill(action.skill, &action.id, plan, attempt, state, &mut add);
        }
        if until.is_some_and(|u| u == action.id || u == action.skill.name()) {
            break;
        }
    }
    all
}

/// Prints it.
pub fn show(ui: &Ui, lines: &[Would]) {
    if ui.json {
        let lines: Vec<_> = lines
            .iter()
            .map(|w| serde_json::json!({"step": w.step, "kind": w.kind, "what": w.what}))
            .collect();
        ui.document(&serde_json::json!({"schema": "hotfix.dry-run/1", "would": lines}));
        return;
    }
    for line in lines {
        let kind = match line.kind {
            "effect" => "would",
            "command" => "would run",
            _ => "would wait for",
        };
        ui.answer(format!(
            "{} {kind} {}",
            styled(DIM, format!("{:>14}", line.step)),
            styled(NAME, &line.what)
        ));
    }
    ui.answer("nothing was carried out");
}

type Add<'a> = dyn FnMut(&'static str, String) + 'a;

fn of_skill(skill: Skill, id: &str, plan: &Plan, attempt: &Attempt, state: &RunState, add: &mut Add<'_>) {
    match skill {
        Skill::Prepare => {
            add("effect", format!("make branch {} with the worktree {}", attempt.branch, attempt.worktree));
            tell(plan, "started", add);
        }
        Skill::Reproduce => reproduction(plan, state, "on the base", add),
        Skill::Implement => add("waits", format!("the change in {}", attempt.worktree)),
        Skill::CheckStyle => plan
            .config
            .verify
            .style
            .iter()
            .for_each(|c| add("command", format!("{} on the changed files", c.shown()))),
        Skill::Test => {
            reproduction(plan, state, "on the fix", add);
            plan.config.verify.critical.iter().for_each(|c| add("command", c.run.shown()));
            plan.config.verify.smoke.iter().for_each(|c| add("command", c.shown()));
        }
        Skill::Commit => add("effect", format!("commit the change on {}", attempt.branch)),
        Skill::MergeRequest => {
            add("effect", format!("push {}", attempt.branch));
            if attempt.target.starts_with("release/hotfix/") {
                add("effect", format!("push {} from {}", attempt.target, attempt.base_ref));
            }
            add("effect", format!("open a merge request from {} to {}", attempt.branch, attempt.target));
        }
        Skill::Review => plan.row.approvers.iter().for_each(|r| add("waits", format!("the approval of {r}"))),
        Skill::Merge => {
            let merged =
                state.merge_request("production").is_some_and(|m| m.state == MergeRequestState::Merged);
            if !merged {
                add("effect", format!("merge {} to {} and tag the version", attempt.branch, attempt.target));
            }
        }
        Skill::Deploy => deploy(plan, add),
        Skill::Monitor => {
            let (min, max) =
                (crate::ui::duration(plan.policy.monitor.min), crate::ui::duration(plan.policy.monitor.max));
            add("waits", format!("production to be watched for {min} to {max}"));
            tell(plan, "resolved", add);
        }
        Skill::Port => port(plan, attempt, add),
        Skill::Analyze => add("waits", "the analysis of the incident".to_owned()),
        Skill::Report => add("effect", "write the incident report".to_owned()),
        Skill::FollowUp => add("effect", "file the follow-up ticket, if the fix is temporary".to_owned()),
        Skill::Cleanup => {
            add("effect", format!("remove the worktree {} (its branch stays)", attempt.worktree));
        }
        Skill::Manual => add("waits", format!("somebody to confirm {id}")),
        Skill::Mitigate | Skill::Rollback | Skill::Notify => {}
    }
}

fn tell(plan: &Plan, moment: &str, add: &mut Add<'_>) {
    use hotfix_core::policy::NotifyKind;
    for place in &plan.policy.notify {
        let reached = match place.kind {
            NotifyKind::Channel => plan.config.channel.path.is_some(),
            NotifyKind::StatusPage => plan.config.status_page.path.is_some(),
        };
        if reached {
            add("effect", format!("tell {}: {moment}", hotfix_core::text::one_line(&place.target)));
        }
    }
}

fn reproduction(plan: &Plan, state: &RunState, side: &str, add: &mut Add<'_>) {
    let recorded = state.reproduction.as_ref().map(|r| r.command.join(" "));
    let shown = recorded
        .or_else(|| plan.config.verify.reproduce.as_ref().map(hotfix_core::config::TestCommand::shown));
    if let Some(shown) = shown {
        add("command", format!("{shown} {side}"));
    }
}

fn deploy(plan: &Plan, add: &mut Add<'_>) {
    match (&plan.config.deploy.trigger, &plan.config.deploy.command) {
        (Trigger::Command, Some(command)) => {
            add("effect", format!("deploy the merged version by {}", command.shown()));
        }
        _ => add("waits", "the version to be read back".to_owned()),
    }
    tell(plan, "deployed", add);
}

fn port(plan: &Plan, attempt: &Attempt, add: &mut Add<'_>) {
    let Some(target) = &plan.policy.branch.port_to else { return };
    if plan.policy.branch.port_by == hotfix_core::policy::PortBy::CherryPick {
        add("effect", format!("cherry-pick the fix on {target} as {}-port", attempt.branch));
        add("effect", format!("push {}-port", attempt.branch));
        add("effect", format!("open a merge request from {}-port to {target}", attempt.branch));
        add("effect", format!("merge it to {target}"));
    }
}
