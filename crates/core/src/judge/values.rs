//! Latencies and gauges, by a rank test.
//!
//! The test is the one of Mann and Whitney (Ann. Math. Stat. 18:50–60, 1947) on
//! midranks: exact, by counting the permutations, while the samples are small
//! (ties included; statrs's exact test refuses them), otherwise by the normal
//! approximation with the tie correction (Lehmann, Nonparametrics, 1975, 1.4)
//! and a continuity correction. Readings that resemble their neighbours are
//! worth fewer: the variance grows by (1 + ρ)/(1 - ρ) (Bayley & Hammersley,
//! JRSS Suppl. 8:184–197, 1946).
//!
//! It refuses to say anything of negative values: a ratio of them means nothing.

use super::tail::{at_least, normal_above};
use super::{Figures, Kind, Looks, Ruling, grouped, power, significant};

/// Readings a window must have: fewer may all belong to one disturbance.
const LEAST: usize = 5;

/// Rules on one look at a gauge or a latency.
///
/// The question is whether the readings after the deploy lie within
/// `margin_ratio` times the baseline's (divided by it where lower is worse).
/// The `hard_limit` is in the unit of the readings and binds their median.
/// Five readings a window are needed for a proof.
/// Never panics; negative values and not-a-numbers are left out.
pub fn judge_values(
    baseline: &[f64],
    after: &[f64],
    margin_ratio: f64,
    hard_limit: Option<f64>,
    looks: Looks,
    higher_is_worse: bool,
) -> Ruling {
    let base = usable(baseline);
    let now = usable(after);
    let unusable = after.len() - now.len();
    let figures = Figures {
        baseline_rate: median(&base),
        after_rate: median(&now),
        n_after: now.len() as f64,
        ..Figures::default()
    };
    let Some(now_median) = figures.after_rate else {
        let reason = match unusable {
            0 => "nothing was read since the deploy".to_owned(),
            n => format!("none of {n} readings since the deploy was a usable number"),
        };
        return Ruling { figures, ..Ruling::open(Kind::Unverifiable, reason) };
    };
    let question = Question {
        ratio: if margin_ratio.is_finite() { margin_ratio.max(1.0) } else { 1.0 },
        hard_limit: hard_limit.filter(|limit| limit.is_finite()),
        share: looks.share(),
        higher_is_worse,
        inflation: inflation(&base).max(inflation(&now)),
    };
    question.rule(&base, &now, now_median, unusable, figures)
}

/// What is asked of two samples.
struct Question {
    ratio: f64,
    hard_limit: Option<f64>,
    share: f64,
    higher_is_worse: bool,
    inflation: f64,
}

impl Question {
    fn rule(&self, base: &[f64], now: &[f64], middle: f64, unusable: usize, mut figures: Figures) -> Ruling {
        let over = self.over_hard_limit(now);
        if !base.is_empty() {
            figures.p_equivalent = Some(self.p(base, now, true));
            figures.p_worse = Some(self.p(base, now, false));
        }
        let enough = now.len() >= LEAST && base.len() >= LEAST;
        let below = |p: Option<f64>, level: f64| enough && p.is_some_and(|p| level > 0.0 && p <= level);
        let within_limit = self
            .hard_limit
            .is_none_or(|limit| if self.higher_is_worse { middle <= limit } else { middle >= limit });
        let kind = if over || below(figures.p_worse, self.alarm_share()) {
            Kind::Fail
        } else if within_limit && below(figures.p_equivalent, self.share) {
            Kind::Pass
        } else {
            Kind::Inconclusive
        };
        let smallest_detectable =
            if base.is_empty() { None } else { self.smallest_detectable(base, now, middle) };
        let mut ruling =
            Ruling { regression: over, smallest_detectable, figures, ..Ruling::open(kind, String::new()) };
        ruling.reason = self.reason(&ruling, base.len(), over, unusable);
        ruling
    }

    fn alarm_share(&self) -> f64 {
        self.share / if self.hard_limit.is_some() { 2.0 } else { 1.0 }
    }

    /// P against "at or beyond the margin" (`equivalent`) or "within it".
    fn p(&self, base: &[f64], now: &[f64], equivalent: bool) -> f64 {
        let factor = if self.higher_is_worse { self.ratio } else { 1.0 / self.ratio };
        let edge: Vec<f64> = base.iter().map(|value| value * factor).collect();
        if equivalent == self.higher_is_worse {
            p_less(now, &edge, self.inflation)
        } else {
            p_less(&edge, now, self.inflation)
        }
    }

    /// The sign test on the median, on as many readings as these are worth.
    fn over_hard_limit(&self, now: &[f64]) -> bool {
        let Some(limit) = self.hard_limit else { return false };
        let beyond = |value: f64| if self.higher_is_worse { value > limit } else { value < limit };
        let count = now.iter().filter(|value| beyond(**value)).count() as f64;
        self.share > 0.0
            && at_least(count / self.inflation, now.len() as f64 / self.inflation, 0.5) <= self.alarm_share()
    }

    fn smallest_detectable(&self, base: &[f64], now: &[f64], middle: f64) -> Option<f64> {
        let moved = |factor: f64| if self.higher_is_worse { factor } else { 1.0 / factor };
        let factor = power::smallest_factor(|factor| {
            let worse: Vec<f64> = now.iter().map(|value| value * moved(factor)).collect();
            self.p(base, &worse, false) <= self.alarm_share()
        })?;
        Some(middle * moved(factor))
    }

    fn reason(&self, ruling: &Ruling, n_base: usize, over: bool, unusable: usize) -> String {
        let figures = &ruling.figures;
        let show = |value: Option<f64>| significant(value.unwrap_or(0.0));
        let mut what = format!(
            "median {} of {} readings after the deploy",
            show(figures.after_rate),
            grouped(figures.n_after)
        );
        if n_base > 0 {
            what = format!("{what}, {} of {n_base} before the incident", show(figures.baseline_rate));
        }
        let sign = if self.higher_is_worse { "times" } else { "times less than" };
        let edge = format!("{} {sign} the baseline", significant(self.ratio));
        let finding = match ruling.kind {
            Kind::Fail if over => format!("proven beyond the hard limit of {}", show(self.hard_limit)),
            Kind::Fail => format!("proven beyond {edge}"),
            Kind::Pass => format!("proven within {edge}"),
            _ if n_base == 0 => "there is no baseline (a scraped endpoint has no past)".to_owned(),
            _ => format!("not yet proven on either side of {edge}"),
        };
        let mut says = vec![format!("{what}: {finding}")];
        if ruling.kind != Kind::Fail
            && let Some(value) = ruling.smallest_detectable
        {
            says.push(format!("a median of {} would have shown", significant(value)));
        }
        if unusable > 0 {
            says.push(format!("{unusable} unusable readings left out"));
        }
        says.join("; ")
    }
}

/// Finite, non-negative readings, in their order.
fn usable(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|value| value.is_finite() && *value >= 0.0).collect()
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let upper = *sorted.get(half)?;
    let lower = if sorted.len().is_multiple_of(2) { *sorted.get(half.checked_sub(1)?)? } else { upper };
    Some(f64::midpoint(lower, upper))
}

/// How many readings in time order are worth one: (1 + ρ)/(1 - ρ) where the
/// first autocorrelation of the ranks is more than chance, otherwise 1.
fn inflation(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return 1.0;
    }
    let (ranks, _) = doubled_midranks(values);
    let mean = (n + 1) as f64;
    let off: Vec<f64> = ranks.iter().map(|rank| *rank as f64 - mean).collect();
    let squares: f64 = off.iter().map(|x| x * x).sum();
    if squares <= 0.0 {
        return 1.0;
    }
    let lagged: f64 = off.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let rho = (lagged / squares).min(0.95);
    if rho * (n as f64).sqrt() < 1.645 { 1.0 } else { (1.0 + rho) / (1.0 - rho) }
}

/// Twice the midrank of each value (whole numbers), and the sum of t³ - t over ties.
fn doubled_midranks(values: &[f64]) -> (Vec<usize>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0; values.len()];
    let (mut start, mut ties) = (0, 0.0);
    while start < order.len() {
        let same = |i: &usize| values[*i].total_cmp(&values[order[start]]).is_eq();
        let end = start + order[start..].iter().take_while(|i| same(i)).count();
        for i in &order[start..end] {
            ranks[*i] = start + 1 + end;
        }
        let t = (end - start) as f64;
        ties += t * t * t - t;
        start = end;
    }
    (ranks, ties)
}

/// The one-sided p of "x tends to be less than y" (small: proven).
pub(super) fn p_less(x: &[f64], y: &[f64], inflation: f64) -> f64 {
    /// Steps of the exact count that a look may cost.
    const WORK: usize = 20_000_000;
    let (m, n) = (x.len(), x.len() + y.len());
    if m == 0 || y.is_empty() {
        return 1.0;
    }
    let pooled: Vec<f64> = x.iter().chain(y).map(|value| value + 0.0).collect();
    let (ranks, ties) = doubled_midranks(&pooled);
    let low: usize = ranks[..m].iter().sum();
    let smaller = m.min(y.len());
    if n.saturating_mul(smaller).saturating_mul(smaller * 2 * n) <= WORK {
        let exact = exact_at_most(&ranks, m, low);
        return if inflation > 1.0 { exact.max(approximate(low, m, n, ties, inflation)) } else { exact };
    }
    if smaller < 8 {
        return 1.0; // too lopsided for the approximation, too large to count
    }
    approximate(low, m, n, ties, inflation)
}

/// P(the sum of m of these ranks, drawn at random, is at most `low`).
fn exact_at_most(ranks: &[usize], m: usize, low: usize) -> f64 {
    let all: usize = ranks.iter().sum();
    // Counting the smaller group is cheaper; its sum is bounded from the other side.
    let (k, mirrored) = if 2 * m <= ranks.len() { (m, false) } else { (ranks.len() - m, true) };
    let mut largest: Vec<usize> = ranks.to_vec();
    largest.sort_unstable_by(|a, b| b.cmp(a));
    let top: usize = largest.iter().take(k).sum();
    let width = top + 1;
    let mut ways = vec![0.0_f64; (k + 1) * width];
    ways[0] = 1.0;
    for (seen, rank) in ranks.iter().enumerate() {
        for size in (1..=k.min(seen + 1)).rev() {
            let (fewer, these) = ways.split_at_mut(size * width);
            let fewer = &fewer[(size - 1) * width..];
            for sum in *rank..width {
                these[sum] += fewer[sum - rank];
            }
        }
    }
    let counts = &ways[k * width..];
    let total: f64 = counts.iter().sum();
    let tail: f64 =
        if mirrored { counts.iter().skip(all - low).sum() } else { counts.iter().take(low + 1).sum() };
    if total > 0.0 { (tail / total).clamp(0.0, 1.0) } else { 1.0 }
}

fn approximate(low: usize, m: usize, n: usize, ties: f64, inflation: f64) -> f64 {
    let (sum, m, n) = (low as f64 / 2.0, m as f64, n as f64);
    let mean = m * (n + 1.0) / 2.0;
    let variance = m * (n - m) / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)).max(1.0)) * inflation;
    if variance <= 0.0 {
        return 1.0;
    }
    normal_above((mean - sum - 0.5) / variance.sqrt())
}
