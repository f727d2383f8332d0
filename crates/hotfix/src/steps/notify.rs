//! Tell people: the channel and the status page, at the moments that matter.
//! What is queued follows from what has happened; nothing waits for it.

use super::Cx;
use crate::engine::Stop;
use hotfix_core::effect::Action;
use hotfix_core::policy::NotifyKind;
use hotfix_core::run::RunState;
use hotfix_core::text::one_line;

/// Sends what is due and was not requested yet.
pub fn send_due(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let plan = cx.plan()?;
    let key = plan.incident.key.clone();
    let places = plan.policy.notify.clone();
    for (moment, text, state) in moments(cx.state()) {
        for place in &places {
            // The messages belong to the incident, and are found by its key.
            let marker = format!("hotfix {key} {} {moment}", cx.state().run);
            let target = one_line(&place.target);
            match place.kind {
                NotifyKind::Channel if cx.t.chat.is_some() => {
                    let what = Action::Message {
                        channel: target.clone(),
                        about: moment.clone(),
                        text: text.clone(),
                        marker,
                    };
                    cx.may("notify", "message", format!("{target} {moment}"), what)?;
                }
                NotifyKind::StatusPage if cx.t.status_page.is_some() && moment != "report" => {
                    let what = Action::StatusPage {
                        state: state.to_owned(),
                        text: customers(cx.state(), state),
                        marker,
                    };
                    cx.may("notify", "status-page", format!("{state} {moment}"), what)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The moments that have come: a name, the text for the channel, and the
/// incident's state on the status page.
fn moments(state: &RunState) -> Vec<(String, String, &'static str)> {
    let Some(incident) = &state.incident else { return Vec::new() };
    let (key, title) = (&incident.key, one_line(&incident.title));
    let mut all = Vec::new();
    if state.is_over("prepare") {
        let text = format!("{key} ({}): {title}. {} is on a hotfix.", incident.severity, state.author);
        all.push(("started".to_owned(), text, "investigating"));
    }
    for deploy in &state.deploys {
        if deploy.rollback {
            all.push((
                format!("rolled back to {}", deploy.version),
                format!("{key}: rolled back to {}.", deploy.version),
                "identified",
            ));
        } else {
            all.push((
                format!("deployed {}", deploy.version),
                format!("{key}: {} is in production and is being watched.", deploy.version),
                "monitoring",
            ));
        }
    }
    if let Some((_, by, how)) = &state.resolved {
        all.push(("resolved".to_owned(), format!("{key}: resolved, {how} ({by})."), "resolved"));
    }
    // Its gate passes before the report is written; what is owed is met after.
    if state.obligations.iter().any(|o| o.id == "report" && o.met.is_some()) {
        all.push(("report".to_owned(), format!("{key}: the incident report is written."), "resolved"));
        all.retain(|(m, ..)| m != "report" || state.resolved.is_some());
    }
    all
}

/// What customers are told: no names, no keys.
fn customers(state: &RunState, page: &str) -> String {
    let title = state.incident.as_ref().map(|i| one_line(&i.title)).unwrap_or_default();
    match page {
        "investigating" => format!("{title}. We are working on it."),
        "identified" => format!("{title}. We are still working on it."),
        "monitoring" => format!("{title}. A fix is in place and we are watching it."),
        _ => format!("{title}. This is resolved."),
    }
}
