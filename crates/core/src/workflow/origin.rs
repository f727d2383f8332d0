//! Where each value of the policy comes from: a line of the page, of a file
//! that it inherits from, of the repository's config or of the user's own, or
//! built in. It lists every value and refuses to leave one out.

use super::{Place, Workflow};
use crate::config::Config;
use crate::defaults::{Filled, Layer, UserConfig, fill};
use crate::policy::Policy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    /// The page.
    Page,
    /// A file that the page inherits from.
    Inherited,
    /// The repository's config.
    Repository,
    /// The user's own defaults.
    User,
    /// Nobody said anything.
    BuiltIn,
}

/// A value of the policy with its origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValueOrigin {
    /// Its path in the policy, e.g. `severities.P1.approvers`.
    pub path: String,
    /// The value, as in `policy`.
    pub value: Value,
    /// Where it comes from.
    pub from: OriginKind,
    /// The file, if it stands in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// What the values can come from besides the page.
#[derive(Debug, Clone, Copy)]
pub struct Layers<'a> {
    /// The page's path, for people.
    pub page: &'a str,
    /// The repository's config: its path, its text and what it says.
    pub repository: (&'a str, &'a str, &'a Config),
    /// The user's own file, likewise.
    pub user: (&'a str, &'a str, &'a UserConfig),
}

/// Rules that set further values along with their own.
const ALONG: &[(&str, &[&str])] = &[
    ("monitor.watch", &["monitor.min", "monitor.checks"]),
    ("branch.merge_to", &["branch.base"]),
    ("branch.port_by", &["branch.port_to", "branch.merge_to", "branch.base"]),
];

/// Every value with its origin, in the order of the policy.
pub fn origins(workflow: &Workflow, layers: &Layers<'_>) -> Vec<ValueOrigin> {
    let filled = fill(workflow, layers.repository.2, layers.user.2);
    let mut leaves = Vec::new();
    let value = serde_json::to_value(&filled.policy).unwrap_or_default();
    flatten("", &value, &mut leaves);
    let built_in = serde_json::to_value(Policy::default()).unwrap_or_default();
    let mut defaults = Vec::new();
    flatten("", &built_in, &mut defaults);
    let search = Search {
        workflow,
        layers,
        filled: &filled,
        defaults: defaults.into_iter().collect(),
        repository: crate::defaults::lines(layers.repository.1),
        user: crate::defaults::lines(layers.user.1),
    };
    leaves.into_iter().map(|(path, value)| search.origin(path, value)).collect()
}

/// The values of a tree; each criterion of a list is one, and so is a list of words.
fn flatten(path: &str, value: &Value, leaves: &mut Vec<(String, Value)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) if !map.contains_key("text") && !map.contains_key("target") => {
            for (key, value) in map {
                flatten(&below(key), value, leaves);
            }
            if map.is_empty() {
                leaves.push((path.to_owned(), value.clone()));
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, item) in (1_usize..).zip(items) {
                flatten(&format!("{path}[{at}]"), item, leaves);
            }
        }
        _ => leaves.push((path.to_owned(), value.clone())),
    }
}

struct Search<'a> {
    workflow: &'a Workflow,
    layers: &'a Layers<'a>,
    filled: &'a Filled,
    defaults: BTreeMap<String, Value>,
    repository: BTreeMap<String, u32>,
    user: BTreeMap<String, u32>,
}

impl Search<'_> {
    fn origin(&self, path: String, value: Value) -> ValueOrigin {
        let (from, file, line) = self.find(&path, &value);
        ValueOrigin { path, value, from, file, line }
    }

    fn find(&self, path: &str, value: &Value) -> (OriginKind, Option<String>, Option<u32>) {
        let built_in = (OriginKind::BuiltIn, None, None);
        if let Some(layer) = self.filled.layers.get(path) {
            return match layer {
                Layer::Repository => {
                    let line = self.repository.get(path).copied();
                    (OriginKind::Repository, Some(self.layers.repository.0.to_owned()), line)
                }
                Layer::User => {
                    let named = if path == "report_within" { "report.within" } else { path };
                    (OriginKind::User, Some(self.layers.user.0.to_owned()), self.user.get(named).copied())
                }
            };
        }
        if self.workflow.is_built_in() {
            return built_in;
        }
        if let Some(own) = own_line(value) {
            return self.place(own);
        }
        if let Some(place) = self.said(path) {
            return self.place(place);
        }
        if path == "monitor.max" && self.workflow.inherited.contains_key("monitor.min") {
            return self.said("monitor.min").map_or(built_in, |place| self.place(place));
        }
        let along = ALONG.iter().find(|(of, _)| *of == path).map_or(&[][..], |(_, rules)| *rules);
        let changed = path != "branch.merge_to" || self.defaults.get(path) != Some(value);
        let along = along.iter().filter(|_| changed).find_map(|rule| self.said(rule));
        along.map_or(built_in, |place| self.place(place))
    }

    /// Where the page, or a file that it inherits from, says a rule or what it is a part of.
    fn said(&self, path: &str) -> Option<(Option<String>, u32)> {
        if let Some(line) = self.workflow.origins.get(path) {
            return Some((None, *line));
        }
        let mut rule = path.split('[').next().unwrap_or(path);
        loop {
            if let Some(line) = self.workflow.origins.get(rule) {
                return Some((None, *line));
            }
            if let Some(Place { file, line }) = self.workflow.inherited.get(rule) {
                return Some((Some(file.clone()), *line));
            }
            rule = rule.rsplit_once('.')?.0;
        }
    }

    fn place(&self, (file, line): (Option<String>, u32)) -> (OriginKind, Option<String>, Option<u32>) {
        match file {
            Some(file) => (OriginKind::Inherited, Some(file), Some(line)),
            None => (OriginKind::Page, Some(self.layers.page.to_owned()), Some(line)),
        }
    }
}

/// A criterion knows its own line.
fn own_line(value: &Value) -> Option<(Option<String>, u32)> {
    let line = value.get("line")?.as_u64()?;
    let file = value.get("file").and_then(Value::as_str).map(str::to_owned);
    Some((file, u32::try_from(line).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Page, Shelf, built_in, read_on};

    fn of(workflow: &Workflow, config: &str, user: &str) -> BTreeMap<String, (OriginKind, Option<u32>)> {
        let (parsed, own) = (crate::config::parse(config).unwrap(), crate::defaults::parse(user).unwrap());
        let layers = Layers {
            page: "p.md",
            repository: (".hotfix/config.toml", config, &parsed),
            user: ("~/.config/hotfix/config.toml", user, &own),
        };
        origins(workflow, &layers).into_iter().map(|o| (o.path, (o.from, o.line))).collect()
    }

    #[test]
    fn every_value_has_an_origin() {
        let text = "# H\n\nInherits: [r](r.md)\n\n## Step 1: Fix\n\n## Step 2: Deploy\n\n**Actions:**\n1. Monitor for 10-20 minutes\n\n\
            ## Prerequisites\n\n- [ ] Incident confirmed\n\n### Approval Matrix\n\n| Severity | Approvers | Review |\n|--|--|--|\n\
            | P1 | On-call | Post-deploy |\n";
        let library = BTreeMap::from([("r.md".to_owned(), "# R\n\n- At most 3 files\n".to_owned())]);
        let shelf = Shelf { path: "p.md", in_repository: true, library: &library };
        let workflow = read_on(&Page { source: "p.md", text }, &shelf);
        let found = of(
            &workflow,
            "[branch]\nport_to = \"develop\"\n",
            "[change]\nmax_lines = 9\n[report]\nwithin = \"2h\"\n",
        );
        assert_eq!(found["monitor.min"], (OriginKind::Page, Some(10)));
        assert_eq!(found["monitor.max"], (OriginKind::Page, Some(10)));
        assert_eq!(found["prerequisites[1]"], (OriginKind::Page, Some(14)));
        assert_eq!(found["severities.P1.approvers"], (OriginKind::Page, Some(20)));
        assert_eq!(found["change.max_files"], (OriginKind::Inherited, Some(3)));
        assert_eq!(found["branch.port_to"], (OriginKind::Repository, Some(2)));
        assert_eq!(found["change.max_lines"], (OriginKind::User, Some(2)));
        assert_eq!(found["report_within"], (OriginKind::User, Some(4)));
        assert_eq!(found["branch.base"], (OriginKind::BuiltIn, None));
        assert_eq!(found["merge_request.labels"], (OriginKind::BuiltIn, None));
        let policy = serde_json::to_value(&workflow.policy).unwrap();
        for key in policy.as_object().unwrap().keys() {
            assert!(found.keys().any(|path| path.split(['.', '[']).next() == Some(key)), "{key}");
        }
    }

    #[test]
    fn the_built_in_page_is_built_in() {
        let found = of(&built_in(), "[monitor]\nmin = \"40m\"\n", "");
        assert_eq!(found["monitor.min"], (OriginKind::Repository, Some(2)));
        assert!(
            found.iter().all(|(path, (from, _))| path == "monitor.min" || *from == OriginKind::BuiltIn),
            "{found:?}"
        );
    }
}
