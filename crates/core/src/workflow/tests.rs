//! Both dialects, read whole.

use super::*;
use crate::policy::*;
use std::path::{Path, PathBuf};

fn of(text: &str) -> Workflow {
    read(&Page { source: "test.md", text })
}

fn skills(workflow: &Workflow) -> Vec<Vec<&'static str>> {
    workflow.steps.iter().map(|step| step.skills.iter().map(|skill| skill.name()).collect()).collect()
}

fn ids(workflow: &Workflow, deploy: bool) -> Vec<String> {
    order(workflow, deploy).into_iter().map(|row| row.id).collect()
}

fn shared(name: &str) -> Option<Workflow> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/workflows").join(name);
    #[expect(clippy::disallowed_methods, reason = "a test may look whether the pages are there")]
    let text = std::fs::read_to_string(path).ok()?;
    Some(of(&text))
}

const STEPPED_ORDER: [&str; 16] = [
    "prepare",
    "reproduce",
    "implement",
    "check-style",
    "commit",
    "test",
    "merge-request",
    "review",
    "merge",
    "deploy",
    "monitor",
    "port",
    "analyze",
    "report",
    "follow-up",
    "cleanup",
];

fn gates_of(criteria: &[Criterion]) -> Vec<(&str, u32)> {
    criteria.iter().map(|c| (c.gate.as_deref().unwrap_or_default(), c.line.unwrap_or_default())).collect()
}

fn codes(workflow: &Workflow) -> Vec<(&str, u32)> {
    workflow.diagnostics.iter().map(|d| (d.code.as_str(), d.line)).collect()
}

fn minutes(of: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_mins(of)
}

fn row(title: &str, approvers: &[&str], reviewers: u32, review: ReviewTiming, rank: u32) -> SeverityPolicy {
    let approvers = approvers.iter().map(|role| (*role).to_owned()).collect();
    SeverityPolicy { title: Some(title.to_owned()), approvers, reviewers, review, rank }
}

const STEPPED_SKILLS: [&[&str]; 4] = [
    &["implement", "commit"],
    &["test"],
    &["merge-request", "review", "merge", "deploy", "monitor"],
    &["analyze", "report", "follow-up"],
];

const ROLLBACK: &str = "rollback.ready";

#[test]
fn the_stepped_page_as_it_is() {
    let Some(workflow) = shared("stepped-hotfix.md") else { return };
    assert!(
        workflow.is_workflow && workflow.name == "Solo Hotfix Workflow" && !workflow.description.is_empty()
    );
    assert_eq!(skills(&workflow), STEPPED_SKILLS);
    assert_eq!(workflow.steps.iter().map(|step| step.inputs.len()).collect::<Vec<_>>(), [3, 3, 0, 3]);
    assert_eq!(workflow.steps.iter().map(|step| step.checklist.len()).collect::<Vec<_>>(), [0, 3, 3, 0]);
    assert_eq!(workflow.steps[0].outputs, ["Hotfix committed"]);
    assert_eq!(workflow.inherits, ["../README.md#global-defaults"]);
    assert_eq!(codes(&workflow), [("HF0313", 14)]);
    let policy = &workflow.policy;
    assert_eq!(
        gates_of(&policy.prerequisites),
        [("prepare.incident-confirmed", 31), ("prepare.authorized", 32), ("prepare.base", 33)]
    );
    assert_eq!(
        gates_of(&policy.verification),
        [("repro.passes-after", 72), ("tests.smoke", 73), ("logs.no-new-errors", 74)]
    );
    assert_eq!(
        gates_of(&policy.monitor.checks),
        [("monitor.error-rate", 89), ("monitor.new-errors", 90), ("monitor.metrics", 91)]
    );
    assert_eq!(
        gates_of(&policy.completion),
        [
            ("incident.resolved", 117),
            ("deploy.version", 118),
            ("report.complete", 119),
            ("followup.ticket", 120),
            ("port.merged", 121)
        ]
    );
    assert_eq!(gates_of(&policy.rollback.required), [(ROLLBACK, 143), (ROLLBACK, 144), (ROLLBACK, 145)]);
    let request = &policy.merge_request;
    assert_eq!((request.title_key, request.evidence), (Requirement::Required, Requirement::Optional));
    assert_eq!(request.labels, ["urgent"]);
    assert!(policy.change.minimal && policy.change.no_refactoring && policy.change.no_features);
    assert_eq!(policy.severities["P1"], row("Down", &["on-call"], 1, ReviewTiming::PostDeploy, 0));
    assert_eq!(policy.severities["P2"], row("Degraded", &["tech-lead"], 1, ReviewTiming::PreDeploy, 1));
    assert_eq!(policy.branch, Policy::default().branch);
    for path in ["branch.base", "branch.pattern", "branch.merge_to", "branch.port_to"] {
        assert!((129..=132).contains(&workflow.origins[path]), "{path}");
    }
    assert_eq!(
        (policy.monitor.watch, policy.monitor.min, policy.monitor.max),
        (true, minutes(15), minutes(30))
    );
    assert_eq!((policy.report_within, workflow.origins["report_within"]), (minutes(24 * 60), 150));
    let notify: Vec<_> =
        policy.notify.iter().map(|n| (n.kind, n.target.as_str(), n.condition.as_deref())).collect();
    assert_eq!(
        notify,
        [
            (NotifyKind::Channel, "#incident", None),
            (NotifyKind::StatusPage, "Status page", Some("if external"))
        ]
    );
    assert_eq!(ids(&workflow, false), STEPPED_ORDER);
    assert_eq!(ids(&workflow, true), STEPPED_ORDER);
}

#[test]
fn the_skill_list_page_as_it_is() {
    let Some(workflow) = shared("skill-list-hotfix.md") else { return };
    assert_eq!(
        skills(&workflow),
        [
            vec!["prepare"],
            vec!["reproduce", "implement"],
            vec!["check-style"],
            vec!["test"],
            vec!["commit"],
            vec!["merge-request", "review", "merge"],
            vec!["cleanup"]
        ]
    );
    let policy = &workflow.policy;
    assert_eq!(policy.branch.pattern, "hotfix/{version}");
    assert_eq!((policy.branch.base, policy.branch.merge_to), (BaseKind::Main, BaseKind::Main));
    assert_eq!(policy.branch.port_by, PortBy::Ancestry);
    assert_eq!(
        (policy.merge_request.labels.as_slice(), workflow.origins["merge_request.labels"]),
        (&["urgent".to_owned()][..], 95)
    );
    assert!(!policy.monitor.watch && policy.severities.is_empty() && policy.change.minimal);
    assert_eq!(workflow.role.as_deref(), Some("developer"));
    assert_eq!(
        (workflow.gates.len(), workflow.gates[0].id.as_str(), workflow.gates[0].line),
        (1, "tests.critical", 65)
    );
    assert_eq!(gates_of(&workflow.obligations), [("report.complete", 109)]);
    let commands: Vec<_> = workflow.steps.iter().map(|step| step.suggested_commands.len()).collect();
    assert_eq!(commands, [2, 0, 1, 1, 1, 1, 2]);
    assert_eq!(codes(&workflow), [("HF0308", 56)]);
    let expected = [
        "prepare",
        "reproduce",
        "implement",
        "check-style",
        "test",
        "commit",
        "merge-request",
        "review",
        "merge",
        "deploy",
        "port",
        "cleanup",
    ];
    assert_eq!(ids(&workflow, true), expected);
    let without: Vec<_> = expected.into_iter().filter(|id| *id != "deploy").collect();
    assert_eq!(ids(&workflow, false), without);
    let deploy = order(&workflow, true).into_iter().find(|row| row.skill == Skill::Deploy).unwrap();
    assert_eq!((deploy.origin, deploy.implied, deploy.step), (Origin::Default, true, None));
}

#[test]
fn the_default_is_the_stepped_way() {
    let workflow = built_in();
    assert_eq!(skills(&workflow), STEPPED_SKILLS);
    assert_eq!(ids(&workflow, false), STEPPED_ORDER);
    assert_eq!(codes(&workflow), []);
    let policy = &workflow.policy;
    assert_eq!(policy.merge_request, Policy::default().merge_request);
    assert_eq!(
        (&policy.branch, policy.severity_names()),
        (&Policy::default().branch, vec!["P1".to_owned(), "P2".to_owned()])
    );
    let criteria = [&policy.prerequisites, &policy.verification, &policy.completion, &policy.monitor.checks];
    for criterion in criteria.into_iter().flatten().chain(&policy.rollback.required) {
        assert!(!criterion.gate.as_deref().unwrap().starts_with("manual."), "{criterion:?}");
    }
    assert_eq!(workflow.lines.guidance, workflow.lines.total - workflow.lines.understood);
}

#[test]
fn the_stepped_example() {
    let workflow = of(include_str!("../../../../examples/stepped.md"));
    assert_eq!((workflow.name.as_str(), workflow.role.as_deref()), ("payments-hotfix", Some("developer")));
    assert_eq!(skills(&workflow), STEPPED_SKILLS);
    assert_eq!(
        workflow.steps.iter().map(|step| step.lines).collect::<Vec<_>>(),
        [[29, 47], [48, 56], [57, 70], [71, 78]]
    );
    assert_eq!(workflow.steps[0].inputs[1].line, 37);
    let policy = &workflow.policy;
    assert_eq!(policy.merge_request.labels, ["hotfix", "payments"]);
    assert_eq!(
        (policy.merge_request.title_key, policy.merge_request.evidence),
        (Requirement::Required, Requirement::Required)
    );
    assert_eq!((policy.change.max_files, policy.change.max_lines), (Some(4), Some(80)));
    assert_eq!((policy.monitor.min, policy.monitor.max), (minutes(20), minutes(40)));
    assert_eq!(gates_of(&policy.monitor.checks)[3], ("manual.support-has-heard-of-no-complaint", 69));
    assert_eq!(policy.severity_names(), ["P1", "P2", "P3"]);
    assert_eq!(policy.severities["P1"], row("Nobody can pay", &["on-call"], 0, ReviewTiming::PostDeploy, 0));
    assert_eq!(
        policy.severities["P3"],
        row("Annoying", &["tech-lead", "product-owner"], 2, ReviewTiming::PreDeploy, 2)
    );
    assert_eq!(
        (policy.branch.pattern.as_str(), policy.branch.port_to.as_deref()),
        ("fix/{id}", Some("develop"))
    );
    assert_eq!(policy.report_within, minutes(2 * 24 * 60));
    assert_eq!(policy.notify[0].target, "#payments-red");
    assert_eq!(codes(&workflow), [("HF0313", 11)]);
    assert_eq!(ids(&workflow, false), STEPPED_ORDER);
}

#[test]
fn the_skill_list_example() {
    let workflow = of(include_str!("../../../../examples/skill-list.md"));
    let ids_of: Vec<_> = workflow.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(
        ids_of,
        [
            "git-workflow",
            "write-code",
            "check-style",
            "run-tests",
            "commit-changes",
            "create-merge-request",
            "tell-support",
            "cleanup"
        ]
    );
    assert_eq!(workflow.steps[6].skills, [Skill::Manual]);
    let gates: Vec<_> = workflow.gates.iter().map(|gate| (gate.id.as_str(), gate.line)).collect();
    assert_eq!(gates, [("tests.critical", 64), ("style.clean", 65)]);
    assert_eq!(workflow.policy.merge_request.labels, ["hot"]);
    assert_eq!(workflow.policy.branch.pattern, "fix/{version}");
    assert_eq!(workflow.steps[3].suggested_commands, ["cargo test cart"]);
    assert_eq!(workflow.obligations.len(), 1);
    assert!(ids(&workflow, false).contains(&"manual-tell-support".to_owned()));
}

#[test]
fn pages_that_are_no_workflow_say_why() {
    let novel =
        format!("# The Sea\n\n{}\n\n{}\n", "It was a long night. ".repeat(30), "Nobody spoke. ".repeat(40));
    let rows = [
        ("", "empty"),
        ("{\"a\": [1, 2]}", "JSON"),
        ("# Tool\n\n## Installation\n\n1. a\n2. b\n\n## Usage\n\n## License\n\nMIT\n", "README"),
        (novel.as_str(), "running text"),
    ];
    for (text, why) in rows {
        let workflow = of(text);
        assert!(!workflow.is_workflow && workflow.steps.is_empty(), "{why}");
        let error = workflow.diagnostics.iter().find(|d| d.code == "HF0301").unwrap();
        assert!(error.severity == Level::Error && error.message.contains(why), "{}", error.message);
        assert_eq!(workflow.lines.understood, 0);
    }
    assert_eq!(codes(&of(&"x\n".repeat(400_000)))[0].0, "HF0303");
}

#[test]
fn other_shapes_give_an_ordered_checklist() {
    let numbered = of("# Sự cố\n\n## Bước 1: Báo động\n\ntext\n\n## Bước 2: Trà đá\n");
    assert_eq!(skills(&numbered), [["manual"], ["manual"]]);
    assert_eq!(ids(&numbered, true), ["manual-báo-động", "manual-trà-đá"]);
    let list = of("# Baj\n\n- Hívd a főnököt\n- Javítsd meg\n- Javítsd meg\n");
    assert_eq!(ids(&list, true), ["manual-hívd-a-főnököt", "manual-javítsd-meg", "manual-javítsd-meg-2"]);
    let ordered = of("1. Fix the bug\n2. Run tests\n3. Deploy\n");
    assert_eq!(skills(&ordered), [["implement"], ["test"], ["deploy"]]);
    let titled = of("# Hotfix Workflow\n\n1. `/plan`: Plan\n2. `/implement`: Patch\n3. `/test`: Check\n");
    assert_eq!(skills(&titled), [["manual"], ["implement"], ["test"]]);
    let plain = of("# Hotfix\n\n## Fix\n\na\n\n## Test\n\nb\n\n## Rollback\n\n- version\n");
    assert_eq!(skills(&plain), [["implement"], ["test"]]);
}

#[test]
fn line_ends_and_marks_do_not_matter() {
    let text = include_str!("../../../../examples/stepped.md");
    let plain = of(text);
    let mut other = of(&format!("\u{feff}{}", text.replace('\n', "\r\n")));
    other.digest.clone_from(&plain.digest);
    assert_eq!(other, plain);
}

#[test]
fn contradictions_and_dangers_are_told() {
    let text = "# H\n\n## Step 1: Fix\n\n```\ngit push --force\ngit reset --hard\ngit commit --no-verify\ngit add -A\n\
        git push origin main\n```\n\nNever force push.\n\n## Step 2: Test\n\n| After | Gate | Criteria |\n|--|--|--|\n\
        | sleep | x | Tests pass |\n\n### Approval Matrix\n\n| Severity | Approvers |\n|--|--|\n| P1 | On-call |\n| P1 | Boss |\n\n\
        | Severity | Approvers |\n|--|--|\n| P1 | Boss |\n";
    assert_eq!(
        codes(&of(text)),
        [
            ("HF0320", 6),
            ("HF0321", 7),
            ("HF0322", 8),
            ("HF0323", 9),
            ("HF0324", 10),
            ("HF0306", 19),
            ("HF0314", 25),
            ("HF0314", 26),
            ("HF0315", 26),
            ("HF0305", 28)
        ]
    );
    let listed = of("---\nskills: [implement, deploy]\n---\n## Step 1: Fix\n");
    assert_eq!(codes(&listed), [("HF0304", 2)]);
    let boxes = |names: [&str; 2]| names.map(|name| format!("+---+\n| {name} |\n+---+\n")).join("");
    let flow = of(&format!(
        "---\nskills:\n  - implement\n  - test\n---\n```\n{}```\n",
        boxes(["test", "implement"])
    ));
    assert_eq!(codes(&flow), [("HF0307", 10)]);
}

#[test]
fn every_code_has_its_page() {
    let sources = [
        include_str!("check.rs"),
        include_str!("dangers.rs"),
        include_str!("policy_rules.rs"),
        include_str!("read.rs"),
    ];
    let more = [
        include_str!("exact/mod.rs"),
        include_str!("exact/apply.rs"),
        include_str!("front_matter.rs"),
        include_str!("skill_list.rs"),
    ];
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    for source in sources.into_iter().chain(more) {
        for (at, _) in source.match_indices("\"HF03") {
            let code = &source[at + 1..at + 7];
            #[expect(clippy::disallowed_methods, reason = "a test may look whether the page is there")]
            let page = std::fs::read_to_string(docs.join(format!("{code}.md"))).unwrap();
            assert!(page.starts_with(&format!("# {code}: ")), "{code}");
        }
    }
}

#[test]
fn long_pages_take_linear_time() {
    for part in [
        "#\n",
        "- a\n",
        "## Step 1: fix\n",
        "| a | b |\n|-|-|\n",
        "+--+\n| a |\n+--+\n",
        "> ",
        "**a",
        "  - x\n",
    ] {
        let text = part.repeat(200_000 / part.len());
        let workflow = of(&text);
        let _ = order(&workflow, true);
        assert_eq!(workflow.lines.total, workflow.lines.understood + workflow.lines.guidance, "{part}");
    }
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    const PIECES: &[&str] = &[
        "# ",
        "## Step 1: ",
        "- ",
        "- [ ] ",
        "1. ",
        "| a | b |\n",
        "|---|---|\n",
        "> ",
        "```\n",
        "---\n",
        "**Actions:**",
        "\n",
        "\n\n",
        "  ",
        "fix ",
        "hotfix/{id} ",
        "from main ",
        "skills: ",
        "policy:\n  monitor: {min: 5m}\n",
        "15-30 minutes ",
        "P1 (Down) ",
        "| Severity | Approvers | Review |\n",
        "Monitor for ",
        "+---+\n",
        "| box | <- note\n",
        "é步 ",
        "\r\n",
        "<b>",
        "[x](y)",
        "Inherits: ",
        "merge to production ",
        ":",
        "`",
    ];

    fn holds(text: &str) {
        let workflow = of(text);
        let lines = workflow.lines;
        assert_eq!(lines.total, lines.understood + lines.guidance);
        let count = |of: &mut dyn Iterator<Item = &LineAccount>| u32::try_from(of.count()).unwrap();
        assert_eq!(count(&mut workflow.account.iter()), lines.total);
        assert_eq!(count(&mut workflow.account.iter().filter(|line| line.is_understood())), lines.understood);
        assert!(workflow.account.iter().all(|line| !line.became.is_empty()));
        let ids: Vec<_> = workflow.steps.iter().map(|step| step.id.as_str()).collect();
        assert!(workflow.account.iter().filter_map(|line| line.step.as_deref()).all(|id| ids.contains(&id)));
        let rows = order(&workflow, true);
        let ids: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
        assert_eq!(ids.len(), rows.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
        #[test]
        fn any_text(text in "\\PC*(\n\\PC*){0,6}") {
            holds(&text);
        }

        #[test]
        fn any_pieces(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
            holds(&pieces.concat());
        }
    }
}
