//! The runs of changed lines of a file, and what kind of change each is.

use super::lang::Lang;
use super::{FileChange, Line, LineKind};

/// What kind of change a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It changes what the program does, as far as can be told.
    Code,
    /// Only the depth of its lines differs, as when a condition wraps them.
    Indent,
    /// Only the layout differs.
    Format,
    /// Only comments (or blank lines) differ.
    Comment,
    /// Only blank lines differ.
    Blank,
}

/// A run of changed lines; blank context lines do not end it.
pub(super) struct Block<'c> {
    pub(super) removed: Vec<&'c Line>,
    pub(super) added: Vec<&'c Line>,
    /// The line after the change at which it can be shown.
    pub(super) at: u32,
    pub(super) in_test: bool,
    /// The place of its hunk in the file.
    pub(super) hunk: usize,
    pub(super) kind: Kind,
    tests: Vec<(LineKind, u32)>,
}

/// The blocks of a file; `tests` says of each line whether it belongs to one.
pub(super) fn blocks<'c>(file: &'c FileChange, tests: &[bool]) -> Vec<Block<'c>> {
    let mut flags = tests.iter().copied();
    let mut out = Vec::new();
    for (index, hunk) in file.hunks.iter().enumerate() {
        let mut open: Option<Block<'_>> = None;
        let mut at = hunk.new_start;
        for line in &hunk.lines {
            let in_test = flags.next().unwrap_or(false);
            at = line.new_line.unwrap_or(at);
            if line.kind == LineKind::Context {
                if !line.text.trim().is_empty() {
                    out.extend(open.take());
                }
                continue;
            }
            let block = open.get_or_insert_with(|| Block {
                removed: Vec::new(),
                added: Vec::new(),
                at,
                in_test,
                hunk: index,
                kind: Kind::Code,
                tests: Vec::new(),
            });
            if in_test {
                block.tests.push((line.kind, line.new_line.or(line.old_line).unwrap_or(0)));
            }
            if line.kind == LineKind::Added { block.added.push(line) } else { block.removed.push(line) }
        }
        out.extend(open);
    }
    out
}

impl<'c> Block<'c> {
    /// Its lines, those that go first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'c Line> + '_ {
        self.removed.iter().chain(&self.added).copied()
    }

    /// Whether one of its lines belongs to a test.
    pub(super) fn is_test(&self, line: &Line) -> bool {
        self.tests.contains(&(line.kind, line.new_line.or(line.old_line).unwrap_or(0)))
    }

    /// What kind of change it is, where no grammar can tell.
    pub(super) fn kind_by_lines(&self, lang: Lang) -> Kind {
        if self.lines().all(|line| line.text.trim().is_empty()) {
            return Kind::Blank;
        }
        if self.lines().all(|line| lang.is_comment(&line.text)) {
            return Kind::Comment;
        }
        let squeezed =
            |lines: &[&Line]| lines.iter().map(|line| squeeze(&line.text, lang)).collect::<String>();
        if squeezed(&self.removed) == squeezed(&self.added) { Kind::Format } else { Kind::Code }
    }

    /// Whether only the indentation of its lines differs, as when code is
    /// wrapped by a condition.
    pub(super) fn only_indents(&self) -> bool {
        let trimmed = |lines: &[&Line]| -> Vec<String> {
            let lines = lines.iter().map(|line| line.text.trim()).filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        };
        trimmed(&self.removed) == trimmed(&self.added)
    }
}

/// A line without its white space; where indentation means something it
/// stays. White space inside of double quotes and backticks stays as well.
pub(super) fn squeeze(line: &str, lang: Lang) -> String {
    let trimmed = line.trim();
    if trimmed.is_empty() {
        return String::new();
    }
    let mut out = String::with_capacity(line.len());
    if lang.indented() {
        out.push('\n');
        out.push_str(&line[..line.len() - line.trim_start().len()]);
    }
    let mut quote = None;
    let mut escaped = false;
    for c in trimmed.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '`' || (c == '\'' && lang.indented()) => quote = Some(c),
            _ => {}
        }
        if quote.is_some() || !c.is_whitespace() {
            out.push(c);
        } else if lang.indented() && !out.ends_with(' ') {
            // `not x` and `notx` are different things: one space stands for all.
            out.push(' ');
        }
    }
    out
}
