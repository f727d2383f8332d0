//! `style.clean` on real projects, with the real checkers where they are
//! installed, and with checkers that misbehave.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{Clone, PEOPLE, World};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Whether a program is there; says so where it is not.
fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !there {
        println!("SKIPPED: {program} is not installed (.ci/run installs it)");
    }
    there
}

/// A project whose main is what is fixed; its config is trusted.
fn project(style: &str, files: &[(&str, &str)]) -> (World, PathBuf) {
    let config = format!("{PEOPLE}[verify]\nstyle = {style}\n[change]\nmax_files = 20\nmax_lines = 500\n");
    let mut all = vec![(".hotfix/config.toml", config.as_str())];
    all.extend(files);
    let mut world = World::with(&all);
    // Compilers look for themselves and their caches at home.
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let there =
            std::env::var_os(name).map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(folder)));
        if let Some(there) = there {
            world.dana.env.insert(name.to_owned(), there.to_string_lossy().into_owned());
        }
    }
    world.dana.hotfix(["trust", "--yes"]).exits(0);
    let worktree = world.dana.start("INC-1", &["--from", "main"]);
    (world, worktree)
}

/// The gate after a verification.
fn verified(dana: &Clone) -> Value {
    let ran = dana.hotfix(["verify", "--json"]);
    let answer: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    let gates = answer["gates"].as_array().unwrap_or_else(|| panic!("{ran:?}"));
    gates.iter().find(|g| g["id"] == "style.clean").unwrap().clone()
}

/// Findings as `rule file:line`.
fn findings(gate: &Value) -> Vec<String> {
    let of =
        |f: &Value| format!("{} {}:{}", f["rule"].as_str().unwrap(), f["file"].as_str().unwrap(), f["line"]);
    gate["findings"].as_array().map(|all| all.iter().map(of).collect()).unwrap_or_default()
}

fn write(folder: &Path, path: &str, text: &str) {
    let file = folder.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

#[test]
fn flake8_on_a_python_project() {
    if !installed("flake8") {
        return;
    }
    let old = "import os\nimport re\n\n\ndef pay():\n    return 1\n";
    let (world, worktree) = project("[\"flake8\"]", &[("shop/pay.py", old), ("README.md", "x\n")]);
    let dana = &world.dana;
    // The base's findings move down, one is mended, one is added; prose is none of its business.
    write(&worktree, "shop/pay.py", "\"\"\"Pay.\"\"\"\nimport os\n\n\ndef pay( ):\n    return 2\n");
    write(&worktree, "README.md", "import  ( this is prose\n");
    let gate = verified(dana);
    assert_eq!(
        (gate["verdict"].as_str(), findings(&gate)),
        (Some("fail"), vec!["E201 shop/pay.py:5".to_owned()]),
        "{gate}"
    );
    assert!(gate["summary"].as_str().unwrap().contains("1 finding added (1 the base has as well)"), "{gate}");
    assert_eq!(gate["evidence"].as_array().map(Vec::len), Some(2));
    write(&worktree, "shop/pay.py", "\"\"\"Pay.\"\"\"\nimport os\n\n\ndef pay():\n    return 2\n");
    let gate = verified(dana);
    assert_eq!(gate["verdict"], "pass", "{gate}");
    // A new file that is no Python at all.
    write(&worktree, "shop/new.py", "def broken(:\n");
    let gate = verified(dana);
    assert_eq!(
        (gate["verdict"].as_str(), findings(&gate)),
        (Some("fail"), vec!["E999 shop/new.py:1".to_owned()]),
        "{gate}"
    );
}

#[test]
fn ruff_checks_and_mends_changed_lines_only() {
    if !installed("ruff") {
        return;
    }
    let old = "x = {  'a':1 }\n\n\ndef pay():\n    return 1\n\n\ny = {  'b':2 }\n";
    let (world, worktree) = project("[\"ruff check\", \"ruff format --check\"]", &[("pay.py", old)]);
    let dana = &world.dana;
    let edited = "x = {  'a':1 }\n\n\ndef pay():\n    return  [1,2]\n\n\ny = {  'b':2 }\n";
    write(&worktree, "pay.py", edited);
    let gate = verified(dana);
    assert_eq!(
        (gate["verdict"].as_str(), findings(&gate)),
        (Some("fail"), vec!["format pay.py:5".to_owned()]),
        "{gate}"
    );
    let commands: Vec<&str> = gate["findings"][0]["hints"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|h| h["command"].as_str())
        .collect();
    assert_eq!(commands, ["hotfix verify --fix-style", "hotfix waive style.clean --reason \"why\""]);
    let ran = dana.hotfix(["verify", "--fix-style"]);
    assert!(ran.err.contains("pay.py: 1 place mended"), "{}", ran.err);
    let mended = std::fs::read_to_string(worktree.join("pay.py")).unwrap();
    assert_eq!(mended, edited.replace("return  [1,2]", "return [1, 2]"), "the rest stays as it was");
    let gate = verified(dana);
    assert_eq!(gate["verdict"], "pass", "{gate}");
    // An unused import is the linter's, with its rule.
    write(&worktree, "pay.py", &format!("import os\n{mended}"));
    let gate = verified(dana);
    assert_eq!(findings(&gate), ["F401 pay.py:1"], "{gate}");
}

#[test]
fn shellcheck_on_a_shell_project() {
    if !installed("shellcheck") {
        return;
    }
    let old = "#!/bin/sh\necho $1\nexit 0\n";
    let (world, worktree) = project("[\"shellcheck\"]", &[("ops/run.sh", old)]);
    let dana = &world.dana;
    write(&worktree, "ops/run.sh", "#!/bin/sh\nset -e\necho $1\nrm -r $2/\nexit 0\n");
    let gate = verified(dana);
    assert_eq!(gate["verdict"], "fail", "{gate}");
    assert!(findings(&gate).contains(&"SC2086 ops/run.sh:4".to_owned()), "{gate}");
    assert!(!findings(&gate).iter().any(|f| f.ends_with(":3")), "{gate}");
}

#[test]
fn eslint_on_a_node_project() {
    if !installed("eslint") {
        return;
    }
    let config = "module.exports = [{ rules: { 'no-unused-vars': 'error', eqeqeq: 'warn' } }];\n";
    let old = "const a = 1;\nfunction pay(n) { return n; }\nmodule.exports = { pay };\n";
    let (world, worktree) = project("[\"eslint\"]", &[("eslint.config.js", config), ("pay.js", old)]);
    let dana = &world.dana;
    write(
        &worktree,
        "pay.js",
        "const a = 1;\nfunction pay(n) { if (n == 2) { return 3; } return n; }\nmodule.exports = { pay };\n",
    );
    let gate = verified(dana);
    // eslint itself is content with a warning: it counts all the same, for it is new.
    assert_eq!(
        (gate["verdict"].as_str(), findings(&gate)),
        (Some("fail"), vec!["eqeqeq pay.js:2".to_owned()]),
        "{gate}"
    );
    write(
        &worktree,
        "pay.js",
        "const a = 1;\nfunction pay(n) { return n + 1; }\nmodule.exports = { pay };\n",
    );
    assert_eq!(verified(dana)["verdict"], "pass");
    // A config that cannot be read: eslint could not check.
    write(&worktree, "eslint.config.js", "module.exports = [{ rules: { nonsense: 'error' } }];\n");
    let gate = verified(dana);
    assert_eq!(gate["verdict"], "unknown", "{gate}");
}

#[test]
fn clippy_and_rustfmt_on_a_rust_project() {
    if !installed("cargo-clippy") || !installed("rustfmt") {
        return;
    }
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let old = "fn  spaced() {}\n\npub fn pay(n: u8) -> u8 {\n    return n;\n}\n";
    let style = "[\"cargo clippy --offline\", \"cargo fmt --all --check\"]";
    let lock = "version = 3\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n";
    let (world, worktree) = project(
        style,
        &[("Cargo.toml", manifest), ("Cargo.lock", lock), ("src/lib.rs", old), (".gitignore", "/target\n")],
    );
    let dana = &world.dana;
    write(
        &worktree,
        "src/lib.rs",
        "fn  spaced() {}\n\npub fn pay(n: u8) -> u8 {\n    let m  = n + 1;\n    if m == 3 { return 4 }\n    return n;\n}\n",
    );
    let gate = verified(dana);
    assert_eq!(gate["verdict"], "fail", "{gate}");
    // `spaced` is unused and unformatted on the base as well, and so is the last `return`.
    let found = findings(&gate);
    assert!(
        found.iter().all(|f| f.starts_with("format src/lib.rs:4") || f.starts_with("format src/lib.rs:5")),
        "{found:?}"
    );
    assert!(!found.is_empty());
    let ran = dana.hotfix(["verify", "--fix-style"]);
    let mended = std::fs::read_to_string(worktree.join("src/lib.rs")).unwrap();
    assert!(mended.starts_with("fn  spaced() {}\n"), "{mended}\n{}", ran.err);
    assert!(mended.contains("    let m = n + 1;\n    if m == 3 {\n        return 4;\n    }\n"), "{mended}");
    write(
        &worktree,
        "src/lib.rs",
        &format!("{mended}pub fn more(v: &Vec<u8>) -> usize {{\n    v.len()\n}}\n"),
    );
    let gate = verified(dana);
    assert!(findings(&gate).iter().any(|f| f.starts_with("clippy::ptr_arg src/lib.rs:")), "{gate}");
}

#[test]
fn hooks_of_pre_commit() {
    if !installed("pre-commit") {
        return;
    }
    let hooks = "repos:\n- repo: local\n  hooks:\n  - id: words\n    name: words\n    entry: sh -c 'grep -nH bad \"$@\" && exit 1 || exit 0' --\n    language: system\n    files: \\.txt$\n  - id: mends\n    name: mends\n    entry: sed -i 's/ *$//'\n    language: system\n    files: \\.txt$\n";
    let (world, worktree) = project(
        "[\"pre-commit run\"]",
        &[(".pre-commit-config.yaml", hooks), ("a.txt", "a bad word\nold   \nend\n")],
    );
    let dana = &world.dana;
    write(&worktree, "a.txt", "first\na bad word\nold   \nnew   \nend\n");
    let gate = verified(dana);
    assert_eq!(
        (gate["verdict"].as_str(), findings(&gate)),
        (Some("fail"), vec!["format a.txt:3".to_owned()]),
        "{gate}"
    );
    let ran = dana.hotfix(["verify", "--fix-style"]);
    let text = std::fs::read_to_string(worktree.join("a.txt")).unwrap();
    assert!(text.contains("new\n"), "{text:?} {}", ran.err);
}

/// A checker of the project's own, as a script.
fn own(script: &str) -> (World, PathBuf) {
    let (world, worktree) = project("[[\"sh\", \"check\"]]", &[("check", script), ("a.txt", "one\ntwo\n")]);
    (world, worktree)
}

#[test]
fn what_a_checker_of_ones_own_prints() {
    let sarif = r#"{"runs":[{"results":[{"ruleId":"R1","level":"warning","message":{"text":"Bad"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.txt"},"region":{"startLine":2}}}]}]}]}"#;
    let xml = r#"<?xml version="1.0"?><checkstyle><file name="a.txt"><error line="2" severity="error" message="Bad" source="R2"/></file></checkstyle>"#;
    for (script, verdict, found) in [
        // It always finds line 2, which the change has altered.
        (format!("#!/bin/sh\necho '{sarif}'\n"), "fail", &["R1 a.txt:2"][..]),
        (format!("#!/bin/sh\necho '{xml}'\nexit 1\n"), "fail", &["R2 a.txt:2"]),
        ("#!/bin/sh\necho 'a.txt:2: R301 Bad'\nexit 1\n".to_owned(), "fail", &["R301 a.txt:2"]),
        // Content, whatever it says in words.
        ("#!/bin/sh\necho 'a.txt:2: R301 Bad'\n".to_owned(), "pass", &[]),
        ("#!/bin/sh\nexit 0\n".to_owned(), "pass", &[]),
        // The same on the base, at a line that the change has left alone.
        ("#!/bin/sh\necho 'a.txt:1: R301 Bad'\nexit 1\n".to_owned(), "pass", &[]),
        // Not a word on either side.
        ("#!/bin/sh\necho oops\nexit 1\n".to_owned(), "unknown", &[]),
        // Not a word, but only on the fix.
        ("#!/bin/sh\ngrep -q zwei a.txt && exit 1\nexit 0\n".to_owned(), "fail", &[]),
        // It mends instead of saying it.
        ("#!/bin/sh\nsed -i 's/zwei/ZWEI/' a.txt\n".to_owned(), "fail", &["format a.txt:2"]),
    ] {
        let (world, worktree) = own(&script);
        write(&worktree, "a.txt", "one\nzwei\n");
        let gate = verified(&world.dana);
        assert_eq!(
            (gate["verdict"].as_str(), findings(&gate)),
            (Some(verdict), found.iter().map(|f| (*f).to_owned()).collect()),
            "{script}\n{gate}"
        );
        assert_eq!(std::fs::read_to_string(worktree.join("a.txt")).unwrap(), "one\nzwei\n");
    }
}

#[test]
fn a_checker_that_could_not_check_passes_nothing() {
    for (style, part) in [
        ("[[\"./missing\"]]", "could not be started"),
        ("[\"no-such-checker-at-all\"]", "was not found (exit status 127)"),
        ("[[\"sh\", \"-c\", \"kill -9 $$\"]]", "was ended by signal 9"),
        ("[{ run = \"echo oops\", format = \"sarif\" }]", "no SARIF could be read"),
        ("[{ run = \"echo '<checkstyle>'\", format = \"checkstyle\" }]", "no checkstyle XML could be read"),
        ("[{ run = \"head -c 300000 /dev/urandom\", format = \"json\" }]", "no JSON could be read"),
    ] {
        let (world, worktree) = project(style, &[("a.txt", "one\n")]);
        write(&worktree, "a.txt", "zwei\n");
        let gate = verified(&world.dana);
        assert_eq!(gate["verdict"], "unknown", "{style}\n{gate}");
        assert!(gate["summary"].as_str().unwrap().contains(part), "{style}\n{gate}");
        world.dana.hotfix(["ship"]).fails(1, "HF0601");
    }
}

#[test]
fn a_checker_that_hangs_is_ended() {
    let (world, worktree) = project(
        "[{ run = [\"sleep\", \"600\"], files = \"none\" }]\ntime_budget = \"1s\"",
        &[("a.txt", "one\n")],
    );
    write(&worktree, "a.txt", "zwei\n");
    let gate = verified(&world.dana);
    assert_eq!(gate["verdict"], "unknown", "{gate}");
    assert!(gate["summary"].as_str().unwrap().contains("did not end within"), "{gate}");
}

#[test]
fn paths_and_files_as_the_config_says() {
    let style = "[{ run = [\"sh\", \"check\"], paths = [\"*.sql\"], files = \"none\" }]";
    let script = "#!/bin/sh\necho \"$#\" > arguments\necho 'b.sql:1: R301 Bad'\nexit 1\n";
    let (world, worktree) = project(style, &[("check", script), ("a.txt", "one\n"), ("b.sql", "one\n")]);
    write(&worktree, "a.txt", "zwei\n");
    let gate = verified(&world.dana);
    assert_eq!(gate["verdict"], "pass", "{gate}");
    write(&worktree, "b.sql", "zwei\n");
    let gate = verified(&world.dana);
    assert_eq!(findings(&gate), ["R301 b.sql:1"], "{gate}");
}

#[test]
fn init_finds_the_checkers() {
    let world =
        World::with(&[("pyproject.toml", "[tool.ruff]\n[tool.ruff.format]\n"), ("setup.cfg", "[flake8]\n")]);
    let told = world.dana.hotfix(["init"]).exits(0);
    assert!(told.out.contains("ruff check (pyproject.toml has `[tool.ruff`)"), "{}", told.out);
    let config = std::fs::read_to_string(world.dana.dir.join(".hotfix/config.toml")).unwrap();
    assert!(config.contains("style = [\"ruff check\", \"ruff format --check\", \"flake8\"]"), "{config}");
}
