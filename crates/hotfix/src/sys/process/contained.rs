//! A command whose end is the end of everything it has started: tests,
//! reproductions, style checks. What it prints comes through a pipe, as it is
//! printed; a pipe that others keep open does not hold us up.

use super::family::{self, Family};
use super::{Ended, Finished, MARK, live, resolve};
use crate::sys::interrupt;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Pid;
use std::io::{self, PipeReader, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A command to run.
#[derive(Debug)]
pub struct Contained<'a> {
    /// The program and its arguments.
    pub argv: &'a [String],
    /// Where it runs.
    pub cwd: &'a Path,
    /// What its environment has besides ours.
    pub env: &'a [(String, String)],
    /// The time that it has, in real time.
    pub limit: Duration,
}

/// Who hears what a command prints.
pub trait Listener {
    /// A chunk of its output and its errors, in the order in which they came.
    fn heard(&mut self, chunk: &[u8]);
    /// Called now and then while it runs.
    fn tick(&mut self);
}

/// Variables by which a git that runs us would lead the command's git astray.
const NOT_INHERITED: &[&str] =
    &["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"];

/// For processes that are ending while their parent has ended already.
const SETTLE: Duration = Duration::from_millis(500);

/// Runs a command to its end, and the end of all that it has started.
pub fn run(job: &Contained<'_>, listener: &mut dyn Listener) -> io::Result<Finished> {
    let started = Instant::now();
    let mark = fresh_mark();
    let _reaper = Reaper::take();
    let before = family::own_children();
    let (reader, mut child) = match spawn(job, &mark) {
        Ok(both) => both,
        Err(e) => {
            let error = Some(format!("{}: {e}", job.argv.first().map_or("", String::as_str)));
            return Ok(Finished { error, ..Finished::new(Ended::NotStarted, started.elapsed()) });
        }
    };
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Err(io::Error::other("a process without an id"));
    };
    let family = Family::new(group, Some(mark), before);
    let _live = live::enter(&family);
    let mut pipe = Pipe { reader: Some(reader), buffer: vec![0; 64 * 1024] };
    let ended = wait(&mut child, job, started, &mut pipe, listener)?;
    let mut child_ended = || matches!(child.try_wait(), Ok(Some(_)));
    let mut left_behind = Vec::new();
    if matches!(ended, Ended::Exit(_) | Ended::Signal(_)) {
        left_behind = family.settle(SETTLE);
        if !left_behind.is_empty() {
            family.end(&mut child_ended);
        }
    } else {
        family.end(&mut child_ended);
    }
    family.kill(&mut child_ended);
    let _ = child.wait();
    let held_open = !pipe.rest(Duration::from_secs(1), listener);
    Ok(Finished { left_behind, held_open, ..Finished::new(ended, started.elapsed()) })
}

fn spawn(job: &Contained<'_>, mark: &str) -> io::Result<(PipeReader, Child)> {
    let (reader, writer) = io::pipe()?;
    rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK)?;
    let program = job.argv.first().map_or("", String::as_str);
    let mut command = Command::new(resolve(program, job.cwd));
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command
        .args(job.argv.iter().skip(1))
        .current_dir(job.cwd)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .envs(job.env.iter().map(|(k, v)| (k, v)))
        .env(MARK, marked(mark));
    Ok((reader, command.spawn()?))
}

fn wait(
    child: &mut Child,
    job: &Contained<'_>,
    started: Instant,
    pipe: &mut Pipe,
    listener: &mut dyn Listener,
) -> io::Result<Ended> {
    loop {
        pipe.hear(Duration::from_millis(25), listener)?;
        if let Some(status) = child.try_wait()? {
            return Ok(status
                .code()
                .map_or_else(|| Ended::Signal(status.signal().unwrap_or(0)), Ended::Exit));
        }
        if started.elapsed() > job.limit {
            return Ok(Ended::TimedOut);
        }
        if interrupt::asked() {
            return Ok(Ended::Interrupted);
        }
        listener.tick();
    }
}

struct Pipe {
    /// None once its other end is closed.
    reader: Option<PipeReader>,
    buffer: Vec<u8>,
}

impl Pipe {
    /// Waits for output, and passes on what is there: at most a few chunks, so
    /// that a command that never stops printing does not outrun its time.
    fn hear(&mut self, patience: Duration, listener: &mut dyn Listener) -> io::Result<()> {
        let Some(reader) = &mut self.reader else {
            std::thread::sleep(patience);
            return Ok(());
        };
        let timeout = patience.try_into().ok();
        let mut fds = [PollFd::new(&*reader, PollFlags::IN)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(()),
            Ok(_) => {}
            Err(e) => return Err(e.into()),
        }
        for _ in 0..16 {
            match reader.read(&mut self.buffer) {
                Ok(0) => {
                    self.reader = None;
                    return Ok(());
                }
                Ok(length) => listener.heard(&self.buffer[..length]),
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => break,
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Passes on what is left; whether the other end is closed.
    fn rest(&mut self, patience: Duration, listener: &mut dyn Listener) -> bool {
        let begun = Instant::now();
        while self.reader.is_some() && begun.elapsed() < patience {
            if self.hear(Duration::from_millis(20), listener).is_err() {
                break;
            }
        }
        self.reader.is_none()
    }
}

/// A mark with those that we have ourselves.
pub(super) fn marked(mark: &str) -> String {
    let outer = std::env::var(MARK).map(|m| format!("{m}/")).unwrap_or_default();
    format!("{outer}{mark}")
}

/// A mark that no other command has.
pub(super) fn fresh_mark() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_nanos());
    format!("{}.{now}.{count}", std::process::id())
}

/// While it is held, orphans of our processes come to us and not to init.
struct Reaper;

static REAPERS: Mutex<u32> = Mutex::new(0);

impl Reaper {
    fn take() -> Reaper {
        let mut count = REAPERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *count += 1;
        #[cfg(target_os = "linux")]
        if *count == 1 {
            let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        }
        Reaper
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        let mut count = REAPERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *count -= 1;
        #[cfg(target_os = "linux")]
        if *count == 0 {
            let _ = rustix::process::set_child_subreaper(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Ears {
        text: Vec<u8>,
        total: usize,
        ticks: u32,
    }

    impl Listener for Ears {
        fn heard(&mut self, chunk: &[u8]) {
            self.total += chunk.len();
            if self.text.len() < 100_000 {
                self.text.extend_from_slice(chunk);
            }
        }

        fn tick(&mut self) {
            self.ticks += 1;
        }
    }

    fn run_shell(script: &str, limit_ms: u64) -> (Finished, String, usize) {
        let dir = tempfile::tempdir().unwrap();
        let argv: Vec<String> = ["sh", "-c", script].map(str::to_owned).to_vec();
        let limit = Duration::from_millis(limit_ms);
        let mut ears = Ears::default();
        let finished = run(&Contained { argv: &argv, cwd: dir.path(), env: &[], limit }, &mut ears).unwrap();
        (finished, String::from_utf8_lossy(&ears.text).into_owned(), ears.total)
    }

    fn pid_in(text: &str) -> i32 {
        text.lines()
            .find_map(|l| l.trim().parse().ok())
            .unwrap_or_else(|| panic!("no process id in {text:?}"))
    }

    #[test]
    fn output_and_errors_come_in_their_order() {
        let (finished, out, _) = run_shell("for i in 1 2 3; do echo o$i; echo e$i >&2; done; exit 3", 10_000);
        assert_eq!((finished.ended, out.as_str()), (Ended::Exit(3), "o1\ne1\no2\ne2\no3\ne3\n"));
        assert!(finished.left_behind.is_empty() && !finished.held_open);
    }

    #[test]
    fn a_missing_program_is_not_started() {
        let dir = tempfile::tempdir().unwrap();
        let argv = ["/no/such/program".to_owned()];
        let job = Contained { argv: &argv, cwd: dir.path(), env: &[], limit: Duration::from_secs(5) };
        let finished = run(&job, &mut Ears::default()).unwrap();
        assert!(finished.ended == Ended::NotStarted && finished.error.unwrap().contains("/no/such/program"));
    }

    #[test]
    fn time_outs_end_children_that_ignore_the_request() {
        let (finished, out, _) = run_shell("sh -c 'trap \"\" TERM; echo $$; sleep 30; sleep 30' & wait", 400);
        assert_eq!(finished.ended, Ended::TimedOut);
        assert!(!family::is_running(pid_in(&out)));
    }

    #[test]
    fn one_that_left_the_group_and_the_session_is_ended_too() {
        let (finished, out, _) = run_shell("setsid sh -c 'echo $$; exec sleep 30' & sleep 30", 400);
        assert_eq!(finished.ended, Ended::TimedOut);
        assert!(!family::is_running(pid_in(&out)));
    }

    #[test]
    fn a_daemon_that_emptied_its_environment_is_ended_and_told() {
        let (finished, out, _) = run_shell(
            "(setsid env -i /bin/sh -c 'echo $$; exec sleep 30' >/dev/stdout 2>&1 < /dev/null &); sleep 0.3; exit 0",
            10_000,
        );
        assert!(finished.succeeded());
        assert_eq!(finished.left_behind, ["sleep"]);
        assert!(!family::is_running(pid_in(&out)));
    }

    #[test]
    fn a_pipe_that_is_kept_open_does_not_hold_us_up() {
        let begun = Instant::now();
        let (finished, out, _) = run_shell("sleep 30 & echo done", 20_000);
        assert!(finished.succeeded() && begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert_eq!((out.as_str(), finished.left_behind.len()), ("done\n", 1));
    }

    #[test]
    fn children_that_are_ending_are_not_left_behind() {
        let (finished, ..) = run_shell("sleep 0.1 & exit 0", 10_000);
        assert!(finished.succeeded() && finished.left_behind.is_empty());
    }

    #[test]
    fn endless_output_ends_with_its_time() {
        let begun = Instant::now();
        let (finished, _, total) = run_shell("yes 0123456789012345678901234567890123456789", 700);
        assert_eq!(finished.ended, Ended::TimedOut);
        assert!(
            total > 1_000_000 && begun.elapsed() < Duration::from_secs(8),
            "{total} {:?}",
            begun.elapsed()
        );
    }

    #[test]
    fn our_other_children_are_left_alone() {
        let mut other = Command::new("sleep").arg("30").process_group(0).spawn().unwrap();
        run_shell("exit 0", 5_000);
        run_shell("sleep 30", 200);
        assert!(other.try_wait().unwrap().is_none(), "it was ended");
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
