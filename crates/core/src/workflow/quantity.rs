//! Durations and counts in prose: `15-30 minutes`, `within 24h`, `3 files`.
//! It refuses numbers without a unit.

use jiff::SignedDuration;

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Number(i64),
    Word(String),
    Dash,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let same = |test: fn(char) -> bool| rest.find(|c| !test(c)).unwrap_or(rest.len());
        let length = if c.is_ascii_digit() {
            let length = same(|c| c.is_ascii_digit());
            if let Some(number) = rest.get(..length).and_then(|digits| digits.parse().ok()) {
                out.push(Token::Number(number));
            }
            length
        } else if c.is_alphabetic() {
            let length = same(char::is_alphabetic);
            out.push(Token::Word(rest.get(..length).unwrap_or_default().to_lowercase()));
            length
        } else {
            if matches!(c, '-' | '–' | '—' | '~') {
                out.push(Token::Dash);
            }
            c.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

fn seconds(unit: &str) -> Option<i64> {
    match unit {
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" | "minutos" | "phút" | "dakika" | "минут"
        | "分钟" => Some(60),
        "h" | "hr" | "hrs" | "hour" | "hours" | "stunden" | "heures" | "horas" | "giờ" | "saat" | "часов"
        | "小时" => Some(3600),
        "d" | "day" | "days" | "tage" | "tagen" | "jours" | "días" | "dias" | "ngày" | "gün" | "дней"
        | "天" => Some(86_400),
        "week" | "weeks" => Some(604_800),
        _ => None,
    }
}

fn duration(number: i64, unit: i64) -> Option<SignedDuration> {
    (number <= 100_000).then(|| SignedDuration::from_secs(number.saturating_mul(unit)))
}

/// The first duration with a unit; of a range (`15-30 minutes`) both ends.
pub(crate) fn window(text: &str) -> Option<(SignedDuration, Option<SignedDuration>)> {
    let tokens = tokens(text);
    (0..tokens.len()).find_map(|at| window_at(tokens.get(at..)?))
}

fn window_at(tokens: &[Token]) -> Option<(SignedDuration, Option<SignedDuration>)> {
    match tokens {
        [Token::Number(min), Token::Dash, Token::Number(max), Token::Word(unit), ..] => {
            let unit = seconds(unit)?;
            Some((duration(*min, unit)?, duration(*max, unit)))
        }
        [Token::Number(min), Token::Word(to), Token::Number(max), Token::Word(unit), ..]
            if matches!(to.as_str(), "to" | "bis" | "à" | "a" | "and" | "đến" | "до") =>
        {
            let unit = seconds(unit)?;
            Some((duration(*min, unit)?, duration(*max, unit)))
        }
        [Token::Number(min), Token::Word(unit), ..] => Some((duration(*min, seconds(unit)?)?, None)),
        [Token::Number(min), Token::Dash, Token::Word(unit), ..] => {
            Some((duration(*min, seconds(unit)?)?, None))
        }
        _ => None,
    }
}

/// The number before a word that starts with `unit` (`3 files`).
pub(crate) fn count(text: &str, unit: &str) -> Option<u32> {
    let tokens = tokens(text);
    tokens.windows(2).find_map(|pair| match pair {
        [Token::Number(number), Token::Word(word)] if word.starts_with(unit) => u32::try_from(*number).ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows() {
        let minutes = SignedDuration::from_mins;
        assert_eq!(window("Monitor for 15-30 minutes"), Some((minutes(15), Some(minutes(30)))));
        assert_eq!(window("watch 20 to 40 min"), Some((minutes(20), Some(minutes(40)))));
        assert_eq!(window("Within 24h of resolution"), Some((minutes(24 * 60), None)));
        assert_eq!(window("P1 and 3 reviewers"), None);
        assert_eq!(window("99999999999999999999 h"), None);
    }

    #[test]
    fn counts() {
        assert_eq!(count("at most 3 files and 50 lines", "file"), Some(3));
        assert_eq!(count("at most 3 files and 50 lines", "line"), Some(50));
        assert_eq!(count("few files", "file"), None);
    }
}
