//! Approvals: from somebody else, bound to a commit; and waivers, which have
//! a name and a reason.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{Clone, GOOD, HOTFIX, PEOPLE, World, answer};

/// Without anybody's leave to speak without a terminal.
const ROLES: &str = "[roles]\non-call = [\"Olga <olga@example.org>\"]\n";

fn production(world: &World) -> String {
    world.origin().git(["rev-parse", "production"])
}

/// A review ref made by hand, as the tool itself would never write it.
fn forged(by: &Clone, name: &str, email: &str, number: u64, commit: &str) {
    let json = format!(
        r#"{{"schema":"hotfix.review/1","number":{number},"by":"{name} <{email}>","commit":"{commit}","approved":true,"note":null,"at":"2026-03-01T03:00:00Z"}}"#
    );
    by.write("review.json", &json);
    let script = "printf '100644 blob %s\\treview.json\\n' $(git hash-object -w review.json) | git mktree";
    let tree = answer(by.command("sh").args(["-c", script])).exits(0).out.trim().to_owned();
    let review = by.git(["commit-tree", &tree, "-m", "approve"]);
    by.git(["push", "--quiet", "origin", &format!("{review}:refs/hotfix/review/{number}/forged")]);
}

#[test]
fn the_authors_own_word_does_not_count() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    let before = production(&world);
    world.dana.hotfix(["approve"]).fails(2, "HF0212").says("made this change");
    let commit = world.dana.git(["rev-parse", "hotfix/incident-INC-1"]);
    // A file that claims to be somebody else's word, committed by the author.
    forged(&world.dana, "Olga", "olga@example.org", 1, &commit);
    world
        .dana
        .hotfix(["run"])
        .exits(3)
        .says("the approval of on-call")
        .says("Dana <dana@example.org> approved");
    let gate = world.dana.gate("review.approvers");
    assert_eq!(gate["verdict"], "pending", "{gate}");
    assert_eq!(production(&world), before);
}

#[test]
fn a_new_commit_voids_the_approvals() {
    let world = World::configured(PEOPLE);
    let worktree = world.in_review(&[]);
    world.olga.hotfix(["approve"]).exits(0);
    let before = production(&world);
    std::fs::write(worktree.join("app.txt"), GOOD.replace("seven", "eight")).unwrap();
    world.dana.hotfix(["ship"]).exits(3).says("no longer holds").says("the approval of on-call");
    world.dana.hotfix(["status"]).exits(0).answers("no longer holds: Olga");
    let request = world.dana.status()["merge_requests"][0].clone();
    assert_eq!(request["voided"].as_array().map(Vec::len), Some(1), "{request}");
    assert_eq!(production(&world), before);
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
    assert!(world.origin().git(["show", "production:app.txt"]).contains("eight"));
}

#[test]
fn somebody_without_the_role_is_not_enough() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    world.clone_for("Rick").hotfix(["approve"]).exits(0);
    world.dana.hotfix(["run"]).exits(3).says("the approval of on-call").says("Olga");
    assert_eq!(world.dana.gate("review.approvers")["verdict"], "pending");
}

#[test]
fn approve_takes_a_person_or_a_named_caller() {
    let world = World::configured(ROLES);
    world.in_review(&[]);
    world.olga.hotfix(["approve"]).fails(2, "HF0211").says("nobody is at a terminal");
    world.olga.hotfix(["approve", "--yes"]).fails(2, "HF0211");
    let reviews = world.origin().git(["for-each-ref", "refs/hotfix/review"]);
    assert_eq!(reviews, "", "nothing was written");
}

#[test]
fn a_named_callers_word_is_marked_as_simulated() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    world.olga.hotfix(["approve", "--note", "looks right"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
    let approval = world.dana.status()["merge_requests"][0]["approvals"][0].clone();
    assert_eq!(approval["simulated"], true, "{approval}");
    world.dana.hotfix(["status"]).exits(0).answers("simulated");
}

#[test]
fn two_different_people_before_a_pre_deploy_merge() {
    let world = World::configured(PEOPLE);
    world.in_review(&["-s", "P2"]);
    let before = production(&world);
    let tina = world.clone_for("Tina");
    tina.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["run"]).exits(3).says("1 more review");
    tina.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["run"]).exits(3).says("1 more review");
    assert_eq!(production(&world), before);
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0).says("merge !1");
    assert_ne!(production(&world), before);
}

#[test]
fn requested_changes_block_until_the_next_word() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    let before = production(&world);
    world.clone_for("Rick").hotfix(["approve", "--request-changes", "--note", "not like this"]).exits(0);
    world.olga.hotfix(["approve"]).exits(0);
    world.dana.hotfix(["run"]).fails(1, "HF0603").says("changes requested by Rick");
    assert_eq!(production(&world), before);
    world.clone_for_again("Rick").hotfix(["approve"]).exits(0);
    world.dana.hotfix(["ship"]).exits(0);
}

#[test]
fn approve_says_what_is_missing() {
    let world = World::configured(PEOPLE);
    world.olga.hotfix(["approve"]).fails(2, "HF0701");
    world.olga.hotfix(["approve", "--mr", "7"]).fails(2, "HF0701");
    let dry = world.in_review(&[]);
    assert!(dry.exists());
    world.olga.hotfix(["approve", "--dry-run"]).exits(0).answers("would approve");
    world.dana.hotfix(["run"]).exits(3);
}

#[test]
fn a_waiver_has_a_name_and_a_reason() {
    let world = World::configured(PEOPLE);
    let worktree = world.dana.start("INC-1", &[]);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    world.dana.hotfix(["ship"]).exits(3).says("hotfix reproduce");
    world.dana.hotfix(["waive", "repro.fails-before", "--reason", " "]).fails(2, "HF0210");
    let waived =
        world.dana.hotfix(["waive", "repro.fails-before", "--reason", "shows only in production"]).exits(0);
    waived.says("self-waived");
    world.dana.hotfix(["waive", "repro.passes-after", "--reason", "shows only in production"]).exits(0);
    world.dana.hotfix(["run"]).exits(3).says("the approval of on-call");
    let gate = world.dana.gate("repro.fails-before");
    assert_eq!(gate["verdict"], "waived");
    assert_eq!(gate["waiver"]["reason"], "shows only in production");
    assert!(gate["waiver"]["by"].as_str().unwrap().contains("dana@example.org"), "{gate}");
    let shown = world.dana.hotfix(["status"]).exits(0);
    assert!(shown.out.contains("shows only in production") && shown.out.contains("Dana"), "{}", shown.out);
    let body = world.origin().git(["show", "refs/hotfix/mr/1:body.md"]);
    assert!(body.contains("waived") && body.contains("shows only in production"), "{body}");
    assert!(body.contains("self-waived"), "{body}");
    let report = world.dana.hotfix(["report", "--format", "md"]).exits(0).out;
    assert!(report.contains("self-waived") && report.contains("shows only in production"), "{report}");
}

#[test]
fn approvals_are_not_waived_by_the_author() {
    let world = World::configured(PEOPLE);
    world.in_review(&[]);
    let before = production(&world);
    let refused = world.dana.hotfix(["waive", "review.approvers", "--reason", "nobody is awake"]);
    refused.fails(2, "HF0210").says("not by the author");
    world.dana.hotfix(["run"]).exits(3);
    assert_eq!(production(&world), before);
}

#[test]
fn a_waiver_without_a_person_is_refused() {
    let world = World::configured(ROLES);
    world.dana.start("INC-1", &[]);
    world.dana.hotfix(["waive", "change.size", "--reason", "large"]).fails(2, "HF0211");
    assert_ne!(world.dana.gate("change.size")["verdict"], "waived");
}

#[test]
fn at_a_terminal_a_person_reads_and_answers() {
    let world = World::configured(ROLES);
    world.in_review(&[]);
    let asked = |answer_with: &str| {
        let script = format!("printf '{answer_with}\\n' | script -qec '{HOTFIX} approve' /dev/null");
        answer(world.olga.command("bash").args(["-o", "pipefail", "-c", &script]))
    };
    let no = asked("n");
    assert!(no.status == 1 && no.out.contains("nothing was approved"), "{no:?}");
    assert_eq!(world.origin().git(["for-each-ref", "refs/hotfix/review"]), "");
    let yes = asked("y");
    assert!(
        yes.status == 0 && yes.out.contains("the state is bad") && yes.out.contains("app.txt"),
        "{yes:?}"
    );
    world.dana.hotfix(["ship"]).exits(0);
    assert_eq!(world.dana.status()["merge_requests"][0]["approvals"][0]["simulated"], false);
}
