//! `change.shape`: no refactoring, no new feature, no weakened test.

mod features;
mod interface;
mod moves;
mod refactoring;
mod surface;
mod sweep;
mod weaken;

use super::reading::Reading;
use super::{FileChange, Finding, Judgement, Rules, Ways, count, excerpt, verdict};
use crate::gate::Verdict;
use std::collections::BTreeSet;

const GATE: &str = "change.shape";

/// What was counted besides the findings.
#[derive(Default)]
struct Tally {
    comments: usize,
    versions: BTreeSet<String>,
    for_tools: BTreeSet<String>,
    signatures: usize,
    /// Programs and manifests of which too little is known.
    unread: BTreeSet<String>,
}

/// The gate's answer.
pub(super) fn judge(readings: &[Reading<'_>], rules: &Rules<'_>) -> Judgement {
    let code: Vec<&Reading<'_>> = readings.iter().filter(|reading| reading.is_code()).collect();
    let mut tally = Tally::default();
    let surfaces = surface::all(&code, &mut tally);
    let mut refactoring = refactoring::findings(&code, rules, &mut tally);
    refactoring.extend(features::removed(&surfaces, rules));
    let features = features::findings(&code, &surfaces, rules, &mut tally);
    let weakened = weaken::findings(readings, rules);
    let mut summary = vec![format!(
        "{}, {}, {}",
        count(refactoring.len(), "sign of refactoring", "signs of refactoring"),
        count(features.len(), "sign of a new feature", "signs of a new feature"),
        count(weakened.len(), "weakened test", "weakened tests"),
    )];
    if tally.comments > 0 {
        summary.push(count(tally.comments, "place with only comments", "places with only comments"));
    }
    if tally.signatures > 0 {
        summary.push(count(tally.signatures, "changed signature", "changed signatures"));
    }
    let lists = [
        ("changed version of", &tally.versions),
        ("new for tests and tools:", &tally.for_tools),
        ("could not be read:", &tally.unread),
    ];
    for (what, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
        let names: Vec<_> = names.iter().map(|name| excerpt(name)).collect();
        summary.push(format!("{what} {}", names.join(", ")));
    }
    let findings: Vec<Finding> = weakened.into_iter().chain(refactoring).chain(features).collect();
    let mut verdict = verdict(&findings);
    if verdict == Verdict::Pass && !tally.unread.is_empty() {
        verdict = Verdict::Unknown;
    }
    Judgement { gate: GATE, verdict, summary: summary.join("; "), findings }
}

/// Where something stands, and what it is.
struct Sign<'a> {
    file: &'a FileChange,
    rule: &'a str,
    line: Option<u32>,
    column: Option<u32>,
}

impl Sign<'_> {
    fn finding(&self, message: String, base: &str, binding: bool) -> Finding {
        let ways = Ways { gate: GATE, base };
        let hints = if self.line.is_some() { ways.of_hunk(self.file) } else { ways.of_file(self.file) };
        Finding {
            rule: self.rule.to_owned(),
            file: self.file.path.clone(),
            line: self.line,
            column: self.column,
            message,
            binding,
            hints,
        }
    }
}
