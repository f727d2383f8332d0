//! `hotfix waive`: a gate is let pass, by name and for a reason that stand in
//! the merge request and the report.

use super::{Answer, OpenRun, Session};
use crate::engine::effects::Journal as _;
use crate::error::{Failure, exit};
use hotfix_core::approval::{has_role, same_person};
use hotfix_core::journal::Event;

/// Carries the verb out.
pub fn run(session: &Session<'_>, gate: &str, reason: &str) -> Answer {
    let run = session.open_run(false)?;
    run.must_be_open()?;
    known(&run, gate)?;
    if reason.trim().is_empty() {
        return Err(Failure::usage("HF0210", "a waiver needs a reason")
            .try_this("say why", format!("hotfix waive {gate} --reason \"why\"")));
    }
    let by = session.repo.person()?;
    let self_waived = same_person(&by, &run.state().author);
    may(&run, gate, &by, self_waived)?;
    if session.global.dry_run {
        session.ui.answer(format!("would record that {by} waives {gate}; nothing was carried out"));
        return Ok(exit::DONE);
    }
    let simulated = session.speaks_for_a_person(&run.tools.config, "waive")?;
    let mut run = session.open_folder(run.journal.folder(), simulated)?;
    let (gate, reason) = (gate.to_owned(), reason.to_owned());
    let what = format!("{gate} is waived by {by}{}", if self_waived { " (self-waived)" } else { "" });
    run.journal.append(session.clock.now(), Event::Waived { gate, by, reason, self_waived })?;
    super::done::answer(session, &run, &what)
}

fn known(run: &OpenRun<'_>, gate: &str) -> Result<(), Failure> {
    let Some(plan) = &run.state().plan else { return Ok(()) };
    if plan.gate(gate).is_some() {
        return Ok(());
    }
    let failure = Failure::usage("HF0209", format!("the plan has no gate `{gate}`"));
    Err(match hotfix_core::text::did_you_mean(gate, plan.gates.iter().map(|g| g.id.as_str())) {
        Some(near) => failure.try_this("did you mean", format!("hotfix waive {near} --reason \"why\"")),
        None => failure.try_this("see the gates", "hotfix status --json"),
    })
}

/// The policy names the roles that may; approvals and the authorisation are
/// somebody else's word, so never the author's. Where nobody has any role,
/// somebody is truly alone, and the waiver says so.
fn may(run: &OpenRun<'_>, gate: &str, by: &str, self_waived: bool) -> Result<(), Failure> {
    let named = run.state().plan.as_ref().and_then(|plan| plan.policy.may_waive(gate));
    let Some(named) = named else { return Ok(()) };
    if named.is_empty() {
        return Err(Failure::usage("HF0210", format!("the policy lets nobody waive {gate}"))
            .try_this("see what it lacks", "hotfix status"));
    }
    let roles = &run.tools.config.roles;
    let alone = roles.values().all(Vec::is_empty);
    let others_word = gate.starts_with("review.") || gate == "prepare.authorized";
    let held = |role: &String| roles.get(role).is_some_and(|p| !p.is_empty()) && has_role(roles, role, by);
    if alone || (named.iter().any(held) && !(others_word && self_waived)) {
        return Ok(());
    }
    let author = if others_word { ", and not by the author of the change" } else { "" };
    Err(Failure::usage("HF0210", format!("{gate} can be waived only by {}{author}", named.join(" or ")))
        .try_this("see who has which role", "git show HEAD:.hotfix/config.toml")
        .try_this("or do what it asks for", "hotfix status"))
}
