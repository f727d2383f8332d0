//! What the run itself knows: the incident, what happened, what steps put out,
//! what gates saw, and the lists of the page.

use super::resolve::Resolver;
use super::{clean, found, missing, short_line};
use hotfix_core::approval::has_role;
use hotfix_core::brief::{CriteriaList, Part, Source, StepRef, TestScope, Text};
use hotfix_core::config::Command;
use hotfix_core::effect::short;
use hotfix_core::gate::Verdict;
use hotfix_core::journal::MergeRequestState;
use hotfix_core::policy::Criterion;
use hotfix_core::workflow::order::ActionRow;
use hotfix_core::workflow::{Skill, Step};
use std::fmt::Write as _;

/// A time as programs and people read it.
fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The incident as the run knows it.
pub fn incident(r: &Resolver<'_>) -> Part {
    let state = r.state();
    let Some(incident) = &state.incident else {
        return missing(Source::Incident, "the run", "no incident is recorded");
    };
    let mut text = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}: {value}");
        }
    };
    let title = r.plan.policy.row(&incident.severity).title.map(|t| format!(" ({t})")).unwrap_or_default();
    line("key", Some(incident.key.clone()));
    line("title", Some(incident.title.clone()));
    line("severity", Some(format!("{}{title}", incident.severity)));
    line("began", state.since.map(time));
    line("run started", state.started_at.map(|at| format!("{}, by {}", time(at), state.author)));
    let said = |gate: &str| {
        state
            .done
            .get(gate)
            .map(|d| d.by.clone() + &d.note.as_ref().map(|n| format!(" ({n})")).unwrap_or_default())
    };
    line("confirmed by", said("prepare.incident-confirmed"));
    line("authorised by", said("prepare.authorized"));
    line("in production", state.live.as_ref().map(|(version, _)| version.clone()));
    line("shown by", shown_by(r));
    line("resolved", state.resolved.as_ref().map(|(at, by, how)| format!("{}, {by}: {how}", time(*at))));
    for obligation in state.obligations.iter().filter(|o| o.met.is_none()) {
        line("owed", Some(format!("{} until {}", obligation.what, time(obligation.due))));
    }
    found(Source::Incident, "the run's record", Text::head(clean(&text)))
}

/// The command that shows the incident.
fn shown_by(r: &Resolver<'_>) -> Option<String> {
    let recorded = r.state().reproduction.as_ref().map(|words| words.join(" "));
    recorded.or_else(|| r.plan.config.verify.reproduce.as_ref().map(Command::shown)).map(|c| format!("`{c}`"))
}

/// What happened, in order.
pub fn timeline(r: &Resolver<'_>) -> Part {
    use crate::engine::effects::Journal as _;
    let _ = r.run.journal.state();
    let moments = hotfix_core::report::timeline(r.run.journal.records());
    let lines: Vec<String> =
        moments.iter().map(|m| format!("{} {}", crate::ui::date_time(m.at), clean(&m.what))).collect();
    let Some(mut text) = Text::lines(&lines) else {
        return missing(Source::Timeline, "the journal", "nothing has happened yet");
    };
    text.tail = true;
    let mut part = found(Source::Timeline, format!("the journal, {} moments", lines.len()), text);
    part.whole = Some("hotfix log".to_owned());
    part
}

/// The command that shows the incident, and what it said when it ran.
pub fn reproduction(r: &Resolver<'_>) -> Part {
    let Some(command) = shown_by(r) else {
        let mut part = missing(Source::Reproduction, "the run", "no command shows the incident yet");
        part.hint = Some("hotfix reproduce -- COMMAND".to_owned());
        return part;
    };
    let text = seen(r, |gate| gate.starts_with("repro."));
    found(Source::Reproduction, command, Text::head(clean(&text)))
}

/// Tests and what they said.
pub fn tests(r: &Resolver<'_>, scope: TestScope) -> Part {
    let verify = &r.plan.config.verify;
    let smoke = verify.smoke.iter().map(|c| format!("smoke: `{}`", c.shown()));
    let critical = verify.critical.iter().map(|c| {
        let paths = if c.paths.is_empty() { String::new() } else { format!(" (for {})", c.paths.join(", ")) };
        format!("critical: `{}`{paths}", c.run.shown())
    });
    let commands: Vec<String> = match scope {
        TestScope::Smoke => smoke.collect(),
        TestScope::Critical => critical.collect(),
        TestScope::All => critical.chain(smoke).collect(),
    };
    let source = Source::Tests { scope };
    if commands.is_empty() {
        let mut part = missing(source, "the config", "no such tests are configured");
        part.hint = Some("name them in the config: [verify] smoke and critical".to_owned());
        return part;
    }
    let wanted: &[&str] = match scope {
        TestScope::Smoke => &["tests.smoke"],
        TestScope::Critical => &["tests.critical"],
        TestScope::All => &["tests.critical", "tests.smoke", "repro.passes-after"],
    };
    let text = format!("{}\n\n{}", commands.join("\n"), seen(r, |gate| wanted.contains(&gate)));
    found(source, "the config, and what the gates saw", Text::head(clean(&text)))
}

/// Everything that the gates saw.
pub fn evidence(r: &Resolver<'_>) -> Part {
    if r.state().gates.is_empty() {
        return missing(Source::Evidence, "the gates", "no gate was evaluated yet");
    }
    found(Source::Evidence, "what the gates saw", Text::head(clean(&seen(r, |_| true))))
}

/// What some gates saw: verdict, summary, the command, and the end of what it said.
fn seen(r: &Resolver<'_>, wanted: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    for planned in r.plan.gates.iter().filter(|planned| wanted(&planned.id)) {
        let verdict = r.state().verdict(planned);
        let Some((at, seen)) = r.state().gates.get(&planned.id) else {
            if verdict != Verdict::NotApplicable {
                let _ = writeln!(text, "{}: {}", planned.id, verdict.name());
            }
            continue;
        };
        let _ = writeln!(
            text,
            "{}: {} at {}: {}",
            planned.id,
            verdict.name(),
            crate::ui::clock_time(*at),
            seen.summary
        );
        seen.details.iter().take(20).for_each(|line| {
            let _ = writeln!(text, "    {line}");
        });
    }
    if text.is_empty() { "not run yet\n".to_owned() } else { text }
}

/// The merge request with what people said of it.
pub fn merge_request(r: &Resolver<'_>) -> Part {
    let state = r.state();
    if state.merge_requests.is_empty() {
        return missing(Source::MergeRequest, "the forge", "there is no merge request yet");
    }
    let mut text = String::new();
    for request in state.merge_requests.values() {
        let stands = match request.state {
            MergeRequestState::Open => "open",
            MergeRequestState::Merged => "merged",
            MergeRequestState::Closed => "closed",
        };
        let _ = writeln!(
            text,
            "{} merge request {} ({stands}): {}\n  {} to {}, at {}\n  {}",
            request.role,
            request.number,
            request.title,
            request.source,
            request.target,
            short(&request.commit),
            request.url
        );
        if !request.labels.is_empty() {
            let _ = writeln!(text, "  labels: {}", request.labels.join(", "));
        }
        for word in state.approvals.iter().filter(|a| a.number == request.number) {
            let said = if word.approved { "approved" } else { "requested changes on" };
            let note = word.note.as_ref().map(|n| format!(": {n}")).unwrap_or_default();
            let _ = writeln!(text, "  {} {said} {}{note}", word.by, short(&word.commit));
        }
        for (word, reason) in state.voided.iter().filter(|(a, _)| a.number == request.number) {
            let _ = writeln!(
                text,
                "  the word of {} on {} no longer holds: {reason}",
                word.by,
                short(&word.commit)
            );
        }
    }
    found(Source::MergeRequest, "the forge, as last seen", Text::head(clean(&text)))
}

/// The way back.
pub fn rollback(r: &Resolver<'_>) -> Part {
    let (state, config) = (r.state(), &r.plan.config);
    let mut text = String::new();
    let command = config.rollback.command.as_ref().or(config.deploy.command.as_ref()).map(Command::shown);
    let target = state
        .deploys
        .last()
        .and_then(|d| d.replaces.clone())
        .or_else(|| config.production.known_good.clone());
    let target = target.or_else(|| state.attempt.as_ref().and_then(|a| a.base_version.clone()));
    let _ = writeln!(text, "back to: {}", target.as_deref().unwrap_or("not known (production.known_good)"));
    let _ = writeln!(
        text,
        "by: {}",
        command.map_or_else(|| "no command rolls back (rollback.command)".to_owned(), |c| format!("`{c}`"))
    );
    let automatic = r.plan.policy.rollback.automatic.unwrap_or(config.rollback.automatic);
    let _ =
        writeln!(text, "on a proven regression: {}", if automatic { "by itself" } else { "after asking" });
    for criterion in &r.plan.policy.rollback.required {
        let _ = writeln!(text, "the page wants to know: {}", criterion.text);
    }
    text.push_str(&seen(r, |gate| gate == "rollback.ready"));
    let mut part = found(Source::Rollback, "config and policy", Text::head(clean(&text)));
    part.whole = Some("hotfix rollback --dry-run".to_owned());
    part
}

/// A list of the page.
pub fn criteria(r: &Resolver<'_>, list: CriteriaList) -> Part {
    let policy = &r.plan.policy;
    let criteria = match list {
        CriteriaList::Prerequisites => &policy.prerequisites,
        CriteriaList::Verification => &policy.verification,
        CriteriaList::Monitoring => &policy.monitor.checks,
        CriteriaList::Completion => &policy.completion,
    };
    let line = |c: &Criterion| {
        let verdict = c.gate.as_ref().and_then(|gate| r.plan.gate(gate)).map(|gate| r.state().verdict(gate));
        format!("- {} ({})", c.text, verdict.map_or("no gate", Verdict::name))
    };
    let lines: Vec<String> = criteria.iter().map(line).collect();
    let source = Source::Criteria { list };
    match Text::lines(&lines) {
        Some(text) => {
            let mut part = found(source, "the page", Text::head(clean(&text.content)));
            part.outside = false;
            part
        }
        None => missing(source, "the page", "the page has no such list"),
    }
}

/// Somebody to ask.
pub fn person(r: &Resolver<'_>, role: String) -> Part {
    let roles = &r.plan.config.roles;
    let people = roles.get(&role).cloned().unwrap_or_default();
    if people.is_empty() {
        let mut part = missing(
            Source::Person { role: role.clone() },
            "the config",
            format!("nobody is named as {role}"),
        );
        part.hint = Some(format!("name them in the config: [roles] {role} = [\"Name <e-mail>\"]"));
        return part;
    }
    let me = &r.run.tools.person;
    let you = if has_role(roles, &role, me) { " (you are one)" } else { "" };
    let text = format!("ask {}{you}", people.join(" or "));
    let mut part = found(Source::Person { role }, "the config's roles", Text::head(clean(&text)));
    part.outside = false;
    part
}

/// What a step of the page put out.
pub fn output(r: &Resolver<'_>, step: StepRef) -> Part {
    let source = Source::Output { step: step.clone() };
    let steps = &r.plan.steps;
    let own = r.page.and_then(|page| steps.iter().position(|s| s.id == page.id));
    let at = match &step {
        StepRef::Previous => own.and_then(|own| own.checked_sub(1)),
        StepRef::Number(number) => (*number as usize).checked_sub(1),
        StepRef::Id(id) => steps.iter().position(|s| s.id == *id),
        StepRef::Unknown(_) => None,
    };
    let Some((at, named)) = at.and_then(|at| Some((at, steps.get(at)?))) else {
        let mut part = missing(source, "the plan", "the page has no such step");
        let titles: Vec<String> = steps.iter().map(|s| short_line(&s.title, 40)).collect();
        part.hint = Some(format!("its steps are: {}", titles.join(", ")));
        return part;
    };
    let from = format!("step \"{}\"", short_line(&named.title, 80));
    if own.is_some_and(|own| at > own) {
        return missing(source, from, "that step comes later");
    }
    let actions: Vec<&ActionRow> =
        r.plan.actions.iter().filter(|a| a.step.as_deref() == Some(&named.id)).collect();
    if !actions.iter().any(|a| r.state().steps.contains_key(&a.id)) {
        return missing(source, from, "that step has not begun");
    }
    found(source, from, Text::head(clean(&put_out(r, named, &actions))))
}

fn put_out(r: &Resolver<'_>, step: &Step, actions: &[&ActionRow]) -> String {
    let state = r.state();
    let mut text = String::new();
    for output in &step.outputs {
        let _ = writeln!(text, "puts out: {output}");
    }
    for action in actions {
        let stands = match state.ended(&action.id) {
            Some(end) => format!("{end:?}").to_lowercase(),
            None => "not over".to_owned(),
        };
        let reason = state.steps.get(&action.id).and_then(|s| s.reason.as_ref());
        let _ = writeln!(
            text,
            "{}: {stands}{}",
            action.id,
            reason.map(|r| format!(" ({r})")).unwrap_or_default()
        );
        if let Some(done) = state.done.get(&action.id) {
            let note = done.note.as_ref().map(|n| format!(": {n}")).unwrap_or_default();
            let _ = writeln!(text, "  {} says that it is done{note}", done.by);
        }
        text.push_str(&of_action(r, action));
    }
    let ids: Vec<&str> = actions.iter().map(|a| a.id.as_str()).collect();
    let mine = |gate: &str| r.plan.gate(gate).is_some_and(|g| ids.contains(&g.step.as_str()));
    text.push_str(&seen(r, mine));
    text
}

/// What an action left besides its gates.
fn of_action(r: &Resolver<'_>, action: &ActionRow) -> String {
    let state = r.state();
    let mut text = String::new();
    match action.skill {
        Skill::Commit | Skill::Implement => {
            if let Some(head) =
                state.head.as_ref().filter(|h| state.attempt.as_ref().is_some_and(|a| a.base != h.commit))
            {
                let _ = writeln!(text, "  commit {} (tree {})", short(&head.commit), short(&head.tree));
            }
        }
        Skill::MergeRequest | Skill::Merge => {
            for request in state.merge_requests.values().filter(|m| m.role == "production") {
                let _ = writeln!(text, "  merge request {}: {}", request.number, request.url);
            }
        }
        Skill::Deploy | Skill::Rollback => {
            for deploy in &state.deploys {
                let _ = writeln!(
                    text,
                    "  {} ({}) at {}",
                    deploy.version,
                    short(&deploy.commit),
                    crate::ui::date_time(deploy.at)
                );
            }
        }
        Skill::Analyze | Skill::Report => {
            if let Some(analysis) = &state.analysis {
                let cause = analysis.root_cause.as_deref().unwrap_or("not written yet");
                let _ = writeln!(text, "  root cause: {cause}");
                for measure in &analysis.prevention {
                    let _ = writeln!(
                        text,
                        "  prevention: {} ({}, until {})",
                        measure.measure, measure.owner, measure.due
                    );
                }
            }
        }
        _ => {}
    }
    text
}
