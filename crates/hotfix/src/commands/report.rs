//! `hotfix report`: the incident report, and the analysis that only a person
//! can write.

use super::{Answer, OpenRun, Session};
use crate::args::{self, ReportFormat};
use crate::engine::Stop;
use crate::engine::drive::{interrupted, with_cx};
use crate::error::{Failure, exit};
use crate::report::{self, analysis};
use crate::steps;
use crate::sys::process;
use crate::ui::{GOOD, NAME, WAIT, styled};
use hotfix_core::journal::Observation;
use std::path::{Path, PathBuf};

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Report) -> Answer {
    let mut run = session.open_run(true)?;
    if args.edit {
        return edit(session, &mut run);
    }
    if session.global.dry_run {
        session.ui.answer("would write the incident report as Markdown and HTML; nothing was carried out");
        return Ok(exit::DONE);
    }
    let format = args.format.or(session.ui.json.then_some(ReportFormat::Json));
    if let Some(format) = format {
        return print(session, &run, format);
    }
    let page = write(&mut run)?;
    session.ui.answer(page.display().to_string());
    let missing = steps::analyze::missing(&run.state().analysis.clone().unwrap_or_default());
    if !missing.is_empty() {
        session.ui.say(format!("{} {}", styled(WAIT, "still to be written:"), missing.join(", ")));
        session.ui.say(format!("  {}", styled(NAME, "hotfix report --edit")));
    }
    if args.open {
        show(session, &page);
    }
    Ok(exit::DONE)
}

fn write(run: &mut OpenRun<'_>) -> Result<PathBuf, Failure> {
    if run.state().has_ended() {
        // The journal is complete: the page is made again, beside the others.
        return with_cx(&mut run.journal, &run.tools, |cx| {
            steps::report::place(cx).map(|p| p.with_extension("html"))
        })
        .map_err(stopped);
    }
    let lock = run.lock("report")?;
    let page = with_cx(&mut run.journal, &run.tools, steps::report::write).map_err(stopped);
    drop(lock);
    page
}

fn stopped(stop: Stop) -> Failure {
    match stop {
        Stop::Failed(failure) => *failure,
        Stop::Interrupted | Stop::Waiting(_) => interrupted(),
    }
}

fn print(session: &Session<'_>, run: &OpenRun<'_>, format: ReportFormat) -> Answer {
    let records = run.journal.records();
    let analysis = run.state().analysis.clone().unwrap_or_default();
    let mut data = hotfix_core::report::of(records, analysis, session.clock.now())
        .ok_or_else(|| Failure::bug("a run without a plan"))?;
    if let (Some(attempt), Some(head)) = (&run.state().attempt, &run.state().head) {
        data.diff = crate::git::tree::diff(&session.repo.git, &attempt.base, &head.tree)
            .ok()
            .map(|d| hotfix_core::change::redact(&d));
    }
    match format {
        ReportFormat::Json => session.ui.document(&serde_json::to_value(&data)?),
        ReportFormat::Md => session
            .ui
            .answer_raw(report::markdown(&data).map_err(|e| Failure::bug(e.to_string()))?.as_bytes()),
        ReportFormat::Html => {
            session.ui.answer_raw(report::html(&data).map_err(|e| Failure::bug(e.to_string()))?.as_bytes());
        }
    }
    Ok(exit::DONE)
}

/// The analysis in the user's editor. What was written stays in the run's
/// folder, whatever comes of it.
fn edit(session: &Session<'_>, run: &mut OpenRun<'_>) -> Answer {
    run.must_be_open()?;
    let file = run.journal.folder().join("analysis.md");
    if session.global.dry_run {
        session.ui.answer(format!("would open {} in your editor; nothing was carried out", file.display()));
        return Ok(exit::DONE);
    }
    if !file.exists() {
        let records = run.journal.records();
        let data = hotfix_core::report::of(
            records,
            run.state().analysis.clone().unwrap_or_default(),
            session.clock.now(),
        );
        let draft = data.map(|d| analysis::draft(&d)).unwrap_or_default();
        std::fs::write(&file, draft)?;
    }
    open_editor(session, &file)?;
    let written = analysis::parse(&hotfix_core::change::redact(&std::fs::read_to_string(&file)?));
    let missing = steps::analyze::missing(&written);
    if run.state().analysis.as_ref() != Some(&written) {
        use crate::engine::effects::Journal as _;
        let observation = Observation::Analysis { analysis: written };
        run.journal.append(session.clock.now(), hotfix_core::journal::Event::Observed { observation })?;
    }
    if session.ui.json {
        run.print_status()?;
    } else if missing.is_empty() {
        session.ui.say(format!("{} the analysis is complete", styled(GOOD, "✓")));
        session.ui.say("next: hotfix run");
    } else {
        session.ui.say(format!("{} {}", styled(WAIT, "still to be written:"), missing.join(", ")));
        session.ui.say(format!("  {}", styled(NAME, "hotfix report --edit")));
    }
    Ok(if missing.is_empty() { exit::DONE } else { exit::WAITS })
}

/// The editor that git would use.
fn open_editor(session: &Session<'_>, file: &Path) -> Result<(), Failure> {
    let editor = session.repo.git.run(["var", "GIT_EDITOR"]).map_err(|_| no_editor(file))?;
    session.ui.quiet();
    if process::edit(&editor, file)? { Ok(()) } else { Err(no_editor(file)) }
}

fn no_editor(file: &Path) -> Failure {
    Failure::failed("HF0904", "no editor could be run")
        .done(format!("the draft is {}", file.display()))
        .try_this("name one", "EDITOR=nano hotfix report --edit")
}

fn show(session: &Session<'_>, page: &Path) {
    if process::open(page) {
        return;
    }
    session.ui.say("no browser could be opened here");
}
