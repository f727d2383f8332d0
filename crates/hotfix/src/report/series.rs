//! A signal's readings as figures: the rate or value of each, the windows that
//! they fall into, and fewer of them where there are too many to draw.

use super::facts::{self, Landed};
use super::words;
use hotfix_core::journal::Reading;
use hotfix_core::report::{Report, Signal};
use jiff::Timestamp;
use serde::Serialize;

/// What a signal's figures mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Errors among a total, a share of one.
    ErrorRate,
    /// A value in its own unit.
    Value,
    /// New errors since the reading before.
    NewErrors,
}

impl Measure {
    /// What a signal measures.
    pub fn of(signal: &Signal) -> Self {
        match signal.kind.as_str() {
            "error-rate" => Measure::ErrorRate,
            "new-errors" => Measure::NewErrors,
            _ => Measure::Value,
        }
    }

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Measure::ErrorRate => "Error rate",
            Measure::Value => "Value",
            Measure::NewErrors => "New errors",
        }
    }

    /// A figure in words.
    pub fn say(self, figure: f64) -> String {
        match self {
            Measure::ErrorRate => words::percent(figure),
            Measure::Value | Measure::NewErrors => words::number(figure),
        }
    }

    fn figure(self, reading: &Reading) -> Option<f64> {
        let share = || reading.errors.zip(reading.total).filter(|(_, t)| *t > 0.0).map(|(e, t)| e / t);
        let figure = match self {
            Measure::ErrorRate => share(),
            Measure::Value => reading.value.or_else(share),
            Measure::NewErrors => reading.errors.or(reading.value),
        };
        figure.filter(|f| f.is_finite() && reading.missing.is_none())
    }
}

/// One reading as a figure; none where it is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub figure: Option<f64>,
    errors: f64,
    total: f64,
}

/// A signal's samples, oldest first.
pub fn samples(signal: &Signal) -> Vec<Sample> {
    let measure = Measure::of(signal);
    let sample = |r: &Reading| {
        let figure = measure.figure(r);
        let counted = figure.and(r.errors.zip(r.total)).unwrap_or_default();
        Sample { at: r.at, figure, errors: counted.0, total: counted.1 }
    };
    let mut all: Vec<Sample> = signal.readings.iter().map(sample).collect();
    all.sort_by_key(|s| s.at);
    all
}

/// A part of the time that is judged by itself.
#[derive(Debug, Clone)]
pub struct Window {
    /// What it is called.
    pub name: String,
    /// `baseline`, `incident`, `undone`, `back` or `after`.
    pub kind: &'static str,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
}

/// The windows of a signal: until the incident, until the deploy, and after
/// each deploy.
pub fn windows(report: &Report, signal: &Signal, samples: &[Sample]) -> Vec<Window> {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let began = signal.began_at.or(report.began_at);
    let mut bounds: Vec<(Timestamp, String, &'static str)> = Vec::new();
    match began {
        Some(began) => {
            bounds.push((first.at.min(began), "baseline".to_owned(), "baseline"));
            bounds.push((began, "incident".to_owned(), "incident"));
        }
        None => bounds.push((first.at, "before the deploy".to_owned(), "incident")),
    }
    bounds.extend(facts::landed(report, &signal.deploys).iter().map(after));
    bounds.sort_by_key(|(at, ..)| *at);
    let ends: Vec<Timestamp> = bounds.iter().skip(1).map(|(at, ..)| *at).chain([last.at]).collect();
    let window = |((from, name, kind), to): ((Timestamp, String, &'static str), Timestamp)| Window {
        name,
        kind,
        from: from.max(first.at),
        to: to.min(last.at),
    };
    let all = bounds.into_iter().zip(ends).map(window);
    all.filter(|w| w.from < w.to || samples.len() == 1).collect()
}

fn after(landed: &Landed) -> (Timestamp, String, &'static str) {
    let name = if landed.back { "back on" } else { "after" };
    let kind = match (landed.undone, landed.back) {
        (true, _) => "undone",
        (false, true) => "back",
        (false, false) => "after",
    };
    (landed.at, format!("{name} {}", landed.version), kind)
}

/// What a window holds.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The window.
    pub name: String,
    /// Its kind, for its shade.
    pub kind: &'static str,
    /// From, in UTC.
    pub from: String,
    /// To, in UTC.
    pub to: String,
    /// How many readings have a figure.
    pub readings: String,
    /// How many have none.
    pub missing: usize,
    /// The rate over the whole window, the median or the sum.
    pub typical: String,
    /// The worst reading.
    pub worst: String,
    /// Errors among events, where they were counted.
    pub counted: Option<String>,
    /// The figure behind `typical`.
    #[serde(skip)]
    pub figure: Option<f64>,
    /// The figure behind `worst`.
    #[serde(skip)]
    pub highest: Option<f64>,
}

/// What each window holds. A reading on a boundary belongs to the later one.
pub fn rows(measure: Measure, windows: &[Window], samples: &[Sample]) -> Vec<Row> {
    let last = windows.len().saturating_sub(1);
    let row = |(i, w): (usize, &Window)| {
        let within = |s: &&Sample| s.at >= w.from && (s.at < w.to || i == last);
        let inside: Vec<&Sample> = samples.iter().filter(within).collect();
        row(measure, w, &inside)
    };
    windows.iter().enumerate().map(row).collect()
}

fn row(measure: Measure, window: &Window, inside: &[&Sample]) -> Row {
    let mut figures: Vec<f64> = inside.iter().filter_map(|s| s.figure).collect();
    figures.sort_by(f64::total_cmp);
    let errors: f64 = inside.iter().map(|s| s.errors).sum();
    let total: f64 = inside.iter().map(|s| s.total).sum();
    let figure = match measure {
        _ if figures.is_empty() => None,
        Measure::ErrorRate => (total > 0.0).then(|| errors / total),
        Measure::Value => Some(figures[figures.len() / 2]),
        Measure::NewErrors => Some(figures.iter().sum()),
    };
    let highest = figures.last().copied();
    let one_day = words::date(window.from) == words::date(window.to);
    let said = |at| if one_day { words::clock(at) } else { words::time(at) };
    let say = |f: Option<f64>| f.map_or_else(|| "no reading".to_owned(), |f| measure.say(f));
    Row {
        name: window.name.clone(),
        kind: window.kind,
        from: said(window.from),
        to: said(window.to),
        readings: words::number(to_f64(figures.len())),
        missing: inside.len() - figures.len(),
        typical: say(figure),
        worst: say(highest),
        counted: (measure == Measure::ErrorRate && total > 0.0)
            .then(|| format!("{} of {}", words::number(errors), words::number(total))),
        figure,
        highest,
    }
}

#[expect(clippy::cast_precision_loss, reason = "amounts of readings, for a picture")]
pub(super) fn to_f64(n: usize) -> f64 {
    n as f64
}

/// At most some `limit` samples that still show every peak, every dip and every
/// gap: of each bucket the lowest and the highest, or a gap if it holds one.
pub fn thinned(samples: &[Sample], limit: usize) -> Vec<Sample> {
    if samples.len() <= limit {
        return samples.to_vec();
    }
    let size = samples.len().div_ceil((limit / 3).max(1));
    let mut out = Vec::new();
    for bucket in samples.chunks(size) {
        let known = || bucket.iter().filter_map(|s| s.figure.map(|f| (f, s)));
        let low = known().min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, s)| s);
        let high = known().max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, s)| s);
        let gap = bucket.iter().find(|s| s.figure.is_none());
        let mut kept: Vec<&Sample> = [low, high, gap].into_iter().flatten().collect();
        kept.sort_by_key(|s| s.at);
        kept.dedup();
        out.extend(kept.into_iter().cloned());
    }
    out
}

/// Sums of neighbouring samples, at most some `limit` of them: for bars.
pub fn summed(samples: &[Sample], limit: usize) -> Vec<Sample> {
    let size = samples.len().div_ceil(limit.max(1)).max(1);
    let sum = |bucket: &[Sample]| {
        let known: Vec<f64> = bucket.iter().filter_map(|s| s.figure).collect();
        let figure = (!known.is_empty()).then(|| known.iter().sum());
        bucket.first().map(|s| Sample { figure, ..s.clone() })
    };
    samples.chunks(size).filter_map(sum).collect()
}

/// A line of block characters, a dot where there is no reading.
pub fn sparkline(samples: &[Sample], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let size = samples.len().div_ceil(width.max(1)).max(1);
    let peak = |bucket: &[Sample]| bucket.iter().filter_map(|s| s.figure).max_by(f64::total_cmp);
    let peaks: Vec<Option<f64>> = samples.chunks(size).map(peak).collect();
    let top = peaks.iter().flatten().copied().fold(0.0, f64::max);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
    let block =
        |f: f64| if top > 0.0 { BLOCKS[((f / top).clamp(0.0, 1.0) * 7.0).round() as usize] } else { '▁' };
    peaks.into_iter().map(|p| p.map_or('·', block)).collect()
}

/// The signal in one or two sentences, for whoever cannot see the picture.
pub fn summary(signal: &Signal, measure: Measure, rows: &[Row]) -> String {
    if rows.iter().all(|r| r.figure.is_none()) {
        return format!("{}: no reading of {} was recorded.", measure.title(), signal.check);
    }
    let part = |r: &Row| {
        let worst =
            r.highest.filter(|h| r.figure.is_some_and(|f| *h > f * 1.5) && measure != Measure::NewErrors);
        let worst = worst.map(|h| format!(", at worst {}", measure.say(h))).unwrap_or_default();
        let name = match r.kind {
            "baseline" => "in the baseline".to_owned(),
            "incident" if r.name == "incident" => "during the incident".to_owned(),
            _ => r.name.clone(),
        };
        format!("{} {name}{worst}", r.typical)
    };
    let parts: Vec<String> = rows.iter().filter(|r| r.figure.is_some()).map(part).collect();
    let missing: usize = rows.iter().map(|r| r.missing).sum();
    let gaps = match missing {
        0 => String::new(),
        n => format!(" {} without a figure.", words::count(n, "reading")),
    };
    format!("{} of {}: {}.{gaps}", measure.title(), signal.check, parts.join("; "))
}
