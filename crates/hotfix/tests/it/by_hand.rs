//! The verbs by hand, on an ordinary repository with an ordinary remote: no
//! config, the built-in workflow, the local forge, no deploy.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{BAD, Clone, GOOD, HOTFIX, PEOPLE, REPRODUCE, World, answer};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// An analysis as somebody would write it.
const ANALYSIS: &str = "# INC-1\n\n## Root cause\n\nThe state was bad.\n\n## Fix\n\nIt is good now.\n\n## Prevention\n\n| Measure | Owner | Due |\n| --- | --- | --- |\n| A test for the state | Dana | 2026-12-24 |\n";

/// A terminal for one command, by `script`.
fn at_a_terminal(clone: &Clone, words: &str) -> (i32, String) {
    let ran = answer(clone.command("script").args(["-qec", &format!("{HOTFIX} {words}"), "/dev/null"]));
    (ran.status, ran.out)
}

/// One full run; every verb is used by hand.
fn whole_way(world: &World) {
    let dana = &world.dana;
    dana.write("app.txt", "one\nmy unfinished work\n");
    dana.write("untracked.txt", "mine\n");
    dana.git(["stash", "push", "--quiet", "--", "app.txt"]);
    dana.write("app.txt", "one\nmy later work\n");
    dana.git(["add", "app.txt"]);
    dana.write("app.txt", "one\nmy latest work\n");
    let mine = dana.own_work();

    let started = dana.hotfix(["start", "INC-1", "-m", "the state is bad"]).exits(0);
    let worktree = std::path::PathBuf::from(started.out.trim_end());
    assert_eq!(started.out.lines().count(), 1, "stdout is the worktree's path alone: {}", started.out);
    assert_eq!(std::fs::read_to_string(worktree.join("app.txt")).unwrap(), BAD);
    assert_eq!(dana.own_work(), mine);

    dana.hotfix(REPRODUCE).exits(0).says("repro.fails-before");
    assert_eq!(dana.hotfix(["ship"]).exits(3).says("nothing has changed yet").out, "");
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    dana.hotfix(["verify"]).answers("repro.passes-after");
    let shipped = dana.hotfix(["ship", "--note", "the state is good"]).exits(3);
    assert_eq!(shipped.out, "");
    shipped.says("the approval of on-call").says("hotfix approve --mr 1");
    assert_eq!(dana.status()["waiting_for"][0]["kind"], "approval");

    let (status, shown) = at_a_terminal(&world.olga, "approve --yes");
    assert_eq!(status, 0, "{shown}");
    let waits = dana.hotfix(["run"]).exits(3);
    waits.says("hotfix done prepare.incident-confirmed").says("hotfix done prepare.authorized");
    dana.hotfix(["done", "prepare.incident-confirmed"]).exits(0);
    dana.hotfix(["done", "prepare.authorized", "--note", "Max said so"]).exits(0);
    dana.hotfix(["ship"]).exits(0).says("merge !1");

    let merged = dana.status();
    assert_eq!(merged["run"]["resolved_at"], Value::Null);
    assert_eq!(merged["deploys"].as_array().map(Vec::len), Some(0), "nobody deployed anything");
    assert!(merged["notices"].to_string().contains("merged, deployment unverified"), "{}", merged["notices"]);
    assert_eq!(world.origin().git(["show", "production:app.txt"]), GOOD.trim_end());
    assert_eq!(
        world.origin().git(["rev-parse", "v1.0.1^{commit}"]),
        world.origin().git(["rev-parse", "production"])
    );

    dana.hotfix(["close"])
        .fails(1, "HF0607")
        .says("incident.resolved")
        .says("port.merged")
        .says("hotfix done resolve");
    dana.hotfix(["port"]).exits(0);
    assert_eq!(world.origin().git(["show", "main:app.txt"]), GOOD.trim_end());
    assert!(world.origin().git(["log", "main", "--format=%B"]).contains("(cherry picked from commit "));
    dana.hotfix(["done", "resolve"]).exits(0);
    dana.hotfix(["run"]).exits(3).says("hotfix report --edit");
    assert!(dana.status()["run"]["resolved_at"].is_string());
    edit_report(world);
    dana.hotfix(["run"]).exits(3).says("--permanent");
    dana.hotfix(["done", "follow-up", "--permanent"]).exits(0);
    dana.hotfix(["run"]).exits(0);
    assert!(!worktree.exists(), "it was cleaned up");
    assert!(dana.git(["branch", "--list", "hotfix/incident-INC-1"]).contains("hotfix/incident-INC-1"));
    dana.hotfix(["close"]).fails(1, "HF0607").says("review");
    let (status, shown) = at_a_terminal(&world.clone_for("Rick"), "approve --mr 1 --yes");
    assert_eq!(status, 0, "{shown}");
    dana.hotfix(["close"]).exits(0);
    assert_eq!(dana.status()["run"]["state"], "closed");
    assert_eq!(dana.own_work(), mine);
    dana.hotfix(["run", "--incident", "INC-1"]).fails(2, "HF0405");
    after_the_end(dana);
}

fn edit_report(world: &World) {
    let dana = &world.dana;
    let script = world.root().join("editor.sh");
    std::fs::write(&script, format!("#!/bin/sh\ncat > \"$1\" <<'END'\n{ANALYSIS}END\n")).unwrap();
    crate::repo::executable(&script);
    dana.env("EDITOR", "true").hotfix(["report", "--edit"]).exits(3).says("the root cause");
    dana.env("EDITOR", "false").hotfix(["report", "--edit"]).fails(1, "HF0904");
    dana.env("EDITOR", &script.to_string_lossy()).hotfix(["report", "--edit"]).exits(0);
}

fn after_the_end(dana: &Clone) {
    dana.hotfix(["list"]).exits(0).answers("INC-1").answers("closed");
    assert_eq!(dana.json(&["list"])["runs"][0]["state"], "closed");
    dana.hotfix(["log"]).exits(0).answers("run-started");
    dana.hotfix(["log", "--verify"]).exits(0).answers("each follows from the one before");
    let log = dana.json(&["log"]);
    assert_eq!(log["schema"], "hotfix.journal/1");
    assert_eq!(log["records"].as_array().map(Vec::len), Some(dana.events().len()));
    dana.hotfix(["report", "--format", "md"]).exits(0).answers("The state was bad.");
    dana.hotfix(["status"]).exits(0).answers("closed");
}

/// One after the other: Debian's git beside a newer one, where both are there.
#[test]
fn the_whole_way_without_a_config_with_each_git_there_is() {
    let mut seen = BTreeSet::new();
    for git in ["git", "/usr/bin/git", "/usr/local/bin/git"] {
        let mut world = World::plain();
        if git.starts_with('/') {
            if !Path::new(git).exists() {
                continue;
            }
            let bin = world.root().join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            std::os::unix::fs::symlink(git, bin.join("git")).unwrap();
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
            world.dana = world.dana.env("PATH", &path);
            world.olga = world.olga.env("PATH", &path);
        }
        if seen.insert(world.dana.git(["version"])) {
            whole_way(&world);
        }
    }
    assert!(!seen.is_empty(), "no git was tried");
}

#[test]
fn start_works_offline_and_run_says_what_it_cannot_reach() {
    let world = World::configured(PEOPLE);
    std::fs::rename(world.root().join("origin.git"), world.root().join("away.git")).unwrap();
    let worktree = world.dana.start("INC-1", &[]);
    assert!(worktree.join("app.txt").exists());
    world.dana.hotfix(REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    let stopped = world.dana.hotfix(["ship"]).exits(1);
    assert!(stopped.err.contains("cannot be reached"), "{}", stopped.err);
    std::fs::rename(world.root().join("away.git"), world.root().join("origin.git")).unwrap();
    world.dana.hotfix(["run"]).exits(3).says("the approval of on-call");
}

#[test]
fn brief_workflow_init_and_trust_answer_by_hand() {
    let world = World::plain();
    let dana = &world.dana;
    let shown = dana.json(&["workflow", "show"]);
    assert_eq!(shown["schema"], "hotfix.workflow/1");
    dana.hotfix(["workflow", "show"]).exits(0).answers("Implement the fix");
    dana.hotfix(["workflow", "check"]).exits(0);
    dana.hotfix(["init"]).exits(0).answers("production");
    let written = std::fs::read_to_string(dana.dir.join(".hotfix/config.toml")).unwrap();
    dana.hotfix(["init"]).fails(2, "HF0213");
    assert_eq!(std::fs::read_to_string(dana.dir.join(".hotfix/config.toml")).unwrap(), written);
    dana.write(".hotfix/config.toml", "[verify]\nsmoke = [\"touch ran-it\"]\n");
    let worktree = dana.start("INC-1", &[]);
    assert!(dana.status()["notices"].to_string().contains("nobody reviewed"), "local files are marked");
    dana.hotfix(["brief"]).exits(0).answers("INC-1");
    dana.hotfix(["brief", "implement"]).exits(0).answers(&worktree.to_string_lossy());
    dana.hotfix(["brief", "no-such-step"]).exits(2);
    dana.hotfix(REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    dana.hotfix(["verify"]).fails(2, "HF0203").says("hotfix trust");
    dana.hotfix(["trust"]).exits(2);
    dana.hotfix(["trust", "--yes"]).exits(0).answers("touch ran-it");
    dana.hotfix(["verify"]).exits(0).answers("tests.smoke");
    assert!(!worktree.join("ran-it").exists(), "proof never runs where somebody edits");
}

#[test]
fn errors_with_json_are_documents_too() {
    let world = World::plain();
    for (args, code) in [
        (vec!["run", "--json"], "HF0204"),
        (vec!["start", "../x", "-m", "x", "--json"], "HF0201"),
        (vec!["start", "--json"], "HF0214"),
        (vec!["status", "--incident", "NONE-1", "--json"], "HF0204"),
    ] {
        let ran = world.dana.hotfix(&args).exits(2);
        let document = ran.document();
        assert_eq!(document["schema"], "hotfix.error/1", "{args:?}");
        assert_eq!(document["code"], code, "{args:?}");
        assert!(document["hints"][0]["command"].is_string(), "{document}");
    }
}

#[test]
fn production_known_only_by_tags_gets_a_release_branch() {
    let world = World::configured(PEOPLE);
    world.origin().git(["branch", "--delete", "--force", "production"]);
    world.dana.git(["fetch", "--quiet", "--prune"]);
    world.in_review(&[]);
    assert_eq!(world.dana.status()["merge_requests"][0]["target"], "release/hotfix/v1.0.1");
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
    assert_eq!(world.origin().git(["show", "release/hotfix/v1.0.1:app.txt"]), GOOD.trim_end());
    assert_eq!(
        world.origin().git(["rev-parse", "v1.0.1^{commit}"]),
        world.origin().git(["rev-parse", "release/hotfix/v1.0.1"])
    );
}

#[test]
fn a_branch_that_is_there_is_taken_over() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    dana.git(["branch", "my-fix", "v1.0.0"]);
    dana.hotfix(["start", "INC-1", "-m", "bad", "--adopt", "no-such-branch"]).fails(2, "HF0501");
    let elsewhere = dana.dir.with_file_name("elsewhere");
    dana.git(["worktree", "add", "--quiet", &elsewhere.to_string_lossy(), "my-fix"]);
    dana.at(&elsewhere).write("app.txt", GOOD);
    dana.at(&elsewhere).commit("fix: by hand");
    let mine = dana.git(["rev-parse", "my-fix"]);
    dana.git(["worktree", "remove", &elsewhere.to_string_lossy()]);
    dana.start("INC-1", &["--adopt", "my-fix"]);
    dana.hotfix(REPRODUCE).exits(0);
    dana.hotfix(["ship"]).exits(3);
    assert_eq!(dana.git(["rev-parse", "my-fix"]), mine, "it is never amended");
    assert_eq!(dana.status()["merge_requests"][0]["commit"], mine.as_str());
}

#[test]
fn abort_and_cleanup_keep_the_work() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    let worktree = world.mended(&[]);
    dana.hotfix(["abort", "--reason", "a false alarm"]).exits(0).says("nothing was removed");
    assert_eq!(std::fs::read_to_string(worktree.join("app.txt")).unwrap(), GOOD);
    assert_eq!(dana.status()["run"]["state"], "aborted");
    dana.hotfix(["cleanup", "--incident", "INC-1"]).exits(3).says("not committed");
    assert_eq!(std::fs::read_to_string(worktree.join("app.txt")).unwrap(), GOOD);
    let there = dana.at(&worktree);
    there.hotfix(["cleanup"]).fails(2, "HF0905");
    there.git(["commit", "--quiet", "--all", "--message", "kept"]);
    let kept = there.git(["rev-parse", "HEAD"]);
    dana.hotfix(["cleanup", "--incident", "INC-1"]).exits(0);
    assert!(!worktree.exists());
    assert_eq!(dana.git(["rev-parse", "hotfix/incident-INC-1"]), kept);
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    let everything = || {
        let refs = [
            dana.git(["for-each-ref"]),
            world.origin().git(["for-each-ref"]),
            dana.git(["worktree", "list"]),
        ];
        let find = ["-c", "find . -path ./tmp -prune -o -type f -print0 | sort -z | xargs -0 sha256sum"];
        (refs, answer(dana.at(world.root()).command("sh").args(find)).out)
    };
    let before = everything();
    dana.hotfix(["start", "INC-1", "-m", "bad", "--dry-run"]).exits(0).answers("hotfix/incident-INC-1");
    assert_eq!(everything(), before);
    let worktree = dana.start("INC-1", &[]);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    let before = everything();
    for verb in [
        "run",
        "ship",
        "verify",
        "done resolve",
        "port",
        "report",
        "close",
        "cleanup",
        "abort",
        "reproduce -- false",
    ] {
        let (words, rest) = verb.split_once(" -- ").map_or((verb, None), |(w, r)| (w, Some(r)));
        let mut args: Vec<&str> = words.split(' ').chain(["--dry-run"]).collect();
        args.extend(rest.iter().flat_map(|r| ["--", r]));
        let ran = dana.hotfix(&args).exits(0);
        assert!(!ran.out.is_empty(), "{verb} says what it would do");
        assert_eq!(everything(), before, "{verb}");
    }
}
