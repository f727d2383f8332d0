//! A world for tests: the demo's, in a folder of its own, with a HOME, a state
//! folder and a git configuration of its own. It can be stopped, kept aside and
//! brought back, clock included, and it leaves no process behind.

use hotfix::demo::assets::{FIX, apply};
use hotfix::demo::world::{self, MIKA, Paths, Person, Spec, World};
use hotfix::demo::{config, operate};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The program under test, with its kill points in.
pub const HOTFIX: &str = env!("CARGO_BIN_EXE_hotfix");
/// Simulated seconds in a real one: the fifteen monitored minutes take 1.5 s.
pub const SCALE: u32 = 600;
/// Requests in a real second: enough in that time for a proof.
pub const RPS: u32 = 1000;

/// A world, and who keeps it running.
pub struct Stage {
    folder: tempfile::TempDir,
    operator: Option<Child>,
    /// When the incident began, by the world's clock.
    pub since: Timestamp,
}

/// What a verb said and how it ended.
pub struct Said {
    pub status: Option<i32>,
    pub killed: bool,
    pub out: String,
    pub err: String,
}

impl Said {
    fn of(output: Output) -> Said {
        Said {
            status: output.status.code(),
            killed: output.status.signal() == Some(9),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, if it ended in one of these ways.
    #[track_caller]
    pub fn ended(self, expected: &[i32]) -> Said {
        let fine = self.status.is_some_and(|s| expected.contains(&s));
        assert!(fine, "ended with {:?}, not {expected:?}\n{}\n{}", self.status, self.out, self.err);
        self
    }
}

impl Stage {
    /// A world in which the incident is under way; its operator is stopped.
    pub fn build() -> Stage {
        let folder = tempfile::Builder::new().prefix("hotfix-it-").tempdir().unwrap();
        let config = Box::new(|paths: &Paths, port| patient(&config::text(paths, port)));
        let spec = Spec { config, scale: SCALE, rps: RPS, ..Spec::default() };
        world::build(&folder.path().join("world"), &spec).unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        let mut stage = Stage { folder, operator: None, since: Timestamp::UNIX_EPOCH };
        stage.run(&MIKA, &["trust", "--yes"]).ended(&[0]);
        stage.operate();
        std::thread::sleep(Duration::from_secs(2));
        stage.since = stage.world().now();
        stage.world().deploy("v1.4.2").unwrap();
        std::thread::sleep(Duration::from_millis(1200));
        stage.stop();
        stage
    }

    /// The folder that holds the world and what is kept of it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The world as it stands.
    pub fn world(&self) -> World {
        World::open(&self.folder.path().join("world")).unwrap()
    }

    pub fn paths(&self) -> Paths {
        self.world().paths().clone()
    }

    /// Mika's worktree for the incident.
    pub fn worktree(&self) -> PathBuf {
        self.paths().root().join("mika/shop.hotfix").join(world::INCIDENT)
    }

    /// The folder of Mika's one run with a plan.
    pub fn run_folder(&self) -> PathBuf {
        let runs = self.paths().clone_of(&MIKA).join(".git/hotfix").join(world::INCIDENT);
        let mut all: Vec<PathBuf> = std::fs::read_dir(&runs).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        all.retain(|f| {
            std::fs::read_to_string(f.join("journal.jsonl")).is_ok_and(|t| t.contains("plan-frozen"))
        });
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// The program, as a person would run it.
    pub fn hotfix(&self, who: &Person, args: &[&str]) -> Command {
        let root = self.paths().root().to_owned();
        let mut command = Command::new(HOTFIX);
        command.args(args).current_dir(self.paths().clone_of(who)).stdin(Stdio::null());
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            // A rustc that rustup stands in for looks for its toolchain here.
            if let (None, Some(home)) = (std::env::var_os(name), std::env::home_dir()) {
                command.env(name, home.join(folder));
            }
        }
        command
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_STATE_HOME", root.join("state"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("NO_COLOR", "1")
            .env("TZ", "UTC");
        command
    }

    /// Runs a verb as a person.
    pub fn run(&self, who: &Person, args: &[&str]) -> Said {
        Said::of(self.hotfix(who, args).output().unwrap())
    }

    /// Runs a prepared command.
    pub fn output(command: &mut Command) -> Said {
        Said::of(command.output().unwrap())
    }

    /// Mika's run as `status --json` tells it.
    pub fn status(&self) -> Value {
        let said = self.run(&MIKA, &["status", "--json", "--incident", world::INCIDENT]).ended(&[0]);
        serde_json::from_str(&said.out).unwrap()
    }

    /// Mika makes the smallest change, once.
    pub fn edit(&self) {
        apply(FIX, &self.worktree()).unwrap();
    }

    /// Keeps the service up and its customers coming.
    pub fn operate(&mut self) {
        let world = self.world();
        let dir = world.paths().root().to_string_lossy().into_owned();
        let mut command = self.hotfix(&MIKA, &["demo", "--operate", &dir]);
        let child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.operator = Some(child);
        world.wait_until_serving(Duration::from_secs(20)).unwrap();
    }

    /// Ends the service and whoever keeps it up.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.operator.take() {
            drop(child.stdin.take());
            let stopped = operate::stop(self.paths().root());
            if stopped.is_err() {
                let _ = child.kill();
            }
            let _ = child.wait();
            stopped.unwrap();
        }
    }

    /// Keeps the stopped world aside.
    pub fn keep(&mut self, name: &str) -> Kept {
        assert!(self.operator.is_none(), "a world that runs cannot be kept");
        let folder = self.folder.path().join(name);
        copy(self.paths().root(), &folder);
        Kept { folder, at: Timestamp::now() }
    }

    /// Brings a kept world back, as if no time had passed. What production has
    /// built since stays built, and its log stays the same file.
    pub fn restore(&mut self, kept: &Kept) {
        self.stop();
        let root = self.paths().root().to_owned();
        let paths = Paths::new(&root);
        let stay = [(paths.releases(), "releases"), (paths.app_log(), "app.log")];
        for (path, name) in &stay {
            std::fs::rename(path, self.folder.path().join(name)).unwrap();
        }
        std::fs::remove_dir_all(&root).unwrap();
        copy(&kept.folder, &root);
        let log = std::fs::read(paths.app_log()).unwrap();
        std::fs::remove_dir_all(paths.releases()).unwrap();
        for (path, name) in &stay {
            std::fs::rename(self.folder.path().join(name), path).unwrap();
        }
        std::fs::write(paths.app_log(), log).unwrap();
        self.turn_back(Timestamp::now().duration_since(kept.at));
    }

    /// The world's clock goes on from where it stood.
    fn turn_back(&self, passed: SignedDuration) {
        let world = self.world();
        let before = world.file().shop_clock();
        let mut file = world.file().clone();
        file.started_real += passed;
        std::fs::write(world.paths().world_file(), serde_json::to_string_pretty(&file).unwrap()).unwrap();
        let settings = world.paths().production().join("settings");
        let text = std::fs::read_to_string(&settings).unwrap();
        std::fs::write(&settings, text.replace(&before, &file.shop_clock())).unwrap();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(mut child) = self.operator.take() {
            drop(child.stdin.take());
            let _ = operate::stop(&self.folder.path().join("world"));
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The demo's config with margins that hold on a busy machine too: what is
/// tested here is not how fast the shop answers.
fn patient(config: &str) -> String {
    let margin = |line: &str| {
        let margin = match line {
            _ if line.contains("kind = \"error-rate\"") => "margin = { points = 3.0 }",
            _ if line.contains("kind = \"mean\"") => "margin = { ratio = 200.0 }",
            _ => return format!("{line}\n"),
        };
        let head = line.split(", margin").next().unwrap_or(line).trim_end_matches([' ', ',', '}']);
        format!("{head}, {margin} }},\n")
    };
    config.lines().map(margin).collect()
}

/// A world that was kept aside.
pub struct Kept {
    folder: PathBuf,
    at: Timestamp,
}

/// Copies a folder with its times and modes.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}
