//! Precision and recall of what the reader found.

use super::expected::{Expected, Row, normal};
use hotfix_core::workflow::{Step, Workflow};
use std::collections::BTreeMap;

/// What was found of what was to be found.
#[derive(Clone, Copy, Default)]
pub struct Share {
    pub right: usize,
    pub wrong: usize,
    pub missing: usize,
}

impl Share {
    pub fn precision(self) -> f64 {
        ratio(self.right, self.wrong)
    }

    pub fn recall(self) -> f64 {
        ratio(self.right, self.missing)
    }

    fn add(&mut self, other: Share) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missing += other.missing;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a page has few steps")]
fn ratio(right: usize, not: usize) -> f64 {
    if right + not == 0 { 1.0 } else { right as f64 / (right + not) as f64 }
}

/// How a page, or several, did.
#[derive(Default)]
pub struct Score {
    pub steps: Share,
    pub skills: Share,
    pub exact: Share,
    pub gates: Share,
    pub gate_ids: Share,
    pub missed: Vec<String>,
}

impl Score {
    pub fn add(&mut self, other: Score) {
        self.steps.add(other.steps);
        self.skills.add(other.skills);
        self.exact.add(other.exact);
        self.gates.add(other.gates);
        self.gate_ids.add(other.gate_ids);
        self.missed.extend(other.missed);
    }

    pub fn of(expected: &Expected, found: &Workflow) -> Score {
        let mut score = Score::default();
        if expected.workflow != found.is_workflow {
            let why = found.diagnostics.iter().find(|d| d.code == "HF0301").map(|d| d.message.as_str());
            score.missed.push(format!("is it a workflow? {} {}", found.is_workflow, why.unwrap_or_default()));
        }
        score.steps(&expected.steps(), &found.steps);
        score.gates(&expected.gates(), found);
        score
    }

    fn steps(&mut self, expected: &[Row], found: &[Step]) {
        let titles: Vec<String> = found.iter().map(|step| normal(&step.title)).collect();
        let pairs = in_order(expected, &titles);
        for (row, step) in pairs.iter().filter_map(|&(row, at)| Some((expected.get(row)?, found.get(at)?))) {
            self.steps.right += usize::from(!row.optional);
            let (right, wrong, missing) = row.best(step).unwrap_or_default();
            self.skills.add(Share { right, wrong, missing });
            self.exact.add(Share {
                right: usize::from(row.is_exact(step)),
                wrong: 0,
                missing: usize::from(!row.is_exact(step)),
            });
            if !row.is_exact(step) {
                let names: Vec<_> = step.skills.iter().map(|skill| skill.name()).collect();
                self.missed.push(format!("skills of `{}`: {}", row.words, names.join("+")));
            }
        }
        for (at, row) in expected.iter().enumerate().filter(|(_, row)| !row.optional) {
            if !pairs.iter().any(|pair| pair.0 == at) {
                self.steps.missing += 1;
                self.missed.push(format!("lost step `{}`", row.words));
            }
        }
        for (at, step) in found.iter().enumerate() {
            if !pairs.iter().any(|pair| pair.1 == at) {
                self.steps.wrong += 1;
                self.missed.push(format!("invented step `{}` at line {}", step.title, step.lines[0]));
            }
        }
    }

    fn gates(&mut self, expected: &[Row], found: &Workflow) {
        let mut left: Vec<&Row> = expected.iter().collect();
        for (line, (text, id)) in gates(found) {
            let text = normal(&text);
            let Some(at) = left.iter().position(|row| text.contains(&row.words)) else {
                self.gates.wrong += 1;
                self.missed.push(format!("invented gate `{id}` at line {line}: {text}"));
                continue;
            };
            let row = left.remove(at);
            self.gates.right += usize::from(!row.optional);
            let Some(right) = row.has_id(&id) else { continue };
            self.gate_ids.add(Share { right: usize::from(right), wrong: 0, missing: usize::from(!right) });
            if !right {
                self.missed.push(format!("gate of `{}`: {id}", row.words));
            }
        }
        for row in left.iter().filter(|row| !row.optional) {
            self.gates.missing += 1;
            self.missed.push(format!("lost gate `{}`", row.words));
        }
    }
}

/// Every criterion of a workflow once, by its line.
fn gates(found: &Workflow) -> BTreeMap<u32, (String, String)> {
    let policy = &found.policy;
    let lists = [&policy.prerequisites, &policy.verification, &policy.monitor.checks, &policy.completion];
    let of_policy = lists.into_iter().chain([&policy.rollback.required, &found.obligations]).flatten();
    let of_steps = found.steps.iter().flat_map(|step| &step.checklist);
    let criteria = of_policy.chain(of_steps).map(|criterion| {
        (
            criterion.line.unwrap_or_default(),
            criterion.text.clone(),
            criterion.gate.clone().unwrap_or_default(),
        )
    });
    let rows = found.gates.iter().map(|row| (row.line, row.criteria.clone(), row.id.clone()));
    criteria.chain(rows).map(|(line, text, id)| (line, (text, id))).collect()
}

/// The longest way to pair rows with titles that contain their words, in both
/// orders. Pairs of rows that must be there count more than optional ones.
fn in_order(expected: &[Row], titles: &[String]) -> Vec<(usize, usize)> {
    let (rows, columns) = (expected.len(), titles.len());
    let mut best = vec![vec![0_usize; columns + 1]; rows + 1];
    let fits = |row: usize, column: usize| titles[column].contains(&expected[row].words);
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let worth = if expected[row].optional { 2 } else { 3 };
            let paired = if fits(row, column) { best[row + 1][column + 1] + worth } else { 0 };
            best[row][column] = paired.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < rows && column < columns {
        if best[row][column] == best[row + 1][column] {
            row += 1;
        } else if best[row][column] == best[row][column + 1] {
            column += 1;
        } else {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        }
    }
    pairs
}
