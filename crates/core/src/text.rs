//! Text from outside made safe to show and to name things by: titles, logs,
//! branch names and command output never reach a terminal with their escapes.

/// Replaces control characters (escape sequences, backspaces, bidirectional
/// overrides) by visible stand-ins. Newlines and tabs stay.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\t' => Some(c),
            '\r' => None,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => Some('\u{fffd}'),
            c if (c as u32) < 0x20 => char::from_u32(0x2400 + c as u32),
            '\u{7f}' => Some('\u{2421}'),
            c if c.is_control() => Some('\u{fffd}'),
            c => Some(c),
        })
        .collect()
}

/// [`printable`] on one line: white space collapses to single spaces.
pub fn one_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line of at most `max` characters, with an ellipsis where it was cut.
pub fn brief(text: &str, max: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= max {
        return line;
    }
    let mut cut: String = line.chars().take(max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A count with its thousands grouped: `4,500`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// The last `lines` lines of some output, made printable.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    printable(&all[all.len().saturating_sub(lines)..].join("\n"))
}

/// A stable identifier from a title: lower-case letters and digits of any
/// script, joined by single hyphens.
pub fn slug(title: &str) -> String {
    let mut out = String::new();
    for c in title.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The candidate nearest to a misspelt word, if one is near enough to suggest.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(word, c), c))
        .filter(|(distance, c)| *distance <= (c.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_visible() {
        assert_eq!(printable("a\u{1b}[31mred\u{7}\r\n"), "a␛[31mred␇\n");
        assert_eq!(printable("x\u{202e}y\u{9b}z"), "x\u{fffd}y\u{fffd}z");
    }

    #[test]
    fn slugs_are_stable() {
        assert_eq!(slug("Step 3: Deploy & Monitor"), "step-3-deploy-monitor");
        assert_eq!(slug("Bước 1 — Sửa"), "bước-1-sửa");
        assert_eq!(slug("  --  "), "");
    }

    #[test]
    fn suggestions_are_near() {
        assert_eq!(did_you_mean("smok", ["smoke", "style"]), Some("smoke"));
        assert_eq!(did_you_mean("zebra", ["smoke", "style"]), None);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 4_500, 1_204_332].map(grouped), ["0", "999", "4,500", "1,204,332"]);
    }

    #[test]
    fn brief_cuts_by_characters() {
        assert_eq!(brief("äöü äöü", 5), "äöü …");
    }
}
