//! Regular expressions over a line of a page. They know ASCII only: what they
//! look for is written in it, and lines in other scripts stay fast. Ranges are
//! in bytes of the line.

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use std::ops::Range;

/// A regular expression; nothing if it is none, which the tests of its users exclude.
pub(crate) fn form(text: &str) -> Option<Form> {
    RegexBuilder::new(text).unicode(false).build().ok().map(Form)
}

/// Several of them, to ask which match at all.
pub(crate) fn set<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<RegexSet> {
    RegexSetBuilder::new(texts).unicode(false).build().ok()
}

/// A regular expression over a line.
#[derive(Debug)]
pub(crate) struct Form(Regex);

impl Form {
    /// The first match. Its ends lie between characters.
    pub fn find<'a>(&self, line: &'a str) -> Option<(Range<usize>, &'a str)> {
        self.find_all(line).into_iter().next()
    }

    /// All matches.
    pub fn find_all<'a>(&self, line: &'a str) -> Vec<(Range<usize>, &'a str)> {
        let found = self.0.find_iter(line.as_bytes()).map(|found| found.range());
        found.filter_map(|range| Some((range.clone(), line.get(range)?))).collect()
    }

    /// The first match with its groups.
    pub fn groups<'a>(&self, line: &'a str) -> Option<Groups<'a>> {
        Some(Groups { line, captures: self.0.captures(line.as_bytes())? })
    }

    /// Whether it matches.
    pub fn is_match(&self, line: &str) -> bool {
        self.0.is_match(line.as_bytes())
    }
}

/// A match with its groups.
pub(crate) struct Groups<'a> {
    line: &'a str,
    captures: Captures<'a>,
}

impl<'a> Groups<'a> {
    /// The whole match.
    pub fn whole(&self) -> Option<(Range<usize>, &'a str)> {
        let range = self.captures.get(0)?.range();
        Some((range.clone(), self.line.get(range)?))
    }

    /// A group by its name, if it took part.
    pub fn named(&self, name: &str) -> Option<&'a str> {
        self.line.get(self.captures.name(name)?.range())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_other_scripts() {
        let form = form(r"(?i)\bgit\s+push\b[^;]*").unwrap();
        assert_eq!(form.find("é git push 危険; x"), Some((3..18, "git push 危険")));
        assert!(!form.is_match("危険git"));
        let groups = super::form("(?P<a>x)|(?P<b>y)").unwrap();
        let groups = groups.groups("éy").unwrap();
        assert_eq!(
            (groups.named("a"), groups.named("b"), groups.whole().unwrap().0),
            (None, Some("y"), 2..3)
        );
    }
}
