//! Lines that read like rules and were not understood: bullets and table rows
//! that demand, count, name a severity or an approval, and became nothing but
//! guidance. It refuses to guess what they mean; `--strict` fails on them.

use super::account::LineAccount;
use super::{Diagnostic, Level};
use regex::Regex;
use std::sync::LazyLock;

/// So much of a line is looked at, in characters.
const MOST_CHARS: usize = 2_000;

/// Words that demand, in several languages.
const DEMANDS: &str = r"(?i)\b(?:must|shall|mandatory|required|requires|have to|has to|needs? to be|should|never|always|at least|at most|no more than|fewer than|more than|up to|minimum|maximum|only if|only when|unless|muss|müssen|darf|dürfen|pflicht|mindestens|höchstens|immer|niemals|doit|doivent|obligatoire|toujours|jamais|debe|deben|obligatori[oa]|siempre|nunca|deve|devem|sempre|musi|muszą|zawsze|должен|должна|должны|обязательн\w*|всегда|никогда|phải|bắt buộc|luôn|zorunlu\w*|gerekli\w*|wajib|harus)\b|必须|必須|しなければ|필수|해야";
/// Quantities with a unit.
const COUNTS: &str = r"(?i)\b\d+\s*(?:(?:-|–|to)\s*\d+\s*)?(?:%|percent\b|min(?:ute)?s?\b|h(?:ou)?rs?\b|h\b|days?\b|weeks?\b|files?\b|lines?\b|loc\b|reviewers?\b|reviews?\b|approvers?\b|approvals?\b|people\b|minuten\b|stunden\b|tage\b|минут\w*|час\w*|phút\b|giờ\b|ngày\b|dakika\b|saat\b|分钟|小时|分|時間|분|시간)";
/// Severities, approvals and authorisations.
const RANKS: &str =
    r"(?i)\b(?:sev(?:erity)?[- ]?[0-5]\b|p[0-4]\b|approv\w*|sign[- ]?off|authori[sz]\w*|permission from)";

/// Nothing if one were no regular expression, which a test excludes.
static FORMS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let forms = [(RANKS, "a severity or an approval"), (COUNTS, "a quantity"), (DEMANDS, "a demand")];
    forms.into_iter().filter_map(|(form, what)| Some((Regex::new(form).ok()?, what))).collect()
});

/// Whether a line is a bullet, a numbered item or a row of a table.
fn states_one_thing(line: &str) -> bool {
    let text = line.trim_start().trim_start_matches(['>', ' ']);
    let bullet = ["- ", "* ", "+ ", "• ", "|"].iter().any(|sign| text.starts_with(sign));
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or_default();
    bullet || (digits > 0 && text.get(digits..).is_some_and(|rest| rest.starts_with([')', '.', '、'])))
}

/// What makes a line read like a rule: where (in bytes), and what it is.
fn like_a_rule(line: &str) -> Option<(std::ops::Range<usize>, &'static str)> {
    let line = line.char_indices().nth(MOST_CHARS).map_or(line, |(end, _)| line.get(..end).unwrap_or(line));
    if !states_one_thing(line) {
        return None;
    }
    FORMS.iter().find_map(|(form, what)| Some((form.find(line)?.range(), *what)))
}

/// The diagnostic for a line that became guidance, if it reads like a rule.
/// Lines of code blocks are no statements and are not asked about.
pub(crate) fn of_line(account: &LineAccount, line: &str) -> Option<Diagnostic> {
    if account.is_understood() {
        return None;
    }
    let (at, what) = like_a_rule(line)?;
    let count =
        |text: Option<&str>| u32::try_from(text.unwrap_or_default().chars().count()).unwrap_or(u32::MAX);
    Some(Diagnostic {
        severity: Level::Error,
        code: "HF0318".to_owned(),
        message: format!("this line reads like a rule ({what}) and was not understood"),
        file: None,
        line: account.line,
        column: count(line.get(..at.start)).saturating_add(1),
        length: count(line.get(at.clone())).max(1),
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
    fn every_form_is_a_regular_expression() {
        assert_eq!(FORMS.len(), 3);
    }

    #[test]
    fn what_reads_like_a_rule() {
        let rows = [
            ("- The change must be tested on staging", Some("must")),
            ("| Size | no more than one module |", Some("no more than")),
            ("* Wait 30 minutes", Some("30 minutes")),
            ("1. SEV-1 pages everybody", Some("SEV-1")),
            ("- [ ] Sign-off from the owner", Some("Sign-off")),
            ("- Der Chef muss zustimmen", Some("muss")),
            ("- 必须通知值班", Some("必须")),
            ("- Keep calm", None),
            ("The change must be tested", None),
            ("- Version 3 is out", None),
            ("- See file 12", None),
        ];
        for (line, expected) in rows {
            assert_eq!(like_a_rule(line).map(|(at, _)| &line[at]), expected, "{line}");
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
