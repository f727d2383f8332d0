//! A page that says one thing in two ways. What holds was decided when it was
//! read: typed policy, then a severity's row of the matrix, then the first
//! statement of prose. Here every other statement is looked up and told; it
//! refuses to take sides.

use super::account::Kind;
use super::branch_rules::{kind_of, pattern};
use super::denial::denied_in;
use super::forms::{Form, form};
use super::parse::Document;
use super::quantity;
use super::reader::Reader;
use super::{Level, Place, Workflow};
use crate::policy::{BaseKind, Policy, ReviewTiming, SeverityPolicy};
use crate::text::brief;
use std::sync::LazyLock;

/// So much of a line is looked at, in characters.
const MOST_CHARS: usize = 2_000;

/// What a line states.
#[derive(Debug, Clone, PartialEq)]
enum Statement {
    Base(BaseKind),
    Pattern(String),
    Label(String),
    ReportWithin(jiff::SignedDuration),
    MaxFiles(u32),
    MaxLines(u32),
    Automatic(bool),
    /// So many people say yes.
    People(u32),
    Review(ReviewTiming),
}

impl Statement {
    /// The rule that it is about, by its path in the policy.
    fn rule(&self) -> &'static str {
        match self {
            Statement::Base(_) => "branch.base",
            Statement::Pattern(_) => "branch.pattern",
            Statement::Label(_) => "merge_request.labels",
            Statement::ReportWithin(_) => "report_within",
            Statement::MaxFiles(_) => "change.max_files",
            Statement::MaxLines(_) => "change.max_lines",
            Statement::Automatic(_) => "rollback.automatic",
            Statement::People(_) | Statement::Review(_) => "severities",
        }
    }

    /// Whether the policy says the same.
    fn agrees(&self, policy: &Policy) -> bool {
        match self {
            Statement::Base(kind) => policy.branch.base == *kind,
            Statement::Pattern(name) => alike(name, &policy.branch.pattern),
            Statement::Label(label) => {
                policy.merge_request.labels.iter().any(|own| own.eq_ignore_ascii_case(label))
            }
            Statement::ReportWithin(within) => policy.report_within == *within,
            Statement::MaxFiles(count) => policy.change.max_files == Some(*count),
            Statement::MaxLines(count) => policy.change.max_lines == Some(*count),
            Statement::Automatic(automatic) => policy.rollback.automatic == Some(*automatic),
            Statement::People(count) => policy.severities.values().all(|row| people(row) >= *count),
            Statement::Review(timing) => policy.severities.values().all(|row| row.review == *timing),
        }
    }

    fn words(&self) -> String {
        match self {
            Statement::Base(kind) => format!("the branch starts from {}", base(*kind)),
            Statement::Pattern(name) => format!("the branch is called `{name}`"),
            Statement::Label(label) => format!("the label is `{}`", brief(label, 40)),
            Statement::ReportWithin(within) => format!("the report is due within {within:#}"),
            Statement::MaxFiles(count) => format!("at most {count} files change"),
            Statement::MaxLines(count) => format!("at most {count} lines change"),
            Statement::Automatic(true) => "the rollback is automatic".to_owned(),
            Statement::Automatic(false) => "the rollback is not automatic".to_owned(),
            Statement::People(count) => format!("{count} people review or approve"),
            Statement::Review(ReviewTiming::PreDeploy) => "the review is before the merge".to_owned(),
            Statement::Review(ReviewTiming::PostDeploy) => "the review is after the merge".to_owned(),
        }
    }

    /// What the policy says instead.
    fn instead(&self, policy: &Policy) -> String {
        match self {
            Statement::Base(_) => base(policy.branch.base).to_owned(),
            Statement::Pattern(_) => format!("`{}`", policy.branch.pattern),
            Statement::Label(_) => format!("`{}`", policy.merge_request.labels.join("`, `")),
            Statement::ReportWithin(_) => format!("{:#}", policy.report_within),
            Statement::MaxFiles(_) => policy.change.max_files.unwrap_or_default().to_string(),
            Statement::MaxLines(_) => policy.change.max_lines.unwrap_or_default().to_string(),
            Statement::Automatic(_) => {
                if policy.rollback.automatic == Some(true) { "automatic" } else { "asked for" }.to_owned()
            }
            Statement::People(_) | Statement::Review(_) => {
                let others = policy.severities.iter().filter(|(_, row)| self.is_overruled_by(row));
                others.map(|(name, row)| format!("{name} {}", told(row))).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn is_overruled_by(&self, row: &SeverityPolicy) -> bool {
        match self {
            Statement::People(count) => people(row) < *count,
            Statement::Review(timing) => row.review != *timing,
            _ => false,
        }
    }
}

fn base(kind: BaseKind) -> &'static str {
    match kind {
        BaseKind::Production => "production",
        BaseKind::Main => "main",
    }
}

/// Everybody whose yes a row wants.
fn people(row: &SeverityPolicy) -> u32 {
    u32::try_from(row.approvers.len()).unwrap_or(u32::MAX).saturating_add(row.reviewers)
}

fn told(row: &SeverityPolicy) -> String {
    let when = match row.review {
        ReviewTiming::PreDeploy => "before",
        ReviewTiming::PostDeploy => "after",
    };
    format!("wants {} ({} the deploy)", people(row), when)
}

/// Two names of one family with the same placeholders. A name without any is
/// an example of every pattern.
fn alike(one: &str, other: &str) -> bool {
    let family = |name: &str| name.split('/').next().map(str::to_owned);
    let holders = |name: &str| ["{id}", "{version}"].map(|holder| name.contains(holder));
    let bare = holders(one) == [false, false] || holders(other) == [false, false];
    family(one) == family(other) && (bare || holders(one) == holders(other))
}

static STARTS: LazyLock<Option<Form>> = LazyLock::new(|| {
    form(
        r"(?i)\b(?:branch(?:es|ed|ing)?|worktree)\b[^.;|`\n]{0,40}?\b(?:from|off(?:\s+of)?)\s+(?:the\s+)?(?:latest\s+|current\s+)?[`*\x22']*(?:origin/)?(?P<base>main|master|trunk|develop|production|prod|release|live)\b",
    )
});
static LABEL: LazyLock<Option<Form>> = LazyLock::new(|| {
    form(
        r"(?i)(?:--labels?[= ]\s*[\x22'`]?(?P<flag>[\w:/-]+))|(?:[\x22`'](?P<before>[\w:/-]+)[\x22`']\s+labels?\b)|(?:\blabels?:?\s+(?:it\s+)?(?:with\s+)?[\x22`'](?P<after>[\w:/-]+)[\x22`'])",
    )
});
static PEOPLE: LazyLock<Option<Form>> =
    LazyLock::new(|| form(r"(?i)\b(?P<count>\d{1,2})\s+(?:reviewers?|approvals?|approvers?|reviews)\b"));
static REVIEW: LazyLock<Option<Form>> = LazyLock::new(|| {
    form(
        r"(?i)\breviews?\b[^.;|]{0,30}?\b(?:(?P<post>post-merge|post-deploy|after\s+(?:the\s+)?(?:merge|deploy)|async)|(?P<pre>pre-merge|pre-deploy|before\s+(?:the\s+)?(?:merge|merging|deploy)))",
    )
});
static AUTOMATIC: LazyLock<Option<Form>> = LazyLock::new(|| {
    form(
        r"(?i)\b(?:automatic(?:ally)?\s+roll(?:s|ed)?[ -]?back|roll(?:s|ed)?[ -]?back\s+automatically|auto-?rollback)\b",
    )
});

/// A statement with its line and words.
struct Said {
    line: u32,
    words: String,
    statement: Statement,
}

/// Looks for every statement that does not hold, and tells it.
pub(crate) fn find(workflow: &Workflow, doc: &Document, reader: &mut Reader) {
    for said in statements(doc) {
        let rule = said.statement.rule();
        let in_matrix = reader.was(said.line, Kind::Policy, "severities");
        let origin = origin_of(workflow, rule);
        let Some(origin) = origin.filter(|_| !in_matrix) else { continue };
        if origin.line == said.line && origin.file.is_empty() || said.statement.agrees(&workflow.policy) {
            continue;
        }
        tell(workflow, &said, &origin, reader);
    }
}

/// Where a rule was taken from; in the page's own lines, the file is empty.
fn origin_of(workflow: &Workflow, rule: &str) -> Option<Place> {
    let own = workflow.origins.get(rule).map(|line| Place { file: String::new(), line: *line });
    own.or_else(|| workflow.inherited.get(rule).cloned())
}

fn tell(workflow: &Workflow, said: &Said, origin: &Place, reader: &mut Reader) {
    let (code, hint) = match said.statement {
        Statement::Base(_) => ("HF0344", "let the branch start at one place"),
        Statement::People(_) | Statement::Review(_) => {
            ("HF0346", "let the approval matrix alone say who and when")
        }
        _ => ("HF0345", "say it in one place"),
    };
    let instead = said.statement.instead(&workflow.policy);
    let place = if origin.file.is_empty() {
        format!("line {}", origin.line)
    } else {
        format!("{}, line {}", origin.file, origin.line)
    };
    let message = match said.statement {
        Statement::People(_) | Statement::Review(_) => {
            format!("here {}; the approval matrix ({place}) holds: {instead}", said.statement.words())
        }
        _ => format!("here {}; {place} says {instead}, which holds", said.statement.words()),
    };
    let told = reader.say(Level::Warning, code, said.line, message, hint).about(&said.words);
    if origin.file.is_empty() {
        told.with(origin.line, None, "this holds");
    }
}

/// Everything that the page states about rules that can contradict each other.
fn statements(doc: &Document) -> Vec<Said> {
    let mut found = Vec::new();
    let mut checked_out: Option<BaseKind> = None;
    let mut opens_request = false;
    for (no, raw) in &doc.raw {
        let line =
            raw.char_indices().nth(MOST_CHARS).map_or(raw.as_str(), |(end, _)| raw.get(..end).unwrap_or(raw));
        let lower = line.to_lowercase();
        let mut say = |words: &str, statement: Statement| {
            found.push(Said { line: *no, words: words.to_owned(), statement });
        };
        if line.trim_start().starts_with("```") {
            checked_out = None;
        }
        for command in line.split(['`', ';']).flat_map(|part| part.split("&&")) {
            of_command(command, &mut checked_out, &mut say);
        }
        let request = ["pr create", "mr create", "merge request", "pull request"]
            .iter()
            .any(|word| lower.contains(word))
            || lower
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| matches!(word, "mr" | "pr" | "mrs" | "prs"));
        of_prose(line, &lower, request || opens_request, &mut say);
        opens_request = (request || opens_request) && line.trim_end().ends_with('\\');
    }
    found
}

/// Commands that make a branch: what they start from, and its name.
fn of_command(command: &str, checked_out: &mut Option<BaseKind>, say: &mut impl FnMut(&str, Statement)) {
    let start = ["git checkout ", "git switch ", "git worktree add "]
        .iter()
        .filter_map(|verb| command.find(verb))
        .min();
    let Some(command) = start.and_then(|at| command.get(at..)) else { return };
    let words: Vec<&str> = command.split('#').next().unwrap_or_default().split_whitespace().collect();
    let Some(flag) = words.iter().position(|word| matches!(*word, "-b" | "-c" | "-B" | "-C")) else {
        if let [_, "checkout" | "switch", branch] = words.as_slice() {
            *checked_out = kind_of(branch);
        }
        return;
    };
    let Some(name) = words.get(flag + 1).and_then(|word| pattern(word)) else { return };
    let written = words.get(flag + 1).copied().unwrap_or_default();
    say(written, Statement::Pattern(name));
    let from = words.iter().skip(flag + 2).find_map(|word| kind_of(word).map(|kind| (*word, kind)));
    if let Some((word, kind)) = from {
        say(word, Statement::Base(kind));
    } else if let (Some(kind), "checkout" | "switch") =
        (*checked_out, words.get(1).copied().unwrap_or_default())
    {
        say(written, Statement::Base(kind));
    }
}

fn of_prose(line: &str, lower: &str, request: bool, say: &mut impl FnMut(&str, Statement)) {
    let denies = |range: &std::ops::Range<usize>| denied_in(line, range);
    if let Some(found) = STARTS.as_ref().and_then(|form| form.groups(line))
        && let (Some((range, words)), Some(base)) = (found.whole(), found.named("base"))
        && !denies(&range)
        && let Some(kind) = kind_of(base)
    {
        say(words, Statement::Base(kind));
    }
    if request
        && let Some(found) = LABEL.as_ref().and_then(|form| form.groups(line))
        && let Some(label) = ["flag", "before", "after"].iter().find_map(|group| found.named(group))
    {
        say(label, Statement::Label(label.to_owned()));
    }
    if let Some(found) = PEOPLE.as_ref().and_then(|form| form.groups(line))
        && let (Some((_, words)), Some(Ok(count))) = (found.whole(), found.named("count").map(str::parse))
    {
        say(words, Statement::People(count));
    }
    if let Some(found) = REVIEW.as_ref().and_then(|form| form.groups(line))
        && let Some((_, words)) = found.whole()
    {
        let post = found.named("post").is_some();
        let timing = if post { ReviewTiming::PostDeploy } else { ReviewTiming::PreDeploy };
        say(words, Statement::Review(timing));
    }
    if let Some((range, words)) = AUTOMATIC.as_ref().and_then(|form| form.find(line)) {
        say(words, Statement::Automatic(!denies(&range)));
    }
    of_quantities(lower, say);
}

fn of_quantities(lower: &str, say: &mut impl FnMut(&str, Statement)) {
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["report", "post-mortem", "postmortem"])
        && let Some(at) = lower.find("within ")
        && let Some((within, _)) = lower.get(at..).and_then(quantity::window)
    {
        say("", Statement::ReportWithin(within));
    }
    if has(&["at most", "no more than", "fewer than", "maximum of", "max "]) {
        if let Some(count) = quantity::count(lower, "file") {
            say("", Statement::MaxFiles(count));
        }
        if let Some(count) = quantity::count(lower, "line") {
            say("", Statement::MaxLines(count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Page, read};

    /// Codes, lines and what is pointed at.
    fn told(body: &str) -> Vec<(String, u32, String)> {
        let text = format!("# Hotfix\n{body}");
        let workflow = read(&Page { source: "test.md", text: &text });
        assert!(workflow.is_workflow, "{body}");
        let lines: Vec<&str> = text.lines().collect();
        let words = |d: &crate::workflow::Diagnostic| {
            let line = lines[d.line as usize - 1].chars().skip(d.column as usize - 1);
            line.take(d.length as usize).collect::<String>()
        };
        let ours = ["HF0344", "HF0345", "HF0346"];
        let found = workflow.diagnostics.iter().filter(|d| ours.contains(&d.code.as_str()));
        found.map(|d| (d.code.clone(), d.line, words(d))).collect()
    }

    fn expect(body: &str, expected: &[(&str, u32, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(c, l, w)| ((*c).to_owned(), *l, (*w).to_owned())).collect();
        assert_eq!(told(body), expected, "{body}");
    }

    const STEPS: &str = "\n## Step 1: Fix\n\n## Step 2: Deploy\n\n";
    const FROM_PRODUCTION: &str = "### Branch Strategy\n\n```\nproduction\n    `-- hotfix/incident-{id}\n        |-- merge to production\n        `-- cherry-pick to main\n```\n\n";

    #[test]
    fn every_form_is_a_regular_expression() {
        for form in [&STARTS, &LABEL, &PEOPLE, &REVIEW, &AUTOMATIC] {
            assert!(form.is_some());
        }
    }

    #[test]
    fn two_bases() {
        let page = format!("{STEPS}{FROM_PRODUCTION}## Notes\n\n");
        expect(
            &format!("{page}- Create the hotfix branch from `main`\n"),
            &[("HF0344", 18, "branch from `main")],
        );
        expect(
            &format!("{page}```\ngit checkout main\ngit pull\ngit checkout -b hotfix/incident-7\n```\n"),
            &[("HF0344", 21, "hotfix/incident-7")],
        );
        expect(
            &format!("{page}```\ngit worktree add ../x -b hotfix/PAY-7 main\n```\n"),
            &[("HF0344", 19, "main")],
        );
        expect(&format!("{page}- On hotfix branch from production tag\n- Never branch from main\n"), &[]);
        expect(&format!("{STEPS}- Create the hotfix branch from main\n"), &[]);
    }

    #[test]
    fn two_values_of_one_rule() {
        let page = format!(
            "{STEPS}{FROM_PRODUCTION}### MR Requirements\n\n| Item | Rule |\n|--|--|\n| Labels | `urgent` |\n\n- At most 3 files\n\n### Communication\n\n- Report: within 24h\n\n## Notes\n\n"
        );
        expect(&format!("{page}- Create the MR with \"hotfix\" label\n"), &[("HF0345", 30, "hotfix")]);
        expect(
            &format!("{page}- Create the MR with \"urgent\" label\n- The `bug` label is for issues\n"),
            &[],
        );
        expect(
            &format!("{page}```\ngh pr create --title x \\\n  --label emergency\n```\n"),
            &[("HF0345", 32, "emergency")],
        );
        expect(
            &format!("{page}- Change no more than 5 files\n"),
            &[("HF0345", 30, "- Change no more than 5 files")],
        );
        expect(
            &format!("{page}- The post-mortem is written within 5 days\n"),
            &[("HF0345", 30, "- The post-mortem is written within 5 days")],
        );
        expect(&format!("{page}```\ngit switch -c hotfix/v1.2.3\n```\n"), &[("HF0345", 31, "hotfix/v1.2.3")]);
        expect(&format!("{page}```\ngit switch -c hotfix/fix-login\n```\n"), &[]);
    }

    #[test]
    fn prose_against_the_matrix() {
        let matrix = "### Approval Matrix\n\n| Severity | Approvers | Review |\n|--|--|--|\n| P1 | On-call + 1 reviewer | Post-deploy |\n\n## Notes\n\n";
        let page = format!("{STEPS}{matrix}");
        expect(&format!("{page}- Get expedited review (1 reviewer minimum)\n"), &[]);
        expect(&format!("{page}- It needs 3 approvals\n"), &[("HF0346", 15, "3 approvals")]);
        expect(
            &format!("{page}- The review is before the merge\n"),
            &[("HF0346", 15, "review is before the merge")],
        );
        expect(&format!("{STEPS}- It needs 3 approvals\n"), &[]);
    }

    #[test]
    fn automatic_or_not() {
        let page = format!("{STEPS}## Notes\n\n- Automatic rollback on a regression\n");
        expect(&page, &[]);
        expect(
            &format!("{page}- Never roll back automatically\n"),
            &[("HF0345", 10, "roll back automatically")],
        );
    }
}
