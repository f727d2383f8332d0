//! What `hotfix logdiff` reads: packed and rotated logs, logs that change
//! while they are read, and what is no log at all.

use crate::logdiff::{AFTER, Logs, NORMAL};
use crate::repo::{Ran, answer, ended, eventually};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

fn gzip(text: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).unwrap()
}

/// What the answer says of the lines, whatever the log was packed with.
fn lines_of(ran: &Ran) -> Vec<String> {
    ran.out.lines().map(str::to_owned).collect()
}

#[test]
fn packed_logs_are_known_by_their_content() {
    let logs = Logs::new();
    let (first, second) = AFTER.split_at(AFTER.find("java.lang").unwrap());
    // Several members or frames, under names that say something else.
    logs.write("a", [gzip(first), gzip(second)].concat());
    logs.write("b.gz", [zstd(first), zstd(second)].concat());
    logs.write("c.zst", AFTER);
    logs.write("old", zstd(NORMAL));
    for name in ["a", "b.gz", "c.zst"] {
        let ran = logs.run(&["--baseline", "old", "--lines", name]).exits(1);
        assert_eq!(lines_of(&ran), ["3", "4", "5", "6", "7"], "{name}");
        let mut filter = logs.command(&["--baseline", "old", "--lines", "-"]);
        let ran = answer(filter.stdin(std::fs::File::open(logs.path(name)).unwrap())).exits(1);
        assert_eq!(lines_of(&ran), ["3", "4", "5", "6", "7"], "{name} through a pipe");
    }
    let document = logs.run(&["--baseline", "old", "--json", "a", "b.gz"]).exits(1).document();
    let packing = |i: usize| document["candidates"][i]["packing"].as_str().unwrap().to_owned();
    assert_eq!(
        (packing(0), packing(1), &document["baseline"]["logs"][0]["packing"]),
        ("gzip".into(), "zstd".into(), &"zstd".into())
    );
}

#[test]
fn damaged_and_foreign_packing_is_an_error_with_a_way_out() {
    let logs = Logs::new();
    let packed = gzip(&AFTER.repeat(400));
    logs.write("cut.gz", &packed[..packed.len() / 2]);
    logs.write("app.xz", b"\xfd7zXZ\0\0\x04rest");
    logs.run(&["--baseline", "old.log", "cut.gz"]).fails(2, "HF1101").says("gzip -t cut.gz");
    logs.run(&["--baseline", "cut.gz", "new.log"]).fails(2, "HF1101").says("is damaged");
    logs.run(&["--baseline", "old.log", "app.xz"]).fails(2, "HF1101").says("xz -dc app.xz | hotfix logdiff");
    let mut filter = logs.command(&["--baseline", "old.log", "-"]);
    let ran = answer(filter.stdin(std::fs::File::open(logs.path("cut.gz")).unwrap()));
    assert!(ran.status == 2 && ran.err.contains("HF1101"), "{ran:?}");
}

#[test]
fn rotated_logs_are_read_oldest_first_and_as_one() {
    let logs = Logs::new();
    let (first, rest) = AFTER.split_at(AFTER.find("\tat shop").unwrap());
    let (second, third) = rest.split_at(rest.find("2026-11-23T10:00:04Z").unwrap());
    logs.write("app.log.2.gz", gzip(first));
    logs.write("app.log.1", second);
    logs.write("app.log", third);
    for names in [&["app.log", "app.log.1", "app.log.2.gz"][..], &["app.log*"]] {
        let document = logs.run(&[&["--baseline", "old.log", "--json"], names].concat()).exits(1).document();
        let of = |i: usize| document["candidates"][i]["name"].as_str().unwrap().to_owned();
        assert_eq!([of(0), of(1), of(2)], ["app.log.2.gz", "app.log.1", "app.log"]);
        // The trace goes on in the next file, and is one event with its line.
        let error = &document["new"][0];
        assert_eq!((&error["file"], &error["file_line"]), (&"app.log.2.gz".into(), &3.into()), "{error}");
        assert!(error["template"].as_str().unwrap().contains("shop.pay.Ledger.post"), "{error}");
        assert_eq!(document["found"]["new"], 3);
    }
    logs.run(&["--baseline", "old.log", "app.log", "app.log.1"])
        .exits(1)
        .answers("rotated logs are read oldest first: app.log.1, app.log");
    logs.run(&["--baseline", "old.log", "app.log", "app.log"])
        .answers("is named twice and was read once")
        .answers("in 1 line");
}

#[test]
fn other_encodings_and_binary_data_are_read_like_any_line() {
    let logs = Logs::new();
    let utf16: Vec<u8> = format!("\u{feff}{}", AFTER.replace('\n', "\r\n"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    logs.write("utf16.log", utf16);
    let ran = logs.run(&["--baseline", "old.log", "--lines", "utf16.log"]).exits(1);
    assert_eq!(lines_of(&ran), ["3", "4", "5", "6", "7"]);
    let mut noise = vec![0_u8; 300_000];
    let mut state = 7_u32;
    for byte in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    logs.write("noise", [&b"2026-11-23T10:00:02Z ERROR vault is sealed\n"[..], &noise, b"\n"].concat());
    logs.write(
        "nuls",
        [&vec![0; 100_000][..], b"\n2026-11-23T10:00:02Z ERROR vault is sealed \xff\xfe\n"].concat(),
    );
    for name in ["noise", "nuls"] {
        logs.run(&["--baseline", "old.log", name]).exits(1).answers("vault is sealed");
        logs.run(&["--baseline", name, name]).exits(0);
        logs.run(&["--baseline", "old.log", "--json", name]).exits(1).document();
    }
}

/// The most memory that a process has had so far, in kB.
fn peak(child: &Child) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn a_line_of_any_length_takes_no_more_memory() {
    let megabytes: usize =
        std::env::var("HOTFIX_LONG_LINE_MB").ok().and_then(|mb| mb.parse().ok()).unwrap_or(512);
    let logs = Logs::new();
    let piece = vec![b'x'; 1 << 20];
    for (args, through_a_pipe) in
        [(vec!["--baseline", "old.log", "-"], true), (vec!["--baseline", "-", "new.log"], false)]
    {
        let mut command = logs.command(&args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"2026-11-23T10:00:02Z ERROR begins ").unwrap();
        for _ in 0..megabytes {
            stdin.write_all(&piece).unwrap();
        }
        stdin.write_all(b"\n2026-11-23T10:00:03Z ERROR vault is sealed\n").unwrap();
        let most = peak(&child);
        drop(stdin);
        let ran = ended(child).sound().exits(1);
        if through_a_pipe {
            assert!(ran.out.contains("vault is sealed") && ran.out.contains("in 2 lines"), "{}", ran.out);
        }
        assert!(ran.out.contains("1 line was longer than 64 KiB"), "{}", ran.out);
        let Some(most) = most else { continue };
        println!("a line of {megabytes} MB took {} MB of memory", most / 1024);
        assert!(most < 96 << 10, "{most} kB");
    }
}

#[test]
fn a_large_file_is_streamed() {
    let logs = Logs::new();
    let mut file = std::fs::File::create(logs.path("large.log")).unwrap();
    file.write_all(b"2026-11-23T10:00:02Z ERROR vault is sealed\nthen ").unwrap();
    // A hole: a line of zeros, which takes no room on the disk.
    file.set_len(512 << 20).unwrap();
    let mut child = logs
        .command(&["--baseline", "old.log", "large.log"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(peak(&child).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(most < 96 << 10, "{most} kB");
}

/// `hotfix` at work: it has opened all logs and waits for a pipe to end, so
/// that what happens to the other logs happens while they are read.
struct AtWork {
    child: Child,
    pipe: std::fs::File,
}

impl AtWork {
    fn on(logs: &Logs, log: &str) -> AtWork {
        let made = Command::new("mkfifo").arg(logs.path("pipe")).status().unwrap();
        assert!(made.success());
        let mut command = logs.command(&["--baseline", "old.log", "--json", "pipe", log]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = std::fs::File::options().write(true).open(logs.path("pipe")).unwrap();
        pipe.write_all(b"2026-11-23T10:00:00Z INFO served /cart/9 in 2 ms\n").unwrap();
        let folder = format!("/proc/{}/fd", child.id());
        let path = logs.path(log).canonicalize().unwrap();
        let is_it = |fd: &std::path::Path| std::fs::read_link(fd).is_ok_and(|to| to == path);
        eventually("the log is open", || {
            std::fs::read_dir(&folder).is_ok_and(|all| all.flatten().any(|fd| is_it(&fd.path())))
        });
        AtWork { child, pipe }
    }

    fn ends(self) -> Ran {
        drop(self.pipe);
        ended(self.child).sound()
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_that_is_rotated_while_it_is_read_is_read_once() {
    let logs = Logs::new();
    logs.write("app.log", AFTER);
    let work = AtWork::on(&logs, "app.log");
    std::fs::rename(logs.path("app.log"), logs.path("app.log.1")).unwrap();
    logs.write("app.log", "2026-11-23T11:00:00Z ERROR vault is sealed\n");
    let document = work.ends().exits(1).document();
    assert_eq!((&document["lines"], &document["found"]["new_errors"]), (&8.into(), &1.into()), "{document}");
    let notices = document["notices"].to_string();
    assert!(notices.contains("app.log was rotated while it was read"), "{notices}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_that_is_truncated_while_it_is_read_is_told() {
    let logs = Logs::new();
    logs.write("app.log", AFTER.repeat(2_000));
    let work = AtWork::on(&logs, "app.log");
    std::fs::File::options()
        .write(true)
        .open(logs.path("app.log"))
        .unwrap()
        .set_len(AFTER.len() as u64)
        .unwrap();
    let document = work.ends().exits(1).document();
    assert_eq!(document["lines"], 8, "{document}");
    assert!(document["notices"].to_string().contains("truncated while it was read"), "{document}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_that_is_overwritten_while_it_is_read_is_told() {
    let logs = Logs::new();
    logs.write("app.log", AFTER);
    let work = AtWork::on(&logs, "app.log");
    logs.write("app.log", AFTER.replace("2026-11-23", "2026-11-24"));
    let document = work.ends().exits(1).document();
    assert!(document["notices"].to_string().contains("overwritten while it was read"), "{document}");
}

#[test]
fn ctrl_c_while_files_are_read_answers_nothing() {
    let logs = Logs::new();
    let made = Command::new("mkfifo").arg(logs.path("pipe")).status().unwrap();
    assert!(made.success());
    let mut command = logs.command(&["--baseline", "pipe", "new.log"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = std::fs::File::options().write(true).open(logs.path("pipe")).unwrap();
    pipe.write_all(NORMAL.as_bytes()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    std::thread::sleep(std::time::Duration::from_millis(100));
    let _ = pipe.write_all(NORMAL.as_bytes());
    drop(pipe);
    ended(child).sound().fails(130, "HF0130").says("half of one");
}

#[test]
fn cores_change_no_answer() {
    let logs = Logs::new();
    logs.write("a.log", AFTER.repeat(15_000));
    logs.write("b.log", NORMAL.repeat(15_000));
    let answer = |jobs: &str| {
        let ran = logs.run(&["--baseline", "b.log", "--jobs", jobs, "--json", "a.log"]).exits(1);
        let saved = format!("m{jobs}.bin");
        logs.run(&["--baseline", "b.log", "--baseline", "a.log", "--jobs", jobs, "--save-model", &saved])
            .exits(0);
        (ran.document(), std::fs::read(logs.path(&saved)).unwrap())
    };
    let one = answer("1");
    assert_eq!(one.0["lines"], 105_000);
    assert!(one == answer("2") && one == answer("4"));
    logs.run(&["--baseline", "b.log", "--jobs", "0", "a.log"]).exits(2);
}
