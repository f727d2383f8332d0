//! How small a regression the data at hand could have shown.
//!
//! An inconclusive or passing look without this figure invites the mistake of
//! taking silence for proof.

use super::tail::beta_quantile;

/// With what probability a regression of the reported size would be proven.
pub(super) const POWER: f64 = 0.8;

/// The smallest true rate that `total` events would have proven worse with
/// probability [`POWER`]; `None` where even nothing but errors would not do.
///
/// `fails` says whether that many errors (ascending from false to true) would
/// be a proof.
pub(super) fn smallest_rate(total: f64, fails: impl Fn(f64) -> bool) -> Option<f64> {
    if !fails(total) {
        return None;
    }
    let (mut low, mut high) = (0.0, total);
    for _ in 0..40 {
        if high - low < 0.01 {
            break;
        }
        let middle = f64::midpoint(low, high);
        if fails(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    let errors = (high - 0.01).ceil().clamp(0.0, total);
    // P(X ≥ k) = I_p(k, n - k + 1): the rate at which it reaches the power.
    Some(if errors <= 0.0 { 0.0 } else { beta_quantile(errors, total - errors + 1.0, POWER) })
}

/// The smallest factor at or above 1 on a set of readings that would have been
/// a proof; `None` where a thousandfold would not do.
pub(super) fn smallest_factor(fails: impl Fn(f64) -> bool) -> Option<f64> {
    let (mut low, mut high) = (0.0_f64, 1_000.0_f64.ln());
    if !fails(high.exp()) {
        return None;
    }
    for _ in 0..10 {
        let middle = f64::midpoint(low, high);
        if fails(middle.exp()) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high.exp())
}
