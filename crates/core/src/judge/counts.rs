//! Error counts with their totals, by exact tests.
//!
//! The ratio of two rates is tested by the conditional binomial: given the sum
//! of both counts, the later one is binomial (Przyborowski & Wilenski,
//! Biometrika 31:313–323, 1940). The difference of two rates is tested by
//! melding the Clopper–Pearson confidence distributions of both (Fay, Proschan
//! & Brittain, Biometrics 71:146–156, 2015), so that the baseline's own
//! uncertainty counts. Readings that scatter more than independent events would,
//! or that hang together in time, are worth fewer events (quasi-likelihood:
//! McCullagh & Nelder, Generalized Linear Models, 1989, 4.5).

use super::tail::{at_least, at_most, beta_cdf, beta_quantile};
use super::{Counts, Figures, Kind, Looks, Margin, Ruling, grouped, percent, power};

/// What a window comes to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    /// Events that went wrong.
    pub errors: f64,
    /// All events.
    pub total: f64,
}

impl Sum {
    /// Errors by events, where there were any.
    pub(super) fn rate(self) -> Option<f64> {
        (self.total > 0.0).then(|| self.errors / self.total)
    }

    /// What these events are worth when each comes in company of `spread`.
    pub(super) fn deflated(self, spread: f64) -> Self {
        Self { errors: self.errors / spread, total: self.total / spread }
    }
}

/// A window's usable readings in order, its sum, and how many were not usable.
struct Read {
    bins: Vec<Sum>,
    sum: Sum,
    unusable: usize,
}

impl Read {
    fn of(counts: &Counts) -> Self {
        let mut ordered: Vec<_> = counts.bins.iter().collect();
        ordered.sort_by_key(|bin| bin.at);
        let good = |x: f64| x.is_finite() && (0.0..1e15).contains(&x);
        let bins: Vec<Sum> = ordered
            .iter()
            .filter(|bin| good(bin.errors) && good(bin.total))
            .map(|bin| Sum { errors: bin.errors, total: bin.total.max(bin.errors) })
            .collect();
        let sum = bins
            .iter()
            .fold(Sum::default(), |a, b| Sum { errors: a.errors + b.errors, total: a.total + b.total });
        Self { unusable: counts.bins.len() - bins.len(), bins, sum }
    }

    /// How many events come in company, on average: Pearson's chi² by its
    /// degrees of freedom, and more where neighbouring readings resemble each
    /// other (a first-order autoregressive disturbance). At least 1.
    fn spread(&self) -> f64 {
        const ENOUGH: usize = 5;
        let residuals = self.residuals();
        if residuals.len() < ENOUGH {
            return 1.0;
        }
        let squares: f64 = residuals.iter().map(|r| r * r).sum();
        let scatter = squares / (residuals.len() - 1) as f64;
        if scatter <= 1.0 {
            return 1.0;
        }
        let lagged: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let resemblance = lagged / squares;
        if resemblance * (residuals.len() as f64).sqrt() < 1.645 {
            return scatter; // not more than chance, one-sided at 5 %
        }
        let shared = 1.0 - 1.0 / scatter; // the part of the variance that is not the events' own
        let memory = (resemblance / shared).clamp(0.0, 0.9);
        scatter * (1.0 + 2.0 * shared * memory / (1.0 - memory))
    }
}

impl Read {
    /// How many events come in company, read from how far neighbouring
    /// readings lie apart: half the mean square successive difference (von
    /// Neumann, Annals of Mathematical Statistics 12:367–395, 1941). A level
    /// that rises or falls steadily does not count as scatter here. At least 1.
    fn jitter(&self) -> f64 {
        const ENOUGH: usize = 5;
        let residuals = self.residuals();
        if residuals.len() < ENOUGH {
            return 1.0;
        }
        let steps: f64 = residuals.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
        (steps / (2.0 * (residuals.len() - 1) as f64)).max(1.0)
    }

    /// Pearson residuals of the readings; none where the rate is 0 or 1.
    fn residuals(&self) -> Vec<f64> {
        let Some(rate) = self.sum.rate().filter(|rate| *rate > 0.0 && *rate < 1.0) else { return Vec::new() };
        self.bins
            .iter()
            .filter(|bin| bin.total > 0.0)
            .map(|bin| (bin.errors - bin.total * rate) / (bin.total * rate * (1.0 - rate)).sqrt())
            .collect()
    }
}

/// P(a later count at most this | its rate is `ratio` times the earlier one's).
pub(super) fn ratio_below(before: Sum, after: Sum, ratio: f64) -> f64 {
    let share = after.total * ratio / (before.total + after.total * ratio);
    at_most(after.errors, before.errors + after.errors, share)
}

/// P(a later count at least this | its rate is `ratio` times the earlier one's).
pub(super) fn ratio_above(before: Sum, after: Sum, ratio: f64) -> f64 {
    let share = after.total * ratio / (before.total + after.total * ratio);
    at_least(after.errors, before.errors + after.errors, share)
}

/// Against "the later rate is at least `points` above the earlier one".
pub(super) fn points_below(before: Sum, after: Sum, points: f64) -> f64 {
    let (a, b) = (after.errors + 1.0, after.total - after.errors);
    meld(before.errors, before.total - before.errors + 1.0, |earlier| 1.0 - beta_cdf(a, b, earlier + points))
}

/// Against "the later rate is at most `points` above the earlier one".
pub(super) fn points_above(before: Sum, after: Sum, points: f64) -> f64 {
    let (a, b) = (after.errors, after.total - after.errors + 1.0);
    meld(before.errors + 1.0, before.total - before.errors, |earlier| beta_cdf(a, b, earlier + points))
}

/// The expectation of a monotone function of T ~ Beta(a, b), by Stieltjes sums
/// over the range outside which T lies once in a billion.
fn meld(a: f64, b: f64, of: impl Fn(f64) -> f64) -> f64 {
    const STEPS: u32 = 100;
    let low = beta_quantile(a, b, 1e-9);
    let high = beta_quantile(a, b, 1.0 - 1e-9);
    let mut sum = beta_cdf(a, b, low) * of(low);
    let (mut x, mut mass, mut value) = (low, beta_cdf(a, b, low), of(low));
    for step in 1..=STEPS {
        // Quadratic spacing: the lower end is where rates are.
        let next = low + (high - low) * (f64::from(step) / f64::from(STEPS)).powi(2);
        let (next_mass, next_value) = (beta_cdf(a, b, next), of(next));
        sum += (next_mass - mass) * f64::midpoint(value, next_value);
        (x, mass, value) = (next, next_mass, next_value);
    }
    (sum + (1.0 - mass) * of(x)).clamp(0.0, 1.0)
}

/// P against "outside the margin": either null rejected will do, at half the level each.
pub(super) fn p_equivalent(before: Sum, after: Sum, margin: Margin) -> f64 {
    let by_ratio = ratio_below(before, after, margin.ratio);
    let by_points = points_below(before, after, margin.points);
    (2.0 * by_ratio.min(by_points)).min(1.0)
}

/// P against "within the margin": both nulls must be rejected.
pub(super) fn p_worse(before: Sum, after: Sum, margin: Margin) -> f64 {
    ratio_above(before, after, margin.ratio).max(points_above(before, after, margin.points))
}

/// Everything that one look knows.
struct Evidence {
    base: Option<Read>,
    incident: Option<Read>,
    after: Read,
    margin: Margin,
    hard_limit: Option<f64>,
    spread: f64,
    looks: Looks,
}

/// Rules on one look at a count signal.
///
/// The `hard_limit` is a rate (a fraction). Events are worth what the scatter
/// of the baseline's readings makes them worth. With a hard limit the level for
/// alarms is halved between the two ways to raise one. Never panics; without
/// data after the deploy the ruling is [`Kind::Unverifiable`], without a
/// baseline it can be a regression but never a pass.
pub fn judge_counts(
    baseline: Option<&Counts>,
    incident: Option<&Counts>,
    after: &Counts,
    margin: Margin,
    hard_limit: Option<f64>,
    looks: Looks,
) -> Ruling {
    let some = |counts: Option<&Counts>| counts.map(Read::of).filter(|read| read.sum.total > 0.0);
    let base = some(baseline);
    let spread = base.as_ref().map_or(1.0, Read::spread);
    let hard_limit = hard_limit.filter(|limit| limit.is_finite() && (0.0..1.0).contains(limit));
    let evidence = Evidence {
        incident: some(incident),
        after: Read::of(after),
        margin: margin.sane(),
        base,
        hard_limit,
        spread,
        looks,
    };
    evidence.rule()
}

impl Evidence {
    fn rule(&self) -> Ruling {
        if self.after.sum.total <= 0.0 {
            let reason = match self.after.unusable {
                0 => "nothing was read since the deploy, and no data is not zero errors".to_owned(),
                n => format!("none of {n} readings since the deploy was a usable number"),
            };
            return Ruling { figures: self.figures(), ..Ruling::open(Kind::Unverifiable, reason) };
        }
        if self.looks.share() <= 0.0 {
            let reason = "the error level of this look is not a probability";
            return Ruling { figures: self.figures(), ..Ruling::open(Kind::Inconclusive, reason) };
        }
        let figures = self.figures();
        let better = self.better_than_incident();
        let worse_than_normal = figures.p_worse.map(|p| p <= self.alarm_share());
        let over_limit = self.over_hard_limit();
        let regression = over_limit || (worse_than_normal != Some(false) && self.worse_than_incident());
        let kind = if regression || worse_than_normal == Some(true) {
            Kind::Fail
        } else if self.proven_normal(&figures) && better != Some(false) {
            Kind::Pass
        } else {
            Kind::Inconclusive
        };
        let smallest_detectable = self.smallest_detectable();
        let mut ruling = Ruling {
            kind,
            reason: String::new(),
            regression,
            better_than_incident: better,
            smallest_detectable,
            figures,
        };
        ruling.reason = self.reason(&ruling, over_limit);
        ruling
    }

    fn alarm_share(&self) -> f64 {
        self.looks.share() / if self.hard_limit.is_some() { 2.0 } else { 1.0 }
    }

    /// The sums before and after, deflated alike.
    fn pair(&self) -> Option<(Sum, Sum)> {
        let base = self.base.as_ref()?;
        Some((base.sum.deflated(self.spread), self.after.sum.deflated(self.spread)))
    }

    fn figures(&self) -> Figures {
        let judged = self.pair().filter(|(_, after)| after.total > 0.0);
        Figures {
            baseline_rate: self.base.as_ref().and_then(|read| read.sum.rate()),
            incident_rate: self.incident.as_ref().and_then(|read| read.sum.rate()),
            after_rate: self.after.sum.rate(),
            n_after: self.after.sum.total,
            p_equivalent: judged.map(|(before, after)| p_equivalent(before, after, self.margin)),
            p_worse: judged.map(|(before, after)| p_worse(before, after, self.margin)),
        }
    }

    fn proven_normal(&self, figures: &Figures) -> bool {
        let under = self.hard_limit.is_none_or(|limit| figures.after_rate.is_some_and(|rate| rate <= limit));
        under && figures.p_equivalent.is_some_and(|p| p <= self.looks.share())
    }

    /// The incident and the fix, each worth what its own scatter says; that the
    /// one rose, and that the other is getting worse, is no scatter.
    fn incident_and_after(&self) -> Option<(Sum, Sum)> {
        let incident = self.incident.as_ref()?;
        let after = self.after.sum.deflated(self.spread.max(self.after.jitter()));
        Some((incident.sum.deflated(self.spread.max(incident.jitter())), after))
    }

    /// `None` where the incident window shows no level above the baseline's.
    fn better_than_incident(&self) -> Option<bool> {
        let (incident, after) = self.incident_and_after()?;
        if let Some((before, _)) = self.pair()
            && ratio_above(before, incident, 1.0) > self.looks.alpha
        {
            return None;
        }
        if incident.errors <= 0.0 {
            return None;
        }
        Some(ratio_below(incident, after, 1.0) <= self.looks.share())
    }

    /// Above the incident's level by more than the margin's points.
    fn worse_than_incident(&self) -> bool {
        self.incident_and_after().is_some_and(|(incident, after)| {
            points_above(incident, after, self.margin.points) <= self.alarm_share()
        })
    }

    fn over_hard_limit(&self) -> bool {
        let after = self.after.sum.deflated(self.spread);
        self.hard_limit.is_some_and(|limit| at_least(after.errors, after.total, limit) <= self.alarm_share())
    }

    fn smallest_detectable(&self) -> Option<f64> {
        let (before, after) = self.pair()?;
        let level = self.alarm_share();
        power::smallest_rate(after.total, |errors| {
            p_worse(before, Sum { errors, total: after.total }, self.margin) <= level
        })
    }

    fn reason(&self, ruling: &Ruling, over_limit: bool) -> String {
        let figures = &ruling.figures;
        let after = percent(figures.after_rate.unwrap_or(0.0));
        let mut rates = vec![format!("{after} of {} fail after the deploy", grouped(figures.n_after))];
        if let Some(base) = &self.base {
            let rate = percent(figures.baseline_rate.unwrap_or(0.0));
            rates.push(format!("{rate} of {} before the incident", grouped(base.sum.total)));
        }
        if let Some(rate) = figures.incident_rate {
            rates.push(format!("{} during it", percent(rate)));
        }
        let mut says = vec![format!("{}: {}", rates.join(", "), self.finding(ruling, over_limit))];
        if ruling.kind != Kind::Fail
            && let Some(rate) = ruling.smallest_detectable
        {
            says.push(format!("a rate of {} would have shown", percent(rate)));
        }
        if self.spread > 1.05 {
            says.push(format!("the readings scatter {:.1} times as much as chance", self.spread));
        }
        if self.after.unusable > 0 {
            says.push(format!("{} unusable readings left out", self.after.unusable));
        }
        says.join("; ")
    }

    fn finding(&self, ruling: &Ruling, over_limit: bool) -> String {
        let base_rate = ruling.figures.baseline_rate.unwrap_or(0.0);
        let limit = percent(self.margin.limit(base_rate));
        match ruling.kind {
            Kind::Fail if over_limit => {
                format!("proven over the hard limit of {}", percent(self.hard_limit.unwrap_or(0.0)))
            }
            Kind::Fail if ruling.regression => "proven worse than the incident".to_owned(),
            Kind::Fail => format!("proven above what still counts as normal ({limit})"),
            Kind::Pass => format!("proven normal (below {limit})"),
            _ if self.base.is_none() => "there is no baseline (a scraped endpoint has no past)".to_owned(),
            _ if ruling.better_than_incident == Some(false) => {
                "not yet proven better than the incident".to_owned()
            }
            _ => format!("not yet proven on either side of {limit}"),
        }
    }
}
