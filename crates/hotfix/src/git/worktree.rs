//! Worktrees: made beside the clone, never inside somebody's work, and
//! removed only when what they hold is kept elsewhere.

use super::{Git, GitError};
use std::path::{Path, PathBuf};

/// A worktree of the clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its folder.
    pub path: PathBuf,
    /// Its commit.
    pub head: String,
    /// Its branch's short name, unless it is detached.
    pub branch: Option<String>,
    /// Git was killed while it made it.
    pub unfinished: bool,
}

/// The worktrees of the clone.
pub fn list(git: &Git) -> Result<Vec<Listed>, GitError> {
    let text = git.run(["worktree", "list", "--porcelain"])?;
    let block = |block: &str| {
        let field = |name: &str| block.lines().find_map(|l| l.strip_prefix(name).map(str::to_owned));
        Some(Listed {
            path: PathBuf::from(field("worktree ")?),
            head: field("HEAD ").unwrap_or_default(),
            branch: field("branch refs/heads/"),
            unfinished: field("locked ").is_some_and(|why| why == "initializing"),
        })
    };
    Ok(text.split("\n\n").filter_map(block).collect())
}

/// The worktree at a path, if there is one.
pub fn at(git: &Git, path: &Path) -> Result<Option<Listed>, GitError> {
    let wanted = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let same = |l: &Listed| l.path.canonicalize().unwrap_or_else(|_| l.path.clone()) == wanted;
    Ok(list(git)?.into_iter().find(same))
}

/// A worktree to make.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// Its folder.
    pub path: &'a Path,
    /// Its branch's short name.
    pub branch: &'a str,
    /// The commit at which the branch is made; none: the branch is there.
    pub at: Option<&'a str>,
    /// It has no files until [`check_out_sparse`] brings them.
    pub sparse: bool,
}

/// Makes a worktree.
pub fn add(git: &Git, new: New<'_>) -> Result<(), GitError> {
    let mut args = vec!["worktree", "add", "--quiet"];
    if new.sparse {
        args.push("--no-checkout");
    }
    let shown = new.path.to_string_lossy();
    match new.at {
        Some(commit) => args.extend(["--no-track", "-b", new.branch, &shown, commit]),
        None => args.extend([shown.as_ref(), new.branch]),
    }
    git.run(args).map(|_| ())
}

/// Brings some folders of a worktree, and the files beside them (a cone). Sets
/// `extensions.worktreeConfig`, as git's sparse checkout needs it.
pub fn check_out_sparse(path: &Path, folders: &[String]) -> Result<(), GitError> {
    let git = Git::at(path);
    let mut args = vec!["sparse-checkout", "set", "--cone", "--"];
    args.extend(folders.iter().map(String::as_str));
    git.run(args)?;
    git.run(["checkout", "--quiet", "HEAD", "--"])
        .or_else(|_| git.run(["read-tree", "-mu", "HEAD"]))
        .map(|_| ())
}

/// Whether a worktree's files were checked out: before that it has no index.
pub fn has_index(path: &Path) -> bool {
    let index = Git::at(path).run(["rev-parse", "--path-format=absolute", "--git-path", "index"]);
    index.is_ok_and(|index| Path::new(&index).exists())
}

/// Makes a worktree with no branch, or moves the one that is there: what is
/// not tracked goes, but for what is ignored and for some paths.
pub fn add_detached(git: &Git, path: &Path, commit: &str, keep: &[&str]) -> Result<(), GitError> {
    match at(git, path)? {
        Some(there) if there.unfinished => remove_unfinished(git, path)?,
        Some(there) => {
            let own = Git::at(path);
            own.run(["reset", "--quiet", "--hard"])?;
            // Twice: what a test made there may be a repository of its own.
            let mut clean: Vec<String> =
                ["clean", "-d", "--force", "--force", "--quiet"].map(str::to_owned).to_vec();
            clean.extend(keep.iter().map(|path| format!("--exclude=/{}", literal(path))));
            own.run(clean)?;
            return if there.head == commit {
                Ok(())
            } else {
                own.run(["checkout", "--quiet", "--detach", commit]).map(|_| ())
            };
        }
        None => {}
    }
    git.run(["worktree", "add", "--quiet", "--detach", &path.to_string_lossy(), commit]).map(|_| ())
}

/// A path as a pattern of `.gitignore` that means this path alone.
fn literal(path: &str) -> String {
    let special = |c: char| "*?[]\\!# ".contains(c);
    path.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Removes what git had begun to make when it was killed.
pub fn remove_unfinished(git: &Git, path: &Path) -> Result<(), GitError> {
    git.run(["worktree", "remove", "--force", "--force", &path.to_string_lossy()]).map(|_| ())
}

/// Removes a worktree that has nothing uncommitted; git itself refuses otherwise.
pub fn remove(git: &Git, path: &Path) -> Result<(), GitError> {
    git.run(["worktree", "remove", &path.to_string_lossy()]).map(|_| ())
}

/// Removes a worktree of our own that nobody edits in (a proof tree).
pub fn discard(git: &Git, path: &Path) -> Result<(), GitError> {
    if path.exists() {
        git.run(["worktree", "remove", "--force", &path.to_string_lossy()])?;
    }
    git.run(["worktree", "prune"]).map(|_| ())
}
