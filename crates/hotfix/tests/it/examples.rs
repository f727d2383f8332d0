//! The pages of `examples/`: what each is read as, and that there is nothing
//! to complain about. They are run to their end by `.ci/run` and `.ci/full`.

use super::docs::top;
use super::schemas::example_pages;
use hotfix_core::policy::ReviewTiming;
use hotfix_core::workflow::{Level, Library, Page, Shelf, Shelved, Skill, Workflow, order, read_on};

struct Folder;

impl Library for Folder {
    fn file(&self, path: &str) -> Shelved {
        std::fs::read_to_string(top().join(path)).map_or(Shelved::Absent, Shelved::Text)
    }
}

fn page(path: &str) -> Workflow {
    let text = std::fs::read_to_string(top().join(path)).unwrap();
    let shelf = Shelf { path, in_repository: true, library: &Folder };
    read_on(&Page { source: path, text: &text }, &shelf)
}

/// What a page is read as.
struct Expected {
    path: &'static str,
    /// Its steps: title, and what carries it out.
    steps: &'static [(&'static str, &'static [Skill])],
    /// The actions that no step names.
    implied: &'static [Skill],
    /// Severity, approvers, reviewers, whether they review before the deploy.
    matrix: &'static [(&'static str, &'static [&'static str], u32, bool)],
    /// Gates that only this page has.
    manual: &'static [&'static str],
    /// The shortest and the longest watch, in minutes; none: one look.
    watch: Option<(i64, i64)>,
}

use Skill::{
    Analyze, CheckStyle, Cleanup, Commit, Deploy, FollowUp, Implement, Manual, Merge, MergeRequest, Monitor,
    Port, Prepare, Report, Reproduce, Review, Test,
};

const EXPECTED: &[Expected] = &[
    Expected {
        path: "examples/checklist.md",
        steps: &[
            ("Branch from the tag that is in production, and work in a worktree", &[Prepare]),
            ("Reproduce the fault with a command that fails", &[Reproduce]),
            ("Fix it with the smallest change; no refactoring", &[Implement]),
            ("Run the critical tests and the smoke tests", &[Test]),
            ("Commit the fix", &[Commit]),
            ("Open a merge request to production and get it reviewed", &[MergeRequest, Review]),
            ("Merge it", &[Merge]),
            ("Deploy", &[Deploy]),
            ("Monitor for 15-20 minutes", &[Monitor]),
            ("Port the fix to main", &[Port]),
            ("Write the incident report", &[Report]),
        ],
        implied: &[CheckStyle, Analyze, Cleanup],
        matrix: &[],
        manual: &["manual.the-conveyor-belts-move-again-ask-the-shift-lead"],
        watch: Some((15, 20)),
    },
    Expected {
        path: "examples/german.md",
        steps: &[
            ("Beheben", &[Implement, Commit]),
            ("Prüfen", &[Test]),
            ("Ausliefern", &[MergeRequest, Review, Merge, Deploy, Monitor]),
            ("Nachbereiten", &[Analyze]),
        ],
        implied: &[Prepare, Reproduce, CheckStyle, Port, Cleanup],
        matrix: &[("S1", &["on-call"], 1, false), ("S2", &["tech-lead"], 0, true)],
        manual: &["manual.die-leitstelle-bestätigt-dass-anrufe-ankommen"],
        watch: Some((15, 30)),
    },
    Expected {
        path: "examples/pull-request.md",
        steps: &[
            ("Create the branch", &[Prepare]),
            ("Fix the bug", &[Implement]),
            ("Run the tests", &[Test]),
            ("Open a pull request", &[MergeRequest]),
            ("Get a review", &[Review]),
            ("Merge and deploy", &[Merge, Deploy]),
            ("Watch production", &[Monitor]),
            ("Cherry-pick to main", &[Port]),
        ],
        implied: &[Reproduce, CheckStyle, Commit, Cleanup],
        matrix: &[],
        manual: &[],
        watch: Some((15, 30)),
    },
    Expected {
        path: "examples/repair-production/SKILL.md",
        steps: &[
            ("See it", &[Reproduce]),
            ("Mend it", &[Implement]),
            ("Prove it", &[Test]),
            ("Bring it out", &[MergeRequest, Review, Merge, Deploy, Monitor]),
            ("Write it down", &[Analyze, Report]),
        ],
        implied: &[Prepare, CheckStyle, Commit, Port, Cleanup],
        matrix: &[("P1", &["on-call"], 1, false), ("P2", &["tech-lead"], 1, true)],
        manual: &[],
        watch: Some((15, 30)),
    },
    Expected {
        path: "examples/skill-list.md",
        steps: &[
            ("git-workflow (worktree)", &[Prepare]),
            ("write-code", &[Reproduce, Implement]),
            ("check-style", &[CheckStyle]),
            ("run-tests", &[Test]),
            ("commit-changes", &[Commit]),
            ("create-merge-request", &[MergeRequest, Review, Merge]),
            ("tell-support", &[Manual]),
            ("cleanup", &[Cleanup]),
        ],
        implied: &[Deploy, Port],
        matrix: &[],
        manual: &[],
        watch: None,
    },
    Expected {
        path: "examples/stepped.md",
        steps: &[
            ("Write the fix", &[Implement, Commit]),
            ("Prove it", &[Test]),
            ("Bring it out", &[MergeRequest, Review, Merge, Deploy, Monitor]),
            ("Learn from it", &[Analyze, Report, FollowUp]),
        ],
        implied: &[Prepare, Reproduce, CheckStyle, Port, Cleanup],
        matrix: &[
            ("P1", &["on-call"], 0, false),
            ("P2", &["tech-lead"], 1, true),
            ("P3", &["tech-lead", "product-owner"], 2, true),
        ],
        manual: &["manual.support-has-heard-of-no-complaint"],
        watch: Some((20, 40)),
    },
    Expected {
        path: "examples/table.md",
        steps: &[
            ("Create the hotfix branch from the release tag", &[Prepare]),
            ("Fix with the smallest possible change", &[Implement]),
            ("Run the smoke tests", &[Test]),
            ("Open a merge request", &[MergeRequest]),
            ("Review", &[Review]),
            ("Merge and deploy", &[Merge, Deploy]),
            ("Monitor for 20 minutes", &[Monitor]),
            ("Tell the partners that it is over", &[Manual]),
            ("Write the incident report", &[Report]),
        ],
        implied: &[Reproduce, CheckStyle, Commit, Port, Cleanup],
        matrix: &[("High", &["tech-lead"], 0, true), ("Low", &["tech-lead", "on-call"], 1, true)],
        manual: &[],
        watch: Some((20, 30)),
    },
];

#[test]
fn each_page_is_read_as_its_team_means_it() {
    for expected in EXPECTED {
        let (path, workflow) = (expected.path, page(expected.path));
        let steps: Vec<(&str, &[Skill])> =
            workflow.steps.iter().map(|s| (s.title.as_str(), s.skills.as_slice())).collect();
        assert_eq!(steps, expected.steps, "{path}");
        let actions = order(&workflow, true);
        let implied: Vec<Skill> = actions.iter().filter(|a| a.implied).map(|a| a.skill).collect();
        assert_eq!(implied, expected.implied, "{path}");
        let policy = &workflow.policy;
        let matrix: Vec<_> =
            policy.severity_names().into_iter().map(|name| (policy.row(&name), name)).collect();
        assert_eq!(matrix.len(), expected.matrix.len(), "{path}");
        for ((row, name), (severity, approvers, reviewers, before)) in matrix.iter().zip(expected.matrix) {
            let is = (name.as_str(), row.reviewers, row.review == ReviewTiming::PreDeploy);
            assert_eq!(is, (*severity, *reviewers, *before), "{path}");
            assert_eq!(row.approvers, *approvers, "{path}");
        }
        let watch =
            policy.monitor.watch.then(|| (policy.monitor.min.as_mins(), policy.monitor.max.as_mins()));
        assert_eq!(watch, expected.watch, "{path}");
        let checks = policy.monitor.checks.iter().chain(workflow.steps.iter().flat_map(|s| &s.checklist));
        let mut manual: Vec<&str> =
            checks.filter_map(|c| c.gate.as_deref()).filter(|gate| gate.starts_with("manual.")).collect();
        manual.dedup();
        assert_eq!(manual, expected.manual, "{path}");
    }
}

#[test]
fn there_is_nothing_to_complain_about() {
    let paths: Vec<String> = example_pages()
        .iter()
        .map(|path| {
            path.strip_prefix(top().canonicalize().unwrap())
                .or(path.strip_prefix(top()))
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    let known: Vec<&str> = EXPECTED.iter().map(|expected| expected.path).collect();
    assert_eq!(paths, known, "each example has its expectations");
    for path in known {
        let workflow = page(path);
        let told: Vec<_> = workflow.diagnostics.iter().filter(|d| d.severity != Level::Note).collect();
        assert!(told.is_empty() && workflow.is_workflow, "{path}: {told:#?}");
        let missed: Vec<_> = workflow.unread_rules.iter().map(|d| (d.line, d.message.as_str())).collect();
        assert!(missed.is_empty(), "{path}: {missed:#?}");
    }
}
