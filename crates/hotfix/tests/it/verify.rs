//! Verification: the reproduction on both sides, tests against the base, what
//! is taken over, what is stale, and what was not run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{BAD, Clone, GOOD, PEOPLE, REPRODUCE, World};
use crate::schemas::conforms;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Tests that read `app.txt`, and count how often they were run.
const TESTS: &str = "\
echo run >> \"$HOME/runs\"
has() { grep -q \"$1\" app.txt && echo \"ok $2\" || echo \"not ok $2\"; }
echo 1..4
has one '1 one is there'
has state=good '2 the state is good'
has moon '3 the moon is there'
has seven '4 seven is there'
";

/// A project with those tests, and this in its `[verify]`.
fn project(verify: &str) -> World {
    let config = format!("{PEOPLE}[verify]\n{verify}\n");
    let world = World::project(&[("app.txt", BAD), ("tests.sh", TESTS)], &config);
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    world
}

fn runs(clone: &Clone) -> usize {
    std::fs::read_to_string(PathBuf::from(&clone.env["HOME"]).join("runs")).map_or(0, |t| t.lines().count())
}

/// The document of `hotfix verify --json`, whatever it exits with.
pub fn verified(clone: &Clone, more: &[&str]) -> Value {
    let args: Vec<&str> = ["verify", "--json"].into_iter().chain(more.iter().copied()).collect();
    let document = clone.hotfix(&args).document();
    assert_eq!(document["schema"], "hotfix.verify/1", "{document}");
    conforms("verify.json", &document);
    document
}

/// A gate of that document.
pub fn gate<'a>(document: &'a Value, id: &str) -> &'a Value {
    let gates = document["gates"].as_array().unwrap();
    gates.iter().find(|g| g["id"] == id).unwrap_or_else(|| panic!("no gate {id} in {document}"))
}

fn put(worktree: &Path, text: &str) {
    std::fs::write(worktree.join("app.txt"), text).unwrap();
}

#[test]
fn both_sides_are_compared_test_by_test() {
    let world = project("smoke = [[\"sh\", \"tests.sh\"]]");
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &[]);
    dana.hotfix(REPRODUCE).exits(0);
    put(&worktree, &GOOD.replace("one\n", ""));
    dana.hotfix(["verify"]).exits(1);
    let document = verified(dana, &[]);
    let smoke = gate(&document, "tests.smoke");
    assert_eq!(smoke["verdict"], "fail", "{smoke}");
    let compared = &smoke["tests"][0];
    assert_eq!(compared["broken"], serde_json::json!(["one is there"]));
    assert_eq!(compared["fixed"], serde_json::json!(["the state is good"]));
    assert_eq!(compared["failing_before"], serde_json::json!(["the moon is there"]));
    assert_eq!((&compared["unchanged"], &compared["fix"]["runs"]), (&1.into(), &2.into()), "a rerun decides");
    put(&worktree, GOOD);
    let document = verified(dana, &[]);
    let smoke = gate(&document, "tests.smoke");
    assert_eq!(smoke["verdict"], "pass", "only what the fix breaks fails the gate: {smoke}");
    let summary = smoke["summary"].as_str().unwrap();
    assert!(summary.contains("1 fixed") && summary.contains("1 failing before as well"), "{summary}");
    let results = document["results"].as_array().unwrap();
    let sides: Vec<&str> = results.iter().map(|r| r["side"].as_str().unwrap()).collect();
    assert!(sides.contains(&"base") && sides.contains(&"fix"), "{sides:?}");
    let smoke = results.iter().find(|r| r["gate"] == "tests.smoke").unwrap();
    let cases = smoke["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4, "{cases:?}");
    dana.hotfix(["status"]).exits(0);
    assert_eq!(dana.gate("tests.smoke")["tests"][0]["failing_before"][0], "the moon is there");
    let table = dana.hotfix(["verify", "--markdown"]).exits(0).out;
    assert!(table.contains("| `sh tests.sh` (smoke) | 2 passed, 2 failed | 3 passed, 1 failed | pass: fixed `the state is good`; failing before as well `the moon is there` |"), "{table}");
    dana.hotfix(["ship"]).exits(3);
    let body = dana.hotfix(["report", "--format", "json"]).out;
    assert!(body.contains("the moon is there"), "all are in the report");
    let body = world.origin().git(["show", "refs/hotfix/mr/1:body.md"]);
    assert!(body.contains("failing before as well `the moon is there`"), "{body}");
}

#[test]
fn what_is_known_of_a_tree_is_taken_over() {
    let world = project("smoke = [[\"sh\", \"tests.sh\"]]");
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &[]);
    dana.hotfix(REPRODUCE).exits(0);
    put(&worktree, GOOD);
    dana.hotfix(["verify"]).exits(0);
    let first = runs(dana);
    assert_eq!(first, 3, "the fix, the base, and the base again because a test was fixed");
    dana.hotfix(["verify"]).exits(0);
    assert_eq!(runs(dana), first, "nothing has changed");
    put(&worktree, &format!("{GOOD}more\n"));
    dana.hotfix(["verify"]).exits(0);
    assert_eq!(runs(dana), first + 1, "the base is known");
    put(&worktree, GOOD);
    dana.hotfix(["verify"]).exits(0);
    assert_eq!(runs(dana), first + 1, "this tree was verified before");
    let evidence = &dana.gate("tests.smoke")["evidence"];
    assert!(evidence.as_array().unwrap().iter().all(|e| e["taken_over"] == true), "{evidence}");
    dana.env("FEATURE", "on").hotfix(["verify", "--fresh"]).exits(0);
    assert_eq!(runs(dana), first + 4);
    put(&worktree, &format!("{GOOD}again\n"));
    dana.env("FEATURE", "off").hotfix(["verify"]).exits(0);
    assert_eq!(runs(dana), first + 7, "another environment, another result");
    // Another run of this clone on the same base.
    dana.hotfix(["abort"]).exits(0);
    let worktree = dana.start("INC-2", &[]);
    dana.hotfix(REPRODUCE).exits(0);
    put(&worktree, &format!("{GOOD}other\n"));
    dana.hotfix(["verify", "--incident", "INC-2"]).exits(0);
    assert_eq!(runs(dana), first + 8, "the base is known from the first run");
    // What is kept beside the journal is believed only as it was kept.
    for entry in std::fs::read_dir(dana.dir.join(".git/hotfix/INC-2")).unwrap().flatten() {
        std::fs::remove_dir_all(entry.path().join("blobs")).unwrap();
    }
    for entry in std::fs::read_dir(dana.dir.join(".git/hotfix/INC-1")).unwrap().flatten() {
        std::fs::remove_dir_all(entry.path().join("blobs")).unwrap();
    }
    put(&worktree, &format!("{GOOD}another\n"));
    dana.hotfix(["verify", "--incident", "INC-2"]).exits(0);
    assert!(runs(dana) > first + 9, "the base was run again");
}

#[test]
fn a_test_that_fails_now_and_then_is_flaky_and_fails_no_gate() {
    let flaky = "n=$(cat \"$HOME/n\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$HOME/n\"\n\
                 echo 1..2; echo 'ok 1 steady'\n[ $n -eq 0 ] && echo 'not ok 2 shaky' || echo 'ok 2 shaky'\n";
    let config = format!("{PEOPLE}[verify]\nsmoke = [\"sh flaky.sh\"]\n");
    let world = World::project(&[("app.txt", BAD), ("flaky.sh", flaky)], &config);
    let dana = &world.dana;
    dana.hotfix(["trust", "--yes"]).exits(0);
    let worktree = world.mended(&[]);
    let document = verified(dana, &[]);
    let smoke = gate(&document, "tests.smoke");
    assert_eq!(smoke["verdict"], "pass", "{smoke}");
    assert_eq!(smoke["tests"][0]["flaky"], serde_json::json!(["shaky"]), "{smoke}");
    assert_eq!(smoke["tests"][0]["fix"]["runs"], 2);
    assert!(worktree.exists());
}

#[test]
fn evidence_for_an_older_tree_is_stale() {
    let world = project("smoke = [[\"sh\", \"tests.sh\"]]");
    let dana = &world.dana;
    let worktree = world.mended(&[]);
    dana.hotfix(["verify"]).exits(0);
    put(&worktree, &format!("{GOOD}later\n"));
    // Seen by any verb that looks; nothing is verified by it.
    dana.hotfix(["run", "--until", "prepare"]).exits(0);
    for id in ["tests.smoke", "repro.passes-after"] {
        let gate = dana.gate(id);
        assert_eq!((&gate["verdict"], &gate["stale"]), (&"pending".into(), &true.into()), "{gate}");
        assert!(gate["summary"].as_str().unwrap().starts_with("stale, was pass"), "{gate}");
        assert!(gate["evidence"].as_array().unwrap().iter().all(|e| e["stale"] == true), "{gate}");
    }
    assert_eq!(dana.hotfix(["verify", "--markdown"]).exits(0).out.matches("(smoke)").count(), 1);
}

#[test]
fn what_does_not_fit_the_budget_is_named_and_never_a_pass() {
    let world = project("smoke = [\"true\", \"sleep 2\", \"echo never\"]\ntime_budget = \"2s\"\n");
    let dana = &world.dana;
    world.mended(&[]);
    let document = verified(dana, &[]);
    let smoke = gate(&document, "tests.smoke");
    assert_eq!(smoke["verdict"], "unknown", "{smoke}");
    let not_run = smoke["not_run"].as_array().unwrap();
    assert_eq!(not_run.last().unwrap()["command"], "echo never", "{smoke}");
    let why = not_run[0]["why"].as_str().unwrap();
    assert!(why.contains("the time budget of 2 s was used up"), "{why}");
    dana.hotfix(["ship"]).exits(1).says("not run");
}

#[test]
fn the_mapping_chooses_and_the_choice_is_explained() {
    let verify = "[[verify.critical]]\npaths = [\"app.*\"]\nrun = \"echo mapped\"\n\
                  [[verify.critical]]\npaths = [\"docs/**\"]\nrun = \"echo other\"\n";
    let world = project(verify);
    let dana = &world.dana;
    world.mended(&[]);
    let document = verified(dana, &[]);
    let critical = gate(&document, "tests.critical");
    assert_eq!(critical["tests"].as_array().unwrap().len(), 1, "{critical}");
    assert_eq!(critical["tests"][0]["chosen"], serde_json::json!(["app.txt matches app.*"]));
    dana.hotfix(["verify"]).exits(0).answers("`echo mapped` was chosen: app.txt matches app.*");
    let all = verified(dana, &["--all"]);
    let commands: Vec<&Value> =
        gate(&all, "tests.critical")["tests"].as_array().unwrap().iter().map(|t| &t["command"]).collect();
    assert_eq!(commands, ["echo mapped", "echo other"]);
}

#[test]
fn a_reproduction_fails_for_the_right_reason_or_is_none() {
    let world = project("time_limit = \"1s\"");
    let dana = &world.dana;
    dana.start("INC-1", &[]);
    for (command, why) in [
        (vec!["no-such-command"], "could not be started"),
        (vec!["sh", "-c", "no-such-command"], "was not found (exit status 127)"),
        (vec!["./app.txt"], "could not be started"),
        (vec!["sh", "-c", "./app.txt"], "could not be executed (exit status 126)"),
        (vec!["sh", "-c", "sleep 30"], "did not end within 1 s"),
        (vec!["sh", "-c", "kill -9 $$"], "was ended by signal 9"),
        (vec!["sh", "-c", "echo 'error[E0425]: cannot find value' >&2; exit 101"], "could not be built"),
        (vec!["sh", "-c", "echo 1..0"], "ran no test"),
        (vec!["true"], "passes on the base"),
    ] {
        let args: Vec<&str> = ["reproduce", "--"].into_iter().chain(command.iter().copied()).collect();
        dana.hotfix(&args).fails(1, "HF0606").says(why);
        assert_ne!(dana.gate("repro.fails-before")["verdict"], "pass", "{command:?}");
    }
    let shown = dana.hotfix(["reproduce", "--", "sh", "-c", "echo 'refused: bad state'; exit 1"]).exits(0);
    let shown = shown.says("refused: bad state").says("hotfix log --output ");
    let digest = shown.err.split("hotfix log --output ").nth(1).unwrap().split_whitespace().next().unwrap();
    dana.hotfix(["log", "--output", digest]).exits(0).answers("refused: bad state");
    dana.hotfix(["log", "--output", "0000"]).fails(2, "HF0408");
    let failing =
        ["reproduce", "--expect", "bad state", "--", "sh", "-c", "echo 'refused: bad state'; exit 1"];
    dana.hotfix(failing).exits(0);
    let other = ["reproduce", "--expect", "bad state", "--", "sh", "-c", "echo 'no disk'; exit 1"];
    dana.hotfix(other).fails(1, "HF0606").says("not as expected").says("lacks “bad state”");
}

#[test]
fn repeated_runs_show_what_is_flaky() {
    let world = project("");
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &[]);
    let count = "n=$(cat \"$HOME/n\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$HOME/n\"; exit $((n % 2))";
    let flaky = ["reproduce", "--times", "4", "--", "sh", "-c", count];
    dana.hotfix(flaky).fails(1, "HF0606").says("is flaky on the base: it fails 2 of 4 times");
    assert_eq!(dana.gate("repro.fails-before")["verdict"], "unknown");
    dana.hotfix(["reproduce", "--times", "3", "--", "sh", "-c", "grep -q state=good app.txt"]).exits(0);
    let before = dana.gate("repro.fails-before");
    assert!(before["summary"].as_str().unwrap().contains("3 of 3 times"), "{before}");
    assert_eq!(before["evidence"].as_array().unwrap().len(), 3);
    put(&worktree, GOOD);
    let document = verified(dana, &[]);
    assert_eq!(gate(&document, "repro.passes-after")["evidence"].as_array().unwrap().len(), 3);
    // Another reproduction proves nothing yet, whatever the first one did.
    dana.hotfix(["reproduce", "--", "sh", "-c", "grep -q moon app.txt"]).exits(0);
    assert_eq!(dana.gate("repro.passes-after")["verdict"], "pending");
    dana.hotfix(["verify"]).exits(1).answers("still fails on the fix");
}

#[test]
fn a_new_test_of_the_change_is_tried_on_the_base() {
    let world = project("");
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &[]);
    let reproduce = ["reproduce", "--", "sh", "tests/state.sh"];
    dana.hotfix(reproduce).fails(1, "HF0606");
    std::fs::create_dir(worktree.join("tests")).unwrap();
    let test = worktree.join("tests/state.sh");
    std::fs::write(
        &test,
        "echo 1..1\ngrep -q state=good app.txt && echo 'ok 1 state' || echo 'not ok 1 state'\n",
    )
    .unwrap();
    put(&worktree, GOOD);
    dana.hotfix(reproduce).exits(0).says("fails on the base with the change's tests (tests/state.sh)");
    let document = verified(dana, &[]);
    assert_eq!(gate(&document, "repro.passes-after")["verdict"], "pass", "{document}");
    // Another test is another proof.
    std::fs::write(&test, "echo 1..1\necho 'ok 1 state'\n").unwrap();
    dana.hotfix(["verify"]).exits(1).answers("it does not show the incident");
    // The test that showed it must be among those that pass.
    std::fs::write(
        &test,
        "echo 1..1\ngrep -q state=good app.txt && echo 'ok 1 state # SKIP' || echo 'not ok 1 state'\n",
    )
    .unwrap();
    dana.hotfix(["verify"]).exits(1).answers("repro.passes-after");
    assert_ne!(dana.gate("repro.passes-after")["verdict"], "pass");
}

#[test]
fn what_shows_only_in_production_is_seen_before_and_after_the_deploy() {
    let config = format!(
        "{PEOPLE}[deploy]\ncommand = \"git show \\\"$HOTFIX_COMMIT:app.txt\\\" > ../production.txt\"\n"
    );
    let world = World::configured(&config);
    let dana = &world.dana;
    dana.hotfix(["trust", "--yes"]).exits(0);
    let production = world.root().join("production.txt");
    std::fs::write(&production, BAD).unwrap();
    let worktree = dana.start("INC-1", &[]);
    let look = format!("grep -q state=good '{}'", production.display());
    let reproduce = ["reproduce", "--against", "production", "--", "sh", "-c", &look];
    dana.hotfix(reproduce).exits(0).says("fails on production");
    put(&worktree, GOOD);
    dana.hotfix(["verify"]).exits(0);
    let after = dana.gate("repro.passes-after");
    assert_eq!(
        (&after["verdict"], &after["required"]),
        (&"pending".into(), &"before-resolve".into()),
        "{after}"
    );
    dana.hotfix(["ship"]).exits(3).says("the approval of on-call");
    world.olga.hotfix(["approve"]).exits(0);
    dana.hotfix(["ship"]).exits(3).says("passes on production after the deploy");
    let after = dana.gate("repro.passes-after");
    assert_eq!(
        (&after["verdict"], &after["evidence"][0]["side"]),
        (&"pass".into(), &"production".into()),
        "{after}"
    );
}

#[test]
fn proof_trees_are_prepared_again_where_what_they_need_has_changed() {
    let config = format!(
        "{PEOPLE}[worktree]\nsetup = [{{ copy = \"settings\" }}, {{ run = \"echo made >> made.txt; cat package.json > installed\" }}]\n[verify]\nsmoke = [\"cmp package.json installed && grep -q secret settings\"]\n"
    );
    let world = World::project(&[("app.txt", BAD), ("package.json", "{}\n")], &config);
    let dana = &world.dana;
    dana.hotfix(["trust", "--yes"]).exits(0);
    std::fs::write(dana.dir.join("settings"), "secret\n").unwrap();
    let worktree = world.mended(&[]);
    dana.hotfix(["verify"]).exits(0);
    let fix = world.root().join("dana.hotfix/.proof");
    let fix = std::fs::read_dir(fix).unwrap().next().unwrap().unwrap().path().join("fix");
    let made = || std::fs::read_to_string(fix.join("made.txt")).unwrap().lines().count();
    assert_eq!(made(), 1);
    put(&worktree, &format!("{GOOD}more\n"));
    dana.hotfix(["verify"]).exits(0);
    assert_eq!(made(), 1, "what it made stays, and is not made again");
    std::fs::write(worktree.join("package.json"), "{\"a\": 1}\n").unwrap();
    dana.hotfix(["verify"]).exits(0);
    assert_eq!(gate(&verified(dana, &[]), "tests.smoke")["verdict"], "pass");
}

#[test]
fn an_old_journal_is_read_and_goes_on() {
    let world = project("smoke = [[\"sh\", \"tests.sh\"]]");
    let dana = &world.dana;
    world.mended(&[]);
    // A journal of the first version: no such records, and fewer fields.
    let path = dana.run_folder().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut prev, mut seq, mut old) = (String::new(), 0, String::new());
    for line in text.lines() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        if record["observation"]["what"] == "ran" {
            continue;
        }
        if let Some(evidence) = record.pointer_mut("/observation/evidence").and_then(Value::as_array_mut) {
            let kept = [
                "kind",
                "command",
                "exit_status",
                "commit",
                "tree",
                "at",
                "duration",
                "digest",
                "path",
                "environment",
            ];
            evidence
                .iter_mut()
                .for_each(|e| e.as_object_mut().unwrap().retain(|key, _| kept.contains(&key.as_str())));
        }
        seq += 1;
        record["seq"] = seq.into();
        record["prev"] = prev.into();
        let line = format!("{record}\n");
        prev = hotfix_core::journal::link(line.as_bytes());
        old.push_str(&line);
    }
    std::fs::write(&path, old).unwrap();
    dana.hotfix(["log", "--verify"]).exits(0);
    assert_eq!(dana.gate("repro.fails-before")["verdict"], "pass");
    dana.hotfix(["verify"]).exits(0);
    dana.hotfix(["report", "--format", "md"]).exits(0);
}
