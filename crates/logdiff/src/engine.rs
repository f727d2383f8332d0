//! Bytes to events with keys: what a model and a comparison have in common.

use crate::Severity;
use crate::encoding::Decoder;
use crate::fold::{Event, Folder, Line};
use crate::frame::Kind;
use crate::header::{self, Place, Wrap};
use crate::key;
use crate::line::{Facts, Reader, Role};
use crate::lines::Splitter;
use crate::record::TIMES;
use crate::shape::{self, Shape};
use crate::text;
use crate::texts::{NONE, Texts};
use crate::{hash, time};

/// Shapes that are remembered at once.
const SHAPES: usize = 1 << 15;
/// A text that no line needs.
const UNNEEDED: u32 = NONE - 1;

/// What is remembered of a shape.
#[derive(Debug, Clone, Copy)]
struct Entry {
    shape: u64,
    facts: Facts,
    text: u32,
}

/// Turns the chunks of logs into events.
#[derive(Debug)]
pub(crate) struct Engine {
    decoder: Decoder,
    splitter: Splitter,
    folder: Folder,
    pub within: Within,
}

/// What the lines of all logs share.
#[derive(Debug)]
pub(crate) struct Within {
    reader: Reader,
    shapes: Vec<Option<Entry>>,
    pub texts: Texts,
    year: i16,
    most: usize,
    scratch: Vec<u8>,
}

/// An event with its key.
pub(crate) struct Told<'a> {
    pub event: &'a Event,
    /// The number of its whole key, or [`NONE`].
    pub key: u32,
    /// How bad it is; an answer of 5xx is an error, whatever its level.
    pub shown: Severity,
}

impl Engine {
    pub(crate) fn new(most: usize, year: i16) -> Self {
        let within = Within {
            reader: Reader::default(),
            shapes: vec![None; SHAPES],
            texts: Texts::default(),
            year,
            most,
            scratch: Vec::new(),
        };
        Self { decoder: Decoder::default(), splitter: Splitter::default(), folder: Folder::default(), within }
    }

    pub(crate) fn lines(&self) -> u64 {
        self.splitter.lines
    }

    pub(crate) fn truncated(&self) -> u64 {
        self.splitter.truncated
    }

    /// Goes on as if so many lines had come.
    pub(crate) fn set_lines(&mut self, lines: u64) {
        self.splitter.lines = lines;
    }

    pub(crate) fn add_truncated(&mut self, lines: u64) {
        self.splitter.truncated += lines;
    }

    /// Counts lines from the first again.
    pub(crate) fn restart(&mut self) {
        self.splitter.lines = 0;
        self.splitter.truncated = 0;
    }

    /// Takes a chunk; hands over the events that ended in it.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&mut Within, &Told<'_>)) {
        let Self { decoder, splitter, folder, within } = self;
        let bytes = decoder.decode(bytes);
        splitter.feed(bytes, |number, raw| within.line(folder, number, raw, &mut each));
    }

    /// Ends a log.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(&mut Within, &Told<'_>)) {
        let Self { decoder, splitter, folder, within } = self;
        let rest = decoder.finish();
        splitter.feed(rest, |number, raw| within.line(folder, number, raw, &mut each));
        splitter.finish(|number, raw| within.line(folder, number, raw, &mut each));
        folder.finish(|event| within.ended(event, &mut each));
    }

    /// Shows the events that may go on.
    pub(crate) fn settle(&mut self, mut each: impl FnMut(&mut Within, &Told<'_>)) {
        let Self { folder, within, .. } = self;
        folder.settle(|event| {
            within.ended(event, &mut each);
            event.settled = true;
        });
    }
}

impl Within {
    #[inline]
    fn line(
        &mut self,
        folder: &mut Folder,
        number: u64,
        raw: &[u8],
        each: &mut impl FnMut(&mut Self, &Told<'_>),
    ) {
        let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        match shape::of(raw, false) {
            Shape::Of(shape) => self.shaped(folder, number, raw, Some(shape), each),
            Shape::Never => {
                let clean = text::clean(raw);
                self.shaped(folder, number, &clean, None, each);
            }
            Shape::Suspect => {
                let clean = text::clean(raw);
                let shape = match shape::of(&clean, true) {
                    Shape::Of(shape) => Some(shape),
                    _ => None,
                };
                self.shaped(folder, number, &clean, shape, each);
            }
        }
    }

    fn shaped(
        &mut self,
        folder: &mut Folder,
        number: u64,
        raw: &[u8],
        shape: Option<u64>,
        each: &mut impl FnMut(&mut Self, &Told<'_>),
    ) {
        let (facts, text) = self.read(raw, shape);
        let source = if facts.wrap == Wrap::Bare { 0 } else { hash::text(header::source(raw, facts.wrap)) };
        let line = Line { facts, text, number, raw, time: self.time(raw, facts.place), source };
        folder.line(&line, &mut |event| self.ended(event, each));
    }

    /// What a line is, from memory if its shape came before. A shape has two
    /// places, and takes that of the one that was used less.
    #[inline]
    fn read(&mut self, line: &[u8], shape: Option<u64>) -> (Facts, u32) {
        let Some(shape) = shape else { return self.read_anew(line) };
        #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
        let slot = (shape ^ shape >> 32) as usize % (SHAPES / 2) * 2;
        if let Some([one, two]) = self.shapes.get_mut(slot..slot + 2) {
            match (one.as_ref(), two.as_ref()) {
                (Some(entry), _) if entry.shape == shape => return (entry.facts, entry.text),
                (_, Some(entry)) if entry.shape == shape => {
                    std::mem::swap(one, two);
                    return one
                        .as_ref()
                        .map_or_else(|| (Facts::default(), NONE), |entry| (entry.facts, entry.text));
                }
                _ => {}
            }
        }
        let (facts, text) = self.read_anew(line);
        if text != NONE
            && let Some([one, two]) = self.shapes.get_mut(slot..slot + 2)
        {
            *two = one.replace(Entry { shape, facts, text });
        }
        (facts, text)
    }

    fn read_anew(&mut self, line: &[u8]) -> (Facts, u32) {
        let line = line.get(..shape::LONGEST.min(line.len())).unwrap_or_default();
        let facts = self.reader.read(line);
        let needed = !matches!(
            facts.role,
            Role::Blank | Role::Opens | Role::Trace(Kind::Quiet | Kind::Traceback | Kind::Goroutine)
        );
        let important = facts.severity.is_error() || facts.raised;
        if !needed {
            return (facts, UNNEEDED);
        }
        self.scratch.clear();
        self.scratch.push(key::badge(facts.severity));
        self.scratch.extend_from_slice(self.reader.text(facts));
        (facts, self.texts.number(&self.scratch, self.most, important))
    }

    /// The time of a line.
    #[inline]
    fn time(&self, line: &[u8], place: Place) -> Option<i64> {
        match place {
            Place::Nowhere => None,
            Place::Field(field) => field_time(line, field, self.year),
            _ => time::parse(header::find(line, place)?, self.year),
        }
    }

    /// Puts the key of an event together.
    fn ended(&mut self, event: &mut Event, each: &mut impl FnMut(&mut Self, &Told<'_>)) {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let (mut severity, mut raised, mut key) = (event.severity, event.raised, event.key);
        if !event.object.is_empty() {
            let facts = self.reader.read(&event.object);
            (severity, raised) = (facts.severity, facts.raised);
            text.push(key::badge(severity));
            text.extend_from_slice(self.reader.text(facts));
        } else if event.has_trace() {
            severity = if severity == Severity::Unknown { Severity::Error } else { severity };
            text.push(key::badge(severity));
            self.with_trace(event, &mut text);
        } else if key == UNNEEDED {
            text.extend([key::badge(severity), key::FIXED, b'{']);
        }
        if !text.is_empty() {
            key = self.texts.number(&text, self.most, severity.is_error());
        }
        self.scratch = text;
        let shown = if raised { severity.min(Severity::Error) } else { severity };
        each(self, &Told { event, key, shown });
    }

    /// Adds the key of an event and its trace.
    fn with_trace(&self, event: &Event, text: &mut Vec<u8>) {
        let mut add = |number: u32, part: bool| {
            let bytes = key::unbadged(self.texts.get(number)).1;
            if part {
                text.push(key::FRAME);
                // The key of a plain line, as the message of a panic.
                text.extend(bytes.iter().filter(|b| **b >= b' '));
            } else {
                text.extend_from_slice(bytes);
            }
        };
        if event.key < UNNEEDED {
            add(event.key, event.typed);
        }
        event.frames().filter(|part| *part < UNNEEDED).for_each(|part| add(part, true));
    }
}

/// The time in a field of a record.
fn field_time(line: &[u8], field: u8, year: i16) -> Option<i64> {
    let name = TIMES.get(usize::from(field))?;
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(line.get(from..)?, name) {
        let start = from + at;
        let rest = line.get(start + name.len()..)?;
        let quoted = start > 0 && line.get(start - 1) == Some(&b'"') && rest.first() == Some(&b'"');
        let bare = (start == 0 || line.get(start - 1) == Some(&b' ')) && rest.first() == Some(&b'=');
        if quoted || bare {
            let value = rest.get(1..)?.trim_ascii_start();
            let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii_start();
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            return time::parse(value, year);
        }
        from = start + name.len();
    }
    None
}
