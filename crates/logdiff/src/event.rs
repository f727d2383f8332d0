//! Lines to events: a stack trace is one event with the line before it that
//! reported it. Its identity is the chain of exception types and the functions
//! of its frames, without line numbers, addresses and messages.

use crate::Severity;
use crate::level;
use crate::mask::mask;

/// The most parts of a trace that count towards its identity.
const DEEPEST: usize = 200;

/// One event of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// What events of its kind have in common.
    pub key: String,
    /// Its first line as it was, without control characters.
    pub example: String,
    pub severity: Severity,
    /// 1-based numbers of its first and last line.
    pub first: u64,
    pub last: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plain,
    Frames,
    Python,
    Go,
    /// Before the message of a Rust panic.
    RustMessage,
    Rust,
}

#[derive(Debug, Clone)]
struct Open {
    /// The line as it was.
    raw: String,
    /// The plain line that it stands for.
    head: String,
    parts: Vec<String>,
    severity: Severity,
    mode: Mode,
    first: u64,
    last: u64,
}

/// What a line adds to the event before it.
enum Joins {
    Part(String, Mode),
    Nothing(Mode),
}

/// Folds lines into events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folder {
    open: Option<Open>,
}

impl Folder {
    /// Takes a line; gives the event that ended before it.
    pub(crate) fn line(&mut self, number: u64, line: &str) -> Option<Event> {
        if let Some(open) = &mut self.open
            && let Some(joins) = joins(open, line)
        {
            open.last = number;
            let (part, mode) = match joins {
                Joins::Part(part, mode) => (Some(part), mode),
                Joins::Nothing(mode) => (None, mode),
            };
            open.mode = mode;
            // Recursion of any depth is one frame.
            if let Some(part) =
                part.filter(|part| open.parts.len() < DEEPEST && open.parts.last() != Some(part))
            {
                open.parts.push(part);
            }
            return None;
        }
        let ended = self.finish();
        if !line.trim().is_empty() {
            self.open = Some(begin(number, line));
        }
        ended
    }

    /// Gives the event that is still open.
    pub(crate) fn finish(&mut self) -> Option<Event> {
        self.open.take().map(close)
    }
}

fn begin(number: u64, line: &str) -> Open {
    let head = level::from_json(line.trim()).unwrap_or_else(|| line.to_owned());
    let mode = if head.contains("Traceback (most recent call last)") {
        Mode::Python
    } else if head.starts_with("panic: ")
        || head.starts_with("fatal error: ")
        || head.starts_with("goroutine ")
    {
        Mode::Go
    } else if head.contains(" panicked at ") {
        if head.trim_end().ends_with(':') { Mode::RustMessage } else { Mode::Rust }
    } else {
        Mode::Plain
    };
    let severity = level::of_line(&head);
    Open { raw: line.to_owned(), head, parts: Vec::new(), severity, mode, first: number, last: number }
}

fn close(open: Open) -> Event {
    let frames = open.parts.iter().any(|part| part.starts_with("at "));
    let typed = exception_type(open.head.trim()).filter(|_| frames);
    let mut key = typed.map_or_else(|| mask(&open.head), str::to_owned);
    for part in &open.parts {
        key.push_str(" | ");
        key.push_str(part);
    }
    let severity = if open.parts.is_empty() || open.severity != Severity::Unknown {
        open.severity
    } else {
        Severity::Error
    };
    Event { key, example: open.raw, severity, first: open.first, last: open.last }
}

/// Whether and how a line goes on with the open event.
fn joins(open: &Open, line: &str) -> Option<Joins> {
    let text = line.trim();
    let indented = line.starts_with([' ', '\t']);
    let in_trace = open.mode != Mode::Plain;
    if text.is_empty() {
        return in_trace.then_some(Joins::Nothing(open.mode));
    }
    match open.mode {
        Mode::RustMessage => return Some(Joins::Part(mask(text), Mode::Rust)),
        Mode::Rust => return rust(text, indented),
        Mode::Go => return go(text, indented),
        Mode::Python if indented => return Some(python(text)),
        Mode::Python => {
            if let Some(name) = exception_type(text).or_else(|| text.split_once(": ").map(|(name, _)| name)) {
                return Some(Joins::Part(name.to_owned(), Mode::Frames));
            }
            return exception_type(text).map(|name| Joins::Part(name.to_owned(), Mode::Frames));
        }
        Mode::Plain | Mode::Frames => {}
    }
    if let Some(cause) = text.strip_prefix("Caused by: ").or_else(|| text.strip_prefix("Suppressed: ")) {
        let name = exception_type(cause).map_or_else(|| mask(cause), str::to_owned);
        return Some(Joins::Part(["caused by ", &name].concat(), Mode::Frames));
    }
    if indented && let Some(frame) = text.strip_prefix("at ") {
        return Some(Joins::Part(["at ", &function(frame)].concat(), Mode::Frames));
    }
    if text == "Traceback (most recent call last):" && (in_trace || bad(open.severity)) {
        return Some(Joins::Nothing(Mode::Python));
    }
    if in_trace && (text.starts_with("During handling of") || text.starts_with("The above exception was")) {
        return Some(Joins::Nothing(Mode::Frames));
    }
    if indented && in_trace {
        return Some(Joins::Nothing(open.mode));
    }
    if text.starts_with("goroutine ") && text.ends_with("]:") && bad(open.severity) {
        return Some(Joins::Nothing(Mode::Go));
    }
    let bare = !in_trace && open.parts.is_empty() && bad(open.severity);
    exception_type(text)
        .filter(|name| bare && text.starts_with(name) && exception_type(open.head.trim()).is_none())
        .map(|name| Joins::Part(name.to_owned(), Mode::Frames))
}

fn bad(severity: Severity) -> bool {
    matches!(severity, Severity::Fatal | Severity::Error | Severity::Warning)
}

fn python(text: &str) -> Joins {
    if text.starts_with("File \"")
        && let Some((_, name)) = text.rsplit_once(", in ")
    {
        return Joins::Part(["at ", name].concat(), Mode::Python);
    }
    Joins::Nothing(Mode::Python)
}

fn go(text: &str, indented: bool) -> Option<Joins> {
    if indented || (text.starts_with("goroutine ") && text.ends_with("]:")) || text.starts_with("[signal ") {
        return Some(Joins::Nothing(Mode::Go));
    }
    let call =
        text.strip_prefix("created by ").map(|made| made.split(" in goroutine").next().unwrap_or(made));
    let call =
        call.or_else(|| text.ends_with(')').then(|| text.rsplit_once('(').map_or(text, |(name, _)| name)));
    let name = call.filter(|name| !name.contains(' ') && name.contains('.'))?;
    Some(Joins::Part(["at ", name].concat(), Mode::Go))
}

fn rust(text: &str, indented: bool) -> Option<Joins> {
    if text == "stack backtrace:" || text.starts_with("note: ") {
        return Some(Joins::Nothing(Mode::Rust));
    }
    if !indented {
        return None;
    }
    let numbered = text.split_once(": ").filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
    Some(match numbered {
        // `0x5562… - name`, and the hash that legacy mangling appends.
        Some((_, name)) => {
            let name = name.rsplit(" - ").next().unwrap_or(name);
            let name =
                name.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16).map_or(name, |(name, _)| name);
            Joins::Part(["at ", name].concat(), Mode::Rust)
        }
        None => Joins::Nothing(Mode::Rust),
    })
}

/// The function of a Java, C#, or JavaScript frame.
fn function(frame: &str) -> String {
    let frame = frame.strip_prefix("async ").unwrap_or(frame);
    let frame = frame.split(" in ").next().unwrap_or(frame);
    let name = match frame.split_once('(') {
        Some((name, _)) => name.trim(),
        None if frame.contains("://") || frame.contains('/') => "<anonymous>",
        None => frame.trim(),
    };
    // `java.base/java.util…`, `Foo$$Lambda$12/0x…`, `$Proxy12`: what the run numbers is dropped.
    let name = name.rsplit('/').find(|part| part.contains('.')).unwrap_or(name);
    name.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// The type at the start of `java.lang.FooException: message` or `Error: …`.
fn exception_type(text: &str) -> Option<&str> {
    let text = match text.strip_prefix("Exception in thread \"") {
        Some(rest) => rest.split_once("\" ")?.1,
        None => text,
    };
    let text = text.strip_prefix("Uncaught ").unwrap_or(text);
    let end = text.find(|c: char| !(c.is_alphanumeric() || "._$".contains(c))).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let last = name.rsplit('.').next().unwrap_or(name);
    let typed = ["Exception", "Error", "Throwable", "Fault", "Interrupt", "Exit", "Warning"]
        .iter()
        .any(|ending| last.ends_with(ending));
    let capital = last.starts_with(|c: char| c.is_ascii_uppercase());
    (typed && capital && (after.is_empty() || after.starts_with(':'))).then_some(name)
}
