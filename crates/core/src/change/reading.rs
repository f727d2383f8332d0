//! A file of a change as the gates read it: what it is, which of its lines
//! are tests, and what kind of change each of its places is.

use super::block::{self, Block, Kind};
use super::globs::Globs;
use super::lang::Lang;
use super::{FileChange, Line, LineKind, Origin, Rules, Status, paths};
use crate::syntax::{self, Item, Language, Source, Token};
use std::collections::HashSet;
use std::ops::RangeInclusive;

/// Why a file does not count against the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aside {
    /// A test.
    Test,
    /// Written by a tool.
    Generated,
    /// Copied from elsewhere.
    Vendored,
    /// Text for people.
    Prose,
    /// An example, a fixture, a benchmark.
    Sample,
}

/// A file of a change, read.
pub(super) struct Reading<'c> {
    pub(super) file: &'c FileChange,
    pub(super) lang: Lang,
    pub(super) aside: Option<Aside>,
    pub(super) blocks: Vec<Block<'c>>,
    old: Option<Source<'c>>,
    new: Option<Source<'c>>,
    /// Lines with nothing but comments on them, before and after, where the
    /// grammar told.
    comments: Option<[HashSet<u32>; 2]>,
}

/// Reads the files of a change.
pub(super) fn read<'c>(files: &'c [FileChange], rules: &Rules<'_>) -> Vec<Reading<'c>> {
    let generated = Globs::new(rules.generated.iter().map(String::as_str));
    files.iter().map(|file| Reading::of(file, aside(file, &generated))).collect()
}

fn aside(file: &FileChange, generated: &Globs) -> Option<Aside> {
    let by_tool = generated.has(&file.path)
        || file.origin == Origin::Generated
        || paths::is_lock_file(&file.path)
        || file.texts.before.as_deref().is_some_and(paths::says_generated);
    if by_tool {
        Some(Aside::Generated)
    } else if file.origin == Origin::Vendored {
        Some(Aside::Vendored)
    } else if file.is_test() {
        Some(Aside::Test)
    } else if paths::is_prose(&file.path) {
        Some(Aside::Prose)
    } else if paths::is_sample(&file.path) {
        Some(Aside::Sample)
    } else {
        None
    }
}

impl<'c> Reading<'c> {
    fn of(file: &'c FileChange, aside: Option<Aside>) -> Reading<'c> {
        let read = matches!(aside, None | Some(Aside::Test));
        let source = |path: Option<&str>, text: Option<&'c str>| {
            Source::parse(Language::of(path?).filter(|_| read)?, text?)
        };
        let before = file.old_path.as_deref().unwrap_or(&file.path);
        let old = source(Some(before), file.texts.before.as_deref());
        let new = source(Some(&file.path), file.texts.after.as_deref());
        let flags = test_lines(file, old.as_ref(), new.as_ref());
        let lang = Lang::of(&file.path);
        let mut blocks = block::blocks(file, &flags);
        // A side that is not there has no tokens; one that was not read has unknown ones.
        let tokens = |source: &Option<Source<'c>>, text: &Option<String>| match source {
            Some(source) => Some(syntax::tokens(source)),
            None => text.is_none().then(Vec::new),
        };
        // Half written code has tokens, and no depth that one could rely on.
        let whole = |source: &Option<Source<'c>>| source.as_ref().is_none_or(|source| !source.has_errors());
        let read = (old.is_some() || new.is_some()) && whole(&old) && whole(&new);
        let sides = (tokens(&old, &file.texts.before), tokens(&new, &file.texts.after));
        let mut comments = None;
        match sides {
            (Some(old), Some(new)) if read => {
                by_tokens(&mut blocks, &Sides { old: &old, new: &new });
                comments = Some([comment_lines(&old), comment_lines(&new)]);
            }
            _ => by_lines(&mut blocks, lang),
        }
        Reading { file, lang, aside, blocks, old, new, comments }
    }

    /// Whether a line holds nothing but a comment.
    pub(super) fn is_comment(&self, line: &Line) -> bool {
        let Some([old, new]) = &self.comments else { return self.lang.is_comment(&line.text) };
        match line.kind {
            LineKind::Removed => line.old_line.is_some_and(|at| old.contains(&at)),
            _ => line.new_line.is_some_and(|at| new.contains(&at)),
        }
    }

    /// Whether the gates that look at the program look at it.
    pub(super) fn is_code(&self) -> bool {
        self.aside.is_none()
    }

    /// The public items before and after, tests left out; none where the
    /// language is not read or the file could not be.
    pub(super) fn items(&self) -> Option<(Vec<Item>, Vec<Item>)> {
        let of = |source: Option<&Source<'c>>, text: Option<&String>| match (source, text) {
            (Some(source), _) => Some(syntax::items(source)),
            // A side that is not there has no items; one that is not read has unknown ones.
            (None, None) => Some(Vec::new()),
            (None, Some(_)) => None,
        };
        Language::of(&self.file.path)?;
        if self.old.is_none() && self.new.is_none() {
            return None;
        }
        let old = of(self.old.as_ref(), self.file.texts.before.as_ref())?;
        Some((old, of(self.new.as_ref(), self.file.texts.after.as_ref())?))
    }

    /// The lines that changed, each with whether it belongs to a test.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&'c Line, bool)> + '_ {
        self.blocks.iter().flat_map(|block| block.lines().map(|line| (line, block.is_test(line))))
    }
}

/// For each line of each hunk, whether it belongs to a test.
fn test_lines(file: &FileChange, old: Option<&Source<'_>>, new: Option<&Source<'_>>) -> Vec<bool> {
    let rust = Language::of(&file.path) == Some(Language::Rust);
    let whole = file.is_test() || (file.status == Status::Renamed && paths::was_test(file));
    if whole || !rust || (old.is_none() && new.is_none()) {
        return paths::test_lines(file);
    }
    let ranges = |source: Option<&Source<'_>>| source.map(syntax::test_lines).unwrap_or_default();
    let (old, new) = (ranges(old), ranges(new));
    let has = |ranges: &[RangeInclusive<u32>], line: Option<u32>| {
        line.is_some_and(|line| ranges.iter().any(|range| range.contains(&line)))
    };
    let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
    lines
        .map(|line| match line.kind {
            LineKind::Removed => has(&old, line.old_line),
            _ => has(&new, line.new_line),
        })
        .collect()
}

/// The lines that have a comment and nothing else.
fn comment_lines(tokens: &[Token<'_>]) -> HashSet<u32> {
    let of = |comment: bool| {
        let wanted = move |t: &&Token<'_>| (t.kind == syntax::TokenKind::Comment) == comment;
        tokens.iter().filter(wanted).flat_map(|token| token.line..=token.last)
    };
    let code: HashSet<u32> = of(false).collect();
    of(true).filter(|line| !code.contains(line)).collect()
}

/// What kind each block is, by its lines alone.
fn by_lines(blocks: &mut [Block<'_>], lang: Lang) {
    let kinds: Vec<(Kind, usize)> =
        blocks.iter().map(|block| (block.kind_by_lines(lang), block.hunk)).collect();
    for (block, (kind, hunk)) in blocks.iter_mut().zip(&kinds) {
        // Code that a new condition wraps is indented: that is no formatting.
        let near = kinds.iter().any(|(other, at)| *other == Kind::Code && at == hunk);
        let wrapped = *kind == Kind::Format && block.only_indents() && near;
        block.kind = if wrapped { Kind::Indent } else { *kind };
    }
}

struct Sides<'a, 't> {
    old: &'a [Token<'t>],
    new: &'a [Token<'t>],
}

/// What kind each block is, by the tokens on its lines.
fn by_tokens(blocks: &mut [Block<'_>], sides: &Sides<'_, '_>) {
    let code = |all: &[Token<'_>]| -> Vec<(String, u32)> {
        let code = all.iter().filter(|t| t.kind != syntax::TokenKind::Comment);
        code.map(|t| (t.text.to_owned(), t.depth)).collect()
    };
    let same_program = code(sides.old) == code(sides.new);
    for block in blocks {
        let old: Vec<&Token<'_>> = on_lines(sides.old, block.removed.iter().filter_map(|line| line.old_line));
        let new: Vec<&Token<'_>> = on_lines(sides.new, block.added.iter().filter_map(|line| line.new_line));
        block.kind = kind(&old, &new, same_program);
    }
}

/// The tokens that have a part on one of the lines.
fn on_lines<'a, 't>(tokens: &'a [Token<'t>], lines: impl Iterator<Item = u32>) -> Vec<&'a Token<'t>> {
    let mut out = Vec::new();
    let mut next = 0;
    for line in lines {
        // Tokens come in order, but a long one can end after the next begins.
        let from =
            tokens[next..].iter().position(|token| token.last >= line).map_or(tokens.len(), |at| next + at);
        next = from;
        while let Some(token) = tokens.get(next).filter(|token| token.line <= line) {
            out.push(token);
            next += 1;
        }
    }
    out
}

fn kind(old: &[&Token<'_>], new: &[&Token<'_>], same_program: bool) -> Kind {
    if old.is_empty() && new.is_empty() {
        return Kind::Blank;
    }
    let of = |all: &[&Token<'_>], comment: bool| -> Vec<(syntax::TokenKind, String)> {
        let wanted = |t: &&&Token<'_>| (t.kind == syntax::TokenKind::Comment) == comment;
        all.iter().filter(wanted).map(|t| (t.kind, t.text.to_owned())).collect()
    };
    let depths = |all: &[&Token<'_>]| -> Vec<u32> {
        all.iter().filter(|t| t.kind != syntax::TokenKind::Comment).map(|t| t.depth).collect()
    };
    let (code_old, code_new) = (of(old, false), of(new, false));
    if code_old != code_new && !same_program {
        return Kind::Code;
    }
    if of(old, true) != of(new, true) {
        return Kind::Comment;
    }
    if code_old.is_empty() && code_new.is_empty() {
        return Kind::Blank;
    }
    if depths(old) == depths(new) || same_program { Kind::Format } else { Kind::Indent }
}
