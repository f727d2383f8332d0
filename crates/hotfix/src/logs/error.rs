//! Why a log or a model cannot be used, and what to do then.

use super::packing::Packing;
use crate::error::Failure;
use std::io;
use std::path::Path;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It is not there, or must not be read.
    #[error("the log {name} cannot be read: {}", reason(source))]
    Unreadable {
        /// The log, as it was named.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// A folder.
    #[error("{name} is a folder, not a log")]
    Folder {
        /// The folder.
        name: String,
    },
    /// Neither a file nor a pipe.
    #[error("{name} is neither a file nor a pipe")]
    Odd {
        /// What was named.
        name: String,
    },
    /// A pattern that nothing matches.
    #[error("no file matches {pattern}")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern that is none.
    #[error("{pattern} is no pattern of file names: {reason}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Packed with something that is not read.
    #[error("{name} is packed with {with}, which is not read here")]
    Packed {
        /// The log.
        name: String,
        /// What it is packed with.
        with: &'static str,
        /// The command that unpacks to its standard output.
        unpack: &'static str,
    },
    /// The packed data is damaged or cut short.
    #[error("the log {name} {}", damage(*packing, *read, source))]
    Damaged {
        /// The log.
        name: String,
        /// What it is packed with.
        packing: Packing,
        /// How much of its text was there.
        read: u64,
        /// What the unpacker says.
        source: io::Error,
    },
    /// Somebody asked to stop while it was read.
    #[error("interrupted while {name} was read: the answer would be half of one")]
    Interrupted {
        /// The log.
        name: String,
    },
    /// A model that cannot be read or written.
    #[error("the model {name} cannot be {tried}: {reason}")]
    Model {
        /// The file.
        name: String,
        /// `read` or `written`.
        tried: &'static str,
        /// Why not.
        reason: String,
        /// What helps.
        help: Help,
    },
}

/// What helps with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// To look at the file's place and rights.
    Look,
    /// To learn it again: it is another version's, or damaged.
    LearnAgain,
    /// To take it for what it is: a log, perhaps.
    NotAModel,
}

/// What the system says, without the number that it adds.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => error.to_string(),
    }
}

fn damage(packing: Packing, read: u64, error: &io::Error) -> String {
    if wants_memory(error) {
        return "was packed for unpacking with more than 128 MB of memory".to_owned();
    }
    let what = if packing == Packing::Zstd { "zstd" } else { "gzip" };
    format!("is damaged: its {what} data ends or breaks after {read} bytes of its text ({error})")
}

/// Zstandard refuses windows above 128 MB unless it is asked for them.
fn wants_memory(error: &io::Error) -> bool {
    error.to_string().contains("too much memory")
}

/// A path as a shell takes it as one word.
pub fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=+,@%:".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}

fn folder_of(name: &str) -> String {
    let parent = Path::new(name).parent().filter(|p| !p.as_os_str().is_empty());
    quoted(&parent.map_or_else(|| ".".to_owned(), |p| p.display().to_string()))
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let code = match error {
            LogError::Model { .. } => "HF1102",
            LogError::Interrupted { .. } => "HF0130",
            _ => "HF1101",
        };
        let failure = Failure::usage(code, error.to_string());
        match error {
            LogError::Unreadable { name, source } if source.kind() == io::ErrorKind::NotFound => {
                failure.try_this("see what is there", format!("ls -lt {}", folder_of(&name)))
            }
            LogError::Unreadable { name, .. } | LogError::Odd { name } => {
                failure.try_this("look at it", format!("ls -ld {}", quoted(&name)))
            }
            LogError::Folder { name } => {
                let inside = format!("{}/*", name.trim_end_matches('/'));
                failure
                    .try_this("see which of its files is the log", format!("ls -lt {}", quoted(&name)))
                    .hint(format!(
                        "a pattern in quotes takes all of them, rotated ones oldest first: '{inside}'"
                    ))
            }
            LogError::NoMatch { pattern } => {
                failure.try_this("see what is there", format!("ls -lt {}", folder_of(&pattern)))
            }
            LogError::BadPattern { .. } => failure
                .hint("a file whose name has such characters is named by its path as it is, without quotes"),
            LogError::Packed { name, unpack, .. } => failure.try_this(
                "unpack it on the way",
                format!("{unpack} {} | hotfix logdiff --baseline FILE -", quoted(&name)),
            ),
            LogError::Damaged { name, source, .. } if wants_memory(&source) => failure.try_this(
                "unpack it on the way, with the memory that it was packed for",
                format!("zstd -dc --long=31 {} | hotfix logdiff --baseline FILE -", quoted(&name)),
            ),
            LogError::Damaged { name, packing, .. } => {
                let test = if packing == Packing::Zstd { "zstd -t" } else { "gzip -t" };
                failure.try_this("see what is left of it", format!("{test} {}", quoted(&name)))
            }
            LogError::Interrupted { .. } => failure
                .exits(crate::error::exit::INTERRUPTED)
                .hint("a filter (`hotfix logdiff --model m.bin -`) answers for what it has read by then"),
            LogError::Model { name, help: Help::LearnAgain, .. } => failure.try_this(
                "learn it again from its logs",
                format!("hotfix logdiff --baseline FILE --save-model {}", quoted(&name)),
            ),
            LogError::Model { name, help: Help::NotAModel, .. } => failure.try_this(
                "if it is a log, compare with it",
                format!("hotfix logdiff --baseline {} CANDIDATE", quoted(&name)),
            ),
            LogError::Model { name, .. } => failure
                .try_this("look at where it lies", format!("ls -ld {} {}", folder_of(&name), quoted(&name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_for_a_shell() {
        assert_eq!(quoted("a/b-1.log"), "a/b-1.log");
        assert_eq!(quoted("my log"), "'my log'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("ünïcode.log"), "ünïcode.log");
        assert_eq!((folder_of("app.log"), folder_of("/var/log/a")), (".".to_owned(), "/var/log".to_owned()));
    }
}
