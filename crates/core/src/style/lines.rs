//! Remarks that are written for people and begin with a place:
//! `file:line:column: message` and its relatives, the form with the file's
//! name above its remarks, that of compilers with an arrow, and lists of
//! files that a formatter would change.

use super::{Level, Remark};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Every line that is one.
pub(super) fn read(output: &str) -> Vec<Remark> {
    let mut out: Vec<Remark> = Vec::new();
    let mut reader = Lines::default();
    for line in output.lines().map(without_escapes) {
        let remark = reader.line(&line);
        if let Some(hook) = reader.hook.as_mut().filter(|_| remark.is_some()) {
            hook.told = true;
        }
        out.extend(reader.failed.take());
        out.extend(remark);
    }
    out.extend(reader.hook.take().and_then(Hook::untold));
    out
}

/// The files that a formatter lists, one a line, and nothing else.
pub(super) fn files(output: &str) -> Option<Vec<Remark>> {
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let of = |line: &&str| {
        let named =
            !line.contains([':', '\t']) && line.rsplit('/').next().is_some_and(|name| !name.ends_with('.'));
        named.then(|| Remark { file: (*line).to_owned(), ..unformatted() })
    };
    lines.iter().map(of).collect()
}

fn unformatted() -> Remark {
    Remark { rule: "format".to_owned(), message: "it is not formatted".to_owned(), ..Remark::default() }
}

/// A hook of pre-commit that failed.
struct Hook {
    name: String,
    /// It named a place, or changed files, which are looked at by themselves.
    told: bool,
}

impl Hook {
    /// What is known of it where it named no place.
    fn untold(self) -> Option<Remark> {
        let message = format!("the hook `{}` failed", self.name);
        (!self.told).then(|| Remark { rule: self.name, message, level: Level::Error, ..Remark::default() })
    }
}

#[derive(Default)]
struct Lines {
    /// The file whose remarks follow.
    heading: Option<String>,
    /// What a compiler said, before it names the place.
    said: Option<(Level, String, String)>,
    /// A hook that failed, and what it says is still to come.
    hook: Option<Hook>,
    /// What is to be said of the hook before.
    failed: Option<Remark>,
    /// The place that a line before its remark names.
    place: Option<Remark>,
}

impl Lines {
    fn line(&mut self, line: &str) -> Option<Remark> {
        if let Some(found) = FORMS.hook.captures(line) {
            let name = found[1].trim_end_matches('.').to_owned();
            let next = (&found[2] == "Failed").then_some(Hook { name, told: false });
            self.failed = std::mem::replace(&mut self.hook, next).and_then(Hook::untold);
            return None;
        }
        if line == "- files were modified by this hook"
            && let Some(hook) = self.hook.as_mut()
        {
            hook.told = true;
        }
        if let Some(found) = FORMS.arrow.captures(line) {
            let (level, rule, message) = self.said.take()?;
            return Some(Remark { rule, level, message, ..place(&found) });
        }
        if let Some(found) = FORMS.compiler.captures(line) {
            let level = level(&found["level"]);
            let rule = found.name("rule").map_or_else(String::new, |rule| rule.as_str().to_owned());
            self.said = Some((level, rule, found["message"].to_owned()));
            return None;
        }
        if let Some(found) = FORMS.shellcheck_place.captures(line) {
            self.place = Some(place(&found));
            return None;
        }
        if let Some(found) = FORMS.shellcheck_remark.captures(line) {
            let remark = self.place.clone()?;
            return Some(Remark {
                rule: found["rule"].to_owned(),
                message: found["message"].to_owned(),
                ..remark
            });
        }
        if let (Some(file), Some(found)) = (&self.heading, FORMS.under.captures(line)) {
            return Some(Remark { file: file.clone(), ..remark(&found) });
        }
        if let Some(found) = FORMS.file_line.captures(line).or_else(|| FORMS.file_paren.captures(line)) {
            return Some(remark(&found));
        }
        if let Some(found) = FORMS.would.captures(line) {
            return Some(Remark { file: found["file"].to_owned(), ..unformatted() });
        }
        if FORMS.heading.is_match(line) {
            self.heading = Some(line.trim().to_owned());
        } else if line.trim().is_empty() {
            self.heading = None;
        }
        None
    }
}

fn place(found: &Captures<'_>) -> Remark {
    let number = |name: &str| found.name(name).and_then(|n| n.as_str().parse().ok());
    let file = found.name("file").map_or_else(String::new, |file| file.as_str().trim().to_owned());
    Remark { file, line: number("line"), column: number("column"), ..Remark::default() }
}

fn remark(found: &Captures<'_>) -> Remark {
    let mut message = found["message"].trim().to_owned();
    let mut grave = Level::Warning;
    let mut rule = String::new();
    if let Some(word) = FORMS.grave.captures(&message) {
        grave = level(word.name("word").or_else(|| word.name("letter")).map_or("", |word| word.as_str()));
        message = String::from(message[word[0].len()..].trim());
    }
    // The rule stands in front, in brackets at the end, or as the last word of a table.
    if let Some(code) = FORMS.code_first.captures(&message) {
        rule = String::from(&code[1]);
        message = String::from(message[code[0].len()..].trim());
    } else if let Some(code) = FORMS.code_last.captures(&message) {
        rule = code.get(2).or_else(|| code.get(3)).map_or_else(String::new, |rule| rule.as_str().to_owned());
        message = String::from(code[1].trim());
    }
    Remark { rule, level: grave, message, ..place(found) }
}

fn level(word: &str) -> Level {
    match word.to_ascii_lowercase().as_str() {
        "error" | "fatal" | "fatal error" | "e" | "f" => Level::Error,
        "note" | "info" | "information" | "hint" | "help" => Level::Note,
        _ => Level::Warning,
    }
}

/// A line without the escapes that colour it.
fn without_escapes(line: &str) -> String {
    FORMS.escape.replace_all(line, "").into_owned()
}

struct Forms {
    escape: Regex,
    file_line: Regex,
    file_paren: Regex,
    under: Regex,
    heading: Regex,
    compiler: Regex,
    arrow: Regex,
    shellcheck_place: Regex,
    shellcheck_remark: Regex,
    would: Regex,
    hook: Regex,
    grave: Regex,
    code_first: Regex,
    code_last: Regex,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| Forms {
    escape: form("\u{1b}\\[[0-9;?]*[A-Za-z]"),
    file_line: form(
        r"^\s*(?:\[\w+\]\s+)?(?P<file>[^\s:][^:]*):(?P<line>\d+)(?:[:.](?P<column>\d+))?(?:-\d+(?:[:.]\d+)?)?:?\s+(?P<message>\S.*)$",
    ),
    file_paren: form(
        r"^\s*(?P<file>[^\s(][^(]*)\((?P<line>\d+)(?:,(?P<column>\d+))?(?:,\d+,\d+)?\):?\s+(?P<message>\S.*)$",
    ),
    under: form(r"^\s+(?P<line>\d+):(?P<column>\d+)\s+(?P<message>\S.*)$"),
    heading: form(r"^(?:[A-Za-z]:)?[\w./@~ +-]*[\w-]\.[A-Za-z0-9]{1,8}$"),
    compiler: form(r"^(?P<level>error|warning|note|help)(?:\[(?P<rule>[^\]]+)\])?: (?P<message>.+)$"),
    arrow: form(r"^\s*--> (?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+)$"),
    shellcheck_place: form(r"^In (?P<file>.+) line (?P<line>\d+):$"),
    shellcheck_remark: form(
        r"^\s*\^-*\^?\s+(?P<rule>SC\d+)(?: \((?:error|warning|info|style)\))?: (?P<message>.+)$",
    ),
    would: form(
        r"^(?:[Ww]ould reformat:?|\[warn\]|ERROR:|unformatted|Incorrectly formatted:?)\s+(?P<file>[\w./@~+-]+\.\w+)(?:\s.*)?$",
    ),
    hook: form(r"^(\S.*?)\.{3,}(?:\(.*\))?(Passed|Failed|Skipped)$"),
    grave: form(
        r"^(?:(?i:(?P<word>fatal error|error|warning|note|information|info|style|convention|hint)):?\s+|(?P<letter>[CWEFRI]):\s+(?:\[Correctable\]\s+)?)",
    ),
    code_first: form(r"^\[?([A-Z]{1,8}[-_]?\d{2,6}|[A-Z][A-Za-z]+/[A-Z][A-Za-z/]+)\]?:?\s+"),
    code_last: form(r"^(.*\S)(?:\s+[\[(]([\w@./-]+(?:,-?[\w@./-]+)*)[\])]|\s{2,}([\w@./-]+))$"),
});

#[expect(clippy::expect_used, reason = "a literal pattern, compiled by a test")]
fn form(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern")
}
