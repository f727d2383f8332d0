//! Counts and durations, in the Prometheus text format.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the duration buckets, in seconds.
const BUCKETS: [f64; 9] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];

#[derive(Default)]
struct Durations {
    buckets: [u64; BUCKETS.len()],
    sum: f64,
    count: u64,
}

#[derive(Default)]
struct Table {
    requests: BTreeMap<(&'static str, u16), u64>,
    durations: BTreeMap<&'static str, Durations>,
    total: u64,
}

/// What this process has counted since it started.
pub struct Metrics {
    table: Mutex<Table>,
}

impl Metrics {
    pub fn new() -> Metrics {
        Metrics { table: Mutex::default() }
    }

    /// Counts a request; says how many there were.
    pub fn count(&self, route: &'static str, status: u16, took: Duration) -> u64 {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        *table.requests.entry((route, status)).or_default() += 1;
        table.durations.entry(route).or_default().add(took.as_secs_f64());
        table.total += 1;
        table.total
    }

    /// The page that a scraper reads.
    pub fn text(&self, started: f64) -> String {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        let _ = table.write(&mut text);
        let _ = write!(
            text,
            "# HELP process_start_time_seconds Start of the process since the epoch.\n\
             # TYPE process_start_time_seconds gauge\n\
             process_start_time_seconds {started:.3}\n"
        );
        text
    }
}

impl Durations {
    fn add(&mut self, seconds: f64) {
        for (bound, bucket) in BUCKETS.iter().zip(&mut self.buckets) {
            *bucket += u64::from(seconds <= *bound);
        }
        self.sum += seconds;
        self.count += 1;
    }
}

impl Table {
    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "# HELP http_requests_total Requests answered.")?;
        writeln!(text, "# TYPE http_requests_total counter")?;
        for ((route, status), count) in &self.requests {
            writeln!(text, "http_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}")?;
        }
        let name = "http_request_duration_seconds";
        writeln!(text, "# HELP {name} Time to an answer.")?;
        writeln!(text, "# TYPE {name} histogram")?;
        for (route, durations) in &self.durations {
            for (bound, count) in BUCKETS.iter().zip(&durations.buckets) {
                writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"{bound}\"}} {count}")?;
            }
            let (sum, count) = (durations.sum, durations.count);
            writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}")?;
            writeln!(text, "{name}_sum{{route=\"{route}\"}} {sum:.6}")?;
            writeln!(text, "{name}_count{{route=\"{route}\"}} {count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::new();
        metrics.count("/orders", 200, Duration::from_millis(2));
        metrics.count("/orders", 503, Duration::from_millis(812));
        let text = metrics.text(0.0);
        assert!(text.contains("http_requests_total{route=\"/orders\",status=\"503\"} 1"));
        assert!(text.contains("http_request_duration_seconds_count{route=\"/orders\"} 2"));
        assert!(text.contains("_bucket{route=\"/orders\",le=\"0.005\"} 1"));
    }
}
