//! Looking more than once: how the error level is spent, when to look, and what
//! the looks so far say of the whole window.
//!
//! The level of a window is divided among its looks (Bonferroni), which bounds
//! the error whatever the dependence between looks, and stays exact for small
//! counts, where the boundaries of Lan and DeMets (Biometrika 70:659–663, 1983)
//! need normal increments. A tenth is kept back for looks after the planned
//! ones, falling off as 1/j², so that a window can be extended.

use super::{Kind, Ruling};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which look this is, and what all of them together may err.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Looks {
    /// The probability of a wrong proof over a whole window; 0.01 by default.
    pub alpha: f64,
    /// The number of this look, from 1.
    pub look: u32,
    /// How many looks the window has: the length of [`look_times`].
    pub planned: u32,
}

impl Looks {
    /// The error level that this look may spend. Nonsense may spend nothing.
    pub fn share(self) -> f64 {
        if !(self.alpha > 0.0 && self.alpha < 1.0) || self.look == 0 || self.planned == 0 {
            return 0.0;
        }
        if self.look <= self.planned {
            return 0.9 * self.alpha / f64::from(self.planned);
        }
        let j = f64::from(self.look - self.planned);
        // The sum of 1/j² over all j is π²/6.
        0.1 * self.alpha * 6.0 / (std::f64::consts::PI.powi(2) * j * j)
    }
}

/// How long to watch after a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Window {
    /// No pass before this.
    pub min: SignedDuration,
    /// Who is not convinced by then asks a person.
    pub max: SignedDuration,
}

impl Default for Window {
    fn default() -> Self {
        Self { min: SignedDuration::from_mins(15), max: SignedDuration::from_mins(30) }
    }
}

impl Window {
    /// When to look: [`look_times`].
    pub fn look_times(self) -> Vec<SignedDuration> {
        look_times(self.min, self.max)
    }

    /// What the rulings of a look say: [`window_says`].
    pub fn says(self, elapsed: SignedDuration, rulings: &[&Ruling]) -> WindowSays {
        window_says(elapsed, self.min, self.max, rulings)
    }
}

/// What to do after a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "says")]
pub enum WindowSays {
    /// Not decided: look again.
    GoOn {
        /// The time since the deploy at which to look next.
        next_look: SignedDuration,
    },
    /// Every signal is proven normal, and the window was long enough.
    Pass,
    /// A signal is proven outside its margin, yet no worse than the incident.
    Fail,
    /// A signal is proven worse than the incident or over its hard limit.
    RollBack {
        /// The reason of the signal that says so.
        reason: String,
    },
    /// The window is over and nothing is proven.
    AskPerson {
        /// The reasons of the signals that are open.
        reason: String,
    },
}

/// When to look, as times since the deploy, ascending: geometric from a
/// fifteenth of `min` to `min` (nobody waits long for a disaster), then two
/// more up to `max`. Looks are at least a second apart.
pub fn look_times(min: SignedDuration, max: SignedDuration) -> Vec<SignedDuration> {
    const EARLY: i32 = 5;
    const LATE: i32 = 2;
    let min = min.as_secs_f64().max(1.0);
    let max = max.as_secs_f64().max(min);
    let early = (0..=EARLY).map(|i| min * 15_f64.powf(f64::from(i - EARLY) / f64::from(EARLY)));
    let late = (1..=LATE).map(|i| min * (max / min).powf(f64::from(i) / f64::from(LATE)));
    let mut seconds: Vec<i64> = early.chain(late).map(|s| s.round().max(1.0) as i64).collect();
    seconds.dedup();
    seconds.into_iter().map(SignedDuration::from_secs).collect()
}

/// What the rulings of one look say, `elapsed` after the deploy.
///
/// A regression or a fail ends the window at any time; a pass needs every
/// signal to pass, and `min` to be over; at `max` a person is asked. A signal
/// without data holds the window: it neither passes nor rolls back.
pub fn window_says(
    elapsed: SignedDuration,
    min: SignedDuration,
    max: SignedDuration,
    rulings: &[&Ruling],
) -> WindowSays {
    if let Some(worst) = rulings.iter().find(|ruling| ruling.regression) {
        return WindowSays::RollBack { reason: worst.reason.clone() };
    }
    if rulings.iter().any(|ruling| ruling.kind == Kind::Fail) {
        return WindowSays::Fail;
    }
    let open: Vec<&str> = rulings
        .iter()
        .filter(|ruling| ruling.kind != Kind::Pass)
        .map(|ruling| ruling.reason.as_str())
        .collect();
    if !rulings.is_empty() && open.is_empty() && elapsed >= min {
        return WindowSays::Pass;
    }
    if elapsed >= max.max(min) {
        let reason = if rulings.is_empty() { "no signal was judged".to_owned() } else { open.join("; ") };
        return WindowSays::AskPerson { reason };
    }
    let next_look = look_times(min, max).into_iter().find(|at| *at > elapsed).unwrap_or(max.max(min));
    WindowSays::GoOn { next_look }
}
