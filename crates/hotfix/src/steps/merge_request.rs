//! Open the merge request: push the commit, and say in the request what it
//! is, what proves it, how it can be taken back and how it will port.

use super::{Cx, Ended, Verdict, says};
use crate::connect::forge::ForgeError;
use crate::engine::Stop;
use crate::error::Failure;
use crate::git::fetch::remote_ref;
use hotfix_core::digest;
use hotfix_core::effect::{Action, MergeRequestDraft, Outcome, RefUpdate, short};
use hotfix_core::gate::Point;
use hotfix_core::journal::{MergeRequestState, Observation};
use hotfix_core::policy::Requirement;
use hotfix_core::status;
use serde_json::Value;
use std::fmt::Write as _;

/// The subject of the one request that an attempt opens: its branch.
const STEP: &str = "merge-request";

/// Pushes and opens, or brings up to date.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    super::implement::look(cx)?;
    let head = cx.state().head.clone().ok_or_else(|| Failure::bug("a merge request without a head"))?;
    push_branch(cx, &head.commit)?;
    let target = release_branch(cx)?;
    let draft = draft(cx, &head.commit, &target)?;
    refuse_bad_title(cx, &draft)?;
    match cx.state().merge_request("production").cloned() {
        None => open(cx, draft)?,
        Some(view) if view.state == MergeRequestState::Open => update(cx, view.number, &view, draft)?,
        Some(_) => {}
    }
    gates(cx)?;
    Ok(Ended::Passed)
}

fn remote(cx: &Cx<'_>) -> Result<String, Stop> {
    Ok(cx.t.config.forge.push_remote.clone().map_or_else(|| cx.t.repo.remote().map(str::to_owned), Ok)?)
}

/// Pushes the branch from where the remote has it.
fn push_branch(cx: &mut Cx<'_>, commit: &str) -> Result<(), Stop> {
    let remote = remote(cx)?;
    let name = format!("refs/heads/{}", cx.attempt()?.branch);
    let pushed_already = cx.state().effects.values().any(|e| {
        e.effect.id.step == STEP
            && e.effect.id.name == "push"
            && e.effect.id.subject == commit
            && matches!(e.outcome, Some(Outcome::Succeeded { .. }))
    });
    let old = if pushed_already {
        String::new()
    } else {
        remote_ref(cx.t.git(), &remote, &name)?.unwrap_or_default()
    };
    if old == commit {
        return Ok(());
    }
    let what = Action::Push { remote, updates: vec![RefUpdate { name, old, new: commit.to_owned() }] };
    cx.must(STEP, "push", commit, what).map(|_| ())
}

/// Where production is known only by tags, a release branch is made from the tag.
fn release_branch(cx: &mut Cx<'_>) -> Result<String, Stop> {
    let attempt = cx.attempt()?;
    if !attempt.target.starts_with("release/hotfix/") {
        return Ok(attempt.target);
    }
    let remote = remote(cx)?;
    let name = format!("refs/heads/{}", attempt.target);
    if remote_ref(cx.t.git(), &remote, &name)?.is_none() {
        let updates = vec![RefUpdate { name, old: String::new(), new: attempt.base.clone() }];
        cx.must(STEP, "release-branch", attempt.target.clone(), Action::Push { remote, updates })?;
    }
    Ok(attempt.target)
}

/// The marker by which the run's own requests are found.
pub fn marker(cx: &Cx<'_>) -> String {
    format!("hotfix-run: {} attempt {}", cx.state().run, cx.state().attempt_number())
}

fn draft(cx: &Cx<'_>, commit: &str, target: &str) -> Result<MergeRequestDraft, Stop> {
    let incident = cx.plan()?.incident.clone();
    Ok(MergeRequestDraft {
        role: "production".to_owned(),
        title: format!("[{}] {}", incident.key, hotfix_core::text::brief(&incident.title, 120)),
        body: body(cx),
        labels: cx.plan()?.policy.merge_request.labels.clone(),
        source: cx.attempt()?.branch,
        target: target.to_owned(),
        commit: commit.to_owned(),
    })
}

/// A policy that wants the tracker's key does not take one that the tool made up.
fn refuse_bad_title(cx: &Cx<'_>, draft: &MergeRequestDraft) -> Result<(), Stop> {
    let required = cx.plan()?.policy.merge_request.title_key == Requirement::Required;
    if required && cx.key().starts_with("HOTFIX-") {
        return Err(Failure::failed(
            "HF0604",
            format!(
                "the workflow wants the tracker's key in the title, and \"{}\" has a made-up one",
                draft.title
            ),
        )
        .try_this("start with the key", "hotfix abort && hotfix start KEY -m TITLE")
        .into());
    }
    Ok(())
}

fn open(cx: &mut Cx<'_>, draft: MergeRequestDraft) -> Result<(), Stop> {
    let marker = marker(cx);
    let subject = draft.source.clone();
    let given = cx.must(STEP, "open", subject, Action::OpenMergeRequest { marker, draft })?;
    let number = given.get("number").and_then(Value::as_u64).unwrap_or_default();
    take_in(cx, number)
}

fn update(
    cx: &mut Cx<'_>,
    number: u64,
    view: &hotfix_core::journal::MergeRequestView,
    draft: MergeRequestDraft,
) -> Result<(), Stop> {
    let body_digest = digest::of_bytes(draft.body.as_bytes());
    if view.commit == draft.commit
        && view.body_digest.as_deref() == Some(&body_digest)
        && view.title == draft.title
    {
        return Ok(());
    }
    let subject = digest::of_value(&draft).unwrap_or_default();
    cx.must(STEP, "update", &subject[..16.min(subject.len())], Action::UpdateMergeRequest { number, draft })?;
    take_in(cx, number)
}

/// Reads the request as it stands on the forge.
pub fn take_in(cx: &mut Cx<'_>, number: u64) -> Result<(), Stop> {
    let view = cx.t.forge.view(number).map_err(|e| forge_failure(&e))?;
    if cx.state().merge_requests.get(&number) != Some(&view) {
        cx.observe(Observation::MergeRequest(view))?;
    }
    Ok(())
}

fn gates(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let Some(view) = cx.state().merge_request("production").cloned() else { return Ok(()) };
    let key = cx.key();
    let policy = cx.plan()?.policy.merge_request.clone();
    if cx.verdict("mr.title") != Verdict::NotApplicable {
        let ok = view.title.contains(&key);
        let summary = format!("\"{}\" {} {key}", view.title, if ok { "has" } else { "lacks" });
        cx.gate("mr.title", says(if ok { Verdict::Pass } else { Verdict::Fail }, summary))?;
    }
    if cx.verdict("mr.labels") != Verdict::NotApplicable {
        let lacks: Vec<_> = policy.labels.iter().filter(|l| !view.labels.contains(l)).cloned().collect();
        let answer = if lacks.is_empty() {
            says(Verdict::Pass, format!("it has {}", view.labels.join(", ")))
        } else {
            says(Verdict::Fail, format!("it lacks {}", lacks.join(", ")))
        };
        cx.gate("mr.labels", answer)?;
    }
    if cx.verdict("mr.evidence") != Verdict::NotApplicable {
        let body = cx.t.forge.body(view.number).map_err(|e| forge_failure(&e))?;
        let ok = body.contains("## Evidence");
        let summary = if ok { "the body shows the evidence" } else { "the body shows no evidence" };
        cx.gate("mr.evidence", says(if ok { Verdict::Pass } else { Verdict::Fail }, summary))?;
    }
    Ok(())
}

/// What the request says: the incident, what proves the fix, the change
/// against its budget, the way back, and the port's forecast.
fn body(cx: &Cx<'_>) -> String {
    let state = cx.state();
    let Some(now) = status::of(state, cx.now()) else { return String::new() };
    let mut out = String::new();
    let _ = writeln!(
        out,
        "**Incident** {} ({}): {}\n",
        now.incident.key,
        now.incident.severity,
        hotfix_core::text::one_line(&now.incident.title)
    );
    if let Some(done) = state.done.get("implement").and_then(|d| d.note.as_ref()) {
        let _ = writeln!(out, "**Fix** {}\n", hotfix_core::text::one_line(done));
    }
    let _ = writeln!(out, "## Evidence\n\n| Gate | Verdict | Why |\n| --- | --- | --- |");
    for gate in
        now.gates.iter().filter(|g| g.required <= Point::BeforeMerge && g.verdict != Verdict::NotApplicable)
    {
        // The request's own gates would make the body differ from itself.
        if !gate.id.starts_with("mr.") && !gate.id.starts_with("review.") {
            let summary = hotfix_core::text::one_line(&gate.summary).replace('|', "\\|");
            let _ = writeln!(out, "| `{}` | {} | {summary} |", gate.id, gate.verdict.name());
        }
    }
    let tests = hotfix_core::verification::table(&now.gates);
    if !tests.is_empty() {
        let _ = write!(out, "\n{tests}");
    }
    if let Some(change) = now.change {
        let _ = writeln!(
            out,
            "\n**Change** {} of {} files, {} of {} lines (tests aside)",
            change.files, change.max_files, change.lines, change.max_lines
        );
    }
    if let Some(attempt) = &state.attempt {
        let version = attempt.base_version.as_deref().unwrap_or(&attempt.base_ref);
        let _ = writeln!(out, "\n**Rollback** to {version} ({})", short(&attempt.base));
    }
    if let Some(forecast) = &now.port_forecast {
        let says = if forecast.clean {
            "applies cleanly".to_owned()
        } else {
            format!("conflicts in {}", forecast.conflicts.join(", "))
        };
        let _ = writeln!(out, "\n**Port** to {}: {says}", forecast.target);
    }
    let _ = writeln!(out, "\n<!-- {} -->", marker(cx));
    out
}

/// A forge's answer as an error for people.
pub fn forge_failure(error: &ForgeError) -> Failure {
    match error {
        ForgeError::NoSuchMergeRequest(_) => {
            Failure::usage("HF0701", error.to_string()).try_this("see what is under way", "hotfix status")
        }
        ForgeError::Unreachable(_) => {
            Failure::failed("HF0110", format!("the forge cannot be reached: {error}"))
                .try_this("try again when it is back", "hotfix run")
        }
        _ => Failure::failed("HF0702", format!("the forge refused: {error}"))
            .try_this("see where the run stands", "hotfix status"),
    }
}
