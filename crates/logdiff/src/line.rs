//! One line to what it is: how it relates to the lines before it, how bad it
//! says it is, and the key of its kind.

use crate::Severity;
use crate::frame::{self, Kind};
use crate::header::{self, Header, Place, Wrap};
use crate::json::{self, Field, Value};
use crate::key;
use crate::mask::Masker;
use crate::record::{self, Record};

/// How a line relates to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Blank,
    /// It begins an event, whatever comes before: it has a header, or is a record.
    Start,
    /// It begins an event unless a trace before it claims it.
    Loose,
    /// As [`Role::Loose`], with an indent.
    Indented,
    /// A line of a stack trace.
    Trace(Kind),
    /// `{` alone: an object over several lines.
    Opens,
    /// `fail: Category[0]`, whose message is on the next, indented line.
    Category,
}

/// What a line is. Its key, or what it adds to a trace, is in the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub role: Role,
    pub severity: Severity,
    pub place: Place,
    pub wrap: Wrap,
    pub indented: bool,
    /// Whether the next line goes on with this one.
    pub partial: bool,
    /// Whether an answer of 5xx makes it an error, whatever its level.
    pub raised: bool,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            role: Role::Loose,
            severity: Severity::Unknown,
            place: Place::Nowhere,
            wrap: Wrap::Bare,
            indented: false,
            partial: false,
            raised: false,
        }
    }
}

/// Reads lines; keeps its memory between them.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    masker: Masker,
    fields: Vec<Field>,
    record: Record,
    part: Vec<u8>,
    text: Vec<u8>,
    name: Vec<u8>,
}

/// Wrappers within wrappers are followed so far.
const DEEPEST: u8 = 3;

impl Reader {
    /// Reads a clean line.
    pub(crate) fn read(&mut self, line: &[u8]) -> Facts {
        self.masker.begin();
        let facts = self.inner(line, 0);
        Facts { raised: self.masker.server_error, ..facts }
    }

    /// What the line read last adds: a part of a trace, or else the key of its kind.
    pub(crate) fn text(&mut self, facts: Facts) -> &[u8] {
        match facts.role {
            Role::Trace(Kind::Frame | Kind::Noise | Kind::Cause | Kind::Typed) => &self.part,
            _ => self.masker.key.done(),
        }
    }

    fn inner(&mut self, line: &[u8], depth: u8) -> Facts {
        let indented = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        let plain = Facts { indented, ..Facts::default() };
        let text = line.trim_ascii();
        if text.is_empty() {
            return Facts { role: Role::Blank, ..plain };
        }
        if text == b"{" {
            return Facts { role: Role::Opens, severity: Severity::Unknown, ..plain };
        }
        if text.first() == Some(&b'{')
            && let Some(facts) = self.json(text, depth)
        {
            return facts;
        }
        let header = header::read(line, self.masker.split(line));
        let starts = header.dated || header.wrap != Wrap::Bare || header.severity.is_some();
        let content = line.get(header.content..).unwrap_or_default();
        if header.wrap != Wrap::Bare && depth < DEEPEST {
            let wrapped = self.wrapped(content, &header, depth);
            if let Some(facts) = wrapped {
                return facts;
            }
        }
        if record::logfmt(text, &mut self.fields) {
            return self.structured(text, Facts { role: Role::Start, ..plain }, false, depth);
        }
        let trace = if starts && header.wrap == Wrap::Bare {
            None
        } else {
            let indented = content.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
            frame::read(content, indented, &mut self.part)
        };
        self.masker.line(line, &header);
        let severity = self.masker.severity();
        let role = match trace {
            Some(kind) => Role::Trace(kind),
            None if starts => Role::Start,
            None if is_category(text) => Role::Category,
            None if indented => Role::Indented,
            None => Role::Loose,
        };
        Facts {
            role,
            severity,
            place: header.place,
            wrap: header.wrap,
            partial: header.partial,
            indented,
            raised: false,
        }
    }

    /// A line in a wrapper whose own line is more than text.
    fn wrapped(&mut self, content: &[u8], header: &Header, depth: u8) -> Option<Facts> {
        let text = content.trim_ascii();
        let record = text.first() == Some(&b'{') || record::logfmt(text, &mut self.fields);
        if !record && header.wrap != Wrap::Stream && header.wrap != Wrap::Bar && header.wrap != Wrap::Bracket
        {
            return None;
        }
        let content = content.to_vec();
        let inner = self.inner(&content, depth + 1);
        Some(Facts { place: header.place, wrap: header.wrap, partial: header.partial, ..inner })
    }

    fn json(&mut self, text: &[u8], depth: u8) -> Option<Facts> {
        let end = json::object(text, &mut self.fields)?;
        if !text.get(end..)?.trim_ascii().is_empty() {
            return None;
        }
        let plain = Facts { role: Role::Start, ..Facts::default() };
        Some(self.structured(text, plain, true, depth))
    }

    /// The kind of a record.
    fn structured(&mut self, text: &[u8], facts: Facts, escaped: bool, depth: u8) -> Facts {
        let fields = std::mem::take(&mut self.fields);
        let mut record = std::mem::take(&mut self.record);
        record::read(text, &fields, &mut record);
        let place = record.time.map_or(Place::Nowhere, Place::Field);
        let value = |at: usize| {
            fields
                .get(at)
                .map_or(&b""[..], |field| text.get(field.value.0..field.value.1).unwrap_or_default())
        };
        let name = |at: usize| {
            fields.get(at).map_or(&b""[..], |field| text.get(field.name.0..field.name.1).unwrap_or_default())
        };
        let gelf = record.message.is_some_and(|at| name(at) == b"short_message");
        let mut out = Facts { place, ..facts };
        if let Some(at) = record.wrapped.filter(|_| depth < DEEPEST) {
            let mut line = std::mem::take(&mut self.text);
            line.clear();
            json::unescape(value(at), &mut line);
            let partial = !line.ends_with(b"\n");
            let inner = {
                let clean = crate::text::clean(line.trim_ascii_end());
                self.inner(&clean, depth + 1)
            };
            self.text = line;
            out = Facts { place, wrap: Wrap::Stream, partial, ..inner };
        } else {
            if let Some(at) = record.level {
                self.masker.set_severity(record::severity(name(at), value(at), gelf));
            }
            if let Some(severity) = self.masker.severity_named() {
                self.masker.key.token(key::LEVEL, severity.name().to_ascii_uppercase().as_bytes());
                self.masker.key.space();
            }
            if let Some(at) = record.logger {
                self.masker.component(value(at));
            }
            self.message(record.message.map(&value), escaped);
            for at in &record.telling {
                let numeric = fields.get(*at).is_some_and(|field| field.kind == Value::Number);
                self.telling(name(*at), value(*at), escaped, numeric);
            }
            if record.message.is_none() {
                for (at, field) in fields
                    .iter()
                    .enumerate()
                    .filter(|(at, field)| field.depth == 0 && Some(*at) != record.level)
                {
                    if !record.telling.contains(&at) {
                        self.masker.field(text.get(field.name.0..field.name.1).unwrap_or_default());
                    }
                }
            }
            if let Some(at) = record.stack {
                self.stack(value(at), escaped);
            }
            out.severity = self.masker.severity();
        }
        self.fields = fields;
        self.record = record;
        out
    }

    /// The message; what follows its first line may be a stack.
    fn message(&mut self, value: Option<&[u8]>, escaped: bool) {
        let Some(value) = value else { return };
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        if escaped {
            json::unescape(value, &mut text);
        } else {
            text.extend_from_slice(value);
        }
        let clean = crate::text::clean(text.trim_ascii());
        let first = memchr::memchr(b'\n', &text).filter(|at| *at < text.len());
        match first {
            Some(at) => {
                let head = crate::text::clean(text.get(..at).unwrap_or_default()).into_owned();
                self.masker.message(&head);
                let rest = text.get(at..).unwrap_or_default().to_vec();
                self.trace(&rest, true);
            }
            None => self.masker.message(&clean),
        }
        self.text = text;
    }

    fn telling(&mut self, name: &[u8], value: &[u8], escaped: bool, numeric: bool) {
        let mut text = std::mem::take(&mut self.name);
        text.clear();
        if escaped {
            json::unescape(value, &mut text);
        } else {
            text.extend_from_slice(value);
        }
        let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
        let clean = crate::text::clean(line);
        self.masker.telling(name, &clean, numeric);
        drop(clean);
        self.name = text;
    }

    /// A stack in a field.
    fn stack(&mut self, value: &[u8], escaped: bool) {
        let mut text = Vec::with_capacity(value.len());
        if escaped {
            json::unescape(value, &mut text);
        } else {
            text.extend_from_slice(value);
        }
        self.trace(&text, false);
    }

    /// Adds the lines of a trace to the key; other lines are words of the
    /// message where `message` says so.
    fn trace(&mut self, text: &[u8], message: bool) {
        let mut last: Vec<u8> = Vec::new();
        let mut words = 0;
        for line in text.split(|b| matches!(b, b'\n' | b'\r')).take(400) {
            let line = crate::text::clean(line);
            let indented = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
            match frame::read(&line, indented, &mut self.part) {
                Some(Kind::Frame | Kind::Cause | Kind::Typed) if self.part != last => {
                    self.masker.key.token(key::FRAME, &self.part);
                    last.clone_from(&self.part);
                }
                None if message && !line.trim_ascii().is_empty() && words < 4 => {
                    words += 1;
                    self.masker.key.space();
                    self.masker.message(&line);
                }
                _ => {}
            }
        }
    }
}

/// `info: Microsoft.Hosting.Lifetime[14]`, as .NET's console writes it.
fn is_category(text: &[u8]) -> bool {
    let Some(at) = memchr::memmem::find(text, b": ") else { return false };
    matches!(text.get(..at), Some(b"trce" | b"dbug" | b"info" | b"warn" | b"fail" | b"crit"))
        && text.ends_with(b"]")
        && !text.get(at + 2..).unwrap_or_default().contains(&b' ')
}

/// Whether a line certainly begins an event of its own.
pub(crate) fn begins(facts: Facts) -> bool {
    facts.role == Role::Start && !facts.indented
}
