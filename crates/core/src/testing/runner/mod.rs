//! Which runner a command is, and how it is asked for results per test: by
//! options and variables that change what it writes down, not what it runs.
//!
//! The runner is known by the command's words, through wrappers such as
//! `uv run`, `npx` and `npm test`. A command that is not understood is run as
//! it is, and its exit status counts, unless it prints a form that names itself.

mod javascript;
mod line;
mod others;
mod sniff;

pub use sniff::Sniff;

use super::Format;
use crate::config::Command;
use line::Line;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A test runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Runner {
    /// Python's pytest.
    Pytest,
    /// Python's own `unittest`.
    Unittest,
    /// `cargo test`.
    CargoTest,
    /// `cargo nextest run`.
    Nextest,
    /// `go test`.
    GoTest,
    /// jest.
    Jest,
    /// vitest.
    Vitest,
    /// `node --test`.
    Node,
    /// bats.
    Bats,
    /// Any other command.
    Command,
}

impl Runner {
    /// The runner's name for people.
    pub fn name(self) -> &'static str {
        match self {
            Runner::Pytest => "pytest",
            Runner::Unittest => "unittest",
            Runner::CargoTest => "cargo test",
            Runner::Nextest => "cargo nextest",
            Runner::GoTest => "go test",
            Runner::Jest => "jest",
            Runner::Vitest => "vitest",
            Runner::Node => "node --test",
            Runner::Bats => "bats",
            Runner::Command => "a command",
        }
    }
}

/// What is known of the project and of the environment that it runs in.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The text of `package.json`.
    pub package_json: Option<String>,
    /// The text of `.config/nextest.toml`.
    pub nextest_toml: Option<String>,
    /// It is set up for pytest.
    pub pytest: bool,
    /// `PYTEST_ADDOPTS` of the environment.
    pub pytest_addopts: Option<String>,
    /// `NODE_OPTIONS` of the environment.
    pub node_options: Option<String>,
    /// `NEXTEST_PROFILE` of the environment.
    pub nextest_profile: Option<String>,
    /// `CARGO_TARGET_DIR` of the environment.
    pub cargo_target_dir: Option<String>,
}

/// What the config says of the results of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The format.
    pub format: Option<Format>,
    /// Where it writes them: a path or glob in the tree.
    pub report: Option<String>,
}

/// Where the results of a run are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Results {
    /// In what it prints.
    Printed(Format),
    /// In a file that it was asked to write.
    Written {
        /// Where.
        path: String,
        /// In which format.
        format: Format,
    },
    /// In files that it writes by itself: a path or glob in the tree.
    Given {
        /// Where.
        pattern: String,
        /// In which format.
        format: Format,
    },
    /// In a file that something inside it may write, else as for [`Results::Sniffed`].
    Perhaps {
        /// Where.
        path: String,
        /// In which format.
        format: Format,
    },
    /// In what it prints, if that names its format; else the exit status counts.
    Sniffed,
    /// The exit status counts.
    ExitStatus,
}

/// A command as it is really run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The runner.
    pub runner: Runner,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Variables that are set for it.
    pub env: Vec<(String, String)>,
    /// Files that must be there before it runs: path and text.
    pub files: Vec<(String, String)>,
    /// Where its results are found.
    pub results: Results,
    /// What was added, for people; empty where nothing was.
    pub added: String,
    /// It leaves tests out after a failure, because its command says so.
    pub stops_early: bool,
}

impl Ask {
    fn plain(argv: Vec<String>) -> Ask {
        Ask {
            runner: Runner::Command,
            argv,
            env: Vec::new(),
            files: Vec::new(),
            results: Results::Sniffed,
            added: String::new(),
            stops_early: false,
        }
    }

    /// How the results are read, for people.
    pub fn told(&self) -> String {
        let name = self.runner.name();
        let from = match &self.results {
            Results::Printed(format) | Results::Written { format, .. } | Results::Given { format, .. } => {
                format!("read from {}", format.name())
            }
            Results::Perhaps { .. } | Results::Sniffed | Results::ExitStatus => {
                "by its exit status, unless it prints TAP or libtest's text".to_owned()
            }
        };
        let added =
            if self.added.is_empty() { String::new() } else { format!(", asked for with {}", self.added) };
        format!("{name}, {from}{added}")
    }
}

/// How a recognised command is changed.
pub(super) struct Asked {
    runner: Runner,
    words: Vec<String>,
    env: Vec<(String, String)>,
    files: Vec<(String, String)>,
    results: Results,
    added: String,
    stops_early: bool,
}

impl Asked {
    fn new(runner: Runner, words: &[String], results: Results) -> Asked {
        Asked {
            runner,
            words: words.to_vec(),
            env: Vec::new(),
            files: Vec::new(),
            results,
            added: String::new(),
            stops_early: false,
        }
    }
}

/// How to run a command so that its results can be read. `folder` is an empty
/// folder outside the tree, where files may be written.
pub fn ask(command: &Command, told: &Told, project: &Project, folder: &str) -> Ask {
    if told.format.is_some() || told.report.is_some() {
        return as_told(command, told, project);
    }
    let line = Line::of(command);
    let asked = line.as_ref().and_then(|l| recognise(&l.words, project, folder));
    match (asked, line) {
        (Some(asked), Some(line)) => Ask {
            runner: asked.runner,
            argv: line.with(&asked.words),
            env: asked.env,
            files: asked.files,
            results: asked.results,
            added: asked.added,
            stops_early: asked.stops_early,
        },
        _ => unknown(command, project, folder),
    }
}

/// The runner of a command.
pub fn runner_of(command: &Command, project: &Project) -> Runner {
    let line = Line::of(command);
    line.and_then(|l| recognise(&l.words, project, "")).map_or(Runner::Command, |a| a.runner)
}

fn as_told(command: &Command, told: &Told, project: &Project) -> Ask {
    let runner = runner_of(command, project);
    let format = told.format.unwrap_or(Format::Junit);
    let results = match (&told.report, format) {
        (_, Format::ExitStatus) => Results::ExitStatus,
        (Some(pattern), format) => Results::Given { pattern: pattern.clone(), format },
        (None, format) => Results::Printed(format),
    };
    Ask { runner, results, ..Ask::plain(command.argv()) }
}

/// A command that is not understood may run pytest all the same.
fn unknown(command: &Command, project: &Project, folder: &str) -> Ask {
    let mut ask = Ask::plain(command.argv());
    if project.pytest {
        let path = format!("{folder}/pytest.xml");
        ask.env = vec![others::pytest_options(project, &path)];
        ask.results = Results::Perhaps { path, format: Format::Junit };
    }
    ask
}

fn recognise(words: &[String], project: &Project, folder: &str) -> Option<Asked> {
    let at = line::runner_at(words)?;
    let program = line::program(words.get(at)?);
    match program {
        "pytest" | "py.test" => Some(others::pytest(words, project, folder)),
        "cargo" => others::cargo(words, at, project, folder),
        "go" => others::go(words, at),
        "bats" => Some(Asked::new(Runner::Bats, words, Results::Printed(Format::Tap)))
            .filter(|_| !others::is_pretty(words)),
        "jest" | "jest.js" => Some(javascript::jest(words, folder, "")),
        "vitest" | "vitest.mjs" => Some(javascript::vitest(words, folder, "")),
        "node" => javascript::node(words, at, folder),
        "npm" | "yarn" | "pnpm" => javascript::script(words, at, project, folder),
        python if line::is_python(python) => others::python_module(words, at, project, folder),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
