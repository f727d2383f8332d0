//! Effects as values: what is to change outside the journal, under which
//! identity, and what became of it. Nothing here carries anything out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// An effect's identity. The same identity means the same effect; a new
/// subject (an object id, a version, a kind of message) is a new effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct EffectId {
    /// The attempt that wants it, from 1.
    pub attempt: u32,
    /// The action of the plan that wants it.
    pub step: String,
    /// What it is called there.
    pub name: String,
    /// What it is about.
    pub subject: String,
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.attempt, self.step, self.name, self.subject)
    }
}

/// What is to be done, with everything needed to do it or to look it up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// Its identity.
    #[serde(flatten)]
    pub id: EffectId,
    /// Whether the run may go on without it.
    pub required: bool,
    /// What is to be done.
    pub what: Action,
}

/// One ref to move in a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefUpdate {
    /// The full name on the remote.
    pub name: String,
    /// The object id expected there; empty: the ref must not exist.
    pub old: String,
    /// The object id to put there.
    pub new: String,
}

/// A merge request as it is to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MergeRequestDraft {
    /// `production` or `port`.
    pub role: String,
    /// The title.
    pub title: String,
    /// The body, Markdown.
    pub body: String,
    /// The labels.
    pub labels: Vec<String>,
    /// The branch with the fix.
    pub source: String,
    /// The branch that it goes to.
    pub target: String,
    /// The commit to merge.
    pub commit: String,
    /// It is not ready yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
    /// Accounts of the forge's that are asked for a review.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// Accounts of the forge's that it is assigned to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// The run's marker in the body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub marker: String,
    /// The head of the journal's chain when this was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<crate::forge::ChainMark>,
}

/// The kinds of effects. The connector that owns a kind has its `perform` and
/// its `probe`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// A branch and a worktree for it.
    Worktree {
        /// The worktree's folder.
        path: String,
        /// The branch's short name.
        branch: String,
        /// The commit it starts from.
        base: String,
        /// A branch that is already there and is taken over, not made.
        adopt: bool,
    },
    /// A commit in a worktree, by the user's own git, hooks and signing.
    Commit {
        /// The worktree's folder.
        path: String,
        /// The paths to commit, as judged by the gates.
        paths: Vec<String>,
        /// The message.
        message: String,
        /// The commit it stands on.
        parent: String,
        /// The tree that was verified.
        tree: String,
    },
    /// A push of branches and tags as one.
    Push {
        /// The remote's name.
        remote: String,
        /// What moves.
        updates: Vec<RefUpdate>,
    },
    /// A label is made, if the project lacks it.
    EnsureLabel {
        /// Its name.
        name: String,
    },
    /// A commit gets a version's tag on a remote.
    Tag {
        /// The remote's name.
        remote: String,
        /// The tag's short name.
        name: String,
        /// The commit.
        commit: String,
        /// The tag's message.
        message: String,
    },
    /// A merge request is opened.
    OpenMergeRequest {
        /// The run's marker in it.
        marker: String,
        /// What it holds.
        draft: MergeRequestDraft,
    },
    /// A merge request's title, body, labels or commit is brought up to date.
    UpdateMergeRequest {
        /// Its number.
        number: u64,
        /// What it is to hold.
        draft: MergeRequestDraft,
    },
    /// A merge request is merged, and tagged where the project tags.
    Merge {
        /// Its number.
        number: u64,
        /// The commit that is merged.
        commit: String,
        /// The branch that it goes to.
        target: String,
        /// The target's commit that was looked at.
        onto: String,
        /// The merge commit's message.
        message: String,
        /// The version's tag.
        tag: Option<String>,
        /// The tree that was verified.
        tree: String,
    },
    /// A version goes to production.
    Deploy {
        /// The version.
        version: String,
        /// Its commit.
        commit: String,
        /// The command, from the frozen config.
        command: Vec<String>,
        /// Whether this brings an earlier version back.
        rollback: bool,
        /// The version that runs before it, where it is known: what a rollback brings back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<String>,
    },
    /// A message to a channel.
    Message {
        /// The channel.
        channel: String,
        /// Which message of the incident it is.
        about: String,
        /// The text.
        text: String,
        /// The marker that it is found by.
        marker: String,
    },
    /// An entry on the status page.
    StatusPage {
        /// The incident's state there: `investigating`, `monitoring`, `resolved`.
        state: String,
        /// The text.
        text: String,
        /// The marker that it is found by.
        marker: String,
    },
    /// A ticket.
    Ticket {
        /// Its title.
        title: String,
        /// Its text.
        body: String,
        /// The marker that it is found by.
        marker: String,
        /// Labels.
        labels: Vec<String>,
    },
    /// A cherry-pick on a branch of its own, in a worktree of its own.
    CherryPick {
        /// The worktree's folder.
        path: String,
        /// The branch to make.
        branch: String,
        /// The commit it starts from.
        onto: String,
        /// The commits, oldest first.
        commits: Vec<String>,
    },
    /// A file is written.
    WriteFile {
        /// Where.
        path: String,
        /// Digest of the content.
        digest: String,
        /// The content's blob beside the journal.
        blob: String,
    },
    /// A worktree is removed; its branch stays.
    RemoveWorktree {
        /// The worktree's folder.
        path: String,
        /// The commit that must be kept elsewhere.
        head: String,
    },
    /// A branch of the tool's own making is removed from a remote, once what it held is merged.
    DeleteRemoteBranch {
        /// The remote's name.
        remote: String,
        /// The full ref name.
        name: String,
        /// The commit expected there.
        old: String,
    },
}

impl Action {
    /// The kind's name on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Action::Worktree { .. } => "worktree",
            Action::Commit { .. } => "commit",
            Action::Push { .. } => "push",
            Action::EnsureLabel { .. } => "ensure-label",
            Action::Tag { .. } => "tag",
            Action::OpenMergeRequest { .. } => "open-merge-request",
            Action::UpdateMergeRequest { .. } => "update-merge-request",
            Action::Merge { .. } => "merge",
            Action::Deploy { .. } => "deploy",
            Action::Message { .. } => "message",
            Action::StatusPage { .. } => "status-page",
            Action::Ticket { .. } => "ticket",
            Action::CherryPick { .. } => "cherry-pick",
            Action::WriteFile { .. } => "write-file",
            Action::RemoveWorktree { .. } => "remove-worktree",
            Action::DeleteRemoteBranch { .. } => "delete-remote-branch",
        }
    }

    /// One line that says what it does, for `--dry-run` and the log.
    pub fn summary(&self) -> String {
        match self {
            Action::Worktree { path, branch, base, .. } => {
                format!("make branch {branch} at {} with the worktree {path}", short(base))
            }
            Action::Commit { paths, message, .. } => {
                format!(
                    "commit {} as \"{}\"",
                    count(paths.len(), "file"),
                    message.lines().next().unwrap_or_default()
                )
            }
            Action::Push { remote, updates } => {
                let refs: Vec<_> = updates.iter().map(|u| u.name.trim_start_matches("refs/heads/")).collect();
                format!("push {} to {remote}", refs.join(", "))
            }
            Action::EnsureLabel { name } => format!("make the label {name} if it is missing"),
            Action::Tag { name, commit, .. } => format!("tag {} as {name}", short(commit)),
            Action::OpenMergeRequest { draft, .. } => {
                format!("open a merge request \"{}\" from {} to {}", draft.title, draft.source, draft.target)
            }
            Action::UpdateMergeRequest { number, .. } => format!("bring merge request !{number} up to date"),
            Action::Merge { number, commit, target, tag, .. } => {
                let tagged = tag.as_ref().map(|t| format!(" and tag it {t}")).unwrap_or_default();
                format!("merge !{number} ({}) to {target}{tagged}", short(commit))
            }
            Action::Deploy { version, rollback: false, .. } => format!("deploy {version}"),
            Action::Deploy { version, rollback: true, .. } => format!("roll back to {version}"),
            Action::Message { channel, about, .. } => format!("tell {channel}: {about}"),
            Action::StatusPage { state, .. } => format!("set the status page to {state}"),
            Action::Ticket { title, .. } => format!("file the ticket \"{title}\""),
            Action::CherryPick { branch, onto, commits, .. } => {
                format!("cherry-pick {} on {} as {branch}", count(commits.len(), "commit"), short(onto))
            }
            Action::WriteFile { path, .. } => format!("write {path}"),
            Action::RemoveWorktree { path, .. } => format!("remove the worktree {path} (its branch stays)"),
            Action::DeleteRemoteBranch { remote, name, .. } => {
                format!("remove {} from {remote}", name.trim_start_matches("refs/heads/"))
            }
        }
    }
}

/// The first ten digits of an object id.
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// What became of an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Outcome {
    /// It took place.
    Succeeded {
        /// What it gave back (an MR's number, a commit).
        value: BTreeMap<String, Value>,
    },
    /// It did not take place, and will not under this identity.
    Failed {
        /// Why.
        error: String,
    },
}

/// A probe's answer about an effect in doubt.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// It took place, and gave this.
    TookPlace(BTreeMap<String, Value>),
    /// It did not.
    Absent,
    /// A child of ours, or the other system, is still at it.
    InProgress(String),
    /// It cannot be told.
    Unknown(String),
}
