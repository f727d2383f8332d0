//! Diagnostics as SARIF 2.1.0, for the code views of forges.

use super::Texts;
use hotfix_core::workflow::{Diagnostic, Level};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Where the published schema is.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One log with one run.
pub fn sarif(diagnostics: &[Diagnostic], texts: &Texts) -> Value {
    let codes: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
    let rules: Vec<&str> = codes.into_iter().collect();
    let result = |diagnostic: &Diagnostic| result(diagnostic, &rules, texts);
    json!({
        "version": "2.1.0",
        "$schema": SCHEMA,
        "runs": [{
            "tool": { "driver": {
                "name": "hotfix",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            // Columns count characters, not UTF-16 units.
            "columnKind": "unicodeCodePoints",
            "results": diagnostics.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// A code with the title of its page in docs/errors.
fn rule(code: &str) -> Value {
    let (title, text) = super::codes::page(code).unwrap_or((code, code));
    json!({ "id": code, "shortDescription": { "text": title }, "help": { "text": text, "markdown": text } })
}

fn result(diagnostic: &Diagnostic, rules: &[&str], texts: &Texts) -> Value {
    let level = match diagnostic.severity {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let hint = diagnostic.hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    let file = texts.name(diagnostic.file.as_ref());
    let place = |line: u32, column: u32, length: u32| {
        json!({
            "artifactLocation": { "uri": uri(file) },
            "region": { "startLine": line, "startColumn": column, "endColumn": column.saturating_add(length) },
        })
    };
    let mut value = json!({
        "ruleId": diagnostic.code,
        "ruleIndex": rules.iter().position(|code| *code == diagnostic.code),
        "level": level,
        "message": { "text": format!("{}{hint}", diagnostic.message) },
        "locations": [{ "physicalLocation": place(diagnostic.line, diagnostic.column, diagnostic.length) }],
    });
    let related: Vec<Value> = diagnostic
        .related
        .iter()
        .map(|related| {
            json!({
                "message": { "text": related.message },
                "physicalLocation": place(related.line, related.column, related.length),
            })
        })
        .collect();
    if let (Some(map), false) = (value.as_object_mut(), related.is_empty()) {
        map.insert("relatedLocations".to_owned(), related.into());
    }
    value
}

/// A path as a relative reference: what is no part of a path is escaped.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
