//! The front matter against its published schema, in words: each fault with
//! its place and what was probably meant. It knows as much of JSON Schema as
//! the schema of the exact form uses, and a test keeps the two together.

use super::duration;
use super::tree::{Node, Spot, Tree};
use crate::text::did_you_mean;
use serde_json::Value;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub spot: Spot,
    /// How many characters it is about.
    pub length: u32,
    pub message: String,
    pub hint: Option<String>,
    /// A key that there is no use for.
    pub unknown_key: bool,
}

/// Every fault of a tree.
pub(crate) fn faults(node: &Node, schema: &Value, root: &Value, path: &str) -> Vec<Fault> {
    let mut checker = Checker { root, faults: Vec::new() };
    checker.node(node, schema, path);
    checker.faults
}

struct Checker<'s> {
    root: &'s Value,
    faults: Vec<Fault>,
}

impl<'s> Checker<'s> {
    fn node(&mut self, node: &Node, schema: &'s Value, path: &str) {
        let schema = resolved(self.root, schema);
        for key in ["anyOf", "oneOf"] {
            if let Some(variants) = schema[key].as_array() {
                return self.variants(node, variants, path);
            }
        }
        if let Some(allowed) = schema["enum"].as_array() {
            return self.one_of(node, &allowed.iter().collect::<Vec<_>>(), path);
        }
        if let Some(only) = schema.get("const") {
            return self.one_of(node, &[only], path);
        }
        if !is_type(node, schema) {
            return self.fault(
                node,
                format!("`{path}` must be {}, not {}", told(self.root, schema), told_node(node)),
                None,
            );
        }
        match &node.tree {
            Tree::Map(entries) => {
                self.fields(node, entries, schema, path);
            }
            Tree::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    if let Some(each) = schema.get("items") {
                        self.node(item, each, &format!("{path}[{at}]"));
                    }
                }
            }
            Tree::Scalar(Value::String(text)) => self.text(node, text, schema, path),
            Tree::Scalar(Value::Number(number)) => {
                let most = if schema["format"] == "uint32" { u64::from(u32::MAX) } else { u64::MAX };
                if number.as_u64().is_none_or(|number| number > most) {
                    self.fault(node, format!("`{path}` must be a whole number from 0, not {number}"), None);
                }
            }
            Tree::Scalar(_) => {}
        }
    }

    fn fields(&mut self, node: &Node, entries: &[(super::tree::Key, Node)], schema: &'s Value, path: &str) {
        let known = schema["properties"].as_object();
        for (key, value) in entries {
            let inner = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            match (known.and_then(|known| known.get(&key.text)), schema.get("additionalProperties")) {
                (Some(field), _) => self.node(value, field, &inner),
                (None, Some(Value::Bool(false))) => {
                    let names = known.into_iter().flat_map(|known| known.keys().map(String::as_str));
                    let near = did_you_mean(&key.text, names.clone());
                    let hint = near.map(|near| format!("did you mean `{near}`?"));
                    let all = || format!("there is: {}", names.collect::<Vec<_>>().join(", "));
                    let message = format!("there is no `{inner}`");
                    self.push(key.spot, &key.text, message, Some(hint.unwrap_or_else(all)), true);
                }
                (None, Some(each)) => self.node(value, each, &inner),
                (None, None) => {}
            }
        }
        for needed in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !entries.iter().any(|(key, _)| key.text == needed) {
                self.fault(node, format!("`{path}` needs `{needed}`"), None);
            }
        }
    }

    fn text(&mut self, node: &Node, text: &str, schema: &Value, path: &str) {
        let Some(pattern) = schema["pattern"].as_str() else { return };
        if pattern == duration::PATTERN {
            if duration::read(text).is_none() || !matches(pattern, text) {
                let message = format!("`{path}` is `{text}`, which is no duration");
                self.fault(node, message, Some("write `15m`, `2h`, `1d` or `PT15M`".to_owned()));
            }
        } else if !matches(pattern, text) {
            self.fault(node, format!("`{path}` cannot be `{text}`"), None);
        }
    }

    /// One of several forms: the one that the value is nearest to says what is wrong.
    fn variants(&mut self, node: &Node, variants: &'s [Value], path: &str) {
        let null = |variant: &&Value| variant["type"] == "null";
        if node.tree == Tree::Scalar(Value::Null) && variants.iter().any(|v| null(&v)) {
            return;
        }
        let variants: Vec<&Value> =
            variants.iter().filter(|v| !null(v)).map(|variant| resolved(self.root, variant)).collect();
        let mut words: Vec<&Value> = Vec::new();
        for variant in &variants {
            words.extend(variant.get("const"));
            words.extend(variant["enum"].as_array().into_iter().flatten());
        }
        let tried: Vec<Vec<Fault>> =
            variants.iter().map(|variant| faults(node, variant, self.root, path)).collect();
        if tried.iter().any(Vec::is_empty) {
            return;
        }
        if !words.is_empty() && matches!(node.tree, Tree::Scalar(_)) {
            return self.one_of(node, &words, path);
        }
        let nearest =
            variants.iter().zip(tried).filter(|(variant, _)| is_type(node, variant)).map(|(_, f)| f);
        if let Some(faults) = nearest.min_by_key(Vec::len) {
            self.faults.extend(faults);
            return;
        }
        let kinds: Vec<String> = variants.iter().map(|variant| told(self.root, variant)).collect();
        let message = format!("`{path}` must be {}, not {}", kinds.join(" or "), told_node(node));
        self.fault(node, message, None);
    }

    fn one_of(&mut self, node: &Node, allowed: &[&Value], path: &str) {
        let found = match &node.tree {
            Tree::Scalar(value) => value,
            _ => &Value::Null,
        };
        if matches!(node.tree, Tree::Scalar(_)) && allowed.contains(&found) {
            return;
        }
        let names: Vec<&str> = allowed.iter().filter_map(|value| value.as_str()).collect();
        let near = found.as_str().and_then(|found| did_you_mean(found, names.iter().copied()));
        let hint = near.map_or_else(
            || format!("it can be: {}", names.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        self.fault(node, format!("`{path}` cannot be {}", told_node(node)), Some(hint));
    }

    fn fault(&mut self, node: &Node, message: String, hint: Option<String>) {
        let shown = match &node.tree {
            Tree::Scalar(Value::String(text)) => text.clone(),
            Tree::Scalar(value) => value.to_string(),
            Tree::List(_) | Tree::Map(_) => String::new(),
        };
        self.push(node.spot, &shown, message, hint, false);
    }

    fn push(&mut self, spot: Spot, shown: &str, message: String, hint: Option<String>, unknown_key: bool) {
        let shown = shown.lines().next().unwrap_or_default();
        let length = u32::try_from(shown.chars().count()).unwrap_or(u32::MAX).max(1);
        self.faults.push(Fault { spot, length, message, hint, unknown_key });
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let path = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    path.and_then(|path| root.pointer(path)).unwrap_or(schema)
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    }
}

fn is_type(node: &Node, schema: &Value) -> bool {
    let types = types(schema);
    let own: &[&str] = match &node.tree {
        Tree::Scalar(Value::Null) => &["null"],
        Tree::Scalar(Value::Bool(_)) => &["boolean"],
        Tree::Scalar(Value::Number(number)) if number.is_f64() => &["number"],
        Tree::Scalar(Value::Number(_)) => &["integer", "number"],
        Tree::Scalar(_) => &["string"],
        Tree::List(_) => &["array"],
        Tree::Map(_) => &["object"],
    };
    types.is_empty() || types.iter().any(|kind| own.contains(kind))
}

/// What a schema wants, in words.
fn told(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    if schema["pattern"] == duration::PATTERN {
        return "a duration".to_owned();
    }
    match types(schema).into_iter().find(|kind| *kind != "null") {
        Some("string") => "text",
        Some("integer" | "number") => "a number",
        Some("boolean") => "`true` or `false`",
        Some("array") => "a list",
        Some("object") => "a mapping",
        _ => "one of the values that the schema names",
    }
    .to_owned()
}

fn told_node(node: &Node) -> String {
    match &node.tree {
        Tree::Scalar(Value::Null) => "nothing".to_owned(),
        Tree::Scalar(Value::String(text)) => format!("`{}`", crate::text::brief(text, 60)),
        Tree::Scalar(value) => format!("`{value}`"),
        Tree::List(_) => "a list".to_owned(),
        Tree::Map(_) => "a mapping".to_owned(),
    }
}
