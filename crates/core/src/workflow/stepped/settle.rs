//! What a step's words come to by its place among the others: looking at a fix
//! after its deploy is watching production, a search for the cause before the
//! change is no post-mortem, and a merge to main after another merge is a port.

use super::Draft;
use crate::workflow::Skill::{
    Analyze, Commit, Deploy, FollowUp, Implement, Merge, MergeRequest, Report, Review, Rollback,
};
use crate::workflow::lexicon::Sense;
use crate::workflow::{Skill, Step};

/// The skill where nothing is known of the steps around.
pub(super) fn plainly(sense: Sense) -> Skill {
    match sense {
        Sense::Does(skill) => skill,
        Sense::Verify => Skill::Test,
        Sense::ToMain => Skill::Merge,
        Sense::Nothing => Skill::Manual,
    }
}

/// Gives each step its skills; a step without any is a manual one.
pub(super) fn settle(drafts: Vec<Draft>) -> Vec<Step> {
    let (mut steps, senses): (Vec<Step>, Vec<Vec<Sense>>) =
        drafts.into_iter().map(|draft| (draft.step, draft.found.senses())).unzip();
    let all: Vec<(usize, Sense)> = senses
        .into_iter()
        .enumerate()
        .flat_map(|(at, senses)| senses.into_iter().map(move |sense| (at, sense)))
        .collect();
    let first_of = |wanted: &[Skill]| all.iter().position(|(_, sense)| wanted.contains(&plainly(*sense)));
    let change = first_of(&[Implement, Commit, MergeRequest, Merge, Deploy, Rollback]);
    let reviewable = first_of(&[Implement, Commit, MergeRequest]);
    let mut past = Past::default();
    for (nth, (at, sense)) in all.iter().enumerate() {
        let skill = past.settled(*sense);
        past.note(skill);
        let before = |first: Option<usize>| first.is_some_and(|first| nth < first);
        let too_early = match skill {
            _ if *sense == Sense::Verify => !past.changed && before(first_of(&[Implement])),
            Analyze | Report | FollowUp => before(change),
            Review => before(reviewable),
            skill => skill == Skill::Manual,
        };
        if let Some(step) = steps.get_mut(*at).filter(|step| !too_early && !step.skills.contains(&skill)) {
            step.skills.push(skill);
        }
    }
    for step in steps.iter_mut().filter(|step| step.skills.is_empty()) {
        step.skills.push(Skill::Manual);
    }
    steps
}

/// What the steps before have done.
#[derive(Default)]
struct Past {
    changed: bool,
    merged: bool,
    live: bool,
}

impl Past {
    fn settled(&self, sense: Sense) -> Skill {
        match sense {
            Sense::Verify if self.live || self.merged => Skill::Monitor,
            Sense::ToMain if self.live || self.merged => Skill::Port,
            sense => plainly(sense),
        }
    }

    fn note(&mut self, skill: Skill) {
        let change = [Skill::Implement, Skill::Commit, Skill::MergeRequest, Skill::Merge, Skill::Mitigate];
        self.changed |= change.contains(&skill) || matches!(skill, Skill::Deploy | Skill::Rollback);
        self.merged |= skill == Skill::Merge;
        self.live |= matches!(skill, Skill::Deploy | Skill::Rollback);
    }
}
