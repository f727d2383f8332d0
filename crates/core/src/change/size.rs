//! `change.size`: files and lines are within the budget.

use super::globs::Globs;
use super::{Budget, Change, FileChange, Finding, Judgement, LineKind, Rules, count, paths, verdict};

const GATE: &str = "change.size";

/// The budget of files where nobody names one: most fixes touch one to three
/// files besides their tests.
pub const DEFAULT_MAX_FILES: u32 = 5;

/// The budget of added and removed lines where nobody names one.
pub const DEFAULT_MAX_LINES: u32 = 100;

/// How much of the budget the change uses.
pub fn budget(change: &Change, rules: &Rules<'_>) -> Budget {
    tally(change, rules).0
}

/// The budget, with each counted file and its counted lines.
fn tally<'c>(change: &'c Change, rules: &Rules<'_>) -> (Budget, Vec<(&'c FileChange, u32)>) {
    let generated = Globs::new(rules.generated.iter().map(String::as_str));
    let mut budget = Budget {
        max_files: rules.policy.max_files.unwrap_or(rules.max_files),
        max_lines: rules.policy.max_lines.unwrap_or(rules.max_lines),
        ..Budget::default()
    };
    let mut counted: Vec<(&FileChange, u32)> = Vec::new();
    for file in &change.files {
        if generated.has(&file.path) || paths::is_lock_file(&file.path) {
            continue;
        }
        let (mut code, mut test) = (0u32, 0u32);
        for (line, in_test) in file.lines() {
            let side = if in_test { &mut test } else { &mut code };
            *side = side.saturating_add(u32::from(line.kind != LineKind::Context));
        }
        budget.test_lines = budget.test_lines.saturating_add(test);
        budget.lines = budget.lines.saturating_add(code);
        let only_tests = file.is_test() || (code == 0 && test > 0);
        if only_tests {
            continue;
        }
        // A changed type comes as a deleted and an added file of one path.
        match counted.iter_mut().find(|(other, _)| other.path == file.path) {
            Some((_, lines)) => *lines = lines.saturating_add(code),
            None => counted.push((file, code)),
        }
    }
    budget.files = u32::try_from(counted.len()).unwrap_or(u32::MAX);
    counted.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    (budget, counted)
}

/// The gate's answer.
pub(super) fn judge(change: &Change, rules: &Rules<'_>) -> Judgement {
    if change.is_empty() {
        return empty();
    }
    let (budget, counted) = tally(change, rules);
    let named = rules.policy.max_files.is_some() || rules.policy.max_lines.is_some();
    let binding = rules.policy.minimal || named;
    let mut findings = Vec::new();
    let mut over = |used: u32, most: u32, one: &str, many: &str| {
        if used > most {
            findings.push(Finding {
                gate: GATE,
                file: counted.first().map(|(file, _)| file.path.clone()).unwrap_or_default(),
                line: None,
                message: format!(
                    "{} changed, the budget is {most}; largest: {}",
                    count(used as usize, one, many),
                    largest(&counted)
                ),
                hint: "leave what the incident does not need to a follow-up, or `hotfix waive change.size --reason TEXT`"
                    .to_owned(),
                binding,
            });
        }
    };
    over(budget.files, budget.max_files, "file", "files");
    over(budget.lines, budget.max_lines, "line", "lines");
    let Budget { files, lines, max_files, max_lines, test_lines } = budget;
    Judgement {
        gate: GATE,
        verdict: verdict(&findings),
        summary: format!(
            "{files} of {max_files} files, {lines} of {max_lines} lines; {test_lines} lines of tests"
        ),
        findings,
    }
}

fn empty() -> Judgement {
    let finding = Finding {
        gate: GATE,
        file: String::new(),
        line: None,
        message: "nothing has changed yet".to_owned(),
        hint: "edit the files that fix the incident; `hotfix status` shows the budget meanwhile".to_owned(),
        binding: true,
    };
    let findings = vec![finding];
    Judgement {
        gate: GATE,
        verdict: verdict(&findings),
        summary: "nothing has changed yet".to_owned(),
        findings,
    }
}

fn largest(counted: &[(&FileChange, u32)]) -> String {
    let names = counted.iter().take(3).map(|(file, lines)| format!("{} ({lines})", file.path));
    names.collect::<Vec<_>>().join(", ")
}
