//! What the readings say: a ruling for each check, and the gates that stand
//! for them.

use super::ALPHA;
use crate::engine::Stop;
use crate::steps::{Cx, Verdict, logs, says};
use hotfix_core::config::{Check, CheckKind};
use hotfix_core::journal::Reading;
use hotfix_core::judge::{
    Count, Counts, Kind, Looks, Margin, NewErrors, Ruling, Window, judge_counts, judge_new_errors,
    judge_values,
};
use std::collections::BTreeMap;

/// A ruling for each check.
pub fn judge(cx: &Cx<'_>, number: u32, window: &Window) -> BTreeMap<String, Ruling> {
    let planned = u32::try_from(window.look_times().len()).unwrap_or(u32::MAX).max(1);
    let looks = Looks { alpha: ALPHA, look: number, planned };
    cx.t.config.monitor.checks.iter().map(|check| (check.name.clone(), rule(cx, check, looks))).collect()
}

fn rule(cx: &Cx<'_>, check: &Check, looks: Looks) -> Ruling {
    let state = cx.state();
    let of =
        |name: &str| state.windows.get(&(check.name.clone(), name.to_owned())).cloned().unwrap_or_default();
    let after: Vec<Reading> = state.samples.iter().filter(|r| r.check == check.name).cloned().collect();
    // After a rollback, normal is the level of the incident: that version has it still.
    let (baseline, incident) = match state.standing_rollback() {
        Some(_) => (of("incident"), Vec::new()),
        None => (of("baseline"), of("incident")),
    };
    let margin = check.margin.map_or_else(Margin::default, |m| Margin {
        ratio: m.ratio.unwrap_or(1.5),
        points: m.points.map_or(0.005, |p| p / 100.0),
    });
    match check.kind {
        CheckKind::ErrorRate => {
            let (baseline, incident) = (some(counts(&baseline)), some(counts(&incident)));
            judge_counts(baseline.as_ref(), incident.as_ref(), &counts(&after), margin, check.limit, looks)
        }
        CheckKind::Gauge | CheckKind::Mean => {
            judge_values(&values(&baseline), &values(&after), margin.ratio, check.limit, looks, true)
        }
        CheckKind::NewErrors => {
            let seen = state.new_errors.get(&check.name).cloned().unwrap_or_default();
            let found = seen.found.as_deref();
            judge_new_errors(NewErrors {
                templates: &seen.templates,
                lines_seen: seen.lines,
                baseline_events: found.map(|found| found.baseline.events),
                risen: found.map_or(0, |found| found.found.risen),
                alive: seen.lines > 0 || after_any(state),
            })
        }
    }
}

/// Whether any other signal shows that the service lives.
fn after_any(state: &hotfix_core::run::RunState) -> bool {
    state.samples.iter().any(|r| r.missing.is_none())
}

fn some(counts: Counts) -> Option<Counts> {
    (!counts.bins.is_empty()).then_some(counts)
}

fn counts(readings: &[Reading]) -> Counts {
    let bin = |r: &Reading| Some(Count { at: r.at, errors: r.errors?, total: r.total? });
    Counts { bins: readings.iter().filter_map(bin).collect() }
}

fn values(readings: &[Reading]) -> Vec<f64> {
    readings.iter().filter_map(|r| r.value).collect()
}

fn gate_of(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::ErrorRate => "monitor.error-rate",
        CheckKind::NewErrors => "monitor.new-errors",
        CheckKind::Gauge | CheckKind::Mean => "monitor.metrics",
    }
}

/// Writes the rulings down as the monitoring gates.
pub fn write_gates(cx: &mut Cx<'_>, rulings: &BTreeMap<String, Ruling>) -> Result<(), Stop> {
    for gate in ["monitor.error-rate", "monitor.new-errors", "monitor.metrics"] {
        let checks = cx.t.config.monitor.checks.clone();
        let mine: Vec<(&String, &Ruling)> = rulings
            .iter()
            .filter(|(name, _)| checks.iter().any(|c| c.name == **name && gate_of(c.kind) == gate))
            .collect();
        let worst = mine.iter().max_by_key(|(_, r)| badness(r.kind));
        let Some((name, ruling)) = worst else { continue };
        let verdict = match ruling.kind {
            Kind::Pass => Verdict::Pass,
            Kind::Fail => Verdict::Fail,
            Kind::Inconclusive | Kind::Unverifiable => Verdict::Unknown,
        };
        let prefix = if mine.len() > 1 { format!("{name}: ") } else { String::new() };
        let details =
            mine.iter().filter(|(n, _)| n != name).map(|(n, r)| format!("{n}: {}", r.reason)).collect();
        let answer = says(verdict, format!("{prefix}{}", ruling.reason)).details(details);
        let found = cx.state().new_errors.get(*name).and_then(|seen| seen.found.clone());
        let answer = match found.filter(|_| gate == "monitor.new-errors") {
            Some(found) => logs::with_evidence(cx, answer, *found, None)?,
            None => answer,
        };
        cx.gate(gate, answer)?;
    }
    Ok(())
}

fn badness(kind: Kind) -> u8 {
    match kind {
        Kind::Pass => 0,
        Kind::Inconclusive => 1,
        Kind::Unverifiable => 2,
        Kind::Fail => 3,
    }
}

/// What a ruling against the incident's level says, in words of a rollback.
pub fn level_after_rollback(ruling: &Ruling) -> String {
    let percent =
        |rate: Option<f64>| rate.map_or("an unknown share".to_owned(), |r| format!("{:.1} %", r * 100.0));
    let (now, then) = (percent(ruling.figures.after_rate), percent(ruling.figures.baseline_rate));
    let says = match ruling.kind {
        Kind::Pass => "it is back at that level",
        Kind::Fail => "it is proven worse than that",
        Kind::Inconclusive | Kind::Unverifiable => "nothing worse is proven",
    };
    format!("{now} fail, {then} did during the incident: {says}")
}
