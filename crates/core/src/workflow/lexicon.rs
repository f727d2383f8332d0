//! The one table of the words that pages use (`words.toml`), ready to be
//! asked, with what a repository adds to it.

use super::Skill;
use super::topics::Topic;
use super::words::Phrases;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

const TABLE: &str = include_str!("words.toml");

/// What a phrase says that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// A built-in skill, or surely none of them (`Manual`).
    Does(Skill),
    /// Testing before the deploy, watching after it.
    Verify,
    /// A merge to main: the merge itself, or a port after it.
    ToMain,
    /// Words that belong together and say nothing: `post-merge`.
    Nothing,
}

/// A phrase of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub sense: Sense,
    /// Of a language in Latin letters that puts its verbs last.
    pub last: bool,
}

/// The words that pages use for their steps and for what is done in them.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    /// What a step's heading is called.
    pub(crate) steps: Phrases<()>,
    pub(crate) skills: Phrases<Word>,
    pub(crate) grammar: Grammar,
    pub(crate) topics: Phrases<Topic>,
    /// What a criterion says, by its place in `said`.
    pub(crate) concepts: Phrases<usize>,
    /// That, in English.
    pub(crate) said: Vec<String>,
}

/// The parts that words play in a clause; what each is for stands in the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grammar {
    pub filler: Phrases<()>,
    pub adverb: Phrases<()>,
    pub cut: Phrases<()>,
    pub of: Phrases<()>,
    pub thing: Phrases<()>,
    pub tells: Phrases<()>,
    pub launches: Phrases<()>,
    pub acts: Phrases<()>,
    pub never: Phrases<()>,
    pub only_if: Phrases<()>,
    pub when: Phrases<()>,
    pub production: Phrases<()>,
    pub tag: Phrases<()>,
    pub tells_last: Phrases<()>,
    pub after_last: Vec<String>,
}

type ByLanguage = BTreeMap<String, String>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    step: ByLanguage,
    skill: BTreeMap<String, ByLanguage>,
    grammar: Parts,
    topic: Vec<About>,
    concept: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    is: Topic,
    words: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    filler: String,
    adverb: String,
    cut: String,
    of: String,
    thing: String,
    tells: String,
    launches: String,
    acts: String,
    never: String,
    only_if: String,
    when: String,
    production: String,
    tag: String,
    tells_last: String,
    after_last: String,
}

static BUILT_IN: LazyLock<Arc<Lexicon>> = LazyLock::new(|| {
    // The table is part of the program; a test reads it with its errors.
    let table = toml::from_str(TABLE).unwrap_or_default();
    Arc::new(Lexicon::of(&table))
});

/// A word list that means nothing to the reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`words.{0}` is neither `step` nor a skill's name")]
pub struct UnknownList(
    /// Its key.
    pub String,
);

impl Lexicon {
    /// The built-in table.
    pub fn built_in() -> Arc<Lexicon> {
        Arc::clone(&BUILT_IN)
    }

    /// The built-in table with more words: `step`, or a skill's name, to phrases.
    ///
    /// # Errors
    /// A key that is neither.
    pub fn with(more: &BTreeMap<String, Vec<String>>) -> Result<Arc<Lexicon>, UnknownList> {
        if more.is_empty() {
            return Ok(Lexicon::built_in());
        }
        let mut lexicon = (*Lexicon::built_in()).clone();
        for (key, phrases) in more {
            for phrase in phrases {
                if key == "step" {
                    lexicon.steps.add(phrase, ());
                } else {
                    let sense = sense_of(key).ok_or_else(|| UnknownList(key.clone()))?;
                    lexicon.skills.add(phrase, Word { sense, last: false });
                }
            }
        }
        Ok(Arc::new(lexicon))
    }

    fn of(table: &Table) -> Lexicon {
        let mut lexicon = Lexicon { grammar: Grammar::of(&table.grammar), ..Lexicon::default() };
        table.step.values().for_each(|words| lexicon.steps.add(words, ()));
        for (key, languages) in &table.skill {
            let Some(sense) = sense_of(key) else { continue };
            for (language, words) in languages {
                let last = language == "tr";
                lexicon.skills.add(words, Word { sense, last });
            }
        }
        table.topic.iter().for_each(|about| lexicon.topics.add(&about.words, about.is));
        for (at, (said, words)) in table.concept.iter().enumerate() {
            lexicon.concepts.add(words, at);
            lexicon.said.push(said.clone());
        }
        lexicon
    }
}

fn sense_of(key: &str) -> Option<Sense> {
    match key {
        "verify" => Some(Sense::Verify),
        "to-main" => Some(Sense::ToMain),
        "nothing" => Some(Sense::Nothing),
        name => serde_json::from_value(name.into()).ok().map(Sense::Does),
    }
}

impl Grammar {
    fn of(parts: &Parts) -> Grammar {
        let list = |words: &str| {
            let mut list = Phrases::default();
            list.add(words, ());
            list
        };
        Grammar {
            filler: list(&parts.filler),
            adverb: list(&parts.adverb),
            cut: list(&parts.cut),
            of: list(&parts.of),
            thing: list(&parts.thing),
            tells: list(&parts.tells),
            launches: list(&parts.launches),
            acts: list(&parts.acts),
            never: list(&parts.never),
            only_if: list(&parts.only_if),
            when: list(&parts.when),
            production: list(&parts.production),
            tag: list(&parts.tag),
            tells_last: list(&parts.tells_last),
            after_last: parts.after_last.split(',').map(|word| word.trim().to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let table: Table = toml::from_str(TABLE).unwrap();
        for key in table.skill.keys() {
            assert!(sense_of(key).is_some(), "{key}");
        }
        let languages = ["en", "de", "fr", "es", "pt", "it", "ja", "zh", "ko", "ru", "tr", "id"];
        for language in languages {
            assert!(table.step.contains_key(language), "step words: {language}");
            for (key, words) in table
                .skill
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "manual" | "to-main" | "nothing"))
            {
                // `commit` is the same word where no other is listed.
                assert!(words.contains_key(language) || key == "commit", "{key}: {language}");
            }
        }
    }

    #[test]
    fn a_repository_adds_its_words() {
        let more = |key: &str| BTreeMap::from([(key.to_owned(), vec!["Pürieren".to_owned()])]);
        let lexicon = Lexicon::with(&more("implement")).unwrap();
        let hits = lexicon.skills.hits(&super::super::words::tokens("dann pürieren"));
        assert_eq!(
            hits.first().map(|hit| hit.sense),
            Some(Word { sense: Sense::Does(Skill::Implement), last: false })
        );
        assert_eq!(Lexicon::with(&more("implment")).unwrap_err(), UnknownList("implment".to_owned()));
    }
}
