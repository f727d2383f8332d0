//! Durations as people write them in front matter.

use jiff::SignedDuration;

/// What a duration looks like, for editors and the schema.
pub(super) const PATTERN: &str = r"^(P[0-9]+[DW]|PT[0-9HMS.]+|[0-9]+ ?(s|sec|secs|seconds?|m|min|mins|minutes?|h|hr|hrs|hours?|d|days?|w|weeks?))$";

/// Reads `15m`, `2h`, `1d`, `PT15M` or `P1D`; a day has 24 hours.
pub(super) fn read(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    if let Some(days) = text.strip_prefix('P').and_then(|rest| rest.strip_suffix(['D', 'W'])) {
        let days: i64 = days.parse().ok()?;
        return hours(days, if text.ends_with('W') { 7 * 24 } else { 24 });
    }
    if text.starts_with("PT") {
        return text.parse().ok().filter(|duration: &SignedDuration| !duration.is_negative());
    }
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number: i64 = number.parse().ok()?;
    let seconds = match unit.trim_start().chars().next()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    Some(SignedDuration::from_secs(number.checked_mul(seconds)?))
}

fn hours(number: i64, each: i64) -> Option<SignedDuration> {
    Some(SignedDuration::from_secs(number.checked_mul(each)?.checked_mul(3_600)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_pattern_allows_is_read() {
        let pattern = regex::Regex::new(PATTERN).unwrap();
        let rows = [
            ("15m", Some(900)),
            ("2h", Some(7200)),
            ("1d", Some(86_400)),
            ("2 days", Some(172_800)),
            ("PT15M", Some(900)),
            ("PT1H30M", Some(5400)),
            ("P1D", Some(86_400)),
            ("P1W", Some(604_800)),
            ("15", None),
            ("soon", None),
            ("-5m", None),
            ("15 parsecs", None),
            ("", None),
        ];
        for (text, seconds) in rows {
            assert_eq!(pattern.is_match(text), seconds.is_some(), "{text}");
            if let Some(seconds) = seconds {
                assert_eq!(read(text), Some(SignedDuration::from_secs(seconds)), "{text}");
            }
        }
        assert_eq!(read("99999999999999999999h"), None);
        assert_eq!(read("PT"), None);
    }
}
