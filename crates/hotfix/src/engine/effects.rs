//! How an effect is carried out exactly once: written down, performed, its
//! outcome written down. One with no outcome is in doubt, and is looked up
//! before anything else happens; it is never blindly repeated.

use super::failpoint::{probes_are_off, reached};
use super::{Durable, PerformError, Performer, Stop, Values};
use crate::error::{Failure, exit};
use crate::sys::interrupt;
use backon::BackoffBuilder as _;
use hotfix_core::effect::{Effect, EffectId, Outcome, Probe};
use hotfix_core::journal::{Event, Record, WaitingFor, WaitingKind};
use hotfix_core::run::RunState;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Where events go: a file, or memory in tests.
pub trait Journal {
    /// What is known of the run.
    fn state(&self) -> &RunState;
    /// Takes in what others have written since.
    fn refresh(&mut self) -> Result<(), Failure>;
    /// Writes an event down for good.
    fn append(&mut self, at: Timestamp, event: Event) -> Result<Record, Failure>;
}

/// Tells the time.
pub trait Time {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits before a retry.
    fn pause(&self, time: Duration);
}

/// The engine over a journal, a world and a clock.
pub struct Engine<'a> {
    journal: &'a mut dyn Journal,
    world: &'a dyn Performer,
    time: &'a dyn Time,
    tell: &'a dyn Fn(&str),
}

impl<'a> Engine<'a> {
    /// An engine. `tell` is told what a person should see.
    pub fn new(
        journal: &'a mut dyn Journal,
        world: &'a dyn Performer,
        time: &'a dyn Time,
        tell: &'a dyn Fn(&str),
    ) -> Engine<'a> {
        Engine { journal, world, time, tell }
    }

    /// Takes in what others have written since.
    pub fn refresh(&mut self) -> Result<(), Stop> {
        Ok(self.journal.refresh()?)
    }

    /// Settles every effect in doubt, as it was recorded, before any step
    /// runs again. A best-effort one that cannot be told is left and shown.
    pub fn settle_all(&mut self) -> Result<(), Stop> {
        let doubtful: Vec<Effect> =
            self.journal.state().in_doubt().iter().map(|e| e.effect.clone()).collect();
        for effect in doubtful {
            self.settle(&effect)?;
        }
        Ok(())
    }

    fn settle(&mut self, effect: &Effect) -> Result<Values, Stop> {
        let answer = if probes_are_off() { Probe::Absent } else { self.world.probe(effect) };
        match answer {
            Probe::TookPlace(value) => {
                (self.tell)(&format!("found done: {}", effect.what.summary()));
                let outcome = Outcome::Succeeded { value: value.clone() };
                self.write(Event::EffectAdopted { id: effect.id.clone(), outcome })?;
                Ok(value)
            }
            Probe::Absent => self.perform(effect),
            Probe::InProgress(what) => Err(self.later(what)),
            Probe::Unknown(_) if !effect.required => Ok(Values::new()),
            Probe::Unknown(why) => Err(in_doubt(effect, &why).into()),
        }
    }

    /// Something is still at it: nothing is repeated, and it is looked up again.
    fn later(&self, what: String) -> Stop {
        let until = self.time.now().checked_add(SignedDuration::from_secs(10)).ok();
        let how = "hotfix run --wait".to_owned();
        Stop::Waiting(vec![WaitingFor { kind: WaitingKind::Time, what, how, until }])
    }

    fn request(&mut self, effect: &Effect) -> Result<Values, Stop> {
        if interrupt::asked() {
            return Err(Stop::Interrupted);
        }
        reached(&effect.id, "before-record");
        self.write(Event::EffectRequested { effect: effect.clone() })?;
        reached(&effect.id, "after-record");
        self.perform(effect)
    }

    fn perform(&mut self, effect: &Effect) -> Result<Values, Stop> {
        let mut delays = backon::ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(8))
            .with_max_times(4)
            .build();
        loop {
            match self.world.perform(effect) {
                Ok(value) => {
                    reached(&effect.id, "before-outcome");
                    self.outcome(effect, Outcome::Succeeded { value: value.clone() })?;
                    reached(&effect.id, "after-outcome");
                    return Ok(value);
                }
                Err(PerformError::Transient(why)) => match delays.next() {
                    Some(delay) if !interrupt::asked() => {
                        (self.tell)(&format!("{why}; trying again in {:.1} s", delay.as_secs_f64()));
                        self.time.pause(delay);
                    }
                    _ => return self.failed(effect, &format!("{why} (tried 5 times)")),
                },
                Err(PerformError::Failed(why)) => return self.failed(effect, &why),
                Err(PerformError::Unsure(why)) if interrupt::asked() => {
                    (self.tell)(&format!("{why}: it will be looked up when the run goes on"));
                    return Err(Stop::Interrupted);
                }
                Err(PerformError::Unsure(why)) => {
                    let Some(value) = self.look_up(effect, &why)? else {
                        // It is known not to have taken place: that is no more than a lost try.
                        match delays.next() {
                            Some(delay) if !interrupt::asked() => {
                                (self.tell)(&format!(
                                    "{why}; it did not take place: trying again in {:.1} s",
                                    delay.as_secs_f64()
                                ));
                                self.time.pause(delay);
                                continue;
                            }
                            _ => return self.failed(effect, &why),
                        }
                    };
                    return Ok(value);
                }
            }
        }
    }

    /// After an answer that got lost the probe decides; none: it did not take place.
    fn look_up(&mut self, effect: &Effect, why: &str) -> Result<Option<Values>, Stop> {
        match self.world.probe(effect) {
            Probe::TookPlace(value) => {
                let outcome = Outcome::Succeeded { value: value.clone() };
                self.write(Event::EffectAdopted { id: effect.id.clone(), outcome })?;
                Ok(Some(value))
            }
            Probe::Absent => Ok(None),
            Probe::InProgress(what) => Err(self.later(what)),
            Probe::Unknown(_) if !effect.required => Ok(Some(Values::new())),
            Probe::Unknown(_) => Err(in_doubt(effect, why).into()),
        }
    }

    fn failed(&mut self, effect: &Effect, why: &str) -> Result<Values, Stop> {
        self.outcome(effect, Outcome::Failed { error: why.to_owned() })?;
        if !effect.required {
            (self.tell)(&format!("could not {}: {why}", effect.what.summary()));
            return Ok(Values::new());
        }
        let message = format!("could not {}: {why}", effect.what.summary());
        Err(Failure::failed("HF0404", message).try_this("mend the cause, then go on", "hotfix run").into())
    }

    fn outcome(&mut self, effect: &Effect, outcome: Outcome) -> Result<(), Stop> {
        self.write(Event::EffectOutcome { id: effect.id.clone(), outcome })
    }

    fn write(&mut self, event: Event) -> Result<(), Stop> {
        self.journal.append(self.time.now(), event)?;
        Ok(())
    }
}

/// A required effect that nobody can tell of.
fn in_doubt(effect: &Effect, why: &str) -> Failure {
    let name = format!("{}/{}", effect.id.step, effect.id.name);
    Failure::failed(
        "HF0403",
        format!("it is in doubt whether this took place: {} ({why})", effect.what.summary()),
    )
    .exits(exit::IN_DOUBT)
    .try_this("look it up, and if it took place", format!("hotfix done {name} --took-place"))
    .try_this("if it did not", format!("hotfix done {name} --did-not"))
}

impl Durable for Engine<'_> {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn state(&self) -> &RunState {
        self.journal.state()
    }

    fn append(&mut self, event: Event) -> Result<(), Stop> {
        self.write(event)
    }

    fn effect(&mut self, effect: Effect) -> Result<Values, Stop> {
        let known = self.journal.state().effects.get(&effect.id).cloned();
        match known {
            None => self.request(&effect),
            Some(seen) => match seen.outcome {
                Some(Outcome::Succeeded { value }) => Ok(value),
                // It is known not to have taken place: this is another try.
                Some(Outcome::Failed { .. }) if effect.required => self.request(&effect),
                Some(Outcome::Failed { .. }) => Ok(Values::new()),
                None => self.settle(&seen.effect),
            },
        }
    }
}

/// The identity of an effect of the attempt under way.
pub fn identity(state: &RunState, step: &str, name: &str, subject: impl Into<String>) -> EffectId {
    EffectId {
        attempt: state.attempt_number(),
        step: step.to_owned(),
        name: name.to_owned(),
        subject: subject.into(),
    }
}
