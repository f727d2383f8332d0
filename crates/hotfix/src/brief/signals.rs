//! What production says: logs, metrics, alerts. A source that is down says
//! so, and what was seen before is shown beside what is seen now.

use super::resolve::Resolver;
use super::{clean, found, missing, short_line};
use crate::connect::telemetry::StoredSample;
use crate::steps::monitor::with_collector;
use hotfix_core::brief::{Part, Source, Text};
use hotfix_core::config::{Check, CheckKind, TelemetryKind};
use hotfix_core::journal::Reading;
use hotfix_core::text::count;
use hotfix_logdiff::{Comparison, Model, Options};
use std::fmt::Write as _;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// So much of a log's end is read, in bytes.
const LOG_TAIL: u64 = 512 * 1024;
/// Kinds of errors that are listed.
const MOST_KINDS: usize = 20;
/// Lines of the log's end that are shown as they are.
const LAST_LINES: usize = 25;

/// The logs: which errors they have, and how they end.
pub fn logs(r: &Resolver<'_>) -> Part {
    let logs = places(r);
    if logs.is_empty() {
        let mut part = missing(Source::Logs, "the config", "no log is configured");
        part.hint = Some(
            "name one in the config: [telemetry.<name>] kind = \"log-file\", or [verify] logs".to_owned(),
        );
        return part;
    }
    let (mut text, mut failed) = (String::new(), Vec::new());
    text.push_str(&new_errors(r));
    for path in &logs {
        match tail(path) {
            Ok((bytes, size)) => text.push_str(&excerpt(path, &bytes, size)),
            Err(error) => failed.push(format!("{} cannot be read: {error}", path.display())),
        }
    }
    let named = logs.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    if failed.len() == logs.len() {
        return missing(Source::Logs, short_line(&named, 200), failed.join("; "));
    }
    for why in &failed {
        let _ = writeln!(text, "{why}");
    }
    let mut part = found(Source::Logs, short_line(&named, 200), Text::tail(clean(&text)));
    part.whole = logs.first().map(|path| format!("less {}", path.display()));
    part
}

/// The logs of production, and those that the verification writes.
fn places(r: &Resolver<'_>) -> Vec<PathBuf> {
    let config = &r.plan.config;
    let top = &r.run.tools.repo.main;
    let production = config
        .telemetry
        .values()
        .filter(|t| t.kind == TelemetryKind::LogFile)
        .filter_map(|t| t.path.as_ref().map(|path| top.join(path)));
    let worktree = r.state().attempt.as_ref().map(|a| PathBuf::from(&a.worktree));
    let written = config.verify.logs.iter().filter_map(|log| worktree.as_ref().map(|w| w.join(log)));
    production.chain(written.filter(|path| path.exists())).collect()
}

/// The end of a log, from a whole line on, and the size of all of it.
fn tail(path: &Path) -> std::io::Result<(Vec<u8>, u64)> {
    let mut file = std::fs::File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let from = about.len().saturating_sub(LOG_TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL).read_to_end(&mut bytes)?;
    if from > 0 {
        let first = bytes.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
        bytes.drain(..first);
    }
    Ok((bytes, about.len()))
}

fn excerpt(path: &Path, bytes: &[u8], size: u64) -> String {
    let nothing_known = Model::new();
    let mut comparison = Comparison::new(&nothing_known, Options { only_errors: true, ..Options::default() });
    comparison.feed(bytes);
    let mut kinds = comparison.finish().new;
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let mut out = format!(
        "== {} ({size} bytes; what follows is from its last {} lines)\n",
        path.display(),
        lines.len()
    );
    if kinds.is_empty() {
        out.push_str("no errors in them\n");
    } else {
        let _ = writeln!(out, "{} of error, the most frequent first:", count(kinds.len(), "kind"));
    }
    for kind in kinds.iter().take(MOST_KINDS) {
        let last = usize::try_from(kind.last_line).ok().and_then(|at| lines.get(at.checked_sub(1)?));
        let last =
            last.filter(|_| kind.count > 1).map(|line| format!("  (the last: {})", short_line(line, 24)));
        let _ = writeln!(
            out,
            "{:>6} × {}{}",
            kind.count,
            short_line(&kind.example, 300),
            last.unwrap_or_default()
        );
    }
    let last = lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default();
    let _ = writeln!(out, "-- the last {} lines:", last.len());
    for line in last {
        let _ = writeln!(out, "{}", short_line(line, 600));
    }
    out
}

/// What the monitoring found new since the deploy.
fn new_errors(r: &Resolver<'_>) -> String {
    let mut out = String::new();
    for (check, seen) in &r.state().new_errors {
        let (examples, lines) = (&seen.templates, seen.lines);
        let _ = writeln!(
            out,
            "== {check}: {} of error since the deploy, among {lines} lines",
            count(examples.len(), "new kind")
        );
        examples.iter().take(MOST_KINDS).for_each(|example| {
            let _ = writeln!(out, "    {}", short_line(example, 300));
        });
    }
    out
}

/// The metrics: each check before the incident, in it, after the deploy, and now.
pub fn metrics(r: &Resolver<'_>) -> Part {
    let checks = &r.plan.config.monitor.checks;
    if !checks.iter().any(|check| check.kind != CheckKind::NewErrors) {
        let mut part = missing(Source::Metrics, "the config", "no metrics are configured");
        part.hint = Some("name them in the config: [telemetry.<name>] and [monitor] checks".to_owned());
        return part;
    }
    let tools = &r.run.tools;
    tools.ui.busy("asking the metrics", "");
    let asked = with_collector(tools, |collector| {
        let now = collector.look(tools.clock.now());
        let past = |check: &Check| collector.readings(&check.name, None, None).unwrap_or_default();
        let all = now.into_iter().map(|(check, sample)| (check.clone(), sample, past(check)));
        all.filter(|(check, ..)| check.kind != CheckKind::NewErrors).collect::<Vec<_>>()
    });
    tools.ui.quiet();
    let text: String = asked.iter().map(|(check, sample, past)| told(r, check, sample, past)).collect();
    let mut down: Vec<String> = asked.iter().filter_map(|(_, sample, _)| sample.missing.clone()).collect();
    let silent = down.len() == asked.len();
    down.dedup();
    let seen = asked.iter().any(|(.., past)| past.iter().any(|reading| reading.missing.is_none()));
    if silent && !seen && r.state().windows.is_empty() && r.state().samples.is_empty() {
        return missing(Source::Metrics, "the telemetry", short_line(&clean(&down.join("; ")), 300));
    }
    let mut part =
        found(Source::Metrics, "the checks of [monitor], asked just now", Text::head(clean(&text)));
    part.whole = Some("hotfix report --format json".to_owned());
    part
}

fn told(r: &Resolver<'_>, check: &Check, now: &StoredSample, past: &[Reading]) -> String {
    let state = r.state();
    let deployed = state.deploys.last().map(|d| d.at);
    let began = state.since.or(state.started_at);
    let window = |name: &str| state.windows.get(&(check.name.clone(), name.to_owned()));
    let between = |from: Option<jiff::Timestamp>, to: Option<jiff::Timestamp>| -> Vec<Reading> {
        past.iter()
            .filter(|r| from.is_none_or(|f| r.at > f) && to.is_none_or(|t| r.at <= t))
            .cloned()
            .collect()
    };
    let before = window("baseline").cloned().unwrap_or_else(|| between(None, began));
    let during = window("incident").cloned().unwrap_or_else(|| between(began, deployed));
    let after: Vec<Reading> = state.samples.iter().filter(|r| r.check == check.name).cloned().collect();
    let mut out = format!("{} ({})\n", check.name, kind(check.kind));
    for (name, readings) in
        [("before the incident", &before), ("in the incident", &during), ("since the deploy", &after)]
    {
        if !readings.is_empty() {
            let _ = writeln!(out, "  {name}: {}", summary(check.kind, readings));
        }
    }
    let _ = writeln!(out, "  now: {}", as_it_stands(check.kind, now));
    out
}

fn kind(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::ErrorRate => "error rate",
        CheckKind::Gauge => "value",
        CheckKind::Mean => "mean",
        CheckKind::NewErrors => "new errors",
    }
}

fn summary(kind: CheckKind, readings: &[Reading]) -> String {
    let sum = |of: fn(&Reading) -> Option<f64>| readings.iter().filter_map(of).sum::<f64>();
    let missing = readings.iter().filter(|r| r.missing.is_some()).count();
    let lacks = if missing > 0 { format!(", {missing} looks without an answer") } else { String::new() };
    if kind == CheckKind::ErrorRate {
        let (errors, total) = (sum(|r| r.errors), sum(|r| r.total));
        let rate =
            if total > 0.0 { format!("{:.2} %", 100.0 * errors / total) } else { "no traffic".to_owned() };
        return format!("{rate} ({errors} of {total}{lacks})");
    }
    let values: Vec<f64> = readings.iter().filter_map(|r| r.value).collect();
    if values.is_empty() {
        return format!("no value{lacks}");
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    format!(
        "median {}, from {} to {} ({} looks{lacks})",
        figure(middle),
        figure(least),
        figure(most),
        values.len()
    )
}

/// A figure with three digits that matter.
fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let places = (2.0 - value.abs().log10().floor()).clamp(0.0, 12.0);
    // The places are a small whole number by now.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let text = format!("{value:.*}", places as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A counter says what came since the service began.
fn as_it_stands(kind: CheckKind, sample: &StoredSample) -> String {
    if let Some(why) = &sample.missing {
        return format!("no answer: {why}");
    }
    match (kind, sample.errors, sample.total, sample.value) {
        (CheckKind::ErrorRate, Some(errors), Some(total), _) => {
            format!("{errors} of {total} since the service began")
        }
        (_, Some(sum), Some(count), _) if count > 0.0 => {
            format!("{} on average over {count} since the service began", figure(sum / count))
        }
        (.., Some(value)) => figure(value),
        _ => "no value".to_owned(),
    }
}

/// The alert that was named at the start.
pub fn alerts(r: &Resolver<'_>) -> Part {
    let done = r.state().done.get("prepare.incident-confirmed");
    let alert = done.and_then(|done| done.by.strip_prefix("alert ").map(|name| (name, done)));
    let Some((name, done)) = alert else {
        let mut part = missing(Source::Alerts, "the run", "no alert was named at the start");
        part.hint =
            Some("hotfix start … --alert NAME names it; look at your alerting for this incident".to_owned());
        return part;
    };
    let note = done.note.as_ref().map(|n| format!(" ({n})")).unwrap_or_default();
    let text = format!("alert {name}{note}, named at {}\n", crate::ui::date_time(done.at));
    found(Source::Alerts, "the start of the run", Text::head(clean(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_what_matters() {
        let rows = [
            (0.0, "0"),
            (0.000_031_4, "0.0000314"),
            (0.25, "0.25"),
            (12.345, "12.3"),
            (98_765.4, "98765"),
            (1.0, "1"),
        ];
        for (value, expected) in rows {
            assert_eq!(figure(value), expected);
        }
    }

    #[test]
    fn a_log_is_told_by_its_kinds_of_errors() {
        let cart = |n: u32| format!("2026-01-01T00:00:{:02}Z ERROR cart {n} is lost\n", n % 60);
        let mut log = "2026-01-01T00:00:00Z INFO started\n".to_owned();
        log.extend((0..40).map(cart));
        log.push_str("2026-01-01T00:01:00Z ERROR no shard\n");
        let told = excerpt(Path::new("app.log"), log.as_bytes(), 9999);
        assert!(told.contains("9999 bytes; what follows is from its last 42 lines"), "{told}");
        assert!(
            told.contains(
                "    40 × 2026-01-01T00:00:00Z ERROR cart 0 is lost  (the last: 2026-01-01T00:00:39Z"
            ),
            "{told}"
        );
        assert!(told.contains("     1 × 2026-01-01T00:01:00Z ERROR no shard\n"), "{told}");
        assert!(
            told.ends_with("-- the last 25 lines:\n") || told.trim_end().ends_with("ERROR no shard"),
            "{told}"
        );
    }

    #[test]
    fn only_whole_lines_of_a_long_log_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.log");
        let line = format!("{}\n", "x".repeat(99));
        std::fs::write(&path, line.repeat(10_000)).unwrap();
        let (bytes, size) = tail(&path).unwrap();
        assert_eq!(size, 1_000_000);
        assert!(bytes.len() as u64 <= LOG_TAIL && bytes.len() % 100 == 0, "{}", bytes.len());
        assert!(tail(folder.path()).is_err());
    }
}
