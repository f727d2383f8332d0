//! `hotfix log`: the journal.

use super::{Answer, Session};
use crate::engine::journal::FILE;
use crate::engine::runs::{self, Wanted};
use crate::error::{Failure, exit};
use crate::ui::{DIM, GOOD, NAME, clock_time, styled};
use hotfix_core::journal::{Chain, Record, read, summary};
use hotfix_core::text::brief;

/// Carries the verb out.
pub fn run(session: &Session<'_>, verify: bool) -> Answer {
    let wanted = Wanted { key: session.global.incident.as_deref(), ended_too: true };
    let path = runs::choose(&session.repo, wanted)?.join(FILE);
    let bytes = std::fs::read(&path)?;
    let chain = read(&bytes).map_err(|e| {
        Failure::failed("HF0401", format!("the journal {} is damaged: {e}", path.display()))
            .hint("what stands before that line can be read with any tool: it is one JSON record a line")
            .try_this("look at the line", format!("sed -n l {}", path.display()))
    })?;
    if session.ui.json {
        session.ui.document(&serde_json::json!({
            "schema": "hotfix.journal/1", "head": chain.head, "torn_bytes": bytes.len() - chain.whole, "records": chain.records,
        }));
        return Ok(exit::DONE);
    }
    if verify {
        tell_verified(session, &chain, bytes.len());
        return Ok(exit::DONE);
    }
    let moments = hotfix_core::report::timeline(&chain.records);
    for record in &chain.records {
        let told = moments.iter().find(|m| m.seq == record.seq).map(|m| m.what.clone());
        session.ui.answer(line(record, told));
    }
    Ok(exit::DONE)
}

fn tell_verified(session: &Session<'_>, chain: &Chain, length: usize) {
    let torn = length - chain.whole;
    let tail =
        if torn > 0 { format!("; {torn} bytes of a torn last line are left out") } else { String::new() };
    session.ui.answer(format!(
        "{} {} records, each follows from the one before{tail}",
        styled(GOOD, "✓"),
        chain.records.len()
    ));
    session.ui.answer(format!("head {}", chain.head));
}

fn line(record: &Record, told: Option<String>) -> String {
    let json = serde_json::to_value(record).unwrap_or_default();
    let name = json.get("event").and_then(|e| e.as_str()).unwrap_or_default().to_owned();
    let what = told.unwrap_or_else(|| summary(&record.event));
    let simulated = if record.by.simulated { " (simulated)" } else { "" };
    format!(
        "{:>4} {} {} {}{simulated}",
        record.seq,
        styled(DIM, clock_time(record.at)),
        styled(NAME, format!("{name:<18}")),
        brief(&what, 110)
    )
}
