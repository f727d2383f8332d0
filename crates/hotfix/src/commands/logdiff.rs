//! `hotfix logdiff`: what is new in a log. It needs no repository.

use super::Answer;
use crate::args::{Global, LogDiff as Args, LogDiffFormat as Format};
use crate::error::{Failure, exit};
use crate::logs::compare::{Baseline, Compared, Reading, cores};
use crate::logs::find::{self, Found};
use crate::logs::follow::{Listener, follow};
use crate::logs::open::OpenLog;
use crate::logs::{LogError, answer, model};
use crate::report::logs::terminal::{self, Screen};
use crate::ui::{NAME, Ui, styled};
use hotfix_core::logs::{LogDiff, LogPart, LogTemplate};
use hotfix_core::text::{brief, grouped, printable};
use hotfix_logdiff::{Finding, WILD};
use std::cell::Cell;
use std::os::unix::fs::FileTypeExt as _;
use std::time::{Duration, Instant};

/// Carries the verb out.
pub fn run(args: &Args, global: &Global, ui: &Ui) -> Answer {
    check(args)?;
    let form = if global.json { Format::Json } else { args.format.unwrap_or(Format::Text) };
    let progress = Progress { ui, shown: Cell::new(Instant::now()) };
    let reading = Reading {
        jobs: args.jobs.map_or_else(cores, std::num::NonZero::get),
        progress: &|name, bytes| progress.read(name, bytes),
        ..Reading::default()
    };
    // What cannot be read is told before gigabytes are.
    for log in find::find(&args.candidates)? {
        OpenLog::look(&log)?;
    }
    let baseline = Baseline::learn(&args.model, &args.baseline, &reading)?;
    ui.quiet();
    if let Some(name) = &args.save_model {
        save(&baseline, name, global, ui)?;
    }
    if args.candidates.is_empty() {
        return Ok(exit::DONE);
    }
    let asked = Asked { args, form, ui };
    let answer = match live(&args.candidates)? {
        Some(log) => asked.follow(&baseline, &log)?,
        None => asked.compare(&baseline, &reading)?,
    };
    Ok(if answer.found.new > 0 || answer.found.new_lines > 0 { exit::FAILED } else { exit::DONE })
}

/// What clap cannot say.
fn check(args: &Args) -> Result<(), Failure> {
    let refuse = |message: &str| Failure::usage("HF1103", message);
    if args.baseline.is_empty() && args.model.is_empty() {
        return Err(refuse("there is nothing to compare with: neither --baseline nor --model")
            .try_this("name a log with what is normal", "hotfix logdiff --baseline OLD NEW"));
    }
    if args.candidates.is_empty() && args.save_model.is_none() {
        return Err(refuse(
            "there is no log to look through, and --save-model does not say where to keep what was learnt",
        )
        .try_this("name the log", "hotfix logdiff --baseline OLD NEW")
        .try_this("or only learn", "hotfix logdiff --baseline OLD --save-model m.bin"));
    }
    let stdin = args.baseline.iter().chain(&args.candidates).filter(|name| *name == "-").count();
    if stdin > 1 {
        return Err(refuse("the standard input (`-`) can be read only once")
            .try_this("keep one of them in a file", "cat > old.log"));
    }
    Ok(())
}

/// The one candidate that may still grow: the standard input or a pipe.
fn live(candidates: &[String]) -> Result<Option<Found>, LogError> {
    let [_] = candidates else { return Ok(None) };
    let mut found = find::find(candidates)?;
    let is_live = found.first().is_some_and(|log| {
        log.path.as_ref().is_none_or(|path| {
            std::fs::metadata(path).is_ok_and(|m| m.file_type().is_fifo() || m.file_type().is_char_device())
        })
    });
    Ok(found.pop().filter(|_| is_live))
}

fn save(baseline: &Baseline, name: &str, global: &Global, ui: &Ui) -> Result<(), Failure> {
    let what = format!(
        "{} templates of {} events",
        grouped(baseline.model.templates() as u64),
        grouped(baseline.model.events())
    );
    if global.dry_run {
        ui.say(format!("would save {what} to {}", styled(NAME, name)));
        return Ok(());
    }
    model::save(&baseline.model, name)?;
    ui.say(format!("saved {what} to {}", styled(NAME, name)));
    for notice in &baseline.notices {
        ui.say(format!("! {}", printable(notice)));
    }
    Ok(())
}

struct Asked<'a> {
    args: &'a Args,
    form: Format,
    ui: &'a Ui,
}

impl Asked<'_> {
    fn compare(&self, baseline: &Baseline, reading: &Reading<'_>) -> Result<LogDiff, Failure> {
        let compared = baseline.compare(&self.args.candidates, self.args.only, reading)?;
        self.ui.quiet();
        if self.args.lines {
            let lines: Vec<String> = compared.diff.new_lines.iter().map(u64::to_string).collect();
            let end = if lines.is_empty() { "" } else { "\n" };
            self.ui.answer_raw((lines.join("\n") + end).as_bytes());
            return Ok(self.beside(baseline, compared));
        }
        let answer = answer::document(baseline, compared);
        self.print(&answer, terminal::whole)?;
        Ok(answer)
    }

    fn follow(&self, baseline: &Baseline, log: &Found) -> Result<LogDiff, Failure> {
        let mut teller = Teller { asked: self, name: &log.name, told: 0, last: 0, open: true };
        if self.form == Format::Text && !self.args.lines {
            self.ui.say("what is new is told as it comes; Ctrl-C or the end of the input ends it");
        }
        let compared = follow(&baseline.model, log, self.args.only, &mut teller)?;
        if self.args.lines {
            return Ok(self.beside(baseline, compared));
        }
        let answer = answer::document(baseline, compared);
        if teller.told > 0 && self.form == Format::Text {
            self.ui.answer("");
        }
        self.print(&answer, terminal::ended)?;
        Ok(answer)
    }

    fn print(&self, answer: &LogDiff, text: fn(&LogDiff, Screen) -> Vec<String>) -> Result<(), Failure> {
        match self.form {
            Format::Text => text(answer, self.screen()).iter().for_each(|line| self.ui.answer(line)),
            Format::Json => self.ui.document(&serde_json::to_value(answer)?),
            Format::Jsonl => self.ui.answer(serde_json::to_string(answer)?),
            Format::Html => {
                let page = crate::report::logs::page(answer);
                let page = page.map_err(|e| Failure::bug(format!("the page could not be made: {e}")))?;
                self.ui.answer_raw(page.as_bytes());
            }
        }
        Ok(())
    }

    /// Only line numbers are printed: what else is to be known goes beside them.
    fn beside(&self, baseline: &Baseline, compared: Compared) -> LogDiff {
        let answer = answer::document(baseline, compared);
        for notice in &answer.notices {
            self.ui.say(format!("! {}", printable(notice)));
        }
        if answer.candidates.len() > 1 {
            for log in &answer.candidates {
                let last = log.first_line + log.lines.saturating_sub(1);
                let lines = if log.lines == 0 {
                    "no line".to_owned()
                } else {
                    format!("{} to {last}", log.first_line)
                };
                self.ui.say(format!("{lines}: {}", styled(NAME, &log.name)));
            }
        }
        answer
    }

    fn screen(&self) -> Screen {
        let most = if self.args.limit == 0 { usize::MAX } else { self.args.limit };
        Screen { width: self.ui.width(), most }
    }
}

/// So many new templates are told as they come; the rest are only counted.
const TOLD: usize = 1_000;

/// Tells new events as they come.
struct Teller<'a> {
    asked: &'a Asked<'a>,
    name: &'a str,
    told: usize,
    /// The last line whose number was printed.
    last: u64,
    /// Somebody still reads what is printed.
    open: bool,
}

impl Teller<'_> {
    fn print(&mut self, line: &str) {
        self.open = self.open && self.asked.ui.answer_if_open(line);
    }

    fn tell(&mut self, finding: &Finding<'_>) {
        self.told += 1;
        if self.told > TOLD {
            return;
        }
        let template = self.template(finding);
        match self.asked.form {
            Format::Text => {
                for line in terminal::told(&template, self.asked.screen()) {
                    self.print(&line);
                }
                if self.told == TOLD {
                    self.print("… more than a thousand new templates: the rest are only counted");
                }
            }
            Format::Jsonl => {
                let line = serde_json::json!({"schema": "hotfix.logdiff-new/1", "new": template});
                self.print(&line.to_string());
            }
            Format::Json | Format::Html => {}
        }
    }

    fn template(&self, finding: &Finding<'_>) -> LogTemplate {
        let text = finding.template();
        let time = finding.time().and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
        LogTemplate {
            parts: parts(&text),
            template: text,
            severity: answer::severity(finding.severity()),
            count: 1,
            first_line: finding.line(),
            last_line: finding.line(),
            file: self.name.to_owned(),
            file_line: finding.line(),
            first_time: time,
            last_time: time,
            example: finding.example(),
            over_time: Vec::new(),
        }
    }
}

fn parts(text: &str) -> Vec<LogPart> {
    let wild = || LogPart { text: WILD.to_owned(), variable: true };
    let mut parts = Vec::new();
    for (i, fixed) in text.split(WILD).enumerate() {
        parts.extend((i > 0).then(wild));
        parts.extend((!fixed.is_empty()).then(|| LogPart { text: fixed.to_owned(), variable: false }));
    }
    parts
}

impl Listener for Teller<'_> {
    fn heard(&mut self, finding: &Finding<'_>) -> bool {
        if self.asked.args.lines {
            for line in finding.line().max(self.last + 1)..=finding.last_line() {
                self.print(&line.to_string());
                self.last = line;
            }
        } else if finding.is_first() {
            self.tell(finding);
        }
        self.open
    }

    fn pause(&mut self) -> bool {
        self.open
    }
}

/// Says now and then how far the reading is.
struct Progress<'a> {
    ui: &'a Ui,
    shown: Cell<Instant>,
}

impl Progress<'_> {
    fn read(&self, name: &str, bytes: u64) {
        if self.shown.get().elapsed() > Duration::from_millis(200) {
            self.shown.set(Instant::now());
            self.ui
                .busy(&format!("reading {}", brief(name, 50)), &format!("{} MB", grouped(bytes / 1_000_000)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::compare::Only;

    #[test]
    fn a_template_in_pieces() {
        let texts = |text: &str| parts(text).into_iter().map(|p| (p.text, p.variable)).collect::<Vec<_>>();
        assert_eq!(texts("a <*>"), [("a ".to_owned(), false), ("<*>".to_owned(), true)]);
        assert!(texts("").is_empty());
        // Gates look for errors; whoever asks by hand sees everything.
        assert_eq!(Only::default(), Only::All);
    }
}
