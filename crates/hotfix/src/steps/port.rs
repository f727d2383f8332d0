//! Bring the fix to main: a cherry-pick with an `-x` line, on a branch and
//! through a merge request of its own. On a conflict, a worktree with just
//! that conflict, and the run goes on once it is resolved.

use super::{Cx, Ended, Verdict, merge_request, says};
use crate::engine::Stop;
use crate::error::Failure;
use crate::git::fetch::remote_ref;
use crate::git::merge::{self, Merged};
use crate::git::{Git, tree};
use hotfix_core::effect::{Action, MergeRequestDraft, RefUpdate, short};
use hotfix_core::journal::{MergeRequestState, Observation, WaitingFor, WaitingKind};
use hotfix_core::policy::PortBy;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Ports, or proves that there is nothing left to port.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    if let Some(rollback) = cx.state().standing_rollback() {
        let message =
            format!("{} was rolled back: a change that was taken back is not ported", rollback.from);
        return Err(Failure::failed("HF0903", message)
            .try_this("see where the run stands", "hotfix status")
            .into());
    }
    let policy = cx.plan()?.policy.branch.clone();
    let Some(target) = policy.port_to else {
        return Ok(Ended::Skipped("the policy ports to no branch".to_owned()));
    };
    let target =
        cx.t.repo
            .remote_branch(&target)
            .map_or_else(|| cx.t.repo.default_branch().unwrap_or(target.clone()), |_| target.clone());
    cx.t.forge.refresh().map_err(|e| merge_request::forge_failure(&e))?;
    if prove(cx, &target)? {
        tidy_leftover(cx)?;
        return Ok(Ended::Passed);
    }
    if policy.port_by == PortBy::Ancestry {
        return Err(Failure::failed(
            "HF0901",
            format!("the fix is not on {target}, where the workflow merges it"),
        )
        .try_this("see what happened to it", "hotfix status")
        .into());
    }
    let commits = commits(cx)?;
    let branch = format!("{}-port", cx.attempt()?.branch);
    let (path, onto) = cherry_pick(cx, &branch, &target, &commits)?;
    let head = resolved(&path, &onto)?;
    push(cx, &branch, &head)?;
    let number = open(cx, &branch, &target, &head)?;
    merge_it(cx, number, &head, &target)?;
    tidy(cx, &path, &head)?;
    cx.t.forge.refresh().map_err(|e| merge_request::forge_failure(&e))?;
    if prove(cx, &target)? {
        return Ok(Ended::Passed);
    }
    Err(Failure::failed("HF0901", format!("the port was merged, and yet the fix is not found on {target}"))
        .try_this("look", format!("git log {target}"))
        .into())
}

/// The fix's own commits, oldest first.
fn commits(cx: &Cx<'_>) -> Result<Vec<String>, Stop> {
    let attempt = cx.attempt()?;
    let head = cx.state().head.as_ref().map(|h| h.commit.clone()).unwrap_or_default();
    let list =
        cx.t.git().run(["rev-list", "--reverse", "--no-merges", &format!("{}..{head}", attempt.base)])?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// The gate `port.merged`: by ancestry, by the `-x` line, or by patch-id.
pub fn prove(cx: &mut Cx<'_>, target: &str) -> Result<bool, Stop> {
    let Some(tip) = cx.t.repo.remote_branch(target) else { return Ok(false) };
    let Some(head) = cx.state().head.as_ref().map(|h| h.commit.clone()) else { return Ok(false) };
    let commits = commits(cx)?;
    let git = cx.t.git().clone();
    let by = if git.is_ancestor(&head, &tip) {
        Some("by ancestry".to_owned())
    } else if !commits.is_empty() && commits.iter().all(|c| has_trailer(&git, &tip, c)) {
        Some("by the line \"cherry picked from commit\"".to_owned())
    } else if !commits.is_empty() && has_same_patch(&git, &tip, &head, &cx.attempt()?.base, commits.len()) {
        Some("by the same patch".to_owned())
    } else {
        None
    };
    let Some(by) = by else { return Ok(false) };
    let summary = format!("{} is on {target} ({}), {by}", short(&head), short(&tip));
    cx.gate("port.merged", says(Verdict::Pass, summary))?;
    Ok(true)
}

fn has_trailer(git: &Git, tip: &str, commit: &str) -> bool {
    let line = format!("cherry picked from commit {commit}");
    git.maybe(["log", "-1", "--fixed-strings", "--grep", &line, "--format=%H", tip]).is_some()
}

fn has_same_patch(git: &Git, tip: &str, head: &str, base: &str, count: usize) -> bool {
    let marks = git.maybe(["cherry", tip, head, base]).unwrap_or_default();
    marks.lines().filter(|l| l.starts_with("- ")).count() == count
}

/// Picks the commits on a branch of its own.
fn cherry_pick(
    cx: &mut Cx<'_>,
    branch: &str,
    target: &str,
    commits: &[String],
) -> Result<(PathBuf, String), Stop> {
    let attempt = cx.attempt()?;
    let path = PathBuf::from(format!("{}-port", attempt.worktree));
    let begun = cx.state().effects.values().find_map(|e| match &e.effect.what {
        Action::CherryPick { branch: b, onto, .. } if b == branch => Some(onto.clone()),
        _ => None,
    });
    let Some(onto) = begun.or_else(|| cx.t.repo.remote_branch(target)) else {
        return Err(Failure::failed("HF0703", format!("the branch {target} is not on the remote"))
            .try_this("see which there are", "git ls-remote --heads")
            .into());
    };
    let what = Action::CherryPick {
        path: path.to_string_lossy().into_owned(),
        branch: branch.to_owned(),
        onto: onto.clone(),
        commits: commits.to_vec(),
    };
    cx.must("port", "cherry-pick", branch, what)?;
    Ok((path, onto))
}

/// The port's commit; waits while its conflict is not resolved.
fn resolved(path: &Path, onto: &str) -> Result<String, Stop> {
    let git = Git::at(path);
    if !path.join(".git").exists() {
        return Err(Failure::failed("HF0902", format!("the port's worktree {} is gone", path.display()))
            .try_this("bring it back", "git worktree list")
            .into());
    }
    conflict(path, &git, onto)?;
    if is_picking(&git)? {
        // With several commits the next one may conflict as well.
        if let Err(error) = git.clone().env("GIT_EDITOR", "true").run(["cherry-pick", "--continue"]) {
            conflict(path, &git, onto)?;
            return Err(error.into());
        }
    }
    let head = git.commit("HEAD").unwrap_or_default();
    if head == onto {
        return Err(Failure::failed(
            "HF0902",
            format!("the port was given up: nothing was picked in {}", path.display()),
        )
        .try_this(
            "pick it again there",
            format!("cd {} && git cherry-pick -x COMMIT && hotfix run", path.display()),
        )
        .try_this("or, where main needs no port", "hotfix waive port.merged --reason \"why\"")
        .into());
    }
    Ok(head)
}

/// Whether git has still something to pick there, in the commit under way or after it.
fn is_picking(git: &Git) -> Result<bool, Stop> {
    let sequence = git.run(["rev-parse", "--path-format=absolute", "--git-path", "sequencer/todo"])?;
    Ok(git.resolve("CHERRY_PICK_HEAD").is_some() || Path::new(&sequence).exists())
}

/// Waits while paths conflict, or were taken with their markers.
fn conflict(path: &Path, git: &Git, onto: &str) -> Result<(), Stop> {
    let open = git.run(["diff", "--name-only", "--diff-filter=U"])?;
    let mut paths: Vec<String> = open.lines().map(str::to_owned).collect();
    if paths.is_empty() {
        paths = marked(git, onto)?;
    }
    if paths.is_empty() {
        return Ok(());
    }
    let what = format!("the port's conflict in {} to be resolved, in {}", paths.join(", "), path.display());
    let how = format!("cd {} && git add FILES && hotfix run", path.display());
    Err(Stop::Waiting(vec![WaitingFor { kind: WaitingKind::Conflict, what, how, until: None }]))
}

/// Paths that were added, or even committed, with the markers of a conflict.
fn marked(git: &Git, onto: &str) -> Result<Vec<String>, Stop> {
    let names = git.run(["diff", "--cached", "--name-only", "--no-renames", "--diff-filter=AM", onto])?;
    let mut all = Vec::new();
    for name in names.lines() {
        let diff = git.bytes([
            "diff",
            "--cached",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "-U0",
            onto,
            "--",
            &format!(":(top,literal){name}"),
        ])?;
        let diff = String::from_utf8_lossy(&diff).into_owned();
        let adds = |marker: &str| diff.lines().any(|l| l.starts_with(marker));
        if adds("+<<<<<<< ") && adds("+>>>>>>> ") {
            all.push(name.to_owned());
        }
    }
    Ok(all)
}

fn push(cx: &mut Cx<'_>, branch: &str, head: &str) -> Result<(), Stop> {
    let remote = crate::connect::forge::place::push_remote(cx.t.repo, &cx.t.config)?;
    let name = format!("refs/heads/{branch}");
    let old = remote_ref(cx.t.git(), &remote, &name)?.unwrap_or_default();
    if old == head {
        return Ok(());
    }
    let what = Action::Push { remote, updates: vec![RefUpdate { name, old, new: head.to_owned() }] };
    cx.must("port", "push", head, what).map(|_| ()).map_err(super::fit::explain_push)
}

fn open(cx: &mut Cx<'_>, branch: &str, target: &str, head: &str) -> Result<u64, Stop> {
    if let Some(view) = cx.state().merge_request("port") {
        return Ok(view.number);
    }
    let incident = cx.plan()?.incident.clone();
    let fix = cx.state().head.as_ref().map(|h| h.commit.clone()).unwrap_or_default();
    let marker = merge_request::marker(cx);
    let draft = MergeRequestDraft {
        role: "port".to_owned(),
        title: format!(
            "[{}] Port to {target}: {}",
            incident.key,
            hotfix_core::text::brief(&incident.title, 100)
        ),
        body: format!("The hotfix {} for {} on {target}, picked with `-x`.", short(&fix), incident.key),
        labels: Vec::new(),
        source: branch.to_owned(),
        target: target.to_owned(),
        commit: head.to_owned(),
        draft: false,
        reviewers: Vec::new(),
        assignees: Vec::new(),
        marker: marker.clone(),
        chain: cx.state().chain.clone(),
    };
    let given = cx.must("port", "open", branch, Action::OpenMergeRequest { marker, draft })?;
    let number = given.get("number").and_then(Value::as_u64).unwrap_or_default();
    merge_request::take_in(cx, number, "port")?;
    Ok(number)
}

/// The port's request follows the forge's own rules and no matrix: what they
/// want is waited for. The local forge has none.
fn merge_it(cx: &mut Cx<'_>, number: u64, head: &str, target: &str) -> Result<(), Stop> {
    merge_request::take_in(cx, number, "port")?;
    if cx.state().merge_requests.get(&number).is_some_and(|m| m.state == MergeRequestState::Merged) {
        return Ok(());
    }
    let onto = cx.t.repo.remote_branch(target).unwrap_or_default();
    let git = cx.t.git().clone();
    let tree = match merge::commits(&git, &onto, head)? {
        Merged::Clean(tree) => tree,
        Merged::Conflicts(paths) => {
            let message = format!("{target} has moved and conflicts with the port in {}", paths.join(", "));
            return Err(Failure::failed("HF0704", message)
                .try_this(
                    "merge it into the port's branch, and go on",
                    format!("git merge origin/{target} && hotfix run"),
                )
                .into());
        }
    };
    super::merge::ready(cx, number)?;
    let incident = cx.plan()?.incident.clone();
    let what = Action::Merge {
        number,
        commit: head.to_owned(),
        target: target.to_owned(),
        message: format!("Merge !{number}: [{}] port to {target}\n", incident.key),
        tag: None,
        onto: onto.clone(),
        tree,
    };
    cx.must("port", "merge", format!("{head}>{onto}"), what)?;
    merge_request::take_in(cx, number, "port")
}

fn tidy(cx: &mut Cx<'_>, path: &Path, head: &str) -> Result<(), Stop> {
    let what = Action::RemoveWorktree { path: path.to_string_lossy().into_owned(), head: head.to_owned() };
    cx.must("port", "remove-worktree", head, what).map(|_| ())
}

/// The port is on its branch, and its worktree is still there: the run was cut
/// short between the two.
fn tidy_leftover(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let begun = cx.state().effects.values().find_map(|e| match &e.effect.what {
        Action::CherryPick { path, .. } => Some(PathBuf::from(path)),
        _ => None,
    });
    let Some(path) = begun.filter(|p| p.join(".git").exists()) else { return Ok(()) };
    let git = Git::at(&path);
    if tree::is_dirty(&git)? || git.resolve("CHERRY_PICK_HEAD").is_some() {
        return Ok(());
    }
    let head = git.commit("HEAD").unwrap_or_default();
    tidy(cx, &path, &head)
}

/// How the port will go, told from the first change on.
pub fn forecast(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let policy = cx.plan()?.policy.branch.clone();
    let (Some(target), Some(head)) = (policy.port_to, cx.state().head.clone()) else { return Ok(()) };
    let attempt = cx.attempt()?;
    let git = cx.t.git().clone();
    let Some(onto) = cx.t.repo.remote_branch(&target) else { return Ok(()) };
    if policy.port_by == PortBy::Ancestry || head.tree == git.tree_of(&attempt.base)? {
        return Ok(());
    }
    let same = cx.state().forecast.as_ref().is_some_and(|f| f.onto == onto && f.head == head.tree);
    if same {
        return Ok(());
    }
    let conflicts = match merge::port(&git, &attempt.base, &head.tree, &onto)? {
        Merged::Clean(_) => Vec::new(),
        Merged::Conflicts(paths) => paths,
    };
    // A tree that only stands in the worktree must be there to be merged.
    let _ = tree::changed_paths(&git, &attempt.base, &head.tree)?;
    cx.observe(Observation::Forecast { target, onto, head: head.tree, conflicts })
}
