//! Whether a merge request still is what the run made it: people may close,
//! retarget, push to or merge it on the forge's page. What fits is gone on
//! with; what does not is said.

use crate::journal::{MergeRequestState, MergeRequestView};

/// What the run expects of its merge request.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The branch with the fix.
    pub source: &'a str,
    /// The branch it goes to.
    pub target: &'a str,
    /// The worktree's commit.
    pub head: &'a str,
    /// The commit that we last pushed to it, if we did.
    pub pushed: Option<&'a str>,
}

/// What no longer fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Somebody closed it.
    Closed,
    /// It goes elsewhere now.
    Retargeted {
        /// Where.
        to: String,
    },
    /// Its head is a commit that is neither the worktree's nor what we pushed.
    OtherHead {
        /// Which.
        commit: String,
    },
    /// It was merged with another commit than the worktree's.
    MergedOther {
        /// Which.
        commit: String,
    },
}

/// What of a merge request no longer fits. An open one whose head is what we
/// pushed before is only out of date, which the next push mends.
pub fn misfits(expected: &Expected<'_>, view: &MergeRequestView) -> Vec<Misfit> {
    let mut all = Vec::new();
    let ours = view.commit == expected.head || expected.pushed == Some(view.commit.as_str());
    match view.state {
        MergeRequestState::Closed => return vec![Misfit::Closed],
        MergeRequestState::Merged if view.commit != expected.head => {
            all.push(Misfit::MergedOther { commit: view.commit.clone() });
        }
        MergeRequestState::Open if !ours => all.push(Misfit::OtherHead { commit: view.commit.clone() }),
        MergeRequestState::Merged | MergeRequestState::Open => {}
    }
    if view.target != expected.target {
        all.push(Misfit::Retargeted { to: view.target.clone() });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(state: MergeRequestState, commit: &str, target: &str) -> MergeRequestView {
        MergeRequestView {
            commit: commit.into(),
            target: target.into(),
            state,
            ..MergeRequestView::new(1, "production", MergeRequestState::Open)
        }
    }

    #[test]
    fn what_people_did_on_the_page() {
        use MergeRequestState::{Closed, Merged, Open};
        let expected = Expected { source: "fix", target: "production", head: "c2", pushed: Some("c1") };
        let head = |c: &str| Misfit::OtherHead { commit: c.into() };
        let to = |t: &str| Misfit::Retargeted { to: t.into() };
        for (state, commit, target, found) in [
            (Open, "c2", "production", vec![]),
            (Open, "c1", "production", vec![]),
            (Open, "c9", "production", vec![head("c9")]),
            (Open, "c2", "main", vec![to("main")]),
            (Open, "c9", "main", vec![head("c9"), to("main")]),
            (Closed, "c2", "production", vec![Misfit::Closed]),
            (Closed, "c9", "main", vec![Misfit::Closed]),
            (Merged, "c2", "production", vec![]),
            (Merged, "c1", "production", vec![Misfit::MergedOther { commit: "c1".into() }]),
            (Merged, "c2", "main", vec![to("main")]),
        ] {
            assert_eq!(
                misfits(&expected, &view(state, commit, target)),
                found,
                "{state:?} {commit} {target}"
            );
        }
    }
}
