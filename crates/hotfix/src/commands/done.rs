//! `hotfix done`: a person's word that a step, a manual gate or an effect in
//! doubt is done.

use super::{Answer, OpenRun, Session};
use crate::args;
use crate::engine::effects::Journal as _;
use crate::error::{Failure, exit};
use crate::ui::{GOOD, styled};
use hotfix_core::effect::Outcome;
use hotfix_core::journal::{Event, Observation};
use std::collections::BTreeMap;

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Done) -> Answer {
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    if args.took_place || args.did_not {
        return settle(session, &mut run, args);
    }
    let step = known(&run, &args.step)?;
    let by = session.repo.person()?;
    if session.global.dry_run {
        session.ui.answer(format!("would record that {by} says {step} is done; nothing was carried out"));
        return Ok(exit::DONE);
    }
    let now = session.clock.now();
    if args.permanence.temporary || args.permanence.permanent {
        let observation = Observation::Temporary { temporary: args.permanence.temporary };
        run.journal.append(now, Event::Observed { observation })?;
    }
    run.journal.append(now, Event::Done { step: step.clone(), by, note: args.note.clone() })?;
    answer(session, &run, &format!("{step} is done"))
}

/// The answer of a verb that only writes something down.
pub fn answer(session: &Session<'_>, run: &OpenRun<'_>, what: &str) -> Answer {
    if session.ui.json {
        run.print_status()?;
    } else {
        session.ui.say(format!("{} {}", styled(GOOD, "✓"), hotfix_core::text::one_line(what)));
        if !run.state().has_ended() {
            session.ui.say("next: hotfix run");
        }
    }
    Ok(exit::DONE)
}

/// The step or gate that is meant.
fn known(run: &OpenRun<'_>, step: &str) -> Result<String, Failure> {
    let Some(plan) = &run.state().plan else { return Err(Failure::bug("a run without a plan")) };
    let gates = plan.gates.iter().map(|g| g.id.as_str()).filter(|id| {
        id.starts_with("manual.") || *id == "prepare.incident-confirmed" || *id == "prepare.authorized"
    });
    let steps = plan.actions.iter().map(|a| a.id.as_str());
    let all: Vec<&str> = steps.chain(gates).chain(["resolve", "follow-up"]).collect();
    if all.contains(&step) {
        return Ok(step.to_owned());
    }
    if let Some(action) = plan.actions.iter().rev().find(|a| a.step.as_deref() == Some(step)) {
        return Ok(action.id.clone());
    }
    if plan.gate(step).is_some() {
        return Err(Failure::usage(
            "HF0208",
            format!("{step} is decided by what the tool sees, not by anybody's word"),
        )
        .try_this("if it must not hold the run", format!("hotfix waive {step} --reason \"why\"")));
    }
    let failure = Failure::usage("HF0208", format!("the plan has no step `{step}`"));
    Err(match hotfix_core::text::did_you_mean(step, all.iter().copied()) {
        Some(near) => failure.try_this("did you mean", format!("hotfix done {near}")),
        None => failure.try_this("see the steps", "hotfix status"),
    })
}

/// A person tells what became of an effect in doubt.
fn settle(session: &Session<'_>, run: &mut OpenRun<'_>, args: &args::Done) -> Answer {
    let named = |e: &&hotfix_core::run::EffectState| {
        let id = &e.effect.id;
        format!("{}/{}", id.step, id.name) == args.step || id.to_string() == args.step
    };
    let found = run.state().in_doubt().into_iter().find(named).map(|e| e.effect.clone());
    let Some(effect) = found else {
        return Err(Failure::usage("HF0208", format!("no effect in doubt is called `{}`", args.step))
            .try_this("see what is in doubt", "hotfix log"));
    };
    let by = session.repo.person()?;
    if session.global.dry_run {
        session.ui.answer(format!("would record what became of {}; nothing was carried out", effect.id));
        return Ok(exit::DONE);
    }
    let now = session.clock.now();
    let outcome = if args.took_place {
        Outcome::Succeeded { value: BTreeMap::new() }
    } else {
        Outcome::Failed { error: format!("{by} says that it did not take place") }
    };
    run.journal.append(now, Event::Done { step: effect.id.to_string(), by, note: args.note.clone() })?;
    let event = if args.took_place {
        Event::EffectAdopted { id: effect.id.clone(), outcome }
    } else {
        Event::EffectOutcome { id: effect.id.clone(), outcome }
    };
    run.journal.append(now, event)?;
    answer(session, run, &format!("{} is settled", effect.id))
}
