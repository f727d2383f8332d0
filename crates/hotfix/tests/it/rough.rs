//! Runners that misbehave: the gate is unknown with the reason, or it fails;
//! it never passes. Nothing they started stays, and memory is bounded.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{BAD, GOOD, PEOPLE, Ran, World, ended, eventually};
use crate::verify::{gate, verified};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// A mended project with these smoke tests, which are in the release as well.
fn with_smoke(smoke: &str, more: &str, files: &[(&str, &str)]) -> World {
    let config = format!("{PEOPLE}[verify]\nsmoke = [{smoke}]\n{more}\n");
    let files: Vec<(&str, &str)> = [("app.txt", BAD)].into_iter().chain(files.iter().copied()).collect();
    let world = World::project(&files, &config);
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    world.mended(&[]);
    world
}

/// What the gate of the smoke tests says of a script.
fn smoke(script: &str, more: &str) -> Value {
    let world = with_smoke("\"sh smoke.sh\"", more, &[("smoke.sh", script)]);
    let document = verified(&world.dana, &[]);
    world.dana.hotfix(["verify"]).exits(if gate(&document, "tests.smoke")["verdict"] == "pass" {
        0
    } else {
        1
    });
    gate(&document, "tests.smoke").clone()
}

#[track_caller]
fn unknown(seen: &Value, why: &str) {
    assert_eq!(seen["verdict"], "unknown", "{seen}");
    assert!(seen["summary"].as_str().unwrap().contains(why), "`{why}` is missing: {}", seen["summary"]);
}

/// Whether a process is there and has not ended.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
}

fn pids(home: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(home).join("pids")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn one_that_hangs_is_ended_with_all_it_started() {
    let script = "sh -c 'trap \"\" TERM INT; echo $$ >> $HOME/pids; sleep 60; sleep 60' &\n\
                  setsid sh -c 'echo $$ >> $HOME/pids; exec sleep 60' &\n\
                  (setsid env -i sh -c 'echo $$ >> '$HOME'/pids; exec sleep 60' > /dev/null 2>&1 &)\n\
                  sleep 60\n";
    let world = with_smoke("\"sh smoke.sh\"", "time_limit = \"1s\"", &[("smoke.sh", script)]);
    let begun = Instant::now();
    let document = verified(&world.dana, &[]);
    unknown(gate(&document, "tests.smoke"), "did not end within 1 s");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let pids = pids(&world.dana.env["HOME"]);
    assert_eq!(pids.len(), 3, "{pids:?}");
    assert!(!pids.iter().any(|p| runs(p)), "one still runs: {pids:?}");
}

#[test]
fn one_that_forks_into_the_background_has_not_ended() {
    let script = "(setsid sh -c 'echo $$ >> $HOME/pids; sleep 60; exit 1' &)\necho started\nexit 0\n";
    let world = with_smoke("\"sh smoke.sh\"", "", &[("smoke.sh", script)]);
    let begun = Instant::now();
    let document = verified(&world.dana, &[]);
    let seen = gate(&document, "tests.smoke");
    unknown(seen, "left 2 processes running: that is not its end");
    assert_eq!(seen["evidence"][0]["left_behind"].as_array().unwrap().len(), 2, "{seen}");
    assert!(begun.elapsed() < Duration::from_secs(20), "the pipe that it keeps open held us up");
    assert!(!pids(&world.dana.env["HOME"]).iter().any(|p| runs(p)));
}

#[test]
fn a_report_that_is_whole_counts_whatever_is_left_running() {
    let seen = smoke("sleep 60 &\necho 1..1\necho 'ok 1 a'\n", "");
    assert_eq!(seen["verdict"], "pass", "{seen}");
    assert_eq!(seen["evidence"][0]["left_behind"], serde_json::json!(["sleep"]));
}

#[test]
fn gigabytes_are_kept_at_both_ends_in_little_memory() {
    let script = "echo 'the first line'\nyes \"$(head -c 60000 /dev/zero | tr '\\0' x)\" | head -c 500000000\necho\necho 'the last line'\nexit 3\n";
    let world = with_smoke("\"sh smoke.sh\"", "", &[("smoke.sh", script)]);
    let dana = &world.dana;
    // Half of what is printed.
    let script = format!("ulimit -v 250000; exec {} verify --json", crate::repo::HOTFIX);
    let ran = crate::repo::answer(dana.command("sh").args(["-c", &script])).sound();
    let document = ran.document();
    let seen = gate(&document, "tests.smoke");
    assert_eq!(seen["verdict"], "pass", "it failed before as well: {seen}");
    let evidence = &seen["evidence"][0];
    assert!(evidence["printed"].as_u64().unwrap() > 500_000_000, "{evidence}");
    assert!(evidence["left_out"].as_u64().unwrap() > 490_000_000, "{evidence}");
    let digest = evidence["digest"].as_str().unwrap();
    let kept = dana.hotfix(["log", "--output", digest]).exits(0).out;
    assert!(kept.starts_with("the first line\n") && kept.ends_with("the last line\n"));
    assert!(
        kept.contains("[hotfix: 468 MiB are left out here, of 476 MiB]") && kept.len() < 9_000_000,
        "{}",
        kept.len()
    );
}

#[test]
fn output_that_is_no_utf8_is_shown_without_its_escapes() {
    let script = "printf '\\377\\376 \\033[31mred\\033[0m \\303\\050\\n'; exit 1\n";
    let world = with_smoke("\"sh smoke.sh\"", "", &[("smoke.sh", script)]);
    let document = verified(&world.dana, &[]);
    let seen = gate(&document, "tests.smoke");
    let digest = seen["evidence"][0]["digest"].as_str().unwrap();
    let kept = world.dana.hotfix(["log", "--output", digest]).exits(0).out;
    assert!(kept.contains('\u{fffd}') && kept.contains("␛[31mred"), "{kept:?}");
    let streamed = world.dana.hotfix(["verify", "--fresh", "--stream"]).exits(0);
    streamed.says("│ \u{fffd}");
}

#[test]
fn one_that_changes_its_tree_proves_nothing_of_it() {
    let world =
        with_smoke("\"sh smoke.sh\"", "", &[("smoke.sh", "echo changed >> app.txt\necho new > made.txt\n")]);
    let dana = &world.dana;
    let document = verified(dana, &[]);
    let seen = gate(&document, "tests.smoke");
    unknown(seen, "changed files of its tree while it ran: app.txt");
    assert_eq!(seen["evidence"][0]["changed"], serde_json::json!(["app.txt"]));
    assert_eq!(seen["evidence"][0]["made"], serde_json::json!(["made.txt"]));
    let status = dana.status();
    let worktree = Path::new(status["worktree"]["path"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(worktree.join("app.txt")).unwrap(), GOOD, "nobody edits there");
    let committed = smoke("git -c user.name=x -c user.email=x commit -q --allow-empty -m x\n", "");
    unknown(&committed, "changed files of its tree while it ran: HEAD");
}

#[test]
fn reports_that_cannot_be_believed() {
    let case = "<testsuite name=\"s\"><testcase classname=\"a\" name=\"b\"/></testsuite>";
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><testsuite name=\"s\"><testcase name=\"&b;\"/></testsuite>";
    for (report, why) in [
        (Some("<testsuite name=\"s\"><testcase name=\"a\">"), "ends in the middle of <testcase>"),
        (Some("<testsuite><testcase></testsuite>"), "its results cannot be read: line 1"),
        (Some("not XML at all"), "its results cannot be read"),
        (Some(laughs), "it declares a document type"),
        (Some("<testsuites/>"), "ran no test"),
        (
            Some("<testsuite name=\"s\"><testcase name=\"a\"><skipped/></testcase></testsuite>"),
            "ran no test (1 skipped)",
        ),
        (None, "out/r.xml was not written"),
    ] {
        let write =
            report.map_or("true".to_owned(), |r| format!("mkdir -p out; printf '%s' '{r}' > out/r.xml"));
        let world = with_smoke(
            "{ run = \"sh smoke.sh\", report = \"out/r.xml\" }",
            "",
            &[("smoke.sh", &format!("{write}\n")), (".gitignore", "out/\n")],
        );
        unknown(gate(&verified(&world.dana, &[]), "tests.smoke"), why);
    }
    // A report of before is none of this run.
    let once = format!(
        "[ -e \"$HOME/once\" ] || {{ mkdir -p out; printf '%s' '{case}' > out/r.xml; touch \"$HOME/once\"; }}\n"
    );
    let world = with_smoke(
        "{ run = \"sh smoke.sh\", report = \"out/*.xml\" }",
        "",
        &[("smoke.sh", &once), (".gitignore", "out/\n")],
    );
    verified(&world.dana, &[]);
    let second = verified(&world.dana, &["--fresh"]);
    unknown(gate(&second, "tests.smoke"), "out/*.xml was not written");
    // The exit status is not believed where the report knows better.
    let failed = case.replace("/></testsuite>", "><failure message=\"no\"/></testcase></testsuite>");
    let lies = format!(
        "mkdir -p out; grep -q good app.txt && printf '%s' '{failed}' > out/r.xml || printf '%s' '{case}' > out/r.xml; exit 0\n"
    );
    let world = with_smoke(
        "{ run = \"sh smoke.sh\", report = \"out/r.xml\" }",
        "",
        &[("smoke.sh", &lies), (".gitignore", "out/\n")],
    );
    let document = verified(&world.dana, &[]);
    let seen = gate(&document, "tests.smoke");
    assert_eq!(
        (&seen["verdict"], &seen["tests"][0]["broken"][0]),
        (&"fail".into(), &"a::b".into()),
        "{seen}"
    );
}

#[test]
fn one_that_is_killed_or_crashes() {
    unknown(&smoke("kill -9 $$\n", ""), "was ended by signal 9");
    unknown(&smoke("sh -c 'kill -TERM $$'; exit $?\n", ""), "was ended by signal 15 (exit status 143)");
    unknown(&smoke("echo 1..2\necho 'ok 1 a'\n", ""), "2 tests were planned, 1 were there");
    unknown(
        &smoke("echo 1..2\necho 'ok 1 a'\necho 'Bail out! no disk'\nkill -9 $$\n", ""),
        "was ended by signal 9",
    );
    let crash = smoke("grep -q good app.txt && kill -SEGV $$\nexit 0\n", "");
    assert_eq!(crash["verdict"], "fail", "what crashes on the fix alone is broken by it: {crash}");
}

#[test]
fn secrets_are_kept_nowhere() {
    let script = "echo \"the token is $API_TOKEN\"\necho '1..1'\necho \"not ok 1 signs in with $API_TOKEN\"\n\
                  echo 'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYZZ' >&2\nexit 1\n";
    let world = with_smoke("\"sh smoke.sh\"", "", &[("smoke.sh", script)]);
    let dana = world.dana.env("API_TOKEN", "tok-4f9d0c2b7a61");
    let said = dana.hotfix(["verify", "--stream"]);
    let document = verified(&dana, &["--fresh"]);
    let mut kept = format!("{}{}{document}", said.out, said.err);
    for entry in std::fs::read_dir(dana.run_folder().join("blobs")).unwrap().flatten() {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        let unpacked = crate::repo::answer(dana.command("gzip").args(["-dc"]).arg(entry.path()));
        kept.push_str(&unpacked.out);
    }
    kept.push_str(&std::fs::read_to_string(dana.run_folder().join("journal.jsonl")).unwrap());
    assert!(kept.contains("the token is [redacted:environment]"), "{kept}");
    assert!(kept.contains("signs in with [redacted:environment]"), "{kept}");
    assert!(!kept.contains("tok-4f9d0c2b7a61") && !kept.contains("wJalrXUtnFEMI"), "{kept}");
}

#[test]
fn ctrl_c_ends_it_all_and_the_next_time_goes_on() {
    let script = "[ -e \"$HOME/go\" ] && exit 0\nsetsid sh -c 'trap \"\" TERM; echo $$ >> $HOME/pids; sleep 60; sleep 60' &\necho $$ >> $HOME/pids\nsleep 60\n";
    let world = with_smoke("\"sh smoke.sh\"", "", &[("smoke.sh", script)]);
    let dana = &world.dana;
    let home = dana.env["HOME"].clone();
    for again in [false, true] {
        let _ = std::fs::remove_file(Path::new(&home).join("pids"));
        let begun = dana.begins(&["verify"]);
        eventually("both processes run", || pids(&home).len() == 2);
        let pid = rustix::process::Pid::from_raw(i32::try_from(begun.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        if again {
            std::thread::sleep(Duration::from_millis(200));
            rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        }
        let ran: Ran = ended(begun).sound();
        assert_eq!(ran.status, 130, "{ran:?}");
        assert!(!pids(&home).iter().any(|p| runs(p)), "one still runs");
    }
    std::fs::write(Path::new(&home).join("go"), "").unwrap();
    dana.hotfix(["log", "--verify"]).exits(0);
    dana.hotfix(["verify"]).exits(0);
}
