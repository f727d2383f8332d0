//! Lines to events: a stack trace is one event with the line before it that
//! reported it.
//!
//! What a line adds is decided from its [`Facts`] alone, so a line of a known
//! shape costs next to nothing. Traces of several processes that are wrapped
//! line by line are told apart by who wrote them.

use crate::Severity;
use crate::frame::Kind;
use crate::header::Wrap;
use crate::line::{Facts, Role};
use crate::texts::NONE;

/// The most parts of a trace that count towards its identity.
const DEEPEST: usize = 64;
/// Processes whose traces are put together at once.
const SOURCES: usize = 8;
/// The longest object over several lines, in bytes.
const LONGEST_OBJECT: usize = 64 * 1024;

/// How an open event goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Plain,
    Frames,
    /// Frames of Python, whose exception comes last.
    Python,
    Go,
    /// Behind the goroutine that panicked: others only waited.
    GoRest,
    /// Before the message of a Rust panic.
    RustMessage,
    /// Before the message of a .NET category.
    Category,
    /// Inside an object over several lines.
    Object,
}

/// A line with what it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub facts: Facts,
    /// The number of its text: of its key, or of what it adds to a trace.
    pub text: u32,
    pub number: u64,
    pub raw: &'a [u8],
    pub time: Option<i64>,
    /// A hash of who wrote it.
    pub source: u64,
}

/// An event that may go on, or one that has ended.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is independent of the others")]
pub(crate) struct Event {
    /// The number of its key, without its parts.
    pub key: u32,
    /// Texts that it is put together of, besides the key; of the runtime's
    /// frames only if there are no others.
    pub parts: Vec<u32>,
    noise: Vec<u32>,
    pub severity: Severity,
    pub raised: bool,
    pub first: u64,
    pub last: u64,
    pub time: Option<i64>,
    /// Its first line as it was.
    pub raw: Vec<u8>,
    /// The text of an object over several lines.
    pub object: Vec<u8>,
    /// Whether it begins with the type of an exception.
    pub typed: bool,
    /// Whether it was told already, while it might have gone on.
    pub settled: bool,
    source: u64,
    mode: Mode,
    partial: bool,
}

impl Default for Event {
    fn default() -> Self {
        Self {
            key: NONE,
            parts: Vec::new(),
            noise: Vec::new(),
            severity: Severity::Unknown,
            raised: false,
            first: 0,
            last: 0,
            time: None,
            raw: Vec::new(),
            object: Vec::new(),
            typed: false,
            settled: false,
            source: 0,
            mode: Mode::Plain,
            partial: false,
        }
    }
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joins {
    Nothing(Mode),
    Part(Mode),
    Noise(Mode),
    /// It belongs to the event and ends it.
    Ends,
}

/// Folds lines into events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folder {
    bare: Event,
    open: bool,
    /// Events of wrapped lines, the last used last.
    wrapped: Vec<Event>,
}

impl Folder {
    /// Takes a line; hands over the event that ended before it.
    #[inline]
    pub(crate) fn line(&mut self, line: &Line<'_>, ended: &mut impl FnMut(&mut Event)) {
        if line.facts.wrap != Wrap::Bare {
            self.wrapped(line, ended);
            return;
        }
        if self.open {
            if self.bare.takes(line, ended, &mut self.open) {
                return;
            }
            ended(&mut self.bare);
        }
        self.open = line.facts.role != Role::Blank;
        if self.open {
            self.bare.begin(line);
        }
    }

    fn wrapped(&mut self, line: &Line<'_>, ended: &mut impl FnMut(&mut Event)) {
        let mut event = match self.wrapped.iter().rposition(|event| event.source == line.source) {
            Some(at) => {
                let mut event = self.wrapped.remove(at);
                let mut open = true;
                if event.takes(line, ended, &mut open) {
                    if open {
                        self.wrapped.push(event);
                    }
                    return;
                }
                ended(&mut event);
                event
            }
            None if self.wrapped.len() >= SOURCES => {
                let mut event = self.wrapped.remove(0);
                ended(&mut event);
                event
            }
            None => Event::default(),
        };
        if line.facts.role != Role::Blank {
            event.begin(line);
            self.wrapped.push(event);
        }
    }

    /// Hands over the events that are still open, in the order of their lines.
    pub(crate) fn finish(&mut self, mut ended: impl FnMut(&mut Event)) {
        let mut events = std::mem::take(&mut self.wrapped);
        events.sort_by_key(|event| event.first);
        if self.open {
            let at = events.partition_point(|event| event.first < self.bare.first);
            events.insert(at, std::mem::take(&mut self.bare));
            self.open = false;
        }
        events.iter_mut().for_each(&mut ended);
    }

    /// Shows the events that are still open, which stay open.
    pub(crate) fn settle(&mut self, mut each: impl FnMut(&mut Event)) {
        if self.open && !self.bare.settled {
            each(&mut self.bare);
        }
        self.wrapped.iter_mut().filter(|event| !event.settled).for_each(each);
    }
}

impl Event {
    fn begin(&mut self, line: &Line<'_>) {
        self.key = line.text;
        self.parts.clear();
        self.noise.clear();
        self.object.clear();
        self.severity = line.facts.severity;
        self.raised = line.facts.raised;
        self.first = line.number;
        self.last = line.number;
        self.time = line.time;
        self.raw.clear();
        self.raw.extend_from_slice(line.raw.get(..line.raw.len().min(2_048)).unwrap_or_default());
        self.source = line.source;
        self.settled = false;
        self.partial = line.facts.partial;
        self.typed = line.facts.role == Role::Trace(Kind::Typed);
        self.mode = match line.facts.role {
            Role::Trace(Kind::Traceback) => Mode::Python,
            Role::Trace(Kind::GoPanic | Kind::Goroutine) => Mode::Go,
            Role::Trace(Kind::RustPanic) => Mode::RustMessage,
            Role::Category => Mode::Category,
            Role::Opens => {
                self.object.extend_from_slice(line.raw);
                Mode::Object
            }
            _ => Mode::Plain,
        };
    }

    /// Whether a line belongs to this event; it is taken in then.
    fn takes(&mut self, line: &Line<'_>, ended: &mut impl FnMut(&mut Event), open: &mut bool) -> bool {
        if self.mode == Mode::Plain && line.facts.role == Role::Start && !self.partial {
            return false;
        }
        let Some(joins) = self.joins(line) else { return false };
        self.last = line.number;
        self.partial &= line.facts.partial;
        self.settled &= matches!(joins, Joins::Nothing(_));
        match joins {
            Joins::Nothing(mode) => self.mode = mode,
            Joins::Part(mode) => {
                self.mode = mode;
                // Recursion of any depth is one frame.
                if self.parts.len() < DEEPEST && self.parts.last() != Some(&line.text) {
                    self.parts.push(line.text);
                }
            }
            Joins::Noise(mode) => {
                self.mode = mode;
                if self.noise.len() < DEEPEST && self.noise.last() != Some(&line.text) {
                    self.noise.push(line.text);
                }
            }
            Joins::Ends => {
                *open = false;
                ended(self);
            }
        }
        true
    }

    /// The parts that count: those of the program, or else the runtime's.
    pub(crate) fn frames(&self) -> impl Iterator<Item = u32> + '_ {
        let noise = if self.parts.is_empty() { self.noise.as_slice() } else { &[] };
        self.parts.iter().chain(noise).copied()
    }

    pub(crate) fn has_trace(&self) -> bool {
        !self.parts.is_empty() || !self.noise.is_empty()
    }

    fn in_trace(&self) -> bool {
        self.mode != Mode::Plain || self.has_trace()
    }

    fn bad(&self) -> bool {
        matches!(self.severity, Severity::Fatal | Severity::Error | Severity::Warning)
    }

    /// Whether and how a line goes on with this event.
    fn joins(&mut self, line: &Line<'_>) -> Option<Joins> {
        let role = line.facts.role;
        if self.partial && !matches!(role, Role::Blank) {
            return Some(Joins::Nothing(self.mode));
        }
        if self.mode == Mode::Object {
            return self.object(line);
        }
        if role == Role::Start {
            return None;
        }
        if role == Role::Blank {
            return self.in_trace().then_some(Joins::Nothing(self.mode));
        }
        match self.mode {
            Mode::RustMessage => return Some(Joins::Part(Mode::Frames)),
            Mode::Category if role == Role::Indented || role == Role::Trace(Kind::Typed) => {
                return Some(Joins::Part(Mode::Frames));
            }
            Mode::GoRest if matches!(role, Role::Trace(_) | Role::Indented) => {
                return Some(Joins::Nothing(Mode::GoRest));
            }
            Mode::Go | Mode::GoRest => return self.go(role),
            Mode::Python if !matches!(role, Role::Trace(_)) => {
                let named = role == Role::Loose && !line.facts.indented;
                return Some(if named { Joins::Part(Mode::Frames) } else { Joins::Nothing(Mode::Python) });
            }
            _ => {}
        }
        self.trace(role, line.facts.indented)
    }

    fn trace(&self, role: Role, indented: bool) -> Option<Joins> {
        let in_trace = self.in_trace();
        let frames = if self.mode == Mode::Python { Mode::Python } else { Mode::Frames };
        match role {
            Role::Trace(Kind::Frame) if indented || in_trace || self.bad() || self.typed => {
                Some(Joins::Part(frames))
            }
            Role::Trace(Kind::Noise) if indented || in_trace || self.bad() || self.typed => {
                Some(Joins::Noise(frames))
            }
            Role::Trace(Kind::Cause) => Some(Joins::Part(Mode::Frames)),
            Role::Trace(Kind::Quiet) if in_trace || indented || self.bad() => {
                Some(Joins::Nothing(if in_trace { frames } else { Mode::Frames }))
            }
            Role::Trace(Kind::Traceback) if in_trace || self.bad() => Some(Joins::Nothing(Mode::Python)),
            Role::Trace(Kind::Goroutine) if in_trace || self.bad() => Some(Joins::Nothing(Mode::Go)),
            Role::Trace(Kind::Typed) if self.mode == Mode::Python || indented && in_trace => {
                Some(Joins::Part(Mode::Frames))
            }
            // The exception below the line that reports it.
            Role::Trace(Kind::Typed) if !in_trace && !self.typed && self.bad() => {
                Some(Joins::Part(Mode::Frames))
            }
            Role::Indented if in_trace => Some(Joins::Nothing(self.mode)),
            _ => None,
        }
    }

    /// The stack of the goroutine that panicked comes first; others follow.
    fn go(&self, role: Role) -> Option<Joins> {
        match role {
            Role::Trace(Kind::Frame) => Some(Joins::Part(Mode::Go)),
            Role::Trace(Kind::Noise) => Some(Joins::Noise(Mode::Go)),
            Role::Trace(Kind::Goroutine) => {
                Some(Joins::Nothing(if self.has_trace() { Mode::GoRest } else { Mode::Go }))
            }
            Role::Trace(Kind::Quiet) | Role::Indented => Some(Joins::Nothing(Mode::Go)),
            _ => None,
        }
    }

    /// A line of an object over several lines, up to the brace that ends it.
    fn object(&mut self, line: &Line<'_>) -> Option<Joins> {
        if line.facts.role == Role::Start && !line.facts.indented
            || self.object.len() + line.raw.len() > LONGEST_OBJECT
        {
            self.object.clear();
            self.mode = Mode::Plain;
            return None;
        }
        self.object.push(b'\n');
        self.object.extend_from_slice(line.raw);
        Some(if line.raw.first() == Some(&b'}') { Joins::Ends } else { Joins::Nothing(Mode::Object) })
    }
}
