//! What the inputs of a step hold: each source of a context mapping is looked
//! up where it lives, and what cannot be had says why. It only reads, lets no
//! secret through, and refuses to leave the repository.

mod record;
mod repository;
mod resolve;
mod signals;

use crate::commands::OpenRun;
use crate::steps::tools::without_secrets;
use hotfix_core::brief::{
    self, BranchPart, Brief, BriefGate, BriefInput, DocumentStep, Part, ReviewPart, SkillPart, Source, Task,
    Text, Unresolved, data,
};
use hotfix_core::gate::Verdict;
use hotfix_core::plan::{Plan, PlannedGate};
use hotfix_core::run::RunState;
use hotfix_core::status::{self, RefPart};
use hotfix_core::text::{brief as short_line, printable};
use hotfix_core::workflow::order::ActionRow;
use hotfix_core::workflow::{Skill, SkillFile, Step};
use resolve::Resolver;

/// More of one text is not read, in bytes.
const MOST_READ: usize = 1024 * 1024;
/// More inputs than this no step has.
const MOST_INPUTS: usize = 64;

/// What a brief is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The action.
    pub action: &'a ActionRow,
    /// The document step was asked for, with all the actions that it stands for.
    pub whole_step: bool,
    /// Only this input.
    pub input: Option<&'a str>,
}

/// The brief, whole.
pub fn of(run: &OpenRun<'_>, plan: &Plan, wanted: Wanted<'_>) -> Brief {
    let (state, action) = (run.state(), wanted.action);
    let page = action.step.as_ref().and_then(|id| plan.document_step(id));
    let inputs = inputs(run, plan, wanted, page);
    let about = status::of(state, run.tools.clock.now());
    let seen = about.as_ref().and_then(|s| s.steps.iter().find(|s| s.id == action.id));
    let at = plan.actions.iter().position(|a| a.id == action.id).unwrap_or_default();
    Brief {
        schema: brief::SCHEMA.to_owned(),
        notice: data::NOTICE.to_owned(),
        incident: incident(state, plan),
        attempt: state.attempt_number(),
        step: action.clone(),
        title: status::title(action),
        state: seen.map_or_else(|| "pending".to_owned(), |s| s.state.clone()),
        place: [number(at + 1), number(plan.actions.len())],
        task: clean_task(brief::task(action, state)),
        worktree: state.attempt.as_ref().map(|a| a.worktree.clone()),
        branch: state.attempt.as_ref().map(|a| BranchPart {
            name: a.branch.clone(),
            base: RefPart { name: a.base_ref.clone(), commit: a.base.clone() },
            target: a.target.clone(),
        }),
        role: plan.workflow.role.clone(),
        review: review(plan, action),
        budget: state.budget,
        only: plan.policy.change.only.clone(),
        document_step: page.map(|page| document_step(plan, page)),
        gates: gates(state, plan, wanted, page),
        unresolved: unresolved(&inputs),
        inputs,
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The incident with its severity as it is now.
fn incident(state: &RunState, plan: &Plan) -> hotfix_core::incident::Incident {
    let mut incident = state.incident.clone().unwrap_or_else(|| plan.incident.clone());
    incident.title = short_line(&without_secrets(&incident.title), 200);
    incident
}

/// Who must look at the change, for the steps that are about it.
fn review(plan: &Plan, action: &ActionRow) -> Option<ReviewPart> {
    matches!(action.skill, Skill::MergeRequest | Skill::Review | Skill::Merge).then(|| {
        let approvers = plan.row.approvers.iter().map(String::as_str);
        let roles = approvers.chain((plan.row.reviewers > 0).then_some("reviewer"));
        let named = roles.filter_map(|role| Some((role, plan.config.roles.get(role)?)));
        ReviewPart {
            approvers: plan.row.approvers.clone(),
            people: named.map(|(role, people)| format!("{role}: {}", people.join(", "))).collect(),
            reviewers: plan.row.reviewers,
            review: plan.row.review,
        }
    })
}

fn clean_task(mut task: Task) -> Task {
    task.waits_for.iter_mut().for_each(|what| *what = short_line(&without_secrets(what), 300));
    task
}

/// A text from outside as it may be shown: nothing invisible, no secret, and
/// no end of a key whose beginning was left out.
pub(crate) fn clean(text: &str) -> String {
    without_secrets(&without_cut_key(&printable(text)))
}

/// A text that begins within a private key loses that part of it.
fn without_cut_key(text: &str) -> String {
    const END: &str = "PRIVATE KEY-----";
    let Some(end) = text.find("-----END ") else { return text.to_owned() };
    let begins = text.find("-----BEGIN ").is_some_and(|begin| begin < end);
    let close = text.get(end..).and_then(|rest| rest.find(END)).filter(|at| *at < 40);
    match close {
        Some(at) if !begins => {
            let rest = text.get(end + at + END.len()..).unwrap_or_default();
            format!("[redacted:private-key]{rest}")
        }
        _ => text.to_owned(),
    }
}

fn document_step(plan: &Plan, page: &Step) -> DocumentStep {
    let words: Vec<String> = page.guidance.iter().map(|g| without_secrets(&printable(&g.text))).collect();
    let commands: Vec<String> =
        page.suggested_commands.iter().map(|c| without_secrets(&short_line(c, 300))).collect();
    DocumentStep {
        id: page.id.clone(),
        title: short_line(&page.title, 120),
        page: plan.workflow.source.clone(),
        unreviewed: plan.workflow.unreviewed,
        lines: page.lines,
        outputs: page.outputs.iter().take(20).map(|o| short_line(o, 120)).collect(),
        guidance: Text::lines(&words),
        suggested_commands: Text::lines(&commands),
        actions: plan
            .actions
            .iter()
            .filter(|a| a.step.as_deref() == Some(&page.id))
            .map(|a| a.id.clone())
            .collect(),
        skill_file: page.skill_file.as_ref().map(skill_part),
    }
}

/// What the skill's file says. It is the team's own, as the page is.
fn skill_part(file: &SkillFile) -> SkillPart {
    let words: Vec<String> = file.guidance.iter().map(|g| without_secrets(&printable(&g.text))).collect();
    SkillPart {
        path: short_line(&file.path, 160),
        description: short_line(&without_secrets(&file.description), 300),
        guidance: Text::lines(&words),
        template: file.template.as_ref().map(|text| Text::head(without_secrets(&printable(text)))),
    }
}

fn gates(state: &RunState, plan: &Plan, wanted: Wanted<'_>, page: Option<&Step>) -> Vec<BriefGate> {
    let of_step = |gate: &&PlannedGate| {
        let action = plan.action(&gate.step);
        let same_step = action.is_some_and(|a| a.step.is_some() && a.step.as_ref() == page.map(|p| &p.id));
        gate.step == wanted.action.id || (wanted.whole_step && same_step)
    };
    let shown = plan.gates.iter().filter(of_step).filter(|g| state.verdict(g) != Verdict::NotApplicable);
    let gate = |planned: &PlannedGate| {
        let seen = state.gates.get(&planned.id).map(|(_, seen)| seen);
        let details: Vec<String> =
            seen.iter().flat_map(|seen| &seen.details).take(20).map(|line| clean(line)).collect();
        let built_in = hotfix_core::gate::built_in(&planned.id);
        BriefGate {
            id: planned.id.clone(),
            verdict: state.verdict(planned),
            required: planned.required,
            binding: planned.binding,
            passes_when: built_in
                .map_or_else(|| "a person confirms it".to_owned(), |g| g.passes_when.to_owned()),
            criteria: planned.criteria.as_ref().map(|words| short_line(words, 200)),
            summary: seen.map(|seen| short_line(&clean(&seen.summary), 200)).unwrap_or_default(),
            details: Text::lines(&details),
        }
    };
    shown.map(gate).collect()
}

/// The inputs that the page maps; where it maps none, those of use for the skill.
fn inputs(run: &OpenRun<'_>, plan: &Plan, wanted: Wanted<'_>, page: Option<&Step>) -> Vec<BriefInput> {
    let mut resolver = Resolver::new(run, plan, page);
    let asked = |name: &str| wanted.input.is_none_or(|only| only == name);
    let mapped = page.map(|page| page.inputs.as_slice()).unwrap_or_default();
    if mapped.is_empty() {
        let useful = brief::inputs(wanted.action.skill).iter().filter(|(name, _)| asked(name));
        return useful.map(|(name, source)| resolver.useful(name, source)).collect();
    }
    let page = mapped.iter().take(MOST_INPUTS).filter(|input| asked(&input.name));
    let mut all: Vec<BriefInput> = page.map(|input| resolver.mapped(input)).collect();
    for (name, source) in brief::more(wanted.action.skill).iter().filter(|(name, _)| asked(name)) {
        let input = resolver.useful(name, source);
        // What the page does not ask for is not missed.
        let needed = |part: &Part| part.source == Source::Reproduction;
        if input.parts.iter().any(|part| part.text.is_some() || needed(part)) {
            all.push(input);
        }
    }
    all
}

fn unresolved(inputs: &[BriefInput]) -> Vec<Unresolved> {
    let of = |input: &BriefInput| -> Vec<Unresolved> {
        // What nobody asked for need not be missed.
        let missing = input.parts.iter().filter(|_| input.line.is_some());
        let told = missing.filter_map(|part| {
            let why = part.missing.clone()?;
            Some(Unresolved {
                input: input.name.clone(),
                source: input.source.clone(),
                why,
                hint: part.hint.clone(),
            })
        });
        told.collect()
    };
    inputs.iter().flat_map(of).collect()
}

/// A part that was found.
fn found(source: Source, from: impl Into<String>, text: Text) -> Part {
    let whole_bytes = text.bytes;
    let mut text = text.within(MOST_READ);
    text.bytes = whole_bytes;
    Part {
        source,
        from: from.into(),
        outside: true,
        text: Some(text),
        same_as: None,
        whole: None,
        missing: None,
        hint: None,
    }
}

/// A part that could not be resolved.
fn missing(source: Source, from: impl Into<String>, why: impl Into<String>) -> Part {
    Part {
        source,
        from: from.into(),
        outside: false,
        text: None,
        same_as: None,
        whole: None,
        missing: Some(why.into()),
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_key_goes_with_it() {
        let text = "MIIEvQIBADANBgkq\nabc\n-----END RSA PRIVATE KEY-----\nafter";
        assert_eq!(without_cut_key(text), "[redacted:private-key]\nafter");
        let certificate = "x\n-----END CERTIFICATE-----\n";
        assert_eq!(without_cut_key(certificate), certificate);
    }
}
