//! The change gates in the real program: what they say while somebody works,
//! where it is shown, and what a change cannot do to its own gates.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{GOOD, PEOPLE, REPRODUCE, World};
use serde_json::Value;

/// A page that wants the smallest change, on a repository with some code.
fn world(more: &[(&str, &str)]) -> World {
    let mut files = vec![(".hotfix/config.toml", PEOPLE)];
    files.extend(more);
    World::with(&files)
}

fn gate<'v>(status: &'v Value, id: &str) -> &'v Value {
    let gates = status["change"]["gates"].as_array().unwrap();
    gates.iter().find(|g| g["id"] == id).unwrap()
}

#[test]
fn status_shows_the_budget_while_somebody_works() {
    let world = world(&[]);
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &[]);
    assert_eq!(dana.json(&["status"])["change"], Value::Null);
    let before = dana.git(["log", "--all", "--format=%H"]);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    std::fs::write(worktree.join("new.py"), "import os\n\n\ndef retry(n):\n    return os.getenv('RETRY')\n")
        .unwrap();
    std::fs::create_dir_all(worktree.join("tests")).unwrap();
    std::fs::write(worktree.join("tests/test_app.py"), "def test_a():\n    assert True is not None\n")
        .unwrap();
    let status = dana.json(&["status"]);
    let change = &status["change"];
    assert_eq!((change["files"].as_u64(), change["lines"].as_u64()), (Some(2), Some(5)), "{change}");
    assert_eq!((change["test_lines"].as_u64(), change["files_aside"].as_u64()), (Some(2), Some(1)));
    assert_eq!(change["tree"].as_str().map(str::len), Some(40));
    let shape = gate(&status, "change.shape");
    assert_eq!(shape["verdict"], "fail");
    let finding = &shape["findings"][0];
    assert_eq!((finding["rule"].as_str(), finding["file"].as_str()), (Some("new-function"), Some("new.py")));
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(4), Some(1)));
    let commands: Vec<&str> =
        finding["hints"].as_array().unwrap().iter().filter_map(|h| h["command"].as_str()).collect();
    assert!(commands.iter().any(|c| c.starts_with("git restore --patch --source=")), "{commands:?}");
    assert!(commands.contains(&"hotfix waive change.shape --reason \"why\""), "{commands:?}");
    let told = dana.hotfix(["status"]).exits(0);
    assert!(told.out.contains("change: 2 of 3 files, 5 of 60 lines; 2 findings"), "{}", told.out);
    assert!(told.out.contains("new.py:4:1 new public function `retry`"), "{}", told.out);
    // Looking writes nothing down.
    assert_eq!(dana.git(["log", "--all", "--format=%H"]), before);
    assert!(!dana.hotfix(["log"]).exits(0).out.contains("change.shape"));
}

#[test]
fn findings_reach_the_journal_and_the_report() {
    let world = world(&[]);
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &[]);
    dana.hotfix(REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    std::fs::write(worktree.join("a.rs"), "pub fn retry() {}\n").unwrap();
    let told = dana.hotfix(["verify"]);
    assert!(told.err.contains("a.rs:1:1 new public function `retry`"), "{}", told.err);
    assert!(told.err.contains("or let it pass under your name: hotfix waive change.shape"), "{}", told.err);
    let status = dana.json(&["status"]);
    let gates = status["gates"].as_array().unwrap();
    let shape = gates.iter().find(|g| g["id"] == "change.shape").unwrap();
    assert_eq!(shape["findings"][0]["rule"], "new-function", "{shape}");
    let report = dana.hotfix(["report", "--format", "md"]).exits(0);
    assert!(report.out.contains("`a.rs:1:1` new public function"), "{}", report.out);
}

#[test]
fn only_the_declared_paths() {
    let world = world(&[("src/pay.txt", "x\n"), ("web/cart.txt", "x\n")]);
    let dana = &world.dana;
    dana.hotfix(["start", "INC-1", "-m", "bad", "--only", "["]).fails(2, "HF0215");
    let worktree = dana.start("INC-1", &["--from", "main", "--only", "src", "--only", "*.md"]);
    std::fs::write(worktree.join("src/pay.txt"), "y\n").unwrap();
    std::fs::write(worktree.join("README.md"), "y\n").unwrap();
    assert_eq!(gate(&dana.json(&["status"]), "change.scope")["verdict"], "pass");
    std::fs::write(worktree.join("web/cart.txt"), "y\n").unwrap();
    let status = dana.json(&["status"]);
    let scope = gate(&status, "change.scope");
    assert_eq!(
        (scope["verdict"].as_str(), scope["findings"][0]["file"].as_str()),
        (Some("fail"), Some("web/cart.txt"))
    );
    assert!(dana.hotfix(["brief"]).exits(0).out.contains("only these paths: src, *.md"));
}

#[test]
fn a_change_cannot_declare_itself_generated() {
    let world = world(&[
        (".gitattributes", "gen/** linguist-generated\nlib/** linguist-vendored=true\n"),
        ("gen/a.py", "a = 1\n"),
        ("lib/b.py", "b = 1\n"),
        ("own.py", "c = 1\n"),
    ]);
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &["--from", "main"]);
    for path in ["gen/a.py", "lib/b.py", "own.py"] {
        std::fs::write(worktree.join(path), "changed = 2\n").unwrap();
    }
    let change = dana.json(&["status"])["change"].clone();
    assert_eq!((change["files"].as_u64(), change["files_aside"].as_u64()), (Some(1), Some(2)), "{change}");
    std::fs::write(worktree.join(".gitattributes"), "* linguist-generated\n").unwrap();
    let change = dana.json(&["status"])["change"].clone();
    assert_eq!((change["files"].as_u64(), change["files_aside"].as_u64()), (Some(2), Some(2)), "{change}");
}

#[test]
fn a_projects_own_rules_for_secrets_come_from_the_base() {
    let rules =
        "[[rules]]\nid = \"acme-key\"\ndescription = \"an Acme key\"\nregex = '''acme_([a-f0-9]{16})'''\n";
    let world = world(&[(".gitleaks.toml", rules)]);
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &["--from", "main"]);
    let secret = "12ab34cd56ef7890";
    std::fs::write(worktree.join("a.txt"), format!("key: acme_{secret}\n")).unwrap();
    let status = dana.json(&["status"]);
    let secrets = gate(&status, "change.secrets");
    assert_eq!(secrets["findings"][0]["rule"], "acme-key", "{secrets}");
    std::fs::write(worktree.join(".gitleaks.toml"), "[allowlist]\npaths = ['''.*''']\n").unwrap();
    let status = dana.json(&["status"]);
    assert_eq!(gate(&status, "change.secrets")["verdict"], "fail");
    let verified = dana.hotfix(["verify"]);
    let log = dana.hotfix(["log", "--json"]).exits(0).out;
    for text in [&status.to_string(), &verified.out, &verified.err, &log, &dana.hotfix(["brief"]).out] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn rules_for_secrets_that_cannot_be_read_pass_nothing() {
    let world = world(&[(".gitleaks.toml", "[[rules]]\nid = \"x\"\nregex = '''('''\n")]);
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &["--from", "main"]);
    std::fs::write(worktree.join("app.txt"), GOOD).unwrap();
    let status = dana.json(&["status"]);
    let secrets = gate(&status, "change.secrets");
    assert_eq!(secrets["verdict"], "unknown");
    assert!(secrets["summary"].as_str().unwrap().contains(".gitleaks.toml: the rule `x`"), "{secrets}");
}

#[test]
fn a_program_that_cannot_be_read_passes_nothing() {
    let world = world(&[]);
    let dana = &world.dana;
    let worktree = dana.start("INC-1", &[]);
    std::fs::write(worktree.join("big.py"), "x = 1\n".repeat(200_000)).unwrap();
    let status = dana.json(&["status"]);
    let shape = gate(&status, "change.shape");
    assert_eq!(shape["verdict"], "unknown", "{shape}");
    assert!(shape["summary"].as_str().unwrap().contains("could not be read: big.py"), "{shape}");
}
