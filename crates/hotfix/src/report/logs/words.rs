//! What a comparison of logs found, in words.

use hotfix_core::logs::{LogCounts, LogDiff, LogPart, LogRise, LogTemplate};
use hotfix_core::text::grouped;
use jiff::Timestamp;

/// In one line: `2 new errors, 1 risen, 3 gone in 1,204,332 lines`.
pub fn summary(answer: &LogDiff) -> String {
    let LogCounts { new_errors, new, risen, gone, .. } = answer.found;
    let others = new - new_errors;
    let mut parts = Vec::new();
    if new_errors > 0 {
        parts.push(some(new_errors, "new error", "new errors"));
    }
    if others > 0 {
        let what = if answer.only == "warnings" {
            ("new warning", "new warnings")
        } else {
            ("new template", "new templates")
        };
        let other = if new_errors > 0 && answer.only != "warnings" {
            ("other new template", "other new templates")
        } else {
            what
        };
        parts.push(some(others, other.0, other.1));
    }
    if new == 0 {
        parts.push(match answer.only.as_str() {
            "errors" => "no new error".to_owned(),
            "warnings" => "no new error or warning".to_owned(),
            _ => "nothing new".to_owned(),
        });
    }
    for (count, word) in [(risen, "risen"), (gone, "gone")] {
        if count > 0 {
            parts.push(format!("{} {word}", grouped(count)));
        }
    }
    format!("{} in {}", parts.join(", "), some(answer.lines, "line", "lines"))
}

/// What was compared with, in one line.
pub fn against(answer: &LogDiff) -> String {
    let baseline = &answer.baseline;
    let names: Vec<&str> = baseline
        .models
        .iter()
        .map(String::as_str)
        .chain(baseline.logs.iter().map(|l| l.name.as_str()))
        .collect();
    let logs = match names.as_slice() {
        [] => "nothing".to_owned(),
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        all => all.join(", "),
    };
    let (events, templates) =
        (some(baseline.events, "event", "events"), some(baseline.templates, "template", "templates"));
    format!("compared with {logs} ({events} of {templates})")
}

/// Which events were looked for, and how to look for others.
pub fn looked_for(answer: &LogDiff) -> &'static str {
    match answer.only.as_str() {
        "errors" => "only errors were looked for (--only errors)",
        "warnings" => "errors and warnings were looked for (--only warnings)",
        _ => "all severities were looked for; --only errors leaves out the rest",
    }
}

/// What is to be said where the baseline says nothing.
pub const EMPTY: &str = "The baseline has no event: everything is new, and nothing is proven by that.";

/// When its events came.
pub fn when(template: &LogTemplate, day: Option<Timestamp>) -> Option<String> {
    let first = template.first_time?;
    let last = template.last_time.filter(|last| last.as_second() != first.as_second());
    let date = |at: Timestamp| at.strftime("%-d %b").to_string();
    let with_date = |at: Timestamp, before: Option<Timestamp>| {
        let clock = at.strftime("%H:%M:%S").to_string();
        if before.is_some_and(|before| date(before) == date(at)) {
            clock
        } else {
            format!("{} {clock}", date(at))
        }
    };
    let from = with_date(first, day);
    Some(last.map_or(from.clone(), |last| format!("{from} – {}", with_date(last, Some(first)))))
}

/// Where the first of them stands.
pub fn place(template: &LogTemplate) -> String {
    match template.file.as_str() {
        "" | "-" => format!("line {}", grouped(template.file_line)),
        file => format!("{file}:{}", template.file_line),
    }
}

/// The message, and each frame of the trace, which ` | ` parts.
pub fn rows(parts: &[LogPart]) -> Vec<Vec<LogPart>> {
    let mut rows = vec![Vec::new()];
    for part in parts {
        let fixed = |text: &str| LogPart { text: text.to_owned(), variable: false };
        for (i, text) in part.text.split(" | ").enumerate() {
            if i > 0 {
                rows.push(Vec::new());
            }
            if let Some(row) = rows.last_mut().filter(|_| !text.is_empty()) {
                row.push(if part.variable { part.clone() } else { fixed(text) });
            }
        }
    }
    rows
}

/// How much more often it came.
pub fn rise(risen: &LogRise) -> String {
    let now_and_then = match (risen.rate, risen.baseline_rate) {
        (Some(now), Some(before)) => format!("{}, was {}", rate(now), rate(before)),
        _ => format!("{} of all events, was {}", percent(risen.share), percent(risen.baseline_share)),
    };
    let times = if risen.ratio.is_finite() {
        format!("{} times as often", figure(risen.ratio))
    } else {
        "never before".to_owned()
    };
    format!("{times}: {now_and_then} (by chance {})", probability(risen.p_adjusted))
}

fn rate(per_minute: f64) -> String {
    match per_minute {
        r if r >= 1.0 => format!("{} a minute", figure(r)),
        r if r * 60.0 >= 1.0 => format!("{} an hour", figure(r * 60.0)),
        r => format!("{} a day", figure(r * 1440.0)),
    }
}

/// How probable, in words that are no longer than they need to be.
pub fn probability(p: f64) -> String {
    if p.is_nan() {
        return "unknown".to_owned();
    }
    if p < 1e-12 {
        return "p < 1e-12".to_owned();
    }
    if p < 0.001 { format!("p = {p:.0e}") } else { format!("p = {p:.3}") }
}

fn percent(share: f64) -> String {
    format!("{} %", figure(share * 100.0))
}

/// Two digits that matter, and grouped thousands.
fn figure(value: f64) -> String {
    if value >= 99.5 {
        // Counts of events are far below 2^53.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive figure below 2^53"
        )]
        let whole = value.round().min(9e15) as u64;
        return grouped(whole);
    }
    if value >= 9.95 {
        return format!("{value:.0}");
    }
    let text = if value >= 0.095 { format!("{value:.1}") } else { format!("{value:.3}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count with its noun.
pub fn some(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(only: &str, new_errors: u64, new: u64, risen: u64, gone: u64) -> String {
        let found = LogCounts { new_errors, new, new_lines: 0, risen, gone };
        summary(&LogDiff { only: only.to_owned(), found, lines: 1_204_332, ..LogDiff::default() })
    }

    #[test]
    fn the_summary_says_what_there_is() {
        assert_eq!(answer("all", 2, 2, 1, 3), "2 new errors, 1 risen, 3 gone in 1,204,332 lines");
        assert_eq!(answer("all", 1, 3, 0, 0), "1 new error, 2 other new templates in 1,204,332 lines");
        assert_eq!(answer("all", 0, 1, 0, 0), "1 new template in 1,204,332 lines");
        assert_eq!(answer("warnings", 0, 2, 0, 0), "2 new warnings in 1,204,332 lines");
        assert_eq!(answer("all", 0, 0, 0, 0), "nothing new in 1,204,332 lines");
        assert_eq!(answer("errors", 0, 0, 2, 0), "no new error, 2 risen in 1,204,332 lines");
    }

    #[test]
    fn figures_have_the_digits_that_matter() {
        assert_eq!(
            [1204.4, 88.2, 9.96, 4.12, 4.0, 0.5, 0.012, 0.0].map(figure),
            ["1,204", "88", "10", "4.1", "4", "0.5", "0.012", "0"]
        );
        assert_eq!([88.0, 0.5, 0.001].map(rate), ["88 a minute", "30 an hour", "1.4 a day"]);
        assert_eq!(
            [0.0, 2.3e-7, 0.004, f64::NAN].map(probability),
            ["p < 1e-12", "p = 2e-7", "p = 0.004", "unknown"]
        );
    }
}
