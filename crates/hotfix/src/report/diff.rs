//! The fix as a diff, line by line.

use super::words;
use serde::Serialize;

/// A diff as it is shown.
#[derive(Debug, Serialize)]
pub struct Diff {
    stat: String,
    fence: String,
    lines: Vec<Line>,
    text: String,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct Line {
    kind: &'static str,
    text: String,
}

/// How many lines of the fix are shown.
const DIFF_LINES: usize = 1200;

/// The diff of a text in the form that git gives.
pub fn of(text: &str) -> Diff {
    let kind = |line: &str| match line {
        l if l.starts_with("+++")
            || l.starts_with("---")
            || l.starts_with("diff ")
            || l.starts_with("index ") =>
        {
            "file"
        }
        l if l.starts_with("@@") => "hunk",
        l if l.starts_with('+') => "added",
        l if l.starts_with('-') => "removed",
        _ => "same",
    };
    let lines: Vec<Line> = text.lines().map(|l| Line { kind: kind(l), text: l.to_owned() }).collect();
    let count = |kind| lines.iter().filter(|l| l.kind == kind).count();
    let files = text.lines().filter(|l| l.starts_with("+++ ")).count();
    let stat = format!(
        "{}, {} added, {} removed",
        words::count(files, "file"),
        words::count(count("added"), "line"),
        count("removed")
    );
    let shown: Vec<Line> = lines.into_iter().take(DIFF_LINES).collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    Diff {
        stat,
        fence: "`".repeat(longest.max(2) + 1),
        text: shown.iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join("\n"),
        left_out: text.lines().count() - shown.len(),
        lines: shown,
    }
}
