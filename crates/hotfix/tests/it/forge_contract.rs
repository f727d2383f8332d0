//! What every forge promises, whatever it is called: one suite, which the local
//! forge passes for real and the others over their doubles, and over a real
//! one where there is one.

use crate::repo::{Clone, World};
use hotfix::connect::forge::{Forge, ForgeError, MergeOrder, Review, is_up_to_date};
use hotfix_core::approval::account;
use hotfix_core::effect::MergeRequestDraft;
use hotfix_core::forge::{ChainMark, Kind, Readiness, body};
use hotfix_core::journal::{Identity, MergeRequestState};

/// A place with a forge, as the suite needs it.
pub trait Site {
    /// The forge, as somebody with an account (`dana` opens, `olga-k` reviews).
    fn forge(&self, login: &str) -> Box<dyn Forge>;
    /// The developer's clone.
    fn clone(&self) -> &Clone;
    /// Somebody closes a request on its page.
    fn close(&self, number: u64);
    /// Somebody writes around our part of the body, on the page.
    fn write_around(&self, number: u64, before: &str);
}

/// A branch with a commit of its own, pushed; the commit.
pub fn push(clone: &Clone, branch: &str, file: &str, text: &str) -> String {
    clone.git(["fetch", "--quiet", "origin"]);
    let there =
        clone.try_git(["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")]).status == 0;
    let start = if there { branch.to_owned() } else { "origin/production".to_owned() };
    clone.git(["checkout", "--quiet", "-B", branch, &start]);
    clone.write(file, text);
    clone.commit(&format!("change {file}"));
    clone.git(["push", "--quiet", "origin", branch]);
    clone.git(["rev-parse", "HEAD"])
}

pub const MARKER: &str = "hotfix-run: r1 attempt 1";

pub fn draft(branch: &str, commit: &str) -> MergeRequestDraft {
    MergeRequestDraft {
        role: "production".to_owned(),
        title: "[INC-1] Sign-in fails".to_owned(),
        body: "**Incident** INC-1\n\n## Evidence\n\n| Gate | Verdict |\n| --- | --- |\n| `x` | pass |"
            .to_owned(),
        labels: vec!["urgent".to_owned()],
        source: branch.to_owned(),
        target: "production".to_owned(),
        commit: commit.to_owned(),
        draft: false,
        reviewers: Vec::new(),
        assignees: Vec::new(),
        marker: MARKER.to_owned(),
        chain: Some(ChainMark { seq: 4, head: "ab12".to_owned() }),
    }
}

fn order<'a>(number: u64, commit: &'a str, onto: &'a str, tree: &'a str) -> MergeOrder<'a> {
    MergeOrder { number, commit, target: "production", onto, message: "Merge it\n", tag: None, tree }
}

fn tip(clone: &Clone, branch: &str) -> String {
    clone.git(["fetch", "--quiet", "origin"]);
    clone.git(["rev-parse", &format!("origin/{branch}")])
}

fn merged_tree(clone: &Clone, onto: &str, head: &str) -> String {
    clone.git(["merge-tree", "--write-tree", onto, head])
}

/// The whole suite.
pub fn holds(site: &dyn Site) {
    a_request_is_opened_found_and_brought_up_to_date(site);
    labels_are_made_once(site);
    approvals_bind_to_their_commit(site);
    exactly_the_commit_is_merged(site);
    what_is_closed_stays_closed(site);
    a_draft_is_not_merged(site);
    what_is_not_there_says_so(site);
}

fn a_request_is_opened_found_and_brought_up_to_date(site: &dyn Site) {
    let forge = site.forge("dana");
    let commit = push(site.clone(), "hotfix/one", "one.txt", "1");
    let wanted = draft("hotfix/one", &commit);
    forge.ensure_label("urgent").unwrap();
    assert!(forge.find(MARKER, "production", "hotfix/one").unwrap().is_none(), "nothing is there yet");
    let opened = forge.open(MARKER, &wanted).unwrap();
    let number = opened.number;
    // What a forge takes in further calls only, the first update brings.
    forge.update(number, &wanted).unwrap();
    let view = forge.view(number).unwrap();
    assert!(is_up_to_date(&view, &wanted), "{view:?}");
    assert_eq!((view.state, view.commit.as_str()), (MergeRequestState::Open, commit.as_str()));
    assert_eq!((view.source.as_str(), view.target.as_str()), ("hotfix/one", "production"));
    assert!(!view.url.is_empty(), "{view:?}");
    let found = forge.find(MARKER, "production", "hotfix/one").unwrap().expect("by its marker");
    assert_eq!((found.number, found.role.as_str()), (number, "production"));
    assert!(forge.find("hotfix-run: r2 attempt 1", "production", "hotfix/one").unwrap().is_none());
    assert_eq!(body::chain(&forge.body(number).unwrap()), wanted.chain);

    site.write_around(number, "Please look soon.\n\n");
    let again = MergeRequestDraft {
        body: "**Incident** INC-1\n\n## Evidence\n\nmore of it".to_owned(),
        title: "[INC-1] Sign-in fails again".to_owned(),
        ..wanted
    };
    assert!(!is_up_to_date(&forge.view(number).unwrap(), &again));
    forge.update(number, &again).unwrap();
    let text = forge.body(number).unwrap();
    assert!(text.starts_with("Please look soon.") && text.contains("more of it"), "{text}");
    assert_eq!(text.matches("hotfix:begin").count(), 1, "{text}");
    assert!(is_up_to_date(&forge.view(number).unwrap(), &again));
    // A second time changes nothing.
    let before = forge.body(number).unwrap();
    forge.update(number, &again).unwrap();
    assert_eq!(forge.body(number).unwrap(), before);
}

fn labels_are_made_once(site: &dyn Site) {
    let forge = site.forge("dana");
    forge.ensure_label("very urgent").unwrap();
    forge.ensure_label("very urgent").unwrap();
    assert!(forge.has_label("very urgent").unwrap());
}

fn approvals_bind_to_their_commit(site: &dyn Site) {
    let (dana, olga) = (site.forge("dana"), site.forge("olga-k"));
    let commit = push(site.clone(), "hotfix/two", "two.txt", "2");
    let number = dana.open(MARKER, &draft("hotfix/two", &commit)).unwrap().number;
    olga.refresh().unwrap();
    assert!(dana.reviews(number).unwrap().is_empty());
    let review =
        Review { number, commit: &commit, approved: true, note: Some("looks right"), simulated: false };
    olga.review(&review).unwrap();
    dana.refresh().unwrap();
    let seen = dana.reviews(number).unwrap();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].approved && seen[0].commit == commit, "{seen:?}");
    if dana.kind() != Kind::Local {
        assert_eq!(account(&seen[0].by).as_deref(), Some("olga-k"), "{seen:?}");
        assert_eq!(seen[0].identity, Identity::Forge);
        let authors = dana.authors(number).unwrap();
        assert!(authors.iter().any(|a| account(a).as_deref() == Some("dana")), "{authors:?}");
    }
    // A new commit does not move the word that was given for the one before.
    let next = push(site.clone(), "hotfix/two", "two.txt", "2b");
    if dana.kind() == Kind::Local {
        dana.update(number, &draft("hotfix/two", &next)).unwrap();
    }
    dana.refresh().unwrap();
    let head = eventually(|| Some(dana.view(number).unwrap().commit).filter(|c| *c == next));
    assert_eq!(head, next);
    let still: Vec<_> = dana.reviews(number).unwrap().into_iter().filter(|r| r.approved).collect();
    assert!(still.iter().all(|r| r.commit == commit), "{still:?}");
}

fn exactly_the_commit_is_merged(site: &dyn Site) {
    let (forge, clone) = (site.forge("dana"), site.clone());
    let commit = push(clone, "hotfix/three", "three.txt", "3");
    let number = forge.open(MARKER, &draft("hotfix/three", &commit)).unwrap().number;
    forge.refresh().unwrap();
    let onto = tip(clone, "production");
    let tree = merged_tree(clone, &onto, &commit);
    let ready = eventually(|| Some(forge.readiness(number).unwrap()).filter(|r| *r == Readiness::Ready));
    assert_eq!(ready, Readiness::Ready);
    let other = forge.merge(&order(number, &onto, &onto, &tree)).unwrap_err();
    assert!(matches!(other, ForgeError::Moved(_) | ForgeError::Refused(_)), "{other:?}");
    assert_eq!(forge.view(number).unwrap().state, MergeRequestState::Open, "nothing was merged");
    let merged = forge.merge(&order(number, &commit, &onto, &tree)).unwrap();
    assert_eq!(merged.state, MergeRequestState::Merged);
    let view = forge.view(number).unwrap();
    let made = view.merge_commit.expect("the commit that the merge made");
    assert_eq!((view.state, view.commit.as_str()), (MergeRequestState::Merged, commit.as_str()));
    assert_eq!(tip(clone, "production"), made);
    assert_eq!(clone.git(["rev-parse", &format!("{made}^{{tree}}")]), tree);
    clone.git(["merge-base", "--is-ancestor", &commit, &made]);
    let again = forge.merge(&order(number, &commit, &onto, &tree)).unwrap_err();
    assert!(matches!(again, ForgeError::NotOpen { .. }), "{again:?}");
}

fn what_is_closed_stays_closed(site: &dyn Site) {
    let forge = site.forge("dana");
    let commit = push(site.clone(), "hotfix/four", "four.txt", "4");
    let number = forge.open(MARKER, &draft("hotfix/four", &commit)).unwrap().number;
    site.close(number);
    forge.refresh().unwrap();
    assert_eq!(forge.view(number).unwrap().state, MergeRequestState::Closed);
    let refused = forge.update(number, &draft("hotfix/four", &commit)).unwrap_err();
    assert!(matches!(refused, ForgeError::NotOpen { .. }), "{refused:?}");
    let listed = forge.of_branch("hotfix/four").unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0].view.state, MergeRequestState::Closed);
}

fn a_draft_is_not_merged(site: &dyn Site) {
    let forge = site.forge("dana");
    if forge.kind() == Kind::Local {
        return;
    }
    let clone = site.clone();
    let commit = push(clone, "hotfix/five", "five.txt", "5");
    let wanted = MergeRequestDraft { draft: true, ..draft("hotfix/five", &commit) };
    let number = forge.open(MARKER, &wanted).unwrap().number;
    let view = forge.view(number).unwrap();
    assert!(view.draft && view.title == wanted.title, "{view:?}");
    assert_ne!(forge.readiness(number).unwrap(), Readiness::Ready);
    let onto = tip(clone, "production");
    let tree = merged_tree(clone, &onto, &commit);
    assert!(forge.merge(&order(number, &commit, &onto, &tree)).is_err());
    let ready = MergeRequestDraft { draft: false, ..wanted };
    forge.update(number, &ready).unwrap();
    assert!(!forge.view(number).unwrap().draft);
    let now = eventually(|| Some(forge.readiness(number).unwrap()).filter(|r| *r == Readiness::Ready));
    assert_eq!(now, Readiness::Ready);
}

fn what_is_not_there_says_so(site: &dyn Site) {
    let forge = site.forge("dana");
    assert!(matches!(forge.view(9999), Err(ForgeError::NoSuchMergeRequest(9999))));
    assert!(forge.of_branch("no/such/branch").unwrap().is_empty());
}

/// Looks again for a while: a real forge works things out behind the scenes.
fn eventually<T: std::fmt::Debug>(look: impl Fn() -> Option<T>) -> T {
    for _ in 0..100 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("it never came to that");
}

/// The local forge, over a real bare repository.
struct Local {
    world: World,
    olga: Clone,
}

impl Local {
    fn forge_of(clone: &Clone) -> Box<dyn Forge> {
        use hotfix::connect::forge::local::LocalForge;
        let git = hotfix::git::Git::at(&clone.dir).env("GIT_CONFIG_GLOBAL", &clone.env["GIT_CONFIG_GLOBAL"]);
        let clock = hotfix::sys::clock::Clock::of(&clone.dir, None);
        Box::new(LocalForge::new(git, "origin", clock))
    }
}

impl Site for Local {
    fn forge(&self, login: &str) -> Box<dyn Forge> {
        Local::forge_of(if login == "dana" { &self.world.dana } else { &self.olga })
    }

    fn clone(&self) -> &Clone {
        &self.world.dana
    }

    fn close(&self, number: u64) {
        self.rewrite(
            number,
            |json| json.replace("\"state\": \"open\"", "\"state\": \"closed\""),
            |body| body,
        );
    }

    fn write_around(&self, number: u64, before: &str) {
        self.rewrite(number, |json| json, |body| format!("{before}{body}"));
    }
}

impl Local {
    /// Changes what the request's ref holds, as another tool would.
    fn rewrite(&self, number: u64, json: impl Fn(String) -> String, body: impl Fn(String) -> String) {
        let clone = &self.world.dana;
        let name = format!("refs/hotfix/mr/{number}");
        let seen = format!("refs/hotfix-remote/origin/mr/{number}");
        let read = |file: &str| clone.git(["cat-file", "blob", &format!("{seen}:{file}")]);
        let (json, body) = (json(read("mr.json")), body(read("body.md")));
        let tree = clone.git(["rev-parse", &format!("{seen}^{{tree}}")]);
        let blob = |text: &str| {
            clone.write("blob.tmp", text);
            let id = clone.git(["hash-object", "-w", "blob.tmp"]);
            std::fs::remove_file(clone.dir.join("blob.tmp")).unwrap();
            id
        };
        let _ = tree;
        let list = format!("100644 blob {}\tbody.md\n100644 blob {}\tmr.json\n", blob(&body), blob(&json));
        clone.write("tree.tmp", &list);
        let script = "git mktree < tree.tmp";
        let made = crate::repo::answer(clone.command("sh").args(["-c", script])).exits(0);
        std::fs::remove_file(clone.dir.join("tree.tmp")).unwrap();
        let commit = clone.git(["commit-tree", made.out.trim(), "-p", &seen, "-m", "by hand"]);
        clone.git(["push", "--quiet", "origin", &format!("{commit}:{name}")]);
    }
}

#[test]
fn the_local_forge() {
    let world = World::plain();
    let olga = Clone { dir: world.olga.dir.clone(), env: world.olga.env.clone() };
    holds(&Local { world, olga });
}
