//! What is new in a log, ready to be laid out as a part of a page.

use super::{spark, words};
use hotfix_core::logs::{LogAxis, LogDiff, LogGone, LogPart, LogRise, LogSeverity, LogTemplate};
use hotfix_core::text::{brief, grouped, one_line};
use jiff::Timestamp;
use serde::Serialize;

/// So many templates of a kind are laid out.
const MOST: usize = 50;
/// So many of those that are gone.
const MOST_GONE: usize = 12;
/// So much of an example is shown, in characters.
const EXAMPLE: usize = 400;
/// So many bars are drawn at most, each so wide, in a picture so high.
const BARS: usize = 40;
const BAR: f64 = 5.0;
const HIGH: f64 = 30.0;

/// The answer, ready to be laid out.
#[derive(Debug, Serialize)]
pub struct Shown {
    kind: &'static str,
    summary: String,
    against: String,
    looked_for: &'static str,
    span: Option<String>,
    empty: Option<&'static str>,
    notices: Vec<String>,
    sections: Vec<Section>,
    gone: Vec<Gone>,
    gone_in_all: String,
    gone_left_out: Option<String>,
}

/// Templates under one heading.
#[derive(Debug, Serialize)]
struct Section {
    title: &'static str,
    rows: Vec<Row>,
    left_out: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    severity: &'static str,
    kind: &'static str,
    symbol: &'static str,
    count: String,
    place: String,
    when: Option<String>,
    first: Vec<Piece>,
    frames: Vec<String>,
    example: Option<String>,
    rise: Option<String>,
    bars: Option<Bars>,
}

/// A piece of a template.
#[derive(Debug, Serialize)]
struct Piece {
    text: String,
    variable: bool,
}

/// Counts over time, as a picture.
#[derive(Debug, Serialize)]
struct Bars {
    width: f64,
    height: f64,
    boxes: Vec<[f64; 4]>,
    label: String,
}

#[derive(Debug, Serialize)]
struct Gone {
    severity: &'static str,
    count: String,
    first: Vec<Piece>,
}

impl Shown {
    /// The view of an answer.
    pub fn of(answer: &LogDiff) -> Self {
        let (errors, others): (Vec<_>, Vec<_>) = answer.new.iter().partition(|t| t.severity.is_error());
        let besides = if errors.is_empty() { "New" } else { "New besides" };
        let new = |title, all: &[&LogTemplate], count: u64| Section {
            title,
            rows: all.iter().take(MOST).map(|t| row(t, answer.axis, None)).collect(),
            left_out: left_out(count, all.len().min(MOST)),
        };
        let counts = answer.found;
        let risen = Section {
            title: "Risen",
            rows: answer.risen.iter().take(MOST).map(|r| row(&r.template, answer.axis, Some(r))).collect(),
            left_out: left_out(counts.risen, answer.risen.len().min(MOST)),
        };
        let sections = [
            new("New errors", &errors, counts.new_errors),
            new(besides, &others, counts.new - counts.new_errors),
            risen,
        ];
        Self {
            kind: match (counts.new_errors, counts.new) {
                (0, 0) => "good",
                (0, _) => "warn",
                _ => "bad",
            },
            summary: words::summary(answer),
            against: words::against(answer),
            looked_for: match answer.only.as_str() {
                "errors" => "only errors",
                "warnings" => "errors and warnings",
                _ => "all severities",
            },
            span: span(answer.axis),
            empty: answer.baseline.empty.then_some(words::EMPTY),
            notices: answer.notices.clone(),
            sections: sections.into_iter().filter(|s| !s.rows.is_empty()).collect(),
            gone: answer.gone.iter().take(MOST_GONE).map(gone).collect(),
            gone_in_all: words::some(counts.gone, "template", "templates"),
            gone_left_out: left_out(counts.gone, answer.gone.len().min(MOST_GONE)),
        }
    }
}

fn left_out(count: u64, shown: usize) -> Option<String> {
    let more = count.saturating_sub(shown as u64);
    (more > 0).then(|| format!("and {} more", grouped(more)))
}

fn row(template: &LogTemplate, axis: Option<LogAxis>, risen: Option<&LogRise>) -> Row {
    let (kind, symbol) = match template.severity {
        LogSeverity::Fatal | LogSeverity::Error => ("bad", "✗"),
        LogSeverity::Warning => ("warn", "!"),
        _ => ("note", "+"),
    };
    let mut rows = words::rows(&template.parts).into_iter();
    let first = rows.next().unwrap_or_default();
    let text = |parts: Vec<LogPart>| parts.into_iter().map(|part| part.text).collect::<String>();
    let differs = one_line(&template.example) != one_line(&text(first.clone()));
    let frames: Vec<String> = rows.map(text).collect();
    Row {
        severity: template.severity.name(),
        kind,
        symbol,
        count: format!("{} ×", grouped(template.count)),
        place: words::place(template),
        when: words::when(template, day(axis)),
        first: pieces(first),
        frames,
        example: differs.then(|| brief(&template.example, EXAMPLE)),
        rise: risen.map(words::rise),
        bars: bars(template),
    }
}

fn gone(gone: &LogGone) -> Gone {
    Gone {
        severity: gone.severity.name(),
        count: format!("{} ×", grouped(gone.baseline_count)),
        first: pieces(words::rows(&gone.parts).into_iter().next().unwrap_or_default()),
    }
}

fn pieces(parts: Vec<LogPart>) -> Vec<Piece> {
    parts.into_iter().map(|part| Piece { text: part.text, variable: part.variable }).collect()
}

/// The bars of a template that came more than once: x, y, width and height.
fn bars(template: &LogTemplate) -> Option<Bars> {
    let sums = spark::summed(&template.over_time, BARS);
    let most = sums.iter().copied().max().filter(|most| *most > 0 && sums.len() > 1 && template.count > 1)?;
    let bar = |(i, sum): (usize, u64)| {
        // What came is never drawn as nothing.
        let height = (float(sum) / float(most) * HIGH).max(if sum > 0 { 2.0 } else { 0.0 });
        [float(i as u64) * BAR, HIGH - height, BAR - 1.0, height]
    };
    let boxes = sums.iter().copied().enumerate().filter(|(_, sum)| *sum > 0).map(bar).collect();
    let label = format!("At most {} in one of {} steps of time.", grouped(most), sums.len());
    Some(Bars { width: float(sums.len() as u64) * BAR, height: HIGH, boxes, label })
}

/// Counts of events are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

fn day(axis: Option<LogAxis>) -> Option<Timestamp> {
    axis.filter(|axis| axis.time).and_then(|axis| Timestamp::from_microsecond(axis.start).ok())
}

/// From when to when the log goes.
fn span(axis: Option<LogAxis>) -> Option<String> {
    let axis = axis.filter(|axis| axis.time)?;
    let end = axis.start.checked_add(axis.step.checked_mul(i64::try_from(axis.steps).ok()?)?)?;
    let time = |at: i64| {
        Timestamp::from_microsecond(at).ok().map(|at| at.strftime("%-d %b %Y %H:%M:%S").to_string())
    };
    Some(format!("{} to {}", time(axis.start)?, time(end)?))
}
