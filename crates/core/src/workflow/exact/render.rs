//! A workflow as a page in the exact form: front matter alone, in which
//! everything that was understood stands as data. Read again, it gives the
//! same steps, gates and policy.

use crate::policy::{Criterion, Policy};
use crate::workflow::{Step, Workflow};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The page.
pub fn page(workflow: &Workflow) -> String {
    let mut out = String::from(
        "---\n# This page is exact: what it says stands here as data. `hotfix workflow show` tells it in words.\n",
    );
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name}: {}", scalar(&value.into()));
        }
    };
    field("name", &workflow.name);
    field("description", &workflow.description);
    field("role", workflow.role.as_deref().unwrap_or_default());
    out.push_str("policy:\n");
    block(&mut out, &data(workflow), 1);
    out.push_str("---\n");
    out
}

/// The `policy:` block as data, in the order in which people read it. What
/// is not there is left out.
fn data(workflow: &Workflow) -> Vec<(String, Value)> {
    let policy = &workflow.policy;
    let gate = |gate: &crate::workflow::GateRow| json!({"after": gate.after, "gate": gate.id, "criteria": gate.criteria});
    let guidance = workflow.guidance.iter().map(|guidance| guidance.text.clone());
    let mut fields = vec![
        ("steps", workflow.steps.iter().map(step).collect()),
        ("gates", workflow.gates.iter().map(gate).collect()),
        ("prerequisites", criteria(&policy.prerequisites)),
        ("change", without_empty(json!(policy.change))),
        ("verification", criteria(&policy.verification)),
        ("completion", criteria(&policy.completion)),
        ("merge_request", json!(policy.merge_request)),
        ("severities", json!(policy.severities)),
        ("branch", json!(policy.branch)),
        ("monitor", monitor(policy)),
        ("rollback", rollback(policy)),
        ("notify", policy.notify.iter().map(|told| without_empty(json!(told))).collect()),
        ("obligations", criteria(&workflow.obligations)),
        ("guidance", guidance.collect()),
    ];
    fields.retain(|(_, value)| !is_empty(value));
    // A page that says when the report is due asks for one.
    if workflow.says("report_within") || policy.report_within != Policy::default().report_within {
        fields.push(("report_within", policy.report_within.to_string().into()));
    }
    fields.push(("waivers", json!(policy.waivers)));
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn monitor(policy: &Policy) -> Value {
    let monitor = &policy.monitor;
    without_empty(json!({
        "watch": monitor.watch,
        "min": monitor.min.to_string(),
        "max": monitor.max.to_string(),
        "checks": criteria(&monitor.checks),
    }))
}

fn rollback(policy: &Policy) -> Value {
    let rollback = &policy.rollback;
    without_empty(json!({"required": criteria(&rollback.required), "automatic": rollback.automatic}))
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Lists that are empty say nothing, nor does nothing.
fn without_empty(mut value: Value) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, value| !is_empty(value) && !value.is_null());
    }
    value
}

fn criteria(all: &[Criterion]) -> Value {
    all.iter().map(|criterion| json!({"text": criterion.text, "gate": criterion.gate})).collect()
}

fn step(step: &Step) -> Value {
    let input = |input: &crate::workflow::Input| {
        let mut fields = json!({"name": input.name, "source": input.source});
        if !input.links.is_empty() {
            fields["links"] = json!(input.links);
        }
        fields
    };
    let skills: Vec<&str> = step.skills.iter().map(|skill| skill.name()).collect();
    let guidance: Vec<&str> = step.guidance.iter().map(|guidance| guidance.text.as_str()).collect();
    without_empty(json!({
        "title": step.title,
        "id": step.id,
        "name": step.name_in_document,
        "skills": skills,
        "inputs": step.inputs.iter().map(input).collect::<Vec<_>>(),
        "outputs": step.outputs,
        "checklist": criteria(&step.checklist),
        "guidance": guidance,
        "suggested_commands": step.suggested_commands,
    }))
}

/// Writes fields as block YAML at a depth.
fn block(out: &mut String, fields: &[(String, Value)], depth: usize) {
    for (name, value) in fields {
        let _ = write!(out, "{}{}:", "  ".repeat(depth), scalar(&name.as_str().into()));
        nested(out, value, depth);
    }
}

/// Writes what stands after `key:` or `-`, with the end of its line.
fn nested(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) if fits(value) && !fields.is_empty() => {
            let fields = ordered(fields);
            let inner = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", scalar(&name.as_str().into()), flow(value)));
            let _ = writeln!(out, " {{ {} }}", inner.collect::<Vec<_>>().join(", "));
        }
        Value::Object(fields) if !fields.is_empty() => {
            out.push('\n');
            block(out, &ordered(fields), depth + 1);
        }
        Value::Array(items) if !items.is_empty() => {
            if items.iter().all(|item| !item.is_object()) && fits(value) {
                let _ = writeln!(out, " {}", flow(value));
                return;
            }
            out.push('\n');
            for item in items {
                let _ = write!(out, "{}-", "  ".repeat(depth + 1));
                list_item(out, item, depth + 1);
            }
        }
        other => {
            let _ = writeln!(out, " {}", flow(other));
        }
    }
}

/// The first field of a long object stands on the line of its dash.
fn list_item(out: &mut String, item: &Value, depth: usize) {
    match item {
        Value::Object(fields) if !fits(item) => {
            let mut inner = String::new();
            block(&mut inner, &ordered(fields), depth + 1);
            let _ = write!(out, " {}", inner.trim_start());
        }
        other => nested(out, other, depth),
    }
}

/// Fields in the order in which people read them: titles and texts first.
fn ordered(fields: &serde_json::Map<String, Value>) -> Vec<(String, Value)> {
    const FIRST: &str = "title text after kind id name target gate criteria source skills inputs outputs checklist guidance \
        suggested_commands approvers reviewers review rank watch min max checks required automatic pattern base merge_to \
        port_to port_by title_key labels evidence max_files max_lines minimal no_refactoring no_features";
    let mut all: Vec<(String, Value)> =
        fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let place = |name: &str| FIRST.split_whitespace().position(|first| first == name);
    all.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    all
}

/// Whether a value reads well on one line.
fn fits(value: &Value) -> bool {
    let flat = |value: &Value| match value {
        Value::Array(items) => !items.iter().any(|item| item.is_object() || item.is_array()),
        Value::Object(fields) => fields.is_empty(),
        _ => true,
    };
    let shallow = match value {
        Value::Object(fields) => fields.values().all(flat),
        Value::Array(items) => items.iter().all(flat),
        _ => true,
    };
    shallow && flow(value).chars().count() <= 96
}

fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let inner = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", scalar(&name.as_str().into()), flow(value)));
            format!("{{{}}}", inner.collect::<Vec<_>>().join(", "))
        }
        other => scalar(other),
    }
}

/// A scalar as YAML: plain where nobody can read it as something else.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let inner =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-' | '/' | '.' | '(' | ')' | '+');
    let word = matches!(
        text.to_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n" | "nan" | "inf"
    );
    first && !word && !text.ends_with(' ') && !text.contains("  ") && text.chars().all(inner)
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_say_what_they_said() {
        for text in [
            "",
            "plain words",
            "yes",
            "No",
            "#incident",
            "a: b",
            "- x",
            "{id}",
            "5m",
            "x ",
            "ä\u{85}\"\\\n\u{1b}\u{2028}",
            "null",
            "1.5",
            "hotfix/incident-{id}",
            "~",
        ] {
            let yaml = format!("k: {}\n", scalar(&text.into()));
            let node = super::super::tree::read(&yaml, 1).unwrap();
            assert_eq!(node.get("k").unwrap().1.to_json(), Value::from(text), "{yaml}");
        }
    }
}
