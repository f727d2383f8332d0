//! Takes over of a formatter's work only what concerns the change: hunks
//! that touch a changed line. The rest of the file stays as it is.

use crate::change::{FileChange, LineKind, Status};
use crate::syntax::{Language, Source, TokenKind, tokens};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::BTreeSet;

/// What is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The file's new text.
    pub text: String,
    /// How many hunks were taken over.
    pub taken: usize,
    /// How many were left, because they touch no changed line.
    pub left: usize,
}

/// Why nothing is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// The part alone would not be of the file's language.
    #[error("the part that concerns the change does not stand by itself")]
    Broken,
}

/// The lines of a file that a change has added or altered, or next to which
/// it has removed something; all of a new file.
pub fn changed_lines(file: &FileChange, lines: usize) -> BTreeSet<usize> {
    if file.status == Status::Added {
        return (1..=lines).collect();
    }
    let added = file.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind == LineKind::Added);
    added.filter_map(|line| line.new_line).filter_map(|line| usize::try_from(line).ok()).collect()
}

/// The text with those hunks of `formatted` that touch one of the lines.
///
/// # Errors
/// Where the result could not be read although the whole could.
pub fn adopt(
    path: &str,
    text: &str,
    formatted: &str,
    lines: &BTreeSet<usize>,
) -> Result<Adopted, AdoptError> {
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let new: Vec<&str> = formatted.split_inclusive('\n').collect();
    let mut out = Adopted { text: String::with_capacity(text.len()), taken: 0, left: 0 };
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (before, after) = (op.old_range(), op.new_range());
        if let DiffOp::Equal { .. } = op {
            out.text.extend(old[before].iter().copied());
            continue;
        }
        // What is only inserted concerns the lines on both of its sides.
        let (first, last) =
            if before.is_empty() { (before.start, before.start + 1) } else { (before.start + 1, before.end) };
        if lines.range(first..=last).next().is_some() {
            out.text.extend(new[after].iter().copied());
            out.taken += 1;
        } else {
            out.text.extend(old[before].iter().copied());
            out.left += 1;
        }
    }
    if out.left > 0 && breaks(path, [text, formatted, &out.text]) {
        return Err(AdoptError::Broken);
    }
    Ok(out)
}

/// Whether the third text is another program, or none, although the first two
/// are the same one. Half of an indentation can do that.
fn breaks(path: &str, [before, formatted, after]: [&str; 3]) -> bool {
    let Some(language) = Language::of(path) else { return false };
    let sources = [before, formatted, after].map(|text| Source::parse(language, text));
    let [Some(before), Some(formatted), Some(after)] = &sources else { return false };
    if after.has_errors() && !before.has_errors() && !formatted.has_errors() {
        return true;
    }
    let program = |source: &Source<'_>| -> Vec<(String, u32)> {
        let code = tokens(source).into_iter().filter(|token| token.kind != TokenKind::Comment);
        code.map(|token| (token.text.to_owned(), token.depth)).collect()
    };
    let was = program(before);
    was == program(formatted) && was != program(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hunks_that_touch_changed_lines() {
        let text = "a=1\nkeep\nb=2\nkeep\nc=3\n";
        let formatted = "a = 1\nkeep\nb = 2\nkeep\nc = 3\n";
        let out = adopt("x.txt", text, formatted, &BTreeSet::from([3])).unwrap();
        assert_eq!(out, Adopted { text: "a=1\nkeep\nb = 2\nkeep\nc=3\n".to_owned(), taken: 1, left: 2 });
    }

    #[test]
    fn lines_that_come_and_go() {
        let out = adopt("x.txt", "a\nb\n", "a\n\nb\n", &BTreeSet::from([2])).unwrap();
        assert_eq!((out.text.as_str(), out.taken), ("a\n\nb\n", 1));
        let out = adopt("x.txt", "a\n\n\nb\n", "a\nb\n", &BTreeSet::from([4])).unwrap();
        assert_eq!((out.text.as_str(), out.left), ("a\n\n\nb\n", 1));
        assert_eq!(adopt("x.txt", "a", "a\n", &BTreeSet::from([1])).unwrap().text, "a\n");
        assert_eq!(adopt("x.txt", "", "", &BTreeSet::new()).unwrap().text, "");
    }

    #[test]
    fn half_of_a_formatting_is_no_program() {
        let text = "fn a() { b(1,\n2); }\nfn c() {}\n";
        let formatted = "fn a() {\n    b(1, 2);\n}\nfn c() {}\n";
        let whole = adopt("x.rs", text, formatted, &BTreeSet::from([1, 2])).unwrap();
        assert_eq!(whole.text, formatted);
        let python = ("if a:\n  b()\n\n  c()\n", "if a:\n    b()\n\n    c()\n");
        assert_eq!(adopt("x.py", python.0, python.1, &BTreeSet::from([2])), Err(AdoptError::Broken));
    }
}
