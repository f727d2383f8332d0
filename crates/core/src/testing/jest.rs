//! The JSON that jest writes with `--json`, and vitest with its JSON reporter.

use super::case::{Gather, ReadError, Report, Status, Trouble};
use serde::Deserialize;
use std::io::{BufRead, Read as _};

/// A larger report is not read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    test_results: Vec<File>,
    #[serde(default)]
    was_interrupted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    assertion_results: Vec<Assertion>,
    name: String,
    status: String,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(default)]
    ancestor_titles: Vec<String>,
    title: String,
    status: String,
    #[serde(default)]
    failure_messages: Option<Vec<String>>,
}

/// What a file says that could not be loaded, as opposed to one that failed.
const NOT_LOADED: [&str; 10] = [
    "Cannot find module",
    "Cannot find package",
    "SyntaxError",
    "Failed to load url",
    "Failed to resolve import",
    "Failed to parse source",
    "Transform failed",
    "Jest failed to parse a file",
    "Jest encountered an unexpected token",
    "error TS",
];

/// Reads a report.
pub fn read(input: &mut dyn BufRead, root: &str) -> Result<Report, ReadError> {
    let mut limited = input.take(MAX_BYTES + 1);
    let document: Result<Document, _> = serde_json::from_reader(&mut limited);
    if limited.limit() == 0 {
        return Err(ReadError::TooLarge(format!("more than {} MiB", MAX_BYTES >> 20)));
    }
    let document = document.map_err(|e| match e.classify() {
        serde_json::error::Category::Eof if e.line() == 1 && e.column() == 0 => ReadError::Nothing,
        serde_json::error::Category::Eof => ReadError::Truncated("the JSON".to_owned()),
        _ => ReadError::Malformed { line: e.line() as u64, what: e.to_string() },
    })?;
    let mut gather = Gather::new(root);
    for file in document.test_results {
        read_file(&file, &mut gather);
    }
    if document.was_interrupted {
        gather.trouble(Trouble::Cut("it was interrupted".to_owned()));
    }
    gather.done()
}

fn read_file(file: &File, gather: &mut Gather) {
    let name = gather.name(&file.name);
    let mut failed = false;
    for test in &file.assertion_results {
        let status = match test.status.as_str() {
            "passed" => Status::Passed,
            "failed" => Status::Failed,
            _ => Status::Skipped,
        };
        failed |= status == Status::Failed;
        let path: Vec<&str> = [name.as_str()]
            .into_iter()
            .chain(test.ancestor_titles.iter().map(String::as_str))
            .chain([test.title.as_str()])
            .filter(|part| !part.is_empty())
            .collect();
        let message = test.failure_messages.as_ref().and_then(|m| m.first()).map(String::as_str);
        gather.add(&path.join(" > "), status, message);
    }
    if file.status != "failed" || failed {
        return;
    }
    let message = file.message.as_deref().unwrap_or_default();
    let not_loaded =
        file.assertion_results.is_empty() && NOT_LOADED.iter().any(|words| message.contains(words));
    if not_loaded {
        gather.trouble(Trouble::NotBuilt(format!("{name} could not be loaded")));
        gather.note(&format!("{name} (not loaded)"), Status::NotBuilt, Some(message));
    } else {
        gather.around(&format!("{name} (as a whole)"), message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Report, ReadError> {
        read(&mut text.as_bytes(), "/tree")
    }

    const TWO: &str = r#"{"numTotalTests":4,"success":false,"wasInterrupted":false,"testResults":[
      {"name":"/tree/sum.test.js","status":"failed","message":"x","assertionResults":[
        {"ancestorTitles":[],"title":"adds","status":"passed","failureMessages":[]},
        {"ancestorTitles":["d"],"title":"bad","status":"failed","failureMessages":["\u001b[31mError\u001b[39m: no\n    at /tree/sum.test.js:3"]},
        {"ancestorTitles":[],"title":"later","status":"pending","failureMessages":null},
        {"ancestorTitles":[],"title":"todo","status":"todo"}]},
      {"name":"/tree/b.test.js","status":"failed","message":"Test suite failed to run\n Cannot find module './nothing'","assertionResults":[]},
      {"name":"/tree/c.test.js","status":"failed","message":"afterAll failed","assertionResults":[{"title":"x","status":"passed"}]}]}"#;

    #[test]
    fn what_jest_writes() {
        let report = parse(TWO).unwrap();
        let told: Vec<String> =
            report.cases.iter().map(|c| format!("{} {}", c.name, c.status.name())).collect();
        assert_eq!(
            told,
            [
                "sum.test.js > adds passed",
                "sum.test.js > d > bad failed",
                "sum.test.js > later skipped",
                "sum.test.js > todo skipped",
                "b.test.js (not loaded) not-built",
                "c.test.js > x passed",
                "c.test.js (as a whole) failed"
            ]
        );
        assert_eq!(report.cases[1].message.as_deref(), Some("Error: no\n    at sum.test.js:3"));
        assert_eq!((report.counts.passed, report.counts.failed, report.counts.skipped), (2, 1, 2));
    }

    #[test]
    fn what_is_cut_or_malformed_is_refused() {
        assert_eq!(parse("").unwrap_err(), ReadError::Nothing);
        assert!(matches!(parse(&TWO[..300]), Err(ReadError::Truncated(_))));
        assert!(matches!(parse("{\"testResults\": 7}"), Err(ReadError::Malformed { line: 1, .. })));
        assert!(parse("{}").is_err() && parse("[[[[").is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
