//! Times, durations, shares and amounts as people read them.

use jiff::{SignedDuration, Timestamp};

/// `2026-11-22 03:04:05`, in UTC.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `03:04:05`, in UTC.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// `2026-11-22`, in UTC.
pub fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// `Sunday, 22 November 2026`, in UTC.
pub fn long_date(at: Timestamp) -> String {
    at.strftime("%A, %-d %B %Y").to_string()
}

/// The two largest units of a duration: `1 h 12 min`, `42 s`, `3 d`.
pub fn duration(of: SignedDuration) -> String {
    let seconds = of.as_secs().max(0);
    if seconds == 0 {
        return "under 1 s".to_owned();
    }
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let first = units.iter().position(|(_, size)| seconds >= *size).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut words = Vec::new();
    for (unit, size) in &units[first..] {
        if words.len() == 2 {
            break;
        }
        words.push((rest / size, *unit));
        rest %= size;
    }
    let shown = words.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}"));
    shown.collect::<Vec<_>>().join(" ")
}

/// A share of one as `30.2 %`, `0.12 %` or `0 %`.
pub fn percent(share: f64) -> String {
    let p = share * 100.0;
    let text = match p.abs() {
        0.0 => "0".to_owned(),
        a if a < 0.01 => return "under 0.01 %".to_owned(),
        a if a < 1.0 => trimmed(p, 2),
        a if a < 100.0 => trimmed(p, 1),
        _ => trimmed(p, 0),
    };
    format!("{text} %")
}

/// A number with as many decimals as tell something: `1,204`, `48.3`, `0.0042`.
pub fn number(n: f64) -> String {
    if !n.is_finite() {
        return "?".to_owned();
    }
    match n.abs() {
        0.0 => "0".to_owned(),
        a if a >= 1e12 => format!("{n:.2e}"),
        a if a >= 100.0 => trimmed(n, 0),
        a if a >= 1.0 => trimmed(n, 1),
        a if a >= 0.001 => trimmed(n, 4),
        _ => format!("{n:.1e}"),
    }
}

/// `1 reading`, `2 readings`.
pub fn count(n: usize, noun: &str) -> String {
    let digits = grouped(&n.to_string());
    if n == 1 { format!("{digits} {noun}") } else { format!("{digits} {noun}s") }
}

fn trimmed(n: f64, decimals: usize) -> String {
    let text = format!("{n:.decimals$}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    let dot = if part.is_empty() { "" } else { "." };
    format!("{}{dot}{part}", grouped(whole))
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    let mut out = sign.to_owned();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A digest's first twelve digits, its algorithm aside.
pub fn short_digest(digest: &str) -> String {
    let digits = digest.rsplit(':').next().unwrap_or(digest);
    digits.chars().take(12).collect()
}

/// A commit's first ten digits.
pub fn short_commit(commit: &str) -> String {
    commit.chars().take(10).collect()
}

/// The name of `Name <e-mail>`; all of it where there is no name.
pub fn name(person: &str) -> String {
    let name = person.split('<').next().unwrap_or_default().trim();
    if name.is_empty() { person.trim().to_owned() } else { name.to_owned() }
}

/// The address, if it is one that a browser may follow.
pub fn link(url: &str) -> Option<String> {
    let safe = url.starts_with("https://") || url.starts_with("http://");
    let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\\');
    (safe && !url.chars().any(odd)).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_at_most() {
        let said = |s| duration(SignedDuration::from_secs(s));
        assert_eq!(said(42), "42 s");
        assert_eq!(said(2232), "37 min 12 s");
        assert_eq!(said(4320), "1 h 12 min");
        assert_eq!(said(3605), "1 h");
        assert_eq!(said(200_000), "2 d 7 h");
        assert_eq!((said(0), said(-5)), ("under 1 s".to_owned(), "under 1 s".to_owned()));
    }

    #[test]
    fn shares_keep_what_matters() {
        let said: Vec<_> = [0.0, 0.000_01, 0.0012, 0.302, 0.05, 1.0].map(percent).to_vec();
        assert_eq!(said, ["0 %", "under 0.01 %", "0.12 %", "30.2 %", "5 %", "100 %"]);
    }

    #[test]
    fn numbers_are_short() {
        let said: Vec<_> = [1204.4, 48.25, 0.0042, -1_234_567.0, f64::NAN, 0.0].map(number).to_vec();
        assert_eq!(said, ["1,204", "48.2", "0.0042", "-1,234,567", "?", "0"]);
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert!(link("https://git.example/mr/1").is_some());
        assert!(link("javascript:alert(1)").is_none() && link("https://x\n").is_none());
        assert!(link("https://x><b>").is_none());
    }

    #[test]
    fn people_have_names() {
        assert_eq!((name("Ana Díaz <ana@x>"), name("<ana@x>")), ("Ana Díaz".into(), "<ana@x>".into()));
    }
}
