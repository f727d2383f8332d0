//! What the words of real pages' context mappings mean.

use super::*;
use crate::workflow::{Page, Workflow, read};

fn page() -> Workflow {
    let text = "# Hotfix\n\n## Step 1: Implement Hotfix\n\n**Call Skill:** `skills/implement.md`\n\n\
                **Output:** Hotfix committed\n\n## Step 2: Verify Fix\n\n**Call Skill:** `skills/test.md`\n\n\
                **Output:** Fix verified\n\n## Step 3: Deploy & Monitor\n\n## Step 4: Post-Incident\n";
    read(&Page { source: "t.md", text })
}

/// What a cell means, in short.
fn told(words: &str) -> String {
    let page = page();
    let told =
        sources(words, Known { steps: &page.steps, links: &[] }).into_iter().map(|source| match source {
            Source::Ticket { key, part } => format!("ticket {} {part:?}", key.unwrap_or_default()),
            Source::Branch { name } => format!("branch {name}"),
            Source::Output { step } => format!("output {step:?}"),
            Source::Tests { scope } => format!("tests {scope:?}"),
            Source::Criteria { list } => format!("criteria {list:?}"),
            Source::Person { role } => format!("person {role}"),
            Source::File { path } => format!("file {path}"),
            Source::Address { url } => format!("address {url}"),
            Source::Literal { text } => format!("= {text}"),
            other => format!("{other:?}").to_lowercase(),
        });
    told.collect::<Vec<_>>().join(" | ")
}

#[test]
fn the_words_of_real_pages() {
    let rows = [
        ("Minimal fix approach (stop the bleeding)", "= Minimal fix approach (stop the bleeding)"),
        ("Production incident resolved", "= Production incident resolved | incident"),
        ("Production branch/tag", "production"),
        ("Hotfix commit", "fix"),
        ("Incident resolved, no new issues", "= Incident resolved, no new issues | incident"),
        ("Smoke test + incident-specific", "tests Smoke | reproduction"),
        ("Incident timeline + fix applied", "timeline | fix"),
        ("Logs, metrics, alerts", "logs | metrics | alerts"),
        ("Root cause analysis + prevention", "= Root cause analysis + prevention"),
        ("The least that stops the damage", "= The least that stops the damage"),
        ("The incident is over", "= The incident is over | incident"),
        ("The version in production", "production"),
        ("The commit of the fix", "fix"),
        ("The reproduction and the smoke tests", "reproduction | tests Smoke"),
        ("The run's journal", "timeline"),
        ("Logs, metrics and alerts of the incident", "logs | metrics | alerts"),
        ("Payments go through again", "= Payments go through again"),
        (
            "Confirmed root cause, smallest viable fix, rollback plan.",
            "= Confirmed root cause, smallest viable fix | rollback",
        ),
    ];
    for (words, expected) in rows {
        assert_eq!(told(words), expected, "{words}");
    }
}

#[test]
fn each_kind_has_its_words() {
    let rows = [
        ("Ticket description", "ticket  Description"),
        ("Jira ticket", "ticket  Whole"),
        ("Acceptance criteria", "ticket  AcceptanceCriteria"),
        ("Acceptance criteria from the Jira ticket", "ticket  AcceptanceCriteria"),
        ("SPF-1290", "ticket SPF-1290 Whole"),
        ("Jira SPF-1290 description", "ticket SPF-1290 Description"),
        ("GitHub issue #42", "ticket #42 Whole"),
        ("Requirements (from the ticket)", "= Requirements | ticket  Whole"),
        ("Incident record", "incident"),
        ("Incident report", "incident"),
        ("$ARGUMENTS", "incident"),
        ("Production logs", "logs"),
        ("Stack traces from Sentry", "logs"),
        ("Error rates and latency", "metrics"),
        ("PagerDuty alert", "alerts"),
        ("Release tag", "production"),
        ("Main branch", "branch main"),
        ("Fix", "fix"),
        ("Minimal fix", "= Minimal fix"),
        ("Test results", "tests All"),
        ("Verification results", "evidence"),
        ("Review comments on the merge request", "mergerequest"),
        ("Rollback command", "rollback"),
        ("Completion criteria", "criteria Completion"),
        ("Monitoring checklist", "criteria Monitoring"),
        ("On-call engineer", "person on-call"),
        ("`docs/runbook.md`", "file docs/runbook.md"),
        ("src/auth/*.rs", "file src/auth/*.rs"),
        ("See CHANGELOG.md", "file CHANGELOG.md"),
        ("deploy/.env", "file deploy/.env"),
        (
            "Mend the token check in src/auth.py, nothing else",
            "= Mend the token check in src/auth.py, nothing else | file src/auth.py",
        ),
        ("https://example.org/wiki", "address https://example.org/wiki"),
        ("e.g. whatever helps", "= e.g. whatever helps"),
        ("", "= "),
    ];
    for (words, expected) in rows {
        assert_eq!(told(words), expected, "{words}");
    }
}

#[test]
fn outputs_of_steps() {
    let rows = [
        ("Output of Step 1", "output Number(1)"),
        ("Step 2 output", "output Number(2)"),
        ("Step 9", "output Unknown(\"Step 9\")"),
        ("Previous step", "output Previous"),
        ("Output of the previous step", "output Previous"),
        ("Hotfix committed", "output Id(\"implement-hotfix\")"),
        ("Output of Verify Fix", "output Id(\"verify-fix\")"),
        ("verify-fix output", "output Id(\"verify-fix\")"),
        ("Output of the imagined step", "output Unknown(\"Output of the imagined step\")"),
        ("Output of `skills/test.md`", "output Id(\"verify-fix\")"),
    ];
    for (words, expected) in rows {
        assert_eq!(told(words), expected, "{words}");
    }
}

#[test]
fn other_languages() {
    let rows = [
        ("Protokolle und Metriken", "logs | metrics"),
        ("Akzeptanzkriterien aus dem Ticket", "ticket  AcceptanceCriteria"),
        ("Dòng thời gian sự cố", "timeline"),
        ("Nhật ký", "logs"),
        ("Логи", "logs"),
        ("ログ、メトリクス", "logs | metrics"),
        ("生产日志", "logs"),
        ("修正コミット", "fix"),
        ("障害が解決された", "= 障害が解決された | incident"),
    ];
    for (words, expected) in rows {
        assert_eq!(told(words), expected, "{words}");
    }
}

#[test]
fn links_name_files() {
    let links = ["../docs/runbook.md#start".to_owned(), "https://x.org".to_owned(), "#here".to_owned()];
    let found = sources("Runbook", Known { steps: &[], links: &links });
    assert_eq!(
        found,
        [
            Source::File { path: "../docs/runbook.md".to_owned() },
            Source::Address { url: "https://x.org".to_owned() }
        ]
    );
}

proptest::proptest! {
    /// Whatever stands in a cell, it means something, and nothing panics.
    #[test]
    fn never_nothing(words in "\\PC{0,80}", link in "\\PC{0,12}") {
        let links = [link];
        let page = page();
        let found = sources(&words, Known { steps: &page.steps, links: &[] });
        proptest::prop_assert!(!found.is_empty());
        let _ = sources(&words, Known { steps: &[], links: &links });
    }
}
