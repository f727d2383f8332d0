//! `hotfix workflow`: what is understood of a page, and the plan it compiles to.

mod check;
mod new;
mod origin;

use super::Answer;
use crate::args::{Global, WorkflowVerb};
use crate::error::exit;
use crate::git::repo::{self, Repo};
use crate::settings::{self, Sourced};
use crate::ui::{BOLD, DIM, NAME, Ui, duration, styled};
use hotfix_core::config::Config;
use hotfix_core::plan;
use hotfix_core::status;
use hotfix_core::workflow::order::{Origin, order};
use hotfix_core::workflow::{Level, Workflow, exact};

/// Carries the verb out.
pub fn run(verb: &WorkflowVerb, global: &Global, ui: &Ui) -> Answer {
    let repo = std::env::current_dir().ok().and_then(|d| repo::open(&d).ok());
    match verb {
        WorkflowVerb::New { file } => new::run(repo.as_ref(), file.as_deref(), &new::Voice { global, ui }),
        WorkflowVerb::Check(args) => check::run(args, repo.as_ref(), ui),
        WorkflowVerb::Schema { policy } => {
            ui.document(if *policy { &exact::POLICY_SCHEMA } else { &exact::SCHEMA });
            Ok(exit::DONE)
        }
        WorkflowVerb::Show { file, origin: true, .. } => origin::run(repo.as_ref(), file.as_deref(), ui),
        WorkflowVerb::Show { file, exact: true, .. } => show_exact(repo.as_ref(), file.as_deref(), ui),
        WorkflowVerb::Show { file, .. } => show_page(repo.as_ref(), file.as_deref(), ui),
    }
}

fn show_page(repo: Option<&Repo>, file: Option<&str>, ui: &Ui) -> Answer {
    let config = config_of(repo)?;
    let found = settings::workflow(repo, file)?;
    if ui.json {
        ui.document(&document(&found.value, &config)?);
    } else {
        show(ui, &found, &config);
    }
    let errors = found.value.diagnostics.iter().any(|d| d.severity == Level::Error);
    Ok(if errors { exit::USAGE } else { exit::DONE })
}

/// The page as data: what was understood of it, and nothing else.
fn show_exact(repo: Option<&Repo>, file: Option<&str>, ui: &Ui) -> Answer {
    let found = settings::runnable(repo, file)?;
    let page = exact::page(&found.value);
    if ui.json {
        ui.document(&serde_json::json!({"schema": "hotfix.page/1", "source": found.source, "page": page}));
    } else {
        ui.answer_raw(hotfix_core::text::printable(&page).as_bytes());
    }
    Ok(exit::DONE)
}

fn config_of(repo: Option<&Repo>) -> Result<Config, crate::error::Failure> {
    Ok(repo.map(settings::config).transpose()?.map(|c| c.value).unwrap_or_default())
}

/// `hotfix.workflow/1`.
fn document(workflow: &Workflow, config: &Config) -> Result<serde_json::Value, serde_json::Error> {
    let mut value = serde_json::to_value(workflow)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("schema".to_owned(), "hotfix.workflow/1".into());
        map.insert("plan".to_owned(), serde_json::to_value(order(workflow, plan::deploys(config)))?);
    }
    Ok(value)
}

fn show(ui: &Ui, found: &Sourced<Workflow>, config: &Config) {
    let w = &found.value;
    ui.answer(format!("{}  {}", styled(BOLD, &w.name), styled(DIM, &found.source)));
    if !w.description.is_empty() {
        ui.answer(hotfix_core::text::one_line(&w.description));
    }
    ui.answer("");
    for row in order(w, plan::deploys(config)) {
        let from = match row.origin {
            Origin::Page => row.document_step.clone().unwrap_or_default(),
            Origin::Implied => "implied".to_owned(),
            Origin::Default => "default".to_owned(),
        };
        ui.answer(format!(
            "  {:<16} {:<34} {}",
            styled(NAME, &row.id),
            status::title(&row),
            styled(DIM, from)
        ));
    }
    ui.answer("");
    policy(ui, w);
    for gate in &w.gates {
        ui.answer(format!(
            "gate {} after {} (line {}): {}",
            styled(NAME, &gate.id),
            gate.after,
            gate.line,
            gate.criteria
        ));
    }
    ui.answer(check::summary(w));
}

fn policy(ui: &Ui, w: &Workflow) {
    let p = &w.policy;
    for name in p.severity_names() {
        let row = p.row(&name);
        let title = row.title.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
        let when = match row.review {
            hotfix_core::policy::ReviewTiming::PreDeploy => "before the deploy",
            hotfix_core::policy::ReviewTiming::PostDeploy => "after the deploy",
        };
        let approvers =
            if row.approvers.is_empty() { "nobody".to_owned() } else { row.approvers.join(" and ") };
        ui.answer(format!(
            "{name}{title}: {approvers} approves, {} review{} {when}",
            row.reviewers,
            if row.reviewers == 1 { "" } else { "s" }
        ));
    }
    let base = format!("{:?}", p.branch.base).to_lowercase();
    let to = format!("{:?}", p.branch.merge_to).to_lowercase();
    let port = p.branch.port_to.as_deref().unwrap_or("nowhere");
    ui.answer(format!("{} from {base}, merged to {to}, ported to {port}", styled(NAME, &p.branch.pattern)));
    if p.monitor.watch {
        ui.answer(format!(
            "watched for {} to {}, report within {}",
            duration(p.monitor.min),
            duration(p.monitor.max),
            duration(p.report_within)
        ));
    }
}
