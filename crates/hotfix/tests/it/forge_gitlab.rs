//! GitLab: the contract over the double, our calls against the vendor's
//! description, and faults at every call.

use crate::doubles::gitlab::Gitlab;
use crate::doubles::{Bare, FAULTS, Fault, Server, openapi, user};
use crate::forge_contract::{self, MARKER, Site, draft, push};
use crate::repo::{Clone, World};
use hotfix::connect::forge::api::{Api, Pace, Place, Scheme};
use hotfix::connect::forge::credentials::{Secret, Source};
use hotfix::connect::forge::{Forge, gitlab};
use hotfix::connect::http::Http;
use hotfix::error::Failure;
use hotfix::sys::clock::Clock;
use std::time::Duration;

/// The project's path: subgroups, too.
pub const PROJECT: &str = "group/sub group/app";

/// Operations that GitLab documents and the descriptions at hand leave out.
pub const BEYOND: &[&str] = &[
    "GET /users/{id}",
    "GET /version",
    "GET /personal_access_tokens/self",
    "GET /projects/{id}/merge_requests/{iid}/versions",
    "GET /projects/{id}/merge_requests/{iid}/reviewers",
    "GET /projects/{id}/jobs/{id}/trace",
    "GET /projects/{id}/merge_trains/merge_requests/{iid}",
    "POST /projects/{id}/merge_trains/merge_requests/{iid}",
];

/// Fields that GitLab's description calls strings, for want of a type, and sends as what they are.
const KNOWN: &[&str] = &["/merge_trains_enabled: ", "/access_level: ", "/notification_level: "];

/// Tests do not wait long.
pub fn hasty() -> Pace {
    Pace { whole: Duration::from_millis(1500), delay: Duration::from_millis(5) }
}

/// A token that somebody has.
pub struct Fixed(pub &'static str);

impl Source for Fixed {
    fn token(&self) -> Result<Option<Secret>, Failure> {
        Ok(Secret::new(self.0))
    }
}

struct OnGitlab<'w> {
    world: &'w World,
    server: Server<Gitlab>,
}

impl OnGitlab<'_> {
    fn new(world: &World) -> OnGitlab<'_> {
        let bare = Bare(world.origin().dir);
        let server = Server::start("/api/v4", |port| Gitlab::new(port, PROJECT, bare));
        OnGitlab { world, server }
    }
}

impl Site for OnGitlab<'_> {
    fn forge(&self, login: &str) -> Box<dyn Forge> {
        let place = Place {
            name: "GitLab (test)".to_owned(),
            base: format!("{}/api/v4", self.server.url()),
            scheme: Scheme::Gitlab,
            headers: vec![],
        };
        let clock = Clock::of(&self.world.dana.dir, None);
        let api =
            Api::new(place, Http::new(), Box::new(Fixed(user(login).token)), clock, |_| ()).paced(hasty());
        let which = gitlab::Which {
            project: PROJECT.to_owned(),
            fork: None,
            method: None,
            fetch: Box::new(|| Ok(())),
        };
        Box::new(gitlab::Gitlab::new(api, which))
    }

    fn clone(&self) -> &Clone {
        &self.world.dana
    }

    fn close(&self, number: u64) {
        self.server.with(|g| g.mrs[usize::try_from(number).unwrap() - 1].state = "closed");
    }

    fn write_around(&self, number: u64, before: &str) {
        self.server.with(|g| {
            let mr = &mut g.mrs[usize::try_from(number).unwrap() - 1];
            mr.description = format!("{before}{}", mr.description).replace('\n', "\r\n");
        });
    }
}

pub fn held(server: &Server<Gitlab>) {
    let files = ["gitlab-v2.json", "gitlab-v3-part.json"];
    if let Some(specs) = openapi::specs(&files, "", true) {
        openapi::hold(&server.calls(), &specs, BEYOND, KNOWN);
    }
}

#[test]
fn the_contract_holds_on_gitlab() {
    let world = World::plain();
    let site = OnGitlab::new(&world);
    site.server.with(|g| g.page_size = 2);
    forge_contract::holds(&site);
    held(&site.server);
    assert_eq!(site.server.with(|g| g.labels.clone()), ["urgent", "very urgent"]);
    let conditional = site.server.calls().iter().filter(|c| c.answer.status == 304).count();
    assert!(conditional > 0, "what did not change is not sent again");
}

#[test]
fn lists_are_read_to_their_last_page() {
    let world = World::plain();
    let site = OnGitlab::new(&world);
    site.server.with(|g| g.page_size = 3);
    let commit = push(&site.world.dana, "hotfix/x", "x.txt", "x");
    let forge = site.forge("dana");
    let number = forge.open(MARKER, &draft("hotfix/x", &commit)).unwrap().number;
    for i in 0..10 {
        site.server.with(|g| g.comment(number, "rick", &format!("comment {i}")));
    }
    site.server.with(|g| g.approve(number, "olga-k"));
    let reviews = forge.reviews(number).unwrap();
    assert_eq!(reviews.len(), 1, "{reviews:?}");
    assert!(site.server.calls().iter().any(|c| c.asked.query.get("page").is_some_and(|p| p == "4")));
}

/// Every fault at every call of the way: nothing is done twice, and what
/// is read is right or an error.
#[test]
fn every_fault_at_every_call() {
    let world = World::plain();
    let commit = push(&world.dana, "hotfix/x", "x.txt", "x");
    for fault in FAULTS {
        let mut call = 0;
        loop {
            if !one_fault(&world, &commit, fault, call) {
                break;
            }
            call += 1;
        }
        assert!(call > 5, "{fault:?} was tried at {call} calls only");
    }
}

/// The way of a request with one fault; whether the way has that many calls.
fn one_fault(world: &World, commit: &str, fault: Fault, call: usize) -> bool {
    let site = OnGitlab::new(world);
    let branch = "hotfix/x";
    let wanted = draft(branch, commit);
    let base = world.origin().git(["rev-parse", "production"]);
    site.server.fault(call, fault);
    let forge = site.forge("dana");
    let label = || forge.ensure_label("urgent");
    tried("label", label, || forge.has_label("urgent").unwrap());
    let opened = || forge.open(MARKER, &wanted).map(|_| ());
    tried("open", opened, || forge.find(MARKER, "production", branch).unwrap().is_some());
    let number = forge.find(MARKER, "production", branch).unwrap().unwrap().number;
    site.server.with(|g| g.approve(number, "olga-k"));
    assert_eq!(forge.reviews(number).unwrap().len(), 1);
    let order = hotfix::connect::forge::MergeOrder {
        number,
        commit,
        target: "production",
        onto: &base,
        message: "Merge",
        tag: None,
        tree: "",
    };
    let merge = || forge.merge(&order).map(|_| ());
    tried("merge", merge, || forge.view(number).unwrap().merge_commit.is_some());
    site.server.with(|g| {
        assert_eq!((g.mrs.len(), g.labels.len(), g.mrs[0].state), (1, 1, "merged"), "{fault:?} at {call}");
    });
    let merges = world.origin().git(["log", "--format=%P", "--merges", "production"]);
    assert_eq!(merges.matches(commit).count(), 1, "{fault:?} at {call}");
    world.origin().git(["update-ref", "refs/heads/production", &base]);
    site.server.faulted()
}

/// An effect as the engine carries it out: an answer that got lost is looked up, and only what did not take place is done again.
fn tried(
    what: &str,
    act: impl Fn() -> Result<(), hotfix::connect::forge::ForgeError>,
    took_place: impl Fn() -> bool,
) {
    use hotfix::connect::forge::ForgeError::{Malformed, Unreachable, Unsure};
    let mut last = None;
    for _ in 0..4 {
        match act() {
            Ok(()) => return,
            Err(Unsure(_)) if took_place() => return,
            Err(e @ (Unsure(_) | Unreachable(_) | Malformed(_))) => last = Some(e),
            Err(e) => panic!("{e:?}"),
        }
    }
    panic!("{what}: it never took place: {last:?}");
}
