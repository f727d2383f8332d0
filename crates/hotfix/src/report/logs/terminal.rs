//! What is new in a log, on a terminal of any width: the summary first, then
//! errors, then the rest. A line is cut, never wrapped; what comes from a log
//! is made printable before it is measured.

use super::{spark, words};
use crate::ui::{BAD, BOLD, DIM, GOOD, NAME, WAIT};
use anstyle::Style;
use hotfix_core::logs::{LogDiff, LogGone, LogPart, LogRise, LogSeverity, LogTemplate};
use hotfix_core::text::{grouped, one_line};
use jiff::Timestamp;
use std::fmt::Write as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How much room there is.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// Columns; lines are cut there. None where nothing is cut.
    pub width: Option<usize>,
    /// So many templates of a kind are shown at most.
    pub most: usize,
}

/// So many frames of a trace are shown.
const FRAMES: usize = 4;
/// The widest picture of counts over time.
const SPARK: usize = 30;

/// The whole answer.
pub fn whole(answer: &LogDiff, screen: Screen) -> Vec<String> {
    let mut out = Out { screen, lines: Vec::new(), day: day(answer) };
    out.head(answer);
    let (errors, others): (Vec<_>, Vec<_>) = answer.new.iter().partition(|t| t.severity.is_error());
    out.section("New errors", &errors, Out::template);
    out.section(if errors.is_empty() { "New" } else { "New besides" }, &others, Out::template);
    out.section("Risen", &answer.risen.iter().collect::<Vec<_>>(), Out::risen);
    out.section("Gone", &answer.gone.iter().collect::<Vec<_>>(), Out::gone);
    out.lines
}

/// One new template, as it is told while the log still grows.
pub fn told(template: &LogTemplate, screen: Screen) -> Vec<String> {
    let mut out = Out { screen, lines: Vec::new(), day: None };
    out.template(template);
    out.lines
}

/// What is told when a log that was followed has ended: without the examples
/// that were told before.
pub fn ended(answer: &LogDiff, screen: Screen) -> Vec<String> {
    let mut out = Out { screen, lines: Vec::new(), day: day(answer) };
    out.head(answer);
    let (errors, others): (Vec<_>, Vec<_>) = answer.new.iter().partition(|t| t.severity.is_error());
    out.section("New errors", &errors, Out::again);
    out.section(if errors.is_empty() { "New" } else { "New besides" }, &others, Out::again);
    out.section("Risen", &answer.risen.iter().collect::<Vec<_>>(), Out::risen);
    out.lines
}

/// The day that needs not be named with each time.
fn day(answer: &LogDiff) -> Option<Timestamp> {
    let axis = answer.axis.filter(|axis| axis.time)?;
    Timestamp::from_microsecond(axis.start).ok()
}

/// A line that is put together from pieces.
#[derive(Default)]
struct Line {
    pieces: Vec<(Style, String)>,
    width: usize,
}

impl Line {
    fn add(&mut self, style: Style, text: impl AsRef<str>) -> &mut Self {
        let text = one_piece(text.as_ref());
        self.width += text.width();
        self.pieces.push((style, text));
        self
    }

    fn indent(&mut self, columns: usize) -> &mut Self {
        self.width += columns;
        self.pieces.push((Style::new(), " ".repeat(columns)));
        self
    }

    /// The line, cut at a width.
    fn cut(&self, width: Option<usize>) -> String {
        let most = width.filter(|most| *most < self.width);
        let mut left = most.map_or(usize::MAX, |most| most.saturating_sub(1));
        let mut out = String::new();
        for (style, text) in &self.pieces {
            let fits = prefix(text, left);
            left -= fits.width().min(left);
            let ends = fits.len() < text.len();
            let more = if ends { "…" } else { "" };
            let _ = if *style == Style::new() {
                write!(out, "{fits}{more}")
            } else {
                write!(out, "{style}{fits}{more}{style:#}")
            };
            if ends {
                break;
            }
        }
        out.trim_end().to_owned()
    }
}

/// As much of a text as fits into so many columns.
fn prefix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// Printable and on one line; spaces at its ends stay.
fn one_piece(text: &str) -> String {
    let inner = one_line(text);
    if inner.is_empty() {
        return if text.is_empty() { String::new() } else { " ".to_owned() };
    }
    let space = |is: bool| if is { " " } else { "" };
    [space(text.starts_with(char::is_whitespace)), &inner, space(text.ends_with(char::is_whitespace))]
        .concat()
}

struct Out {
    screen: Screen,
    lines: Vec<String>,
    day: Option<Timestamp>,
}

impl Out {
    fn push(&mut self, line: &Line) {
        self.lines.push(line.cut(self.screen.width));
    }

    fn head(&mut self, answer: &LogDiff) {
        let found = answer.found;
        let style = match (found.new_errors, found.new) {
            (0, 0) => GOOD,
            (0, _) => WAIT,
            _ => BAD,
        };
        self.push(Line::default().add(style.bold(), words::summary(answer)));
        self.push(Line::default().add(DIM, words::against(answer)));
        self.push(Line::default().add(DIM, words::looked_for(answer)));
        if answer.baseline.empty {
            self.push(Line::default().add(WAIT.bold(), format!("! {}", words::EMPTY)));
        }
        for notice in &answer.notices {
            self.push(Line::default().add(WAIT, format!("! {notice}")));
        }
    }

    fn section<T>(&mut self, title: &str, all: &[&T], show: impl Fn(&mut Self, &T)) {
        if all.is_empty() {
            return;
        }
        self.lines.push(String::new());
        self.push(Line::default().add(BOLD, title));
        for one in all.iter().take(self.screen.most) {
            show(self, one);
        }
        if all.len() > self.screen.most {
            let more = grouped((all.len() - self.screen.most) as u64);
            self.push(
                Line::default()
                    .indent(2)
                    .add(DIM, format!("… {more} more; --limit 0 shows all, --json has all")),
            );
        }
    }

    fn template(&mut self, template: &LogTemplate) {
        self.first_row(template, count(template));
        self.what(&template.parts);
        self.example(template);
    }

    fn again(&mut self, template: &LogTemplate) {
        self.first_row(template, count(template));
        self.what(&template.parts);
    }

    fn risen(&mut self, risen: &LogRise) {
        self.first_row(&risen.template, count(&risen.template));
        self.what(&risen.template.parts);
        self.push(Line::default().indent(4).add(DIM, "↑ ").add(Style::new(), words::rise(risen)));
    }

    fn gone(&mut self, gone: &LogGone) {
        let mut line = Line::default();
        let name = gone.severity.name();
        let count = grouped(gone.baseline_count);
        line.indent(2).add(DIM, format!("– {name}")).indent(8_usize.saturating_sub(name.len()));
        line.indent(6_usize.saturating_sub(count.len())).add(Style::new(), format!("{count} × "));
        add_parts(&mut line, first_of(&gone.parts));
        self.push(&line);
    }

    /// Severity, count, place and time; at the end of the line how it came over time.
    fn first_row(&mut self, template: &LogTemplate, count: String) {
        let (sign, style) = sign(template.severity);
        let mut line = Line::default();
        let name = template.severity.name();
        line.indent(2).add(style, format!("{sign} {name}")).indent(8_usize.saturating_sub(name.len()));
        line.add(BOLD, count);
        line.indent(2).add(NAME, words::place(template));
        if let Some(when) = words::when(template, self.day) {
            line.indent(2).add(DIM, when);
        }
        let room = self.screen.width.unwrap_or(100).saturating_sub(line.width + 2);
        let picture = spark::line(&template.over_time, room.min(SPARK));
        let wide = picture.width();
        if template.count > 1 && wide > 1 && wide <= room {
            line.indent(room + 2 - wide).add(style, picture);
        }
        self.push(&line);
    }

    /// The template, its variable parts dimmed, and the first frames of its trace.
    fn what(&mut self, parts: &[LogPart]) {
        let mut rows = words::rows(parts).into_iter();
        let mut line = Line::default();
        line.indent(4);
        add_parts(&mut line, rows.next().unwrap_or_default());
        self.push(&line);
        let frames: Vec<_> = rows.collect();
        for frame in frames.iter().take(FRAMES) {
            let mut line = Line::default();
            line.indent(6);
            add_parts(&mut line, frame.clone());
            self.push(&line);
        }
        if frames.len() > FRAMES {
            self.push(Line::default().indent(6).add(DIM, format!("… {} more frames", frames.len() - FRAMES)));
        }
    }

    fn example(&mut self, template: &LogTemplate) {
        let example = one_line(&template.example);
        if example == one_line(&template.template) {
            return;
        }
        // What varies often stands at a line's end: it may go on in a second row.
        let room = self.screen.width.map_or(usize::MAX, |width| width.saturating_sub(6).max(1));
        let first = prefix(&example, room);
        for row in [first, &example[first.len()..]] {
            if !row.is_empty() {
                self.push(Line::default().indent(4).add(DIM, "│ ").add(DIM, row));
            }
        }
    }
}

fn count(template: &LogTemplate) -> String {
    format!("{} ×", grouped(template.count))
}

/// A sign and a colour that mean the same.
fn sign(severity: LogSeverity) -> (&'static str, Style) {
    match severity {
        LogSeverity::Fatal | LogSeverity::Error => ("✗", BAD),
        LogSeverity::Warning => ("!", WAIT),
        LogSeverity::Info | LogSeverity::Debug | LogSeverity::Unknown => ("+", NAME),
    }
}

fn add_parts(line: &mut Line, parts: Vec<LogPart>) {
    for part in parts {
        line.add(if part.variable { DIM } else { Style::new() }, part.text);
    }
}

fn first_of(parts: &[LogPart]) -> Vec<LogPart> {
    words::rows(parts).into_iter().next().unwrap_or_default()
}
