//! `hotfix waive`: a gate is let pass, by name and for a reason that stand in
//! the merge request and the report.

use super::{Answer, OpenRun, Session};
use crate::engine::effects::Journal as _;
use crate::error::{Failure, exit};
use hotfix_core::approval::{has_role, same_person};
use hotfix_core::journal::Event;

/// Roles that may waive approvals and the authorisation.
const MAY: [&str; 2] = ["manager", "tech-lead"];

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
    may(session, &run, gate, &by, self_waived)?;
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

/// Approvals and the authorisation are waived only by a role; where nobody
/// has any, somebody is truly alone, and the waiver says so.
fn may(
    session: &Session<'_>,
    run: &OpenRun<'_>,
    gate: &str,
    by: &str,
    self_waived: bool,
) -> Result<(), Failure> {
    if !(gate.starts_with("review.") || gate == "prepare.authorized") {
        return Ok(());
    }
    let roles = &run.tools.config.roles;
    let alone = roles.values().all(Vec::is_empty);
    let holds =
        MAY.iter().any(|role| roles.get(*role).is_some_and(|p| !p.is_empty()) && has_role(roles, role, by));
    if alone || (holds && !self_waived) {
        return Ok(());
    }
    let _ = session;
    Err(Failure::usage(
        "HF0210",
        format!("{gate} can be waived only by {}, and not by the author of the change", MAY.join(" or ")),
    )
    .try_this("ask for the approval", "hotfix status"))
}
