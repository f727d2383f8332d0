//! Reading a team's hotfix page: Markdown in, a [`Workflow`] with the line of
//! everything that was understood out. Prose is never executed.

mod account;
mod branch_rules;
mod check;
mod checklists;
mod commands;
mod contradictions;
mod criteria;
mod dangers;
mod denial;
pub mod exact;
mod follow;
#[cfg(test)]
mod follow_tests;
mod forms;
mod front_matter;
mod inherit;
mod kind;
mod lexicon;
mod library;
pub mod order;
mod origin;
mod parse;
mod placeholders;
mod policy_rules;
mod quantity;
mod read;
mod reader;
mod sequence;
mod skill_file;
mod skill_list;
mod starting_page;
mod stepped;
mod synonyms;
#[cfg(test)]
mod tests;
mod titles;
mod topics;
mod unread;
mod words;

pub use account::{Became, Kind, LineAccount};
pub use follow::{Followed, FollowedAs};
pub use lexicon::{Lexicon, UnknownList};
pub use library::{Library, Shelf, Shelved};
pub use order::{ActionRow, Origin, order};
pub use origin::{Layers, OriginKind, ValueOrigin, origins};
pub use read::{BUILT_IN, Page, built_in, normalised, read, read_on, read_with};
pub use skill_file::SkillFile;
pub use starting_page::{Facts, starting_page};

use crate::policy::{Criterion, Policy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What carries a step out, of the built-in ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Skill {
    /// Prerequisites, branch and worktree.
    Prepare,
    /// A command that fails now.
    Reproduce,
    /// The smallest change, by a person or an agent.
    Implement,
    /// The project's style checker.
    CheckStyle,
    /// The incident is gone, critical and smoke tests pass.
    Test,
    /// A commit.
    Commit,
    /// Push, and the merge request to production.
    MergeRequest,
    /// The severity's approvals.
    Review,
    /// Merge of the verified commit.
    Merge,
    /// The deploy, and the version read back.
    Deploy,
    /// Watching production.
    Monitor,
    /// Stopping the bleeding before the fix.
    Mitigate,
    /// Back to what ran before.
    Rollback,
    /// The fix on main.
    Port,
    /// Root cause, timeline, prevention.
    Analyze,
    /// The incident report.
    Report,
    /// The follow-up ticket.
    FollowUp,
    /// Channel and status page.
    Notify,
    /// Removes the worktree, keeps the work.
    Cleanup,
    /// A person does it and confirms it.
    Manual,
}

impl Skill {
    /// Every skill, in the order of a run.
    pub const ALL: &[Skill] = &[
        Skill::Prepare,
        Skill::Reproduce,
        Skill::Implement,
        Skill::CheckStyle,
        Skill::Test,
        Skill::Commit,
        Skill::MergeRequest,
        Skill::Review,
        Skill::Merge,
        Skill::Deploy,
        Skill::Monitor,
        Skill::Mitigate,
        Skill::Rollback,
        Skill::Port,
        Skill::Analyze,
        Skill::Report,
        Skill::FollowUp,
        Skill::Notify,
        Skill::Cleanup,
        Skill::Manual,
    ];

    /// The name on the wire, e.g. `merge-request`.
    pub fn name(self) -> &'static str {
        match self {
            Skill::Prepare => "prepare",
            Skill::Reproduce => "reproduce",
            Skill::Implement => "implement",
            Skill::CheckStyle => "check-style",
            Skill::Test => "test",
            Skill::Commit => "commit",
            Skill::MergeRequest => "merge-request",
            Skill::Review => "review",
            Skill::Merge => "merge",
            Skill::Deploy => "deploy",
            Skill::Monitor => "monitor",
            Skill::Mitigate => "mitigate",
            Skill::Rollback => "rollback",
            Skill::Port => "port",
            Skill::Analyze => "analyze",
            Skill::Report => "report",
            Skill::FollowUp => "follow-up",
            Skill::Notify => "notify",
            Skill::Cleanup => "cleanup",
            Skill::Manual => "manual",
        }
    }
}

/// A workflow as it was understood (`hotfix.workflow/1` without the plan).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Workflow {
    /// From the front matter, or the first heading.
    pub name: String,
    /// From the front matter, or the first quote or paragraph.
    pub description: String,
    /// Who executes it, in kebab-case. Shown, and cannot approve.
    pub role: Option<String>,
    /// Where the page came from, for people.
    pub source: String,
    /// Digest of the page's bytes, and of the files that it led to.
    pub digest: String,
    /// Links of `Inherits:`.
    pub inherits: Vec<String>,
    /// False for a page that is no workflow (a README, a novel).
    pub is_workflow: bool,
    /// The page's steps in their order.
    pub steps: Vec<Step>,
    /// Rows of quality-gate tables.
    pub gates: Vec<GateRow>,
    /// What it compiles to.
    pub policy: Policy,
    /// What the page leaves for later without a criterion, e.g. a post-mortem.
    #[serde(default)]
    pub obligations: Vec<Criterion>,
    /// What stays to be read and belongs to no step.
    #[serde(default)]
    pub guidance: Vec<Guidance>,
    /// The page's line for each rule, by its path in the policy (`monitor.min`).
    #[serde(default)]
    pub origins: BTreeMap<String, u32>,
    /// The place of each rule that the page inherits, by its path in the policy.
    #[serde(default)]
    pub inherited: BTreeMap<String, Place>,
    /// The files that the page led to.
    #[serde(default)]
    pub followed: Vec<Followed>,
    /// What a reader of the page should know.
    pub diagnostics: Vec<Diagnostic>,
    /// How many lines were understood.
    pub lines: Lines,
    /// Lines that read like rules and were not understood, as the errors that
    /// a strict check makes of them.
    #[serde(default)]
    pub unread_rules: Vec<Diagnostic>,
    /// What each non-blank line became, in their order. Empty for a page that
    /// is too large to be read.
    #[serde(default)]
    pub account: Vec<LineAccount>,
}

/// A step of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// A stable slug, unique in the page.
    pub id: String,
    /// The step's title without its number.
    pub title: String,
    /// What carries it out, in order.
    pub skills: Vec<Skill>,
    /// The name that the page calls it by (a skill path, a flow box, a heading).
    pub name_in_document: String,
    /// First and last line, from 1.
    pub lines: [u32; 2],
    /// Its context mapping.
    pub inputs: Vec<Input>,
    /// What it puts out.
    pub outputs: Vec<String>,
    /// Its checklists, with the gates that stand for them.
    pub checklist: Vec<Criterion>,
    /// What is for people and agents to read: principles, notes, actions.
    pub guidance: Vec<Guidance>,
    /// Commands that the page's example suggests. They never run by themselves.
    pub suggested_commands: Vec<String>,
    /// What the file of the step's skill says, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill_file: Option<SkillFile>,
}

/// A row of a context mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// The skill's input.
    pub name: String,
    /// Where it comes from, in the page's words.
    pub source: String,
    /// The page's line, from 1.
    pub line: u32,
    /// The targets of the links among those words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// The file that the line is of, if not the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A line for people and agents to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Guidance {
    /// The page's line, from 1.
    pub line: u32,
    /// The line's text without its markers.
    pub text: String,
}

/// A row of a quality-gate table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateRow {
    /// The gate that stands for it: built in, or `manual.<slug>`.
    pub id: String,
    /// The step after which it must hold, in the page's words.
    pub after: String,
    /// The page's criteria.
    pub criteria: String,
    /// The page's line, from 1.
    pub line: u32,
    /// The file that the line is of, if not the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The page cannot be run as it is.
    Error,
    /// It probably does not mean what was understood.
    Warning,
    /// Good to know.
    Note,
}

/// Something that a reader of the page should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Level,
    /// Its stable code, e.g. `HF0301`.
    pub code: String,
    /// What it is.
    pub message: String,
    /// The file that the place is in, if not the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The page's line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// How many characters it is about.
    #[serde(default = "one")]
    pub length: u32,
    /// What to do.
    pub hint: Option<String>,
    /// Other places that have to do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
}

fn one() -> u32 {
    1
}

/// Another place that a diagnostic has to do with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Related {
    /// The page's line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// How many characters it is about.
    pub length: u32,
    /// What stands there.
    pub message: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The file's path from the repository's root.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// How many of the page's non-blank lines became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lines {
    /// Non-blank lines.
    pub total: u32,
    /// Those that became policy, a step, a gate or an input.
    pub understood: u32,
    /// Those that stay as guidance.
    pub guidance: u32,
}

impl Lines {
    /// Counts one more line.
    pub(crate) fn count(&mut self, understood: bool) {
        self.total += 1;
        if understood {
            self.understood += 1;
        } else {
            self.guidance += 1;
        }
    }
}

impl Workflow {
    /// Whether it is the page that holds where there is none: its values are
    /// the last ones.
    pub fn is_built_in(&self) -> bool {
        self.source == read::BUILT_IN_SOURCE
    }

    /// The diagnostics of a strict check: unread rules are errors.
    pub fn strict_diagnostics(&self) -> Vec<Diagnostic> {
        let mut all = self.diagnostics.clone();
        all.extend(self.unread_rules.iter().take(reader::MOST_OF_A_CODE).cloned());
        if let Some(next) = self.unread_rules.get(reader::MOST_OF_A_CODE) {
            let count = self.unread_rules.len() - reader::MOST_OF_A_CODE;
            all.push(Diagnostic { file: next.file.clone(), ..reader::more(&next.code, count, next.line) });
        }
        all.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        all
    }

    /// Whether the page says a rule, itself or by a file that it inherits from.
    pub fn says(&self, rule: &str) -> bool {
        self.origins.contains_key(rule) || self.inherited.contains_key(rule)
    }
}
