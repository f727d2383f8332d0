//! Whether a count rose by more than chance: exact tests of two Poisson rates,
//! given their sum (Przyborowski and Wilenski, Biometrika 31:313–323, 1940), and
//! Holm's correction for many of them (Scandinavian Journal of Statistics
//! 6:65–70, 1979).

/// The least ratio that is called a rise.
pub(crate) const LEAST_RATIO: f64 = 2.0;
/// The least count that is called a rise.
pub(crate) const LEAST_COUNT: u64 = 10;
/// The error rate over all templates together.
pub(crate) const LEVEL: f64 = 0.001;

/// Probability of at least `after` of `before + after` events on the second
/// side, whose part of the exposure is `part`.
pub(crate) fn upper(before: u64, after: u64, part: f64) -> f64 {
    if after == 0 || part >= 1.0 {
        return 1.0;
    }
    if part <= 0.0 {
        return 0.0;
    }
    incomplete_beta(float(after), float(before) + 1.0, part).clamp(0.0, 1.0)
}

/// Probability of none on the second side, of so many on the first.
pub(crate) fn none(before: u64, part: f64) -> f64 {
    (float(before) * (-part.clamp(0.0, 1.0 - 1e-12)).ln_1p()).exp()
}

/// Corrected probabilities, in the order given.
pub(crate) fn holm(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
    let mut out = vec![1.0; probabilities.len()];
    let mut highest = 0.0_f64;
    for (done, at) in order.iter().enumerate() {
        let left = float((probabilities.len() - done) as u64);
        highest = highest.max((probabilities[*at] * left).min(1.0));
        out[*at] = highest;
    }
    out
}

/// Counts are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// The regularised incomplete beta function, by its continued fraction
/// (DLMF 8.17.22, evaluated as Lentz does).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    let log = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    if x < (a + 1.0) / (a + b + 2.0) {
        log.exp() * fraction(a, b, x) / a
    } else {
        1.0 - log.exp() * fraction(b, a, 1.0 - x) / b
    }
}

#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let near = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / near(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..10_000_u32 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / near(1.0 + even * d);
        c = near(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / near(1.0 + odd * d);
        c = near(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-13 {
            break;
        }
    }
    h
}

/// The logarithm of the gamma function (Lanczos' approximation, g = 7, n = 9).
fn ln_gamma(x: f64) -> f64 {
    const C: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let t = x + 7.5;
    let sum = C.iter().enumerate().skip(1).fold(C[0], |sum, (i, c)| sum + c / (x + float(i as u64)));
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tail by adding up the binomial distribution.
    fn slow(before: u64, after: u64, part: f64) -> f64 {
        let n = before + after;
        let choose =
            |k: u64| ln_gamma(float(n) + 1.0) - ln_gamma(float(k) + 1.0) - ln_gamma(float(n - k) + 1.0);
        (after..=n).map(|k| (choose(k) + float(k) * part.ln() + float(n - k) * (1.0 - part).ln()).exp()).sum()
    }

    #[test]
    fn tails_are_exact() {
        for (before, after, part) in
            [(0, 1, 0.5), (3, 9, 0.5), (20, 100, 0.4), (1_000, 1_100, 0.5), (5, 40, 0.01), (0, 12, 0.9)]
        {
            let (fast, slow) = (upper(before, after, part), slow(before, after, part));
            assert!(
                (fast - slow).abs() <= 1e-9 * slow.max(1e-12) + 1e-15,
                "{before} {after} {part}: {fast} {slow}"
            );
        }
        assert!((upper(0, 1, 0.5) - 0.5).abs() < 1e-12);
        assert!(upper(0, 0, 0.5) >= 1.0 && upper(9, 1, 0.0) <= 0.0 && upper(1, 1, 1.0) >= 1.0);
        assert!((none(10, 0.5) - 0.5_f64.powi(10)).abs() < 1e-12);
        assert!(upper(10_000_000, 20_000_000, 0.5) < 1e-300);
    }

    #[test]
    fn corrections_keep_the_order() {
        assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }
}
