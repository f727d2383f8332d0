//! Text from outside made safe to show and to name things by: titles, logs,
//! branch names and command output never reach a terminal with their escapes.

/// Replaces control characters (escape sequences, backspaces), bidirectional
/// overrides and invisible characters by visible stand-ins: what a person sees
/// is what a program reads. Newlines and tabs stay, and so do joiners and
/// variation selectors where scripts and emoji need them: one after a
/// character that is not ASCII (or in a keycap).
pub fn printable(text: &str) -> String {
    let mut before = '\n';
    let stand_in = |c: char| match c {
        c if is_invisible(c) => '\u{fffd}',
        c if (c as u32) < 0x20 => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars()
        .filter(|c| *c != '\r')
        .map(|c| {
            let keycap = c == '\u{fe0f}' && (before.is_ascii_digit() || matches!(before, '#' | '*'));
            let other = !before.is_ascii() && before != '\u{fffd}';
            let joins = is_joiner(c) && !is_joiner(before) && (keycap || other);
            before = if joins || matches!(c, '\n' | '\t') { c } else { stand_in(c) };
            before
        })
        .collect()
}

/// Characters that join others, or choose how the one before looks.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Characters that show nothing, or turn the order of others around.
fn is_invisible(c: char) -> bool {
    is_joiner(c)
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}')
        || matches!(c, '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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

/// A number with its noun: `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
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
    fn nothing_is_hidden() {
        let hidden: String = "run".chars().map(|c| char::from_u32(0xe0000 + c as u32).unwrap()).collect();
        assert_eq!(printable(&format!("ok{hidden}")), "ok\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(printable("to\u{200b}ken\u{2028}\u{feff}"), "to\u{fffd}ken\u{fffd}\u{fffd}");
        assert_eq!(printable("a\u{fe0f}b\u{200d}"), "a\u{fffd}b\u{fffd}", "nothing to join after ASCII");
        assert_eq!(printable("❌\u{fe0f}\u{fe01}"), "❌\u{fe0f}\u{fffd}", "one is enough");
        for fine in ["می\u{200c}خواهم", "👩\u{200d}💻", "⚠\u{fe0f}", "1\u{fe0f}\u{20e3}", "Größe 大小 размер"]
        {
            assert_eq!(printable(fine), fine);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_printable_stays_so(text in "(\\PC|[\\x00-\\x20\\u{200b}-\\u{200f}\\u{fe0e}\\u{fe0f}\\u{e0020}]){0,24}") {
            let once = printable(&text);
            proptest::prop_assert_eq!(printable(&once), once);
        }
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
