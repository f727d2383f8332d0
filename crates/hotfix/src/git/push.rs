//! Pushing: several refs as one, each only from the commit that we saw there,
//! and forward only. There is no force here.

use super::{Git, GitError};
use hotfix_core::effect::RefUpdate;

/// Why a push did not take place.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The update is no fast-forward: the remote has something that we lack.
    #[error("{name} on {remote} has moved: it has commits that this push would lose")]
    NotForward {
        /// The ref.
        name: String,
        /// The remote.
        remote: String,
    },
    /// The remote or a hook said no.
    #[error("the push was refused: {0}")]
    Refused(String),
    /// Git failed before it could tell.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Pushes all updates or none. Each ref must be where we expect it, and a
/// branch only moves forward: the lease alone would allow it to go back.
pub fn atomic(git: &Git, remote: &str, updates: &[RefUpdate]) -> Result<(), PushError> {
    let mut args = vec!["push".to_owned(), "--atomic".to_owned(), "--porcelain".to_owned()];
    for update in updates {
        let forward = update.old.is_empty()
            || update.new.is_empty()
            || !update.name.starts_with("refs/heads/")
            || git.is_ancestor(&update.old, &update.new);
        if !forward {
            return Err(PushError::NotForward { name: update.name.clone(), remote: remote.to_owned() });
        }
        args.push(format!("--force-with-lease={}:{}", update.name, update.old));
    }
    args.push(remote.to_owned());
    args.extend(updates.iter().map(|u| format!("{}:{}", u.new, u.name)));
    git.run(args).map(|_| ()).map_err(|e| refused(e, remote))
}

fn refused(error: GitError, remote: &str) -> PushError {
    let GitError::Failed { status: Some(_), stderr, .. } = &error else { return PushError::Git(error) };
    if stderr.contains("stale info") || stderr.contains("fetch first") || stderr.contains("non-fast-forward")
    {
        return PushError::NotForward { name: "a ref".to_owned(), remote: remote.to_owned() };
    }
    if stderr.contains("rejected") || stderr.contains("declined") || stderr.contains("error: failed to push")
    {
        return PushError::Refused(stderr.clone());
    }
    PushError::Git(error)
}
