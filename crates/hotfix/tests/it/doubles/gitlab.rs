//! A GitLab: the Community Edition's behaviour, with the switches that a
//! project has.

use super::{Answer, Asked, Bare, Double, USERS, User, now, page, user};
use serde_json::{Value, json};

/// A merge request of the double.
#[derive(Debug, Clone)]
pub struct Mr {
    pub iid: u64,
    pub title: String,
    pub description: String,
    pub source: String,
    pub target: String,
    pub state: &'static str,
    pub author: &'static User,
    pub labels: Vec<String>,
    pub reviewers: Vec<u64>,
    pub assignees: Vec<u64>,
    pub approvals: Vec<(u64, String)>,
    pub objections: Vec<u64>,
    pub versions: Vec<(String, String)>,
    pub notes: Vec<Value>,
    pub head: String,
    pub merge_commit: Option<String>,
    pub merged_at: Option<String>,
}

/// A job: its name, how it stands, and whether it may fail.
pub type Job = (&'static str, &'static str, bool);

/// The project and its switches.
#[expect(clippy::struct_excessive_bools, reason = "a project on a forge has that many switches")]
pub struct Gitlab {
    pub base: String,
    pub path: String,
    pub bare: Bare,
    pub mrs: Vec<Mr>,
    pub labels: Vec<String>,
    pub archived: bool,
    pub merge_method: &'static str,
    pub squash: bool,
    pub pipeline_must_succeed: bool,
    /// Status of the head's pipeline and its jobs: name, status, may fail.
    pub pipeline: Option<(&'static str, Vec<Job>)>,
    pub approvals_required: usize,
    pub scopes: Vec<&'static str>,
    pub page_size: usize,
    pub trains: bool,
    pub riding: Vec<u64>,
    pub revoked: bool,
}

impl Gitlab {
    pub fn new(port: u16, path: &str, bare: Bare) -> Gitlab {
        Gitlab {
            base: format!("http://127.0.0.1:{port}"),
            path: path.to_owned(),
            bare,
            mrs: Vec::new(),
            labels: Vec::new(),
            archived: false,
            merge_method: "merge",
            squash: false,
            pipeline_must_succeed: false,
            pipeline: None,
            approvals_required: 0,
            scopes: vec!["api"],
            page_size: 100,
            trains: false,
            riding: Vec::new(),
            revoked: false,
        }
    }

    fn person(id: u64) -> &'static User {
        USERS.iter().find(|u| u.id == id).unwrap()
    }

    fn user_json(&self, u: &User) -> Value {
        json!({"id": u.id, "username": u.login, "name": u.name, "state": "active", "locked": false, "public_email": "",
               "avatar_url": null, "web_url": format!("{}/{}", self.base, u.login)})
    }

    fn project_json(&self) -> Value {
        let name = self.path.rsplit('/').next().unwrap();
        json!({"id": 77, "name": name, "path": name, "path_with_namespace": self.path, "archived": self.archived,
               "default_branch": "main", "web_url": format!("{}/{}", self.base, self.path), "merge_method": self.merge_method,
               "squash_option": if self.squash { "always" } else { "default_off" }, "merge_requests_enabled": true,
               "only_allow_merge_if_pipeline_succeeds": self.pipeline_must_succeed, "merge_trains_enabled": self.trains,
               "permissions": {"project_access": {"access_level": 40, "notification_level": 3}, "group_access": null}})
    }

    /// Brings what was pushed since into the merge requests.
    fn look_at_the_branches(&mut self) {
        for mr in self.mrs.iter_mut().filter(|m| m.state == "opened") {
            if let Some(head) = self.bare.branch(&mr.source)
                && head != mr.head
            {
                mr.head.clone_from(&head);
                mr.versions.push((head, now()));
            }
        }
    }

    fn status(&self, mr: &Mr) -> &'static str {
        if mr.state != "opened" {
            return "not_open";
        }
        if is_draft(&mr.title) {
            return "draft_status";
        }
        if self.bare.conflicts(&mr.target, &mr.source) {
            return "conflict";
        }
        match self.pipeline.as_ref().map(|p| p.0) {
            Some("running") if self.pipeline_must_succeed => return "ci_still_running",
            Some("failed") | None if self.pipeline_must_succeed => return "ci_must_pass",
            _ => {}
        }
        if mr.approvals.len() < self.approvals_required {
            return "not_approved";
        }
        "mergeable"
    }

    fn pipeline_json(&self, mr: &Mr) -> Value {
        let Some((status, _)) = &self.pipeline else { return Value::Null };
        json!({"id": 900 + mr.iid, "iid": mr.iid, "project_id": 77, "sha": mr.head, "ref": mr.source, "status": status,
               "source": "push", "created_at": now(), "updated_at": now(),
               "web_url": format!("{}/{}/-/pipelines/{}", self.base, self.path, 900 + mr.iid)})
    }

    fn mr_json(&self, mr: &Mr) -> Value {
        let users = |ids: &[u64]| ids.iter().map(|id| self.user_json(Self::person(*id))).collect::<Vec<_>>();
        json!({"id": 5000 + mr.iid, "iid": mr.iid, "project_id": 77, "title": mr.title, "description": mr.description,
               "state": mr.state, "created_at": mr.versions[0].1, "updated_at": now(), "merged_at": mr.merged_at,
               "source_branch": mr.source, "target_branch": mr.target, "source_project_id": 77, "target_project_id": 77,
               "author": self.user_json(mr.author), "assignees": users(&mr.assignees), "reviewers": users(&mr.reviewers),
               "labels": mr.labels, "draft": is_draft(&mr.title), "work_in_progress": is_draft(&mr.title),
               "merge_status": if self.status(mr) == "conflict" { "cannot_be_merged" } else { "can_be_merged" },
               "detailed_merge_status": self.status(mr), "sha": mr.head,
               "merge_commit_sha": mr.merge_commit.as_ref().filter(|c| **c != mr.head && !self.squash),
               "squash_commit_sha": mr.merge_commit.as_ref().filter(|_| self.squash),
               "has_conflicts": self.status(mr) == "conflict", "squash": self.squash,
               "web_url": format!("{}/{}/-/merge_requests/{}", self.base, self.path, mr.iid),
               "head_pipeline": self.pipeline_json(mr)})
    }

    fn note(&self, author: &User, body: &str, system: bool) -> Value {
        json!({"id": 1, "body": body, "author": self.user_json(author), "created_at": now(), "updated_at": now(),
               "system": system, "noteable_id": 1, "noteable_type": "MergeRequest", "internal": false})
    }

    /// A person approves on the page.
    pub fn approve(&mut self, iid: u64, login: &str) {
        self.look_at_the_branches();
        let (note, id) = (self.note(user(login), "approved this merge request", true), user(login).id);
        let mr = &mut self.mrs[at(iid)];
        mr.approvals.push((id, now()));
        mr.notes.push(note);
    }

    /// A person requests changes on the page.
    pub fn request_changes(&mut self, iid: u64, login: &str) {
        self.look_at_the_branches();
        let (note, id) = (self.note(user(login), "requested changes", true), user(login).id);
        let mr = &mut self.mrs[at(iid)];
        mr.objections.push(id);
        mr.notes.push(note);
    }

    /// A person writes a comment.
    pub fn comment(&mut self, iid: u64, login: &str, text: &str) {
        let note = self.note(user(login), text, false);
        self.mrs[at(iid)].notes.push(note);
    }

    /// Somebody merges it on the page, or a merge train arrives.
    pub fn merge(&mut self, iid: u64) -> bool {
        self.look_at_the_branches();
        let mr = self.mrs[at(iid)].clone();
        let how = if self.squash { "squash" } else { self.merge_method };
        let message = format!("Merge branch '{}'", mr.source);
        let Some(new) = self.bare.merge(&mr.target, &mr.source, how, &message) else { return false };
        let mr = &mut self.mrs[at(iid)];
        mr.state = "merged";
        mr.merged_at = Some(now());
        mr.merge_commit = Some(new);
        self.riding.retain(|n| *n != iid);
        true
    }

    fn open(&mut self, asked: &Asked, me: &'static User) -> Answer {
        let (Some(title), Some(source), Some(target)) =
            (asked.text("title"), asked.text("source_branch"), asked.text("target_branch"))
        else {
            return Answer::json(400, &json!({"error": "title is missing, source_branch is missing"}));
        };
        let (Some(head), Some(_)) = (self.bare.branch(source), self.bare.branch(target)) else {
            return Answer::json(409, &json!({"message": ["Source branch \"x\" does not exist"]}));
        };
        if let Some(other) =
            self.mrs.iter().find(|m| m.state == "opened" && m.source == source && m.target == target)
        {
            let said =
                format!("Another open merge request already exists for this source branch: !{}", other.iid);
            return Answer::json(409, &json!({"message": [said]}));
        }
        let mr = Mr {
            iid: self.mrs.len() as u64 + 1,
            title: title.to_owned(),
            description: asked.text("description").unwrap_or_default().to_owned(),
            source: source.to_owned(),
            target: target.to_owned(),
            state: "opened",
            author: me,
            labels: words(&asked.body["labels"]),
            reviewers: numbers(&asked.body["reviewer_ids"]),
            assignees: numbers(&asked.body["assignee_ids"]),
            approvals: Vec::new(),
            objections: Vec::new(),
            versions: vec![(head.clone(), now())],
            notes: Vec::new(),
            head,
            merge_commit: None,
            merged_at: None,
        };
        self.mrs.push(mr.clone());
        Answer::json(201, &self.mr_json(&mr))
    }

    fn update(&mut self, at: usize, asked: &Asked) -> Answer {
        let mr = &mut self.mrs[at];
        for (field, to) in [
            ("title", &mut mr.title),
            ("description", &mut mr.description),
            ("target_branch", &mut mr.target),
        ] {
            if let Some(text) = asked.text(field) {
                text.clone_into(to);
            }
        }
        for label in words(&asked.body["add_labels"]) {
            if !mr.labels.contains(&label) {
                mr.labels.push(label);
            }
        }
        if asked.body.get("reviewer_ids").is_some() {
            mr.reviewers = numbers(&asked.body["reviewer_ids"]);
        }
        if asked.body.get("assignee_ids").is_some() {
            mr.assignees = numbers(&asked.body["assignee_ids"]);
        }
        match asked.text("state_event") {
            Some("close") => mr.state = "closed",
            Some("reopen") => mr.state = "opened",
            _ => {}
        }
        let mr = mr.clone();
        Answer::json(200, &self.mr_json(&mr))
    }

    fn put_merge(&mut self, at: usize, asked: &Asked) -> Answer {
        let mr = self.mrs[at].clone();
        if self.status(&mr) != "mergeable" {
            return Answer::json(405, &json!({"message": "405 Method Not Allowed"}));
        }
        if asked.text("sha").is_some_and(|sha| sha != mr.head) {
            let said = format!("SHA does not match HEAD of source branch: {}", mr.head);
            return Answer::json(409, &json!({"message": said}));
        }
        if !self.merge(mr.iid) {
            return Answer::json(422, &json!({"message": "Branch cannot be merged"}));
        }
        let mr = self.mrs[at].clone();
        Answer::json(200, &self.mr_json(&mr))
    }

    fn approvals(&self, mr: &Mr, me: &User) -> Value {
        let by: Vec<Value> = mr
            .approvals
            .iter()
            .map(|(id, at)| json!({"user": self.user_json(Self::person(*id)), "approved_at": at}))
            .collect();
        json!({"user_has_approved": mr.approvals.iter().any(|(id, _)| *id == me.id), "user_can_approve": true,
               "approved": mr.approvals.len() >= self.approvals_required, "approved_by": by})
    }

    fn of_request(&mut self, asked: &Asked, rest: &[&str], me: &'static User) -> Answer {
        let at = rest[0].parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < self.mrs.len());
        let Some(at) = at else { return not_found() };
        let mr = self.mrs[at].clone();
        match (asked.method.as_str(), &rest[1..]) {
            ("GET", []) => Answer::json(200, &self.mr_json(&mr)),
            ("PUT", []) => self.update(at, asked),
            ("PUT", ["merge"]) => self.put_merge(at, asked),
            ("GET", ["approvals"]) => Answer::json(200, &self.approvals(&mr, me)),
            ("POST", ["approve"]) => {
                if asked.text("sha").is_some_and(|sha| sha != mr.head) {
                    return Answer::json(
                        409,
                        &json!({"message": "SHA does not match HEAD of source branch"}),
                    );
                }
                if mr.state != "opened"
                    || mr.author.id == me.id
                    || mr.approvals.iter().any(|(id, _)| *id == me.id)
                {
                    return Answer::json(401, &json!({"message": "401 Unauthorized"}));
                }
                self.approve(mr.iid, me.login);
                let mr = self.mrs[at].clone();
                Answer::json(201, &self.approvals(&mr, me))
            }
            ("GET", ["reviewers"]) => {
                let all: Vec<Value> = mr
                    .objections
                    .iter()
                    .map(|id| json!({"user": self.user_json(Self::person(*id)), "state": "requested_changes", "created_at": now()}))
                    .collect();
                page(asked, &all, self.page_size)
            }
            ("GET", ["versions"]) => {
                let all: Vec<Value> = mr
                    .versions
                    .iter()
                    .rev()
                    .map(|(sha, at)| json!({"id": 1, "head_commit_sha": sha, "base_commit_sha": sha, "start_commit_sha": sha,
                                           "created_at": at, "merge_request_id": 5000 + mr.iid, "state": "collected"}))
                    .collect();
                page(asked, &all, self.page_size)
            }
            ("GET", ["notes"]) => page(asked, &mr.notes, self.page_size),
            ("POST", ["notes"]) => {
                self.comment(mr.iid, me.login, asked.text("body").unwrap_or_default());
                Answer::json(201, self.mrs[at].notes.last().unwrap())
            }
            ("GET", ["pipelines"]) => {
                let one = self.pipeline_json(&mr);
                page(asked, &if one.is_null() { vec![] } else { vec![one] }, self.page_size)
            }
            _ => not_found(),
        }
    }

    fn of_project(&mut self, asked: &Asked, rest: &[&str], me: &'static User) -> Answer {
        match (asked.method.as_str(), rest) {
            ("GET", []) => Answer::json(200, &self.project_json()),
            ("GET", ["labels"]) => {
                let wanted = asked.query.get("search").cloned().unwrap_or_default();
                let label = |n: &String| json!({"id": 3, "name": n, "color": "#d9534f", "text_color": "#FFFFFF", "description": "", "is_project_label": true});
                let all: Vec<Value> = self.labels.iter().filter(|l| l.contains(&wanted)).map(label).collect();
                page(asked, &all, self.page_size)
            }
            ("POST", ["labels"]) => {
                let name = asked.text("name").unwrap_or_default().to_owned();
                if self.labels.contains(&name) {
                    return Answer::json(409, &json!({"message": "Label already exists"}));
                }
                self.labels.push(name.clone());
                Answer::json(
                    201,
                    &json!({"id": 3, "name": name, "color": asked.text("color"), "is_project_label": true}),
                )
            }
            ("POST", ["merge_requests"]) => self.open(asked, me),
            ("GET", ["merge_requests"]) => {
                let wanted = asked.query.get("source_branch");
                let all: Vec<Value> = self
                    .mrs
                    .iter()
                    .rev()
                    .filter(|m| wanted.is_none_or(|w| *w == m.source))
                    .map(|m| self.mr_json(m))
                    .collect();
                page(asked, &all, self.page_size)
            }
            (_, ["merge_requests", rest @ ..]) if !rest.is_empty() => self.of_request(asked, rest, me),
            ("GET", ["pipelines", _, "jobs"]) => {
                let jobs = self.pipeline.as_ref().map(|p| p.1.clone()).unwrap_or_default();
                let all: Vec<Value> = jobs
                    .iter()
                    .enumerate()
                    .map(|(i, (name, status, may_fail))| {
                        json!({"id": 400 + i, "name": name, "status": status, "allow_failure": may_fail, "stage": "test",
                               "web_url": format!("{}/{}/-/jobs/{}", self.base, self.path, 400 + i)})
                    })
                    .collect();
                page(asked, &all, self.page_size)
            }
            ("GET", ["jobs", id, "trace"]) => Answer::text(
                200,
                &format!(
                    "\u{1b}[0KRunning with runner\nassertion failed: job {id}\nERROR: Job failed: exit code 1\n"
                ),
            ),
            ("GET", ["merge_trains", "merge_requests", id]) => {
                let id = id.parse().unwrap_or(0);
                let riding = self.riding.contains(&id);
                if riding { Answer::json(200, &json!({"id": 8, "status": "fresh"})) } else { not_found() }
            }
            ("POST", ["merge_trains", "merge_requests", id]) => {
                self.riding.push(id.parse().unwrap_or(0));
                Answer::json(201, &json!([{"id": 8, "status": "idle"}]))
            }
            _ => not_found(),
        }
    }
}

impl Double for Gitlab {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let bearer = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let token = [asked.header("private-token"), bearer].into_iter().find(|t| !t.is_empty());
        let me = token.and_then(|t| USERS.iter().find(|u| u.token == t)).filter(|_| !self.revoked);
        let Some(me) = me else {
            return Answer::json(401, &json!({"message": "401 Unauthorized"}));
        };
        if asked.changes() && !self.scopes.contains(&"api") {
            return Answer::json(
                403,
                &json!({"error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api"}),
            );
        }
        self.look_at_the_branches();
        let parts: Vec<&str> = asked.parts.iter().map(String::as_str).collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["user"]) => Answer::json(200, &self.user_json(me)),
            ("GET", ["users"]) => {
                let wanted = asked.query.get("username").cloned().unwrap_or_default();
                let all: Vec<Value> =
                    USERS.iter().filter(|u| u.login == wanted).map(|u| self.user_json(u)).collect();
                page(asked, &all, self.page_size)
            }
            ("GET", ["users", id]) => match USERS.iter().find(|u| u.id.to_string() == *id) {
                Some(u) => Answer::json(200, &self.user_json(u)),
                None => not_found(),
            },
            ("GET", ["version"]) => Answer::json(200, &json!({"version": "18.4.0", "revision": "abc"})),
            ("GET", ["personal_access_tokens", "self"]) => Answer::json(
                200,
                &json!({"id": 1, "scopes": self.scopes, "expires_at": "2027-01-01", "active": true}),
            ),
            (_, ["projects", path, rest @ ..]) if *path == self.path || *path == "77" => {
                if self.archived && asked.changes() {
                    return Answer::json(403, &json!({"message": "403 Forbidden"}));
                }
                self.of_project(asked, rest, me)
            }
            _ => not_found(),
        }
    }
}

/// The place of a number that counts from 1.
fn at(number: u64) -> usize {
    usize::try_from(number).unwrap() - 1
}

fn not_found() -> Answer {
    Answer::json(404, &json!({"message": "404 Not found"}))
}

fn is_draft(title: &str) -> bool {
    title.to_lowercase().starts_with("draft:")
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(|i| i.as_str().map(str::to_owned)).collect(),
        Value::String(text) => {
            text.split(',').map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().map(|a| a.iter().filter_map(Value::as_u64).collect()).unwrap_or_default()
}
