//! The same replacement in many places: a name that changes everywhere, or
//! one form of code that gives way to another.

use super::super::FileChange;
use super::super::block::{Block, Kind};
use super::super::reading::Reading;
use std::collections::HashMap;

/// So many places with the same replacement are a sweep.
const PLACES: usize = 4;

/// So many are one, where a name gives way to another and is gone.
const RENAMED: usize = 3;

/// A replacement in many places.
pub(super) struct Sweep<'c> {
    pub(super) file: &'c FileChange,
    /// The first place.
    pub(super) line: Option<u32>,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) places: usize,
}

impl Sweep<'_> {
    /// Whether a name is gone and another has its place.
    fn is_rename(&self) -> bool {
        let texts = &self.file.texts;
        let has = |text: &Option<String>, word: &str| {
            text.as_deref().is_none_or(|text| text.lines().any(|line| words(line).contains(&word)))
        };
        is_name(&self.old)
            && is_name(&self.new)
            && !self.old.contains(' ')
            && !self.new.contains(' ')
            && !has(&texts.after, &self.old)
            && !has(&texts.before, &self.new)
    }
}

/// The sweeps of a change, the widest first.
pub(super) fn find<'c>(readings: &[&Reading<'c>]) -> Vec<Sweep<'c>> {
    let mut seen: HashMap<(String, String), Sweep<'c>> = HashMap::new();
    for reading in readings {
        for block in reading.blocks.iter().filter(|block| block.kind == Kind::Code && !block.in_test) {
            for (old, new, line) in replacements(block) {
                let sweep = seen.entry((old.clone(), new.clone())).or_insert_with(|| Sweep {
                    file: reading.file,
                    line,
                    old,
                    new,
                    places: 0,
                });
                sweep.places += 1;
            }
        }
    }
    let enough = |sweep: &Sweep<'c>| sweep.places >= if sweep.is_rename() { RENAMED } else { PLACES };
    let mut all: Vec<Sweep<'c>> = seen.into_values().filter(enough).collect();
    all.sort_by(|a, b| {
        b.places.cmp(&a.places).then_with(|| a.old.cmp(&b.old)).then_with(|| a.new.cmp(&b.new))
    });
    all
}

/// What is replaced by what on the lines of a block, where they can be told
/// to stand for each other.
fn replacements(block: &Block<'_>) -> Vec<(String, String, Option<u32>)> {
    if block.removed.len() != block.added.len() {
        return Vec::new();
    }
    let pairs = block.removed.iter().zip(&block.added);
    let of = pairs.filter_map(|(old, new)| {
        let (gone, come) = middle(&old.text, &new.text)?;
        Some((gone, come, new.new_line))
    });
    of.collect()
}

/// The words in which two lines differ, without what they share at both ends.
fn middle(old: &str, new: &str) -> Option<(String, String)> {
    let (old, new) = (words(old), words(new));
    if old.len() == new.len() {
        // The same word may be replaced more than once on a line.
        let mut differing: Vec<(&str, &str)> =
            old.iter().zip(&new).filter(|(a, b)| a != b).map(|(a, b)| (*a, *b)).collect();
        differing.dedup();
        if let [(a, b)] = differing.as_slice() {
            return is_name(a).then(|| ((*a).to_owned(), (*b).to_owned()));
        }
    }
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let gone = &old[head..old.len() - tail];
    let come = &new[head..new.len() - tail];
    let names = gone.iter().chain(come).any(|word| is_name(word));
    (head + tail > 0 && names && gone.len() <= 8 && come.len() <= 8).then(|| (gone.join(" "), come.join(" ")))
}

fn is_name(word: &str) -> bool {
    word.len() > 1 && word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names and signs.
fn words(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices() {
        let part = c.is_alphanumeric() || c == '_';
        if part {
            start.get_or_insert(at);
            continue;
        }
        if let Some(from) = start.take() {
            out.push(&line[from..at]);
        }
        if !c.is_whitespace() {
            out.push(&line[at..at + c.len_utf8()]);
        }
    }
    out.extend(start.map(|from| &line[from..]));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs() {
        for (old, new, expected) in [
            ("git.add(*files)", "git.add(*updated_files)", Some(("files", "updated_files"))),
            ("a = files + files", "a = rows + rows", Some(("files", "rows"))),
            ("x.as_ref().cloned()", "x.clone()", Some(("as_ref ( ) . cloned", "clone"))),
            ("let a = 1;", "let a = 2;", None),
            ("pay(1)", "pay(1, 2)", None),
        ] {
            let found = middle(old, new);
            let found = found.as_ref().map(|(a, b)| (a.as_str(), b.as_str()));
            assert_eq!(found, expected, "{old} -> {new}");
        }
    }
}
