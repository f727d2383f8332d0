//! From the library's answer to the one that is printed, kept and shown: line
//! numbers get their file, times their form, and what was left out a sentence.

use super::compare::{Baseline, Compared, Only};
use hotfix_core::change::redact;
use hotfix_core::logs::{
    LogAxis, LogBaseline, LogCounts, LogDiff, LogGone, LogPart, LogRise, LogSeverity, LogSource, LogTemplate,
    SCHEMA,
};
use hotfix_core::text::{brief, grouped};
use hotfix_logdiff::{Gone, MOST_LINES, MOST_TEMPLATES, Part, Risen, Severity, Template};
use jiff::Timestamp;

/// So many templates of a kind are kept in a journal.
const KEPT: usize = 20;
/// A template is gone if the candidates would have had so many of it at the
/// baseline's share: at least one, rounded.
const EXPECTED: f64 = 0.5;
/// So much of a text is kept there, in characters.
const KEPT_TEXT: usize = 400;

/// The answer as a document.
pub fn document(baseline: &Baseline, compared: Compared) -> LogDiff {
    let Compared { mut diff, only, sources, mut notices } = compared;
    // What a log as short as this would hardly have had is not gone.
    diff.gone.retain(|gone| gone.expected >= EXPECTED);
    notices.splice(0..0, baseline.notices.iter().cloned());
    notices.extend(left_out(&baseline.model, &diff));
    let of = |template: Template| shown(template, &sources);
    LogDiff {
        schema: SCHEMA.to_owned(),
        only: name(only).to_owned(),
        baseline: LogBaseline {
            logs: baseline.sources.clone(),
            models: baseline.models.clone(),
            events: diff.baseline_events,
            templates: diff.baseline_templates,
            empty: diff.baseline_empty,
        },
        lines: diff.lines,
        events: diff.events,
        found: LogCounts {
            new_errors: diff.new.iter().filter(|t| t.severity.is_error()).count() as u64,
            new: diff.new.len() as u64,
            new_lines: diff.new_lines.len() as u64,
            risen: diff.risen.len() as u64,
            gone: diff.gone.len() as u64,
        },
        axis: diff.axis.map(|axis| LogAxis {
            time: axis.time,
            start: axis.start,
            step: axis.step,
            steps: axis.steps as u64,
        }),
        new: diff.new.into_iter().map(of).collect(),
        risen: diff.risen.into_iter().map(|risen| rise(risen, &sources)).collect(),
        gone: diff.gone.into_iter().map(gone).collect(),
        candidates: sources,
        notices,
    }
}

/// The answer as a journal may keep it: without secrets, and not too long.
pub fn kept(mut answer: LogDiff) -> LogDiff {
    answer.new.truncate(KEPT);
    answer.risen.truncate(KEPT);
    answer.gone.truncate(KEPT / 4);
    let safe = |text: &str| brief(&redact(text), KEPT_TEXT);
    let template = |t: &mut LogTemplate| {
        let (text, example) = (safe(&t.template), safe(&t.example));
        // Half a secret may stand in a template whose example holds the whole.
        let whole = redact(&t.example) == t.example;
        t.template = if whole { text } else { example.clone() };
        t.example = example;
        if t.parts.iter().map(|p| p.text.as_str()).collect::<String>() != t.template {
            t.parts = vec![LogPart { text: t.template.clone(), variable: false }];
        }
    };
    answer.new.iter_mut().for_each(template);
    answer.risen.iter_mut().for_each(|risen| template(&mut risen.template));
    for gone in &mut answer.gone {
        gone.template = safe(&gone.template);
        gone.parts = vec![LogPart { text: gone.template.clone(), variable: false }];
    }
    answer
}

fn name(only: Only) -> &'static str {
    match only {
        Only::Errors => "errors",
        Only::Warnings => "warnings",
        Only::All => "all",
    }
}

fn left_out(model: &hotfix_logdiff::Model, diff: &hotfix_logdiff::Diff) -> Vec<String> {
    let cut = diff.truncated + model.truncated();
    let mut notices = Vec::new();
    if cut > 0 {
        let lines = if cut == 1 { "line was" } else { "lines were" };
        notices.push(format!("{} {lines} longer than 64 KiB and cut there", grouped(cut)));
    }
    let most = grouped(MOST_TEMPLATES as u64);
    if model.overflow() > 0 {
        let events = grouped(model.overflow());
        notices.push(format!(
            "the baseline has more than {most} templates: {events} of its events are not known"
        ));
    }
    if diff.overflow > 0 {
        let events = grouped(diff.overflow);
        notices.push(format!(
            "there are more than {most} new templates: {events} events are in none that is listed"
        ));
    }
    if diff.new_lines.len() >= MOST_LINES {
        notices
            .push(format!("only the first {} lines of new kinds are numbered", grouped(MOST_LINES as u64)));
    }
    notices
}

/// The file of a line, and its number there.
pub fn place(sources: &[LogSource], line: u64) -> (String, u64) {
    let of = sources.iter().rev().find(|source| source.first_line <= line && source.lines > 0);
    of.map_or((String::new(), line), |source| (source.name.clone(), line - source.first_line + 1))
}

fn shown(template: Template, sources: &[LogSource]) -> LogTemplate {
    let (file, file_line) = place(sources, template.first_line);
    let time = |micros: Option<i64>| micros.and_then(|at| Timestamp::from_microsecond(at).ok());
    LogTemplate {
        file,
        file_line,
        severity: severity(template.severity),
        count: template.count,
        first_line: template.first_line,
        last_line: template.last_line,
        first_time: time(template.first_time),
        last_time: time(template.last_time),
        parts: parts(template.parts),
        template: template.text,
        example: template.example,
        over_time: template.over_time,
    }
}

fn rise(risen: Risen, sources: &[LogSource]) -> LogRise {
    LogRise {
        template: shown(risen.template, sources),
        baseline_count: risen.baseline_count,
        share: risen.share,
        baseline_share: risen.baseline_share,
        rate: risen.rate,
        baseline_rate: risen.baseline_rate,
        ratio: risen.ratio,
        p_adjusted: risen.p_adjusted,
    }
}

fn gone(gone: Gone) -> LogGone {
    LogGone {
        template: gone.text,
        parts: parts(gone.parts),
        severity: severity(gone.severity),
        baseline_count: gone.baseline_count,
        expected: gone.expected,
        p_value: gone.p_value,
    }
}

fn parts(parts: Vec<Part>) -> Vec<LogPart> {
    parts.into_iter().map(|part| LogPart { text: part.text, variable: part.variable }).collect()
}

/// The severity as it is on the wire.
pub fn severity(severity: Severity) -> LogSeverity {
    match severity {
        Severity::Fatal => LogSeverity::Fatal,
        Severity::Error => LogSeverity::Error,
        Severity::Warning => LogSeverity::Warning,
        Severity::Info => LogSeverity::Info,
        Severity::Debug => LogSeverity::Debug,
        Severity::Unknown => LogSeverity::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_file() {
        let source = |name: &str, first_line, lines| LogSource {
            name: name.to_owned(),
            first_line,
            lines,
            ..LogSource::default()
        };
        let all = [source("a", 1, 3), source("empty", 4, 0), source("b", 4, 2)];
        let at = |line| place(&all, line);
        assert_eq!((at(3), at(4), at(5)), (("a".to_owned(), 3), ("b".to_owned(), 1), ("b".to_owned(), 2)));
        assert_eq!(place(&[], 7), (String::new(), 7));
    }

    #[test]
    fn what_is_kept_has_no_secret() {
        let secret = ["x7Kq", "9ZpL", "2mVw", "4TbN"].concat();
        let text =
            format!("ERROR no answer from postgres://app:{secret}@db.internal/shop {}", "x".repeat(900));
        let template = LogTemplate {
            template: text.replace(&secret, "<*>Kq<*>"),
            parts: vec![LogPart { text: text.clone(), variable: false }],
            severity: LogSeverity::Error,
            count: 1,
            first_line: 1,
            last_line: 1,
            file: "a".to_owned(),
            file_line: 1,
            first_time: None,
            last_time: None,
            example: text,
            over_time: vec![],
        };
        let kept = kept(LogDiff { new: vec![template; 30], ..LogDiff::default() });
        let text = serde_json::to_string(&kept).unwrap();
        assert!(!text.contains(&secret) && !text.contains("Kq") && kept.new.len() == KEPT);
        assert!(kept.new[0].example.chars().count() <= KEPT_TEXT);
    }
}
