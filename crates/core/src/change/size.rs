//! `change.size`: files and lines are within the budget.

use super::reading::{Aside, Reading};
use super::{Budget, Change, Finding, Judgement, Line, LineKind, Rules, Ways, block::Kind, count, verdict};
use std::collections::HashMap;

const GATE: &str = "change.size";

/// The budget of files where nobody names one. Nine of ten fixes of public
/// projects touch no more (docs/performance.md).
pub const DEFAULT_MAX_FILES: u32 = 3;

/// The budget of added and removed lines where nobody names one, likewise.
pub const DEFAULT_MAX_LINES: u32 = 60;

/// A file that counts, with its lines that count.
struct Counted<'r, 'c> {
    reading: &'r Reading<'c>,
    lines: u32,
    first: Option<u32>,
}

/// The budget used, and the files that use it, the largest first.
fn tally<'r, 'c>(readings: &'r [Reading<'c>], rules: &Rules<'_>) -> (Budget, Vec<Counted<'r, 'c>>) {
    let mut budget = Budget {
        max_files: rules.policy.max_files.unwrap_or(rules.max_files),
        max_lines: rules.policy.max_lines.unwrap_or(rules.max_lines),
        ..Budget::default()
    };
    let mut all: Vec<Counted<'_, '_>> = Vec::new();
    for reading in readings {
        let lines = lines(reading);
        budget.test_lines = budget.test_lines.saturating_add(lines.test);
        if reading.aside.is_some() {
            budget.files_aside += 1;
            continue;
        }
        budget.lines = budget.lines.saturating_add(lines.code);
        budget.quiet_lines = budget.quiet_lines.saturating_add(lines.quiet);
        let nothing_else = lines.code == 0 && (lines.test > 0 || lines.quiet > 0);
        if nothing_else {
            budget.files_aside += 1;
            continue;
        }
        // A changed type comes as a deleted and an added file of one path.
        match all.iter_mut().find(|other| other.reading.file.path == reading.file.path) {
            Some(other) => other.lines = other.lines.saturating_add(lines.code),
            None => all.push(Counted { reading, lines: lines.code, first: lines.first }),
        }
    }
    budget.files = u32::try_from(all.len()).unwrap_or(u32::MAX);
    all.sort_by_key(|counted| std::cmp::Reverse(counted.lines));
    (budget, all)
}

#[derive(Default)]
struct Lines {
    code: u32,
    test: u32,
    quiet: u32,
    /// The first that counts.
    first: Option<u32>,
}

fn lines(reading: &Reading<'_>) -> Lines {
    let mut out = Lines::default();
    let whole_test = reading.aside == Some(Aside::Test);
    for block in &reading.blocks {
        let mut indented = Indented::of(block.removed.iter().chain(&block.added).copied());
        for line in block.lines() {
            let text = line.text.trim();
            if whole_test || block.is_test(line) {
                out.test = out.test.saturating_add(1);
            } else if matches!(block.kind, Kind::Comment | Kind::Blank | Kind::Indent)
                || text.is_empty()
                || reading.is_comment(line)
                || indented.takes(line)
            {
                out.quiet = out.quiet.saturating_add(1);
            } else {
                out.code = out.code.saturating_add(1);
                out.first = out.first.or(line.new_line).or(Some(block.at));
            }
        }
    }
    out
}

/// Lines of a block that are there on both sides, at another depth.
struct Indented(HashMap<String, (u32, u32)>);

impl Indented {
    fn of<'c>(lines: impl Iterator<Item = &'c Line>) -> Indented {
        let mut sides: HashMap<String, (u32, u32)> = HashMap::new();
        for line in lines {
            let (gone, come) = sides.entry(line.text.trim().to_owned()).or_default();
            *(if line.kind == LineKind::Removed { gone } else { come }) += 1;
        }
        for (gone, come) in sides.values_mut() {
            let both = (*gone).min(*come);
            (*gone, *come) = (both, both);
        }
        Indented(sides)
    }

    fn takes(&mut self, line: &Line) -> bool {
        let Some((gone, come)) = self.0.get_mut(line.text.trim()) else { return false };
        let left = if line.kind == LineKind::Removed { gone } else { come };
        let has = *left > 0;
        *left = left.saturating_sub(1);
        has
    }
}

/// The budget used, and the gate's answer.
pub(super) fn judge(change: &Change, readings: &[Reading<'_>], rules: &Rules<'_>) -> (Budget, Judgement) {
    let (budget, counted) = tally(readings, rules);
    if change.is_empty() {
        return (budget, empty());
    }
    let named = rules.policy.max_files.is_some() || rules.policy.max_lines.is_some();
    let over = Over { counted: &counted, binding: rules.policy.minimal || named, base: rules.base };
    let mut findings = Vec::new();
    if budget.files > budget.max_files {
        findings.push(over.finding("files", budget.files, budget.max_files));
    }
    if budget.lines > budget.max_lines {
        findings.push(over.finding("lines", budget.lines, budget.max_lines));
    }
    let summary = told(&budget);
    (budget, Judgement { gate: GATE, verdict: verdict(&findings), summary, findings })
}

/// The budget in words: `2 of 5 files, 18 of 60 lines; aside: 7 lines of tests`.
fn told(budget: &Budget) -> String {
    let Budget { files, lines, max_files, max_lines, test_lines, quiet_lines, files_aside } = *budget;
    let aside: Vec<String> = [
        (test_lines, "line of tests", "lines of tests"),
        (quiet_lines, "line of comments or layout", "lines of comments or layout"),
        (files_aside, "file", "files"),
    ]
    .iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, one, many)| count(*n as usize, one, many))
    .collect();
    let aside = if aside.is_empty() { String::new() } else { format!("; aside: {}", aside.join(", ")) };
    format!("{files} of {max_files} files, {lines} of {max_lines} lines{aside}")
}

struct Over<'a> {
    counted: &'a [Counted<'a, 'a>],
    binding: bool,
    base: &'a str,
}

impl Over<'_> {
    fn finding(&self, what: &str, used: u32, most: u32) -> Finding {
        let largest = self.counted.first();
        let names = self.counted.iter().take(3).map(|c| format!("{} ({})", c.reading.file.path, c.lines));
        let ways = Ways { gate: GATE, base: self.base };
        Finding {
            rule: what.to_owned(),
            file: largest.map(|c| c.reading.file.path.clone()).unwrap_or_default(),
            line: largest.and_then(|c| c.first),
            column: None,
            message: format!(
                "{used} {what} changed, the budget is {most}; largest: {}",
                names.collect::<Vec<_>>().join(", ")
            ),
            binding: self.binding,
            hints: largest.map(|c| ways.of_hunk(c.reading.file)).unwrap_or_default(),
        }
    }
}

fn empty() -> Judgement {
    let finding = Finding {
        rule: "empty".to_owned(),
        message: "nothing has changed yet".to_owned(),
        binding: true,
        hints: vec![crate::finding::Hint::run(
            "edit the files that fix the incident; the budget shows meanwhile",
            "hotfix status",
        )],
        ..Finding::default()
    };
    let findings = vec![finding];
    Judgement {
        gate: GATE,
        verdict: verdict(&findings),
        summary: "nothing has changed yet".to_owned(),
        findings,
    }
}
