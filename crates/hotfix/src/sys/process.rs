//! The only processes besides git's. A command runs in its own process group,
//! its output goes to a file, and it is ended with all that it has started
//! when its time is up or somebody asks to stop. One that must leave nothing
//! behind at all is [`contained`].

pub mod contained;
pub mod family;
pub mod kept;
pub mod live;

use super::interrupt;
use family::Family;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A command to run.
#[derive(Debug)]
pub struct Job<'a> {
    /// The program and its arguments.
    pub argv: &'a [String],
    /// Where it runs.
    pub cwd: &'a Path,
    /// What its environment has besides ours.
    pub env: &'a [(String, String)],
    /// The time that it has, in real time.
    pub limit: Duration,
    /// Where its output goes.
    pub output: &'a Path,
    /// Where it writes its process id before it begins, if somebody must be able to find it later.
    pub pid_file: Option<&'a Path>,
    /// Whether Ctrl-C ends it, or lets it come to its end.
    pub interruptible: bool,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// Its time was up.
    TimedOut,
    /// It could not be started: not found, or not executable.
    NotStarted,
    /// Somebody asked to stop.
    Interrupted,
    /// It printed more than [`OUTPUT_LIMIT`].
    TooLoud,
}

/// The variable that marks the processes of a command: those inside another's
/// have the marks of both, with `/` between them.
pub const MARK: &str = "HOTFIX_JOB";

/// A command that has ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How.
    pub ended: Ended,
    /// How long it took, in real time.
    pub took: Duration,
    /// Why it could not be started.
    pub error: Option<String>,
    /// Processes that it left running, by name; they were ended.
    pub left_behind: Vec<String>,
    /// Something that could not be ended keeps its output open.
    pub held_open: bool,
}

/// More output than this ends a command, in bytes.
pub const OUTPUT_LIMIT: u64 = 64 * 1024 * 1024;

impl Finished {
    fn new(ended: Ended, took: Duration) -> Finished {
        Finished { ended, took, error: None, left_behind: Vec::new(), held_open: false }
    }

    /// Whether it ended with 0.
    pub fn succeeded(&self) -> bool {
        self.ended == Ended::Exit(0)
    }

    /// The exit status, if it ended by itself.
    pub fn status(&self) -> Option<i32> {
        match self.ended {
            Ended::Exit(code) => Some(code),
            _ => None,
        }
    }

    /// How it ended, in words.
    pub fn told(&self) -> String {
        match self.ended {
            Ended::Exit(0) => "succeeded".to_owned(),
            Ended::Exit(127) => "was not found (exit status 127)".to_owned(),
            Ended::Exit(126) => "could not be executed (exit status 126)".to_owned(),
            Ended::Exit(code) => format!("ended with exit status {code}"),
            Ended::Signal(signal) => format!("was ended by signal {signal}"),
            Ended::TimedOut => format!("did not end within {} s", self.took.as_secs()),
            Ended::NotStarted => {
                format!("could not be started: {}", self.error.as_deref().unwrap_or("not found"))
            }
            Ended::Interrupted => "was interrupted".to_owned(),
            Ended::TooLoud => "printed more than 64 MiB".to_owned(),
        }
    }
}

/// Runs a command to its end. `tick` is called now and then with the last
/// line that it printed.
pub fn run(job: &Job<'_>, tick: &mut dyn FnMut(&str)) -> io::Result<Finished> {
    let started = Instant::now();
    let out = OpenOptions::new().create(true).append(true).open(job.output)?;
    let mut command = command_of(job);
    command.current_dir(job.cwd).stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).process_group(0);
    command.envs(job.env.iter().map(|(k, v)| (k, v)));
    // What a deploy starts is to stay, whatever becomes of the deploy.
    let mark = job.interruptible.then(contained::fresh_mark);
    if let Some(mark) = &mark {
        command.env(MARK, contained::marked(mark));
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) => {
            let error = Some(format!("{}: {e}", job.argv.first().map_or("", String::as_str)));
            return Ok(Finished { error, ..Finished::new(Ended::NotStarted, started.elapsed()) });
        }
    };
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let group = group.ok_or_else(|| io::Error::other("a process without an id"))?;
    let family = Family::new(group, mark, std::collections::HashSet::new());
    // What may outlive us is not ended because we are in a hurry.
    let _live = job.interruptible.then(|| live::enter(&family));
    let ended = wait(&mut child, &family, job, started, tick)?;
    Ok(Finished::new(ended, started.elapsed()))
}

/// The child itself says who it is before it begins, so there is no moment in
/// which it runs and cannot be found; and it says how it ended, even when
/// nobody waits for it any more.
const CHILD: &str = r#"echo "$$" > "$0" || exit 126; "$@"; s=$?; echo "$s" > "$0.status"; exit "$s""#;

fn command_of(job: &Job<'_>) -> Command {
    let mut words = job.argv.iter();
    let program = words.next().map_or("", String::as_str);
    let mut command = match job.pid_file {
        None => Command::new(resolve(program, job.cwd)),
        Some(pid_file) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", CHILD]).arg(pid_file).arg(resolve(program, job.cwd));
            shell
        }
    };
    command.args(words);
    command
}

/// A program named by a relative path is meant relative to where it runs.
fn resolve(program: &str, cwd: &Path) -> PathBuf {
    if program.contains('/') && !program.starts_with('/') {
        cwd.join(program)
    } else {
        PathBuf::from(program)
    }
}

fn wait(
    child: &mut Child,
    family: &Family,
    job: &Job<'_>,
    started: Instant,
    tick: &mut dyn FnMut(&str),
) -> io::Result<Ended> {
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status
                .code()
                .map_or_else(|| Ended::Signal(status.signal().unwrap_or(0)), Ended::Exit));
        }
        let reason = if started.elapsed() > job.limit {
            Some(Ended::TimedOut)
        } else if job.interruptible && interrupt::asked() {
            Some(Ended::Interrupted)
        } else if std::fs::metadata(job.output).is_ok_and(|m| m.len() > OUTPUT_LIMIT) {
            Some(Ended::TooLoud)
        } else {
            None
        };
        if let Some(reason) = reason {
            family.end(&mut || matches!(child.try_wait(), Ok(Some(_))));
            let _ = child.wait();
            return Ok(reason);
        }
        if started.elapsed() > Duration::from_millis(200) {
            tick(&last_line(job.output).unwrap_or_default());
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn last_line(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(400)))?;
    let mut bytes = Vec::new();
    file.take(400).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_end().rsplit('\n').next().unwrap_or_default().to_owned())
}

/// How the process that wrote this file ended, if it came to its end.
pub fn status_of(pid_file: &Path) -> Option<i32> {
    std::fs::read_to_string(status_file(pid_file)).ok()?.trim().parse().ok()
}

/// Forgets a process of before.
pub fn forget(pid_file: &Path) {
    let _ = std::fs::remove_file(status_file(pid_file));
    let _ = std::fs::remove_file(pid_file);
}

fn status_file(pid_file: &Path) -> PathBuf {
    let mut name = pid_file.as_os_str().to_owned();
    name.push(".status");
    PathBuf::from(name)
}

/// Lets a person edit a file with their editor, in their terminal, as git
/// does it; whether the editor says that it went well.
pub fn edit(editor: &str, file: &Path) -> io::Result<bool> {
    let shell = format!("{editor} \"$@\"");
    Ok(Command::new("sh").args(["-c", &shell, editor]).arg(file).status()?.success())
}

/// Opens a page in the desktop's browser; false where there is none.
pub fn open(page: &Path) -> bool {
    let start = |opener: &&str| {
        Command::new(opener).arg(page).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
    };
    ["xdg-open", "open"].iter().any(start)
}

/// Whether the process that wrote this file still runs.
pub fn still_runs(pid_file: &Path) -> bool {
    let pid = std::fs::read_to_string(pid_file).ok().and_then(|t| t.trim().parse().ok());
    let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) else { return false };
    // A process id can be used again; the file is older than such a process.
    rustix::process::test_kill_process(pid).is_ok() && started_before(pid, pid_file)
}

/// Whether the process began before the file was written (within a second),
/// as far as the system tells: Linux counts hundredths of a second since boot.
fn started_before(pid: rustix::process::Pid, pid_file: &Path) -> bool {
    let started = || -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        let ticks: f64 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
        let system = std::fs::read_to_string("/proc/stat").ok()?;
        let boot: f64 = system.lines().find_map(|l| l.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(boot + ticks / 100.0)
    };
    let noted = std::fs::metadata(pid_file).and_then(|m| m.modified()).ok();
    let noted = noted.and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).map(|d| d.as_secs_f64());
    match (started(), noted) {
        (Some(started), Some(noted)) => started <= noted + 1.5,
        _ => true,
    }
}

/// Kills this very process, as a crash would.
#[cfg(feature = "failpoints")]
pub fn kill_self() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(argv: &[&str], limit_ms: u64) -> (Finished, String) {
        let dir = tempfile::tempdir().unwrap();
        let argv: Vec<String> = argv.iter().map(|s| (*s).to_owned()).collect();
        let output = dir.path().join("out");
        let job = Job {
            argv: &argv,
            cwd: dir.path(),
            env: &[],
            limit: Duration::from_millis(limit_ms),
            output: &output,
            pid_file: None,
            interruptible: true,
        };
        let finished = run(&job, &mut |_| {}).unwrap();
        (finished, std::fs::read_to_string(&output).unwrap_or_default())
    }

    #[test]
    fn output_and_status_are_kept() {
        let (finished, out) = job(&["sh", "-c", "echo a; echo b >&2; exit 3"], 5000);
        assert_eq!((finished.ended, out.as_str()), (Ended::Exit(3), "a\nb\n"));
    }

    #[test]
    fn a_missing_program_is_not_a_failing_one() {
        assert_eq!(job(&["/no/such/program"], 5000).0.ended, Ended::NotStarted);
    }

    #[test]
    fn a_group_ends_when_its_time_is_up() {
        let (finished, out) = job(&["sh", "-c", "sleep 30 & echo $!; wait"], 300);
        assert_eq!(finished.ended, Ended::TimedOut);
        let pid = rustix::process::Pid::from_raw(out.trim().parse().unwrap()).unwrap();
        let ended = || rustix::process::test_kill_process(pid).is_err() || is_zombie(pid);
        let patience = Instant::now();
        while !ended() && patience.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(ended(), "the grandchild still runs");
    }

    /// Ended, and not yet buried by whoever took it over.
    fn is_zombie(pid: rustix::process::Pid) -> bool {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
    }

    #[test]
    fn a_background_child_does_not_hold_us_up() {
        let started = Instant::now();
        let (finished, _) = job(&["sh", "-c", "sleep 5 & exit 0"], 20_000);
        assert!(finished.succeeded() && started.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn a_child_can_be_found_while_it_runs() {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("pid");
        std::fs::write(&pid_file, std::process::id().to_string()).unwrap();
        assert!(still_runs(&pid_file));
        assert!(!still_runs(&dir.path().join("none")));
    }
}
