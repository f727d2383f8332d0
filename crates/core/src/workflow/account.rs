//! What each line of a page became. A line that became nothing stays as
//! guidance and is said to be; the account refuses to leave a line out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What a line can become. The order is the order of weight: where a line is
/// several things, the first of them is shown first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A step begins here; `of` is its id.
    Step,
    /// It says what carries the step out; `of` is the skill.
    Skill,
    /// A row of a context mapping; `of` is the input.
    Input,
    /// What a step puts out; `of` is that.
    Output,
    /// Something that the step does; `of` is the skill.
    Action,
    /// A row of a quality-gate table; `of` is the gate.
    Gate,
    /// An item that must hold; `of` is the gate that stands for it.
    Checklist,
    /// A typed rule; `of` is its path, e.g. `monitor.min`.
    Policy,
    /// Owed after the resolution; `of` is the gate that stands for it.
    Obligation,
    /// A link to follow; `of` is its target.
    Link,
    /// A command that the page suggests; it never runs by itself.
    Command,
    /// A note in the flow; `of` is the step.
    Note,
    /// A box of the flow; `of` is the step.
    Box,
    /// A line of an example that names a step; `of` is the step.
    Example,
    /// A key of the front matter; `of` is the key.
    FrontMatter,
    /// The page's title.
    Title,
    /// The page's description.
    Description,
    /// A label or heading of something that was understood.
    Label,
    /// The head of a table that was understood.
    TableHead,
    /// The borders, arrows and fences of a drawing or example that was understood.
    Drawing,
    /// A remark in the page's source, which its readers do not see.
    Comment,
    /// Fences, rules and borders.
    Structure,
    /// It stays to be read.
    Guidance,
}

impl Kind {
    /// The name on the wire, e.g. `front-matter`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Step => "step",
            Kind::Skill => "skill",
            Kind::Input => "input",
            Kind::Output => "output",
            Kind::Action => "action",
            Kind::Gate => "gate",
            Kind::Checklist => "checklist",
            Kind::Policy => "policy",
            Kind::Obligation => "obligation",
            Kind::Link => "link",
            Kind::Command => "command",
            Kind::Note => "note",
            Kind::Box => "box",
            Kind::Example => "example",
            Kind::FrontMatter => "front-matter",
            Kind::Title => "title",
            Kind::Description => "description",
            Kind::Label => "label",
            Kind::TableHead => "table-head",
            Kind::Drawing => "drawing",
            Kind::Comment => "comment",
            Kind::Structure => "structure",
            Kind::Guidance => "guidance",
        }
    }

    /// Whether it says something by itself, and is not only around something that does.
    pub fn has_meaning(self) -> bool {
        use Kind::{Comment, Drawing, Guidance, Label, Structure, TableHead};
        !matches!(self, Label | TableHead | Drawing | Comment | Structure | Guidance)
    }
}

/// One thing that a line became.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Became {
    /// What.
    pub kind: Kind,
    /// Which one: a gate's id, a rule's path, an input's name; empty where
    /// the kind says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
}

/// What one line of the page became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineAccount {
    /// The page's line, from 1.
    pub line: u32,
    /// The step that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What it became, the weightiest first. Never empty; `guidance` alone
    /// means that it was not understood.
    pub became: Vec<Became>,
}

impl LineAccount {
    /// Whether it was understood.
    pub fn is_understood(&self) -> bool {
        self.became.first().is_some_and(|first| first.kind != Kind::Guidance)
    }
}

/// Whether a line opens or closes a code block.
pub(crate) fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~")
}

/// Whether a line is a remark in HTML (`<!-- … -->`); `inside` lasts over lines.
pub(crate) fn is_comment(line: &str, inside: &mut bool) -> bool {
    let text = line.trim();
    let begins = text.starts_with("<!--");
    if !*inside && !begins {
        return false;
    }
    let ends = text.find("-->");
    *inside = ends.is_none();
    ends.is_none_or(|at| text.get(at + 3..).is_some_and(|rest| rest.trim().is_empty()))
}

/// Whether a line only gives the page its form: fences, rules, borders.
pub(crate) fn is_structure(line: &str) -> bool {
    is_fence(line) || !line.chars().any(char::is_alphanumeric)
}

/// The account of a line from the notes taken about it: what is only around
/// something gives way to what says something.
pub(crate) fn of_notes(line: u32, step: Option<String>, mut notes: Vec<Became>) -> LineAccount {
    notes.sort_by_key(|note| note.kind);
    let mut seen = HashSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    if notes.first().is_some_and(|first| first.kind.has_meaning()) {
        let named = notes.first().is_some_and(|first| first.kind < Kind::FrontMatter);
        notes.retain(|note| note.kind.has_meaning() && !(named && note.kind == Kind::FrontMatter));
    } else {
        notes.truncate(1);
    }
    if notes.is_empty() {
        notes.push(Became { kind: Kind::Guidance, of: String::new() });
    }
    LineAccount { line, step, became: notes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(kind: Kind, of: &str) -> Became {
        Became { kind, of: of.to_owned() }
    }

    #[test]
    fn what_says_something_goes_before_what_is_around_it() {
        let notes = vec![
            note(Kind::Structure, ""),
            note(Kind::Policy, "monitor.min"),
            note(Kind::Action, "monitor"),
            note(Kind::Policy, "monitor.min"),
        ];
        let account = of_notes(3, None, notes);
        assert_eq!(account.became, [note(Kind::Action, "monitor"), note(Kind::Policy, "monitor.min")]);
        assert!(account.is_understood());
        assert_eq!(of_notes(4, None, vec![note(Kind::Structure, ""), note(Kind::Label, "")]).became.len(), 1);
        assert!(!of_notes(5, Some("fix".to_owned()), vec![]).is_understood());
    }

    /// What each line became, as a person would read it in a margin.
    fn margin(text: &str) -> Vec<String> {
        let workflow = crate::workflow::read(&crate::workflow::Page { source: "test.md", text });
        let shown = |line: &LineAccount| {
            let became =
                line.became.iter().map(|b| format!("{} {}", b.kind.name(), b.of).trim_end().to_owned());
            let step = line.step.as_deref().unwrap_or("-");
            format!("{} {step}: {}", line.line, became.collect::<Vec<_>>().join(", "))
        };
        workflow.account.iter().map(shown).collect()
    }

    #[test]
    fn each_line_of_a_stepped_page() {
        let page = "---\nname: x\nteam: y\n---\n# Fixing\n\n> Quick.\n\n**Inherits:** [Rules](../rules.md#r)\n\n\
            ## Step 1: Fix\n\n**Context Mapping:**\n| Skill Input | Source |\n|---|---|\n| `design` | small |\n\n\
            **Call Skill:** `skills/implement.md`\n\nKeep calm.\n\n**Output:** Hotfix committed\n\n\
            ## Step 2: Deploy\n\n**Actions:**\n1. Merge and deploy\n2. Monitor for 15-30 minutes\n3. Have tea\n\n\
            **Verification:**\n- [ ] Smoke test\n- [ ] Boss smiles\n\n### Approval Matrix\n\
            | Severity | Approvers | Review |\n|---|---|---|\n| P1 | On-call | Post-deploy |\n";
        let expected = [
            "1 -: structure",
            "2 -: front-matter name",
            "3 -: guidance",
            "4 -: structure",
            "5 -: title",
            "7 -: description",
            "9 -: link ../rules.md#r",
            "11 fix: step fix",
            "13 fix: label",
            "14 fix: table-head",
            "15 fix: table-head",
            "16 fix: input design",
            "18 fix: skill implement",
            "20 fix: guidance",
            "22 fix: output Hotfix committed",
            "24 deploy: step deploy",
            "26 deploy: label",
            "27 deploy: action merge, action deploy",
            "28 deploy: action monitor, policy monitor.min",
            "29 deploy: guidance",
            "31 deploy: label",
            "32 deploy: checklist tests.smoke",
            "33 deploy: checklist manual.boss-smiles",
            "35 deploy: label",
            "36 deploy: policy severities",
            "37 deploy: table-head",
            "38 deploy: policy severities.P1",
        ];
        assert_eq!(margin(page), expected);
    }

    #[test]
    fn each_line_of_a_skill_list_page() {
        let page = "---\nskills:\n  - git-workflow (worktree)\n  - write-code\n---\n\n```\n+-----+\n| git-workflow | <- Worktree from main\n\
            +--+--+\n   |\n   v\nin between\n+----+\n| write-code |\n+----+\n```\n\n| After | Gate | Criteria |\n|--|--|--|\n\
            | write-code | T | Critical tests pass |\n\n```\n1. write-code\n   -> git commit -m x\n   -> Think\n```\n";
        let expected = [
            "1 -: structure",
            "2 -: front-matter skills",
            "3 git-workflow: step git-workflow",
            "4 write-code: step write-code",
            "5 -: structure",
            "7 -: drawing",
            "8 -: drawing",
            "9 git-workflow: policy branch.base, note git-workflow, box git-workflow",
            "10 -: drawing",
            "11 -: drawing",
            "12 -: drawing",
            "13 -: guidance",
            "14 -: drawing",
            "15 -: box write-code",
            "16 -: drawing",
            "17 -: drawing",
            "19 -: table-head",
            "20 -: table-head",
            "21 -: gate tests.critical",
            "23 -: drawing",
            "24 -: example write-code",
            "25 -: command write-code",
            "26 write-code: guidance",
            "27 -: structure",
        ];
        assert_eq!(margin(page), expected);
    }
}
