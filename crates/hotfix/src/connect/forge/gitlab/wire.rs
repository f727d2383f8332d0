//! What GitLab's interface (v4) answers, as far as it is read. Everything that
//! an edition or a version may leave out is optional.

use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub struct Project {
    pub id: u64,
    pub path_with_namespace: String,
    #[serde(default)]
    pub archived: Option<bool>,
    #[serde(default)]
    pub only_allow_merge_if_pipeline_succeeds: Option<bool>,
    #[serde(default)]
    pub merge_trains_enabled: Option<bool>,
    #[serde(default)]
    pub merge_method: Option<String>,
    #[serde(default)]
    pub merge_requests_enabled: Option<bool>,
    #[serde(default)]
    pub permissions: Option<Permissions>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Permissions {
    #[serde(default)]
    pub project_access: Option<Access>,
    #[serde(default)]
    pub group_access: Option<Access>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Access {
    pub access_level: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub id: u64,
    pub username: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub public_email: Option<String>,
    #[serde(default)]
    pub bot: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct MergeRequest {
    pub iid: u64,
    pub title: String,
    #[serde(default)]
    pub description: Option<String>,
    pub state: String,
    pub source_branch: String,
    pub target_branch: String,
    #[serde(default)]
    pub author: Option<User>,
    #[serde(default)]
    pub assignees: Option<Vec<User>>,
    #[serde(default)]
    pub reviewers: Option<Vec<User>>,
    #[serde(default)]
    pub labels: Option<Vec<Label>>,
    #[serde(default)]
    pub draft: Option<bool>,
    #[serde(default)]
    pub work_in_progress: Option<bool>,
    #[serde(default)]
    pub merge_status: Option<String>,
    #[serde(default)]
    pub detailed_merge_status: Option<String>,
    #[serde(default)]
    pub sha: Option<String>,
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    #[serde(default)]
    pub squash_commit_sha: Option<String>,
    #[serde(default)]
    pub merged_at: Option<Timestamp>,
    #[serde(default)]
    pub web_url: Option<String>,
    #[serde(default)]
    pub head_pipeline: Option<Pipeline>,
}

/// A label's name, alone or with its details.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Label {
    Name(String),
    Details { name: String },
}

impl Label {
    pub fn name(&self) -> &str {
        match self {
            Label::Name(name) | Label::Details { name } => name,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Pipeline {
    pub id: u64,
    #[serde(default)]
    pub project_id: Option<u64>,
    pub status: String,
    #[serde(default)]
    pub sha: Option<String>,
    #[serde(default)]
    pub web_url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    pub id: u64,
    pub name: String,
    pub status: String,
    #[serde(default)]
    pub allow_failure: Option<bool>,
    #[serde(default)]
    pub web_url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Approvals {
    #[serde(default)]
    pub approved_by: Option<Vec<ApprovedBy>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ApprovedBy {
    pub user: User,
    #[serde(default)]
    pub approved_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ApprovalState {
    #[serde(default)]
    pub rules: Option<Vec<ApprovalRule>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ApprovalRule {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub rule_type: Option<String>,
    #[serde(default)]
    pub approvals_required: Option<u32>,
    #[serde(default)]
    pub approved: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct DiffVersion {
    pub head_commit_sha: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Note {
    #[serde(default)]
    pub body: String,
    pub author: User,
    pub created_at: Timestamp,
    #[serde(default)]
    pub system: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Reviewer {
    pub user: User,
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TrainCar {
    #[serde(default)]
    pub status: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TokenInfo {
    #[serde(default)]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub expires_at: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Version {
    pub version: String,
}
