//! Bad input: a clear error with a next command, nothing half done, and a
//! state from which `run` or `abort` can go on.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{
    Clone, GOOD, HOTFIX, PEOPLE, REPRODUCE, Ran, World, answer, ended, eventually, executable,
};
use std::time::{Duration, Instant};

const START: [&str; 4] = ["start", "INC-1", "-m", "bad"];

/// Nothing of a start is left.
fn nothing_begun(clone: &Clone) {
    let list = clone.json(&["list"]);
    assert_eq!(list["runs"].as_array().map(Vec::len), Some(0), "{list}");
    assert_eq!(clone.git(["branch", "--list", "hotfix/*"]), "");
    assert_eq!(clone.git(["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
}

#[test]
fn no_repository_a_bare_one_and_a_shallow_one() {
    let world = World::plain();
    let dana = &world.dana;
    let nowhere = world.root().join("nowhere");
    std::fs::create_dir_all(&nowhere).unwrap();
    for verb in [START.as_slice(), &["status"], &["run"], &["init"], &["list"]] {
        dana.at(&nowhere).hotfix(verb).fails(2, "HF0101");
        world.origin().hotfix(verb).fails(2, "HF0102");
    }
    dana.at(dana.dir.join(".git")).hotfix(["status"]).fails(2, "HF0101");
    let origin = format!("file://{}", world.origin().dir.display());
    dana.git(["clone", "--quiet", "--depth", "1", &origin, "../shallow"]);
    let shallow = dana.at(world.root().join("shallow"));
    shallow.git(["config", "user.name", "Dana"]);
    shallow.git(["config", "user.email", "dana@example.org"]);
    shallow.hotfix(START).fails(2, "HF0103").says("git fetch --unshallow");
    shallow.git(["fetch", "--quiet", "--unshallow"]);
    shallow.git(["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    shallow.hotfix(START).exits(0);
}

#[test]
fn a_detached_head_and_a_subfolder_work() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    dana.git(["checkout", "--quiet", "--detach", "v1.0.0"]);
    dana.write("deep/down/x", "x");
    let mine = dana.own_work();
    let deep = dana.at(dana.dir.join("deep/down"));
    let worktree = deep.start("INC-1", &[]);
    deep.hotfix(REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    deep.hotfix(["ship"]).exits(3).says("the approval of on-call");
    assert_eq!(dana.own_work(), mine);
}

#[test]
fn no_remote_no_tag_no_production_no_main() {
    let world = World::plain();
    let dana = &world.dana;
    let alone = dana.at(world.root().join("alone"));
    std::fs::create_dir_all(&alone.dir).unwrap();
    alone.git(["init", "--quiet", "--initial-branch=main"]);
    alone.git(["config", "user.name", "Dana"]);
    alone.git(["config", "user.email", "dana@example.org"]);
    alone.hotfix(START).fails(2, "HF0106").says("git remote add");
    nothing_begun(&alone);
    alone.write("app.txt", "x");
    alone.commit("first");
    alone.git(["tag", "v1.0.0"]);
    alone.hotfix(START).fails(2, "HF0106");
    nothing_begun(&alone);
    alone.git(["tag", "--delete", "v1.0.0"]);
    alone.git(["init", "--quiet", "--bare", "../empty.git"]);
    alone.git(["remote", "add", "origin", "../empty.git"]);
    alone.hotfix(START).fails(2, "HF0107").says("--from");
    nothing_begun(&alone);
    alone.git(["push", "--quiet", "origin", "main"]);
    alone.hotfix(START).exits(0).says("starts from main");
    dana.hotfix(["start", "INC-2", "-m", "x", "--from", "no-such-ref"]).fails(2, "HF0107");
    dana.hotfix(["start", "INC-2", "-m", "x", "--from", "--upload-pack=touch pwned"]).exits(2);
    dana.hotfix(["start", "INC-2", "-m", "x", "--from=-x"]).fails(2, "HF0107");
    nothing_begun(dana);
}

#[test]
fn keys_that_are_no_keys() {
    let world = World::plain();
    let long = "x".repeat(300);
    for key in [
        "a/b",
        "..",
        ".",
        "a..b",
        "",
        " ",
        "a b",
        "a\tb",
        "a\u{1b}[31m",
        "a\nb",
        "a:b",
        "a~b",
        "a.lock",
        "@{x",
        &long,
    ] {
        world.dana.hotfix(["start", key, "-m", "x"]).fails(2, "HF0201");
    }
    world.dana.hotfix(["start", "-x", "-m", "x"]).exits(2);
    world.dana.hotfix(["start", "-m", "x", "--", "-x"]).fails(2, "HF0201");
    world.dana.hotfix(["start", "INC-1", "-m", " \n\t "]).fails(2, "HF0201").says("title is empty");
    nothing_begun(&world.dana);
}

#[test]
fn a_branch_or_a_path_that_is_there_is_left_alone() {
    let world = World::plain();
    let dana = &world.dana;
    dana.git(["branch", "hotfix/incident-INC-1", "main"]);
    dana.hotfix(START).fails(2, "HF0501").says("--adopt hotfix/incident-INC-1");
    assert_eq!(dana.git(["rev-parse", "hotfix/incident-INC-1"]), dana.git(["rev-parse", "main"]));
    dana.git(["branch", "--delete", "hotfix/incident-INC-1"]);
    let place = world.root().join("dana.hotfix/INC-1");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("precious"), "mine").unwrap();
    dana.hotfix(START).fails(2, "HF0502");
    nothing_begun(dana);
    assert_eq!(std::fs::read_to_string(place.join("precious")).unwrap(), "mine");
    std::fs::remove_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place.parent().unwrap(), "a file").unwrap();
    dana.hotfix(START).fails(2, "HF0502");
    nothing_begun(dana);
    std::fs::remove_file(place.parent().unwrap()).unwrap();
    dana.hotfix(START).exits(0);
    dana.hotfix(START).fails(2, "HF0207").says("hotfix run --incident INC-1");
}

#[test]
fn files_that_are_no_workflow() {
    let world = World::plain();
    let dana = &world.dana;
    let root = world.root();
    std::fs::create_dir_all(root.join("folder.md")).unwrap();
    std::fs::write(root.join("binary.md"), [0_u8, 159, 146, 150].repeat(100)).unwrap();
    std::fs::write(root.join("latin.md"), b"# Caf\xe9\n").unwrap();
    std::fs::write(root.join("empty.md"), "\n \n").unwrap();
    std::fs::write(root.join("readme.md"), "# My project\n\nIt is nice.\n\n## Licence\n\nMIT\n").unwrap();
    std::fs::write(root.join("large.md"), "# x\n\nfifty mebibytes\n".repeat(2_600_000)).unwrap();
    for name in ["folder.md", "binary.md", "latin.md", "empty.md", "readme.md", "large.md", "missing.md"] {
        let path = root.join(name).display().to_string();
        let begun = Instant::now();
        dana.hotfix(["start", "INC-1", "-m", "x", "--workflow", &path])
            .fails(2, "HF0330")
            .says("hotfix workflow show");
        dana.hotfix(["workflow", "show", &path]).fails(2, "HF0330");
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}");
    }
    std::fs::create_dir_all(dana.dir.join(".hotfix/workflows/hotfix.md")).unwrap();
    dana.hotfix(START).fails(2, "HF0330").says("folder");
    std::fs::remove_dir_all(dana.dir.join(".hotfix")).unwrap();
    nothing_begun(dana);
    world.somebody_pushes("main", &[(".hotfix/workflows/hotfix.md", "\0\u{1}binary")]);
    dana.git(["fetch", "--quiet"]);
    dana.hotfix(START).fails(2, "HF0330");
    nothing_begun(dana);
}

#[test]
fn a_config_that_cannot_be_used() {
    let world = World::plain();
    let dana = &world.dana;
    dana.write(".hotfix/config.toml", "[verify\nsmoke = 1\n");
    dana.hotfix(START).fails(2, "HF0202").says(".hotfix/config.toml:1:").says("^");
    dana.write(".hotfix/config.toml", "[verify]\nsmok = [\"true\"]\n");
    dana.hotfix(START).fails(2, "HF0202").says("^^^^").says("did you mean `smoke`?");
    let document = dana.hotfix(START.into_iter().chain(["--json"])).exits(2).document();
    assert_eq!(document["span"]["line"], 2, "{document}");
    std::fs::write(dana.dir.join(".hotfix/config.toml"), b"[branch]\npattern = \"\xff\"\n").unwrap();
    dana.hotfix(START).fails(2, "HF0202");
    std::fs::remove_file(dana.dir.join(".hotfix/config.toml")).unwrap();
    std::fs::create_dir_all(dana.dir.join(".hotfix/config.toml")).unwrap();
    dana.hotfix(START).fails(2, "HF0202");
    std::fs::remove_dir(dana.dir.join(".hotfix/config.toml")).unwrap();
    for pattern in ["../{id}", "-{id}", "a b {id}", "{id}.lock", "fixed\\u001b[31m"] {
        dana.write(".hotfix/config.toml", &format!("[branch]\npattern = \"{pattern}\"\n"));
        dana.hotfix(START).fails(2, "HF0501");
    }
    nothing_begun(dana);
}

#[test]
fn names_that_are_not_there_are_suggested() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    dana.hotfix(["start", "INC-1", "-m", "x", "-s", "P9"]).fails(2, "HF0206").says("P1").says("P2");
    nothing_begun(dana);
    dana.hotfix(["status"]).fails(2, "HF0204").says("hotfix start");
    dana.start("INC-1", &[]);
    dana.hotfix(["run", "--until", "merg"]).fails(2, "HF0208").says("hotfix run --until merge");
    dana.hotfix(["done", "prepare.authorised"]).fails(2, "HF0208").says("hotfix done prepare.authorized");
    dana.hotfix(["done", "tests.smoke"]).fails(2, "HF0208").says("hotfix waive tests.smoke");
    dana.hotfix(["waive", "change.sise", "--reason", "x"]).fails(2, "HF0209").says("change.size");
    dana.hotfix(["status", "--incident", "INC-2"]).fails(2, "HF0204").says("hotfix status --incident INC-1");
    dana.hotfix(["stauts"]).exits(2).says("status");
    dana.start("INC-2", &[]);
    for verb in ["run", "status", "ship", "close"] {
        dana.hotfix([verb]).fails(2, "HF0205").says("INC-1, INC-2");
    }
    dana.hotfix(["status", "--incident", "INC-2"]).exits(0).answers("INC-2");
    dana.at(world.root().join("dana.hotfix/INC-1")).hotfix(["status"]).exits(0).answers("INC-1 ");
}

#[test]
fn git_missing_too_old_or_without_a_name() {
    let world = World::plain();
    let dana = &world.dana;
    let bin = world.root().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let empty = dana.env("PATH", &bin.to_string_lossy());
    empty.hotfix(START).fails(2, "HF0104");
    std::fs::write(bin.join("git"), "#!/bin/sh\necho git version 2.30.2\n").unwrap();
    executable(&bin.join("git"));
    empty.hotfix(START).fails(2, "HF0105").says("2.30").says("2.38");
    std::fs::write(bin.join("git"), "#!/bin/sh\necho what\n").unwrap();
    empty.hotfix(START).exits(2);
    nothing_begun(dana);
    dana.git(["config", "--unset", "user.name"]);
    dana.git(["config", "--unset", "user.email"]);
    dana.git(["config", "user.useConfigOnly", "true"]);
    dana.hotfix(START).fails(2, "HF0111").says("git config user.name");
    nothing_begun(dana);
}

#[test]
fn no_home() {
    let world = World::configured(&format!("{PEOPLE}[verify]\nsmoke = [\"true\"]\n"));
    let homeless = world.dana.without("HOME").without("XDG_STATE_HOME");
    homeless
        .hotfix(["trust", "--yes"])
        .exits(2)
        .says("error[HF0108]")
        .says("export HOME=")
        .answers("verify.smoke");
    homeless.hotfix(START).exits(0);
    homeless.hotfix(["status"]).exits(0);
    homeless.hotfix(["trust", "--json"]).exits(0);
}

#[test]
fn stdout_closed_early_stops_nothing() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    let shell = |script: String| answer(dana.command("bash").args(["-c", &script])).sound();
    let ran = shell(format!("{HOTFIX} start INC-1 -m bad >&-; echo $?"));
    assert_eq!(ran.out, "0\n", "{ran:?}");
    for verb in
        ["status", "status --json", "log", "log --json", "brief", "report --format html", "workflow show"]
    {
        let ran = shell(format!("{HOTFIX} {verb} | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}"));
        assert_eq!(ran.out, "0\n", "{verb}: {ran:?}");
        let ran = shell(format!("{HOTFIX} {verb} | true; echo ${{PIPESTATUS[0]}}"));
        assert_eq!(ran.out, "0\n", "{verb}: {ran:?}");
        let ran = shell(format!("{HOTFIX} {verb} >&- 2>&-; echo $?"));
        assert_eq!(ran.out, "0\n", "{verb}: {ran:?}");
    }
    let ran = shell(format!("{HOTFIX} run --until prepare 2>&-; echo $?"));
    assert_eq!(ran.out, "0\n", "{ran:?}");
}

/// Ctrl-C, as a terminal sends it: to the whole process group.
fn interrupt(child: &std::process::Child) {
    let sent = std::process::Command::new("sh")
        .args(["-c", &format!("kill -INT -{}", child.id())])
        .status()
        .unwrap();
    assert!(sent.success());
}

fn interrupted(ran: Ran) {
    let ran = ran.sound().exits(130);
    assert!(ran.err.contains("error[HF0130]") && ran.err.contains("hotfix run"), "{}", ran.err);
}

#[test]
fn ctrl_c_while_it_waits() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    let waits = world.dana.begins(&["run", "--wait"]);
    let note = world.dana.run_folder().join("runner.json");
    eventually("it runs", || note.exists());
    std::thread::sleep(Duration::from_millis(700));
    interrupt(&waits);
    interrupted(ended(waits));
    world.dana.hotfix(["log", "--verify"]).exits(0);
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
    world.dana.hotfix(["run"]).exits(3);
}

#[test]
fn ctrl_c_during_a_long_command() {
    let slow = "test -e ../../../../quick || { echo $$ > ../../../../running; exec sleep 60; }";
    let world = World::configured(&format!("{PEOPLE}[verify]\nsmoke = [{slow:?}]\n"));
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    let worktree = world.mended(&[]);
    let begun = Instant::now();
    let ships = world.dana.begins(&["ship"]);
    let running = world.root().join("running");
    eventually("the command runs", || running.exists());
    interrupt(&ships);
    interrupted(ended(ships));
    assert!(begun.elapsed() < Duration::from_secs(20));
    let pid = std::fs::read_to_string(&running).unwrap().trim().to_owned();
    eventually("the command is gone", || !std::path::Path::new("/proc").join(&pid).exists());
    world.dana.hotfix(["log", "--verify"]).exits(0);
    assert_eq!(std::fs::read_to_string(worktree.join("app.txt")).unwrap(), GOOD);
    std::fs::write(world.root().join("quick"), "").unwrap();
    world.dana.hotfix(["run"]).exits(3).says("the approval of on-call");
    assert_eq!(world.dana.gate("tests.smoke")["verdict"], "pass");
    world.dana.hotfix(["abort"]).exits(0);
}

#[test]
fn text_from_outside_is_never_interpreted() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    let title = "$(touch pwned); `touch pwned`; | touch pwned \u{1b}[31mred\u{7} \u{202e}drow";
    let branch = "fix;touch$IFS'pwned'";
    dana.git(["branch", branch, "v1.0.0"]);
    let given =
        ["start", "INC-1", "-m", title, "--adopt", branch, "--confirmed-by", title, "--authorized-by", title];
    let worktree = std::path::PathBuf::from(dana.hotfix(given).exits(0).out.trim_end());
    dana.hotfix([
        "reproduce",
        "--",
        "sh",
        "-c",
        "printf '\\033[31m$(touch pwned)\\n'; grep -q state=good app.txt",
    ])
    .exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    dana.hotfix(["ship", "--note", title]).exits(3);
    world.olga.hotfix(["approve", "--note", title]).exits(0);
    dana.hotfix(["ship"]).exits(0);
    dana.hotfix(["run"]).exits(3);
    for verb in [
        "status",
        "status --json",
        "brief",
        "log",
        "list",
        "list --json",
        "verify",
        "report --format md",
        "report --format html",
        "report",
    ] {
        let ran = dana.hotfix(verb.split(' '));
        assert!(ran.status == 0, "{verb}: {ran:?}");
        assert!(!ran.out.contains('\u{202e}') || verb.contains("json"), "{verb}");
    }
    assert!(!world.origin().git(["show", "refs/hotfix/mr/1:body.md"]).contains('\u{1b}'));
    assert!(!world.origin().git(["log", "--format=%B", "production"]).contains('\u{1b}'));
    let found = answer(dana.command("find").args([&world.root().to_string_lossy(), "-name", "*pwned*"])).out;
    let found: Vec<&str> = found.lines().filter(|l| !l.contains("/refs/") && !l.contains("/logs/")).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_damaged_journal_is_refused_with_its_line() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    let path = world.dana.run_folder().join("journal.jsonl");
    let good = std::fs::read_to_string(&path).unwrap();
    let damaged: Vec<String> = good
        .lines()
        .enumerate()
        .map(|(i, l)| if i == 4 { l.replace("\"at\":\"20", "\"at\":\"19") } else { l.to_owned() })
        .collect();
    std::fs::write(&path, format!("{}\n", damaged.join("\n"))).unwrap();
    for args in [
        vec!["status"],
        vec!["run"],
        vec!["log"],
        vec!["log", "--verify"],
        vec!["done", "resolve"],
        vec!["abort"],
    ] {
        let ran = world.dana.hotfix(&args).fails(1, "HF0401");
        assert!(ran.err.contains("line 6") || ran.err.contains("line 5"), "{}", ran.err);
    }
    world.dana.hotfix(["list"]).exits(0).answers("INC-1").answers("line ");
    std::fs::write(&path, &good).unwrap();
    world.dana.hotfix(["run"]).exits(3);
    // A torn last line is no damage.
    std::fs::write(&path, format!("{}{{\"seq\":99,\"at", std::fs::read_to_string(&path).unwrap())).unwrap();
    world.dana.hotfix(["log", "--verify"]).exits(0).answers("torn last line");
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
    world.dana.hotfix(["log", "--verify"]).exits(0);
}

#[test]
fn a_worktree_that_somebody_removed_is_told() {
    let world = World::configured(PEOPLE);
    let worktree = world.dana.start("INC-1", &[]);
    world.dana.hotfix(REPRODUCE).exits(0);
    std::fs::remove_dir_all(&worktree).unwrap();
    world.dana.hotfix(["ship"]).fails(1, "HF0503").says("git worktree add");
    world.dana.git(["worktree", "prune"]);
    world.dana.git(["worktree", "add", "--quiet", &worktree.to_string_lossy(), "hotfix/incident-INC-1"]);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    world.dana.hotfix(["ship", "--until", "test"]).exits(0);
    std::fs::remove_dir_all(&worktree).unwrap();
    world.dana.hotfix(["ship"]).exits(3).says("the approval of on-call");
    let aborted = world.dana.hotfix(["abort"]).exits(0);
    assert!(!aborted.err.contains("next: hotfix run"), "{}", aborted.err);
    let cleaned = world.dana.hotfix(["cleanup", "--incident", "INC-1"]).exits(0);
    assert!(!cleaned.err.contains("next: hotfix run"), "{}", cleaned.err);
}

#[test]
fn a_branch_that_is_checked_out_elsewhere_is_not_taken() {
    let world = World::plain();
    world.dana.git(["switch", "--quiet", "--create", "fix", "v1.0.0"]);
    world
        .dana
        .hotfix(["start", "INC-1", "-m", "x", "--adopt", "fix"])
        .fails(2, "HF0501")
        .says("checked out in");
    nothing_begun(&world.dana);
    world.dana.git(["switch", "--quiet", "--detach"]);
    world.dana.hotfix(["start", "INC-1", "-m", "x", "--adopt", "fix"]).exits(0);
}
