//! Values that hold where the page says nothing: the repository's (its
//! config), then the user's own, then the built-in ones. It refuses a user's
//! value that would loosen what is built in, and anything that would decide
//! who approves or what runs.

use crate::config::{Config, ConfigError};
use crate::policy::{Policy, optional_iso_duration as optional_duration};
use crate::text::did_you_mean;
use crate::workflow::Workflow;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The user's own file, `~/.config/hotfix/config.toml`. Every key may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserConfig {
    /// The branch's name.
    pub branch: UserBranch,
    /// What a change may be.
    pub change: UserChange,
    /// How long production is watched at least.
    pub monitor: UserMonitor,
    /// When the report is due.
    pub report: UserReport,
}

/// The branch's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserBranch {
    /// `{id}` is the incident's key, `{version}` the next version.
    pub pattern: Option<String>,
}

/// What a change may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserChange {
    /// At most so many files.
    pub max_files: Option<u32>,
    /// At most so many added and removed lines.
    pub max_lines: Option<u32>,
}

/// How long production is watched at least.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserMonitor {
    /// The shortest window; not shorter than the built-in one.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub min: Option<SignedDuration>,
    /// The longest window; not shorter than the built-in one.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub max: Option<SignedDuration>,
}

/// When the report is due.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserReport {
    /// After the resolution; not later than the built-in time.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub within: Option<SignedDuration>,
}

/// Reads a user's own file.
pub fn parse(text: &str) -> Result<UserConfig, ConfigError> {
    toml::from_str(text).map_err(|e| {
        let mut quoted = e.message().split('`').skip(1).step_by(2);
        let unknown = quoted.next().unwrap_or_default();
        let near = did_you_mean(unknown, quoted);
        ConfigError {
            hint: near.map(|near| format!("did you mean `{near}`?")),
            message: e.message().to_owned(),
            span: e.span(),
        }
    })
}

/// The line of each key in a TOML text, by its path (`monitor.min`), from 1.
pub fn lines(text: &str) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    if let Ok(table) = toml::de::DeTable::parse(text) {
        lines_of(table.get_ref(), text, "", &mut found);
    }
    found
}

fn lines_of(table: &toml::de::DeTable<'_>, text: &str, above: &str, found: &mut BTreeMap<String, u32>) {
    for (key, value) in table {
        let path =
            if above.is_empty() { key.get_ref().to_string() } else { format!("{above}.{}", key.get_ref()) };
        let before = text.get(..key.span().start).unwrap_or_default();
        let line = u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX - 1) + 1;
        if let Some(inner) = value.get_ref().as_table() {
            lines_of(inner, text, &path, found);
        }
        found.insert(path, line);
    }
}

/// Where a value comes from that the page does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The repository's config.
    Repository,
    /// The user's own file.
    User,
}

/// A policy with the values that the page leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The policy.
    pub policy: Policy,
    /// Where the values come from that are not the page's, by their path.
    pub layers: BTreeMap<&'static str, Layer>,
    /// Values of the user's that were not taken, and why.
    pub refused: Vec<String>,
}

/// Puts the repository's and the user's values under those of the page.
pub fn fill(workflow: &Workflow, config: &Config, user: &UserConfig) -> Filled {
    let filled = Filled { policy: workflow.policy.clone(), layers: BTreeMap::new(), refused: vec![] };
    let mut fill = Fill { workflow, filled };
    fill.repository(config);
    fill.user(user);
    let monitor = &mut fill.filled.policy.monitor;
    monitor.max = monitor.max.max(monitor.min);
    fill.filled
}

struct Fill<'a> {
    workflow: &'a Workflow,
    filled: Filled,
}

impl Fill<'_> {
    /// Takes a value, unless something nearer says one.
    fn take(&mut self, path: &'static str, layer: Layer, given: bool, take: impl FnOnce(&mut Policy)) {
        let window = matches!(path, "monitor.min" | "monitor.max");
        let said = self.workflow.says(path) || (window && self.workflow.says("monitor.min"));
        let said_by_page = said && !self.workflow.is_built_in();
        if given && !said_by_page && !self.filled.layers.contains_key(path) {
            take(&mut self.filled.policy);
            self.filled.layers.insert(path, layer);
        }
    }

    fn repository(&mut self, config: &Config) {
        let layer = Layer::Repository;
        let (branch, monitor, change) = (&config.branch, &config.monitor, &config.change);
        self.take("branch.pattern", layer, branch.pattern.is_some(), |policy| {
            policy.branch.pattern = branch.pattern.clone().unwrap_or_default();
        });
        self.take("branch.port_to", layer, branch.port_to.is_some(), |policy| {
            policy.branch.port_to.clone_from(&branch.port_to);
        });
        self.take("monitor.min", layer, monitor.min.is_some(), |policy| {
            policy.monitor.min = monitor.min.unwrap_or_default();
        });
        self.take("monitor.max", layer, monitor.max.is_some(), |policy| {
            policy.monitor.max = monitor.max.unwrap_or_default();
        });
        self.take("change.max_files", layer, change.max_files.is_some(), |policy| {
            policy.change.max_files = change.max_files;
        });
        self.take("change.max_lines", layer, change.max_lines.is_some(), |policy| {
            policy.change.max_lines = change.max_lines;
        });
        self.take("rollback.automatic", layer, config.rollback.automatic, |policy| {
            policy.rollback.automatic = Some(true);
        });
    }

    fn user(&mut self, user: &UserConfig) {
        let built_in = Policy::default();
        let layer = Layer::User;
        self.take("branch.pattern", layer, user.branch.pattern.is_some(), |policy| {
            policy.branch.pattern = user.branch.pattern.clone().unwrap_or_default();
        });
        self.take("change.max_files", layer, user.change.max_files.is_some(), |policy| {
            policy.change.max_files = user.change.max_files;
        });
        self.take("change.max_lines", layer, user.change.max_lines.is_some(), |policy| {
            policy.change.max_lines = user.change.max_lines;
        });
        let at_least = |given: Option<SignedDuration>, least| given.filter(|given| *given >= least);
        let min = at_least(user.monitor.min, built_in.monitor.min);
        self.refuse("monitor.min", user.monitor.min != min, "shorter than the built-in window");
        self.take("monitor.min", layer, min.is_some(), |policy| policy.monitor.min = min.unwrap_or_default());
        let max = at_least(user.monitor.max, built_in.monitor.max);
        self.refuse("monitor.max", user.monitor.max != max, "shorter than the built-in window");
        self.take("monitor.max", layer, max.is_some(), |policy| policy.monitor.max = max.unwrap_or_default());
        let within = user.report.within.filter(|within| *within <= built_in.report_within);
        self.refuse("report.within", user.report.within != within, "later than the built-in time");
        self.take("report_within", layer, within.is_some(), |policy| {
            policy.report_within = within.unwrap_or_default();
        });
    }

    fn refuse(&mut self, path: &str, refused: bool, why: &str) {
        if refused {
            self.filled.refused.push(format!("`{path}` of your own defaults is {why} and was not taken"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Page, built_in, read};

    fn page(text: &str) -> Workflow {
        read(&Page { source: "p.md", text: &format!("## Step 1: Fix\n\n## Step 2: Deploy\n\n{text}") })
    }

    fn config(text: &str) -> Config {
        crate::config::parse(text).unwrap()
    }

    #[test]
    fn the_nearest_holds() {
        let repository =
            config("[monitor]\nmin = \"20m\"\n[change]\nmax_files = 9\n[branch]\npattern = \"r/{id}\"\n");
        let user =
            parse("[change]\nmax_files = 2\nmax_lines = 20\n[branch]\npattern = \"u/{id}\"\n").unwrap();
        let said = page("**Actions:**\n1. Monitor for 10-20 minutes\n");
        let filled = fill(&said, &repository, &user);
        let policy = &filled.policy;
        assert_eq!(
            (policy.monitor.min, policy.monitor.max),
            (SignedDuration::from_mins(10), SignedDuration::from_mins(20))
        );
        assert_eq!((policy.change.max_files, policy.change.max_lines), (Some(9), Some(20)));
        assert_eq!(policy.branch.pattern, "r/{id}");
        let layers: Vec<_> = filled.layers.into_iter().collect();
        assert_eq!(
            layers,
            [
                ("branch.pattern", Layer::Repository),
                ("change.max_files", Layer::Repository),
                ("change.max_lines", Layer::User)
            ]
        );
    }

    #[test]
    fn the_built_in_page_ranks_last() {
        let filled = fill(&built_in(), &config("[monitor]\nmin = \"40m\"\n"), &UserConfig::default());
        assert_eq!(
            (filled.policy.monitor.min, filled.policy.monitor.max),
            (SignedDuration::from_mins(40), SignedDuration::from_mins(40))
        );
    }

    #[test]
    fn a_user_cannot_loosen() {
        let user = parse("[monitor]\nmin = \"1m\"\nmax = \"1h\"\n[report]\nwithin = \"99h\"\n").unwrap();
        let filled = fill(&page("text"), &Config::default(), &user);
        let built_in = Policy::default();
        assert_eq!(
            (filled.policy.monitor.min, filled.policy.report_within),
            (built_in.monitor.min, built_in.report_within)
        );
        assert_eq!(filled.policy.monitor.max, SignedDuration::from_hours(1));
        assert_eq!(filled.refused.len(), 2);
        for key in [
            "[roles]\non-call = []",
            "[verify]\nsmoke = [\"rm -rf /\"]",
            "[branch]\nport_to = \"x\"",
            "[merge_request]\nlabels = []",
        ] {
            assert!(parse(key).is_err(), "{key}");
        }
        assert_eq!(
            parse("[monitor]\nmni = \"1m\"\n").unwrap_err().hint.as_deref(),
            Some("did you mean `min`?")
        );
    }

    #[test]
    fn lines_of_keys() {
        let lines = lines("# x\n[monitor]\nmin = \"20m\"\n\nchecks = [\n]\n[branch]\npattern = \"a\"\n");
        assert_eq!((lines["monitor.min"], lines["monitor.checks"], lines["branch.pattern"]), (3, 5, 8));
    }
}
