//! One log, open: a file as it stood at that moment, or a pipe.
//!
//! A file is read up to the size that it had when it was opened (and to the
//! end of the line that was being written), so a busy writer cannot keep the
//! reader for ever. It is read once, from the descriptor that was opened:
//! rotation takes nothing away and adds nothing. What happened to it meanwhile
//! is said in [`Ended::notices`].

use super::packing::{self, MAGIC, Packing};
use super::utf16::Text;
use super::{LogError, find::Found};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, MetadataExt as _};
use std::path::PathBuf;

/// How much of a file's beginning tells whether it is still the same text.
const HEAD: usize = 256;
/// The longest end of a line that is waited for beyond the size at the opening.
const LINE_END: u64 = 1 << 20;

/// A log that can be read.
pub struct OpenLog {
    /// As it was named.
    pub name: String,
    /// What it is packed with.
    pub packing: Packing,
    /// Device and inode of a file: whether two names mean one log.
    pub identity: Option<(u64, u64)>,
    /// Whether more may come as long as somebody writes: a pipe or a terminal.
    pub live: bool,
    source: Source,
}

enum Source {
    File(Standing),
    Stream { head: Vec<u8>, rest: Box<dyn Read + Send> },
}

/// A file as it stood when it was opened.
struct Standing {
    file: File,
    path: PathBuf,
    size: u64,
    head: Vec<u8>,
}

/// How the reading of a log ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// Bytes of its text.
    pub bytes: u64,
    /// What happened to it meanwhile, for people.
    pub notices: Vec<String>,
}

impl OpenLog {
    /// Opens what was found under a name.
    pub fn open(found: &Found) -> Result<Self, LogError> {
        match &found.path {
            Some(path) => Self::file(&found.name, path.clone()),
            None => Self::stream(&found.name, Box::new(io::stdin())),
        }
    }

    /// Only looks whether it could be opened.
    pub fn look(found: &Found) -> Result<(), LogError> {
        let Some(path) = &found.path else { return Ok(()) };
        let unreadable = |source| LogError::Unreadable { name: found.name.clone(), source };
        let kind = std::fs::metadata(path).map_err(unreadable)?.file_type();
        if kind.is_dir() {
            return Err(LogError::Folder { name: found.name.clone() });
        }
        // Opening a pipe would wait for whoever writes into it.
        if kind.is_file() { File::open(path).map(drop).map_err(unreadable) } else { Ok(()) }
    }

    fn file(name: &str, path: PathBuf) -> Result<Self, LogError> {
        let unreadable = |source| LogError::Unreadable { name: name.to_owned(), source };
        let kind = std::fs::metadata(&path).map_err(unreadable)?.file_type();
        if kind.is_dir() {
            return Err(LogError::Folder { name: name.to_owned() });
        }
        if kind.is_fifo() || kind.is_char_device() {
            return Self::stream(name, Box::new(File::open(&path).map_err(unreadable)?));
        }
        if !kind.is_file() {
            return Err(LogError::Odd { name: name.to_owned() });
        }
        let file = File::open(&path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        let head = head_of(&file, about.len()).map_err(unreadable)?;
        let packing = packing::of(name, &head)?;
        let identity = Some((about.dev(), about.ino()));
        let source = Source::File(Standing { file, path, size: about.len(), head });
        Ok(Self { name: name.to_owned(), packing, identity, live: false, source })
    }

    /// Opens a stream. Its first bytes are waited for, as many as tell what it is.
    pub fn stream(name: &str, mut rest: Box<dyn Read + Send>) -> Result<Self, LogError> {
        let mut head = Vec::new();
        let mut buffer = [0; MAGIC];
        while head.len() < MAGIC && packing::undecided(&head) {
            let wanted = MAGIC - head.len();
            match rest.read(&mut buffer[..wanted]) {
                Ok(0) => break,
                Ok(length) => head.extend_from_slice(&buffer[..length]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(LogError::Unreadable { name: name.to_owned(), source }),
            }
        }
        let packing = packing::of(name, &head)?;
        let source = Source::Stream { head, rest };
        Ok(Self { name: name.to_owned(), packing, identity: None, live: true, source })
    }

    /// Gives the text to `sink`, piece by piece, until its end or until the sink wants no more.
    pub fn read(self, sink: &mut dyn FnMut(&[u8]) -> Result<(), LogError>) -> Result<Ended, LogError> {
        let Self { name, packing, source, .. } = self;
        match source {
            Source::Stream { head, rest } => {
                let bytes = pour(&name, packing, head.as_slice().chain(rest), sink)?;
                Ok(Ended { bytes, notices: Vec::new() })
            }
            Source::File(standing) => {
                let mut reader = Bounded::of(&standing, packing == Packing::Plain);
                let poured = pour(&name, packing, &mut reader, sink);
                let (short, at) = (reader.short, reader.at);
                // A packed file that was truncated is damaged because of that.
                let bytes = if short { poured.or_else(not_damaged)? } else { poured? };
                Ok(Ended { bytes, notices: standing.notices(&name, short.then_some(at)) })
            }
        }
    }
}

fn not_damaged(error: LogError) -> Result<u64, LogError> {
    match error {
        LogError::Damaged { read, .. } => Ok(read),
        other => Err(other),
    }
}

fn pour(
    name: &str,
    packing: Packing,
    packed: impl Read,
    sink: &mut dyn FnMut(&[u8]) -> Result<(), LogError>,
) -> Result<u64, LogError> {
    let unreadable = |source| LogError::Unreadable { name: name.to_owned(), source };
    let mut text = Text::of(packing::unpacked(packing, packed).map_err(unreadable)?);
    let mut buffer = vec![0; 256 << 10];
    let mut read = 0;
    loop {
        match text.read(&mut buffer) {
            Ok(0) => return Ok(read),
            Ok(length) => {
                sink(&buffer[..length])?;
                read += length as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(source) if packing == Packing::Plain => return Err(unreadable(source)),
            Err(source) => return Err(LogError::Damaged { name: name.to_owned(), packing, read, source }),
        }
    }
}

fn head_of(file: &File, size: u64) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD.min(usize::try_from(size).unwrap_or(HEAD))];
    let mut filled = 0;
    while filled < head.len() {
        match file.read_at(&mut head[filled..], filled as u64) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    head.truncate(filled);
    Ok(head)
}

impl Standing {
    /// What has happened to the file since it was opened.
    fn notices(&self, name: &str, short_at: Option<u64>) -> Vec<String> {
        let mut notices = Vec::new();
        if let Some(at) = short_at {
            let size = self.size;
            notices.push(format!(
                "{name} was truncated while it was read: only {at} of its {size} bytes were there"
            ));
        } else if head_of(&self.file, self.size).is_ok_and(|head| head != self.head) {
            notices.push(format!(
                "{name} was overwritten while it was read: old and new lines may be mixed, and some missing"
            ));
        }
        let here = self.file.metadata().map(|m| (m.dev(), m.ino()));
        match (here, std::fs::metadata(&self.path).map(|m| (m.dev(), m.ino()))) {
            (Ok(here), Ok(there)) if here != there => notices.push(format!(
                "{name} was rotated while it was read: what it held at the beginning was read, and once"
            )),
            (Ok(_), Err(_)) => notices.push(format!(
                "{name} was moved or removed while it was read: what it held at the beginning was read"
            )),
            _ => {}
        }
        notices
    }
}

/// Reads a file up to the size that it had, and to the end of the line there.
struct Bounded<'f> {
    file: &'f File,
    at: u64,
    end: u64,
    /// Whether the last line is still to be completed.
    completes: bool,
    /// The last byte that was given.
    last: u8,
    /// It ended before its end.
    short: bool,
}

impl<'f> Bounded<'f> {
    fn of(standing: &'f Standing, text: bool) -> Self {
        Self { file: &standing.file, at: 0, end: standing.size, completes: text, last: b'\n', short: false }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        if left > 0 {
            let wanted = left.min(buffer.len());
            let length = self.file.read_at(&mut buffer[..wanted], self.at)?;
            self.short = length == 0 && wanted > 0;
            self.at += length as u64;
            self.last = if length > 0 { buffer[length - 1] } else { self.last };
            return Ok(length);
        }
        if !self.completes || self.last == b'\n' || self.at > self.end + LINE_END {
            return Ok(0);
        }
        let length = self.file.read_at(buffer, self.at)?;
        let line = buffer[..length].iter().position(|b| *b == b'\n').map_or(length, |end| end + 1);
        self.completes = line == length && length > 0 && buffer[length - 1] != b'\n';
        self.at += line as u64;
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::path::Path;

    fn open(path: &Path) -> OpenLog {
        OpenLog::file("app.log", path.to_owned()).unwrap()
    }

    fn text(log: OpenLog) -> (String, Ended) {
        let mut bytes = Vec::new();
        let ended = log
            .read(&mut |piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        assert_eq!(ended.bytes, bytes.len() as u64);
        (String::from_utf8(bytes).unwrap(), ended)
    }

    fn log(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn append(path: &Path, text: &str) {
        File::options().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_growing_file_is_read_to_the_end_of_its_line() {
        let (_folder, path) = log("one\ntw");
        let opened = open(&path);
        append(&path, "o\nthree\n");
        assert_eq!(text(opened), ("one\ntwo\n".to_owned(), Ended { bytes: 8, notices: vec![] }));
        let opened = open(&path);
        append(&path, "four\n");
        assert_eq!(text(opened).0, "one\ntwo\nthree\n");
    }

    #[test]
    fn a_truncated_file_is_told() {
        let (_folder, path) = log(&"a line\n".repeat(100_000));
        let opened = open(&path);
        File::options().write(true).open(&path).unwrap().set_len(70_000).unwrap();
        let (text, ended) = text(opened);
        assert_eq!(text.len(), 70_000);
        assert!(ended.notices[0].contains("truncated") && ended.notices[0].contains("70000 of its 700000"));
    }

    #[test]
    fn a_file_that_was_truncated_and_grew_again_is_told() {
        let (_folder, path) = log("one\ntwo\n");
        let opened = open(&path);
        std::fs::write(&path, "another\nlong\ntext\n").unwrap();
        let (_, ended) = text(opened);
        assert!(ended.notices[0].contains("overwritten"), "{ended:?}");
    }

    #[test]
    fn a_rotated_file_is_read_once_and_whole() {
        let (folder, path) = log("one\ntwo\n");
        let opened = open(&path);
        std::fs::rename(&path, folder.path().join("app.log.1")).unwrap();
        std::fs::write(&path, "three\n").unwrap();
        let (lines, ended) = text(opened);
        assert_eq!(lines, "one\ntwo\n");
        assert!(ended.notices.len() == 1 && ended.notices[0].contains("rotated"), "{ended:?}");
        let opened = open(&path);
        std::fs::remove_file(&path).unwrap();
        assert!(text(opened).1.notices[0].contains("removed"));
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let (_folder, path) = log("");
        let packed = zstd::encode_all(&b"a line\n".repeat(100_000)[..], 1).unwrap();
        std::fs::write(&path, &packed[..packed.len() - 3]).unwrap();
        let error = open(&path).read(&mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, LogError::Damaged { packing: Packing::Zstd, .. }), "{error}");
    }

    #[test]
    fn a_stream_that_says_little_is_not_waited_for() {
        for text in ["a", "", "P"] {
            let log = OpenLog::stream("-", Box::new(text.as_bytes())).unwrap();
            let mut seen = Vec::new();
            log.read(&mut |piece| {
                seen.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
            assert_eq!(seen, text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_log_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(OpenLog::file("x", folder.path().to_owned()), Err(LogError::Folder { .. })));
        assert!(matches!(OpenLog::file("x", folder.path().join("n")), Err(LogError::Unreadable { .. })));
        let socket = folder.path().join("socket");
        let _held = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(matches!(OpenLog::file("x", socket), Err(LogError::Odd { .. })));
    }
}
