//! Evidence binds to the tree: hooks, commits by hand, later edits, a
//! production that moves, and two processes on one run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{GOOD, PEOPLE, REPRODUCE, World, ended, eventually};
use std::time::{Duration, Instant};

fn smoke(command: &str) -> World {
    let world = World::configured(&format!("{PEOPLE}[verify]\nsmoke = [{command:?}]\n"));
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    world
}

#[test]
fn a_hook_that_reformats_leads_to_another_verification() {
    let world = smoke("grep -q three app.txt");
    world.dana.hook("pre-commit", "#!/bin/sh\nprintf 'formatted\\n' >> app.txt\ngit add app.txt\n");
    let worktree = world.mended(&[]);
    world.dana.hotfix(["ship"]).exits(3).says("a hook changed what was committed");
    let committed = world.dana.git(["show", "hotfix/incident-INC-1:app.txt"]);
    assert!(committed.ends_with("formatted"), "{committed}");
    let tree = world.dana.git(["rev-parse", "hotfix/incident-INC-1^{tree}"]);
    for gate in ["repro.passes-after", "tests.smoke"] {
        let gate = world.dana.gate(gate);
        assert_eq!(gate["verdict"], "pass");
        assert_eq!(gate["evidence"][0]["tree"], tree.as_str(), "{gate}");
    }
    let there = world.dana.at(&worktree);
    assert_eq!(there.git(["status", "--porcelain"]), "", "the worktree holds what was committed");
}

#[test]
fn a_failing_hook_stops_the_commit_with_its_words() {
    let world = World::configured(PEOPLE);
    world.dana.hook("pre-commit", "#!/bin/sh\necho 'line 4 is too ugly' >&2\nexit 1\n");
    let worktree = world.mended(&[]);
    world.dana.hotfix(["ship"]).fails(1, "HF0404").says("line 4 is too ugly");
    assert_eq!(std::fs::read_to_string(worktree.join("app.txt")).unwrap(), GOOD);
    assert_eq!(
        world.dana.git(["rev-parse", "hotfix/incident-INC-1"]),
        world.dana.git(["rev-parse", "v1.0.0^{commit}"])
    );
    world.dana.hotfix(["run"]).fails(1, "HF0404");
    world.dana.hook("pre-commit", "#!/bin/sh\nexit 0\n");
    world.dana.hotfix(["run"]).exits(3).says("the approval of on-call");
    assert_eq!(world.dana.git(["rev-list", "--count", "v1.0.0..hotfix/incident-INC-1"]), "1");
}

#[test]
fn a_commit_by_hand_is_taken_over_and_never_amended() {
    let world = World::configured(PEOPLE);
    let worktree = world.mended(&[]);
    let there = world.dana.at(&worktree);
    there.git(["commit", "--quiet", "--all", "--message", "my own words"]);
    let mine = there.git(["rev-parse", "HEAD"]);
    world.dana.hotfix(["ship"]).exits(3);
    assert_eq!(there.git(["rev-parse", "HEAD"]), mine);
    assert_eq!(world.dana.status()["merge_requests"][0]["commit"], mine.as_str());
}

#[test]
fn later_edits_are_not_committed_without_a_word() {
    let world = World::configured(PEOPLE);
    let worktree = world.in_review(&[]);
    let before = world.dana.git(["rev-parse", "hotfix/incident-INC-1"]);
    std::fs::write(worktree.join("app.txt"), GOOD.replace("seven", "half an idea")).unwrap();
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["run"]).exits(3).says("part of the fix").says("hotfix ship");
    assert_eq!(world.dana.git(["rev-parse", "hotfix/incident-INC-1"]), before);
    assert!(std::fs::read_to_string(worktree.join("app.txt")).unwrap().contains("half an idea"));
}

#[test]
fn a_production_that_moved_is_verified_again_as_it_will_be() {
    let world = smoke("! test -e poison");
    world.in_review(&[]);
    world.olga.hotfix(["approve"]).exits(0);
    let poisoned = world.somebody_pushes("production", &[("poison", "x\n")]);
    world.dana.hotfix(["run"]).fails(1, "HF0605").says("production has moved");
    assert_eq!(world.origin().git(["rev-parse", "production"]), poisoned, "nothing was merged");
    let seed = world.dana.at(world.root().join("seed"));
    seed.git(["rm", "--quiet", "poison"]);
    seed.git(["commit", "--quiet", "--message", "no poison"]);
    seed.git(["push", "--quiet", "origin", "production"]);
    let moved = world.somebody_pushes("production", &[("harmless", "x\n")]);
    world.dana.hotfix(["ship"]).exits(0).says("production has moved");
    let parents = world.origin().git(["rev-parse", "production^1", "production^2"]);
    assert!(parents.starts_with(&moved), "{parents}");
    assert!(parents.ends_with(&world.dana.git(["rev-parse", "hotfix/incident-INC-1"])), "{parents}");
}

#[test]
fn a_second_runner_is_refused_and_a_dead_ones_lock_does_not_block() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    let mut waits = world.dana.begins(&["run", "--wait"]);
    let note = world.dana.run_folder().join("runner.json");
    eventually("the runner says who it is", || note.exists());
    let begun = Instant::now();
    for verb in [vec!["run"], vec!["ship"], vec!["verify"], vec!["abort"]] {
        let refused = world.dana.hotfix(&verb).fails(1, "HF0402");
        let pid = format!("process {}", waits.id());
        assert!(refused.err.contains(&pid) && refused.err.contains("since 20"), "{}", refused.err);
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "at once");
    world.dana.hotfix(["status"]).exits(0).answers("running: `hotfix run`");
    waits.kill().unwrap();
    waits.wait().unwrap();
    world.dana.hotfix(["run"]).exits(3);
    let shown = world.dana.hotfix(["status"]).exits(0);
    assert!(!shown.out.contains("running:"), "{}", shown.out);
}

#[test]
fn words_from_another_process_are_seen_by_a_waiting_runner() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    let worktree =
        std::path::PathBuf::from(dana.hotfix(["start", "INC-1", "-m", "bad"]).exits(0).out.trim_end());
    dana.hotfix(REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    dana.hotfix(["ship"]).exits(3);
    let waits = dana.begins(&["ship", "--wait"]);
    let note = dana.run_folder().join("runner.json");
    eventually("the runner runs", || note.exists());
    dana.hotfix(["done", "prepare.incident-confirmed"]).exits(0);
    dana.hotfix(["waive", "prepare.authorized", "--reason", "everybody sleeps"]).fails(2, "HF0210");
    dana.hotfix(["done", "prepare.authorized", "--note", "Max"]).exits(0);
    world.olga.hotfix(["approve"]).exits(0);
    let ran = ended(waits).sound();
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(world.origin().git(["show", "production:app.txt"]), GOOD.trim_end());
    dana.hotfix(["log", "--verify"]).exits(0);
}

#[test]
fn names_of_files_are_no_patterns() {
    let world = World::configured(&format!("{PEOPLE}[change]\nmax_files = 9\n"));
    let worktree = world.mended(&[]);
    let names = [":(exclude)app.txt", "*", "a\nb \"q\" späße", "-n"];
    let there = world.dana.at(&worktree);
    for name in names {
        std::fs::write(worktree.join(name), "x\n").unwrap();
    }
    let shipped = world.dana.hotfix(["ship"]).exits(3);
    assert!(!shipped.err.contains("a hook changed"), "{}", shipped.err);
    assert_eq!(there.git(["status", "--porcelain"]), "");
    let committed = there.git(["diff", "-z", "--name-only", "v1.0.0", "HEAD"]);
    for name in names {
        assert!(committed.split('\0').any(|n| n == name), "{name} is missing in {committed:?}");
    }
}

#[test]
fn a_secret_that_the_next_commit_takes_away_is_still_found() {
    let world = World::configured(PEOPLE);
    let worktree = world.mended(&[]);
    let there = world.dana.at(&worktree);
    let token = ["gh", "p_", "k3Jq9ZtLw0Xv7Bn2Rm5Hd8Ys4Pc6Fg1Ae3Tu"].concat();
    std::fs::write(worktree.join("leak.env"), format!("GITHUB_TOKEN={token}\n")).unwrap();
    there.git(["add", "leak.env"]);
    there.git(["commit", "--quiet", "--message", "a leak"]);
    there.git(["rm", "--quiet", "leak.env"]);
    there.git(["commit", "--quiet", "--all", "--message", "and the fix without it"]);
    world.dana.hotfix(["ship"]).fails(1, "HF0601").says("change.secrets");
    assert_eq!(world.dana.gate("change.secrets")["verdict"], "fail");
    let pushed = world.dana.git(["ls-remote", "origin", "refs/heads/hotfix/*"]);
    assert_eq!(pushed, "", "nothing with a secret in it is pushed");
}
