//! Forges: where merge requests live. One trait, which the local forge and the
//! real ones share.

pub mod local;

use hotfix_core::effect::MergeRequestDraft;
use hotfix_core::journal::{Approval, MergeRequestView};

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
    /// The forge refused.
    #[error("{0}")]
    Refused(String),
    /// It could not be reached; trying again may help.
    #[error("{0}")]
    Unreachable(String),
    /// Nobody knows whether it took place.
    #[error("{0}")]
    Unsure(String),
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
    /// The version's tag.
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

/// A forge.
pub trait Forge {
    /// What it is called, for people.
    fn name(&self) -> String;
    /// Brings what it knows here, where it must.
    fn refresh(&self) -> Result<(), ForgeError>;
    /// Opens a merge request.
    fn open(&self, marker: &str, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError>;
    /// The merge request with this marker and role, in whatever state.
    fn find(&self, marker: &str, role: &str, source: &str) -> Result<Option<MergeRequestView>, ForgeError>;
    /// Brings title, body, labels and commit up to date.
    fn update(&self, number: u64, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError>;
    /// A merge request as it stands.
    fn view(&self, number: u64) -> Result<MergeRequestView, ForgeError>;
    /// Its body, Markdown.
    fn body(&self, number: u64) -> Result<String, ForgeError>;
    /// Everybody's last word on it.
    fn reviews(&self, number: u64) -> Result<Vec<Approval>, ForgeError>;
    /// Records the caller's word.
    fn review(&self, review: &Review<'_>) -> Result<Approval, ForgeError>;
    /// Merges exactly this commit, and tags.
    fn merge(&self, order: &MergeOrder<'_>) -> Result<MergeRequestView, ForgeError>;
}
