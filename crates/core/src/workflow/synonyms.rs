//! The one table from the names and phrases that pages use to built-in skills.
//! It refuses to guess: a name that is not here is a manual step.

use super::Skill;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Phrases of lower-case words; the longest phrase at a place wins.
const TABLE: &[(Skill, &[&str])] = &[
    (
        Skill::Prepare,
        &[
            "prepare",
            "git workflow",
            "git worktree",
            "worktree",
            "branch",
            "create branch",
            "setup",
            "set up",
            "pre flight",
            "preflight",
            "preparation",
            "start hotfix",
            "create hotfix branch",
            "git flow",
        ],
    ),
    (
        Skill::Reproduce,
        &[
            "reproduce",
            "quick test",
            "reproduction",
            "reproduce the incident",
            "reproduce bug",
            "failing test",
        ],
    ),
    (
        Skill::Implement,
        &[
            "implement",
            "implementation",
            "write code",
            "fix",
            "code fix",
            "develop",
            "patch",
            "minimal fix",
            "coding",
            "make the change",
            "apply fix",
        ],
    ),
    (
        Skill::CheckStyle,
        &[
            "check style",
            "lint",
            "linting",
            "style",
            "style check",
            "format",
            "static analysis",
            "code style",
        ],
    ),
    (
        Skill::Test,
        &[
            "test",
            "tests",
            "testing",
            "run tests",
            "verify",
            "verified",
            "verify fix",
            "verification",
            "smoke",
            "smoke test",
            "validate",
            "validation",
            "regression",
            "run critical tests",
        ],
    ),
    (Skill::Commit, &["commit", "commits", "committed", "commit changes"]),
    (
        Skill::MergeRequest,
        &[
            "merge request",
            "create merge request",
            "open merge request",
            "mr",
            "create mr",
            "open mr",
            "pull request",
            "create pull request",
            "open pull request",
            "pr",
            "create pr",
            "open pr",
            "create a pr",
            "open a pr",
            "create an mr",
            "open an mr",
            "create a pull request",
            "open a pull request",
            "create a merge request",
            "open a merge request",
        ],
    ),
    (
        Skill::Review,
        &["review", "reviewed", "approval", "approvals", "approve", "expedited review", "code review"],
    ),
    (Skill::Merge, &["merge", "merged", "fast merge", "fast track merge"]),
    (
        Skill::Deploy,
        &["deploy", "deployed", "deployment", "release", "roll out", "rollout", "ship", "go live"],
    ),
    (Skill::Monitor, &["monitor", "monitored", "monitoring", "watch", "observe"]),
    (Skill::Mitigate, &["mitigate", "mitigation", "stop the bleeding", "kill switch", "feature flag off"]),
    (Skill::Rollback, &["rollback", "roll back"]),
    (
        Skill::Port,
        &[
            "port",
            "backport",
            "back port",
            "cherry pick",
            "cherry pick to main",
            "back merge",
            "merge to main",
            "merge back",
            "merge to develop",
            "merge back to main",
            "merge into main",
            "sync main",
        ],
    ),
    (
        Skill::Analyze,
        &[
            "analyze",
            "analyse",
            "analysis",
            "post incident",
            "rca",
            "root cause",
            "root cause analysis",
            "postmortem",
            "post mortem",
            "retrospective",
        ],
    ),
    (Skill::Report, &["report", "incident report", "write up", "document incident"]),
    (Skill::FollowUp, &["follow up", "followup", "follow up ticket"]),
    (Skill::Notify, &["notify", "communicate", "communication", "announce", "notification"]),
    (Skill::Cleanup, &["cleanup", "clean up", "remove worktree", "delete branch"]),
];

type Index = HashMap<&'static str, Vec<(Vec<&'static str>, Skill)>>;

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index::new();
    for (skill, phrases) in TABLE {
        for phrase in *phrases {
            let words: Vec<_> = phrase.split(' ').collect();
            if let Some(first) = words.first() {
                index.entry(first).or_default().push((words, *skill));
            }
        }
    }
    for phrases in index.values_mut() {
        phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    index
});

fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.map(str::to_lowercase).collect()
}

fn first_in(words: &[String], within: usize) -> Option<(Skill, usize)> {
    (0..words.len().min(within)).find_map(|at| {
        let rest = words.get(at..)?;
        let phrases = INDEX.get(rest.first()?.as_str())?;
        let hit = phrases.iter().find(|(phrase, _)| {
            phrase.len() <= rest.len() && phrase.iter().zip(rest).all(|(want, have)| want == have)
        });
        hit.map(|(phrase, skill)| (*skill, phrase.len()))
    })
}

/// The skill of a name: a path (`skills/implement.md`), a flow box, a name
/// with an argument (`git-workflow (worktree)`).
pub(crate) fn of_name(name: &str) -> Option<Skill> {
    let base = base_name(name);
    let words = words(&base);
    match first_in(&words, 1) {
        Some((skill, length)) if length == words.len() => Some(skill),
        _ => in_prose(&base, 4).into_iter().next(),
    }
}

/// The last part of a path without its extension and its argument.
pub(crate) fn base_name(name: &str) -> String {
    let name = name.split('(').next().unwrap_or(name).trim();
    let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
    let last =
        if last.eq_ignore_ascii_case("skill.md") { name.rsplit('/').nth(1).unwrap_or(last) } else { last };
    last.strip_suffix(".md").unwrap_or(last).trim().to_owned()
}

/// The skills that a line names, in its order: one for each clause, found
/// among its first `within` words. What stands in parentheses is no skill.
pub(crate) fn in_prose(text: &str, within: usize) -> Vec<Skill> {
    let mut skills = Vec::new();
    for clause in clauses(&without_parentheses(text)) {
        if let Some((skill, _)) = first_in(&words(&clause), within)
            && !skills.contains(&skill)
        {
            skills.push(skill);
        }
    }
    skills
}

/// The skills that a result was reached by: `Fix committed`.
pub(crate) fn in_result(text: &str) -> Vec<Skill> {
    let skill = |word: &String| match word.as_str() {
        "committed" | "commit" => Some(Skill::Commit),
        "verified" | "tested" => Some(Skill::Test),
        "merged" => Some(Skill::Merge),
        "deployed" | "released" => Some(Skill::Deploy),
        "monitored" => Some(Skill::Monitor),
        _ => None,
    };
    words(&without_parentheses(text)).iter().filter_map(skill).collect()
}

fn clauses(text: &str) -> Vec<String> {
    let marked =
        text.replace(" and then ", "\n").replace(" and ", "\n").replace(" then ", "\n").replace("->", "\n");
    let clauses = marked.split(['\n', ',', ';', '+', '&', '→', '.']).map(str::to_owned);
    clauses.filter(|clause| !is_condition(clause)).collect()
}

/// `if the fix is temporary` says when, not what.
fn is_condition(clause: &str) -> bool {
    const WORDS: &[&str] =
        &["if", "where", "when", "unless", "once", "until", "before", "after", "because", "so"];
    let first = clause.split_whitespace().next().unwrap_or_default().to_lowercase();
    WORDS.contains(&first.as_str())
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let rows = [
            ("skills/implement.md", Some(Skill::Implement)),
            ("git-workflow (worktree)", Some(Skill::Prepare)),
            ("execute/write-code", Some(Skill::Implement)),
            ("validate/check-style", Some(Skill::CheckStyle)),
            ("integrate/create-merge-request", Some(Skill::MergeRequest)),
            ("ops/rollback/SKILL.md", Some(Skill::Rollback)),
            ("cleanup", Some(Skill::Cleanup)),
            ("page-the-customer", None),
            ("", None),
        ];
        for (name, expected) in rows {
            assert_eq!(of_name(name), expected, "{name}");
        }
    }

    #[test]
    fn prose() {
        use Skill::{Deploy, FollowUp, Implement, Merge, MergeRequest, Monitor, Reproduce, Review};
        let rows: [(&str, &[Skill]); 7] = [
            ("Create PR to production branch", &[MergeRequest]),
            ("Get expedited review (1 reviewer minimum)", &[Review]),
            ("Merge and deploy", &[Merge, Deploy]),
            ("Deploy & Monitor", &[Deploy, Monitor]),
            ("Follow-up ticket for proper fix (if temporary)", &[FollowUp]),
            ("Quick test + fix", &[Reproduce, Implement]),
            ("Fast merge", &[Merge]),
        ];
        for (text, expected) in rows {
            assert_eq!(in_prose(text, usize::MAX), expected, "{text}");
        }
    }
}
