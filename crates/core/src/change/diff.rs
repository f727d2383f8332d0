//! Reads what `git diff --no-color --no-ext-diff -M -U3 --full-index
//! --src-prefix=a/ --dst-prefix=b/ BASE TREE` prints.

use super::{Change, FileChange, Hunk, Line, LineKind, Status};

/// So many unreadable places are kept; more say nothing new.
const MAX_MALFORMED: usize = 50;

/// Reads a diff. What cannot be read is listed in [`Change::malformed`].
pub fn parse(diff: &str) -> Change {
    let mut parser = Parser::default();
    // Only a line feed ends a line: a lone carriage return is content.
    for line in diff.strip_suffix('\n').unwrap_or(diff).split('\n') {
        parser.line(line);
    }
    parser.finish_file();
    parser.change
}

#[derive(Default)]
struct Parser {
    change: Change,
    file: Option<Draft>,
    /// Lines of the open hunk that are still to come: old side, new side.
    left: (u32, u32),
    /// The numbers of the hunk's next lines: old side, new side.
    next: (u32, u32),
    patch: bool,
    number: usize,
}

/// A file while its header is read.
#[derive(Default)]
struct Draft {
    header: Option<(String, String)>,
    old: Option<String>,
    new: Option<String>,
    from: Option<String>,
    to: Option<String>,
    status: Option<Status>,
    mode: bool,
    binary: bool,
    similarity: Option<u8>,
    hunks: Vec<Hunk>,
}

impl Parser {
    fn line(&mut self, line: &str) {
        self.number += 1;
        if self.left != (0, 0) && self.body(line) {
            return;
        }
        if let Some(names) = line.strip_prefix("diff --git ") {
            self.finish_file();
            self.file = Some(Draft { header: header_names(names), ..Draft::default() });
            self.patch = false;
        } else if line.starts_with("diff ") {
            self.finish_file();
            self.malformed(line);
        } else if self.patch || (line.is_empty() && self.file.is_none()) || line.starts_with('\\') {
            // A binary patch's data, the end of an empty diff, or `\ No newline at end of file`.
        } else if line.starts_with("@@ ") {
            self.hunk(line);
        } else if !self.header(line) {
            self.malformed(line);
        }
    }

    /// A line inside a hunk; false where it cannot be one.
    fn body(&mut self, line: &str) -> bool {
        if line.starts_with('\\') {
            return true;
        }
        let (kind, text) = match line.chars().next() {
            Some('+') => (LineKind::Added, &line[1..]),
            Some('-') => (LineKind::Removed, &line[1..]),
            Some(' ') => (LineKind::Context, &line[1..]),
            None => (LineKind::Context, ""),
            Some(_) => {
                self.left = (0, 0);
                self.malformed("a hunk ends before its last line");
                return false;
            }
        };
        let (old, new) = (kind != LineKind::Added, kind != LineKind::Removed);
        if (old && self.left.0 == 0) || (new && self.left.1 == 0) {
            self.left = (0, 0);
            self.malformed("a hunk has more lines than its header says");
            return true;
        }
        let line = Line {
            kind,
            text: text.to_owned(),
            old_line: old.then_some(self.next.0),
            new_line: new.then_some(self.next.1),
        };
        if old {
            self.left.0 -= 1;
            self.next.0 = self.next.0.saturating_add(1);
        }
        if new {
            self.left.1 -= 1;
            self.next.1 = self.next.1.saturating_add(1);
        }
        if let Some(hunk) = self.file.as_mut().and_then(|file| file.hunks.last_mut()) {
            hunk.lines.push(line);
        }
        true
    }

    fn hunk(&mut self, line: &str) {
        let Some((old, new, section)) = hunk_header(line) else { return self.malformed(line) };
        let Some(file) = self.file.as_mut() else { return self.malformed(line) };
        let section = section.to_owned();
        file.hunks.push(Hunk { old_start: old.0, new_start: new.0, section, lines: Vec::new() });
        self.left = (old.1, new.1);
        self.next = (old.0, new.0);
    }

    /// A line between `diff --git` and the first hunk; false where it is none.
    fn header(&mut self, line: &str) -> bool {
        let Some(file) = self.file.as_mut() else { return false };
        if let Some(name) = line.strip_prefix("--- ") {
            file.old = side(name, "a/");
        } else if let Some(name) = line.strip_prefix("+++ ") {
            file.new = side(name, "b/");
        } else if let Some(name) = line.strip_prefix("rename from ") {
            (file.status, file.from) = (Some(Status::Renamed), Some(unquote(name)));
        } else if let Some(name) = line.strip_prefix("copy from ") {
            (file.status, file.from) = (Some(Status::Copied), Some(unquote(name)));
        } else if let Some(name) = line.strip_prefix("rename to ").or_else(|| line.strip_prefix("copy to ")) {
            file.to = Some(unquote(name));
        } else if line.starts_with("new file mode ") {
            file.status = Some(Status::Added);
        } else if line.starts_with("deleted file mode ") {
            file.status = Some(Status::Deleted);
        } else if line.starts_with("old mode ") || line.starts_with("new mode ") {
            file.mode = true;
        } else if let Some(percent) = line.strip_prefix("similarity index ") {
            file.similarity = percent.trim_end_matches('%').parse().ok();
        } else if line.starts_with("Binary files ") && line.ends_with(" differ") {
            file.binary = true;
        } else if line == "GIT binary patch" {
            (file.binary, self.patch) = (true, true);
        } else {
            return line.starts_with("index ") || line.starts_with("dissimilarity index ");
        }
        true
    }

    fn finish_file(&mut self) {
        if self.left != (0, 0) {
            self.left = (0, 0);
            self.malformed("a hunk ends before its last line");
        }
        let Some(draft) = self.file.take() else { return };
        match draft.finish() {
            Some(file) => self.change.files.push(file),
            None => self.malformed("a file without a name"),
        }
    }

    fn malformed(&mut self, what: &str) {
        if self.change.malformed.len() < MAX_MALFORMED {
            let what = crate::text::brief(what, 120);
            self.change.malformed.push(format!("line {}: {what}", self.number));
        }
    }
}

impl Draft {
    fn finish(self) -> Option<FileChange> {
        let (header_old, header_new) = self.header.unzip();
        let deleted = self.status == Some(Status::Deleted);
        let new = self.to.or(self.new).or(header_new);
        let old = self.old.or(header_old);
        let path = if deleted { old.or(new) } else { new.or(old) }.filter(|path| !path.is_empty())?;
        let only_mode = self.mode && self.hunks.is_empty() && !self.binary;
        let status = self.status.unwrap_or(if only_mode { Status::Mode } else { Status::Modified });
        Some(FileChange {
            path,
            old_path: self.from,
            status,
            binary: self.binary,
            hunks: self.hunks,
            similarity: self.similarity,
            origin: super::Origin::default(),
            texts: super::Texts::default(),
        })
    }
}

/// The path of a `---` or `+++` line; none for `/dev/null`.
fn side(name: &str, prefix: &str) -> Option<String> {
    // Git ends a name that has spaces with a tab.
    let name = unquote(name.strip_suffix('\t').unwrap_or(name));
    if name == "/dev/null" {
        return None;
    }
    Some(name.strip_prefix(prefix).map_or_else(|| name.clone(), str::to_owned))
}

/// The two names of a `diff --git` line. Unquoted names may have spaces; then
/// they are only known where both are the same, and the lines below name
/// them where they are not.
fn header_names(names: &str) -> Option<(String, String)> {
    if names.starts_with('"') {
        let end = closing_quote(names)?;
        let old = side(&names[..=end], "a/")?;
        return Some((old, side(names[end + 1..].trim_start(), "b/")?));
    }
    if names.ends_with('"') {
        let (old, new) = names.split_once(" \"")?;
        return Some((side(old, "a/")?, side(&format!("\"{new}"), "b/")?));
    }
    let same = names.match_indices(" b/").find_map(|(at, _)| {
        let (old, new) = (names[..at].strip_prefix("a/")?, &names[at + 3..]);
        (old == new).then(|| (old.to_owned(), new.to_owned()))
    });
    same.or_else(|| {
        let (old, new) = names.split_once(" b/")?;
        Some((old.strip_prefix("a/")?.to_owned(), new.to_owned()))
    })
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = true; // The opening quote does not close.
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at),
            _ => {}
        }
    }
    None
}

/// A name as git wrote it: C-quoted where it has unusual bytes.
fn unquote(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'a') => out.push(7),
            Some(b'b') => out.push(8),
            Some(b't') => out.push(b'\t'),
            Some(b'n') => out.push(b'\n'),
            Some(b'v') => out.push(11),
            Some(b'f') => out.push(12),
            Some(b'r') => out.push(b'\r'),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(next) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) else { break };
                    value = value * 8 + u32::from(next - b'0');
                }
                out.push(u8::try_from(value & 0xff).unwrap_or(b'?'));
            }
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

type Range = (u32, u32);

/// `@@ -1,2 +3,4 @@ section`.
fn hunk_header(line: &str) -> Option<(Range, Range, &str)> {
    let rest = line.strip_prefix("@@ -")?;
    let (ranges, section) = rest.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    Some((range(old)?, range(new)?, section.trim()))
}

fn range(text: &str) -> Option<Range> {
    match text.split_once(',') {
        Some((start, length)) => Some((start.parse().ok()?, length.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}
