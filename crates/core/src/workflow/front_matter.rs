//! The YAML block at a page's start: name, description, role, skills and the
//! typed policy. YAML that is not valid is recovered line by line. It refuses
//! documents, anchors and nesting beyond a tight budget.

use super::account::Kind;
use super::parse::plain;
use super::reader::Reader;
use super::{Level, exact};
use crate::text::slug;
use serde_json::Value;

const MOST_LINES: usize = 400;
/// With a typed policy.
const MOST_LINES_EXACT: usize = 8_000;

/// A name with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// As the page writes it.
    pub name: String,
    /// From 1.
    pub line: u32,
}

/// What the front matter says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FrontMatter {
    pub name: Option<String>,
    pub description: Option<String>,
    pub role: Option<String>,
    pub skills: Vec<Named>,
    /// The typed policy, if there is one and it has no fault.
    pub policy: Option<exact::Node>,
    /// The file that holds it instead, with the place of its path.
    pub policy_file: Option<(String, exact::Spot)>,
}

/// Splits a page in front matter, body and the body's first line.
pub(crate) fn split(text: &str) -> (Option<&str>, &str, u32) {
    let none = (None, text, 1);
    let Some(rest) =
        text.strip_prefix("---").and_then(|rest| rest.trim_start_matches([' ', '\t']).strip_prefix('\n'))
    else {
        return none;
    };
    let start = text.len() - rest.len();
    let mut at = start;
    let mut exact = false;
    for (index, line) in rest.split_inclusive('\n').take(MOST_LINES_EXACT).enumerate() {
        exact |= line.starts_with("policy:");
        if index >= MOST_LINES && !exact {
            return none;
        }
        if matches!(line.trim_end(), "---" | "...") {
            let body = text.get(at + line.len()..).unwrap_or_default();
            let number = u32::try_from(index).unwrap_or_default().saturating_add(3);
            return (text.get(start..at), body, number);
        }
        at += line.len();
    }
    none
}

/// Reads front matter whose first line is the page's second.
pub(crate) fn read(yaml: &str, reader: &mut Reader) -> FrontMatter {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
                        max_events: 60_000,
            max_nodes: 30_000,
            max_depth: 12,
            max_aliases: 0,
            max_anchors: 0,
            max_documents: 1,
            max_merge_keys: 0,
                        max_total_scalar_bytes: 524_288,
        },
    };
    let value = serde_saphyr::from_str_with_options::<Value>(yaml, options).ok();
    let lines: Vec<&str> = yaml.lines().collect();
    let mut front = match value {
        Some(Value::Object(map)) => from_yaml(&map, &lines),
        Some(Value::Null) => FrontMatter::default(),
        _ => {
            let message = "the front matter is not valid YAML; it was read line by line".to_owned();
            let hint = "put values with a colon or a special character in quotes";
            reader.say(Level::Note, "HF0302", 2, message, hint);
            recovered(&lines)
        }
    };
    mark(&lines, reader);
    match exact::read(yaml, reader) {
        Some(exact::Given::Here(policy)) => front.policy = Some(policy),
        Some(exact::Given::Beside(path, spot)) => front.policy_file = Some((path, spot)),
        None => {}
    }
    front
}

fn line_number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX - 2) + 2
}

/// The key of an unindented `key: value` line, with its value.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let name = key.chars().next().is_some_and(char::is_alphabetic);
    (name && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))).then(|| (key, value.trim()))
}

fn from_yaml(fields: &serde_json::Map<String, Value>, lines: &[&str]) -> FrontMatter {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).map(|text| text.trim().to_owned());
    let list = fields.get("skills").or_else(|| fields.get("steps")).and_then(Value::as_array);
    let names = list.into_iter().flatten().filter_map(|item| match item {
        Value::String(name) => Some(name.clone()),
        Value::Object(item) => item.get("name").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    });
    FrontMatter {
        name: text("name").or_else(|| text("title")),
        description: text("description"),
        role: text("role").map(|role| slug(&role)),
        skills: with_lines(names.collect(), lines),
        ..FrontMatter::default()
    }
}

/// Finds the line of each list item, from the list's key on.
fn with_lines(names: Vec<String>, lines: &[&str]) -> Vec<Named> {
    let is_list = |line: &&str| key_of(line).is_some_and(|(key, _)| matches!(key, "skills" | "steps"));
    let start = lines.iter().position(is_list).unwrap_or_default();
    let mut at = start;
    let mut placed = Vec::new();
    for name in names {
        let next = lines.iter().enumerate().skip(at + 1).find(|(_, line)| line.contains(name.as_str()));
        if let Some((index, _)) = next {
            at = index;
        }
        placed.push(Named { name, line: line_number(if next.is_some() { at } else { start }) });
    }
    placed
}

fn unquoted(value: &str) -> String {
    value.trim().trim_matches(['"', '\'']).to_owned()
}

fn recovered(lines: &[&str]) -> FrontMatter {
    let mut front = FrontMatter::default();
    let mut current = "";
    for (index, line) in lines.iter().enumerate() {
        let line_no = line_number(index);
        if let Some((key, value)) = key_of(line) {
            current = key;
            match key {
                "name" | "title" => front.name = Some(unquoted(value)),
                "description" => front.description = Some(unquoted(value)),
                "role" => front.role = Some(slug(value)),
                "skills" | "steps" => {
                    let inline = value.trim_matches(['[', ']']).split(',').map(unquoted);
                    let named =
                        inline.filter(|name| !name.is_empty()).map(|name| Named { name, line: line_no });
                    front.skills.extend(named);
                }
                _ => {}
            }
        } else if let Some(item) = line.trim_start().strip_prefix("- ")
            && matches!(current, "skills" | "steps")
        {
            front.skills.push(Named { name: plain(&unquoted(item)), line: line_no });
        }
    }
    front
}

/// A key that is known was understood, with the lines that belong to it.
fn mark(lines: &[&str], reader: &mut Reader) {
    let last = line_number(lines.len());
    reader.became(1, 1, Kind::Structure, "");
    reader.became(last, last, Kind::Structure, "");
    let mut known = None;
    for (index, line) in lines.iter().enumerate() {
        if let Some((key, _)) = key_of(line) {
            let keys = ["name", "title", "description", "role", "skills", "steps", "policy"];
            known = keys.into_iter().find(|known| *known == key);
        }
        if line.trim_start().starts_with('#') {
            reader.became(line_number(index), line_number(index), Kind::Comment, "");
        } else if let Some(key) = known {
            let kind = if key == "policy" { Kind::Policy } else { Kind::FrontMatter };
            reader.became(line_number(index), line_number(index), kind, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (FrontMatter, Reader, u32) {
        let (yaml, _, line) = split(text);
        let mut reader = Reader::new(text.lines().count(), crate::workflow::Lexicon::built_in());
        (read(yaml.unwrap(), &mut reader), reader, line)
    }

    #[test]
    fn valid() {
        let (front, reader, line) =
            of("---\nname: x\nskills:\n  - a (b)\n  - c\npolicy:\n  report_within: 2h\n---\n# T\n");
        assert_eq!(front.name.as_deref(), Some("x"));
        assert_eq!(front.skills[1], Named { name: "c".to_owned(), line: 5 });
        assert_eq!(front.policy.unwrap().spot.line, 7);
        assert_eq!(line, 9);
        assert!(reader.diagnostics.is_empty() && reader.is_understood(8));
    }

    #[test]
    fn broken_is_recovered() {
        let (front, reader, _) = of("---\nname: x: y\nskills: [\n  - one\n - two\n---\n");
        assert_eq!(front.name.as_deref(), Some("x: y"));
        assert_eq!(front.skills.iter().map(|named| named.line).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(reader.diagnostics[0].diagnostic.code, "HF0302");
    }

    #[test]
    fn a_rule_is_no_front_matter() {
        assert_eq!(split("---\n\ntext\n").0, None);
        assert_eq!(split("----\na: b\n---\n").0, None);
    }

    #[test]
    fn anchors_are_over_budget() {
        let (_, reader, _) = of("---\na: &x [1]\nb: [*x, *x]\n---\n");
        assert_eq!(reader.diagnostics[0].diagnostic.code, "HF0302");
    }
}
