//! The incident: its key, title and severity. A key names folders, branches
//! and refs, so what it may hold is decided here, once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is wrong in production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// The tracker's key, e.g. `SPF-1290`.
    pub key: String,
    /// One line that says what is wrong.
    pub title: String,
    /// A severity of the workflow's matrix, e.g. `P1`.
    pub severity: String,
}

/// Why a text is no incident key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing was given.
    #[error("an incident key must not be empty")]
    Empty,
    /// Too long for a branch and a folder name.
    #[error("an incident key has at most {MAX_KEY} characters, this one has {0}")]
    TooLong(usize),
    /// A character that paths, refs or shells give a meaning to.
    #[error("an incident key must not contain {0}")]
    Character(String),
    /// A form that git or the file system gives a meaning to.
    #[error("an incident key must not {0}")]
    Form(&'static str),
}

/// The longest key that is accepted, in characters.
pub const MAX_KEY: usize = 64;

/// Accepts a key that is safe as a folder, a branch part and a ref part:
/// letters and digits of any script, `-`, `_`, `.` and `#`.
pub fn check_key(key: &str) -> Result<(), KeyError> {
    if key.is_empty() {
        return Err(KeyError::Empty);
    }
    let length = key.chars().count();
    if length > MAX_KEY {
        return Err(KeyError::TooLong(length));
    }
    if let Some(bad) = key.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '#'))) {
        let shown = if bad.is_control() {
            format!("a control character (U+{:04X})", bad as u32)
        } else {
            format!("`{bad}`")
        };
        return Err(KeyError::Character(shown));
    }
    if key.starts_with('-') {
        return Err(KeyError::Form("start with `-`: it would be read as an option"));
    }
    if key.starts_with('.') || key.ends_with('.') || key.contains("..") {
        return Err(KeyError::Form("start or end with `.` or contain `..`: git refuses such names"));
    }
    if std::path::Path::new(key).extension().is_some_and(|e| e.eq_ignore_ascii_case("lock")) {
        return Err(KeyError::Form("end with `.lock`: git refuses such names"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_keys_pass() {
        for key in ["SPF-1290", "INC_7", "gh#12", "故障-1", "a.b"] {
            assert_eq!(check_key(key), Ok(()), "{key}");
        }
    }

    #[test]
    fn dangerous_keys_are_refused() {
        for key in [
            "",
            "a/b",
            "..",
            "a..b",
            "-x",
            "a b",
            "a\u{1b}[0m",
            "x.lock",
            ".x",
            "x.",
            "a~1",
            "a:b",
            "a\nb",
            "$(id)",
        ] {
            assert!(check_key(key).is_err(), "{key:?}");
        }
        assert!(check_key(&"x".repeat(65)).is_err());
    }
}
