//! A log file that is followed: where it stands, and what was written between
//! two of its positions.
//!
//! Memory is bounded: files are read in chunks and lines of more than a
//! megabyte come in pieces. A rotated file is looked for beside the log by
//! its identity, and where it was packed meanwhile, by how its text begins. It
//! refuses to guess: where lines may have been lost, it says so.

use super::{Raw, Source, SourceError};
use crate::logs::packing::{self, Packing};
use hotfix_core::config::Check;
use hotfix_core::digest;
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

const CHUNK: usize = 64 << 10;
const LONGEST_LINE: usize = 1 << 20;
/// How much of a log's beginning tells it from another with the same inode.
const HEAD: u64 = 128;

/// How far a log had grown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPosition {
    /// The file's device.
    pub device: u64,
    /// The file's inode, which a later file may have again.
    pub inode: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Digest of its first bytes (128 at most).
    pub head: String,
}

impl LogPosition {
    /// Where a file stands.
    pub fn of(path: &Path) -> io::Result<Self> {
        Self::opened(path).map(|(_, _, position)| position)
    }

    fn opened(path: &Path) -> io::Result<(File, Metadata, Self)> {
        // Asked before it is opened: opening a pipe would wait.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("this is no regular file"));
        }
        let file = File::open(path)?;
        let meta = file.metadata()?;
        let (device, inode, size) = (meta.dev(), meta.ino(), meta.len());
        let position = Self { device, inode, size, head: head(&file, size)? };
        Ok((file, meta, position))
    }

    /// Whether `later` is the same file, grown or as it was. Two processes that
    /// look at one time may overtake each other: the later look is then a little
    /// shorter, with the same beginning, and nothing was truncated.
    fn goes_on_as(&self, later: &Self) -> bool {
        let comparable = self.size.min(HEAD) == later.size.min(HEAD);
        self.device == later.device
            && self.inode == later.inode
            && if comparable { self.head == later.head } else { self.size <= later.size }
    }

    /// Whether a file is the one that stood at this position once.
    fn is_in(&self, file: &File, meta: &Metadata) -> bool {
        meta.is_file()
            && (meta.dev(), meta.ino()) == (self.device, self.inode)
            && meta.len() >= self.size
            && head(file, self.size).is_ok_and(|head| head == self.head)
    }

    /// The file that stood at this position: under its name, under another
    /// beside it, or packed beside it.
    fn find(&self, path: &Path) -> Option<Standing> {
        let is_it = |path: &Path| {
            let (file, meta, _) = Self::opened(path).ok()?;
            let name = name_of(path);
            self.is_in(&file, &meta).then(|| Standing { name, text: Text::Plain(file), length: meta.len() })
        };
        is_it(path).or_else(|| {
            let stem = path.file_stem()?.to_str()?;
            let beside = || std::fs::read_dir(path.parent()?).ok().map(|all| all.flatten().map(|e| e.path()));
            let named = |path: &PathBuf| name_of(path).starts_with(stem);
            beside()?
                .filter(named)
                .find_map(|other| is_it(&other))
                .or_else(|| beside()?.filter(named).find_map(|other| self.packed_in(&other)))
        })
    }

    /// The same, packed. Its identity is lost, its beginning tells.
    fn packed_in(&self, path: &Path) -> Option<Standing> {
        if self.size < LEAST_TOLD {
            return None;
        }
        let mut text = packed(path)?;
        let mut beginning = Vec::new();
        text.by_ref().take(self.size.min(HEAD)).read_to_end(&mut beginning).ok()?;
        (digest::of_bytes(&beginning)[..16] == self.head).then(|| Standing {
            name: name_of(path),
            text: Text::Packed(path.to_owned()),
            length: u64::MAX,
        })
    }
}

/// A text shorter than this tells no file from another.
const LEAST_TOLD: u64 = 32;

/// A file that stands, or stood, where the log is.
struct Standing {
    name: String,
    text: Text,
    /// How far it is to be read.
    length: u64,
}

enum Text {
    Plain(File),
    Packed(PathBuf),
}

impl Text {
    /// The text between two places.
    fn between(&self, from: u64, to: u64) -> io::Result<Box<dyn Read + '_>> {
        let length = to.saturating_sub(from);
        match self {
            Text::Plain(file) => {
                let mut file = file;
                file.seek(SeekFrom::Start(from))?;
                Ok(Box::new(file.take(length)))
            }
            Text::Packed(path) => {
                let gone = || io::Error::other("the packed file is there no longer");
                let mut text = packed(path).ok_or_else(gone)?;
                io::copy(&mut text.by_ref().take(from), &mut io::sink())?;
                Ok(Box::new(text.take(length)))
            }
        }
    }
}

fn packed(path: &Path) -> Option<Box<dyn Read>> {
    let ending = path.extension()?.to_str()?;
    let file = File::open(path).ok().filter(|_| ["gz", "zst", "zstd"].contains(&ending))?;
    let mut head = [0; packing::MAGIC];
    let length = file.read_at(&mut head, 0).ok()?;
    match packing::of("", &head[..length]).ok()? {
        Packing::Plain => None,
        packing => packing::unpacked(packing, file).ok(),
    }
}

/// The name of a file, without its folder.
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn head(file: &File, size: u64) -> io::Result<String> {
    let mut bytes = vec![0; usize::try_from(size.min(HEAD)).unwrap_or_default()];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(digest::of_bytes(&bytes)[..16].to_owned())
}

/// The source of a check on a log.
pub(super) struct LogFile {
    /// The log.
    pub path: PathBuf,
}

impl Source for LogFile {
    fn read(&mut self, _check: &Check) -> Result<Raw, SourceError> {
        let log = LogPosition::of(&self.path).map_err(|e| unreadable(&self.path, &e))?;
        Ok(Raw { log: Some(log), ..Raw::default() })
    }
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> SourceError {
    SourceError::Log { path: path.to_owned(), reason: error.to_string() }
}

/// Takes bytes, in whole lines.
pub type Sink<'a> = dyn FnMut(&[u8]) + 'a;

/// Gives `sink` the whole lines between two places of a file, and their
/// number. A line that began before `from` or has not ended before `to` is
/// left out: it is half written, or belongs to the time before.
fn lines_between(text: &Text, from: u64, to: u64, sink: &mut Sink<'_>) -> io::Result<u64> {
    let mut input = text.between(from.saturating_sub(1), to)?;
    let mut buffer = vec![0; CHUNK];
    let mut held: Vec<u8> = Vec::new();
    let (mut lines, mut inside) = (0, from == 0);
    loop {
        let length = match input.read(&mut buffer) {
            Ok(0) => return Ok(lines),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let mut chunk = &buffer[..length];
        if !inside {
            let Some(end) = chunk.iter().position(|b| *b == b'\n') else { continue };
            chunk = &chunk[end + 1..];
            inside = true;
        }
        lines += chunk.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
        let whole = chunk.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        if whole > 0 && !held.is_empty() {
            sink(&held);
            held.clear();
        }
        if whole > 0 {
            sink(&chunk[..whole]);
        }
        held.extend_from_slice(&chunk[whole..]);
        if held.len() > LONGEST_LINE {
            sink(&held);
            held.clear();
        }
    }
}

/// What was written to a log since a position, over its rotations.
pub struct Since {
    parts: Vec<(Standing, u64)>,
    /// Where lines may be missing, and why.
    pub notices: Vec<String>,
}

/// A file that was read, from some place on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRead {
    /// Its name.
    pub name: String,
    /// What it is packed with, if it is.
    pub packing: Packing,
    /// How many bytes of its text were read.
    pub bytes: u64,
    /// How many of its lines were read.
    pub lines: u64,
}

impl Since {
    /// Finds the files. `known` are later positions, by time: they show
    /// rotations that the log's present state no longer does.
    pub fn find(path: &Path, start: &LogPosition, known: &[LogPosition]) -> io::Result<Self> {
        let (file, meta, now) = LogPosition::opened(path)?;
        let mut since = Self { parts: Vec::new(), notices: Vec::new() };
        let (mut at, mut from) = (start, start.size);
        for next in known.iter().chain([&now]) {
            // The same inode with another beginning was truncated since; between
            // these two looks, if the later one is of what stands there now.
            let overwritten = at.inode == now.inode && !at.is_in(&file, &meta) && next.is_in(&file, &meta);
            if overwritten || !at.goes_on_as(next) {
                since.close(path, at, from);
                from = 0;
            }
            at = next;
        }
        let current = Standing { name: name_of(path), text: Text::Plain(file), length: now.size };
        since.parts.push((current, from));
        Ok(since)
    }

    /// The rest of a file that is the log no longer.
    fn close(&mut self, path: &Path, last: &LogPosition, from: u64) {
        match last.find(path) {
            Some(file) => {
                let name = &file.name;
                self.notices.push(format!("the log was rotated; the rotated file {name} was read as well"));
                self.parts.push((file, from));
            }
            None => self.notices.push(
                "the log was rotated or truncated, and what it held is gone: lines may be missing".to_owned(),
            ),
        }
    }

    /// Gives the lines to `sink`; what was read, in its order.
    pub fn read(&self, sink: &mut Sink<'_>) -> io::Result<Vec<PartRead>> {
        let read = |(file, from): &(Standing, u64)| {
            let mut bytes = 0;
            let lines = lines_between(&file.text, *from, file.length, &mut |chunk| {
                bytes += chunk.len() as u64;
                sink(chunk);
            })?;
            let packing = match &file.text {
                Text::Plain(_) => Packing::Plain,
                Text::Packed(path) if path.extension().is_some_and(|e| e == "gz") => Packing::Gzip,
                Text::Packed(_) => Packing::Zstd,
            };
            Ok(PartRead { name: file.name.clone(), packing, bytes, lines })
        };
        self.parts.iter().map(read).collect()
    }

    /// How many lines of a part, by its number, stand before what was read of it.
    pub fn lines_before(&self, part: usize) -> io::Result<u64> {
        let Some((file, from)) = self.parts.get(part) else { return Ok(0) };
        let mut text = file.text.between(0, *from)?;
        let (mut buffer, mut lines, mut last) = (vec![0; CHUNK], 0, b'\n');
        loop {
            match text.read(&mut buffer)? {
                0 => break,
                length => {
                    lines += memchr::memchr_iter(b'\n', &buffer[..length]).count() as u64;
                    last = buffer[length - 1];
                }
            }
        }
        // The line that was half written then is left out of what is read.
        Ok(lines + u64::from(last != b'\n'))
    }
}

/// What a log held up to a position, and its lines; none where that file is
/// not to be found any more.
pub fn read_until(
    path: &Path,
    until: &LogPosition,
    most: u64,
    sink: &mut Sink<'_>,
) -> io::Result<Option<u64>> {
    let Some(file) = until.find(path) else { return Ok(None) };
    lines_between(&file.text, until.size.saturating_sub(most), until.size, sink).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn log() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        (folder, path)
    }

    fn append(path: &Path, text: &str) -> LogPosition {
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        LogPosition::of(path).unwrap()
    }

    fn since(path: &Path, start: &LogPosition, known: &[LogPosition]) -> (String, u64, Vec<String>) {
        let since = Since::find(path, start, known).unwrap();
        let mut bytes = Vec::new();
        let parts = since.read(&mut |chunk| bytes.extend_from_slice(chunk)).unwrap();
        let lines = parts.iter().map(|part| part.lines).sum();
        (String::from_utf8(bytes).unwrap(), lines, since.notices)
    }

    #[test]
    fn only_whole_lines_of_the_range_are_read() {
        let (_folder, path) = log();
        append(&path, "one\ntwo\nthree\nfo");
        let file = Text::Plain(File::open(&path).unwrap());
        for (from, to, expected) in [
            (0, 17, "one\ntwo\nthree\n"),
            (4, 17, "two\nthree\n"),
            (5, 17, "three\n"),
            (4, 8, "two\n"),
            (4, 10, "two\n"),
            (14, 16, ""),
            (9, 5, ""),
            (90, 99, ""),
        ] {
            let mut bytes = Vec::new();
            let lines = lines_between(&file, from, to, &mut |c| bytes.extend_from_slice(c)).unwrap();
            assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{from}..{to}");
            assert_eq!(lines, expected.lines().count() as u64);
        }
    }

    #[test]
    fn long_logs_come_in_pieces() {
        let (_folder, path) = log();
        let line = format!("{}\n", "x".repeat(100_000));
        let end = append(&path, &line.repeat(30)).size;
        let end = end + append(&path, &"y".repeat(3 << 20)).size - end;
        let (mut most, mut sum) = (0, 0);
        let file = Text::Plain(File::open(&path).unwrap());
        let lines = lines_between(&file, 0, end, &mut |chunk| {
            most = most.max(chunk.len());
            sum += chunk.len();
        });
        assert_eq!(lines.unwrap(), 30);
        assert!(most <= LONGEST_LINE + CHUNK && sum >= line.len() * 30, "{most} {sum}");
    }

    #[test]
    fn a_growing_log_is_followed() {
        let (_folder, path) = log();
        let start = append(&path, "old\n");
        append(&path, "new\n");
        assert_eq!(since(&path, &start, &[]), ("new\n".to_owned(), 1, Vec::new()));
    }

    #[test]
    fn a_rotated_log_is_followed_into_its_old_file() {
        let (folder, path) = log();
        let start = append(&path, "old\n");
        append(&path, "late\n");
        std::fs::rename(&path, folder.path().join("app.log.1")).unwrap();
        append(&path, "fresh\n");
        let (text, lines, notices) = since(&path, &start, &[]);
        assert_eq!((text.as_str(), lines), ("late\nfresh\n", 2));
        assert!(notices[0].contains("the rotated file app.log.1 was read"), "{notices:?}");
        let mut text = Vec::new();
        assert_eq!(read_until(&path, &start, 99, &mut |c| text.extend_from_slice(c)).unwrap(), Some(1));
        assert_eq!(text, b"old\n");
    }

    #[test]
    fn a_rotated_log_that_was_packed_is_found_by_its_beginning() {
        let (folder, path) = log();
        let start = append(&path, "before the deploy, in a line that tells\nhalf");
        append(&path, " a line\nlate\n");
        let text = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        std::fs::write(folder.path().join("app.log.1.zst"), zstd(&text)).unwrap();
        std::fs::write(folder.path().join("app.log.2.zst"), zstd(b"another beginning, of a day before\n"))
            .unwrap();
        std::fs::write(folder.path().join("app.log.3.gz"), b"no gzip").unwrap();
        append(&path, "fresh\n");
        let (text, lines, notices) = since(&path, &start, &[]);
        assert_eq!((text.as_str(), lines), ("late\nfresh\n", 2));
        assert!(notices[0].contains("app.log.1.zst"), "{notices:?}");
        let found = Since::find(&path, &start, &[]).unwrap();
        assert_eq!([0, 1, 2].map(|part| found.lines_before(part).unwrap()), [2, 0, 0]);
        let mut text = Vec::new();
        assert_eq!(read_until(&path, &start, 99, &mut |c| text.extend_from_slice(c)).unwrap(), Some(1));
        assert_eq!(text, b"before the deploy, in a line that tells\n");
    }

    #[test]
    fn a_truncated_log_is_told() {
        let (_folder, path) = log();
        let start = append(&path, "old\nolder\n");
        std::fs::write(&path, "x\n").unwrap();
        let (text, _, notices) = since(&path, &start, &[]);
        assert_eq!(text, "x\n");
        assert!(notices[0].contains("may be missing"), "{notices:?}");
        // Grown beyond what it was: the beginning tells.
        append(&path, "more and more\n");
        let (text, _, notices) = since(&path, &start, &[]);
        assert_eq!((text.as_str(), notices.len()), ("x\nmore and more\n", 1));
        assert_eq!(read_until(&path, &start, 99, &mut |_| ()).unwrap(), None);
    }

    #[test]
    fn what_happened_between_is_seen_in_the_known_positions() {
        let (_folder, path) = log();
        let start = append(&path, "same\n");
        let grown = append(&path, "gone\n");
        std::fs::write(&path, "").unwrap();
        let empty = LogPosition::of(&path).unwrap();
        append(&path, "same\nother\n");
        let (text, _, notices) = since(&path, &start, &[grown, empty]);
        assert_eq!((text.as_str(), notices.len()), ("same\nother\n", 1));
    }

    #[test]
    fn what_was_packed_is_read_once_however_often_it_was_looked_at() {
        let (folder, path) = log();
        let start = append(&path, &"before the deploy, in a line that tells\n".repeat(9));
        let looks: Vec<_> = (0..4).map(|n| append(&path, &format!("after {n}\n"))).collect();
        let packed = zstd::encode_all(&std::fs::read(&path).unwrap()[..], 1).unwrap();
        std::fs::write(folder.path().join("app.log.1.zst"), packed).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        append(&path, "fresh\n");
        for more in [0, 1] {
            let mut known = looks.clone();
            known.extend((0..more).map(|_| append(&path, "fresher\n")));
            let (text, lines, notices) = since(&path, &start, &known);
            assert!(text.starts_with("after 0\nafter 1\nafter 2\nafter 3\nfresh\n"), "{text}");
            assert_eq!((lines, notices.len()), (5 + more, 1), "{notices:?}");
        }
    }

    #[test]
    fn looks_that_overtook_each_other_are_no_truncation() {
        let (_folder, path) = log();
        let start = append(&path, &"before the deploy\n".repeat(20));
        let early = append(&path, "one\n");
        let late = append(&path, "two\n");
        let (text, _, notices) = since(&path, &start, &[late, early]);
        assert_eq!((text.as_str(), notices.len()), ("one\ntwo\n", 0));
    }

    #[test]
    fn a_log_that_is_none_is_told() {
        let (folder, path) = log();
        assert!(LogPosition::of(&path).is_err());
        assert!(LogPosition::of(folder.path()).is_err());
    }
}
