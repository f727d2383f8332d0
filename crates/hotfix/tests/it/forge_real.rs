//! The contract and the whole way on a real Forgejo or Gitea, where one is at
//! hand: `HOTFIX_TEST_FORGEJO=http://admin:password@127.0.0.1:3000` names a
//! throw-away server and its administrator. Everything is made anew there, in a
//! project of its own; nothing is removed.

use crate::forge_contract::{self, Site};
use crate::forge_gitlab::hasty;
use crate::forge_run::ROLES;
use crate::repo::{Clone, GOOD, REPRODUCE, World, answer};
use hotfix::connect::forge::api::{Api, Pace, Place, Scheme};
use hotfix::connect::forge::credentials::{Secret, Source};
use hotfix::connect::forge::{Forge, forgejo, gitlab};
use hotfix::connect::http::Http;
use hotfix::error::Failure;
use hotfix::sys::clock::Clock;
use serde_json::{Value, json};
use std::time::Duration;

struct Token(String);

impl Source for Token {
    fn token(&self) -> Result<Option<Secret>, Failure> {
        Ok(Secret::new(&self.0))
    }
}

/// A project on a real server.
struct Real {
    world: World,
    /// With the administrator's name and password.
    admin: String,
    web: String,
    project: String,
    dana: String,
    olga: String,
}

impl Real {
    /// A fresh project; none where no server is at hand.
    fn new(config: &str) -> Option<Real> {
        let Ok(admin) = std::env::var("HOTFIX_TEST_FORGEJO") else {
            use std::io::Write as _;
            let _ = writeln!(
                std::io::stderr(),
                "NOT CHECKED: no real Forgejo or Gitea is named (HOTFIX_TEST_FORGEJO)"
            );
            return None;
        };
        let world = World::configured(&format!("[forge]\nkind = \"forgejo\"\n{ROLES}{config}"));
        let (scheme, rest) = admin.split_once("://").unwrap();
        let web = format!("{scheme}://{}", rest.rsplit('@').next().unwrap());
        let mut real = Real {
            world,
            admin: admin.clone(),
            web,
            project: String::new(),
            dana: String::new(),
            olga: String::new(),
        };
        real.account("dana");
        real.account("olga-k");
        real.dana = real.token("dana");
        real.olga = real.token("olga-k");
        let name = format!("app-{}", jiff::Timestamp::now().as_nanosecond());
        real.call("POST", "admin/users/dana/repos", &json!({"name": name, "private": false}));
        real.project = format!("dana/{name}");
        real.call(
            "PUT",
            &format!("repos/{}/collaborators/olga-k", real.project),
            &json!({"permission": "write"}),
        );
        let url = format!("{}/{}.git", real.web, real.project);
        for clone in [&real.world.dana, &real.world.olga] {
            clone.git(["remote", "set-url", "origin", &url]);
            let helper = format!("!f() {{ echo username=dana; echo password={}; }}; f", real.dana);
            clone.git(["config", "--global", "credential.helper", &helper]);
        }
        let seed = real.world.origin().dir;
        let dana = &real.world.dana;
        dana.git([
            "fetch",
            "--quiet",
            &seed.to_string_lossy(),
            "+refs/heads/*:refs/seed/*",
            "refs/tags/*:refs/tags/*",
        ]);
        dana.git(["push", "--quiet", "origin", "refs/seed/main:refs/heads/main"]);
        dana.git(["push", "--quiet", "origin", "refs/seed/production:refs/heads/production", "--tags"]);
        dana.git(["fetch", "--quiet", "origin"]);
        Some(real)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call_as(&self.admin, method, path, body)
    }

    fn call_as(&self, root: &str, method: &str, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let url = format!("{root}/api/v1/{path}");
        let args = ["-sS", "-X", method, "-H", "content-type: application/json", "-d", &body, &url];
        let said = answer(self.world.dana.command("curl").args(args)).exits(0).out;
        serde_json::from_str(&said).unwrap_or(Value::Null)
    }

    fn account(&self, login: &str) {
        let order = json!({"username": login, "email": format!("{login}@people.example"), "password": "a-Secret-99", "must_change_password": false});
        self.call("POST", "admin/users", &order);
        self.call("PATCH", &format!("admin/users/{login}"), &json!({"password": "a-Secret-99", "must_change_password": false, "login_name": login, "source_id": 0}));
    }

    fn token(&self, login: &str) -> String {
        let root = self.web.replace("://", &format!("://{login}:a-Secret-99@"));
        let name = format!("t{}", jiff::Timestamp::now().as_nanosecond());
        let order = json!({"name": name, "scopes": ["write:repository", "write:issue", "read:user", "read:organization"]});
        let made = self.call_as(&root, "POST", &format!("users/{login}/tokens"), &order);
        made["sha1"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    fn place(&self) -> Place {
        Place {
            name: "Forgejo (real)".to_owned(),
            base: format!("{}/api/v1", self.web),
            scheme: Scheme::Token,
            headers: vec![("accept", "application/json".to_owned())],
        }
    }
}

impl Site for Real {
    fn forge(&self, login: &str) -> Box<dyn Forge> {
        let token = if login == "dana" { &self.dana } else { &self.olga };
        let clock = Clock::of(&self.world.dana.dir, None);
        let pace = Pace { whole: Duration::from_secs(20), ..hasty() };
        let api =
            Api::new(self.place(), Http::new(), Box::new(Token(token.clone())), clock, |_| ()).paced(pace);
        let which = gitlab::Which {
            project: self.project.clone(),
            fork: None,
            method: None,
            fetch: Box::new(|| Ok(())),
        };
        Box::new(forgejo::Forgejo::new(api, which))
    }

    fn clone(&self) -> &Clone {
        &self.world.dana
    }

    fn close(&self, number: u64) {
        self.call("PATCH", &format!("repos/{}/pulls/{number}", self.project), &json!({"state": "closed"}));
    }

    fn write_around(&self, number: u64, before: &str) {
        let path = format!("repos/{}/pulls/{number}", self.project);
        let body = self.call("GET", &path, &Value::Null)["body"].as_str().unwrap().to_owned();
        self.call("PATCH", &path, &json!({"body": format!("{before}{body}")}));
    }
}

/// One after the other: they share the server's accounts.
#[test]
fn on_a_real_one() {
    let Some(real) = Real::new("") else { return };
    forge_contract::holds(&real);
    the_whole_way();
}

fn the_whole_way() {
    let Some(real) = Real::new("") else { return };
    let dana = real.world.dana.env("FORGEJO_TOKEN", &real.dana);
    dana.hotfix(["doctor"]).exits(0).answers("Forgejo or Gitea on http");
    let worktree = dana.start("INC-1", &[]);
    dana.hotfix(REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    dana.hotfix(["ship"]).exits(3).says("the approval of on-call");
    let path = format!("repos/{}/pulls/1", real.project);
    let commit = real.call("GET", &path, &Value::Null)["head"]["sha"].as_str().unwrap().to_owned();
    let root = real.web.replace("://", "://olga-k:a-Secret-99@");
    let order = json!({"event": "APPROVED", "body": "looks right", "commit_id": commit});
    real.call_as(&root, "POST", &format!("{path}/reviews"), &order);
    dana.hotfix(["ship"]).exits(0);
    dana.hotfix(["run"]).exits(3);
    let pulls = real.call("GET", &format!("repos/{}/pulls?state=all", real.project), &Value::Null);
    let all: Vec<_> =
        pulls.as_array().unwrap().iter().map(|p| (p["base"]["ref"].clone(), p["merged"].clone())).collect();
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|(_, merged)| *merged == true), "{all:?}");
    let labels = real.call("GET", &format!("repos/{}/labels", real.project), &Value::Null);
    assert_eq!(labels.as_array().unwrap().len(), 1, "{labels}");
    dana.git(["fetch", "--quiet", "--tags", "origin"]);
    assert_eq!(dana.git(["rev-parse", "v1.0.1^{commit}"]), dana.git(["rev-parse", "origin/production"]));
    assert!(dana.git(["show", "origin/main:app.txt"]).contains("state=good"));
    assert!(dana.git(["log", "--format=%B", "origin/main"]).contains("cherry picked from commit"));
    dana.hotfix(["log", "--verify"]).exits(0).answers("carries the head of record");
}
