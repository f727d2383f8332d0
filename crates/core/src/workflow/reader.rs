//! What the parts of the reader share: which lines were understood, where each
//! rule was found, and what a reader of the page should know.

use super::{Diagnostic, Level};
use std::collections::BTreeMap;

/// The notes taken while a page is read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    understood: Vec<bool>,
    /// The line of each rule, by its path in the policy.
    pub origins: BTreeMap<String, u32>,
    /// What to tell.
    pub diagnostics: Vec<Diagnostic>,
}

impl Reader {
    /// For a page of so many lines.
    pub fn new(lines: usize) -> Self {
        Reader { understood: vec![false; lines + 1], ..Reader::default() }
    }

    /// Lines `first` to `last` were understood.
    pub fn understand(&mut self, first: u32, last: u32) {
        let (first, last) = (first as usize, (last as usize).min(self.understood.len().saturating_sub(1)));
        if let Some(lines) = self.understood.get_mut(first..=last.max(first)) {
            lines.fill(true);
        }
    }

    /// Whether a line was understood.
    pub fn is_understood(&self, line: u32) -> bool {
        self.understood.get(line as usize).copied().unwrap_or_default()
    }

    /// Another account of the same page.
    pub fn clone_empty(&self) -> Self {
        Reader { understood: vec![false; self.understood.len()], ..Reader::default() }
    }

    /// Takes over what another account of the same page says.
    pub fn absorb(&mut self, other: Reader) {
        for (mine, theirs) in self.understood.iter_mut().zip(&other.understood) {
            *mine |= theirs;
        }
        self.origins.extend(other.origins);
        self.diagnostics.extend(other.diagnostics);
    }

    /// Nothing of the page was understood after all; its diagnostics about
    /// itself stay.
    pub fn forget(&mut self) {
        self.understood.fill(false);
        self.origins.clear();
    }

    /// How many lines before each were understood, to ask about ranges.
    pub fn running_count(&self) -> Vec<u32> {
        let sums = self.understood.iter().scan(0_u32, |sum, &understood| {
            *sum += u32::from(understood);
            Some(*sum)
        });
        std::iter::once(0).chain(sums).collect()
    }

    /// A rule was found at this line.
    pub fn rule(&mut self, path: &str, line: u32) {
        self.origins.insert(path.to_owned(), line);
        self.understand(line, line);
    }

    /// Adds a diagnostic.
    pub fn say(&mut self, severity: Level, code: &str, line: u32, message: String, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        let code = code.to_owned();
        self.diagnostics.push(Diagnostic { severity, code, message, line: line.max(1), column: 1, hint });
    }
}
