//! `hotfix workflow new`: a commented page to start from. It never overwrites.

use super::super::Answer;
use super::super::look::{facts, look, write};
use crate::args::Global;
use crate::error::{Failure, exit};
use crate::git::repo::Repo;
use crate::settings::{self, WORKFLOW};
use crate::ui::{GOOD, NAME, Ui, styled};
use hotfix_core::workflow::{Facts, starting_page};
use std::path::{Path, PathBuf};

/// How the caller wants to be answered.
pub struct Voice<'a> {
    /// What every verb takes.
    pub global: &'a Global,
    /// What people see.
    pub ui: &'a Ui,
}

/// Carries the verb out.
pub fn run(repo: Option<&Repo>, file: Option<&str>, voice: &Voice<'_>) -> Answer {
    let place = place(repo, file)?;
    if place.symlink_metadata().is_ok() {
        let shown = place.display();
        return Err(Failure::usage("HF0213", format!("{shown} is there already: nothing was written"))
            .try_this("see what is understood of it", format!("hotfix workflow check {shown}"))
            .try_this("or write the new page beside it", "hotfix workflow new NAME"));
    }
    let (found, text) = match repo {
        Some(repo) => {
            let config = settings::config(repo)?.value;
            let found = look(repo, &config);
            let text = starting_page(&facts(repo, &config, &found));
            (found, text)
        }
        None => (vec![], starting_page(&Facts::default())),
    };
    let ui = voice.ui;
    if voice.global.dry_run {
        ui.answer(text.trim_end());
        return Ok(exit::DONE);
    }
    write(&place, &text)?;
    let shown =
        repo.and_then(|repo| place.strip_prefix(&repo.top).ok()).unwrap_or(&place).display().to_string();
    if ui.json {
        let rows: Vec<_> = found
            .iter()
            .map(|f| serde_json::json!({"what": f.what, "value": f.value, "why": f.why}))
            .collect();
        ui.document(&serde_json::json!({"schema": "hotfix.init/1", "found": rows, "written": [shown]}));
        return Ok(exit::DONE);
    }
    for f in found.iter().filter(|f| !f.what.starts_with("verify.")) {
        ui.answer(format!("{:<18} {} ({})", f.what, styled(NAME, &f.value), f.why));
    }
    ui.answer(format!("{} wrote {shown}", styled(GOOD, "\u{2713}")));
    ui.answer(format!("next: change it as your team works, then hotfix workflow check --explain {shown}"));
    Ok(exit::DONE)
}

/// Where the page goes: a file as it is named, or a name among the repository's workflows.
fn place(repo: Option<&Repo>, file: Option<&str>) -> Result<PathBuf, Failure> {
    let is_name = |file: &str| !file.contains(['/', '.']) && !file.is_empty();
    match (repo, file) {
        (Some(repo), None) => Ok(repo.top.join(WORKFLOW)),
        (Some(repo), Some(name)) if is_name(name) => {
            Ok(repo.top.join(".hotfix/workflows").join(format!("{name}.md")))
        }
        (_, Some(file)) if !file.is_empty() => {
            let path = Path::new(file);
            let here = std::env::current_dir()?;
            Ok(if path.is_absolute() { path.to_owned() } else { here.join(path) })
        }
        _ => Err(Failure::usage("HF0330", "no file was named, and this is no repository")
            .try_this("name one", "hotfix workflow new hotfix.md")),
    }
}
