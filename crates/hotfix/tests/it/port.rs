//! The fix on main, and the way back.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{BAD, Clone, GOOD, PEOPLE, World};
use std::path::{Path, PathBuf};

/// Deploys by writing down which version runs.
const DEPLOY: &str = r#"
[production]
version_command = "cat ../live-version"
[deploy]
command = "printf '%s' \"$HOTFIX_VERSION\" > ../live-version"
"#;

/// The same place as the fix, changed on main.
const OTHER: &str = "one\ntwo\nthree\nstate=worse\nfive\nsix\nseven\n";

fn merged(world: &World) -> PathBuf {
    let worktree = world.in_review(&[]);
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
    worktree
}

fn conflict(world: &World) -> (Clone, PathBuf) {
    world.somebody_pushes("main", &[("app.txt", OTHER)]);
    world.dana.git(["fetch", "--quiet"]);
    let worktree = merged(world);
    let port = PathBuf::from(format!("{}-port", worktree.display()));
    world.dana.hotfix(["run"]).exits(3).says("app.txt");
    (world.dana.at(&port), port)
}

fn is_ported(world: &World) -> bool {
    world.dana.gate("port.merged")["verdict"] == "pass"
}

#[test]
fn the_forecast_says_whether_it_applies() {
    let clean = World::configured(PEOPLE);
    clean.mended(&[]);
    clean.dana.hotfix(["verify"]).exits(0);
    clean.dana.hotfix(["status"]).exits(0).answers("port to main: applies cleanly");
    assert_eq!(clean.dana.status()["port_forecast"]["clean"], true);

    let world = World::configured(PEOPLE);
    world.somebody_pushes("main", &[("app.txt", OTHER)]);
    world.dana.git(["fetch", "--quiet"]);
    world.mended(&[]);
    world.dana.hotfix(["verify"]).exits(0);
    world.dana.hotfix(["status"]).exits(0).answers("port to main: conflicts in app.txt");
    assert_eq!(world.dana.status()["port_forecast"]["conflicts"][0], "app.txt");
}

#[test]
fn a_conflict_waits_in_a_worktree_of_its_own() {
    let world = World::configured(PEOPLE);
    let mine = world.dana.own_work();
    let (there, path) = conflict(&world);
    let status = world.dana.status();
    assert_eq!(status["waiting_for"][0]["kind"], "conflict", "{status}");
    assert_eq!(there.git(["diff", "--name-only", "--diff-filter=U"]), "app.txt");
    assert_eq!(world.dana.hotfix(["run"]).exits(3).out, "");
    there.write("app.txt", GOOD);
    there.git(["add", "app.txt"]);
    world.dana.hotfix(["run"]).exits(3).says("hotfix report --edit");
    assert!(is_ported(&world) && !path.exists());
    assert_eq!(world.origin().git(["show", "main:app.txt"]), GOOD.trim_end());
    assert!(world.origin().git(["log", "main", "--format=%B"]).contains("(cherry picked from commit "));
    assert_eq!(world.dana.own_work(), mine);
}

#[test]
fn a_file_with_its_conflict_markers_is_not_taken() {
    let world = World::configured(PEOPLE);
    let before = world.origin().git(["rev-parse", "main"]);
    let (there, _) = conflict(&world);
    let before_port = world.origin().git(["rev-parse", "main"]);
    assert_ne!(before, before_port, "somebody pushed");
    there.git(["add", "app.txt"]);
    world.dana.hotfix(["run"]).exits(3).says("app.txt");
    there.git(["commit", "--quiet", "--no-edit"]);
    world.dana.hotfix(["run"]).exits(3).says("app.txt");
    assert_eq!(world.origin().git(["rev-parse", "main"]), before_port);
    there.write("app.txt", GOOD);
    there.git(["commit", "--quiet", "--all", "--amend", "--no-edit"]);
    world.dana.hotfix(["run"]).exits(3).says("hotfix report --edit");
    assert!(is_ported(&world));
}

#[test]
fn a_port_that_was_given_up_is_no_port() {
    let world = World::configured(PEOPLE);
    let (there, _) = conflict(&world);
    let before = world.origin().git(["rev-parse", "main"]);
    there.git(["cherry-pick", "--abort"]);
    world.dana.hotfix(["run"]).fails(1, "HF0902").says("hotfix waive port.merged");
    assert_eq!(world.origin().git(["rev-parse", "main"]), before);
    assert_eq!(world.dana.status()["merge_requests"].as_array().map(Vec::len), Some(1));
}

#[test]
fn several_commits_may_each_conflict() {
    let world = World::configured(PEOPLE);
    world.somebody_pushes("main", &[("app.txt", &OTHER.replace("one\n", "uno\n"))]);
    world.dana.git(["fetch", "--quiet"]);
    let worktree = world.mended(&[]);
    let there = world.dana.at(&worktree);
    there.git(["commit", "--quiet", "--all", "--message", "fix: first"]);
    there.write("app.txt", &GOOD.replace("one\n", "first\n"));
    there.git(["commit", "--quiet", "--all", "--message", "fix: second"]);
    world.dana.hotfix(["ship"]).exits(3);
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
    world.dana.hotfix(["run"]).exits(3).says("conflict");
    let port = world.dana.at(format!("{}-port", worktree.display()));
    port.write("app.txt", &GOOD.replace("one\n", "uno\n"));
    port.git(["add", "app.txt"]);
    port.git(["commit", "--quiet", "--no-edit"]);
    world.dana.hotfix(["run"]).exits(3).says("conflict");
    assert!(!is_ported(&world), "only the first commit is there");
    port.write("app.txt", &GOOD.replace("one\n", "first\n"));
    port.git(["add", "app.txt"]);
    world.dana.hotfix(["run"]).exits(3).says("hotfix report --edit");
    assert!(is_ported(&world));
    assert_eq!(world.origin().git(["log", "main", "--format=%B"]).matches("(cherry picked from").count(), 2);
}

fn by_hand(world: &World, pick: &[&str]) {
    let dana = world.clone_for("Rick");
    dana.git(["fetch", "--quiet"]);
    let args: Vec<&str> =
        ["cherry-pick"].iter().chain(pick).copied().chain(["origin/hotfix/incident-INC-1"]).collect();
    dana.git(args);
    dana.git(["push", "--quiet", "origin", "main"]);
}

#[test]
fn a_port_that_is_there_already_is_recognised() {
    for (pick, told) in [(vec!["-x"], "cherry picked from"), (vec![], "same patch")] {
        let world = World::configured(PEOPLE);
        merged(&world);
        by_hand(&world, &pick);
        world.dana.hotfix(["port"]).exits(0);
        let gate = world.dana.gate("port.merged");
        assert!(gate["verdict"] == "pass" && gate["summary"].as_str().unwrap().contains(told), "{gate}");
        assert_eq!(
            world.dana.status()["merge_requests"].as_array().map(Vec::len),
            Some(1),
            "no second request"
        );
    }
}

#[test]
fn close_refuses_until_main_has_the_fix() {
    let world = World::configured(PEOPLE);
    merged(&world);
    world.dana.hotfix(["done", "resolve"]).exits(0);
    let refused = world
        .dana
        .hotfix(["close", "--permanent"])
        .fails(1, "HF0607")
        .says("port.merged")
        .says("hotfix port");
    assert!(!refused.err.contains("incident.resolved is"), "{}", refused.err);
    assert_eq!(world.origin().git(["show", "main:app.txt"]), BAD.trim_end());
}

fn deploying(live: &str) -> World {
    let world = World::configured(&format!("{PEOPLE}{DEPLOY}"));
    std::fs::write(world.root().join("live-version"), live).unwrap();
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    world.in_review(&[]);
    world.olga.hotfix(["approve"]).exits(0);
    world
}

fn live(root: &Path) -> String {
    std::fs::read_to_string(root.join("live-version")).unwrap()
}

#[test]
fn a_rollback_by_hand_brings_the_version_back() {
    let world = deploying("v1.0.0");
    world.dana.hotfix(["rollback"]).fails(1, "HF0802");
    world.dana.hotfix(["ship"]).exits(3).says("hotfix done monitor");
    assert_eq!(live(&world.root()), "v1.0.1");
    assert_eq!(world.dana.gate("rollback.ready")["verdict"], "pass");
    assert_eq!(world.dana.gate("deploy.version")["verdict"], "pass");
    world.dana.hotfix(["rollback", "--dry-run"]).exits(0).answers("would roll back to v1.0.0");
    assert_eq!(live(&world.root()), "v1.0.1");
    world.dana.hotfix(["rollback", "--reason", "it is worse"]).exits(0);
    assert_eq!(live(&world.root()), "v1.0.0");
    let status = world.dana.status();
    assert_eq!(status["run"]["state"], "rolled-back");
    assert!(status["obligations"].to_string().contains("rolled back"), "{status}");
    world.dana.hotfix(["status"]).exits(0).answers("rolled-back");
}

#[test]
fn no_deploy_without_a_version_to_go_back_to() {
    let world = deploying("v1.0.0");
    world.dana.hotfix(["ship", "--until", "merge"]).exits(0);
    std::fs::write(world.root().join("live-version"), "v0.9.9").unwrap();
    world.dana.hotfix(["ship"]).fails(1, "HF0601").says("rollback.ready").says("v0.9.9 names no commit");
    assert_eq!(live(&world.root()), "v0.9.9", "nothing was deployed");
    assert_eq!(world.dana.status()["deploys"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_deploy_that_does_not_arrive_is_told() {
    let config = DEPLOY.replace("command = \"printf", "expect = \"1s\"\ncommand = \"false && printf");
    let world = World::configured(&format!("{PEOPLE}{config}"));
    std::fs::write(world.root().join("live-version"), "v1.0.0").unwrap();
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    world.in_review(&[]);
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).fails(1, "HF0404").says("v1.0.1");
    assert_eq!(world.dana.status()["deploys"].as_array().map(Vec::len), Some(0));
    assert_eq!(live(&world.root()), "v1.0.0");
}
