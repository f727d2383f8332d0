//! What each skill asks of whoever carries it out, and what it works with
//! where the page maps no inputs.

use super::document::Task;
use crate::run::RunState;
use crate::workflow::Skill;
use crate::workflow::order::ActionRow;

/// What to do for an action of a run.
pub fn task(action: &ActionRow, state: &RunState) -> Task {
    let (summary, command) = of_skill(action);
    let waits = state.steps.get(&action.id).filter(|seen| seen.ended.is_none());
    let waits = waits.map(|seen| seen.waiting_for.as_slice()).unwrap_or_default();
    let mut commands: Vec<String> = waits.iter().map(|wait| wait.how.clone()).collect();
    if commands.is_empty() || action.skill == Skill::Implement {
        commands.insert(0, command);
    }
    commands.dedup_by(|second, first| first.starts_with(second.as_str()));
    Task {
        summary: summary.to_owned(),
        waits_for: waits.iter().map(|wait| wait.what.clone()).collect(),
        commands,
    }
}

fn of_skill(action: &ActionRow) -> (&'static str, String) {
    let until = || format!("hotfix run --until {}", action.id);
    match action.skill {
        Skill::Prepare => ("The branch and the worktree are made from what is in production.", until()),
        Skill::Reproduce => (
            "Find a command or a test that fails now because of the incident, and have it recorded. It must fail for the right reason.",
            "hotfix reproduce -- COMMAND".to_owned(),
        ),
        Skill::Implement => (
            "Make the smallest change that ends the incident, in the worktree and nowhere else. Only edit: `hotfix ship` tests, commits, pushes and opens the merge request.",
            "hotfix ship --note \"what was changed\"".to_owned(),
        ),
        Skill::CheckStyle => ("The project's style checker is run; mend what the change added.", until()),
        Skill::Test => (
            "Prove that the incident is gone and that nothing else broke. The tests are run on the base and on the fix.",
            "hotfix verify".to_owned(),
        ),
        Skill::Commit => ("The change is committed, with the repository's hooks.", until()),
        Skill::MergeRequest => ("The branch is pushed and the merge request opened.", until()),
        Skill::Review => (
            "Somebody else looks at the merge request and approves it. Whoever made the change cannot.",
            "hotfix run --wait".to_owned(),
        ),
        Skill::Merge => ("The commit that was verified and approved is merged.", "hotfix run".to_owned()),
        Skill::Deploy => {
            ("The merged commit is deployed, and the version read back.", "hotfix run --wait".to_owned())
        }
        Skill::Monitor => ("Production is watched until the window is over.", "hotfix run --wait".to_owned()),
        Skill::Mitigate => (
            "Stop the bleeding, before there is a fix.",
            format!("hotfix done {} --note \"what was done\"", action.id),
        ),
        Skill::Rollback => ("Bring back what ran before the deploy.", "hotfix rollback".to_owned()),
        Skill::Port => (
            "The fix is brought to main; where it conflicts, resolve it in the worktree that is named then.",
            "hotfix port".to_owned(),
        ),
        Skill::Analyze => (
            "Find the root cause and what would have prevented it, and write it down.",
            "hotfix report --edit".to_owned(),
        ),
        Skill::Report => (
            "Complete the incident report: root cause, timeline, fix, prevention with owner and date.",
            "hotfix report --edit".to_owned(),
        ),
        Skill::FollowUp => (
            "Say whether the fix is temporary; then a ticket for the proper one is filed.",
            format!("hotfix done {} --temporary", action.id),
        ),
        Skill::Notify => ("The channel and the status page are told.", until()),
        Skill::Cleanup => ("The worktree is removed; the branch stays.", "hotfix cleanup".to_owned()),
        Skill::Manual => (
            "Do by hand what the page says, then confirm it.",
            format!("hotfix done {} --note \"what was done\"", action.id),
        ),
    }
}

/// Inputs of use for a skill where the page maps none: name and source.
pub fn inputs(skill: Skill) -> &'static [(&'static str, &'static str)] {
    match skill {
        Skill::Prepare => &[("incident", "Incident record"), ("codebase", "Production tag")],
        Skill::Reproduce | Skill::Mitigate => &[
            ("incident", "Incident record"),
            ("ticket", "Ticket description"),
            ("logs", "Logs"),
            ("metrics", "Metrics"),
        ],
        Skill::Implement => &[
            ("incident", "Incident record"),
            ("ticket", "Ticket"),
            ("reproduction", "Reproduction"),
            ("codebase", "Production tag"),
            ("logs", "Logs"),
        ],
        Skill::CheckStyle | Skill::Commit => &[("change", "Fix")],
        Skill::Test => &[("change", "Fix"), ("reproduction", "Reproduction"), ("tests", "Tests")],
        Skill::MergeRequest | Skill::Review | Skill::Merge => {
            &[("merge_request", "Merge request"), ("evidence", "Evidence"), ("change", "Fix")]
        }
        Skill::Deploy => &[("merge_request", "Merge request"), ("rollback", "Rollback plan")],
        Skill::Rollback => &[("rollback", "Rollback plan"), ("metrics", "Metrics")],
        Skill::Monitor => &[("metrics", "Metrics"), ("logs", "Logs"), ("rollback", "Rollback plan")],
        Skill::Port => &[("change", "Fix"), ("target", "Main branch")],
        Skill::Analyze | Skill::Report => &[
            ("timeline", "Timeline"),
            ("change", "Fix"),
            ("logs", "Logs"),
            ("metrics", "Metrics"),
            ("alerts", "Alerts"),
        ],
        Skill::FollowUp => &[("incident", "Incident record"), ("change", "Fix")],
        Skill::Notify => &[("incident", "Incident record"), ("timeline", "Timeline")],
        Skill::Cleanup | Skill::Manual => &[("incident", "Incident record")],
    }
}

/// Inputs of use besides those that the page maps.
pub fn more(skill: Skill) -> &'static [(&'static str, &'static str)] {
    match skill {
        Skill::Implement => &[("ticket", "Ticket"), ("reproduction", "Reproduction"), ("logs", "Logs")],
        Skill::Analyze => &[("ticket", "Ticket")],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brief::{Known, Source, sources};
    use crate::workflow::order::Origin;

    #[test]
    fn what_is_of_use_is_a_source() {
        for skill in crate::workflow::Skill::ALL {
            for (name, words) in inputs(*skill).iter().chain(more(*skill)) {
                let found = sources(words, Known::default());
                let known = found.len() == 1 && !matches!(found[0], Source::Literal { .. });
                assert!(known, "{} {name}: {found:?}", skill.name());
            }
        }
    }

    #[test]
    fn what_waits_says_how_it_goes_on() {
        let action = ActionRow {
            id: "manual-call".to_owned(),
            skill: Skill::Manual,
            step: None,
            document_step: None,
            implied: false,
            origin: Origin::Page,
        };
        let task = task(&action, &RunState::default());
        assert_eq!(task.commands, ["hotfix done manual-call --note \"what was done\""]);
    }
}
