//! GitHub, and Forgejo with Gitea: the contract over their double, our calls
//! against the vendors' descriptions, and the whole way with faults and kills.

use crate::doubles::pulls::{Kind, Pulls};
use crate::doubles::{Answer, Asked, Bare, Double, Fault, Server, faults_of_a_run, openapi, user};
use crate::forge_contract::{self, MARKER, Site, draft, push};
use crate::forge_gitlab::{Fixed, hasty};
use crate::forge_run::{Facts, Page, Stage, as_it_should_go, at_every_call};
use crate::repo::{Clone, GOOD, REPRODUCE, World};
use hotfix::connect::forge::api::{Api, Place, Scheme};
use hotfix::connect::forge::{Forge, forgejo, github, gitlab};
use hotfix::connect::http::Http;
use hotfix::sys::clock::Clock;

/// What the vendors document and the descriptions at hand leave out.
const BEYOND: &[&str] = &[
    "POST /api/graphql",
    "POST /repos/{owner}/{repo}/issues/{number}/assignees",
    "GET /repos/{owner}/{repo}/actions/jobs/{id}/logs",
    "GET /repos/{owner}/{repo}/labels",
    "POST /repos/{owner}/{repo}/labels",
    "GET /orgs/{org}/labels",
    "GET /version",
];

fn held(server_calls: &[crate::doubles::Call], kind: Kind) {
    let (file, root) = match kind {
        Kind::Github => ("github.json", "/api/v3"),
        Kind::Forgejo => ("forgejo.json", "/api/v1"),
    };
    if let Some(specs) = openapi::specs(&[file], root, false) {
        openapi::hold(server_calls, &specs, BEYOND, &[]);
    }
}

/// GitHub's double.
pub struct OnGithub(pub Pulls);
/// Forgejo's double.
pub struct OnForgejo(pub Pulls);

macro_rules! page {
    ($name:ident, $kind:expr, $word:literal, $root:literal, $variable:literal) => {
        impl Double for $name {
            fn answer(&mut self, asked: &Asked) -> Answer {
                self.0.answer(asked)
            }
        }

        impl Page for $name {
            const KIND: &'static str = $word;
            const ROOT: &'static str = $root;
            const VARIABLE: &'static str = $variable;
            const PROJECT: &'static str = "acme/app";

            fn make(port: u16, bare: Bare) -> Self {
                $name(Pulls::new($kind, port, bare))
            }

            fn approve_on_page(&mut self, number: u64, login: &str) {
                self.0.review(number, login, true);
            }

            fn facts(&self) -> Facts {
                Facts {
                    requests: self.0.prs.iter().map(|p| (p.base.clone(), p.state.to_owned())).collect(),
                    labels: self.0.labels.clone(),
                    of_production: self.0.prs.first().map(|p| p.labels.clone()).unwrap_or_default(),
                }
            }
        }
    };
}

page!(OnGithub, Kind::Github, "github", "/api/v3", "GH_TOKEN");
page!(OnForgejo, Kind::Forgejo, "forgejo", "/api/v1", "FORGEJO_TOKEN");

struct Contract<'w> {
    world: &'w World,
    server: Server<Pulls>,
    kind: Kind,
}

impl Contract<'_> {
    fn new(world: &World, kind: Kind) -> Contract<'_> {
        let bare = Bare(world.origin().dir);
        let root = if kind == Kind::Github { "/api/v3" } else { "/api/v1" };
        Contract { world, server: Server::start(root, |port| Pulls::new(kind, port, bare)), kind }
    }
}

impl Site for Contract<'_> {
    fn forge(&self, login: &str) -> Box<dyn Forge> {
        let (root, scheme) = match self.kind {
            Kind::Github => ("/api/v3", Scheme::Bearer),
            Kind::Forgejo => ("/api/v1", Scheme::Token),
        };
        let place = Place {
            name: "the double".to_owned(),
            base: format!("{}{root}", self.server.url()),
            scheme,
            headers: vec![],
        };
        let clock = Clock::of(&self.world.dana.dir, None);
        let api =
            Api::new(place, Http::new(), Box::new(Fixed(user(login).token)), clock, |_| ()).paced(hasty());
        let which = gitlab::Which {
            project: "acme/app".to_owned(),
            fork: None,
            method: None,
            fetch: Box::new(|| Ok(())),
        };
        match self.kind {
            Kind::Github => Box::new(github::Github::new(api, which)),
            Kind::Forgejo => Box::new(forgejo::Forgejo::new(api, which)),
        }
    }

    fn clone(&self) -> &Clone {
        &self.world.dana
    }

    fn close(&self, number: u64) {
        self.server.with(|p| p.prs[usize::try_from(number).unwrap() - 1].state = "closed");
    }

    fn write_around(&self, number: u64, before: &str) {
        self.server.with(|p| {
            let pr = &mut p.prs[usize::try_from(number).unwrap() - 1];
            pr.body = format!("{before}{}", pr.body);
        });
    }
}

fn contract(kind: Kind) {
    let world = World::plain();
    let site = Contract::new(&world, kind);
    site.server.with(|p| p.page_size = 2);
    forge_contract::holds(&site);
    held(&site.server.calls(), kind);
    assert_eq!(site.server.with(|p| p.labels.clone()), ["urgent", "very urgent"]);
}

#[test]
fn the_contract_holds_on_github() {
    contract(Kind::Github);
}

#[test]
fn the_contract_holds_on_forgejo() {
    contract(Kind::Forgejo);
}

#[test]
fn a_secondary_limit_is_waited_for() {
    let world = World::plain();
    let site = Contract::new(&world, Kind::Github);
    let commit = push(&world.dana, "hotfix/x", "x.txt", "x");
    site.server.with(|p| p.limited = 1);
    let began = std::time::Instant::now();
    site.forge("dana").open(MARKER, &draft("hotfix/x", &commit)).unwrap();
    assert!(began.elapsed() >= std::time::Duration::from_secs(1), "it waited as it was asked to");
    assert_eq!(site.server.with(|p| p.prs.len()), 1);
}

#[test]
fn on_github() {
    let stage = as_it_should_go::<OnGithub>();
    held(&stage.server.calls(), Kind::Github);
    stage.server.with(|d| {
        assert_eq!(d.0.prs[0].assignees, ["dana"]);
        assert_eq!(d.0.prs[0].asked, ["rick"], "who has reviewed is not asked any more");
    });
}

#[test]
fn on_forgejo() {
    let stage = as_it_should_go::<OnForgejo>();
    held(&stage.server.calls(), Kind::Forgejo);
    stage.server.with(|d| assert_eq!(d.0.prs[0].assignees, ["dana"]));
}

#[test]
fn on_github_killed_at_every_call() {
    at_every_call::<OnGithub>(&[Fault::KillBefore, Fault::KillAfter]);
}

#[test]
fn on_forgejo_killed_at_every_call() {
    at_every_call::<OnForgejo>(&[Fault::KillBefore, Fault::KillAfter]);
}

#[test]
fn on_github_with_every_fault() {
    for fault in faults_of_a_run() {
        at_every_call::<OnGithub>(std::slice::from_ref(fault));
    }
}

#[test]
fn on_forgejo_with_every_fault() {
    for fault in faults_of_a_run() {
        at_every_call::<OnForgejo>(std::slice::from_ref(fault));
    }
}

fn in_review<D: Page + 'static>() -> Stage<D> {
    let stage = Stage::<D>::new("");
    let dana = stage.dana();
    let worktree = dana.start("INC-1", &[]);
    dana.hotfix(REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    dana.hotfix(["ship"]).exits(3).says("the approval of on-call");
    stage
}

#[test]
fn githubs_merge_queue_is_waited_for() {
    let stage = in_review::<OnGithub>();
    stage.server.with(|d| {
        d.0.queue = Some(vec![]);
        d.0.review(1, "olga-k", true);
    });
    stage.dana().hotfix(["ship"]).exits(3).says("train or queue to merge !1");
    stage.dana().hotfix(["run"]).exits(3).says("merge");
    assert_eq!(stage.server.with(|d| d.0.queue.clone()), Some(vec![1]), "it was put there once");
    stage.server.with(|d| {
        assert!(d.0.merge(1, "merge"));
        d.0.queue = None;
    });
    stage.dana().hotfix(["run"]).exits(3);
    stage.ended_well();
}

#[test]
fn githubs_checks_and_statuses() {
    let stage = in_review::<OnGithub>();
    stage.server.with(|d| {
        d.0.review(1, "olga-k", true);
        d.0.required = vec!["check/unit", "lint"];
        d.0.statuses = vec![("check/unit", "pending"), ("check/flaky", "failure")];
    });
    let waits = stage.dana().hotfix(["run"]).exits(3);
    assert!(waits.err.contains("not over: check/unit, lint"), "{waits:?}");
    stage.server.with(|d| d.0.statuses[0].1 = "failure");
    stage.dana().hotfix(["run"]).fails(1, "HF0714").says("/runs/700");
    stage.server.with(|d| {
        d.0.statuses = vec![("check/unit", "success"), ("lint", "success"), ("check/flaky", "failure")]
    });
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn a_protection_holds_an_administrators_token_too() {
    let stage = in_review::<OnGithub>();
    stage.server.with(|d| {
        d.0.review(1, "olga-k", true);
        d.0.approvals_required = 2;
    });
    let waits = stage.dana().hotfix(["run"]).exits(3);
    assert!(waits.err.contains("the branch's own protection"), "{waits:?}");
    assert_eq!(stage.server.with(|d| d.0.prs[0].state), "open");
    stage.server.with(|d| d.0.review(1, "tina", true));
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn forgejos_required_statuses_and_approvals() {
    let stage = in_review::<OnForgejo>();
    stage.server.with(|d| {
        d.0.review(1, "olga-k", true);
        d.0.required = vec!["ci/*"];
        d.0.approvals_required = 2;
    });
    stage.dana().hotfix(["run"]).exits(3).says("not over: ci/*");
    stage.server.with(|d| {
        d.0.statuses = vec![("ci/unit", "success"), ("docs", "failure")];
        d.0.required = vec!["ci/unit"];
    });
    stage.dana().hotfix(["run"]).exits(3).says("2 approvals");
    stage.server.with(|d| d.0.review(1, "tina", true));
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn changes_requested_block_until_the_next_word() {
    let stage = in_review::<OnGithub>();
    stage.server.with(|d| {
        d.0.review(1, "rick", false);
        d.0.review(1, "olga-k", true);
    });
    stage.dana().hotfix(["run"]).fails(1, "HF0603").says("changes requested by Rick @rick");
    stage.server.with(|d| d.0.review(1, "rick", true));
    stage.dana().hotfix(["ship"]).exits(0);
}
