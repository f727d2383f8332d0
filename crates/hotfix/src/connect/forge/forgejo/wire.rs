//! What the interface of Forgejo and Gitea (v1) answers, as far as it is read.

use crate::connect::forge::common::User;
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Repo {
    #[serde(default)]
    pub full_name: String,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub allow_merge_commits: Option<bool>,
    #[serde(default)]
    pub allow_rebase: Option<bool>,
    #[serde(default)]
    pub allow_rebase_explicit: Option<bool>,
    #[serde(default)]
    pub allow_squash_merge: Option<bool>,
    #[serde(default)]
    pub allow_fast_forward_only_merge: Option<bool>,
    #[serde(default)]
    pub default_merge_style: Option<String>,
    #[serde(default)]
    pub has_pull_requests: Option<bool>,
    #[serde(default)]
    pub permissions: Option<Permissions>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Permissions {
    #[serde(default)]
    pub push: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Side {
    #[serde(default, rename = "ref")]
    pub name: String,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub sha: String,
    #[serde(default)]
    pub repo: Option<Repo>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Label {
    #[serde(default)]
    pub id: i64,
    pub name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Pull {
    pub number: u64,
    #[serde(default)]
    pub user: Option<User>,
    pub title: String,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub labels: Option<Vec<Label>>,
    #[serde(default)]
    pub assignees: Option<Vec<User>>,
    #[serde(default)]
    pub requested_reviewers: Option<Vec<User>>,
    pub state: String,
    #[serde(default)]
    pub draft: Option<bool>,
    #[serde(default)]
    pub html_url: String,
    #[serde(default)]
    pub mergeable: Option<bool>,
    #[serde(default)]
    pub merged: Option<bool>,
    #[serde(default)]
    pub merged_at: Option<Timestamp>,
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    pub head: Side,
    pub base: Side,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Branch {
    #[serde(default)]
    pub required_approvals: Option<i64>,
    #[serde(default)]
    pub enable_status_check: Option<bool>,
    #[serde(default)]
    pub status_check_contexts: Option<Vec<String>>,
    #[serde(default)]
    pub user_can_merge: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    #[serde(default, alias = "state")]
    pub status: String,
    #[serde(default)]
    pub context: String,
    #[serde(default)]
    pub target_url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Combined {
    #[serde(default)]
    pub statuses: Option<Vec<Status>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Commit {
    #[serde(default)]
    pub author: Option<User>,
    #[serde(default)]
    pub committer: Option<User>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Version {
    pub version: String,
}
