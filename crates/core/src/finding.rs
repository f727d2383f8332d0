//! What a gate objects to: a place, what is there, and what to do about it.
//! It never holds a secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// So many findings of a gate are kept; more say nothing new.
pub const MOST: usize = 100;

/// Something that a gate objects to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What kind it is, e.g. `new-dependency`, or the rule of a checker, e.g. `E501`.
    pub rule: String,
    /// The file; empty where the whole change is meant.
    pub file: String,
    /// The line after the change, from 1; for what was removed, the line before it.
    pub line: Option<u32>,
    /// The column in characters, from 1, where it is known.
    pub column: Option<u32>,
    /// What is there.
    pub message: String,
    /// Whether it holds the run even where its gate is advisory.
    #[serde(default)]
    pub binding: bool,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Hint>,
}

/// What to do, and the command that does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hint {
    /// What.
    pub text: String,
    /// The command, ready to be pasted into a shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Hint {
    /// Advice that no command carries out.
    pub fn say(text: impl Into<String>) -> Hint {
        Hint { text: text.into(), command: None }
    }

    /// Advice with its command.
    pub fn run(text: impl Into<String>, command: impl Into<String>) -> Hint {
        Hint { text: text.into(), command: Some(command.into()) }
    }
}

impl Finding {
    /// `src/a.rs:3:5`, `src/a.rs:3`, `src/a.rs`, or nothing.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            (Some(line), None) => format!("{}:{line}", self.file),
            _ => self.file.clone(),
        }
    }

    /// The finding on one line, its place first.
    pub fn told(&self) -> String {
        let place = self.place();
        if place.is_empty() { self.message.clone() } else { format!("{place}: {}", self.message) }
    }
}

/// The findings that are kept, those that bind first, and how many are not.
pub fn kept(mut findings: Vec<Finding>) -> (Vec<Finding>, usize) {
    findings.sort_by_key(|finding| !finding.binding);
    let more = findings.len().saturating_sub(MOST);
    findings.truncate(MOST);
    (findings, more)
}

/// A word as a shell takes it for one argument.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,%".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        return word.to_owned();
    }
    let word = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_words() {
        let mut finding =
            Finding { file: "a b.rs".to_owned(), message: "x".to_owned(), ..Finding::default() };
        assert_eq!(finding.told(), "a b.rs: x");
        (finding.line, finding.column) = (Some(3), Some(5));
        assert_eq!(finding.told(), "a b.rs:3:5: x");
        assert_eq!(shell_word("src/a.rs"), "src/a.rs");
        assert_eq!(shell_word("a b's"), r"'a b'\''s'");
        assert_eq!(shell_word("-rf"), "'./-rf'");
        assert_eq!(shell_word("$(x)"), "'$(x)'");
    }

    #[test]
    fn those_that_bind_are_kept() {
        let mut all = vec![Finding::default(); MOST + 2];
        all.push(Finding { binding: true, ..Finding::default() });
        let (kept, more) = kept(all);
        assert!(kept[0].binding && kept.len() == MOST && more == 3);
    }
}
