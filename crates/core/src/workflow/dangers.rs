//! Dangerous advice in a page: it is named, with what is done instead, and
//! never carried out. It refuses to alarm where the page denies it.

use super::Level;
use super::denial::{denied_in, denied_lines};
use super::forms::{self, Form};
use super::parse::Document;
use super::reader::Reader;
use regex::bytes::RegexSet;
use std::sync::LazyLock;

/// So much of a line is looked at, in bytes; a command is shorter.
const MOST_BYTES: usize = 4_000;

/// A kind of dangerous advice.
struct Danger {
    code: &'static str,
    what: &'static str,
    hint: &'static str,
    /// Regular expressions over a line as it stands; a group `at` is what is pointed at.
    forms: &'static [&'static str],
    /// Whether a match is harmless after all.
    harmless: fn(&str, &str) -> bool,
}

fn never(_: &str, _: &str) -> bool {
    false
}

// `git`, its options, and then the command.
macro_rules! git {
    ($rest:literal) => {
        concat!(r"\bgit(?:\s+-[cC]\s*\S+)*\s+", $rest)
    };
}

const DANGERS: &[Danger] = &[
    Danger {
        code: "HF0320",
        what: "advises a force push",
        hint: "push a further commit instead; hotfix never force-pushes, with a lease neither",
        forms: &[
            git!(
                r"push\b[^|;&`]*?\s(?:--force(?:-with-lease|-if-includes)?\b[^\s`]*|-[a-zA-Z]*f[a-zA-Z]*\b|--mirror\b)"
            ),
            git!(r"push\b[^|;&`]*?\s\+[\w./{}<$-]+"),
            r"(?i)\bforce[- ]push(?:es|ed|ing)?\b",
            r"(?i)\bpush(?:es|ed|ing)?\s+(?:with\s+)?`?--force",
        ],
        harmless: never,
    },
    Danger {
        code: "HF0321",
        what: "advises `git reset --hard`, which throws work away",
        hint: "work in a worktree of its own, as `hotfix start` does; to undo a commit, revert it",
        forms: &[r"(?i)\breset\s+(?:\S+\s+)?--(?:hard|merge)\b(?:\s+[\w~^./{}<>\[\]@-]+)?"],
        harmless: never,
    },
    Danger {
        code: "HF0325",
        what: "advises to throw uncommitted work away",
        hint: "work in a worktree of its own, as `hotfix start` does; nothing has to be thrown away",
        forms: &[
            git!(r"checkout\s+(?:-f\b|--force\b|(?:HEAD\s+)?(?:--\s+)?\.(?:\s|$|[`;&)]))"),
            git!(r"restore\s+(?:-\S+\s+)*\.(?:\s|$|[`;&)])"),
            git!(r"clean\s+(?:-\S+\s+)*-[a-zA-Z]*f[a-zA-Z]*\b"),
            git!(r"stash\s+(?:drop|clear)\b"),
            git!(r"worktree\s+remove\s+(?:\S+\s+)*(?:--force|-f)\b"),
            git!(r"switch\s+(?:--discard-changes|-f|--force)\b"),
        ],
        harmless: never,
    },
    Danger {
        code: "HF0322",
        what: "advises to skip hooks",
        hint: "waive the one gate that is in the way, with a reason: hotfix waive GATE --reason \"…\"",
        forms: &[
            r"--no-verify\b",
            git!(r"commit\b[^|;&`\x22']*?\s-[a-mo-zA-Z]*n[a-zA-Z]*\b"),
            r"core\.hooksPath[= ]+(?:/dev/null|''|\x22\x22|\S*(?:empty|none)\S*)",
            r"\bHUSKY(?:_SKIP_HOOKS)?=[01]\b",
            r"\bpre-commit\s+uninstall\b",
            r"(?i)\b(?:skip|disable|bypass)(?:s|ing)?\s+(?:the\s+|all\s+)?(?:git\s+|pre-?commit\s+|commit\s+|pre-?push\s+)?hooks?\b",
        ],
        harmless: never,
    },
    Danger {
        code: "HF0331",
        what: "advises to leave commits unsigned",
        hint: "sign as the repository asks for; hotfix commits with the signing that git is configured for",
        forms: &[r"--no-gpg-sign\b", r"commit\.gpgsign[= ]+false\b"],
        harmless: never,
    },
    Danger {
        code: "HF0323",
        what: "advises to take every file into the commit, which also takes secrets and leftovers",
        hint: "name the files that the fix changes; hotfix shows and checks each of them",
        forms: &[
            git!(r"add\s+(?:-[vfn]\s+)*(?:-A\b|--all\b|\.(?:\s|$|[`;&)\x22'])|\*)"),
            git!(r"commit\b[^|;&`\x22']*?\s(?:-[b-zB-Z]*a[a-zA-Z]*\b|--all\b)"),
        ],
        harmless: never,
    },
    Danger {
        code: "HF0324",
        what: "advises to push to a protected branch directly",
        hint: "open a merge request; its gates are the point",
        forms: &[
            git!(
                r"push\s+(?:-u\s+|--set-upstream\s+|--follow-tags\s+|--atomic\s+|--tags\s+)*[\w.$\x22{}<>-]+\s+(?:[\w./-]+:)?(?:refs/heads/)?(?:main|master|trunk|production|prod|live)(?:\s|$|[`;&|)\x22'*,.:])"
            ),
            r"(?i)\b(?:push|commit)(?:e?s|t?ed|t?ing)?\s+(?:\w+\s+){0,3}?(?:directly|straight)\s+(?:to|into|on|onto)\s+(?:the\s+)?[`*]*(?:main|master|trunk|production|prod)\b",
            r"(?i)\b(?:directly|straight)\s+(?:push|commit)\s+(?:\w+\s+){0,2}?(?:to|into|on|onto)\s+(?:the\s+)?[`*]*(?:main|master|trunk|production|prod)\b",
        ],
        harmless: never,
    },
    Danger {
        code: "HF0326",
        what: "advises to delete branches or tags by hand",
        hint: "leave them until the run is closed; `hotfix cleanup` removes the worktree and keeps the work",
        forms: &[
            git!(r"branch\s+(?:-D\b|(?:--delete\s+--force|--force\s+--delete|-d\s+-f|-f\s+-d)\b)[^|;&`]*"),
            git!(r"push\s+(?:\S+\s+)*?(?:--delete|-d)\b[^|;&`]*"),
            git!(r"push\s+[\w.-]+\s+:[\w./{}<$-]+"),
            git!(r"tag\s+(?:-d|--delete)\b[^|;&`]*"),
            r"--delete-branch\b",
            r"\bgh\s+release\s+delete\b",
        ],
        harmless: never,
    },
    Danger {
        code: "HF0327",
        what: "advises to delete data",
        hint: "bring back what ran before with `hotfix rollback`, and restore data from a backup with somebody beside you",
        forms: &[
            r"\brm\s+(?:-\S+\s+)*-(?:[a-zA-Z]*[rR][a-zA-Z]*|-recursive)\s+[^|;&`#]*",
            r"(?i)\bdrop\s+(?:table|database|schema|column|index|collection|view)\b(?:\s+if\s+exists)?(?:\s+[\w.\x22]+)?",
            r"(?i)\btruncate\s+table\b|\bTRUNCATE\s+[\w.\x22]+",
            r"\bDELETE\s+FROM\s+[\w.\x22]+|(?i)\bdelete\s+from\s+[\w.\x22]+\s*;",
            r"(?i)\bflush(?:all|db)\b",
            r"(?i)\bdropDatabase\s*\(|\bdropdb\s|\bdb:(?:drop|reset)\b|\bmigrate\s+(?:reset|fresh|:fresh)\b",
            r"\bkubectl\s+(?:\S+\s+)*?delete\b(?:\s+[\w./{}<>$-]+){0,3}",
            r"\bhelm\s+(?:uninstall|delete)\b|\bterraform\s+destroy\b",
            r"\bdocker(?:-compose|\s+compose)?\s+(?:volume\s+(?:rm|prune)|system\s+prune|down\s+(?:\S+\s+)*-v)\b",
            r"\baws\s+s3\s+(?:rm|rb)\b[^|;&`]*(?:--recursive|--force)",
        ],
        harmless: harmless_deletion,
    },
    Danger {
        code: "HF0328",
        what: "advises to skip the pipeline",
        hint: "let it run; a gate that cannot be had is waived by name, with a reason",
        forms: &[
            r"(?i)\[(?:skip[ -](?:ci|actions)|ci[ -]skip|no ci|actions[ -]skip)\]",
            r"(?i)\*\*\*NO_CI\*\*\*",
            r"-o\s+ci\.skip\b|--no-ci\b",
            r"(?i)\b(?:skip|bypass)(?:s|ing)?\s+(?:the\s+|all\s+)?(?:ci|ci/cd|pipelines?)\b",
        ],
        harmless: never,
    },
    Danger {
        code: "HF0329",
        what: "advises to merge past the protection of a branch",
        hint: "get the approval that the severity's row asks for; hotfix merges only what was approved",
        forms: &[
            r"\bgh\s+pr\s+merge\b[^|;&`]*\s--admin\b",
            r"(?i)\b(?:disabl|bypass|overrid|circumvent|remov|turn(?:ing)?\s+off|lift)(?:e?s?|ing)?\s+(?:the\s+)?branch[- ]protections?\b",
            r"(?i)\b(?:bypass|overrid|skip)(?:e?s?|p?ing)?\s+(?:the\s+|all\s+)?(?:required\s+)?(?:status\s+checks|code\s+reviews?|approvals?)\b",
            r"(?i)\badmin[- ](?:merge|override)\b",
            r"(?i)\bmerge\s+(?:it\s+)?(?:as|with)\s+(?:an?\s+)?admin(?:istrator)?\b",
        ],
        harmless: never,
    },
];

/// Folders that a build makes anew.
const THROW_AWAY: &[&str] = &[
    "node_modules",
    "dist",
    "build",
    "target",
    "out",
    "coverage",
    "tmp",
    "temp",
    "__pycache__",
    "venv",
    "bin",
    "obj",
    "package-lock.json",
    "yarn.lock",
];

/// Deleting what a build makes anew, or rows that a `WHERE` names.
fn harmless_deletion(rest: &str, found: &str) -> bool {
    if found.starts_with("rm") {
        let mut targets = found.split_whitespace().skip(1).filter(|word| !word.starts_with('-')).peekable();
        let is_throw_away = |target: &str| {
            let target = target.trim_matches(['"', '\'', '(', ')']).trim_end_matches(['/', '*']);
            let name = target.rsplit('/').next().unwrap_or_default();
            THROW_AWAY.contains(&name)
                || target.starts_with("/tmp/")
                || target.to_lowercase().trim_start_matches(['$', '{']).starts_with("tmp")
                || (name.starts_with('.')
                    && name.len() > 2
                    && !matches!(name, ".git" | ".env" | ".hotfix" | ".github"))
        };
        return targets.peek().is_some() && targets.all(is_throw_away);
    }
    let lower = found.to_lowercase();
    if lower.starts_with("delete") {
        let statement = rest.split([';', '`']).next().unwrap_or_default();
        return statement.to_lowercase().split_whitespace().any(|word| word == "where");
    }
    false
}

struct Compiled {
    all: RegexSet,
    each: Vec<(usize, Form)>,
}

/// Nothing if a form were no regular expression, which a test excludes.
static COMPILED: LazyLock<Option<Compiled>> = LazyLock::new(|| {
    let forms = || {
        DANGERS.iter().enumerate().flat_map(|(at, danger)| danger.forms.iter().map(move |form| (at, *form)))
    };
    let all = forms::set(forms().map(|(_, form)| form))?;
    let each: Option<Vec<_>> = forms().map(|(at, form)| Some((at, forms::form(form)?))).collect();
    Some(Compiled { all, each: each? })
});

/// Whether a command would be dangerous: it is not even suggested.
pub(crate) fn is_dangerous(command: &str) -> bool {
    !in_line(command, "").is_empty()
}

/// What is dangerous in a line: the danger's place in the table and the bytes.
/// `next` is what follows the line, for statements over several lines.
fn in_line(line: &str, next: &str) -> Vec<(usize, std::ops::Range<usize>)> {
    let Some(compiled) = COMPILED.as_ref() else { return vec![] };
    let line = line
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| *at > MOST_BYTES)
        .map_or(line, |end| line.get(..end).unwrap_or(line));
    let mut found: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
    for at in compiled.all.matches(line.as_bytes()) {
        let Some((danger, form)) = compiled.each.get(at) else { continue };
        for (range, words) in form.find_all(line) {
            let rest = format!("{} {next}", line.get(range.end..).unwrap_or_default());
            let overlaps = |(other, seen): &(usize, std::ops::Range<usize>)| {
                other == danger && seen.start < range.end && range.start < seen.end
            };
            let harmless = DANGERS.get(*danger).is_none_or(|danger| (danger.harmless)(&rest, words));
            if !found.iter().any(overlaps) && !harmless {
                found.push((*danger, range));
            }
        }
    }
    found.sort_by_key(|(_, range)| range.start);
    found
}

/// Finds dangerous advice. A line that forbids it is none.
pub(crate) fn find(doc: &Document, reader: &mut Reader) {
    let below = denied_lines(doc);
    for (at, (no, text)) in doc.raw.iter().enumerate() {
        let next = || doc.raw.iter().skip(at + 1).take(5).map(|(_, line)| line.as_str()).collect::<Vec<_>>();
        let follows = if text.to_lowercase().contains("delete") { next().join(" ") } else { String::new() };
        let found = in_line(text, &follows);
        if found.is_empty() || below.contains(no) {
            continue;
        }
        for (danger, range) in found {
            let Some(danger) = DANGERS.get(danger) else { continue };
            let words = text.get(range.clone()).unwrap_or_default();
            if denied_in(text, &range) {
                continue;
            }
            let message = format!("the page {}", danger.what);
            reader.say(Level::Warning, danger.code, *no, message, danger.hint).about(words.trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Page, read};

    fn codes(line: &str) -> Vec<String> {
        let text = format!("# Hotfix\n\n## Step 1: Fix\n\n{line}\n\n## Step 2: Test\n");
        let workflow = read(&Page { source: "test.md", text: &text });
        let dangers = |code: &String| DANGERS.iter().any(|danger| danger.code == code);
        workflow.diagnostics.into_iter().map(|said| said.code).filter(dangers).collect()
    }

    #[test]
    fn every_form_is_a_regular_expression() {
        assert!(COMPILED.is_some());
    }

    #[test]
    fn advice_is_named() {
        let rows: &[(&str, &str)] = &[
            ("git push --force", "HF0320"),
            ("`git push --force-with-lease origin hotfix/x`", "HF0320"),
            ("git push -f", "HF0320"),
            ("git push origin +main~1", "HF0320"),
            ("git -C ../repo push origin +HEAD:main", "HF0320"),
            ("git push --mirror", "HF0320"),
            ("- Force push the branch", "HF0320"),
            ("git reset --hard origin/main", "HF0321"),
            ("git checkout -- .", "HF0325"),
            ("git checkout .", "HF0325"),
            ("git restore --staged --worktree .", "HF0325"),
            ("git clean -fd", "HF0325"),
            ("git clean -x -df", "HF0325"),
            ("git stash drop", "HF0325"),
            ("git worktree remove --force ../hotfix", "HF0325"),
            ("git commit --no-verify -m x", "HF0322"),
            ("git commit -n -m x", "HF0322"),
            ("git -c core.hooksPath=/dev/null commit", "HF0322"),
            ("HUSKY=0 git commit -m x", "HF0322"),
            ("Skip the pre-commit hooks", "HF0322"),
            ("git commit --no-gpg-sign", "HF0331"),
            ("git add -A", "HF0323"),
            ("git add . && git commit", "HF0323"),
            ("git add --all", "HF0323"),
            ("git commit -am 'fix: x'", "HF0323"),
            ("git commit -a", "HF0323"),
            ("git push origin main", "HF0324"),
            ("git push -u upstream HEAD:production", "HF0324"),
            ("- Push directly to `main`", "HF0324"),
            ("Commit straight to master", "HF0324"),
            ("git branch -D hotfix/x", "HF0326"),
            ("git push origin --delete hotfix/x", "HF0326"),
            ("git push origin :hotfix/x", "HF0326"),
            ("git tag -d v1.2.3", "HF0326"),
            ("gh pr merge 1 --squash --delete-branch", "HF0326"),
            ("rm -rf /var/lib/app", "HF0327"),
            ("rm -r -f data", "HF0327"),
            ("DROP TABLE users;", "HF0327"),
            ("DELETE FROM sessions;", "HF0327"),
            ("TRUNCATE sessions", "HF0327"),
            ("redis-cli FLUSHALL", "HF0327"),
            ("kubectl delete deployment web", "HF0327"),
            ("kubectl -n prod delete pvc data", "HF0327"),
            ("terraform destroy", "HF0327"),
            ("docker compose down -v", "HF0327"),
            ("git commit -m 'fix [skip ci]'", "HF0328"),
            ("git push -o ci.skip", "HF0328"),
            ("gh pr merge 12 --squash --admin", "HF0329"),
            ("Temporarily disable branch protection", "HF0329"),
        ];
        for (line, code) in rows {
            assert_eq!(codes(line), [*code], "{line}");
        }
        assert_eq!(codes("git add -A && git push --force origin hotfix/x"), ["HF0323", "HF0320"]);
    }

    #[test]
    fn what_is_denied_or_harmless_is_not() {
        for line in [
            "Never force push.",
            "git push -u origin hotfix/1.2.3",
            "git push origin hotfix/main-menu",
            "git push --follow-tags",
            "git push --tags",
            "git reset --soft HEAD~1",
            "git checkout main",
            "git checkout -b hotfix/x main",
            "git restore src/auth.rs",
            "git clean -n",
            "git add src/auth.rs",
            "git add -p  # no git add .",
            "git commit --amend --no-edit",
            "git commit -m 'fix: a bug'",
            "git commit -m \"fix: -a and -n\"",
            "git branch -d hotfix/x",
            "git fetch --force",
            "rm -rf node_modules dist/",
            "rm -rf \"$TMPDIR/x\"",
            "rm -f old.log",
            "DELETE FROM sessions WHERE id = 7;",
            "Delete from the list what is done",
            "kubectl rollout undo deployment/web",
            "Skip the design document",
            "- The hook rejects `--no-verify`",
            "| `git push --force` | forbidden |",
        ] {
            assert_eq!(codes(line), [""; 0], "{line}");
        }
        assert_eq!(codes("```sql\nDELETE FROM sessions\nWHERE id = 7;\n```"), [""; 0]);
        assert_eq!(codes("```sql\nDELETE FROM sessions;\nSELECT 1 WHERE true;\n```"), ["HF0327"]);
        assert_eq!(codes("**Never:**\n- git push --force\n"), [""; 0]);
    }

    #[test]
    fn dangerous_commands_are_not_suggested() {
        let text =
            "## Step 1: Fix\n\n```\ngit push --force\ngit push -u origin hotfix/x\n```\n\n## Step 2: Test\n";
        let workflow = read(&Page { source: "test.md", text });
        assert_eq!(workflow.steps[0].suggested_commands, ["git push -u origin hotfix/x"]);
        let said = &workflow.diagnostics[0];
        assert_eq!((said.line, said.column, said.length), (4, 1, 16));
    }
}
