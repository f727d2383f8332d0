//! Check the style: the project's own checker on the changed files. What the
//! base has as well is set aside; only findings that the change added count.

use super::proof::{self, ProofTree, Result3, Side};
use super::tools::Ran;
use super::{Cx, Ended, Says, Verdict, says};
use crate::engine::Stop;
use crate::git::tree;
use crate::settings::{Trust, TrustedCommand};
use hotfix_core::config::Command;
use regex::Regex;
use std::collections::BTreeMap;

/// The gate `style.clean`.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    if cx.verdict("style.clean") == Verdict::NotApplicable {
        return Ok(Ended::Skipped("no style checker is configured".to_owned()));
    }
    if cx.verdict("style.clean") == Verdict::Pass {
        return Ok(Ended::Passed);
    }
    let attempt = cx.attempt()?;
    let fix = proof::prepare_tree(cx, Side::Fix)?;
    let changed = tree::changed_paths(cx.t.git(), &attempt.base, &fix.tree)?;
    let files: Vec<String> = changed.into_iter().filter(|p| fix.path.join(p).is_file()).collect();
    let mut worst = says(Verdict::Pass, format!("no finding was added in {}", count(files.len(), "file")));
    for command in cx.t.config.verify.style.clone() {
        let answer = one_checker(cx, &fix, &command, &files)?;
        worst = match (worst.verdict, answer.verdict) {
            (Verdict::Pass, Verdict::Pass) => {
                Says { evidence: [worst.evidence, answer.evidence].concat(), ..worst }
            }
            (Verdict::Pass | Verdict::Unknown, _) => answer,
            _ => worst,
        };
    }
    cx.gate("style.clean", worst)?;
    Ok(Ended::Passed)
}

/// The checker with the changed files as its arguments.
fn with_files(cx: &Cx<'_>, command: &Command, files: &[String]) -> Result<TrustedCommand, Stop> {
    cx.t.trusted(command)?;
    let mut words = command.argv();
    if matches!(command, Command::Shell(_)) {
        // The files are arguments of the shell, never part of its text.
        words[2] = format!("{} \"$@\"", words[2]);
        words.push("sh".to_owned());
    }
    words.extend(files.iter().map(|f| if f.starts_with('-') { format!("./{f}") } else { f.clone() }));
    Ok(Trust::typed(&words))
}

fn one_checker(cx: &Cx<'_>, fix: &ProofTree, command: &Command, files: &[String]) -> Result<Says, Stop> {
    let mut after = proof::run(cx, fix, &with_files(cx, command, files)?, "checking the style")?;
    after.evidence.command = Some(command.shown());
    let shown = command.shown();
    match proof::judge(&after) {
        Result3::Passes => return Ok(says(Verdict::Pass, "").evidence(vec![after.evidence])),
        Result3::Unclear => {
            let summary = format!("`{shown}` {}", after.finished.told());
            return Ok(says(Verdict::Unknown, summary).evidence(vec![after.evidence]));
        }
        Result3::Fails => {}
    }
    let base = proof::prepare_tree(cx, Side::Base)?;
    let there: Vec<String> = files.iter().filter(|f| base.path.join(f).is_file()).cloned().collect();
    let before = proof::run(cx, &base, &with_files(cx, command, &there)?, "checking the style of the base")?;
    let evidence = vec![after.evidence.clone(), before.evidence.clone()];
    Ok(compare(&shown, &before, &after).evidence(evidence))
}

fn compare(shown: &str, before: &Ran, after: &Ran) -> Says {
    let (old, new) = (findings(&before.output), findings(&after.output));
    if new.is_empty() {
        return match proof::judge(before) {
            Result3::Fails => {
                says(Verdict::Unknown, format!("`{shown}` fails on the base as well, and names no line"))
            }
            _ => says(
                Verdict::Fail,
                format!("`{shown}` {} on the fix, not on the base", after.finished.told()),
            )
            .details(hotfix_core::text::tail(&after.output, 8).lines().map(str::to_owned).collect()),
        };
    }
    let mut left: BTreeMap<(String, String), usize> = BTreeMap::new();
    for finding in old {
        *left.entry(finding.key).or_default() += 1;
    }
    let mut added = Vec::new();
    let mut known = 0;
    for finding in new {
        match left.get_mut(&finding.key) {
            Some(count) if *count > 0 => {
                *count -= 1;
                known += 1;
            }
            _ => added.push(finding.line),
        }
    }
    if added.is_empty() {
        return says(Verdict::Pass, format!("no finding was added; the base has {known} of its own"));
    }
    says(Verdict::Fail, format!("{} added ({known} were there before)", count(added.len(), "finding")))
        .details(added)
}

struct Finding {
    /// The file and the message, without the line's number.
    key: (String, String),
    line: String,
}

/// Lines of the form `file:line: message` or `file:line:column: message`.
fn findings(output: &str) -> Vec<Finding> {
    let Ok(form) = Regex::new(r"^\s*([^\s:][^:]*):(\d+)(?::\d+)?:?\s+(.+)$") else { return Vec::new() };
    let of = |line: &str| {
        let found = form.captures(line)?;
        Some(Finding { key: (found[1].to_owned(), found[3].to_owned()), line: line.trim().to_owned() })
    };
    output.lines().filter_map(of).collect()
}

fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
