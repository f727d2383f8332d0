//! One run of a test command in a proof tree: asked for results per test,
//! contained, judged, and written down with all that it rests on.

use super::environment::{self, Depends};
use super::hear::Hear;
use super::results;
use super::{ProofTree, variables};
use crate::engine::{Stop, blobs};
use crate::git::{Git, tree};
use crate::settings::TrustedCommand;
use crate::steps::Cx;
use crate::steps::tools::without_secrets;
use crate::sys::process::contained::{self, Contained};
use crate::sys::process::{Ended, Finished};
use hotfix_core::change::redact;
use hotfix_core::journal::{Blob, Evidence, Observation};
use hotfix_core::run::Known;
use hotfix_core::testing::judge::{self, End, Judged, Meaning};
use hotfix_core::testing::runner::{Told, ask};
use hotfix_core::testing::{Counts, Report, Status};
use jiff::SignedDuration;
use std::path::Path;
use std::time::Duration;

/// The failing tests that are named in the evidence.
const NAMED: usize = 50;

/// A command that tests, and may run.
#[derive(Debug, Clone)]
pub struct TestRun {
    /// The command.
    pub command: TrustedCommand,
    /// What is said of its results.
    pub told: Told,
}

/// How a run is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where.
    pub place: &'a ProofTree,
    /// `base`, `fix`, `merge` or `production`.
    pub side: &'a str,
    /// What it is for, for people.
    pub what: &'a str,
    /// The time that it has.
    pub limit: Duration,
    /// A text that is looked for in its output.
    pub expect: Option<&'a str>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Tested {
    /// What it says.
    pub judged: Judged,
    /// What it proves.
    pub evidence: Evidence,
    /// What it printed, without secrets; empty where it was taken over.
    pub output: String,
    /// Whether the text that was looked for is in it.
    pub expected: bool,
    /// The time that it took here; none where it was taken over.
    pub took: Duration,
}

/// What the result of a command on a tree is known by.
pub fn known_by(cx: &Cx<'_>, run: &TestRun, place: &ProofTree) -> Known {
    let argv = run.command.argv();
    let depends = Depends { config: &cx.t.config, main: &cx.t.repo.main, argv: &argv, told: &run.told };
    Known {
        tree: place.tree.clone(),
        command: redact(&run.command.shown()),
        environment: environment::digest_of(depends),
    }
}

/// Runs it, and writes down what came of it.
pub fn run(cx: &mut Cx<'_>, run: &TestRun, wanted: Wanted<'_>) -> Result<Tested, Stop> {
    let folder = tempfile::Builder::new().prefix("hotfix-").tempdir()?;
    let root = wanted.place.path.canonicalize().unwrap_or_else(|_| wanted.place.path.clone());
    let project = results::project(&root);
    let ask = ask(run.command.command(), &run.told, &project, &folder.path().to_string_lossy());
    for (path, text) in &ask.files {
        std::fs::write(path, text)?;
    }
    let earlier = results::stamps(&ask, &root);
    let git = Git::at(&root);
    let before = tree::standing(&git)?;
    let known = known_by(cx, run, wanted.place);
    let at = cx.now();
    let mut hear = Hear::new(cx.t.ui, wanted.what, wanted.limit);
    hear.results = results::reader(&ask, &root);
    hear.expected = wanted.expect.map(|text| (text, false));
    let mut env = variables(cx, wanted.place, wanted.side)?;
    env.extend(ask.env.iter().cloned());
    let job = Contained { argv: &ask.argv, cwd: &root, env: &env, limit: wanted.limit };
    let finished = contained::run(&job, &mut hear)?;
    hear.finish();
    if finished.ended == Ended::Interrupted {
        return Err(Stop::Interrupted);
    }
    let (changed, made) = tree::standing(&git)?.changes(&before);
    let report = results::read(&ask, &root, hear.results.take(), &earlier);
    let end = end_of(&finished);
    let judged = judge::judge(judge::Run {
        end: &end,
        runner: ask.runner,
        report,
        stops_early: ask.stops_early,
        build_error: hear.build.found(),
        changed: &changed,
        left_behind: finished.left_behind.len() + usize::from(finished.held_open),
    });
    let judged = without_secrets_in(judged);
    let output = without_secrets(&hear.kept.text());
    let blob = blobs::keep(&cx.t.folder, "output", output.as_bytes())?;
    let evidence = Evidence {
        kind: "command".to_owned(),
        command: Some(known.command),
        exit_status: finished.status(),
        commit: Some(wanted.place.commit.clone()),
        tree: Some(wanted.place.tree.clone()),
        at,
        duration: SignedDuration::try_from(finished.took).ok(),
        digest: Some(blob.digest),
        path: Some(blob.path),
        environment: Some(known.environment),
        side: Some(wanted.side.to_owned()),
        says: Some(judged.meaning),
        why: Some(judged.why.clone()),
        runner: Some(ask.runner),
        read: Some(ask.told()),
        tests: Some(judged.report.counts).filter(|c| c.total() > 0),
        failing: failing(&judged.report),
        results: keep_results(&cx.t.folder, &judged.report)?,
        printed: Some(hear.kept.total()),
        left_out: Some(hear.kept.left_out()).filter(|n| *n > 0),
        changed,
        made: made.into_iter().filter(|p| !is_by_product(p)).collect(),
        left_behind: finished.left_behind.clone(),
        ..Evidence::default()
    };
    let expected = hear.expected.is_none_or(|(_, found)| found);
    cx.observe(Observation::Ran { evidence: Box::new(evidence.clone()) })?;
    Ok(Tested { judged, evidence, output, expected, took: finished.took })
}

/// What is known of it already, from this run or another one of this clone.
pub fn known(cx: &Cx<'_>, run: &TestRun, place: &ProofTree, side: &str) -> Option<Tested> {
    if cx.t.wish.fresh {
        return None;
    }
    let by = known_by(cx, run, place);
    if let Some(evidence) = cx.state().known.get(&by) {
        return taken_over(&cx.t.folder, evidence, side);
    }
    let others = crate::engine::runs::all(cx.t.repo).ok()?;
    let found = others.into_iter().rev().filter(|f| f.folder != cx.t.folder).find_map(|other| {
        let state = other.state.ok()?;
        taken_over(&other.folder, state.known.get(&by)?, side)
    })?;
    // The journal must hold by itself: what it names lies beside it.
    let mut evidence = found.evidence;
    evidence.results = keep_results(&cx.t.folder, &found.judged.report).ok()?;
    evidence.path = None;
    Some(Tested { evidence, ..found })
}

/// An earlier result, with its tests; none where those cannot be had any more.
fn taken_over(folder: &Path, evidence: &Evidence, side: &str) -> Option<Tested> {
    let report = match &evidence.results {
        Some(blob) => serde_json::from_slice(&blobs::read(folder, blob)?).ok()?,
        None => Report::default(),
    };
    let meaning = evidence.says.filter(|m| *m != Meaning::Unclear)?;
    let why = evidence.why.clone().unwrap_or_default();
    let evidence = Evidence { taken_over: true, side: Some(side.to_owned()), ..evidence.clone() };
    Some(Tested {
        judged: Judged { meaning, why, report },
        evidence,
        output: String::new(),
        expected: true,
        took: Duration::ZERO,
    })
}

fn keep_results(folder: &Path, report: &Report) -> Result<Option<Blob>, Stop> {
    if report.cases.is_empty() && report.counts == Counts::default() && report.troubles.is_empty() {
        return Ok(None);
    }
    let json = serde_json::to_vec(report).map_err(crate::error::Failure::from)?;
    Ok(Some(blobs::keep(folder, "results.json", &json)?))
}

/// The tests that failed, without what is no test.
fn failing(report: &Report) -> Vec<String> {
    let tests = report.cases.iter().filter(|c| c.status == Status::Failed && !c.around);
    tests.take(NAMED).map(|c| c.name.clone()).collect()
}

fn end_of(finished: &Finished) -> End {
    match finished.ended {
        Ended::Exit(status) => End::Exit(status),
        Ended::Signal(signal) => End::Signal(signal),
        _ => End::Other(finished.told()),
    }
}

/// Names and messages of tests may hold secrets as well.
fn without_secrets_in(mut judged: Judged) -> Judged {
    let cases = &mut judged.report.cases;
    let names: Vec<&str> = cases.iter().map(|c| c.name.as_str()).collect();
    // All at once: a report may have a hundred thousand names.
    let clean = without_secrets(&names.join("\n"));
    if clean.lines().count() == cases.len() {
        let names: Vec<String> = clean.lines().map(str::to_owned).collect();
        cases.iter_mut().zip(names).for_each(|(case, name)| case.name = name);
    } else {
        for case in cases.iter_mut() {
            case.name = without_secrets(&case.name);
        }
    }
    for case in cases {
        case.message = case.message.take().map(|m| without_secrets(&m));
    }
    judged.why = without_secrets(&judged.why);
    judged
}

/// What tools leave everywhere, and nobody wants to read about.
fn is_by_product(path: &str) -> bool {
    const NAMES: [&str; 9] = [
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".coverage",
        "node_modules",
        "target",
        ".nyc_output",
    ];
    path.split('/').any(|part| NAMES.contains(&part))
}
