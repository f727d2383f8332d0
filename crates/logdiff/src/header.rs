//! What the start of a line says before the message starts: where its time
//! stamp is, who wrote it, where the name of the host is, and a severity that
//! only a number or a letter tells.

use crate::Severity;
use crate::atoms::{Atom, Sort};
use crate::words::{Lower, is};

/// Where the time stamp of a line is, for lines of one shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Place {
    #[default]
    Nowhere,
    /// Behind so many blanks.
    Blanks(u8),
    /// Behind the first bracket.
    Bracket,
    /// Behind the first vertical bar and its blank.
    Bar,
    /// The value of a field: one of [`crate::record::TIMES`].
    Field(u8),
}

/// How a line is wrapped whose stack traces are wrapped line by line, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Wrap {
    #[default]
    Bare,
    /// `time host process[1]: …`: everything between the time and a colon says who it is.
    Colon,
    /// `service-1  | …`
    Bar,
    /// `[pod/name/container] …`
    Bracket,
    /// `time stdout F …`, one line after the other.
    Stream,
}

/// What a header says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub severity: Option<Severity>,
    /// Bytes of the host's name.
    pub host: Option<(u32, u32)>,
    pub place: Place,
    /// Whether there is a date or a clock time where a header has it.
    pub dated: bool,
    pub wrap: Wrap,
    /// Where the message starts, as far as the wrapping goes.
    pub content: usize,
    /// Whether the next line goes on with this one (`P` of CRI).
    pub partial: bool,
}

struct Reader<'a> {
    line: &'a [u8],
    atoms: &'a [Atom],
}

/// Reads the header of a clean line that was cut into atoms.
pub(crate) fn read(line: &[u8], atoms: &[Atom]) -> Header {
    let reader = Reader { line, atoms };
    let (place, dated) = reader.place();
    let mut header = Header { place, dated, ..Header::default() };
    let mut at = 0;
    if reader.is(0, b'<') && reader.sort(1) == Some(Sort::Number) && reader.is(2, b'>') {
        header.severity = priority(reader.text(1));
        at = 3;
        if reader.text(at) == b"1" && reader.sort(at + 1) == Some(Sort::Space) {
            at += 2;
        }
    } else if reader.sort(0) == Some(Sort::LetterFirst)
        && reader.sort(1) == Some(Sort::Space)
        && reader.is(3, b':')
    {
        header.severity = glog(reader.text(0));
        return header;
    }
    if let Some(end) = reader.bar().filter(|_| at == 0) {
        header.wrap = Wrap::Bar;
        header.content = end;
    } else if let Some(end) = reader.pod().filter(|_| at == 0) {
        header.wrap = Wrap::Bracket;
        header.content = end;
    } else if reader.month(at) {
        reader.syslog(at, &mut header);
    } else if reader.sort(at) == Some(Sort::Number) && reader.is(at + 1, b'-') {
        reader.dated(at, &mut header);
    }
    header
}

impl Reader<'_> {
    fn is(&self, at: usize, mark: u8) -> bool {
        self.atoms.get(at).is_some_and(|atom| atom.is(mark))
    }

    fn sort(&self, at: usize) -> Option<Sort> {
        self.atoms.get(at).map(|atom| atom.sort)
    }

    fn text(&self, at: usize) -> &[u8] {
        self.atoms.get(at).map_or(&b""[..], |atom| atom.of(self.line))
    }

    /// Where the time stamp is, and whether it looks like one. An epoch does
    /// not, but may be one.
    fn place(&self) -> (Place, bool) {
        let first = if self.is(0, b'<') { 3 } else { 0 };
        let version = first > 0 && self.text(first) == b"1" && self.sort(first + 1) == Some(Sort::Space);
        let near = self.atoms.len().min(48);
        let behind = |mark: u8| (0..near).find(|i| self.is(*i, mark)).map(|i| i + 1);
        let blanks: Vec<usize> =
            (1..near).filter(|i| self.sort(i - 1) == Some(Sort::Space)).take(4).collect();
        let places = [
            (Place::Blanks(0), Some(if version { first + 2 } else { first })),
            (Place::Bracket, behind(b'[')),
            (Place::Blanks(1), blanks.first().copied()),
            (Place::Bar, behind(b'|').map(|i| i + usize::from(self.sort(i) == Some(Sort::Space)))),
            (Place::Blanks(2), blanks.get(1).copied()),
            (Place::Blanks(3), blanks.get(2).copied()),
            (Place::Blanks(4), blanks.get(3).copied()),
        ];
        for (place, at) in places {
            if at.is_some_and(|at| self.is_date(at)) {
                return (place, true);
            }
        }
        let epoch = |at: usize| {
            self.sort(at) == Some(Sort::Number)
                && (self.sort(at + 1) == Some(Sort::Space) || self.is(at + 1, b'.'))
        };
        match blanks.first() {
            _ if epoch(first) => (Place::Blanks(0), false),
            Some(at) if epoch(*at) => (Place::Blanks(1), false),
            _ => (Place::Nowhere, false),
        }
    }

    fn digits(&self, at: usize) -> bool {
        self.sort(at) == Some(Sort::Number)
    }

    fn clock(&self, at: usize) -> bool {
        self.digits(at) && self.is(at + 1, b':') && self.digits(at + 2)
    }

    /// Whether a date, or a clock time, starts here.
    fn is_date(&self, at: usize) -> bool {
        let space = |at: usize| self.sort(at) == Some(Sort::Space);
        match self.sort(at) {
            Some(Sort::Number) => {
                let mark = self.atoms.get(at + 1).map_or(0, |atom| atom.mark);
                let dashed = matches!(mark, b'-' | b'/' | b'.');
                let gap =
                    |at: usize| space(at) || self.is(at, b'-') || self.is(at, b'_') || self.is(at, b':');
                let numeric = dashed && self.digits(at + 2);
                let full = numeric
                    && self.is(at + 3, mark)
                    && (self.sort(at + 4) == Some(Sort::DigitFirst) && self.is(at + 5, b':')
                        || self.digits(at + 4)
                            && gap(at + 5)
                            && self.digits(at + 6)
                            && (self.is(at + 7, b':') || self.is(at + 7, b'.')));
                let short = numeric && space(at + 3) && self.clock(at + 4);
                let compact = (mark == b'-' || mark == b'_' || space(at + 1))
                    && self.clock(at + 2)
                    && self.is(at + 5 - 1 + 1, b':');
                let compact =
                    compact || (mark == b'-' || space(at + 1)) && self.clock(at + 2) && self.is(at + 5, b':');
                let named = (dashed || space(at + 1))
                    && self.month(at + 2)
                    && (self.is(at + 3, mark) || space(at + 3))
                    && self.digits(at + 4)
                    && (self.is(at + 5, b':') || space(at + 5) && self.clock(at + 6));
                let clock = self.clock(at) && self.is(at + 3, b':') && self.digits(at + 4);
                full || short || compact || named || clock
            }
            Some(Sort::Word) if Lower::of(self.text(at)).is(is::WEEKDAY) => {
                let next = at + 2 + usize::from(self.is(at + 1, b','));
                self.month(next) && self.digits(next + 2) || self.digits(next) && self.month(next + 2)
            }
            Some(Sort::Word) => {
                let day = self.month(at) && space(at + 1) && self.digits(at + 2);
                let year = at + 4 + 2 * usize::from(self.is(at + 3, b','));
                day && (space(at + 3) && self.clock(at + 4) || self.is(at + 3, b',') && self.digits(year - 1))
            }
            Some(Sort::LetterFirst) => at == 0 && space(1) && self.clock(2) && self.is(5, b':'),
            _ => false,
        }
    }

    fn start(&self, at: usize) -> usize {
        self.atoms.get(at).map_or(self.line.len(), |atom| atom.start as usize)
    }

    fn month(&self, at: usize) -> bool {
        self.sort(at) == Some(Sort::Word) && Lower::of(self.text(at)).is(is::MONTH)
    }

    /// The place of the next blank.
    fn blank(&self, from: usize) -> usize {
        (from..self.atoms.len()).find(|i| self.sort(*i) == Some(Sort::Space)).unwrap_or(self.atoms.len())
    }

    /// `Jun 14 15:16:01 host process[1]: …`
    fn syslog(&self, at: usize, header: &mut Header) {
        let (day, clock) = (at + 2, at + 4);
        let numbers = self.sort(day) == Some(Sort::Number) && self.sort(clock) == Some(Sort::Number);
        if !numbers || !self.is(clock + 1, b':') || !self.is(clock + 3, b':') {
            return;
        }
        let host = self.blank(clock + 5) + 1;
        if let Some((start, end)) = self.chunk(host)
            && !self.is(end - 1, b':')
            && !self.is(end, b'[')
        {
            header.host = Some((self.atoms[start].start, self.atoms[end - 1].end));
        }
        self.colon(host, header);
    }

    /// Lines that start with a date: syslog with an ISO date, CRI, Android.
    fn dated(&self, at: usize, header: &mut Header) {
        let end = self.blank(at);
        if !(end..end + 1).contains(&self.blank(at)) || end >= self.atoms.len() {
            return;
        }
        if matches!(self.text(end + 1), b"stdout" | b"stderr") && matches!(self.text(end + 3), b"F" | b"P") {
            header.wrap = Wrap::Stream;
            header.content = self.start(end + 5);
            header.partial = self.text(end + 3) == b"P";
            return;
        }
        // Android: `03-17 16:13:38.811  1702  2395 D Tag: …`
        let clock = self.blank(end + 1);
        let threads =
            self.sort(clock + 1) == Some(Sort::Number) && self.sort(clock + 3) == Some(Sort::Number);
        if threads
            && self.text(clock + 5).len() == 1
            && self.sort(clock + 5) == Some(Sort::Word)
            && self.sort(clock + 6) == Some(Sort::Space)
        {
            header.severity = android(self.text(clock + 5));
            self.colon(clock + 7, header);
            return;
        }
        let Some((from, to)) = self.chunk(end + 1) else { return };
        let Some((_, next)) = self.chunk(to + 1) else { return };
        let process = self.is(next, b'[')
            && self.sort(next + 1) == Some(Sort::Number)
            && self.is(next + 2, b']')
            && self.is(next + 3, b':');
        if (process || header.severity.is_some()) && self.sort(to) == Some(Sort::Space) {
            header.host = Some((self.atoms[from].start, self.atoms[to - 1].end));
            self.colon(from, header);
        }
    }

    /// The message behind the first colon and blank from here on.
    fn colon(&self, from: usize, header: &mut Header) {
        let near = from..self.atoms.len().min(from + 24);
        if let Some(colon) =
            near.into_iter().find(|i| self.is(*i, b':') && self.sort(*i + 1) == Some(Sort::Space))
        {
            header.wrap = Wrap::Colon;
            // The first blank belongs to the colon, more of them to the message.
            header.content = self.start(colon) + 2;
        }
    }

    /// The end of `service-1  | `.
    fn bar(&self) -> Option<usize> {
        let end = self.blank(0);
        let name = self.atoms.get(..end)?;
        let plain =
            name.iter().all(|atom| atom.sort != Sort::Mark || matches!(atom.mark, b'-' | b'_' | b'.'));
        let bar = self.is(end + 1, b'|') && self.sort(end + 2).is_none_or(|sort| sort == Sort::Space);
        (plain && !name.is_empty() && name.len() < 16 && bar)
            .then(|| (self.start(end + 1) + 2).min(self.line.len()))
    }

    /// The end of `[pod/name/container] `.
    fn pod(&self) -> Option<usize> {
        if !self.is(0, b'[') || !self.is(2, b'/') {
            return None;
        }
        let end = self.blank(0);
        let slashes = self.atoms.get(..end)?.iter().filter(|atom| atom.is(b'/')).count();
        (slashes >= 2 && self.is(end - 1, b']')).then(|| (self.start(end) + 1).min(self.line.len()))
    }

    /// A run of atoms up to a blank or a bracket.
    fn chunk(&self, from: usize) -> Option<(usize, usize)> {
        let ends = |atom: &Atom| {
            atom.sort == Sort::Space || matches!(atom.mark, b'[' | b'(' | b'<' | b'{' | b'"' | b'=')
        };
        let end = (from..self.atoms.len()).find(|i| ends(&self.atoms[*i])).unwrap_or(self.atoms.len());
        (end > from).then_some((from, end))
    }
}

/// What is at a place of a line that is no field.
pub(crate) fn find(line: &[u8], place: Place) -> Option<&[u8]> {
    let after =
        |mark: u8| memchr::memchr(mark, line.get(..160).unwrap_or(line)).and_then(|at| line.get(at + 1..));
    match place {
        Place::Nowhere | Place::Field(_) => None,
        Place::Bracket => after(b'['),
        Place::Bar => after(b'|').map(|rest| rest.strip_prefix(b" ").unwrap_or(rest)),
        Place::Blanks(0) => {
            let rest = match line.strip_prefix(b"<") {
                Some(rest) => rest.get(rest.iter().take(4).position(|b| *b == b'>')? + 1..)?,
                None => line,
            };
            Some(
                rest.strip_prefix(b"1 ")
                    .filter(|rest| rest.first().is_some_and(u8::is_ascii_digit))
                    .unwrap_or(rest),
            )
        }
        Place::Blanks(n) => {
            let mut rest = line;
            for _ in 0..n {
                let blank = rest.iter().take(100).position(|b| *b == b' ')?;
                rest = rest.get(blank..)?;
                rest = rest.get(rest.iter().position(|b| *b != b' ')?..)?;
            }
            Some(rest)
        }
    }
}

/// Who wrote a wrapped line: what tells its process from others.
pub(crate) fn source(line: &[u8], wrap: Wrap) -> &[u8] {
    match wrap {
        Wrap::Bare | Wrap::Stream => b"",
        Wrap::Bar => line.split(|b| *b == b'|').next().unwrap_or_default(),
        Wrap::Bracket => line.split(|b| *b == b']').next().unwrap_or_default(),
        Wrap::Colon => {
            let head = line.get(..200).unwrap_or(line);
            let end = memchr::memmem::find(head, b": ").unwrap_or(head.len());
            let from = head.get(..end).unwrap_or_default();
            // Behind the last colon of the clock, and its seconds.
            let clock = memchr::memrchr(b':', from).map_or(0, |at| at + 1);
            let tail = from.get(clock..).unwrap_or_default();
            let blank = tail.iter().position(|b| *b == b' ').unwrap_or(0);
            tail.get(blank..).unwrap_or_default()
        }
    }
}

/// The severity in a priority of syslog (RFC 5424, 6.2.1).
pub(crate) fn priority(digits: &[u8]) -> Option<Severity> {
    let number = std::str::from_utf8(digits).ok()?.parse::<u8>().ok()?;
    Some(match number & 7 {
        0..=2 => Severity::Fatal,
        3 => Severity::Error,
        4 => Severity::Warning,
        5 | 6 => Severity::Info,
        _ => Severity::Debug,
    })
}

/// `E0102 15:04:05.678 …`, as glog and klog write it.
fn glog(text: &[u8]) -> Option<Severity> {
    let (letter, date) = text.split_first()?;
    if date.len() != 4 || !date.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(match letter {
        b'F' => Severity::Fatal,
        b'E' => Severity::Error,
        b'W' => Severity::Warning,
        b'I' => Severity::Info,
        _ => return None,
    })
}

/// The priority letters of Android's log.
fn android(letter: &[u8]) -> Option<Severity> {
    Some(match letter {
        b"F" | b"A" => Severity::Fatal,
        b"E" => Severity::Error,
        b"W" => Severity::Warning,
        b"I" => Severity::Info,
        b"D" | b"V" => Severity::Debug,
        _ => return None,
    })
}
