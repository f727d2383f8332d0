//! A ticket's text taken apart: what it says, and its acceptance criteria, by
//! their heading or label in the languages that trackers are kept in. Where
//! there are none, none are made up.

/// The words that head acceptance criteria.
const HEADS: &[&str] = &[
    "acceptance criteria",
    "acceptance criterion",
    "acceptance",
    "akzeptanzkriterien",
    "abnahmekriterien",
    "definition of done",
    "done when",
    "critères d'acceptation",
    "criterios de aceptación",
    "critérios de aceitação",
    "criteri di accettazione",
    "acceptatiecriteria",
    "tiêu chí chấp nhận",
    "kabul kriterleri",
    "критерии приёмки",
    "критерии приемки",
    "kryteria akceptacji",
    "受け入れ基準",
    "受入基準",
    "验收标准",
    "驗收標準",
    "인수 조건",
    "ac",
];

/// What a ticket's text says besides the acceptance criteria, and those.
pub fn parts(text: &str) -> (String, Option<String>) {
    let mut description = Vec::new();
    let mut criteria: Vec<&str> = Vec::new();
    let mut found = false;
    let mut inside: Option<Head<'_>> = None;
    for line in text.lines() {
        if let Some(head) = head(line) {
            if is_criteria(head.words) {
                (inside, found) = (Some(head), true);
                criteria.extend(after_colon(line));
                continue;
            }
            if inside.as_ref().is_some_and(|open| open.ends_at(&head)) {
                inside = None;
            }
        }
        if inside.is_some() { criteria.push(line) } else { description.push(line) }
    }
    if !found {
        let scenario = |line: &&str| is_scenario(line);
        criteria = text.lines().filter(scenario).collect();
    }
    let criteria = criteria.join("\n").trim().to_owned();
    (description.join("\n").trim().to_owned(), (!criteria.is_empty()).then_some(criteria))
}

/// A heading or a label on a line of its own.
struct Head<'a> {
    /// 1 to 6 for a heading, 7 for a label.
    level: usize,
    words: &'a str,
}

impl Head<'_> {
    fn ends_at(&self, other: &Head<'_>) -> bool {
        other.level <= self.level
    }
}

fn head(line: &str) -> Option<Head<'_>> {
    let text = line.trim();
    let level = text.len() - text.trim_start_matches('#').len();
    if (1..=6).contains(&level) && text.get(level..).is_some_and(|rest| rest.starts_with(' ')) {
        return Some(Head { level, words: trimmed(text.get(level..).unwrap_or_default()) });
    }
    // Jira's own markup: `h3. Acceptance criteria`.
    if let Some(rest) = text.strip_prefix('h')
        && let Some((digit, words)) = rest.split_once(". ")
        && let Ok(level @ 1..=6) = digit.parse::<usize>()
    {
        return Some(Head { level, words: trimmed(words) });
    }
    let bold =
        text.starts_with("**") || text.starts_with('*') && text.ends_with('*') || text.starts_with("__");
    let label = text.ends_with([':', '：']) && text.len() <= 60 && !text.starts_with(['-', '+']);
    if label || (bold && (text.contains(':') || text.ends_with('*'))) {
        return Some(Head { level: 7, words: trimmed(text.split([':', '：']).next().unwrap_or(text)) });
    }
    let known =
        text.split_once([':', '：']).map(|(before, _)| trimmed(before)).filter(|words| is_criteria(words));
    known.map(|words| Head { level: 7, words })
}

fn trimmed(words: &str) -> &str {
    words.trim().trim_matches(['*', '_', ':', '：', '#']).trim()
}

fn is_criteria(words: &str) -> bool {
    let words = words.to_lowercase();
    HEADS
        .iter()
        .any(|head| words == *head || words.strip_suffix("(ac)").is_some_and(|rest| rest.trim() == *head))
}

/// What follows a label on its own line.
fn after_colon(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once([':', '：'])?;
    let rest = rest.trim().trim_start_matches('*').trim();
    (!rest.is_empty()).then_some(rest)
}

/// `Given … When … Then …` without a heading.
fn is_scenario(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['-', '*', ' ']);
    ["Given ", "When ", "Then ", "Scenario:"].iter().any(|word| line.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_by_their_heading() {
        let text = "Sign-in fails.\n\n## Acceptance criteria\n\n- [ ] Names with a hyphen work\n- [ ] No 5xx\n\n### Notes on these\nsmall\n\n## Links\nx";
        let (description, criteria) = parts(text);
        assert_eq!(
            criteria.unwrap(),
            "- [ ] Names with a hyphen work\n- [ ] No 5xx\n\n### Notes on these\nsmall"
        );
        assert_eq!(description, "Sign-in fails.\n\n## Links\nx");
    }

    #[test]
    fn criteria_by_other_means() {
        let rows = [
            ("Broken.\n\n**Acceptance Criteria:**\n1. works", "1. works"),
            ("Broken.\nAC: sign-in works", "sign-in works"),
            ("h3. Acceptance criteria\n* works\nh3. Notes\nx", "* works"),
            ("Kaputt.\n\n# Akzeptanzkriterien\ngeht", "geht"),
            ("壊れた\n\n## 受け入れ基準\n- 動く", "- 動く"),
            (
                "Broken.\nGiven a name\nWhen they sign in\nThen it works",
                "Given a name\nWhen they sign in\nThen it works",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(parts(text).1.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn none_are_made_up() {
        for text in ["", "It is broken and must be mended.", "## Steps\n- click", "Account: 12\nAccepted: no"]
        {
            assert_eq!(parts(text).1, None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "([#*:\\n h3.AC-]|\\PC){0,80}") {
            let _ = parts(&text);
        }
    }
}
