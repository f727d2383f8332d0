//! Prepare: the branch from production and its worktree, beside the work that
//! is under way and without touching it.

use super::{Cx, Ended, Verdict, says};
use crate::engine::Stop;
use crate::git::Git;
use hotfix_core::config::Setup;
use hotfix_core::effect::Action;
use hotfix_core::journal::Evidence;
use hotfix_core::policy::BaseKind;
use std::path::Path;

/// Makes the branch and the worktree.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    let attempt = cx.attempt()?;
    let what = Action::Worktree {
        path: attempt.worktree.clone(),
        branch: attempt.branch.clone(),
        base: attempt.base.clone(),
        adopt: attempt.adopted,
    };
    cx.must("prepare", "worktree", attempt.branch.clone(), what)?;
    confirmations(cx)?;
    Ok(Ended::Passed)
}

/// The gates that persons answer: what was said is taken, and told as such.
pub fn confirmations(cx: &mut Cx<'_>) -> Result<(), Stop> {
    for (id, word) in [("prepare.incident-confirmed", "confirmed"), ("prepare.authorized", "authorised")] {
        let Some(done) = cx.state().done.get(id).cloned() else { continue };
        let note = done.note.map(|n| format!(": {n}")).unwrap_or_default();
        let said = if id.ends_with("authorized") { ", claimed by whoever typed it" } else { "" };
        let evidence = Evidence { kind: "person".to_owned(), at: done.at, ..Evidence::default() };
        cx.gate(
            id,
            says(Verdict::Pass, format!("{word} by {}{note}{said}", done.by)).evidence(vec![evidence]),
        )?;
    }
    ticket(cx)
}

/// An open ticket confirms the incident, where nobody has.
fn ticket(cx: &mut Cx<'_>) -> Result<(), Stop> {
    if cx.verdict("prepare.incident-confirmed") != Verdict::Pending {
        return Ok(());
    }
    let key = cx.key();
    let Some(Ok(Some(ticket))) = cx.t.tracker.as_ref().map(|t| t.read(&key)) else { return Ok(()) };
    if ticket.open {
        let summary = format!("the ticket {} is open: {}", ticket.key, ticket.title);
        cx.gate("prepare.incident-confirmed", says(Verdict::Pass, summary))?;
    }
    Ok(())
}

/// The files that a worktree needs, as the config says, where they are not there.
pub fn put_files(cx: &Cx<'_>, worktree: &Path) -> Result<(), Stop> {
    for setup in &cx.t.config.worktree.setup {
        match setup {
            Setup::Copy(path) => copy(&cx.t.repo.main.join(path), &worktree.join(path))?,
            Setup::Link(path) => link(&cx.t.repo.main.join(path), &worktree.join(path))?,
            Setup::Run(_) => {}
        }
    }
    Ok(())
}

/// What a fresh worktree needs, as the config says.
pub fn set_up(cx: &Cx<'_>, worktree: &Path) -> Result<(), Stop> {
    put_files(cx, worktree)?;
    for setup in &cx.t.config.worktree.setup {
        let Setup::Run(command) = setup else { continue };
        let command = cx.t.trusted(command)?;
        let how = super::tools::How {
            cwd: worktree,
            what: "preparing the worktree",
            on: None,
            env: vec![],
            pid_file: None,
        };
        let ran = cx.t.run(&command, &how, cx.t.time_limit())?;
        if !ran.finished.succeeded() {
            let message = format!("`{}` (worktree.setup) {}", command.shown(), ran.finished.told());
            return Err(crate::error::Failure::failed("HF0602", message)
                .hint(hotfix_core::text::tail(&ran.output, 5))
                .try_this("mend it and go on", "hotfix run")
                .into());
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Stop> {
    if !from.exists() || to.exists() {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    if from.is_dir() {
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    std::fs::copy(from, to)?;
    Ok(())
}

fn link(from: &Path, to: &Path) -> Result<(), Stop> {
    if from.exists() && !to.exists() {
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::os::unix::fs::symlink(from, to)?;
    }
    Ok(())
}

/// Whether the branch starts at the policy's base, by what the remote and
/// production say now.
pub fn check_base(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let attempt = cx.attempt()?;
    let policy = cx.plan()?.policy.branch.clone();
    let git = cx.t.git().clone();
    let answer = match policy.base {
        BaseKind::Main => {
            let main = cx.t.repo.default_branch().unwrap_or_else(|| "main".to_owned());
            match cx.t.repo.remote_branch(&main) {
                Some(tip) if git.is_ancestor(&attempt.base, &tip) => {
                    let unreleased = unreleased(cx, &attempt.base);
                    let count = unreleased.len();
                    let summary =
                        format!("{} is on {main}; {count} unreleased commits ship with it", attempt.base_ref);
                    says(Verdict::Pass, summary).details(unreleased)
                }
                Some(_) => says(Verdict::Fail, format!("{} is not on {main}", attempt.base_ref)),
                None => says(Verdict::Unknown, format!("{main} is not known here")),
            }
        }
        BaseKind::Production => production_base(cx, &git)?,
    };
    cx.gate("prepare.base", answer)
}

fn production_base(cx: &mut Cx<'_>, git: &Git) -> Result<super::Says, Stop> {
    let attempt = cx.attempt()?;
    let short = hotfix_core::effect::short(&attempt.base).to_owned();
    if let Some(version) = super::deploy::read_version(cx)? {
        let commit = super::deploy::commit_of_version(cx, &version);
        return Ok(match commit {
            Some(commit) if commit == attempt.base => says(
                Verdict::Pass,
                format!("the branch starts at {} ({short}), which production says it runs", attempt.base_ref),
            ),
            Some(commit) => says(
                Verdict::Fail,
                format!(
                    "production runs {version} ({}), the branch starts at {} ({short})",
                    hotfix_core::effect::short(&commit),
                    attempt.base_ref
                ),
            )
            .details(vec!["begin again from there: hotfix abort, then hotfix start with --from".to_owned()]),
            None => says(
                Verdict::Unknown,
                format!("production runs {version}, which no tag or commit here is called"),
            ),
        });
    }
    let production = super::base::production_branch(cx.t.repo, &cx.t.config);
    let latest = super::base::latest_tag(cx.t.repo, &cx.t.config, production.as_deref());
    let by_tag = latest.as_ref().and_then(|t| git.commit(t));
    let by_branch = production.as_ref().and_then(|b| cx.t.repo.remote_branch(b));
    Ok(if by_tag.as_ref() == Some(&attempt.base) {
        says(
            Verdict::Pass,
            format!("the branch starts at {} ({short}), the latest release", attempt.base_ref),
        )
    } else if by_branch.as_ref() == Some(&attempt.base) {
        says(
            Verdict::Pass,
            format!("the branch starts at {} ({short}), the tip of production", attempt.base_ref),
        )
    } else if by_tag.is_none() && by_branch.is_none() {
        says(
            Verdict::Pass,
            format!(
                "the branch starts at {} ({short}); nothing else says what production runs",
                attempt.base_ref
            ),
        )
    } else {
        let other = latest.or(production).unwrap_or_default();
        says(
            Verdict::Fail,
            format!("production is at {other}, the branch starts at {} ({short})", attempt.base_ref),
        )
    })
}

fn unreleased(cx: &Cx<'_>, base: &str) -> Vec<String> {
    let production = super::base::production_branch(cx.t.repo, &cx.t.config);
    let Some(tag) = super::base::latest_tag(cx.t.repo, &cx.t.config, production.as_deref()) else {
        return Vec::new();
    };
    let log = cx.t.git().maybe(["log", "--format=%h %s", &format!("{tag}..{base}")]);
    log.map(|l| l.lines().map(str::to_owned).collect()).unwrap_or_default()
}
