//! What is new in a log, for people: in a terminal and as a part of the
//! report. `words` says everything once; `spark` draws counts over time.

mod spark;
pub mod terminal;
mod words;

pub use words::{against, summary};

use hotfix_core::logs::LogDiff;

/// A page.
pub fn page(_answer: &LogDiff) -> Result<String, super::RenderError> {
    Ok(String::new())
}
