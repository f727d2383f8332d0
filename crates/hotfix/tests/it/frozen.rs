//! The plan is frozen when the run starts.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{PEOPLE, World};

const PAGE: &str = "# Another page\n\n## Step 1: Implement\n\n**Call Skill:** `implement`\n\n**Output:** Fix committed\n\n## Step 2: Look\n\n- [ ] Somebody looked at the moon\n";

#[test]
fn edits_in_the_worktree_change_nothing() {
    let world = World::configured(PEOPLE);
    let worktree = world.mended(&[]);
    let before = world.dana.status();
    let there = world.dana.at(&worktree);
    there.write(".hotfix/config.toml", "[verify]\nsmoke = [\"touch pwned\"]\n");
    there.write(".hotfix/workflows/hotfix.md", PAGE);
    let after = world.dana.status();
    assert_eq!(after["run"]["plan_digest"], before["run"]["plan_digest"]);
    assert_eq!(after["steps"], before["steps"]);
    let notices = after["notices"].to_string();
    for path in [".hotfix/config.toml", ".hotfix/workflows/hotfix.md"] {
        assert!(notices.contains(path), "{notices}");
    }
    let shown = world.dana.hotfix(["status"]).exits(0);
    assert!(shown.out.contains("it changes nothing in this run"), "{}", shown.out);
    std::fs::remove_dir_all(worktree.join(".hotfix")).unwrap();
    world.dana.hotfix(["ship"]).exits(3).says("the approval of on-call");
    assert_eq!(world.dana.gate("tests.smoke")["verdict"], "not-applicable");
}

#[test]
fn a_config_pushed_to_main_changes_nothing_and_is_told() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    let looser = PEOPLE.replace("Olga <olga@example.org>", "Rick <rick@example.org>");
    world.somebody_pushes("main", &[(".hotfix/config.toml", &looser), (".hotfix/workflows/hotfix.md", PAGE)]);
    world.clone_for("Rick").hotfix(["approve"]).exits(0);
    world.dana.hotfix(["run"]).exits(3).says("the approval of on-call (Olga");
    let notices = world.dana.status()["notices"].to_string();
    assert!(
        notices.contains("the config at ") && notices.contains("differs from the frozen one"),
        "{notices}"
    );
    assert!(notices.contains("the workflow at ") || notices.contains("the workflow "), "{notices}");
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
}

#[test]
fn a_page_that_appears_after_the_start_is_told() {
    let world = World::configured(PEOPLE);
    world.dana.start("INC-1", &[]);
    assert!(!world.dana.status()["notices"].to_string().contains("differs"));
    world.somebody_pushes("main", &[(".hotfix/workflows/hotfix.md", PAGE)]);
    world.dana.git(["fetch", "--quiet"]);
    let notices = world.dana.status()["notices"].to_string();
    assert!(notices.contains("workflow") && notices.contains("differs"), "{notices}");
}
