//! Which remarks a change has added: those of the base are set aside, also
//! where their lines have moved. Two remarks are the same if the same rule
//! speaks of the same line, and a line is the same if the change has left it
//! where it was, or if its text is.

use super::Remark;
use crate::change::{Change, FileChange, LineKind, Status};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A side's files: their texts, by path.
pub type Texts = BTreeMap<String, String>;

/// What came of the comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Remarks that the base does not have.
    pub added: Vec<Remark>,
    /// How many the base has as well.
    pub known: usize,
    /// How many of the base's are gone.
    pub gone: usize,
}

/// Both sides of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// What lies between them.
    pub change: &'a Change,
    /// The texts of the base's files, by their path there.
    pub base: &'a Texts,
    /// The texts of the fix's files.
    pub fix: &'a Texts,
}

/// Compares the remarks on the base with those on the fix.
pub fn compare(before: &[Remark], after: &[Remark], sides: Sides<'_>) -> Compared {
    let maps: HashMap<&str, Map<'_>> =
        sides.change.files.iter().map(|file| (file.path.as_str(), Map::of(file))).collect();
    let mut left: Vec<Option<&Remark>> = before.iter().map(Some).collect();
    let mut out = Compared::default();
    let mut open: Vec<&Remark> = after.iter().collect();
    // The surest first, so that none takes the counterpart of another.
    for same in [at_its_place, by_its_text, without_a_place] {
        open.retain(|remark| {
            let map = maps.get(remark.file.as_str());
            let found = left
                .iter()
                .position(|old| old.is_some_and(|old| same(&Pair { old, new: remark, map, sides })));
            if let Some(at) = found {
                left[at] = None;
                out.known += 1;
            }
            found.is_none()
        });
    }
    // A hunk of a formatter that touches no changed line was there before,
    // whatever it was a part of then.
    open.retain(|remark| {
        let map = maps.get(remark.file.as_str());
        let untouched = remark.last.is_some() && remark.rule == "format" && !touches(remark, map);
        out.known += usize::from(untouched);
        !untouched
    });
    out.gone = left.iter().flatten().count();
    out.added = open.into_iter().cloned().collect();
    out
}

/// Whether a remark stands on a line that the change has added or altered.
pub fn is_on_changed_line(remark: &Remark, change: &Change) -> bool {
    let file = change.files.iter().find(|file| file.path == remark.file);
    touches(remark, file.map(Map::of).as_ref())
}

fn touches(remark: &Remark, map: Option<&Map<'_>>) -> bool {
    let Some(map) = map else { return false };
    let Some(first) = remark.line else { return true };
    (first..=remark.last.unwrap_or(first).min(first.saturating_add(5000)))
        .any(|line| map.before(line).is_none())
}

struct Pair<'a, 'c> {
    old: &'a Remark,
    new: &'a Remark,
    map: Option<&'a Map<'c>>,
    sides: Sides<'a>,
}

impl Pair<'_, '_> {
    fn of_one_rule(&self) -> bool {
        let was = self.map.map_or(self.new.file.as_str(), |map| map.old_path);
        if self.old.file != was {
            return false;
        }
        match (self.old.rule.as_str(), self.new.rule.as_str()) {
            ("", "") => masked(&self.old.message) == masked(&self.new.message),
            (old, new) => old == new,
        }
    }
}

/// The same line, where the change has left it.
fn at_its_place(pair: &Pair<'_, '_>) -> bool {
    let Some(line) = pair.new.line else { return false };
    let before = pair.map.map_or(Some(line), |map| map.before(line));
    // A formatter's hunk is the same only if all of it is.
    let whole = pair.new.last.is_none() || pair.new.rule != "format" || !touches(pair.new, pair.map);
    pair.of_one_rule() && whole && before.is_some() && pair.old.line == before
}

/// A line with the same text, and a remark that says the same.
fn by_its_text(pair: &Pair<'_, '_>) -> bool {
    let text = |texts: &Texts, remark: &Remark| -> Option<String> {
        let (first, last) = (remark.line?, remark.last.or(remark.line)?);
        // A formatter means all lines of its hunk, others the first.
        let last = if remark.rule == "format" { last } else { first };
        let lines =
            texts.get(&remark.file)?.lines().skip(first as usize - 1).take((last - first + 1) as usize);
        Some(lines.map(str::trim).collect::<Vec<_>>().join("\n"))
    };
    let (old, new) = (text(pair.sides.base, pair.old), text(pair.sides.fix, pair.new));
    pair.of_one_rule()
        && old.is_some()
        && old == new
        && masked(&pair.old.message) == masked(&pair.new.message)
}

/// Remarks about a file, or about none.
fn without_a_place(pair: &Pair<'_, '_>) -> bool {
    pair.new.line.is_none()
        && pair.old.line.is_none()
        && pair.of_one_rule()
        && masked(&pair.old.message) == masked(&pair.new.message)
}

/// A message without its numbers: `line 12`, `97 > 88`.
fn masked(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for c in message.chars() {
        if c.is_ascii_digit() {
            if !out.ends_with('#') {
                out.push('#');
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Where the lines of a changed file were before.
struct Map<'c> {
    old_path: &'c str,
    /// Lines that are new or altered.
    fresh: BTreeSet<u32>,
    /// Where lines shift: from this line on, by so many.
    shifts: Vec<(u32, i64)>,
    whole: bool,
}

impl<'c> Map<'c> {
    fn of(file: &'c FileChange) -> Map<'c> {
        let (mut fresh, mut shifts, mut shift) = (BTreeSet::new(), vec![(1, 0i64)], 0i64);
        for hunk in &file.hunks {
            let mut next = hunk.new_start;
            for line in &hunk.lines {
                match line.kind {
                    LineKind::Added => {
                        next = line.new_line.unwrap_or(next);
                        fresh.insert(next);
                        shift -= 1;
                        next += 1;
                    }
                    LineKind::Removed => shift += 1,
                    LineKind::Context => {
                        next = line.new_line.unwrap_or(next);
                        shifts.push((next, shift));
                        next += 1;
                    }
                }
            }
            shifts.push((next, shift));
        }
        let old_path = file.old_path.as_deref().unwrap_or(&file.path);
        Map { old_path, fresh, shifts, whole: file.status == Status::Added }
    }

    /// The number of a line before the change; none where it was not there.
    fn before(&self, line: u32) -> Option<u32> {
        if self.whole || self.fresh.contains(&line) {
            return None;
        }
        let shift = self.shifts.iter().rev().find(|(from, _)| *from <= line).map_or(0, |(_, shift)| *shift);
        u32::try_from(i64::from(line) + shift).ok().filter(|line| *line > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::parse;

    fn remark(file: &str, line: u32, rule: &str) -> Remark {
        Remark {
            file: file.to_owned(),
            line: Some(line),
            rule: rule.to_owned(),
            message: format!("{rule} 1"),
            ..Remark::default()
        }
    }

    /// Two lines come before line 3 of five, and line 5 is altered.
    const DIFF: &str = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,5 +1,7 @@\n one\n two\n+new 1\n+new 2\n three\n four\n-five\n+cinq\n";

    fn texts(text: &str) -> Texts {
        Texts::from([("a".to_owned(), text.to_owned())])
    }

    fn compared(before: &[Remark], after: &[Remark]) -> Compared {
        let change = parse(DIFF);
        let (base, fix) =
            (texts("one\ntwo\nthree\nfour\nfive\n"), texts("one\ntwo\nnew 1\nnew 2\nthree\nfour\ncinq\n"));
        compare(before, after, Sides { change: &change, base: &base, fix: &fix })
    }

    #[test]
    fn lines_that_moved_are_the_same() {
        let out = compared(
            &[remark("a", 3, "E1"), remark("a", 4, "E2")],
            &[remark("a", 5, "E1"), remark("a", 6, "E2")],
        );
        assert_eq!((out.added.len(), out.known, out.gone), (0, 2, 0));
    }

    #[test]
    fn the_number_alone_says_nothing() {
        let out = compared(&[remark("a", 3, "E1")], &[remark("a", 3, "E1")]);
        assert_eq!((out.added.len(), out.known, out.gone), (1, 0, 1));
    }

    #[test]
    fn an_altered_line_is_new_and_so_is_another_rule() {
        let out = compared(
            &[remark("a", 5, "E1"), remark("a", 1, "E2")],
            &[remark("a", 7, "E1"), remark("a", 1, "E3")],
        );
        assert_eq!((out.added.len(), out.known, out.gone), (2, 0, 2));
    }

    #[test]
    fn one_of_two_is_new() {
        let out = compared(&[remark("a", 1, "E1")], &[remark("a", 1, "E1"), remark("a", 1, "E1")]);
        assert_eq!((out.added.len(), out.known), (1, 1));
    }

    #[test]
    fn a_line_that_was_cut_out_and_put_elsewhere_is_known_by_its_text() {
        let change =
            parse("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-bad = 1\n ok\n+bad = 1\n");
        let (base, fix) = (texts("bad = 1\nok\n"), texts("ok\nbad = 1\n"));
        let out = compare(
            &[remark("a", 1, "E1")],
            &[remark("a", 2, "E1")],
            Sides { change: &change, base: &base, fix: &fix },
        );
        assert_eq!((out.added.len(), out.known), (0, 1));
    }

    #[test]
    fn a_renamed_file_keeps_its_remarks() {
        let change = parse("diff --git a/a b/b\nsimilarity index 100%\nrename from a\nrename to b\n");
        let base = texts("one\n");
        let fix = Texts::from([("b".to_owned(), "one\n".to_owned())]);
        let out = compare(
            &[remark("a", 1, "E1")],
            &[remark("b", 1, "E1")],
            Sides { change: &change, base: &base, fix: &fix },
        );
        assert_eq!((out.added.len(), out.known), (0, 1));
    }

    #[test]
    fn a_formatters_hunk_counts_where_it_touches_the_change() {
        let hunk = |line, last| Remark { last: Some(last), ..remark("a", line, "format") };
        let out = compared(&[hunk(1, 2)], &[hunk(1, 2), hunk(3, 5)]);
        assert_eq!((out.added, out.known), (vec![hunk(3, 5)], 1));
        // It was a part of a larger one.
        assert_eq!(compared(&[hunk(3, 5)], &[hunk(5, 6)]).added, []);
        // A changed line joined one that was there.
        assert_eq!(compared(&[hunk(1, 2)], &[hunk(1, 3)]).added, [hunk(1, 3)]);
    }

    #[test]
    fn what_has_no_place() {
        let file = |file: &str| Remark {
            file: file.to_owned(),
            rule: "format".to_owned(),
            message: "m".to_owned(),
            ..Remark::default()
        };
        let out = compared(&[file("a")], &[file("a"), file("b")]);
        assert_eq!((out.added, out.known), (vec![file("b")], 1));
    }
}
