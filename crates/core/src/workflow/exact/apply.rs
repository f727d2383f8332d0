//! What the exact form says, put over what the prose says. Each statement of
//! the page that it overrules is told, at the page's line and at its own.

use super::duration;
use super::tree::{Key, Node, Spot, Tree};
use crate::policy::{Criterion, NotifyKind, Policy};
use crate::text::slug;
use crate::workflow::criteria::{Place, criterion, gate};
use crate::workflow::reader::Reader;
use crate::workflow::stepped::unique_ids;
use crate::workflow::{GateRow, Guidance, Input, Level, Skill, Step};
use serde_json::{Map, Value, json};

/// What a page says, prose first.
pub(crate) struct Said<'a> {
    pub policy: &'a mut Policy,
    pub gates: &'a mut Vec<GateRow>,
    pub obligations: &'a mut Vec<Criterion>,
    pub guidance: &'a mut Vec<Guidance>,
}

/// Keys of the exact form that are no part of the policy.
const BESIDE: [&str; 4] = ["steps", "gates", "obligations", "guidance"];

/// Puts the rules over those of the prose. The tree has no fault.
pub(crate) fn rules(said: Said<'_>, exact: &Node, reader: &mut Reader) {
    if let Some((key, rows)) = exact.get("gates").filter(|(_, rows)| !is_null(rows)) {
        let given = items(rows).map(gate_row).collect::<Vec<_>>();
        let same = |a: &GateRow, b: &GateRow| a.after == b.after && a.id == b.id;
        let differs =
            given.len() != said.gates.len() || !given.iter().zip(&*said.gates).all(|(a, b)| same(a, b));
        if let Some(first) = said.gates.first().filter(|_| differs) {
            overruled(reader, first.line, key, "the page has other gates after its steps");
        }
        reader.rule("gates", key.spot.line);
        *said.gates = given;
    }
    if let Some((key, list)) = exact.get("obligations").filter(|(_, list)| !is_null(list)) {
        reader.rule("obligations", key.spot.line);
        *said.obligations = items(list).map(|node| exact_criterion(node, Place::Completion)).collect();
    }
    if let Some((_, list)) = exact.get("guidance").filter(|(_, list)| !is_null(list)) {
        said.guidance.extend(items(list).map(guidance));
    }
    let Ok(Value::Object(mut merged)) = serde_json::to_value(&*said.policy) else { return };
    let mut over = Over { reader };
    over.map(&mut merged, exact, "");
    match serde_json::from_value::<Policy>(Value::Object(merged)) {
        Ok(policy) => {
            *said.policy = policy;
            let monitor = &mut said.policy.monitor;
            monitor.max = monitor.max.max(monitor.min);
        }
        // The schema let through what the policy cannot hold.
        Err(error) => {
            let line = exact.spot.line;
            let message = format!("the typed policy is not valid, so none of it was taken: {error}");
            reader.say(Level::Error, "HF0311", line, message, "compare it with schemas/policy.json");
        }
    }
}

fn is_null(node: &Node) -> bool {
    node.tree == Tree::Scalar(Value::Null)
}

fn items(node: &Node) -> impl Iterator<Item = &Node> {
    let items = if let Tree::List(items) = &node.tree { items.as_slice() } else { &[] };
    items.iter()
}

fn text(node: &Node) -> String {
    match &node.tree {
        Tree::Scalar(Value::String(text)) => text.clone(),
        Tree::Scalar(Value::Null) | Tree::List(_) | Tree::Map(_) => String::new(),
        Tree::Scalar(value) => value.to_string(),
    }
}

fn field(node: &Node, name: &str) -> Option<String> {
    node.get(name).map(|(_, node)| text(node)).filter(|text| !text.is_empty())
}

fn overruled(reader: &mut Reader, line: u32, key: &Key, what: &str) {
    if line == key.spot.line {
        return;
    }
    let message = format!("{what}; the front matter holds");
    reader.say(Level::Warning, "HF0310", line, message, "say it in one place").with(
        key.spot.line,
        Some(&key.text),
        "this holds",
    );
}

struct Over<'r> {
    reader: &'r mut Reader,
}

impl Over<'_> {
    fn map(&mut self, into: &mut Map<String, Value>, node: &Node, path: &str) {
        let Tree::Map(entries) = &node.tree else { return };
        for (key, value) in entries {
            if path.is_empty() && BESIDE.contains(&key.text.as_str()) {
                continue;
            }
            let inner = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            let nullable = NULLABLE.contains(&key.text.as_str());
            if is_null(value) && !nullable {
                continue;
            }
            match (&value.tree, into.get_mut(&key.text)) {
                (Tree::Map(_), Some(Value::Object(old))) if !is_value(&inner) => self.map(old, value, &inner),
                (Tree::Map(_), None) if inner.starts_with("severities.") => {
                    let mut row = json!({"approvers": [], "reviewers": 1, "review": "post-deploy"});
                    if let Some(row) = row.as_object_mut() {
                        self.map(row, value, &inner);
                    }
                    into.insert(key.text.clone(), row);
                    self.reader.rule(&inner, key.spot.line);
                }
                _ => {
                    let new = exact_value(&inner, value);
                    self.compare(into.get(&key.text), &new, &inner, key);
                    into.insert(key.text.clone(), new);
                    self.reader.rule(&inner, key.spot.line);
                }
            }
        }
        if path == "severities" {
            rank(into, entries);
        }
    }

    fn compare(&mut self, prose: Option<&Value>, new: &Value, path: &str, key: &Key) {
        let Some(prose) = prose.filter(|prose| words(prose) != words(new)) else { return };
        let parent = path.rsplit_once('.').map_or(path, |(parent, _)| parent);
        let found = [path, parent].iter().find_map(|path| self.reader.origins.get(*path).copied());
        let Some(line) = found.filter(|line| *line != key.spot.line && key.text != "rank") else { return };
        let message = format!("the page says {} for `{path}`, the front matter {}", words(prose), words(new));
        overruled(self.reader, line, key, &message);
    }
}

/// Keys whose value may be nothing, and then is.
const NULLABLE: [&str; 6] = ["max_files", "max_lines", "port_to", "automatic", "title", "condition"];

/// Maps that are replaced as a whole.
fn is_value(path: &str) -> bool {
    path == "waivers"
}

/// Severities without a rank have the one of their place.
fn rank(rows: &mut Map<String, Value>, entries: &[(Key, Node)]) {
    for (place, (key, node)) in entries.iter().enumerate() {
        let given = node.get("rank").is_some_and(|(_, rank)| !is_null(rank));
        if let Some(Value::Object(row)) = rows.get_mut(&key.text).filter(|_| !given) {
            row.insert("rank".to_owned(), place.into());
        }
    }
}

/// A value as the policy holds it.
fn exact_value(path: &str, node: &Node) -> Value {
    let place = match path {
        "prerequisites" => Some(Place::Prerequisite),
        "verification" => Some(Place::Verification),
        "completion" => Some(Place::Completion),
        "monitor.checks" => Some(Place::Monitoring),
        "rollback.required" => Some(Place::Rollback),
        _ => None,
    };
    if let Some(place) = place {
        let criteria = items(node).map(|item| exact_criterion(item, place)).collect::<Vec<_>>();
        return serde_json::to_value(criteria).unwrap_or_default();
    }
    match path {
        "monitor.min" | "monitor.max" | "report_within" => {
            duration::read(&text(node)).map_or(Value::Null, |duration| duration.to_string().into())
        }
        "notify" => items(node).map(told).collect(),
        "waivers" => {
            let Tree::Map(entries) = &node.tree else { return json!({}) };
            entries
                .iter()
                .map(|(key, roles)| (key.text.clone(), roles_of(roles)))
                .collect::<Map<_, _>>()
                .into()
        }
        path if path.ends_with(".approvers") => roles_of(node),
        _ => node.to_json(),
    }
}

/// Roles are in kebab-case, however they are written.
fn roles_of(node: &Node) -> Value {
    items(node).map(|role| Value::from(slug(&text(role)))).collect()
}

fn told(node: &Node) -> Value {
    let Tree::Scalar(_) = &node.tree else {
        return json!({"kind": field(node, "kind"), "target": field(node, "target").unwrap_or_default(), "condition": field(node, "condition")});
    };
    let target = text(node);
    let page = target.to_lowercase().contains("status page");
    let kind = if page { NotifyKind::StatusPage } else { NotifyKind::Channel };
    json!({"kind": kind, "target": target, "condition": null})
}

/// A criterion with its line; its gate is found from the words where none is given.
fn exact_criterion(node: &Node, place: Place) -> Criterion {
    let line = Some(node.spot.line);
    if let Tree::Scalar(_) = &node.tree {
        return criterion(&text(node), place, line);
    }
    let words = field(node, "text").unwrap_or_default();
    let mut criterion = criterion(&words, place, line);
    if let Some((_, given)) = node.get("gate") {
        criterion.gate = if is_null(given) { None } else { Some(text(given)) };
    }
    criterion
}

fn gate_row(node: &Node) -> GateRow {
    let criteria = field(node, "criteria").unwrap_or_default();
    GateRow {
        id: field(node, "gate").unwrap_or_else(|| gate(&criteria, Place::Anywhere)),
        after: field(node, "after").unwrap_or_default(),
        criteria,
        line: node.spot.line,
        file: None,
    }
}

fn guidance(node: &Node) -> Guidance {
    Guidance { line: node.spot.line, text: text(node) }
}

/// The exact steps. What one leaves out stays as the page's step of the same
/// name says; the page's other steps are none.
pub(crate) fn steps(exact: &Node, prose: &[Step], reader: &mut Reader) -> Option<Vec<Step>> {
    let (key, list) = exact.get("steps").filter(|(_, list)| !is_null(list))?;
    let mut given: Vec<Step> = Vec::new();
    for node in items(list) {
        let title = field(node, "title").unwrap_or_default();
        let wanted = field(node, "id").unwrap_or_else(|| slug(&title));
        let told = prose.iter().find(|step| step.id == wanted || slug(&step.title) == slug(&title));
        given.push(step(node, told, reader));
    }
    unique_ids(&mut given);
    let known = |step: &Step| given.iter().any(|g| g.id == step.id || slug(&g.title) == slug(&step.title));
    for step in prose.iter().filter(|step| !known(step)) {
        let what = format!(
            "`{}` is none of the exact steps, and so is no step",
            crate::text::brief(&step.title, 60)
        );
        overruled(reader, step.lines[0], key, &what);
    }
    reader.rule("steps", key.spot.line);
    Some(given)
}

fn step(node: &Node, told: Option<&Step>, reader: &mut Reader) -> Step {
    let mut step = told.cloned().unwrap_or_else(|| blank(node));
    step.title = field(node, "title").unwrap_or_default();
    let given = field(node, "id").map(|id| if id.contains(char::is_whitespace) { slug(&id) } else { id });
    step.id = given.unwrap_or_else(|| slug(&step.title));
    if step.id.is_empty() {
        "step".clone_into(&mut step.id);
    }
    let untold = || told.map_or_else(|| step.title.clone(), |told| told.name_in_document.clone());
    step.name_in_document = field(node, "name").unwrap_or_else(untold);
    let list = |name: &str| node.get(name).filter(|(_, list)| !is_null(list));
    if let Some((key, list)) = list("skills") {
        step.skills = items(list).filter_map(skill).collect();
        differ(told, &step.skills, key, reader);
    }
    if let Some((_, list)) = list("inputs") {
        step.inputs = items(list).map(input).collect();
    }
    if let Some((_, list)) = list("outputs") {
        step.outputs = items(list).map(text).collect();
    }
    if let Some((_, list)) = list("checklist") {
        step.checklist = items(list).map(|item| exact_criterion(item, Place::Anywhere)).collect();
    }
    if let Some((_, list)) = list("guidance") {
        step.guidance = items(list).map(guidance).collect();
    }
    if let Some((_, list)) = list("suggested_commands") {
        step.suggested_commands = items(list).map(text).collect();
    }
    if step.skills.is_empty() {
        step.skills.push(Skill::Manual);
    }
    step
}

/// A step of which the prose says nothing.
fn blank(node: &Node) -> Step {
    Step {
        id: String::new(),
        title: String::new(),
        skills: vec![],
        name_in_document: String::new(),
        lines: [node.spot.line, last_line(node)],
        inputs: vec![],
        outputs: vec![],
        checklist: vec![],
        guidance: vec![],
        suggested_commands: vec![],
        skill_file: None,
    }
}

/// Says where the page's step is carried out by other skills.
fn differ(told: Option<&Step>, skills: &[Skill], key: &Key, reader: &mut Reader) {
    let Some(told) = told.filter(|told| told.skills != skills && told.skills != [Skill::Manual]) else {
        return;
    };
    let names = |skills: &[Skill]| skills.iter().map(|skill| skill.name()).collect::<Vec<_>>().join(", ");
    let what = format!("the page's step is {}, the exact one {}", names(&told.skills), names(skills));
    overruled(reader, told.lines[0], key, &what);
}

fn skill(node: &Node) -> Option<Skill> {
    let name = text(node);
    Skill::ALL.iter().copied().find(|skill| skill.name() == name)
}

fn input(node: &Node) -> Input {
    Input {
        name: field(node, "name").unwrap_or_default(),
        source: field(node, "source").unwrap_or_default(),
        line: node.spot.line,
        links: node.get("links").map(|(_, links)| items(links).map(text).collect()).unwrap_or_default(),
        file: None,
    }
}

/// The last line that a value reaches to.
fn last_line(node: &Node) -> u32 {
    let own = |spot: Spot| spot.line;
    match &node.tree {
        Tree::Scalar(_) => own(node.spot),
        Tree::List(items) => items.iter().map(last_line).max().unwrap_or(own(node.spot)),
        Tree::Map(entries) => entries.iter().map(|(_, node)| last_line(node)).max().unwrap_or(own(node.spot)),
    }
}

/// A value as people compare it: lists of criteria by their words, without lines.
fn words(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(words).collect(),
        Value::Object(fields) if fields.contains_key("text") => {
            fields.get("text").cloned().unwrap_or_default()
        }
        Value::String(text) => match text.parse::<jiff::SignedDuration>() {
            Ok(duration) if text.starts_with('P') => duration.to_string().into(),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}
