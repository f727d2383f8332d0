//! The loop that takes a run forward: settle what is in doubt, look at the
//! world, carry out the next action, and stop where a person, an approval or
//! time is needed.

use super::Stop;
use super::effects::{Engine, Time};
use super::journal::FileJournal;
use crate::connect::perform::Connectors;
use crate::error::Failure;
use crate::steps::{self, Cx, Ended, Tools, watch};
use crate::sys::clock::Clock;
use crate::sys::interrupt;
use crate::ui::{BOLD, DIM, styled};
use hotfix_core::gate::Verdict;
use hotfix_core::journal::{Event, MergeRequestState, Observation, StepEnd, WaitingFor, WaitingKind};
use hotfix_core::run::RunState;
use hotfix_core::status;
use hotfix_core::workflow::Skill;
use hotfix_core::workflow::order::ActionRow;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How far a run is to be taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct Until<'a> {
    /// Stop after this action.
    pub action: Option<&'a str>,
    /// Wait for approvals, pipelines and windows.
    pub wait: bool,
    /// Ask nobody outside this machine (the first action is instant).
    pub offline: bool,
}

/// Where the loop came to.
#[derive(Debug)]
pub enum Came {
    /// Nothing is left, or the wanted action is over.
    ToTheEnd,
    /// It waits, and nothing is wrong.
    Waits(Vec<WaitingFor>),
}

impl Time for Clock {
    fn now(&self) -> Timestamp {
        Clock::now(self)
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Takes a run forward.
pub fn drive(journal: &mut FileJournal, tools: &Tools<'_>, until: Until<'_>) -> Result<Came, Failure> {
    let mut rounds = 0;
    loop {
        match pass(journal, tools, until) {
            Ok(Pass::Next) => rounds = 0,
            Ok(Pass::End) => return Ok(Came::ToTheEnd),
            Err(Stop::Failed(failure)) => return Err(*failure),
            Err(Stop::Interrupted) => return Err(interrupted()),
            Err(Stop::Waiting(waits)) => {
                if interrupt::asked() {
                    return Err(interrupted());
                }
                let patient = until.wait
                    && waits.iter().any(|w| w.kind != WaitingKind::Person && w.kind != WaitingKind::Conflict);
                if !patient {
                    return Ok(Came::Waits(waits));
                }
                wait(tools, &waits, rounds);
                rounds += 1;
            }
        }
    }
}

enum Pass {
    Next,
    End,
}

/// Opens the durable context for something that is done outside the plan's order.
pub fn with_cx<T>(
    journal: &mut FileJournal,
    tools: &Tools<'_>,
    act: impl FnOnce(&mut Cx<'_>) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let world = Connectors { tools };
    let tell = |text: &str| tools.ui.say(format!("  {}", hotfix_core::text::printable(text)));
    let mut engine = Engine::new(journal, &world, tools.clock, &tell);
    engine.refresh()?;
    engine.settle_all()?;
    let mut cx = Cx { d: &mut engine, t: tools };
    act(&mut cx)
}

fn pass(journal: &mut FileJournal, tools: &Tools<'_>, until: Until<'_>) -> Result<Pass, Stop> {
    with_cx(journal, tools, |cx| {
        if cx.state().has_ended() {
            return Ok(Pass::End);
        }
        watch::pass(cx, !until.offline)?;
        if !until.offline {
            steps::notify::send_due(cx)?;
        }
        let Some(action) = next(cx.state()) else { return Ok(Pass::End) };
        if until.action.is_some_and(|wanted| is_past(cx.state(), wanted)) {
            return Ok(Pass::End);
        }
        carry_out(cx, &action)?;
        Ok(Pass::Next)
    })
}

/// Whether the wanted action is over and nothing before it wants to be done again.
fn is_past(state: &RunState, wanted: &str) -> bool {
    let Some(plan) = &state.plan else { return true };
    let upto = plan
        .actions
        .iter()
        .position(|a| a.id == wanted || a.step.as_deref() == Some(wanted) || a.skill.name() == wanted);
    let next = next(state).and_then(|n| plan.actions.iter().position(|a| a.id == n.id));
    match (
        plan.actions
            .iter()
            .rposition(|a| a.id == wanted || a.step.as_deref() == Some(wanted) || a.skill.name() == wanted)
            .or(upto),
        next,
    ) {
        (Some(wanted), Some(next)) => next > wanted,
        _ => true,
    }
}

/// The next action: the first that is not over, or that must be done again
/// because what it stood on has changed.
pub fn next(state: &RunState) -> Option<ActionRow> {
    let plan = state.plan.as_ref()?;
    plan.actions.iter().find(|a| !state.is_over(&a.id) || is_stale(state, a)).cloned()
}

fn is_stale(state: &RunState, action: &ActionRow) -> bool {
    let request = state.merge_request("production");
    if request.is_some_and(|m| m.state == MergeRequestState::Merged) {
        return false;
    }
    let pending = |id: &str| {
        let planned = state.plan.as_ref().and_then(|p| p.gate(id));
        planned.is_some_and(|g| g.binding && state.verdict(g) == Verdict::Pending)
    };
    let head = state.head.as_ref();
    match action.skill {
        // Commits that somebody else made come in without an edit of ours.
        Skill::Implement => ["change.scope", "change.secrets"].iter().any(|id| pending(id)),
        Skill::CheckStyle => pending("style.clean"),
        Skill::Test => ["repro.passes-after", "tests.critical", "tests.smoke"].iter().any(|id| pending(id)),
        Skill::Commit => head.is_some_and(|h| h.dirty),
        Skill::MergeRequest => head.zip(request).is_some_and(|(h, m)| h.commit != m.commit),
        Skill::Review => pending("review.approvers"),
        _ => false,
    }
}

fn carry_out(cx: &mut Cx<'_>, action: &ActionRow) -> Result<(), Stop> {
    let entered = cx.state().steps.get(&action.id).is_some_and(|s| s.ended.is_none());
    if !entered {
        let from = action.document_step.as_ref().filter(|_| !action.implied);
        let from = from.map(|s| format!("  {}", styled(DIM, format!("({s})")))).unwrap_or_default();
        cx.t.ui.say(format!("{}{from}", styled(BOLD, status::title(action))));
        cx.d.append(Event::StepEntered { step: action.id.clone() })?;
    }
    let step = action.id.clone();
    match steps::run(cx, action) {
        Ok(Ended::Passed) => cx.d.append(Event::StepEnded { step, state: StepEnd::Passed, reason: None }),
        Ok(Ended::Skipped(reason)) => {
            cx.t.ui.say(format!("  {}", styled(DIM, format!("skipped: {reason}"))));
            cx.d.append(Event::StepEnded { step, state: StepEnd::Skipped, reason: Some(reason) })
        }
        Err(Stop::Waiting(waiting_for)) => {
            let before = cx.state().steps.get(&step).map(|s| s.waiting_for.clone()).unwrap_or_default();
            let timeless = |w: &[WaitingFor]| w.iter().map(|w| (w.kind, w.how.clone())).collect::<Vec<_>>();
            // A wait for time says something new on every pass; one record is enough.
            if timeless(&before) != timeless(&waiting_for) {
                cx.observe(Observation::Waiting { step, waiting_for: waiting_for.clone() })?;
            }
            Err(Stop::Waiting(waiting_for))
        }
        Err(Stop::Failed(failure)) => {
            let reason = Some(failure.message.clone());
            cx.d.append(Event::StepEnded { step, state: StepEnd::Failed, reason })?;
            Err(Stop::Failed(failure))
        }
        Err(Stop::Interrupted) => Err(Stop::Interrupted),
    }
}

/// Waits for time, or looks again after a while for what others do: soon at
/// first, and less often the longer nothing happens.
fn wait(tools: &Tools<'_>, waits: &[WaitingFor], rounds: u32) {
    let now = tools.clock.now();
    let seconds = i64::from(10 + 5 * rounds.min(10));
    let poll = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
    let until = waits.iter().filter_map(|w| w.until).min().unwrap_or(poll);
    let soon = now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now);
    let what: Vec<_> = waits.iter().map(|w| w.what.as_str()).collect();
    tools.ui.busy(&format!("waiting for {}", what.join("; ")), "");
    tools.clock.sleep_until(until.max(soon));
}

/// Ctrl-C: what was done is written down.
pub fn interrupted() -> Failure {
    Failure::failed("HF0130", "interrupted; the state is saved")
        .exits(crate::error::exit::INTERRUPTED)
        .try_this("go on", "hotfix run")
        .try_this("or stop here", "hotfix abort")
}
