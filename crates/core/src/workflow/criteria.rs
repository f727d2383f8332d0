//! Which gate decides a criterion that the page states in prose. A criterion
//! that no built-in gate covers becomes `manual.<slug>`; none is dropped.

use super::lexicon::Lexicon;
use super::words::tokens;
use crate::policy::Criterion;
use crate::text::slug;

/// Where a criterion stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Prerequisites.
    Prerequisite,
    /// The verification of the fix.
    Verification,
    /// The monitoring checklist.
    Monitoring,
    /// What must be known to go back.
    Rollback,
    /// Completion criteria.
    Completion,
    /// A quality-gate table or a checklist anywhere else.
    Anywhere,
}

type Rule = (&'static str, &'static [&'static [&'static str]]);

// Each rule: a gate, and alternatives of word beginnings that must all occur.
const PREREQUISITE: &[Rule] = &[
    ("prepare.authorized", &[&["authori"], &["approv"], &["sign", "off"], &["permission"]]),
    ("prepare.incident-confirmed", &[&["confirm"], &["incident", "open"], &["verified", "incident"]]),
    ("prepare.base", &[&["branch"], &["worktree"], &["checked", "out"]]),
    ("rollback.ready", &[&["rollback"], &["roll", "back"]]),
];
const VERIFICATION: &[Rule] = &[
    ("repro.passes-after", &[&["no", "longer", "reproduc"], &["not", "reproduc"], &["cannot", "reproduc"]]),
    ("repro.passes-after", &[&["incident", "resolved"], &["incident", "gone"], &["bug", "gone"]]),
    ("tests.smoke", &[&["smoke"], &["core", "function"], &["core", "works"]]),
    ("logs.no-new-errors", &[&["new", "error"], &["no", "error", "log"], &["clean", "log"]]),
    (
        "tests.critical",
        &[&["test", "pass"], &["tests", "green"], &["critical", "test"], &["regression", "test"]],
    ),
    ("repro.fails-before", &[&["reproduc", "before"], &["fails", "before"], &["reproduc", "base"]]),
];
const MONITORING: &[Rule] = &[
    ("monitor.new-errors", &[&["new", "error"], &["new", "exception"], &["unseen", "error"]]),
    (
        "monitor.error-rate",
        &[&["error", "rate"], &["errors", "normal"], &["error", "baseline"], &["error", "budget"]],
    ),
    ("monitor.metrics", &[&["metric"], &["latency"], &["throughput"], &["dashboard"]]),
    ("deploy.live", &[&["health"], &["responds"], &["service", "up"], &["answers"]]),
];
const ROLLBACK: &[Rule] = &[(
    "rollback.ready",
    &[&["stable"], &["version"], &["tag"], &["command"], &["criteria"], &["roll"], &["revert"]],
)];
const COMPLETION: &[Rule] = &[
    (
        "report.complete",
        &[
            &["incident", "review"],
            &["retrospective"],
            &["report"],
            &["post", "mortem"],
            &["postmortem"],
            &["rca"],
            &["root", "cause"],
        ],
    ),
    ("followup.ticket", &[&["follow", "up"], &["followup"], &["follow-up"]]),
    (
        "port.merged",
        &[&["main"], &["master"], &["trunk"], &["cherry"], &["back", "merge"], &["port"], &["develop"]],
    ),
    ("deploy.version", &[&["deployed"], &["released"], &["live", "production"]]),
    ("monitor.error-rate", &[&["monitored"], &["error", "rate"]]),
    (
        "incident.resolved",
        &[&["incident", "resolved"], &["incident", "closed"], &["resolved"], &["incident", "over"]],
    ),
];
const ANYWHERE: &[Rule] = &[
    ("style.clean", &[&["style"], &["lint"], &["format", "clean"]]),
    ("change.size", &[&["smallest"], &["minimal", "change"], &["change", "small"]]),
    ("change.shape", &[&["no", "refactor"], &["no", "feature"]]),
    ("change.secrets", &[&["secret"], &["credential"]]),
    ("mr.pipeline", &[&["pipeline"], &["ci", "green"], &["ci", "pass"]]),
    ("review.reviewers", &[&["review"]]),
    ("review.approvers", &[&["approved"]]),
    ("rollback.ready", &[&["rollback"], &["roll", "back"]]),
];

/// The gate for a criterion at its place.
pub(crate) fn gate(text: &str, place: Place) -> String {
    let words = in_english(text);
    let tables: &[&[Rule]] = match place {
        Place::Prerequisite => &[PREREQUISITE],
        Place::Verification => &[VERIFICATION, ANYWHERE],
        Place::Monitoring => &[MONITORING],
        Place::Rollback => &[ROLLBACK],
        Place::Completion => &[COMPLETION, VERIFICATION, ANYWHERE],
        Place::Anywhere => &[VERIFICATION, ANYWHERE, MONITORING, COMPLETION],
    };
    let holds = |alternatives: &[&[&str]]| {
        alternatives.iter().any(|all| all.iter().all(|part| words.iter().any(|word| word.starts_with(part))))
    };
    let mut rules = tables.iter().flat_map(|table| table.iter());
    match rules.find(|(_, alternatives)| holds(alternatives)) {
        Some((gate, _)) => (*gate).to_owned(),
        None => format!("manual.{}", slug(text)),
    }
}

/// The words of a criterion, with what it says in English.
fn in_english(text: &str) -> Vec<String> {
    let lexicon = Lexicon::built_in();
    let tokens = tokens(text);
    let said = lexicon.concepts.hits(&tokens).into_iter().filter_map(|hit| lexicon.said.get(hit.sense));
    let said: Vec<String> = said.flat_map(|said| said.split(' ')).map(str::to_owned).collect();
    tokens.into_iter().map(|token| token.word).chain(said).collect()
}

/// A criterion with its gate.
pub(crate) fn criterion(text: &str, place: Place, line: Option<u32>) -> Criterion {
    Criterion { text: text.to_owned(), gate: Some(gate(text, place)), line, file: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_knows_its_gates() {
        let rows = [
            ("Incident confirmed in production", Place::Prerequisite, "prepare.incident-confirmed"),
            ("Authorized by manager or on-call approval", Place::Prerequisite, "prepare.authorized"),
            ("On hotfix branch from the tag", Place::Prerequisite, "prepare.base"),
            ("The incident is no longer reproducible", Place::Verification, "repro.passes-after"),
            ("Core functions work (smoke)", Place::Verification, "tests.smoke"),
            ("No new errors in the logs", Place::Verification, "logs.no-new-errors"),
            ("No new kinds of errors", Place::Monitoring, "monitor.new-errors"),
            ("Error rate is normal", Place::Monitoring, "monitor.error-rate"),
            ("Key metrics stable", Place::Monitoring, "monitor.metrics"),
            ("Rollback command ready", Place::Rollback, "rollback.ready"),
            ("Fix deployed and monitored", Place::Completion, "deploy.version"),
            ("Follow-up ticket created", Place::Completion, "followup.ticket"),
            ("Merged to main", Place::Completion, "port.merged"),
            ("Incident resolved", Place::Completion, "incident.resolved"),
            ("Critical tests pass", Place::Anywhere, "tests.critical"),
            ("Customer was called", Place::Completion, "manual.customer-was-called"),
        ];
        for (text, place, expected) in rows {
            assert_eq!(gate(text, place), expected, "{text}");
        }
    }

    #[test]
    fn every_gate_named_here_exists() {
        for table in [PREREQUISITE, VERIFICATION, MONITORING, ROLLBACK, COMPLETION, ANYWHERE] {
            for (id, _) in table {
                assert!(crate::gate::built_in(id).is_some(), "{id}");
            }
        }
    }
}
