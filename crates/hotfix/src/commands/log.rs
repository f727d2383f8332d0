//! `hotfix log`: the journal.

use super::{Answer, Session};
use crate::engine::journal::FILE;
use crate::engine::runs::{self, Wanted};
use crate::error::{Failure, exit};
use crate::ui::{DIM, GOOD, NAME, clock_time, styled};
use hotfix_core::forge::{ChainMark, body as forge_body};
use hotfix_core::journal::{Chain, Record, read, summary};
use hotfix_core::run::RunState;
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
        return outside(session, &chain);
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

/// The heads that the merge requests carry are something outside the journal to check it against.
fn outside(session: &Session<'_>, chain: &Chain) -> Answer {
    let state = RunState::fold(&chain.records);
    let Some(plan) = state.plan.as_ref().filter(|_| !state.merge_requests.is_empty()) else {
        return Ok(exit::DONE);
    };
    let forge = session.forge(&plan.config)?;
    // Without a network, what was fetched before will do.
    let _ = forge.refresh();
    for number in state.merge_requests.keys() {
        let mark = match forge.body(*number) {
            Ok(body) => forge_body::chain(&body),
            Err(e) => {
                let why = brief(&e.to_string(), 120);
                session.ui.say(format!(
                    "the merge request !{number} cannot be read, so nothing outside says more: {why}"
                ));
                continue;
            }
        };
        let Some(mark) = mark else { continue };
        if !is_in(chain, &mark) {
            let message = format!(
                "merge request !{number} carries the head {} of record {}, which this journal does not have",
                mark.head, mark.seq
            );
            return Err(Failure::failed("HF0401", message)
                .hint("the chain is whole in itself: it was made anew, or it is another run's")
                .try_this("see what the request says", "hotfix status"));
        }
        session.ui.answer(format!(
            "{} merge request !{number} carries the head of record {}",
            styled(GOOD, "✓"),
            mark.seq
        ));
    }
    Ok(exit::DONE)
}

/// Whether the chain has this record with this digest.
fn is_in(chain: &Chain, mark: &ChainMark) -> bool {
    let next = chain.records.iter().find(|r| r.seq == mark.seq + 1);
    match next {
        Some(next) => next.prev == mark.head,
        None => chain.records.last().is_some_and(|r| r.seq == mark.seq) && chain.head == mark.head,
    }
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
