//! `hotfix workflow check`: what a reader of the page should know, with carets;
//! the page with a margin; the same as data and as SARIF.

use super::super::Answer;
use crate::args::{Check, CheckFormat};
use crate::error::exit;
use crate::git::repo::Repo;
use crate::report::page::{self, Texts};
use crate::settings;
use crate::ui::{self, BAD, DIM, GOOD, Ui, WAIT, styled};
use hotfix_core::workflow::{Level, Workflow};

/// Carries the verb out.
pub fn run(args: &Check, repo: Option<&Repo>, ui: &Ui) -> Answer {
    let found = settings::page(repo, args.file.as_deref())?;
    let mut workflow = found.read();
    if args.strict {
        workflow.diagnostics = workflow.strict_diagnostics();
    }
    let files = workflow.followed.iter().map(|followed| &followed.path);
    let texts = Texts::of(&found, files);
    match args.format {
        CheckFormat::Sarif => {
            let texts = texts.called(found.in_repository().unwrap_or(&found.path));
            ui.document(&page::sarif(&workflow.diagnostics, &texts));
        }
        CheckFormat::Json => ui.document(&super::document(&workflow, &super::config_of(repo)?)?),
        CheckFormat::Text if ui.json => ui.document(&super::document(&workflow, &super::config_of(repo)?)?),
        CheckFormat::Text if args.explain => explain(&workflow, &texts, ui),
        CheckFormat::Text => tell(&workflow, &texts, ui),
    }
    let errors = workflow.diagnostics.iter().any(|said| said.severity == Level::Error);
    Ok(if errors { exit::USAGE } else { exit::DONE })
}

/// Errors and warnings with carets, notes on a line each, and the sum.
fn tell(workflow: &Workflow, texts: &Texts, ui: &Ui) {
    let width = ui::width();
    let (notes, others): (Vec<_>, Vec<_>) =
        workflow.diagnostics.iter().partition(|said| said.severity == Level::Note);
    for said in others {
        ui.answer(page::diagnostic(said, texts, width));
        ui.answer("");
    }
    for note in &notes {
        ui.answer(page::note(note, texts, width));
    }
    if !notes.is_empty() {
        ui.answer("");
    }
    ui.answer(format!("{}: {}", texts.page, summary(workflow)));
    unread(workflow, ui);
}

fn explain(workflow: &Workflow, texts: &Texts, ui: &Ui) {
    for row in page::margin(workflow, &workflow.diagnostics, texts, ui::width()) {
        ui.answer(row);
    }
    ui.answer("");
    ui.answer(format!(
        "{} understood  {} to be read by people and agents",
        styled(GOOD, "✓"),
        styled(DIM, "·")
    ));
    ui.answer(format!("{}: {}", texts.page, summary(workflow)));
    unread(workflow, ui);
}

/// What `--strict` would say, where it was not asked for.
fn unread(workflow: &Workflow, ui: &Ui) {
    let told = workflow.diagnostics.iter().any(|said| said.code == "HF0318");
    let count = workflow.unread_rules.len();
    if count > 0 && !told {
        let (lines, read, were) =
            if count == 1 { ("line", "reads", "was") } else { ("lines", "read", "were") };
        ui.answer(format!(
            "{count} {lines} {read} like rules and {were} not understood (--strict fails on them)"
        ));
    }
}

/// How many lines and diagnostics there are of each kind.
pub fn summary(workflow: &Workflow) -> String {
    let count = |level: Level| workflow.diagnostics.iter().filter(|said| said.severity == level).count();
    let part = |level: Level, name: &str, style| {
        let count = count(level);
        let s = if count == 1 { "" } else { "s" };
        (count > 0).then(|| styled(style, format!("{count} {name}{s}")))
    };
    let parts: Vec<String> = [
        part(Level::Error, "error", BAD),
        part(Level::Warning, "warning", WAIT),
        part(Level::Note, "note", DIM),
    ]
    .into_iter()
    .flatten()
    .collect();
    let lines = workflow.lines;
    let parts = if parts.is_empty() { styled(GOOD, "nothing to complain about") } else { parts.join(", ") };
    format!("{parts}; {} lines, {} understood, {} guidance", lines.total, lines.understood, lines.guidance)
}
