//! docs/workflow-format.md: every rule has an example, and every example is
//! true. A fence's info string says what it is: `md page` a page, `md file=PATH`
//! a file beside it, `json show` a part of what is understood, `text check`
//! what is told, `json sources` what words of sources mean, `yaml exact` lines of
//! the page in the exact form.

use super::docs::top;
use hotfix_core::brief::{Known, sources};
use hotfix_core::workflow::{Level, Page, Shelf, Workflow, exact, order, read_on};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A fenced block of the document.
#[derive(Debug, Clone)]
struct Block {
    line: usize,
    info: String,
    text: String,
}

/// A rule: a third-level heading with its blocks.
#[derive(Debug)]
struct Rule {
    title: String,
    part: String,
    blocks: Vec<Block>,
}

/// A page with what is expected of it.
struct Example {
    line: usize,
    path: String,
    page: String,
    files: BTreeMap<String, String>,
    expected: Vec<Block>,
}

fn rules(text: &str) -> Vec<Rule> {
    let mut all: Vec<Rule> = Vec::new();
    let mut part = String::new();
    let mut open: Option<(String, Block)> = None;
    for (at, line) in text.lines().enumerate() {
        if let Some((fence, block)) = &mut open {
            if line.trim_end() == fence.as_str() {
                let block = block.clone();
                open = None;
                if let Some(rule) = all.last_mut() {
                    rule.blocks.push(block);
                }
            } else {
                block.text.push_str(line);
                block.text.push('\n');
            }
            continue;
        }
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks >= 3 {
            let info = line[ticks..].trim().to_owned();
            open = Some((line[..ticks].to_owned(), Block { line: at + 1, info, text: String::new() }));
        } else if let Some(title) = line.strip_prefix("### ") {
            all.push(Rule { title: title.to_owned(), part: part.clone(), blocks: vec![] });
        } else if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut part);
            // What stands below belongs to no rule.
            all.push(Rule { title: String::new(), part: part.clone(), blocks: vec![] });
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    all
}

fn examples(rule: &Rule) -> Vec<Example> {
    let mut all: Vec<Example> = Vec::new();
    for block in &rule.blocks {
        let mut words = block.info.split_whitespace();
        let (language, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if kind == "page" {
            let path = words.next().and_then(|word| word.strip_prefix("path=")).unwrap_or("hotfix.md");
            all.push(Example {
                line: block.line,
                path: path.to_owned(),
                page: block.text.clone(),
                files: BTreeMap::new(),
                expected: vec![],
            });
            continue;
        }
        let Some(example) = all.last_mut() else { panic!("line {}: no page stands before it", block.line) };
        match kind.strip_prefix("file=") {
            Some(path) => {
                example.files.insert(path.to_owned(), block.text.clone());
            }
            None => {
                assert!(
                    ["json show", "text check", "json sources", "yaml exact"].contains(&block.info.as_str()),
                    "line {}: `{language} {kind}`",
                    block.line
                );
                example.expected.push(block.clone());
            }
        }
    }
    all
}

/// What `hotfix workflow show --json` says, with nothing that deploys.
fn document(workflow: &Workflow) -> Value {
    let mut value = serde_json::to_value(workflow).unwrap();
    value["plan"] = serde_json::to_value(order(workflow, false)).unwrap();
    value
}

/// Whether all of the expected is there; else where it is not.
fn differs(expected: &Value, found: &Value, path: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(fields), Value::Object(_)) => fields
            .iter()
            .find_map(|(name, value)| differs(value, &found[name.as_str()], &format!("{path}.{name}"))),
        (Value::Array(items), Value::Array(all)) => {
            let open = items.last().is_some_and(|last| last == "…");
            let items = if open { &items[..items.len() - 1] } else { items };
            if all.len() < items.len() || (!open && all.len() != items.len()) {
                return Some(format!("{path} has {} items: {found:#}", all.len()));
            }
            items.iter().zip(all).enumerate().find_map(|(at, (a, b))| differs(a, b, &format!("{path}[{at}]")))
        }
        _ if expected == found => None,
        _ => Some(format!("{path} is {found}, not {expected}")),
    }
}

/// What is not as the document says.
fn wrong(example: &Example) -> Vec<String> {
    let shelf = Shelf { path: &example.path, in_repository: true, library: &example.files };
    let workflow = read_on(&Page { source: &example.path, text: &example.page }, &shelf);
    let (mut wrong, mut told) = (Vec::new(), BTreeSet::new());
    for block in &example.expected {
        match block.info.as_str() {
            "json show" => match serde_json::from_str::<Value>(&block.text) {
                Ok(expected) => wrong.extend(differs(&expected, &document(&workflow), "")),
                Err(error) => wrong.push(error.to_string()),
            },
            "text check" => told.extend(block.text.lines().map(str::to_owned)),
            "json sources" => wrong.extend(mean(block, &workflow)),
            _ => {
                let page = exact::page(&workflow);
                let there = |line: &&str| page.lines().any(|l| l.trim() == line.trim());
                wrong.extend(
                    block.text.lines().filter(|l| !there(l)).map(|l| format!("`{l}` is not in\n{page}")),
                );
            }
        }
    }
    let name = |level: Level| match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let said =
        |d: &hotfix_core::workflow::Diagnostic| format!("{} {} line {}", name(d.severity), d.code, d.line);
    let found: BTreeSet<String> = workflow.diagnostics.iter().map(said).collect();
    wrong.extend(told.difference(&found).map(|untold| format!("not told: {untold}, but {found:?}")));
    let unsaid = found.difference(&told).filter(|said| !said.starts_with("note"));
    wrong.extend(unsaid.map(|said| format!("the document does not say: {said}")));
    wrong
}

fn mean(block: &Block, workflow: &Workflow) -> Vec<String> {
    let expected: BTreeMap<String, Vec<String>> = serde_json::from_str(&block.text).unwrap();
    let kinds = |words: &str| -> Vec<String> {
        let found = sources(words, Known { steps: &workflow.steps, links: &[] });
        let kind = |source| serde_json::to_value(source).unwrap()["kind"].as_str().unwrap().to_owned();
        found.iter().map(kind).collect()
    };
    let wrong = expected.into_iter().filter(|(words, expected)| kinds(words) != *expected);
    wrong.map(|(words, _)| format!("`{words}` means {:?}", kinds(&words))).collect()
}

#[test]
fn every_rule_has_an_example_and_every_example_is_true() {
    let text = std::fs::read_to_string(top().join("docs/workflow-format.md")).unwrap();
    let (mut pages, mut expectations, mut all) = (0, 0, Vec::new());
    for rule in rules(&text).iter().filter(|rule| !rule.title.is_empty()) {
        let examples = examples(rule);
        assert!(!examples.is_empty(), "the rule “{}” has no example", rule.title);
        for example in &examples {
            assert!(!example.expected.is_empty(), "line {}: nothing is expected of the page", example.line);
            let wrong = wrong(example);
            all.extend(
                wrong.into_iter().map(|what| format!("{}, line {}: {what}", rule.title, example.line)),
            );
            pages += 1;
            expectations += example.expected.len();
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    println!("{pages} pages with {expectations} expectations");
    assert!(pages >= 30);
}

#[test]
fn the_document_has_all_parts() {
    let text = std::fs::read_to_string(top().join("docs/workflow-format.md")).unwrap();
    let parts: BTreeSet<String> =
        rules(&text).into_iter().filter(|rule| !rule.title.is_empty()).map(|rule| rule.part).collect();
    for part in [
        "Steps",
        "Pages that list skills",
        "Rules",
        "Gates",
        "Inputs",
        "Precedence",
        "The exact form",
        "Dangerous advice",
        "Contradictions and what was not understood",
        "Limits",
    ] {
        assert!(parts.contains(part), "no rule about {part}");
    }
    // Each source that the words of a cell can mean is explained.
    let schema = schemars::schema_for!(hotfix_core::brief::Source).to_value();
    for variant in schema["oneOf"].as_array().unwrap() {
        let kind = variant["properties"]["kind"]["const"].as_str().unwrap();
        assert!(text.contains(&format!("`{kind}`")), "the source {kind} is not explained");
    }
    // Each key of the exact form stands in an example.
    for key in exact::POLICY_SCHEMA["properties"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("  {key}:")), "the key {key} has no example");
    }
}

#[test]
fn a_rule_without_an_example_is_seen() {
    let found = rules("## Part\n\n### Rule\n\nwords\n");
    assert!(examples(found.iter().find(|rule| rule.title == "Rule").unwrap()).is_empty());
    let wrong = differs(&serde_json::json!({"a": [1]}), &serde_json::json!({"a": [2]}), "");
    assert_eq!(wrong.unwrap(), ".a[0] is 2, not 1");
}
