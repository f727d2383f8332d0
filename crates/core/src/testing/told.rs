//! What is written down of tests that were compared: in the journal, the
//! status, the report and the merge request.

use super::case::Counts;
use super::compare::Differences;
use super::judge::Meaning;
use super::runner::Runner;
use crate::gate::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A test command on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// The command, as a person would type it.
    pub command: String,
    /// Its runner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<Runner>,
    /// Why it was chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// What it says of its gate.
    pub verdict: Verdict,
    /// One line that says why.
    pub summary: String,
    /// What it says of the base; none where it was not run there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<SideSays>,
    /// What it says of the fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<SideSays>,
    /// What changed, test by test.
    #[serde(flatten)]
    pub differences: Differences,
}

/// What a command says of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideSays {
    /// What.
    pub says: Meaning,
    /// Why, in a clause that follows the command.
    pub why: String,
    /// Its tests, counted; all zero where only the exit status counts.
    pub tests: Counts,
    /// How often it was run there.
    pub runs: u32,
}

/// Tests that were not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotRun {
    /// The command, as a person would type it.
    pub command: String,
    /// Why it was not run.
    pub why: String,
}
