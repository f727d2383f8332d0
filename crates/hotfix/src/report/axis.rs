//! The scales of a chart: time from left to right, figures from bottom to top,
//! each with ticks at round places.

use super::series::Measure;
use jiff::Timestamp;
use serde::Serialize;

/// A tick and its label.
#[derive(Debug, Serialize)]
pub struct Tick {
    /// Where, in the picture's units.
    pub at: f64,
    /// What it says.
    pub label: String,
}

/// A stretch of time that is drawn without a break.
#[derive(Debug, Clone, Copy)]
struct Piece {
    from: f64,
    to: f64,
    x: f64,
    width: f64,
}

/// Time from left to right. A stretch in which nothing is known and that would
/// fill most of the picture is cut out.
#[derive(Debug)]
pub struct Times {
    pieces: Vec<Piece>,
}

/// How much of the picture an empty stretch may fill before it is cut out.
const LARGEST_GAP: f64 = 0.4;
/// How wide a cut is drawn.
const CUT: f64 = 18.0;

/// Seconds since the epoch, with their fraction.
pub fn seconds(at: Timestamp) -> f64 {
    at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}

impl Times {
    /// A scale that shows all of these times between `left` and `right`.
    pub fn new(times: &[Timestamp], left: f64, right: f64) -> Self {
        let mut known: Vec<f64> = times.iter().map(|t| seconds(*t)).collect();
        known.sort_by(f64::total_cmp);
        let (first, last) = (known.first().copied().unwrap_or(0.0), known.last().copied().unwrap_or(1.0));
        let span = (last - first).max(1.0);
        let mut ranges = vec![(first, first)];
        for t in known {
            match ranges.last_mut() {
                Some(range) if t - range.1 <= span * LARGEST_GAP => range.1 = t,
                _ => ranges.push((t, t)),
            }
        }
        // A lone moment gets some room of its own.
        let covered: f64 = ranges.iter().map(|(from, to)| to - from).sum();
        let room_for_one = if covered > 0.0 { covered * 0.05 } else { 60.0 };
        let widths: Vec<f64> = ranges.iter().map(|(from, to)| (to - from).max(room_for_one)).collect();
        let shown: f64 = widths.iter().sum();
        let room = right - left - CUT * super::series::to_f64(ranges.len() - 1);
        let mut x = left;
        let mut pieces = Vec::new();
        for ((from, _), seconds) in ranges.iter().zip(&widths) {
            let width = room * seconds / shown;
            pieces.push(Piece { from: *from, to: from + seconds, x, width });
            x += width + CUT;
        }
        Self { pieces }
    }

    /// Where a time is.
    pub fn x(&self, at: Timestamp) -> f64 {
        let t = seconds(at);
        let piece = self.pieces.iter().find(|p| t <= p.to).or(self.pieces.last());
        piece.map_or(0.0, |p| p.x + p.width * ((t - p.from) / (p.to - p.from)).clamp(0.0, 1.0))
    }

    /// The middle of each cut.
    pub fn cuts(&self) -> Vec<f64> {
        self.pieces.iter().skip(1).map(|p| p.x - CUT / 2.0).collect()
    }

    /// Round times, some `apart` units apart at least.
    pub fn ticks(&self, apart: f64) -> Vec<Tick> {
        let shown: f64 = self.pieces.iter().map(|p| p.to - p.from).sum();
        let room: f64 = self.pieces.iter().map(|p| p.width).sum();
        let wanted = shown * apart / room.max(1.0);
        let step = STEPS
            .iter()
            .copied()
            .find(|s| *s >= wanted)
            .unwrap_or_else(|| round_up(wanted / 86_400.0) * 86_400.0);
        let mut ticks: Vec<Tick> = Vec::new();
        for piece in &self.pieces {
            let mut t = (piece.from / step).ceil() * step;
            while t <= piece.to {
                let at = piece.x + piece.width * (t - piece.from) / (piece.to - piece.from);
                if ticks.last().is_none_or(|last| at - last.at >= apart * 0.9) {
                    ticks.push(Tick { at, label: label(t, step) });
                }
                t += step;
            }
        }
        ticks
    }
}

const STEPS: [f64; 21] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
    21_600.0, 43_200.0, 86_400.0, 172_800.0, 432_000.0, 864_000.0,
];

#[expect(clippy::cast_possible_truncation, reason = "a time that jiff gave")]
fn label(seconds: f64, step: f64) -> String {
    let form = match step {
        s if s < 60.0 => "%H:%M:%S",
        s if s < 43_200.0 => "%H:%M",
        s if s < 86_400.0 => "%-d %b %H:%M",
        _ => "%-d %b",
    };
    Timestamp::from_second(seconds as i64).map(|t| t.strftime(form).to_string()).unwrap_or_default()
}

/// Figures from bottom to top.
#[derive(Debug)]
pub struct Figures {
    low: f64,
    high: f64,
    step: f64,
    top: f64,
    bottom: f64,
}

impl Figures {
    /// A scale for figures between two heights. It shows zero, and something
    /// where all figures are zero.
    pub fn new(measure: Measure, figures: impl Iterator<Item = f64> + Clone, top: f64, bottom: f64) -> Self {
        let least = match measure {
            Measure::ErrorRate => 0.01,
            Measure::Value => f64::MIN_POSITIVE,
            Measure::NewErrors => 4.0,
        };
        let highest = figures.clone().fold(0.0, f64::max);
        let lowest = figures.fold(0.0, f64::min);
        let highest = if highest <= least && lowest >= 0.0 {
            if least < 1e-300 && highest == 0.0 { 1.0 } else { least.max(highest) }
        } else {
            highest
        };
        let step = round_up((highest - lowest) / 4.0);
        let step = if measure == Measure::NewErrors { step.max(1.0) } else { step };
        let high = (highest * 1.04 / step).ceil() * step;
        Self { low: (lowest / step).floor() * step, high, step, top, bottom }
    }

    /// Where a figure is.
    pub fn y(&self, figure: f64) -> f64 {
        let share = ((figure - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.bottom - share * (self.bottom - self.top)
    }

    /// Round figures.
    pub fn ticks(&self, measure: Measure) -> Vec<Tick> {
        let mut ticks = Vec::new();
        let mut figure = self.low;
        while figure <= self.high + self.step / 2.0 && ticks.len() < 12 {
            let near_zero = figure.abs() < self.step / 1000.0;
            let shown = if near_zero { 0.0 } else { figure };
            ticks.push(Tick { at: self.y(figure), label: measure.say(shown) });
            figure += self.step;
        }
        ticks
    }
}

/// The next of 1, 2, 2.5, 5 and 10 times a power of ten.
fn round_up(n: f64) -> f64 {
    if !(n.is_finite() && n > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(n.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|f| f * power >= n * 0.999_999);
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn ticks_are_round_and_apart() {
        let times = Times::new(&[at(1_000_000_030), at(1_000_002_400)], 50.0, 950.0);
        let ticks = times.ticks(80.0);
        assert!((5..=11).contains(&ticks.len()), "{ticks:?}");
        assert!(ticks.iter().all(|t| t.label.ends_with('0') || t.label.ends_with('5')), "{ticks:?}");
    }

    #[test]
    fn a_long_empty_stretch_is_cut_out() {
        let week = 604_800;
        let times = Times::new(&[at(0), at(600), at(week), at(week + 1800)], 0.0, 900.0);
        assert_eq!(times.cuts().len(), 1);
        assert!(times.x(at(week)) < 300.0 && times.x(at(week)) > times.x(at(600)));
        assert!(times.ticks(60.0).len() > 3);
    }

    #[test]
    fn one_moment_or_none_is_no_fault() {
        assert!(Times::new(&[], 0.0, 100.0).x(at(5)).is_finite());
        assert!(Times::new(&[at(7)], 0.0, 100.0).x(at(7)).is_finite());
    }

    #[test]
    fn figures_reach_zero_and_the_top() {
        for figures in [vec![], vec![0.0], vec![0.31], vec![-3.0, 1e12], vec![1e-9], vec![f64::MAX / 8.0]] {
            let scale = Figures::new(Measure::Value, figures.iter().copied(), 10.0, 200.0);
            let ticks = scale.ticks(Measure::Value);
            assert!(ticks.len() >= 2 && ticks.iter().all(|t| t.at.is_finite()), "{figures:?} {ticks:?}");
            assert!(figures.iter().all(|f| (10.0..=200.0).contains(&scale.y(*f))));
        }
    }
}
