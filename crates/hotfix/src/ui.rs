//! What people see: the answer on stdout, everything else on stderr. Meaning
//! is never in colour alone, and nothing from outside reaches the terminal
//! with its escapes. A stream that was closed early is no reason to stop.

use anstyle::{AnsiColor, Color, Style};
use hotfix_core::finding::{Finding, Hint};
use hotfix_core::gate::Verdict;
use hotfix_core::text::{brief, printable};
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// The program's voice.
#[derive(Debug)]
pub struct Ui {
    /// stdout holds one JSON document; people are told less.
    pub json: bool,
    live: bool,
    bar: RefCell<Option<ProgressBar>>,
}

const fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// Things that went well.
pub const GOOD: Style = color(AnsiColor::Green);
/// Things that went wrong.
pub const BAD: Style = color(AnsiColor::Red).bold();
/// Things that wait.
pub const WAIT: Style = color(AnsiColor::Yellow);
/// Names and commands.
pub const NAME: Style = color(AnsiColor::Cyan);
/// Headings.
pub const BOLD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();

/// Text in a style, for [`Ui::say`] and [`Ui::answer`], which drop styles
/// where they are not wanted.
pub fn styled(style: Style, text: impl AsRef<str>) -> String {
    format!("{style}{}{style:#}", printable(text.as_ref()))
}

/// A verdict as a word with its sign.
pub fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Pass => styled(GOOD, "✓ pass"),
        Verdict::Fail => styled(BAD, "✗ fail"),
        Verdict::Unknown => styled(WAIT, "? unknown"),
        Verdict::Pending => styled(DIM, "· pending"),
        Verdict::NotApplicable => styled(DIM, "– not applicable"),
        Verdict::Waived => styled(WAIT, "! waived"),
    }
}

/// Findings for people: each with its place, then what can be done about
/// them, each advice once.
pub fn finding_lines(findings: &[Finding], most: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut hints: Vec<&Hint> = Vec::new();
    for finding in findings.iter().take(most) {
        let place = finding.place();
        let place = if place.is_empty() { String::new() } else { format!("{} ", styled(NAME, place)) };
        out.push(format!("{place}{}", styled(Style::new(), &finding.message)));
        for hint in &finding.hints {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
    }
    if findings.len() > most {
        out.push(styled(DIM, format!("… and {} more", findings.len() - most)));
    }
    // The waiver is the last resort, and the same for all.
    hints.sort_by_key(|hint| hint.command.as_deref().is_some_and(|c| c.starts_with("hotfix waive")));
    let tail = hints.split_off(hints.len().saturating_sub(1));
    for hint in hints.into_iter().take(4).chain(tail) {
        let command = hint.command.as_ref().map(|c| format!(": {}", styled(NAME, c))).unwrap_or_default();
        out.push(format!("  {}{command}", styled(DIM, &hint.text)));
    }
    out
}

impl Ui {
    /// A voice for this process's streams.
    pub fn new(json: bool) -> Ui {
        Ui { json, live: std::io::stderr().is_terminal(), bar: RefCell::new(None) }
    }

    /// A line of the answer.
    pub fn answer(&self, line: impl AsRef<str>) {
        self.quiet();
        let _ = writeln!(anstream::stdout(), "{}", line.as_ref());
    }

    /// A line of an answer that goes on and on, seen at once; false if nobody
    /// reads it any more.
    pub fn answer_if_open(&self, line: impl AsRef<str>) -> bool {
        self.quiet();
        let mut out = anstream::stdout().lock();
        writeln!(out, "{}", line.as_ref()).and_then(|()| out.flush()).is_ok()
    }

    /// How many columns a line of the answer has; none where it goes to no terminal.
    pub fn width(&self) -> Option<usize> {
        let out = std::io::stdout();
        let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let columns = out.is_terminal().then(|| {
            let size = rustix::termios::tcgetwinsize(&out).ok().map(|size| usize::from(size.ws_col));
            size.filter(|columns| *columns > 0).or(asked).unwrap_or(80)
        });
        columns.map(|columns| columns.clamp(40, 400))
    }

    /// The answer as it is, with no newline added.
    pub fn answer_raw(&self, text: &[u8]) {
        self.quiet();
        let mut out = std::io::stdout();
        let _ = out.write_all(text).and_then(|()| out.flush());
    }

    /// A JSON document as the answer.
    pub fn document(&self, value: &serde_json::Value) {
        self.answer(serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// A line beside the answer.
    pub fn say(&self, line: impl AsRef<str>) {
        self.quiet();
        let _ = writeln!(anstream::stderr(), "{}", line.as_ref());
    }

    /// What is under way right now, with the last line of its output.
    pub fn busy(&self, what: &str, last: &str) {
        if !self.live || self.json {
            return;
        }
        let mut slot = self.bar.borrow_mut();
        let bar = slot.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let message = if last.is_empty() {
            brief(what, 100)
        } else {
            format!("{} │ {}", brief(what, 60), brief(last, 60))
        };
        bar.set_message(message);
    }

    /// Takes the line of [`Ui::busy`] away.
    pub fn quiet(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }

    /// Asks a person yes or no; no where nobody can answer.
    pub fn confirm(&self, question: &str) -> bool {
        if !at_terminal() {
            return false;
        }
        self.quiet();
        let _ = write!(anstream::stderr(), "{} [y/N] ", printable(question));
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
    }
}

/// Whether the caller is a person at a terminal.
pub fn at_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// How many columns the answer may take: the terminal's, or what `COLUMNS`
/// says, or 100.
pub fn width() -> usize {
    let terminal = rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    let given = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(given).filter(|columns| *columns > 0).unwrap_or(100)
}

/// A duration for people: `4 min 12 s`.
pub fn duration(time: jiff::SignedDuration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// A time of day in UTC, for people.
pub fn clock_time(at: jiff::Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// A date and time in UTC, for people.
pub fn date_time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
