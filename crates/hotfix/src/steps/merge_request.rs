//! Open the merge request: push the commit, and say in the request what it
//! is, what proves it, how it can be taken back and how it will port.

use super::{Cx, Ended, Verdict, fit, says};
use crate::connect::forge::{ForgeError, is_up_to_date, place};
use crate::engine::Stop;
use crate::error::Failure;
use crate::git::fetch::remote_ref;
use hotfix_core::approval::account;
use hotfix_core::digest;
use hotfix_core::effect::{Action, MergeRequestDraft, RefUpdate, short};
use hotfix_core::forge::Kind;
use hotfix_core::gate::Point;
use hotfix_core::journal::{MergeRequestState, MergeRequestView, Observation};
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
    fit::must_fit(cx)?;
    push_branch(cx, &head.commit)?;
    let target = release_branch(cx)?;
    let draft = draft(cx, &head.commit, &target)?;
    refuse_bad_title(cx, &draft)?;
    match cx.state().merge_request("production").cloned() {
        None => open(cx, draft)?,
        Some(view) if view.state == MergeRequestState::Open => update(cx, &view, draft)?,
        Some(_) => {}
    }
    // What a forge takes in a second step only: its answer is compared with what was asked for.
    bring_up_to_date(cx)?;
    gates(cx)?;
    super::pipeline::look(cx)?;
    Ok(Ended::Passed)
}

/// The remote that the project is on.
fn remote(cx: &Cx<'_>) -> Result<String, Stop> {
    Ok(cx.t.repo.remote().map(str::to_owned)?)
}

/// Pushes the branch from where the remote has it.
fn push_branch(cx: &mut Cx<'_>, commit: &str) -> Result<(), Stop> {
    let remote = place::push_remote(cx.t.repo, &cx.t.config)?;
    let name = format!("refs/heads/{}", cx.attempt()?.branch);
    let pushed_already = fit::pushed(cx.state()).is_some_and(|pushed| pushed == commit);
    let old = if pushed_already {
        String::new()
    } else {
        remote_ref(cx.t.git(), &remote, &name)?.unwrap_or_default()
    };
    if old == commit {
        return Ok(());
    }
    fit::must_lead_on(cx, &remote, &old, commit)?;
    let what = Action::Push { remote, updates: vec![RefUpdate { name, old, new: commit.to_owned() }] };
    cx.must(STEP, "push", commit, what).map(|_| ()).map_err(fit::explain_push)
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
        cx.must(STEP, "release-branch", attempt.target.clone(), Action::Push { remote, updates })
            .map_err(fit::explain_push)?;
    }
    Ok(attempt.target)
}

/// The marker by which the run's own requests are found.
pub fn marker(cx: &Cx<'_>) -> String {
    format!("hotfix-run: {} attempt {}", cx.state().run, cx.state().attempt_number())
}

fn draft(cx: &Cx<'_>, commit: &str, target: &str) -> Result<MergeRequestDraft, Stop> {
    let incident = cx.plan()?.incident.clone();
    let config = &cx.t.config.forge;
    let view = cx.state().merge_request("production");
    let template = config.title.as_deref().unwrap_or("[{key}] {title}");
    let title = template
        .replace("{key}", &incident.key)
        .replace("{title}", &hotfix_core::text::brief(&hotfix_core::text::one_line(&incident.title), 120));
    // Whoever opened it is who runs the hotfix.
    let opener = view.and_then(|v| v.author.as_deref()).and_then(account);
    let assignee = config.assignee.as_deref().and_then(account).or_else(|| opener.clone());
    let mut reviewers = people_to_ask(cx)?;
    reviewers.retain(|r| Some(r) != opener.as_ref());
    let on_forge = cx.t.forge.kind() != Kind::Local;
    Ok(MergeRequestDraft {
        role: "production".to_owned(),
        title,
        body: body(cx),
        labels: cx.plan()?.policy.merge_request.labels.clone(),
        source: cx.attempt()?.branch,
        target: target.to_owned(),
        commit: commit.to_owned(),
        draft: !is_verified(cx),
        reviewers: if on_forge { reviewers } else { Vec::new() },
        assignees: assignee.filter(|_| on_forge).into_iter().collect(),
        marker: marker(cx),
        chain: cx.state().chain.clone(),
    })
}

/// Accounts of those whose word the severity wants, and of those whom the config names.
fn people_to_ask(cx: &Cx<'_>) -> Result<Vec<String>, Stop> {
    let row = &cx.plan()?.row;
    let config = &cx.t.config;
    let roles = row.approvers.iter().map(String::as_str).chain((row.reviewers > 0).then_some("reviewer"));
    let people = roles.filter_map(|role| config.roles.get(role)).flatten();
    let mut all: Vec<String> = people.chain(&config.forge.reviewers).filter_map(|p| account(p)).collect();
    all.sort();
    all.dedup();
    Ok(all)
}

/// Whether nothing of the verification is missing: until then the request is a draft.
fn is_verified(cx: &Cx<'_>) -> bool {
    ["repro.passes-after", "tests.critical", "tests.smoke", "style.clean"].iter().all(|id| {
        let binding = cx.plan().is_ok_and(|p| p.gate(id).is_some_and(|g| g.binding));
        !binding || cx.verdict(id).lets_pass()
    })
}

/// A policy that wants the tracker's key does not take one that the tool made up.
fn refuse_bad_title(cx: &Cx<'_>, draft: &MergeRequestDraft) -> Result<(), Stop> {
    let required = cx.plan()?.policy.merge_request.title_key == Requirement::Required;
    if required && !draft.title.contains(&cx.key()) {
        return Err(Failure::failed(
            "HF0604",
            format!("the workflow wants the tracker's key in the title, and \"{}\" lacks it", draft.title),
        )
        .try_this("put it into the template, in .hotfix/config.toml", "[forge] title = \"[{key}] {title}\"")
        .into());
    }
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
    if let Some(number) = fit::taken(cx, &draft)? {
        return take_in(cx, number, "production");
    }
    labels(cx, &draft)?;
    let marker = marker(cx);
    let subject = draft.source.clone();
    let given = cx.must(STEP, "open", subject, Action::OpenMergeRequest { marker, draft })?;
    let number = given.get("number").and_then(Value::as_u64).unwrap_or_default();
    take_in(cx, number, "production")
}

/// A label that the project lacks is made; where that may not be, the forge may make it with the request.
fn labels(cx: &mut Cx<'_>, draft: &MergeRequestDraft) -> Result<(), Stop> {
    if cx.t.forge.kind() == Kind::Local {
        return Ok(());
    }
    for name in &draft.labels {
        let there = cx.t.forge.has_label(name).map_err(|e| forge_failure(&e))?;
        if !there {
            cx.may(STEP, "label", name.clone(), Action::EnsureLabel { name: name.clone() })?;
        }
    }
    Ok(())
}

/// Brings the request up to date with what the run knows now.
pub fn bring_up_to_date(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let Some(view) = cx.state().merge_request("production").cloned() else { return Ok(()) };
    if view.state != MergeRequestState::Open {
        return Ok(());
    }
    let draft = draft(cx, &view.commit, &view.target)?;
    update(cx, &view, draft)
}

fn update(cx: &mut Cx<'_>, view: &MergeRequestView, draft: MergeRequestDraft) -> Result<(), Stop> {
    let stale = view.commit != draft.commit && cx.t.forge.kind() == Kind::Local;
    if !stale && is_up_to_date(view, &draft) {
        return Ok(());
    }
    // The same text twice is another effect if somebody changed it in between.
    let bare = MergeRequestDraft { chain: None, ..draft.clone() };
    let subject = digest::of_value(&(bare, view)).unwrap_or_default();
    let what = Action::UpdateMergeRequest { number: view.number, draft };
    cx.must(STEP, "update", &subject[..16.min(subject.len())], what)?;
    take_in(cx, view.number, "production")
}

/// Reads a request as it stands on the forge.
pub fn take_in(cx: &mut Cx<'_>, number: u64, role: &str) -> Result<(), Stop> {
    let mut view = cx.t.forge.view(number).map_err(|e| forge_failure(&e))?;
    role.clone_into(&mut view.role);
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
    if let Some(change) = now.change {
        let _ = writeln!(
            out,
            "\n**Change** {} of {} files, {} of {} lines (tests aside)",
            change.files, change.max_files, change.lines, change.max_lines
        );
    }
    rollback_plan(cx, &mut out);
    if let Some(forecast) = &now.port_forecast {
        let says = if forecast.clean {
            "applies cleanly".to_owned()
        } else {
            format!("conflicts in {}", forecast.conflicts.join(", "))
        };
        let _ = writeln!(out, "\n**Port** to {}: {says}", forecast.target);
    }
    checklist(cx, &mut out);
    out
}

fn rollback_plan(cx: &Cx<'_>, out: &mut String) {
    let Some(attempt) = &cx.state().attempt else { return };
    let version = attempt.base_version.as_deref().unwrap_or(&attempt.base_ref);
    let config = &cx.t.config;
    let command = config.rollback.command.as_ref().or(config.deploy.command.as_ref());
    let by = command.map(|c| format!(" by `{}`", c.shown().replace('`', "'"))).unwrap_or_default();
    let how =
        if config.rollback.automatic { "without asking, on a proven regression" } else { "asked first" };
    let _ = writeln!(out, "\n**Rollback** to {version} ({}){by}, {how}", short(&attempt.base));
}

/// The policy's own list for the merge, with what is known of each point.
fn checklist(cx: &Cx<'_>, out: &mut String) {
    let Ok(plan) = cx.plan() else { return };
    let points: Vec<_> = plan.gates.iter().filter(|g| g.required <= Point::BeforeMerge).collect();
    let named: Vec<_> = points.iter().filter_map(|g| Some((g, g.criteria.as_ref()?))).collect();
    if named.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Checklist\n");
    for (gate, words) in named {
        // These two would make the body differ from itself.
        let own = gate.id.starts_with("mr.") || gate.id.starts_with("review.");
        let mark = if !own && cx.verdict(&gate.id).lets_pass() { "x" } else { " " };
        let _ = writeln!(
            out,
            "- [{mark}] {}",
            hotfix_core::text::brief(&hotfix_core::text::one_line(words), 200)
        );
    }
}

/// A forge's answer as an error for people.
pub fn forge_failure(error: &ForgeError) -> Failure {
    super::fit::forge_failure(error)
}
