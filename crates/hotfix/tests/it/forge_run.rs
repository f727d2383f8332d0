//! The whole way of a hotfix on a forge, with the real program: once as it
//! should go, and once with something going wrong at every call. However it
//! goes, it ends with one merge request, one label, one merge, one tag and one
//! request for the port.

use crate::doubles::gitlab::Gitlab;
use crate::doubles::{Bare, Double, Fault, Server, faults_of_a_run, user};
use crate::repo::{Clone, GOOD, REPRODUCE, Ran, World};
use std::collections::BTreeMap;
use std::process::Stdio;

/// People and roles, as accounts of the forge's.
pub const ROLES: &str = r#"
[roles]
on-call = ["Olga Kern <olga@example.org> @olga-k"]
tech-lead = ["@tina"]
reviewer = ["rick"]
"#;

/// Callers that may approve without a terminal.
pub const SIMULATED: &str = "[callers]\nsimulated = [\"olga@example.org\"]\n";

/// A forge for the whole way: the world, the double, and what its page does.
pub struct Stage<D: Double + 'static> {
    pub world: World,
    pub server: Server<D>,
    pub variable: &'static str,
}

/// What there is in the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub requests: Vec<(String, String)>,
    pub labels: Vec<String>,
    pub of_production: Vec<String>,
}

/// What the suite needs of a double.
pub trait Page: Double {
    const KIND: &'static str;
    const ROOT: &'static str;
    const VARIABLE: &'static str;
    const PROJECT: &'static str;
    fn make(port: u16, bare: Bare) -> Self;
    fn approve_on_page(&mut self, number: u64, login: &str);
    fn facts(&self) -> Facts;
}

impl Page for Gitlab {
    const KIND: &'static str = "gitlab";
    const ROOT: &'static str = "/api/v4";
    const VARIABLE: &'static str = "GITLAB_TOKEN";
    const PROJECT: &'static str = "group/subgroup/app";

    fn make(port: u16, bare: Bare) -> Gitlab {
        Gitlab::new(port, Self::PROJECT, bare)
    }

    fn approve_on_page(&mut self, number: u64, login: &str) {
        self.approve(number, login);
    }

    fn facts(&self) -> Facts {
        Facts {
            requests: self.mrs.iter().map(|m| (m.target.clone(), m.state.to_owned())).collect(),
            labels: self.labels.clone(),
            of_production: self.mrs.first().map(|m| m.labels.clone()).unwrap_or_default(),
        }
    }
}

impl<D: Page + 'static> Stage<D> {
    /// A world whose remote is, by its address, a project on the double.
    pub fn new(config: &str) -> Stage<D> {
        let world = World::configured(&format!("[forge]\nkind = \"{}\"\n{ROLES}{config}", D::KIND));
        let bare = Bare(world.origin().dir);
        let server = Server::start(D::ROOT, |port| D::make(port, bare));
        let url = format!("{}/{}.git", server.url(), D::PROJECT);
        world.dana.git(["remote", "set-url", "origin", &url]);
        let path = world.origin().dir.to_string_lossy().into_owned();
        world.dana.git(["config", "--global", &format!("url.{path}.insteadOf"), &url]);
        Stage { world, server, variable: D::VARIABLE }
    }

    /// Dana, with a token.
    pub fn dana(&self) -> Clone {
        self.world
            .dana
            .env(self.variable, user("dana").token)
            .env("HOTFIX_TEST_HTTP_TIME", "2500")
            .env("HOTFIX_TEST_HTTP_DELAY", "10")
    }

    /// Somebody else in their own clone, with their own token.
    pub fn as_person(&self, clone: &str, login: &str) -> Clone {
        let dir = self.world.root().join(clone);
        let there = Clone { dir, env: self.world.olga.env.clone() };
        let url = self.world.dana.git(["config", "--get", "remote.origin.url"]);
        let path = self.world.origin().dir.to_string_lossy().into_owned();
        there.git(["remote", "set-url", "origin", &url]);
        there.git(["config", "--global", &format!("url.{path}.insteadOf"), &url]);
        there.env(self.variable, user(login).token)
    }

    /// Runs a verb as a client that may be killed; whether it was.
    pub fn verb(&self, args: &[&str]) -> (Ran, bool) {
        use std::os::unix::process::ExitStatusExt as _;
        let dana = self.dana();
        let mut command = dana.command(crate::repo::HOTFIX);
        let child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.server.client(child.id());
        let output = child.wait_with_output().unwrap();
        let killed = output.status.signal() == Some(9);
        let ran = Ran {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        (ran, killed)
    }

    /// A verb, again for as long as it is killed or the forge fails it.
    pub fn insist(&self, args: &[&str], ends: &[i32]) -> Ran {
        for round in 0..60 {
            // Whatever was begun goes on by itself.
            let (ran, killed) = self.verb(if round == 0 { args } else { &["run"] });
            if ends.contains(&ran.status) {
                return ran;
            }
            assert!(killed || ran.status == 1 || ran.status == 4, "{ran:?}");
        }
        panic!("`{}` never came to its end", args.join(" "));
    }

    /// From the incident to the port. What somebody does on the page is done in between.
    pub fn whole_way(&self) {
        let dana = self.dana();
        let worktree = dana.start("INC-1", &[]);
        dana.hotfix(REPRODUCE).exits(0);
        std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
        self.insist(&["ship"], &[3]);
        self.server.with(|d| d.approve_on_page(1, "olga-k"));
        self.insist(&["ship"], &[0, 3]);
        self.insist(&["run", "--until", "port"], &[0, 3]);
    }

    /// One of each, and the fix where it belongs.
    pub fn ended_well(&self) {
        let facts = self.server.with(|d| d.facts());
        let wanted =
            [("production", "merged"), ("main", "merged")].map(|(t, s)| (t.to_owned(), s.to_owned()));
        assert_eq!(facts.requests, wanted, "{facts:?}");
        assert_eq!(facts.labels, ["urgent"]);
        assert_eq!(facts.of_production, ["urgent"]);
        let origin = self.world.origin();
        assert_eq!(origin.git(["tag", "--list", "v1.0.*"]), "v1.0.0\nv1.0.1");
        let (tagged, production) =
            (origin.git(["rev-parse", "v1.0.1^{commit}"]), origin.git(["rev-parse", "production"]));
        assert_eq!(tagged, production);
        assert!(origin.git(["show", "production:app.txt"]).contains("state=good"));
        assert!(origin.git(["show", "main:app.txt"]).contains("state=good"));
        let picked = origin.git(["log", "--format=%B", "main"]);
        assert_eq!(picked.matches("cherry picked from commit").count(), 1, "{picked}");
        let status = self.dana().status();
        assert_eq!(status["effects"]["in_doubt"], 0, "{status}");
        let verified = self.dana().hotfix(["log", "--verify"]).exits(0);
        verified.answers("merge request !1 carries the head of record");
    }
}

pub fn as_it_should_go<D: Page + 'static>() -> Stage<D> {
    let stage = Stage::<D>::new("");
    stage.whole_way();
    stage.ended_well();
    stage
}

/// Every kind of call goes wrong once in this way.
pub fn at_every_call<D: Page + 'static>(faults: &'static [Fault]) {
    let stage = Stage::<D>::new("");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    stage.server.policy(move |kind| {
        let count = seen.entry(kind.to_owned()).or_default();
        *count += 1;
        faults.get(*count - 1).copied()
    });
    stage.whole_way();
    stage.ended_well();
    let calls = stage.server.calls();
    let changed = calls.iter().filter(|c| c.fault.is_some() && c.asked.changes()).count();
    assert!(changed >= 4 * faults.len(), "{changed} changing calls went wrong");
}

#[test]
fn on_gitlab() {
    let stage = as_it_should_go::<Gitlab>();
    crate::forge_gitlab::held(&stage.server);
    stage.server.with(|g| {
        let mr = &g.mrs[0];
        assert_eq!(mr.title, "[INC-1] the state is bad");
        assert!(mr.description.contains("## Evidence") && mr.description.contains("hotfix:chain"));
        assert_eq!(mr.reviewers, [user("olga-k").id, user("rick").id]);
        assert_eq!(mr.assignees, [user("dana").id]);
    });
    for call in stage.server.calls() {
        let sent = format!("{:?} {:?}", call.asked.path, call.asked.body);
        assert!(!sent.contains(user("dana").token), "the token is in the header alone");
    }
    let journal = std::fs::read_to_string(stage.world.dana.run_folder().join("journal.jsonl")).unwrap();
    assert!(!journal.contains(user("dana").token));
}

#[test]
fn on_gitlab_killed_at_every_call() {
    at_every_call::<Gitlab>(&[Fault::KillBefore, Fault::KillAfter]);
}

#[test]
fn on_gitlab_with_every_fault() {
    for fault in faults_of_a_run() {
        at_every_call::<Gitlab>(std::slice::from_ref(fault));
    }
}
