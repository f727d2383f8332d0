//! Reproduce: a command that fails while the incident is there, run by the
//! tool itself on the base.

use super::proof::{self, Result3, Side};
use super::{Cx, Ended, Verdict, says};
use crate::engine::Stop;
use crate::settings::{Trust, TrustedCommand};
use hotfix_core::text::tail;

/// Runs the reproduction on the base, if there is one by now.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let Some(command) = command(cx)? else {
        return Ok(Ended::Skipped(
            "no reproduction is recorded yet; it is needed before the merge".to_owned(),
        ));
    };
    fails_before(cx, &command)?;
    Ok(Ended::Passed)
}

/// The command that shows the incident: recorded for the run, or configured.
pub fn command(cx: &Cx<'_>) -> Result<Option<TrustedCommand>, Stop> {
    if let Some(words) = &cx.state().reproduction {
        return Ok(Some(Trust::typed(words)));
    }
    cx.t.config.verify.reproduce.as_ref().map(|c| cx.t.trusted(c)).transpose()
}

/// The gate `repro.fails-before`.
pub fn fails_before(cx: &mut Cx<'_>, command: &TrustedCommand) -> Result<(), Stop> {
    let base = proof::prepare_tree(cx, Side::Base)?;
    if proof::seen_before(cx, "repro.fails-before", &command.shown(), &base.tree).is_some() {
        return Ok(());
    }
    let ran = proof::run(cx, &base, command, "reproducing the incident on the base")?;
    let lines: Vec<String> = tail(&ran.output, 6).lines().map(str::to_owned).collect();
    let shown = command.shown();
    let answer = match proof::judge(&ran) {
        Result3::Fails => {
            says(Verdict::Pass, format!("`{shown}` fails on the base ({})", ran.finished.told()))
        }
        Result3::Passes => {
            says(Verdict::Fail, format!("`{shown}` passes on the base: it does not show the incident"))
        }
        Result3::Unclear => {
            says(Verdict::Unknown, format!("`{shown}` {}: that is no reproduction", ran.finished.told()))
        }
    };
    cx.gate("repro.fails-before", answer.details(lines).evidence(vec![ran.evidence]))
}

/// The gate `repro.passes-after`.
pub fn passes_after(cx: &mut Cx<'_>, command: &TrustedCommand) -> Result<(), Stop> {
    let fix = proof::prepare_tree(cx, Side::Fix)?;
    let ran = proof::run(cx, &fix, command, "trying the reproduction on the fix")?;
    let lines: Vec<String> = tail(&ran.output, 6).lines().map(str::to_owned).collect();
    let shown = command.shown();
    let answer = match proof::judge(&ran) {
        Result3::Passes => says(Verdict::Pass, format!("`{shown}` passes on the fix")),
        Result3::Fails => {
            says(Verdict::Fail, format!("`{shown}` still fails on the fix ({})", ran.finished.told()))
        }
        Result3::Unclear => says(Verdict::Unknown, format!("`{shown}` {}", ran.finished.told())),
    };
    cx.gate("repro.passes-after", answer.details(lines).evidence(vec![ran.evidence]))
}
