//! The gates by the point at which each is required, with their evidence.

use super::{logs, words};
use hotfix_core::finding::{Finding, Hint};
use hotfix_core::gate::{Point, Verdict};
use hotfix_core::journal::Evidence;
use hotfix_core::logs::LogDiff;
use hotfix_core::report::Report;
use hotfix_core::status::GatePart;
use hotfix_core::text::one_line;
use serde::Serialize;

/// The gates of one point.
#[derive(Debug, Serialize)]
pub struct Group {
    /// What the point is called.
    pub title: &'static str,
    /// Its gates.
    pub gates: Vec<Gate>,
}

/// A gate.
#[derive(Debug, Serialize)]
pub struct Gate {
    id: String,
    verdict: &'static str,
    symbol: &'static str,
    word: &'static str,
    advisory: bool,
    summary: String,
    criteria: Option<String>,
    details: Vec<String>,
    /// The details stand among the logs.
    in_logs: bool,
    findings: Vec<Found>,
    evidence: Vec<Shown>,
}

/// What a gate has found in the logs.
#[derive(Debug, Serialize)]
pub struct InLogs {
    gate: String,
    verdict: &'static str,
    symbol: &'static str,
    word: &'static str,
    advisory: bool,
    answer: logs::Shown,
}

/// The gates that have found something in the logs.
pub fn in_logs(report: &Report) -> Vec<InLogs> {
    let of = |part: &GatePart| {
        Some(InLogs {
            gate: part.id.clone(),
            verdict: part.verdict.name(),
            symbol: symbol(part.verdict),
            word: word(part.verdict),
            advisory: !part.binding,
            answer: logs::Shown::of(found_in_logs(part)?),
        })
    };
    report.status.gates.iter().filter_map(of).collect()
}

fn found_in_logs(part: &GatePart) -> Option<&LogDiff> {
    part.logs.as_deref().filter(|found| !found.new.is_empty() || !found.risen.is_empty())
}

/// A finding, and what to do about it while it stands.
#[derive(Debug, Serialize)]
pub struct Found {
    place: String,
    message: String,
    rule: String,
    hints: Vec<Advice>,
}

/// Advice, with its command.
#[derive(Debug, Serialize)]
pub struct Advice {
    text: String,
    command: Option<String>,
}

/// Evidence.
#[derive(Debug, Serialize)]
pub struct Shown {
    kind: String,
    command: Option<String>,
    ended: Option<String>,
    commit: Option<String>,
    digest: Option<String>,
    at: String,
    took: Option<String>,
}

/// Every gate, grouped.
pub fn groups(report: &Report) -> Vec<Group> {
    let points = [
        (Point::BeforeEdit, "Before the first edit"),
        (Point::BeforeCommit, "Before the commit"),
        (Point::BeforeMerge, "Before the merge"),
        (Point::BeforeDeploy, "Before the deploy"),
        (Point::BeforeResolve, "Before it counted as resolved"),
        (Point::BeforeClose, "Before the run is closed"),
    ];
    let group = |(point, title): (Point, &'static str)| {
        let of = report.status.gates.iter().filter(|g| g.required == point);
        Group { title, gates: of.map(gate).collect() }
    };
    points.into_iter().map(group).filter(|g| !g.gates.is_empty()).collect()
}

/// How many gates gave which answer, in words.
pub fn tally(report: &Report) -> String {
    let order = [
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Unknown,
        Verdict::Waived,
        Verdict::Pending,
        Verdict::NotApplicable,
    ];
    let count = |v: &Verdict| report.status.gates.iter().filter(|g| g.verdict == *v).count();
    let counted = order.iter().map(|v| (count(v), word(*v))).filter(|(n, _)| *n > 0);
    let parts: Vec<String> = counted.map(|(n, word)| format!("{n} {word}")).collect();
    if parts.is_empty() { "none yet".to_owned() } else { parts.join(" · ") }
}

fn gate(part: &GatePart) -> Gate {
    Gate {
        id: part.id.clone(),
        verdict: part.verdict.name(),
        symbol: symbol(part.verdict),
        word: word(part.verdict),
        advisory: !part.binding,
        summary: one_line(&part.summary),
        criteria: part.criteria.as_deref().map(one_line),
        details: part.details.clone(),
        in_logs: found_in_logs(part).is_some(),
        findings: part.findings.iter().map(|finding| found(finding, part.verdict)).collect(),
        evidence: part.evidence.iter().map(shown).collect(),
    }
}

fn found(finding: &Finding, verdict: Verdict) -> Found {
    let advice =
        |hint: &Hint| Advice { text: one_line(&hint.text), command: hint.command.as_deref().map(one_line) };
    // A gate that was let pass needs no more advice.
    let open = matches!(verdict, Verdict::Fail | Verdict::Unknown);
    Found {
        place: one_line(&finding.place()),
        message: one_line(&finding.message),
        rule: one_line(&finding.rule),
        hints: finding.hints.iter().filter(|_| open).map(advice).collect(),
    }
}

fn shown(evidence: &Evidence) -> Shown {
    let ended = match (&evidence.command, evidence.exit_status) {
        (_, Some(status)) => Some(format!("exit status {status}")),
        (Some(_), None) => Some("did not end by itself".to_owned()),
        (None, None) => None,
    };
    Shown {
        kind: evidence.kind.clone(),
        command: evidence.command.as_deref().map(one_line),
        ended,
        commit: evidence.commit.as_deref().map(words::short_commit),
        digest: evidence.digest.as_deref().map(words::short_digest),
        at: words::time(evidence.at),
        took: evidence.duration.map(words::duration),
    }
}

/// A verdict's sign: shapes that differ without their colour.
pub fn symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pending => "○",
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        Verdict::Unknown => "?",
        Verdict::NotApplicable => "–",
        Verdict::Waived => "!",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "not applicable",
        other => other.name(),
    }
}
