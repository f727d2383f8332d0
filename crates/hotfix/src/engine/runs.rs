//! Where runs lie, and which one is meant: `hotfix/<KEY>/<run-id>/` under the
//! git directory that all worktrees share.

use super::journal::{FILE, FileJournal};
use crate::again::{self, With};
use crate::error::Failure;
use crate::git::repo::Repo;
use hotfix_core::journal::Actor;
use hotfix_core::run::RunState;
use std::path::{Path, PathBuf};

/// A run's folder and what its journal says.
#[derive(Debug)]
pub struct Found {
    /// The incident's key.
    pub key: String,
    /// The run's folder.
    pub folder: PathBuf,
    /// What is known of it, or why it cannot be read.
    pub state: Result<RunState, Failure>,
}

/// The folder of all runs of a clone.
pub fn root(repo: &Repo) -> PathBuf {
    repo.common.join("hotfix")
}

/// Every run of the clone, oldest first.
pub fn all(repo: &Repo) -> Result<Vec<Found>, Failure> {
    let nobody = Actor { tool: String::new(), host: String::new(), person: String::new(), simulated: false };
    let mut found = Vec::new();
    for key in folders(&root(repo)) {
        for folder in folders(&key) {
            if !folder.join(FILE).exists() {
                continue;
            }
            let state = FileJournal::open(&folder, nobody.clone()).map(|j| {
                use super::effects::Journal as _;
                j.state().clone()
            });
            // A folder whose first record never came is no run.
            if state.as_ref().is_ok_and(|s| s.plan.is_none()) {
                continue;
            }
            let key = key.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.push(Found { key, folder, state });
        }
    }
    found.sort_by_key(|f| f.state.as_ref().ok().and_then(|s| s.started_at));
    Ok(found)
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(of) else { return Vec::new() };
    let mut all: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_dir()).collect();
    all.sort();
    all
}

/// Which run a verb is about.
#[derive(Debug, Default, Clone, Copy)]
pub struct Wanted<'a> {
    /// `--incident KEY`.
    pub key: Option<&'a str>,
    /// A run that has ended will do (for `report`, `log`, `status`).
    pub ended_too: bool,
}

/// The run that is meant: the one named, the one whose worktree this is, or
/// the only open one.
pub fn choose(repo: &Repo, wanted: Wanted<'_>) -> Result<PathBuf, Failure> {
    let runs = all(repo)?;
    if let Some(key) = wanted.key {
        let of_key: Vec<&Found> = runs.iter().filter(|f| f.key == key).collect();
        let open = of_key.iter().rev().find(|f| is_open(f));
        let found = open.or_else(|| of_key.last().filter(|f| wanted.ended_too || f.state.is_err()));
        return found.map(|f| f.folder.clone()).ok_or_else(|| none_of(key, &runs, !of_key.is_empty()));
    }
    let here = |f: &&Found| {
        let worktree =
            f.state.as_ref().ok().and_then(|s| s.attempt.as_ref()).map(|a| PathBuf::from(&a.worktree));
        worktree.and_then(|w| w.canonicalize().ok()).is_some_and(|w| repo.top.starts_with(&w))
    };
    if let Some(found) = runs.iter().rev().find(here) {
        return Ok(found.folder.clone());
    }
    let open: Vec<&Found> = runs.iter().filter(|f| is_open(f)).collect();
    match (open.as_slice(), runs.last()) {
        ([one], _) => Ok(one.folder.clone()),
        ([], Some(last)) if wanted.ended_too => Ok(last.folder.clone()),
        ([], _) => Err(Failure::usage("HF0204", "no hotfix is under way in this clone")
            .try_this("start one", "hotfix start KEY -m \"what is wrong\"")
            .try_this("see earlier ones", "hotfix list")),
        (several, _) => {
            let keys: Vec<&str> = several.iter().map(|f| f.key.as_str()).collect();
            let example = keys.first().copied().unwrap_or_default();
            Err(Failure::usage("HF0205", format!("several hotfixes are under way: {}", keys.join(", ")))
                .try_this("say which one", again::with(With::long("--incident", example))))
        }
    }
}

fn is_open(found: &Found) -> bool {
    found.state.as_ref().map_or(true, |s| !s.has_ended())
}

fn none_of(key: &str, runs: &[Found], ended: bool) -> Failure {
    if ended {
        return Failure::usage("HF0405", format!("the hotfix for {key} has ended"))
            .try_this("see how", format!("hotfix status --incident {key}"))
            .try_this("start another", format!("hotfix start {key} -m \"what is wrong\""));
    }
    let keys = runs.iter().map(|f| f.key.as_str());
    let failure = Failure::usage("HF0204", format!("there is no hotfix for {key} in this clone"));
    let failure = match hotfix_core::text::did_you_mean(key, keys) {
        Some(near) => {
            failure.try_this(format!("did you mean {near}?"), format!("hotfix status --incident {near}"))
        }
        None => failure,
    };
    failure.try_this("see those there are", "hotfix list")
}
