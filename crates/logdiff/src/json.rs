//! Objects of JSON, scanned without a tree: the fields that a log line has.
//!
//! It takes what loggers write, is bounded in depth, and says `None` where the
//! text is no complete object.

/// Deeper objects are one opaque value.
const DEEPEST: usize = 4;
/// More fields are left out.
const MOST_FIELDS: usize = 96;
/// The nesting that the scanner follows at all.
const LIMIT: usize = 64;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// The text between the quotes, still escaped.
    Text,
    Number,
    /// `true`, `false`, `null`.
    Word,
    /// An array, or an object too deep.
    Opaque,
    /// An object, whose fields follow.
    Object,
}

/// A field, as places in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// The name without quotes.
    pub name: (usize, usize),
    pub value: (usize, usize),
    pub kind: Value,
    /// 0 for a field of the outermost object.
    pub depth: u8,
    /// The place of the field that holds it, where the depth is above 0.
    pub parent: u8,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    fields: &'a mut Vec<Field>,
}

/// Scans an object at the start of `text` into `fields`; gives where it ends.
pub(crate) fn object(text: &[u8], fields: &mut Vec<Field>) -> Option<usize> {
    fields.clear();
    let mut scanner = Scanner { text, at: 0, fields };
    scanner.members(0, 0)?;
    Some(scanner.at)
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, b: u8) -> Option<()> {
        self.blanks();
        (self.peek() == Some(b)).then(|| self.at += 1)
    }

    /// An object with its fields.
    fn members(&mut self, depth: usize, parent: u8) -> Option<()> {
        self.take(b'{')?;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Some(());
        }
        loop {
            self.blanks();
            let name = self.string()?;
            self.take(b':')?;
            self.blanks();
            let place = self.fields.len();
            let keep = place < MOST_FIELDS;
            if keep {
                let depth = u8::try_from(depth).unwrap_or(u8::MAX);
                self.fields.push(Field { name, value: (0, 0), kind: Value::Opaque, depth, parent });
            }
            let start = self.at;
            let kind = match self.peek()? {
                b'"' => {
                    self.string()?;
                    Value::Text
                }
                b'{' if depth + 1 < DEEPEST && keep => {
                    self.members(depth + 1, u8::try_from(place).unwrap_or(0))?;
                    Value::Object
                }
                b'{' | b'[' => {
                    self.nested()?;
                    Value::Opaque
                }
                b'-' | b'0'..=b'9' => {
                    self.scalar();
                    Value::Number
                }
                b't' | b'f' | b'n' | b'N' | b'I' => {
                    self.scalar();
                    Value::Word
                }
                _ => return None,
            };
            if let Some(field) = self.fields.get_mut(place).filter(|_| keep) {
                field.kind = kind;
                field.value = if kind == Value::Text { (start + 1, self.at - 1) } else { (start, self.at) };
            }
            self.blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// A string; gives what is between its quotes.
    fn string(&mut self) -> Option<(usize, usize)> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at + 1;
        let mut at = start;
        loop {
            let step = memchr::memchr2(b'"', b'\\', self.text.get(at..)?)?;
            at += step;
            if self.text[at] == b'"' {
                self.at = at + 1;
                return Some((start, at));
            }
            at += 2;
        }
    }

    fn scalar(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')) {
            self.at += 1;
        }
    }

    /// Brackets and braces that are passed over.
    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Some(());
                    }
                }
                _ => {}
            }
            if depth > LIMIT {
                return None;
            }
            self.at += 1;
        }
    }
}

/// Adds the text of a string without its escapes.
pub(crate) fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (head, tail) = rest.split_at(at);
        out.extend_from_slice(head);
        let Some(&kind) = tail.get(1) else {
            rest = b"";
            break;
        };
        rest = tail.get(2..).unwrap_or_default();
        match kind {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' | b'f' => out.push(b' '),
            b'u' => rest = unicode(rest, out),
            other => out.push(other),
        }
    }
    out.extend_from_slice(rest);
}

/// `\uXXXX`, or two of them for one character.
fn unicode<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let hex = |at: usize| {
        let digits = std::str::from_utf8(rest.get(at..at + 4)?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = hex(0) else { return rest };
    let second =
        (rest.get(4..6) == Some(b"\\u") && (0xd800..0xdc00).contains(&first)).then(|| hex(6)).flatten();
    for c in char::decode_utf16([first].into_iter().chain(second)) {
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    rest.get(if second.is_some() { 10 } else { 4 }..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<Vec<String>> {
        let mut fields = Vec::new();
        let end = object(text.as_bytes(), &mut fields)?;
        assert!(end <= text.len());
        Some(
            fields
                .iter()
                .map(|f| {
                    format!(
                        "{}{}={}",
                        ".".repeat(f.depth.into()),
                        &text[f.name.0..f.name.1],
                        &text[f.value.0..f.value.1]
                    )
                })
                .collect(),
        )
    }

    #[test]
    fn fields_are_found_and_nonsense_is_none() {
        assert_eq!(
            names(r#"{"a":1,"b":"x\"y","c":{"d":[1,{"e":2}],"f":null}} rest"#).unwrap(),
            ["a=1", r#"b=x\"y"#, r#"c={"d":[1,{"e":2}],"f":null}"#, r#".d=[1,{"e":2}]"#, ".f=null"]
        );
        assert_eq!(names("{ }").unwrap(), [""; 0]);
        for bad in
            ["", "{", "{\"a\"", "{\"a\":}", "{\"a\":1", "{a:1}", "{\"a\":\"x", "{\"a\":[1}", "{\"a\":\"\\"]
        {
            assert!(names(bad).is_none(), "{bad}");
        }
        assert!(names(&("{\"a\":".repeat(1000) + "1")).is_none());
        assert!(names(&("{\"a\":".to_owned() + &"[".repeat(100_000))).is_none());
    }

    #[test]
    fn escapes() {
        let mut out = Vec::new();
        unescape(br"a\n\u00e9\ud83d\ude00\/\\x\ud800", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "a\né\u{1f600}/\\x\u{fffd}");
    }
}
