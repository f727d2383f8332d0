//! What a record says, in one line for people who read the journal. It leaves
//! out what only programs need; `hotfix log --json` has everything.

use super::{Event, Observation, Reading, StepEnd};
use crate::effect::{Outcome, short};

/// One line for an event.
pub fn summary(event: &Event) -> String {
    match event {
        Event::RunStarted { incident, .. } => {
            format!("{} ({}): {}", incident.key, incident.severity, incident.title)
        }
        Event::PlanFrozen { digest, plan } => {
            format!("{} steps from {} (plan {})", plan.actions.len(), plan.workflow.source, short(digest))
        }
        Event::Replanned { digest, reason, .. } => format!("plan {}: {reason}", short(digest)),
        Event::AttemptStarted { number, base_ref, branch, .. } => {
            format!("attempt {number}: branch {branch} from {base_ref}")
        }
        Event::StepEntered { step } => step.clone(),
        Event::StepEnded { step, state, reason } => ended(step, *state, reason.as_deref()),
        Event::EffectRequested { effect } => effect.what.summary(),
        Event::EffectOutcome { id, outcome } => format!("{id}: {}", became(outcome)),
        Event::EffectAdopted { id, outcome } => format!("{id}: found done; {}", became(outcome)),
        Event::Observed { observation } => observed(observation),
        Event::ApprovalSeen { approval } => format!("{} on {}", approval.by, short(&approval.commit)),
        Event::ApprovalVoided { by, reason, .. } => format!("the approval of {by} no longer holds: {reason}"),
        Event::DeadlineSet { id, due } => format!("{id} by {due:.0}"),
        Event::ObligationOpened { id, what, due, blocks_close } => {
            let close = if *blocks_close { ", before the close" } else { "" };
            format!("{id}: {what}, due {due:.0}{close}")
        }
        Event::ObligationMet { id, how } => format!("{id}: {how}"),
        Event::RolledBack { from, to, reason, .. } | Event::SeverityChanged { from, to, reason } => {
            format!("from {from} to {to}: {reason}")
        }
        Event::HandedOver { to, epoch } => format!("to {to} (epoch {epoch})"),
        Event::TakenOver { by, epoch } => format!("by {by} (epoch {epoch})"),
        Event::Closed {} => "the completion criteria hold".to_owned(),
        _ => words_of_people(event),
    }
}

fn words_of_people(event: &Event) -> String {
    match event {
        Event::Waived { gate, by, reason, .. } => format!("{gate} by {by}: {reason}"),
        Event::BrokeGlass { what, by, reason } => format!("{what} by {by}: {reason}"),
        Event::Done { step, by, note } => {
            let note = note.as_ref().map(|n| format!(": {n}")).unwrap_or_default();
            format!("{step} by {by}{note}")
        }
        Event::Resolved { by, how } => format!("{how} ({by})"),
        Event::Note { text: what } | Event::Repaired { what } | Event::Aborted { reason: what } => {
            what.clone()
        }
        _ => String::new(),
    }
}

fn ended(step: &str, state: StepEnd, reason: Option<&str>) -> String {
    let how = match state {
        StepEnd::Passed => "passed",
        StepEnd::Failed => "failed",
        StepEnd::Skipped => "skipped",
    };
    match reason {
        Some(reason) => format!("{step} {how}: {reason}"),
        None => format!("{step} {how}"),
    }
}

fn became(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded { value } if value.is_empty() => "done".to_owned(),
        Outcome::Succeeded { value } => {
            let given = value.iter().map(|(k, v)| match v.as_str() {
                Some(text) => format!("{k} {text}"),
                None => format!("{k} {v}"),
            });
            format!("done, {}", given.collect::<Vec<_>>().join(", "))
        }
        Outcome::Failed { error } => format!("failed: {error}"),
    }
}

fn observed(observation: &Observation) -> String {
    match observation {
        Observation::Gate(g) => format!("{}: {} ({})", g.gate, g.verdict.name(), g.summary),
        Observation::Head { commit, dirty, .. } => {
            let dirty = if *dirty { ", with uncommitted changes" } else { "" };
            format!("the worktree stands at {}{dirty}", short(commit))
        }
        Observation::Reproduction { command } => {
            format!("the incident is reproduced by `{}`", command.join(" "))
        }
        Observation::Sample { readings } => readings.iter().map(reading).collect::<Vec<_>>().join("; "),
        Observation::Window { check, name, readings } => {
            format!("{check}: {} readings of the {name}", readings.len())
        }
        Observation::MergeRequest(view) => {
            let state = format!("{:?}", view.state).to_lowercase();
            format!("!{} to {} is {state} at {}", view.number, view.target, short(&view.commit))
        }
        Observation::Version { version, commit } => {
            let commit = commit.as_deref().map(|c| format!(" ({})", short(c))).unwrap_or_default();
            format!("production runs {version}{commit}")
        }
        Observation::Forecast { target, conflicts, .. } if conflicts.is_empty() => {
            format!("the port applies cleanly to {target}")
        }
        Observation::Forecast { target, conflicts, .. } => {
            format!("the port to {target} conflicts in {}", conflicts.join(", "))
        }
        Observation::Waiting { step, waiting_for } => {
            let what: Vec<_> = waiting_for.iter().map(|w| w.what.as_str()).collect();
            format!("{step} waits for {}", what.join(" and "))
        }
        Observation::Analysis { .. } => "the analysis was written".to_owned(),
        Observation::Temporary { temporary } => {
            format!("the fix is {}", if *temporary { "temporary" } else { "permanent" })
        }
        Observation::NewErrors { check, templates, lines, .. } => {
            format!("{check}: {} new error templates in {lines} lines", templates.len())
        }
        Observation::Look { number, rulings } => {
            let said: Vec<_> = rulings.iter().map(|(check, r)| format!("{check}: {}", r.reason)).collect();
            format!("look {number}: {}", said.join("; "))
        }
        Observation::Budget { files, lines, max_files, max_lines } => {
            format!("the change is {files} of {max_files} files, {lines} of {max_lines} lines")
        }
    }
}

fn reading(reading: &Reading) -> String {
    let check = &reading.check;
    match (reading.errors, reading.total, reading.value, &reading.missing) {
        (_, _, _, Some(why)) => format!("{check}: no reading, {why}"),
        (Some(errors), Some(total), ..) => format!("{check}: {errors} of {total}"),
        (Some(errors), ..) => format!("{check}: {errors}"),
        (_, _, Some(value), _) if value != 0.0 && value.abs() < 0.001 => format!("{check}: {value:.2e}"),
        (_, _, Some(value), _) => format!("{check}: {value:.3}"),
        _ => format!("{check}: nothing"),
    }
}

#[cfg(test)]
mod tests {
    use super::summary;
    use crate::journal::{Event, Observation, Reading, StepEnd};

    fn seen(observation: Observation) -> String {
        summary(&Event::Observed { observation })
    }

    #[test]
    fn what_was_seen_is_told_in_words() {
        let commit = "c78638621ca7725878e15ec195278a5023ec4656".to_owned();
        let head = Observation::Head { commit: commit.clone(), tree: commit.clone(), dirty: true };
        assert_eq!(seen(head), "the worktree stands at c78638621c, with uncommitted changes");
        let version = Observation::Version { version: "v1.4.3".to_owned(), commit: Some(commit.clone()) };
        assert_eq!(seen(version), "production runs v1.4.3 (c78638621c)");
        let conflicts = vec!["src/a.rs".to_owned(), "src/b.rs".to_owned()];
        let target = "main".to_owned();
        let forecast = Observation::Forecast { target, onto: commit.clone(), head: commit, conflicts };
        assert_eq!(seen(forecast), "the port to main conflicts in src/a.rs, src/b.rs");
    }

    #[test]
    fn a_missing_reading_is_not_zero_errors() {
        let reading = |errors, total, missing: Option<&str>| Reading {
            check: "failed requests".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            errors,
            total,
            value: None,
            missing: missing.map(str::to_owned),
        };
        let sample = |r| seen(Observation::Sample { readings: vec![r] });
        assert_eq!(sample(reading(Some(0.0), Some(41.0), None)), "failed requests: 0 of 41");
        let down = reading(None, None, Some("the endpoint is down"));
        assert_eq!(sample(down), "failed requests: no reading, the endpoint is down");
    }

    #[test]
    fn a_step_that_failed_says_why() {
        let reason = Some("style.clean: 2 findings".to_owned());
        let event = Event::StepEnded { step: "check-style".to_owned(), state: StepEnd::Failed, reason };
        assert_eq!(summary(&event), "check-style failed: style.clean: 2 findings");
    }
}
