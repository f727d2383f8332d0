//! `hotfix logdiff`, the real program on real files: what it answers, in
//! which form, and with which exit status.

use crate::repo::{HOTFIX, Ran, answer};
use crate::schemas::conforms;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A folder with logs, and nothing else: no repository and no home.
pub struct Logs {
    folder: tempfile::TempDir,
}

/// What is normal.
pub const NORMAL: &str = "2026-11-22T10:00:00Z INFO served /cart/17 in 31 ms\n\
    2026-11-22T10:00:01Z INFO served /cart/21 in 7 ms\n\
    2026-11-22T10:00:02Z WARN slow query took 900 ms\n\
    2026-11-22T10:00:03Z ERROR payment 8812 failed: card declined\n";
/// The same kinds of lines, a new error with its trace, a new warning, a new line that is neither.
pub const AFTER: &str = "2026-11-23T10:00:00Z INFO served /cart/9 in 2 ms\n\
    2026-11-23T10:00:01Z ERROR payment 9 failed: card declined\n\
    2026-11-23T10:00:02Z ERROR ledger refused payment 44\n\
    java.lang.IllegalStateException: ledger is closed\n\
    \tat shop.pay.Ledger.post(Ledger.java:81)\n\
    2026-11-23T10:00:03Z WARN disk is nearly full\n\
    2026-11-23T10:00:04Z INFO ledger opened\n";

impl Logs {
    /// With `old.log` and `new.log`.
    pub fn new() -> Logs {
        let logs = Logs { folder: tempfile::tempdir().unwrap() };
        logs.write("old.log", NORMAL);
        logs.write("new.log", AFTER);
        logs
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// `hotfix logdiff` with these arguments, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(HOTFIX);
        command.arg("logdiff").args(args).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        answer(&mut self.command(args)).sound()
    }
}

fn numbers(ran: &Ran) -> Vec<u64> {
    ran.out.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn the_exit_status_says_whether_something_is_new() {
    let logs = Logs::new();
    logs.run(&["--baseline", "old.log", "old.log"]).exits(0).answers("nothing new in 4 lines");
    logs.run(&["--baseline", "old.log", "new.log"]).exits(1).answers("1 new error, 2 other new templates");
    logs.run(&["--baseline", "old.log", "--baseline", "new.log", "new.log"]).exits(0);
    logs.run(&["--baseline", "old.log", "none.log"]).fails(2, "HF1101").says("it is not there");
    logs.run(&["--baseline", "none.log", "new.log"]).fails(2, "HF1101");
    logs.run(&["new.log"]).fails(2, "HF1103").says("neither --baseline nor --model");
    logs.run(&["--baseline", "old.log"]).fails(2, "HF1103").says("no log to look through");
    logs.run(&["--baseline", "-", "-"]).fails(2, "HF1103").says("only once");
    logs.run(&["--baseline", "old.log", "."]).fails(2, "HF1101").says("is a folder");
    logs.run(&["--baseline", "old.log", "none*"]).fails(2, "HF1101").says("no file matches");
    logs.run(&["--baseline", "old.log", "--only", "nothing", "new.log"]).exits(2);
    let error = logs.run(&["--baseline", "old.log", "none.log", "--json"]).exits(2).document();
    conforms("error.json", &error);
}

#[test]
fn a_log_that_must_not_be_read_is_an_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let logs = Logs::new();
    std::fs::set_permissions(logs.path("new.log"), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(logs.path("new.log")).is_ok() {
        println!("skipped: whoever runs this may read everything");
        return;
    }
    logs.run(&["--baseline", "old.log", "new.log"]).fails(2, "HF1101").says("you may not read it");
}

#[test]
fn errors_come_first_with_their_place_and_an_example() {
    let ran = Logs::new().run(&["--baseline", "old.log", "new.log"]).exits(1);
    let at = |words: &str| ran.out.find(words).unwrap_or_else(|| panic!("{words}\n{}", ran.out));
    assert!(at("in 7 lines") < at("New errors") && at("compared with old.log (4 events") < at("New errors"));
    assert!(at("--only errors leaves out the rest") < at("New errors"));
    assert!(at("New errors") < at("new.log:3") && at("new.log:3") < at("at shop.pay.Ledger.post"));
    assert!(
        at("at shop.pay.Ledger.post") < at("New besides") && at("│ 2026-11-23T10:00:02Z") < at("New besides")
    );
    assert!(at("New besides") < at("disk is nearly full") && at("disk is nearly full") < at("ledger opened"));
}

#[test]
fn only_what_is_looked_for_is_told() {
    let logs = Logs::new();
    for (only, lines) in
        [("all", vec![3, 4, 5, 6, 7]), ("warnings", vec![3, 4, 5, 6]), ("errors", vec![3, 4, 5])]
    {
        let args = ["--baseline", "old.log", "--only", only, "new.log"];
        assert_eq!(numbers(&logs.run(&[&args[..], &["--lines"]].concat()).exits(1)), lines, "{only}");
        let document = logs.run(&[&args[..], &["--json"]].concat()).exits(1).document();
        assert_eq!(document["found"]["new_lines"], lines.len(), "{only}");
        assert_eq!(document["new"].as_array().unwrap().len(), lines.len() - 2, "{only}");
        // A filter says the same.
        let mut filter = logs.command(&["--baseline", "old.log", "--only", only, "--lines", "-"]);
        let ran = answer(filter.stdin(std::fs::File::open(logs.path("new.log")).unwrap())).exits(1);
        assert_eq!(numbers(&ran), lines, "{only}");
    }
    logs.write("calm.log", "2026-11-23T10:00:04Z INFO ledger opened\n");
    logs.run(&["--baseline", "old.log", "--only", "warnings", "calm.log"])
        .exits(0)
        .answers("no new error or warning");
}

#[test]
fn line_numbers_go_on_over_several_candidates() {
    let logs = Logs::new();
    logs.write("end", "no line feed at its end");
    let ran = logs.run(&["--baseline", "old.log", "--lines", "old.log", "end", "new.log"]).exits(1);
    assert_eq!(numbers(&ran), [5, 8, 9, 10, 11, 12]);
    for told in ["1 to 4: old.log", "5 to 5: end", "6 to 12: new.log"] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    let document =
        logs.run(&["--baseline", "old.log", "--json", "end", "old.log", "new.log"]).exits(1).document();
    let new = document["new"].as_array().unwrap();
    assert_eq!(
        (&new[0]["first_line"], &new[0]["file"], &new[0]["file_line"]),
        (&8.into(), &"new.log".into(), &3.into())
    );
    let candidates = document["candidates"].as_array().unwrap();
    assert_eq!(candidates.iter().map(|c| c["first_line"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 6]);
}

#[test]
fn every_form_says_the_same() {
    let logs = Logs::new();
    let args = ["--baseline", "old.log", "new.log"];
    let document = logs.run(&[&args[..], &["--json"]].concat()).exits(1).document();
    conforms("logdiff.json", &document);
    assert_eq!((&document["schema"], &document["only"]), (&"hotfix.logdiff/1".into(), &"all".into()));
    assert_eq!(document["found"]["new_errors"], 1);
    let line = logs.run(&[&args[..], &["--format", "jsonl"]].concat()).exits(1).document();
    assert_eq!(line, document);
    let page = logs.run(&[&args[..], &["--format", "html"]].concat()).exits(1);
    assert!(
        page.out.starts_with("<!DOCTYPE html>") && page.out.contains("1 new error, 2 other new templates")
    );
    // As a filter, each new template comes before the document.
    let mut filter = logs.command(&["--baseline", "old.log", "--format", "jsonl", "-"]);
    let ran = answer(filter.stdin(std::fs::File::open(logs.path("new.log")).unwrap())).exits(1);
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4, "{}", ran.out);
    assert_eq!(
        (&lines[0]["schema"], &lines[0]["new"]["first_line"]),
        (&"hotfix.logdiff-new/1".into(), &3.into())
    );
    assert_eq!(lines[3]["found"], document["found"]);
    conforms("logdiff.json", &lines[3]);
}

#[test]
fn models_are_saved_loaded_merged_and_brought_up_to_date() {
    let logs = Logs::new();
    logs.run(&["--baseline", "old.log", "--save-model", "m.bin"]).exits(0).says("saved");
    logs.run(&["--model", "m.bin", "old.log"]).exits(0).answers("compared with m.bin (4 events");
    logs.run(&["--model", "m.bin", "new.log"]).exits(1);
    logs.run(&["--baseline", "new.log", "--save-model", "n.bin"]).exits(0);
    logs.run(&["--model", "m.bin", "--model", "n.bin", "new.log", "old.log"]).exits(0);
    // A model among the logs is taken for what it is, and can be written in place.
    logs.run(&["--baseline", "n.bin", "--model", "m.bin", "--save-model", "m.bin"]).exits(0);
    logs.run(&["--model", "m.bin", "new.log"]).exits(0);
    logs.run(&["--baseline", "old.log", "--save-model", "dry.bin", "--dry-run"]).exits(0).says("would save");
    assert!(!logs.path("dry.bin").exists());
    logs.run(&["--baseline", "old.log", "--save-model", "no/such/folder/m.bin"]).fails(2, "HF1102");
    // The comparison still comes after it was saved.
    logs.run(&["--baseline", "old.log", "--save-model", "both.bin", "new.log"])
        .exits(1)
        .answers("1 new error");
}

#[test]
fn what_is_no_model_is_refused() {
    let logs = Logs::new();
    logs.run(&["--baseline", "old.log", "--save-model", "m.bin"]).exits(0);
    let model = std::fs::read(logs.path("m.bin")).unwrap();
    let mut other = model.clone();
    other[8] = other[8].wrapping_add(40);
    logs.write("other.bin", other);
    logs.write("cut.bin", &model[..model.len() / 2]);
    logs.write("empty.bin", "");
    logs.run(&["--model", "other.bin", "new.log"]).fails(2, "HF1102").says("learn it again");
    logs.run(&["--model", "cut.bin", "new.log"]).fails(2, "HF1102").says("damaged");
    logs.run(&["--model", "empty.bin", "new.log"]).fails(2, "HF1102").says("it is empty");
    logs.run(&["--model", "none.bin", "new.log"]).fails(2, "HF1102");
    let ran = logs.run(&["--model", "old.log", "new.log"]).fails(2, "HF1102");
    assert!(ran.err.contains("hotfix logdiff --baseline old.log"), "{}", ran.err);
    assert!(!ran.err.contains("--save-model old.log"), "it would write over the log: {}", ran.err);
}

#[test]
fn an_empty_baseline_is_told_and_everything_is_new() {
    let logs = Logs::new();
    logs.write("empty.log", "");
    logs.run(&["--baseline", "empty.log", "new.log"])
        .exits(1)
        .answers("The baseline has no event: everything is new");
    logs.run(&["--baseline", "empty.log", "empty.log"]).exits(0).answers("nothing new in 0 lines");
    logs.run(&["--baseline", "old.log", "empty.log"]).exits(0).answers("nothing new");
    let document = logs.run(&["--baseline", "empty.log", "new.log", "--json"]).exits(1).document();
    assert_eq!((&document["baseline"]["empty"], &document["found"]["new_lines"]), (&true.into(), &7.into()));
}

#[test]
fn escapes_and_fake_headers_stay_text() {
    let logs = Logs::new();
    logs.write(
        "evil.log",
        "2026-11-23T10:00:02Z ERROR \x1b]0;owned\x07\x1b[2J\u{202e}boom\r\n\
         2026-11-23T10:00:03Z ERROR 0 new errors in 0 lines\n\x00\x08\x7f\u{9b}31m\n",
    );
    for more in [&[][..], &["--format", "html"], &["--format", "jsonl"], &["--json"]] {
        // `run` looks for escapes.
        logs.run(&[&["--baseline", "old.log", "evil.log"], more].concat()).exits(1);
    }
    let mut filter = logs.command(&["--baseline", "old.log", "-"]);
    filter.env("CLICOLOR_FORCE", "1").stdin(std::fs::File::open(logs.path("evil.log")).unwrap());
    let ran = answer(&mut filter).exits(1);
    let ours = |rest: &str| {
        rest.strip_prefix('[')
            .is_some_and(|r| r.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
    };
    assert!(ran.out.contains('\x1b') && ran.out.split('\x1b').skip(1).all(ours), "{:?}", ran.out);
}

#[test]
fn stdout_closed_early_is_no_error() {
    let logs = Logs::new();
    let shell = |script: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", script]).current_dir(logs.path("")).env("NO_COLOR", "1");
        answer(&mut command).sound().out
    };
    let call = format!("{HOTFIX} logdiff --baseline old.log new.log");
    assert_eq!(shell(&format!("{call} | true; echo ${{PIPESTATUS[0]}}")), "1\n");
    assert_eq!(shell(&format!("{call} --json | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}")), "1\n");
    assert_eq!(shell(&format!("{call} >&- 2>&-; echo $?")), "1\n");
}
