//! Proof runs in full, clean trees of its own, never where somebody edits:
//! one for the base, one for the fix. They are kept and reused.

mod environment;
mod hear;
mod results;
pub mod test_run;

pub use results::project;

use super::tools::{Ran, without_secrets};
use super::{Cx, prepare};
use crate::engine::Stop;
use crate::engine::blobs;
use crate::git::{tree, worktree};
use crate::settings::TrustedCommand;
use crate::sys::process::Ended as ProcessEnded;
use crate::sys::process::contained::{self, Contained};
use hotfix_core::change::redact;
use hotfix_core::digest;
use hotfix_core::journal::Evidence;
use jiff::SignedDuration;
use std::fmt::Write as _;
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

/// Checks any commit out in a proof tree of this name, prepared as the config
/// says (`worktree.setup`): again, where what is prepared has changed.
pub fn check_out(cx: &Cx<'_>, name: &str, commit: &str) -> Result<ProofTree, Stop> {
    let path = folder(cx)?.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let stamp = cx.t.folder.join(format!("proof-{name}.ready"));
    // What prepared it, and below that the paths that preparing it has made.
    let there = std::fs::read_to_string(&stamp).ok().filter(|_| path.exists()).unwrap_or_default();
    let (ready, made) = there.split_once('\n').unwrap_or((&there, ""));
    let wanted = prepared(cx, commit)?;
    let made: Vec<&str> = if ready == wanted { made.lines().collect() } else { Vec::new() };
    worktree::add_detached(cx.t.git(), &path, commit, &made)?;
    if ready == wanted {
        prepare::put_files(cx, &path)?;
    } else {
        prepare::set_up(cx, &path)?;
        let own = crate::git::Git::at(&path);
        let untracked = own.run(["ls-files", "--others", "--exclude-standard", "--directory"])?;
        std::fs::write(&stamp, format!("{wanted}\n{untracked}"))?;
    }
    Ok(ProofTree { tree: cx.t.git().tree_of(commit)?, path, commit: commit.to_owned() })
}

/// Files that say what a tree needs to be prepared.
const MANIFESTS: &[&str] = &[
    "Cargo.lock",
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "requirements.txt",
    "pyproject.toml",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "setup.py",
    "setup.cfg",
    "go.sum",
    "Gemfile.lock",
    "composer.lock",
];

/// What a tree was prepared for: the config's steps, and what the tree says it needs.
fn prepared(cx: &Cx<'_>, commit: &str) -> Result<String, Stop> {
    let setup = &cx.t.config.worktree.setup;
    if setup.is_empty() {
        return Ok("nothing".to_owned());
    }
    let is_manifest = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        MANIFESTS.contains(&name)
            || (name.starts_with("requirements") && Path::new(name).extension().is_some_and(|e| e == "txt"))
    };
    let mut text = format!("{setup:?}\n");
    for (path, object) in tree::files(cx.t.git(), commit)?.into_iter().filter(|(p, _)| is_manifest(p)) {
        let _ = writeln!(text, "{path} {object}");
    }
    Ok(digest::of_bytes(text.as_bytes()))
}

/// What a command in a proof tree has in its environment besides ours.
fn variables(cx: &Cx<'_>, place: &ProofTree, side: &str) -> Result<Vec<(String, String)>, Stop> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Ok(vec![
        set("HOTFIX_INCIDENT", &cx.key()),
        set("HOTFIX_RUN", &cx.state().run),
        set("HOTFIX_BASE", &cx.attempt()?.base),
        set("HOTFIX_COMMIT", &place.commit),
        set("HOTFIX_SIDE", side),
    ])
}

/// Runs a command that is no test (a style checker) in a proof tree.
pub fn run(cx: &Cx<'_>, place: &ProofTree, command: &TrustedCommand, what: &str) -> Result<Ran, Stop> {
    let limit = cx.t.time_limit();
    let mut hear = hear::Hear::new(cx.t.ui, what, limit);
    let (argv, env) = (command.argv(), variables(cx, place, "")?);
    let at = cx.now();
    let finished = contained::run(&Contained { argv: &argv, cwd: &place.path, env: &env, limit }, &mut hear)?;
    hear.finish();
    if finished.ended == ProcessEnded::Interrupted {
        return Err(Stop::Interrupted);
    }
    let output = without_secrets(&hear.kept.text());
    let blob = blobs::keep(&cx.t.folder, "output", output.as_bytes())?;
    let evidence = Evidence {
        kind: "command".to_owned(),
        command: Some(redact(&command.shown())),
        exit_status: finished.status(),
        commit: Some(place.commit.clone()),
        tree: Some(place.tree.clone()),
        at,
        duration: SignedDuration::try_from(finished.took).ok(),
        digest: Some(blob.digest),
        path: Some(blob.path),
        printed: Some(hear.kept.total()),
        left_out: Some(hear.kept.left_out()).filter(|n| *n > 0),
        left_behind: finished.left_behind.clone(),
        ..Evidence::default()
    };
    Ok(Ran { finished, output, evidence })
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
