//! Proof runs in full, clean trees of its own, never where somebody edits:
//! one for the base, one for the fix. They are kept and reused.

use super::tools::{How, Ran};
use super::{Cx, prepare};
use crate::engine::Stop;
use crate::git::{tree, worktree};
use crate::settings::TrustedCommand;
use crate::sys::process::Ended as ProcessEnded;
use hotfix_core::journal::Evidence;
use std::path::{Path, PathBuf};

/// Which side of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where the branch starts.
    Base,
    /// The worktree as it stands, uncommitted changes included.
    Fix,
}

/// A tree that is ready for proof.
#[derive(Debug, Clone)]
pub struct ProofTree {
    /// Its folder.
    pub path: PathBuf,
    /// The commit that is checked out.
    pub commit: String,
    /// Its tree.
    pub tree: String,
}

/// The folder of a run's proof trees.
pub fn folder(cx: &Cx<'_>) -> Result<PathBuf, Stop> {
    let worktree = PathBuf::from(cx.attempt()?.worktree);
    let parent = worktree.parent().map_or_else(|| worktree.clone(), Path::to_owned);
    Ok(parent.join(".proof").join(&cx.state().run))
}

/// Checks the side out in its proof tree.
pub fn prepare_tree(cx: &Cx<'_>, side: Side) -> Result<ProofTree, Stop> {
    let attempt = cx.attempt()?;
    let git = cx.t.git();
    match side {
        Side::Base => check_out(cx, "base", &attempt.base),
        Side::Fix => {
            let head = cx.state().head.clone();
            let tree_now = head.map_or_else(|| git.tree_of(&attempt.base), |h| Ok(h.tree))?;
            let commit = tree::loose_commit(git, &tree_now, &attempt.base)?;
            check_out(cx, "fix", &commit)
        }
    }
}

/// Checks any commit out in a proof tree of this name.
pub fn check_out(cx: &Cx<'_>, name: &str, commit: &str) -> Result<ProofTree, Stop> {
    let path = folder(cx)?.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let fresh = !path.exists();
    worktree::add_detached(cx.t.git(), &path, commit)?;
    if fresh {
        prepare::set_up(cx, &path)?;
    }
    Ok(ProofTree { tree: cx.t.git().tree_of(commit)?, path, commit: commit.to_owned() })
}

/// Runs a command in a proof tree.
pub fn run(cx: &Cx<'_>, place: &ProofTree, command: &TrustedCommand, what: &str) -> Result<Ran, Stop> {
    let attempt = cx.attempt()?;
    let env = vec![
        ("HOTFIX_INCIDENT".to_owned(), cx.key()),
        ("HOTFIX_BASE".to_owned(), attempt.base),
        ("HOTFIX_COMMIT".to_owned(), place.commit.clone()),
    ];
    let how = How { cwd: &place.path, what, on: Some((&place.commit, &place.tree)), env, pid_file: None };
    cx.t.run(command, &how, cx.t.time_budget())
}

/// What a test command says of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Result3 {
    /// It passes.
    Passes,
    /// It fails.
    Fails,
    /// It could not be run to an end that says anything.
    Unclear,
}

/// Reads a command's end. Not found, not executable, out of time or killed
/// says nothing about the tree.
pub fn judge(ran: &Ran) -> Result3 {
    match ran.finished.ended {
        ProcessEnded::Exit(0) => Result3::Passes,
        ProcessEnded::Exit(126 | 127) => Result3::Unclear,
        ProcessEnded::Exit(_) => Result3::Fails,
        _ => Result3::Unclear,
    }
}

/// What an earlier gate of this run has already seen of a command on a tree.
pub fn seen_before(cx: &Cx<'_>, gate: &str, command: &str, tree: &str) -> Option<Evidence> {
    let (_, seen) = cx.state().gates.get(gate)?;
    let same = |e: &&Evidence| {
        e.command.as_deref() == Some(command) && e.tree.as_deref() == Some(tree) && e.exit_status.is_some()
    };
    seen.evidence.iter().find(same).cloned()
}
