//! GitHub: github.com, GitHub Enterprise Cloud and one's own server. GraphQL is
//! spoken only where REST cannot: a draft becomes ready, and the merge queue.
//!
//! An administrator's token could merge over a protection; what GitHub calls
//! `blocked` is waited for, whoever asks.

mod graph;
mod wire;

use super::api::{Api, CallError, encoded};
use super::common::{self, Comment, Reviewed, Subject, User, owner_and_name};
use super::gitlab::Which;
use super::{Forge, ForgeError, Health, Listed, MergeOrder, Review, body_of};
use crate::connect::http::Method;
use hotfix_core::config::MergeMethod;
use hotfix_core::effect::{MergeRequestDraft, short};
use hotfix_core::forge::pipeline::{Job, JobState, Pipeline};
use hotfix_core::forge::{Kind, Readiness, body, ready};
use hotfix_core::journal::{Approval, Identity, MergeRequestState, MergeRequestView};
use serde_json::{Value, json};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

/// A repository on a GitHub.
pub struct Github {
    api: Api,
    which: Which,
    known: OnceCell<wire::Repo>,
    people: RefCell<BTreeMap<String, User>>,
}

impl Github {
    /// A repository on a GitHub.
    pub fn new(api: Api, which: Which) -> Github {
        Github { api, which, known: OnceCell::new(), people: RefCell::default() }
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
                "{} has no repository {}, or hides it from this token",
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

    /// The owner under whom the branch is.
    fn owner(&self) -> &str {
        owner_and_name(self.which.fork.as_ref().unwrap_or(&self.which.project)).0
    }

    fn posted(&self, path: &str, order: &Value) -> Result<wire::Pull, CallError> {
        match self.api.send(Method::Post, path, order) {
            // Private repositories of a free plan have no drafts.
            Err(CallError::Status { code: 422, said })
                if order["draft"] == true && said.to_lowercase().contains("draft") =>
            {
                self.api.say("this repository has no drafts: the request is opened as ready");
                let mut ready = order.clone();
                ready["draft"] = json!(false);
                self.api.send(Method::Post, path, &ready)
            }
            other => other,
        }
    }

    fn set_labels(&self, number: u64, lacks: &[String]) -> Result<(), ForgeError> {
        if lacks.is_empty() {
            return Ok(());
        }
        let path = format!("{}/labels", self.issue(number));
        Ok(self.api.order(Method::Post, &path, &json!({"labels": lacks}))?)
    }

    /// The people who are asked, without those whom GitHub does not take.
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

    fn assign(&self, number: u64, lacks: &[String]) -> Result<(), ForgeError> {
        if lacks.is_empty() {
            return Ok(());
        }
        let path = format!("{}/assignees", self.issue(number));
        match self.api.order(Method::Post, &path, &json!({"assignees": lacks})) {
            Err(CallError::Status { said, .. }) => {
                self.api.say(&format!("nobody could be assigned: {said}"));
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// What GitHub knows of an account: its name, and the address that it shows.
    fn full(&self, user: User) -> Result<User, ForgeError> {
        if let Some(known) = self.people.borrow().get(&user.login) {
            return Ok(known.clone());
        }
        let found = match self.api.maybe::<User>(&format!("/users/{}", encoded(&user.login))) {
            Err(CallError::Status { .. }) => None,
            other => other?,
        };
        let full = found.unwrap_or(user);
        self.people.borrow_mut().insert(full.login.clone(), full.clone());
        Ok(full)
    }

    fn method(&self) -> Result<&'static str, ForgeError> {
        let repo = self.repo()?;
        match self.which.method {
            Some(MergeMethod::Merge) => return Ok("merge"),
            Some(MergeMethod::Squash) => return Ok("squash"),
            Some(MergeMethod::Rebase | MergeMethod::FastForward) => return Ok("rebase"),
            None => {}
        }
        let ways = [
            ("merge", repo.allow_merge_commit.unwrap_or(true)),
            ("rebase", repo.allow_rebase_merge.unwrap_or(false)),
            ("squash", repo.allow_squash_merge.unwrap_or(false)),
        ];
        let allowed = ways.iter().find(|(_, allowed)| *allowed).map(|(way, _)| *way);
        allowed.ok_or_else(|| ForgeError::Refused("the repository allows no way to merge".to_owned()))
    }

    fn unmerged(&self, number: u64, error: CallError) -> ForgeError {
        let CallError::Status { code, said } = error else { return error.into() };
        match code {
            409 => ForgeError::Moved(format!("the head of merge request !{number}")),
            403 => ForgeError::Forbidden(said),
            404 => ForgeError::NoSuchMergeRequest(number),
            // It tells so while another merge to the branch is under way.
            405 if said.to_lowercase().contains("base branch was modified") => ForgeError::Unreachable(said),
            _ => ForgeError::Refused(said),
        }
    }
}

fn view_of(raw: &wire::Pull) -> MergeRequestView {
    let state = match (raw.merged.unwrap_or(raw.merged_at.is_some()), raw.state.as_str()) {
        (true, _) => MergeRequestState::Merged,
        (false, "closed") => MergeRequestState::Closed,
        _ => MergeRequestState::Open,
    };
    let accounts =
        |users: &Option<Vec<User>>| users.iter().flatten().map(|u| u.login.clone()).collect::<Vec<_>>();
    MergeRequestView {
        url: raw.html_url.clone(),
        title: raw.title.clone(),
        labels: raw.labels.iter().map(|l| l.name.clone()).collect(),
        source: raw.head.name.clone(),
        target: raw.base.name.clone(),
        commit: raw.head.sha.clone(),
        // While it is open, this is a try of GitHub's own.
        merge_commit: raw.merge_commit_sha.clone().filter(|_| state == MergeRequestState::Merged),
        body_digest: raw.body.as_deref().and_then(body::digest),
        draft: raw.draft.unwrap_or(false),
        author: raw.user.as_ref().map(|u| format!("@{}", u.login)),
        reviewers: accounts(&raw.requested_reviewers),
        assignees: accounts(&raw.assignees),
        ..MergeRequestView::new(raw.number, "", state)
    }
}

fn lacks(wanted: &[String], there: &[String]) -> Vec<String> {
    wanted.iter().filter(|w| !there.iter().any(|t| t.eq_ignore_ascii_case(w))).cloned().collect()
}

fn of_run(run: &wire::Run) -> JobState {
    match (run.status.as_str(), run.conclusion.as_deref()) {
        ("completed", Some("success" | "neutral")) => JobState::Passed,
        ("completed", Some("skipped")) => JobState::Skipped,
        ("completed", Some("action_required")) => JobState::Manual,
        ("completed", _) => JobState::Failed,
        _ => JobState::Running,
    }
}

fn of_status(state: &str) -> JobState {
    match state {
        "success" => JobState::Passed,
        "failure" | "error" => JobState::Failed,
        _ => JobState::Running,
    }
}

impl Forge for Github {
    fn kind(&self) -> Kind {
        Kind::Github
    }

    fn name(&self) -> String {
        format!("{} on {}", self.which.project, self.api.name())
    }

    fn refresh(&self) -> Result<(), ForgeError> {
        (self.which.fetch)()
    }

    fn ensure_label(&self, name: &str) -> Result<(), ForgeError> {
        if self.has_label(name)? {
            return Ok(());
        }
        let order = json!({"name": name, "color": "d9534f", "description": "a hotfix: it cannot wait"});
        match self.api.send::<Value>(Method::Post, &format!("{}/labels", self.here()), &order) {
            Err(CallError::Status { code: 422, said }) if said.contains("already_exists") => Ok(()),
            other => other.map(|_| ()).map_err(Into::into),
        }
    }

    fn has_label(&self, name: &str) -> Result<bool, ForgeError> {
        let found: Option<wire::Label> =
            self.api.maybe(&format!("{}/labels/{}", self.here(), encoded(name)))?;
        Ok(found.is_some_and(|l| l.name.eq_ignore_ascii_case(name)))
    }

    fn open(&self, marker: &str, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        self.repo()?;
        let head = match &self.which.fork {
            Some(_) => format!("{}:{}", self.owner(), draft.source),
            None => draft.source.clone(),
        };
        let order = json!({
            "title": draft.title, "body": body_of("", marker, draft), "head": head, "base": draft.target, "draft": draft.draft,
        });
        let raw = self.posted(&format!("{}/pulls", self.here()), &order)?;
        Ok(MergeRequestView { role: draft.role.clone(), ..view_of(&raw) })
    }

    fn of_branch(&self, source: &str) -> Result<Vec<Listed>, ForgeError> {
        let head = encoded(&format!("{}:{source}", self.owner()));
        let path =
            format!("{}/pulls?state=all&head={head}&sort=created&direction=desc&per_page=100", self.here());
        let mut all: Vec<wire::Pull> = self.api.list(&path)?;
        all.retain(|raw| raw.head.name == source);
        let listed = |raw: wire::Pull| Listed { view: view_of(&raw), body: raw.body.unwrap_or_default() };
        Ok(all.into_iter().map(listed).collect())
    }

    fn update(&self, number: u64, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        let before = self.raw(number)?;
        let view = self.view(number)?;
        if view.state == MergeRequestState::Closed {
            return Err(ForgeError::NotOpen { number, state: "closed" });
        }
        let text = body_of(before.body.as_deref().unwrap_or_default(), &draft.marker, draft);
        let order = json!({"title": draft.title, "body": text});
        self.api.order(Method::Patch, &self.pull(number), &order)?;
        self.set_labels(number, &lacks(&draft.labels, &view.labels))?;
        self.assign(number, &lacks(&draft.assignees, &view.assignees))?;
        if view.state == MergeRequestState::Open {
            self.ask(number, &lacks(&draft.reviewers, &view.reviewers))?;
            if view.draft && !draft.draft {
                graph::mark_ready(&self.api, &before.node_id)?;
            }
        }
        self.view(number)
    }

    fn view(&self, number: u64) -> Result<MergeRequestView, ForgeError> {
        let raw = self.raw(number)?;
        let mut view = view_of(&raw);
        // Who has reviewed is not asked any more, and was asked all the same.
        let reviews: Vec<Reviewed> = self.api.list(&format!("{}/reviews?per_page=100", self.pull(number)))?;
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
        let reviews: Vec<Reviewed> = self.api.list(&format!("{}/reviews?per_page=100", self.pull(number)))?;
        let comments: Vec<Comment> =
            self.api.list(&format!("{}/comments?per_page=100", self.issue(number)))?;
        let merged = raw.merged_at.is_some();
        let subject = Subject {
            number,
            head: &raw.head.sha,
            merge_commit: raw.merge_commit_sha.as_deref().filter(|_| merged),
            merged_at: raw.merged_at,
        };
        common::approvals(&subject, reviews, comments, |user| self.full(user))
    }

    fn review(&self, review: &Review<'_>) -> Result<Approval, ForgeError> {
        let number = review.number;
        let me: User = self.api.get("/user")?;
        let event = if review.approved { "APPROVE" } else { "REQUEST_CHANGES" };
        let said = match review.note {
            Some(note) => note.to_owned(),
            None if review.approved => String::new(),
            None => format!("Changes requested on {}.", short(review.commit)),
        };
        let order = json!({"event": event, "body": said, "commit_id": review.commit});
        let path = format!("{}/reviews", self.pull(number));
        self.api.send::<Value>(Method::Post, &path, &order).map_err(|e| match e {
            CallError::Status { code: 422, said } => ForgeError::Forbidden(said),
            e => e.into(),
        })?;
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
        let checks = branch.protection.and_then(|p| p.required_status_checks).unwrap_or_default();
        let wanted = checks.contexts;
        let required = !wanted.is_empty();
        if raw.head.sha != commit {
            return Ok(Pipeline { required, running: true, ..Pipeline::default() });
        }
        let runs: Vec<wire::Run> = self
            .api
            .list_in(&format!("{}/commits/{commit}/check-runs?per_page=100", self.here()), "check_runs")?;
        let statuses: Vec<wire::Status> =
            self.api.list_in(&format!("{}/commits/{commit}/status?per_page=100", self.here()), "statuses")?;
        // Where none is required by name, none may be red.
        let must = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
        let mut jobs: Vec<Job> = runs
            .iter()
            .map(|r| Job {
                name: r.name.clone(),
                state: of_run(r),
                url: r.html_url.clone().or_else(|| r.details_url.clone()),
                required: must(&r.name),
                id: Some(r.id),
            })
            .collect();
        jobs.extend(statuses.iter().map(|s| Job {
            name: s.context.clone(),
            state: of_status(&s.state),
            url: s.target_url.clone(),
            required: must(&s.context),
            id: None,
        }));
        for name in wanted.iter().filter(|w| !jobs.iter().any(|j| j.name == **w)).collect::<Vec<_>>() {
            jobs.push(Job {
                name: name.clone(),
                state: JobState::Running,
                url: None,
                required: true,
                id: None,
            });
        }
        let url = (!jobs.is_empty()).then(|| format!("{}/checks", raw.html_url));
        Ok(Pipeline { url, jobs, required, running: false })
    }

    /// A check of GitHub Actions is a job of the same number.
    fn job_log(&self, id: u64) -> Result<Option<String>, ForgeError> {
        match self.api.text(&format!("{}/actions/jobs/{id}/logs", self.here()), 64 * 1024) {
            Ok(text) => Ok(Some(text)),
            Err(CallError::Status { .. } | CallError::Unreachable(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    fn readiness(&self, number: u64) -> Result<Readiness, ForgeError> {
        let raw = self.raw(number)?;
        if view_of(&raw).state != MergeRequestState::Open {
            return Ok(Readiness::NotOpen);
        }
        if raw.draft == Some(true) {
            return Ok(Readiness::Draft);
        }
        let answer = ready::github(raw.mergeable_state.as_deref().unwrap_or("unknown"));
        if matches!(answer, Readiness::Waits { .. })
            && let Some(queue) = graph::queue(&self.api, &raw.node_id)?
        {
            return Ok(if queue.entered { Readiness::Queued } else { Readiness::Ready });
        }
        Ok(answer)
    }

    fn merge(&self, order: &MergeOrder<'_>) -> Result<MergeRequestView, ForgeError> {
        let number = order.number;
        let before = self.raw(number)?;
        if view_of(&before).state != MergeRequestState::Open {
            return Err(ForgeError::NotOpen { number, state: "no longer open" });
        }
        if before.base.name != order.target {
            return Err(ForgeError::Moved(format!("the target of merge request !{number}")));
        }
        let blocked = before.mergeable_state.as_deref() == Some("blocked");
        if blocked && let Some(queue) = graph::queue(&self.api, &before.node_id)? {
            if !queue.entered {
                graph::enqueue(&self.api, &before.node_id, order.commit)?;
            }
            return Err(ForgeError::Queued(format!("the merge queue with !{number}")));
        }
        if blocked {
            return Err(ForgeError::Refused("the branch's own protection holds it".to_owned()));
        }
        let mut lines = order.message.trim_end().splitn(2, "\n\n");
        let call = json!({
            "sha": order.commit,
            "merge_method": self.method()?,
            "commit_title": lines.next().unwrap_or_default(),
            "commit_message": lines.next().unwrap_or_default(),
        });
        let path = format!("{}/merge", self.pull(number));
        let merged: wire::Merged =
            self.api.send(Method::Put, &path, &call).map_err(|e| self.unmerged(number, e))?;
        if !merged.merged {
            return Err(ForgeError::Unsure(format!(
                "!{number} was taken for the merge and is not merged yet"
            )));
        }
        self.view(number).map_err(|e| ForgeError::Unsure(e.to_string()))
    }

    fn authors(&self, number: u64) -> Result<Vec<String>, ForgeError> {
        let raw = self.raw(number)?;
        let commits: Vec<wire::Commit> =
            self.api.list(&format!("{}/commits?per_page=100", self.pull(number)))?;
        let of_commits = commits.into_iter().flat_map(|c| [c.author, c.committer]).flatten();
        // Commits made on the page are committed by this account, which is nobody.
        let people = raw.user.into_iter().chain(of_commits).filter(|u| u.login != "web-flow");
        let mut all = Vec::new();
        for user in people {
            all.push(self.full(user)?.shown());
        }
        all.sort();
        all.dedup();
        Ok(all)
    }

    fn health(&self) -> Result<Health, ForgeError> {
        let reply = self.api.look("/user")?;
        let me: User =
            serde_json::from_slice(&reply.body).map_err(|e| ForgeError::Malformed(e.to_string()))?;
        let mut health = Health { account: Some(me.login), skew: self.api.skew(&reply), ..Health::default() };
        health.version = reply.header("x-github-enterprise-version").map(str::to_owned);
        health.expires = reply.header("github-authentication-token-expiration").map(str::to_owned);
        // Only classic tokens say what they may.
        if let Some(scopes) = reply.header("x-oauth-scopes") {
            let has = |wanted: &str| scopes.split(',').any(|s| s.trim() == wanted);
            if !has("repo") && !has("public_repo") {
                health.lacks.push(format!("the scope `repo` (it has: {scopes})"));
            }
        }
        let repo = self.repo()?;
        if repo.permissions.as_ref().is_some_and(|p| !p.push) && self.which.fork.is_none() {
            health.lacks.push("write access to the repository, which pushing branches takes".to_owned());
        }
        Ok(health)
    }
}
