//! The demo: a world of its own, with a repository, people, and a shop that serves.
//!
//! [`world`] builds it in a folder, [`history`] makes its repository, [`operate`]
//! keeps the shop running, and [`traffic`] are its customers. The play drives it
//! with the verbs themselves, as processes of their own.

pub mod assets;
pub mod config;
pub mod history;
pub mod operate;
pub mod paths;
mod play;
pub mod snapshot;
mod summary;
pub mod traffic;
pub mod world;

#[cfg(test)]
mod tests;

use crate::args::Demo;
use crate::error::{Failure, exit};
use crate::ui::Ui;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use world::{MIKA, Spec, World, WorldError};

impl From<WorldError> for Failure {
    fn from(error: WorldError) -> Self {
        Failure::failed("HF0906", format!("the demo's world cannot go on: {error}"))
            .try_this("see what it needs", "rustc --version && git --version")
    }
}

/// Carries `hotfix demo` out.
pub fn run(args: &Demo, ui: &Ui) -> Result<u8, Failure> {
    if let Some(dir) = &args.operate {
        return operate_with_recorder(dir);
    }
    if let Some(dir) = &args.stop {
        operate::stop(dir).map_err(|e| {
            Failure::failed("HF0906", e.to_string())
                .try_this("see what is there", format!("ls {}", dir.display()))
        })?;
        ui.say(format!("the world in {} has stopped; its folder stays", dir.display()));
        return Ok(exit::DONE);
    }
    if let Some(dir) = &args.setup {
        return set_up(args, dir, ui);
    }
    play::run(args, ui)
}

/// The world's service and traffic, and somebody who records its signals.
fn operate_with_recorder(dir: &Path) -> Result<u8, Failure> {
    let world = World::open(dir)?;
    let mut recorder = hotfix(&world, &world.paths().clone_of(&MIKA))?
        .args(["monitor", "--record"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let operated = operate::operate(dir);
    let _ = recorder.kill();
    let _ = recorder.wait();
    operated.map_err(|e| Failure::failed("HF0906", e.to_string()).try_this("begin again", "hotfix demo"))?;
    Ok(exit::DONE)
}

/// This very program, in somebody's clone, with the world's own settings.
pub(crate) fn hotfix(world: &World, clone: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .current_dir(clone)
        .env("XDG_STATE_HOME", world.paths().root().join("state"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    Ok(command)
}

/// Builds the world and lets the incident begin: the good version serves for a
/// while, then the bad one is deployed.
pub(crate) fn begin(args: &Demo, dir: &Path, attached: bool, ui: &Ui) -> Result<(World, Child), Failure> {
    ui.busy("building a throw-away world: a repository, three people, a shop", "");
    let workflow = args.workflow.as_ref().map(|p| crate::settings::page_text(p)).transpose()?;
    let spec = Spec {
        config: Box::new(config::text),
        workflow,
        scale: args.scale.max(1),
        rps: args.rps.max(1),
        started: None,
    };
    let world = world::build(dir, &spec)?;
    trust(&world)?;
    let stdin = if attached { Stdio::piped() } else { Stdio::null() };
    let mut operator = Command::new(std::env::current_exe()?);
    operator.args(["demo", "--operate"]).arg(dir).stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null());
    {
        use std::os::unix::process::CommandExt as _;
        operator.process_group(0);
    }
    let operator = operator.spawn()?;
    world.wait_until_serving(Duration::from_secs(20))?;
    Ok((world, operator))
}

fn trust(world: &World) -> Result<(), Failure> {
    let mut command = hotfix(world, &world.paths().clone_of(&MIKA))?;
    let status = command.args(["trust", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(Failure::bug("the demo's config was not trusted")) }
}

/// `--setup`: the world keeps running, and a person plays the incident.
fn set_up(args: &Demo, dir: &Path, ui: &Ui) -> Result<u8, Failure> {
    let taken = std::fs::read_dir(dir).is_ok_and(|mut d| d.next().is_some());
    if taken {
        return Err(Failure::usage("HF0907", format!("{} is not empty", dir.display()))
            .try_this("name a new folder", "hotfix demo --setup ./world"));
    }
    std::fs::create_dir_all(dir)?;
    let dir = dir.canonicalize()?;
    let (world, _operator) = begin(args, &dir, false, ui)?;
    ui.busy("the good version serves for a while, so that there is a baseline", "");
    std::thread::sleep(play::BASELINE);
    let since = world.now();
    world.deploy("v1.4.2")?;
    ui.quiet();
    play::print_script(&world, since, ui);
    Ok(exit::DONE)
}
