//! The operator: keeps the service that `current` names running, and its customers coming.

use super::traffic::Traffic;
use super::world::{Paths, World, WorldError};
use rustix::process::{Pid, Signal};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the operator looks around.
const LOOK: Duration = Duration::from_millis(25);

/// How long a service that will not stay up is left alone.
const BREATH: Duration = Duration::from_millis(300);

/// How long an operator may take to end, before it is made to.
const GRACE: Duration = Duration::from_secs(5);

/// The operator's process. It ends, and the service with it, when
/// `production/stop` appears, when its standard input is a pipe that closes, on
/// SIGTERM, SIGINT or SIGHUP, or when the world is gone.
pub fn operate(dir: &Path) -> Result<(), WorldError> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        signal_hook::flag::register(signal.as_raw(), Arc::clone(&ended)).map_err(WorldError::at(dir))?;
    }
    // A session of its own: the terminal's Ctrl-C is for whoever started us.
    let _ = rustix::process::setsid();
    follow_parent(&ended);
    run(dir, &ended)
}

/// Notices the end of the process at the other end of our standard input.
fn follow_parent(ended: &Arc<AtomicBool>) {
    use rustix::fs::{FileType, fstat};
    let kind = fstat(std::io::stdin()).map(|about| FileType::from_raw_mode(about.st_mode));
    if !matches!(kind, Ok(FileType::Fifo | FileType::Socket)) {
        return;
    }
    let ended = Arc::clone(ended);
    std::thread::spawn(move || {
        let mut sink = [0; 64];
        while matches!(std::io::stdin().read(&mut sink), Ok(read) if read > 0) {}
        ended.store(true, Ordering::Relaxed);
    });
}

/// The operator's work, until `ended` is set, `production/stop` appears, or the
/// world is gone.
pub fn run(dir: &Path, ended: &AtomicBool) -> Result<(), WorldError> {
    let world = World::open(dir)?;
    let paths = world.paths();
    let _operating = Operating::begin(paths)?;
    let mut service = Service { world: &world, running: None, rest_until: None };
    let traffic = Traffic::start(world.file().port, world.file().rps);
    while !ended.load(Ordering::Relaxed) && !paths.stop_file().exists() && paths.world_file().exists() {
        service.keep_up();
        std::thread::sleep(LOOK);
    }
    drop(traffic);
    Ok(())
}

/// Whether a world has an operator.
pub fn is_running(paths: &Paths) -> bool {
    let Ok(file) = File::open(paths.operator_pid()) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Ends a world's operator and service, and waits for it. Nothing to do is fine.
pub fn stop(dir: &Path) -> Result<(), WorldError> {
    let world = World::open(dir)?;
    let paths = world.paths();
    let stop = paths.stop_file();
    if is_running(paths) {
        std::fs::write(&stop, "").map_err(WorldError::at(&stop))?;
        let begun = Instant::now();
        for (signal, limit) in [(None, 1), (Some(Signal::TERM), 2), (Some(Signal::KILL), 3)] {
            if let (Some(signal), Some(pid)) = (signal, read_pid(&paths.operator_pid())) {
                let _ = rustix::process::kill_process(pid, signal);
            }
            while is_running(paths) && begun.elapsed() < GRACE * limit {
                std::thread::sleep(LOOK);
            }
            if !is_running(paths) {
                break;
            }
        }
        if is_running(paths) {
            return Err(WorldError::Late { what: "the operator's end".into(), limit: GRACE * 3 });
        }
    }
    await_service_end(&world)?;
    for file in [stop, paths.operator_pid(), paths.service_pid()] {
        remove(&file)?;
    }
    Ok(())
}

/// A service without its operator ends by itself.
fn await_service_end(world: &World) -> Result<(), WorldError> {
    let end = Instant::now() + GRACE;
    while world.version().is_some() {
        if Instant::now() > end {
            return Err(WorldError::Late { what: "the service's end".into(), limit: GRACE });
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

fn read_pid(path: &Path) -> Option<Pid> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok().and_then(Pid::from_raw)
}

fn remove(path: &Path) -> Result<(), WorldError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(WorldError::at(path)(error)),
        _ => Ok(()),
    }
}

/// The locked `operator.pid`; it goes when the operator does.
struct Operating<'a> {
    paths: &'a Paths,
    _file: File,
}

impl Operating<'_> {
    fn begin(paths: &Paths) -> Result<Operating<'_>, WorldError> {
        let path = paths.operator_pid();
        let open = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(WorldError::at(&path))?;
        let end = Instant::now() + BREATH;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // Somebody may just be looking whether we are here.
                Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => {
                    return Err(WorldError::Operated(paths.root().to_path_buf()));
                }
                Err(TryLockError::Error(error)) => return Err(WorldError::at(&path)(error)),
            }
        }
        remove(&paths.stop_file())?;
        file.set_len(0).map_err(WorldError::at(&path))?;
        writeln!(file, "{}", std::process::id()).map_err(WorldError::at(&path))?;
        Ok(Operating { paths, _file: file })
    }
}

impl Drop for Operating<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.paths.operator_pid());
    }
}

/// The service, and what it was started from.
struct Service<'a> {
    world: &'a World,
    running: Option<(Child, String)>,
    rest_until: Option<Instant>,
}

impl Service<'_> {
    /// Starts, restarts or leaves alone, as `current` says.
    fn keep_up(&mut self) {
        let Ok(current) = std::fs::read_to_string(self.world.paths().current()) else {
            return;
        };
        if let Some((child, release)) = &mut self.running {
            let died = !matches!(child.try_wait(), Ok(None));
            if died {
                self.rest_until = Some(Instant::now() + BREATH);
            } else if *release == current {
                return;
            }
            self.end();
        }
        if self.rest_until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        if let Err(error) = self.start(current) {
            self.rest_until = Some(Instant::now() + BREATH);
            if let Ok(mut errors) = self.errors() {
                let _ = writeln!(errors, "operator: {error}");
            }
        }
    }

    /// Where the service's standard error goes.
    fn errors(&self) -> Result<File, WorldError> {
        let path = self.world.paths().production().join("service.err");
        OpenOptions::new().create(true).append(true).open(&path).map_err(WorldError::at(&path))
    }

    fn start(&mut self, current: String) -> Result<(), WorldError> {
        let paths = self.world.paths();
        let mut words = current.split_whitespace();
        let (Some(version), Some(commit), Some(release)) = (words.next(), words.next(), words.next()) else {
            return Ok(());
        };
        let program = paths.releases().join(release).join("shop");
        let child = Command::new(&program)
            .arg(self.world.file().port.to_string())
            .env("SHOP_VERSION", version)
            .env("SHOP_COMMIT", commit)
            .env("SHOP_LOG", paths.app_log())
            .env("SHOP_CLOCK", self.world.file().shop_clock())
            .env("SHOP_FOLLOW_PARENT", "1")
            .current_dir(paths.production())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(self.errors()?)
            .spawn()
            .map_err(|source| WorldError::Start { program: program.display().to_string(), source })?;
        let pid = paths.service_pid();
        std::fs::write(&pid, format!("{}\n", child.id())).map_err(WorldError::at(&pid))?;
        self.running = Some((child, current));
        Ok(())
    }

    fn end(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
            let _ = std::fs::remove_file(self.world.paths().service_pid());
        }
    }
}

impl Drop for Service<'_> {
    fn drop(&mut self) {
        self.end();
    }
}
