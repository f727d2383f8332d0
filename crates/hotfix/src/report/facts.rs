//! What the journal knows, in sentences: the story of the run, how bad it was,
//! and what went to production when.

use super::series::{self, Measure};
use super::words;
use hotfix_core::report::Report;
use hotfix_core::text::one_line;
use jiff::Timestamp;

/// A version that went to production.
#[derive(Debug, Clone)]
pub struct Landed {
    /// When.
    pub at: Timestamp,
    /// The version.
    pub version: String,
    /// It is what a rollback brought back.
    pub back: bool,
    /// It was rolled back afterwards.
    pub undone: bool,
}

/// What went to production when, and what became of it.
pub fn landed(report: &Report, deploys: &[(Timestamp, String)]) -> Vec<Landed> {
    let state = |at: Timestamp, version: &str| {
        let mut all = report.status.deploys.iter();
        all.find(|d| d.at == at && d.version == version).map(|d| d.state.as_str())
    };
    let mut undone = false;
    let mut all = Vec::new();
    for (at, version) in deploys {
        let target = report.rolled_back.as_ref().is_some_and(|r| r.to == *version);
        let back = undone && target;
        let rolled_back = state(*at, version) == Some("rolled-back");
        undone = undone || rolled_back;
        all.push(Landed { at: *at, version: version.clone(), back, undone: rolled_back });
    }
    all
}

/// What happened, sentence by sentence.
pub fn story(report: &Report) -> Vec<String> {
    let mut told = vec![beginning(report)];
    told.extend(impact(report));
    told.extend(deploy(report));
    if let Some(r) = &report.rolled_back {
        let who = if r.asked { "as somebody asked" } else { "by its criteria" };
        let why = sentence(&r.reason);
        told.push(format!(
            "At {} UTC production was brought back from {} to {}, {who}: {why}",
            words::clock(r.at),
            one_line(&r.from),
            one_line(&r.to)
        ));
    }
    told.push(ending(report));
    told
}

fn beginning(report: &Report) -> String {
    let author = words::name(&one_line(&report.author));
    let started = report.status.run.started_at;
    match (report.began_at, started) {
        (Some(began), Some(started)) if began < started => format!(
            "The incident began on {} at {} UTC; {} later {author} started the hotfix.",
            words::long_date(began),
            words::clock(began),
            words::duration(started.duration_since(began))
        ),
        (_, Some(started)) => {
            format!(
                "{author} started the hotfix on {} at {} UTC.",
                words::long_date(started),
                words::clock(started)
            )
        }
        (_, None) => format!("{author} opened the run."),
    }
}

/// How bad it was, as the first error rate tells.
pub fn impact(report: &Report) -> Option<String> {
    report.signals.iter().filter(|s| Measure::of(s) == Measure::ErrorRate).find_map(|signal| {
        let samples = series::samples(signal);
        let windows = series::windows(report, signal, &samples);
        let rows = series::rows(Measure::ErrorRate, &windows, &samples);
        let of = |kind: &str| rows.iter().find(|r| r.kind == kind && r.figure.is_some());
        let incident = of("incident")?;
        let counted = incident.counted.as_ref().map(|c| format!(" ({c})")).unwrap_or_default();
        let before = of("baseline").map(|r| format!("; before it, {}", r.typical)).unwrap_or_default();
        Some(format!(
            "The error rate of {} was {} during the incident{counted}, at worst {}{before}.",
            one_line(&signal.check),
            incident.typical,
            incident.worst
        ))
    })
}

fn deploy(report: &Report) -> Option<String> {
    let at = report.deployed_at?;
    let version = report.status.deploys.iter().find(|d| d.at == at)?;
    let later = report.began_at.filter(|began| *began < at);
    let later = later
        .map(|b| format!(", {} after the beginning", words::duration(at.duration_since(b))))
        .unwrap_or_default();
    Some(format!("{} went to production at {} UTC{later}.", one_line(&version.version), words::clock(at)))
}

fn ending(report: &Report) -> String {
    let run = &report.status.run;
    match (run.resolved_at, report.time_to_restore, run.state.as_str()) {
        (Some(at), Some(restore), _) => format!(
            "The incident was resolved at {} UTC, after {}.",
            words::clock(at),
            words::duration(restore)
        ),
        (Some(at), None, _) => format!("The incident was resolved at {} UTC.", words::clock(at)),
        (None, _, "aborted") => "The run was stopped before the incident was resolved.".to_owned(),
        (None, _, "closed") => "The run is closed; no time of resolution is recorded.".to_owned(),
        (None, _, "rolled-back") => "The incident is not resolved.".to_owned(),
        (None, ..) => "The incident is not resolved yet.".to_owned(),
    }
}

/// A text from outside as a sentence: with a full stop.
pub fn sentence(text: &str) -> String {
    let text = one_line(text);
    if text.ends_with(['.', '!', '?', '…']) { text } else { format!("{text}.") }
}
