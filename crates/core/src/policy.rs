//! The typed rules that a workflow compiles to. These are also the shape of
//! the exact form (`policy:` in a page's front matter).

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that a workflow says exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// What must hold before the hotfix goes to production, from the page's prerequisites.
    pub prerequisites: Vec<Criterion>,
    /// What the change may be.
    pub change: ChangePolicy,
    /// What the verification must show.
    pub verification: Vec<Criterion>,
    /// When the run is complete.
    pub completion: Vec<Criterion>,
    /// The rules for merge requests.
    pub merge_request: MergeRequestPolicy,
    /// The approval matrix, by severity (`P1`, `P2` …).
    pub severities: BTreeMap<String, SeverityPolicy>,
    /// Where the branch comes from and where it goes.
    pub branch: BranchPolicy,
    /// How production is watched after the deploy.
    pub monitor: MonitorPolicy,
    /// What must be known before the deploy, and when to go back.
    pub rollback: RollbackPolicy,
    /// The time from resolution in which the incident report is due.
    #[serde(with = "iso_duration")]
    #[schemars(with = "String")]
    pub report_within: SignedDuration,
    /// Who is told.
    pub notify: Vec<Notify>,
    /// The roles that may let a gate pass, by the gate's id, by its family
    /// (`review.*`) or for all the others (`*`). The nearest holds; an empty
    /// list means nobody, and a gate that is not named anybody.
    #[serde(default = "default_waivers")]
    pub waivers: BTreeMap<String, Vec<String>>,
}

/// Approvals and the authorisation are somebody else's word, so only somebody
/// with a word of their own may do without them.
fn default_waivers() -> BTreeMap<String, Vec<String>> {
    let roles = || vec!["manager".to_owned(), "tech-lead".to_owned()];
    ["prepare.authorized", "review.*"].into_iter().map(|gate| (gate.to_owned(), roles())).collect()
}

/// A criterion of the page with the gate that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// The page's words.
    pub text: String,
    /// The gate that decides it: built in, or `manual.<slug>`.
    pub gate: Option<String>,
    /// The page's line, from 1.
    pub line: Option<u32>,
    /// The file that the line is of, if not the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What the change may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangePolicy {
    /// At most so many files (tests do not count).
    pub max_files: Option<u32>,
    /// At most so many added and removed lines (tests do not count).
    pub max_lines: Option<u32>,
    /// The page asks for the smallest possible change: `change.size` binds.
    pub minimal: bool,
    /// The page forbids refactoring: `change.shape` binds.
    pub no_refactoring: bool,
    /// The page forbids new features: `change.shape` binds.
    pub no_features: bool,
    /// Globs of the paths that the incident concerns; none: every path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
}

/// Whether something must be there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// The run stops without it.
    Required,
    /// It is welcome.
    #[default]
    Optional,
}

/// The rules for merge requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MergeRequestPolicy {
    /// The tracker key in the title.
    pub title_key: Requirement,
    /// Labels that it must have.
    pub labels: Vec<String>,
    /// The evidence table in the body.
    pub evidence: Requirement,
}

/// When the reviewers review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewTiming {
    /// Before the merge.
    PreDeploy,
    /// After the deploy, as an obligation.
    PostDeploy,
}

/// A row of the approval matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeverityPolicy {
    /// What the severity means, e.g. `Down`.
    #[serde(default)]
    pub title: Option<String>,
    /// Roles whose approval is needed before the merge, in kebab-case.
    pub approvers: Vec<String>,
    /// How many reviewers are needed besides.
    pub reviewers: u32,
    /// When they review.
    pub review: ReviewTiming,
    /// The row's place in the matrix; 0 is the highest severity.
    #[serde(default)]
    pub rank: u32,
}

/// What a hotfix branch starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaseKind {
    /// The tag (or branch) that is in production.
    Production,
    /// The main branch.
    Main,
}

/// How the fix comes to main.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PortBy {
    /// By cherry-pick, through a merge request of its own.
    CherryPick,
    /// It is there by ancestry, because the fix merges to main.
    Ancestry,
}

/// Where the branch comes from and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchPolicy {
    /// The branch's name; `{id}` is the incident's key, `{version}` the next version.
    pub pattern: String,
    /// What it starts from.
    pub base: BaseKind,
    /// What it is merged to.
    pub merge_to: BaseKind,
    /// Where the fix is brought afterwards.
    pub port_to: Option<String>,
    /// How.
    pub port_by: PortBy,
}

/// How production is watched after the deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MonitorPolicy {
    /// Whether the page asks for a monitored window at all. Where it does
    /// not, the run takes one look at liveness.
    pub watch: bool,
    /// The shortest window.
    #[serde(with = "iso_duration")]
    #[schemars(with = "String")]
    pub min: SignedDuration,
    /// The longest window.
    #[serde(with = "iso_duration")]
    #[schemars(with = "String")]
    pub max: SignedDuration,
    /// The page's checklist.
    pub checks: Vec<Criterion>,
}

/// What must be known before the deploy, and when to go back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RollbackPolicy {
    /// The page's list of what must be known before the deploy.
    pub required: Vec<Criterion>,
    /// Whether a proven regression rolls back without asking.
    pub automatic: Option<bool>,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notify {
    /// `channel` or `status-page`.
    pub kind: NotifyKind,
    /// The channel's name with its `#`, or the page's words.
    pub target: String,
    /// A condition in the page's words, e.g. `if external`.
    pub condition: Option<String>,
}

/// The kinds of places to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotifyKind {
    /// A chat channel.
    Channel,
    /// The status page.
    StatusPage,
}

/// Why a severity is none of this workflow's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the workflow has no severity `{given}`; it has {}", .known.join(", "))]
pub struct UnknownSeverity {
    /// What was asked for.
    pub given: String,
    /// What the matrix has, highest first.
    pub known: Vec<String>,
}

impl Default for Policy {
    /// What holds where no page says otherwise.
    fn default() -> Self {
        Policy {
            prerequisites: Vec::new(),
            change: ChangePolicy::default(),
            verification: Vec::new(),
            completion: Vec::new(),
            merge_request: MergeRequestPolicy {
                title_key: Requirement::Optional,
                labels: vec!["urgent".to_owned()],
                evidence: Requirement::Optional,
            },
            severities: BTreeMap::new(),
            branch: BranchPolicy {
                pattern: "hotfix/incident-{id}".to_owned(),
                base: BaseKind::Production,
                merge_to: BaseKind::Production,
                port_to: Some("main".to_owned()),
                port_by: PortBy::CherryPick,
            },
            monitor: MonitorPolicy {
                watch: true,
                min: SignedDuration::from_mins(15),
                max: SignedDuration::from_mins(30),
                checks: Vec::new(),
            },
            rollback: RollbackPolicy::default(),
            report_within: SignedDuration::from_hours(24),
            notify: Vec::new(),
            waivers: default_waivers(),
        }
    }
}

impl Policy {
    /// The severities, highest first.
    pub fn severity_names(&self) -> Vec<String> {
        let mut rows: Vec<_> = self.severities.iter().collect();
        rows.sort_by_key(|(name, row)| (row.rank, name.to_owned()));
        rows.into_iter().map(|(name, _)| name.clone()).collect()
    }

    /// The severity to use: the one asked for, in the matrix's spelling; the
    /// highest where none was given; `P1` where the page has no matrix.
    pub fn severity(&self, given: Option<&str>) -> Result<String, UnknownSeverity> {
        let known = self.severity_names();
        match given {
            None => Ok(known.first().cloned().unwrap_or_else(|| "P1".to_owned())),
            Some(given) if known.is_empty() => Ok(given.to_owned()),
            Some(given) => known
                .iter()
                .find(|name| name.eq_ignore_ascii_case(given))
                .cloned()
                .ok_or_else(|| UnknownSeverity { given: given.to_owned(), known: known.clone() }),
        }
    }

    /// The roles of which one is needed to let a gate pass; none: anybody may.
    pub fn may_waive(&self, gate: &str) -> Option<&[String]> {
        let family = format!("{}.*", gate.split('.').next().unwrap_or_default());
        let nearest = [gate, &family, "*"].into_iter().find_map(|key| self.waivers.get(key));
        nearest.map(Vec::as_slice)
    }

    /// The matrix row of a severity. Without a matrix: nobody before the
    /// merge, one reviewer after it.
    pub fn row(&self, severity: &str) -> SeverityPolicy {
        self.severities.get(severity).cloned().unwrap_or(SeverityPolicy {
            title: None,
            approvers: Vec::new(),
            reviewers: 1,
            review: ReviewTiming::PostDeploy,
            rank: 0,
        })
    }
}

/// Durations as ISO 8601 (`PT15M`).
pub mod iso_duration {
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    /// Writes a duration as ISO 8601.
    pub fn serialize<S: Serializer>(value: &SignedDuration, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    /// Reads ISO 8601 or the friendly form (`15m`).
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SignedDuration, D::Error> {
        let text = String::deserialize(from)?;
        text.parse()
            .map_err(|_| D::Error::custom(format!("`{text}` is no duration; write `15m`, `2h` or `PT15M`")))
    }
}

/// Optional durations, written like those of [`iso_duration`].
pub mod optional_iso_duration {
    use super::iso_duration;
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes a duration, or nothing.
    pub fn serialize<S: Serializer>(value: &Option<SignedDuration>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => iso_duration::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    /// Reads a duration, or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SignedDuration>, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "iso_duration")] SignedDuration);
        Ok(Option::<Wrapped>::deserialize(from)?.map(|w| w.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> Policy {
        let row = |rank| SeverityPolicy {
            title: None,
            approvers: vec!["on-call".to_owned()],
            reviewers: 1,
            review: ReviewTiming::PostDeploy,
            rank,
        };
        Policy {
            severities: [("P1".to_owned(), row(0)), ("P2".to_owned(), row(1))].into(),
            ..Policy::default()
        }
    }

    #[test]
    fn no_severity_is_the_highest() {
        assert_eq!(matrix().severity(None).unwrap(), "P1");
        assert_eq!(matrix().severity(Some("p2")).unwrap(), "P2");
    }

    #[test]
    fn unknown_severity_lists_those_there_are() {
        let error = matrix().severity(Some("P9")).unwrap_err();
        assert_eq!(error.to_string(), "the workflow has no severity `P9`; it has P1, P2");
    }

    #[test]
    fn no_matrix_wants_one_review_afterwards() {
        let row = Policy::default().row("P1");
        assert!(row.approvers.is_empty());
        assert_eq!((row.reviewers, row.review), (1, ReviewTiming::PostDeploy));
    }

    #[test]
    fn the_nearest_says_who_may_waive() {
        let mut policy = Policy::default();
        let wanted = |policy: &Policy, gate: &str| policy.may_waive(gate).map(<[String]>::to_vec);
        assert_eq!(wanted(&policy, "review.approvers").unwrap(), ["manager", "tech-lead"]);
        assert_eq!(wanted(&policy, "change.size"), None);
        policy.waivers.insert("*".to_owned(), vec![]);
        policy.waivers.insert("change.*".to_owned(), vec!["on-call".to_owned()]);
        assert_eq!(wanted(&policy, "change.size").unwrap(), ["on-call"]);
        assert_eq!(wanted(&policy, "style.clean").unwrap(), Vec::<String>::new());
        let old = serde_json::json!({"text": "x"});
        assert!(old.get("waivers").is_none());
    }

    #[test]
    fn durations_are_iso() {
        let json = serde_json::to_value(Policy::default()).unwrap();
        assert_eq!(json["monitor"]["min"], "PT15M");
        assert_eq!(json["report_within"], "PT24H");
    }
}
