//! What the parts of the reader share: what each line became, where each rule
//! was found, and what a reader of the page should know.

use super::account::{Became, Kind};
use super::lexicon::Lexicon;
use super::{Diagnostic, Level, Related};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many diagnostics of one code are told one by one.
pub(crate) const MOST_OF_A_CODE: usize = 50;

/// So much of a line is searched for the words that a diagnostic is about.
const MOST_CHARS: usize = 2_000;

/// The notes taken while a page is read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    became: Vec<Vec<Became>>,
    /// The words that pages use.
    pub words: Arc<Lexicon>,
    /// The line of each rule, by its path in the policy.
    pub origins: BTreeMap<String, u32>,
    /// What to tell.
    pub diagnostics: Vec<Said>,
}

/// A diagnostic whose place in its line is found when the page has been read.
#[derive(Debug)]
pub(crate) struct Said {
    pub diagnostic: Diagnostic,
    /// The words of the line that it is about.
    words: Option<String>,
    /// Its column and length, where they are known already.
    at: Option<(u32, u32)>,
    related: Vec<(u32, Option<String>, String)>,
}

impl Said {
    /// It is about these words of its line, as the page or its plain text has them.
    pub fn about(&mut self, words: &str) -> &mut Self {
        self.words = Some(words.to_owned());
        self
    }

    /// It is about this column and so many characters.
    pub fn at(&mut self, column: u32, length: u32) -> &mut Self {
        self.at = Some((column, length));
        self
    }

    /// It is in another file than the page.
    pub fn in_file(&mut self, file: Option<&str>) -> &mut Self {
        self.diagnostic.file = file.map(str::to_owned);
        self
    }

    /// Another place that has to do with it, and what is there.
    pub fn with(&mut self, line: u32, words: Option<&str>, message: &str) -> &mut Self {
        self.related.push((line, words.map(str::to_owned), message.to_owned()));
        self
    }

    /// With its columns, from the page's lines.
    pub fn placed(mut self, lines: &[&str]) -> Diagnostic {
        let of = |line: u32| lines.get((line as usize).saturating_sub(1)).copied().unwrap_or_default();
        let found = || place(of(self.diagnostic.line), self.words.as_deref());
        let (column, length) = self.at.unwrap_or_else(found);
        (self.diagnostic.column, self.diagnostic.length) = (column, length);
        for (line, words, message) in self.related {
            let (column, length) = place(of(line), words.as_deref());
            self.diagnostic.related.push(Related { line, column, length, message });
        }
        self.diagnostic
    }
}

/// All of them with their columns, in the order of lines. Of one code only so
/// many are told one by one; what would be the rest is counted.
pub(crate) fn placed(mut said: Vec<Said>, lines: &[&str]) -> Vec<Diagnostic> {
    said.sort_by_key(|said| said.diagnostic.line);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut told = Vec::new();
    for one in said {
        let count = seen.entry(one.diagnostic.code.clone()).or_default();
        *count += 1;
        if *count <= MOST_OF_A_CODE {
            told.push(one.placed(lines));
        }
    }
    told.extend(
        seen.iter()
            .filter(|(_, count)| **count > MOST_OF_A_CODE)
            .filter_map(|(code, count)| {
                let line = told.iter().rfind(|last| last.code == *code)?.line;
                Some(more(code, count - MOST_OF_A_CODE, line))
            })
            .collect::<Vec<_>>(),
    );
    told
}

/// There is more of what was told.
pub(crate) fn more(code: &str, count: usize, line: u32) -> Diagnostic {
    Diagnostic {
        severity: Level::Note,
        code: "HF0319".to_owned(),
        message: format!("{count} more of {code}, further down"),
        file: None,
        line,
        column: 1,
        length: 1,
        hint: None,
        related: vec![],
    }
}

/// Where words stand in a line: column from 1 and length, in characters. The
/// whole text of the line where they do not. Of a very long line, only the
/// beginning is looked at.
pub(crate) fn place(line: &str, words: Option<&str>) -> (u32, u32) {
    let line = line.char_indices().nth(MOST_CHARS).map_or(line, |(end, _)| line.get(..end).unwrap_or(line));
    let trimmed = line.trim();
    let whole = || (line.len() - line.trim_start().len(), trimmed.len().max(1));
    let found = words.filter(|words| !words.trim().is_empty()).and_then(|words| find(line, words.trim()));
    let (start, length) = found.unwrap_or_else(whole);
    let count =
        |text: Option<&str>| u32::try_from(text.unwrap_or_default().chars().count()).unwrap_or(u32::MAX);
    let column = count(line.get(..start)).saturating_add(1);
    (column, count(line.get(start..start + length)).max(1))
}

/// The bytes where words stand, whatever their case and markup.
fn find(line: &str, words: &str) -> Option<(usize, usize)> {
    if let Some(at) = line.find(words) {
        return Some((at, words.len()));
    }
    let markup = |c: &char| !matches!(c, '`' | '*' | '_');
    let low = |c: char| c.to_lowercase().next().unwrap_or(c);
    let wanted: Vec<char> = words.chars().filter(markup).map(low).collect();
    let shown: Vec<(usize, char)> =
        line.char_indices().filter(|(_, c)| markup(c)).map(|(at, c)| (at, low(c))).collect();
    let at = shown
        .windows(wanted.len().max(1))
        .position(|window| window.iter().map(|(_, c)| *c).eq(wanted.iter().copied()))?;
    let (start, last) = (shown.get(at)?.0, shown.get(at + wanted.len() - 1)?.0);
    let end = last + line.get(last..)?.chars().next()?.len_utf8();
    Some((start, end - start))
}

impl Reader {
    /// For a page of so many lines.
    pub fn new(lines: usize, words: Arc<Lexicon>) -> Self {
        Reader { became: vec![vec![]; lines + 1], words, ..Reader::default() }
    }

    /// Lines `first` to `last` became this; `of` says which one.
    pub fn became(&mut self, first: u32, last: u32, kind: Kind, of: &str) {
        let (first, last) = (first as usize, (last as usize).min(self.became.len().saturating_sub(1)));
        for notes in self.became.get_mut(first..=last.max(first)).into_iter().flatten() {
            notes.push(Became { kind, of: of.to_owned() });
        }
    }

    /// Whether a line was understood.
    pub fn is_understood(&self, line: u32) -> bool {
        self.became.get(line as usize).is_some_and(|notes| !notes.is_empty())
    }

    /// Whether a line became this, of that or of a part of that.
    pub fn was(&self, line: u32, kind: Kind, of: &str) -> bool {
        let notes = self.became.get(line as usize);
        notes.into_iter().flatten().any(|note| note.kind == kind && note.of.starts_with(of))
    }

    /// Takes the notes about a line.
    pub fn take_notes(&mut self, line: u32) -> Vec<Became> {
        self.became.get_mut(line as usize).map(std::mem::take).unwrap_or_default()
    }

    /// Nothing of the page was understood after all; its diagnostics about
    /// itself stay.
    pub fn forget(&mut self) {
        self.became.iter_mut().for_each(Vec::clear);
        self.origins.clear();
    }

    /// How many lines before each were understood, to ask about ranges.
    pub fn running_count(&self) -> Vec<u32> {
        let sums = self.became.iter().scan(0_u32, |sum, notes| {
            *sum += u32::from(!notes.is_empty());
            Some(*sum)
        });
        std::iter::once(0).chain(sums).collect()
    }

    /// A rule was found at this line.
    pub fn rule(&mut self, path: &str, line: u32) {
        self.origins.insert(path.to_owned(), line);
        self.became(line, line, Kind::Policy, path);
    }

    /// Adds a diagnostic. It is about the whole line until [`Said::about`]
    /// says which of its words.
    pub fn say(&mut self, severity: Level, code: &str, line: u32, message: String, hint: &str) -> &mut Said {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        let code = code.to_owned();
        let line = line.max(1);
        let diagnostic = Diagnostic {
            severity,
            code,
            message,
            file: None,
            line,
            column: 1,
            length: 1,
            hint,
            related: vec![],
        };
        let at = self.diagnostics.len();
        self.diagnostics.push(Said { diagnostic, words: None, at: None, related: vec![] });
        &mut self.diagnostics[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_only_some_are_told() {
        let mut reader = Reader::new(0);
        for line in (1..=60).rev() {
            reader.say(Level::Warning, "HF0320", line, "x".to_owned(), "");
        }
        reader.say(Level::Error, "HF0342", 99, "y".to_owned(), "");
        let told = placed(reader.diagnostics, &[]);
        assert_eq!(told.len(), 52);
        assert_eq!((told[0].line, told[50].code.as_str()), (1, "HF0342"));
        assert_eq!(
            (told[51].code.as_str(), told[51].message.as_str()),
            ("HF0319", "10 more of HF0320, further down")
        );
    }

    #[test]
    fn places_are_counted_in_characters() {
        assert_eq!(place("  é `git push` x", Some("git push")), (6, 8));
        assert_eq!(place("- **Monitor** for 5 min", Some("monitor for")), (5, 13));
        assert_eq!(place("  whole line ", None), (3, 10));
        assert_eq!(place("  whole line ", Some("absent")), (3, 10));
        assert_eq!(place("", None), (1, 1));
        assert_eq!(place("步骤 İx", Some("i̇X")), (1, 5));
    }
}
