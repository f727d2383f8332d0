//! The gate `logs.no-new-errors` in real runs: what the verification of the
//! fix wrote, against what it wrote of the base and what is known as normal.

use crate::crash::act;
use crate::harness::Stage;
use crate::repo::{PEOPLE, World};
use hotfix::demo::world::{INCIDENT, MIKA};
use serde_json::Value;
use std::io::Write as _;

const GATE: &str = "logs.no-new-errors";

/// A run that is verified with this smoke test (a shell text in the tree) and
/// these further lines under `[verify]`.
fn verified(smoke: &str, more: &str) -> World {
    let world = World::configured(&format!("{PEOPLE}[verify]\nsmoke = [{smoke:?}]\n{more}\n"));
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    world.mended(&[]);
    world.dana.hotfix(["verify"]);
    world
}

fn gate(world: &World) -> Value {
    world.dana.gate(GATE)
}

fn summary(gate: &Value) -> &str {
    gate["summary"].as_str().unwrap()
}

/// Writes a line for both sides, and another only where the fault is mended.
fn writes(both: &str, fix: &str) -> String {
    format!(
        "mkdir -p out; echo '{both}' >> out/app.log; grep -q state=bad app.txt || printf '{fix}' >> out/app.log"
    )
}

const LOGS: &str = "logs = [\"out/app.log\"]";

#[test]
fn a_new_error_is_named_with_its_line_and_an_example() {
    let both = "2026-11-22T10:00:00Z ERROR payment 8812 failed: card declined";
    let fix = "2026-11-22T10:00:01Z ERROR ledger refused payment 44\\n\\tat shop.pay.Ledger.post(Ledger.java:81)\\n";
    let world = verified(&writes(both, fix), LOGS);
    let gate = gate(&world);
    assert_eq!(gate["verdict"], "fail", "{gate:#}");
    assert!(summary(&gate).starts_with("a new error in 3 lines"), "{gate:#}");
    let details = gate["details"].to_string();
    assert!(
        details.contains("1 × out/app.log:2: ") && details.contains("ledger refused payment"),
        "{details}"
    );
    assert!(details.contains("payment 44"), "the example: {details}");
    let found = &gate["logs"];
    assert_eq!((&found["found"]["new_errors"], &found["new"][0]["file_line"]), (&1.into(), &2.into()));
    assert_eq!(
        (&found["candidates"][0]["name"], &found["baseline"]["logs"][0]["name"]),
        (&"out/app.log".into(), &"base: out/app.log".into())
    );
    let evidence = &gate["evidence"][0];
    assert_eq!(evidence["kind"], "log");
    let blob = world.dana.run_folder().join(evidence["path"].as_str().unwrap());
    let kept: Value = serde_json::from_slice(&std::fs::read(blob).unwrap()).unwrap();
    assert!(evidence["digest"].as_str().unwrap().len() >= 32 && kept == *found);
    // The report shows it, the Markdown form too.
    let page = world.dana.hotfix(["report", "--format", "html"]).out;
    for part in ["<h2 id=\"logs\">Logs</h2>", "ledger refused payment", "app.log:2", "shop.pay.Ledger.post"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(world.dana.hotfix(["report", "--format", "md"]).out.contains("ledger refused payment"));
}

#[test]
fn nothing_new_passes_and_what_rose_is_told() {
    let line = "2026-11-22T10:00:00Z ERROR payment 8812 failed: card declined";
    let info = "for i in $(seq 200); do echo \"2026-11-22T10:00:00Z INFO served $i\" >> out/app.log; done";
    let many = "for i in $(seq 150); do echo \"2026-11-22T10:00:00Z ERROR payment $i failed: card declined\" >> out/app.log; done";
    let smoke = format!(
        "mkdir -p out; echo '{line}' >> out/app.log; {info}; grep -q state=bad app.txt || {{ {many}; }}"
    );
    let world = verified(&smoke, LOGS);
    let gate = gate(&world);
    assert_eq!(gate["verdict"], "pass", "{gate:#}");
    assert!(summary(&gate).starts_with("no new error in 351 lines"), "{gate:#}");
    assert!(summary(&gate).contains("a known one comes more often than before"), "{gate:#}");
    assert!(gate["details"].to_string().contains("more often, advisory"), "{gate:#}");
}

#[test]
fn no_log_an_empty_one_and_no_baseline_are_unknown() {
    let quiet = verified("true", LOGS);
    let answer = gate(&quiet);
    assert_eq!(answer["verdict"], "unknown", "{answer:#}");
    assert!(summary(&answer).contains("the verification wrote none of out/app.log"), "{answer:#}");

    let empty = verified("mkdir -p out; : > out/app.log", LOGS);
    let answer = gate(&empty);
    assert_eq!(answer["verdict"], "unknown", "{answer:#}");
    assert!(summary(&answer).contains("no event"), "{answer:#}");

    let smoke = "mkdir -p out; : >> out/app.log; grep -q state=bad app.txt || echo '2026-11-22T10:00:00Z INFO fine' >> out/app.log";
    let answer = gate(&verified(smoke, LOGS));
    assert_eq!(answer["verdict"], "unknown", "{answer:#}");
    assert!(summary(&answer).contains("the baseline has no event to compare with"), "{answer:#}");

    let smoke = smoke.replace("INFO fine", "ERROR not fine");
    let answer = gate(&verified(&smoke, LOGS));
    assert_eq!(answer["verdict"], "fail", "{answer:#}");
    assert!(summary(&answer).contains("every error counts as new"), "{answer:#}");

    let answer = gate(&verified("mkdir -p out; printf '\\037\\213\\010cut' > out/app.log", LOGS));
    assert_eq!(answer["verdict"], "unknown", "{answer:#}");
    assert!(summary(&answer).contains("is damaged"), "{answer:#}");
}

#[test]
fn logs_of_production_are_normal_too_rotated_and_packed() {
    let both = "2026-11-22T10:00:00Z INFO fine";
    let fix = "2026-11-22T10:00:01Z ERROR ledger refused payment 44\\n2026-11-22T10:00:01Z ERROR pool 3 is empty\\n";
    let more = format!("{LOGS}\nbaseline_logs = [\"ops/prod.log*\", \"ops/none.log\"]");
    let world = World::configured(&format!("{PEOPLE}[verify]\nsmoke = [{:?}]\n{more}\n", writes(both, fix)));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"2026-11-20T10:00:01Z ERROR ledger refused payment 9\n").unwrap();
    std::fs::create_dir_all(world.dana.dir.join("ops")).unwrap();
    std::fs::write(world.dana.dir.join("ops/prod.log.1.gz"), packed.finish().unwrap()).unwrap();
    world.dana.write("ops/prod.log", "2026-11-21T10:00:01Z ERROR pool 8 is empty\n");
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    world.mended(&[]);
    world.dana.hotfix(["verify"]);
    let answer = gate(&world);
    assert_eq!(answer["verdict"], "pass", "{answer:#}");
    let found = &answer["logs"];
    let names: Vec<_> =
        found["baseline"]["logs"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["base: out/app.log", "ops/prod.log.1.gz", "ops/prod.log"]);
    assert!(found["notices"].to_string().contains("there is no ops/none.log"), "{found:#}");
}

#[test]
fn the_log_of_an_earlier_try_does_not_count() {
    let smoke = "mkdir -p out; echo '2026-11-22T10:00:00Z INFO fine' >> out/app.log; \
        ! grep -q seven-broken app.txt || echo '2026-11-22T10:00:01Z ERROR pool 3 is empty' >> out/app.log";
    let world =
        World::configured(&format!("{PEOPLE}[verify]\nsmoke = [{smoke:?}]\nlogs = [\"out/app.log\"]\n"));
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    let worktree = world.mended(&[]);
    // The log is ignored, so that git leaves it in the tree.
    std::fs::write(world.dana.dir.join(".git/info/exclude"), "out/\n").unwrap();
    let mended = std::fs::read_to_string(worktree.join("app.txt")).unwrap();
    std::fs::write(worktree.join("app.txt"), mended.replace("seven", "seven-broken")).unwrap();
    world.dana.hotfix(["verify"]);
    assert_eq!(gate(&world)["verdict"], "fail");
    std::fs::write(worktree.join("app.txt"), mended).unwrap();
    world.dana.hotfix(["verify"]);
    let answer = gate(&world);
    assert_eq!(answer["verdict"], "pass", "{answer:#}");
    assert_eq!(answer["logs"]["lines"], 1, "{answer:#}");
}

#[test]
fn a_named_log_elsewhere_is_compared_and_left_alone() {
    let world = World::configured(PEOPLE);
    let staging = world.root().join("staging.log");
    let normal = world.root().join("normal.log");
    std::fs::write(&staging, "2026-11-22T10:00:00Z INFO fine\n2026-11-22T10:00:01Z ERROR pool 3 is empty\n")
        .unwrap();
    std::fs::write(&normal, "2026-11-21T10:00:00Z INFO fine\n").unwrap();
    let config =
        format!("{PEOPLE}[verify]\nsmoke = [\"true\"]\nlogs = [{staging:?}]\nbaseline_logs = [{normal:?}]\n");
    let world = {
        let configured = World::configured(&config);
        configured.dana.hotfix(["trust", "--yes"]).exits(0);
        configured.mended(&[]);
        configured.dana.hotfix(["verify"]);
        configured
    };
    let answer = gate(&world);
    assert_eq!(answer["verdict"], "fail", "{answer:#}");
    assert!(summary(&answer).starts_with("a new error in 2 lines"), "{answer:#}");
    assert_eq!(answer["logs"]["baseline"]["logs"].as_array().unwrap().len(), 1, "{answer:#}");
    assert!(staging.exists() && normal.exists());
}

#[test]
fn a_new_error_in_production_is_named_also_after_the_log_was_rotated_and_packed() {
    let mut stage = Stage::build();
    stage.operate();
    act(&mut stage, 0..4);
    stage.run(&MIKA, &["run", "--until", "deploy", "--incident", INCIDENT]).ended(&[0]);
    // What logrotate does with `copytruncate` and `compress`.
    let log = stage.paths().app_log();
    let to = std::fs::File::create(log.with_extension("log.1.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(to, flate2::Compression::fast());
    packed.write_all(&std::fs::read(&log).unwrap()).unwrap();
    packed.finish().unwrap();
    std::fs::File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    let mut file = std::fs::File::options().append(true).open(&log).unwrap();
    file.write_all(b"2026-11-22T10:00:01Z ERROR ledger refused payment 44\n").unwrap();
    let said = stage.run(&MIKA, &["run", "--wait", "--incident", INCIDENT]).ended(&[1]);
    assert!(said.err.contains("HF0804") && said.err.contains("ledger refused payment 44"), "{}", said.err);
    let status = stage.status();
    let gate = status["gates"].as_array().unwrap().iter().find(|g| g["id"] == "monitor.new-errors").unwrap();
    assert_eq!(gate["verdict"], "fail", "{gate:#}");
    assert!(gate["details"].to_string().contains("app.log:"), "{gate:#}");
    let found = &gate["logs"];
    assert_eq!(
        (&found["found"]["new"], &found["new"][0]["file"]),
        (&1.into(), &"app.log".into()),
        "{found:#}"
    );
    let files = found["candidates"].to_string();
    assert!(files.contains("app.log.1.gz") && found["notices"].to_string().contains("rotated"), "{found:#}");
    assert!(found["baseline"]["events"].as_u64().unwrap() > 0, "{found:#}");
    assert_eq!(gate["evidence"][0]["kind"], "log");
    let report = stage.run(&MIKA, &["report", "--format", "html", "--incident", INCIDENT]).ended(&[0]);
    assert!(
        report.out.contains("<h2 id=\"logs\">Logs</h2>") && report.out.contains("ledger refused payment")
    );
    stage.stop();
}
