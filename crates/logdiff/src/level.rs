//! How bad a line says it is, and what a JSON line says at all.

use crate::Severity;
use serde_json::Value;

/// The severity that a word names, if it names one.
pub(crate) fn named(word: &str) -> Option<Severity> {
    Some(match word.to_ascii_lowercase().as_str() {
        "fatal" | "critical" | "crit" | "emerg" | "emergency" | "alert" | "panic" => Severity::Fatal,
        "error" | "err" | "severe" | "failure" => Severity::Error,
        "warn" | "warning" => Severity::Warning,
        "info" | "notice" | "information" => Severity::Info,
        "debug" | "trace" | "fine" | "finer" | "finest" | "verbose" => Severity::Debug,
        _ => return None,
    })
}

/// The severity of a clean line: its level, or else what its words suggest.
pub(crate) fn of_line(line: &str) -> Severity {
    leveled(line).unwrap_or_else(|| suggested(line))
}

/// A level in capitals, in brackets, after `level=`, or before a colon, near the start.
fn leveled(line: &str) -> Option<Severity> {
    let end = (0..=160.min(line.len())).rev().find(|i| line.is_char_boundary(*i)).unwrap_or(0);
    let head = &line[..end];
    let mut start = 0;
    for (at, c) in head.char_indices().chain([(head.len(), ' ')]) {
        if c.is_alphanumeric() || c == '_' {
            continue;
        }
        let (word, before) = (&head[start..at], head[..start].trim_end_matches(['"', ' ']));
        if let Some(severity) = named(word) {
            let capitals = word.bytes().all(|b| b.is_ascii_uppercase());
            let bracketed = before.ends_with(['[', '<', '(']) && matches!(c, ']' | '>' | ')');
            let keyed = before.ends_with(['=', ':'])
                && ["level", "lvl", "severity"]
                    .iter()
                    .any(|key| before.trim_end_matches(['=', ':', '"']).ends_with(key));
            let labelled = c == ':' && start < 40;
            if capitals || bracketed || keyed || labelled {
                return Some(severity);
            }
        } else if start == 0
            && let Some(severity) = glog(word)
        {
            return Some(severity);
        }
        start = at + c.len_utf8();
    }
    None
}

/// `E0102 15:04:05.678 …`, as glog and klog write it.
fn glog(word: &str) -> Option<Severity> {
    let (letter, date) = (word.chars().next()?, word.get(1..)?);
    if date.len() != 4 || !date.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(match letter {
        'F' => Severity::Fatal,
        'E' => Severity::Error,
        'W' => Severity::Warning,
        'I' => Severity::Info,
        _ => return None,
    })
}

fn suggested(line: &str) -> Severity {
    let lower = line.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["panicked at", "panic:", "fatal error"]) {
        Severity::Fatal
    } else if has(&["exception", "traceback (most", "error", "failed", "failure", "segfault"])
        || server_error(line)
    {
        Severity::Error
    } else {
        Severity::Unknown
    }
}

/// An access log's answer of 5xx.
fn server_error(line: &str) -> bool {
    let answer = line.split_once(" HTTP/").and_then(|(_, rest)| rest.split_once("\" ")).map(|(_, rest)| rest);
    answer
        .is_some_and(|rest| rest.starts_with('5') && rest.bytes().take_while(u8::is_ascii_digit).count() == 3)
}

/// The plain line that a JSON line stands for: level, message, and the fields
/// that tell. `None` for anything that is no JSON object with a message.
pub(crate) fn from_json(line: &str) -> Option<String> {
    if !line.starts_with('{') {
        return None;
    }
    let object: serde_json::Map<String, Value> = serde_json::from_str(line).ok()?;
    let find = |names: &[&str]| {
        names.iter().find_map(|name| match object.get(*name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let message = find(&["msg", "message", "log", "event", "text", "body", "short_message", "@message"])?;
    let level = find(&["level", "severity", "lvl", "log.level", "levelname", "loglevel"]).map(bunyan);
    let mut out = level.unwrap_or_default();
    for part in
        [find(&["logger", "component", "logger_name", "name", "target"]), Some(message)].into_iter().flatten()
    {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(part.trim_end());
    }
    for key in
        ["status", "status_code", "code", "error_code", "error", "err", "exception", "error.type", "reason"]
    {
        add_field(&mut out, key, object.get(key));
        if let Some(Value::Object(inner)) = object.get(key) {
            for name in ["type", "name", "code", "message", "kind"] {
                add_field(&mut out, &[key, ".", name].concat(), inner.get(name));
            }
        }
    }
    // Escapes that were hidden in the JSON (`\u001b`) come out here.
    Some(crate::lines::clean(out.replace(['\n', '\t'], " ").as_bytes()))
}

/// Adds ` key="text"` or ` key=number`.
fn add_field(out: &mut String, key: &str, value: Option<&Value>) {
    match value {
        Some(Value::String(text)) => {
            out.push_str(&[" ", key, "=\"", &text.replace('"', "'"), "\""].concat());
        }
        Some(Value::Number(number)) => out.push_str(&[" ", key, "=", &number.to_string()].concat()),
        _ => {}
    }
}

/// Bunyan's and pino's numbers for levels, and words in capitals.
fn bunyan(level: String) -> String {
    match level.as_str() {
        "60" => "FATAL".to_owned(),
        "50" => "ERROR".to_owned(),
        "40" => "WARN".to_owned(),
        "30" => "INFO".to_owned(),
        "20" | "10" => "DEBUG".to_owned(),
        _ => level.to_ascii_uppercase(),
    }
}
