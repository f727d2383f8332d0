//! A step that a person carries out and confirms.

use super::{Cx, Ended, person};
use crate::engine::Stop;
use hotfix_core::workflow::order::ActionRow;

/// Waits for the person's word.
pub fn run(cx: &mut Cx<'_>, action: &ActionRow) -> Result<Ended, Stop> {
    if cx.state().done.contains_key(&action.id) {
        return Ok(Ended::Passed);
    }
    let title = action.document_step.clone().unwrap_or_else(|| action.id.clone());
    Err(Stop::Waiting(vec![person(format!("somebody to do: {title}"), format!("hotfix done {}", action.id))]))
}
