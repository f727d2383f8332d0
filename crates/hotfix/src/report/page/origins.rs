//! Where each value comes from, in three columns.

use super::margin::{padded, wrapped};
use crate::ui::{DIM, GOOD, NAME, WAIT, styled};
use hotfix_core::text::{one_line, printable};
use hotfix_core::workflow::{OriginKind, ValueOrigin};
use serde_json::Value;
use textwrap::core::display_width;

/// A row for each value: its path, the value, and where it comes from.
pub fn origins(values: &[ValueOrigin], width: usize) -> Vec<String> {
    let width = width.clamp(60, 160);
    let widest = values.iter().map(|value| display_width(&value.path)).max().unwrap_or_default();
    let path = widest.min(width / 3);
    let from = values.iter().map(|value| display_width(&from(value).1)).max().unwrap_or_default();
    let from = from.min(width * 2 / 5);
    let text = width.saturating_sub(path + from + 4).max(12);
    values.iter().flat_map(|value| rows(value, [path, text, from])).collect()
}

fn rows(value: &ValueOrigin, [path, text, from_width]: [usize; 3]) -> Vec<String> {
    let (style, words) = from(value);
    let paths = wrapped(&printable(&value.path), path);
    let texts = wrapped(&shown(&value.value), text);
    let froms = wrapped(&words, from_width);
    let count = paths.len().max(texts.len()).max(froms.len());
    let cell =
        |cells: &[String], at: usize, width: usize| padded(cells.get(at).map_or("", String::as_str), width);
    (0..count)
        .map(|at| {
            let from = froms.get(at).map_or("", String::as_str);
            let from = if from.is_empty() { String::new() } else { format!("  {}", styled(style, from)) };
            let (path, text) = (cell(&paths, at, path), cell(&texts, at, text));
            let text = if from.is_empty() { text.trim_end().to_owned() } else { text };
            format!("{}  {text}{from}", styled(NAME, path))
        })
        .collect()
}

fn from(value: &ValueOrigin) -> (anstyle::Style, String) {
    let place = match (&value.file, value.line) {
        (Some(file), Some(line)) => format!("{}:{line}", printable(file)),
        (Some(file), None) => printable(file),
        _ => String::new(),
    };
    match value.from {
        OriginKind::Page => (GOOD, format!("page:{}", value.line.unwrap_or_default())),
        OriginKind::Inherited => (GOOD, format!("inherited {place}")),
        OriginKind::Repository => (WAIT, format!("repository {place}")),
        OriginKind::User => (WAIT, format!("user {place}")),
        OriginKind::BuiltIn => (DIM, "built in".to_owned()),
    }
}

/// A value for people.
fn shown(value: &Value) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    match value {
        Value::Null => "\u{2013}".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => duration(text).unwrap_or_else(|| one_line(text)),
        Value::Array(items) if items.is_empty() => "\u{2013}".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(map) if map.is_empty() => "\u{2013}".to_owned(),
        Value::Object(_) => match (text("text"), text("gate"), text("target")) {
            (Some(words), Some(gate), _) => format!("{} \u{2192} {gate}", one_line(words)),
            (Some(words), None, _) => one_line(words),
            (_, _, Some(target)) => {
                let condition =
                    text("condition").map(|words| format!(" ({})", one_line(words))).unwrap_or_default();
                format!("{} {}{condition}", text("kind").unwrap_or_default(), one_line(target))
            }
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// `PT15M` as `15 min`.
fn duration(text: &str) -> Option<String> {
    let time: jiff::SignedDuration = text.strip_prefix("PT").and(Some(text))?.parse().ok()?;
    Some(crate::ui::duration(time))
}
