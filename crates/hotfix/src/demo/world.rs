//! The demo's world: everything that it needs, in one folder.

pub use super::paths::Paths;
use super::{assets, history, operate, traffic};
use crate::git::{Git, GitError};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The schema of `world.json`.
pub const SCHEMA: &str = "hotfix.world/1";

/// The incident's key.
pub const INCIDENT: &str = "SPF-1290";

/// The incident's title.
pub const TITLE: &str = "Sign-in fails for customers with a hyphen in their name";

/// What the demo's world could not do.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// There is no compiler.
    #[error("the demo builds its service with rustc, which is not on the PATH")]
    NoRustc,
    /// The folder is in use.
    #[error("{} is not empty; the demo's world needs a folder of its own", .0.display())]
    NotEmpty(PathBuf),
    /// There is no world in the folder.
    #[error("{} holds no demo world: {reason}", .dir.display())]
    NoWorld {
        /// The folder.
        dir: PathBuf,
        /// What is wrong with its `world.json`.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A git command failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A program could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program of the demo failed.
    #[error("{program} failed: {message}")]
    Program {
        /// The program.
        program: String,
        /// What it said.
        message: String,
    },
    /// A change of the demo meets a text that it does not know.
    #[error("{path}: the text to change stands there {found} times, not once")]
    Edit {
        /// The file.
        path: &'static str,
        /// How often the text was found.
        found: usize,
    },
    /// Two operators for one world.
    #[error("the world in {} has an operator already", .0.display())]
    Operated(PathBuf),
    /// Something did not happen in time.
    #[error("{what} did not happen within {} s", .limit.as_secs())]
    Late {
        /// What was waited for.
        what: String,
        /// For how long.
        limit: Duration,
    },
}

impl WorldError {
    /// Says which file an I/O error is about.
    pub fn at(path: &Path) -> impl FnOnce(std::io::Error) -> WorldError + use<> {
        let path = path.to_path_buf();
        move |source| WorldError::Io { path, source }
    }
}

/// Somebody in the demo.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Their clone's folder in the world, and their name in the configuration.
    pub id: &'static str,
    /// Their full name.
    pub name: &'static str,
    /// Their e-mail address.
    pub email: &'static str,
    /// What they are to the incident.
    pub role: &'static str,
}

/// The developer.
pub const MIKA: Person =
    Person { id: "mika", name: "Mika Aalto", email: "mika.aalto@shop.example", role: "developer" };
/// The one on call.
pub const PRIYA: Person =
    Person { id: "priya", name: "Priya Raman", email: "priya.raman@shop.example", role: "on-call" };
/// The reviewer.
pub const JONAS: Person =
    Person { id: "jonas", name: "Jonas Weber", email: "jonas.weber@shop.example", role: "reviewer" };
/// Everybody with a clone.
pub const PEOPLE: [Person; 3] = [MIKA, PRIYA, JONAS];

/// Makes the text of the configuration, which names the world's paths and the port.
pub type ConfigText = Box<dyn Fn(&Paths, u16) -> String>;

/// What a world is to be like.
pub struct Spec {
    /// Makes the text of `.hotfix/config.toml` on main's tip; empty means none.
    pub config: ConfigText,
    /// The text of `.hotfix/workflows/hotfix.md` on main's tip.
    pub workflow: Option<String>,
    /// Simulated seconds in a real one.
    pub scale: u32,
    /// Requests in a real second.
    pub rps: u32,
    /// When the simulated clock begins; now, where nothing is said.
    pub started: Option<Timestamp>,
}

impl Default for Spec {
    fn default() -> Spec {
        Spec { config: Box::new(|_, _| String::new()), workflow: None, scale: 60, rps: 300, started: None }
    }
}

/// What `world.json` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorldFile {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When the world began, by the machine's clock.
    pub started_real: Timestamp,
    /// When it began, by its own.
    pub started: Timestamp,
    /// Simulated seconds in a real one.
    pub scale: u32,
    /// The service's port on 127.0.0.1.
    pub port: u16,
    /// Requests in a real second.
    pub rps: u32,
    /// Who lives in it.
    pub people: Vec<PersonEntry>,
}

/// Somebody, in `world.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PersonEntry {
    /// Short name.
    pub id: String,
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// What they are to the incident.
    pub role: String,
    /// Their clone, from the world's folder.
    pub clone: PathBuf,
}

impl WorldFile {
    fn new(spec: &Spec, port: u16) -> WorldFile {
        let now = to_milliseconds(Timestamp::now());
        let people = PEOPLE.iter().map(|who| PersonEntry {
            id: who.id.into(),
            name: who.name.into(),
            email: who.email.into(),
            role: who.role.into(),
            clone: Path::new(who.id).join("shop"),
        });
        WorldFile {
            schema: SCHEMA.into(),
            started_real: now,
            started: spec.started.map_or(now, to_milliseconds),
            scale: spec.scale.max(1),
            port,
            rps: spec.rps,
            people: people.collect(),
        }
    }

    /// The simulated time at a real one.
    pub fn simulated(&self, real: Timestamp) -> Timestamp {
        let passed = real.duration_since(self.started_real).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX).saturating_mul(i64::from(self.scale));
        self.started.saturating_add(SignedDuration::from_millis(passed)).unwrap_or(self.started)
    }

    /// The simulated clock as `SHOP_CLOCK` tells it to the service.
    pub fn shop_clock(&self) -> String {
        let (real, shown) = (self.started_real.as_millisecond(), self.started.as_millisecond());
        format!("{real}:{shown}:{}", self.scale)
    }
}

fn to_milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// A world that stands.
#[derive(Clone, Debug)]
pub struct World {
    paths: Paths,
    file: WorldFile,
}

/// Builds a world in an empty or missing folder, and makes v1.4.1 ready to serve.
pub fn build(dir: &Path, spec: &Spec) -> Result<World, WorldError> {
    check_rustc()?;
    let paths = Paths::new(empty_folder(dir)?);
    let file = WorldFile::new(spec, free_port(dir)?);
    let json = serde_json::to_string_pretty(&file).unwrap_or_default() + "\n";
    write_atomically(&paths.world_file(), &json)?;
    let world = World { paths, file };
    std::thread::scope(|scope| {
        let production = scope.spawn(|| world.lay_out());
        world.make_origin(spec)?;
        joined(production)?;
        let deploy = scope.spawn(|| world.first_deploy());
        PEOPLE.iter().try_for_each(|who| world.clone_for(who))?;
        world.begin_work()?;
        joined(deploy)
    })?;
    Ok(world)
}

fn joined(thread: std::thread::ScopedJoinHandle<'_, Result<(), WorldError>>) -> Result<(), WorldError> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn check_rustc() -> Result<(), WorldError> {
    let rustc = Command::new("rustc").arg("--version").stdin(Stdio::null()).output();
    match rustc {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(program_error("rustc", &output)),
        Err(_) => Err(WorldError::NoRustc),
    }
}

fn empty_folder(dir: &Path) -> Result<PathBuf, WorldError> {
    std::fs::create_dir_all(dir).map_err(WorldError::at(dir))?;
    let dir = dir.canonicalize().map_err(WorldError::at(dir))?;
    if std::fs::read_dir(&dir).map_err(WorldError::at(&dir))?.next().is_some() {
        return Err(WorldError::NotEmpty(dir));
    }
    Ok(dir)
}

/// A port that nobody listens on, below those that outgoing connections use: a
/// customer of a service that is down must not end up talking to itself.
fn free_port(dir: &Path) -> Result<u16, WorldError> {
    let seed = u64::from(Timestamp::now().subsec_nanosecond().unsigned_abs());
    let mut port =
        18_000 + u16::try_from((seed / 1000 + u64::from(std::process::id())) % 14_000).unwrap_or(0);
    for _ in 0..200 {
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
        port = 18_000 + (port - 18_000 + 37) % 14_000;
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(WorldError::at(dir))?;
    Ok(listener.local_addr().map_err(WorldError::at(dir))?.port())
}

fn write_atomically(path: &Path, text: &str) -> Result<(), WorldError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(WorldError::at(path))?;
    file.write_all(text.as_bytes()).map_err(WorldError::at(path))?;
    file.persist(path).map_err(|error| WorldError::at(path)(error.error))?;
    Ok(())
}

fn program_error(program: &str, output: &std::process::Output) -> WorldError {
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    WorldError::Program { program: program.to_owned(), message }
}

/// Runs a program to its end; what it said on standard output.
fn run(command: &mut Command) -> Result<String, WorldError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|source| WorldError::Start { program: program.clone(), source })?;
    if !output.status.success() {
        return Err(program_error(&program, &output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Making it.
impl World {
    fn make_origin(&self, spec: &Spec) -> Result<(), WorldError> {
        let scratch = tempfile::tempdir_in(self.paths.root()).map_err(WorldError::at(self.paths.root()))?;
        let config = (spec.config)(&self.paths, self.file.port);
        let mut extra = Vec::new();
        if !config.is_empty() {
            extra.push((history::CONFIG_PATH, config.as_str()));
        }
        if let Some(workflow) = &spec.workflow {
            extra.push((history::WORKFLOW_PATH, workflow.as_str()));
        }
        history::build(&self.paths.origin(), scratch.path(), self.file.started, &extra)
    }

    /// The folders, the ticket, and production with nothing deployed.
    fn lay_out(&self) -> Result<(), WorldError> {
        let paths = &self.paths;
        for folder in [paths.releases(), paths.channel(), paths.tickets(), paths.status_page()] {
            std::fs::create_dir_all(&folder).map_err(WorldError::at(&folder))?;
        }
        history::write(&paths.tickets(), &format!("{INCIDENT}.md"), assets::TICKET)?;
        let settings = format!(
            "SHOP_PORT={}\nSHOP_CLOCK={}\nexport SHOP_PORT SHOP_CLOCK\n",
            self.file.port,
            self.file.shop_clock()
        );
        let production = paths.production();
        history::write(&production, "settings", &settings)?;
        history::write(&production, "app.log", "")?;
        history::write(&production, "deploy", assets::DEPLOY)?;
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(paths.deploy(), executable).map_err(WorldError::at(&paths.deploy()))?;
        self.compile_probe()
    }

    fn compile_probe(&self) -> Result<(), WorldError> {
        let scratch = tempfile::tempdir_in(self.paths.production())
            .map_err(WorldError::at(&self.paths.production()))?;
        history::write(scratch.path(), "probe.rs", assets::PROBE)?;
        history::write(scratch.path(), "log.rs", assets::LOG)?;
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition", "2021", "-C", "debuginfo=0", "-A", "warnings", "-o"]);
        run(rustc.arg(self.paths.probe()).arg(scratch.path().join("probe.rs"))).map(drop)
    }

    /// v1.4.0 went out long ago; v1.4.1 is what runs.
    fn first_deploy(&self) -> Result<(), WorldError> {
        let commit = self.commit_of("v1.4.0")?;
        let long_ago = self.file.started - SignedDuration::from_hours(36 * 24 + 6);
        let line = format!("{long_ago} v1.4.0 {commit}\n");
        history::write(&self.paths.production(), "deploys.log", &line)?;
        run(self.deploy_command("v1.4.1")?.env("SHOP_NOT_YET_SERVING", "1")).map(drop)
    }

    fn clone_for(&self, who: &Person) -> Result<(), WorldError> {
        let clone = self.paths.clone_of(who);
        let git = history::plain_git(self.paths.root());
        let origin = self.paths.origin();
        git.run([OsStr::new("clone"), "-q".as_ref(), origin.as_ref(), clone.as_ref()])?;
        let git = history::plain_git(&clone);
        for (key, value) in [("user.name", who.name), ("user.email", who.email), ("commit.gpgsign", "false")]
        {
            git.run(["config", "--local", key, value])?;
        }
        Ok(())
    }

    /// The developer is in the middle of something else.
    fn begin_work(&self) -> Result<(), WorldError> {
        let clone = self.paths.clone_of(&MIKA);
        let earlier = (self.file.started - SignedDuration::from_mins(40)).to_string();
        let git =
            history::plain_git(&clone).env("GIT_AUTHOR_DATE", &earlier).env("GIT_COMMITTER_DATE", &earlier);
        let edit = |path, before, after| assets::Edit { path, before, after }.apply(&clone);
        git.run(["switch", "-q", "-c", "feature/wish-list"])?;
        edit("src/main.rs", "\"{\\\"wishes\\\":[]}\\n\"", "\"{\\\"wishes\\\":[],\\\"shared\\\":[]}\\n\"")?;
        git.run(["commit", "-q", "-a", "-m", "Wish list: room for shared wishes"])?;
        edit("src/auth.rs", "const SHARD_CAPACITY: usize = 64;", "const SHARD_CAPACITY: usize = 128;")?;
        git.run(["stash", "push", "-q", "-m", "try larger shards"])?;
        edit("README.md", "(empty, for now)", "(half done)")?;
        git.run(["add", "README.md"])?;
        edit("src/main.rs", "[\"lamp\", \"desk\", \"chair\"]", "[\"lamp\", \"desk\", \"chair\", \"shelf\"]")?;
        history::write(&clone, "notes/wish-list.md", "- who may see a shared wish?\n- numbers for items\n")
    }
}

/// Using it.
impl World {
    /// The world in a folder.
    pub fn open(dir: &Path) -> Result<World, WorldError> {
        let reason = |reason: String| WorldError::NoWorld { dir: dir.to_path_buf(), reason };
        let root = dir.canonicalize().map_err(|error| reason(error.to_string()))?;
        let paths = Paths::new(root);
        let text = std::fs::read_to_string(paths.world_file()).map_err(|error| reason(error.to_string()))?;
        let file: WorldFile = serde_json::from_str(&text).map_err(|error| reason(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(reason(format!("its schema is {:?}, not {SCHEMA:?}", file.schema)));
        }
        Ok(World { paths, file })
    }

    /// Where everything is.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// What `world.json` says.
    pub fn file(&self) -> &WorldFile {
        &self.file
    }

    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        self.file.simulated(Timestamp::now())
    }

    /// The service's address.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.file.port)
    }

    /// The commit of a released version.
    pub fn commit_of(&self, version: &str) -> Result<String, WorldError> {
        let name = format!("refs/tags/{version}^{{commit}}");
        Ok(history::plain_git(&self.paths.origin()).run(["rev-parse", "--verify", &name])?)
    }

    /// Deploys a released version, and waits until it serves.
    pub fn deploy(&self, version: &str) -> Result<String, WorldError> {
        run(&mut self.deploy_command(version)?)
    }

    fn deploy_command(&self, version: &str) -> Result<Command, WorldError> {
        let commit = self.commit_of(version)?;
        let mut command = Command::new(self.paths.deploy());
        command.env("HOTFIX_VERSION", version).env("HOTFIX_COMMIT", commit);
        Ok(command)
    }

    /// A page of the service.
    pub fn get(&self, target: &str) -> Result<(u16, String), WorldError> {
        traffic::get(self.file.port, target).map_err(WorldError::at(Path::new(target)))
    }

    /// The version that answers, if one does.
    pub fn version(&self) -> Option<String> {
        let (_, body) = self.get("/version").ok()?;
        let body: serde_json::Value = serde_json::from_str(&body).ok()?;
        body["version"].as_str().map(str::to_owned)
    }

    /// Waits until an operator keeps the service up.
    pub fn wait_until_serving(&self, limit: Duration) -> Result<(), WorldError> {
        let end = Instant::now() + limit;
        while !(operate::is_running(&self.paths) && self.version().is_some()) {
            if Instant::now() > end {
                return Err(WorldError::Late { what: "the start of the service".into(), limit });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// Git in a person's clone, free of the machine's own settings.
pub fn git_in(world: &World, who: &Person) -> Git {
    history::plain_git(&world.paths.clone_of(who))
}
