//! Time stamps of any usual format to microseconds since 1970.
//!
//! A stamp without a zone counts as UTC; one without a year gets the year that
//! the caller names; one without a date is none.

use crate::words::{Lower, is};

/// Reads bytes from the front.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn peek(&self) -> u8 {
        self.rest.first().copied().unwrap_or(0)
    }

    fn skip(&mut self, n: usize) {
        self.rest = self.rest.get(n..).unwrap_or_default();
    }

    fn any(&mut self, of: &[u8]) -> Option<u8> {
        let b = self.peek();
        of.contains(&b).then(|| {
            self.skip(1);
            b
        })
    }

    /// A number of at least `least` and at most `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let (mut n, mut len) = (0_u32, 0);
        while len < most && self.peek().is_ascii_digit() {
            n = n * 10 + u32::from(self.peek() - b'0');
            self.skip(1);
            len += 1;
        }
        (len >= least).then_some(n)
    }

    /// Letters of the name of a month.
    fn month(&mut self) -> Option<u32> {
        let len = self.rest.iter().take(10).take_while(|b| b.is_ascii_alphabetic()).count();
        let month = Lower::of(self.rest.get(..len)?).month()?;
        self.skip(len);
        Some(month)
    }

    /// Digits behind a decimal mark, as microseconds.
    fn fraction(&mut self) -> u32 {
        let digits = self.rest.get(1..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || !matches!(self.peek(), b'.' | b',' | b':') {
            return 0;
        }
        let at = |i: usize| self.rest.get(i).filter(|_| i <= digits).map_or(0, |b| u32::from(b - b'0'));
        let micros = (1..=6).fold(0, |n, i| n * 10 + at(i));
        self.skip(digits + 1);
        micros
    }
}

/// A point in time in its parts.
#[derive(Default, Clone, Copy)]
struct Parts {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
    /// Seconds east of Greenwich.
    offset: i64,
}

impl Parts {
    fn micros(&self) -> Option<i64> {
        let sane = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60
            && (1970..=2262).contains(&self.year);
        if !sane {
            return None;
        }
        let seconds = days(self.year, self.month, self.day) * 86_400
            + i64::from(self.hour * 3_600 + self.minute * 60 + self.second)
            - self.offset;
        Some(seconds * 1_000_000 + i64::from(self.micros))
    }
}

/// Days since 1970 of a date of the Gregorian calendar
/// (Howard Hinnant, `days_from_civil`, 2013).
fn days(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day - 1);
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The stamp at the start of `text`.
pub(crate) fn parse(text: &[u8], year: i16) -> Option<i64> {
    let first = *text.first()?;
    let year = i64::from(year);
    let cursor = Cursor { rest: text };
    if first.is_ascii_digit() {
        return numeric(cursor, year);
    }
    if !first.is_ascii_alphabetic() {
        return None;
    }
    if matches!(first, b'I' | b'W' | b'E' | b'F' | b'D')
        && let Some(time) = glog(cursor, year)
    {
        return Some(time);
    }
    named(cursor, year)
}

/// `0102 15:04:05.678901` behind a letter.
fn glog(mut cursor: Cursor<'_>, year: i64) -> Option<i64> {
    cursor.skip(1);
    let (month, day) = (cursor.number(2, 2)?, cursor.number(2, 2)?);
    cursor.any(b" ")?;
    clock(cursor, Parts { year, month, day, ..Parts::default() })
}

/// `Jun 14 15:16:01 [2005]`, `Sun Dec 04 04:47:44 2005`.
fn named(mut cursor: Cursor<'_>, year: i64) -> Option<i64> {
    let len = cursor.rest.iter().take(10).take_while(|b| b.is_ascii_alphabetic()).count();
    if Lower::of(cursor.rest.get(..len)?).is(is::WEEKDAY) {
        cursor.skip(len);
        cursor.any(b", ")?;
        cursor.any(b" ");
        if cursor.peek().is_ascii_digit() {
            return numeric(cursor, year);
        }
    }
    let month = cursor.month()?;
    cursor.any(b" ")?;
    cursor.any(b" ");
    let day = cursor.number(1, 2)?;
    let mut parts = Parts { year, month, day, ..Parts::default() };
    cursor.any(b",");
    cursor.any(b" ")?;
    // `Jun 14, 2005 3:16:01 PM`
    if cursor.rest.get(..4).is_some_and(|y| y.iter().all(u8::is_ascii_digit)) {
        parts.year = i64::from(cursor.number(4, 4)?);
        cursor.any(b" ")?;
    }
    time_of_day(&mut cursor, &mut parts)?;
    cursor.any(b" ");
    let mut ahead = cursor;
    if let Some(year) = ahead.number(4, 4).filter(|y| (1970..=2262).contains(y)) {
        parts.year = i64::from(year);
    }
    parts.micros()
}

/// Stamps that start with a digit.
fn numeric(mut cursor: Cursor<'_>, year: i64) -> Option<i64> {
    let digits = cursor.rest.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    let after = cursor.rest.get(digits).copied().unwrap_or(b' ');
    match (digits, after) {
        (4, b'-' | b'/' | b'.') => {
            let year = i64::from(cursor.number(4, 4)?);
            cursor.skip(1);
            let month = cursor.number(1, 2)?;
            cursor.any(&[after])?;
            let day = cursor.number(1, 2)?;
            cursor.any(b"T -_t")?;
            cursor.any(b" ");
            clock(cursor, Parts { year, month, day, ..Parts::default() })
        }
        (8, b'-' | b' ' | b'T' | b'_') => {
            let year = i64::from(cursor.number(4, 4)?);
            let (month, day) = (cursor.number(2, 2)?, cursor.number(2, 2)?);
            cursor.skip(1);
            clock(cursor, Parts { year, month, day, ..Parts::default() })
        }
        (1 | 2, b'-' | b'/' | b'.' | b' ') => short(cursor, year, after),
        (10 | 13 | 16 | 19, b' ' | b',' | b'}' | b'"' | b'.' | b'|' | b']' | b'\t') => epoch(cursor, digits),
        _ => None,
    }
}

/// `03-17 16:13:38`, `17/06/09 20:10:58`, `10/Oct/2000:13:55:36`, `1 May 2024 10:00:00`.
fn short(mut cursor: Cursor<'_>, year: i64, mark: u8) -> Option<i64> {
    let first = cursor.number(1, 2)?;
    cursor.any(&[mark])?;
    if cursor.peek().is_ascii_alphabetic() {
        let month = cursor.month()?;
        cursor.any(&[mark])?;
        let mut parts = Parts { year, month, day: first, ..Parts::default() };
        if cursor.rest.get(..4).is_some_and(|y| y.iter().all(u8::is_ascii_digit)) {
            parts.year = i64::from(cursor.number(4, 4)?);
            cursor.any(b": ")?;
        }
        return clock(cursor, parts);
    }
    if mark == b' ' {
        return None;
    }
    let second = cursor.number(2, 2)?;
    if cursor.peek() != mark {
        cursor.any(b" T")?;
        return clock(cursor, Parts { year, month: first, day: second, ..Parts::default() });
    }
    cursor.skip(1);
    let years = cursor.rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let third = cursor.number(2, 4)?;
    cursor.any(b" T")?;
    cursor.any(b" ");
    let parts = match (years, mark) {
        // Year first with slashes, day first with dots; a month first where it can be none else.
        (4 | 2, b'.') => (third, second, first),
        (4, _) if first > 12 => (third, second, first),
        (4, _) => (third, first, second),
        _ => (first, second, third),
    };
    let century = if parts.0 < 100 { 2_000 } else { 0 };
    clock(
        cursor,
        Parts { year: i64::from(parts.0 + century), month: parts.1, day: parts.2, ..Parts::default() },
    )
}

fn time_of_day(cursor: &mut Cursor<'_>, parts: &mut Parts) -> Option<()> {
    parts.hour = cursor.number(1, 2)?;
    let mark = cursor.any(b":.")?;
    parts.minute = cursor.number(1, 2)?;
    if cursor.any(&[mark]).is_some() {
        parts.second = cursor.number(1, 2)?;
        parts.micros = cursor.fraction();
    }
    let half = cursor.rest.get(..3).unwrap_or_default();
    if matches!(half, b" PM" | b" pm") && parts.hour < 12 {
        parts.hour += 12;
    }
    Some(())
}

fn clock(mut cursor: Cursor<'_>, mut parts: Parts) -> Option<i64> {
    time_of_day(&mut cursor, &mut parts)?;
    let mut ahead = cursor;
    ahead.any(b" ");
    if let Some(sign) = ahead.any(b"+-")
        && let Some(hours) = ahead.number(2, 2)
    {
        ahead.any(b":");
        if let Some(minutes) = ahead.number(2, 2) {
            let offset = i64::from(hours * 3_600 + minutes * 60);
            parts.offset = if sign == b'-' { -offset } else { offset };
        }
    }
    parts.micros()
}

/// Seconds since 1970 with a fraction, or milli-, micro- or nanoseconds; of this century.
fn epoch(mut cursor: Cursor<'_>, digits: usize) -> Option<i64> {
    let mut n = 0_i64;
    for _ in 0..digits {
        n = n.checked_mul(10)?.checked_add(i64::from(cursor.peek() - b'0'))?;
        cursor.skip(1);
    }
    let micros = match digits {
        10 => n * 1_000_000 + i64::from(cursor.fraction()),
        13 => n * 1_000,
        16 => n,
        _ => n / 1_000,
    };
    // 1995 to 2100.
    (788_918_400_000_000..4_102_444_800_000_000).contains(&micros).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_formats() {
        let at = 1_714_557_600_000_000; // 2024-05-01 10:00:00 UTC
        let cases: [(&str, i64); 27] = [
            ("2024-05-01T10:00:00Z x", at),
            ("2024-05-01 10:00:00,123 INFO", at + 123_000),
            ("2024-05-01T12:00:00.123456789+02:00", at + 123_456),
            ("2024-05-01 08:00:00.5 -0200", at + 500_000),
            ("2024/05/01 10:00:00 [error]", at),
            ("2024-05-01-10.00.00.363779 R02", at + 363_779),
            ("20240501-10:00:0:7|x", at + 700_000),
            ("20240501T10:00:00", at),
            ("01/May/2024:12:00:00 +0200] \"GET", at),
            ("01-May-2024 10:00:00.001 x", at + 1_000),
            ("1 May 2024 10:00:00.001 * x", at + 1_000),
            ("May  1 10:00:00 host", at),
            ("May 1 10:00:00 2024", at),
            ("Wed May 01 10:00:00 2024] [error]", at),
            ("Wed May 01 10:00:00.123456 2024] [error]", at + 123_456),
            ("Wed, 01 May 2024 10:00:00 GMT", at),
            ("May 1, 2024 10:00:00 AM org.x", at),
            ("05-01 10:00:00.250  1702", at + 250_000),
            ("24/05/01 10:00:00 INFO", at),
            ("05.01 10:00:00] chrome", at),
            ("05/01/2024 10:00:00", at),
            ("I0501 10:00:00.000007 1 a.go:1]", at + 7),
            ("1714557600 x", at),
            ("1714557600.25,", at + 250_000),
            ("1714557600123}", at + 123_000),
            ("1714557600123456 ", at + 123_456),
            ("1714557600123456789\"", at + 123_456),
        ];
        for (text, micros) in cases {
            assert_eq!(parse(text.as_bytes(), 2024), Some(micros), "{text}");
        }
        for none in
            ["", "10:00:00", "12345", "1 is", "May be", "Wed", "99999999999", "2024-13-01 10:00:00", "E0x"]
        {
            assert_eq!(parse(none.as_bytes(), 2024), None, "{none}");
        }
    }

    #[test]
    fn leap_days_and_the_epoch() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 2, 29), 11_016);
        assert_eq!(days(2024, 3, 1) - days(2024, 2, 28), 2);
    }
}
