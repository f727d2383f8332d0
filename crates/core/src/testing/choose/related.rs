//! A command narrowed to the tests of what has changed, by the means of its
//! runner. Where that cannot be said, all of it is run.

use super::graph::{Language, importers};
use super::{Change, listed, packages};
use crate::change::is_test_path;
use crate::config::Command;
use crate::testing::Runner;
use crate::testing::runner::understood;
use std::collections::BTreeSet;

/// A narrowed command.
#[derive(Debug)]
pub struct Narrowed {
    /// The command.
    pub command: Command,
    /// What it was narrowed to, and why.
    pub why: Vec<String>,
}

/// Narrows a command, or says why that cannot be done.
pub fn narrow(command: &Command, change: &Change<'_>) -> Result<Narrowed, String> {
    let Some(line) = understood(command, change.project) else {
        return Err("its command is not understood".to_owned());
    };
    let (words, why) = match line.runner {
        Runner::CargoTest | Runner::Nextest => cargo(&line.words, change)?,
        Runner::GoTest => go(&line.words, change)?,
        Runner::Pytest => by_files(&line.words, line.at, change, Language::Python)?,
        Runner::Node if !line.script => by_files(&line.words, line.at, change, Language::JavaScript)?,
        Runner::Jest => jest(&line.words, line.script, change)?,
        Runner::Vitest if !line.script => vitest(&line.words, line.at, change)?,
        runner => return Err(format!("{} offers no choice by files", runner.name())),
    };
    Ok(Narrowed { command: line.command(&words), why })
}

type Answer = Result<(Vec<String>, Vec<String>), String>;

fn cargo(words: &[String], change: &Change<'_>) -> Answer {
    let own = words.iter().position(|w| w == "--").unwrap_or(words.len());
    let chooses = |w: &String| {
        matches!(
            w.as_str(),
            "-p" | "--package"
                | "--test"
                | "--lib"
                | "--bin"
                | "--bins"
                | "--example"
                | "--examples"
                | "--doc"
                | "--manifest-path"
                | "--exclude"
        ) || ["-p", "--package=", "--test=", "--bin=", "--manifest-path="].iter().any(|s| w.starts_with(s))
    };
    if words[..own].iter().any(chooses) {
        return Err("it chooses its targets itself".to_owned());
    }
    let found = packages::of_cargo(change.changed, change.paths, change.text)?;
    let mut all: Vec<String> =
        words[..own].iter().filter(|w| !matches!(w.as_str(), "--workspace" | "--all")).cloned().collect();
    all.extend(found.iter().flat_map(|p| ["-p".to_owned(), p.clone()]));
    all.extend_from_slice(&words[own..]);
    let names: Vec<String> = found.into_iter().collect();
    Ok((all, vec![format!("the packages of what has changed, and those that need them: {}", listed(&names))]))
}

fn go(words: &[String], change: &Change<'_>) -> Answer {
    let test = words.iter().position(|w| w == "test").map_or(words.len(), |at| at + 1);
    let named: Vec<&String> =
        words[test..].iter().filter(|w| w.starts_with('.') || w.contains('/')).collect();
    if named.iter().any(|w| *w != "./...") {
        return Err("it names its packages itself".to_owned());
    }
    let found = packages::of_go(change.changed, change.paths, change.text)?;
    let packages: Vec<String> = found.into_iter().collect();
    let mut all: Vec<String> = words.iter().filter(|w| *w != "./...").cloned().collect();
    // Behind the flags that come first, before what goes to the tests.
    let at = all.iter().position(|w| w == "-args").unwrap_or(all.len());
    all.splice(at..at, packages.iter().cloned());
    Ok((
        all,
        vec![format!("the packages of what has changed, and those that import them: {}", listed(&packages))],
    ))
}

/// Files that decide how all tests run.
fn decides_all(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let starts = ["requirements", "jest.config", "vitest.config", "vite.config", "babel.config", "tsconfig"];
    starts.iter().any(|s| name.starts_with(s))
        || matches!(
            name,
            "conftest.py"
                | "pytest.ini"
                | "pyproject.toml"
                | "setup.cfg"
                | "setup.py"
                | "tox.ini"
                | "uv.lock"
                | "poetry.lock"
                | "Pipfile.lock"
                | "package.json"
                | "package-lock.json"
                | "yarn.lock"
                | "pnpm-lock.yaml"
                | ".babelrc"
        )
}

/// Files that no test reads: what people read.
fn is_prose(path: &str) -> bool {
    [".md", ".rst", ".txt", ".adoc"].iter().any(|end| path.ends_with(end)) && !is_test_path(path)
}

/// The sources among what has changed; an error where something else did.
fn sources<'a>(change: &Change<'a>, language: Language) -> Result<Vec<&'a String>, String> {
    if let Some(path) = change.changed.iter().find(|p| decides_all(p)) {
        return Err(format!("{path} concerns every test"));
    }
    let told: Vec<&String> = change.changed.iter().filter(|p| !is_prose(p)).collect();
    if let Some(path) = told.iter().find(|p| !language.has(p)) {
        return Err(format!("nobody knows which tests read {path}"));
    }
    if let Some(path) = told.iter().find(|p| !change.paths.contains(p)) {
        return Err(format!("{path} is gone, and nobody knows who needs it"));
    }
    if told.is_empty() {
        return Err("no source has changed".to_owned());
    }
    Ok(told)
}

fn by_files(words: &[String], at: usize, change: &Change<'_>, language: Language) -> Answer {
    if names_files(words, at, language) {
        return Err("it names its files itself".to_owned());
    }
    let mut files = BTreeSet::new();
    let mut why = Vec::new();
    for source in sources(change, language)? {
        let reached = importers(source, language, change.paths, change.text);
        let stem = stem(source);
        let named = |p: &&String| is_test_file(p, language) && test_of(p).is_some_and(|s| s == stem);
        let tests: BTreeSet<String> = reached
            .into_iter()
            .filter(|p| is_test_file(p, language))
            .chain(change.paths.iter().filter(named).cloned())
            .collect();
        if tests.is_empty() {
            return Err(format!("no test names or imports {source}"));
        }
        let listed = listed(&tests.iter().cloned().collect::<Vec<_>>());
        why.push(if tests.contains(source) && tests.len() == 1 {
            format!("{source} has changed")
        } else {
            format!("{source} has changed: {listed}")
        });
        files.extend(tests);
    }
    let mut all = words.to_vec();
    all.extend(files);
    Ok((all, why))
}

/// Whether the command chooses files or tests by itself.
fn names_files(words: &[String], at: usize, language: Language) -> bool {
    let chooses =
        ["-k", "--deselect", "--pyargs", "--ignore", "--lf", "--last-failed", "--test-name-pattern"];
    words[at + 1..].iter().any(|w| {
        let plain = w.split("::").next().unwrap_or(w);
        let option = w.starts_with('-');
        chooses.contains(&w.split('=').next().unwrap_or(w))
            || (!option && (language.has(plain) || plain.ends_with('/') || plain.contains("::")))
            || (!option && matches!(plain, "test" | "tests" | "spec"))
            || (!option && plain.contains('/'))
    })
}

fn is_test_file(path: &str, language: Language) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match language {
        Language::Python => language.has(path) && (name.starts_with("test_") || name.ends_with("_test.py")),
        Language::JavaScript => {
            language.has(path)
                && is_test_path(path)
                && !name.starts_with("helper")
                && !name.starts_with("fixture")
        }
    }
}

/// `shop/auth.py` is `auth`.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

/// The module that a test is called after: `test_auth.py` is for `auth`.
fn test_of(path: &str) -> Option<&str> {
    let stem = stem(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    if let Some(of) = stem.strip_prefix("test_").or_else(|| stem.strip_suffix("_test")) {
        return Some(of);
    }
    (name.contains(".test.") || name.contains(".spec.")).then_some(stem)
}

fn jest(words: &[String], script: bool, change: &Change<'_>) -> Answer {
    if words.iter().any(|w| w.contains(".test.") || w.contains(".spec.") || w == "--findRelatedTests") {
        return Err("it names its files itself".to_owned());
    }
    let sources: Vec<String> = sources(change, Language::JavaScript)?.into_iter().cloned().collect();
    let mut all = words.to_vec();
    if script && !words.iter().any(|w| w == "--") && words.first().is_some_and(|w| w == "npm") {
        all.push("--".to_owned());
    }
    all.push("--findRelatedTests".to_owned());
    all.extend(sources.iter().cloned());
    Ok((all, vec![format!("what jest finds related to {}", listed(&sources))]))
}

fn vitest(words: &[String], at: usize, change: &Change<'_>) -> Answer {
    let behind = &words[at + 1..];
    let mode = behind.first().filter(|w| !w.starts_with('-'));
    let named = behind.iter().skip(usize::from(mode.is_some())).any(|w| !w.starts_with('-'));
    if named || mode.is_some_and(|m| m != "run") {
        return Err("it chooses its files itself".to_owned());
    }
    let sources: Vec<String> = sources(change, Language::JavaScript)?.into_iter().cloned().collect();
    let mut all = words[..=at].to_vec();
    all.push("related".to_owned());
    all.extend(sources.iter().cloned());
    all.push("--run".to_owned());
    all.extend(behind.iter().skip(usize::from(mode.is_some())).cloned());
    Ok((all, vec![format!("what vitest finds related to {}", listed(&sources))]))
}
