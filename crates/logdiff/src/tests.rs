use super::*;
use crate::mask::mask;
use proptest::prelude::*;

fn model(log: &str) -> Model {
    let mut model = Model::new();
    model.learn(log.as_bytes());
    model.finish();
    model
}

fn diff(model: &Model, log: &str, only_errors: bool) -> Diff {
    let mut comparison = Comparison::new(model, Options { only_errors, ..Options::default() });
    comparison.feed(log.as_bytes());
    comparison.finish()
}

fn new(before: &str, after: &str) -> Vec<String> {
    diff(&model(before), after, false).new.into_iter().map(|template| template.text).collect()
}

#[test]
fn what_varies_is_masked_and_what_tells_stays() {
    let same = [
        ("2024-05-01T10:00:00.123Z INFO took 12ms", "2025-12-31T23:59:59.001Z INFO took 3450ms"),
        (
            "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check pass",
            "Jul  2 01:02:03 other sshd(pam_unix)[7]: check pass",
        ),
        ("Sun Dec 04 04:47:44 2005 up", "Mon Jan 05 14:07:04 2015 up"),
        ("from 10.0.0.1:8080 to 192.168.7.1", "from 1.2.3.4:1 to 8.8.8.8"),
        ("id f47ac10b-58cc-4372-a567-0e02b2c3d479 ok", "id deadbeef-dead-beef-dead-beefdeadbeef ok"),
        ("open /var/lib/x.db", "open /tmp/other/y.db"),
        ("GET https://a.example/x", "GET http://b.example/y/z?q=1"),
        ("user \"alice\" in", "user \"bob\" in"),
        ("user=alice took=3", "user=bob took=17"),
        ("ids [1, 2, 3]", "ids [4, 5]"),
        ("mac aa:bb:cc:dd:ee:ff", "mac 00:11:22:33:44:55"),
    ];
    for (a, b) in same {
        assert_eq!(mask(a), mask(b));
    }
    let different = [
        ("status 200", "status 500"),
        ("status=200 took=3", "status=500 took=3"),
        ("x \"GET /a HTTP/1.1\" 200 12", "x \"GET /a HTTP/1.1\" 500 12"),
        ("failed code=41", "failed code=42"),
        ("failed: E1234", "failed: E1235"),
        ("ORA-00942: no table", "ORA-01017: no table"),
        ("exit code 1", "exit code 137"),
        ("level=info msg=\"a b\"", "level=error msg=\"a b\""),
        ("error=\"no route\"", "error=\"timed out\""),
    ];
    for (a, b) in different {
        assert_ne!(mask(a), mask(b));
    }
}

#[test]
fn a_new_error_is_found_with_its_line() {
    let before = "INFO started 1\nINFO request 1 done\nERROR cache miss 3\n";
    let diff = diff(
        &model(before),
        "INFO request 99 done\nERROR pool 7 exhausted\nINFO request 4 done\nERROR pool 8 exhausted",
        true,
    );
    assert_eq!((diff.lines, diff.new.len(), diff.new_lines), (4, 1, vec![2, 4]));
    let template = &diff.new[0];
    assert_eq!(template.text, "ERROR pool <*> exhausted");
    assert_eq!((template.count, template.first_line, template.last_line), (2, 2, 4));
    assert_eq!((template.severity, template.example.as_str()), (Severity::Error, "ERROR pool 7 exhausted"));
    assert_eq!(diff.gone.len(), 1);
    assert_eq!((diff.gone[0].text.as_str(), diff.gone[0].baseline_count), ("ERROR cache miss <*>", 1));
    assert!(!diff.baseline_empty && super::tests::diff(&Model::new(), "x", false).baseline_empty);
}

#[test]
fn a_status_of_500_in_an_access_log_is_new() {
    let line = |status: u16| {
        format!("1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET /a/7 HTTP/1.0\" {status} 2326\n")
    };
    let diff = diff(&model(&line(200)), &(line(200) + &line(500)), true);
    assert_eq!((diff.new.len(), diff.new_lines), (1, vec![2]));
}

#[test]
fn levels_are_told_apart_even_where_only_a_letter_says_so() {
    let before = "I0102 15:04:05.678901 7 a.go:12] sync\n";
    assert_eq!(new(before, "I0203 05:04:05.678901 9 a.go:13] sync\n"), [""; 0]);
    assert_eq!(new(before, "E0203 05:04:05.678901 9 a.go:13] sync\n").len(), 1);
}

#[test]
fn json_lines_are_their_message() {
    let line = |level: &str, msg: &str, n: u32| {
        format!("{{\"ts\":{n},\"level\":\"{level}\",\"msg\":\"{msg}\",\"trace\":\"{n}a\"}}\n")
    };
    let before = line("info", "ready", 1) + &line("info", "served 12", 2);
    assert_eq!(new(&before, &line("info", "served 7", 9)), [""; 0]);
    let diff = diff(&model(&before), &line("error", "lost \\u001b[31mdisk\\u0007", 9), true);
    assert_eq!(diff.new[0].text, "ERROR lost disk\u{fffd}");
}

const JAVA: &str = "2024-05-01 10:00:00 ERROR [http-1] Api - request 17 failed\n\
java.lang.IllegalStateException: order 4711 is closed\n\
\tat com.shop.Orders.close(Orders.java:88)\n\
\tat com.shop.Api.post(Api.java:12)\n\
Caused by: java.sql.SQLException: timeout after 30 s\n\
\tat com.shop.Db.run(Db.java:5)\n\
\t... 12 more\n";

#[test]
fn a_trace_is_one_event_of_types_and_functions() {
    let moved = JAVA
        .replace(":88", ":91")
        .replace("4711", "9")
        .replace("timeout after 30 s", "gone")
        .replace("12 more", "9 more");
    assert_eq!(new(JAVA, &moved), [""; 0]);
    let other = new(JAVA, &JAVA.replace("SQLException", "SQLTimeoutException"));
    assert_eq!(other.len(), 1);
    assert!(other[0].contains("caused by java.sql.SQLTimeoutException | at com.shop.Db.run"), "{other:?}");
    assert_eq!(model(JAVA).events(), 1);
    assert_eq!(new(JAVA, &JAVA.replace("Api.post", "Api.put")).len(), 1);
}

#[test]
fn python_go_rust_and_javascript_traces_fold() {
    let python = "ERROR job 3 failed\nTraceback (most recent call last):\n  File \"/srv/a.py\", line 3, in run\n    go(1)\nValueError: bad 17\nINFO next\n";
    let go = "panic: boom\n\ngoroutine 1 [running]:\nmain.run(0xc000)\n\t/src/a.go:12 +0x1d\nmain.main()\n\t/src/a.go:3 +0x2\n";
    let rust = "thread 'main' panicked at src/main.rs:5:9:\nindex out of bounds: 7\nstack backtrace:\n   0: std::panicking::begin_panic\n             at /rustc/x.rs:1:2\n   1: app::main\n";
    let javascript =
        "TypeError: x is undefined\n    at load (/srv/a.js:1:2)\n    at async main (file:///b.js:3:4)\n";
    for (log, events, frame) in [
        (python, 2, "at run | ValueError"),
        (go, 1, "at main.run | at main.main"),
        (rust, 1, "at app::main"),
        (javascript, 1, "at load | at main"),
    ] {
        let learnt = model(log);
        assert_eq!(learnt.events(), events, "{log}");
        let found = diff(&Model::new(), log, false);
        assert!(found.new.iter().any(|template| template.text.contains(frame)), "{:?}", found.new);
        assert!(learnt.knows(log));
    }
}

#[test]
fn words_vary_only_where_the_baseline_shows_it() {
    let before = "INFO user alice joined\nINFO user bob joined\nINFO user carol joined\nERROR refused\n";
    assert_eq!(new(before, "INFO user mallory joined\n"), [""; 0]);
    assert_eq!(new(before, "INFO user mallory left\n").len(), 1);
    assert_eq!(new(before, "ERROR user mallory joined\n").len(), 1);
    let errors = "ERROR disk full\nERROR disk slow\nERROR disk gone\n";
    assert_eq!(new(errors, "ERROR disk burning\n").len(), 1, "one word can be all that is new");
}

#[test]
fn a_rise_is_reported_and_a_longer_log_is_not() {
    let ok = "INFO served 1\n".repeat(2_000);
    let before = ok.clone() + &"WARN retry 1\n".repeat(20);
    let same = diff(&model(&before), &(before.clone() + &before), false);
    assert_eq!(same.risen, []);
    let more = diff(&model(&before), &(ok + &"WARN retry 9\n".repeat(100)), false);
    assert_eq!(more.risen.len(), 1);
    assert_eq!((more.risen[0].template.text.as_str(), more.risen[0].template.count), ("WARN retry <*>", 100));
}

#[test]
fn no_escape_survives_and_long_lines_are_cut() {
    let log = "\u{1b}[31mERROR\u{1b}[0m \u{1b}]0;title\u{7}bad\u{8} \u{9b}2J\u{202e}evil\r\n".to_owned()
        + &"x ".repeat(100_000)
        + "\n";
    let diff = diff(&Model::new(), &log, false);
    for template in &diff.new {
        assert!(!template.text.chars().chain(template.example.chars()).any(char::is_control), "{template:?}");
        assert!(template.example.len() < 3_000);
    }
    assert_eq!((diff.lines, diff.truncated), (2, 1));
    assert_eq!(diff.new[0].text, "ERROR bad\u{fffd} evil");
}

#[test]
fn a_model_travels() {
    let learnt = model(JAVA);
    let back = Model::from_bytes(&learnt.to_bytes()).unwrap();
    assert!(back.knows(JAVA) && !back.knows("ERROR else") && !back.knows(""));
    assert_eq!((back.templates(), back.events()), (learnt.templates(), learnt.events()));
    assert_eq!(Model::from_bytes(b"nonsense").unwrap_err(), ModelError::NotAModel);
    let mut old = learnt.to_bytes();
    old[8] = 1;
    assert_eq!(Model::from_bytes(&old).unwrap_err(), ModelError::Version { found: 1, expected: 2 });
}

/// Lines of the kinds that logs have, and others.
fn log() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "(INFO|WARN|ERROR|E0102|I0102) [a-c]{1,3} [0-9]{1,3} (x|y|z|code=[0-9])",
        "\tat [a-b]\\.[c-d]\\([0-9]\\)",
        "(Caused by: )?a\\.(Foo|Bar)Exception: [a-z]{3}",
        "  File \"x\", line [0-9], in [a-c]",
        Just("Traceback (most recent call last):".to_owned()),
        Just("panic: x".to_owned()),
        Just("thread 'm' panicked at a.rs:1:2:".to_owned()),
        "\\{\"level\":\"(info|error)\",\"msg\":\"[a-c ]{1,4}\"\\}",
        "\\PC{0,30}",
        Just(String::new()),
    ];
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn chunks_do_not_matter(before in log(), after in log(), cut in 1_usize..17) {
        let whole = model(&before);
        let mut pieces = Model::new();
        before.as_bytes().chunks(cut).for_each(|piece| pieces.learn(piece));
        pieces.finish();
        prop_assert_eq!(whole.to_bytes(), pieces.to_bytes());
        let mut comparison = Comparison::new(&pieces, Options::default());
        after.as_bytes().chunks(cut).for_each(|piece| comparison.feed(piece));
        prop_assert_eq!(comparison.finish(), diff(&whole, &after, false));
    }

    #[test]
    fn merging_equals_building_one(a in log(), b in log()) {
        let mut merged = model(&a);
        merged.merge(&model(&b));
        let mut one = model(&a);
        one.learn(b.as_bytes());
        one.finish();
        prop_assert_eq!(merged.to_bytes(), one.to_bytes());
        prop_assert_eq!(diff(&merged, &b, false), diff(&one, &b, false));
    }

    #[test]
    fn a_baseline_has_nothing_new(a in log()) {
        let found = diff(&model(&a), &a, false);
        prop_assert_eq!((found.new, found.gone, found.risen), (vec![], vec![], vec![]));
    }

    #[test]
    fn any_bytes_will_do(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut comparison_of = Model::new();
        comparison_of.learn(&bytes);
        let mut comparison = Comparison::new(&comparison_of, Options::default());
        comparison.feed(&bytes);
        prop_assert!(comparison.finish().new.is_empty());
    }
}
