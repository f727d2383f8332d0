//! Merges, cherry-picks and reverts computed in memory, by `git merge-tree`.
//!
//! `--merge-base` came with git 2.40; every three-way merge here is built from
//! loose commits instead, so that 2.38 gives the same answers.

use super::{Git, GitError, tree::loose_commit};

/// What a merge in memory gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// The tree.
    Clean(String),
    /// The paths that conflict.
    Conflicts(Vec<String>),
}

/// Merges two trees whose common ancestor is a third. All are tree-ish.
pub fn three_way(git: &Git, base: &str, ours: &str, theirs: &str) -> Result<Merged, GitError> {
    let root = loose_root(git, &git.tree_of(base)?)?;
    let ours = loose_commit(git, &git.tree_of(ours)?, &root)?;
    let theirs = loose_commit(git, &git.tree_of(theirs)?, &root)?;
    commits(git, &ours, &theirs)
}

/// Merges two commits by their own history.
pub fn commits(git: &Git, ours: &str, theirs: &str) -> Result<Merged, GitError> {
    let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs];
    let (output, command) = git.output(args, None)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut parts = text.split('\0').map(str::trim).filter(|p| !p.is_empty());
    let tree = parts.next().unwrap_or_default().to_owned();
    match output.status.code() {
        Some(0) => Ok(Merged::Clean(tree)),
        Some(1) => {
            let mut paths: Vec<String> = parts.map(str::to_owned).collect();
            paths.dedup();
            Ok(Merged::Conflicts(paths))
        }
        status => Err(GitError::Failed {
            command,
            status,
            stderr: String::from_utf8_lossy(&output.stderr).trim_end().to_owned(),
        }),
    }
}

/// How the change from `base` to `head` would apply to `onto`.
pub fn port(git: &Git, base: &str, head: &str, onto: &str) -> Result<Merged, GitError> {
    three_way(git, base, onto, head)
}

/// How the change from `base` to `head` would be taken back on `onto`.
pub fn revert(git: &Git, base: &str, head: &str, onto: &str) -> Result<Merged, GitError> {
    three_way(git, head, onto, base)
}

fn loose_root(git: &Git, tree: &str) -> Result<String, GitError> {
    git.clone()
        .env("GIT_AUTHOR_NAME", "hotfix")
        .env("GIT_AUTHOR_EMAIL", "hotfix@localhost")
        .env("GIT_COMMITTER_NAME", "hotfix")
        .env("GIT_COMMITTER_EMAIL", "hotfix@localhost")
        .env("GIT_AUTHOR_DATE", "2000-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2000-01-01T00:00:00Z")
        .run(["commit-tree", tree, "-m", "the base of a merge in memory"])
}
