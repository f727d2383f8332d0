use super::*;

fn words(text: &str) -> Command {
    Command::Words(shlex::split(text).unwrap())
}

fn asked(command: &Command, project: &Project) -> Ask {
    ask(command, &Told::default(), project, "/f")
}

fn argv(text: &str) -> String {
    asked(&words(text), &Project::default()).argv.join(" ")
}

#[test]
fn runners_are_known_by_their_words() {
    for (text, runner) in [
        ("pytest -q", Runner::Pytest),
        ("./venv/bin/pytest tests", Runner::Pytest),
        ("python3.12 -m pytest", Runner::Pytest),
        ("python -X dev -m pytest -k 'a or b'", Runner::Pytest),
        ("uv run --with x pytest", Runner::Pytest),
        ("poetry run pytest", Runner::Pytest),
        ("coverage run -m pytest", Runner::Pytest),
        ("timeout 60 pytest", Runner::Pytest),
        ("env A=1 B=2 pytest", Runner::Pytest),
        ("python -m unittest discover", Runner::Unittest),
        ("cargo test", Runner::CargoTest),
        ("cargo +nightly t -p x", Runner::CargoTest),
        ("cargo nextest run", Runner::Nextest),
        ("go test ./...", Runner::GoTest),
        ("npx jest", Runner::Jest),
        ("yarn jest --coverage", Runner::Jest),
        ("pnpm exec vitest run", Runner::Vitest),
        ("./node_modules/.bin/vitest", Runner::Vitest),
        ("node node_modules/jest/bin/jest.js", Runner::Jest),
        ("node --test", Runner::Node),
        ("node --no-warnings --test test/", Runner::Node),
        ("bats test", Runner::Bats),
        ("make test", Runner::Command),
        ("cargo build", Runner::Command),
        ("cargo nextest list", Runner::Command),
        ("go vet", Runner::Command),
        ("node server.js --test", Runner::Command),
        ("python manage.py test", Runner::Command),
        ("./pytest-wrapper", Runner::Command),
        ("echo pytest", Runner::Command),
        ("bats --pretty x", Runner::Command),
    ] {
        assert_eq!(runner_of(&words(text), &Project::default()), runner, "{text}");
    }
}

#[test]
fn options_are_added_where_the_runner_reads_them() {
    assert_eq!(argv("cargo test -p a -- --nocapture x"), "cargo test -p a --no-fail-fast -- --nocapture x");
    assert_eq!(argv("cargo test --no-fail-fast"), "cargo test --no-fail-fast");
    assert_eq!(argv("go test ./a -run X"), "go test -json ./a -run X");
    assert_eq!(argv("go test -json ./a"), "go test -json ./a");
    assert_eq!(argv("npx jest a.test.js"), "npx jest a.test.js --ci --json --outputFile=/f/jest.json");
    assert_eq!(
        argv("vitest run --reporter=dot"),
        "vitest run --reporter=dot --reporter=json --outputFile.json=/f/vitest.json"
    );
    assert_eq!(
        argv("node --test test/a.js"),
        "node --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination=/f/node.xml test/a.js"
    );
    assert_eq!(argv("python -m unittest discover -s t"), "python -m unittest discover -v -s t");
    assert_eq!(argv("python -m unittest -q"), "python -m unittest -q");
    assert_eq!(argv("bats t"), "bats t");
}

#[test]
fn pytest_is_asked_through_its_variable() {
    let project = Project { pytest_addopts: Some("-q".to_owned()), ..Project::default() };
    let ask = ask(&words("pytest tests"), &Told::default(), &project, "/a b");
    assert_eq!(ask.argv, ["pytest", "tests"]);
    assert_eq!(ask.env[0].1, "-q -o junit_family=xunit2 --junitxml='/a b/pytest.xml'");
    assert_eq!(ask.results, Results::Written { path: "/a b/pytest.xml".to_owned(), format: Format::Junit });
    let own = asked(&words("pytest --junitxml out/x.xml"), &project);
    assert_eq!(own.results, Results::Given { pattern: "out/x.xml".to_owned(), format: Format::Junit });
    assert!(own.env.is_empty());
    assert!(asked(&words("pytest --maxfail=1"), &project).stops_early);
}

#[test]
fn nextest_gets_a_config_of_ours_unless_the_project_writes_a_report() {
    let ask = asked(&words("cargo nextest run -P ci -- x"), &Project::default());
    assert_eq!(
        ask.argv.join(" "),
        "cargo nextest run -P ci --no-fail-fast --tool-config-file hotfix:/f/nextest.toml -- x"
    );
    assert_eq!(ask.files[0].1, "[profile.ci.junit]\npath = \"/f/nextest.xml\"\n");
    let project = Project {
        nextest_toml: Some("[profile.ci.junit]\npath = \"j.xml\"\n".to_owned()),
        ..Project::default()
    };
    let own = asked(&words("cargo nextest run --profile=ci"), &project);
    assert_eq!(
        own.results,
        Results::Given { pattern: "target/nextest/ci/j.xml".to_owned(), format: Format::Junit }
    );
    assert!(own.files.is_empty());
}

#[test]
fn shell_texts_are_understood_as_far_as_their_last_command_is_simple() {
    let text = |t: &str| asked(&Command::Shell(t.to_owned()), &Project::default());
    let ask = text("cd api && PYTHONPATH=src go test './a b'");
    assert_eq!(ask.runner, Runner::GoTest);
    assert_eq!(ask.argv, ["sh", "-c", "cd api && PYTHONPATH=src go test -json './a b'"]);
    assert_eq!(text("set -e\nmake build\ncargo test").runner, Runner::CargoTest);
    for other in [
        "go test ./... | tee log",
        "go test $PACKAGES",
        "(go test ./...)",
        "go test ./... || true",
        "if true; then go test; fi",
        "go test ./... &",
        "go test \"$(list)\"",
        "go test 'unbalanced",
        "go test ./... > log",
        "",
    ] {
        let ask = text(other);
        assert_eq!(ask.runner, Runner::Command, "{other}");
        assert_eq!(ask.argv, ["sh", "-c", other]);
    }
    let typed = Command::Words(["bash", "-ec", "cd x; jest"].map(str::to_owned).to_vec());
    assert_eq!(
        asked(&typed, &Project::default()).argv[2],
        "cd x; jest --ci --json '--outputFile=/f/jest.json'"
    );
}

#[test]
fn scripts_of_package_json_are_looked_up() {
    let project = |script: &str| Project {
        package_json: Some(serde_json::json!({"scripts": {"test": script}}).to_string()),
        ..Project::default()
    };
    let jest = asked(&words("npm test"), &project("jest --coverage"));
    assert_eq!(jest.argv.join(" "), "npm test -- --ci --json --outputFile=/f/jest.json");
    let passed = asked(&words("npm run test -- -t x"), &project("NODE_ENV=test jest"));
    assert_eq!(passed.argv.join(" "), "npm run test -- -t x --ci --json --outputFile=/f/jest.json");
    let yarn = asked(&words("yarn test"), &project("vitest run"));
    assert_eq!(
        yarn.argv.join(" "),
        "yarn test --reporter=default --reporter=json --outputFile.json=/f/vitest.json"
    );
    let node = asked(&words("npm test"), &project("node --test test/"));
    assert_eq!(node.argv.join(" "), "npm test");
    assert!(node.env[0].1.contains("\"--test-reporter-destination=/f/node.xml\""), "{:?}", node.env);
    assert_eq!(asked(&words("npm test"), &project("make test")).runner, Runner::Command);
    assert_eq!(asked(&words("npm test"), &Project::default()).runner, Runner::Command);
    assert_eq!(asked(&words("npm test --prefix web"), &project("jest")).runner, Runner::Command);
}

#[test]
fn what_the_config_says_wins() {
    let told = Told { format: None, report: Some("build/**/*.xml".to_owned()) };
    let ask = ask(&words("pytest"), &told, &Project::default(), "/f");
    assert_eq!(ask.results, Results::Given { pattern: "build/**/*.xml".to_owned(), format: Format::Junit });
    assert_eq!((ask.argv.len(), ask.env.len()), (1, 0));
    let told = Told { format: Some(Format::Tap), report: None };
    let tap = super::ask(&words("./run"), &told, &Project::default(), "/f");
    assert_eq!(tap.results, Results::Printed(Format::Tap));
}

#[test]
fn a_script_in_a_pytest_project_may_run_pytest() {
    let project = Project { pytest: true, ..Project::default() };
    let ask = asked(&words("./run-tests"), &project);
    assert_eq!(ask.runner, Runner::Command);
    assert!(matches!(ask.results, Results::Perhaps { .. }) && ask.env[0].0 == "PYTEST_ADDOPTS");
}

#[test]
fn only_forms_that_name_themselves_are_sniffed() {
    let read = |text: &str| {
        let mut sniff = Box::new(Sniff::new(""));
        text.lines().for_each(|l| crate::testing::Lines::line(&mut *sniff, l));
        crate::testing::Lines::finish(sniff)
    };
    assert_eq!(read("1..1\nok 1 a\n").unwrap().counts.passed, 1);
    assert_eq!(read("running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n").unwrap().counts.passed, 1);
    assert!(read("ok\nnot ok\nall is ok\nrunning tests\n").is_err());
    assert!(read("error: could not compile `a`\n").is_err());
}
