//! Commands that test: as they stand, or with what is to be known of their
//! results.

use super::Command;
use crate::testing::Format;
use crate::testing::runner::Told;
use schemars::JsonSchema;
use serde::de::{MapAccess, SeqAccess, Visitor, value};
use serde::{Deserialize, Deserializer, Serialize};

/// A command that tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TestCommand {
    /// The command; its runner is recognised.
    Plain(Command),
    /// The command, and where its results are.
    Told(ToldCommand),
}

/// A command, and where its results are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldCommand {
    /// The command.
    pub run: Command,
    /// The format of its results; recognised where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The file or glob, relative to the tree, that it writes its results to; what it prints where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

impl TestCommand {
    /// The command.
    pub fn command(&self) -> &Command {
        match self {
            TestCommand::Plain(command) => command,
            TestCommand::Told(told) => &told.run,
        }
    }

    /// What is said of its results.
    pub fn told(&self) -> Told {
        match self {
            TestCommand::Plain(_) => Told::default(),
            TestCommand::Told(told) => Told { format: told.format, report: told.report.clone() },
        }
    }

    /// The command as a person would type it.
    pub fn shown(&self) -> String {
        self.command().shown()
    }
}

// By hand, so that a key that is not known is told with those that are.
impl<'de> Deserialize<'de> for TestCommand {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = TestCommand;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("a command: a text, a list of words, or a table with `run`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TestCommand, E> {
                Ok(TestCommand::Plain(Command::Shell(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, words: A) -> Result<TestCommand, A::Error> {
                let words = Vec::deserialize(value::SeqAccessDeserializer::new(words))?;
                Ok(TestCommand::Plain(Command::Words(words)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TestCommand, A::Error> {
                ToldCommand::deserialize(value::MapAccessDeserializer::new(map)).map(TestCommand::Told)
            }
        }
        from.deserialize_any(Either)
    }
}

/// Critical tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Critical {
    /// Globs; empty: always.
    #[serde(default)]
    pub paths: Vec<String>,
    /// The command.
    pub run: Command,
    /// The format of its results; recognised where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The file or glob, relative to the tree, that it writes its results to; what it prints where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// How much of it is run for a change.
    #[serde(default, skip_serializing_if = "Select::is_all")]
    pub select: Select,
}

impl Critical {
    /// As a command that tests.
    pub fn command(&self) -> TestCommand {
        if self.format.is_none() && self.report.is_none() {
            return TestCommand::Plain(self.run.clone());
        }
        TestCommand::Told(ToldCommand {
            run: self.run.clone(),
            format: self.format,
            report: self.report.clone(),
        })
    }
}

/// How much of a critical command is run for a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Select {
    /// The command as it stands.
    #[default]
    All,
    /// Where its runner can choose, only the tests of what has changed: the
    /// packages (cargo, go), the related files (jest, vitest), the test files
    /// that name or import it (pytest, node). `hotfix verify --all` runs all.
    Related,
}

impl Select {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_all(&self) -> bool {
        *self == Select::All
    }
}
