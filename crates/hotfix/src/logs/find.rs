//! From names to logs, in the order in which they are read.
//!
//! A name is a file, `-` (the standard input), or a pattern in quotes. The
//! files of one rotated log (`app.log.2.gz`, `app.log.1`, `app.log`) are read
//! oldest first, in whatever order a shell gave them, and as one log; all
//! others in the order in which they were named.

use super::LogError;
use super::open::OpenLog;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// A log that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As it is shown.
    pub name: String,
    /// Where it lies; none for the standard input.
    pub path: Option<PathBuf>,
    /// It goes on where the one before it ended: both are parts of one rotated log.
    pub continues: bool,
}

/// Logs that are about to be read, in their order.
#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<(Found, Option<OpenLog>)>,
    seen: Vec<((u64, u64), String)>,
    /// What a reader should know, for people.
    pub notices: Vec<String>,
}

/// So many logs are opened at once, before any of them is read.
const AT_ONCE: usize = 400;

/// The logs that these names mean.
pub fn find(names: &[String]) -> Result<Vec<Found>, LogError> {
    let mut paths = Vec::new();
    for name in names {
        if name == "-" || Path::new(name).symlink_metadata().is_ok() || !name.contains(['*', '?', '[']) {
            paths.push(name.clone());
            continue;
        }
        let before = paths.len();
        let all = glob::glob(name)
            .map_err(|e| LogError::BadPattern { pattern: name.clone(), reason: e.to_string() })?;
        let files = all.flatten().filter(|path| !path.is_dir());
        paths.extend(files.map(|path| path.to_string_lossy().into_owned()));
        if paths.len() == before {
            return Err(LogError::NoMatch { pattern: name.clone() });
        }
    }
    Ok(ordered(&paths))
}

impl Queue {
    /// Opens all of them before any is read, so that a rotation in between
    /// takes none away. Of very many, the later ones are only looked at.
    pub fn open(found: &[Found]) -> Result<Self, LogError> {
        let mut queue = Self::default();
        for (i, log) in found.iter().enumerate() {
            let open =
                if i < AT_ONCE { Some(OpenLog::open(log)?) } else { OpenLog::look(log).map(|()| None)? };
            queue.waiting.push_back((log.clone(), open));
        }
        Ok(queue)
    }

    /// The next log, and whether it goes on where the one before it ended. A
    /// file that was named twice comes once.
    pub fn take(&mut self) -> Result<Option<(OpenLog, bool)>, LogError> {
        while let Some((found, open)) = self.waiting.pop_front() {
            let open = open.map_or_else(|| OpenLog::open(&found), Ok)?;
            if let Some(identity) = open.identity {
                if let Some((_, first)) = self.seen.iter().find(|(known, _)| *known == identity) {
                    let same = *first == open.name;
                    let both = if same {
                        "is named twice".to_owned()
                    } else {
                        format!("is the same file as {first}")
                    };
                    self.notices.push(format!("{} {both} and was read once", open.name));
                    continue;
                }
                self.seen.push((identity, open.name.clone()));
            }
            return Ok(Some((open, found.continues)));
        }
        Ok(None)
    }
}

/// Whether the order in which logs are read is another than that of their names.
pub fn reordered(names: &[String], found: &[Found]) -> bool {
    names.len() == found.len() && names.iter().zip(found).any(|(name, found)| *name != found.name)
}

/// What a rotated file's name says: whose it is, and how old.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rotated {
    /// The name of the log that it was.
    log: String,
    age: Age,
}

/// How old a rotated file is; the oldest comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// By the time in its name, and a number that counts up within it.
    Dated(String, u64),
    /// By its number, which counts up with each rotation.
    Numbered(Reverse<u64>),
    /// What is written to.
    Current,
}

fn ordered(paths: &[String]) -> Vec<Found> {
    let rotated: Vec<Option<Rotated>> = paths.iter().map(|path| rotated(path)).collect();
    let family = |log: &str| {
        let of = |(i, r): (usize, &Option<Rotated>)| {
            r.as_ref().filter(|r| r.log == log).map(|r| (r.age.clone(), i))
        };
        let mut all: Vec<(Age, usize)> = rotated.iter().enumerate().filter_map(of).collect();
        all.sort();
        all
    };
    let mut taken = vec![false; paths.len()];
    let mut found = Vec::new();
    for (i, path) in paths.iter().enumerate() {
        let all = rotated[i].as_ref().map(|r| family(&r.log)).unwrap_or_default();
        // A lone current log, or the same one twice, is no rotated log.
        let is_family = all.iter().any(|(age, _)| *age != Age::Current) && all.len() > 1;
        let members: Vec<usize> = if is_family { all.into_iter().map(|(_, i)| i).collect() } else { vec![i] };
        let mut continues = false;
        for member in members {
            if !std::mem::replace(&mut taken[member], true) {
                let path = &paths[member];
                let place = (path != "-").then(|| PathBuf::from(path));
                found.push(Found { name: path.clone(), path: place, continues });
                continues = true;
            }
        }
        debug_assert!(taken[i], "{path} is read");
    }
    found
}

/// Reads a name as logrotate, log4j, logback, Python, Kubernetes and others write it.
fn rotated(path: &str) -> Option<Rotated> {
    let (folder, file) = path.rsplit_once('/').map_or(("", path), |(folder, file)| (folder, file));
    let bare = [".gz", ".zst", ".zstd"].iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file);
    let whole = |log: &str| if folder.is_empty() { log.to_owned() } else { format!("{folder}/{log}") };
    if let Some((log, age)) = dated(bare) {
        return Some(Rotated { log: whole(&log), age });
    }
    if let Some((log, number)) = bare.rsplit_once('.')
        && let Ok(number) = number.parse::<u64>()
        && number < 100_000
    {
        // `worker.1` and `worker.2` are two workers, unless there is a log `worker`.
        let log_there = || Path::new(&whole(log)).is_file();
        return (log.contains('.') || log_there())
            .then(|| Rotated { log: whole(log), age: Age::Numbered(Reverse(number)) });
    }
    (!bare.is_empty()).then(|| Rotated { log: whole(bare), age: Age::Current })
}

/// A name with a date in it, and perhaps a time and a number behind it.
fn dated(file: &str) -> Option<(String, Age)> {
    let bytes = file.as_bytes();
    let start = (0..bytes.len())
        .find(|at| date_at(&bytes[*at..]).is_some() && (*at == 0 || !bytes[at - 1].is_ascii_digit()))?;
    let mut end = start + date_at(&bytes[start..])?;
    // A time: what is made of digits and what parts them.
    while end < bytes.len() {
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let parted = matches!(bytes[end], b'-' | b'_' | b'T' | b':') || bytes[end].is_ascii_digit();
        let after = end + usize::from(!bytes[end].is_ascii_digit());
        if !parted || digits(after) == 0 {
            break;
        }
        end = after + digits(after);
    }
    let time: String = file[start..end].chars().filter(char::is_ascii_digit).collect();
    let mut rest = &file[end..];
    let mut number = 0;
    if let Some(after) = rest.strip_prefix('.') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let ends = matches!(after.as_bytes().get(digits), None | Some(b'.' | b'-'));
        if digits > 0 && ends {
            number = after[..digits].parse().ok()?;
            rest = &after[digits..];
        }
    }
    let log = format!("{}{rest}", file[..start].trim_end_matches(['.', '-', '_']));
    (!log.is_empty()).then_some((log, Age::Dated(time, number)))
}

/// How long the date at the beginning of some text is: `20261122` or `2026-11-22`.
fn date_at(text: &[u8]) -> Option<usize> {
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let digits = text.get(range)?;
        digits.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
    };
    let is_date = |year: u32, month: u32, day: u32| {
        (1990..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    let year = number(0..4)?;
    match text.get(4)? {
        separator @ (b'-' | b'.' | b'_') => {
            (text.get(7) == Some(separator) && is_date(year, number(5..7)?, number(8..10)?)).then_some(10)
        }
        _ => is_date(year, number(4..6)?, number(6..8)?).then_some(8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        ordered(&names).into_iter().map(|f| f.name + if f.continues { "+" } else { "" }).collect()
    }

    #[test]
    fn rotated_logs_are_read_oldest_first() {
        assert_eq!(
            order(&["app.log", "app.log.1", "app.log.10.gz", "app.log.2.gz"]),
            ["app.log.10.gz", "app.log.2.gz+", "app.log.1+", "app.log+"]
        );
        assert_eq!(
            order(&["d/a.log", "d/a.log-20261122.gz", "d/a.log-20261121"]),
            ["d/a.log-20261121", "d/a.log-20261122.gz+", "d/a.log+"]
        );
        assert_eq!(
            order(&["app-2026-11-22.1.log", "app-2026-11-22.0.log", "app-2026-11-21.3.log.gz"]),
            ["app-2026-11-21.3.log.gz", "app-2026-11-22.0.log+", "app-2026-11-22.1.log+"]
        );
        assert_eq!(
            order(&["0.log", "0.log.20261122-150405", "0.log.20261122-090000.gz"]),
            ["0.log.20261122-090000.gz", "0.log.20261122-150405+", "0.log+"]
        );
        assert_eq!(
            order(&["x-2026-11-22T15-04-05.000.log", "x.log"]),
            ["x-2026-11-22T15-04-05.000.log", "x.log+"]
        );
    }

    #[test]
    fn all_others_stay_in_their_order() {
        assert_eq!(order(&["b.log", "a.log", "-", "b.log"]), ["b.log", "a.log", "-", "b.log"]);
        assert_eq!(order(&["worker.2", "worker.1"]), ["worker.2", "worker.1"]);
        assert_eq!(order(&["b.log.1", "a.log.2", "a.log.3"]), ["b.log.1", "a.log.3", "a.log.2+"]);
        assert_eq!(order(&["x/a.log.1", "y/a.log"]), ["x/a.log.1", "y/a.log"]);
        // Two rotated logs between each other: each is read as one, where it was first named.
        assert_eq!(
            order(&["a.log", "b.log", "a.log.1", "b.log.1"]),
            ["a.log.1", "a.log+", "b.log.1", "b.log+"]
        );
    }

    #[test]
    fn every_name_is_read_once_whatever_it_is() {
        let pieces = [
            "20",
            "26",
            "11",
            "22",
            "-",
            ".",
            "_",
            "T",
            "/",
            "log",
            "é",
            "日",
            ".gz",
            "1",
            "99999999999999999999",
        ];
        let mut state = 7_u64;
        let mut random = |most: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % most
        };
        for _ in 0..3_000 {
            let count = 1 + random(5);
            let name = |random: &mut dyn FnMut(usize) -> usize| -> String {
                (0..=random(9)).map(|_| pieces[random(pieces.len())]).collect()
            };
            let mut names: Vec<String> = (0..count).map(|_| name(&mut random)).collect();
            let mut found: Vec<String> = ordered(&names).into_iter().map(|f| f.name).collect();
            names.sort();
            found.sort();
            assert_eq!(names, found);
        }
    }

    #[test]
    fn patterns_are_expanded_and_files_with_odd_names_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["app.log", "app.log.1", "we[i]rd*.log"] {
            std::fs::write(folder.path().join(name), "x\n").unwrap();
        }
        let named = |name: &str| vec![format!("{}/{name}", folder.path().display())];
        let found = find(&named("app.log*")).unwrap();
        assert_eq!(found.iter().map(|f| f.continues).collect::<Vec<_>>(), [false, true]);
        assert!(found[0].name.ends_with("app.log.1"));
        assert_eq!(find(&named("we[i]rd*.log")).unwrap().len(), 1);
        assert!(matches!(find(&named("none*")), Err(LogError::NoMatch { .. })));
        assert!(matches!(find(&named("a[")), Err(LogError::BadPattern { .. })));
    }

    #[test]
    fn very_many_files_are_read_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let many = AT_ONCE + 20;
        let names: Vec<String> =
            (0..many).map(|i| folder.path().join(format!("{i}.log")).display().to_string()).collect();
        for name in &names {
            std::fs::write(name, "x\n").unwrap();
        }
        let mut queue = Queue::open(&find(&names).unwrap()).unwrap();
        let mut read = 0;
        while queue.take().unwrap().is_some() {
            read += 1;
        }
        assert_eq!(read, many);
        std::fs::remove_file(&names[many - 1]).unwrap();
        assert!(Queue::open(&find(&names).unwrap()).is_err(), "told before anything is read");
    }

    #[test]
    fn a_file_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        std::fs::write(&path, "x\n").unwrap();
        std::os::unix::fs::symlink(&path, folder.path().join("current")).unwrap();
        let names = ["app.log", "current"].map(|n| folder.path().join(n).display().to_string());
        let mut queue = Queue::open(&find(&names).unwrap()).unwrap();
        assert!(queue.take().unwrap().is_some() && queue.take().unwrap().is_none());
        assert!(queue.notices[0].contains("the same file as"), "{:?}", queue.notices);
    }
}
