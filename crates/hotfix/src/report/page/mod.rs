//! What was understood of a page, for people and for forges: diagnostics with
//! carets, the page with a margin, where each value comes from, and SARIF.
//!
//! Everything is text with styles that the voice drops where they are not
//! wanted; a sign or a word says the same as each colour.

mod caret;
mod codes;
mod margin;
mod origins;
mod sarif;

pub use caret::{diagnostic, note};
pub use margin::margin;
pub use origins::origins;
pub use sarif::sarif;

use crate::settings::FoundPage;
use hotfix_core::workflow::{Diagnostic, normalised};
use std::collections::BTreeMap;

/// The texts that diagnostics point into.
pub struct Texts {
    /// The page's path, for people.
    pub page: String,
    texts: BTreeMap<Option<String>, String>,
}

impl Texts {
    /// The page and the files that its diagnostics and its account name.
    pub fn of<'a>(page: &FoundPage, files: impl Iterator<Item = &'a String>) -> Texts {
        let mut texts: BTreeMap<Option<String>, String> =
            files.filter_map(|file| Some((Some(file.clone()), normalised(&page.beside(file)?)))).collect();
        texts.insert(None, normalised(&page.text));
        Texts { page: page.path.clone(), texts }
    }

    /// The same, with the page under another name.
    pub fn called(self, page: &str) -> Texts {
        Texts { page: page.to_owned(), ..self }
    }

    /// The text of a file; of the page where none is named.
    pub fn text(&self, file: Option<&String>) -> &str {
        self.texts.get(&file.cloned()).map(String::as_str).unwrap_or_default()
    }

    /// A file's name; the page's where none is named.
    pub fn name<'a>(&'a self, file: Option<&'a String>) -> &'a str {
        file.map_or(self.page.as_str(), String::as_str)
    }
}

/// The bytes of a place that is given in lines and characters.
fn bytes(text: &str, line: u32, column: u32, length: u32) -> std::ops::Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest.split('\n').next().unwrap_or_default();
    let at = |chars: u32| within.char_indices().nth(chars as usize).map_or(within.len(), |(at, _)| at);
    let first = column.saturating_sub(1);
    start + at(first)..start + at(first.saturating_add(length))
}

/// `file:line:column`.
fn place(texts: &Texts, diagnostic: &Diagnostic) -> String {
    format!("{}:{}:{}", texts.name(diagnostic.file.as_ref()), diagnostic.line, diagnostic.column)
}
