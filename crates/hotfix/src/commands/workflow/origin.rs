//! `hotfix workflow show --origin`: every value of the policy, and where it
//! comes from.

use super::super::Answer;
use crate::error::exit;
use crate::git::repo::Repo;
use crate::report::page;
use crate::settings::{self, ConfigText};
use crate::ui::{self, BOLD, DIM, Ui, WAIT, styled};
use hotfix_core::defaults;
use hotfix_core::workflow::{Layers, origins};

/// Carries the verb out.
pub fn run(repo: Option<&Repo>, file: Option<&str>, ui: &Ui) -> Answer {
    let found = settings::page(repo, file)?;
    let workflow = settings::workflow(repo, file)?.value;
    let config = repo.map(settings::config_text).transpose()?.unwrap_or_else(ConfigText::default);
    let user = settings::user()?;
    let values = origins(
        &workflow,
        &Layers {
            page: &found.path,
            repository: (&config.path, &config.text, &config.config),
            user: (&user.path, &user.text, &user.config),
        },
    );
    let filled = defaults::fill(&workflow, &config.config, &user.config);
    if ui.json {
        let mut document = super::document(&workflow, &config.config)?;
        if let Some(map) = document.as_object_mut() {
            map.insert("policy".to_owned(), serde_json::to_value(&filled.policy)?);
            map.insert("values".to_owned(), serde_json::to_value(&values)?);
        }
        ui.document(&document);
        return Ok(exit::DONE);
    }
    ui.answer(format!("{}  {}", styled(BOLD, &workflow.name), styled(DIM, &found.source)));
    ui.answer("");
    for row in page::origins(&values, ui::width()) {
        ui.answer(row);
    }
    for refused in &filled.refused {
        ui.answer(format!("{} {refused}", styled(WAIT, "note:")));
    }
    Ok(exit::DONE)
}
