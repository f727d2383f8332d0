//! Clean up: the worktree and the proof trees go, the branch and everything
//! that is not kept elsewhere stay.

use super::{Cx, Ended, person, proof};
use crate::engine::Stop;
use crate::git::{Git, tree, worktree};
use hotfix_core::effect::Action;
use std::path::{Path, PathBuf};

/// Removes what is no longer needed.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let attempt = cx.attempt()?;
    let path = PathBuf::from(&attempt.worktree);
    discard_proof(cx)?;
    if !path.exists() {
        return Ok(Ended::Passed);
    }
    let git = Git::at(&path);
    if tree::is_dirty(&git)? {
        let what = format!(
            "the worktree {} has changes that are not committed: keep or discard them",
            path.display()
        );
        return Err(Stop::Waiting(vec![person(what, format!("cd {} && git status", path.display()))]));
    }
    keep_ignored(cx, &path)?;
    let head = git.commit("HEAD").unwrap_or_default();
    let what = Action::RemoveWorktree { path: attempt.worktree, head: head.clone() };
    cx.must("cleanup", "remove-worktree", head, what)?;
    Ok(Ended::Passed)
}

/// Proof trees hold nothing that anybody wrote.
pub fn discard_proof(cx: &Cx<'_>) -> Result<(), Stop> {
    let folder = proof::folder(cx)?;
    for name in ["base", "fix", "merge"] {
        worktree::discard(cx.t.git(), &folder.join(name))?;
    }
    let _ = std::fs::remove_dir(&folder);
    let _ = folder.parent().map(std::fs::remove_dir);
    Ok(())
}

/// `git worktree remove` deletes ignored files without a word. They are moved
/// to the run's folder instead, so that they can be brought back.
fn keep_ignored(cx: &Cx<'_>, path: &Path) -> Result<(), Stop> {
    let listed = Git::at(path).bytes([
        "ls-files",
        "--others",
        "--ignored",
        "--exclude-standard",
        "--directory",
        "-z",
    ])?;
    let names = String::from_utf8_lossy(&listed).into_owned();
    let names: Vec<&str> =
        names.split('\0').filter(|n| !n.is_empty()).map(|n| n.trim_end_matches('/')).collect();
    if names.is_empty() {
        return Ok(());
    }
    let keep = cx.t.folder.join("kept-ignored");
    for name in &names {
        let to = free_name(keep.join(name));
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        if let Err(e) = std::fs::rename(path.join(name), &to) {
            let what = format!(
                "the ignored {name} in {} cannot be kept ({e}): move it or delete it",
                path.display()
            );
            return Err(Stop::Waiting(vec![person(what, format!("cd {}", path.display()))]));
        }
    }
    cx.t.ui.say(format!("  ignored files of the worktree are kept in {}", keep.display()));
    Ok(())
}

/// A name that nothing has yet: what was kept before a crash, or by an earlier
/// attempt, is not what stands in the worktree now.
fn free_name(wanted: PathBuf) -> PathBuf {
    let mut free = wanted.clone();
    for number in 2_u32.. {
        if free.symlink_metadata().is_err() {
            break;
        }
        free = PathBuf::from(format!("{}.{number}", wanted.display()));
    }
    free
}
