//! Calls held against a vendor's published description: the path and method
//! exist, no query parameter or field of the body is made up, and what is sent
//! and answered has the described types. The descriptions are no part of this
//! repository; where they are not at hand the check is skipped with a note.

use super::Call;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The folder of the published descriptions, if it is at hand.
fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("HOTFIX_SHARED").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let found = named.unwrap_or(beside).join("openapi");
    found.is_dir().then_some(found)
}

/// A description.
pub struct Spec {
    root: Value,
    /// The same for answers: what is there must be right, and not all is there.
    partial: Value,
    prefix: String,
    /// The description calls a list by its item.
    lists_as_items: bool,
}

/// The descriptions of these files; none with a note where they are not at hand.
pub fn specs(files: &[&str], prefix: &str, lists_as_items: bool) -> Option<Vec<Spec>> {
    let Some(folder) = folder() else {
        note("the vendors' descriptions are not at hand: our calls were not held against them");
        return None;
    };
    let read = |name: &&str| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let mut root: Value = serde_json::from_str(&text).unwrap();
        nullable(&mut root);
        if lists_as_items {
            items_or_lists(&mut root, false);
        }
        let mut partial = root.clone();
        allow_parts(&mut partial);
        Spec { root, partial, prefix: prefix.to_owned(), lists_as_items }
    };
    Some(files.iter().map(read).collect())
}

fn note(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "NOT CHECKED: {text}");
}

/// What OpenAPI 3.0 calls nullable, in JSON Schema's words. Fields that no
/// description calls nullable may be null all the same: forges leave out so.
fn nullable(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("example");
            fields.remove("examples");
            fields.values_mut().for_each(nullable);
            // Formats and patterns are checked by nobody here.
            fields.remove("format");
            let is_schema = fields.get("type").is_some_and(Value::is_string);
            if fields.remove("nullable") == Some(json!(true)) && is_schema {
                let of = fields["type"].clone();
                fields.insert("type".to_owned(), json!([of, "null"]));
                if let Some(Value::Array(values)) = fields.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(nullable),
        _ => {}
    }
}

/// Drops what says that a field must be there.
fn allow_parts(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("required").is_some_and(Value::is_array) {
                fields.remove("required");
            }
            if let Some(all) = fields.remove("oneOf") {
                fields.insert("anyOf".to_owned(), all);
            }
            fields.values_mut().for_each(allow_parts);
        }
        Value::Array(items) => items.iter_mut().for_each(allow_parts),
        _ => {}
    }
}

/// Where a field is described by its item, a list of such items is right too.
fn items_or_lists(value: &mut Value, is_field: bool) {
    match value {
        Value::Object(fields) => {
            if is_field
                && fields.keys().all(|k| k == "$ref" || k == "description")
                && fields.contains_key("$ref")
            {
                let item = json!({"$ref": fields["$ref"]});
                *value = json!({"if": {"type": "array"}, "then": {"items": item.clone()}, "else": item});
                return;
            }
            for (name, inner) in fields {
                match inner {
                    Value::Object(all) if name == "properties" => {
                        all.values_mut().for_each(|v| items_or_lists(v, true));
                    }
                    other => items_or_lists(other, false),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|v| items_or_lists(v, false)),
        _ => {}
    }
}

/// Fields that hold nothing.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

impl Spec {
    /// The operation for a call, with how well its path fits.
    fn operation(&self, call: &Call) -> Option<(&str, &Value, Vec<Value>)> {
        let path = call.asked.path.strip_prefix(&self.prefix).unwrap_or(&call.asked.path);
        let sent: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        let paths = self.root["paths"].as_object()?;
        let mut best: Option<(usize, &str, &Value)> = None;
        for (template, item) in paths {
            let parts: Vec<&str> = template.split('/').filter(|p| !p.is_empty()).collect();
            let fits = parts.len() == sent.len()
                && parts.iter().zip(&sent).all(|(t, s)| t.starts_with('{') || t == s);
            let exact = parts.iter().filter(|p| !p.starts_with('{')).count();
            if fits
                && item.get(call.asked.method.to_lowercase()).is_some()
                && best.is_none_or(|(n, ..)| exact > n)
            {
                best = Some((exact, template, item));
            }
        }
        let (_, template, item) = best?;
        let operation = &item[call.asked.method.to_lowercase()];
        let of = |v: &Value| v.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        let parameters = of(item).into_iter().chain(of(operation)).map(|p| self.followed(&p)).collect();
        Some((template, operation, parameters))
    }

    fn followed(&self, value: &Value) -> Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(to) => self.followed(self.root.pointer(to.trim_start_matches('#')).unwrap()),
            None => value.clone(),
        }
    }

    /// What a value breaks of a schema.
    fn breaks(&self, root: &Value, schema: &Value, value: &Value) -> Vec<String> {
        let mut whole = schema.clone();
        for part in ["components", "definitions"] {
            if let (Some(fields), Some(found)) = (whole.as_object_mut(), root.get(part)) {
                fields.insert(part.to_owned(), found.clone());
            }
        }
        let Ok(validator) = jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(&whole) else {
            return vec!["the description is no schema".to_owned()];
        };
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
    }

    fn body_schema(&self, operation: &Value, parameters: &[Value]) -> Option<Value> {
        if let Some(body) = operation.get("requestBody") {
            return self.followed(body).pointer("/content/application~1json/schema").cloned();
        }
        parameters.iter().find(|p| p["in"] == "body").and_then(|p| p.get("schema").cloned())
    }

    fn answer_schema(&self, operation: &Value, status: u16) -> Option<Value> {
        let response = self.followed(operation.get("responses")?.get(status.to_string())?);
        response.get("schema").or(response.pointer("/content/application~1json/schema")).cloned()
    }

    /// Everything that is wrong with a call.
    fn faults(&self, call: &Call, operation: &Value, parameters: &[Value]) -> Vec<String> {
        let mut wrong = Vec::new();
        for name in call.asked.query.keys() {
            if !parameters.iter().any(|p| p["in"] == "query" && p["name"] == *name) {
                wrong.push(format!("there is no query parameter `{name}`"));
            }
        }
        if call.asked.changes() && !call.asked.body.is_null() {
            if let Some(schema) = self.body_schema(operation, parameters) {
                let full = self.followed(&schema);
                if let (Some(known), Some(sent)) =
                    (full.get("properties").and_then(Value::as_object), call.asked.body.as_object())
                {
                    wrong.extend(
                        sent.keys()
                            .filter(|k| !known.contains_key(*k))
                            .map(|k| format!("there is no field `{k}`")),
                    );
                }
                wrong.extend(self.breaks(&self.root, &schema, &call.asked.body));
            } else {
                wrong.push("it takes no body".to_owned());
            }
        }
        if call.fault.is_none() && (200..300).contains(&call.answer.status) && call.answer.status != 204 {
            wrong.extend(self.wrong_answer(call, operation));
        }
        wrong
    }

    fn wrong_answer(&self, call: &Call, operation: &Value) -> Vec<String> {
        let described = operation["responses"]
            .as_object()
            .is_some_and(|r| r.contains_key(&call.answer.status.to_string()));
        if !described {
            return vec![format!("the status {} is not described", call.answer.status)];
        }
        // The double answers with what is read, and leaves other fields out.
        let Some(mut schema) = self.answer_schema(operation, call.answer.status) else { return Vec::new() };
        allow_parts(&mut schema);
        let Ok(value) = serde_json::from_slice::<Value>(&call.answer.body) else { return Vec::new() };
        let value = without_nulls(&value);
        let items: Vec<&Value> = match &value {
            Value::Array(items) if self.lists_as_items && self.followed(&schema)["type"] != "array" => {
                items.iter().collect()
            }
            _ => vec![&value],
        };
        items
            .into_iter()
            .flat_map(|v| self.breaks(&self.partial, &schema, v))
            .map(|e| format!("the double's answer: {e}"))
            .collect()
    }
}

/// Holds calls against the descriptions. `beyond` are operations that the
/// vendor documents and the files at hand leave out: method and path template.
///
/// `known` are ends of complaints about fields that the vendor describes with another
/// type than it sends.
pub fn hold(calls: &[Call], specs: &[Spec], beyond: &[&str], known: &[&str]) {
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut checked = 0;
    for call in calls.iter().filter(|c| c.answer.status != 304) {
        let found = specs.iter().find_map(|spec| spec.operation(call).map(|found| (spec, found)));
        let Some((spec, (template, operation, parameters))) = found else {
            if !beyond.iter().any(|b| is(b, call)) {
                let said = format!("{} {} is not described", call.asked.method, call.asked.path);
                wrong.entry(call.kind()).or_default().push(said);
            }
            continue;
        };
        checked += 1;
        let mut faults = spec.faults(call, operation, &parameters);
        faults.retain(|fault| !known.iter().any(|k| fault.contains(k)));
        if !faults.is_empty() {
            wrong.entry(format!("{} {template}", call.asked.method)).or_default().extend(faults);
        }
    }
    for faults in wrong.values_mut() {
        faults.sort();
        faults.dedup();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked > 0, "no call was held against a description");
}

fn is(beyond: &str, call: &Call) -> bool {
    let Some((method, template)) = beyond.split_once(' ') else { return false };
    let wanted: Vec<&str> = template.split('/').filter(|p| !p.is_empty()).collect();
    method == call.asked.method
        && wanted.len() == call.asked.parts.len()
        && wanted.iter().zip(&call.asked.parts).all(|(w, p)| w.starts_with('{') || w == p)
}
