//! Analyze: root cause, timeline, prevention. The journal drafts what it
//! knows; a person completes the rest.

use super::{Cx, Ended, person};
use crate::engine::Stop;
use crate::report::analysis;
use hotfix_core::report::Analysis;

/// Waits until a person has written what only a person can know.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let written = cx.state().analysis.clone().unwrap_or_default();
    let missing = missing(&written);
    if missing.is_empty() {
        return Ok(Ended::Passed);
    }
    let what = format!("the analysis of the incident: {}", missing.join(", "));
    Err(Stop::Waiting(vec![person(what, "hotfix report --edit")]))
}

/// What the analysis still lacks.
pub fn missing(written: &Analysis) -> Vec<&'static str> {
    analysis::missing(written)
}
