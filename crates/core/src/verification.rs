//! The wire shape of `hotfix verify --json` (`hotfix.verify/1`), and the table
//! of what was verified for a merge request's body. Fields may be added, never
//! removed.

use crate::gate::Verdict;
use crate::incident::Incident;
use crate::journal::Evidence;
use crate::run::RunState;
use crate::status::{self, GatePart};
use crate::testing::compare::Differences;
use crate::testing::{Case, Compared, Counts, Meaning, SideSays, Trouble};
use crate::text::one_line;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The schema's name.
pub const SCHEMA: &str = "hotfix.verify/1";

/// The families of gates that verify a change.
const FAMILIES: [&str; 5] = ["change.", "style.", "repro.", "tests.", "logs."];

/// What was verified.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// `hotfix.verify/1`.
    pub schema: String,
    /// The incident.
    pub incident: Incident,
    /// The run's id.
    pub run: String,
    /// Where the branch starts.
    pub base: Option<String>,
    /// What was verified.
    pub fix: Option<FixPart>,
    /// The gates that verify a change, with their evidence.
    pub gates: Vec<GatePart>,
    /// The results per test of each run that has some.
    pub results: Vec<ResultsPart>,
}

/// What was verified.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FixPart {
    /// Its commit.
    pub commit: String,
    /// Its tree, uncommitted changes included.
    pub tree: String,
    /// There are uncommitted changes.
    pub dirty: bool,
}

/// The results per test of one run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ResultsPart {
    /// The gate.
    pub gate: String,
    /// The command.
    pub command: String,
    /// `base`, `fix`, `merge` or `production`.
    pub side: String,
    /// The tree that it ran on.
    pub tree: Option<String>,
    /// When.
    pub at: Timestamp,
    /// How many tests there were.
    pub counts: Counts,
    /// The tests that are known by name.
    pub cases: Vec<Case>,
    /// How many more there are than are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
    /// What keeps this from being the whole truth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// What was verified of a run, without the results per test.
pub fn of(state: &RunState, now: Timestamp) -> Option<Verification> {
    let status = status::of(state, now)?;
    let mine = |g: &GatePart| FAMILIES.iter().any(|family| g.id.starts_with(family));
    Some(Verification {
        schema: SCHEMA.to_owned(),
        incident: status.incident,
        run: status.run.id,
        base: state.attempt.as_ref().map(|a| a.base.clone()),
        fix: state.head.as_ref().map(|h| FixPart {
            commit: h.commit.clone(),
            tree: h.tree.clone(),
            dirty: h.dirty,
        }),
        gates: status.gates.into_iter().filter(mine).collect(),
        results: Vec::new(),
    })
}

/// The table of the commands that were run on both sides, in Markdown; empty
/// where none was.
pub fn table(gates: &[GatePart]) -> String {
    let mut rows = Vec::new();
    rows.extend(reproduction_row(gates));
    for gate in gates.iter().filter(|g| !g.stale) {
        for compared in &gate.tests {
            rows.push(compared_row(gate.id.trim_start_matches("tests."), compared));
        }
        for not_run in &gate.not_run {
            rows.push(format!("| {} | – | – | not run: {} |", code(&not_run.command), cell(&not_run.why)));
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut out =
        String::from("| Command | On the base | On the fix | Result |\n| --- | --- | --- | --- |\n");
    for row in rows {
        let _ = writeln!(out, "{row}");
    }
    out
}

fn reproduction_row(gates: &[GatePart]) -> Option<String> {
    let of = |id: &str| gates.iter().find(|g| g.id == id && !g.stale);
    let (before, after) = (of("repro.fails-before")?, of("repro.passes-after"));
    let last = before.evidence.last()?;
    let command = last.command.as_deref()?;
    let side = |gate: Option<&GatePart>| {
        let evidence: Vec<&Evidence> = gate.map(|g| g.evidence.iter().collect()).unwrap_or_default();
        let runs: Vec<&&Evidence> =
            evidence.iter().filter(|e| Some(&e.tree) == evidence.last().map(|l| &l.tree)).collect();
        match runs.last() {
            None => "–".to_owned(),
            Some(one) if runs.len() == 1 => cell(&meaning(one)),
            Some(_) => {
                let failed = runs.iter().filter(|e| e.says == Some(Meaning::Failed)).count();
                let (word, times) = if failed == 0 { ("passes", runs.len()) } else { ("fails", failed) };
                format!("{word} {times} of {} times", runs.len())
            }
        }
    };
    let passed = |gate: Option<&GatePart>| gate.is_some_and(|g| g.verdict == Verdict::Pass);
    let result = match (passed(Some(before)), passed(after)) {
        (true, true) => "the incident is shown, and gone",
        (true, false) => "the incident is shown; not yet gone",
        (false, _) => "the incident is not shown",
    };
    Some(format!(
        "| {} (reproduction) | {} | {} | {result} |",
        code(command),
        side(Some(before)),
        side(after)
    ))
}

/// What a run said, e.g. `fails: 1 failed, 3 passed`.
fn meaning(evidence: &Evidence) -> String {
    let tests = evidence.tests.map(|t| format!(": {}", t.told())).unwrap_or_default();
    match (evidence.says, evidence.exit_status) {
        (Some(Meaning::Passed), _) | (None, Some(0)) => format!("passes{tests}"),
        (Some(Meaning::Failed), _) => format!("fails{tests}"),
        _ => evidence.why.clone().unwrap_or_else(|| "says nothing".to_owned()),
    }
}

fn compared_row(kind: &str, compared: &Compared) -> String {
    let side = |side: Option<&SideSays>| match side {
        None => "–".to_owned(),
        Some(s) if s.tests.total() > 0 => cell(&s.tests.told()),
        Some(s) => cell(match s.says {
            Meaning::Passed => "passes",
            _ => &s.why,
        }),
    };
    let result = match lists(&compared.differences) {
        lists if lists.is_empty() => compared.verdict.name().to_owned(),
        lists => format!("{}: {}", compared.verdict.name(), lists.join("; ")),
    };
    format!(
        "| {} ({kind}) | {} | {} | {} |",
        code(&compared.command),
        side(compared.base.as_ref()),
        side(compared.fix.as_ref()),
        cell(&result)
    )
}

/// The lists that are not empty, with their first names.
fn lists(all: &Differences) -> Vec<String> {
    let lists = [
        ("broken by the fix", "broken", &all.broken),
        ("did not run on the fix", "gone", &all.gone),
        ("fixed", "fixed", &all.fixed),
        ("failing before as well", "failing_before", &all.failing_before),
        ("flaky", "flaky", &all.flaky),
    ];
    let told = |(word, key, names): &(&str, &str, &Vec<String>)| {
        let count = all.longer.get(*key).copied().unwrap_or(names.len());
        let few: Vec<String> = names.iter().take(3).map(|n| code(n)).collect();
        let more = if count > few.len() { format!(" and {} more", count - few.len()) } else { String::new() };
        (count > 0).then(|| format!("{word} {}{more}", few.join(", ")))
    };
    lists.iter().filter_map(told).collect()
}

/// A text that stays in its cell of a table.
fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

/// A text as code in a cell of a table.
fn code(text: &str) -> String {
    let text = cell(text);
    let fence = if text.contains('`') { "``" } else { "`" };
    let pad = if text.contains('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Point;
    use crate::testing::NotRun;

    fn gate(id: &str, verdict: Verdict) -> GatePart {
        GatePart {
            id: id.to_owned(),
            step: "test".to_owned(),
            verdict,
            required: Point::BeforeMerge,
            binding: true,
            summary: String::new(),
            details: Vec::new(),
            findings: Vec::new(),
            evidence: Vec::new(),
            logs: None,
            stale: false,
            tests: Vec::new(),
            not_run: Vec::new(),
            waiver: None,
            criteria: None,
        }
    }

    fn ran(command: &str, says: Meaning, passed: u64, failed: u64) -> Evidence {
        Evidence {
            command: Some(command.to_owned()),
            says: Some(says),
            tests: Some(Counts { passed, failed, skipped: 0 }),
            ..Evidence::default()
        }
    }

    #[test]
    fn the_table_has_both_sides() {
        let mut before = gate("repro.fails-before", Verdict::Pass);
        before.evidence = vec![ran("pytest a|b", Meaning::Failed, 0, 1)];
        let mut after = gate("repro.passes-after", Verdict::Pass);
        after.evidence = vec![ran("pytest a|b", Meaning::Passed, 1, 0)];
        let mut tests = gate("tests.critical", Verdict::Fail);
        let side = |passed, failed| {
            let tests = Counts { passed, failed, skipped: 0 };
            Some(SideSays { says: Meaning::Failed, why: "x".to_owned(), tests, runs: 1 })
        };
        tests.tests = vec![Compared {
            command: "pytest `x`".to_owned(),
            runner: None,
            chosen: Vec::new(),
            verdict: Verdict::Fail,
            summary: String::new(),
            base: side(3, 1),
            fix: side(2, 2),
            differences: Differences {
                broken: vec!["a".to_owned()],
                failing_before: ["b", "c", "d", "e"].map(str::to_owned).to_vec(),
                ..Differences::default()
            },
        }];
        tests.not_run = vec![NotRun { command: "slow".to_owned(), why: "no time".to_owned() }];
        assert_eq!(
            table(&[before.clone(), after.clone(), tests.clone()]),
            "| Command | On the base | On the fix | Result |\n\
             | --- | --- | --- | --- |\n\
             | `pytest a\\|b` (reproduction) | fails: 1 failed | passes: 1 passed | the incident is shown, and gone |\n\
             | `` pytest `x` `` (critical) | 3 passed, 1 failed | 2 passed, 2 failed | fail: broken by the fix `a`; failing before as well `b`, `c`, `d` and 1 more |\n\
             | `slow` | – | – | not run: no time |\n"
        );
        before.stale = true;
        tests.stale = true;
        assert_eq!(table(&[before, after, tests]), "", "what is stale proves nothing");
    }
}
