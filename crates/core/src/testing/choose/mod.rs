//! Which critical tests a change calls for, and why: by the config's mapping
//! of paths, by what has changed where a command leaves the choice to its
//! runner, and by the reproduction. A change that nothing knows gets them all.

mod graph;
mod packages;
mod related;
mod widen;

use super::runner::Project;
use crate::config::{Command, Critical, Select, TestCommand};

/// A command that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The command.
    pub command: TestCommand,
    /// Why, a line for each reason.
    pub why: Vec<String>,
    /// It comes from the reproduction that somebody typed, not from the config.
    pub typed: bool,
}

/// What is known of the change and its tree.
pub struct Change<'a> {
    /// Paths that differ from the base.
    pub changed: &'a [String],
    /// Every path of the fix's tree.
    pub paths: &'a [String],
    /// The text of a path of that tree.
    pub text: &'a dyn Fn(&str) -> Option<String>,
    /// The project.
    pub project: &'a Project,
}

/// The critical tests for a change.
pub fn choose(
    critical: &[Critical],
    reproduction: Option<&Command>,
    change: &Change<'_>,
    all: bool,
) -> Vec<Chosen> {
    if all {
        let whole = |c: &Critical| Chosen {
            command: c.command(),
            why: vec!["all were asked for".to_owned()],
            typed: false,
        };
        return critical.iter().map(whole).collect();
    }
    let mut chosen: Vec<Chosen> = critical.iter().filter_map(|c| by_mapping(c, change)).collect();
    if chosen.is_empty() {
        let why = format!("no mapping knows what has changed ({})", listed(change.changed));
        chosen = critical
            .iter()
            .map(|c| Chosen { command: c.command(), why: vec![why.clone()], typed: false })
            .collect();
    }
    if let Some(beside) = reproduction.and_then(|r| widen::beside(r, change.project))
        && !chosen.iter().any(|c| widen::covers(c.command.command(), &beside, change.project))
    {
        let why = vec!["the tests beside the reproduction".to_owned()];
        chosen.push(Chosen { command: TestCommand::Plain(beside), why, typed: true });
    }
    chosen
}

fn by_mapping(critical: &Critical, change: &Change<'_>) -> Option<Chosen> {
    let mut why = Vec::new();
    if critical.paths.is_empty() {
        why.push("it is for every change".to_owned());
    } else {
        for glob in &critical.paths {
            let hit: Vec<String> = change.changed.iter().filter(|p| matches(glob, p)).cloned().collect();
            if !hit.is_empty() {
                why.push(format!("{} matches {glob}", listed(&hit)));
            }
        }
        if why.is_empty() {
            return None;
        }
    }
    let mut command = critical.command();
    if critical.select == Select::Related {
        match related::narrow(&critical.run, change) {
            Ok(narrowed) => {
                why.extend(narrowed.why);
                command = match command {
                    TestCommand::Plain(_) => TestCommand::Plain(narrowed.command),
                    TestCommand::Told(told) => {
                        TestCommand::Told(crate::config::ToldCommand { run: narrowed.command, ..told })
                    }
                };
            }
            Err(reason) => why.push(format!("all of it: {reason}")),
        }
    }
    Some(Chosen { command, why, typed: false })
}

/// A few paths, and how many more there are.
fn listed(paths: &[String]) -> String {
    let few = paths.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match paths.len() {
        0 => "nothing".to_owned(),
        1..=3 => few,
        n => format!("{few} and {} more", n - 3),
    }
}

/// Whether a glob of the config matches a path: `*` within a folder, `**` across.
pub fn matches(glob: &str, path: &str) -> bool {
    let mut pattern = String::from("^");
    let mut rest = glob;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**/") {
            pattern.push_str("(?:.*/)?");
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("**") {
            pattern.push_str(".*");
            rest = after;
            continue;
        }
        match c {
            '*' => pattern.push_str("[^/]*"),
            '?' => pattern.push_str("[^/]"),
            c => pattern.push_str(&regex::escape(&c.to_string())),
        }
        rest = &rest[c.len_utf8()..];
    }
    regex::Regex::new(&format!("{pattern}$")).is_ok_and(|r| r.is_match(path))
}

#[cfg(test)]
mod tests;
