//! Structured lines: which field of a JSON object or a logfmt line is the
//! message, the level, the logger, the time, the stack, and which others tell.
//!
//! Names come first; where none fits, the shape of the values decides. All
//! other fields are context and say nothing about the kind of an event.

use crate::Severity;
use crate::json::{Field, Value};
use crate::words::Lower;

/// Names of fields that hold the time of an event, as they are written.
pub(crate) const TIMES: [&[u8]; 14] = [
    b"time",
    b"ts",
    b"timestamp",
    b"@timestamp",
    b"t",
    b"@t",
    b"date",
    b"datetime",
    b"asctime",
    b"eventTime",
    b"__REALTIME_TIMESTAMP",
    b"Timestamp",
    b"timeMillis",
    b"@time",
];

const MESSAGES: [&[u8]; 20] = [
    b"messagetemplate",
    b"mt",
    b"msg",
    b"message",
    b"short_message",
    b"m",
    b"jsonpayload.message",
    b"jsonpayload.msg",
    b"fields.message",
    b"fields.msg",
    b"renderedmessage",
    b"event",
    b"text",
    b"textpayload",
    b"body.stringvalue",
    b"body",
    b"log.message",
    b"log",
    b"event.message",
    b"description",
];
const LEVELS: [&[u8]; 16] = [
    b"level",
    b"severity",
    b"lvl",
    b"log.level",
    b"levelname",
    b"loglevel",
    b"level_name",
    b"severitytext",
    b"severity_text",
    b"l",
    b"s",
    b"priority",
    b"severitynumber",
    b"severity_number",
    b"levelno",
    b"jsonpayload.level",
];
const LOGGERS: [&[u8]; 14] = [
    b"logger",
    b"logger_name",
    b"loggername",
    b"log.logger",
    b"target",
    b"sourcecontext",
    b"properties.sourcecontext",
    b"component",
    b"module",
    b"category",
    b"c",
    b"syslog_identifier",
    b"name",
    b"service.name",
];
const STACKS: [&[u8]; 16] = [
    b"stack",
    b"stack_trace",
    b"stacktrace",
    b"error.stack_trace",
    b"error.stack",
    b"err.stack",
    b"exception.stacktrace",
    b"exception.stack_trace",
    b"exc_info",
    b"x",
    b"error.stacktrace",
    b"traceback",
    b"errorverbose",
    b"exception.stack",
    b"thrown.stack",
    b"backtrace",
];

/// The parts of a record, as places in the list of fields.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub message: Option<usize>,
    pub level: Option<usize>,
    pub logger: Option<usize>,
    pub stack: Option<usize>,
    pub time: Option<u8>,
    /// Fields whose values tell, in the order of the line.
    pub telling: Vec<usize>,
    /// The line of another program in a wrapper: `log` beside `stream`.
    pub wrapped: Option<usize>,
}

/// The name of a field with those of the objects around it, in lower case and
/// without the marks that some loggers put before it.
fn full_name(text: &[u8], fields: &[Field], at: usize, out: &mut Vec<u8>) {
    out.clear();
    let field = fields[at];
    if field.depth > 0 && usize::from(field.parent) < at {
        full_name(text, fields, usize::from(field.parent), out);
        out.push(b'.');
    }
    let name = text.get(field.name.0..field.name.1).unwrap_or_default();
    let name = name
        .strip_prefix(b"@")
        .or_else(|| name.strip_prefix(b"__"))
        .or_else(|| name.strip_prefix(b"_"))
        .unwrap_or(name);
    out.extend(name.iter().take(40).map(u8::to_ascii_lowercase));
}

/// Where a part of a record goes.
type Slot<'a> = &'a mut Option<usize>;

/// Finds the parts of a record.
pub(crate) fn read(text: &[u8], fields: &[Field], record: &mut Record) {
    record.telling.clear();
    *record = Record { telling: std::mem::take(&mut record.telling), ..Record::default() };
    let mut best = [usize::MAX; 4];
    let mut name = Vec::with_capacity(64);
    let mut stream = false;
    for (at, field) in fields.iter().enumerate() {
        let value = text.get(field.value.0..field.value.1).unwrap_or_default();
        let exact = text.get(field.name.0..field.name.1).unwrap_or_default();
        if record.time.is_none() && field.depth == 0 && matches!(field.kind, Value::Text | Value::Number) {
            record.time = TIMES.iter().position(|time| *time == exact).and_then(|i| u8::try_from(i).ok());
        }
        full_name(text, fields, at, &mut name);
        stream |= field.depth == 0 && exact == b"stream" && matches!(value, b"stdout" | b"stderr");
        let text_value = field.kind == Value::Text && !value.is_empty();
        let lists: [(&[&[u8]], Slot<'_>, bool); 4] = [
            (&MESSAGES, &mut record.message, text_value),
            (&LEVELS, &mut record.level, is_level(&name, field.kind, value)),
            (&LOGGERS, &mut record.logger, text_value && !value.contains(&b' ')),
            (&STACKS, &mut record.stack, text_value && memchr::memmem::find(value, b"\\n").is_some()),
        ];
        let mut taken = false;
        for (i, (list, place, fits)) in lists.into_iter().enumerate() {
            if let Some(rank) =
                list.iter().position(|n| *n == name.as_slice()).filter(|rank| fits && *rank < best[i])
            {
                best[i] = rank;
                *place = Some(at);
                taken = true;
            }
        }
        if !taken && tells(&name, field.kind, value) {
            record.telling.push(at);
        }
    }
    if record.message.is_none() {
        record.message = fields.iter().position(|field| {
            let value = text.get(field.value.0..field.value.1).unwrap_or_default();
            field.kind == Value::Text && field.depth <= 1 && memchr::memchr_iter(b' ', value).nth(1).is_some()
        });
    }
    if record.level.is_none() {
        record.level = fields.iter().position(|field| {
            let value = text.get(field.value.0..field.value.1).unwrap_or_default();
            field.kind == Value::Text && value.len() >= 4 && Lower::of(value).level().is_some()
        });
    }
    let whole = record
        .message
        .filter(|at| stream && fields.get(*at).is_some_and(|f| text.get(f.name.0..f.name.1) == Some(b"log")));
    record.wrapped = whole;
    let (message, stack) = (record.message, record.stack);
    record.telling.retain(|at| Some(*at) != message && Some(*at) != stack);
}

fn is_level(name: &[u8], kind: Value, value: &[u8]) -> bool {
    match kind {
        Value::Text if name == b"s" => matches!(value, b"I" | b"W" | b"E" | b"F"),
        Value::Text => {
            Lower::of(value).level().is_some()
                || (name == b"priority" && value.len() == 1 && value[0].is_ascii_digit())
        }
        Value::Number => {
            matches!(
                name,
                b"level"
                    | b"severity"
                    | b"priority"
                    | b"severitynumber"
                    | b"severity_number"
                    | b"levelno"
                    | b"lvl"
            ) && value.len() <= 2
        }
        _ => false,
    }
}

/// Whether a field says what happened, beside the message.
fn tells(name: &[u8], kind: Value, value: &[u8]) -> bool {
    if matches!(kind, Value::Object | Value::Opaque)
        || value.is_empty()
        || matches!(value, b"null" | b"false")
    {
        return false;
    }
    let (holder, last) = match name.iter().rposition(|b| *b == b'.') {
        Some(dot) => name.split_at(dot),
        None => (&b""[..], name),
    };
    let last = last.strip_prefix(b".").unwrap_or(last);
    let holder = holder.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let failing = |word: &[u8]| {
        matches!(word, b"err" | b"error" | b"exception" | b"exc" | b"cause" | b"thrown" | b"fault")
    };
    if failing(holder) {
        return matches!(
            last,
            b"type"
                | b"name"
                | b"code"
                | b"kind"
                | b"class"
                | b"message"
                | b"msg"
                | b"errno"
                | b"exception_class"
        );
    }
    failing(last)
        || matches!(
            last,
            b"code"
                | b"status"
                | b"statuscode"
                | b"status_code"
                | b"exit_code"
                | b"exitcode"
                | b"errno"
                | b"error_code"
                | b"errorcode"
                | b"error_type"
                | b"errortype"
                | b"error_message"
                | b"errormessage"
                | b"errmsg"
                | b"sqlstate"
                | b"signal"
                | b"reason"
                | b"exception_type"
                | b"exception_class"
        )
}

/// The severity that the value of a level field names.
pub(crate) fn severity(name: &[u8], value: &[u8], gelf: bool) -> Option<Severity> {
    if let Some(severity) = Lower::of(value).level() {
        return Some(severity);
    }
    let name =
        name.strip_prefix(b"@").or_else(|| name.strip_prefix(b"__")).unwrap_or(name).to_ascii_lowercase();
    let Some(number) = std::str::from_utf8(value).ok().and_then(|text| text.parse::<u8>().ok()) else {
        return match value {
            b"F" => Some(Severity::Fatal),
            b"E" => Some(Severity::Error),
            b"W" => Some(Severity::Warning),
            b"I" => Some(Severity::Info),
            _ => None,
        };
    };
    Some(match name.as_slice() {
        b"priority" => return crate::header::priority(value),
        b"severitynumber" | b"severity_number" => match number {
            21.. => Severity::Fatal,
            17..=20 => Severity::Error,
            13..=16 => Severity::Warning,
            9..=12 => Severity::Info,
            _ => Severity::Debug,
        },
        b"levelno" => match number {
            50.. => Severity::Fatal,
            40..=49 => Severity::Error,
            30..=39 => Severity::Warning,
            20..=29 => Severity::Info,
            _ => Severity::Debug,
        },
        _ if gelf || number <= 7 => return crate::header::priority(value),
        _ => match number {
            60.. => Severity::Fatal,
            50..=59 => Severity::Error,
            40..=49 => Severity::Warning,
            30..=39 => Severity::Info,
            _ => Severity::Debug,
        },
    })
}

/// The fields of a logfmt line (`level=info msg="…" took=3ms`), if it is one.
pub(crate) fn logfmt(line: &[u8], fields: &mut Vec<Field>) -> bool {
    fields.clear();
    let mut at = 0;
    let mut stray = 0;
    while let Some(blank) = line.get(at..).and_then(|rest| rest.iter().position(|b| *b != b' ')) {
        at += blank;
        let rest = line.get(at..).unwrap_or_default();
        let name = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@' | b'/')))
            .unwrap_or(rest.len());
        if name == 0 || rest.get(name) != Some(&b'=') {
            // A flag without a value is allowed behind the first pair.
            let end = rest.iter().position(|b| *b == b' ').unwrap_or(rest.len());
            stray += 1;
            if fields.is_empty() || stray > 2 {
                return false;
            }
            at += end.max(1);
            continue;
        }
        let start = at + name + 1;
        let (value, kind, end) = value(line, start);
        fields.push(Field { name: (at, at + name), value, kind, depth: 0, parent: 0 });
        if fields.len() > 96 {
            break;
        }
        at = end;
    }
    let named = |names: &[&[u8]]| {
        fields.iter().any(|field| names.contains(&line.get(field.name.0..field.name.1).unwrap_or_default()))
    };
    fields.len() >= 2
        && (named(&[b"msg", b"message", b"event"])
            || (named(&[b"level", b"lvl", b"severity"]) && named(&TIMES)))
}

/// The value at a place, its kind, and where it ends.
fn value(line: &[u8], start: usize) -> ((usize, usize), Value, usize) {
    let rest = line.get(start..).unwrap_or_default();
    if rest.first() == Some(&b'"') {
        let mut at = 1;
        while let Some(step) = rest.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            at += step;
            if rest[at] == b'"' {
                return ((start + 1, start + at), Value::Text, start + at + 1);
            }
            at += 2;
        }
    }
    let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    let bytes = &rest[..end];
    let number = !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    ((start, start + end), if number { Value::Number } else { Value::Text }, start + end)
}
