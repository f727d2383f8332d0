//! A page to start from: the built-in way, with what was found in a
//! repository, and a remark beside each part. It refuses to write what the
//! reader does not read: a strict check passes.

use crate::text::one_line;

/// What is known of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The repository's name.
    pub name: Option<String>,
    /// The branch that production runs.
    pub production_branch: Option<String>,
    /// The latest release tag.
    pub release_tag: Option<String>,
    /// The branch that work is merged to.
    pub main: Option<String>,
    /// The tracker's project, as in `SPF-1290`.
    pub tracker: Option<String>,
    /// Roles that the config gives to people, the first ones approve.
    pub roles: Vec<String>,
    /// The branch's name, where the config has one.
    pub branch_pattern: Option<String>,
}

/// The text of the page.
pub fn starting_page(facts: &Facts) -> String {
    let parts = [
        head(facts),
        request(facts),
        STEPS.to_owned(),
        completion(facts),
        branch(facts),
        matrix(facts),
        END.to_owned(),
    ];
    parts.join("\n")
}

fn title(facts: &Facts) -> String {
    let name = facts.name.as_deref().map(word).filter(|name| !name.is_empty());
    name.map_or_else(|| "hotfix".to_owned(), |name| format!("{name}-hotfix"))
}

/// A word that stands for itself in YAML and in Markdown.
fn word(text: &str) -> String {
    let kept = one_line(text);
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '{' | '}')).collect()
}

fn head(facts: &Facts) -> String {
    format!(
        "---\nname: {}\ndescription: From a production incident to a deployed, watched and written-up fix\nrole: developer\n\
         # What prose cannot say exactly can stand here, and wins over the prose below:\n\
         # policy:\n#   change: {{ max_files: 4, max_lines: 80 }}\n#   monitor: {{ min: 15m, max: 30m }}\n---\n\n\
         # Hotfix\n\n> From a production incident to a deployed, watched and written-up fix.\n\n\
         <!-- This page is what `hotfix` executes. Change it as your team works, and look at what became of\n     \
         each line: hotfix workflow check --explain -->\n",
        title(facts)
    )
}

fn request(facts: &Facts) -> String {
    let key = match facts.tracker.as_deref().map(word) {
        Some(project) => format!("Tracker key required (e.g. `[{project}-1290] Fix the sign-in`)"),
        None => "Tracker key optional (the incident's key stands there where it has one)".to_owned(),
    };
    format!(
        "## Merge requests\n\n<!-- `required` stops a merge request that lacks it; `optional` only asks. -->\n\n\
         ### MR Requirements\n\n| Item | Rule |\n| --- | --- |\n| Title | {key} |\n| Labels | `urgent` |\n\
         | Evidence | Optional (the pipeline shows it too) |\n\n## Prerequisites\n\n\
         <!-- Editing never waits for these; the merge does. -->\n\n\
         - [ ] The incident in production is confirmed\n- [ ] The hotfix is authorized by a manager or the person on call\n\
         - [ ] The hotfix branch starts at {}\n",
        if is_main_only(facts) {
            format!("the tip of {}", main(facts))
        } else {
            "what runs in production".to_owned()
        }
    )
}

fn main(facts: &Facts) -> String {
    facts.main.as_deref().map(word).filter(|name| !name.is_empty()).unwrap_or_else(|| "main".to_owned())
}

/// Nothing tells production and main apart.
fn is_main_only(facts: &Facts) -> bool {
    facts.production_branch.is_none() && facts.release_tag.is_none() && facts.main.is_some()
}

fn completion(facts: &Facts) -> String {
    let port = if is_main_only(facts) { "" } else { "- [ ] The fix is merged to main\n" };
    format!(
        "## Completion Criteria\n\n<!-- `hotfix close` waits for these. -->\n\n- [ ] The incident is resolved\n\
         - [ ] The fix is deployed and monitored\n- [ ] The incident report is written\n\
         - [ ] The follow-up ticket exists, where one is needed\n{port}"
    )
}

fn branch(facts: &Facts) -> String {
    let pattern = facts.branch_pattern.as_deref().map(word).filter(|name| name.contains('/'));
    let pattern = pattern.unwrap_or_else(|| "hotfix/incident-{id}".to_owned());
    let main = main(facts);
    let sketch = if is_main_only(facts) {
        format!("{main}\n    `-- {pattern}\n        `-- merge to {main}")
    } else {
        let from = match (&facts.production_branch, &facts.release_tag) {
            (Some(branch), Some(tag)) => {
                format!("production (the branch {}, or a tag like {})", word(branch), word(tag))
            }
            (Some(branch), None) => format!("production (the branch {})", word(branch)),
            (None, Some(tag)) => format!("production (a tag like {})", word(tag)),
            (None, None) => "production (the tag or the branch)".to_owned(),
        };
        format!(
            "{from}\n    `-- {pattern}\n        |-- merge to production\n        `-- cherry-pick to {main}"
        )
    };
    format!(
        "## Rules\n\n### Branch Strategy\n\n<!-- `{{id}}` is the incident's key, `{{version}}` the next version. -->\n\n\
         ```text\n{sketch}\n```\n"
    )
}

fn matrix(facts: &Facts) -> String {
    let role = |at: usize, otherwise: &str| {
        let known = facts.roles.get(at).map(|role| word(role)).filter(|role| !role.is_empty());
        let named = known.unwrap_or_else(|| otherwise.to_owned());
        let mut letters = named.chars();
        letters.next().map_or(named.clone(), |first| first.to_uppercase().chain(letters).collect())
    };
    format!(
        "### Approval Matrix\n\n<!-- Who has a role stands in .hotfix/config.toml, [roles]. A severity that is not given is the first. -->\n\n\
         | Severity | Approvers | Review |\n| --- | --- | --- |\n| P1 (Down) | {} + 1 reviewer | Post-deploy |\n\
         | P2 (Degraded) | {} + 1 reviewer | Pre-deploy |\n",
        role(0, "on-call"),
        role(1, "tech-lead")
    )
}

const STEPS: &str = "## Step 1: Implement the fix

<!-- `hotfix brief implement` shows this to whoever makes the change, with the sources looked up. -->

**Context Mapping:**

| Skill Input | Source |
| --- | --- |
| `design` | The least that stops the damage |
| `acceptance_criteria` | The incident is over |
| `codebase` | The version in production |

**Call Skill:** `implement`

**Principles:**

- Make the smallest possible change
- No refactoring
- No new features

**Output:** Fix committed

## Step 2: Verify the fix

**Context Mapping:**

| Skill Input | Source |
| --- | --- |
| `implementation` | The commit of the fix |
| `acceptance_criteria` | The incident is gone and nothing else broke |
| `test_scope` | The reproduction and the smoke tests |

**Call Skill:** `test`

**Minimum Verification:**

1. The incident is no longer reproducible
2. Core functions work (smoke tests)
3. The logs show no new errors

**Output:** Fix verified

## Step 3: Deploy and monitor

**Actions:**

1. Open a merge request to production
2. Get the review that the severity asks for
3. Merge and deploy
4. Monitor for 15-30 minutes

<!-- An item that no built-in gate covers is asked of a person: hotfix done manual.NAME -->

**Monitoring Checklist:**

- [ ] Error rates are back to normal
- [ ] No new types of error
- [ ] Key metrics are stable

## Step 4: After the incident

**Context Mapping:**

| Skill Input | Source |
| --- | --- |
| `context` | The run's journal |
| `artifacts` | Logs, metrics and alerts of the incident |
| `goal` | Root cause and prevention |

**Call Skill:** `analyze`

**Deliverables:**

1. Incident report (root cause, timeline, fix, prevention)
2. Follow-up ticket, where the fix is temporary
";

const END: &str = "### Rollback Plan

Before the deploy, know the way back:

- The last stable version
- The command that rolls back
- The criteria for going back

### Communication

<!-- How the channel is reached stands in .hotfix/config.toml, [channel] and [status_page]. -->

- Notify: #incident
- Update: the status page (if customers see it)
- Report: within 24h of the resolution
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{BaseKind, PortBy, Requirement};
    use crate::workflow::{Kind, Page, Workflow, read};

    fn page(facts: &Facts) -> Workflow {
        let text = starting_page(facts);
        let workflow = read(&Page { source: "new.md", text: &text });
        assert!(workflow.is_workflow);
        assert!(workflow.diagnostics.is_empty(), "{:?}", workflow.diagnostics);
        assert!(workflow.unread_rules.is_empty(), "{:?}", workflow.unread_rules);
        let guidance = workflow.account.iter().filter(|line| !line.is_understood()).map(|line| line.line);
        let lines: Vec<&str> = text.lines().collect();
        let guidance: Vec<&str> = guidance.map(|no| lines[no as usize - 1]).collect();
        assert_eq!(guidance, [""; 0], "a page of ours is understood whole");
        workflow
    }

    #[test]
    fn it_says_what_was_found() {
        let facts = Facts {
            name: Some("payments".to_owned()),
            production_branch: Some("live".to_owned()),
            release_tag: Some("v1.2.3".to_owned()),
            main: Some("develop".to_owned()),
            tracker: Some("SPF".to_owned()),
            roles: vec!["sre".to_owned(), "lead".to_owned()],
            branch_pattern: Some("fix/{id}".to_owned()),
        };
        let workflow = page(&facts);
        let policy = &workflow.policy;
        assert_eq!(workflow.name, "payments-hotfix");
        assert_eq!(policy.merge_request.title_key, Requirement::Required);
        assert_eq!((policy.branch.base, policy.branch.pattern.as_str()), (BaseKind::Production, "fix/{id}"));
        assert_eq!(policy.branch.port_to.as_deref(), Some("develop"));
        assert_eq!(policy.severities["P1"].approvers, ["sre"]);
        assert_eq!(policy.severities["P2"].approvers, ["lead"]);
        assert!(workflow.account.iter().any(|line| line.became[0].kind == Kind::Comment));
    }

    #[test]
    fn it_says_the_built_in_way_where_nothing_was_found() {
        let (ours, built_in) = (page(&Facts::default()), crate::workflow::built_in());
        let skills =
            |workflow: &Workflow| workflow.steps.iter().map(|step| step.skills.clone()).collect::<Vec<_>>();
        assert_eq!(skills(&ours), skills(&built_in));
        assert_eq!(
            (&ours.policy.branch, &ours.policy.severities),
            (&built_in.policy.branch, &built_in.policy.severities)
        );
    }

    #[test]
    fn a_repository_with_one_branch_merges_there() {
        let workflow = page(&Facts { main: Some("trunk".to_owned()), ..Facts::default() });
        let branch = &workflow.policy.branch;
        assert_eq!(
            (branch.base, branch.merge_to, branch.port_by),
            (BaseKind::Main, BaseKind::Main, PortBy::Ancestry)
        );
    }

    #[test]
    fn names_cannot_change_the_page() {
        let facts = Facts {
            name: Some("x: [\n# y".to_owned()),
            release_tag: Some("v1 |\n## Step 9: Evil".to_owned()),
            roles: vec!["a | b |\n| P0 | nobody".to_owned()],
            tracker: Some("A`|B".to_owned()),
            ..Facts::default()
        };
        assert_eq!(page(&facts).steps.len(), 4);
    }
}
