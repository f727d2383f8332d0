//! The exact form: what it holds, what it overrules, and what it refuses.

use super::*;
use crate::policy::*;
use crate::workflow::{Page, Shelf, Workflow, read, read_on};
use jiff::SignedDuration;

fn of(text: &str) -> Workflow {
    read(&Page { source: "test.md", text })
}

/// Code, line and column of each diagnostic.
fn told(workflow: &Workflow) -> Vec<(&str, u32, u32)> {
    workflow.diagnostics.iter().map(|d| (d.code.as_str(), d.line, d.column)).collect()
}

const BODY: &str = "## Step 1: Implement\n\n**Principles:**\n- At most 9 files\n\n## Step 2: Deploy\n\n**Actions:**\n1. Monitor for 5-10 minutes\n\n\
    ### Approval Matrix\n\n| Severity | Approvers | Review |\n|--|--|--|\n| P1 (Down) | On-call | Post-deploy |\n| P2 | Tech lead | Pre-deploy |\n";

fn page(policy: &str) -> String {
    format!("---\nname: x\npolicy:\n{policy}---\n{BODY}")
}

#[test]
fn it_wins_over_prose_and_says_so() {
    let workflow = of(&page(
        "  monitor: { min: 20m, checks: [Error rate is normal, { text: Ask support, gate: manual.support }] }\n  \
           change: { max_files: 4 }\n  severities:\n    P0: { approvers: [CTO, On-call], reviewers: 2, review: pre-deploy }\n    \
           P1: { reviewers: 3 }\n  report_within: 2d\n  notify: ['#red', { kind: status-page, target: Status page, condition: if external }]\n",
    ));
    let policy = &workflow.policy;
    let minutes = SignedDuration::from_mins;
    assert_eq!((policy.monitor.min, policy.monitor.max), (minutes(20), minutes(20)));
    let gates: Vec<_> = policy.monitor.checks.iter().map(|c| c.gate.as_deref().unwrap()).collect();
    assert_eq!(gates, ["monitor.error-rate", "manual.support"]);
    assert_eq!(policy.change.max_files, Some(4));
    assert_eq!(policy.severities["P0"].approvers, ["cto", "on-call"]);
    let p1 = &policy.severities["P1"];
    assert_eq!((p1.reviewers, p1.approvers[0].as_str(), p1.title.as_deref()), (3, "on-call", Some("Down")));
    assert_eq!(policy.severity_names(), ["P0", "P1", "P2"]);
    assert_eq!(policy.report_within, SignedDuration::from_hours(48));
    assert_eq!((policy.notify[0].target.as_str(), policy.notify[1].kind), ("#red", NotifyKind::StatusPage));
    // Each overruled line is told, with the place that holds.
    let overruled: Vec<_> = workflow.diagnostics.iter().filter(|d| d.code == "HF0310").collect();
    let lines: Vec<_> = overruled.iter().map(|d| (d.line, d.related[0].line)).collect();
    assert_eq!(lines, [(15, 5), (20, 4), (26, 8)], "{overruled:#?}");
    assert_eq!(workflow.origins["change.max_files"], 5);
}

#[test]
fn what_is_left_out_stays_as_the_page_says() {
    let workflow = of(&page("  change: { minimal: true, max_files: null }\n  severities: null\n"));
    let policy = &workflow.policy;
    assert_eq!((policy.change.minimal, policy.change.max_files), (true, None));
    assert_eq!(policy.severity_names(), ["P1", "P2"]);
    assert_eq!(policy.monitor.min, SignedDuration::from_mins(5));
}

#[test]
fn nothing_of_a_faulty_policy_is_taken() {
    type Fault = (&'static str, u32, u32);
    let rows: [(&str, &[Fault], &str); 10] = [
        ("  monitr: { min: 5m }\n", &[("HF0312", 4, 3)], "did you mean `monitor`?"),
        ("  monitor: { mn: 5m }\n", &[("HF0312", 4, 14)], "did you mean `min`?"),
        ("  report_within: soon\n", &[("HF0311", 4, 18)], "write `15m`, `2h`, `1d` or `PT15M`"),
        ("  report_within: 15\n", &[("HF0311", 4, 18)], "compare it with"),
        ("  merge_request: { title_key: requird }\n", &[("HF0311", 4, 31)], "did you mean `required`?"),
        ("  change: { max_files: -1 }\n", &[("HF0311", 4, 24)], "compare it with"),
        ("  change: { max_files: many }\n", &[("HF0311", 4, 24)], "compare it with"),
        ("  completion: Report written\n", &[("HF0311", 4, 15)], "compare it with"),
        ("  completion: [{ gate: port.merged }]\n", &[("HF0311", 4, 16)], "compare it with"),
        (
            "  completion: [{ text: x, gate: port.mergd }]\n",
            &[("HF0311", 4, 33)],
            "did you mean `port.merged`?",
        ),
    ];
    for (policy, expected, hint) in rows {
        let text = page(&format!("  branch: {{ pattern: \"own/{{id}}\" }}\n{policy}"));
        let workflow = of(&text);
        let errors: Vec<_> = workflow.diagnostics.iter().filter(|d| d.severity == Level::Error).collect();
        let places: Vec<_> = errors.iter().map(|d| (d.code.as_str(), d.line - 1, d.column)).collect();
        assert_eq!(places, expected, "{policy} {errors:#?}");
        assert!(errors[0].hint.as_deref().unwrap().contains(hint), "{errors:#?}");
        assert_eq!(workflow.policy.branch.pattern, Policy::default().branch.pattern, "{policy}");
        assert!(workflow.is_workflow);
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let workflow = of(&page("  monitr: 1\n  change: { max_fils: 2, minimal: maybe }\n  notify: 5\n"));
    assert_eq!(
        told(&workflow)[..4],
        [("HF0312", 4, 3), ("HF0312", 5, 13), ("HF0311", 5, 35), ("HF0311", 6, 11)],
        "{:#?}",
        workflow.diagnostics
    );
}

#[test]
fn a_broken_neighbour_does_not_hide_it() {
    let workflow = of(&format!(
        "---\nname: Hotfix: the page\npolicy:\n  change: {{ max_files: 2 }}\nrole: x\n---\n{BODY}"
    ));
    assert_eq!(workflow.policy.change.max_files, Some(2));
    assert!(told(&workflow).iter().any(|(code, ..)| *code == "HF0302"), "{:?}", told(&workflow));
    let broken = of(&format!("---\nname: x\npolicy:\n  change: [\n---\n{BODY}"));
    let errors: Vec<_> = broken.diagnostics.iter().filter(|d| d.code == "HF0311").collect();
    assert_eq!(errors.len(), 1, "{:#?}", broken.diagnostics);
    assert_eq!(broken.policy.change.max_files, Some(9));
}

#[test]
fn steps_can_be_exact_too() {
    let steps = "  steps:\n    - title: Mend it\n      id: mend\n      skills: [implement, commit]\n      inputs:\n        - { name: design, source: Ticket description }\n      \
        outputs: [Mended]\n      guidance: [Keep it small]\n    - title: Deploy\n      checklist: [Error rate is normal]\n    - title: Call the customer\n  \
        gates:\n    - { after: mend, criteria: Critical tests pass }\n    - { after: Deploy, criteria: Support is calm, gate: manual.calm }\n  obligations: [Write the post-mortem]\n  guidance: [Stay calm]\n";
    let workflow = of(&page(steps));
    let ids: Vec<_> = workflow.steps.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["mend", "deploy", "call-the-customer"]);
    let mend = &workflow.steps[0];
    assert_eq!((mend.inputs[0].source.as_str(), mend.outputs[0].as_str()), ("Ticket description", "Mended"));
    // What it leaves out stays as the page's step of that name says.
    assert!(workflow.steps[1].skills.contains(&crate::workflow::Skill::Monitor), "{:?}", workflow.steps[1]);
    assert_eq!(workflow.steps[1].checklist[0].gate.as_deref(), Some("monitor.error-rate"));
    assert_eq!(workflow.steps[2].skills, [crate::workflow::Skill::Manual]);
    assert_eq!(workflow.gates[0].id, "tests.critical");
    assert_eq!(workflow.gates[1].id, "manual.calm");
    assert_eq!(workflow.obligations[0].text, "Write the post-mortem");
    assert!(workflow.guidance.iter().any(|g| g.text == "Stay calm"));
    let overruled: Vec<_> =
        workflow.diagnostics.iter().filter(|d| d.code == "HF0310").map(|d| d.message.as_str()).collect();
    assert_eq!(overruled.len(), 1, "{overruled:#?}");
    assert!(overruled[0].contains("`Implement` is none of the exact steps"), "{overruled:#?}");
}

#[test]
fn a_page_of_front_matter_alone_is_a_workflow() {
    let workflow =
        of("---\nname: exact\npolicy:\n  steps:\n    - { title: Fix, skills: [implement] }\n---\n");
    assert!(workflow.is_workflow, "{:#?}", workflow.diagnostics);
    assert_eq!(workflow.steps.len(), 1);
}

/// A page whose policy stands in a file, read in a repository that has these.
fn with_files(policy: &str, files: &[(&str, &str)]) -> Workflow {
    let library: std::collections::BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let shelf = Shelf { path: "docs/hotfix.md", in_repository: true, library: &library };
    let text = format!("---\nname: x\npolicy: {policy}\n---\n{BODY}");
    read_on(&Page { source: "docs/hotfix.md", text: &text }, &shelf)
}

#[test]
fn the_policy_can_stand_in_a_file_of_its_own() {
    let file = "# yaml-language-server: $schema=front-matter.json\nchange: { max_files: 4 }\ncompletion: [Fix on main]\n";
    let workflow = with_files("hotfix.policy.yaml", &[("docs/hotfix.policy.yaml", file)]);
    assert_eq!(workflow.policy.change.max_files, Some(4), "{:#?}", workflow.diagnostics);
    assert_eq!(workflow.policy.completion[0].gate.as_deref(), Some("port.merged"));
    // Its rules are those of the page's `policy:` line, and the file is part of the page.
    assert_eq!(workflow.origins["change.max_files"], 3);
    assert_eq!(workflow.followed[0].path, "docs/hotfix.policy.yaml");
    assert_eq!((workflow.followed[0].lines.total, workflow.followed[0].lines.understood), (3, 3));
    let other = with_files("hotfix.policy.yaml", &[("docs/hotfix.policy.yaml", &file.replace('4', "5"))]);
    assert_ne!(workflow.digest, other.digest);
}

#[test]
fn a_policy_file_that_is_none_is_an_error() {
    let fault = with_files("../p.yaml", &[("p.yaml", "change:\n  max_fils: 4\n")]);
    let error = fault.diagnostics.iter().find(|d| d.code == "HF0312").unwrap();
    assert_eq!((error.file.as_deref(), error.line, error.column, error.length), (Some("p.yaml"), 2, 3, 8));
    let rows = [
        ("gone.yaml", "no such file"),
        ("../../etc/passwd", "leads out of the repository"),
        ("https://example.org/p.yaml", "an address on the network"),
        ("/etc/passwd", "an absolute path"),
        ("broken.yaml", "not valid YAML (line 1"),
    ];
    for (path, why) in rows {
        let workflow = with_files(path, &[("docs/broken.yaml", "a: [\n")]);
        let error = workflow.diagnostics.iter().find(|d| d.code == "HF0311").unwrap();
        assert!(error.message.contains(why) && error.line == 3, "{path}: {error:?}");
        assert_eq!(workflow.policy.change.max_files, Some(9));
    }
    let alone = of("---\nname: x\npolicy: p.yaml\n---\n## Step 1: Implement\n");
    assert_eq!(told(&alone), [("HF0311", 3, 9)], "{:#?}", alone.diagnostics);
}

#[test]
fn waivers_are_replaced_as_a_whole() {
    let workflow = of(&page("  waivers: { 'change.*': [Tech Lead], review.approvers: [] }\n"));
    assert_eq!(workflow.policy.may_waive("change.size").unwrap(), ["tech-lead"]);
    assert_eq!(workflow.policy.may_waive("review.approvers").unwrap(), Vec::<String>::new());
    assert_eq!(workflow.policy.may_waive("review.reviewers"), None);
}

#[test]
fn the_schemas_describe_every_key() {
    fn lacking(schema: &Value, path: &str, found: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if field["description"].as_str().is_none_or(str::is_empty) {
                found.push(format!("{path}.{name}"));
            }
        }
        for (name, inner) in schema["$defs"].as_object().into_iter().flatten() {
            lacking(inner, name, found);
        }
    }
    let mut found = Vec::new();
    lacking(&SCHEMA, "", &mut found);
    assert!(found.is_empty(), "{found:?}");
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever stands there, it is read or refused, and nothing panics.
        #[test]
        fn nothing_panics(policy in prop::collection::vec(prop_oneof![
            "[ ]{0,6}(policy|steps|change|monitor|severities|P1|gates|notify|waivers|title|min|checks)?:? ?\\PC{0,12}",
            "[ -]{0,6}\\PC{0,16}",
            Just("  change: { max_files: 4 }".to_owned()),
            Just("  - { title: x, skills: [implement] }".to_owned()),
        ], 0..10)) {
            let text = format!("---\npolicy:\n{}\n---\n{BODY}", policy.join("\n"));
            let workflow = of(&text);
            prop_assert_eq!(workflow.lines.total, workflow.lines.understood + workflow.lines.guidance);
        }
    }
}
