//! The demo's last words: what was broken, what was done, and what proves it.

use super::world::World;
use crate::ui::{BAD, BOLD, DIM, GOOD, NAME, Ui, clock_time, duration, styled, verdict};
use hotfix_core::effect::short;
use hotfix_core::gate::Verdict;
use hotfix_core::status::{GatePart, Status};
use std::path::Path;

/// Prints the summary.
pub fn show(ui: &Ui, status: &Status, world: &World, untouched: bool, report: &Path) {
    let line = |text: String| ui.answer(text);
    line(String::new());
    line(styled(BOLD, "─".repeat(78)));
    let over = status.run.state == "rolled-back";
    let state = if over { styled(BAD, "rolled back") } else { styled(GOOD, &status.run.state) };
    line(format!(
        "{} {} · {state}",
        styled(BOLD, &status.incident.key),
        styled(BOLD, &status.incident.title)
    ));
    line(String::new());
    story(ui, status, world);
    line(String::new());
    let passed: Vec<&GatePart> = status.gates.iter().filter(|g| g.verdict == Verdict::Pass).collect();
    let waived = status.gates.iter().filter(|g| g.verdict == Verdict::Waived).count();
    line(format!(
        "{} gates passed, {waived} waived, {} effects carried out, {} in doubt",
        passed.len(),
        status.effects.succeeded,
        status.effects.in_doubt
    ));
    for gate in
        status.gates.iter().filter(|g| !matches!(g.verdict, Verdict::NotApplicable | Verdict::Pending))
    {
        line(format!(
            "  {} {} {}",
            pad(gate),
            styled(NAME, format!("{:<27}", gate.id)),
            hotfix_core::text::brief(&gate.summary, 96)
        ));
    }
    line(String::new());
    let checkout = if untouched {
        styled(GOOD, "✓ Mika's own checkout is byte for byte what it was")
    } else {
        styled(BAD, "✗ Mika's own checkout was changed")
    };
    line(checkout);
    line(format!("{} {}", styled(BOLD, "the report:"), styled(NAME, report.display().to_string())));
    if let Some(scale) = status.run.clock_scale {
        line(styled(DIM, format!("the demo's clock ran {scale} times as fast as real time")));
    }
}

fn pad(gate: &GatePart) -> String {
    let shown = verdict(gate.verdict);
    format!("{shown}{}", " ".repeat(9_usize.saturating_sub(gate.verdict.name().len() + 2)))
}

fn story(ui: &Ui, status: &Status, world: &World) {
    let row =
        |what: &str, text: String| ui.answer(format!("  {} {text}", styled(DIM, format!("{what:<10}"))));
    row("broken", "v1.4.2 answered 500 to customers with a hyphen in their name".to_owned());
    for m in &status.merge_requests {
        let by: Vec<String> = m
            .approvals
            .iter()
            .map(|a| format!("{}{}", name(&a.by), if a.simulated { " (simulated)" } else { "" }))
            .collect();
        let by = if by.is_empty() { String::new() } else { format!(", approved by {}", by.join(" and ")) };
        row(
            if m.role == "port" { "ported" } else { "merged" },
            format!("!{} {} → {} ({}){by}", m.id, m.source, m.target, short(&m.commit)),
        );
    }
    for d in &status.deploys {
        row("deployed", format!("{} at {} ({})", d.version, clock_time(d.at), d.state));
    }
    match (status.run.started_at, status.run.resolved_at) {
        (Some(from), Some(to)) => {
            row("restored", format!("{} after the alert", styled(BOLD, duration(to.duration_since(from)))));
        }
        _ if status.run.state == "rolled-back" => {
            row("restored", "production runs the version from before; the incident is still open".to_owned());
        }
        _ => {}
    }
    if let Some(version) = world.version() {
        row("now", format!("production says it runs {version}"));
    }
}

fn name(person: &str) -> &str {
    person.split(" <").next().unwrap_or(person)
}
