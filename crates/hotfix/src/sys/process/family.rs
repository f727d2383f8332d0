//! The processes that a command has started, also those that left its group
//! and its session: by a mark in their environment, by their parents, and as
//! orphans that come to us. Where there is no `/proc`, the group is all that
//! is known.

use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Between being asked to end and being killed.
pub const GRACE: Duration = Duration::from_secs(2);

/// A command's processes.
#[derive(Debug, Clone)]
pub struct Family {
    group: Pid,
    /// What every one of them has in its environment, unless it emptied that.
    mark: Option<String>,
    /// Our children from before: none of theirs.
    before: HashSet<i32>,
}

/// A process that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    pid: i32,
    name: String,
    started: u64,
    zombie: bool,
    ours: bool,
}

impl Family {
    /// The family of a group leader.
    pub fn new(group: Pid, mark: Option<String>, before: HashSet<i32>) -> Family {
        Family { group, mark, before }
    }

    /// The names of those that are still there, without those that have ended.
    pub fn names(&self) -> Vec<String> {
        self.members().into_iter().filter(|m| !m.zombie).map(|m| m.name).collect()
    }

    /// Waits a little for those that are about to end by themselves.
    pub fn settle(&self, patience: Duration) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let names = self.names();
            if names.is_empty() || begun.elapsed() > patience {
                return names;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks all of them to end, and ends them when the grace is over.
    pub fn end(&self, child_ended: &mut dyn FnMut() -> bool) {
        self.signal(Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < GRACE && !(child_ended() && self.names().is_empty() && !self.group_lives()) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill(child_ended);
    }

    /// Ends all of them at once. One that starts others meanwhile is followed.
    pub fn kill(&self, child_ended: &mut dyn FnMut() -> bool) {
        for _ in 0..50 {
            self.signal(Signal::KILL);
            if child_ended() && self.names().is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.bury();
    }

    /// Whether anything is in the group.
    fn group_lives(&self) -> bool {
        !cfg!(target_os = "linux") && rustix::process::test_kill_process_group(self.group).is_ok()
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.group, signal);
        for member in self.members().iter().filter(|m| !m.zombie) {
            member.signal(signal);
        }
    }

    /// Takes in the orphans that have come to us and ended.
    fn bury(&self) {
        for member in
            self.members().iter().filter(|m| m.zombie && m.ours && m.pid != self.group.as_raw_nonzero().get())
        {
            if let Some(pid) = Pid::from_raw(member.pid) {
                let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG);
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn members(&self) -> Vec<Member> {
        Vec::new()
    }

    #[cfg(target_os = "linux")]
    fn members(&self) -> Vec<Member> {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let all = table();
        let my_session = all.iter().find(|p| p.pid == me).map(|p| p.session);
        let is_root = |p: &Process| {
            if p.group == self.group.as_raw_nonzero().get() {
                return true;
            }
            let Some(mark) = &self.mark else { return false };
            match marks(p.pid) {
                Some(marks) => marks.split('/').any(|m| m == mark),
                // An orphan that has emptied its environment and left our session.
                None => p.parent == me && Some(p.session) != my_session && !self.before.contains(&p.pid),
            }
        };
        let mut inside: HashSet<i32> =
            all.iter().filter(|p| p.pid != me && is_root(p)).map(|p| p.pid).collect();
        // A child of one of them is one of them.
        loop {
            let more: Vec<i32> = all
                .iter()
                .filter(|p| inside.contains(&p.parent) && !inside.contains(&p.pid) && p.pid != me)
                .map(|p| p.pid)
                .collect();
            if more.is_empty() {
                break;
            }
            inside.extend(more);
        }
        let member = |p: Process| Member {
            pid: p.pid,
            name: p.name,
            started: p.started,
            zombie: matches!(p.state, 'Z' | 'X'),
            ours: p.parent == me,
        };
        all.into_iter().filter(|p| inside.contains(&p.pid)).map(member).collect()
    }
}

impl Member {
    #[cfg(target_os = "linux")]
    fn signal(&self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        // Held by a descriptor, it is the same process as the one looked at.
        let Ok(held) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) else { return };
        if process(self.pid).is_some_and(|p| p.started == self.started) {
            let _ = rustix::process::pidfd_send_signal(held, signal);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn signal(&self, _signal: Signal) {
        let _ = (self.pid, self.started);
    }
}

struct Process {
    pid: i32,
    name: String,
    state: char,
    parent: i32,
    group: i32,
    session: i32,
    started: u64,
}

/// Our children as they are now.
pub fn own_children() -> HashSet<i32> {
    let me = rustix::process::getpid().as_raw_nonzero().get();
    table().into_iter().filter(|p| p.parent == me).map(|p| p.pid).collect()
}

/// Every process that can be seen.
fn table() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pid = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().parse::<i32>().ok();
    entries.filter_map(Result::ok).filter_map(pid).filter_map(process).collect()
}

fn process(pid: i32) -> Option<Process> {
    let bytes = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&bytes);
    let (head, rest) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Process {
        pid,
        name,
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// The marks in a process's environment; none where there are none.
#[cfg(target_os = "linux")]
fn marks(pid: i32) -> Option<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let name = format!("{}=", super::MARK);
    let entry = bytes.split(|b| *b == 0).find_map(|entry| entry.strip_prefix(name.as_bytes()))?;
    Some(String::from_utf8_lossy(entry).into_owned())
}

/// Whether a process is there and has not ended.
#[cfg(test)]
pub fn is_running(pid: i32) -> bool {
    process(pid).is_some_and(|p| p.state != 'Z')
}
