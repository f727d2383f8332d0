//! pytest, unittest, cargo, nextest and go.

use super::line::program;
use super::{Asked, Project, Results, Runner};
use crate::testing::Format;

/// The variable that gives pytest more options. What is there already stays.
pub(super) fn pytest_options(project: &Project, path: &str) -> (String, String) {
    let quoted = shlex::try_quote(path).map_or_else(|_| path.to_owned(), std::borrow::Cow::into_owned);
    let ours = format!("-o junit_family=xunit2 --junitxml={quoted}");
    let value = match &project.pytest_addopts {
        Some(theirs) if !theirs.trim().is_empty() => format!("{theirs} {ours}"),
        _ => ours,
    };
    ("PYTEST_ADDOPTS".to_owned(), value)
}

pub(super) fn pytest(words: &[String], project: &Project, folder: &str) -> Asked {
    let given = option(words, &["--junitxml", "--junit-xml"]);
    let off = words.windows(2).any(|w| w[0] == "-p" && w[1] == "no:junitxml")
        || words.iter().any(|w| w == "-pno:junitxml");
    let mut asked = match given {
        Some(pattern) => Asked::new(Runner::Pytest, words, Results::Given { pattern, format: Format::Junit }),
        None if off => Asked::new(Runner::Pytest, words, Results::ExitStatus),
        None => {
            let path = format!("{folder}/pytest.xml");
            let options = pytest_options(project, &path);
            let results = Results::Written { path, format: Format::Junit };
            let mut asked = Asked::new(Runner::Pytest, words, results);
            asked.env.push(options);
            "PYTEST_ADDOPTS=--junitxml=…".clone_into(&mut asked.added);
            asked
        }
    };
    asked.stops_early = words.iter().any(|w| {
        matches!(w.as_str(), "-x" | "--exitfirst" | "--stepwise" | "--sw") || w.starts_with("--maxfail")
    });
    asked
}

/// `python -m pytest`, `python3 -W error -m unittest`.
pub(super) fn python_module(words: &[String], at: usize, project: &Project, folder: &str) -> Option<Asked> {
    let module = words[at..].iter().position(|w| w == "-m").and_then(|m| words.get(at + m + 1))?;
    match module.as_str() {
        "pytest" => Some(pytest(words, project, folder)),
        "unittest" => {
            let mut asked = Asked::new(Runner::Unittest, words, Results::Printed(Format::Unittest));
            let loud = words.iter().any(|w| matches!(w.as_str(), "-v" | "--verbose" | "-q" | "--quiet"));
            if !loud {
                let behind = words.iter().position(|w| w == "unittest").map_or(words.len(), |i| i + 1);
                // `discover` must stay the first word.
                let behind = behind + usize::from(words.get(behind).is_some_and(|w| w == "discover"));
                asked.words.insert(behind, "-v".to_owned());
                "-v".clone_into(&mut asked.added);
            }
            asked.stops_early = words.iter().any(|w| matches!(w.as_str(), "-f" | "--failfast"));
            Some(asked)
        }
        "coverage" => {
            let inner = words.iter().rposition(|w| w == "-m").and_then(|m| words.get(m + 1))?;
            (inner == "pytest").then(|| pytest(words, project, folder))
        }
        _ => None,
    }
}

pub(super) fn cargo(words: &[String], at: usize, project: &Project, folder: &str) -> Option<Asked> {
    let verb = words[at + 1..].iter().position(|w| !w.starts_with(['+', '-'])).map(|i| at + 1 + i)?;
    match words.get(verb)?.as_str() {
        "test" | "t" => Some(cargo_test(words)),
        "nextest" if matches!(words.get(verb + 1)?.as_str(), "run" | "r") => {
            Some(nextest(words, project, folder))
        }
        _ => None,
    }
}

fn cargo_test(words: &[String]) -> Asked {
    let own = own_words(words);
    let format = words.windows(2).any(|w| w[0] == "--format" && w[1] == "json")
        || words.iter().any(|w| w == "--format=json");
    let results = if format { Results::ExitStatus } else { Results::Printed(Format::Libtest) };
    let mut asked = Asked::new(Runner::CargoTest, words, results);
    asked.env.push(("CARGO_TERM_COLOR".to_owned(), "never".to_owned()));
    let listed = own.iter().any(|w| matches!(w.as_str(), "--no-fail-fast" | "--no-run"));
    if !listed {
        asked.words.insert(own.len(), "--no-fail-fast".to_owned());
        "--no-fail-fast".clone_into(&mut asked.added);
    }
    asked
}

fn nextest(words: &[String], project: &Project, folder: &str) -> Asked {
    let own = own_words(words);
    let profile = option(own, &["--profile", "-P"])
        .or_else(|| project.nextest_profile.clone())
        .unwrap_or_else(|| "default".to_owned());
    let results = match own_junit(project, &profile) {
        Some(path) => {
            let target = project.cargo_target_dir.as_deref().unwrap_or("target");
            Results::Given { pattern: format!("{target}/nextest/{profile}/{path}"), format: Format::Junit }
        }
        None => Results::Written { path: format!("{folder}/nextest.xml"), format: Format::Junit },
    };
    let mut asked = Asked::new(Runner::Nextest, words, results);
    asked.env.push(("CARGO_TERM_COLOR".to_owned(), "never".to_owned()));
    let mut more = Vec::new();
    let decides = |w: &String| {
        matches!(w.as_str(), "--no-fail-fast" | "--fail-fast" | "--nff" | "--ff" | "--no-run")
            || w.starts_with("--max-fail")
    };
    if !own.iter().any(decides) {
        more.push("--no-fail-fast".to_owned());
    }
    asked.stops_early =
        own.iter().any(|w| matches!(w.as_str(), "--fail-fast" | "--ff") || w.starts_with("--max-fail"));
    if let Results::Written { path, .. } = &asked.results {
        let config = format!("{folder}/nextest.toml");
        let text = format!("[profile.{profile}.junit]\npath = {}\n", toml::Value::from(path.as_str()));
        asked.files.push((config.clone(), text));
        more.extend(["--tool-config-file".to_owned(), format!("hotfix:{config}")]);
    }
    asked.added = more.first().filter(|w| *w == "--no-fail-fast").cloned().unwrap_or_default();
    if matches!(asked.results, Results::Written { .. }) {
        asked.added = [asked.added.as_str(), "--tool-config-file …"].join(" ").trim_start().into();
    }
    let end = own.len();
    asked.words.splice(end..end, more);
    asked
}

/// The path of the report that the project's own config asks for.
fn own_junit(project: &Project, profile: &str) -> Option<String> {
    let config: toml::Value = toml::from_str(project.nextest_toml.as_deref()?).ok()?;
    let of = |profile: &str| {
        config.get("profile")?.get(profile)?.get("junit")?.get("path")?.as_str().map(str::to_owned)
    };
    of(profile).or_else(|| of("default"))
}

pub(super) fn go(words: &[String], at: usize) -> Option<Asked> {
    let verb = words[at + 1..].iter().position(|w| !w.starts_with('-')).map(|i| at + 1 + i)?;
    if words.get(verb)? != "test" {
        return None;
    }
    let mut asked = Asked::new(Runner::GoTest, words, Results::Printed(Format::GoJson));
    let has = |names: &[&str]| words.iter().any(|w| names.contains(&w.trim_start_matches('-')));
    if !has(&["json", "json=true"]) {
        asked.words.insert(verb + 1, "-json".to_owned());
        "-json".clone_into(&mut asked.added);
    }
    asked.stops_early = has(&["failfast", "failfast=true", "test.failfast"]);
    Some(asked)
}

/// bats prints TAP where nobody is at a terminal, unless it is told otherwise.
pub(super) fn is_pretty(words: &[String]) -> bool {
    let formatter = option(words, &["--formatter", "-F"]);
    words.iter().any(|w| matches!(w.as_str(), "-p" | "--pretty"))
        || formatter.is_some_and(|f| !f.starts_with("tap"))
}

/// The words before `--`.
pub(super) fn own_words(words: &[String]) -> &[String] {
    let end = words.iter().position(|w| w == "--").unwrap_or(words.len());
    &words[..end]
}

/// The value of an option: `--name value` or `--name=value`.
pub(super) fn option(words: &[String], names: &[&str]) -> Option<String> {
    words.iter().enumerate().find_map(|(at, word)| {
        if names.contains(&word.as_str()) {
            return words.get(at + 1).cloned();
        }
        let (name, value) = word.split_once('=')?;
        names.contains(&name).then(|| value.to_owned())
    })
}

/// Whether a word names a program.
pub(super) fn names(word: &str, wanted: &[&str]) -> bool {
    wanted.contains(&program(word))
}
