//! Verdicts over signals: is production back to normal?
//!
//! Three windows are compared: the *baseline* before the incident, the
//! *incident*, and what was read *after* the deploy. A pass is a proof that the
//! signal is equivalent to the baseline within a [`Margin`]; a fail is a proof
//! that it is not; everything between is inconclusive and says how large a
//! regression this much traffic could have shown.
//!
//! It refuses to take "no difference found" for "no difference", no data for
//! zero errors, and one of many looks for the only one: every look has its
//! share of one error level ([`Looks`]). It never rolls back for want of data.

// Counts become floats and back here; far below 2^53, so nothing is lost.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod counts;
mod power;
mod sequential;
mod tail;
#[cfg(test)]
mod tests;
mod values;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use counts::judge_counts;
pub use sequential::{Looks, Window, WindowSays, look_times, window_says};
pub use values::judge_values;

/// One reading interval of a count signal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    /// When the interval ended; orders the readings.
    pub at: Timestamp,
    /// Events that went wrong in the interval. Fractions are fine (providers
    /// extrapolate); negative or not-a-number makes the reading no data.
    pub errors: f64,
    /// All events of the interval, in the same unit. Raised to `errors` where
    /// it is less.
    pub total: f64,
}

/// The readings of one window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// One entry a reading interval, in any order.
    pub bins: Vec<Count>,
}

/// How much worse than the baseline still counts as normal: the wider of the two.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Margin {
    /// As a factor on the baseline's rate; 1.5 unless said otherwise.
    pub ratio: f64,
    /// As a difference of rates, a fraction: 0.005 is half a percentage point.
    pub points: f64,
}

impl Default for Margin {
    fn default() -> Self {
        Self { ratio: 1.5, points: 0.005 }
    }
}

impl Margin {
    /// The highest rate that still counts as normal beside this baseline rate.
    pub fn limit(self, baseline_rate: f64) -> f64 {
        let Margin { ratio, points } = self.sane();
        (baseline_rate * ratio).max(baseline_rate + points).min(1.0)
    }

    /// Nonsense (not a number, an improvement demanded) becomes "no margin".
    pub(crate) fn sane(self) -> Self {
        let ratio = if self.ratio.is_finite() { self.ratio.max(1.0) } else { 1.0 };
        let points = if self.points.is_finite() { self.points.clamp(0.0, 1.0) } else { 0.0 };
        Self { ratio, points }
    }
}

/// What a ruling says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Proven: normal within the margin, and better than the incident.
    Pass,
    /// Proven: outside the margin, over the hard limit, or something new.
    Fail,
    /// There are data, and they prove neither.
    Inconclusive,
    /// There are no data to judge.
    Unverifiable,
}

/// The numbers behind a ruling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Errors by events before the incident; for values, their median.
    pub baseline_rate: Option<f64>,
    /// Errors by events during the incident.
    pub incident_rate: Option<f64>,
    /// Errors by events after the deploy; for values, their median.
    pub after_rate: Option<f64>,
    /// Events (for values: readings) after the deploy.
    pub n_after: f64,
    /// Probability of data this good if it were *not* normal (small proves a pass).
    pub p_equivalent: Option<f64>,
    /// Probability of data this bad if it *were* normal (small proves a fail).
    pub p_worse: Option<f64>,
}

/// What one look at one signal says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ruling {
    /// The verdict.
    pub kind: Kind,
    /// One plain sentence with the numbers.
    pub reason: String,
    /// Proven worse than the incident's level, or over the hard limit: rolls back.
    pub regression: bool,
    /// Whether it is proven better than the incident; `None` where the incident
    /// window shows no raised level to be better than.
    pub better_than_incident: Option<bool>,
    /// The smallest rate (for values: median) after the deploy that this much
    /// data would have proven worse, four times out of five.
    pub smallest_detectable: Option<f64>,
    /// The numbers behind it.
    pub figures: Figures,
}

impl Ruling {
    /// A ruling that proves nothing.
    pub(crate) fn open(kind: Kind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            regression: false,
            better_than_incident: None,
            smallest_detectable: None,
            figures: Figures::default(),
        }
    }
}

/// What the comparison of two logs found after a deploy.
#[derive(Debug, Clone, Copy)]
pub struct NewErrors<'a> {
    /// Error templates that the baseline's log does not have.
    pub templates: &'a [String],
    /// Log lines read since the deploy.
    pub lines_seen: u64,
    /// Events of the baseline; none where that is not known.
    pub baseline_events: Option<u64>,
    /// Known error templates that come more often than chance explains.
    pub risen: u64,
    /// Whether the service and the source of its log answered a liveness check.
    pub alive: bool,
}

/// Rules on the error templates that are new since the deploy.
///
/// A new one fails. None passes only where lines were seen from something
/// alive: a silent log of a living service is inconclusive, and a source that
/// does not answer makes the question unverifiable. A baseline without an event
/// proves nothing either: then every error counts as new, and none passes for
/// the wrong reason.
pub fn judge_new_errors(seen: NewErrors<'_>) -> Ruling {
    let lines = grouped(seen.lines_seen as f64);
    let empty = seen.baseline_events == Some(0);
    let (kind, reason) = match (seen.templates, seen.alive, seen.lines_seen) {
        ([first, rest @ ..], _, _) => {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            let what = crate::text::brief(first, 120);
            let every =
                if empty { "; the log from before has no event, so every error counts as new" } else { "" };
            (Kind::Fail, format!("new since the deploy, in {lines} lines: \"{what}\"{more}{every}"))
        }
        ([], false, _) => (
            Kind::Unverifiable,
            format!(
                "the source of the log does not answer ({lines} lines seen), so its silence says nothing"
            ),
        ),
        ([], true, 0) => {
            (Kind::Inconclusive, "the service is alive but has logged nothing since the deploy".to_owned())
        }
        ([], true, _) if empty => (
            Kind::Inconclusive,
            format!(
                "no error in {lines} lines since the deploy, but the log from before has no event to compare with"
            ),
        ),
        ([], true, _) => {
            let risen = match seen.risen {
                0 => String::new(),
                1 => "; a known one comes more often than before".to_owned(),
                n => format!("; {n} known ones come more often than before"),
            };
            (Kind::Pass, format!("no new error template in {lines} lines since the deploy{risen}"))
        }
    };
    let mut ruling = Ruling::open(kind, reason);
    ruling.figures.n_after = seen.lines_seen as f64;
    ruling
}

/// A rate as a percentage with as many digits as matter: `0.11 %`, `30 %`.
pub(crate) fn percent(rate: f64) -> String {
    format!("{} %", digits(rate * 100.0, if rate < 0.01 { 2.0 } else { 3.0 }))
}

/// A number with three significant digits and no trailing zeros.
pub(crate) fn significant(value: f64) -> String {
    digits(value, 3.0)
}

fn digits(value: f64, significant: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "?".to_owned() };
    }
    let magnitude = value.abs().log10().floor();
    let decimals = (significant - 1.0 - magnitude).clamp(0.0, 8.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A count with its thousands grouped: `4,500`.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}
