//! Which test commands a change calls for. What comes from the config must be
//! trusted; what comes from a reproduction was typed.

use super::against_base::Chosen;
use crate::engine::Stop;
use crate::git::tree;
use crate::settings::Trust;
use crate::steps::proof::test_run::TestRun;
use crate::steps::{Cx, proof, reproduce};
use hotfix_core::config::{Command, TestCommand};
use hotfix_core::testing::choose::{self, Change};

/// A larger source is not read for what it imports, in bytes.
const MAX_SOURCE: u64 = 512 * 1024;

/// A command of the config as a run, if it may run.
pub fn test_run_of(cx: &Cx<'_>, command: &TestCommand) -> Result<TestRun, Stop> {
    Ok(TestRun { command: cx.t.trusted(command.command())?, told: command.told() })
}

/// The smoke tests: always all of them.
pub fn smoke(cx: &Cx<'_>) -> Result<Vec<Chosen>, Stop> {
    let of = |c: &TestCommand| Ok(Chosen { run: test_run_of(cx, c)?, why: Vec::new() });
    cx.t.config.verify.smoke.iter().map(of).collect()
}

/// The critical tests for what has changed.
pub fn critical(cx: &Cx<'_>) -> Result<Vec<Chosen>, Stop> {
    let critical = &cx.t.config.verify.critical;
    // Nothing of the config runs, also not narrowed, unless it is trusted.
    for entry in critical {
        cx.t.trusted(&entry.run)?;
    }
    let attempt = cx.attempt()?;
    let git = cx.t.git();
    let head = cx.state().head.as_ref().map_or_else(|| attempt.base.clone(), |h| h.tree.clone());
    let changed = tree::changed_paths(git, &attempt.base, &head)?;
    let paths: Vec<String> = tree::files(git, &head)?.into_iter().map(|(path, _)| path).collect();
    let place = proof::prepare_tree(cx, proof::Side::Fix)?;
    let text = |path: &str| {
        let path = place.path.join(path);
        let small = std::fs::metadata(&path).is_ok_and(|m| m.len() <= MAX_SOURCE);
        small.then(|| std::fs::read(&path).ok()).flatten().map(|b| String::from_utf8_lossy(&b).into_owned())
    };
    let project = proof::project(&place.path);
    let change = Change { changed: &changed, paths: &paths, text: &text, project: &project };
    let reproduction = reproduce::wanted(cx)?.filter(|r| !r.production);
    let reproduction: Option<&Command> = reproduction.as_ref().map(|r| r.run.command.command());
    let chosen = choose::choose(critical, reproduction, &change, cx.t.wish.all);
    let of = |c: choose::Chosen| Chosen {
        run: TestRun { command: Trust::chosen(c.command.command()), told: c.command.told() },
        why: c.why,
    };
    Ok(chosen.into_iter().map(of).collect())
}

/// Every command that the config tests with.
pub fn configured(cx: &Cx<'_>) -> Result<Vec<Chosen>, Stop> {
    let verify = &cx.t.config.verify;
    let critical = verify.critical.iter().map(hotfix_core::config::Critical::command);
    let of = |c: TestCommand| Ok(Chosen { run: test_run_of(cx, &c)?, why: Vec::new() });
    critical.chain(verify.smoke.clone()).map(of).collect()
}
