//! Pages with the files beside them.

use super::*;
use std::collections::BTreeMap;

fn on(files: &[(&str, &str)]) -> Workflow {
    let library: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let path = "docs/flows/hotfix.md";
    let page = Page { source: path, text: &library[path] };
    read_on(&page, &Shelf { path, in_repository: true, library: &library })
}

fn said(workflow: &Workflow) -> Vec<(String, String, u32)> {
    let place = |d: &Diagnostic| (d.code.clone(), d.file.clone().unwrap_or_default(), d.line);
    workflow.diagnostics.iter().map(place).collect()
}

fn codes(workflow: &Workflow) -> Vec<String> {
    workflow.diagnostics.iter().map(|d| d.code.clone()).collect()
}

fn page(inherits: &str) -> String {
    format!(
        "# Hotfix\n\n**Inherits:** {inherits}\n\n## Step 1: Implement\n\n**Call Skill:** `skills/implement.md`\n\n\
         **Context Mapping:**\n| Skill Input | Source |\n|--|--|\n| `design` | the least |\n\n## Step 2: Deploy\n\n\
         **Actions:**\n1. Monitor for 10-20 minutes\n"
    )
}

const RULES: &str = "# Rules\n\n## Global Defaults\n\n- At most 3 files\n- Monitor for 40 minutes\n\n### Approval Matrix\n\n\
    | Severity | Approvers | Review |\n|--|--|--|\n| P1 | On-call | Post-deploy |\n\n### Completion Criteria\n\n- [ ] Report written\n\n\
    ## Elsewhere\n\n- At most 99 lines\n";

#[test]
fn the_named_section_ranks_below_the_page() {
    let text = page("[Global Defaults](../README.md#global-defaults)");
    let workflow =
        on(&[("docs/flows/hotfix.md", &text), ("docs/README.md", RULES), ("skills/implement.md", "# I\n")]);
    assert_eq!(workflow.policy.change.max_files, Some(3));
    assert_eq!(workflow.policy.change.max_lines, None, "it is in another section");
    assert_eq!(workflow.policy.severities["P1"].approvers, ["on-call"]);
    assert_eq!(workflow.policy.monitor.min, jiff::SignedDuration::from_mins(10), "the page ranks above");
    let place = |line| Place { file: "docs/README.md".to_owned(), line };
    assert_eq!(workflow.inherited["change.max_files"], place(5));
    assert_eq!(workflow.inherited["severities"], place(10));
    assert!(!workflow.inherited.contains_key("monitor.min"));
    let report = &workflow.policy.completion[0];
    assert_eq!((report.line, report.file.as_deref()), (Some(16), Some("docs/README.md")));
    assert_eq!(
        said(&workflow),
        [("HF0313".to_owned(), String::new(), 3), ("HF0343".to_owned(), "docs/README.md".to_owned(), 6)]
    );
    let followed: Vec<_> =
        workflow.followed.iter().map(|f| (f.path.as_str(), f.section.as_deref())).collect();
    assert_eq!(followed, [("docs/README.md", Some("Global Defaults")), ("skills/implement.md", None)]);
    assert!(workflow.followed[0].account.iter().all(|line| (3..=17).contains(&line.line)));
}

#[test]
fn what_was_followed_is_part_of_the_digest() {
    let text = page("[R](../README.md#global-defaults)");
    let with = |rules: &str| on(&[("docs/flows/hotfix.md", &text), ("docs/README.md", rules)]).digest;
    assert_eq!(with(RULES), with(RULES));
    assert_ne!(with(RULES), with(&RULES.replace("At most 3", "At most 4")));
    assert_ne!(with(RULES), on(&[("docs/flows/hotfix.md", &text)]).digest);
}

#[test]
fn links_of_links() {
    let top = "# Top\n\n## Base\n\n- At most 7 files\n- At most 70 lines\n";
    let middle = "# M\n\nInherits: [top](../../top.md#base)\n\n- At most 5 files\n";
    let text = page("[m](m.md)");
    let workflow = on(&[("docs/flows/hotfix.md", &text), ("docs/flows/m.md", middle), ("top.md", top)]);
    assert_eq!((workflow.policy.change.max_files, workflow.policy.change.max_lines), (Some(5), Some(70)));
    assert_eq!(workflow.inherited["change.max_lines"].file, "top.md");
    assert!(codes(&workflow).contains(&"HF0343".to_owned()));
}

#[test]
fn what_is_refused() {
    let self_link = page("[x](hotfix.md)");
    let circle = "# A\n\nInherits: [b](b.md)\n";
    let back = "# B\n\nInherits: [a](a.md)\n";
    for (link, files) in [
        ("[x](../../../etc/passwd)", vec![]),
        ("[x](/etc/passwd)", vec![]),
        ("[x](https://example.org/rules.md)", vec![]),
        ("[x](a.md)", vec![("docs/flows/a.md", circle), ("docs/flows/b.md", back)]),
        ("[x](hotfix.md)", vec![("docs/flows/hotfix.md", self_link.as_str())]),
    ] {
        let text = page(link);
        let mut all = vec![("docs/flows/hotfix.md", text.as_str())];
        all.extend(files);
        let workflow = on(&all);
        let refused: Vec<_> = workflow.diagnostics.iter().filter(|d| d.code == "HF0342").collect();
        assert_eq!(refused.len(), 1, "{link}: {:?}", workflow.diagnostics);
        assert_eq!(refused[0].severity, Level::Error, "{link}");
    }
    let text = page("[x](gone.md)").replace("`skills/implement.md`", "`../../../etc/passwd.md`");
    assert_eq!(
        said(&on(&[("docs/flows/hotfix.md", &text)]))
            .iter()
            .map(|(c, _, l)| (c.as_str(), *l))
            .collect::<Vec<_>>(),
        [("HF0340", 3), ("HF0309", 7), ("HF0342", 7)]
    );
}

#[test]
fn a_library_that_refuses_says_why() {
    struct Locked;
    impl Library for Locked {
        fn file(&self, _: &str) -> Shelved {
            Shelved::Refused("it is a symbolic link out of the repository".to_owned())
        }
    }
    let text = page("[x](rules.md)");
    let workflow = read_on(
        &Page { source: "p", text: &text },
        &Shelf { path: "docs/p.md", in_repository: true, library: &Locked },
    );
    let why: Vec<_> = workflow
        .diagnostics
        .iter()
        .map(|d| (d.code.as_str(), d.line, d.message.contains("symbolic")))
        .collect();
    assert_eq!(why, [("HF0342", 3, true), ("HF0342", 7, true)]);
    assert!(workflow.followed.is_empty());
}

#[test]
fn absent_sections_and_files_are_told_once() {
    let text = page("[x](../README.md#nowhere)");
    let workflow = on(&[("docs/flows/hotfix.md", &text), ("docs/README.md", RULES)]);
    assert_eq!(codes(&workflow), ["HF0340", "HF0341"]);
    let skills =
        "---\nskills:\n  - execute/write-code\n  - validate/run-tests\n  - execute/write-code\n---\n\n# H\n";
    let workflow = on(&[("docs/flows/hotfix.md", skills)]);
    let missing: Vec<_> = workflow.diagnostics.iter().filter(|d| d.code == "HF0341").collect();
    assert_eq!(missing.len(), 1);
    assert_eq!((missing[0].line, missing[0].related.len(), missing[0].related[0].line), (3, 1, 4));
}

#[test]
fn a_flat_skill_file() {
    let skill = "# Implement\n\n## Interface Definition\n\n| Input | Description |\n|--|--|\n| design | what to change |\n\
        | codebase | where |\n\n| Output | Description |\n|--|--|\n| commit | the fix |\n\n## Template\n\n```\nfix: <what>\n```\n\n\
        ## Checklist\n\n- [ ] Tests pass\n- [ ] The owner was asked\n\n## Notes\n\nThink first.\n\n`git push --force`\n";
    let text = page("[R](../README.md#global-defaults)");
    let workflow = on(&[
        ("docs/flows/hotfix.md", &text),
        ("docs/README.md", RULES),
        ("docs/skills/implement.md", skill),
    ]);
    let step = &workflow.steps[0];
    let inputs: Vec<_> =
        step.inputs.iter().map(|i| (i.name.as_str(), i.source.as_str(), i.file.as_deref())).collect();
    assert_eq!(
        inputs,
        [("design", "the least", None), ("codebase", "where", Some("docs/skills/implement.md"))]
    );
    assert_eq!(step.outputs, ["commit"]);
    let gates: Vec<_> = step.checklist.iter().map(|c| c.gate.as_deref().unwrap_or_default()).collect();
    assert_eq!(gates, ["tests.critical", "manual.the-owner-was-asked"]);
    let file = step.skill_file.as_ref().unwrap();
    assert_eq!((file.name.as_str(), file.template.as_deref()), ("Implement", Some("fix: <what>")));
    assert_eq!(
        file.guidance.iter().map(|g| (g.line, g.text.as_str())).collect::<Vec<_>>(),
        [(25, "## Notes"), (27, "Think first."), (29, "`git push --force`")]
    );
    assert!(said(&workflow).contains(&("HF0320".to_owned(), "docs/skills/implement.md".to_owned(), 29)));
}

#[test]
fn an_agent_skills_folder() {
    let skill = "---\nname: write-code\ndescription: Writes the fix.\n---\n\n# Writing\n\n**Inputs:**\n\n- `design`: what to do\n- tests\n\n\
        ## Interface\n\n```yaml\noutputs:\n  - name: patch\n    type: diff\n```\n\n## Checklist\n\n1. Style is clean\n";
    let listed = "---\nskills:\n  - execute/write-code (quick)\n  - validate/run-tests\n---\n\n# H\n";
    let workflow = on(&[("docs/flows/hotfix.md", listed), ("skills/execute/write-code/SKILL.md", skill)]);
    let step = &workflow.steps[0];
    assert_eq!(step.skills, [Skill::Implement]);
    let file = step.skill_file.as_ref().unwrap();
    assert_eq!((file.name.as_str(), file.description.as_str()), ("write-code", "Writes the fix."));
    assert_eq!(step.inputs.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["design", "tests"]);
    assert_eq!(step.outputs, ["patch"]);
    assert_eq!(step.checklist[0].gate.as_deref(), Some("style.clean"));
    assert_eq!(codes(&workflow), ["HF0341"], "only run-tests is missing");
}
