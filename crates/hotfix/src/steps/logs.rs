//! The gate `logs.no-new-errors`: what the verification wrote, against the
//! same logs of the base and whatever else is known to be normal. No log, an
//! empty one, or nothing to compare with is *unknown*, never a pass.

use super::proof::{self, ProofTree, Side};
use super::{Cx, Says, Verdict, says};
use crate::engine::Stop;
use crate::engine::journal::keep_blob;
use crate::logs::compare::{Baseline, Compared, Only, Reading};
use crate::logs::find::{Found, find};
use crate::logs::{LogError, answer};
use hotfix_core::journal::Evidence;
use hotfix_core::logs::{LogDiff, LogTemplate};
use hotfix_core::text::{brief, grouped};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// The gate.
pub const GATE: &str = "logs.no-new-errors";
/// So many templates are told with a gate.
const TOLD: usize = 8;

/// Before the verification's commands run: what they wrote about another tree
/// is forgotten, or its errors would count as this one's.
pub fn begin(cx: &Cx<'_>) -> Result<(), Stop> {
    if cx.wants(GATE) {
        for (name, tree) in [("fix", fix_tree(cx)?), ("base", base_tree(cx)?)] {
            forget_other_trees(cx, name, &tree)?;
        }
    }
    Ok(())
}

/// Evaluates the gate.
pub fn evaluate(cx: &mut Cx<'_>) -> Result<(), Stop> {
    begin(cx)?;
    let base = written(cx, Side::Base)?;
    let fix = written(cx, Side::Fix)?;
    let at = cx.now();
    let answer = match compare(cx, &base, &fix) {
        Ok(found) => {
            let answer = judge(&found);
            with_evidence(cx, answer, answer::kept(found), Some(at))?
        }
        Err(LogError::Interrupted { .. }) => return Err(Stop::Interrupted),
        Err(e) => says(Verdict::Unknown, e.to_string()),
    };
    cx.t.ui.quiet();
    cx.gate(GATE, answer)
}

fn fix_tree(cx: &Cx<'_>) -> Result<String, Stop> {
    match cx.state().head.as_ref() {
        Some(head) => Ok(head.tree.clone()),
        None => base_tree(cx),
    }
}

fn base_tree(cx: &Cx<'_>) -> Result<String, Stop> {
    Ok(cx.t.git().tree_of(&cx.attempt()?.base)?)
}

fn forget_other_trees(cx: &Cx<'_>, name: &str, tree: &str) -> Result<(), Stop> {
    let folder = proof::folder(cx)?;
    let marker = folder.join(format!("{name}.logs-of"));
    if std::fs::read_to_string(&marker).is_ok_and(|of| of == tree) {
        return Ok(());
    }
    let proof = folder.join(name);
    for log in named(cx, &proof).unwrap_or_default() {
        // A log that lies elsewhere is not ours to remove.
        let path = log.path.filter(|path| is_inside(path, &proof));
        path.map_or(Ok(()), std::fs::remove_file)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(marker, tree)?)
}

fn is_inside(path: &Path, tree: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| tree.canonicalize().is_ok_and(|tree| path.starts_with(tree)))
}

/// The logs of `verify.logs` that are there in a tree.
fn named(cx: &Cx<'_>, tree: &Path) -> Result<Vec<Found>, LogError> {
    let mut all = Vec::new();
    for name in &cx.t.config.verify.logs {
        match find(&[tree.join(name).display().to_string()]) {
            Ok(found) => {
                all.extend(found.into_iter().filter(|log| log.path.as_ref().is_some_and(|p| p.is_file())));
            }
            Err(LogError::NoMatch { .. }) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(all)
}

/// A side's logs, and its tree.
struct Written {
    logs: Vec<String>,
    tree: PathBuf,
}

/// The logs of a side; where there is none, the smoke tests write them.
fn written(cx: &Cx<'_>, side: Side) -> Result<Written, Stop> {
    let (name, what) = match side {
        Side::Base => ("base", "writing the base's log"),
        Side::Fix => ("fix", "writing the fix's log"),
    };
    // Checking it out again would clean what was written there.
    let tree = proof::folder(cx)?.join(name);
    // A log outside of the trees (of a staging system) is no log of the base.
    let counts =
        |log: &Found| side == Side::Fix || log.path.as_ref().is_some_and(|path| is_inside(path, &tree));
    let there =
        || named(cx, &tree).map(|all| all.into_iter().filter(counts).map(|log| log.name).collect::<Vec<_>>());
    let mut logs = there().unwrap_or_default();
    let in_tree = cx.t.config.verify.logs.iter().any(|name| !Path::new(name).is_absolute());
    if logs.is_empty() && in_tree {
        let place: ProofTree = proof::prepare_tree(cx, side)?;
        for command in cx.t.config.verify.smoke.clone() {
            proof::run(cx, &place, &cx.t.trusted(&command)?, what)?;
        }
        logs = there().unwrap_or_default();
    }
    Ok(Written { logs, tree })
}

fn compare(cx: &Cx<'_>, base: &Written, fix: &Written) -> Result<LogDiff, LogError> {
    let progress = |name: &str, bytes: u64| {
        cx.t.ui
            .busy("comparing the logs", &format!("{}: {} MB", brief(name, 40), grouped(bytes / 1_000_000)));
    };
    let reading = Reading { progress: &progress, ..Reading::default() };
    let mut missing = Vec::new();
    let mut known = base.logs.clone();
    for name in &cx.t.config.verify.baseline_logs {
        let path = cx.t.repo.main.join(name).display().to_string();
        match find(std::slice::from_ref(&path)) {
            Ok(found) if found.iter().all(|log| log.path.as_ref().is_some_and(|p| p.exists())) => {
                known.push(path);
            }
            Ok(_) | Err(LogError::NoMatch { .. }) => {
                missing.push(format!("there is no {name} (verify.baseline_logs)"));
            }
            Err(e) => return Err(e),
        }
    }
    let baseline = Baseline::learn(&[], &known, &reading)?;
    let compared = if fix.logs.is_empty() {
        let nothing = baseline.compare(&[], Only::Errors, &reading)?;
        let names = cx.t.config.verify.logs.join(", ");
        Compared { notices: vec![format!("the verification wrote none of {names}")], ..nothing }
    } else {
        baseline.compare(&fix.logs, Only::Errors, &reading)?
    };
    let mut found = answer::document(&baseline, compared);
    found.notices.extend(missing);
    let (base, fix, clone) = (prefix(&base.tree), prefix(&fix.tree), prefix(&cx.t.repo.main));
    rename(&mut found, &|name| {
        let short = |prefix: &str, to: &str| name.strip_prefix(prefix).map(|rest| format!("{to}{rest}"));
        short(&fix, "")
            .or_else(|| short(&base, "base: "))
            .or_else(|| short(&clone, ""))
            .unwrap_or(name.to_owned())
    });
    Ok(found)
}

fn prefix(folder: &Path) -> String {
    format!("{}/", folder.display())
}

/// Names as people know them, instead of where the trees lie.
fn rename(found: &mut LogDiff, name: &dyn Fn(&str) -> String) {
    for log in found.baseline.logs.iter_mut().chain(&mut found.candidates) {
        log.name = name(&log.name);
    }
    let risen = found.risen.iter_mut().map(|risen| &mut risen.template);
    for template in found.new.iter_mut().chain(risen) {
        template.file = name(&template.file);
    }
}

fn judge(found: &LogDiff) -> Says {
    let lines = grouped(found.lines);
    let notices = found.notices.clone();
    if found.candidates.is_empty() || found.events == 0 {
        let why = match found.notices.first() {
            Some(why) if found.candidates.is_empty() => why.clone(),
            _ => "the verification's log holds no event".to_owned(),
        };
        return says(Verdict::Unknown, format!("{why}: nothing can be said of new errors")).details(notices);
    }
    if found.found.new > 0 {
        let what = if found.found.new == 1 { "a new error" } else { "new errors" };
        let count = if found.found.new == 1 { String::new() } else { format!("{} ", found.found.new) };
        let every = if found.baseline.empty {
            "; the baseline has no event, so every error counts as new"
        } else {
            ""
        };
        return says(Verdict::Fail, format!("{count}{what} in {lines} lines{every}"));
    }
    if found.baseline.empty {
        let why =
            "but the baseline has no event to compare with (verify.baseline_logs names logs that are normal)";
        return says(Verdict::Unknown, format!("no error in {lines} lines, {why}")).details(notices);
    }
    let known = grouped(found.baseline.templates);
    let risen = match found.found.risen {
        0 => String::new(),
        1 => "; a known one comes more often than before".to_owned(),
        n => format!("; {n} known ones come more often than before"),
    };
    says(Verdict::Pass, format!("no new error in {lines} lines ({known} templates known){risen}"))
        .details(notices)
}

/// An answer with the templates that it names, and the whole of what was found
/// kept beside the journal.
pub fn with_evidence(cx: &Cx<'_>, says: Says, found: LogDiff, at: Option<Timestamp>) -> Result<Says, Stop> {
    let bytes = serde_json::to_vec_pretty(&found).map_err(crate::error::Failure::from)?;
    let (digest, blob) = keep_blob(&cx.t.folder, "logdiff.json", &bytes)?;
    let head = cx.state().head.as_ref().filter(|_| at.is_some());
    let evidence = Evidence {
        kind: "log".to_owned(),
        command: None,
        exit_status: None,
        commit: head.map(|h| h.commit.clone()),
        tree: head.map(|h| h.tree.clone()),
        at: at.unwrap_or_else(|| cx.now()),
        duration: at.map(|at| cx.now().duration_since(at)),
        digest: Some(digest),
        path: blob.file_name().map(|n| format!("blobs/{}", n.to_string_lossy())),
        environment: None,
    };
    let mut details: Vec<String> = found.new.iter().take(TOLD).flat_map(told).collect();
    if found.new.len() > TOLD {
        details.push(format!("and {} more", found.found.new - TOLD as u64));
    }
    let rose =
        |risen: &hotfix_core::logs::LogRise| format!("more often, advisory: {}", risen.template.template);
    details.extend(found.risen.iter().take(TOLD).map(rose));
    details.extend(says.details.iter().cloned());
    Ok(Says {
        details,
        evidence: [says.evidence, vec![evidence]].concat(),
        logs: Some(Box::new(found)),
        ..says
    })
}

/// A template with its place, and one of its lines.
fn told(template: &LogTemplate) -> Vec<String> {
    let place = if template.file.is_empty() { String::new() } else { format!("{}:", template.file) };
    let what = format!(
        "{} × {place}{}: {}",
        grouped(template.count),
        template.file_line,
        brief(&template.template, 160)
    );
    let example = format!("  for example: {}", brief(&template.example, 160));
    if template.example == template.template { vec![what] } else { vec![what, example] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotfix_core::logs::{LogBaseline, LogCounts, LogSource};

    fn found(lines: u64, new: u64, baseline_events: u64) -> LogDiff {
        LogDiff {
            lines,
            events: lines,
            candidates: vec![LogSource::default()],
            found: LogCounts { new, new_errors: new, ..LogCounts::default() },
            baseline: LogBaseline {
                events: baseline_events,
                empty: baseline_events == 0,
                ..LogBaseline::default()
            },
            ..LogDiff::default()
        }
    }

    #[test]
    fn silence_is_no_pass() {
        let verdict = |found: &LogDiff| judge(found).verdict;
        assert_eq!(verdict(&found(10, 0, 5)), Verdict::Pass);
        assert_eq!(verdict(&found(10, 1, 5)), Verdict::Fail);
        assert_eq!(verdict(&found(0, 0, 5)), Verdict::Unknown);
        assert_eq!(verdict(&found(10, 0, 0)), Verdict::Unknown);
        assert_eq!(verdict(&LogDiff { candidates: vec![], ..found(0, 0, 5) }), Verdict::Unknown);
        let every = judge(&found(10, 1, 0));
        assert!(every.verdict == Verdict::Fail && every.summary.contains("every error counts as new"));
    }
}
