//! Signals from production: what is sampled, kept, and read back as readings.
//!
//! A [`Source`] looks at one system; the [`Collector`] asks all of them and
//! keeps the raw samples in a folder, so that there is a past to compare with.
//! A source that is down gives a sample that says so, never a zero. It refuses
//! to judge: that is done elsewhere, on the readings.

mod command;
mod compare;
mod endpoint;
mod log_file;
mod readings;
mod selector;
mod store;

pub use command::Run;
pub use log_file::LogPosition;
pub use selector::{Selector, SelectorError};
pub use store::{Store, StoreError, StoredSample};

use crate::connect::http::{Http, HttpError};
use hotfix_core::config::{Check, CheckKind, Config, Telemetry, TelemetryKind, Token};
use hotfix_core::digest;
use hotfix_core::journal::Reading;
use hotfix_core::logs::LogDiff;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A system that signals come from.
pub trait Source {
    /// Looks once, for one check.
    fn read(&mut self, check: &Check) -> Result<Raw, SourceError>;
}

/// What a source says at one moment. Counters are as they stand, since ever.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Raw {
    /// Errors; for a mean, the sum.
    pub errors: Option<f64>,
    /// Events; for a mean, the count.
    pub total: Option<f64>,
    /// A value that is no counter.
    pub value: Option<f64>,
    /// How far a log had grown.
    pub log: Option<LogPosition>,
}

/// Why a source says nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// The endpoint cannot be reached, or refuses.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A selector that is none.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// The endpoint's metrics do not answer the check.
    #[error("{0}")]
    Metrics(String),
    /// The command failed, or printed something else.
    #[error("{0}")]
    Command(String),
    /// The log cannot be read.
    #[error("the log {path} cannot be read: {reason}", path = path.display())]
    Log {
        /// The log.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The config does not say enough.
    #[error("{0}")]
    Config(String),
    /// The samples cannot be read.
    #[error(transparent)]
    Store(Arc<StoreError>),
}

impl From<StoreError> for SourceError {
    fn from(error: StoreError) -> Self {
        SourceError::Store(Arc::new(error))
    }
}

/// Samples the checks of a config and gives their readings.
pub struct Collector<'a> {
    config: &'a Config,
    store: Store,
    root: PathBuf,
    run: &'a Run<'a>,
    http: Http,
}

impl<'a> Collector<'a> {
    /// A collector that keeps its samples in the folder `store`. Paths of logs
    /// are relative to `root`; `run` runs a command and gives its output.
    pub fn new(config: &'a Config, store: PathBuf, root: &Path, run: &'a Run<'a>) -> Self {
        Self { config, store: Store::new(store), root: root.to_owned(), run, http: Http::new() }
    }

    /// Looks once for every check and keeps what was seen. A source that is
    /// down gives a sample with the reason; each source is asked once.
    pub fn sample(&mut self, now: Timestamp) -> Result<(), StoreError> {
        // Every check is written, even where one cannot be.
        let mut written = Ok(());
        for (check, sample) in self.look(now) {
            written = written.and(self.store.append(&check.name, &sample));
        }
        written
    }

    /// Looks once for every check, and keeps nothing.
    pub fn look(&self, now: Timestamp) -> Vec<(&'a Check, StoredSample)> {
        let mut sources: BTreeMap<&str, Result<Box<dyn Source + '_>, SourceError>> = BTreeMap::new();
        let mut samples = Vec::new();
        for check in &self.config.monitor.checks {
            let source =
                sources.entry(check.telemetry.as_str()).or_insert_with(|| self.source(&check.telemetry));
            let raw = match source {
                Ok(source) => source.read(check),
                Err(error) => Err(error.clone()),
            };
            samples.push((check, stored(check, raw, now)));
        }
        samples
    }

    /// The readings of a check in `(from, to]`: what happened between two
    /// consecutive samples, at the later one's time. The first may reach back
    /// before `from`, unless a sample was taken then.
    pub fn readings(
        &self,
        check: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<Reading>, StoreError> {
        let mean = self.check(check).is_some_and(|check| check.kind == CheckKind::Mean);
        let mut readings = readings::readings(check, mean, &self.samples(check)?);
        readings.retain(|r| from.is_none_or(|from| r.at > from) && to.is_none_or(|to| r.at <= to));
        Ok(readings)
    }

    /// Where the log of a check stood at a time, or at the last look before.
    pub fn log_position_at(&self, check: &str, at: Timestamp) -> Result<Option<LogPosition>, StoreError> {
        let samples = self.samples(check)?;
        Ok(samples.into_iter().rev().filter(|s| s.at <= at).find_map(|s| s.log))
    }

    /// The error templates that a log has after `after` and did not have
    /// before `baseline_until` (where that is none: before `after`). Both are
    /// taken at the last look before them.
    pub fn new_errors(
        &self,
        check: &str,
        baseline_until: Option<Timestamp>,
        after: Timestamp,
    ) -> Result<LogDiff, SourceError> {
        let path = self.log_of(check)?;
        let mut notices = Vec::new();
        let (start, later) = self.log_since(check, after, &mut notices)?;
        let until = baseline_until.map_or(after, |until| until.min(after));
        let baseline = self.log_position_at(check, until)?;
        let failed = |e: std::io::Error| log_file::unreadable(&path, &e);
        let since = log_file::Since::find(&path, &start, &later).map_err(failed)?;
        let before = compare::before(&self.store, &path, baseline.as_ref()).map_err(failed)?;
        let mut found = compare::compare(before, &path, &since).map_err(failed)?;
        found.notices.splice(0..0, notices);
        found.notices.dedup();
        Ok(found)
    }

    /// When a log was first looked at, from a time on. Another process may have
    /// kept a sample of that very time for other checks, and not yet for this.
    pub fn first_looked_at(&self, check: &str, from: Timestamp) -> Option<Timestamp> {
        let samples = self.samples(check).ok()?;
        samples.into_iter().filter(|s| s.log.is_some() && s.at >= from).map(|s| s.at).min()
    }

    /// Where the log stood at `after`, and where it was seen since.
    fn log_since(
        &self,
        check: &str,
        after: Timestamp,
        notices: &mut Vec<String>,
    ) -> Result<(LogPosition, Vec<LogPosition>), SourceError> {
        let seen: Vec<(Timestamp, LogPosition)> =
            self.samples(check)?.into_iter().filter_map(|s| Some((s.at, s.log?))).collect();
        let before = seen.partition_point(|(at, _)| *at <= after);
        let Some((at, start)) = seen.get(before.saturating_sub(1)).cloned() else {
            return Err(SourceError::Config(format!("the log of the check `{check}` was never looked at")));
        };
        if before == 0 {
            notices
                .push(format!("the log was first looked at {at}; what was written before is not compared"));
        }
        Ok((start, seen.into_iter().skip(before.max(1)).map(|(_, position)| position).collect()))
    }

    fn log_of(&self, check: &str) -> Result<PathBuf, SourceError> {
        let source = self.check(check).and_then(|check| self.config.telemetry.get(&check.telemetry));
        let path = source.filter(|s| s.kind == TelemetryKind::LogFile).and_then(|s| s.path.as_ref());
        let none = || SourceError::Config(format!("the check `{check}` has no log"));
        path.map(|path| self.root.join(path)).ok_or_else(none)
    }

    fn check(&self, name: &str) -> Option<&Check> {
        self.config.monitor.checks.iter().find(|check| check.name == name)
    }

    /// The samples that answer what the check asks for now.
    fn samples(&self, name: &str) -> Result<Vec<StoredSample>, StoreError> {
        let mut samples = self.store.samples(name)?;
        if let Some(check) = self.check(name) {
            let asks = asks(check);
            samples.retain(|sample| sample.asks == asks);
        }
        Ok(samples)
    }

    fn source(&self, name: &str) -> Result<Box<dyn Source + '_>, SourceError> {
        let lacks = |what: &str| SourceError::Config(format!("the telemetry `{name}` has no {what}"));
        let telemetry = self.config.telemetry.get(name).ok_or_else(|| lacks("section in the config"))?;
        Ok(match telemetry.kind {
            TelemetryKind::MetricsEndpoint => {
                let url = telemetry.url.as_deref().ok_or_else(|| lacks("`url`"))?;
                Box::new(endpoint::Endpoint::new(&self.http, url, token(name, telemetry)?))
            }
            TelemetryKind::LogFile => {
                let path = telemetry.path.as_ref().ok_or_else(|| lacks("`path`"))?;
                Box::new(log_file::LogFile { path: self.root.join(path) })
            }
            TelemetryKind::Command => {
                let command = telemetry.command.as_ref().ok_or_else(|| lacks("`command`"))?;
                Box::new(command::Command::new(self.run, command.argv()))
            }
        })
    }
}

/// The token of a source. A token that cannot be had is an error: without it
/// the answer would be another one.
fn token(name: &str, telemetry: &Telemetry) -> Result<Option<String>, SourceError> {
    let variable = match &telemetry.token {
        None => return Ok(None),
        Some(Token::Env(variable)) => variable,
        Some(Token::Keyring(_) | Token::Command(_)) => {
            let reason =
                format!("the token of the telemetry `{name}` can only come from the environment so far");
            return Err(SourceError::Config(reason));
        }
    };
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
    let unset =
        || SourceError::Config(format!("`{variable}`, the token of the telemetry `{name}`, is not set"));
    value.map(Some).ok_or_else(unset)
}

fn asks(check: &Check) -> String {
    let question = (check.kind, &check.telemetry, &check.query, &check.total);
    digest::of_value(&question).map(|digest| digest[..16].to_owned()).unwrap_or_default()
}

fn stored(check: &Check, raw: Result<Raw, SourceError>, at: Timestamp) -> StoredSample {
    let finite = |raw: &Raw| [raw.errors, raw.total, raw.value].into_iter().flatten().all(f64::is_finite);
    let (raw, missing) = match raw {
        Ok(raw) if finite(&raw) => (raw, None),
        Ok(_) => (Raw::default(), Some("the value is no finite number".to_owned())),
        Err(error) => (Raw::default(), Some(error.to_string())),
    };
    StoredSample {
        at,
        errors: raw.errors,
        total: raw.total,
        value: raw.value,
        log: raw.log,
        missing,
        by: std::process::id(),
        asks: asks(check),
    }
}

#[cfg(test)]
mod tests;
