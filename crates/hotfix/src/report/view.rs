//! Everything that both forms of the report show, in the order in which they
//! show it, as words and formatted figures.

use super::{analysis, chart, diff, facts, gates, prose, strip, words};
use hotfix_core::journal::{Approval, Identity, MergeRequestState};
use hotfix_core::report::Report;
use hotfix_core::status::{DeployPart, MergeRequestPart, ObligationPart};
use hotfix_core::text::one_line;
use jiff::Timestamp;
use serde::Serialize;

/// The report, ready to be laid out.
#[derive(Debug, Serialize)]
pub struct View {
    key: String,
    title: String,
    severity: String,
    state: State,
    restore: Option<String>,
    open_for: Option<String>,
    times: Vec<Named>,
    scale: Option<String>,
    facts: Vec<String>,
    analysis: Analysis,
    strip: Option<strip::Strip>,
    signals: Vec<chart::Shown>,
    logs: Vec<gates::InLogs>,
    tally: String,
    groups: Vec<gates::Group>,
    simulated: Vec<String>,
    merge_requests: Vec<MergeRequest>,
    deploys: Vec<Deploy>,
    rollback: Option<Rollback>,
    waivers: Vec<Waiver>,
    waiting: Vec<Waiting>,
    next: Option<String>,
    obligations: Vec<Obligation>,
    notices: Vec<String>,
    timeline: Vec<Day>,
    moments: usize,
    diff: Option<diff::Diff>,
    effects: String,
    effects_open: Option<String>,
    foot: Vec<Named>,
    made_at: String,
}

/// Where the run stands.
#[derive(Debug, Serialize)]
struct State {
    kind: &'static str,
    symbol: &'static str,
    word: String,
}

/// A time or a fact with its name.
#[derive(Debug, Serialize)]
struct Named {
    name: &'static str,
    value: String,
    note: Option<String>,
}

/// What a person wrote.
#[derive(Debug, Serialize)]
struct Analysis {
    summary: Written,
    impact: Written,
    root_cause: Written,
    fix: Written,
    detection: Written,
    prevention: Vec<[String; 3]>,
    lessons: Vec<Vec<prose::Span>>,
    lessons_text: Vec<String>,
    missing: Vec<&'static str>,
}

/// A text in both forms.
#[derive(Debug, Serialize)]
struct Written {
    text: Option<String>,
    blocks: Vec<prose::Block>,
}

/// A merge request.
#[derive(Debug, Serialize)]
struct MergeRequest {
    role: String,
    id: String,
    link: Option<String>,
    url: String,
    title: String,
    labels: Vec<String>,
    source: String,
    target: String,
    state: &'static str,
    commit: String,
    merge_commit: Option<String>,
    approvals: Vec<Word>,
}

/// Somebody's word on a merge request.
#[derive(Debug, Serialize)]
struct Word {
    kind: &'static str,
    symbol: &'static str,
    what: &'static str,
    by: String,
    commit: String,
    at: Option<String>,
    identity: Option<&'static str>,
    simulated: bool,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct Deploy {
    version: String,
    commit: String,
    at: String,
    state: String,
    symbol: &'static str,
}

#[derive(Debug, Serialize)]
struct Rollback {
    from: String,
    to: String,
    reason: String,
    how: &'static str,
    at: String,
}

#[derive(Debug, Serialize)]
struct Waiver {
    gate: String,
    by: String,
    reason: String,
    at: String,
    self_waived: bool,
}

#[derive(Debug, Serialize)]
struct Waiting {
    kind: &'static str,
    what: String,
    how: String,
}

#[derive(Debug, Serialize)]
struct Obligation {
    what: String,
    due: String,
    state: String,
    symbol: &'static str,
    blocks_close: bool,
    how: Option<String>,
}

/// The moments of one day.
#[derive(Debug, Serialize)]
struct Day {
    date: String,
    moments: Vec<Moment>,
}

#[derive(Debug, Serialize)]
struct Moment {
    clock: String,
    machine: String,
    kind: String,
    symbol: &'static str,
    what: String,
    seq: u64,
    key: bool,
}

impl View {
    /// The view of a report.
    pub fn of(report: &Report) -> Self {
        let status = &report.status;
        let effects = &status.effects;
        Self {
            key: one_line(&status.incident.key),
            title: one_line(&status.incident.title),
            severity: one_line(&status.incident.severity),
            state: state(&status.run.state),
            restore: report.time_to_restore.map(words::duration),
            open_for: open_for(report),
            times: times(report),
            scale: report.clock_scale.map(words::number),
            facts: facts::story(report),
            analysis: written(report),
            strip: strip::of(report),
            logs: gates::in_logs(report),
            signals: report.signals.iter().map(|s| chart::shown(report, s)).collect(),
            tally: gates::tally(report),
            groups: gates::groups(report),
            simulated: simulated(report),
            merge_requests: status.merge_requests.iter().map(merge_request).collect(),
            deploys: status.deploys.iter().map(deploy).collect(),
            rollback: rollback(report),
            waivers: waivers(report),
            waiting: status.waiting_for.iter().map(waiting).collect(),
            next: status.next.as_ref().map(|n| one_line(&n.command)),
            obligations: status.obligations.iter().map(obligation).collect(),
            notices: status.notices.clone(),
            timeline: days(report),
            moments: report.timeline.len(),
            diff: report.diff.as_deref().filter(|d| !d.trim().is_empty()).map(diff::of),
            effects: format!("{} requested, {} took place", effects.requested, effects.succeeded),
            effects_open: (effects.failed + effects.in_doubt > 0)
                .then(|| format!("{} failed, {} in doubt", effects.failed, effects.in_doubt)),
            foot: foot(report),
            made_at: words::time(report.made_at),
        }
    }
}

fn state(name: &str) -> State {
    let (kind, symbol) = match name {
        "resolved" => ("good", "✓"),
        "closed" => ("good", "■"),
        "rolled-back" => ("bad", "↩"),
        "aborted" => ("bad", "✗"),
        "waiting" => ("open", "○"),
        _ => ("open", "▸"),
    };
    State { kind, symbol, word: name.replace('-', " ") }
}

/// How long an incident that goes on has gone on.
fn open_for(report: &Report) -> Option<String> {
    let goes_on = matches!(report.status.run.state.as_str(), "active" | "waiting");
    let began = report.began_at.or(report.status.run.started_at)?;
    (goes_on && report.status.run.resolved_at.is_none())
        .then(|| words::duration(report.made_at.duration_since(began)))
}

fn times(report: &Report) -> Vec<Named> {
    let mut day: Option<String> = None;
    let run = &report.status.run;
    let noticed_later = report.began_at.zip(run.started_at).filter(|(b, s)| b < s);
    let began = report.began_at.filter(|_| noticed_later.is_some());
    let all = [
        ("Began", began),
        ("Noticed", run.started_at),
        ("Deployed", report.deployed_at),
        ("Rolled back", report.rolled_back.as_ref().map(|r| r.at)),
        ("Resolved", run.resolved_at),
    ];
    let named = |(name, at): (&'static str, Option<Timestamp>)| {
        let at = at?;
        let date = words::date(at);
        let note = (day.as_ref() != Some(&date)).then(|| date.clone());
        day = Some(date);
        Some(Named { name, value: words::clock(at), note })
    };
    all.into_iter().filter_map(named).collect()
}

fn written(report: &Report) -> Analysis {
    let a = &report.analysis;
    let text = |t: &Option<String>| Written {
        blocks: t.as_deref().map(prose::blocks).unwrap_or_default(),
        text: t.clone(),
    };
    Analysis {
        summary: text(&a.summary),
        impact: text(&a.impact),
        root_cause: text(&a.root_cause),
        fix: text(&a.fix),
        detection: text(&a.detection),
        prevention: a
            .prevention
            .iter()
            .map(|p| [p.measure.clone(), p.owner.clone(), p.due.clone()])
            .collect(),
        lessons: a.lessons.iter().map(|l| prose::spans(&one_line(l))).collect(),
        lessons_text: a.lessons.iter().map(|l| one_line(l)).collect(),
        missing: analysis::missing(a),
    }
}

fn simulated(report: &Report) -> Vec<String> {
    let all = report.status.merge_requests.iter().flat_map(|m| &m.approvals);
    let mut names: Vec<String> = all.filter(|a| a.simulated).map(|a| words::name(&one_line(&a.by))).collect();
    names.sort();
    names.dedup();
    names
}

fn merge_request(part: &MergeRequestPart) -> MergeRequest {
    let voided = part.voided.iter().map(|v| Word {
        kind: "voided",
        symbol: "⊘",
        what: "approval voided",
        by: one_line(&v.by),
        commit: words::short_commit(&v.commit),
        at: None,
        identity: None,
        simulated: false,
        note: Some(one_line(&v.reason)),
    });
    MergeRequest {
        role: part.role.clone(),
        id: part.id.clone(),
        link: words::link(&part.url),
        url: one_line(&part.url),
        title: one_line(&part.title),
        labels: part.labels.clone(),
        source: part.source.clone(),
        target: part.target.clone(),
        state: match part.state {
            MergeRequestState::Open => "open",
            MergeRequestState::Merged => "merged",
            MergeRequestState::Closed => "closed",
        },
        commit: words::short_commit(&part.commit),
        merge_commit: part.merge_commit.as_deref().map(words::short_commit),
        approvals: part.approvals.iter().map(word).chain(voided).collect(),
    }
}

fn word(approval: &Approval) -> Word {
    let (kind, symbol, what) = if approval.approved {
        ("approved", "✓", "approved")
    } else {
        ("refused", "✗", "requested changes")
    };
    Word {
        kind,
        symbol,
        what,
        by: one_line(&approval.by),
        commit: words::short_commit(&approval.commit),
        at: Some(words::time(approval.at)),
        identity: Some(match approval.identity {
            Identity::Asserted => "asserted",
            Identity::Forge => "forge",
            Identity::Signed => "signed",
        }),
        simulated: approval.simulated,
        note: approval.note.as_deref().map(one_line),
    }
}

fn deploy(part: &DeployPart) -> Deploy {
    Deploy {
        version: one_line(&part.version),
        commit: words::short_commit(&part.commit),
        at: words::time(part.at),
        state: part.state.replace('-', " "),
        symbol: match part.state.as_str() {
            "live" => "●",
            "rolled-back" => "↩",
            _ => "○",
        },
    }
}

fn rollback(report: &Report) -> Option<Rollback> {
    let r = report.rolled_back.as_ref()?;
    Some(Rollback {
        from: one_line(&r.from),
        to: one_line(&r.to),
        reason: facts::sentence(&r.reason),
        how: if r.asked { "somebody asked for it" } else { "by its criteria, nobody asked for it" },
        at: words::time(r.at),
    })
}

fn waivers(report: &Report) -> Vec<Waiver> {
    let of = |g: &hotfix_core::status::GatePart| {
        let w = g.waiver.as_ref()?;
        Some(Waiver {
            gate: g.id.clone(),
            by: one_line(&w.by),
            reason: facts::sentence(&w.reason),
            at: words::time(w.at),
            self_waived: w.self_waived,
        })
    };
    report.status.gates.iter().filter_map(of).collect()
}

fn waiting(w: &hotfix_core::journal::WaitingFor) -> Waiting {
    Waiting { kind: w.kind.name(), what: one_line(&w.what), how: one_line(&w.how) }
}

fn obligation(part: &ObligationPart) -> Obligation {
    Obligation {
        what: one_line(&part.what),
        due: words::time(part.due),
        symbol: match part.state.as_str() {
            "met" => "✓",
            "overdue" => "!",
            _ => "○",
        },
        state: part.state.clone(),
        blocks_close: part.blocks_close,
        how: part.how.as_deref().map(one_line),
    }
}

fn days(report: &Report) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for m in &report.timeline {
        let date = words::long_date(m.at);
        if days.last().is_none_or(|d| d.date != date) {
            days.push(Day { date, moments: Vec::new() });
        }
        let moment = Moment {
            clock: words::clock(m.at),
            machine: m.at.to_string(),
            symbol: match m.kind.as_str() {
                "incident" => "▲",
                "gate" => "◆",
                "effect" => "→",
                "person" => "@",
                "production" => "●",
                "note" => "¶",
                _ => "▸",
            },
            kind: m.kind.clone(),
            what: one_line(&m.what),
            seq: m.seq,
            key: m.key,
        };
        if let Some(day) = days.last_mut() {
            day.moments.push(moment);
        }
    }
    days
}

fn foot(report: &Report) -> Vec<Named> {
    let run = &report.status.run;
    let named = |name, value: String| Named { name, value, note: None };
    let mut all = vec![
        Named {
            name: "Workflow",
            value: one_line(&run.workflow.name),
            note: Some(words::short_digest(&run.workflow.digest)),
        },
        named("Plan", words::short_digest(&run.plan_digest)),
        named("Run", one_line(&run.id)),
        named("Attempts", run.attempt.to_string()),
        named("Started by", words::name(&one_line(&report.author))),
        named("Tool", format!("hotfix {}", env!("CARGO_PKG_VERSION"))),
    ];
    all.retain(|n| !n.value.is_empty());
    all
}
