//! `hotfix brief`: everything that a person or an agent needs for a step, with
//! the context mapping resolved, in a size that an agent can take.

use super::{Answer, OpenRun, Session};
use crate::args;
use crate::brief::{self, Wanted};
use crate::engine::drive::next;
use crate::error::{Failure, exit};
use crate::report::brief as page;
use hotfix_core::brief::{Brief, TooSmall};
use hotfix_core::plan::Plan;
use hotfix_core::workflow::order::ActionRow;

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Brief) -> Answer {
    let run = session.open_run(true)?;
    let plan = run.state().plan.as_ref().ok_or_else(|| Failure::bug("a run without a plan"))?;
    let (action, whole_step) = choose(&run, plan, args.step.as_deref())?;
    let wanted = Wanted { action, whole_step, input: args.input.as_deref() };
    let whole = brief::of(&run, plan, wanted);
    if let Some(name) = args.input.as_deref().filter(|_| whole.inputs.is_empty()) {
        return Err(no_input(plan, action, name));
    }
    let json = |brief: &Brief| serde_json::to_string_pretty(brief).unwrap_or_default();
    let most = usize::try_from(args.max_bytes).unwrap_or(usize::MAX);
    if session.ui.json {
        // The newline counts too.
        let fitted = whole.fitted(most, |brief| json(brief).len() + 1).map_err(|e| too_small(e, args))?;
        session.ui.document(&serde_json::to_value(&fitted)?);
        return Ok(exit::DONE);
    }
    let fitted = whole.fitted(most, |brief| page::markdown(brief).len()).map_err(|e| too_small(e, args))?;
    session.ui.answer(page::styled_markdown(&page::markdown(&fitted)));
    Ok(exit::DONE)
}

fn too_small(error: TooSmall, args: &args::Brief) -> Failure {
    let step = args.step.as_ref().map(|step| format!(" {step}")).unwrap_or_default();
    Failure::usage("HF0217", error.to_string())
        .try_this("allow it a little more", format!("hotfix brief{step} --max-bytes {}", error.least + 4096))
}

fn no_input(plan: &Plan, action: &ActionRow, name: &str) -> Failure {
    let mapped = action.step.as_ref().and_then(|id| plan.document_step(id)).map(|step| &step.inputs);
    let mut names: Vec<&str> = mapped.into_iter().flatten().map(|input| input.name.as_str()).collect();
    if names.is_empty() {
        names = hotfix_core::brief::inputs(action.skill).iter().map(|(name, _)| *name).collect();
    }
    let failure = Failure::usage(
        "HF0216",
        format!("the step {} has no input `{name}`; it has {}", action.id, names.join(", ")),
    );
    let near = hotfix_core::text::did_you_mean(name, names.iter().copied()).or(names.first().copied());
    match near {
        Some(near) => failure.try_this("show this one", format!("hotfix brief {} --input {near}", action.id)),
        None => failure.try_this("see the brief", format!("hotfix brief {}", action.id)),
    }
}

/// The action that is meant: the next one, or one by its id, its skill, or the
/// page's step (its id, title or number).
fn choose<'r>(
    run: &OpenRun<'_>,
    plan: &'r Plan,
    step: Option<&str>,
) -> Result<(&'r ActionRow, bool), Failure> {
    let Some(asked) = step else {
        let next = next(run.state()).and_then(|n| plan.action(&n.id)).or(plan.actions.last());
        let none = || {
            Failure::usage("HF0208", "the plan has no steps").try_this("see the plan", "hotfix workflow show")
        };
        return next.map(|action| (action, false)).ok_or_else(none);
    };
    let by_action = plan.actions.iter().find(|a| a.id == asked || a.skill.name() == asked);
    if let Some(action) = by_action {
        return Ok((action, false));
    }
    let page = page_step(plan, asked).and_then(|step| of_page(run, plan, &step.id));
    page.map(|action| (action, true)).ok_or_else(|| unknown(plan, asked))
}

fn page_step<'p>(plan: &'p Plan, asked: &str) -> Option<&'p hotfix_core::workflow::Step> {
    let slug = hotfix_core::text::slug(asked);
    let number = slug.trim_start_matches("step-").parse::<usize>().ok();
    let by_number = number.and_then(|number| plan.steps.get(number.checked_sub(1)?));
    let named = plan.steps.iter().find(|s| s.id == slug || hotfix_core::text::slug(&s.title) == slug);
    named.or(by_number)
}

/// The action of a page's step that is not over, or its first.
fn of_page<'p>(run: &OpenRun<'_>, plan: &'p Plan, step: &str) -> Option<&'p ActionRow> {
    let mut all = plan.actions.iter().filter(|a| a.step.as_deref() == Some(step));
    let first = all.clone().next();
    all.find(|a| !run.state().is_over(&a.id)).or(first)
}

fn unknown(plan: &Plan, asked: &str) -> Failure {
    let ids: Vec<&str> = plan.actions.iter().map(|a| a.id.as_str()).collect();
    let steps: Vec<&str> = plan.steps.iter().map(|s| s.id.as_str()).collect();
    let failure =
        Failure::usage("HF0208", format!("the plan has no step `{asked}`; it has {}", ids.join(", ")));
    match hotfix_core::text::did_you_mean(asked, ids.into_iter().chain(steps)) {
        Some(near) => failure.try_this("did you mean", format!("hotfix brief {near}")),
        None => failure.try_this("see the plan", "hotfix status"),
    }
}
