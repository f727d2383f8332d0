//! What is no news and what is, line by line.

use super::{diff, model, new, news, same};
use crate::{Model, Severity};

#[test]
fn numbers_times_durations_and_sizes_are_no_news() {
    same("2024-05-01T10:00:00.123Z INFO took 12ms", "2025-12-31T23:59:59.001Z INFO took 3450ms");
    same("INFO job 17 done in 3.5 s", "INFO job 4 done in 120 ms");
    same("INFO wrote 12 KB in 3 files", "INFO wrote 1.5 GB in 1 file");
    same("INFO sent 451 bytes, lifetime <1 sec", "INFO sent 1846 bytes (1.8 KB), lifetime 00:01");
    same("INFO offset -1", "INFO offset 15");
    same("INFO at 3:15 PM UTC on Mon May 6", "INFO at 11:02 AM CEST on Tuesday Jun 17");
    same("INFO used 45% of 12.5GiB", "INFO used 5% of 900MiB");
    same("WARN slow query (1250 ms)", "WARN slow query (13 ms)");
}

#[test]
fn ids_hashes_and_addresses_are_no_news() {
    same(
        "INFO id f47ac10b-58cc-4372-a567-0e02b2c3d479 ok",
        "INFO id deadbeef-dead-beef-dead-beefdeadbee1 ok",
    );
    same("INFO commit 3f9a2c1 built", "INFO commit deadbe9 built");
    same("INFO object 0x7ffe12ab freed", "INFO object 0x0 freed");
    same("INFO from 10.0.0.1:8080 to 192.168.7.1", "INFO from 1.2.3.4:1 to 8.8.8.8");
    same("INFO peer fe80::1ff:fe23:4567:890a", "INFO peer 2001:db8::8a2e:370:7334");
    same("INFO nic aa:bb:cc:dd:ee:f0 up", "INFO nic 00:11:22:33:44:55 up");
    same(
        "INFO digest sha256:9f86d081884c7d659a2feaa0c55ad015 ok",
        "INFO digest sha256:0b1c2d3e4f5061728394a5b6c7d8e9f0 ok",
    );
    same("INFO pod web-7d4b9c6f5-xkqzl ready", "INFO pod web-5c689d88bb-qwrtz ready");
    same(
        "INFO task worker-12 of node kafka-1.example.org:9092",
        "INFO task worker-7 of node kafka-22.example.org:9092",
    );
    same("INFO token dGhpcyBpcyBhIHRlc3Q= accepted", "INFO token aGVsbG8gd29ybGQ5YWJj== accepted");
    same(
        "INFO jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3 ok",
        "INFO jwt eyJ0eXAiOiJKV1QifQ9.eyJ1c2VyIjoiYWxpY2UifQ3.c2lnbmF0dXJl12 ok",
    );
}

#[test]
fn paths_quotes_and_values_are_no_news() {
    same("INFO open /var/lib/x.db", "INFO open /tmp/other/y.db");
    same("INFO GET https://a.example/x done", "INFO GET http://b.example/y/z?q=1&r=a,b done");
    same(r"INFO load C:\Program\a.dll", r"INFO load D:\x\y\z.dll");
    same("INFO read config/app.yaml", "INFO read conf/other.yml");
    same("WARN user \"alice\" is slow", "WARN user \"bob smith\" is slow");
    same("WARN table 'orders' is large", "WARN table 'customers' is large");
    same("INFO login user=alice took=3", "INFO login user=bob took=17");
    same("INFO ids [1, 2, 3]", "INFO ids [4, 5]");
    same("INFO tags [a, b]", "INFO tags []");
    same("INFO got {\"a\":1,\"b\":\"x\"}", "INFO got {\"a\":27,\"b\":\"yy\",\"c\":[]}");
    same("INFO mail to alice@example.org sent", "INFO mail to bob.smith@mail.example sent");
    same("INFO connected to db.prod.example.com", "INFO connected to cache.test.example.net");
}

#[test]
fn names_in_known_places_are_no_news() {
    same(
        "Jun 14 15:16:01 combo sshd[19939]: Failed password for invalid user admin from 1.2.3.4 port 22 ssh2",
        "Jul  2 01:02:03 other sshd[7]: Failed password for invalid user guest from 9.8.7.6 port 40022 ssh2",
    );
    same("INFO session opened for user alice by (uid=0)", "INFO session opened for user bob by (uid=1000)");
    same(
        "sshd[1]: Accepted password for alice from 10.0.0.1 port 2",
        "sshd[2]: Accepted password for bob from 10.0.0.2 port 3",
    );
    let before = "INFO user alice joined\nINFO user bob joined\nERROR refused\n";
    assert_eq!(new(before, "INFO user mallory joined\n"), [""; 0]);
    assert_eq!(new(before, "INFO user mallory left\n").len(), 1);
    assert_eq!(new(before, "ERROR user mallory joined\n").len(), 1);
}

#[test]
fn versions_and_places_in_sources_are_no_news() {
    same("INFO starting app 1.2.3", "INFO starting app 2.0.0-rc1");
    same("INFO starting app v1.2.3-SNAPSHOT", "INFO starting app v1.3.0");
    same("INFO nginx/1.18.0 (Ubuntu)", "INFO nginx/1.25.3 (Ubuntu)");
    same("I0102 15:04:05.678901 7 server.go:12] sync", "I0203 05:04:05.678901 9 server.go:130] sync");
    same("WARN deprecated at Foo.java:12", "WARN deprecated at Foo.java:1200");
    same("[app.py:88] INFO ready", "[app.py:91] INFO ready");
    same("2024-05-01 10:00:00 INFO main.rs:17 ready", "2024-05-01 10:00:01 INFO main.rs:21 ready");
}

#[test]
fn a_new_message_is_news() {
    news("INFO request 1 done", "ERROR pool 7 exhausted");
    news("ERROR cache miss 3", "ERROR cache full 3");
    news("ERROR disk full", "ERROR disk burning");
    news("INFO session opened for user alice", "INFO session closed for user alice");
    news("WARN retry 3 of 5", "WARN gave up after 5");
    news("INFO user created", "INFO user deleted");
}

#[test]
fn a_new_exception_type_is_news() {
    news("ERROR java.lang.IllegalStateException: closed", "ERROR java.lang.NullPointerException: closed");
    news("ERROR failed: TimeoutError", "ERROR failed: ConnectionError");
    news("ERROR caught H2Exception in 3", "ERROR caught S3Exception in 3");
    news("ERROR raised app.errors.QuotaError", "ERROR raised app.errors.TenantError");
}

#[test]
fn a_new_error_code_is_news() {
    let access =
        |status: u16| format!("1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET /a/7 HTTP/1.1\" {status} 2326");
    news(&access(200), &access(500));
    news(&access(500), &access(503));
    same(&access(200), &access(200).replace("2326", "17").replace("/a/7", "/b?c=1"));
    for (a, b) in [
        ("ERROR upstream status 502", "ERROR upstream status 504"),
        ("INFO done status=200 took=3", "INFO done status=500 took=3"),
        ("ERROR failed code=41", "ERROR failed code=42"),
        ("ERROR failed: E1234", "ERROR failed: E1235"),
        ("ERROR ORA-00942: no table", "ERROR ORA-01017: no table"),
        ("ERROR query failed [SQLSTATE 23505]", "ERROR query failed [SQLSTATE 40001]"),
        ("ERROR process ended, exit code 1", "ERROR process ended, exit code 137"),
        ("ERROR child killed by signal 9", "ERROR child killed by signal 11"),
        ("ERROR write failed: errno 28", "ERROR write failed: errno 5"),
        ("ERROR connect ECONNREFUSED 10.0.0.1:80", "ERROR connect ETIMEDOUT 10.0.0.1:80"),
        ("ERROR open failed (HRESULT = 0x80070005)", "ERROR open failed (HRESULT = 0x80070002)"),
        ("ERROR grpc error: code = Unavailable desc = x", "ERROR grpc error: code = Internal desc = x"),
        ("ERROR mysql error 1045", "ERROR mysql error 1213"),
    ] {
        news(a, b);
    }
}

#[test]
fn a_level_that_gets_worse_is_news_and_one_that_gets_better_is_not() {
    news("INFO cache rebuilt 3", "ERROR cache rebuilt 3");
    news("WARN cache rebuilt 3", "ERROR cache rebuilt 3");
    assert_eq!(new("ERROR cache rebuilt 3", "INFO cache rebuilt 3"), [""; 0]);
    same("INFO cache rebuilt 3", "DEBUG cache rebuilt 3");
    news("I0102 15:04:05.678901 7 a.go:12] sync", "E0203 05:04:05.678901 9 a.go:13] sync");
    same("[warn] slow 3", "[WARNING] slow 4");
}

#[test]
fn reasons_in_quotes_are_read_and_names_are_not() {
    news("level=error msg=\"no route\"", "level=error msg=\"timed out\"");
    news("ERROR call error=\"no route\"", "ERROR call error=\"timed out\"");
    news(
        "ERROR upload failed: \"connection refused by peer\"",
        "ERROR upload failed: \"certificate expired long ago\"",
    );
    same("ERROR no such topic \"orders\"", "ERROR no such topic \"returns.v2\"");
}

#[test]
fn a_word_varies_where_the_baseline_shows_it() {
    let lines = |names: &[&str]| {
        names.iter().map(|n| format!("INFO loaded plugin {n} fine\n")).collect::<Vec<_>>().concat()
    };
    let before = lines(&["alpha", "beta", "gamma", "delta"]);
    assert_eq!(new(&before, &lines(&["omega"])), [""; 0]);
    assert_eq!(new(&lines(&["alpha"]), &lines(&["omega"])).len(), 1, "one example shows nothing");
    let often = lines(&["on", "off", "idle"]).repeat(100);
    assert_eq!(new(&often, &lines(&["burning"])).len(), 1, "three words that always repeat are no names");
    let errors = "ERROR disk full\nERROR disk slow\nERROR disk gone\n";
    assert_eq!(new(errors, "ERROR disk burning\n").len(), 1, "one word can be all that is new of an error");
}

#[test]
fn a_column_that_does_not_depend_on_the_message_varies() {
    let line = |program: &str, message: &str| format!("2024-05-01 10:00:00 {program} - {message}\n");
    let mut before = String::new();
    for message in ["opened a door", "closed a door", "saw nothing here", "went home early"] {
        for program in ["anna", "bert", "carl", "dora"] {
            before += &line(program, message);
        }
    }
    assert_eq!(new(&before, &line("emil", "saw nothing here")), [""; 0]);
    assert_eq!(new(&before, &line("emil", "broke the door")).len(), 1);
}

#[test]
fn numbers_that_never_repeat_are_no_codes() {
    let line = |code: u32| format!("ERROR transfer failed, error {code}\n");
    let before: String = line(17).repeat(20);
    assert_eq!(new(&before, &(line(17) + &line(18))).len(), 1, "one new code is news");
    let after = (0..40).map(|i| line(1_000 + i * 37)).collect::<Vec<_>>().concat();
    assert_eq!(new(&before, &after), [""; 0], "ever other numbers are ids");
}

#[test]
fn an_error_is_found_with_its_line_and_times() {
    let before = "2024-05-01 10:00:00 INFO request 1 done\n2024-05-01 10:00:01 ERROR cache miss 3\n";
    let after = "2024-05-02 10:00:00 INFO request 99 done\n2024-05-02 10:00:01 ERROR pool 7 exhausted\n\
                 2024-05-02 10:00:02 INFO request 4 done\n2024-05-02 10:01:01 ERROR pool 8 exhausted";
    let diff = diff(&model(before), after, true);
    assert_eq!((diff.lines, diff.events, diff.new.len(), diff.new_lines.as_slice()), (4, 4, 1, &[2, 4][..]));
    let template = &diff.new[0];
    assert_eq!(template.text, "<*> ERROR pool <*> exhausted");
    assert_eq!(template.parts.iter().filter(|part| part.variable).count(), 2);
    assert_eq!(template.parts.iter().map(|part| part.text.as_str()).collect::<String>(), template.text);
    assert_eq!((template.count, template.first_line, template.last_line), (2, 2, 4));
    assert_eq!(
        (template.severity, template.example.as_str()),
        (Severity::Error, "2024-05-02 10:00:01 ERROR pool 7 exhausted")
    );
    assert_eq!(
        (template.first_time, template.last_time),
        (Some(1_714_644_001_000_000), Some(1_714_644_061_000_000))
    );
    let axis = diff.axis.unwrap();
    assert!(axis.time && axis.steps <= 60 && template.over_time.len() == axis.steps);
    assert_eq!(template.over_time.iter().sum::<u64>(), 2);
    assert_eq!((template.over_time[0] + template.over_time[1], *template.over_time.last().unwrap()), (1, 1));
    assert_eq!(diff.gone.len(), 1);
    assert_eq!((diff.gone[0].text.as_str(), diff.gone[0].baseline_count), ("<*> ERROR cache miss <*>", 1));
    assert!(!diff.baseline_empty && super::diff(&Model::new(), "x", false).baseline_empty);
}

#[test]
fn new_templates_that_differ_in_a_name_are_one() {
    let after = ["ann", "ben", "cid", "dan"]
        .iter()
        .map(|n| format!("WARN lost contact with sister {n}\n"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(new("INFO fine\n", &after), ["WARN lost contact with sister <*>"]);
}
