//! The local forge: merge requests and reviews are refs on the remote, so that
//! every clone sees the same and nothing but git is needed.
//!
//! `refs/hotfix/mr/<n>` is a commit whose tree holds the merge request as JSON
//! and its body; `refs/hotfix/review/<n>/<identity>` is a commit by the
//! reviewer that names the approved commit. Both only move forward, by leased
//! pushes.

use super::{Forge, ForgeError, Health, Listed, MergeOrder, Review, body_of};
use crate::git::merge::{Merged, commits};
use crate::git::push::{PushError, atomic};
use crate::git::{Git, GitError, fetch};
use crate::sys::clock::Clock;
use hotfix_core::effect::{MergeRequestDraft, RefUpdate, short};
use hotfix_core::forge::{Kind, Pipeline, Readiness, body};
use hotfix_core::journal::{Approval, Identity, MergeRequestState, MergeRequestView};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The local forge of a clone's remote.
#[derive(Debug, Clone)]
pub struct LocalForge {
    git: Git,
    remote: String,
    clock: Clock,
}

/// What `refs/hotfix/mr/<n>` holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    schema: String,
    marker: String,
    author: String,
    opened_at: Timestamp,
    #[serde(flatten)]
    view: MergeRequestView,
}

/// What `refs/hotfix/review/<n>/<identity>` holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredReview {
    schema: String,
    number: u64,
    by: String,
    commit: String,
    approved: bool,
    note: Option<String>,
    at: Timestamp,
    #[serde(default)]
    simulated: bool,
}

impl LocalForge {
    /// The forge of a remote. `git` may be run in any checkout of the clone.
    pub fn new(git: Git, remote: &str, clock: Clock) -> LocalForge {
        LocalForge { git, remote: remote.to_owned(), clock }
    }

    fn seen(&self, name: &str) -> String {
        format!("refs/hotfix-remote/{}/{name}", self.remote)
    }

    /// The merge requests that there are, as last fetched.
    pub fn all(&self) -> Result<Vec<MergeRequestView>, ForgeError> {
        let refs =
            self.git.run(["for-each-ref", "--format=%(refname)", &self.seen("mr/")]).map_err(git_error)?;
        let number = |name: &str| name.rsplit('/').next().and_then(|n| n.parse().ok());
        let mut numbers: Vec<u64> = refs.lines().filter_map(number).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|n| self.stored(n).map(|(s, _)| s.view)).collect()
    }

    fn stored(&self, number: u64) -> Result<(Stored, String), ForgeError> {
        let name = self.seen(&format!("mr/{number}"));
        let commit = self.git.commit(&name).ok_or(ForgeError::NoSuchMergeRequest(number))?;
        let text = self.git.run(["cat-file", "blob", &format!("{commit}:mr.json")]).map_err(git_error)?;
        let stored = serde_json::from_str(&text)
            .map_err(|e| ForgeError::Malformed(format!("merge request !{number} cannot be read: {e}")))?;
        Ok((stored, commit))
    }

    /// A commit that holds some files, by the user, signed if the user signs.
    fn commit_files(
        &self,
        files: &[(&str, &str)],
        parent: Option<&str>,
        message: &str,
    ) -> Result<String, ForgeError> {
        let mut tree = String::new();
        for (name, content) in files {
            let blob =
                self.git.feed(["hash-object", "-w", "--stdin"], content.as_bytes()).map_err(git_error)?;
            let _ = writeln!(tree, "100644 blob {blob}\t{name}");
        }
        let tree = self.git.feed(["mktree"], tree.as_bytes()).map_err(git_error)?;
        self.commit_tree(&tree, parent.as_slice(), message)
    }

    fn commit_tree(&self, tree: &str, parents: &[&str], message: &str) -> Result<String, ForgeError> {
        let mut args = vec!["commit-tree".to_owned(), tree.to_owned()];
        for parent in parents {
            args.extend(["-p".to_owned(), (*parent).to_owned()]);
        }
        if self.git.setting("commit.gpgSign").as_deref() == Some("true") {
            args.push("-S".to_owned());
        }
        args.extend(["-F".to_owned(), "-".to_owned()]);
        dated(&self.git, &self.clock).feed(args, message.as_bytes()).map_err(git_error)
    }

    fn write(&self, stored: &Stored, body: &str, old: Option<&str>) -> Result<String, ForgeError> {
        let json = serde_json::to_string_pretty(stored).map_err(|e| ForgeError::Malformed(e.to_string()))?;
        let message = format!("!{} {} ({:?})\n", stored.view.number, stored.view.title, stored.view.state);
        self.commit_files(&[("body.md", body), ("mr.json", &json)], old, &message)
    }

    fn push(&self, updates: &[RefUpdate]) -> Result<(), ForgeError> {
        atomic(&self.git, &self.remote, updates).map_err(push_error)?;
        self.refresh()
    }

    fn person(&self) -> Result<String, ForgeError> {
        let ident = self.git.run(["var", "GIT_COMMITTER_IDENT"]).map_err(git_error)?;
        Ok(ident[..ident.rfind('>').map_or(ident.len(), |i| i + 1)].to_owned())
    }

    fn next_number(&self) -> Result<u64, ForgeError> {
        let answer =
            self.git.run(["ls-remote", "--quiet", &self.remote, "refs/hotfix/mr/*"]).map_err(git_error)?;
        let numbers = answer.lines().filter_map(|l| l.rsplit('/').next()?.parse::<u64>().ok());
        Ok(numbers.max().unwrap_or(0) + 1)
    }

    fn merge_commit(&self, order: &MergeOrder<'_>) -> Result<String, ForgeError> {
        let tree = match commits(&self.git, order.onto, order.commit).map_err(git_error)? {
            Merged::Clean(tree) => tree,
            Merged::Conflicts(paths) => return Err(ForgeError::Conflicts(paths)),
        };
        if tree != order.tree {
            return Err(ForgeError::OtherTree { expected: order.tree.to_owned(), found: tree });
        }
        self.commit_tree(&tree, &[order.onto, order.commit], order.message)
    }

    /// Makes the version's tag here. One that a try before has made for the same
    /// merge is made again; any other is somebody's own, and is left alone.
    fn tag(&self, name: &str, commit: &str, order: &MergeOrder<'_>) -> Result<RefUpdate, ForgeError> {
        let full = format!("refs/tags/{name}");
        if self.git.resolve(&full).is_some() {
            let on_remote = fetch::remote_ref(&self.git, &self.remote, &full).map_err(git_error)?;
            let of_ours = self.git.commit(&format!("{full}^{{commit}}^2")).as_deref() == Some(order.commit);
            if on_remote.is_some() || !of_ours {
                return Err(ForgeError::TagTaken(name.to_owned()));
            }
            self.git.run(["tag", "--delete", name]).map_err(git_error)?;
        }
        let title = order.message.lines().next().unwrap_or(name);
        dated(&self.git, &self.clock)
            .run(["tag", "--annotate", "--message", title, name, commit])
            .map_err(git_error)?;
        let id = self.git.resolve(&full).unwrap_or_default();
        Ok(RefUpdate { name: full, old: String::new(), new: id })
    }
}

/// Git with the dates of a demo's clock; real ones elsewhere.
pub fn dated(git: &Git, clock: &Clock) -> Git {
    if clock.world().is_none() {
        return git.clone();
    }
    let now = format!("@{} +0000", clock.now().as_second());
    git.clone().env("GIT_AUTHOR_DATE", &now).env("GIT_COMMITTER_DATE", &now)
}

impl Forge for LocalForge {
    fn kind(&self) -> Kind {
        Kind::Local
    }

    fn name(&self) -> String {
        format!("the local forge on {}", self.remote)
    }

    fn refresh(&self) -> Result<(), ForgeError> {
        fetch::all(&self.git, &self.remote).map_err(git_error)
    }

    /// Labels are words on a request; there is nothing to make.
    fn ensure_label(&self, _name: &str) -> Result<(), ForgeError> {
        Ok(())
    }

    fn has_label(&self, _name: &str) -> Result<bool, ForgeError> {
        Ok(true)
    }

    fn of_branch(&self, source: &str) -> Result<Vec<Listed>, ForgeError> {
        self.refresh()?;
        let all = self.all()?.into_iter().rev().filter(|v| v.source == source);
        all.map(|view| Ok(Listed { body: self.body(view.number)?, view })).collect()
    }

    fn open(&self, marker: &str, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        let number = self.next_number()?;
        let name = format!("refs/hotfix/mr/{number}");
        let text = body_of("", marker, draft);
        let view = MergeRequestView {
            url: format!("{}#{name}", self.remote),
            title: draft.title.clone(),
            labels: draft.labels.clone(),
            source: draft.source.clone(),
            target: draft.target.clone(),
            commit: draft.commit.clone(),
            body_digest: body::digest(&text),
            draft: draft.draft,
            reviewers: draft.reviewers.clone(),
            assignees: draft.assignees.clone(),
            ..MergeRequestView::new(number, &draft.role, MergeRequestState::Open)
        };
        let stored = Stored {
            schema: "hotfix.mr/1".to_owned(),
            marker: marker.to_owned(),
            author: self.person()?,
            opened_at: self.clock.now(),
            view,
        };
        let new = self.write(&stored, &text, None)?;
        match self.push(&[RefUpdate { name, old: String::new(), new }]) {
            // Somebody else took the number between our look and our push.
            Err(ForgeError::Moved(_)) => {
                Err(ForgeError::Unreachable("somebody else opened a merge request at this moment".to_owned()))
            }
            Err(other) => Err(other),
            Ok(()) => Ok(stored.view),
        }
    }

    fn find(&self, marker: &str, role: &str, _source: &str) -> Result<Option<MergeRequestView>, ForgeError> {
        self.refresh()?;
        for view in self.all()? {
            let (stored, _) = self.stored(view.number)?;
            if stored.marker == marker && stored.view.role == role {
                return Ok(Some(stored.view));
            }
        }
        Ok(None)
    }

    fn update(&self, number: u64, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        self.refresh()?;
        let (mut stored, old) = self.stored(number)?;
        if stored.view.state == MergeRequestState::Closed {
            return Err(ForgeError::NotOpen { number, state: "closed" });
        }
        stored.view.title.clone_from(&draft.title);
        for label in draft.labels.iter().filter(|l| !stored.view.labels.contains(l)).collect::<Vec<_>>() {
            stored.view.labels.push(label.clone());
        }
        stored.view.draft = draft.draft;
        stored.view.reviewers.clone_from(&draft.reviewers);
        stored.view.assignees.clone_from(&draft.assignees);
        if stored.view.state == MergeRequestState::Open {
            stored.view.commit.clone_from(&draft.commit);
        }
        let text = body_of(&self.body(number)?, &stored.marker, draft);
        stored.view.body_digest = body::digest(&text);
        let new = self.write(&stored, &text, Some(&old))?;
        self.push(&[RefUpdate { name: format!("refs/hotfix/mr/{number}"), old, new }])?;
        Ok(stored.view)
    }

    fn view(&self, number: u64) -> Result<MergeRequestView, ForgeError> {
        Ok(self.stored(number)?.0.view)
    }

    fn body(&self, number: u64) -> Result<String, ForgeError> {
        let (_, commit) = self.stored(number)?;
        self.git.run(["cat-file", "blob", &format!("{commit}:body.md")]).map_err(git_error)
    }

    fn reviews(&self, number: u64) -> Result<Vec<Approval>, ForgeError> {
        let prefix = self.seen(&format!("review/{number}/"));
        let refs = self.git.run(["for-each-ref", "--format=%(refname)", &prefix]).map_err(git_error)?;
        let mut all = Vec::new();
        for name in refs.lines() {
            let text =
                self.git.run(["cat-file", "blob", &format!("{name}:review.json")]).map_err(git_error)?;
            let stored: StoredReview = serde_json::from_str(&text)
                .map_err(|e| ForgeError::Malformed(format!("the review {name} cannot be read: {e}")))?;
            let signed = self.git.asks(["verify-commit", name]).unwrap_or(false);
            // The word is the committer's, whatever the file says.
            let by = self.git.run(["log", "-1", "--format=%cn <%ce>", name]).map_err(git_error)?;
            all.push(Approval {
                number,
                by,
                commit: stored.commit,
                at: stored.at,
                identity: if signed { Identity::Signed } else { Identity::Asserted },
                simulated: stored.simulated,
                approved: stored.approved,
                note: stored.note,
            });
        }
        all.sort_by_key(|a| a.at);
        Ok(all)
    }

    fn review(&self, review: &Review<'_>) -> Result<Approval, ForgeError> {
        let by = self.person()?;
        let at = self.clock.now();
        let stored = StoredReview {
            schema: "hotfix.review/1".to_owned(),
            number: review.number,
            by: by.clone(),
            commit: review.commit.to_owned(),
            approved: review.approved,
            note: review.note.map(str::to_owned),
            at,
            simulated: review.simulated,
        };
        let json = serde_json::to_string_pretty(&stored).map_err(|e| ForgeError::Malformed(e.to_string()))?;
        let identity = hotfix_core::text::slug(&by);
        let old = self.git.commit(&self.seen(&format!("review/{}/{identity}", review.number)));
        let word = if review.approved { "approve" } else { "request changes on" };
        let message = format!("{word} {} of !{}\n", short(review.commit), review.number);
        let new = self.commit_files(&[("review.json", &json)], old.as_deref(), &message)?;
        let name = format!("refs/hotfix/review/{}/{identity}", review.number);
        self.push(&[RefUpdate { name, old: old.unwrap_or_default(), new }])?;
        Ok(Approval {
            number: review.number,
            by,
            commit: stored.commit,
            at,
            identity: Identity::Asserted,
            simulated: review.simulated,
            approved: review.approved,
            note: stored.note,
        })
    }

    fn pipeline(&self, _number: u64, _commit: &str) -> Result<Pipeline, ForgeError> {
        Ok(Pipeline::default())
    }

    fn job_log(&self, _id: u64) -> Result<Option<String>, ForgeError> {
        Ok(None)
    }

    fn readiness(&self, number: u64) -> Result<Readiness, ForgeError> {
        let open = self.stored(number)?.0.view.state == MergeRequestState::Open;
        Ok(if open { Readiness::Ready } else { Readiness::NotOpen })
    }

    fn authors(&self, number: u64) -> Result<Vec<String>, ForgeError> {
        Ok(vec![self.stored(number)?.0.author])
    }

    fn health(&self) -> Result<Health, ForgeError> {
        self.refresh()?;
        Ok(Health { account: Some(self.person()?), ..Health::default() })
    }

    fn merge(&self, order: &MergeOrder<'_>) -> Result<MergeRequestView, ForgeError> {
        self.refresh()?;
        let (mut stored, old) = self.stored(order.number)?;
        if stored.view.state != MergeRequestState::Open {
            return Err(ForgeError::NotOpen { number: order.number, state: "no longer open" });
        }
        if stored.view.commit != order.commit {
            return Err(ForgeError::Moved(format!("merge request !{}", order.number)));
        }
        let merge = self.merge_commit(order)?;
        stored.view.state = MergeRequestState::Merged;
        stored.view.merge_commit = Some(merge.clone());
        let body = self.body(order.number)?;
        let new = self.write(&stored, &body, Some(&old))?;
        let mut updates = vec![
            RefUpdate {
                name: format!("refs/heads/{}", order.target),
                old: order.onto.to_owned(),
                new: merge.clone(),
            },
            RefUpdate { name: format!("refs/hotfix/mr/{}", order.number), old, new },
        ];
        if let Some(tag) = order.tag {
            updates.push(self.tag(tag, &merge, order)?);
        }
        let pushed = self.push(&updates);
        if let (Err(ForgeError::Moved(_) | ForgeError::Refused(_)), Some(tag)) = (&pushed, order.tag) {
            // Our own tag, made a moment ago, that the remote did not take.
            let _ = self.git.run(["tag", "--delete", tag]);
        }
        pushed.map(|()| stored.view)
    }
}

fn git_error(error: GitError) -> ForgeError {
    if error.was_killed() {
        ForgeError::Unsure(error.to_string())
    } else {
        ForgeError::Unreachable(error.said())
    }
}

fn push_error(error: PushError) -> ForgeError {
    match error {
        PushError::NotForward { name, .. } => ForgeError::Moved(name),
        PushError::Refused(why) => ForgeError::Refused(why),
        PushError::Git(e) if e.was_killed() => ForgeError::Unsure(e.to_string()),
        PushError::Git(e) => ForgeError::Unreachable(e.said()),
    }
}
