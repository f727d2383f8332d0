//! `hotfix logdiff -`: a log that still grows.

use crate::logdiff::{AFTER, Logs, NORMAL};
use crate::repo::{Ran, ended};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// So long is waited on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(20);

/// A filter that runs, and what it says line by line.
struct Filter {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<(Instant, String)>,
}

impl Filter {
    fn start(logs: &Logs, more: &[&str]) -> Filter {
        logs.run(&["--baseline", "old.log", "--save-model", "m.bin"]).exits(0);
        let mut command = logs.command(&[&["--model", "m.bin"], more, &["-"]].concat());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send((Instant::now(), line));
            }
        });
        Filter { child, stdin, lines }
    }

    fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).unwrap();
    }

    /// Waits for a line with these words; when it came.
    fn hears(&self, words: &str) -> Instant {
        let begun = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match self.lines.recv_timeout(left) {
                Ok((at, line)) if line.contains(words) => return at,
                Ok(_) => {}
                Err(e) => panic!("`{words}` was never said: {e}"),
            }
        }
    }

    fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end; what was said since the last line that was heard.
    fn ends(self) -> Ran {
        let lines = self.lines;
        let mut ran = ended(self.child);
        ran.out = lines.iter().map(|(_, line)| line + "\n").collect();
        ran.sound()
    }
}

#[test]
fn a_new_error_is_told_while_the_log_still_grows() {
    let logs = Logs::new();
    let mut filter = Filter::start(&logs, &[]);
    filter.write(NORMAL);
    let mut slowest = Duration::ZERO;
    for word in ["vault", "ledger", "pool"] {
        // The machine may be busy; nothing else is in the way.
        let written = Instant::now();
        filter.write(&format!("2026-11-23T10:00:02Z ERROR the {word} is sealed\n"));
        slowest = slowest.max(filter.hears(&format!("the {word} is sealed")).duration_since(written));
        std::thread::sleep(Duration::from_millis(60));
    }
    println!("a new error was told within {} ms of its line", slowest.as_millis());
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    drop(filter.stdin.take());
    let ran = filter.ends().exits(1).answers("3 new errors").answers("in 7 lines");
    assert!(!ran.out.contains("gone"), "{}", ran.out);
}

#[test]
fn a_trace_that_comes_late_belongs_to_its_line() {
    let logs = Logs::new();
    let mut filter = Filter::start(&logs, &["--only", "errors"]);
    filter.write(NORMAL);
    filter.write("2026-11-23T10:00:02Z ERROR ledger refu");
    std::thread::sleep(Duration::from_millis(150));
    // Half a line is nothing, and nothing that is known is told.
    filter.write("sed payment 44\njava.lang.IllegalStateException: closed\n\tat shop.pay.Ledger.post(Ledger.java:81)\n");
    filter.hears("ledger refused payment");
    filter.write("2026-11-23T10:00:03Z ERROR payment 3 failed: card declined\n");
    drop(filter.stdin.take());
    let ran = filter.ends().exits(1);
    assert!(ran.out.contains("1 new error") && !ran.out.contains("2 new errors"), "{}", ran.out);
}

#[test]
fn ctrl_c_is_an_end_like_any_other() {
    for (text, status, says) in [(NORMAL, 0, "nothing new in 5 lines"), (AFTER, 1, "1 new error")] {
        for signal in ["INT", "TERM"] {
            let logs = Logs::new();
            let mut filter = Filter::start(&logs, &[]);
            filter.write(text);
            filter.write("2026-11-23T10:00:09Z ERROR payment 3 failed: card declined\n");
            // It has read what was written, and waits for more.
            std::thread::sleep(Duration::from_millis(400));
            filter.signal(signal);
            let begun = Instant::now();
            filter.ends().exits(status).answers(says);
            assert!(begun.elapsed() < PATIENCE);
        }
    }
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    let logs = Logs::new();
    logs.run(&["--baseline", "old.log", "--save-model", "m.bin"]).exits(0);
    let mut command = logs.command(&["--model", "m.bin", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let begun = Instant::now();
    let mut number = 0;
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < PATIENCE, "it goes on although nobody reads");
        number += 1;
        let letters: String = format!("{number:05}").bytes().map(|b| char::from(b + b'a' - b'0')).collect();
        let _ = writeln!(stdin, "2026-11-23T10:00:02Z ERROR the {letters} is sealed");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_pipe_is_followed_like_the_standard_input() {
    let logs = Logs::new();
    let made = std::process::Command::new("mkfifo").arg(logs.path("pipe")).status().unwrap();
    assert!(made.success());
    let mut command = logs.command(&["--baseline", "old.log", "pipe"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = std::fs::File::options().write(true).open(logs.path("pipe")).unwrap();
    pipe.write_all(AFTER.as_bytes()).unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ledger refused payment") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before the pipe did");
    }
    drop(pipe);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("1 new error, 2 other new templates") && rest.contains("in 7 lines"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_flood_of_new_kinds_is_told_up_to_a_bound() {
    let logs = Logs::new();
    let word = |n: u32| format!("{n:05}").bytes().map(|b| char::from(b + b'a' - b'0')).collect::<String>();
    let line = |n| format!("2026-11-23T10:00:02Z ERROR {} {}\n", word(n), word(n * 7 % 9_999));
    let flood: Vec<String> = (0..3_000).map(line).collect();
    logs.write("flood.log", flood.concat());
    let mut command = logs.command(&["--baseline", "old.log", "-"]);
    let ran = crate::repo::answer(command.stdin(std::fs::File::open(logs.path("flood.log")).unwrap()))
        .sound()
        .exits(1);
    assert!(ran.out.contains("more than a thousand new templates: the rest are only counted"));
    assert!(ran.out.lines().count() < 3_500, "{}", ran.out.lines().count());
    assert!(
        ran.out.contains("3,000 new errors") || ran.out.contains("new errors in 3,000 lines"),
        "{}",
        &ran.out[ran.out.len() - 2_000..]
    );
}

/// A terminal of this size, and its other end.
fn terminal(columns: u16) -> (OwnedFd, std::fs::File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let theirs = std::fs::File::options().read(true).write(true).open(name).unwrap();
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&theirs, size).unwrap();
    (ours, theirs)
}

/// What a terminal shows of a filter that reads this text.
fn on_terminal(logs: &Logs, columns: u16, no_color: bool) -> String {
    let (ours, theirs) = terminal(columns);
    let mut command = logs.command(&["--baseline", "old.log", "-"]);
    if no_color {
        command.env("NO_COLOR", "1");
    }
    command.env("TERM", "xterm-256color").stdin(std::fs::File::open(logs.path("new.log")).unwrap());
    let mut child = command.stdout(theirs.try_clone().unwrap()).stderr(Stdio::null()).spawn().unwrap();
    // Ours is the last copy of their end but the child's.
    drop((command, theirs));
    let mut screen = std::fs::File::from(ours);
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    // A terminal whose other end is closed gives an error, not an end.
    while let Ok(length @ 1..) = screen.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..length]);
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_terminal_shows_it_within_its_columns() {
    let logs = Logs::new();
    let long = "x".repeat(300);
    logs.write("new.log", format!("{AFTER}2026-11-23T10:00:05Z ERROR {long} 重试账本重试账本 \x1b[2Jend\n"));
    for columns in [80, 120] {
        let shown = on_terminal(&logs, columns, true);
        assert!(!shown.contains('\x1b'), "{shown:?}");
        for line in shown.lines() {
            let width = line
                .trim_end_matches('\r')
                .chars()
                .map(|c| if ('\u{2e80}'..'\u{a000}').contains(&c) { 2 } else { 1 })
                .sum::<usize>();
            assert!(width <= usize::from(columns), "{width} of {columns}: {line}");
        }
        assert!(shown.contains("ledger refused payment") && shown.contains('…'), "{shown}");
    }
    let colored = on_terminal(&logs, 80, false);
    let ours = |rest: &str| {
        rest.strip_prefix('[')
            .is_some_and(|r| r.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
    };
    assert!(colored.contains('\x1b') && colored.split('\x1b').skip(1).all(ours), "{colored:?}");
}
