//! Log lines: time, level, component, message.
//!
//! `SHOP_LOG` names the file; without it the lines go to standard error.
//! `SHOP_CLOCK` (`real_ms:shown_ms:scale`) makes the shown time run faster.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// How much a line matters.
#[derive(Clone, Copy)]
pub enum Level {
    Info,
    Error,
}

/// A file of lines.
pub struct Log {
    file: Option<Mutex<File>>,
    clock: Clock,
    started: i64,
}

struct Clock {
    real: i64,
    shown: i64,
    scale: i64,
}

impl Log {
    pub fn open() -> std::io::Result<Log> {
        let file = match std::env::var_os("SHOP_LOG") {
            Some(path) => Some(OpenOptions::new().create(true).append(true).open(path)?),
            None => None,
        };
        let clock = Clock::new(&std::env::var("SHOP_CLOCK").unwrap_or_default());
        let started = clock.now();
        Ok(Log { file: file.map(Mutex::new), clock, started })
    }

    /// When the process started, in seconds since the epoch.
    pub fn started_seconds(&self) -> f64 {
        self.started as f64 / 1000.0
    }

    /// The time that a line carries.
    pub fn now(&self) -> String {
        timestamp(self.clock.now())
    }

    /// Writes one line; a full disk does not stop the shop.
    pub fn write(&self, level: Level, component: &str, message: &str) {
        let level = match level {
            Level::Info => "INFO",
            Level::Error => "ERROR",
        };
        let line = format!("{} {level:5} {component}: {message}\n", self.now());
        match &self.file {
            Some(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = file.write_all(line.as_bytes());
            }
            None => eprint!("{line}"),
        }
    }
}

impl Clock {
    fn new(text: &str) -> Clock {
        let numbers: Vec<i64> = text.split(':').filter_map(|part| part.parse().ok()).collect();
        match numbers[..] {
            [real, shown, scale] => Clock { real, shown, scale },
            _ => Clock { real: 0, shown: 0, scale: 1 },
        }
    }

    fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.shown + (now.as_millis() as i64 - self.real) * self.scale
    }
}

/// RFC 3339 in UTC, with milliseconds.
fn timestamp(milliseconds: i64) -> String {
    let seconds = milliseconds.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        second / 3600,
        second / 60 % 60,
        second % 60,
        milliseconds.rem_euclid(1000)
    )
}

/// The date of a day since the epoch, in years that begin in March.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(1_709_210_096_789), "2024-02-29T12:34:56.789Z");
    }

    #[test]
    fn a_scaled_clock_runs_faster() {
        let clock = Clock::new("1000:5000:60");
        assert_eq!((clock.real, clock.shown, clock.scale), (1000, 5000, 60));
        assert!(clock.now() > 5000);
    }
}
