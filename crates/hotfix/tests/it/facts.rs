//! What a world looks like from outside, in words that are the same for every
//! run: how often each thing is there, without object ids, times and run ids.

use crate::harness::Stage;
use hotfix::demo::history::plain_git;
use hotfix::demo::snapshot::manifest;
use hotfix::demo::world::MIKA;
use std::collections::BTreeMap;
use std::path::Path;

/// How often each thing is there.
pub type Facts = BTreeMap<String, usize>;

/// Everything that the run is to have brought about.
pub fn of(stage: &Stage) -> Facts {
    let mut facts = Facts::new();
    let mut note = |fact: String| *facts.entry(fact).or_default() += 1;
    origin(stage, &mut note);
    clone(stage, &mut note);
    files(stage, &mut note);
    run(stage, &mut note);
    facts
}

/// What differs, a line for each thing.
pub fn differences(wanted: &Facts, found: &Facts) -> Vec<String> {
    let all: std::collections::BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    let of = |facts: &Facts, fact: &String| facts.get(fact).copied().unwrap_or_default();
    let differs = all.into_iter().filter(|f| of(wanted, f) != of(found, f));
    differs.map(|f| format!("{} instead of {}: {f}", of(found, f), of(wanted, f))).collect()
}

fn origin(stage: &Stage, note: &mut dyn FnMut(String)) {
    let git = plain_git(&stage.paths().origin());
    for name in lines(&git.run(["for-each-ref", "--format=%(refname)"]).unwrap()) {
        if name.starts_with("refs/hotfix/") {
            let steps = git.run(["rev-list", "--count", name]).unwrap();
            note(format!("origin {name} after {steps} steps"));
            continue;
        }
        // The tree is the same whenever it was made, and so is the history's shape.
        let tree = git.tree_of(name).unwrap();
        note(format!("origin {name} with tree {tree}"));
        for subject in lines(&git.run(["log", "--format=%s", name]).unwrap()) {
            note(format!("origin {name}: commit {subject}"));
        }
    }
    for number in ["1", "2", "3"] {
        if let Ok(text) = git.run(["cat-file", "blob", &format!("refs/hotfix/mr/{number}:mr.json")]) {
            let mr: serde_json::Value = serde_json::from_str(&text).unwrap();
            note(format!(
                "!{number} {} {} {} {} {}",
                mr["role"], mr["title"], mr["state"], mr["source"], mr["target"]
            ));
        }
    }
}

fn clone(stage: &Stage, note: &mut dyn FnMut(String)) {
    let clone = stage.paths().clone_of(&MIKA);
    for line in lines(&manifest(&clone).unwrap()) {
        note(format!("clone {line}"));
    }
    let git = plain_git(&clone);
    for name in lines(&git.run(["for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags"]).unwrap()) {
        note(format!("clone {name} with tree {}", git.tree_of(name).unwrap()));
    }
    for line in lines(&git.run(["worktree", "list", "--porcelain"]).unwrap()) {
        if let Some(path) = line.strip_prefix("worktree ") {
            note(format!("worktree {path}"));
        }
    }
    note(format!("stash {}", git.run(["stash", "list", "--format=%gs"]).unwrap()));
}

fn files(stage: &Stage, note: &mut dyn FnMut(String)) {
    let paths = stage.paths();
    for line in lines(&read(&paths.deploys_log())) {
        note(format!("deployed {}", line.split(' ').nth(1).unwrap_or(line)));
    }
    note(format!("production runs {}", read(&paths.current()).split(' ').next().unwrap_or_default()));
    for (what, folder) in [("channel", paths.channel()), ("status page", paths.status_page())] {
        for name in names(&folder) {
            for line in lines(&read(&folder.join(&name))) {
                // The marker ends with the moment; the run's id stands before it.
                let marker = line.split("<!-- ").nth(1).unwrap_or(line);
                let moment: Vec<&str> = marker.split(' ').skip(3).collect();
                note(format!("{what} {name}: {}", moment.join(" ")));
            }
        }
    }
    for name in names(&paths.tickets()) {
        let title =
            read(&paths.tickets().join(&name)).lines().find(|l| l.starts_with("title")).map(str::to_owned);
        note(format!("ticket {name} {}", title.unwrap_or_default()));
    }
    for name in names(&paths.root().join("mika/shop.hotfix")) {
        note(format!("beside the clone: {name}"));
    }
    for name in names(&paths.root().join("mika/shop.hotfix/reports")) {
        note(format!("report {name}"));
    }
}

fn run(stage: &Stage, note: &mut dyn FnMut(String)) {
    let status = stage.status();
    note(format!("the run is {}", status["run"]["state"]));
    note(format!("{} effects in doubt", status["effects"]["in_doubt"]));
    for step in status["steps"].as_array().unwrap() {
        note(format!("step {} {}", step["id"], step["state"]));
    }
    for gate in status["gates"].as_array().unwrap() {
        note(format!("gate {} {}", gate["id"], gate["verdict"]));
    }
    for owed in status["obligations"].as_array().unwrap() {
        note(format!("owed {} {}", owed["id"], owed["state"]));
    }
    for deploy in status["deploys"].as_array().unwrap() {
        note(format!("the run's deploy {}", deploy["version"]));
    }
    for mr in status["merge_requests"].as_array().unwrap() {
        for approval in mr["approvals"].as_array().unwrap() {
            note(format!("!{} approved by {}", mr["number"], approval["by"]));
        }
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}
