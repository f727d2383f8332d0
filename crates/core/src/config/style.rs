//! Style checkers: as they stand, or with what is to be known of them.

use super::Command;
use crate::style::Format;
use schemars::JsonSchema;
use serde::de::{MapAccess, SeqAccess, Visitor, value};
use serde::{Deserialize, Deserializer, Serialize};

/// A style checker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum StyleCommand {
    /// The command; the checker is recognised.
    Plain(Command),
    /// The command, and what is to be known of it.
    Told(ToldStyle),
}

/// A checker, and what is to be known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldStyle {
    /// The command.
    pub run: Command,
    /// Globs of the files that it looks at; those of the checker where nothing is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Whether the changed files are appended as arguments, or it looks at the whole tree; as the checker wants it
    /// where nothing is said, and appended for one that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<FilesGiven>,
    /// The format of what it prints; recognised where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The command that mends what it finds, for `hotfix verify --fix-style`; the checker's own where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Command>,
}

/// Whether a checker is given the changed files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilesGiven {
    /// As its last arguments.
    Append,
    /// It looks at the whole tree.
    None,
}

impl StyleCommand {
    /// The command.
    pub fn command(&self) -> &Command {
        match self {
            StyleCommand::Plain(command) => command,
            StyleCommand::Told(told) => &told.run,
        }
    }

    /// What is said of it.
    pub fn told(&self) -> Option<&ToldStyle> {
        match self {
            StyleCommand::Plain(_) => None,
            StyleCommand::Told(told) => Some(told),
        }
    }

    /// The command as a person would type it.
    pub fn shown(&self) -> String {
        self.command().shown()
    }
}

// By hand, so that a key that is not known is told with those that are.
impl<'de> Deserialize<'de> for StyleCommand {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = StyleCommand;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("a command: a text, a list of words, or a table with `run`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<StyleCommand, E> {
                Ok(StyleCommand::Plain(Command::Shell(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, words: A) -> Result<StyleCommand, A::Error> {
                let words = Vec::deserialize(value::SeqAccessDeserializer::new(words))?;
                Ok(StyleCommand::Plain(Command::Words(words)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StyleCommand, A::Error> {
                ToldStyle::deserialize(value::MapAccessDeserializer::new(map)).map(StyleCommand::Told)
            }
        }
        from.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn a_text_words_or_a_table() {
        let text = "[verify]\nstyle = [\"flake8\", [\"ops/style\", \"-q\"], { run = \"make lint\", files = \"none\", format = \"checkstyle\", paths = [\"*.java\"] }]\n";
        let config = parse(text).unwrap();
        let shown: Vec<String> = config.verify.style.iter().map(StyleCommand::shown).collect();
        assert_eq!(shown, ["flake8", "ops/style -q", "make lint"]);
        let told = config.verify.style[2].told().unwrap();
        assert_eq!((told.files, told.format), (Some(FilesGiven::None), Some(Format::Checkstyle)));
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<super::super::Config>(&json).unwrap(), config);
        assert_eq!(config.commands().len(), 3);
    }

    #[test]
    fn an_unknown_key_is_suggested() {
        let error = parse("[verify]\nstyle = [{ run = \"x\", formt = \"sarif\" }]\n").unwrap_err();
        assert!(error.message.contains("unknown field `formt`"), "{}", error.message);
        assert_eq!(error.hint.as_deref(), Some("did you mean `format`?"));
    }
}
