//! A signal as a picture: where each line, bar, shade and label goes. The
//! template draws what stands here, and does no arithmetic.

use super::axis::{Figures, Tick, Times};
use super::facts::{self, Landed};
use super::series::{self, Measure, Sample, Window};
use super::words;
use hotfix_core::report::{Report, Signal};
use hotfix_core::text::brief;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;

/// A signal with its pictures and its figures.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The check.
    pub check: String,
    /// What it measures.
    pub title: &'static str,
    /// What the column of typical figures is called.
    pub typical: &'static str,
    /// What the column of extreme figures is called.
    pub worst: &'static str,
    /// The whole in words.
    pub summary: String,
    /// What the gate says.
    pub verdict: Option<String>,
    /// The windows' figures.
    pub rows: Vec<series::Row>,
    /// Whether any reading is missing.
    pub gaps: bool,
    /// The readings as one line of characters.
    pub sparkline: String,
    /// The picture for a wide page and for a narrow one; none without readings.
    pub charts: Vec<Chart>,
}

/// A picture.
#[derive(Debug, Serialize)]
pub struct Chart {
    /// `wide` or `narrow`.
    pub size: &'static str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    bands: Vec<Band>,
    gaps: Vec<Span>,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    cuts: Vec<f64>,
    area: String,
    line: String,
    dots: Vec<Dot>,
    bars: Vec<Bar>,
    marks: Vec<Mark>,
}

#[derive(Debug, Serialize)]
struct Band {
    x: f64,
    width: f64,
    kind: &'static str,
    label: Option<String>,
}

#[derive(Debug, Serialize)]
struct Span {
    x: f64,
    width: f64,
}

#[derive(Debug, Serialize)]
struct Dot {
    x: f64,
    y: f64,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// A vertical line with its label in one of the lanes above the plot.
#[derive(Debug, Serialize)]
struct Mark {
    x: f64,
    kind: &'static str,
    label: String,
    text_x: f64,
    text_y: f64,
    anchor: &'static str,
}

/// How wide a character is, about, at the size of the labels.
const CHARACTER: f64 = 7.3;
const LANE: f64 = 17.0;
const PLOT: f64 = 176.0;
/// How many points a picture is made of, at most.
const POINTS: usize = 480;
const BARS: usize = 96;

/// A signal with its pictures.
pub fn shown(report: &Report, signal: &Signal) -> Shown {
    let measure = Measure::of(signal);
    let samples = series::samples(signal);
    let windows = series::windows(report, signal, &samples);
    let rows = series::rows(measure, &windows, &samples);
    let scene = Scene { report, signal, measure, samples: &samples, windows: &windows };
    let drawn = samples.iter().any(|s| s.figure.is_some());
    let charts = [("wide", 920.0), ("narrow", 430.0)];
    Shown {
        check: signal.check.clone(),
        title: measure.title(),
        typical: match measure {
            Measure::ErrorRate => "Rate",
            Measure::Value => "Median",
            Measure::NewErrors => "Sum",
        },
        worst: if measure == Measure::Value { "Highest" } else { "Worst reading" },
        summary: series::summary(signal, measure, &rows),
        verdict: signal.verdict.clone(),
        gaps: rows.iter().any(|r| r.missing > 0),
        sparkline: if drawn { series::sparkline(&samples, 60) } else { String::new() },
        charts: if drawn { charts.map(|(size, width)| scene.draw(size, width)).into() } else { Vec::new() },
        rows,
    }
}

struct Scene<'a> {
    report: &'a Report,
    signal: &'a Signal,
    measure: Measure,
    samples: &'a [Sample],
    windows: &'a [Window],
}

impl Scene<'_> {
    fn draw(&self, size: &'static str, width: f64) -> Chart {
        let points = match self.measure {
            Measure::NewErrors => series::summed(self.samples, BARS),
            _ => series::thinned(self.samples, POINTS),
        };
        let known = points.iter().filter_map(|p| p.figure);
        let labels = Figures::new(self.measure, known.clone(), 0.0, 1.0).ticks(self.measure);
        let longest = labels.iter().map(|t| t.label.chars().count()).max().unwrap_or(1);
        let (left, right) = (series::to_f64(longest) * CHARACTER + 12.0, width - 10.0);
        let times = Times::new(&self.moments(), left, right);
        let (marks, lanes) = self.marks(&times, left, right);
        let top = 8.0 + LANE * series::to_f64(lanes);
        let bottom = top + PLOT;
        let scale = Figures::new(self.measure, known, top + 6.0, bottom);
        let mut chart = Chart {
            size,
            width,
            height: bottom + 26.0,
            left,
            right,
            top,
            bottom,
            bands: self.bands(&times),
            gaps: self.gaps(&times),
            x_ticks: times.ticks(if width > 600.0 { 84.0 } else { 66.0 }),
            y_ticks: scale.ticks(self.measure),
            cuts: times.cuts(),
            area: String::new(),
            line: String::new(),
            dots: Vec::new(),
            bars: Vec::new(),
            marks,
        };
        match self.measure {
            Measure::NewErrors => chart.bars = bars(&points, &times, &scale, bottom),
            _ => trace(&mut chart, &points, &times, &scale),
        }
        chart
    }

    fn began(&self) -> Option<Timestamp> {
        self.signal.began_at.or(self.report.began_at)
    }

    fn moments(&self) -> Vec<Timestamp> {
        let readings = self.samples.iter().map(|s| s.at);
        let deploys = self.signal.deploys.iter().map(|(at, _)| *at);
        readings.chain(deploys).chain(self.began()).chain(self.report.status.run.resolved_at).collect()
    }

    fn bands(&self, times: &Times) -> Vec<Band> {
        let band = |w: &Window| {
            let (x, end) = (times.x(w.from), times.x(w.to));
            let fits = series::to_f64(w.name.chars().count()) * CHARACTER + 8.0 < end - x;
            Band { x, width: end - x, kind: w.kind, label: fits.then(|| w.name.clone()) }
        };
        self.windows.iter().map(band).collect()
    }

    /// From the last reading with a figure to the next one.
    fn gaps(&self, times: &Times) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let mut from: Option<f64> = None;
        let mut before: Option<f64> = None;
        for sample in self.samples {
            let x = times.x(sample.at);
            match (sample.figure, from) {
                (None, None) => from = Some(before.unwrap_or(x)),
                (Some(_), Some(start)) => {
                    spans.push(Span { x: start, width: x - start });
                    from = None;
                }
                _ => {}
            }
            before = Some(x);
        }
        if let (Some(start), Some(end)) = (from, before) {
            spans.push(Span { x: start, width: end - start });
        }
        // Neighbours closer than a pixel become one, so that a picture stays small.
        spans.dedup_by(|next, last| {
            let touches = next.x - (last.x + last.width) < 1.0;
            if touches {
                last.width = next.x + next.width - last.x;
            }
            touches
        });
        spans.retain(|s| s.width > 0.5);
        spans
    }

    /// The vertical marks, and how many lanes their labels need.
    fn marks(&self, times: &Times, left: f64, right: f64) -> (Vec<Mark>, usize) {
        let mut all: Vec<(Timestamp, &'static str, String)> = Vec::new();
        all.extend(self.began().map(|at| (at, "began", format!("▲ began {}", words::clock(at)))));
        let landed = facts::landed(self.report, &self.signal.deploys);
        all.extend(landed.iter().map(|l| (l.at, if l.back { "back" } else { "deploy" }, deploy_label(l))));
        let resolved = self.report.status.run.resolved_at;
        all.extend(resolved.map(|at| (at, "resolved", format!("✓ resolved {}", words::clock(at)))));
        all.sort_by_key(|(at, ..)| *at);
        let mut ends: Vec<f64> = Vec::new();
        let mut marks = Vec::new();
        for (at, kind, label) in all {
            let x = times.x(at);
            let width = series::to_f64(label.chars().count()) * CHARACTER;
            let to_left = x + width + 6.0 > right;
            let start = if to_left { (x - width - 4.0).max(left) } else { x + 4.0 };
            let lane = ends.iter().position(|end| *end + 8.0 < start.min(x)).unwrap_or(ends.len());
            if lane == ends.len() {
                ends.push(0.0);
            }
            ends[lane] = (start + width).max(x);
            let text_y = 15.0 + LANE * series::to_f64(lane);
            let (text_x, anchor) = if to_left { (x - 4.0, "end") } else { (x + 4.0, "start") };
            marks.push(Mark { x, kind, label, text_x, text_y, anchor });
        }
        (marks, ends.len())
    }
}

fn deploy_label(landed: &Landed) -> String {
    let version = brief(&landed.version, 20);
    if landed.back { format!("↩ back on {version}") } else { format!("● {version} deployed") }
}

/// The line, the shade under it, and a dot for each point that stands alone.
fn trace(chart: &mut Chart, points: &[Sample], times: &Times, scale: &Figures) {
    let pace = pace(points);
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    let mut last: Option<Timestamp> = None;
    for point in points {
        let far = last.is_some_and(|l| point.at.duration_since(l).as_secs_f64() > pace * 4.0);
        if point.figure.is_none() || far {
            runs.push(Vec::new());
        }
        if let (Some(figure), Some(run)) = (point.figure, runs.last_mut()) {
            run.push((times.x(point.at), scale.y(figure)));
        }
        last = Some(point.at);
    }
    for run in runs.iter().filter(|r| !r.is_empty()) {
        let (first, end) = (run[0], run[run.len() - 1]);
        if run.len() == 1 {
            chart.dots.push(Dot { x: first.0, y: first.1 });
            continue;
        }
        let _ = write!(chart.area, "M{:.1} {:.1}", first.0, chart.bottom);
        for (i, (x, y)) in run.iter().enumerate() {
            let _ = write!(chart.line, "{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" });
            let _ = write!(chart.area, "L{x:.1} {y:.1}");
        }
        let _ = write!(chart.area, "L{:.1} {:.1}Z", end.0, chart.bottom);
    }
}

/// The usual time between two points, in seconds.
fn pace(points: &[Sample]) -> f64 {
    let between = |pair: &[Sample]| pair[1].at.duration_since(pair[0].at).as_secs_f64();
    let mut steps: Vec<f64> = points.windows(2).map(between).filter(|s| *s > 0.0).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(60.0).max(1.0)
}

fn bars(points: &[Sample], times: &Times, scale: &Figures, bottom: f64) -> Vec<Bar> {
    let places: Vec<f64> = points.iter().map(|p| times.x(p.at)).collect();
    let apart = places.windows(2).map(|p| p[1] - p[0]).filter(|d| *d > 0.1).fold(14.0, f64::min);
    let width = (apart * 0.7).clamp(1.5, 10.0);
    let bar = |(point, x): (&Sample, &f64)| {
        let figure = point.figure.filter(|f| *f > 0.0)?;
        let y = scale.y(figure);
        Some(Bar { x: x - width / 2.0, y, width, height: bottom - y })
    };
    points.iter().zip(&places).filter_map(bar).collect()
}
