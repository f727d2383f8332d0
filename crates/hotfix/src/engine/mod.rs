//! The durable engine: what a step may rely on, how effects are carried out
//! exactly once, and the loop that takes a run forward.
//!
//! A step is an ordinary function over [`Durable`]. It never blocks for long:
//! where it needs a person, an approval, a pipeline or time, it returns
//! [`Stop::Waiting`], and whoever hosts it calls it again.

pub mod blobs;
pub mod drive;
pub mod effects;
pub mod failpoint;
pub mod journal;
pub mod runs;

use crate::error::Failure;
use hotfix_core::effect::{Effect, Probe};
use hotfix_core::journal::{Event, WaitingFor};
use hotfix_core::run::RunState;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What an effect gave back.
pub type Values = BTreeMap<String, Value>;

/// Why a step does not go on.
#[derive(Debug)]
pub enum Stop {
    /// It waits, and nothing is wrong.
    Waiting(Vec<WaitingFor>),
    /// A gate or the step failed.
    Failed(Box<Failure>),
    /// Somebody asked to stop; the state is saved.
    Interrupted,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(Box::new(failure))
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<crate::git::GitError> for Stop {
    fn from(error: crate::git::GitError) -> Self {
        Failure::from(error).into()
    }
}

/// The durable context that steps are written against.
pub trait Durable {
    /// The time, by the run's clock.
    fn now(&self) -> Timestamp;
    /// What is known of the run.
    fn state(&self) -> &RunState;
    /// Writes an event down.
    fn append(&mut self, event: Event) -> Result<(), Stop>;
    /// Carries an effect out once, or gives back what it gave.
    fn effect(&mut self, effect: Effect) -> Result<Values, Stop>;
}

/// Why an effect was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PerformError {
    /// It did not take place, and trying again at once does not help.
    Failed(String),
    /// It did not take place; trying again may help.
    Transient(String),
    /// Nobody knows whether it took place.
    Unsure(String),
}

/// Who carries effects out and looks them up: the connector that owns the kind.
pub trait Performer {
    /// Carries it out.
    fn perform(&self, effect: &Effect) -> Result<Values, PerformError>;
    /// Tells whether it took place. Changes nothing.
    fn probe(&self, effect: &Effect) -> Probe;
}
