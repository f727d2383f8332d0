//! What the change gates say of the worktree, for the step that judges it
//! and for whoever only wants to know (`hotfix status`). Everything that the
//! change is judged by comes from the frozen plan and from the base: a change
//! cannot loosen its own gates.

use super::Tools;
use crate::git::{self, Git, GitError, tree};
use hotfix_core::change::{self, Judged, RuleFile, Rules, SecretRules};
use hotfix_core::effect::short;
use hotfix_core::gate::Verdict;
use hotfix_core::run::{Attempt, RunState};
use std::path::Path;

/// Where gitleaks keeps a project's rules, and what it is to ignore.
const RULES: &str = ".gitleaks.toml";
const IGNORED: &str = ".gitleaksignore";

/// What is judged, and by what.
pub struct Subject<'a> {
    /// The attempt.
    pub attempt: &'a Attempt,
    /// The tree of the worktree.
    pub tree: &'a str,
    /// Its commit.
    pub commit: &'a str,
}

/// The worktree as it stands right now: commit and tree. None where it is gone.
pub fn worktree_now(attempt: &Attempt) -> Result<Option<(String, String, bool)>, GitError> {
    let path = Path::new(&attempt.worktree);
    if !path.join(".git").exists() {
        return Ok(None);
    }
    let git = Git::at(path);
    let Some(commit) = git.commit("HEAD") else { return Ok(None) };
    let dirty = tree::is_dirty(&git)?;
    let tree = if dirty { tree::of_worktree(&git)? } else { git.tree_of("HEAD")? };
    Ok(Some((commit, tree, dirty)))
}

/// The four change gates' answers.
pub fn judge(tools: &Tools<'_>, state: &RunState, subject: &Subject<'_>) -> Result<Judged, GitError> {
    let Subject { attempt, tree, commit } = *subject;
    let git = tools.git();
    let change = git::change::read(git, &attempt.base, tree)?;
    let policy = state.plan.as_ref().map(|plan| plan.policy.change.clone()).unwrap_or_default();
    let config = &tools.config.change;
    let (own, problem) = own_rules(git, &attempt.base);
    let rules = Rules {
        policy: &policy,
        max_files: config.max_files.unwrap_or(change::DEFAULT_MAX_FILES),
        max_lines: config.max_lines.unwrap_or(change::DEFAULT_MAX_LINES),
        only: &policy.only,
        protected: &config.protected,
        generated: &config.generated,
        allow_secrets: &config.allow_secrets,
        secret_rules: own.as_ref(),
        base: short(&attempt.base),
    };
    let mut judged = change::judge(&change, &rules);
    if let Some(secrets) = judged.gates.iter_mut().find(|gate| gate.gate == "change.secrets") {
        if secrets.verdict == Verdict::Pass
            && let Some(found) = secrets_of_commits(git, (&attempt.base, commit), &rules)?
        {
            *secrets = found;
        }
        if let Some(problem) = problem {
            secrets.summary = format!("{}; {problem}", secrets.summary);
            if secrets.verdict == Verdict::Pass {
                secrets.verdict = Verdict::Unknown;
            }
        }
    }
    Ok(judged)
}

/// The project's own rules for secrets, as the base has them; and why they
/// cannot be used.
fn own_rules(git: &Git, base: &str) -> (Option<SecretRules>, Option<String>) {
    let file = |path: &str| {
        let bytes = git.bytes(["cat-file", "blob", &format!("{base}:{path}")]).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let names = git.run(["ls-tree", "--name-only", base, RULES, IGNORED]).unwrap_or_default();
    if names.is_empty() {
        return (None, None);
    }
    let text = file(RULES).unwrap_or_default();
    let first = RuleFile { name: RULES, text: &text };
    let extended = match change::extends(first) {
        Ok(path) => path,
        Err(e) => return (None, Some(e.to_string())),
    };
    let more = extended.as_deref().and_then(|path| Some((path, file(path.trim_start_matches("./"))?)));
    let mut files = vec![first];
    files.extend(more.as_ref().map(|(name, text)| RuleFile { name, text }));
    let missing = extended
        .as_deref()
        .filter(|_| more.is_none())
        .map(|path| format!("{RULES} extends {path}, which the base lacks"));
    match SecretRules::with_files(&files) {
        Ok(rules) => (Some(rules.ignoring(&file(IGNORED).unwrap_or_default())), missing),
        Err(e) => (None, Some(e.to_string())),
    }
}

/// What a commit adds is pushed even if the next one takes it away again.
fn secrets_of_commits(
    git: &Git,
    (base, head): (&str, &str),
    rules: &Rules<'_>,
) -> Result<Option<change::Judgement>, GitError> {
    let list = git.run(["rev-list", "--no-merges", &format!("{base}..{head}")])?;
    for commit in list.lines() {
        let diff = tree::diff(git, &format!("{commit}^"), commit)?;
        let mut found = change::judge_secrets(&change::parse(&diff), rules);
        if found.verdict != Verdict::Pass {
            found.summary = format!("{} (in the commit {})", found.summary, short(commit));
            return Ok(Some(found));
        }
    }
    Ok(None)
}
