//! A workflow written in the exact form and read again is the same plan:
//! generated ones, the pages of this repository, and those of other teams.

use super::page;
use crate::config::Config;
use crate::incident::Incident;
use crate::plan::{Means, compile};
use crate::policy::*;
use crate::text::{brief, one_line};
use crate::workflow::order::order;
use crate::workflow::*;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What of a workflow decides what is done: everything but places in the page
/// and what was said of it.
fn essence(workflow: &Workflow) -> Value {
    let incident = Incident { key: "X-1".to_owned(), title: "t".to_owned(), severity: "P1".to_owned() };
    let mut config = Config::default();
    config.deploy.command = Some(crate::config::Command::Shell("deploy".to_owned()));
    let plan = compile(workflow, &config, "config", &Means::default(), incident);
    let mut all = json!({
        "name": workflow.name, "description": workflow.description, "role": workflow.role,
        "steps": workflow.steps, "rows": workflow.gates, "policy": workflow.policy,
        "obligations": workflow.obligations, "guidance": workflow.guidance,
        "actions": order(workflow, true), "gates": plan.gates, "frozen": plan.policy,
    });
    without_places(&mut all);
    all
}

fn without_places(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["line", "lines", "file", "skill_file"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(without_places);
        }
        Value::Array(items) => items.iter_mut().for_each(without_places),
        _ => {}
    }
}

fn again(workflow: &Workflow) -> Result<(), TestCaseError> {
    let text = page(workflow);
    let read = read(&Page { source: "exact.md", text: &text });
    let errors: Vec<_> = read.diagnostics.iter().filter(|d| d.severity == Level::Error).collect();
    prop_assert!(errors.is_empty() && read.is_workflow, "{errors:#?}\n{text}");
    prop_assert_eq!(essence(&read), essence(workflow), "\n{}", text);
    prop_assert_eq!(page(&read), text, "written again, it is the same page");
    Ok(())
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-z ]{0,20}[a-z]",
        "\\PC{1,16}",
        "([-#:{}\\[\\],&*!|>'\"%@`~\\\\]|yes|null|5m| [a-zé长]){1,8}",
    ]
}

fn role() -> impl Strategy<Value = String> {
    "[a-z]{1,6}(-[a-z]{1,6})?"
}

fn gate_id() -> impl Strategy<Value = String> {
    let built_in = 0..crate::gate::BUILT_IN.len();
    prop_oneof![built_in.prop_map(|at| crate::gate::BUILT_IN[at].id.to_owned()), "manual\\.[a-zé-]{0,8}"]
}

fn criteria() -> impl Strategy<Value = Vec<Criterion>> {
    let one = (words(), prop::option::of(gate_id()));
    let criterion = |(text, gate)| Criterion { text, gate, line: None, file: None };
    prop::collection::vec(one.prop_map(criterion), 0..3)
}

fn step() -> impl Strategy<Value = Step> {
    let skills = prop::sample::subsequence(Skill::ALL.to_vec(), 1..4).prop_shuffle();
    let input = (words(), words(), prop::collection::vec(words(), 0..2));
    let input = input.prop_map(|(name, source, links)| Input { name, source, line: 0, links, file: None });
    let guidance = prop::collection::vec(words().prop_map(|text| Guidance { line: 0, text }), 0..3);
    let lists =
        (prop::collection::vec(input, 0..3), prop::collection::vec(words(), 0..2), criteria(), guidance);
    let named = (words(), "[a-zé长0-9-]{1,12}", words());
    let all = (named, skills, lists, prop::collection::vec("[a-z]{1,8} [a-z./]{0,40}", 0..2));
    all.prop_map(|((title, id, name), skills, (inputs, outputs, checklist, guidance), commands)| Step {
        id,
        title,
        skills,
        name_in_document: name,
        lines: [1, 1],
        inputs,
        outputs,
        checklist,
        guidance,
        suggested_commands: commands,
        skill_file: None,
    })
}

fn severity() -> impl Strategy<Value = SeverityPolicy> {
    let timing = prop_oneof![Just(ReviewTiming::PreDeploy), Just(ReviewTiming::PostDeploy)];
    let all = (prop::option::of(words()), prop::collection::vec(role(), 0..3), 0_u32..5, timing, 0_u32..9);
    all.prop_map(|(title, approvers, reviewers, review, rank)| SeverityPolicy {
        title,
        approvers,
        reviewers,
        review,
        rank,
    })
}

fn branch() -> impl Strategy<Value = BranchPolicy> {
    let kind = || prop_oneof![Just(BaseKind::Production), Just(BaseKind::Main)];
    let by = prop_oneof![Just(PortBy::CherryPick), Just(PortBy::Ancestry)];
    let all = ("[a-z]{1,6}/\\{(id|version)\\}", kind(), kind(), prop::option::of(words()), by);
    all.prop_map(|(pattern, base, merge_to, port_to, port_by)| BranchPolicy {
        pattern,
        base,
        merge_to,
        port_to,
        port_by,
    })
}

fn seconds() -> impl Strategy<Value = SignedDuration> {
    (0_i64..1_000_000).prop_map(SignedDuration::from_secs)
}

fn policy() -> impl Strategy<Value = Policy> {
    let requirement = || prop_oneof![Just(Requirement::Required), Just(Requirement::Optional)];
    let change = (prop::option::of(any::<u32>()), prop::option::of(any::<u32>()), any::<[bool; 3]>());
    let only = prop::collection::vec("[a-z]{1,8}/\\*\\*", 0..3);
    let change = (change, only);
    let change = change.prop_map(|((max_files, max_lines, [minimal, no_refactoring, no_features]), only)| {
        ChangePolicy { max_files, max_lines, minimal, no_refactoring, no_features, only }
    });
    let request = (requirement(), prop::collection::vec(words(), 0..3), requirement());
    let request =
        request.prop_map(|(title_key, labels, evidence)| MergeRequestPolicy { title_key, labels, evidence });
    let monitor = (any::<bool>(), seconds(), seconds(), criteria());
    let monitor = monitor.prop_map(|(watch, a, b, checks)| MonitorPolicy {
        watch,
        min: a.min(b),
        max: a.max(b),
        checks,
    });
    let rollback = (criteria(), prop::option::of(any::<bool>()));
    let rollback = rollback.prop_map(|(required, automatic)| RollbackPolicy { required, automatic });
    let kind = prop_oneof![Just(NotifyKind::Channel), Just(NotifyKind::StatusPage)];
    let notify = (kind, words(), prop::option::of(words()));
    let notify = notify.prop_map(|(kind, target, condition)| Notify { kind, target, condition });
    let lists = (criteria(), criteria(), criteria(), prop::collection::vec(notify, 0..3));
    let matrix = prop::collection::btree_map("[A-Z][0-9]|\\PC{1,6}", severity(), 0..3);
    let waivers = prop::collection::btree_map(words(), prop::collection::vec(role(), 0..3), 0..3);
    let all = (lists, change, request, matrix, branch(), monitor, rollback, seconds(), waivers);
    all.prop_map(
        |(
            (prerequisites, verification, completion, notify),
            change,
            merge_request,
            severities,
            branch,
            monitor,
            rollback,
            report_within,
            waivers,
        )| Policy {
            prerequisites,
            change,
            verification,
            completion,
            merge_request,
            severities,
            branch,
            monitor,
            rollback,
            report_within,
            notify,
            waivers,
        },
    )
}

fn workflow() -> impl Strategy<Value = Workflow> {
    let gate = (gate_id(), words(), words());
    let gate = gate.prop_map(|(id, after, criteria)| GateRow { id, after, criteria, line: 0, file: None });
    let head = (words(), words(), prop::option::of(role()));
    let guidance = prop::collection::vec(words().prop_map(|text| Guidance { line: 0, text }), 0..3);
    let lists =
        (prop::collection::vec(step(), 1..5), prop::collection::vec(gate, 0..3), criteria(), guidance);
    let all = (head, lists, policy(), any::<bool>());
    all.prop_map(|((name, description, role), (steps, gates, obligations, guidance), policy, report)| {
        let mut workflow = Workflow { role, steps, gates, policy, obligations, guidance, ..built_in() };
        workflow.name = brief(&name, 120);
        workflow.description = one_line(&description);
        if !report {
            // No page says when the report is due, so nobody asks for one.
            workflow.origins.clear();
            workflow.policy.report_within = Policy::default().report_within;
        }
        let mut seen = BTreeMap::new();
        for (at, step) in workflow.steps.iter_mut().enumerate() {
            if seen.insert(step.id.clone(), at).is_some() {
                step.id = format!("{}-{at}-again", step.id);
            }
        }
        workflow
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn generated_workflows(workflow in workflow()) {
        again(&workflow)?;
    }
}

/// The pages of a folder that are workflows, read.
#[expect(clippy::disallowed_methods, reason = "a test may look whether the pages are there")]
fn pages_of(folder: &Path) -> Vec<(String, Workflow)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut all = Vec::new();
    for path in
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "md"))
    {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let source = path.display().to_string();
        let workflow = read(&Page { source: &source, text: &text });
        if workflow.is_workflow {
            all.push((source, workflow));
        }
    }
    all
}

#[test]
fn pages_as_teams_wrote_them() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    again(&built_in()).unwrap();
    let examples = pages_of(&top.join("examples"));
    assert!(examples.len() >= 2);
    #[expect(clippy::disallowed_methods, reason = "a test may be told where the pages are")]
    let shared = std::env::var("HOTFIX_SHARED").map_or_else(|_| top.join("../shared"), Into::into);
    let others: Vec<_> =
        ["workflows", "corpus"].iter().flat_map(|name| pages_of(&shared.join(name))).collect();
    if others.is_empty() {
        println!("no pages of other teams in {}: only those of this repository were tried", shared.display());
    }
    println!("{} pages written exactly and read again", examples.len() + others.len());
    for (source, workflow) in examples.iter().chain(&others) {
        if let Err(error) = again(workflow) {
            panic!("{source}: {error}");
        }
    }
}
