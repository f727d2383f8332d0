use super::*;
use crate::config::Select;
use std::collections::BTreeMap;

fn words(text: &str) -> Command {
    Command::Words(shlex::split(text).unwrap())
}

fn critical(paths: &[&str], run: &str, select: Select) -> Critical {
    let paths = paths.iter().map(|p| (*p).to_owned()).collect();
    Critical { paths, run: words(run), format: None, report: None, select }
}

/// What is chosen for a change in a tree of these files.
fn chosen(
    config: &[Critical],
    reproduction: Option<&str>,
    changed: &[&str],
    files: &[(&str, &str)],
) -> Vec<(String, String)> {
    let texts: BTreeMap<String, String> =
        files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect();
    let paths: Vec<String> = texts.keys().cloned().collect();
    let changed: Vec<String> = changed.iter().map(|p| (*p).to_owned()).collect();
    let text = |p: &str| texts.get(p).cloned();
    let project = Project { package_json: texts.get("package.json").cloned(), ..Project::default() };
    let change = Change { changed: &changed, paths: &paths, text: &text, project: &project };
    let reproduction = reproduction.map(words);
    choose(config, reproduction.as_ref(), &change, false)
        .into_iter()
        .map(|c| (c.command.shown(), c.why.join("; ")))
        .collect()
}

fn related(run: &str, changed: &[&str], files: &[(&str, &str)]) -> String {
    let all = chosen(&[critical(&[], run, Select::Related)], None, changed, files);
    assert_eq!(all.len(), 1);
    format!("{} ({})", all[0].0, all[0].1)
}

#[test]
fn globs_are_the_usual_ones() {
    assert!(
        matches("src/**", "src/a/b.rs") && matches("**/auth*.rs", "src/auth_x.rs") && matches("**/x", "x")
    );
    assert!(!matches("src/*.rs", "src/a/b.rs") && !matches("a.b", "axb"));
}

#[test]
fn the_mapping_chooses_and_says_why() {
    let config = [
        critical(&["src/auth/**"], "auth", Select::All),
        critical(&["src/pay/**"], "pay", Select::All),
        critical(&[], "always", Select::All),
    ];
    let all = chosen(&config, None, &["src/auth/a.rs"], &[]);
    assert_eq!(
        all,
        [
            ("auth".to_owned(), "src/auth/a.rs matches src/auth/**".to_owned()),
            ("always".to_owned(), "it is for every change".to_owned())
        ]
    );
    let none = chosen(&config[..2], None, &["README.md"], &[]);
    assert_eq!(none.len(), 2);
    assert_eq!(none[0].1, "no mapping knows what has changed (README.md)");
}

#[test]
fn cargo_tests_the_packages_and_those_that_need_them() {
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
        ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"),
        ("crates/a/src/lib.rs", ""),
        ("crates/b/Cargo.toml", "[package]\nname = \"b\"\n[dependencies]\na.workspace = true\n"),
        (
            "crates/c/Cargo.toml",
            "[package]\nname = \"c\"\n[dev-dependencies]\nbee = { package = \"b\", path = \"../b\" }\n",
        ),
        ("crates/d/Cargo.toml", "[package]\nname = \"d\"\n"),
    ];
    let a = related("cargo test --workspace -- --nocapture", &["crates/a/src/lib.rs"], &files);
    assert!(a.starts_with("cargo test -p a -p b -p c -- --nocapture ("), "{a}");
    assert!(related("cargo test", &["crates/d/x.rs", "README.md"], &files).starts_with("cargo test -p d ("));
    for (changed, why) in [
        ("Cargo.lock", "Cargo.lock concerns every package"),
        ("src/stray.rs", "src/stray.rs concerns every package"),
        ("README.md", "nothing of what has changed is in a package"),
    ] {
        let all = related("cargo test", &[changed], &files);
        assert_eq!(all, format!("cargo test (it is for every change; all of it: {why})"));
    }
    let own = related("cargo test -p d", &["crates/a/src/lib.rs"], &files);
    assert!(own.contains("it chooses its targets itself"), "{own}");
}

#[test]
fn go_tests_the_packages_and_those_that_import_them() {
    let files = [
        ("go.mod", "module example.org/shop\n\ngo 1.22\n"),
        ("main.go", "package main\nimport \"example.org/shop/api\"\n"),
        ("api/api.go", "package api\nimport (\n\t\"example.org/shop/auth\"\n)\n"),
        ("auth/auth.go", "package auth\n"),
        ("other/o.go", "package other\n"),
    ];
    let auth = related("go test -count=1 ./...", &["auth/auth.go"], &files);
    assert!(
        auth.starts_with("go test -count=1 ./. ./api ./auth (")
            || auth.starts_with("go test -count=1 . ./api ./auth ("),
        "{auth}"
    );
    assert!(related("go test ./...", &["other/testdata/x.json"], &files).starts_with("go test ./other ("));
    assert!(
        related("go test ./...", &["go.sum"], &files).contains("all of it: go.sum concerns every package")
    );
    assert!(related("go test ./api", &["auth/auth.go"], &files).contains("it names its packages itself"));
}

#[test]
fn pytest_and_node_run_the_tests_that_name_or_import_it() {
    let files = [
        ("shop/__init__.py", ""),
        ("shop/auth.py", ""),
        ("shop/api.py", "from . import auth\n"),
        ("shop/lonely.py", ""),
        ("tests/test_api.py", "import shop.api as api\n"),
        ("tests/test_auth.py", "x = 1\n"),
        ("tests/test_other.py", "import os\n"),
        ("tests/conftest.py", ""),
    ];
    let auth = related("uv run pytest -q", &["shop/auth.py", "CHANGES.md"], &files);
    assert!(auth.starts_with("uv run pytest -q tests/test_api.py tests/test_auth.py ("), "{auth}");
    let test = related("pytest", &["tests/test_other.py"], &files);
    assert_eq!(test, "pytest tests/test_other.py (it is for every change; tests/test_other.py has changed)");
    for (changed, why) in [
        ("shop/lonely.py", "no test names or imports shop/lonely.py"),
        ("tests/conftest.py", "tests/conftest.py concerns every test"),
        ("shop/gone.py", "shop/gone.py is gone"),
        ("data/x.json", "nobody knows which tests read data/x.json"),
    ] {
        assert!(related("pytest", &[changed], &files).contains(&format!("all of it: {why}")), "{changed}");
    }
    assert!(
        related("pytest tests/test_api.py", &["shop/auth.py"], &files).contains("it names its files itself")
    );
    assert!(related("make test", &["shop/auth.py"], &files).contains("its command is not understood"));
    let files = [
        ("lib/a.js", "module.exports = 1\n"),
        ("lib/b.js", "const a = require('./a')\n"),
        ("test/b.test.js", "const b = require('../lib/b')\n"),
        ("test/c.test.js", "import c from '../lib/c.js'\n"),
    ];
    assert!(related("node --test", &["lib/a.js"], &files).starts_with("node --test test/b.test.js ("));
}

#[test]
fn jest_and_vitest_have_their_own_graphs() {
    let files = [("src/a.ts", ""), ("package.json", "{\"scripts\":{\"test\":\"jest\"}}")];
    assert!(related("npx jest", &["src/a.ts"], &files).starts_with("npx jest --findRelatedTests src/a.ts ("));
    assert!(
        related("npm test", &["src/a.ts"], &files).starts_with("npm test -- --findRelatedTests src/a.ts (")
    );
    assert!(
        related("npx vitest run --coverage", &["src/a.ts"], &files)
            .starts_with("npx vitest related src/a.ts --run --coverage (")
    );
    assert!(related("npx jest", &["package.json"], &files).contains("package.json concerns every test"));
}

#[test]
fn the_tests_beside_the_reproduction_are_chosen_too() {
    let config = [critical(&[], "make test", Select::All)];
    for (reproduction, beside) in [
        ("pytest tests/test_auth.py::test_x -x", Some("pytest tests/test_auth.py")),
        ("pytest -k apostrophe tests/auth", Some("pytest tests/auth")),
        ("cargo test -p accounts --test it apostrophe -- --exact", Some("cargo test -p accounts --test it")),
        ("cargo nextest run -p accounts apostrophe", Some("cargo nextest run -p accounts")),
        ("go test ./auth -run TestX", Some("go test ./auth")),
        ("npx jest auth.test.js -t apostrophe", Some("npx jest auth.test.js")),
        ("node --test --test-name-pattern=x test/a.test.js", Some("node --test test/a.test.js")),
        ("pytest -k apostrophe", None),
        ("cargo test apostrophe", None),
        ("go test ./... -run TestX", None),
        ("pytest tests/test_auth.py", None),
        ("./reproduce", None),
    ] {
        let all = chosen(&config, Some(reproduction), &["x"], &[]);
        let found = all.iter().find(|(_, why)| why == "the tests beside the reproduction");
        assert_eq!(found.map(|(c, _)| c.as_str()), beside, "{reproduction}");
    }
    let covered = [critical(&[], "pytest", Select::All)];
    assert_eq!(chosen(&covered, Some("pytest tests/test_a.py::x"), &["x"], &[]).len(), 1);
}
