//! Forgejo and Gitea. They share an interface; where one of them, or an older
//! version, lacks something, it is found out by asking and gone without.
//!
//! It never merges over a protection (`force_merge` is an administrator's).

mod wire;

use super::api::{Api, CallError, encoded};
use super::common::{self, Comment, Reviewed, Subject, User, owner_and_name};
use super::gitlab::Which;
use super::{Forge, ForgeError, Health, Listed, MergeOrder, Review, body_of};
use crate::connect::http::Method;
use hotfix_core::config::MergeMethod;
use hotfix_core::effect::{MergeRequestDraft, short};
use hotfix_core::forge::pipeline::{Job, JobState, Pipeline};
use hotfix_core::forge::{Kind, Readiness, body};
use hotfix_core::journal::{Approval, Identity, MergeRequestState, MergeRequestView, WaitingKind};
use serde_json::{Value, json};
use std::cell::OnceCell;

/// A project on a Forgejo or a Gitea.
pub struct Forgejo {
    api: Api,
    which: Which,
    known: OnceCell<wire::Repo>,
}

/// The words before a draft's title, as the servers come with them.
const DRAFT: [&str; 2] = ["wip:", "[wip]"];

impl Forgejo {
    /// A project on a Forgejo or a Gitea.
    pub fn new(api: Api, which: Which) -> Forgejo {
        Forgejo { api, which, known: OnceCell::new() }
    }

    fn here(&self) -> String {
        let (owner, name) = owner_and_name(&self.which.project);
        format!("/repos/{}/{}", encoded(owner), encoded(name))
    }

    fn pull(&self, number: u64) -> String {
        format!("{}/pulls/{number}", self.here())
    }

    fn issue(&self, number: u64) -> String {
        format!("{}/issues/{number}", self.here())
    }

    fn repo(&self) -> Result<&wire::Repo, ForgeError> {
        if let Some(known) = self.known.get() {
            return Ok(known);
        }
        let found: wire::Repo = self.api.get(&self.here()).map_err(|e| match e {
            CallError::Status { code: 404, .. } => ForgeError::NotFound(format!(
                "{} has no project {}, or hides it from this token",
                self.api.name(),
                self.which.project
            )),
            e => e.into(),
        })?;
        if found.archived {
            return Err(ForgeError::Archived(found.full_name));
        }
        Ok(self.known.get_or_init(|| found))
    }

    fn raw(&self, number: u64) -> Result<wire::Pull, ForgeError> {
        self.api.maybe(&self.pull(number))?.ok_or(ForgeError::NoSuchMergeRequest(number))
    }

    fn label(&self, name: &str) -> Result<Option<i64>, ForgeError> {
        let (owner, _) = owner_and_name(&self.which.project);
        let own: Vec<wire::Label> = self.api.list(&format!("{}/labels?limit=50", self.here()))?;
        if let Some(label) = own.into_iter().find(|l| l.name == name) {
            return Ok(Some(label.id));
        }
        // An organisation's labels are all its projects'; a person has none.
        let path = format!("/orgs/{}/labels?limit=50", encoded(owner));
        let of_owner: Vec<wire::Label> = match self.api.list(&path) {
            Err(CallError::Status { .. }) => Vec::new(),
            other => other?,
        };
        Ok(of_owner.into_iter().find(|l| l.name == name).map(|l| l.id))
    }

    fn labels(&self, names: &[String]) -> Result<Vec<i64>, ForgeError> {
        let mut all = Vec::new();
        for name in names {
            all.extend(self.label(name)?);
        }
        Ok(all)
    }

    /// The branch as this forge calls it from the project: a fork's with its owner.
    fn head(&self, source: &str) -> String {
        match &self.which.fork {
            Some(fork) => format!("{}:{source}", owner_and_name(fork).0),
            None => source.to_owned(),
        }
    }

    /// Whether a request comes from our branch: where the branch is gone, its label still says it.
    fn is_from(&self, raw: &wire::Pull, source: &str) -> bool {
        let named =
            raw.head.name == source || raw.head.label == source || raw.head.label == self.head(source);
        let repo = raw.head.repo.as_ref().map(|r| r.full_name.to_lowercase());
        let ours = self.which.fork.as_ref().unwrap_or(&self.which.project).to_lowercase();
        named && repo.is_none_or(|r| r == ours)
    }

    /// The people who are asked, without those whom the forge does not take.
    fn ask(&self, number: u64, reviewers: &[String]) -> Result<(), ForgeError> {
        for reviewer in reviewers {
            let path = format!("{}/requested_reviewers", self.pull(number));
            match self.api.order(Method::Post, &path, &json!({"reviewers": [reviewer]})) {
                Err(CallError::Status { said, .. }) => {
                    self.api.say(&format!("@{reviewer} cannot be asked: {said}"))
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// The way to merge: the config's, else one that keeps the commit, as far as the project allows it.
    fn style(&self) -> Result<&'static str, ForgeError> {
        let repo = self.repo()?;
        let style = match self.which.method {
            Some(MergeMethod::Merge) => Some("merge"),
            Some(MergeMethod::Squash) => Some("squash"),
            Some(MergeMethod::Rebase) => Some("rebase"),
            Some(MergeMethod::FastForward) => Some("fast-forward-only"),
            None => None,
        };
        if let Some(style) = style {
            return Ok(style);
        }
        let ways = [
            ("merge", repo.allow_merge_commits.unwrap_or(true)),
            ("fast-forward-only", repo.allow_fast_forward_only_merge.unwrap_or(false)),
            ("rebase-merge", repo.allow_rebase_explicit.unwrap_or(false)),
            ("rebase", repo.allow_rebase.unwrap_or(false)),
            ("squash", repo.allow_squash_merge.unwrap_or(false)),
        ];
        let allowed = ways.iter().find(|(_, allowed)| *allowed).map(|(style, _)| *style);
        allowed.ok_or_else(|| ForgeError::Refused("the project allows no way to merge".to_owned()))
    }

    fn unmerged(&self, number: u64, error: CallError) -> ForgeError {
        let CallError::Status { code, said } = error else { return error.into() };
        let lower = said.to_lowercase();
        match code {
            // It still works out whether it conflicts.
            405 if lower.contains("try again later") => ForgeError::Unreachable(said),
            405 if lower.contains("not allowed to merge") => ForgeError::Forbidden(said),
            409 if lower.contains("head") || lower.contains("out of date") => {
                ForgeError::Moved(format!("the head of merge request !{number}"))
            }
            403 => ForgeError::Forbidden(said),
            404 => ForgeError::NotOpen { number, state: "no longer open" },
            423 => ForgeError::Archived(self.which.project.clone()),
            _ => ForgeError::Refused(said),
        }
    }
}

/// A title without the word that makes it a draft.
fn bare_title(title: &str) -> &str {
    let lower = title.to_lowercase();
    let word = DRAFT.iter().find(|w| lower.starts_with(*w));
    word.map_or(title, |w| title.get(w.len()..).unwrap_or_default().trim_start())
}

fn titled(draft: &MergeRequestDraft) -> String {
    if draft.draft { format!("WIP: {}", draft.title) } else { draft.title.clone() }
}

fn view_of(raw: &wire::Pull) -> MergeRequestView {
    let state = match (raw.merged.unwrap_or(raw.merged_at.is_some()), raw.state.as_str()) {
        (true, _) => MergeRequestState::Merged,
        (false, "closed") => MergeRequestState::Closed,
        _ => MergeRequestState::Open,
    };
    let accounts =
        |users: &Option<Vec<User>>| users.iter().flatten().map(|u| u.login.clone()).collect::<Vec<_>>();
    let source = if raw.head.name.starts_with("refs/pull/") { &raw.head.label } else { &raw.head.name };
    MergeRequestView {
        url: raw.html_url.clone(),
        title: bare_title(&raw.title).to_owned(),
        labels: raw.labels.iter().flatten().map(|l| l.name.clone()).collect(),
        source: source.clone(),
        target: raw.base.name.clone(),
        commit: raw.head.sha.clone(),
        merge_commit: raw.merge_commit_sha.clone().filter(|_| state == MergeRequestState::Merged),
        body_digest: raw.body.as_deref().and_then(body::digest),
        draft: raw.draft.unwrap_or(false) || bare_title(&raw.title) != raw.title,
        author: raw.user.as_ref().map(|u| format!("@{}", u.login)),
        reviewers: accounts(&raw.requested_reviewers),
        assignees: accounts(&raw.assignees),
        ..MergeRequestView::new(raw.number, "", state)
    }
}

fn job_state(status: &str) -> JobState {
    match status {
        "success" | "warning" => JobState::Passed,
        "skipped" => JobState::Skipped,
        "failure" | "error" => JobState::Failed,
        _ => JobState::Running,
    }
}

/// Whether a name fits a protection's pattern, with `*` as the servers have it.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|i| rest.is_char_boundary(i) && fits(after, &rest[i..]))
        }),
    }
}

impl Forge for Forgejo {
    fn kind(&self) -> Kind {
        Kind::Forgejo
    }

    fn name(&self) -> String {
        format!("{} on {}", self.which.project, self.api.name())
    }

    fn refresh(&self) -> Result<(), ForgeError> {
        (self.which.fetch)()
    }

    /// Nothing stops a second label of the same name here: it is made only if there is none.
    fn ensure_label(&self, name: &str) -> Result<(), ForgeError> {
        if self.has_label(name)? {
            return Ok(());
        }
        let order = json!({"name": name, "color": "#d9534f", "description": "a hotfix: it cannot wait"});
        Ok(self.api.send::<Value>(Method::Post, &format!("{}/labels", self.here()), &order).map(|_| ())?)
    }

    fn has_label(&self, name: &str) -> Result<bool, ForgeError> {
        Ok(self.label(name)?.is_some())
    }

    fn open(&self, marker: &str, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        self.repo()?;
        let order = json!({
            "title": titled(draft),
            "body": body_of("", marker, draft),
            "head": self.head(&draft.source),
            "base": draft.target,
            "labels": self.labels(&draft.labels)?,
        });
        let path = format!("{}/pulls", self.here());
        let raw: wire::Pull = self.api.send(Method::Post, &path, &order).map_err(|e| match e {
            CallError::Status { code: 423, .. } => ForgeError::Archived(self.which.project.clone()),
            e => e.into(),
        })?;
        Ok(MergeRequestView { role: draft.role.clone(), ..view_of(&raw) })
    }

    fn of_branch(&self, source: &str) -> Result<Vec<Listed>, ForgeError> {
        let path =
            format!("{}/pulls?state=all&sort=recentupdate&head={}&limit=50", self.here(), encoded(source));
        let mut all: Vec<wire::Pull> = self.api.list(&path)?;
        all.retain(|raw| self.is_from(raw, source));
        all.sort_by_key(|raw| std::cmp::Reverse(raw.number));
        let listed = |raw: wire::Pull| Listed { view: view_of(&raw), body: raw.body.unwrap_or_default() };
        Ok(all.into_iter().map(listed).collect())
    }

    fn update(&self, number: u64, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        let before = self.raw(number)?;
        let view = view_of(&before);
        if view.state == MergeRequestState::Closed {
            return Err(ForgeError::NotOpen { number, state: "closed" });
        }
        let text = body_of(before.body.as_deref().unwrap_or_default(), &draft.marker, draft);
        let mut order = json!({"title": titled(draft), "body": text});
        let lacks = |wanted: &[String], there: &[String]| -> Vec<String> {
            wanted.iter().filter(|w| !there.iter().any(|t| t.eq_ignore_ascii_case(w))).cloned().collect()
        };
        let assignees = lacks(&draft.assignees, &view.assignees);
        if !assignees.is_empty() {
            order["assignees"] = json!([view.assignees.clone(), assignees].concat());
        }
        self.api.order(Method::Patch, &self.pull(number), &order)?;
        let labels = self.labels(&lacks(&draft.labels, &view.labels))?;
        if !labels.is_empty() {
            self.api.order(
                Method::Post,
                &format!("{}/labels", self.issue(number)),
                &json!({"labels": labels}),
            )?;
        }
        if view.state == MergeRequestState::Open {
            self.ask(number, &lacks(&draft.reviewers, &view.reviewers))?;
        }
        self.view(number)
    }

    fn view(&self, number: u64) -> Result<MergeRequestView, ForgeError> {
        let raw = self.raw(number)?;
        let mut view = view_of(&raw);
        // Who has reviewed is not asked any more, and was asked all the same.
        let reviews: Vec<Reviewed> = self.api.list(&format!("{}/reviews?limit=50", self.pull(number)))?;
        for login in reviews.into_iter().filter_map(|r| r.user).map(|u| u.login) {
            if !view.reviewers.contains(&login) {
                view.reviewers.push(login);
            }
        }
        Ok(view)
    }

    fn body(&self, number: u64) -> Result<String, ForgeError> {
        Ok(self.raw(number)?.body.unwrap_or_default())
    }

    fn reviews(&self, number: u64) -> Result<Vec<Approval>, ForgeError> {
        let raw = self.raw(number)?;
        let reviews: Vec<Reviewed> = self.api.list(&format!("{}/reviews?limit=50", self.pull(number)))?;
        let comments: Vec<Comment> = self.api.list(&format!("{}/comments", self.issue(number)))?;
        let subject = Subject {
            number,
            head: &raw.head.sha,
            merge_commit: raw.merge_commit_sha.as_deref(),
            merged_at: raw.merged_at,
        };
        common::approvals(&subject, reviews, comments, Ok)
    }

    fn review(&self, review: &Review<'_>) -> Result<Approval, ForgeError> {
        let number = review.number;
        let me: User = self.api.get("/user")?;
        let raw = self.raw(number)?;
        let at = short(review.commit);
        let merged = raw.merged.unwrap_or(false);
        if merged && review.approved {
            // The page hides reviews of what is merged; a comment stays to be seen.
            let text =
                format!("Reviewed {at} after the merge: approved.\n\n{}", review.note.unwrap_or_default());
            let path = format!("{}/comments", self.issue(number));
            self.api.send::<Value>(Method::Post, &path, &json!({"body": text.trim()}))?;
        } else {
            if raw.head.sha != review.commit && !merged {
                return Err(ForgeError::Moved(format!("the head of merge request !{number}")));
            }
            let event = if review.approved { "APPROVED" } else { "REQUEST_CHANGES" };
            let said = review.note.map_or_else(
                || if review.approved { String::new() } else { format!("Changes requested on {at}.") },
                str::to_owned,
            );
            let order = json!({"event": event, "body": said, "commit_id": review.commit});
            self.api.send::<Value>(Method::Post, &format!("{}/reviews", self.pull(number)), &order).map_err(
                |e| match e {
                    CallError::Status { code: 422, said } => ForgeError::Forbidden(said),
                    e => e.into(),
                },
            )?;
        }
        Ok(Approval {
            number,
            by: me.shown(),
            commit: review.commit.to_owned(),
            at: self.api.now(),
            identity: Identity::Forge,
            simulated: review.simulated,
            approved: review.approved,
            note: review.note.map(str::to_owned),
        })
    }

    fn pipeline(&self, number: u64, commit: &str) -> Result<Pipeline, ForgeError> {
        let raw = self.raw(number)?;
        let branch: wire::Branch = self
            .api
            .maybe(&format!("{}/branches/{}", self.here(), encoded(&raw.base.name)))?
            .unwrap_or_default();
        let wanted = match branch.enable_status_check {
            Some(true) => branch.status_check_contexts.unwrap_or_default(),
            _ => Vec::new(),
        };
        let required = branch.enable_status_check == Some(true);
        if raw.head.sha != commit {
            return Ok(Pipeline { required, running: true, ..Pipeline::default() });
        }
        let found: wire::Combined =
            self.api.get(&format!("{}/commits/{commit}/status?limit=50", self.here()))?;
        let statuses = found.statuses.unwrap_or_default();
        let is_wanted = |context: &str| wanted.is_empty() || wanted.iter().any(|w| fits(w, context));
        let mut jobs: Vec<Job> = statuses
            .iter()
            .map(|s| Job {
                name: s.context.clone(),
                state: job_state(&s.status),
                url: s.target_url.clone().filter(|u| !u.is_empty()),
                required: is_wanted(&s.context),
                id: None,
            })
            .collect();
        // What the protection wants and nothing has reported yet.
        for name in wanted.iter().filter(|w| !statuses.iter().any(|s| fits(w, &s.context))) {
            jobs.push(Job {
                name: name.clone(),
                state: JobState::Running,
                url: None,
                required: true,
                id: None,
            });
        }
        let url = (!jobs.is_empty()).then(|| raw.html_url.clone());
        Ok(Pipeline { url, jobs, required, running: false })
    }

    fn job_log(&self, _id: u64) -> Result<Option<String>, ForgeError> {
        // Statuses have an address and no log.
        Ok(None)
    }

    fn readiness(&self, number: u64) -> Result<Readiness, ForgeError> {
        let raw = self.raw(number)?;
        let view = view_of(&raw);
        if view.state != MergeRequestState::Open {
            return Ok(Readiness::NotOpen);
        }
        if view.draft {
            return Ok(Readiness::Draft);
        }
        if raw.mergeable == Some(false) {
            return Ok(Readiness::Conflicts);
        }
        let branch: wire::Branch = self
            .api
            .maybe(&format!("{}/branches/{}", self.here(), encoded(&view.target)))?
            .unwrap_or_default();
        let wanted = usize::try_from(branch.required_approvals.unwrap_or(0)).unwrap_or(0);
        if wanted > 0 {
            let reviews: Vec<Reviewed> = self.api.list(&format!("{}/reviews?limit=50", self.pull(number)))?;
            let counts = |r: &&Reviewed| r.state == "APPROVED" && r.dismissed != Some(true);
            let have = reviews.iter().filter(counts).count();
            if have < wanted {
                let what = format!("{wanted} approvals, as the branch's protection wants (it has {have})");
                return Ok(Readiness::Waits { kind: WaitingKind::Approval, what });
            }
        }
        if branch.user_can_merge == Some(false) {
            let what = "somebody who may merge to the protected branch: this account may not".to_owned();
            return Ok(Readiness::Waits { kind: WaitingKind::Person, what });
        }
        Ok(Readiness::Ready)
    }

    fn merge(&self, order: &MergeOrder<'_>) -> Result<MergeRequestView, ForgeError> {
        let number = order.number;
        let before = self.raw(number)?;
        if view_of(&before).state != MergeRequestState::Open {
            return Err(ForgeError::NotOpen { number, state: "no longer open" });
        }
        // Older servers do not take the commit below, so it is looked at here too.
        if before.head.sha != order.commit {
            return Err(ForgeError::Moved(format!("the head of merge request !{number}")));
        }
        if before.base.name != order.target {
            return Err(ForgeError::Moved(format!("the target of merge request !{number}")));
        }
        let style = self.style()?;
        let mut call = json!({"Do": style, "head_commit_id": order.commit});
        if matches!(style, "merge" | "squash" | "rebase-merge") {
            call["MergeTitleField"] = json!(order.message.trim_end());
        }
        let path = format!("{}/merge", self.pull(number));
        self.api.order(Method::Post, &path, &call).map_err(|e| self.unmerged(number, e))?;
        let view = self.view(number).map_err(|e| ForgeError::Unsure(e.to_string()))?;
        match view.state {
            MergeRequestState::Merged => Ok(view),
            _ => Err(ForgeError::Unsure(format!("!{number} was taken for the merge and is not merged yet"))),
        }
    }

    fn authors(&self, number: u64) -> Result<Vec<String>, ForgeError> {
        let raw = self.raw(number)?;
        let commits: Vec<wire::Commit> =
            match self.api.list(&format!("{}/commits?limit=50", self.pull(number))) {
                Err(CallError::Status { code: 404, .. }) => Vec::new(),
                other => other?,
            };
        let of_commits = commits.into_iter().flat_map(|c| [c.author, c.committer]).flatten();
        let mut all: Vec<String> = raw.user.into_iter().chain(of_commits).map(|u| u.shown()).collect();
        all.sort();
        all.dedup();
        Ok(all)
    }

    fn health(&self) -> Result<Health, ForgeError> {
        let reply = self.api.look("/user")?;
        let me: User =
            serde_json::from_slice(&reply.body).map_err(|e| ForgeError::Malformed(e.to_string()))?;
        let mut health = Health { account: Some(me.login), skew: self.api.skew(&reply), ..Health::default() };
        health.version = self.api.maybe::<wire::Version>("/version").ok().flatten().map(|v| v.version);
        let repo = self.repo()?;
        if repo.permissions.as_ref().is_some_and(|p| !p.push) && self.which.fork.is_none() {
            health.lacks.push("write access to the project, which pushing branches takes".to_owned());
        }
        if repo.has_pull_requests == Some(false) {
            health.lacks.push("merge requests: they are switched off in the project".to_owned());
        }
        if let Some(style) = &repo.default_merge_style {
            health.notes.push(format!("its default way to merge is `{style}`"));
        }
        Ok(health)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_stars() {
        for (pattern, name, fit) in [
            ("ci/*", "ci/unit", true),
            ("ci/*", "lint", false),
            ("*", "x", true),
            ("a*c", "abc", true),
            ("unit", "unit", true),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn a_draft_is_a_word_before_the_title() {
        for (title, bare) in [("WIP: x", "x"), ("[WIP] x", "x"), ("wip:x", "x"), ("Draft: x", "Draft: x")] {
            assert_eq!(bare_title(title), bare);
        }
    }
}
