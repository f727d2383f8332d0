//! People act on the forge's page, forges refuse, and things are not as they
//! should be: the run goes on from there, or says what no longer fits, where it
//! stands and what to do next. Played on GitLab's double.

use crate::doubles::gitlab::Gitlab;
use crate::doubles::user;
use crate::forge_run::Stage;
use crate::repo::{GOOD, REPRODUCE};

type OnGitlab = Stage<Gitlab>;

/// As far as the approval.
fn in_review(more: &[&str], config: &str) -> OnGitlab {
    let stage = OnGitlab::new(config);
    in_review_on(&stage, more);
    stage
}

fn in_review_on(stage: &OnGitlab, more: &[&str]) {
    mended(stage, more);
    stage.dana().hotfix(["ship"]).exits(3).says("the approval of on-call");
}

fn mended(stage: &OnGitlab, more: &[&str]) {
    let dana = stage.dana();
    let worktree = dana.start("INC-1", more);
    dana.hotfix(REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
}

fn approved(stage: &OnGitlab) {
    stage.server.with(|g| g.approve(1, "olga-k"));
}

fn state(stage: &OnGitlab, at: usize) -> &'static str {
    stage.server.with(|g| g.mrs[at].state)
}

#[test]
fn closed_on_its_page() {
    let stage = in_review(&[], "");
    stage.server.with(|g| g.mrs[0].state = "closed");
    stage.dana().hotfix(["run"]).fails(1, "HF0707").says("closed without a merge").says("hotfix abort");
    assert_eq!(stage.server.with(|g| g.mrs.len()), 1, "no other one was opened");
    stage.server.with(|g| g.mrs[0].state = "opened");
    approved(&stage);
    stage.dana().hotfix(["ship"]).exits(0);
    assert_eq!(state(&stage, 0), "merged");
}

#[test]
fn retargeted_on_its_page() {
    let stage = in_review(&[], "");
    stage.server.with(|g| g.mrs[0].target = "main".to_owned());
    approved(&stage);
    stage.dana().hotfix(["run"]).fails(1, "HF0708").says("goes to main now").says("production");
    stage.server.with(|g| g.mrs[0].target = "production".to_owned());
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn somebody_pushes_to_the_branch() {
    let stage = in_review(&[], "");
    approved(&stage);
    let branch = "hotfix/incident-INC-1";
    stage.world.somebody_pushes(branch, &[("more.txt", "more")]);
    let said = stage.dana().hotfix(["run"]).fails(1, "HF0706");
    assert!(said.err.contains("pull --ff-only"), "{said:?}");
    assert_eq!(state(&stage, 0), "opened");
    let worktree = stage.dana().dir.join("../dana.hotfix/INC-1");
    stage.dana().at(worktree).git(["pull", "--quiet", "--ff-only", "origin", branch]);
    // Olga's word was for the commit before.
    stage.dana().hotfix(["run"]).exits(3).says("no longer holds").says("the approval of on-call");
    approved(&stage);
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn merged_on_its_page() {
    let stage = in_review(&[], "");
    approved(&stage);
    assert!(stage.server.with(|g| g.merge(1)));
    stage.dana().hotfix(["run"]).exits(3);
    stage.ended_well();
}

#[test]
fn another_request_for_the_branch() {
    let stage = OnGitlab::new("");
    mended(&stage, &[]);
    let commit = stage.world.origin().git(["rev-parse", "production"]);
    stage.world.origin().git(["branch", "hotfix/incident-INC-1", &commit]);
    let opened = serde_json::json!({"title": "mine", "source_branch": "hotfix/incident-INC-1", "target_branch": "main"});
    post(&stage, "tina", "merge_requests", &opened);
    let said = stage.dana().hotfix(["ship"]).fails(1, "HF0712");
    assert!(said.err.contains("!1") && said.err.contains("@tina"), "{said:?}");
    stage.server.with(|g| g.mrs[0].state = "closed");
    stage.dana().hotfix(["run"]).exits(3).says("the approval of on-call");
}

fn post(stage: &OnGitlab, login: &str, what: &str, body: &serde_json::Value) {
    let url = format!("{}/api/v4/projects/group%2Fsubgroup%2Fapp/{what}", stage.server.url());
    let token = format!("PRIVATE-TOKEN: {}", user(login).token);
    let body = body.to_string();
    let args =
        ["-sSf", "-X", "POST", "-H", "content-type: application/json", "-H", &token, "-d", &body, &url];
    crate::repo::answer(stage.world.dana.command("curl").args(args)).exits(0);
}

#[test]
fn a_branch_with_other_commits_is_there() {
    let stage = OnGitlab::new("");
    stage.world.origin().git(["branch", "hotfix/incident-INC-1", "production"]);
    stage.world.somebody_pushes("hotfix/incident-INC-1", &[("theirs.txt", "theirs")]);
    mended(&stage, &[]);
    stage.dana().hotfix(["ship"]).fails(1, "HF0706").says("with other commits");
    assert!(stage.server.with(|g| g.mrs.is_empty()));
}

#[test]
fn a_protected_branch_refuses_the_push() {
    let stage = OnGitlab::new("");
    let hook = stage.world.origin().dir.join("hooks/pre-receive");
    let refuse = "#!/bin/sh\necho 'GitLab: You are not allowed to push code to protected branches on this project.'\nexit 1\n";
    std::fs::write(&hook, refuse).unwrap();
    crate::repo::executable(&hook);
    mended(&stage, &[]);
    stage.dana().hotfix(["ship"]).fails(1, "HF0713").says("protected");
    std::fs::remove_file(hook).unwrap();
    stage.dana().hotfix(["run"]).exits(3).says("the approval of on-call");
}

#[test]
fn a_token_that_ends_in_the_middle() {
    let stage = in_review(&[], "");
    stage.server.with(|g| g.revoked = true);
    stage.dana().hotfix(["run"]).fails(1, "HF0709").says("hotfix auth login");
    stage.server.with(|g| g.revoked = false);
    approved(&stage);
    stage.dana().hotfix(["ship"]).exits(0);
    assert_eq!(state(&stage, 0), "merged");
}

#[test]
fn a_token_without_its_scope() {
    let stage = OnGitlab::new("");
    stage.server.with(|g| g.scopes = vec!["read_api"]);
    mended(&stage, &[]);
    let said = stage.dana().hotfix(["ship"]).exits(1);
    assert!(said.err.contains("insufficient_scope"), "{said:?}");
    stage.dana().hotfix(["doctor"]).exits(1).answers("the scope `api`");
    stage.dana().hotfix(["auth", "status"]).exits(1).answers("it lacks the scope `api`");
}

#[test]
fn no_token_at_all() {
    let stage = OnGitlab::new("");
    mended(&stage, &[]);
    let without = stage.dana().without("GITLAB_TOKEN");
    without.hotfix(["ship"]).fails(1, "HF0709").says("hotfix auth login");
    without.hotfix(["auth", "status"]).fails(1, "HF0709").says("personal_access_tokens");
    stage.dana().hotfix(["run"]).exits(3).says("the approval of on-call");
}

#[test]
fn the_project_is_archived() {
    let stage = OnGitlab::new("");
    stage.server.with(|g| g.archived = true);
    mended(&stage, &[]);
    let said = stage.dana().hotfix(["ship"]).exits(1);
    assert!(said.err.contains("archived"), "{said:?}");
}

#[test]
fn the_pipeline_is_waited_for_and_a_red_one_stops() {
    let stage = in_review(&[], "");
    approved(&stage);
    stage.server.with(|g| {
        g.pipeline = Some(("running", vec![("unit", "success", false), ("e2e", "running", false)]));
    });
    let waits = stage.dana().hotfix(["run"]).exits(3);
    assert!(waits.err.contains("not over: e2e") && waits.err.contains("/-/pipelines/"), "{waits:?}");
    assert_eq!(stage.dana().status()["waiting_for"][0]["kind"], "pipeline");
    stage
        .server
        .with(|g| g.pipeline = Some(("failed", vec![("unit", "failed", false), ("docs", "failed", true)])));
    let red = stage.dana().hotfix(["run"]).fails(1, "HF0714");
    assert!(red.err.contains("/-/jobs/400") && red.err.contains("assertion failed: job 400"), "{red:?}");
    assert_eq!(stage.dana().gate("mr.pipeline")["verdict"], "fail");
    stage
        .server
        .with(|g| g.pipeline = Some(("success", vec![("unit", "success", false), ("docs", "failed", true)])));
    stage.dana().hotfix(["ship"]).exits(0);
    assert_eq!(stage.dana().gate("mr.pipeline")["verdict"], "pass");
}

#[test]
fn a_stricter_forge_is_waited_for() {
    let stage = in_review(&[], "");
    stage.server.with(|g| g.approvals_required = 2);
    approved(&stage);
    let waits = stage.dana().hotfix(["run"]).exits(3);
    assert!(waits.err.contains("the forge, which holds !1") && waits.err.contains("rules"), "{waits:?}");
    assert_eq!(state(&stage, 0), "opened");
    stage.server.with(|g| g.approve(1, "tina"));
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn changes_are_requested_on_the_page() {
    let stage = in_review(&[], "");
    stage.server.with(|g| g.request_changes(1, "rick"));
    approved(&stage);
    stage.dana().hotfix(["run"]).fails(1, "HF0603").says("changes requested by Rick @rick");
    stage.server.with(|g| g.mrs[0].objections.clear());
    stage.dana().hotfix(["run"]).fails(1, "HF0603");
    stage.server.with(|g| g.approve(1, "rick"));
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn the_authors_own_word_does_not_count() {
    let stage = in_review(&[], "");
    stage.server.with(|g| g.approve(1, "dana"));
    stage.server.with(|g| g.approve(1, "rick"));
    let waits = stage.dana().hotfix(["run"]).exits(3).says("the approval of on-call");
    assert!(!waits.err.contains("merge !1"), "{waits:?}");
}

#[test]
fn a_merge_train_is_waited_for() {
    let stage = in_review(&[], "");
    stage.server.with(|g| g.trains = true);
    approved(&stage);
    stage.dana().hotfix(["ship"]).exits(3).says("merge train");
    stage.dana().hotfix(["run"]).exits(3).says("merge train");
    assert_eq!(stage.server.with(|g| g.riding.clone()), [1], "it was put there once");
    assert!(stage.server.with(|g| g.merge(1)));
    // The port's request rides, too.
    stage.dana().hotfix(["run"]).exits(3);
    assert!(stage.server.with(|g| g.merge(2)));
    stage.dana().hotfix(["run"]).exits(3);
    stage.ended_well();
}

#[test]
fn squashed_by_the_project() {
    let stage = in_review(&[], "");
    stage.server.with(|g| g.squash = true);
    approved(&stage);
    stage.dana().hotfix(["ship"]).exits(0);
    let origin = stage.world.origin();
    assert_eq!(origin.git(["log", "--format=%P", "-1", "production"]).split(' ').count(), 1);
    assert_eq!(origin.git(["rev-parse", "v1.0.1^{commit}"]), origin.git(["rev-parse", "production"]));
}

#[test]
fn production_moves_before_the_merge() {
    let stage = in_review(&[], "");
    approved(&stage);
    stage.world.somebody_pushes("production", &[("meanwhile.txt", "another hotfix")]);
    let said = stage.dana().hotfix(["ship"]).exits(0);
    assert!(said.err.contains("production has moved"), "{said:?}");
    assert!(stage.world.origin().git(["show", "production:meanwhile.txt"]).contains("another"));
}

#[test]
fn a_conflict_with_production_is_told() {
    let stage = in_review(&[], "");
    approved(&stage);
    stage.world.somebody_pushes("production", &[("app.txt", "something else\n")]);
    stage.dana().hotfix(["run"]).fails(1, "HF0704").says("app.txt");
}

#[test]
fn nobody_listens() {
    let mut stage = in_review(&[], "");
    approved(&stage);
    stage.server.down();
    let said = stage.dana().hotfix(["run"]).exits(1);
    assert!(said.err.contains("HF0110") && said.err.contains("refused"), "{said:?}");
    stage.server.up();
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn a_review_after_the_merge_is_a_comment() {
    let stage = in_review(&[], "");
    approved(&stage);
    stage.dana().hotfix(["ship"]).exits(0);
    let owed = |stage: &OnGitlab| {
        stage.dana().status()["obligations"].as_array().unwrap().iter().find(|o| o["id"] == "review").unwrap()
            ["state"]
            .clone()
    };
    assert_eq!(owed(&stage), "open");
    stage.server.with(|g| g.comment(1, "rick", "nice"));
    stage.server.with(|g| g.comment(1, "dana", "Reviewed by myself"));
    stage.dana().hotfix(["run"]).exits(3);
    assert_eq!(owed(&stage), "open");
    let head = stage.server.with(|g| g.mrs[0].head.clone());
    stage.server.with(|g| g.comment(1, "rick", &format!("Looked at {}, fine.", &head[..10])));
    stage.dana().hotfix(["run"]).exits(3);
    assert_eq!(owed(&stage), "met");
}

#[test]
fn approve_speaks_to_the_forge() {
    let stage = in_review(&[], crate::forge_run::SIMULATED);
    let olga = stage.as_person("olga", "olga-k");
    olga.hotfix(["approve", "--mr", "1", "--note", "looks right"]).exits(0);
    let (approvals, notes) = stage.server.with(|g| (g.mrs[0].approvals.len(), g.mrs[0].notes.len()));
    assert_eq!((approvals, notes), (1, 2));
    stage.dana().hotfix(["ship"]).exits(0);
}

#[test]
fn two_forges_on_two_remotes() {
    let stage = OnGitlab::new("");
    stage.world.dana.git(["remote", "add", "fork", "https://codeberg.example/dana/app.git"]);
    stage.world.dana.git(["config", "remote.pushDefault", "fork"]);
    stage.dana().hotfix(["doctor"]).exits(1).answers("two forges");
}

#[test]
fn doctor_says_what_is_used() {
    let stage = OnGitlab::new("");
    let said = stage.dana().hotfix(["doctor"]).exits(0);
    assert!(
        said.out.contains("GitLab on http://127.0.0.1") && said.out.contains("group/subgroup/app"),
        "{said:?}"
    );
    assert!(
        said.out.contains("from the environment (GITLAB_TOKEN)") && said.out.contains("@dana"),
        "{said:?}"
    );
    let document = stage.dana().json(&["doctor"]);
    assert_eq!(document["schema"], "hotfix.doctor/1");
    let status = stage.dana().json(&["auth", "status"]);
    assert_eq!((status["account"].as_str(), status["kind"].as_str()), (Some("dana"), Some("gitlab")));
    assert!(!said.out.contains(user("dana").token));
}

#[test]
fn changes_requested_after_the_merge_are_a_question() {
    let stage = in_review(&[], "");
    approved(&stage);
    stage.dana().hotfix(["ship"]).exits(0);
    let head = stage.server.with(|g| g.mrs[0].head.clone());
    let text = format!("Changes requested on {}: the lock is never freed", &head[..10]);
    stage.server.with(|g| g.comment(1, "rick", &text));
    stage.dana().hotfix(["run"]).exits(3).says("hotfix rollback");
    let owed = |stage: &OnGitlab| {
        let status = stage.dana().status();
        let all = status["obligations"].as_array().unwrap().clone();
        all.into_iter().find(|o| o["id"] == "objection").unwrap()["state"].clone()
    };
    assert_eq!(owed(&stage), "open");
    assert_eq!(stage.dana().gate("review.reviewers")["verdict"], "fail");
    stage.server.with(|g| g.comment(1, "rick", &format!("{} is fine after all", &head[..10])));
    stage.dana().hotfix(["run"]).exits(3);
    assert_eq!(owed(&stage), "met");
}
