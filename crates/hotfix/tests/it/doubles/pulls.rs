//! GitHub, and Forgejo with Gitea: two interfaces of one family over one state.

use super::{Answer, Asked, Bare, Double, USERS, User, now, page, user};
use serde_json::{Value, json};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Github,
    Forgejo,
}

/// A pull request of the double.
#[derive(Debug, Clone)]
pub struct Pr {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub head: String,
    pub base: String,
    pub state: &'static str,
    pub draft: bool,
    pub author: &'static User,
    pub labels: Vec<String>,
    pub asked: Vec<String>,
    pub assignees: Vec<String>,
    pub reviews: Vec<Value>,
    pub comments: Vec<Value>,
    pub sha: String,
    pub merge_commit: Option<String>,
    pub merged_at: Option<String>,
}

/// A repository with its requests.
pub struct Pulls {
    pub kind: Kind,
    pub base: String,
    pub owner: &'static str,
    pub name: &'static str,
    pub bare: Bare,
    pub prs: Vec<Pr>,
    pub labels: Vec<String>,
    pub statuses: Vec<(&'static str, &'static str)>,
    pub required: Vec<&'static str>,
    pub approvals_required: usize,
    pub queue: Option<Vec<u64>>,
    pub page_size: usize,
    pub limited: usize,
}

impl Pulls {
    pub fn new(kind: Kind, port: u16, bare: Bare) -> Pulls {
        Pulls {
            kind,
            base: format!("http://127.0.0.1:{port}"),
            owner: "acme",
            name: "app",
            bare,
            prs: Vec::new(),
            labels: Vec::new(),
            statuses: Vec::new(),
            required: Vec::new(),
            approvals_required: 0,
            queue: None,
            page_size: 100,
            limited: 0,
        }
    }

    fn github(&self) -> bool {
        self.kind == Kind::Github
    }

    fn user_json(&self, login: &str) -> Value {
        let u = user(login);
        let mut json = json!({"login": u.login, "id": u.id, "avatar_url": "", "html_url": format!("{}/{}", self.base, u.login)});
        if self.github() {
            json["type"] = json!("User");
            json["name"] = json!(u.name);
            json["email"] = Value::Null;
        } else {
            json["full_name"] = json!(u.name);
            json["email"] = json!(format!("{}@noreply.127.0.0.1", u.login));
        }
        json
    }

    fn repo_json(&self) -> Value {
        let full = format!("{}/{}", self.owner, self.name);
        json!({"id": 7, "name": self.name, "full_name": full, "archived": false, "allow_merge_commit": true, "allow_merge_commits": true,
               "allow_squash_merge": true, "allow_rebase_merge": true, "default_branch": "main", "private": true,
               "permissions": {"admin": true, "push": true, "pull": true}})
    }

    fn look_at_the_branches(&mut self) {
        for pr in self.prs.iter_mut().filter(|p| p.state == "open") {
            if let Some(head) = self.bare.branch(&pr.head)
                && head != pr.sha
            {
                pr.sha = head;
            }
        }
    }

    fn approvals(pr: &Pr) -> usize {
        pr.reviews.iter().filter(|r| r["state"] == "APPROVED").count()
    }

    fn mergeable_state(&self, pr: &Pr) -> &'static str {
        if pr.draft {
            "draft"
        } else if self.bare.conflicts(&pr.base, &pr.head) {
            "dirty"
        } else if self.queue.is_some()
            || Self::approvals(pr) < self.approvals_required
            || self.required.iter().any(|r| !self.statuses.iter().any(|(c, s)| c == r && *s == "success"))
        {
            "blocked"
        } else {
            "clean"
        }
    }

    fn is_draft(&self, pr: &Pr) -> bool {
        if self.github() { pr.draft } else { pr.title.to_lowercase().starts_with("wip:") }
    }

    fn pr_json(&self, pr: &Pr) -> Value {
        let people = |logins: &[String]| logins.iter().map(|l| self.user_json(l)).collect::<Vec<_>>();
        let labels: Vec<Value> = pr
            .labels
            .iter()
            .map(|l| json!({"id": self.id_of(l), "name": l, "color": "d9534f", "description": ""}))
            .collect();
        let mut json = json!({"id": 5000 + pr.number, "node_id": format!("PR_{}", pr.number), "number": pr.number, "title": pr.title,
            "body": pr.body, "state": if pr.state == "merged" { "closed" } else { pr.state }, "draft": self.is_draft(pr), "user": self.user_json(pr.author.login),
            "labels": labels, "assignees": people(&pr.assignees), "requested_reviewers": people(&pr.asked),
            "html_url": format!("{}/{}/{}/pull/{}", self.base, self.owner, self.name, pr.number),
            "merged": pr.state == "merged", "merged_at": pr.merged_at, "merge_commit_sha": pr.merge_commit,
            "head": {"label": pr.head, "ref": pr.head, "sha": pr.sha, "repo": self.repo_json()},
            "base": {"label": pr.base, "ref": pr.base, "sha": self.bare.branch(&pr.base).unwrap_or_default(), "repo": self.repo_json()}});
        if self.github() {
            json["mergeable_state"] = json!(self.mergeable_state(pr));
            json["mergeable"] = json!(!self.bare.conflicts(&pr.base, &pr.head));
        } else {
            json["mergeable"] = json!(!self.bare.conflicts(&pr.base, &pr.head) && !self.is_draft(pr));
        }
        json
    }

    fn id_of(&self, label: &str) -> usize {
        self.labels.iter().position(|l| l == label).map_or(99, |i| i + 1)
    }

    /// A person reviews on the page.
    pub fn review(&mut self, number: u64, login: &str, approved: bool) {
        self.look_at_the_branches();
        let sha = self.prs[at(number)].sha.clone();
        self.reviewed(number, login, approved, "", &sha);
    }

    fn reviewed(&mut self, number: u64, login: &str, approved: bool, body: &str, sha: &str) -> Value {
        let state = match (approved, self.kind) {
            (true, _) => "APPROVED",
            (false, Kind::Github) => "CHANGES_REQUESTED",
            (false, Kind::Forgejo) => "REQUEST_CHANGES",
        };
        let json = json!({"id": 60 + number, "user": self.user_json(login), "state": state, "body": body, "commit_id": sha,
                          "submitted_at": now(), "dismissed": false, "stale": false, "official": true});
        let pr = &mut self.prs[at(number)];
        pr.asked.retain(|a| a != login);
        pr.reviews.push(json.clone());
        json
    }

    /// Merged, on the page or by the queue.
    pub fn merge(&mut self, number: u64, how: &str) -> bool {
        self.look_at_the_branches();
        let pr = self.prs[at(number)].clone();
        let Some(new) = self.bare.merge(&pr.base, &pr.head, how, &format!("Merge #{number}")) else {
            return false;
        };
        let pr = &mut self.prs[at(number)];
        pr.state = "merged";
        pr.merged_at = Some(now());
        pr.merge_commit = Some(new);
        if let Some(queue) = &mut self.queue {
            queue.retain(|n| *n != number);
        }
        true
    }

    fn open(&mut self, asked: &Asked, me: &'static User) -> Answer {
        let text = |field: &str| asked.text(field).unwrap_or_default().to_owned();
        let head = text("head").rsplit(':').next().unwrap_or_default().to_owned();
        let base = text("base");
        let Some(sha) = self.bare.branch(&head) else {
            return Answer::json(
                422,
                &json!({"message": "Validation Failed", "errors": [{"field": "head", "code": "invalid"}]}),
            );
        };
        if self.prs.iter().any(|p| p.state == "open" && p.head == head && p.base == base) {
            let status = if self.github() { 422 } else { 409 };
            return Answer::json(status, &json!({"message": "A pull request already exists"}));
        }
        let ids: Vec<usize> = asked.body["labels"]
            .as_array()
            .map(|a| a.iter().filter_map(|v| v.as_u64().and_then(|n| usize::try_from(n).ok())).collect())
            .unwrap_or_default();
        let pr = Pr {
            number: self.prs.len() as u64 + 1,
            title: text("title"),
            body: text("body"),
            head,
            base,
            state: "open",
            draft: asked.body["draft"] == true,
            author: me,
            labels: ids.iter().filter_map(|i| self.labels.get(i - 1).cloned()).collect(),
            asked: Vec::new(),
            assignees: Vec::new(),
            reviews: Vec::new(),
            comments: Vec::new(),
            sha,
            merge_commit: None,
            merged_at: None,
        };
        self.prs.push(pr.clone());
        Answer::json(201, &self.pr_json(&pr))
    }

    fn put_merge(&mut self, number: u64, asked: &Asked) -> Answer {
        let pr = self.prs[at(number)].clone();
        let (sha, how) = match self.kind {
            Kind::Github => (asked.text("sha"), asked.text("merge_method").unwrap_or("merge")),
            Kind::Forgejo => (asked.text("head_commit_id"), asked.text("Do").unwrap_or_default()),
        };
        let refused = pr.state != "open" || self.is_draft(&pr) || self.mergeable_state(&pr) != "clean";
        if refused {
            return Answer::json(405, &json!({"message": "Pull Request is not mergeable"}));
        }
        if sha.is_some_and(|sha| sha != pr.sha) {
            return Answer::json(
                409,
                &json!({"message": "Head branch was modified. Review and try the merge again."}),
            );
        }
        if !self.merge(number, how) {
            return Answer::json(409, &json!({"message": "merge conflict"}));
        }
        let made = self.prs[at(number)].merge_commit.clone();
        if self.github() {
            Answer::json(
                200,
                &json!({"sha": made, "merged": true, "message": "Pull Request successfully merged"}),
            )
        } else {
            Answer { status: 200, headers: vec![], body: vec![] }
        }
    }

    fn of_pull(&mut self, asked: &Asked, rest: &[&str], me: &'static User) -> Answer {
        let number = rest[0].parse::<u64>().unwrap_or(0);
        if number == 0 || at(number) >= self.prs.len() {
            return not_found();
        }
        let pr = self.prs[at(number)].clone();
        match (asked.method.as_str(), &rest[1..]) {
            ("GET", []) => Answer::json(200, &self.pr_json(&pr)),
            ("PATCH", []) => {
                let edited = &mut self.prs[at(number)];
                for (field, to) in
                    [("title", &mut edited.title), ("body", &mut edited.body), ("base", &mut edited.base)]
                {
                    if let Some(text) = asked.text(field) {
                        text.clone_into(to);
                    }
                }
                if asked.body["assignees"].is_array() {
                    edited.assignees = strings(&asked.body["assignees"]);
                }
                let pr = edited.clone();
                Answer::json(if self.github() { 200 } else { 201 }, &self.pr_json(&pr))
            }
            ("PUT", ["merge"]) if self.github() => self.put_merge(number, asked),
            ("POST", ["merge"]) if !self.github() => self.put_merge(number, asked),
            ("GET", ["reviews"]) => page(asked, &pr.reviews, self.page_size),
            ("POST", ["reviews"]) => {
                if me.id == pr.author.id {
                    return Answer::json(422, &json!({"message": "Can not approve your own pull request"}));
                }
                let approved = matches!(asked.text("event"), Some("APPROVE" | "APPROVED"));
                let sha = asked.text("commit_id").unwrap_or(&pr.sha).to_owned();
                let made =
                    self.reviewed(number, me.login, approved, asked.text("body").unwrap_or_default(), &sha);
                Answer::json(200, &made)
            }
            ("POST", ["requested_reviewers"]) => {
                let names = strings(&asked.body["reviewers"]);
                if names.iter().any(|n| !USERS.iter().any(|u| u.login == n) || n == pr.author.login) {
                    return Answer::json(
                        422,
                        &json!({"message": "Reviews may only be requested from collaborators."}),
                    );
                }
                self.prs[at(number)].asked.extend(names);
                let pr = self.prs[at(number)].clone();
                if self.github() {
                    Answer::json(201, &self.pr_json(&pr))
                } else {
                    Answer::json(201, &Value::Array(vec![]))
                }
            }
            ("GET", ["commits"]) => {
                let range = format!("{}..{}", pr.base, pr.head);
                let log = self.bare.git(&["log", "--format=%H", &range]).unwrap_or_default();
                let author = self.user_json(pr.author.login);
                let all: Vec<Value> = log
                    .lines()
                    .map(|sha| json!({"sha": sha, "author": author, "committer": author}))
                    .collect();
                page(asked, &all, self.page_size)
            }
            _ => not_found(),
        }
    }

    fn of_issue(&mut self, asked: &Asked, rest: &[&str], me: &'static User) -> Answer {
        let number = rest[0].parse::<u64>().unwrap_or(0);
        if number == 0 || at(number) >= self.prs.len() {
            return not_found();
        }
        match (asked.method.as_str(), &rest[1..]) {
            ("POST", ["labels"]) => {
                let names: Vec<String> = asked.body["labels"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|l| {
                        l.as_str().map_or_else(
                            || self.labels[usize::try_from(l.as_u64().unwrap()).unwrap() - 1].clone(),
                            str::to_owned,
                        )
                    })
                    .collect();
                let pr = &mut self.prs[at(number)];
                for name in names.iter().filter(|n| !pr.labels.contains(n)).cloned().collect::<Vec<_>>() {
                    pr.labels.push(name);
                }
                for name in names {
                    if !self.labels.contains(&name) {
                        self.labels.push(name);
                    }
                }
                Answer::json(200, &Value::Array(vec![]))
            }
            ("POST", ["assignees"]) => {
                self.prs[at(number)].assignees.extend(strings(&asked.body["assignees"]));
                Answer::json(201, &json!({"number": number}))
            }
            ("GET", ["comments"]) => page(asked, &self.prs[at(number)].comments, self.page_size),
            ("POST", ["comments"]) => {
                let made = json!({"id": 1, "user": self.user_json(me.login), "body": asked.text("body"), "created_at": now()});
                self.prs[at(number)].comments.push(made.clone());
                Answer::json(201, &made)
            }
            _ => not_found(),
        }
    }

    fn of_repo(&mut self, asked: &Asked, rest: &[&str], me: &'static User) -> Answer {
        match (asked.method.as_str(), rest) {
            ("GET", []) => Answer::json(200, &self.repo_json()),
            ("GET", ["labels"]) => {
                let all: Vec<Value> = self
                    .labels
                    .iter()
                    .map(|l| json!({"id": self.id_of(l), "name": l, "color": "d9534f"}))
                    .collect();
                page(asked, &all, self.page_size)
            }
            ("GET", ["labels", name]) if self.github() => {
                match self.labels.iter().find(|l| l.as_str() == *name) {
                    Some(l) => Answer::json(
                        200,
                        &json!({"id": 1, "name": l, "color": "d9534f", "default": false, "description": "", "node_id": "L", "url": ""}),
                    ),
                    None => not_found(),
                }
            }
            ("POST", ["labels"]) => {
                let name = asked.text("name").unwrap_or_default().to_owned();
                if self.github() && self.labels.contains(&name) {
                    let errors = json!([{"resource": "Label", "code": "already_exists", "field": "name"}]);
                    return Answer::json(422, &json!({"message": "Validation Failed", "errors": errors}));
                }
                // Nothing stops a second one here.
                self.labels.push(name.clone());
                Answer::json(
                    201,
                    &json!({"id": self.labels.len(), "name": name, "color": "d9534f", "default": false, "description": "", "node_id": "L", "url": ""}),
                )
            }
            ("POST", ["pulls"]) => self.open(asked, me),
            ("GET", ["pulls"]) => {
                let head =
                    asked.query.get("head").map(|h| h.rsplit(':').next().unwrap_or_default().to_owned());
                let fits = |p: &&Pr| head.as_ref().is_none_or(|h| *h == p.head);
                let all: Vec<Value> = self.prs.iter().rev().filter(fits).map(|p| self.pr_json(p)).collect();
                page(asked, &all, self.page_size)
            }
            (_, ["pulls", rest @ ..]) if !rest.is_empty() => self.of_pull(asked, rest, me),
            (_, ["issues", rest @ ..]) if !rest.is_empty() => self.of_issue(asked, rest, me),
            ("GET", ["branches", name]) => {
                let Some(sha) = self.bare.branch(name) else { return not_found() };
                let checks = !self.required.is_empty();
                if self.github() {
                    let protection = json!({"enabled": checks, "required_status_checks": {"enforcement_level": "everyone", "contexts": self.required, "checks": []}});
                    return Answer::json(
                        200,
                        &json!({"name": name, "commit": {"sha": sha}, "protected": checks, "protection": protection}),
                    );
                }
                Answer::json(
                    200,
                    &json!({"name": name, "protected": checks, "required_approvals": self.approvals_required, "enable_status_check": checks,
                    "status_check_contexts": self.required, "user_can_merge": true, "user_can_push": true}),
                )
            }
            ("GET", ["commits", sha, "check-runs"]) => {
                let runs: Vec<Value> = self.statuses.iter().filter(|(c, _)| c.starts_with("check/")).enumerate().map(|(i, (name, state))| {
                    let over = *state != "pending";
                    json!({"id": 700 + i, "name": name, "head_sha": sha, "status": if over { "completed" } else { "in_progress" },
                           "conclusion": if over { json!(state) } else { Value::Null }, "html_url": format!("{}/runs/{}", self.base, 700 + i)})
                }).collect();
                Answer::json(200, &json!({"total_count": runs.len(), "check_runs": runs}))
            }
            ("GET", ["commits", sha, "status"]) => {
                let field = if self.github() { "state" } else { "status" };
                let all: Vec<Value> = self.statuses.iter().filter(|(c, _)| !c.starts_with("check/")).map(|(name, state)| {
                    json!({"context": name, field: state, "target_url": format!("{}/ci/{name}", self.base), "description": ""})
                }).collect();
                Answer::json(
                    200,
                    &json!({"sha": sha, "state": "success", "total_count": all.len(), "statuses": all}),
                )
            }
            ("GET", ["actions", "jobs", id, "logs"]) => {
                Answer::text(302, "").with("location", format!("{}/blob/{id}", self.base))
            }
            _ => not_found(),
        }
    }

    fn graphql(&mut self, asked: &Asked) -> Answer {
        let query = asked.text("query").unwrap_or_default();
        let id = asked.body["variables"]["id"].as_str().unwrap_or_default().to_owned();
        let number: u64 = id.trim_start_matches("PR_").parse().unwrap_or(0);
        if query.contains("markPullRequestReadyForReview") {
            self.prs[at(number)].draft = false;
            return Answer::json(
                200,
                &json!({"data": {"markPullRequestReadyForReview": {"pullRequest": {"isDraft": false}}}}),
            );
        }
        if query.contains("enqueuePullRequest") {
            if asked.body["variables"]["head"] != self.prs[at(number)].sha.as_str() {
                return Answer::json(
                    200,
                    &json!({"data": null, "errors": [{"message": "Head sha didn't match expected head oid"}]}),
                );
            }
            self.queue.as_mut().unwrap().push(number);
            return Answer::json(
                200,
                &json!({"data": {"enqueuePullRequest": {"mergeQueueEntry": {"id": "Q"}}}}),
            );
        }
        let queue = self.queue.as_ref().map(|_| json!({"id": "MQ"}));
        let entered = self.queue.as_ref().is_some_and(|q| q.contains(&number));
        Answer::json(200, &json!({"data": {"node": {"isInMergeQueue": entered, "mergeQueue": queue}}}))
    }
}

impl Double for Pulls {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let scheme = if self.github() { "Bearer " } else { "token " };
        let token = asked.header("authorization").strip_prefix(scheme).unwrap_or_default();
        let Some(me) = USERS.iter().find(|u| u.token == token) else {
            return Answer::json(401, &json!({"message": "Bad credentials"}));
        };
        if self.limited > 0 {
            self.limited -= 1;
            let said = json!({"message": "You have exceeded a secondary rate limit."});
            return Answer::json(403, &said).with("retry-after", "1");
        }
        self.look_at_the_branches();
        let parts: Vec<&str> = asked.parts.iter().map(String::as_str).collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["user"]) => Answer::json(200, &self.user_json(me.login)).with("x-oauth-scopes", "repo"),
            ("GET", ["users", login]) if USERS.iter().any(|u| u.login == *login) => {
                Answer::json(200, &self.user_json(login))
            }
            ("GET", ["version"]) if !self.github() => {
                Answer::json(200, &json!({"version": "12.0.0+gitea-1.22.0"}))
            }
            ("POST", ["api", "graphql"]) if self.github() => self.graphql(asked),
            (_, ["repos", owner, name, rest @ ..]) if *owner == self.owner && *name == self.name => {
                self.of_repo(asked, rest, me)
            }
            _ => not_found(),
        }
    }
}

fn at(number: u64) -> usize {
    usize::try_from(number).unwrap() - 1
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .map(|a| a.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
        .unwrap_or_default()
}

fn not_found() -> Answer {
    Answer::json(404, &json!({"message": "Not Found"}))
}
