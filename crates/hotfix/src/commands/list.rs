//! `hotfix list`: the runs of this clone.

use super::{Answer, Session};
use crate::engine::runs;
use crate::error::exit;
use crate::ui::{BAD, BOLD, DIM, date_time, styled};

/// Carries the verb out.
pub fn run(session: &Session<'_>) -> Answer {
    let all = runs::all(&session.repo)?;
    if session.ui.json {
        let rows: Vec<_> = all.iter().map(row).collect();
        session.ui.document(&serde_json::json!({"schema": "hotfix.list/1", "runs": rows}));
        return Ok(exit::DONE);
    }
    if all.is_empty() {
        session.ui.say("no hotfix was started in this clone");
        session.ui.say("start one: hotfix start KEY -m \"what is wrong\"");
    }
    for found in &all {
        match &found.state {
            Ok(state) => {
                let incident = state.incident.as_ref();
                let title = incident.map(|i| hotfix_core::text::brief(&i.title, 60)).unwrap_or_default();
                let severity = incident.map(|i| i.severity.clone()).unwrap_or_default();
                session.ui.answer(format!(
                    "{:<14} {severity:<3} {:<12} {}  {title}",
                    styled(BOLD, &found.key),
                    state.phase().name(),
                    styled(DIM, state.started_at.map(date_time).unwrap_or_default())
                ));
            }
            Err(failure) => session.ui.answer(format!("{:<14} {}", found.key, styled(BAD, &failure.message))),
        }
    }
    Ok(exit::DONE)
}

fn row(found: &runs::Found) -> serde_json::Value {
    match &found.state {
        Ok(s) => serde_json::json!({
            "key": found.key, "run": s.run, "state": s.phase().name(), "started_at": s.started_at,
            "resolved_at": s.resolved.as_ref().map(|(at, ..)| at), "incident": s.incident,
        }),
        Err(failure) => serde_json::json!({"key": found.key, "error": failure.json()}),
    }
}
