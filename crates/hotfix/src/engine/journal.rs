//! The journal on disk: one JSONL file for a run. A record is one write and
//! one fdatasync; a torn last line is dropped; damage before it is an error.
//! Whoever appends takes a short lock; readers never wait.

use super::effects::Journal;
use crate::error::Failure;
use crate::sys::lock;
use hotfix_core::journal::{Actor, ChainError, Event, Record, line, link, read};
use hotfix_core::run::RunState;
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A run's journal, open.
#[derive(Debug)]
pub struct FileJournal {
    folder: PathBuf,
    actor: Actor,
    records: Vec<Record>,
    state: RunState,
    head: String,
    /// How many bytes of the file are in `records`.
    read: u64,
}

/// The name of the journal's file.
pub const FILE: &str = "journal.jsonl";

impl FileJournal {
    /// Makes the journal of a new run. Its folder must not be there.
    pub fn create(folder: &Path, actor: Actor) -> Result<FileJournal, Failure> {
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::create_dir(folder)?;
        let file = OpenOptions::new().create_new(true).append(true).open(folder.join(FILE))?;
        file.sync_all()?;
        sync_folder(folder)?;
        if let Some(parent) = folder.parent() {
            sync_folder(parent)?;
        }
        FileJournal::open(folder, actor)
    }

    /// Opens a run's journal and checks its chain.
    pub fn open(folder: &Path, actor: Actor) -> Result<FileJournal, Failure> {
        let mut journal = FileJournal {
            folder: folder.to_owned(),
            actor,
            records: Vec::new(),
            state: RunState::default(),
            head: String::new(),
            read: 0,
        };
        journal.refresh()?;
        Ok(journal)
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The records, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Digest of the last line.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Who writes.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Reads what is new. Only whole lines count.
    fn catch_up(&mut self) -> Result<(), Failure> {
        let length = std::fs::metadata(self.path()).map_err(|e| unreadable(&self.path(), &e))?.len();
        if length == self.read {
            return Ok(());
        }
        // The chain is checked from its beginning: a changed line is found
        // even where our own copy of it is still good.
        let bytes = std::fs::read(self.path()).map_err(|e| unreadable(&self.path(), &e))?;
        let chain = read(&bytes).map_err(|e| damaged(&self.path(), &e))?;
        for record in chain.records.iter().skip(self.records.len()) {
            self.state.apply(record);
        }
        self.records = chain.records;
        self.head = chain.head;
        self.read = chain.whole as u64;
        Ok(())
    }
}

impl Journal for FileJournal {
    fn state(&self) -> &RunState {
        &self.state
    }

    fn refresh(&mut self) -> Result<(), Failure> {
        self.catch_up()
    }

    fn append(&mut self, at: Timestamp, event: Event) -> Result<Record, Failure> {
        let _lock = lock::hold(&self.folder.join("append.lock"))?;
        self.catch_up()?;
        let mut file = OpenOptions::new().read(true).write(true).open(self.path())?;
        if file.metadata()?.len() > self.read {
            drop_torn_tail(&mut file, self.read, &self.folder)?;
        }
        let record = Record {
            seq: self.records.len() as u64 + 1,
            // A clock that went back does not make the journal go back.
            at: self.records.last().map_or(at, |last| last.at.max(at)),
            by: self.actor.clone(),
            attempt: attempt_of(&self.state, &event),
            prev: self.head.clone(),
            event,
        };
        let bytes = line(&record)?;
        file.seek(SeekFrom::Start(self.read))?;
        file.write_all(&bytes).and_then(|()| file.sync_data()).map_err(|e| {
            Failure::failed("HF0407", format!("the journal {} cannot be written: {e}", self.path().display()))
                .hint("nothing was carried out after the last record")
                .try_this("make room, then go on", "df -h . && hotfix run")
        })?;
        self.read += bytes.len() as u64;
        self.head = link(&bytes);
        self.state.apply(&record);
        self.records.push(record.clone());
        Ok(record)
    }
}

fn attempt_of(state: &RunState, event: &Event) -> u32 {
    match event {
        Event::AttemptStarted { number, .. } => *number,
        _ => state.attempt_number(),
    }
}

/// Keeps what a crash tore off beside the journal, and cuts it from the file.
fn drop_torn_tail(file: &mut File, whole: u64, folder: &Path) -> Result<(), Failure> {
    file.seek(SeekFrom::Start(whole))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let mut kept = OpenOptions::new().create(true).append(true).open(folder.join("torn-tails"))?;
    kept.write_all(&tail)?;
    file.set_len(whole)?;
    file.sync_data()?;
    Ok(())
}

/// Makes a new entry of a folder last.
pub fn sync_folder(folder: &Path) -> Result<(), Failure> {
    Ok(File::open(folder)?.sync_all()?)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed("HF0407", format!("the journal {} cannot be read: {error}", path.display()))
        .try_this("see who may read it", format!("ls -l {}", path.display()))
}

fn damaged(path: &Path, error: &ChainError) -> Failure {
    Failure::failed("HF0401", format!("the journal {} is damaged: {error}", path.display()))
        .hint("nothing goes on from a journal that cannot be believed; the branch and the worktree are untouched")
        .try_this("see what can be read of it", "hotfix log --verify")
}

/// Writes a blob beside the journal, readable by its owner only; its digest.
pub fn keep_blob(folder: &Path, name: &str, bytes: &[u8]) -> Result<(String, PathBuf), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let digest = hotfix_core::digest::of_bytes(bytes);
    let blobs = folder.join("blobs");
    std::fs::create_dir_all(&blobs)?;
    let path = blobs.join(format!("{}-{name}", &digest[..16]));
    if !path.exists() {
        let temporary = blobs.join(format!(".{}-{}", &digest[..16], std::process::id()));
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        std::fs::rename(&temporary, &path)?;
    }
    Ok((digest, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor() -> Actor {
        Actor { tool: "t".into(), host: "h".into(), person: "P <p@x>".into(), simulated: false }
    }

    fn note(text: &str) -> Event {
        Event::Note { text: text.to_owned() }
    }

    #[test]
    fn a_torn_tail_is_dropped_and_kept_aside() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        let mut journal = FileJournal::create(&folder, actor()).unwrap();
        journal.append(Timestamp::UNIX_EPOCH, note("one")).unwrap();
        let mut file = OpenOptions::new().append(true).open(folder.join(FILE)).unwrap();
        file.write_all(b"{\"seq\":2,\"at\":\"20").unwrap();
        let mut journal = FileJournal::open(&folder, actor()).unwrap();
        assert_eq!(journal.records().len(), 1);
        journal.append(Timestamp::UNIX_EPOCH, note("two")).unwrap();
        assert_eq!(FileJournal::open(&folder, actor()).unwrap().records().len(), 2);
        assert!(std::fs::read_to_string(folder.join("torn-tails")).unwrap().starts_with("{\"seq\":2"));
    }

    #[test]
    fn two_writers_share_one_chain() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        FileJournal::create(&folder, actor()).unwrap();
        let write = |name: &'static str| {
            let folder = folder.clone();
            std::thread::spawn(move || {
                let mut journal = FileJournal::open(&folder, actor()).unwrap();
                for i in 0..40 {
                    journal.append(Timestamp::UNIX_EPOCH, note(&format!("{name}{i}"))).unwrap();
                }
            })
        };
        let threads = [write("a"), write("b")];
        for t in threads {
            t.join().unwrap();
        }
        assert_eq!(FileJournal::open(&folder, actor()).unwrap().records().len(), 80);
    }

    #[test]
    fn damage_is_refused_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        let mut journal = FileJournal::create(&folder, actor()).unwrap();
        for text in ["one", "two", "three"] {
            journal.append(Timestamp::UNIX_EPOCH, note(text)).unwrap();
        }
        let text = std::fs::read_to_string(folder.join(FILE)).unwrap();
        std::fs::write(folder.join(FILE), text.replace("two", "2wo")).unwrap();
        let failure = FileJournal::open(&folder, actor()).unwrap_err();
        assert_eq!(failure.code, "HF0401");
        assert!(failure.message.contains("line 3"), "{}", failure.message);
    }
}
