//! Trees: what a worktree holds right now, uncommitted and untracked files
//! included, without touching its index.

use super::{Git, GitError};
use std::path::Path;

/// The tree of a worktree as it stands: tracked changes and untracked files
/// that are not ignored. Its own index is left alone.
pub fn of_worktree(worktree: &Git) -> Result<String, GitError> {
    let index = TemporaryIndex::of(worktree)?;
    let git = index.git(worktree);
    git.run(["add", "--all", "--", "."])?;
    git.run(["write-tree"])
}

/// The tree that some paths of a worktree would give, committed on a commit.
pub fn of_paths(worktree: &Git, onto: &str, paths: &[String]) -> Result<String, GitError> {
    let index = TemporaryIndex::of(worktree)?;
    let git = index.git(worktree);
    git.run(["read-tree", onto])?;
    let input = paths.join("\0");
    git.clone()
        .env("GIT_LITERAL_PATHSPECS", "1")
        .feed(["add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul"], input.as_bytes())?;
    git.run(["write-tree"])
}

/// Paths that differ between two trees or commits, both sides of a rename.
pub fn changed_paths(git: &Git, old: &str, new: &str) -> Result<Vec<String>, GitError> {
    let bytes = git.bytes(["diff-tree", "-r", "-z", "--no-renames", "--name-only", old, new])?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.split('\0').filter(|p| !p.is_empty()).map(str::to_owned).collect())
}

/// The difference of two trees as a unified diff, as the change gates read it.
pub fn diff(git: &Git, old: &str, new: &str) -> Result<String, GitError> {
    let bytes = git.bytes([
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--no-relative",
        "--indent-heuristic",
        "--diff-algorithm=histogram",
        "--submodule=short",
        "--inter-hunk-context=0",
        "-O/dev/null",
        "-M",
        "-U3",
        "--full-index",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        old,
        new,
    ])?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a commit's or tree's own attributes say of paths (each ended by a
/// zero byte): path, attribute, value.
pub fn attributes(
    git: &Git,
    at: &str,
    names: &[&str],
    paths: &[u8],
) -> Result<Vec<(String, String, String)>, GitError> {
    let of = |git: &Git, from: &str| {
        let args = [&["check-attr", "-z", "--stdin", from], names].concat();
        git.feed_bytes(args, paths)
    };
    // Git before 2.40 knows no `--source`; an index of the tree says the same.
    let bytes = if let Ok(bytes) = of(git, &format!("--source={at}")) {
        bytes
    } else {
        let index = TemporaryIndex::empty()?;
        let git = index.git(git);
        git.run(["read-tree", at])?;
        of(&git, "--cached")?
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut fields = text.split('\0').map(str::to_owned);
    let mut out = Vec::new();
    while let (Some(path), Some(name), Some(value)) = (fields.next(), fields.next(), fields.next()) {
        out.push((path, name, value));
    }
    Ok(out)
}

/// Whether a worktree has changes that are not committed, untracked files included.
pub fn is_dirty(worktree: &Git) -> Result<bool, GitError> {
    Ok(!worktree.bytes(["status", "--porcelain", "-z", "--untracked-files=normal"])?.is_empty())
}

/// A commit that holds a tree, with no branch: for checking it out elsewhere.
pub fn loose_commit(git: &Git, tree: &str, parent: &str) -> Result<String, GitError> {
    git.clone()
        .env("GIT_AUTHOR_NAME", "hotfix")
        .env("GIT_AUTHOR_EMAIL", "hotfix@localhost")
        .env("GIT_COMMITTER_NAME", "hotfix")
        .env("GIT_COMMITTER_EMAIL", "hotfix@localhost")
        .env("GIT_AUTHOR_DATE", "2000-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2000-01-01T00:00:00Z")
        .run(["commit-tree", tree, "-p", parent, "-m", "the tree to prove"])
}

struct TemporaryIndex {
    folder: tempfile::TempDir,
}

impl TemporaryIndex {
    /// Begins with a copy of the worktree's index, so that unchanged files need not be read.
    fn of(worktree: &Git) -> Result<TemporaryIndex, GitError> {
        let fail =
            |e: std::io::Error| GitError::Unexpected { command: "index".to_owned(), answer: e.to_string() };
        let own = worktree.run(["rev-parse", "--path-format=absolute", "--git-path", "index"])?;
        let folder = tempfile::tempdir().map_err(fail)?;
        if Path::new(&own).exists() {
            std::fs::copy(&own, folder.path().join("index")).map_err(fail)?;
        }
        Ok(TemporaryIndex { folder })
    }

    fn empty() -> Result<TemporaryIndex, GitError> {
        let fail =
            |e: std::io::Error| GitError::Unexpected { command: "index".to_owned(), answer: e.to_string() };
        Ok(TemporaryIndex { folder: tempfile::tempdir().map_err(fail)? })
    }

    fn git(&self, worktree: &Git) -> Git {
        worktree.clone().env("GIT_INDEX_FILE", self.folder.path().join("index"))
    }
}
