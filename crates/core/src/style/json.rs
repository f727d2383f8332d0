//! The JSON of the checkers that most projects use. Each has its own shape;
//! what has none of them is refused.

use super::{Format, Level, ReadError, Remark, number};
use serde_json::Value;

/// The one JSON document in some output; other lines may stand around it.
pub(super) fn document(output: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(output) {
        return Some(value);
    }
    let mut at = 0;
    for line in output.split_inclusive('\n') {
        if line.trim_start().starts_with(['{', '[']) {
            let mut values = serde_json::Deserializer::from_str(&output[at..]).into_iter::<Value>();
            if let Some(Ok(value)) = values.next()
                && (value.is_object() || value.is_array())
            {
                return Some(value);
            }
        }
        at += line.len();
    }
    None
}

/// Reads what one of the known checkers printed.
pub(super) fn read(output: &str) -> Result<Vec<Remark>, ReadError> {
    let error = |reason: &str| ReadError::new(Format::Json, reason);
    if let Some(all) = one_a_line(output) {
        return Ok(all);
    }
    let document = document(output).ok_or_else(|| error("there is no whole JSON document"))?;
    if let Some(list) = document.as_array() {
        return list
            .iter()
            .map(of_list)
            .collect::<Option<Vec<_>>>()
            .map(|all| all.concat())
            .ok_or_else(|| error("its shape is none that is known"));
    }
    of_object(&document).ok_or_else(|| error("its shape is none that is known"))
}

/// Documents of which each stands on a line: mypy, reviewdog's `rdjsonl`.
fn one_a_line(output: &str) -> Option<Vec<Remark>> {
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() || !lines.iter().all(|line| line.starts_with('{') && line.ends_with('}')) {
        return None;
    }
    let of = |line: &&str| {
        let value: Value = serde_json::from_str(line).ok()?;
        if value["location"]["path"].is_string() { Some(rd(&value)) } else { flat(&value) }
    };
    lines.iter().map(of).collect()
}

/// An element of a list.
fn of_list(value: &Value) -> Option<Vec<Remark>> {
    if value["messages"].is_array() && value["filePath"].is_string() {
        return Some(eslint(value));
    }
    if value["warnings"].is_array() && value["source"].is_string() {
        return Some(stylelint(value));
    }
    if value["check_name"].is_string() && value["location"].is_object() {
        return Some(vec![code_climate(value)]);
    }
    if value["filename"].is_string() && value["location"].is_object() {
        return Some(vec![ruff(value)]);
    }
    flat(value).map(|one| vec![one])
}

fn of_object(value: &Value) -> Option<Vec<Remark>> {
    if let Some(comments) = value["comments"].as_array() {
        // shellcheck's `json1`.
        return comments.iter().map(flat).collect();
    }
    if let Some(files) = value["files"].as_array() {
        return Some(files.iter().flat_map(rubocop).collect());
    }
    if value["Issues"].is_array() || (value["Issues"].is_null() && value["Report"].is_object()) {
        return Some(value["Issues"].as_array().into_iter().flatten().map(golangci).collect());
    }
    if let Some(all) = value["diagnostics"].as_array() {
        return Some(
            all.iter()
                .map(|one| if one["location"]["span"].is_array() { biome(one) } else { rd(one) })
                .collect(),
        );
    }
    if let Some(results) = value["results"].as_array() {
        // semgrep, bandit.
        return Some(results.iter().map(results_entry).collect());
    }
    // phpcs: `{"files": {"a.php": {"messages": […]}}}`.
    let files = value["files"].as_object()?;
    Some(files.iter().flat_map(|(name, file)| phpcs(name, file)).collect())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn level(value: &Value) -> Level {
    match value {
        Value::Number(n) if n.as_u64() == Some(1) => Level::Warning,
        Value::Number(_) => Level::Error,
        Value::String(word) => match word.to_ascii_lowercase().as_str() {
            "error" | "fatal" | "critical" | "blocker" | "major" | "high" => Level::Error,
            "info" | "note" | "style" | "information" | "hint" | "help" | "refactor" => Level::Note,
            _ => Level::Warning,
        },
        _ => Level::Warning,
    }
}

/// `{"file", "line", "column", "code", "level", "message"}` under one of the
/// names that are usual: shellcheck, pylint, mypy, hadolint, yamllint.
fn flat(value: &Value) -> Option<Remark> {
    let first = |names: &[&str]| names.iter().map(|name| &value[*name]).find(|found| !found.is_null());
    let file = first(&["file", "path", "filename", "abspath"]).and_then(Value::as_str)?;
    let message = first(&["message", "description", "text"]).map(text)?;
    let code = first(&["symbol", "code", "rule", "ruleId", "message-id"]).map(text).unwrap_or_default();
    // shellcheck's codes are numbers, and everybody knows them by their letters.
    let rule =
        if value["code"].is_number() && value["endLine"].is_number() { format!("SC{code}") } else { code };
    let grave = first(&["level", "severity", "type"]).map_or(Level::Warning, level);
    // What shellcheck calls style and info still makes it fail.
    let level = if value["endLine"].is_number() { grave.max(Level::Warning) } else { grave };
    Some(Remark {
        file: file.to_owned(),
        line: number(first(&["line", "lineNumber"]).and_then(Value::as_u64)),
        last: number(first(&["endLine", "end_line"]).and_then(Value::as_u64)),
        column: number(first(&["column", "col"]).and_then(Value::as_u64)),
        rule,
        level,
        message,
    })
}

fn eslint(file: &Value) -> Vec<Remark> {
    let of = |one: &Value| Remark {
        file: text(&file["filePath"]),
        line: number(one["line"].as_u64()),
        last: number(one["endLine"].as_u64()),
        column: number(one["column"].as_u64()),
        rule: if one["fatal"] == true { "syntax".to_owned() } else { text(&one["ruleId"]) },
        level: level(&one["severity"]),
        message: text(&one["message"]),
    };
    file["messages"].as_array().into_iter().flatten().map(of).collect()
}

fn stylelint(file: &Value) -> Vec<Remark> {
    let of = |one: &Value| Remark {
        file: text(&file["source"]),
        line: number(one["line"].as_u64()),
        last: number(one["endLine"].as_u64()),
        column: number(one["column"].as_u64()),
        rule: text(&one["rule"]),
        level: level(&one["severity"]),
        message: text(&one["text"]),
    };
    file["warnings"].as_array().into_iter().flatten().map(of).collect()
}

fn ruff(one: &Value) -> Remark {
    // A syntax error has no code.
    let rule = text(&one["code"]);
    Remark {
        file: text(&one["filename"]),
        line: number(one["location"]["row"].as_u64()),
        last: number(one["end_location"]["row"].as_u64()),
        column: number(one["location"]["column"].as_u64()),
        rule: if rule.is_empty() { "syntax".to_owned() } else { rule },
        level: Level::Error,
        message: text(&one["message"]),
    }
}

fn code_climate(one: &Value) -> Remark {
    let place = &one["location"];
    let line = place["lines"]["begin"].as_u64().or_else(|| place["positions"]["begin"]["line"].as_u64());
    Remark {
        file: text(&place["path"]),
        line: number(line),
        last: number(place["lines"]["end"].as_u64()),
        column: number(place["positions"]["begin"]["column"].as_u64()),
        rule: text(&one["check_name"]),
        level: level(&one["severity"]),
        message: text(&one["description"]),
    }
}

/// reviewdog's form.
fn rd(one: &Value) -> Remark {
    let range = &one["location"]["range"];
    let code = &one["code"];
    Remark {
        file: text(&one["location"]["path"]),
        line: number(range["start"]["line"].as_u64()),
        last: number(range["end"]["line"].as_u64()),
        column: number(range["start"]["column"].as_u64()),
        rule: if code.is_object() { text(&code["value"]) } else { text(code) },
        level: level(&one["severity"]),
        message: text(&one["message"]),
    }
}

/// biome tells a place by bytes; its line is counted in the source it brings.
fn biome(one: &Value) -> Remark {
    let place = &one["location"];
    let file = place["path"]["file"].as_str().or_else(|| place["path"].as_str()).unwrap_or_default();
    let start = place["span"][0].as_u64().and_then(|n| usize::try_from(n).ok());
    let before = place["sourceCode"].as_str().zip(start).and_then(|(source, start)| source.get(..start));
    let line = before.map(|text| text.bytes().filter(|b| *b == b'\n').count() as u64 + 1);
    Remark {
        file: file.to_owned(),
        line: number(line),
        last: None,
        column: None,
        rule: text(&one["category"]),
        level: level(&one["severity"]),
        message: text(&one["description"]),
    }
}

fn rubocop(file: &Value) -> Vec<Remark> {
    let of = |one: &Value| Remark {
        file: text(&file["path"]),
        line: number(one["location"]["start_line"].as_u64().or_else(|| one["location"]["line"].as_u64())),
        last: number(one["location"]["last_line"].as_u64()),
        column: number(
            one["location"]["start_column"].as_u64().or_else(|| one["location"]["column"].as_u64()),
        ),
        rule: text(&one["cop_name"]),
        // Every offense makes rubocop fail.
        level: level(&one["severity"]).max(Level::Warning),
        message: text(&one["message"]),
    };
    file["offenses"].as_array().into_iter().flatten().map(of).collect()
}

fn golangci(one: &Value) -> Remark {
    Remark {
        file: text(&one["Pos"]["Filename"]),
        line: number(one["Pos"]["Line"].as_u64()),
        last: number(one["LineRange"]["To"].as_u64()),
        column: number(one["Pos"]["Column"].as_u64()),
        rule: text(&one["FromLinter"]),
        level: level(&one["Severity"]),
        message: text(&one["Text"]),
    }
}

fn results_entry(one: &Value) -> Remark {
    Remark {
        file: one["path"].as_str().or_else(|| one["filename"].as_str()).unwrap_or_default().to_owned(),
        line: number(one["start"]["line"].as_u64().or_else(|| one["line_number"].as_u64())),
        last: number(one["end"]["line"].as_u64()),
        column: number(one["start"]["col"].as_u64()),
        rule: one["check_id"].as_str().or_else(|| one["test_id"].as_str()).unwrap_or_default().to_owned(),
        level: level(if one["extra"]["severity"].is_null() {
            &one["issue_severity"]
        } else {
            &one["extra"]["severity"]
        }),
        message: one["extra"]["message"]
            .as_str()
            .or_else(|| one["issue_text"].as_str())
            .unwrap_or_default()
            .to_owned(),
    }
}

fn phpcs(name: &str, file: &Value) -> Vec<Remark> {
    let of = |one: &Value| Remark {
        file: name.to_owned(),
        line: number(one["line"].as_u64()),
        last: None,
        column: number(one["column"].as_u64()),
        rule: text(if one["source"].is_null() { &one["identifier"] } else { &one["source"] }),
        level: level(&one["type"]),
        message: text(&one["message"]),
    };
    file["messages"].as_array().into_iter().flatten().map(of).collect()
}

/// Cargo's messages. What a dependency says does not count, nor that cargo
/// has given up for what it has said before.
pub(super) fn cargo(output: &str) -> Result<Vec<Remark>, ReadError> {
    let mut out: Vec<Remark> = Vec::new();
    let (mut seen, mut finished) = (false, false);
    for line in output.lines().map(str::trim).filter(|line| line.starts_with('{')) {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            return Err(ReadError::new(Format::Cargo, "a line is no whole document"));
        };
        seen |= value["reason"].is_string();
        finished |= value["reason"] == "build-finished";
        if value["reason"] == "compiler-message" {
            let remark = compiler_message(&value["message"]);
            out.extend(remark.filter(|remark| !out.contains(remark)));
        }
    }
    if !seen || !finished {
        return Err(ReadError::new(Format::Cargo, "cargo did not come to its end"));
    }
    Ok(out)
}

fn compiler_message(message: &Value) -> Option<Remark> {
    let spans = message["spans"].as_array()?;
    let place = spans.iter().find(|span| span["is_primary"] == true).or_else(|| spans.first())?;
    Some(Remark {
        file: text(&place["file_name"]),
        line: number(place["line_start"].as_u64()),
        last: number(place["line_end"].as_u64()),
        column: number(place["column_start"].as_u64()),
        rule: text(&message["code"]["code"]),
        level: level(&message["level"]),
        message: text(&message["message"]),
    })
}
