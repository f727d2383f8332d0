//! What a verb answers when it cannot go on: a code with a page in
//! `docs/errors/`, what happened, where, what has already been done, and a
//! command that can be run next. Errors are defined beside the code that
//! fails; this is only the form in which they leave the program.

use hotfix_core::text::printable;
use serde::Serialize;
use std::ops::Range;

/// Exit statuses, as the command line promises them.
pub mod exit {
    /// Done.
    pub const DONE: u8 = 0;
    /// A gate or step failed.
    pub const FAILED: u8 = 1;
    /// A usage, configuration or workflow error.
    pub const USAGE: u8 = 2;
    /// It waits, and nothing is wrong.
    pub const WAITS: u8 = 3;
    /// A required effect is in doubt.
    pub const IN_DOUBT: u8 = 4;
    /// It ended in a rollback that nobody asked for.
    pub const ROLLED_BACK: u8 = 5;
    /// A bug.
    pub const BUG: u8 = 70;
    /// Interrupted; the state is saved.
    pub const INTERRUPTED: u8 = 130;
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its code, e.g. `HF0101`.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// Where, in a text.
    pub source: Option<Box<Source>>,
    /// What has already been done.
    pub done: Vec<String>,
    /// What helps.
    pub hints: Vec<Hint>,
    /// The exit status.
    pub exit: u8,
}

/// A place in a text.
#[derive(Debug, Clone)]
pub struct Source {
    /// The text's name.
    pub file: String,
    /// The text.
    pub text: String,
    /// The place, in bytes.
    pub range: Range<usize>,
}

/// What helps.
#[derive(Debug, Clone, Serialize)]
pub struct Hint {
    /// In words.
    pub text: String,
    /// A command that can be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Failure {
    /// A usage, configuration or workflow error.
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Failure {
            code,
            message: message.into(),
            source: None,
            done: vec![],
            hints: vec![],
            exit: exit::USAGE,
        }
    }

    /// A gate or step that failed.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Failure { exit: exit::FAILED, ..Failure::usage(code, message) }
    }

    /// A bug in the tool itself.
    pub fn bug(message: impl Into<String>) -> Self {
        Failure { exit: exit::BUG, ..Failure::usage("HF0070", message) }
    }

    /// Adds words that help.
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(Hint { text: text.into(), command: None });
        self
    }

    /// Adds a command that helps.
    pub fn try_this(mut self, text: impl Into<String>, command: impl Into<String>) -> Self {
        self.hints.push(Hint { text: text.into(), command: Some(command.into()) });
        self
    }

    /// Adds something that has already been done.
    pub fn done(mut self, what: impl Into<String>) -> Self {
        self.done.push(what.into());
        self
    }

    /// Points at a place in a text.
    pub fn at(mut self, file: impl Into<String>, text: impl Into<String>, range: Range<usize>) -> Self {
        self.source = Some(Box::new(Source { file: file.into(), text: text.into(), range }));
        self
    }

    /// Sets the exit status.
    pub fn exits(mut self, status: u8) -> Self {
        self.exit = status;
        self
    }

    /// The form for people.
    pub fn render(&self) -> String {
        use std::fmt::Write as _;
        let mut out = match &self.source {
            Some(source) => self.with_source(source),
            None => format!("error[{}]: {}\n", self.code, printable(&self.message)),
        };
        for done in &self.done {
            let _ = writeln!(out, "  done: {}", printable(done));
        }
        for hint in &self.hints {
            let text = printable(&hint.text);
            let _ = match &hint.command {
                Some(command) if text.is_empty() => writeln!(out, "  hint: {}", printable(command)),
                Some(command) => writeln!(out, "  hint: {text}: {}", printable(command)),
                None => writeln!(out, "  hint: {text}"),
            };
        }
        out
    }

    fn with_source(&self, source: &Source) -> String {
        use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
        let text = printable_same_length(&source.text);
        let end = source.range.end.min(text.len());
        let range = source.range.start.min(end)..end;
        let message = printable(&self.message);
        let report = [Level::ERROR.primary_title(&message).id(self.code).element(
            Snippet::source(text.as_str())
                .path(source.file.as_str())
                .annotation(AnnotationKind::Primary.span(range)),
        )];
        let mut out = Renderer::plain().render(&report);
        out.push('\n');
        out
    }

    /// The form for programs (`hotfix.error/1`).
    pub fn json(&self) -> serde_json::Value {
        let span = self.source.as_ref().map(|s| {
            let start = s.range.start.min(s.text.len());
            let before = s.text.get(..start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            serde_json::json!({"file": s.file, "line": line, "column": column})
        });
        serde_json::json!({
            "schema": "hotfix.error/1",
            "code": self.code,
            "message": self.message,
            "span": span,
            "done": self.done,
            "hints": self.hints,
        })
    }
}

/// Control characters replaced byte for byte, so that spans stay true.
pub(crate) fn printable_same_length(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}') {
                // These too would show something else than is there; they are as long.
                "\u{fffd}".to_owned()
            } else if c.is_control() && c != '\n' && c != '\t' {
                "?".repeat(c.len_utf8())
            } else {
                c.to_string()
            }
        })
        .collect()
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::failed("HF0001", format!("the file system refused: {error}"))
            .try_this("see what is reachable and writable here", "df -h . && ls -ld .")
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure::bug(format!("a value could not be written as JSON: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_a_place_a_reason_and_a_command() {
        let text = "[verify]\nsmok = 1\n";
        let failure = Failure::usage("HF0202", "unknown field `smok`")
            .at(".hotfix/config.toml", text, 9..13)
            .try_this("see what can stand there", "hotfix workflow show");
        let shown = failure.render();
        assert!(shown.starts_with("error[HF0202]: unknown field `smok`"), "{shown}");
        assert!(shown.contains(".hotfix/config.toml:2:1") && shown.contains("^^^^"), "{shown}");
        assert!(shown.contains("hint: see what can stand there: hotfix workflow show"), "{shown}");
        assert_eq!(
            failure.json()["span"],
            serde_json::json!({"file": ".hotfix/config.toml", "line": 2, "column": 1})
        );
    }

    #[test]
    fn escapes_never_leave() {
        let shown = Failure::usage("HF0201", "bad \u{1b}[31mkey").at("f", "a\u{1b}b", 0..3).render();
        assert!(!shown.contains('\u{1b}'));
    }
}
