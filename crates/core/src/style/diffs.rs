//! What a formatter would change, as a unified diff or in rustfmt's form: a
//! remark for each hunk, on the lines that would go.

use super::{Level, Remark};
use regex::Regex;
use std::sync::LazyLock;

/// Whether some output is one of the two.
pub(super) fn is_one(output: &str) -> bool {
    let unified = output.lines().any(|line| line.starts_with("@@ -"))
        && output.lines().any(|line| line.starts_with("--- "));
    unified || output.lines().any(|line| FORMS.rustfmt.is_match(line))
}

/// A remark for each hunk.
pub(super) fn read(output: &str) -> Vec<Remark> {
    let mut reader = Reader::default();
    for line in output.lines() {
        reader.line(line);
    }
    reader.close();
    reader.out
}

#[derive(Default)]
struct Reader {
    out: Vec<Remark>,
    file: String,
    open: Option<Open>,
}

/// A hunk that is being read.
struct Open {
    /// The next line of the old side.
    next: u32,
    /// The lines that would go, or beside which something would come.
    touched: Option<(u32, u32)>,
    /// Lines of the old and the new side that are still to come, where the header says so.
    left: Option<(u32, u32)>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if let Some(found) = FORMS.rustfmt.captures(line) {
            self.close();
            found[1].clone_into(&mut self.file);
            let next = found[2].parse().unwrap_or(1);
            self.open = Some(Open { next, touched: None, left: None });
            return;
        }
        let in_hunk = self.open.as_ref().is_some_and(|open| open.left != Some((0, 0)));
        if let Some(found) = FORMS.hunk.captures(line) {
            self.close();
            let number =
                |at: usize, none: u32| found.get(at).and_then(|n| n.as_str().parse().ok()).unwrap_or(none);
            self.open =
                Some(Open { next: number(1, 1), touched: None, left: Some((number(2, 1), number(4, 1))) });
        } else if in_hunk && line.starts_with(['+', '-', ' ']) {
            self.body(line);
        } else if let Some(name) = line.strip_prefix("--- ") {
            self.close();
            let name = name.split('\t').next().unwrap_or(name);
            // gofmt marks the old side, diff and git name it.
            name.trim_end_matches(".orig").trim_start_matches("a/").clone_into(&mut self.file);
        } else if let Some(name) = line.strip_prefix("+++ ") {
            let name = name.split('\t').next().unwrap_or(name);
            if self.file == "/dev/null" || self.file.is_empty() {
                name.trim_start_matches("b/").clone_into(&mut self.file);
            }
        } else if !line.is_empty() {
            self.close();
        }
    }

    fn body(&mut self, line: &str) {
        let Some(open) = self.open.as_mut() else { return };
        let (goes, comes) = (line.starts_with('-'), line.starts_with('+'));
        if goes || comes {
            let at = if comes { open.next.saturating_sub(1).max(1) } else { open.next };
            let (first, last) = open.touched.unwrap_or((at, at));
            open.touched = Some((first.min(at), last.max(at)));
        } else if let Some((first, last)) = open.touched.take() {
            // What does not change between two changes parts them.
            self.out.push(remark(&self.file, first, last));
        }
        if !comes {
            open.next = open.next.saturating_add(1);
        }
        if let Some((old, new)) = open.left.as_mut() {
            *old = old.saturating_sub(u32::from(!comes));
            *new = new.saturating_sub(u32::from(!goes));
        }
    }

    fn close(&mut self) {
        if let Some((first, last)) = self.open.take().and_then(|open| open.touched) {
            self.out.push(remark(&self.file, first, last));
        }
    }
}

fn remark(file: &str, first: u32, last: u32) -> Remark {
    Remark {
        file: file.to_owned(),
        line: Some(first),
        last: Some(last),
        column: None,
        rule: "format".to_owned(),
        level: Level::Warning,
        message: "it is not formatted".to_owned(),
    }
}

struct Forms {
    rustfmt: Regex,
    hunk: Regex,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| Forms {
    rustfmt: form(r"^Diff in (.+?)(?: at line |:)(\d+):?$"),
    hunk: form(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@"),
});

#[expect(clippy::expect_used, reason = "a literal pattern, compiled by a test")]
fn form(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern")
}
