//! A change as the change gates read it: the diff of two trees, and whatever
//! else of the trees helps to understand it.

use super::{Git, GitError, tree};
use hotfix_core::change::{self, Change};

/// What lies between two trees or commits.
pub fn read(git: &Git, old: &str, new: &str) -> Result<Change, GitError> {
    Ok(change::parse(&tree::diff(git, old, new)?))
}
