//! Forges: where merge requests live. One trait, which the local forge and the
//! real ones share. The real ones are thin: typed calls over the one HTTP layer
//! ([`api`]), and no rule of ours is decided in them.

pub mod api;
mod common;
pub mod credentials;
pub mod forgejo;
pub mod github;
pub mod gitlab;
mod lazy;
pub mod local;
pub mod place;

use hotfix_core::effect::MergeRequestDraft;
use hotfix_core::forge::body::{self, Ours};
use hotfix_core::forge::{Kind, Pipeline, Readiness};
use hotfix_core::journal::{Approval, MergeRequestView};
use std::time::Duration;

/// Why a forge did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// There is no such merge request.
    #[error("there is no merge request !{0}")]
    NoSuchMergeRequest(u64),
    /// The merge request is not open any more.
    #[error("merge request !{number} is {state}")]
    NotOpen {
        /// Its number.
        number: u64,
        /// What it is.
        state: &'static str,
    },
    /// Something moved between our look and our push.
    #[error("{0} has moved since it was looked at")]
    Moved(String),
    /// The merge conflicts.
    #[error("the merge conflicts in {}", .0.join(", "))]
    Conflicts(Vec<String>),
    /// The merge would give another tree than the one that was verified.
    #[error("the merge gives the tree {found}, {expected} was verified")]
    OtherTree {
        /// The verified tree.
        expected: String,
        /// What the merge gives.
        found: String,
    },
    /// The tag is there and names another commit.
    #[error("the tag {0} is there already and names another commit")]
    TagTaken(String),
    /// The forge does not take the token, or there is none.
    #[error("{0}")]
    Unauthorized(String),
    /// The token may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The forge has no such thing, or hides it from the token.
    #[error("{0}")]
    NotFound(String),
    /// The project takes no changes any more.
    #[error("the project {0} is archived: it takes no changes")]
    Archived(String),
    /// The forge refused.
    #[error("{0}")]
    Refused(String),
    /// It could not be reached; trying again may help.
    #[error("{0}")]
    Unreachable(String),
    /// The forge wants to be left alone for a while.
    #[error("{0}; it asks to be left alone for {1:?}")]
    Limited(String, Duration),
    /// Nobody knows whether it took place.
    #[error("{0}")]
    Unsure(String),
    /// It is in a merge train or queue: it takes place later, or not.
    #[error("{0}")]
    Queued(String),
    /// What the forge holds cannot be understood.
    #[error("{0}")]
    Malformed(String),
}

/// A merge that is to be made.
#[derive(Debug, Clone)]
pub struct MergeOrder<'a> {
    /// The merge request.
    pub number: u64,
    /// The commit to merge: its head as verified and approved.
    pub commit: &'a str,
    /// The branch it goes to.
    pub target: &'a str,
    /// The target's commit that was looked at.
    pub onto: &'a str,
    /// The message.
    pub message: &'a str,
    /// The version's tag, where the forge tags with the merge.
    pub tag: Option<&'a str>,
    /// The tree that was verified.
    pub tree: &'a str,
}

/// A word on a merge request, to be recorded.
#[derive(Debug, Clone)]
pub struct Review<'a> {
    /// The merge request.
    pub number: u64,
    /// The commit.
    pub commit: &'a str,
    /// Yes or no.
    pub approved: bool,
    /// What there is to say.
    pub note: Option<&'a str>,
    /// The caller was no person at a terminal, and the config names it.
    pub simulated: bool,
}

/// A merge request with its body.
#[derive(Debug, Clone)]
pub struct Listed {
    /// As it stands.
    pub view: MergeRequestView,
    /// Its body.
    pub body: String,
}

/// What a look at the forge says of itself, for `doctor` and `auth status`.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// The account that the token speaks for.
    pub account: Option<String>,
    /// What the forge runs.
    pub version: Option<String>,
    /// How far our clock is ahead of its, in seconds.
    pub skew: Option<i64>,
    /// What the token lacks, in words.
    pub lacks: Vec<String>,
    /// When the token ends.
    pub expires: Option<String>,
    /// Further things worth knowing.
    pub notes: Vec<String>,
}

/// A forge.
pub trait Forge {
    /// Which kind it is.
    fn kind(&self) -> Kind;
    /// What it is called, for people.
    fn name(&self) -> String;
    /// Brings what it knows here, where it must.
    fn refresh(&self) -> Result<(), ForgeError>;
    /// Makes a label, unless it is there.
    fn ensure_label(&self, name: &str) -> Result<(), ForgeError>;
    /// Whether a label is there.
    fn has_label(&self, name: &str) -> Result<bool, ForgeError>;
    /// Opens a merge request.
    fn open(&self, marker: &str, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError>;
    /// The merge requests that come from a branch, in whatever state, newest first.
    fn of_branch(&self, source: &str) -> Result<Vec<Listed>, ForgeError>;
    /// The merge request with this marker and role, in whatever state.
    fn find(&self, marker: &str, role: &str, source: &str) -> Result<Option<MergeRequestView>, ForgeError> {
        let found = self.of_branch(source)?.into_iter().find(|l| body::has_marker(&l.body, marker));
        Ok(found.map(|listed| MergeRequestView { role: role.to_owned(), ..listed.view }))
    }
    /// Brings title, body, labels, people and readiness up to date. What
    /// people wrote around our part of the body stays, and so do their labels.
    fn update(&self, number: u64, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError>;
    /// A merge request as it stands.
    fn view(&self, number: u64) -> Result<MergeRequestView, ForgeError>;
    /// Its body, Markdown.
    fn body(&self, number: u64) -> Result<String, ForgeError>;
    /// Everybody's word on it, oldest first.
    fn reviews(&self, number: u64) -> Result<Vec<Approval>, ForgeError>;
    /// Records the caller's word.
    fn review(&self, review: &Review<'_>) -> Result<Approval, ForgeError>;
    /// What runs for its head.
    fn pipeline(&self, number: u64, commit: &str) -> Result<Pipeline, ForgeError>;
    /// The end of a job's log, where there is one.
    fn job_log(&self, id: u64) -> Result<Option<String>, ForgeError>;
    /// Whether the forge itself would merge it now.
    fn readiness(&self, number: u64) -> Result<Readiness, ForgeError>;
    /// Merges exactly this commit, and tags where the forge does both as one.
    fn merge(&self, order: &MergeOrder<'_>) -> Result<MergeRequestView, ForgeError>;
    /// Accounts that made the change, where the forge knows them by its commits.
    fn authors(&self, number: u64) -> Result<Vec<String>, ForgeError>;
    /// How it is, and what the token may.
    fn health(&self) -> Result<Health, ForgeError>;
}

/// The body that a draft gives, over what is there.
pub fn body_of(existing: &str, marker: &str, draft: &MergeRequestDraft) -> String {
    body::put(existing, &Ours { text: &draft.body, marker, chain: draft.chain.as_ref() })
}

/// Whether a merge request shows everything that a draft asks for.
pub fn is_up_to_date(view: &MergeRequestView, draft: &MergeRequestDraft) -> bool {
    let has_all = |wanted: &[String], there: &[String]| {
        wanted.iter().all(|w| there.iter().any(|t| t.eq_ignore_ascii_case(w)))
    };
    view.title == draft.title
        && view.draft == draft.draft
        && view.body_digest.as_deref() == Some(&body::digest_of(&draft.body))
        && has_all(&draft.labels, &view.labels)
        && has_all(&draft.reviewers, &view.reviewers)
        && has_all(&draft.assignees, &view.assignees)
}
