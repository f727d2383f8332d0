//! Formats are found out: the same events in every usual one.

use super::{diff, diff_bytes, model, new, news, same};
use crate::{Comparison, Model, Options, Severity};

/// Level, message, number: the same event as each format writes it.
type Format = fn(&str, &str, u32) -> String;

fn formats() -> Vec<(&'static str, Format)> {
    fn short(level: &str) -> &str {
        match level {
            "ERROR" => "E",
            "WARN" => "W",
            _ => "I",
        }
    }
    fn number(level: &str) -> u32 {
        match level {
            "ERROR" => 50,
            "WARN" => 40,
            _ => 30,
        }
    }
    fn syslog(level: &str) -> u32 {
        match level {
            "ERROR" => 3,
            "WARN" => 4,
            _ => 6,
        }
    }
    let formats: Vec<(&'static str, Format)> = vec![
        ("plain", |l, m, n| format!("{l} {m} {n}")),
        ("rfc3164", |l, m, n| {
            format!("<{}>Jun 14 15:16:0{} host{n} app[{n}]: {m} {n}", 8 + syslog(l), n % 10)
        }),
        ("rfc5424", |l, m, n| {
            format!(
                "<{}>1 2024-05-01T10:00:0{}.003Z host{n}.example.com app {n} ID47 - {m} {n}",
                8 + syslog(l),
                n % 10
            )
        }),
        ("journalctl", |l, m, n| format!("2024-05-01T10:00:0{}+0200 web{n} app[{n}]: {l} {m} {n}", n % 10)),
        ("log4j", |l, m, n| {
            format!("2024-05-01 10:00:0{},123 {l} [http-nio-8080-exec-{n}] com.shop.Api - {m} {n}", n % 10)
        }),
        ("spring", |l, m, n| {
            format!(
                "2024-05-01T10:00:0{}.1Z {l} {n} --- [nio-8080-exec-{n}] o.s.b.Api                  : {m} {n}",
                n % 10
            )
        }),
        ("klog", |l, m, n| format!("{}0501 10:00:0{}.678901 {n} api.go:{n}] {m} {n}", short(l), n % 10)),
        ("python", |l, m, n| format!("2024-05-01 10:00:0{},123 - shop.api - {l} - {m} {n}", n % 10)),
        ("python basic", |l, m, n| format!("{l}:shop.api:{m} {n}")),
        ("tracing", |l, m, n| {
            format!("2024-05-01T10:00:0{}.123456Z {l:>5} shop::api: {m} {n} id={n}", n % 10)
        }),
        ("tracing with colours", |l, m, n| {
            format!(
                "\x1b[2m2024-05-01T10:00:0{}.1Z\x1b[0m \x1b[31m{l:>5}\x1b[0m \x1b[2mshop::api\x1b[0m\x1b[2m:\x1b[0m {m} {n}",
                n % 10
            )
        }),
        ("go log", |l, m, n| format!("2024/05/01 10:00:0{} {l} {m} {n}", n % 10)),
        ("slog text", |l, m, n| {
            format!("time=2024-05-01T10:00:0{}.1Z level={l} msg=\"{m} {n}\" id={n}", n % 10)
        }),
        ("logfmt", |l, m, n| {
            format!("ts=2024-05-01T10:00:0{}Z lvl={} msg=\"{m} {n}\" took={n}ms", n % 10, l.to_lowercase())
        }),
        ("zap", |l, m, n| {
            format!(
                "2024-05-01T10:00:0{}.1Z\t{}\tapi/api.go:{n}\t{m} {n}\t{{\"id\": {n}}}",
                n % 10,
                l.to_lowercase()
            )
        }),
        ("android", |l, m, n| {
            format!("05-01 10:00:0{}.123  {n}  {n} {} Shop    : {m} {n}", n % 10, short(l))
        }),
        ("cri", |l, m, n| format!("2024-05-01T10:00:0{}.123456789Z stdout F {l} {m} {n}", n % 10)),
        ("docker", |l, m, n| {
            format!(
                "{{\"log\":\"{l} {m} {n}\\n\",\"stream\":\"stdout\",\"time\":\"2024-05-01T10:00:0{}.1Z\"}}",
                n % 10
            )
        }),
        ("compose", |l, m, n| format!("api-{n}  | {l} {m} {n}")),
        ("kubectl --prefix", |l, m, n| format!("[pod/api-7d4b9c6f5-xkq{n}l/api] {l} {m} {n}")),
        ("pino", |l, m, n| {
            format!(
                "{{\"level\":{},\"time\":171455760000{},\"pid\":{n},\"hostname\":\"h{n}\",\"msg\":\"{m} {n}\"}}",
                number(l),
                n % 10
            )
        }),
        ("bunyan", |l, m, n| {
            format!(
                "{{\"name\":\"shop\",\"hostname\":\"h{n}\",\"pid\":{n},\"level\":{},\"msg\":\"{m} {n}\",\"time\":\"2024-05-01T10:00:0{}Z\",\"v\":0}}",
                number(l),
                n % 10
            )
        }),
        ("zap json", |l, m, n| {
            format!(
                "{{\"level\":\"{}\",\"ts\":1714557600.{n},\"caller\":\"a.go:{n}\",\"msg\":\"{m} {n}\"}}",
                l.to_lowercase()
            )
        }),
        ("logrus", |l, m, n| {
            format!(
                "{{\"id\":{n},\"level\":\"{}\",\"msg\":\"{m} {n}\",\"time\":\"2024-05-01T10:00:0{}Z\"}}",
                l.to_lowercase(),
                n % 10
            )
        }),
        ("ecs", |l, m, n| {
            format!(
                "{{\"@timestamp\":\"2024-05-01T10:00:0{}Z\",\"log.level\":\"{l}\",\"message\":\"{m} {n}\",\"process.pid\":{n}}}",
                n % 10
            )
        }),
        ("ecs nested", |l, m, n| {
            format!(
                "{{\"@timestamp\":\"2024-05-01T10:00:0{}Z\",\"log\":{{\"level\":\"{l}\",\"logger\":\"a\"}},\"message\":\"{m} {n}\"}}",
                n % 10
            )
        }),
        ("gelf", |l, m, n| {
            format!(
                "{{\"version\":\"1.1\",\"host\":\"h{n}\",\"short_message\":\"{m} {n}\",\"timestamp\":1714557600.{n},\"level\":{},\"_id\":{n}}}",
                syslog(l)
            )
        }),
        ("serilog", |l, m, n| {
            let level = if l == "WARN" {
                "Warning"
            } else if l == "ERROR" {
                "Error"
            } else {
                "Information"
            };
            format!(
                "{{\"Timestamp\":\"2024-05-01T10:00:0{}Z\",\"Level\":\"{level}\",\"MessageTemplate\":\"{m} {{Id}}\",\"Properties\":{{\"Id\":{n}}}}}",
                n % 10
            )
        }),
        ("structlog", |l, m, n| {
            format!(
                "{{\"event\":\"{m} {n}\",\"level\":\"{}\",\"timestamp\":\"2024-05-01T10:00:0{}Z\",\"user\":{n}}}",
                l.to_lowercase(),
                n % 10
            )
        }),
        ("journal json", |l, m, n| {
            format!(
                "{{\"MESSAGE\":\"{m} {n}\",\"PRIORITY\":\"{}\",\"_PID\":\"{n}\",\"__REALTIME_TIMESTAMP\":\"171455760000{}000\"}}",
                syslog(l),
                n % 10
            )
        }),
        ("gcp", |l, m, n| {
            format!(
                "{{\"severity\":\"{l}\",\"jsonPayload\":{{\"message\":\"{m} {n}\"}},\"insertId\":\"a{n}b\",\"timestamp\":\"2024-05-01T10:00:0{}Z\"}}",
                n % 10
            )
        }),
        ("tracing json", |l, m, n| {
            format!(
                "{{\"timestamp\":\"2024-05-01T10:00:0{}Z\",\"level\":\"{l}\",\"fields\":{{\"message\":\"{m} {n}\",\"id\":{n}}},\"target\":\"shop::api\"}}",
                n % 10
            )
        }),
        ("found by shape", |l, m, n| {
            format!(
                "{{\"when\":\"2024-05-01T10:00:0{}Z\",\"sort\":\"{l}\",\"what\":\"{m} {n}\",\"n\":{n}}}",
                n % 10
            )
        }),
        ("nginx error", |l, m, n| {
            format!(
                "2024/05/01 10:00:0{} [{}] 17#{n}: *{n} {m} {n}, client: 10.0.0.{n}, server: _",
                n % 10,
                l.to_lowercase()
            )
        }),
        ("apache error", |l, m, n| {
            format!(
                "[Wed May 01 10:00:0{}.123456 2024] [core:{}] [pid {n}] [client 10.0.0.{n}:{n}] {m} {n}",
                n % 10,
                l.to_lowercase()
            )
        }),
        ("serilog text", |l, m, n| {
            format!(
                "[10:00:0{} {}] {m} {n}",
                n % 10,
                if l == "ERROR" {
                    "ERR"
                } else if l == "WARN" {
                    "WRN"
                } else {
                    "INF"
                }
            )
        }),
        ("nlog", |l, m, n| format!("2024-05-01 10:00:0{}.1234|{l}|Shop.Api|{m} {n}", n % 10)),
        ("elixir", |l, m, n| {
            format!("10:00:0{}.123 request_id=F{n}x [{}] {m} {n}", n % 10, l.to_lowercase())
        }),
        ("crlf", |l, m, n| format!("2024-05-01 10:00:0{} {l} {m} {n}\r", n % 10)),
    ];
    formats
}

#[test]
fn every_format_has_its_message_and_level_found() {
    for (name, line) in formats() {
        let before = format!(
            "{}\n{}\n{}\n",
            line("INFO", "order of the day", 17),
            line("WARN", "stock is low", 4),
            line("INFO", "all is well", 5)
        );
        let learnt = model(&before);
        let other =
            format!("{}\n{}\n", line("INFO", "order of the day", 3), line("WARN", "stock is low", 88));
        assert_eq!(diff(&learnt, &other, false).new, [], "{name}: numbers are no news");
        let news = format!("{}\n{}\n", line("INFO", "all is well", 8), line("ERROR", "cart went missing", 9));
        let found = diff(&learnt, &news, true);
        assert_eq!(found.new.len(), 1, "{name}: a new error is news: {:?}", diff(&learnt, &news, false).new);
        assert_eq!(
            (found.new[0].severity, found.new_lines.as_slice()),
            (Severity::Error, &[2][..]),
            "{name}"
        );
        assert!(found.new[0].text.contains("cart went missing"), "{name}: {}", found.new[0].text);
        let worse = format!("{}\n", line("ERROR", "order of the day", 3));
        assert_eq!(diff(&learnt, &worse, true).new.len(), 1, "{name}: a level that gets worse is news");
    }
}

#[test]
fn every_format_with_a_date_has_its_time_found() {
    for (name, line) in formats() {
        let dated = !matches!(
            name,
            "plain"
                | "python basic"
                | "compose"
                | "kubectl --prefix"
                | "found by shape"
                | "serilog text"
                | "elixir"
        );
        let found = diff(&Model::new(), &(line("INFO", "x", 7) + "\n"), false);
        assert_eq!(found.new[0].first_time.is_some(), dated, "{name}: {:?}", found.new[0]);
        if dated && name != "rfc3164" {
            let seconds = found.new[0].first_time.unwrap() / 1_000_000;
            assert!((1_714_550_400..1_714_557_700).contains(&seconds), "{name}: {seconds}");
        }
    }
}

#[test]
fn structured_errors_tell_by_their_fields() {
    let line = |kind: &str, code: &str, text: &str| {
        format!(
            "{{\"level\":\"error\",\"msg\":\"call failed\",\"err\":{{\"type\":\"{kind}\",\"code\":\"{code}\",\"message\":\"{text}\"}},\"req\":{{\"id\":7}}}}"
        )
    };
    news(&line("TypeError", "E1", "x"), &line("RangeError", "E1", "x"));
    news(&line("TypeError", "ECONNREFUSED", "x"), &line("TypeError", "ETIMEDOUT", "x"));
    news(&line("TypeError", "E1", "no route to host"), &line("TypeError", "E1", "connection reset"));
    same(
        &line("TypeError", "E1", "no route to 10.0.0.1"),
        &line("TypeError", "E1", "no route to 10.0.0.2").replace("\"id\":7", "\"id\":8,\"ip\":\"x\""),
    );
    let status =
        |n: u16| format!("{{\"level\":\"info\",\"msg\":\"request done\",\"status\":{n},\"took\":{n}}}");
    news(&status(200), &status(500));
    assert_eq!(
        diff(&model(&status(200)), &status(500), true).new.len(),
        1,
        "an answer of 5xx is an error, whatever its level"
    );
    same("{\"event\":\"x\",\"user\":\"a\"}", "{\"event\":\"x\",\"user\":\"b\",\"extra\":true}");
}

#[test]
fn what_json_hides_in_escapes_is_seen_and_does_no_harm() {
    let line = |msg: &str| format!("{{\"level\":\"error\",\"msg\":\"{msg}\"}}");
    let found = diff(&model(&line("ok")), &line("lost \\u001b[31mdisk\\u0007 \\u202e now"), true);
    assert_eq!(found.new[0].text, "ERROR lost disk now");
    news(&line("lost \\u001b[31mdisk\\u001b[0m"), &line("lost \\u001b[31mtape\\u001b[0m"));
    same(&line("caf\\u00e9 3 open"), &line("café 4 open"));
    news(&line("caf\\u00e9 3 open"), &line("caf\\u00e8 4 open"));
}

#[test]
fn utf16_is_read_in_any_pieces() {
    let before = "INFO größe 3 ok\nERROR alt 4\n";
    let learnt = model(before);
    let after = "\u{feff}INFO größe 17 ok\r\nERROR neu 4\r\n";
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = after.encode_utf16().flat_map(order).collect();
        for cut in [1, 3, 64] {
            let mut comparison = Comparison::new(&learnt, Options::default());
            bytes.chunks(cut).for_each(|chunk| comparison.feed(chunk));
            let found = comparison.finish();
            assert_eq!((found.lines, found.new_lines), (2, vec![2]), "in pieces of {cut}");
        }
    }
}

#[test]
fn partial_lines_of_containers_are_one() {
    let cri = "2024-05-01T10:00:00.1Z stdout P ERROR the first half \n2024-05-01T10:00:00.1Z stdout F and the second\n2024-05-01T10:00:00.2Z stdout F INFO next\n";
    assert_eq!(model(cri).events(), 2);
}

#[test]
fn bytes_that_are_no_text() {
    let found = diff_bytes(&model("INFO x\n"), b"\x00\x01\xff\xfe\x80\nERROR \xff\xfe broken\n", false);
    assert_eq!(found.lines, 2);
    assert!(found.new.iter().any(|template| template.severity == Severity::Error));
}

#[test]
fn foreign_words_are_words() {
    same("INFO 用户 123 登录 成功", "INFO 用户 98 登录 成功");
    news("INFO 用户 123 登录 成功", "INFO 用户 123 登录 失败");
    same("ОШИБКА соединение 12 потеряно", "ОШИБКА соединение 7 потеряно");
    assert_eq!(new("ОШИБКА соединение 12 потеряно", "ОШИБКА диск 7 потеряно").len(), 1);
}
