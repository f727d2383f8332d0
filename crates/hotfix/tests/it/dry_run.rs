//! `--dry-run` carries nothing out: the whole world, refs and objects and
//! journals included, is byte for byte the same after it as before.

use crate::crash::act;
use crate::harness::{HOTFIX, Said, Stage};
use hotfix::demo::world::{INCIDENT, JONAS, MIKA, PRIYA, Person, TITLE};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every file, folder and link of the world, with what it holds.
fn world(stage: &Stage) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    look(stage.folder(), &mut all);
    all
}

fn look(folder: &Path, all: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = path.symlink_metadata().unwrap();
        let holds = if about.is_symlink() {
            std::fs::read_link(&path).unwrap().to_string_lossy().into_owned().into_bytes()
        } else if about.is_dir() {
            look(&path, all);
            Vec::new()
        } else {
            std::fs::read(&path).unwrap()
        };
        all.insert(path, holds);
    }
}

/// Runs each verb with `--dry-run`, and looks at the world before and after.
fn nothing_is_carried_out(stage: &Stage, verbs: &[(&Person, &[&str])]) {
    for (who, verb) in verbs {
        let before = world(stage);
        let mut args = verb.to_vec();
        let at = args.iter().position(|a| *a == "--").unwrap_or(args.len());
        args.insert(at, "--dry-run");
        let said: Said = stage.run(who, &args);
        let after = world(stage);
        let changed: Vec<_> =
            before.keys().chain(after.keys()).filter(|p| before.get(*p) != after.get(*p)).collect();
        assert!(changed.is_empty(), "`{}` changed {changed:#?}\n{}", args.join(" "), said.err);
        assert_eq!(said.status, Some(0), "`{}`: {}", args.join(" "), said.err);
    }
}

fn would(stage: &Stage, args: &[&str]) -> Vec<Value> {
    let said = stage.run(&MIKA, args).ended(&[0]);
    let document: Value = serde_json::from_str(&said.out).unwrap();
    document["would"].as_array().unwrap().clone()
}

/// The steps with effects that the journal has.
fn recorded(stage: &Stage) -> BTreeSet<String> {
    let text = std::fs::read_to_string(stage.run_folder().join("journal.jsonl")).unwrap();
    let records = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    records.filter_map(|r| effect(&r)).collect()
}

fn effect(record: &Value) -> Option<String> {
    let step = record.get("effect").or_else(|| record["event"].get("effect"))?.get("step")?;
    step.as_str().map(str::to_owned)
}

#[test]
fn a_dry_run_of_any_verb_leaves_the_world_as_it_is() {
    let mut stage = Stage::build();
    let start: &[&str] = &["start", INCIDENT, "-m", TITLE, "--json"];
    nothing_is_carried_out(&stage, &[(&MIKA, start), (&MIKA, &["trust"]), (&PRIYA, &["trust", "--yes"])]);
    nothing_is_carried_out(&stage, &[(&MIKA, &["monitor", "--record"])]);
    let planned = would(&stage, &["start", INCIDENT, "-m", TITLE, "--json", "--dry-run"]);
    stage.operate();
    act(&mut stage, 0..1);
    stage.stop();
    let of_run = would(&stage, &["run", "--json", "--dry-run"]);
    let begun = |w: &&Value| w["step"] != "prepare";
    assert_eq!(
        planned.iter().filter(begun).collect::<Vec<_>>(),
        of_run.iter().filter(begun).collect::<Vec<_>>()
    );
    nothing_is_carried_out(
        &stage,
        &[
            (&MIKA, &["reproduce", "--", "ops/reproduce"]),
            (&MIKA, &["verify"]),
            (&MIKA, &["run"]),
            (&MIKA, &["ship"]),
            (&MIKA, &["abort"]),
        ],
    );
    stage.operate();
    act(&mut stage, 1..3);
    stage.stop();
    nothing_is_carried_out(
        &stage,
        &[
            (&PRIYA, &["approve", "--mr", "1"]),
            (&MIKA, &["waive", "tests.smoke", "--reason", "why not"]),
            (&MIKA, &["run", "--wait"]),
            (&MIKA, &["monitor"]),
            (&MIKA, &["port"]),
            (&MIKA, &["cleanup"]),
        ],
    );
    stage.operate();
    act(&mut stage, 3..5);
    stage.stop();
    nothing_is_carried_out(
        &stage,
        &[
            (&JONAS, &["approve", "--mr", "1"]),
            (&MIKA, &["report"]),
            (&MIKA, &["report", "--edit"]),
            (&MIKA, &["done", "follow-up", "--temporary"]),
            (&MIKA, &["rollback"]),
            (&MIKA, &["close"]),
        ],
    );
    stage.operate();
    act(&mut stage, 5..10);
    stage.stop();
    what_was_planned_was_done(&planned, &recorded(&stage));
}

#[test]
fn a_dry_run_of_init_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let status = Command::new("git").args(args).current_dir(dir.path()).status().unwrap();
        assert!(status.success());
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["-c", "user.name=M", "-c", "user.email=m@x", "commit", "-q", "--allow-empty", "-m", "first"]);
    let mut before = BTreeMap::new();
    look(dir.path(), &mut before);
    let mut command = Command::new(HOTFIX);
    command.args(["init", "--dry-run"]).current_dir(dir.path()).env("HOME", dir.path());
    command.env("XDG_STATE_HOME", dir.path().join("state"));
    Stage::output(&mut command).ended(&[0]);
    let mut after = BTreeMap::new();
    look(dir.path(), &mut after);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert_eq!(before, after);
}

/// Coarsely: the same steps have effects. Messages are told with their step,
/// and recorded under `notify`; the monitoring has no other effects.
fn what_was_planned_was_done(planned: &[Value], done: &BTreeSet<String>) {
    let effects = planned.iter().filter(|w| w["kind"] == "effect");
    let is_message = |w: &&Value| w["what"].as_str().is_some_and(|w| w.starts_with("tell "));
    let (messages, others): (Vec<&Value>, Vec<&Value>) = effects.partition(is_message);
    assert_eq!(!messages.is_empty(), done.contains("notify"));
    let steps: BTreeSet<String> =
        others.iter().filter_map(|w| w["step"].as_str().map(str::to_owned)).collect();
    let done: BTreeSet<String> = done.iter().filter(|s| *s != "notify").cloned().collect();
    assert_eq!(steps, done);
}
