//! Which connector owns which kind of effect: each has its `perform` and its
//! `probe` here, side by side, so that one can be read against the other.

use super::forge::{ForgeError, MergeOrder, is_up_to_date};
use crate::engine::journal::sync_folder;
use crate::engine::{PerformError, Performer, Values};
use crate::git::fetch::remote_ref;
use crate::git::push::{PushError, atomic};
use crate::git::{Git, GitError, tag, tree, worktree};
use crate::settings::Trust;
use crate::steps::deploy;
use crate::steps::tools::{How, Tools};
use crate::sys::process;
use hotfix_core::digest;
use hotfix_core::effect::{Action, Effect, EffectId, Probe};
use hotfix_core::forge::Readiness;
use hotfix_core::journal::{MergeRequestState, MergeRequestView};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The world outside the journal, as a run's tools reach it.
pub struct Connectors<'a> {
    /// The tools.
    pub tools: &'a Tools<'a>,
}

type Performed = Result<Values, PerformError>;

impl Performer for Connectors<'_> {
    fn perform(&self, effect: &Effect) -> Performed {
        let t = self.tools;
        t.ui.busy(&effect.what.summary(), "");
        let done = match &effect.what {
            Action::Worktree { path, branch, base, adopt } => {
                self.make_worktree(Path::new(path), branch, base, *adopt)
            }
            Action::Commit { path, paths, message, .. } => self.commit(Path::new(path), paths, message),
            Action::Push { remote, updates } => {
                atomic(t.git(), remote, updates).map(|()| Values::new()).map_err(push_error)
            }
            Action::EnsureLabel { name } => {
                t.forge.ensure_label(name).map(|()| Values::new()).map_err(forge_error)
            }
            Action::Tag { remote, name, commit, message } => {
                self.tag(remote, &tag::New { name, commit, message })
            }
            Action::OpenMergeRequest { marker, draft } => {
                t.forge.open(marker, draft).map(view_values).map_err(forge_error)
            }
            Action::UpdateMergeRequest { number, draft } => {
                t.forge.update(*number, draft).map(view_values).map_err(forge_error)
            }
            Action::Merge { .. } => self.merge(&effect.what),
            Action::Deploy { .. } => self.deploy(effect),
            Action::Message { channel, text, marker, .. } => {
                let chat = t.chat.as_ref().ok_or_else(|| failed("no channel is configured"))?;
                chat.send(channel, text, marker).map(|()| Values::new()).map_err(PerformError::Failed)
            }
            Action::StatusPage { state, text, marker } => {
                let page = t.status_page.as_ref().ok_or_else(|| failed("no status page is configured"))?;
                page.set(state, text, marker).map(|()| Values::new()).map_err(PerformError::Failed)
            }
            Action::Ticket { title, body, marker, labels } => {
                let tracker = t.tracker.as_ref().ok_or_else(|| failed("no tracker is configured"))?;
                tracker
                    .file(title, body, labels, marker)
                    .map(|key| one("key", key))
                    .map_err(PerformError::Failed)
            }
            Action::CherryPick { path, branch, onto, commits } => {
                self.cherry_pick(Path::new(path), branch, onto, commits)
            }
            Action::WriteFile { path, blob, .. } => write_file(Path::new(path), Path::new(blob)),
            Action::RemoveWorktree { path, .. } => self.remove_worktree(Path::new(path)),
            Action::DeleteRemoteBranch { remote, name, old } => t
                .git()
                .run([
                    "push",
                    "--porcelain",
                    &format!("--force-with-lease={name}:{old}"),
                    remote,
                    &format!(":{name}"),
                ])
                .map(|_| Values::new())
                .map_err(git_error),
        };
        t.ui.quiet();
        if done.is_ok() {
            t.ui.say(format!(
                "  {} {}",
                crate::ui::styled(crate::ui::GOOD, "→"),
                crate::ui::styled(anstyle::Style::new(), effect.what.summary())
            ));
        }
        done
    }

    fn probe(&self, effect: &Effect) -> Probe {
        let t = self.tools;
        match &effect.what {
            Action::Worktree { path, branch, .. } => self.probe_worktree(Path::new(path), branch),
            Action::Commit { path, parent, .. } => probe_commit(Path::new(path), parent),
            Action::Push { remote, updates } => self.probe_push(remote, updates),
            Action::EnsureLabel { name } => match t.forge.has_label(name) {
                Ok(true) => Probe::TookPlace(Values::new()),
                Ok(false) => Probe::Absent,
                Err(e) => Probe::Unknown(e.to_string()),
            },
            Action::Tag { remote, name, commit, .. } => match tag::on_remote(t.git(), remote, name) {
                Ok(Some(there)) if there == *commit => Probe::TookPlace(one("tag", name.clone())),
                Ok(_) => Probe::Absent,
                Err(e) => Probe::Unknown(e.to_string()),
            },
            Action::OpenMergeRequest { marker, draft } => {
                match t.forge.find(marker, &draft.role, &draft.source) {
                    Ok(Some(view)) => Probe::TookPlace(view_values(view)),
                    Ok(None) => Probe::Absent,
                    Err(e) => Probe::Unknown(e.to_string()),
                }
            }
            Action::UpdateMergeRequest { number, draft } => {
                self.probe_request(*number, |view| is_up_to_date(view, draft))
            }
            Action::Merge { number, commit, .. } => self.probe_merge(*number, commit),
            Action::Deploy { .. } => self.probe_deploy(effect),
            Action::Message { channel, marker, .. } => asked(t.chat.as_ref().map(|c| c.has(channel, marker))),
            Action::StatusPage { marker, .. } => asked(t.status_page.as_ref().map(|p| p.has(marker))),
            Action::Ticket { marker, .. } => match t.tracker.as_ref().map(|t| t.find(marker)) {
                Some(Ok(Some(key))) => Probe::TookPlace(one("key", key)),
                Some(Ok(None)) => Probe::Absent,
                Some(Err(e)) => Probe::Unknown(e),
                None => Probe::Unknown("no tracker is configured".to_owned()),
            },
            Action::CherryPick { path, onto, commits, .. } => {
                self.probe_cherry_pick(Path::new(path), onto, commits)
            }
            Action::WriteFile { path, digest, .. } => match std::fs::read(path) {
                Ok(bytes) if digest::of_bytes(&bytes) == *digest => Probe::TookPlace(Values::new()),
                _ => Probe::Absent,
            },
            Action::RemoveWorktree { path, .. } => {
                if Path::new(path).exists() {
                    Probe::Absent
                } else {
                    Probe::TookPlace(Values::new())
                }
            }
            Action::DeleteRemoteBranch { remote, name, .. } => match remote_ref(t.git(), remote, name) {
                Ok(None) => Probe::TookPlace(Values::new()),
                Ok(Some(_)) => Probe::Absent,
                Err(e) => Probe::Unknown(e.to_string()),
            },
        }
    }
}

impl Connectors<'_> {
    fn make_worktree(&self, path: &Path, branch: &str, base: &str, adopt: bool) -> Performed {
        let git = self.tools.git();
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|e| failed(format!("{} cannot be made: {e}", parent.display())))?;
        }
        if worktree::at(git, path).map_err(git_error)?.is_some_and(|w| w.unfinished) {
            worktree::remove_unfinished(git, path).map_err(git_error)?;
        }
        // A crash between the branch and its worktree leaves the branch at the base.
        let there = git.resolve(&format!("refs/heads/{branch}"));
        let sparse = &self.tools.config.worktree.sparse;
        if !sparse.is_empty() && worktree::at(git, path).map_err(git_error)?.is_some() {
            worktree::check_out_sparse(path, sparse).map_err(git_error)?;
            return Ok(Values::new());
        }
        let new = if adopt || there.as_deref() == Some(base) { None } else { Some(base) };
        worktree::add(git, worktree::New { path, branch, at: new, sparse: !sparse.is_empty() })
            .map_err(git_error)?;
        if !sparse.is_empty() {
            worktree::check_out_sparse(path, sparse).map_err(git_error)?;
        }
        Ok(Values::new())
    }

    fn probe_worktree(&self, path: &Path, branch: &str) -> Probe {
        match worktree::at(self.tools.git(), path) {
            Ok(Some(w))
                if !w.unfinished && w.branch.as_deref() == Some(branch) && worktree::has_index(path) =>
            {
                Probe::TookPlace(Values::new())
            }
            Ok(_) => Probe::Absent,
            Err(e) => Probe::Unknown(e.to_string()),
        }
    }

    fn commit(&self, path: &Path, paths: &[String], message: &str) -> Performed {
        let git = super::forge::local::dated(&Git::at(path), self.tools.clock);
        let input = paths.join("\0");
        // Paths are names of files, never patterns.
        git.clone()
            .env("GIT_LITERAL_PATHSPECS", "1")
            .feed(["add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul"], input.as_bytes())
            .map_err(git_error)?;
        git.feed(["commit", "--quiet", "--file=-"], message.as_bytes()).map_err(|e| {
            if e.was_killed() {
                PerformError::Unsure(e.to_string())
            } else {
                failed(format!("git or a hook of yours refused the commit: {}", e.said()))
            }
        })?;
        Ok(commit_values(&git))
    }

    fn merge(&self, what: &Action) -> Performed {
        let Action::Merge { number, commit, target, onto, message, tag, tree } = what else {
            return Err(failed("not a merge"));
        };
        let order = MergeOrder { number: *number, commit, target, onto, message, tag: tag.as_deref(), tree };
        self.tools.forge.merge(&order).map(view_values).map_err(forge_error)
    }

    fn probe_push(&self, remote: &str, updates: &[hotfix_core::effect::RefUpdate]) -> Probe {
        let mut there = 0;
        for update in updates {
            match remote_ref(self.tools.git(), remote, &update.name) {
                Ok(Some(id)) if id == update.new => there += 1,
                Ok(_) => {}
                Err(e) => return Probe::Unknown(e.to_string()),
            }
        }
        // It was one push: all of it is there, or none.
        if there == updates.len() { Probe::TookPlace(Values::new()) } else { Probe::Absent }
    }

    fn probe_request(&self, number: u64, is_done: impl Fn(&MergeRequestView) -> bool) -> Probe {
        let seen = self.tools.forge.refresh().and_then(|()| self.tools.forge.view(number));
        match seen {
            Ok(view) if is_done(&view) => Probe::TookPlace(view_values(view)),
            Ok(_) => Probe::Absent,
            Err(e) => Probe::Unknown(e.to_string()),
        }
    }

    /// A merge that a train or queue has taken is still to come.
    fn probe_merge(&self, number: u64, commit: &str) -> Probe {
        let merged =
            |view: &MergeRequestView| view.state == MergeRequestState::Merged && view.commit == commit;
        let answer = self.probe_request(number, merged);
        match (&answer, self.tools.forge.readiness(number)) {
            (Probe::Absent, Ok(Readiness::Queued)) => {
                Probe::InProgress(format!("the merge train or queue to merge !{number}"))
            }
            (Probe::Absent, Err(e)) => Probe::Unknown(e.to_string()),
            _ => answer,
        }
    }

    fn tag(&self, remote: &str, new: &tag::New<'_>) -> Performed {
        let git = super::forge::local::dated(self.tools.git(), self.tools.clock);
        tag::push(&git, remote, new).map(|()| one("tag", new.name)).map_err(|e| match e {
            tag::TagError::Git(e) => git_error(e),
            tag::TagError::Push(e) => push_error(e),
            taken @ tag::TagError::Taken { .. } => failed(taken.to_string()),
        })
    }

    fn deploy(&self, effect: &Effect) -> Performed {
        let Action::Deploy { version, commit, command, .. } = &effect.what else {
            return Err(failed("not a deploy"));
        };
        if command.is_empty() {
            // The merge is what deploys; the version is read back afterwards.
            return Ok(Values::new());
        }
        let t = self.tools;
        let env = vec![
            ("HOTFIX_VERSION".to_owned(), version.clone()),
            ("HOTFIX_COMMIT".to_owned(), commit.clone()),
            ("HOTFIX_REMOTE".to_owned(), t.repo.remote_url().unwrap_or_default()),
        ];
        let pid_file = self.pid_file(&effect.id);
        process::forget(&pid_file);
        let how = How { cwd: &t.repo.main, what: "deploying", on: None, env, pid_file: Some(pid_file) };
        let limit = t
            .config
            .deploy
            .expect
            .and_then(|d| Duration::try_from(d).ok())
            .unwrap_or(Duration::from_secs(600));
        let ran = t.run(&Trust::typed(command), &how, limit.max(Duration::from_secs(60)));
        let ran = ran.map_err(|_| PerformError::Unsure("the deploy was left while it ran".to_owned()))?;
        match ran.finished.ended {
            process::Ended::Exit(0) => Ok(one("digest", ran.evidence.digest.unwrap_or_default())),
            // Above 127 a signal ended it: who knows how far it had come.
            process::Ended::Exit(..=127) | process::Ended::NotStarted => Err(failed(format!(
                "`{}` {}\n{}",
                command.join(" "),
                ran.finished.told(),
                hotfix_core::text::tail(&ran.output, 8)
            ))),
            _ => Err(PerformError::Unsure(format!("`{}` {}", command.join(" "), ran.finished.told()))),
        }
    }

    fn pid_file(&self, id: &EffectId) -> PathBuf {
        let name = digest::of_bytes(id.to_string().as_bytes());
        self.tools.folder.join(format!("child-{}", &name[..16]))
    }

    /// A deploy is looked up by how its command ended, if that outlived us,
    /// else by the version that production reads back.
    fn probe_deploy(&self, effect: &Effect) -> Probe {
        let Action::Deploy { version, commit, .. } = &effect.what else { return Probe::Absent };
        let pid_file = self.pid_file(&effect.id);
        for _ in 0..20 {
            if !process::still_runs(&pid_file) || crate::sys::interrupt::asked() {
                break;
            }
            self.tools.ui.busy("a deploy of before the crash is still running", "");
            std::thread::sleep(Duration::from_millis(100));
        }
        if process::still_runs(&pid_file) {
            return Probe::InProgress(format!("the deploy of {version} to end"));
        }
        match process::status_of(&pid_file) {
            Some(0) => return Probe::TookPlace(Values::new()),
            Some(1..=127) => return Probe::Absent,
            _ => {}
        }
        let begun = pid_file.exists();
        match self.reads_back(version, commit) {
            Probe::Absent if begun => self.not_yet(&pid_file, version),
            Probe::Unknown(_) if !begun => Probe::Absent,
            answer => answer,
        }
    }

    /// A command that was cut short may still show its effect for a while.
    fn not_yet(&self, pid_file: &Path, version: &str) -> Probe {
        let expect = self.tools.config.deploy.expect.unwrap_or(jiff::SignedDuration::from_mins(10));
        match self.tools.clock.age_of(pid_file) {
            Some(age) if age < expect => {
                Probe::InProgress(format!("{version} to be read back, or not: its deploy was cut short"))
            }
            _ => Probe::Absent,
        }
    }

    /// Whether production says that it runs this version.
    fn reads_back(&self, version: &str, commit: &str) -> Probe {
        let production = &self.tools.config.production;
        let says = |text: &str| {
            let seen = deploy::version_in(text).unwrap_or_default();
            let same = seen == version || deploy::commit_of(self.tools, &seen).as_deref() == Some(commit);
            if same { Probe::TookPlace(Values::new()) } else { Probe::Absent }
        };
        if let Some(url) = &production.version_url {
            let answer = self.tools.http.get_text(url, 64 * 1024);
            return answer.map_or_else(|e| Probe::Unknown(e.to_string()), |text| says(&text));
        }
        let Some(command) = &production.version_command else {
            return Probe::Unknown(
                "nothing reads back what production runs (production.version_url)".to_owned(),
            );
        };
        let how = How {
            cwd: &self.tools.repo.main,
            what: "asking production for its version",
            on: None,
            env: vec![],
            pid_file: None,
        };
        match self.tools.trusted(command).and_then(|c| self.tools.run(&c, &how, Duration::from_secs(30))) {
            Ok(ran) if ran.finished.succeeded() => says(&ran.output),
            _ => Probe::Unknown("production does not say what it runs".to_owned()),
        }
    }

    /// Picks what is not picked yet: a try before may have been cut short.
    fn cherry_pick(&self, path: &Path, branch: &str, onto: &str, commits: &[String]) -> Performed {
        let repo = self.tools.git();
        let there = worktree::at(repo, path).map_err(git_error)?;
        if there.is_none_or(|w| w.unfinished) {
            self.pick_in(path, branch, onto, commits)?;
        }
        let git = super::forge::local::dated(&Git::at(path), self.tools.clock);
        let left = &commits[picked(&git, onto, "HEAD", commits).unwrap_or_default()..];
        if left.is_empty() {
            return Ok(commit_values(&git));
        }
        let mut args = vec!["cherry-pick", "-x", "--allow-empty"];
        args.extend(left.iter().map(String::as_str));
        match git.run(args) {
            Ok(_) => Ok(commit_values(&git)),
            // A conflict is the step's to wait for; the worktree holds it.
            Err(e) if git.resolve("CHERRY_PICK_HEAD").is_some() => Ok(one("conflict", e.said())),
            Err(e) => Err(git_error(e)),
        }
    }

    /// A worktree on the port's branch: a new one, or one that holds nothing but our picks.
    fn pick_in(&self, path: &Path, branch: &str, onto: &str, commits: &[String]) -> Performed {
        let name = format!("refs/heads/{branch}");
        let tip = self.tools.git().resolve(&name);
        let ours = tip.is_none_or(|_| picked(self.tools.git(), onto, &name, commits).is_some());
        let again = self.tools.git().resolve(&name).unwrap_or_else(|| onto.to_owned());
        if !ours {
            return Err(failed(format!("the branch {branch} is there already, and holds other work")));
        }
        self.make_worktree(path, branch, &again, false)
    }

    /// A cherry-pick that a crash cut short goes on from where it stood.
    fn probe_cherry_pick(&self, path: &Path, onto: &str, commits: &[String]) -> Probe {
        let there = match worktree::at(self.tools.git(), path) {
            Ok(there) => there,
            Err(e) => return Probe::Unknown(e.to_string()),
        };
        if there.is_none_or(|w| w.unfinished) {
            return Probe::Absent;
        }
        let git = Git::at(path);
        if git.resolve("CHERRY_PICK_HEAD").is_some() {
            return Probe::TookPlace(one("conflict", "begun before the crash".to_owned()));
        }
        match picked(&git, onto, "HEAD", commits) {
            Some(count) if count < commits.len() => Probe::Absent,
            Some(_) => Probe::TookPlace(commit_values(&git)),
            None => Probe::Unknown(format!("{} holds other work than the port", path.display())),
        }
    }

    fn remove_worktree(&self, path: &Path) -> Performed {
        let git = self.tools.git();
        if path.exists() && tree::is_dirty(&Git::at(path)).unwrap_or(false) {
            return Err(failed(format!("{} has changes that are not committed", path.display())));
        }
        worktree::remove(git, path).map(|()| Values::new()).map_err(git_error)
    }
}

/// How many of the commits a branch has, in their order and with nothing else on top of `onto`.
fn picked(git: &Git, onto: &str, tip: &str, commits: &[String]) -> Option<usize> {
    let log = git.run(["log", "--reverse", "--format=%H", &format!("{onto}..{tip}")]).ok()?;
    let have: Vec<&str> = log.lines().collect();
    let is_pick = |(id, commit): (&&str, &String)| {
        let message = git.run(["log", "-1", "--format=%B", id]).unwrap_or_default();
        message.contains(&format!("(cherry picked from commit {commit})"))
    };
    let ours =
        have.len() <= commits.len() && git.is_ancestor(onto, tip) && have.iter().zip(commits).all(is_pick);
    ours.then_some(have.len())
}

fn probe_commit(path: &Path, parent: &str) -> Probe {
    let git = Git::at(path);
    match (git.commit("HEAD"), git.commit("HEAD^")) {
        (Some(head), _) if head == parent => Probe::Absent,
        (Some(_), Some(before)) if before == parent => Probe::TookPlace(commit_values(&git)),
        _ => Probe::Unknown("the branch has other commits than ours".to_owned()),
    }
}

fn commit_values(git: &Git) -> Values {
    let mut values = Values::new();
    values.insert("commit".to_owned(), json!(git.commit("HEAD")));
    values.insert("tree".to_owned(), json!(git.tree_of("HEAD").ok()));
    values
}

fn write_file(path: &Path, blob: &Path) -> Performed {
    let fail = |e: std::io::Error| failed(format!("{} cannot be written: {e}", path.display()));
    let bytes = std::fs::read(blob).map_err(fail)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(fail)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    sync_folder(folder).map_err(|f| failed(f.message))?;
    Ok(Values::new())
}

fn asked(answer: Option<Result<bool, String>>) -> Probe {
    match answer {
        Some(Ok(true)) => Probe::TookPlace(Values::new()),
        Some(Ok(false)) => Probe::Absent,
        Some(Err(e)) => Probe::Unknown(e),
        None => Probe::Unknown("it is not configured any more".to_owned()),
    }
}

fn view_values(view: MergeRequestView) -> Values {
    let mut values = one("number", view.number);
    values.insert("commit".to_owned(), json!(view.merge_commit));
    values
}

fn one(key: &str, value: impl Into<Value>) -> Values {
    [(key.to_owned(), value.into())].into()
}

fn failed(why: impl Into<String>) -> PerformError {
    PerformError::Failed(why.into())
}

fn git_error(error: GitError) -> PerformError {
    if error.was_killed() {
        PerformError::Unsure(error.to_string())
    } else {
        PerformError::Failed(error.said())
    }
}

fn push_error(error: PushError) -> PerformError {
    match error {
        PushError::Git(e) => git_error(e),
        other => PerformError::Failed(other.to_string()),
    }
}

fn forge_error(error: ForgeError) -> PerformError {
    match error {
        ForgeError::Unreachable(why) => PerformError::Transient(why),
        ForgeError::Unsure(why) | ForgeError::Queued(why) => PerformError::Unsure(why),
        other => PerformError::Failed(other.to_string()),
    }
}
