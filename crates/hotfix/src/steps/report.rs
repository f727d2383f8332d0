//! Write the incident report: Markdown and a page that stands by itself, made
//! from the journal and the analysis.

use super::{Cx, Ended, Verdict, analyze, person, says};
use crate::engine::Stop;
use crate::engine::journal::keep_blob;
use crate::error::Failure;
use crate::git::tree;
use crate::report;
use hotfix_core::digest;
use hotfix_core::effect::Action;
use hotfix_core::journal::{Event, Record};
use hotfix_core::report::Report;
use hotfix_core::run::RunState;
use std::path::PathBuf;

/// Writes the report, if the analysis is complete.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let analysis = cx.state().analysis.clone().unwrap_or_default();
    let missing = analyze::missing(&analysis);
    if !missing.is_empty() {
        let what = format!("the incident report: {}", missing.join(", "));
        return Err(Stop::Waiting(vec![person(what, "hotfix report --edit")]));
    }
    // The gate comes first, so that the report shows it as it is.
    if cx.verdict("report.complete") != Verdict::NotApplicable {
        let summary = format!(
            "root cause, timeline, fix and {} prevention measures are written",
            analysis.prevention.len()
        );
        cx.gate("report.complete", says(Verdict::Pass, summary))?;
    }
    write(cx)?;
    if cx.state().obligations.iter().any(|o| o.id == "report" && o.met.is_none()) {
        let how = format!("written to {}", place(cx)?.with_extension("html").display());
        cx.d.append(Event::ObligationMet { id: "report".to_owned(), how })?;
    }
    Ok(Ended::Passed)
}

/// Where the report lies, without its ending: beside the worktrees, where
/// people find it.
pub fn place(cx: &Cx<'_>) -> Result<PathBuf, Stop> {
    let worktree = PathBuf::from(cx.attempt()?.worktree);
    let parent = worktree.parent().map(std::path::Path::to_owned).unwrap_or_default();
    Ok(parent.join("reports").join(cx.key()))
}

/// Writes both forms of the report as it stands.
pub fn write(cx: &mut Cx<'_>) -> Result<PathBuf, Stop> {
    let report = gather(cx)?;
    let subject = subject(cx, stage(cx.state()));
    write_forms(cx, &report, &subject)
}

/// Writes the report as it is once the run is closed, which it is next.
pub fn write_last(cx: &mut Cx<'_>) -> Result<PathBuf, Stop> {
    let mut records = records(cx)?;
    if let Some(mut last) = records.last().cloned() {
        (last.seq, last.at, last.event) = (last.seq + 1, cx.now(), Event::Closed {});
        records.push(last);
    }
    let report = made_of(cx, &records)?;
    let subject = subject(cx, "closed");
    write_forms(cx, &report, &subject)
}

fn write_forms(cx: &mut Cx<'_>, report: &Report, subject: &str) -> Result<PathBuf, Stop> {
    let place = place(cx)?;
    let forms = [
        ("md", report::markdown(report).map_err(|e| Failure::bug(e.to_string()))?),
        ("html", report::html(report).map_err(|e| Failure::bug(e.to_string()))?),
    ];
    for (ending, text) in forms {
        let (_, blob) = keep_blob(&cx.t.folder, "report", text.as_bytes())?;
        let path = place.with_extension(ending);
        let what = Action::WriteFile {
            path: path.to_string_lossy().into_owned(),
            digest: digest::of_bytes(text.as_bytes()),
            blob: blob.to_string_lossy().into_owned(),
        };
        // What it says of the run so far: a new state is a new report.
        let subject = format!("{ending} {subject}");
        cx.must("report", "write", subject, what)?;
    }
    Ok(place.with_extension("html"))
}

/// What the report is about: the analysis and how far the run has come. A
/// resumed step writes the same report, not another one.
fn subject(cx: &Cx<'_>, stage: &str) -> String {
    let analysis = digest::of_value(&cx.state().analysis).unwrap_or_default();
    format!("{stage} {}", &analysis[..12.min(analysis.len())])
}

fn stage(state: &RunState) -> &'static str {
    match (state.standing_rollback(), state.closed_at, state.resolved.as_ref()) {
        (Some(_), ..) => "rolled-back",
        (_, Some(_), _) => "closed",
        (.., Some(_)) => "resolved",
        _ => "open",
    }
}

/// The report as data.
pub fn gather(cx: &Cx<'_>) -> Result<Report, Stop> {
    made_of(cx, &records(cx)?)
}

fn made_of(cx: &Cx<'_>, records: &[Record]) -> Result<Report, Stop> {
    let analysis = cx.state().analysis.clone().unwrap_or_default();
    let report = hotfix_core::report::of(records, analysis, cx.now());
    let mut report = report.ok_or_else(|| Failure::bug("a report on a run without a plan"))?;
    if let (Some(attempt), Some(head)) = (&cx.state().attempt, &cx.state().head) {
        report.diff =
            tree::diff(cx.t.git(), &attempt.base, &head.tree).ok().map(|d| hotfix_core::change::redact(&d));
    }
    Ok(report)
}

fn records(cx: &Cx<'_>) -> Result<Vec<Record>, Stop> {
    let bytes = std::fs::read(cx.t.folder.join(crate::engine::journal::FILE))?;
    let chain = hotfix_core::journal::read(&bytes).map_err(|e| {
        Failure::failed("HF0401", format!("the journal is damaged: {e}"))
            .try_this("see what can be read of it", "hotfix log --verify")
    })?;
    Ok(chain.records)
}
