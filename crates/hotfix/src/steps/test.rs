//! Verify the fix: the incident can no longer be reproduced, critical and
//! smoke tests that pass on the base pass on the fix, and the logs have no
//! new errors.

use super::proof::{self, Result3, Side};
use super::{Cx, Ended, Verdict, logs, person, reproduce, says};
use crate::engine::Stop;
use crate::git::tree;
use hotfix_core::config::Command;
use hotfix_core::gate::Point;
use hotfix_core::journal::Evidence;
use hotfix_core::text::tail;

/// Verifies the worktree as it stands.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    verify(cx)?;
    let held: Vec<_> =
        cx.state().holding(Point::BeforeMerge).into_iter().map(|(g, v)| (g.id.clone(), v)).collect();
    let mine = |id: &str| id.starts_with("repro.") || id.starts_with("tests.") || id.starts_with("logs.");
    if held.iter().any(|(id, v)| mine(id) && *v == Verdict::Pending) {
        let what = "a command that shows the incident: it must fail on the base and pass on the fix";
        return Err(Stop::Waiting(vec![person(what, "hotfix reproduce -- COMMAND")]));
    }
    if let Some((id, verdict)) = held.iter().find(|(id, _)| mine(id)) {
        let summary = cx.state().gates.get(id).map_or(String::new(), |(_, seen)| seen.summary.clone());
        return Err(crate::error::Failure::failed(
            "HF0601",
            format!("the fix is not verified: {id} is {} ({summary})", verdict.name()),
        )
        .try_this("mend the fix and verify it again", "hotfix verify")
        .try_this("or let the gate pass under your name", format!("hotfix waive {id} --reason \"why\""))
        .into());
    }
    Ok(Ended::Passed)
}

/// Evaluates every verification gate that is open for this tree.
pub fn verify(cx: &mut Cx<'_>) -> Result<(), Stop> {
    logs::begin(cx)?;
    if let Some(command) = reproduce::command(cx)? {
        if cx.wants("repro.fails-before") {
            reproduce::fails_before(cx, &command)?;
        }
        if cx.wants("repro.passes-after") {
            reproduce::passes_after(cx, &command)?;
        }
    }
    if cx.wants("tests.critical") {
        let commands = critical(cx)?;
        against_base(cx, "tests.critical", &commands, "critical tests")?;
    }
    if cx.wants("tests.smoke") {
        let commands = cx.t.config.verify.smoke.clone();
        against_base(cx, "tests.smoke", &commands, "smoke tests")?;
    }
    if cx.wants(logs::GATE) {
        logs::evaluate(cx)?;
    }
    Ok(())
}

/// The critical tests for what has changed.
fn critical(cx: &Cx<'_>) -> Result<Vec<Command>, Stop> {
    let attempt = cx.attempt()?;
    let tree = cx.state().head.as_ref().map_or_else(|| attempt.base.clone(), |h| h.tree.clone());
    let changed = tree::changed_paths(cx.t.git(), &attempt.base, &tree)?;
    let touched =
        |globs: &[String]| globs.is_empty() || changed.iter().any(|p| globs.iter().any(|g| matches(g, p)));
    let all = &cx.t.config.verify.critical;
    let chosen: Vec<Command> = all.iter().filter(|c| touched(&c.paths)).map(|c| c.run.clone()).collect();
    // A change that no mapping knows gets them all.
    Ok(if chosen.is_empty() { all.iter().map(|c| c.run.clone()).collect() } else { chosen })
}

/// Whether a glob of the config matches a path: `*` within a folder, `**` across.
fn matches(glob: &str, path: &str) -> bool {
    let mut pattern = String::from("^");
    let mut rest = glob;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**/") {
            pattern.push_str("(?:.*/)?");
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("**") {
            pattern.push_str(".*");
            rest = after;
            continue;
        }
        match c {
            '*' => pattern.push_str("[^/]*"),
            '?' => pattern.push_str("[^/]"),
            c => pattern.push_str(&regex::escape(&c.to_string())),
        }
        rest = &rest[c.len_utf8()..];
    }
    regex::Regex::new(&format!("{pattern}$")).is_ok_and(|r| r.is_match(path))
}

/// Runs test commands on the fix, and on the base where they fail there.
fn against_base(cx: &mut Cx<'_>, gate: &str, commands: &[Command], what: &str) -> Result<(), Stop> {
    let fix = proof::prepare_tree(cx, Side::Fix)?;
    let (mut evidence, mut broken, mut before, mut unclear) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for command in commands {
        let trusted = cx.t.trusted(command)?;
        let shown = command.shown();
        let ran = proof::run(cx, &fix, &trusted, &format!("running {what}"))?;
        evidence.push(ran.evidence.clone());
        match proof::judge(&ran) {
            Result3::Passes => {}
            Result3::Unclear => unclear.push(format!("`{shown}` {}", ran.finished.told())),
            Result3::Fails => {
                let lines = tail(&ran.output, 6);
                match on_base(cx, gate, command, &mut evidence, what)? {
                    Result3::Fails => before.push(format!("`{shown}` fails on the base as well")),
                    Result3::Passes => broken
                        .extend([format!("`{shown}` is broken by the fix ({})", ran.finished.told()), lines]),
                    Result3::Unclear => {
                        unclear.push(format!("`{shown}` fails on the fix, and cannot be run on the base"));
                    }
                }
            }
        }
    }
    let passed = commands.len().saturating_sub(before.len());
    let answer = if !broken.is_empty() {
        says(Verdict::Fail, broken[0].clone()).details(
            broken
                .into_iter()
                .skip(1)
                .flat_map(|b| b.lines().map(str::to_owned).collect::<Vec<_>>())
                .chain(before)
                .collect(),
        )
    } else if !unclear.is_empty() {
        says(Verdict::Unknown, unclear.join("; "))
    } else if !before.is_empty() {
        says(Verdict::Pass, format!("{passed} of {} pass; the rest failed before as well", commands.len()))
            .details(before)
    } else {
        let names: Vec<String> = commands.iter().map(|c| format!("`{}`", c.shown())).collect();
        says(Verdict::Pass, format!("{} on the fix", pass(&names)))
    };
    cx.gate(gate, answer.evidence(evidence))
}

fn pass(names: &[String]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "passes" } else { "pass" })
}

fn on_base(
    cx: &Cx<'_>,
    gate: &str,
    command: &Command,
    evidence: &mut Vec<Evidence>,
    what: &str,
) -> Result<Result3, Stop> {
    let base = proof::prepare_tree(cx, Side::Base)?;
    if let Some(seen) = proof::seen_before(cx, gate, &command.shown(), &base.tree) {
        let passed = seen.exit_status == Some(0);
        evidence.push(seen);
        return Ok(if passed { Result3::Passes } else { Result3::Fails });
    }
    let ran = proof::run(cx, &base, &cx.t.trusted(command)?, &format!("running {what} on the base"))?;
    evidence.push(ran.evidence.clone());
    Ok(proof::judge(&ran))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs_are_the_usual_ones() {
        assert!(
            matches("src/**", "src/a/b.rs")
                && matches("**/auth*.rs", "src/auth_x.rs")
                && matches("**/x", "x")
        );
        assert!(!matches("src/*.rs", "src/a/b.rs") && !matches("a.b", "axb"));
    }
}
