//! What a heading or a label is about, where that is no step of its own.

use super::criteria::Place;
use super::lexicon::Lexicon;
use super::words::{Token, tokens};
use serde::Deserialize;

/// What a heading or a label is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Topic {
    MergeRequest,
    Prerequisites,
    Completion,
    Rollback,
    Communication,
    Branch,
    Approval,
    Monitoring,
    Verification,
    Principles,
    /// What is owed when the fix is live.
    After,
    /// What stands there are steps.
    Procedure,
    /// Known parts of a page that are no steps: overview, flow, example, notes.
    Around,
    /// Nothing that is known.
    None,
}

impl Topic {
    /// Where the criteria of its lists stand.
    pub fn place(self) -> Option<Place> {
        match self {
            Topic::Prerequisites => Some(Place::Prerequisite),
            Topic::Verification => Some(Place::Verification),
            Topic::Monitoring => Some(Place::Monitoring),
            Topic::Rollback => Some(Place::Rollback),
            Topic::Completion => Some(Place::Completion),
            _ => None,
        }
    }

    /// Whether it says what holds for the whole page, and is no step.
    pub fn is_policy(self) -> bool {
        !matches!(self, Topic::None | Topic::Procedure | Topic::After)
    }
}

/// So many words may stand beside the words of a topic that says only what
/// part of a page it is.
const BESIDE: usize = 2;

impl Lexicon {
    /// What a heading or a label is about: of several things, the first of the
    /// table. Rules may be named anywhere in it; what only says which part of
    /// the page it is must be most of it.
    pub(crate) fn topic(&self, title: &str) -> Topic {
        let parts = title.split(" / ").map(|part| self.topic_of(part));
        parts.min().unwrap_or(Topic::None)
    }

    fn topic_of(&self, title: &str) -> Topic {
        let title = super::synonyms::without_parentheses(title);
        let mut words = tokens(&title);
        words.retain(|word| self.grammar.filler.of_word(word).is_none());
        let hits = self.topics.hits(&words);
        let outside = |at: usize| !hits.iter().any(|hit| (hit.first..hit.end).contains(&at));
        let others =
            words.iter().enumerate().filter(|(at, word)| outside(*at) && !is_of_every_page(&word.word));
        let beside = others.count();
        let fits = |topic: Topic| match topic {
            Topic::Around => {
                beside == 0
                    || (beside < BESIDE
                        && !self.instructs(&words)
                        && self.senses(&title, usize::MAX).is_empty())
            }
            Topic::Principles | Topic::Procedure | Topic::After => beside <= BESIDE,
            _ => true,
        };
        hits.iter().map(|hit| hit.sense).filter(|topic| fits(*topic)).min().unwrap_or(Topic::None)
    }
}

impl Lexicon {
    /// Whether some words begin with a verb that tells to do something.
    pub(crate) fn instructs(&self, words: &[Token]) -> bool {
        let grammar = &self.grammar;
        let first = words.iter().find(|word| grammar.adverb.of_word(word).is_none());
        let verbs = [&grammar.acts, &grammar.tells, &grammar.launches];
        first.is_some_and(|first| verbs.iter().any(|list| list.of_word(first).is_some()))
    }
}

/// Words that any title of a hotfix page may have.
fn is_of_every_page(word: &str) -> bool {
    matches!(word, "hotfix" | "hotfixes" | "emergency" | "urgent") || word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_labels() {
        let rows = [
            ("MR Requirements", Topic::MergeRequest),
            ("Rollback Plan", Topic::Rollback),
            ("Hotfix-Specific Rules", Topic::Principles),
            ("Minimum Verification", Topic::Verification),
            ("Monitoring Checklist", Topic::Monitoring),
            ("Post-Hotfix Actions", Topic::After),
            ("사후 처리 체크리스트 / Post-Incident Checklist", Topic::After),
            ("ホットフィックス後のアクション", Topic::After),
            ("Required Actions", Topic::Procedure),
            ("## Workflow (3 stages)", Topic::Procedure),
            ("핫픽스 절차 / Hotfix Flow", Topic::Procedure),
            ("Voraussetzungen", Topic::Prerequisites),
            ("When to Use", Topic::Around),
            ("Example usage", Topic::Around),
            ("Update the status page", Topic::None),
            ("Update state files", Topic::None),
            ("Apply the fix", Topic::None),
        ];
        for (title, topic) in rows {
            assert_eq!(Lexicon::built_in().topic(title), topic, "{title}");
        }
    }
}
