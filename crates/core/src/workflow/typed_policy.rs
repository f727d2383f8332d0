//! The exact form: the `policy:` block of the front matter. It wins over
//! prose, and each statement of the page that it overrules is reported. What
//! is not valid is refused as a whole.

use super::Level;
use super::criteria::{Place, gate};
use super::reader::Reader;
use crate::policy::Policy;
use crate::text::did_you_mean;
use serde_json::{Map, Value};

/// Puts a typed policy over the one that was read from prose.
pub(crate) fn apply(policy: &mut Policy, typed: &Value, line: u32, reader: &mut Reader) {
    let Value::Object(typed) = typed else {
        let message = "`policy:` must be a mapping".to_owned();
        reader.say(Level::Error, "HF0311", line, message, "compare it with the schema of hotfix.workflow/1");
        return;
    };
    let Ok(Value::Object(prose)) = serde_json::to_value(&*policy) else { return };
    let mut merged = prose.clone();
    let mut over = Over { line, reader };
    let mut typed = typed.clone();
    complete(&mut typed);
    over.merge(&mut merged, &typed, "");
    match serde_json::from_value::<Policy>(Value::Object(merged)) {
        Ok(valid) => {
            *policy = valid;
            policy.monitor.max = policy.monitor.max.max(policy.monitor.min);
        }
        Err(error) => {
            let message = format!("the typed policy is not valid, so none of it was taken: {error}");
            reader.say(
                Level::Error,
                "HF0311",
                line,
                message,
                "compare it with the schema of hotfix.workflow/1",
            );
        }
    }
}

/// Criteria may be given as plain text; severities without a rank are ranked by name.
fn complete(typed: &mut Map<String, Value>) {
    let lists = [
        ("/prerequisites", Place::Prerequisite),
        ("/verification", Place::Verification),
        ("/completion", Place::Completion),
        ("/monitor/checks", Place::Monitoring),
        ("/rollback/required", Place::Rollback),
    ];
    let mut whole = Value::Object(std::mem::take(typed));
    for (path, place) in lists {
        let items = whole.pointer_mut(path).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            if let Value::String(text) = item {
                *item = serde_json::json!({ "text": text, "gate": gate(text, place) });
            }
        }
    }
    let rows = whole.pointer_mut("/severities").and_then(Value::as_object_mut);
    for (rank, (_, row)) in rows.into_iter().flatten().enumerate() {
        if let Value::Object(row) = row {
            row.entry("rank").or_insert_with(|| Value::from(rank));
        }
    }
    if let Value::Object(map) = whole {
        *typed = map;
    }
}

struct Over<'a> {
    line: u32,
    reader: &'a mut Reader,
}

impl Over<'_> {
    fn merge(&mut self, into: &mut Map<String, Value>, typed: &Map<String, Value>, path: &str) {
        for (key, value) in typed {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let open = path == format!("severities.{key}");
            match (into.get_mut(key), value) {
                (None, _) if !open => self.unknown(key, into, &path),
                (Some(Value::Object(inner)), Value::Object(value)) => self.merge(inner, value, &path),
                (old, new) => {
                    if let Some(old) = old {
                        self.compare(old, new, &path);
                    }
                    into.insert(key.clone(), new.clone());
                    self.reader.rule(&path, self.line);
                }
            }
        }
    }

    fn unknown(&mut self, key: &str, known: &Map<String, Value>, path: &str) {
        let near = did_you_mean(key, known.keys().map(String::as_str));
        let hint = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
        let message = format!("the policy has no `{path}`; it was not taken");
        self.reader.say(Level::Warning, "HF0312", self.line, message, &hint);
    }

    fn compare(&mut self, prose: &Value, typed: &Value, path: &str) {
        if prose == typed || same_duration(prose, typed) {
            return;
        }
        let parent = path.rsplit_once('.').map_or(path, |(parent, _)| parent);
        let found = [path, parent].iter().find_map(|path| self.reader.origins.get(*path).copied());
        let is_rank = path.rsplit('.').next() == Some("rank");
        let Some(prose_line) = found.filter(|line| *line != self.line && !is_rank) else {
            return;
        };
        let message = format!(
            "the page says {prose} for `{path}`, the front matter says {typed}; the front matter holds"
        );
        self.reader.say(Level::Warning, "HF0310", prose_line, message, "say it in one place");
    }
}

fn same_duration(one: &Value, other: &Value) -> bool {
    let read = |value: &Value| value.as_str().and_then(|text| text.parse::<jiff::SignedDuration>().ok());
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}
