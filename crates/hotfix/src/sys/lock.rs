//! Locks that the operating system lets go when their owner dies: one runner
//! at a time for a run, and a short one for each append.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Who holds the runner's lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The process.
    pub pid: u32,
    /// The machine.
    pub host: String,
    /// Since when, in real time.
    pub since: Timestamp,
    /// What it was asked to do.
    pub verb: String,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("another process is running this run")]
    Held(Option<Owner>),
    /// The file system refused.
    #[error("the lock {} cannot be taken: {source}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The runner's lock. It is let go when this is dropped, or its owner dies.
#[derive(Debug)]
pub struct RunnerLock {
    _file: File,
    owner: PathBuf,
}

impl RunnerLock {
    /// Takes the lock at once or says who has it.
    pub fn take(folder: &Path, verb: &str) -> Result<RunnerLock, LockError> {
        let path = folder.join("runner.lock");
        let owner_path = folder.join("runner.json");
        let fail = |source| LockError::Io { path: path.clone(), source };
        let file = open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(owner(folder))),
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
        let owner =
            Owner { pid: std::process::id(), host: host(), since: Timestamp::now(), verb: verb.to_owned() };
        let text = serde_json::to_vec(&owner).unwrap_or_default();
        std::fs::write(&owner_path, text).map_err(fail)?;
        Ok(RunnerLock { _file: file, owner: owner_path })
    }
}

impl Drop for RunnerLock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.owner);
    }
}

/// Who wrote the owner's note last.
pub fn owner(folder: &Path) -> Option<Owner> {
    serde_json::from_slice(&std::fs::read(folder.join("runner.json")).ok()?).ok()
}

/// Holds a lock for a moment, waiting for it.
pub fn hold(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.lock()?;
    Ok(file)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)
}

/// This machine's name.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let first = RunnerLock::take(dir.path(), "run").unwrap();
        match RunnerLock::take(dir.path(), "run") {
            Err(LockError::Held(Some(owner))) => assert_eq!(owner.pid, std::process::id()),
            other => panic!("{other:?}"),
        }
        drop(first);
        assert!(RunnerLock::take(dir.path(), "run").is_ok());
    }
}
