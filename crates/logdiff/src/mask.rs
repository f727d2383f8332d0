//! A line to its template: what varies becomes `<*>`, what tells stays.
//!
//! Variable: numbers, times, ids, addresses, paths, short quoted values, values
//! of keys that carry no message. Telling: words, levels, and short numbers
//! beside a status or code key (200 → 500 is news), and error codes.

/// Keys whose values say what happened.
use crate::WILD;
const TELLING: &[&str] = &[
    "msg",
    "message",
    "error",
    "err",
    "level",
    "lvl",
    "severity",
    "reason",
    "exception",
    "type",
    "kind",
    "logger",
    "component",
    "event",
    "cause",
    "state",
    "result",
    "module",
    "stack",
    "method",
];
/// What an error code starts with.
const CODES: &[&str] = &[
    "e", "err", "error", "ec", "ora", "sql", "sqlstate", "http", "ts", "cs", "pg", "code", "aadsts", "errno",
];
const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The template of a clean line.
pub(crate) fn mask(line: &str) -> String {
    let mut masker = Masker::default();
    masker.text(without_syslog_host(line), 0);
    masker.out.truncate(masker.out.trim_end().len());
    masker.out
}

#[derive(Default)]
struct Masker {
    out: String,
    /// The last word, in lower case: what a number may be the code of.
    word: String,
    /// Where the last wildcard ended, for runs to collapse.
    wild_end: usize,
}

fn is_break(c: char) -> bool {
    c.is_whitespace() || "\"'`()[]{}<>,;=|".contains(c)
}

impl Masker {
    fn text(&mut self, text: &str, depth: u8) {
        let mut rest = text.trim_start();
        while let Some(c) = rest.chars().next() {
            if c.is_whitespace() {
                rest = rest.trim_start();
                if !self.out.ends_with(' ') {
                    self.out.push(' ');
                }
            } else if let Some((inner, after)) = quoted(rest, &self.out) {
                self.quote(inner, depth);
                rest = after;
            } else if is_break(c) {
                rest = &rest[c.len_utf8()..];
                self.out.push(c);
            } else {
                let mut end = rest.find(is_break).unwrap_or(rest.len());
                if rest[..end].contains("://") || rest.starts_with('/') {
                    // A query string has breaks of its own.
                    end = rest
                        .find(|c: char| c.is_whitespace() || "\"'`<>()[]{}".contains(c))
                        .unwrap_or(rest.len());
                }
                let (chunk, after) = rest.split_at(end);
                rest = self.key_value(chunk, after).unwrap_or_else(|| {
                    self.chunk(chunk, after);
                    after
                });
            }
        }
    }

    /// `key=value`, where the key does not say that the value tells.
    fn key_value<'a>(&mut self, key: &str, after: &'a str) -> Option<&'a str> {
        let value = after.strip_prefix('=')?;
        let lower = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
        let named = key.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
            && !key.starts_with(char::is_numeric);
        if !named || TELLING.contains(&lower.as_str()) || is_code_key(&lower) {
            return None;
        }
        let end = match quoted(value, "=") {
            Some((_, rest)) => value.len() - rest.len(),
            None => value.find(|c: char| c.is_whitespace() || ",;)]}|".contains(c)).unwrap_or(value.len()),
        };
        self.chunk(key, "");
        self.out.push('=');
        self.wild();
        Some(&value[end..])
    }

    /// One word is a value; several are a message.
    fn quote(&mut self, inner: &str, depth: u8) {
        let request = inner.rsplit_once(" HTTP/");
        if let Some((line, _)) = request {
            self.out.push_str(line.split(' ').next().unwrap_or_default());
            self.out.push(' ');
            self.wild();
            "http".clone_into(&mut self.word);
        } else if depth < 3
            && (inner.contains(' ') || TELLING.contains(&self.word.as_str()) || is_code_key(&self.word))
        {
            self.out.push('"');
            self.text(inner, depth + 1);
            self.out.push('"');
        } else {
            self.wild();
        }
    }

    /// A run without breaks: whole if it is an id, a path or a code, else by its parts.
    fn chunk(&mut self, chunk: &str, after: &str) {
        let core = chunk.trim_end_matches(['.', ':', '!', '?']);
        let (core, tail) = if core.is_empty() { (chunk, "") } else { (core, &chunk[core.len()..]) };
        if self.is_code(core) {
            self.word(core);
        } else if is_path(core) || is_id(core) || is_calendar(core, after) {
            self.wild();
        } else {
            self.parts(core);
        }
        self.out.push_str(tail);
    }

    fn parts(&mut self, core: &str) {
        let mut rest = core;
        while let Some(c) = rest.chars().next() {
            let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            if !inside(c) {
                self.out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            if part.chars().any(char::is_numeric) || is_long_hex(part) {
                self.wild();
            } else {
                self.word(part);
            }
            rest = after;
        }
    }

    fn word(&mut self, word: &str) {
        self.out.push_str(word);
        self.word.clear();
        self.word.extend(word.chars().take(40).map(|c| c.to_ascii_lowercase()));
    }

    /// A wildcard; one that only separators part from the last one joins it.
    fn wild(&mut self) {
        let between = self.out.get(self.wild_end..).unwrap_or_default();
        if self.wild_end > 0 && between.chars().all(|c| " ,.:;/-+_T@#".contains(c)) {
            self.out.truncate(self.wild_end);
        } else {
            self.out.push_str(WILD);
        }
        self.wild_end = self.out.len();
        if self.word != "http" {
            self.word.clear(); // in `HTTP/1.1 500` the version does not come between
        }
    }

    /// `E1234`, `ORA-00942`; or a short number whose key says it is a code.
    fn is_code(&self, core: &str) -> bool {
        let digits = core.strip_prefix('-').unwrap_or(core);
        let hex = digits.strip_prefix("0x").filter(|hex| !hex.is_empty() && hex.len() <= 8);
        let short = !digits.is_empty() && digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit());
        let hex = hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if short || hex {
            let between =
                self.out.rsplit(|c: char| c.is_alphanumeric() || c == '>').next().unwrap_or_default();
            return is_code_key(&self.word) && between.chars().count() <= 4;
        }
        let letters = core.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(0);
        let number = core[letters..].trim_start_matches(['-', '_']);
        letters > 0
            && (2..=7).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
            && core.as_bytes()[0].is_ascii_uppercase()
            && CODES.contains(&core[..letters].to_ascii_lowercase().as_str())
    }
}

/// Whether a number beside this word is a signal.
fn is_code_key(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']);
    matches!(
        word,
        "http" | "exit" | "rc" | "errno" | "error" | "err" | "signal" | "sqlstate" | "hresult" | "sig"
    ) || word.ends_with("code")
        || word.ends_with("status")
}

/// A quoted string at the start of `rest`: what is inside, what follows. An
/// apostrophe inside a word is no quote.
fn quoted<'a>(rest: &'a str, before: &str) -> Option<(&'a str, &'a str)> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    if quote == '\'' && before.ends_with(char::is_alphanumeric) {
        return None;
    }
    let inner = &rest[1..];
    let mut escaped = false;
    for (i, c) in inner.char_indices() {
        if c == quote && !escaped {
            return Some((&inner[..i], &inner[i + 1..]));
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

fn is_path(chunk: &str) -> bool {
    let slashes = chunk.bytes().filter(|b| matches!(b, b'/' | b'\\')).count();
    (slashes >= 1 && chunk.len() > 1 && (chunk.starts_with(['/', '~', '\\']) || chunk.contains("://")))
        || slashes >= 2
        || (chunk.len() > 3 && chunk.as_bytes()[1] == b':' && slashes >= 1)
}

/// UUIDs, hex with dashes or colons (MAC, IPv6), addresses.
fn is_id(chunk: &str) -> bool {
    let hexes = chunk.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b':' | b'.' | b'/'));
    let parts = chunk.bytes().filter(|b| matches!(b, b'-' | b':' | b'.')).count();
    hexes && (parts >= 2 || chunk.bytes().any(|b| b.is_ascii_digit())) && chunk.len() >= 3
        || chunk.starts_with("0x") && chunk.len() > 2
}

fn is_long_hex(part: &str) -> bool {
    part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A month or a weekday where a date goes on.
fn is_calendar(chunk: &str, after: &str) -> bool {
    let name = chunk.to_ascii_lowercase();
    let next = after.trim_start_matches([',', ' ']);
    let month = |text: &str| text.get(..3).is_some_and(|m| MONTHS.contains(&m.to_ascii_lowercase().as_str()));
    let digit = next.starts_with(|c: char| c.is_ascii_digit());
    name.len() == 3
        && (MONTHS.contains(&name.as_str()) && digit
            || DAYS.contains(&name.as_str()) && (digit || month(next)))
}

/// What follows the host in `Jun 14 15:16:01 host process[1]: …`; anything else as it is.
fn without_syslog_host(line: &str) -> &str {
    let line = line.trim_start();
    let rest = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).map_or(line, |(_, rest)| rest);
    let mut words = rest.split_ascii_whitespace();
    let (Some(month), Some(day), Some(time), Some(host)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return line;
    };
    let clock = time.len() >= 8 && time.as_bytes()[2] == b':' && time.as_bytes()[0].is_ascii_digit();
    if !MONTHS.contains(&month.to_ascii_lowercase().as_str()) || !clock || !day.as_bytes()[0].is_ascii_digit()
    {
        return line;
    }
    if host.ends_with(':') || host.contains('[') {
        return line;
    }
    rest.find(time)
        .and_then(|at| rest[at + time.len()..].trim_start().strip_prefix(host))
        .map_or(line, str::trim_start)
}
