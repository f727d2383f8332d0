//! `hotfix status`: where the run stands and what it waits for.

use super::{Answer, OpenRun, Session};
use crate::engine::runs;
use crate::error::{Failure, exit};
use crate::git::GitError;
use crate::settings;
use crate::steps::change::{self, Subject};
use crate::sys::lock;
use crate::ui::{
    BAD, BOLD, DIM, GOOD, NAME, Ui, WAIT, clock_time, date_time, duration, finding_lines, styled, verdict,
};
use hotfix_core::effect::short;
use hotfix_core::gate::Verdict;
use hotfix_core::status::{self, ChangeGatePart, ChangePart, GatePart, Status, StepPart};

/// Carries the verb out.
pub fn run(session: &Session<'_>) -> Answer {
    let run = session.open_run(true)?;
    let mut now =
        status::of(run.state(), session.clock.now()).ok_or_else(|| Failure::bug("a run without a plan"))?;
    now.notices.extend(drift(session, &run));
    match live(&run) {
        Ok(Some(change)) => now.change = Some(change),
        Ok(None) => {}
        Err(e) => now.notices.push(format!("the worktree could not be looked at: {}", e.said())),
    }
    if session.ui.json {
        session.ui.document(&serde_json::to_value(&now)?);
    } else {
        show(session.ui, &now);
        if let Some(owner) = lock::owner(run.journal.folder()).filter(|_| run.lock("status").is_err()) {
            session.ui.answer(format!(
                "running: `hotfix {}`, process {}, since {}",
                owner.verb,
                owner.pid,
                date_time(owner.since)
            ));
        }
        others(session, &run);
    }
    Ok(exit::DONE)
}

/// What the change gates say of the worktree as it stands, while somebody may
/// still be working there. Nothing of it is written down.
fn live(run: &OpenRun<'_>) -> Result<Option<ChangePart>, GitError> {
    let state = run.state();
    let merged = !state.deploys.is_empty() || state.has_ended();
    let Some(attempt) = state.attempt.as_ref().filter(|_| !merged) else { return Ok(None) };
    let Some((commit, tree, dirty)) = change::worktree_now(attempt)? else { return Ok(None) };
    if !dirty && commit == attempt.base {
        return Ok(None);
    }
    let judged = change::judge(&run.tools, state, &Subject { attempt, tree: &tree, commit: &commit })?;
    Ok(Some(ChangePart::of(&judged, &tree)))
}

/// What differs from the frozen plan: here, and on the default branch.
fn drift(session: &Session<'_>, run: &OpenRun<'_>) -> Vec<String> {
    let Some(plan) = run.state().plan.as_ref().filter(|_| !run.state().has_ended()) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    // A page given by name is compared with itself; a local file that nobody
    // reviewed may be another one in each checkout.
    let named = plan
        .workflow
        .source
        .strip_prefix(".hotfix/workflows/")
        .and_then(|s| s.split_once(".md"))
        .map(|(name, _)| name);
    let named = named.filter(|_| !plan.workflow.source.starts_with(settings::WORKFLOW));
    if !plan.workflow.unreviewed {
        match settings::workflow(Some(&session.repo), named) {
            Ok(now) if now.value.digest != plan.workflow.digest => {
                all.push(format!(
                    "the workflow at {} differs from the frozen one: it changes nothing in this run",
                    now.source
                ));
            }
            _ => {}
        }
    }
    if let Ok(now) = settings::config(&session.repo)
        && now.value != plan.config
    {
        all.push(format!(
            "the config at {} differs from the frozen one: it changes nothing in this run",
            now.source
        ));
    }
    if let Some(attempt) = &run.state().attempt {
        for path in [settings::CONFIG, settings::WORKFLOW] {
            let edited = std::fs::read_to_string(std::path::Path::new(&attempt.worktree).join(path)).ok();
            let base = session.repo.git.run(["cat-file", "blob", &format!("{}:{path}", attempt.base)]).ok();
            if edited.as_ref().map(|t| t.trim_end()) != base.as_ref().map(|t| t.trim_end())
                && edited.is_some()
            {
                all.push(format!("{path} was edited in the worktree and differs from the frozen plan: it changes nothing in this run"));
            }
        }
    }
    all
}

fn others(session: &Session<'_>, run: &OpenRun<'_>) {
    let mine = run.journal.folder();
    let open = runs::all(&session.repo).unwrap_or_default();
    let keys: Vec<String> = open
        .into_iter()
        .filter(|f| f.folder != mine && f.state.as_ref().is_ok_and(|s| !s.has_ended()))
        .map(|f| f.key)
        .collect();
    if !keys.is_empty() {
        session.ui.answer(styled(DIM, format!("also under way: {}", keys.join(", "))));
    }
}

/// The status for people.
pub fn show(ui: &Ui, now: &Status) {
    let state = match now.run.state.as_str() {
        "closed" | "resolved" => styled(GOOD, &now.run.state),
        "rolled-back" | "aborted" => styled(BAD, &now.run.state),
        "waiting" => styled(WAIT, &now.run.state),
        other => other.to_owned(),
    };
    ui.answer(format!(
        "{} {}  {}",
        styled(BOLD, &now.incident.key),
        now.incident.severity,
        styled(BOLD, hotfix_core::text::one_line(&now.incident.title))
    ));
    let attempt = if now.run.attempt > 1 { format!(", attempt {}", now.run.attempt) } else { String::new() };
    ui.answer(format!(
        "{state}{attempt} · {} · started {}",
        styled(DIM, &now.run.workflow.name),
        now.run.started_at.map(date_time).unwrap_or_default()
    ));
    if let Some(w) = &now.worktree {
        ui.answer(format!(
            "{} on {} from {} ({})",
            styled(NAME, &w.path),
            styled(NAME, &w.branch),
            w.base.name,
            short(&w.base.commit)
        ));
    }
    ui.answer("");
    now.steps.iter().for_each(|s| step(ui, s));
    ui.answer("");
    gates(ui, &now.gates);
    facts(ui, now);
    for wait in &now.waiting_for {
        ui.answer(format!(
            "{} {}\n  {}",
            styled(WAIT, "waits for"),
            hotfix_core::text::printable(&wait.what),
            styled(NAME, &wait.how)
        ));
    }
    for notice in &now.notices {
        ui.answer(format!("{} {notice}", styled(WAIT, "note:")));
    }
    if let Some(next) = now.next.as_ref().filter(|_| now.waiting_for.is_empty()) {
        ui.answer(format!("next: {}", styled(NAME, &next.command)));
    }
}

fn step(ui: &Ui, step: &StepPart) {
    let sign = match step.state.as_str() {
        "passed" => styled(GOOD, "✓"),
        "failed" => styled(BAD, "✗"),
        "waiting" => styled(WAIT, "…"),
        "active" => styled(WAIT, "▸"),
        "skipped" => styled(DIM, "–"),
        _ => styled(DIM, "·"),
    };
    let time = step.ended_at.or(step.started_at).map(clock_time).unwrap_or_default();
    let from = match (&step.document_step, step.implied) {
        (Some(name), false) => styled(DIM, name),
        _ => styled(DIM, "implied"),
    };
    ui.answer(format!("  {sign} {:<34} {time:<9} {from}", step.title));
}

fn gates(ui: &Ui, gates: &[GatePart]) {
    let count = |verdict: Verdict| gates.iter().filter(|g| g.verdict == verdict).count();
    let (passed, idle) = (count(Verdict::Pass), count(Verdict::NotApplicable));
    ui.answer(format!("{passed} of {} gates passed, {idle} not applicable", gates.len()));
    let told = |g: &&GatePart| {
        let stale = g.verdict == Verdict::Pending && g.summary != "not evaluated yet";
        stale || matches!(g.verdict, Verdict::Fail | Verdict::Unknown | Verdict::Waived)
    };
    for gate in gates.iter().filter(&told) {
        let advisory = if gate.binding { "" } else { " (advisory)" };
        let sign = verdict(gate.verdict);
        let pad = " ".repeat(9_usize.saturating_sub(gate.verdict.name().len()));
        let summary = hotfix_core::text::brief(&gate.summary, 100);
        ui.answer(format!("  {sign}{pad} {} {summary}{advisory}", styled(NAME, format!("{:<26}", gate.id))));
    }
    let open: Vec<&GatePart> = gates.iter().filter(|g| g.verdict == Verdict::Pending && !told(g)).collect();
    if let Some(point) = open.iter().map(|g| g.required).min() {
        let first: Vec<&str> = open.iter().filter(|g| g.required == point).map(|g| g.id.as_str()).collect();
        let rest = open.len() - first.len();
        let later = if rest > 0 { format!("; {rest} later") } else { String::new() };
        ui.answer(styled(
            DIM,
            format!("  still to come {}: {}{later}", point.name().replace('-', " the "), first.join(", ")),
        ));
    }
    ui.answer("");
}

/// The budget, and what the change gates would say.
fn change_part(ui: &Ui, part: &ChangePart) {
    let used = format!(
        "change: {} of {} files, {} of {} lines",
        part.files, part.max_files, part.lines, part.max_lines
    );
    let open: Vec<&ChangeGatePart> = part.gates.iter().filter(|g| !g.verdict.lets_pass()).collect();
    let found: usize = open.iter().map(|g| g.findings.len()).sum();
    let told = match (part.tree.is_some(), found) {
        (false, _) => String::new(),
        (true, 0) => "; no finding".to_owned(),
        (true, 1) => "; 1 finding".to_owned(),
        (true, n) => format!("; {n} findings"),
    };
    let over = part.files > part.max_files || part.lines > part.max_lines;
    ui.answer(styled(if over || found > 0 { WAIT } else { DIM }, format!("{used}{told}")));
    for gate in open {
        ui.answer(format!("  {} {}", verdict(gate.verdict), styled(NAME, &gate.id)));
        for line in finding_lines(&gate.findings, 4) {
            ui.answer(format!("    {line}"));
        }
    }
}

fn facts(ui: &Ui, now: &Status) {
    if let Some(part) = &now.change {
        change_part(ui, part);
    }
    if let Some(forecast) = &now.port_forecast {
        let says = if forecast.clean {
            "applies cleanly".to_owned()
        } else {
            format!("conflicts in {}", forecast.conflicts.join(", "))
        };
        ui.answer(format!("port to {}: {says}", forecast.target));
    }
    for m in &now.merge_requests {
        let state = format!("{:?}", m.state).to_lowercase();
        ui.answer(format!(
            "!{} {state}: {} ({} → {})",
            m.id,
            hotfix_core::text::one_line(&m.title),
            m.source,
            m.target
        ));
        for a in &m.approvals {
            let simulated = if a.simulated { ", simulated" } else { "" };
            ui.answer(
                format!(
                    "  {} by {} on {} ({:?}{simulated})",
                    if a.approved { "approved" } else { "changes requested" },
                    a.by,
                    short(&a.commit),
                    a.identity
                )
                .to_lowercase_identity(),
            );
        }
        for v in &m.voided {
            ui.answer(styled(
                WAIT,
                format!("  no longer holds: {} on {} ({})", v.by, short(&v.commit), v.reason),
            ));
        }
    }
    for d in &now.deploys {
        ui.answer(format!("{} deployed {} ({})", d.version, date_time(d.at), d.state));
    }
    for o in now.obligations.iter().filter(|o| o.state != "met") {
        let style = if o.state == "overdue" { BAD } else { WAIT };
        ui.answer(format!(
            "{} {} due {}",
            styled(style, format!("owed ({}):", o.state)),
            o.what,
            date_time(o.due)
        ));
    }
    if let (Some(from), Some(to)) = (now.run.started_at, now.run.resolved_at) {
        ui.answer(format!("resolved {} after the start", duration(to.duration_since(from))));
    }
    if now.effects.in_doubt > 0 {
        ui.answer(styled(
            BAD,
            format!("{} effects are in doubt: hotfix run looks them up", now.effects.in_doubt),
        ));
    }
}

trait LowercaseIdentity {
    fn to_lowercase_identity(&self) -> String;
}

impl LowercaseIdentity for String {
    /// The identity's kind as the glossary writes it.
    fn to_lowercase_identity(&self) -> String {
        self.replace("(Asserted", "(asserted").replace("(Forge", "(forge").replace("(Signed", "(signed")
    }
}
