//! SARIF 2.1: runs with results, each with a rule, a level and places.

use super::{Format, Level, ReadError, Remark, json, number};
use serde_json::Value;

/// The results of every run.
pub(super) fn read(output: &str) -> Result<Vec<Remark>, ReadError> {
    let error = |reason: &str| ReadError::new(Format::Sarif, reason);
    let document = json::document(output).ok_or_else(|| error("there is no whole JSON document"))?;
    let runs = document["runs"].as_array().ok_or_else(|| error("it has no `runs`"))?;
    let mut out = Vec::new();
    for run in runs {
        let results = match &run["results"] {
            // A run without results has not run.
            Value::Null => return Err(error("a run has no `results`")),
            results => results.as_array().ok_or_else(|| error("`results` is no list"))?,
        };
        out.extend(
            results
                .iter()
                .filter(|result| result["suppressions"].as_array().is_none_or(Vec::is_empty))
                .map(remark),
        );
        if run["invocations"].as_array().into_iter().flatten().any(|one| one["executionSuccessful"] == false)
        {
            return Err(error("the checker says that it did not succeed"));
        }
    }
    Ok(out)
}

fn remark(result: &Value) -> Remark {
    let place = &result["locations"][0]["physicalLocation"];
    let region = &place["region"];
    let rule = result["ruleId"].as_str().or_else(|| result["rule"]["id"].as_str()).unwrap_or_default();
    Remark {
        file: place["artifactLocation"]["uri"].as_str().map(decoded).unwrap_or_default(),
        line: number(region["startLine"].as_u64()),
        last: number(region["endLine"].as_u64()),
        column: number(region["startColumn"].as_u64()),
        rule: rule.to_owned(),
        level: match result["level"].as_str().or_else(|| result["kind"].as_str()) {
            Some("error") => Level::Error,
            Some("note" | "none" | "pass" | "informational") => Level::Note,
            _ => Level::Warning,
        },
        message: result["message"]["text"]
            .as_str()
            .or_else(|| result["message"]["markdown"].as_str())
            .unwrap_or(rule)
            .to_owned(),
    }
}

/// A URI's path without its escapes.
fn decoded(uri: &str) -> String {
    let mut out = Vec::with_capacity(uri.len());
    let bytes = uri.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%').then(|| uri.get(at + 1..at + 3)).flatten();
        if let Some(value) = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(value);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
