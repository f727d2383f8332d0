//! Whether the forge itself would merge now, told in the same words for all:
//! each forge has its own names for what is missing.

use crate::journal::WaitingKind;

/// Whether the forge would merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Now.
    Ready,
    /// It is still working it out.
    Checking,
    /// Something that others, or its jobs, have to do first.
    Waits {
        /// What kind of wait it is.
        kind: WaitingKind,
        /// What is missing, in words.
        what: String,
    },
    /// The request is a draft.
    Draft,
    /// The target has commits that the branch lacks, and the project wants them first.
    Behind,
    /// It conflicts with the target.
    Conflicts,
    /// It is in a merge train or queue.
    Queued,
    /// It is not open.
    NotOpen,
}

impl Readiness {
    fn waits(kind: WaitingKind, what: &str) -> Readiness {
        Readiness::Waits { kind, what: what.to_owned() }
    }
}

/// GitLab's `detailed_merge_status` (15.6 and later), or `merge_status` before that.
pub fn gitlab(status: &str) -> Readiness {
    use WaitingKind::{Approval, Person, Pipeline, Time};
    match status {
        "mergeable" | "can_be_merged" => Readiness::Ready,
        "checking"
        | "unchecked"
        | "preparing"
        | "approvals_syncing"
        | "cannot_be_merged_recheck"
        | "cannot_be_merged_rechecking" => Readiness::Checking,
        "draft_status" => Readiness::Draft,
        "need_rebase" => Readiness::Behind,
        "conflict" | "cannot_be_merged" | "broken_status" => Readiness::Conflicts,
        "not_open" => Readiness::NotOpen,
        "not_approved" => Readiness::waits(Approval, "the approvals that the project's own rules want"),
        "requested_changes" => {
            Readiness::waits(Approval, "a reviewer who requested changes to take that back")
        }
        "ci_still_running" => Readiness::waits(Pipeline, "the pipeline to end"),
        "ci_must_pass" => Readiness::waits(Pipeline, "a pipeline that passes, as the project wants"),
        "status_checks_must_pass" | "external_status_checks" => {
            Readiness::waits(Pipeline, "the external status checks")
        }
        "security_policy_violations" | "security_policy_pipeline_check" | "policies_denied" => {
            Readiness::waits(Person, "the violation of a security policy to be resolved")
        }
        "discussions_not_resolved" => Readiness::waits(Person, "open threads to be resolved"),
        "merge_request_blocked" | "blocked_status" => {
            Readiness::waits(Person, "another merge request that must be merged first")
        }
        "jira_association_missing" => Readiness::waits(Person, "a Jira key in title or description"),
        "locked_paths" | "locked_lfs_files" => Readiness::waits(Person, "locked files to be unlocked"),
        "title_regex" | "title_not_matching" => {
            Readiness::waits(Person, "a title that matches the project's pattern")
        }
        "merge_time" => Readiness::waits(Time, "the time that was set for the merge"),
        other => Readiness::Waits {
            kind: Person,
            what: format!("what GitLab calls `{}`", crate::text::brief(other, 60)),
        },
    }
}

/// GitHub's `mergeable_state`. `blocked` does not say by what, so nothing is
/// forced: an administrator's token could merge over it.
pub fn github(state: &str) -> Readiness {
    match state {
        "clean" | "has_hooks" | "unstable" => Readiness::Ready,
        "unknown" | "" => Readiness::Checking,
        "draft" => Readiness::Draft,
        "behind" => Readiness::Behind,
        "dirty" => Readiness::Conflicts,
        _ => Readiness::waits(
            WaitingKind::Approval,
            "what the branch's own protection wants (reviews, code owners, checks, resolved conversations)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gitlabs_words() {
        let kind = |status: &str| match gitlab(status) {
            Readiness::Waits { kind, .. } => Some(kind),
            _ => None,
        };
        for status in ["mergeable", "can_be_merged"] {
            assert_eq!(gitlab(status), Readiness::Ready);
        }
        for status in ["checking", "unchecked", "preparing"] {
            assert_eq!(gitlab(status), Readiness::Checking);
        }
        assert_eq!(gitlab("need_rebase"), Readiness::Behind);
        assert_eq!(gitlab("conflict"), Readiness::Conflicts);
        assert_eq!(kind("not_approved"), Some(WaitingKind::Approval));
        assert_eq!(kind("ci_must_pass"), Some(WaitingKind::Pipeline));
        assert_eq!(kind("discussions_not_resolved"), Some(WaitingKind::Person));
        // A word of tomorrow's GitLab waits, and is shown.
        assert!(matches!(gitlab("new_rule"), Readiness::Waits { what, .. } if what.contains("new_rule")));
    }

    #[test]
    fn githubs_words() {
        assert_eq!(github("clean"), Readiness::Ready);
        assert_eq!(github("unstable"), Readiness::Ready);
        assert_eq!(github("unknown"), Readiness::Checking);
        assert_eq!(github("behind"), Readiness::Behind);
        assert!(matches!(github("blocked"), Readiness::Waits { .. }));
    }
}
