//! Lines that read like rules and were not understood: bullets and table rows
//! that demand, count, name a severity or an approval, and became nothing but
//! guidance. It refuses to guess what they mean; `--strict` fails on them.

use super::account::LineAccount;
use super::denial::word_in;
use super::reader::place;
use super::{Diagnostic, Level, quantity};

/// So much of a line is looked at, in characters.
const MOST_CHARS: usize = 2_000;

/// Words that demand, in several languages.
const DEMANDS: &str = "must|shall|mandatory|required|requires|have to|has to|need to be|needs to be|should|never|\
    always|at least|at most|no more than|fewer than|more than|up to|minimum|maximum|only if|only when|unless|muss|\
    müssen|darf|dürfen|pflicht|mindestens|höchstens|immer|niemals|doit|doivent|obligatoire*|toujours|jamais|debe|\
    deben|obligatori*|siempre|nunca|deve|devem|sempre|musi|muszą|zawsze|должен|должна|должны|обязательн*|всегда|\
    никогда|phải|bắt buộc|luôn|zorunlu*|gerekli*|wajib|harus";
/// The same in scripts without spaces.
const DEMANDS_ANYWHERE: &[&str] = &["必须", "必須", "しなければ", "필수", "해야"];
/// Severities, approvals and authorisations.
const RANKS: &str = "severity|sev-0|sev-1|sev-2|sev-3|sev-4|sev0|sev1|sev2|sev3|sev4|sev 1|sev 2|sev 3|p0|p1|p2|p3|p4|\
    approv*|sign off|sign-off|signoff|authori*|permission from";
/// What is counted, besides time.
const COUNTED: &[&str] = &["file", "line", "loc", "review", "approv", "people", "percent", "person"];

/// Whether a line is a bullet, a numbered item or a row of a table.
fn states_one_thing(line: &str) -> bool {
    let text = line.trim_start().trim_start_matches(['>', ' ']);
    let bullet = ["- ", "* ", "+ ", "• ", "|"].iter().any(|sign| text.starts_with(sign));
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or_default();
    bullet || (digits > 0 && text.get(digits..).is_some_and(|rest| rest.starts_with([')', '.', '、'])))
}

/// What makes a line read like a rule: the words in lower case, and what they are.
fn like_a_rule(line: &str) -> Option<(String, &'static str)> {
    let line = line.char_indices().nth(MOST_CHARS).map_or(line, |(end, _)| line.get(..end).unwrap_or(line));
    if !states_one_thing(line) {
        return None;
    }
    let lower = line.to_lowercase();
    let rank = word_in(&lower, RANKS).map(|words| (words.to_owned(), "a severity or an approval"));
    let anywhere = || DEMANDS_ANYWHERE.iter().copied().find(|word| lower.contains(word));
    let demand = || word_in(&lower, DEMANDS).or_else(anywhere).map(|words| (words.to_owned(), "a demand"));
    rank.or_else(|| Some((counted(&lower)?, "a quantity"))).or_else(demand)
}

/// A number with its unit: `30 minutes`, `24h`, `2 reviewers`, `80%`.
fn counted(lower: &str) -> Option<String> {
    let words: Vec<&str> = lower.split_whitespace().collect();
    (0..words.len()).find_map(|at| {
        let word = words.get(at)?.trim_matches(|c: char| !c.is_alphanumeric() && c != '%');
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let pair = words
            .get(at + 1)
            .map(|next| format!("{word} {}", next.trim_matches(|c: char| !c.is_alphanumeric())));
        let counts = |text: &str| {
            quantity::window(text).is_some()
                || COUNTED.iter().any(|unit| quantity::count(text, unit).is_some())
        };
        let alone = (word.ends_with('%') || counts(word)).then(|| word.to_owned());
        alone.or_else(|| pair.filter(|pair| counts(pair)))
    })
}

/// The diagnostic for a line that became guidance, if it reads like a rule.
/// Lines of code blocks are no statements and are not asked about.
pub(crate) fn of_line(account: &LineAccount, line: &str) -> Option<Diagnostic> {
    if account.is_understood() {
        return None;
    }
    let (words, what) = like_a_rule(line)?;
    let (column, length) = place(line, Some(&words));
    Some(Diagnostic {
        severity: Level::Error,
        code: "HF0318".to_owned(),
        message: format!("this line reads like a rule ({what}) and was not understood"),
        file: None,
        line: account.line,
        column,
        length,
        hint: Some(
            "say it where the reader looks for it, or in the `policy:` block of the front matter".to_owned(),
        ),
        related: vec![],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Page, read};

    #[test]
    fn what_reads_like_a_rule() {
        let rows = [
            ("- The change must be tested on staging", Some("must")),
            ("| Size | no more than one module |", Some("no more than")),
            ("* Wait 30 minutes", Some("30 minutes")),
            ("1. SEV-1 pages everybody", Some("sev-1")),
            ("- [ ] Sign-off from the owner", Some("sign-off")),
            ("- Der Chef muss zustimmen", Some("muss")),
            ("- 必须通知值班", Some("必须")),
            ("- Keep calm", None),
            ("The change must be tested", None),
            ("- Version 3 is out", None),
            ("- See file 12", None),
            ("- Keep it within 24h", Some("24h")),
            ("- Cover 80% of it", Some("80%")),
            ("- P10 is a printer", None),
        ];
        for (line, expected) in rows {
            assert_eq!(like_a_rule(line).map(|(words, _)| words).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn only_what_was_not_understood_is_unread() {
        let text = "# H\n\n## Step 1: Deploy\n\n**Actions:**\n1. Monitor for 15-30 minutes\n2. Wait at least an hour\n\n\
            ```\n- must not count\n```\n\nIt must not count.\n\n## Step 2: Test\n";
        let workflow = read(&Page { source: "test.md", text });
        let unread: Vec<_> = workflow.unread_rules.iter().map(|d| (d.line, d.column, d.length)).collect();
        assert_eq!(unread, [(7, 9, 8)]);
        assert!(workflow.diagnostics.iter().all(|d| d.code != "HF0318"));
    }
}
