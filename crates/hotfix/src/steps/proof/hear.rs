//! What a command prints, as it prints it: kept within limits, read for
//! results, shown to people line by line if they asked for it, and in one line
//! of progress if not.

use crate::steps::tools::without_secrets;
use crate::sys::process::contained::Listener;
use crate::sys::process::kept::Kept;
use crate::ui::{DIM, Ui, styled};
use hotfix_core::testing::judge::BuildErrors;
use hotfix_core::testing::lines::{Lines, Splitter};
use hotfix_core::text::brief;
use jiff::SignedDuration;
use std::time::Duration;

/// Where nobody is at a terminal, a line of progress comes this often.
const EVERY: Duration = Duration::from_secs(30);

/// What is shown of a line, in characters.
const SHOWN: usize = 1_000;

/// Who hears it.
pub struct Hear<'a> {
    /// What is kept.
    pub kept: Kept,
    /// Reads results, where they are printed.
    pub results: Option<Box<dyn Lines>>,
    /// Looks for a build that failed.
    pub build: BuildErrors,
    /// A text that is looked for, and whether it was there.
    pub expected: Option<(&'a str, bool)>,
    ui: &'a Ui,
    what: &'a str,
    limit: Duration,
    stream: bool,
    splitter: Splitter,
    last: String,
    /// Inside a private key, of which no line is shown.
    in_key: bool,
    told: Duration,
}

impl<'a> Hear<'a> {
    /// With what is run, for people, and the time that it has.
    pub fn new(ui: &'a Ui, what: &'a str, limit: Duration) -> Hear<'a> {
        Hear {
            kept: Kept::default(),
            results: None,
            build: BuildErrors::default(),
            expected: None,
            ui,
            what,
            limit,
            stream: ui.stream(),
            splitter: Splitter::default(),
            last: String::new(),
            in_key: false,
            told: Duration::ZERO,
        }
    }

    /// Takes the last line, if it had no end.
    pub fn finish(&mut self) {
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.finish(&mut |line| self.line(line));
        self.ui.quiet();
    }

    fn line(&mut self, line: &str) {
        if let Some(results) = &mut self.results {
            results.line(line);
        }
        self.build.line(line);
        if let Some((text, found)) = &mut self.expected {
            *found |= line.contains(*text);
        }
        if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
            self.in_key = true;
        }
        if !self.in_key && !line.trim().is_empty() {
            self.last = line.chars().take(SHOWN).collect();
        }
        if self.stream && !self.in_key {
            self.ui.say(format!("  {}", styled(DIM, format!("│ {}", without_secrets(line)))));
        }
        if line.contains("-----END ") {
            self.in_key = false;
        }
    }

    fn progress(&self, elapsed: Duration) -> String {
        let counts = self.results.as_ref().map(|r| r.so_far()).filter(|c| c.total() > 0);
        let counts = counts.map(|c| format!(" · {}", c.told())).unwrap_or_default();
        let of = |d: Duration| crate::ui::duration(SignedDuration::try_from(d).unwrap_or_default());
        format!("{}{counts} · {} of at most {}", self.what, of(elapsed), of(self.limit))
    }
}

impl Listener for Hear<'_> {
    fn heard(&mut self, chunk: &[u8]) {
        self.kept.add(chunk);
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.feed(chunk, &mut |line| self.line(line));
        self.splitter = splitter;
    }

    fn tick(&mut self, elapsed: Duration) {
        if self.ui.is_live() {
            self.ui.busy(&self.progress(elapsed), &without_secrets(&brief(&self.last, SHOWN)));
        } else if elapsed >= self.told + EVERY {
            self.told = elapsed;
            self.ui.say(format!("  {}", styled(DIM, self.progress(elapsed))));
        }
    }
}
