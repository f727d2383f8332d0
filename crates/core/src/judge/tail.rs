//! Tail probabilities, extended to fractional counts.
//!
//! The regularised incomplete beta function is statrs's. Its continued fraction
//! stops after 140 terms without saying so, which is too few where both
//! parameters are in the thousands; there the approximation of Peizer and Pratt
//! (JASA 63:1416–1456, 1968) is used, whose error is then below 1e-6.

use statrs::function::{beta::checked_beta_reg, erf::erfc};

/// Above this value of the smaller parameter the approximation takes over.
const MANY: f64 = 1_000.0;

/// P(T ≤ x) for T ~ Beta(a, b); a = 0 is a point at 0, b = 0 a point at 1.
pub(super) fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x >= 1.0 || (a <= 0.0 && x >= 0.0) {
        return 1.0;
    }
    if x <= 0.0 || b <= 0.0 || x.is_nan() {
        return 0.0;
    }
    if a.min(b) > MANY {
        return peizer_pratt(a, b, x);
    }
    checked_beta_reg(a, b, x).unwrap_or(f64::NAN).clamp(0.0, 1.0)
}

/// The approximation, from P(Bin(a + b - 1, 1 - x) ≤ b - 1) = `I_x(a, b)`.
fn peizer_pratt(a: f64, b: f64, x: f64) -> f64 {
    let (trials, below) = (a + b - 1.0, 1.0 - x);
    let fine = 0.02 * (x / b - below / a + (x - 0.5) / (trials + 1.0));
    let off = b - 1.0 / 3.0 - (trials + 1.0 / 3.0) * below + fine;
    let skew = 1.0 + x * bend((b - 0.5) / (trials * below)) + below * bend((a - 0.5) / (trials * x));
    let deviation = ((trials + 1.0 / 6.0) * below * x / skew.max(1e-12)).sqrt();
    normal_above(-off / deviation)
}

/// The function g of Peizer and Pratt; 0 at 1.
fn bend(x: f64) -> f64 {
    let off = 1.0 - x;
    if off.abs() < 1e-4 {
        // The series about 1: g(x) = (1 - x)/3 + …
        return off / 3.0;
    }
    (1.0 - x * x + 2.0 * x * x.ln()) / (off * off)
}

/// P(Z > z) for a standard normal Z.
pub(super) fn normal_above(z: f64) -> f64 {
    0.5 * erfc(z / std::f64::consts::SQRT_2)
}

/// P(X ≤ k) for X ~ Bin(n, p).
pub(super) fn at_most(k: f64, n: f64, p: f64) -> f64 {
    if k >= n { 1.0 } else { beta_cdf(n - k, k + 1.0, 1.0 - p) }
}

/// P(X ≥ k) for X ~ Bin(n, p).
pub(super) fn at_least(k: f64, n: f64, p: f64) -> f64 {
    if k <= 0.0 { 1.0 } else { beta_cdf(k, n - k + 1.0, p) }
}

/// The x with P(T ≤ x) = q for T ~ Beta(a, b), by bisection.
pub(super) fn beta_quantile(a: f64, b: f64, q: f64) -> f64 {
    let mean = if a + b > 0.0 { a / (a + b) } else { 0.5 };
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    let mut x = mean;
    for _ in 0..60 {
        if beta_cdf(a, b, x) < q {
            low = x;
        } else {
            high = x;
        }
        x = f64::midpoint(low, high);
        if high - low < 1e-12 + 1e-9 * low {
            break;
        }
    }
    x
}
