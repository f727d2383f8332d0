//! jest, vitest and node, by themselves and behind the scripts of `package.json`.

use super::others::{names, option, own_words};
use super::{Asked, Project, Results, Runner, line};
use crate::testing::Format;

/// Adds options before `--`, or behind all words where they are a script's.
fn add(asked: &mut Asked, options: Vec<String>, between: &str) {
    if between.is_empty() {
        let end = own_words(&asked.words).len();
        asked.words.splice(end..end, options);
        return;
    }
    if between == "--" && !asked.words.iter().any(|w| w == "--") {
        asked.words.push("--".to_owned());
    }
    asked.words.extend(options);
}

/// `between` is `--` for npm, which passes on only what follows it, and `-`
/// for programs that pass everything on.
pub(super) fn jest(words: &[String], folder: &str, between: &str) -> Asked {
    let path = format!("{folder}/jest.json");
    let given = option(words, &["--outputFile"]).filter(|_| words.iter().any(|w| w == "--json"));
    let Some(pattern) = given else {
        let mut asked = Asked::new(
            Runner::Jest,
            words,
            Results::Written { path: path.clone(), format: Format::JestJson },
        );
        let mut options = vec!["--ci".to_owned(), "--json".to_owned(), format!("--outputFile={path}")];
        options.retain(|o| !words.contains(o));
        add(&mut asked, options, between);
        "--ci --json --outputFile=…".clone_into(&mut asked.added);
        asked.stops_early = bails(words);
        return asked;
    };
    Asked::new(Runner::Jest, words, Results::Given { pattern, format: Format::JestJson })
}

pub(super) fn vitest(words: &[String], folder: &str, between: &str) -> Asked {
    let path = format!("{folder}/vitest.json");
    let mut asked =
        Asked::new(Runner::Vitest, words, Results::Written { path: path.clone(), format: Format::JestJson });
    let mut options = vec!["--reporter=json".to_owned(), format!("--outputFile.json={path}")];
    if option(words, &["--reporter"]).is_none() {
        options.insert(0, "--reporter=default".to_owned());
    }
    add(&mut asked, options, between);
    "--reporter=json --outputFile.json=…".clone_into(&mut asked.added);
    asked.stops_early = bails(words);
    asked
}

fn bails(words: &[String]) -> bool {
    words.iter().any(|w| w == "-b" || w == "--bail" || (w.starts_with("--bail=") && w != "--bail=0"))
}

pub(super) fn node(words: &[String], at: usize, folder: &str) -> Option<Asked> {
    let behind = &words[at + 1..];
    let script = behind.iter().position(|w| !w.starts_with('-')).unwrap_or(behind.len());
    if let Some(script) = behind.get(script).filter(|w| names(w, &["jest", "jest.js"])) {
        let _ = script;
        return Some(jest(words, folder, ""));
    }
    if behind.get(script).is_some_and(|w| names(w, &["vitest", "vitest.mjs"])) {
        return Some(vitest(words, folder, ""));
    }
    let test = behind[..script].iter().position(|w| w == "--test")?;
    let path = format!("{folder}/node.xml");
    if option(words, &["--test-reporter"]).is_some() {
        return Some(with_own_reporter(words));
    }
    let mut asked =
        Asked::new(Runner::Node, words, Results::Written { path: path.clone(), format: Format::Junit });
    let behind_test = at + 1 + test + 1;
    asked.words.splice(behind_test..behind_test, reporters(&path));
    "--test-reporter=junit".clone_into(&mut asked.added);
    Some(asked)
}

fn with_own_reporter(words: &[String]) -> Asked {
    let junit = option(words, &["--test-reporter"]).as_deref() == Some("junit");
    let to = option(words, &["--test-reporter-destination"])
        .filter(|d| !matches!(d.as_str(), "stdout" | "stderr"));
    let results = match to {
        Some(pattern) if junit => Results::Given { pattern, format: Format::Junit },
        _ => Results::Sniffed,
    };
    Asked::new(Runner::Node, words, results)
}

fn reporters(path: &str) -> [String; 4] {
    [
        "--test-reporter=spec".to_owned(),
        "--test-reporter-destination=stdout".to_owned(),
        "--test-reporter=junit".to_owned(),
        format!("--test-reporter-destination={path}"),
    ]
}

/// `npm test`, `npm run unit`, `yarn test`: what `package.json` says they run.
pub(super) fn script(words: &[String], at: usize, project: &Project, folder: &str) -> Option<Asked> {
    let manager = line::program(&words[at]);
    let behind: Vec<&String> = words[at + 1..].iter().take_while(|w| *w != "--").collect();
    // Another folder's scripts are not known here.
    if behind.iter().any(|w| matches!(w.as_str(), "--prefix" | "-C" | "-w" | "--workspace" | "--cwd" | "-r"))
    {
        return None;
    }
    let mut plain = behind.iter().filter(|w| !w.starts_with('-'));
    let name = match plain.next()?.as_str() {
        "t" | "tst" if manager == "npm" => "test",
        "run" | "run-script" => plain.next()?.as_str(),
        "test" => "test",
        other if manager != "npm" => other,
        _ => return None,
    };
    let json: serde_json::Value = serde_json::from_str(project.package_json.as_deref()?).ok()?;
    let text = json.get("scripts")?.get(name)?.as_str()?;
    let inner = line::Line::of(&crate::config::Command::Shell(text.to_owned()))?;
    let runner = line::runner_at(&inner.words).and_then(|i| inner.words.get(i))?;
    let between = if manager == "npm" { "--" } else { "-" };
    match line::program(runner) {
        "jest" | "jest.js" => Some(jest(words, folder, between)),
        "vitest" => Some(vitest(words, folder, between)),
        "node" if inner.words.iter().any(|w| w == "--test") => {
            Some(node_by_environment(words, project, folder))
        }
        _ => None,
    }
}

/// A script's words end with its files, where node takes no more options.
fn node_by_environment(words: &[String], project: &Project, folder: &str) -> Asked {
    let path = format!("{folder}/node.xml");
    let mut asked =
        Asked::new(Runner::Node, words, Results::Written { path: path.clone(), format: Format::Junit });
    let quoted = reporters(&path).map(|o| format!("\"{}\"", o.replace('\\', "\\\\").replace('"', "\\\"")));
    let ours = quoted.join(" ");
    let value = match &project.node_options {
        Some(theirs) if !theirs.trim().is_empty() => format!("{theirs} {ours}"),
        _ => ours,
    };
    asked.env.push(("NODE_OPTIONS".to_owned(), value));
    "NODE_OPTIONS=--test-reporter=junit".clone_into(&mut asked.added);
    asked
}
