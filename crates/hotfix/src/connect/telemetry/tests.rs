use super::*;
use crate::connect::http::Timing;
use crate::connect::test_server::{Answer, TestServer, ok};
use std::cell::Cell;
use std::io::Write as _;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn config(url: &str) -> Config {
    let text = format!(
        r#"
        [telemetry.prom]
        kind = "metrics-endpoint"
        url = "{url}"
        [telemetry.log]
        kind = "log-file"
        path = "app.log"
        [telemetry.queue]
        kind = "command"
        command = ["queue", "length"]
        [[monitor.checks]]
        name = "errors"
        telemetry = "prom"
        kind = "error-rate"
        query = 'r{{code=~"5.."}}'
        total = "r"
        [[monitor.checks]]
        name = "latency"
        telemetry = "prom"
        kind = "mean"
        query = "s_sum"
        total = "s_count"
        [[monitor.checks]]
        name = "queue"
        telemetry = "queue"
        kind = "gauge"
        [[monitor.checks]]
        name = "log"
        telemetry = "log"
        kind = "new-errors"
        "#
    );
    hotfix_core::config::parse(&text).unwrap()
}

fn collector<'a>(config: &'a Config, folder: &Path, run: &'a Run<'a>) -> Collector<'a> {
    let http = Http::with(Timing::default(), None, |_| ());
    Collector { http, ..Collector::new(config, folder.join("samples"), folder, run) }
}

fn metrics(errors: u32, total: u32) -> Answer {
    let fine = total - errors;
    ok(format!("r{{code=\"500\"}} {errors}\nr{{code=\"200\"}} {fine}\ns_sum {total}\ns_count {total}\n"))
}

fn write(folder: &Path, text: &str) {
    let mut file = std::fs::File::options().create(true).append(true).open(folder.join("app.log")).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn samples_become_readings() {
    let folder = tempfile::tempdir().unwrap();
    let down = Answer::Full("503 Gone", "", String::new());
    let server = TestServer::start(vec![
        metrics(1, 10),
        metrics(3, 30),
        down.clone(),
        down.clone(),
        down,
        metrics(2, 5),
    ]);
    let config = config(&server.url("/metrics"));
    let runs = Cell::new(0);
    let run = |argv: &[String]| {
        assert_eq!(argv, ["queue", "length"]);
        runs.set(runs.get() + 1);
        Ok(format!("{}\n", runs.get()))
    };
    write(folder.path(), "INFO up\n");
    let mut collector = collector(&config, folder.path(), &run);
    (0..4).for_each(|n| collector.sample(at(n * 30)).unwrap());
    assert_eq!(server.requests().len(), 6, "one scrape for two checks, and three tries");

    let errors = collector.readings("errors", None, None).unwrap();
    assert_eq!(errors.iter().map(|r| r.errors).collect::<Vec<_>>(), [Some(2.0), None, Some(2.0)]);
    assert_eq!(errors.iter().map(|r| r.total).collect::<Vec<_>>(), [Some(20.0), None, Some(5.0)]);
    assert!(errors[1].missing.as_ref().unwrap().ends_with("answered with 503"), "{errors:?}");
    assert_eq!(collector.readings("latency", None, None).unwrap()[0].value, Some(1.0));

    let queue = collector.readings("queue", Some(at(0)), Some(at(60))).unwrap();
    assert_eq!(queue.iter().map(|r| r.value).collect::<Vec<_>>(), [Some(2.0), Some(3.0)]);
    assert!(collector.readings("nothing", None, None).unwrap().is_empty());
}

#[test]
fn nothing_there_is_missing_and_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&crate::connect::test_server::nobody());
    let run = |_: &[String]| Err("exit status 3".to_owned());
    collector(&config, folder.path(), &run).sample(at(0)).unwrap();
    config.telemetry.get_mut("prom").unwrap().token = Some(Token::Keyring("k".into()));
    config.telemetry.remove("queue");
    let mut collector = collector(&config, folder.path(), &run);
    collector.sample(at(30)).unwrap();
    for (check, first, second) in [
        ("errors", "refused", "only come from the environment"),
        ("queue", "exit status 3", "has no section"),
        ("log", "app.log cannot be read", "app.log cannot be read"),
    ] {
        let readings = collector.readings(check, None, None).unwrap();
        let missing: Vec<_> = readings.iter().map(|r| r.missing.as_deref().unwrap()).collect();
        assert!(missing[0].contains(first) && missing[1].contains(second), "{missing:?}");
    }
}

#[test]
fn another_question_has_no_past() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(vec![metrics(1, 10), metrics(2, 20)]);
    let mut config = config(&server.url("/"));
    let run = |_: &[String]| Ok("1".to_owned());
    let mut first = collector(&config, folder.path(), &run);
    (0..2).for_each(|n| first.sample(at(n)).unwrap());
    assert_eq!(first.readings("errors", None, None).unwrap().len(), 1);
    config.monitor.checks[0].query = Some("r{code=\"404\"}".into());
    assert!(collector(&config, folder.path(), &run).readings("errors", None, None).unwrap().is_empty());
}

fn examples(found: &hotfix_core::logs::LogDiff) -> Vec<&str> {
    found.new.iter().map(|template| template.example.as_str()).collect()
}

#[test]
fn new_errors_are_those_after_that_were_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let config = config("http://127.0.0.1:1/");
    let run = |_: &[String]| Ok("1".to_owned());
    let mut collector = collector(&config, folder.path(), &run);
    assert!(collector.new_errors("log", None, at(0)).unwrap_err().to_string().contains("never looked at"));
    write(folder.path(), "ERROR known 1\n");
    collector.sample(at(0)).unwrap();
    write(folder.path(), "ERROR incident 1\n");
    collector.sample(at(60)).unwrap();
    write(folder.path(), "ERROR known 2\nERROR incident 2\nERROR worse 3\nERROR half");

    let found = collector.new_errors("log", Some(at(30)), at(90)).unwrap();
    assert_eq!(found.new.len(), 2, "{found:?}");
    assert_eq!(examples(&found), ["ERROR incident 2", "ERROR worse 3"]);
    assert_eq!((found.lines, found.baseline.events, found.notices.len()), (3, 1, 0));
    assert_eq!(found.new.iter().map(|t| t.file_line).collect::<Vec<_>>(), [4, 5], "as the file has them");
    let found = collector.new_errors("log", None, at(90)).unwrap();
    assert_eq!(examples(&found), ["ERROR worse 3"]);
    // The time of the incident began before anything was known.
    let found = collector.new_errors("log", Some(at(-5)), at(90)).unwrap();
    assert!(found.new.len() == 3 && found.baseline.empty);
    assert!(found.notices.concat().contains("no baseline"));
    let found = collector.new_errors("log", None, at(-5)).unwrap();
    assert!(found.notices.concat().contains("first looked at"));

    assert_eq!(collector.log_position_at("log", at(59)).unwrap().unwrap().size, 14);
    assert_eq!(collector.log_position_at("log", at(-1)).unwrap(), None);
    assert!(collector.new_errors("errors", None, at(0)).is_err());
}

#[test]
fn a_rotation_under_way_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = config("http://127.0.0.1:1/");
    let run = |_: &[String]| Ok("1".to_owned());
    let mut collector = collector(&config, folder.path(), &run);
    write(folder.path(), "ERROR known 1\n");
    collector.sample(at(0)).unwrap();
    write(folder.path(), "ERROR late 1\n");
    std::fs::rename(folder.path().join("app.log"), folder.path().join("app.log.1")).unwrap();
    write(folder.path(), "ERROR known 2\nERROR fresh 1\n");
    let found = collector.new_errors("log", None, at(0)).unwrap();
    assert_eq!(examples(&found), ["ERROR late 1", "ERROR fresh 1"]);
    assert_eq!((found.new[0].file.as_str(), found.new[0].file_line), ("app.log.1", 2));
    assert_eq!((found.new[1].file.as_str(), found.new[1].file_line), ("app.log", 2));
    assert!(found.notices.concat().contains("rotated"));
    // What was learnt of the log before outlasts that log.
    std::fs::remove_file(folder.path().join("app.log.1")).unwrap();
    let found = collector.new_errors("log", None, at(0)).unwrap();
    assert_eq!(examples(&found), ["ERROR fresh 1"]);
    assert!(found.notices.concat().contains("lines may be missing"), "{:?}", found.notices);
}
