//! GitLab: gitlab.com and self-managed, any edition. What an edition lacks
//! (approval rules, merge trains) is found out by asking, and then not missed.
//!
//! It never merges over a rule of the project's, and uses neither GitLab's
//! cherry-pick nor its rebase: they make commits that nobody verified.

mod people;
mod wire;

use super::api::{Api, CallError, encoded};
use super::{Forge, ForgeError, Health, Listed, MergeOrder, Review, body_of};
use crate::connect::http::Method;
use hotfix_core::config::MergeMethod;
use hotfix_core::effect::MergeRequestDraft;
use hotfix_core::forge::pipeline::{Job, JobState, Pipeline};
use hotfix_core::forge::{Kind, Readiness, body, ready};
use hotfix_core::journal::{Approval, MergeRequestState, MergeRequestView};
use serde_json::{Value, json};
use std::cell::OnceCell;

/// A project on a GitLab.
pub struct Gitlab {
    api: Api,
    project: String,
    /// The fork that the branch is pushed to, where it is another project.
    fork: Option<String>,
    method: Option<MergeMethod>,
    /// Brings the remote's commits here, for what is decided by git.
    fetch: Box<dyn Fn() -> Result<(), ForgeError>>,
    known: OnceCell<wire::Project>,
}

/// Which project, and how it is spoken to.
pub struct Which {
    /// The project's path.
    pub project: String,
    /// The fork's path, where the branch is pushed elsewhere.
    pub fork: Option<String>,
    /// How to merge, where the config says it.
    pub method: Option<MergeMethod>,
    /// Brings the remote's commits here.
    pub fetch: Box<dyn Fn() -> Result<(), ForgeError>>,
}

/// The words before a draft's title, as versions of GitLab have had them.
const DRAFT: [&str; 5] = ["draft:", "[draft]", "(draft)", "wip:", "[wip]"];

impl Gitlab {
    /// A project on a GitLab.
    pub fn new(api: Api, which: Which) -> Gitlab {
        let Which { project, fork, method, fetch } = which;
        Gitlab { api, project, fork, method, fetch, known: OnceCell::new() }
    }

    fn here(&self) -> String {
        format!("/projects/{}", encoded(&self.project))
    }

    fn request(&self, number: u64) -> String {
        format!("{}/merge_requests/{number}", self.here())
    }

    fn project(&self) -> Result<&wire::Project, ForgeError> {
        if let Some(known) = self.known.get() {
            return Ok(known);
        }
        let found: wire::Project = self.api.get(&self.here()).map_err(|e| match e {
            CallError::Status { code: 404, .. } => ForgeError::NotFound(format!(
                "{} has no project {}, or hides it from this token",
                self.api.name(),
                self.project
            )),
            e => e.into(),
        })?;
        if found.archived == Some(true) {
            return Err(ForgeError::Archived(found.path_with_namespace));
        }
        Ok(self.known.get_or_init(|| found))
    }

    fn raw(&self, number: u64) -> Result<wire::MergeRequest, ForgeError> {
        self.api.maybe(&self.request(number))?.ok_or(ForgeError::NoSuchMergeRequest(number))
    }

    fn ids(&self, accounts: &[String]) -> Result<Vec<u64>, ForgeError> {
        let mut all = Vec::new();
        for account in accounts {
            let found: Vec<wire::User> = self.api.get(&format!("/users?username={}", encoded(account)))?;
            match found.into_iter().find(|u| u.username.eq_ignore_ascii_case(account)) {
                Some(user) => all.push(user.id),
                None => {
                    return Err(ForgeError::NotFound(format!(
                        "{} has no account @{account}",
                        self.api.name()
                    )));
                }
            }
        }
        Ok(all)
    }

    /// Where a merge request is opened: at its source, which may be a fork.
    fn source(&self) -> String {
        self.fork.as_ref().map_or_else(|| self.here(), |fork| format!("/projects/{}", encoded(fork)))
    }

    fn refused_opening(&self, error: CallError) -> ForgeError {
        match error {
            CallError::Status { code: 403, said } if self.fork.is_some() => ForgeError::Forbidden(format!(
                "{said}; the branch is in a fork: does the account have access to the project?"
            )),
            e => e.into(),
        }
    }

    fn train(&self, number: u64) -> Result<bool, ForgeError> {
        if self.project()?.merge_trains_enabled != Some(true) {
            return Ok(false);
        }
        let path = format!("{}/merge_trains/merge_requests/{number}", self.here());
        let car: Option<wire::TrainCar> = match self.api.maybe(&path) {
            Err(CallError::Status { code: 403, .. }) => None,
            other => other?,
        };
        let riding = ["idle", "stale", "fresh", "merging"];
        Ok(car.and_then(|c| c.status).is_some_and(|s| riding.contains(&s.as_str())))
    }

    fn board(&self, order: &MergeOrder<'_>) -> Result<MergeRequestView, ForgeError> {
        let number = order.number;
        if !self.train(number)? {
            let path = format!("{}/merge_trains/merge_requests/{number}", self.here());
            self.api
                .order(Method::Post, &path, &json!({"sha": order.commit}))
                .map_err(|e| self.unmerged(number, e))?;
        }
        Err(ForgeError::Queued(format!("the merge train with !{number}")))
    }

    /// Why a merge was refused, in more words than the status has.
    fn unmerged(&self, number: u64, error: CallError) -> ForgeError {
        let CallError::Status { code, said } = error else { return error.into() };
        match code {
            401 | 403 => {
                ForgeError::Forbidden(format!("the account may not merge !{number} to its target: {said}"))
            }
            404 => ForgeError::NoSuchMergeRequest(number),
            409 => ForgeError::Moved(format!("the head of merge request !{number}")),
            405 | 406 | 422 => match self.raw(number) {
                Ok(raw) if raw.state == "closed" => ForgeError::NotOpen { number, state: "closed" },
                Ok(raw) => ForgeError::Refused(format!("{said} (merge status: {})", status_of(&raw))),
                Err(_) => ForgeError::Refused(said),
            },
            _ => ForgeError::Refused(said),
        }
    }
}

fn status_of(raw: &wire::MergeRequest) -> &str {
    raw.detailed_merge_status.as_deref().or(raw.merge_status.as_deref()).unwrap_or("unchecked")
}

/// A title without the word that makes it a draft.
fn bare_title(title: &str) -> &str {
    let lower = title.to_lowercase();
    let word = DRAFT.iter().find(|w| lower.starts_with(*w));
    word.map_or(title, |w| title.get(w.len()..).unwrap_or_default().trim_start())
}

fn titled(draft: &MergeRequestDraft) -> String {
    if draft.draft { format!("Draft: {}", draft.title) } else { draft.title.clone() }
}

fn view_of(raw: &wire::MergeRequest) -> MergeRequestView {
    let state = match raw.state.as_str() {
        "merged" => MergeRequestState::Merged,
        "closed" => MergeRequestState::Closed,
        // `locked` is a merge that is under way.
        _ => MergeRequestState::Open,
    };
    let merged = state == MergeRequestState::Merged;
    let made = raw.merge_commit_sha.clone().or_else(|| raw.squash_commit_sha.clone());
    let accounts = |users: &Option<Vec<wire::User>>| {
        users.iter().flatten().map(|u| u.username.clone()).collect::<Vec<_>>()
    };
    MergeRequestView {
        url: raw.web_url.clone().unwrap_or_default(),
        title: bare_title(&raw.title).to_owned(),
        labels: raw.labels.iter().flatten().map(|l| l.name().to_owned()).collect(),
        source: raw.source_branch.clone(),
        target: raw.target_branch.clone(),
        commit: raw.sha.clone().unwrap_or_default(),
        // Fast-forward: the head itself is what is on the target.
        merge_commit: if merged { made.or_else(|| raw.sha.clone()) } else { None },
        body_digest: raw.description.as_deref().and_then(body::digest),
        draft: raw.draft.or(raw.work_in_progress).unwrap_or(bare_title(&raw.title) != raw.title),
        author: raw.author.as_ref().map(|a| format!("@{}", a.username)),
        reviewers: accounts(&raw.reviewers),
        assignees: accounts(&raw.assignees),
        ..MergeRequestView::new(raw.iid, "", state)
    }
}

fn job_state(status: &str) -> JobState {
    match status {
        "success" => JobState::Passed,
        "skipped" => JobState::Skipped,
        "failed" | "canceled" | "cancelled" => JobState::Failed,
        "manual" => JobState::Manual,
        _ => JobState::Running,
    }
}

impl Forge for Gitlab {
    fn kind(&self) -> Kind {
        Kind::Gitlab
    }

    fn name(&self) -> String {
        format!("{} on {}", self.project, self.api.name())
    }

    fn refresh(&self) -> Result<(), ForgeError> {
        (self.fetch)()
    }

    fn ensure_label(&self, name: &str) -> Result<(), ForgeError> {
        if self.has_label(name)? {
            return Ok(());
        }
        let body = json!({"name": name, "color": "#d9534f", "description": "a hotfix: it cannot wait"});
        match self.api.send::<Value>(Method::Post, &format!("{}/labels", self.here()), &body) {
            // Somebody made it at this moment.
            Err(CallError::Status { code: 409, .. }) => Ok(()),
            other => other.map(|_| ()).map_err(Into::into),
        }
    }

    fn has_label(&self, name: &str) -> Result<bool, ForgeError> {
        let path = format!("{}/labels?search={}&per_page=100", self.here(), encoded(name));
        let all: Vec<wire::Label> = self.api.list(&path)?;
        Ok(all.iter().any(|l| l.name() == name))
    }

    fn open(&self, marker: &str, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        let project = self.project()?;
        let mut order = json!({
            "title": titled(draft),
            "description": body_of("", marker, draft),
            "source_branch": draft.source,
            "target_branch": draft.target,
            "target_project_id": project.id,
            "remove_source_branch": false,
            "labels": draft.labels,
        });
        let reviewers = self.ids(&draft.reviewers)?;
        let assignees = self.ids(&draft.assignees)?;
        if !reviewers.is_empty() {
            order["reviewer_ids"] = json!(reviewers);
        }
        if !assignees.is_empty() {
            order["assignee_ids"] = json!(assignees);
        }
        let path = format!("{}/merge_requests", self.source());
        let raw: wire::MergeRequest =
            self.api.send(Method::Post, &path, &order).map_err(|e| self.refused_opening(e))?;
        Ok(MergeRequestView { role: draft.role.clone(), ..view_of(&raw) })
    }

    fn of_branch(&self, source: &str) -> Result<Vec<Listed>, ForgeError> {
        let path = format!(
            "{}/merge_requests?state=all&scope=all&source_branch={}&order_by=created_at&sort=desc&per_page=100",
            self.here(),
            encoded(source)
        );
        let all: Vec<wire::MergeRequest> = self.api.list(&path)?;
        let listed = |raw: &wire::MergeRequest| Listed {
            view: view_of(raw),
            body: raw.description.clone().unwrap_or_default(),
        };
        Ok(all.iter().filter(|r| r.source_branch == source).map(listed).collect())
    }

    fn update(&self, number: u64, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        let before = self.raw(number)?;
        let view = view_of(&before);
        if view.state == MergeRequestState::Closed {
            return Err(ForgeError::NotOpen { number, state: "closed" });
        }
        let old = before.description.as_deref().unwrap_or_default();
        let mut order = json!({
            "title": titled(draft),
            "description": body_of(old, &draft.marker, draft),
            "add_labels": draft.labels,
        });
        let more =
            |wanted: &[String], there: &Option<Vec<wire::User>>| -> Result<Option<Vec<u64>>, ForgeError> {
                let there: Vec<&wire::User> = there.iter().flatten().collect();
                let lacks: Vec<String> = wanted
                    .iter()
                    .filter(|w| !there.iter().any(|t| t.username.eq_ignore_ascii_case(w)))
                    .cloned()
                    .collect();
                if lacks.is_empty() {
                    return Ok(None);
                }
                let mut ids: Vec<u64> = there.iter().map(|u| u.id).collect();
                ids.extend(self.ids(&lacks)?);
                Ok(Some(ids))
            };
        if let Some(ids) = more(&draft.reviewers, &before.reviewers)? {
            order["reviewer_ids"] = json!(ids);
        }
        if let Some(ids) = more(&draft.assignees, &before.assignees)? {
            order["assignee_ids"] = json!(ids);
        }
        let raw: wire::MergeRequest = self.api.send(Method::Put, &self.request(number), &order)?;
        Ok(view_of(&raw))
    }

    fn view(&self, number: u64) -> Result<MergeRequestView, ForgeError> {
        self.raw(number).map(|raw| view_of(&raw))
    }

    fn body(&self, number: u64) -> Result<String, ForgeError> {
        Ok(self.raw(number)?.description.unwrap_or_default())
    }

    fn reviews(&self, number: u64) -> Result<Vec<Approval>, ForgeError> {
        people::reviews(self, number)
    }

    fn review(&self, review: &Review<'_>) -> Result<Approval, ForgeError> {
        people::review(self, review)
    }

    fn pipeline(&self, number: u64, commit: &str) -> Result<Pipeline, ForgeError> {
        let required = self.project()?.only_allow_merge_if_pipeline_succeeds == Some(true);
        let raw = self.raw(number)?;
        if raw.sha.as_deref() != Some(commit) {
            return Ok(Pipeline { required, running: true, ..Pipeline::default() });
        }
        let mut head = raw.head_pipeline;
        if head.is_none() {
            let path = format!("{}/pipelines", self.request(number));
            let all: Vec<wire::Pipeline> = self.api.get(&path)?;
            head = all.into_iter().filter(|p| p.sha.as_deref() == Some(commit)).max_by_key(|p| p.id);
        }
        let Some(head) = head else { return Ok(Pipeline { required, ..Pipeline::default() }) };
        let project = head.project_id.map_or_else(|| self.here(), |id| format!("/projects/{id}"));
        let jobs: Vec<wire::Job> =
            self.api.list(&format!("{project}/pipelines/{}/jobs?per_page=100", head.id))?;
        let job = |j: &wire::Job| Job {
            name: j.name.clone(),
            state: job_state(&j.status),
            url: j.web_url.clone(),
            required: j.allow_failure != Some(true),
            id: Some(j.id),
        };
        let mut jobs: Vec<Job> = jobs.iter().map(job).collect();
        let whole = job_state(&head.status);
        // External statuses and child pipelines are no jobs; they show in the whole.
        let red = jobs.iter().any(|j| j.required && j.state == JobState::Failed);
        if jobs.is_empty() || whole == JobState::Failed && !red {
            let url = head.web_url.clone();
            jobs.push(Job { name: "the pipeline".to_owned(), state: whole, url, required: true, id: None });
        }
        Ok(Pipeline { url: head.web_url, jobs, required, running: whole == JobState::Running })
    }

    fn job_log(&self, id: u64) -> Result<Option<String>, ForgeError> {
        match self.api.text(&format!("{}/jobs/{id}/trace", self.here()), 64 * 1024) {
            Ok(text) => Ok(Some(text)),
            Err(CallError::Status { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    fn readiness(&self, number: u64) -> Result<Readiness, ForgeError> {
        let raw = self.raw(number)?;
        if raw.state != "opened" {
            return Ok(if raw.state == "locked" { Readiness::Checking } else { Readiness::NotOpen });
        }
        if self.train(number)? {
            return Ok(Readiness::Queued);
        }
        let answer = ready::gitlab(status_of(&raw));
        if let Readiness::Waits { kind, what } = &answer
            && raw.detailed_merge_status.as_deref() == Some("not_approved")
        {
            let rules = people::missing_rules(self, number)?;
            if !rules.is_empty() {
                return Ok(Readiness::Waits { kind: *kind, what: format!("{what}: {}", rules.join("; ")) });
            }
        }
        Ok(answer)
    }

    fn merge(&self, order: &MergeOrder<'_>) -> Result<MergeRequestView, ForgeError> {
        let number = order.number;
        let before = self.raw(number)?;
        match before.state.as_str() {
            "merged" | "closed" => return Err(ForgeError::NotOpen { number, state: "no longer open" }),
            _ => {}
        }
        if before.target_branch != order.target {
            return Err(ForgeError::Moved(format!("the target of merge request !{number}")));
        }
        if self.project()?.merge_trains_enabled == Some(true) {
            return self.board(order);
        }
        let mut body = json!({
            "sha": order.commit,
            "merge_commit_message": order.message.trim_end(),
            "should_remove_source_branch": false,
        });
        if self.method == Some(MergeMethod::Squash) {
            body["squash"] = json!(true);
        }
        let path = format!("{}/merge", self.request(number));
        let raw: wire::MergeRequest =
            self.api.send(Method::Put, &path, &body).map_err(|e| self.unmerged(number, e))?;
        match raw.state.as_str() {
            "merged" => Ok(view_of(&raw)),
            _ => {
                Err(ForgeError::Unsure(format!("!{number} was taken for the merge and is {} yet", raw.state)))
            }
        }
    }

    fn authors(&self, number: u64) -> Result<Vec<String>, ForgeError> {
        let raw = self.raw(number)?;
        Ok(raw.author.map(|a| people::shown(&a)).into_iter().collect())
    }

    fn health(&self) -> Result<Health, ForgeError> {
        people::health(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_a_word_before_the_title() {
        for (title, bare) in [
            ("Draft: [INC-1] x", "[INC-1] x"),
            ("[Draft] x", "x"),
            ("WIP: x", "x"),
            ("Drafting: x", "Drafting: x"),
            ("[INC-1] Draft: x", "[INC-1] Draft: x"),
        ] {
            assert_eq!(bare_title(title), bare);
        }
    }
}
