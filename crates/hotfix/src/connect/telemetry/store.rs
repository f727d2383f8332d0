//! What was sampled, on disk: a file of JSON lines for each check.
//!
//! Several processes may write at once. A line that was torn by a crash is
//! left out on reading, wherever it stands by now. A file grows to some 8 MB,
//! then its older half is dropped. It refuses to keep numbers that are not
//! finite, which JSON cannot hold.

use super::log_file::LogPosition;
use hotfix_core::digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The size from which a file is halved.
const MOST: u64 = 8 << 20;

/// The samples could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {source}", path = path.display())]
pub struct StoreError {
    /// What was tried.
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// One raw sample of a check, as it stands in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredSample {
    /// When.
    pub at: Timestamp,
    /// Errors, ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<f64>,
    /// Events, ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// A value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// How far the log had grown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogPosition>,
    /// Why there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The process that took it.
    #[serde(default)]
    pub by: u32,
    /// Digest of what the check asks for: raw samples of different questions
    /// cannot be compared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asks: String,
}

/// The folder with the samples.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    most: u64,
}

impl Store {
    /// The store in a folder, which is made when it is needed.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, most: MOST }
    }

    /// Appends one sample.
    pub fn append(&self, check: &str, sample: &StoredSample) -> Result<(), StoreError> {
        let path = self.path(check);
        let mut line = serde_json::to_vec(sample).map_err(|e| failed("write", &path)(e.into()))?;
        line.push(b'\n');
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(failed("create", &self.folder))?;
        let _held = self.lock()?;
        let size = append_line(&path, line).map_err(failed("append to", &path))?;
        if size > self.most {
            halve(&path).map_err(failed("shorten", &path))?;
        }
        Ok(())
    }

    /// All samples of a check, by time.
    pub fn samples(&self, check: &str) -> Result<Vec<StoredSample>, StoreError> {
        let path = self.path(check);
        let bytes = match std::fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed("read", &path))?,
        };
        let whole = bytes.iter().rposition(|b| *b == b'\n').unwrap_or(0);
        let mut samples: Vec<StoredSample> = bytes[..whole]
            .split(|b| *b == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        samples.sort_by_key(|sample| sample.at);
        Ok(samples)
    }

    /// The place of another file that lies beside the samples.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Leaves of the files with this ending only the newest.
    pub fn prune(&self, ending: &str, most: usize) {
        let Ok(all) = std::fs::read_dir(&self.folder) else { return };
        let written = |path: &PathBuf| std::fs::metadata(path).and_then(|m| m.modified()).ok();
        let mut files: Vec<_> = all
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == ending))
            .map(|path| (written(&path), path))
            .collect();
        files.sort();
        for (_, path) in files.iter().rev().skip(most) {
            // Whoever needs it learns it again.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Held by whoever appends or shortens. A file of its own, because
    /// shortening replaces the file with the samples.
    fn lock(&self) -> Result<File, StoreError> {
        let path = self.folder.join("lock");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(failed("open", &path))?;
        file.lock().map_err(failed("lock", &path))?;
        Ok(file)
    }

    fn path(&self, check: &str) -> PathBuf {
        self.folder.join(format!("{}.jsonl", file_name(check)))
    }
}

fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> StoreError + 'p {
    move |source| StoreError { action, path: path.to_owned(), source }
}

/// A name that is a file's name on every system, and another for another check.
fn file_name(check: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !check.is_empty() && check.len() <= 60 && check.chars().all(plain) {
        return check.to_owned();
    }
    let slug: String = check
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if plain(c) { c } else { '-' })
        .take(40)
        .collect();
    format!("{slug}.{}", &digest::of_bytes(check.as_bytes())[..12])
}

fn append_line(path: &Path, mut line: Vec<u8>) -> io::Result<u64> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
    let size = file.metadata()?.len();
    if size > 0 {
        let mut last = [0];
        file.seek(SeekFrom::Start(size - 1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            line.insert(0, b'\n');
        }
    }
    file.write_all(&line)?;
    Ok(size + line.len() as u64)
}

/// Keeps the newest half, in whole lines. Readers see the old file or the new.
fn halve(path: &Path) -> io::Result<()> {
    let bytes = std::fs::read(path)?;
    let half = bytes.len() / 2;
    let start = bytes[half..].iter().position(|b| *b == b'\n').map_or(half, |n| half + n + 1);
    let beside = path.with_extension("jsonl.new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&bytes[start..])?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn sample(second: i64, total: f64) -> StoredSample {
        StoredSample {
            at: Timestamp::from_second(1_790_000_000 + second).unwrap(),
            errors: Some(0.0),
            total: Some(total),
            value: None,
            log: None,
            missing: None,
            by: 1,
            asks: String::new(),
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("a/b"));
        (folder, store)
    }

    #[test]
    fn samples_come_back_by_time() {
        let (_folder, store) = store();
        assert!(store.samples("e").unwrap().is_empty());
        for second in [2, 1, 3] {
            store.append("e", &sample(second, 1.0)).unwrap();
        }
        assert_eq!(store.samples("e").unwrap(), [sample(1, 1.0), sample(2, 1.0), sample(3, 1.0)]);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&store.folder), mode(&store.path("e"))), (0o700, 0o600));
    }

    #[test]
    fn a_torn_line_costs_that_line_only() {
        let (_folder, store) = store();
        store.append("e", &sample(1, 1.0)).unwrap();
        let mut file = OpenOptions::new().append(true).open(store.path("e")).unwrap();
        file.write_all(b"{\"at\":\"2026-").unwrap();
        assert_eq!(store.samples("e").unwrap().len(), 1);
        store.append("e", &sample(2, 2.0)).unwrap();
        assert_eq!(store.samples("e").unwrap(), [sample(1, 1.0), sample(2, 2.0)]);
    }

    #[test]
    fn writers_at_once_lose_nothing() {
        let (_folder, store) = store();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let own = Store::new(store.folder.clone());
                scope.spawn(move || {
                    (0..100).for_each(|n| own.append("e", &sample(n * 4 + writer, 1.0)).unwrap());
                });
            }
        });
        let times: Vec<_> = store.samples("e").unwrap().iter().map(|s| s.at).collect();
        assert_eq!(times, (0..400).map(|n| sample(n, 1.0).at).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_does_not_grow_for_ever() {
        let (_folder, store) = store();
        let small = Store { most: 4_000, ..store };
        std::thread::scope(|scope| {
            for writer in 0..2 {
                let own = small.clone();
                scope.spawn(move || {
                    (0..150).for_each(|n| own.append("e", &sample(n * 2 + writer, 1.0)).unwrap());
                });
            }
        });
        let samples = small.samples("e").unwrap();
        assert!(std::fs::metadata(small.path("e")).unwrap().len() <= 4_000);
        assert!(samples.len() > 10, "{}", samples.len());
        assert!(samples.last().unwrap().at >= sample(298, 1.0).at, "the newest is kept");
        let newest: Vec<_> = samples.iter().rev().take(3).collect();
        assert!(newest.windows(2).all(|w| w[0].at > w[1].at));
    }

    #[test]
    fn names_cannot_leave_the_folder_or_meet() {
        assert_eq!(file_name("error-rate"), "error-rate");
        let odd = ["../x", "a/b", "", "Errors", "errors.", "é", "."];
        let names: std::collections::BTreeSet<_> = odd.iter().map(|n| file_name(n)).collect();
        assert_eq!(names.len(), odd.len());
        assert!(names.iter().all(|n| !n.contains('/') && !n.starts_with('.') || n.len() == 13), "{names:?}");
        assert!(file_name(&"x".repeat(400)).len() < 80);
    }
}
