//! A version's tag: made here by the user's own git, signed where they sign,
//! and pushed by itself. One that is there is never moved.

use super::push::{PushError, atomic};
use super::{Git, GitError};
use hotfix_core::effect::RefUpdate;

/// A tag to make.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// Its short name.
    pub name: &'a str,
    /// The commit.
    pub commit: &'a str,
    /// Its message.
    pub message: &'a str,
}

/// Why there is no tag.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// Another commit has it.
    #[error("the tag {name} is there already and names {there}")]
    Taken {
        /// The tag.
        name: String,
        /// The commit that it names.
        there: String,
    },
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The push did not take place.
    #[error(transparent)]
    Push(#[from] PushError),
}

/// The commit that a tag names on the remote, as it is now.
pub fn on_remote(git: &Git, remote: &str, name: &str) -> Result<Option<String>, GitError> {
    let full = format!("refs/tags/{name}");
    let peeled = format!("{full}^{{}}");
    let answer = git.run(["ls-remote", "--quiet", remote, &full, &peeled])?;
    let of = |wanted: &str| {
        let line = answer.lines().find(|l| l.split('\t').nth(1) == Some(wanted))?;
        line.split('\t').next().map(str::to_owned)
    };
    Ok(of(&peeled).or_else(|| of(&full)))
}

/// Makes a tag, unless a try before has made it, and pushes it.
pub fn push(git: &Git, remote: &str, new: &New<'_>) -> Result<(), TagError> {
    let taken = |there: String| TagError::Taken { name: new.name.to_owned(), there };
    match on_remote(git, remote, new.name)? {
        Some(there) if there == new.commit => return Ok(()),
        Some(there) => return Err(taken(there)),
        None => {}
    }
    let full = format!("refs/tags/{}", new.name);
    match git.commit(&full) {
        Some(there) if there != new.commit => return Err(taken(there)),
        Some(_) => {}
        None => {
            git.run(["tag", "--annotate", "--message", new.message, new.name, new.commit])?;
        }
    }
    let id = git.resolve(&full).unwrap_or_default();
    let pushed = atomic(git, remote, &[RefUpdate { name: full, old: String::new(), new: id }]);
    if pushed.is_err() && on_remote(git, remote, new.name).is_ok_and(|there| there.is_none()) {
        // Ours, made a moment ago, that the remote did not take.
        let _ = git.run(["tag", "--delete", new.name]);
    }
    Ok(pushed?)
}
