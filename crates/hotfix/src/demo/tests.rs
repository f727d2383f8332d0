//! The world at work: built, operated, broken, repaired and made worse.

use super::assets::{self, BAD_FIX, Edit, FIX};
use super::history::{self, plain_git};
use super::operate;
use super::snapshot::{manifest, snapshot};
use super::world::{self, JONAS, MIKA, Spec, World, WorldError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const WORLD: &str = "DEMO_TEST_WORLD";

/// The operator's process of the tests below, which name a world; nothing otherwise.
#[test]
fn operator() {
    if let Some(dir) = std::env::var_os(WORLD) {
        operate::operate(Path::new(&dir)).unwrap();
    }
}

/// An operator in a process of its own, which ends with this value or this process.
struct Operator(Child);

impl Operator {
    fn start(dir: &Path) -> Operator {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "demo::tests::operator", "--nocapture"])
            .env(WORLD, dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        Operator(child.unwrap())
    }

    fn ends(&mut self) -> bool {
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            if self.0.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        if !self.ends() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Requests by route and status, as the service's metrics have them.
fn counts(world: &World) -> BTreeMap<String, u64> {
    let (status, text) = world.get("/metrics").unwrap();
    assert_eq!(status, 200);
    let lines = text.lines().filter(|line| line.starts_with("http_requests_total"));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, count)| {
            let words: Vec<&str> = name.split('"').collect();
            (format!("{} {}", words[1], words[3]), count.parse().unwrap())
        })
        .collect()
}

/// Shares, in percent, of the requests that a while of traffic brings.
struct Seen {
    login_500: u64,
    orders_500: u64,
    all: u64,
}

fn watch(world: &World, time: Duration) -> Seen {
    let before = counts(world);
    std::thread::sleep(time);
    let after = counts(world);
    let grown = |key: &str| {
        let of = |counts: &BTreeMap<String, u64>| -> u64 {
            counts.iter().filter(|(name, _)| name.starts_with(key)).map(|(_, count)| count).sum()
        };
        of(&after) - of(&before)
    };
    Seen {
        login_500: 100 * grown("/login 500") / grown("/login ").max(1),
        orders_500: 100 * grown("/orders 500") / grown("/orders ").max(1),
        all: grown("/"),
    }
}

/// Releases a change of v1.4.2 from a person's clone.
fn release(world: &World, version: &str, edits: &[Edit]) {
    let git = world::git_in(world, &JONAS);
    git.run(["switch", "-q", "--detach", "v1.4.2"]).unwrap();
    assets::apply(edits, &world.paths().clone_of(&JONAS)).unwrap();
    git.run(["commit", "-q", "-a", "-m", version]).unwrap();
    git.run(["tag", version]).unwrap();
    git.run(["push", "-q", "origin", version]).unwrap();
}

#[test]
fn a_release_breaks_production_a_fix_repairs_it_and_a_bad_one_makes_it_worse() {
    let dir = tempfile::tempdir().unwrap();
    let time = Instant::now();
    let spec = Spec { rps: 400, ..Spec::default() };
    let world = world::build(&dir.path().join("world"), &spec).unwrap();
    eprintln!("built in {:?}", time.elapsed());
    let root = world.paths().root().to_path_buf();
    let untouched = snapshot(&world.paths().clone_of(&MIKA)).unwrap();
    let refused = world.deploy("v1.4.2").unwrap_err().to_string();
    assert!(refused.contains("nobody operates the service"), "{refused}");

    let mut operator = Operator::start(&root);
    world.wait_until_serving(Duration::from_secs(10)).unwrap();
    assert_eq!(world.version().as_deref(), Some("v1.4.1"));
    let good = watch(&world, Duration::from_millis(1200));
    assert_eq!((good.login_500, good.orders_500), (0, 0));
    eprintln!("{} requests in 1.2 s", good.all);
    assert!(good.all > 200, "{}", good.all);

    let time = Instant::now();
    world.deploy("v1.4.2").unwrap();
    eprintln!("deployed in {:?}", time.elapsed());
    assert_eq!(world.version().as_deref(), Some("v1.4.2"));
    let broken = watch(&world, Duration::from_millis(800));
    assert!((20..41).contains(&broken.login_500), "{}", broken.login_500);
    assert_eq!(broken.orders_500, 0);
    let log = std::fs::read_to_string(world.paths().app_log()).unwrap();
    assert!(log.contains("ERROR auth: cannot validate token for user=anna-lena: malformed subject"));
    assert!(log.contains("ERROR orders: inventory upstream timed out after 812 ms"));

    release(&world, "v1.4.3", FIX);
    world.deploy("v1.4.3").unwrap();
    let fixed = watch(&world, Duration::from_millis(1200));
    assert_eq!((fixed.login_500, fixed.orders_500), (0, 0));

    release(&world, "v1.4.4", BAD_FIX);
    world.deploy("v1.4.4").unwrap();
    let end = Instant::now() + Duration::from_secs(8);
    loop {
        let worse = watch(&world, Duration::from_millis(300));
        if worse.login_500 > 90 && worse.orders_500 > 90 {
            break;
        }
        assert!(Instant::now() < end, "{} {}", worse.login_500, worse.orders_500);
    }

    let time = Instant::now();
    world.deploy("v1.4.3").unwrap();
    eprintln!("deployed again in {:?}", time.elapsed());
    assert!(watch(&world, Duration::from_millis(300)).login_500 == 0);
    assert_eq!(std::fs::read_to_string(world.paths().deploys_log()).unwrap().lines().count(), 6);

    assert_eq!(untouched, snapshot(&world.paths().clone_of(&MIKA)).unwrap());
    assert!(matches!(operate::run(&root, &false.into()), Err(WorldError::Operated(_))));
    operate::stop(&root).unwrap();
    assert!(operator.ends());
    assert_eq!(world.version(), None);
    assert!(!world.paths().operator_pid().exists() && !world.paths().service_pid().exists());
}

#[test]
fn the_operator_ends_with_its_parent_and_the_service_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let world = world::build(dir.path(), &Spec { rps: 20, ..Spec::default() }).unwrap();
    assert!(matches!(world::build(dir.path(), &Spec::default()), Err(WorldError::NotEmpty(_))));

    let mut operator = Operator::start(dir.path());
    world.wait_until_serving(Duration::from_secs(10)).unwrap();
    drop(operator.0.stdin.take());
    assert!(operator.ends());
    assert_eq!(world.version(), None);

    let mut operator = Operator::start(dir.path());
    world.wait_until_serving(Duration::from_secs(10)).unwrap();
    let pid = rustix::process::Pid::from_child(&operator.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(operator.ends());
    assert!(!world.paths().operator_pid().exists());

    let mut operator = Operator::start(dir.path());
    world.wait_until_serving(Duration::from_secs(10)).unwrap();
    operator.0.kill().unwrap();
    assert!(operator.ends());
    operate::stop(dir.path()).unwrap();
    assert_eq!(world.version(), None);
}

#[test]
fn the_developers_clone_is_in_the_middle_of_something() {
    let dir = tempfile::tempdir().unwrap();
    let world = world::build(dir.path(), &Spec::default()).unwrap();
    let clone = world.paths().clone_of(&MIKA);
    let git = world::git_in(&world, &MIKA).env("GIT_OPTIONAL_LOCKS", "0");
    let status = git.run(["status", "--porcelain"]).unwrap();
    assert_eq!(status, "M  README.md\n M src/main.rs\n?? notes/");
    assert_eq!(git.run(["stash", "list"]).unwrap().lines().count(), 1);
    assert_eq!(git.run(["config", "user.name"]).unwrap(), MIKA.name);
    let before = manifest(&clone).unwrap();
    git.run(["branch", "hotfix/incident-SPF-1290", "v1.4.2"]).unwrap();
    assert_eq!(manifest(&clone).unwrap(), before);
    git.run(["branch", "something", "v1.4.2"]).unwrap();
    assert_ne!(manifest(&clone).unwrap(), before);
    let reopened = World::open(dir.path()).unwrap();
    assert_eq!(reopened.file().port, world.file().port);
    assert!(reopened.now() >= reopened.file().started);
}

/// A checkout of a version, with some changes.
fn checkout(origin: &Path, dir: &Path, version: &str, edits: &[Edit]) -> PathBuf {
    let git = plain_git(origin);
    let target = dir.to_string_lossy();
    git.run(["clone", "-q", ".", target.as_ref()]).unwrap();
    let git = plain_git(dir);
    for (key, value) in [("user.name", JONAS.name), ("user.email", JONAS.email)] {
        git.run(["config", key, value]).unwrap();
    }
    git.run(["switch", "-q", "-c", "work", version]).unwrap();
    assets::apply(edits, dir).unwrap();
    dir.to_path_buf()
}

/// The exit status of an operation, and what it said.
fn ops(checkout: &Path, operation: &str) -> (i32, String) {
    let words: Vec<&str> = operation.split(' ').collect();
    let time = Instant::now();
    let program = checkout.join("ops").join(words[0]);
    let output = Command::new(program).args(&words[1..]).stdin(Stdio::null()).output().unwrap();
    eprintln!("ops/{operation} in {:?}", time.elapsed());
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn shop_history(dir: &Path) -> PathBuf {
    let scratch = dir.join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let origin = dir.join("origin.git");
    let config = [(history::CONFIG_PATH, "# settings\n")];
    history::build(&origin, &scratch, jiff::Timestamp::now(), &config).unwrap();
    origin
}

#[test]
fn what_the_operations_say_of_each_version() {
    let dir = tempfile::tempdir().unwrap();
    let origin = shop_history(dir.path());
    let versions: [(&str, &[Edit], i32); 4] =
        [("v1.4.1", &[], 0), ("v1.4.2", &[], 1), ("v1.4.2", FIX, 0), ("v1.4.2", BAD_FIX, 0)];
    for (number, (version, edits, reproduces)) in versions.into_iter().enumerate() {
        let place = checkout(&origin, &dir.path().join(number.to_string()), version, edits);
        let (status, said) = ops(&place, "reproduce");
        assert_eq!(status, reproduces, "{version} {number}: {said}");
        for operation in ["test", "smoke", "style src/auth.rs"] {
            let (status, said) = ops(&place, operation);
            assert_eq!(status, 0, "{version} {number} {operation}: {said}");
        }
        assert!(place.join("target/smoke.log").exists());
        let changed = plain_git(&place).run(["diff", "--numstat"]).unwrap();
        let lines: u32 = changed.split_whitespace().take(2).filter_map(|n| n.parse::<u32>().ok()).sum();
        assert!(lines < 30, "{changed}");
        assert!(changed.lines().count() <= 1);
    }
}

#[test]
fn operations_find_fault_with_faulty_sources() {
    let dir = tempfile::tempdir().unwrap();
    let origin = shop_history(dir.path());
    let unused = Edit {
        path: "src/auth.rs",
        before: "    let mut sum: u32 = 0;\n",
        after: "    let spare = 1;\n    let mut sum: u32 = 0;\n",
    };
    let place = checkout(&origin, &dir.path().join("unused"), "v1.4.2", &[unused]);
    let (status, said) = ops(&place, "style src/auth.rs");
    assert_eq!(status, 1);
    let line = said.lines().next().unwrap();
    assert!(line.starts_with("src/auth.rs:") && line.contains("unused variable"), "{said}");
    assert_eq!(ops(&place, "style src/log.rs README.md").0, 0);

    std::fs::write(place.join("src/log.rs"), "not Rust\n").unwrap();
    for (operation, wanted) in [("reproduce", 2), ("smoke", 2), ("test", 1), ("style", 1)] {
        let (status, said) = ops(&place, operation);
        assert_eq!(status, wanted, "{operation}: {said}");
        assert!(said.contains("src/log.rs:1:"), "{operation}: {said}");
    }
}

#[test]
fn the_fix_goes_to_main_cleanly_though_main_has_moved_on() {
    let dir = tempfile::tempdir().unwrap();
    let origin = shop_history(dir.path());
    let place = checkout(&origin, &dir.path().join("fix"), "v1.4.2", FIX);
    let git = plain_git(&place);
    git.run(["commit", "-q", "-a", "-m", "Accept any character in a name"]).unwrap();
    git.run(["switch", "-q", "main"]).unwrap();
    let theirs = git.run(["diff", "--numstat", "v1.4.2", "main", "--", "src/auth.rs"]).unwrap();
    assert!(!theirs.is_empty());
    git.run(["cherry-pick", "-x", "work"]).unwrap();
    assert_eq!(ops(&place, "reproduce").0, 0);
    assert_eq!(ops(&place, "test").0, 0);
    assert_eq!(ops(&place, "style").0, 0);
}

#[test]
fn the_history_is_what_a_team_leaves_behind() {
    let dir = tempfile::tempdir().unwrap();
    let origin = plain_git(&shop_history(dir.path()));
    let log = origin.run(["log", "--format=%an", "main"]).unwrap();
    assert_eq!(log.lines().count(), 9);
    let tags = origin.run(["for-each-ref", "--format=%(objecttype) %(refname:short)", "refs/tags"]).unwrap();
    assert_eq!(tags, "tag v1.4.0\ntag v1.4.1\ntag v1.4.2");
    assert_eq!(
        origin.run(["rev-parse", "production"]).unwrap(),
        origin.run(["rev-parse", "v1.4.2^{commit}"]).unwrap()
    );
    assert!(origin.run(["merge-base", "--is-ancestor", "production", "main"]).is_err());
    assert!(origin.run(["show", "main:.hotfix/config.toml"]).is_ok());
    assert!(origin.run(["fsck", "--strict"]).is_ok());
}
