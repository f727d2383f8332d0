//! The tests beside the reproduction: the same command without the choice of
//! one test, as long as it still names a file, a package or a target.

use crate::config::Command;
use crate::testing::Runner;
use crate::testing::runner::{Project, understood};

/// The command for the tests beside a reproduction.
pub fn beside(reproduction: &Command, project: &Project) -> Option<Command> {
    let line = understood(reproduction, project)?;
    let wide = match line.runner {
        Runner::Pytest => pytest(&line.words, line.at),
        Runner::CargoTest | Runner::Nextest => cargo(&line.words, line.at),
        Runner::GoTest => go(&line.words),
        Runner::Jest | Runner::Vitest | Runner::Node if !line.script => javascript(&line.words),
        _ => None,
    }?;
    (wide != line.words).then(|| line.command(&wide))
}

/// Whether a command runs what another one runs, as far as their words say it.
pub fn covers(command: &Command, other: &Command, project: &Project) -> bool {
    let (Some(one), Some(two)) = (understood(command, project), understood(other, project)) else {
        return command == other;
    };
    if one.runner != two.runner {
        return false;
    }
    let chooses = |w: &&String| !w.starts_with('-');
    let subset = two.words.iter().filter(chooses).all(|w| one.words.contains(w));
    let whole = one.words[one.at..].iter().filter(|w| chooses(w) && !is_verb(w)).count() == 0;
    subset || whole || one.words.iter().any(|w| w == "./..." || w == "--workspace")
}

fn is_verb(word: &str) -> bool {
    matches!(
        super::super::runner::program(word),
        "pytest"
            | "py.test"
            | "cargo"
            | "test"
            | "t"
            | "nextest"
            | "run"
            | "r"
            | "go"
            | "jest"
            | "vitest"
            | "node"
    )
}

fn pytest(words: &[String], at: usize) -> Option<Vec<String>> {
    let mut wide = without(words, &["-k", "-m", "--deselect"], at + 1);
    wide.retain(|w| !matches!(w.as_str(), "--lf" | "--last-failed" | "-x"));
    for word in wide.iter_mut().skip(at + 1) {
        if let Some((file, _)) = word.split_once("::") {
            *word = file.to_owned();
        }
    }
    wide.iter().skip(at + 1).any(|w| w.contains(".py") || w.contains('/')).then_some(wide)
}

fn cargo(words: &[String], at: usize) -> Option<Vec<String>> {
    let end = words.iter().position(|w| w == "--").unwrap_or(words.len());
    let mut wide: Vec<String> = Vec::new();
    let mut value = false;
    let mut verbs = 0;
    for (i, word) in words[..end].iter().enumerate() {
        let option = word.starts_with('-') || word.starts_with('+');
        // The verb, and for nextest `run`, are no filters.
        let verb = i > at && !option && !value && is_verb(word) && verbs < 2;
        verbs += u32::from(verb);
        if i <= at || option || value || verb {
            wide.push(word.clone());
        }
        value = matches!(
            word.as_str(),
            "-p" | "--package"
                | "--test"
                | "--bin"
                | "--manifest-path"
                | "--features"
                | "-F"
                | "--profile"
                | "-P"
        );
    }
    let named = |w: &String| {
        matches!(w.as_str(), "-p" | "--package" | "--test" | "--lib" | "--bin")
            || w.starts_with("--test=")
            || w.starts_with("--package=")
    };
    wide.iter().any(named).then_some(wide)
}

fn go(words: &[String]) -> Option<Vec<String>> {
    let wide = without(words, &["-run", "--run"], 0);
    let names = wide.iter().any(|w| w.starts_with("./") && w != "./...");
    names.then_some(wide)
}

fn javascript(words: &[String]) -> Option<Vec<String>> {
    let wide = without(words, &["-t", "--testNamePattern", "--test-name-pattern"], 0);
    wide.iter()
        .skip(1)
        .any(|w| !w.starts_with('-') && w.contains('.') && !w.contains("node_modules"))
        .then_some(wide)
}

/// Words without some options and their values.
fn without(words: &[String], options: &[&str], from: usize) -> Vec<String> {
    let mut kept = words[..from.min(words.len())].to_vec();
    let mut skip = false;
    for word in words.iter().skip(from) {
        let name = word.split('=').next().unwrap_or(word);
        if skip {
            skip = false;
        } else if options.contains(&word.as_str()) {
            skip = true;
        } else if !(word.contains('=') && options.contains(&name)) {
            kept.push(word.clone());
        }
    }
    kept
}
