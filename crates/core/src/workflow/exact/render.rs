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

/// The `policy:` block as data, in the order in which people read it.
fn data(workflow: &Workflow) -> Vec<(String, Value)> {
    let policy = &workflow.policy;
    let mut fields = vec![("steps", workflow.steps.iter().map(step).collect())];
    let gates = workflow.gates.iter();
    fields.push((
        "gates",
        gates.map(|gate| json!({"after": gate.after, "gate": gate.id, "criteria": gate.criteria})).collect(),
    ));
    // A page that says when the report is due asks for one.
    let due = workflow.says("report_within") || policy.report_within != Policy::default().report_within;
    fields.extend(rules(policy).into_iter().filter(|(name, _)| *name != "report_within" || due));
    fields.push(("obligations", criteria(&workflow.obligations)));
    fields.push(("guidance", workflow.guidance.iter().map(|guidance| guidance.text.clone()).collect()));
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn rules(policy: &Policy) -> Vec<(&'static str, Value)> {
    let monitor = &policy.monitor;
    vec![
        ("prerequisites", criteria(&policy.prerequisites)),
        ("change", json!(policy.change)),
        ("verification", criteria(&policy.verification)),
        ("completion", criteria(&policy.completion)),
        ("merge_request", json!(policy.merge_request)),
        ("severities", json!(policy.severities)),
        ("branch", json!(policy.branch)),
        (
            "monitor",
            json!({"watch": monitor.watch, "min": monitor.min.to_string(), "max": monitor.max.to_string(), "checks": criteria(&monitor.checks)}),
        ),
        (
            "rollback",
            json!({"required": criteria(&policy.rollback.required), "automatic": policy.rollback.automatic}),
        ),
        ("report_within", policy.report_within.to_string().into()),
        ("notify", json!(policy.notify)),
        ("waivers", json!(policy.waivers)),
    ]
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
    json!({
        "title": step.title,
        "id": step.id,
        "name": step.name_in_document,
        "skills": skills,
        "inputs": step.inputs.iter().map(input).collect::<Vec<_>>(),
        "outputs": step.outputs,
        "checklist": criteria(&step.checklist),
        "guidance": guidance,
        "suggested_commands": step.suggested_commands,
    })
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
        Value::Object(fields) if fields.values().all(is_short) && !fields.is_empty() => {
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
            if items.iter().all(|item| !item.is_object() && is_short(item)) && items.len() <= 6 {
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
        Value::Object(fields) if !fields.values().all(is_short) => {
            let mut inner = String::new();
            block(&mut inner, &ordered(fields), depth + 1);
            let _ = write!(out, " {}", inner.trim_start());
        }
        other => nested(out, other, depth),
    }
}

/// Fields in the order in which people read them: titles and texts first.
fn ordered(fields: &serde_json::Map<String, Value>) -> Vec<(String, Value)> {
    const FIRST: [&str; 10] =
        ["title", "text", "after", "kind", "id", "name", "target", "gate", "skills", "watch"];
    let mut all: Vec<(String, Value)> =
        fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    all.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    all
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= 60,
        Value::Array(items) => {
            items.len() <= 6
                && items.iter().all(|item| item.as_str().is_some_and(|text| text.chars().count() <= 24))
        }
        Value::Object(fields) => fields.is_empty(),
        _ => true,
    }
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
