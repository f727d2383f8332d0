//! Made-up answers: an incident's, and a hostile one.

use hotfix_core::logs::{
    LogAxis, LogBaseline, LogCounts, LogDiff, LogGone, LogPart, LogRise, LogSeverity, LogSource, LogTemplate,
    SCHEMA,
};
use jiff::Timestamp;

fn parts(text: &str) -> Vec<LogPart> {
    let mut parts = Vec::new();
    for (i, fixed) in text.split("<*>").enumerate() {
        parts.extend((i > 0).then(|| LogPart { text: "<*>".into(), variable: true }));
        parts.extend((!fixed.is_empty()).then(|| LogPart { text: fixed.into(), variable: false }));
    }
    parts
}

fn template(severity: LogSeverity, text: &str, example: &str, over_time: &[u64]) -> LogTemplate {
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let count = over_time.iter().sum();
    LogTemplate {
        template: text.into(),
        parts: parts(text),
        severity,
        count,
        first_line: 48_211,
        last_line: 1_203_118,
        file: "app.log".into(),
        file_line: 48_211,
        first_time: at("2026-11-22T10:31:07.12Z"),
        last_time: at(if count > 1 { "2026-11-22T11:54:58Z" } else { "2026-11-22T10:31:07.12Z" }),
        example: example.into(),
        over_time: over_time.to_vec(),
    }
}

fn late(steps: usize, from: usize, most: u64) -> Vec<u64> {
    (0..steps as u64)
        .map(|i| if i < from as u64 { 0 } else { 1 + (i * 7919 + 13) % most * (i - from as u64 + 2) / 12 })
        .collect()
}

/// Two hours of a shop after a deploy.
pub fn answer() -> LogDiff {
    let trace = "payment <*> lost: ledger refused | java.lang.IllegalStateException: ledger is closed \
                 | at shop.pay.Ledger.post | at shop.pay.Payments.settle | at shop.http.Checkout.run \
                 | at shop.http.Router.handle | caused by java.net.SocketTimeoutException: connect timed out \
                 | at java.net.Socket.connect | at shop.net.Pool.open";
    let lost = "2026-11-22T10:31:07.121Z ERROR [req-98ab11f0] shop.pay: payment 8812 lost: ledger refused";
    let mut once = vec![0; 60];
    once[20] = 1;
    let rise = |text: &str, example: &str, over: &[u64], before: u64| LogRise {
        template: template(LogSeverity::Error, text, example, over),
        baseline_count: before,
        share: 0.0213,
        baseline_share: 0.0008,
        rate: Some(88.4),
        baseline_rate: Some(4.1),
        ratio: 21.4,
        p_adjusted: 3e-31,
    };
    let gone = |severity, text: &str, count| LogGone {
        template: text.into(),
        parts: parts(text),
        severity,
        baseline_count: count,
        expected: 400.0,
        p_value: 1e-80,
    };
    LogDiff {
        schema: SCHEMA.into(),
        only: "all".into(),
        baseline: LogBaseline {
            logs: vec![LogSource { name: "app.log.2.gz".into(), ..LogSource::default() }],
            models: vec!["normal.model".into()],
            events: 3_911_202,
            templates: 812,
            empty: false,
        },
        candidates: vec![LogSource {
            name: "app.log".into(),
            lines: 1_204_332,
            first_line: 1,
            ..LogSource::default()
        }],
        lines: 1_204_332,
        events: 1_201_001,
        found: LogCounts { new_errors: 2, new: 4, new_lines: 4_000, risen: 1, gone: 14 },
        new: vec![
            template(
                LogSeverity::Fatal,
                "watchdog stopped worker <*>",
                "2026-11-22T10:31:07.121Z FATAL shop.main: watchdog stopped worker 3",
                &once,
            ),
            template(LogSeverity::Error, trace, lost, &late(60, 18, 9)),
            template(
                LogSeverity::Warning,
                "重试 <*> of the 账本 for <*>, 次の試行は <*> 秒後",
                "2026-11-22T10:31:07.121Z WARN shop.ledger: 重试 4 of the 账本 for user460, 次の試行は 3 秒後",
                &late(60, 30, 40),
            ),
            template(LogSeverity::Unknown, "ledger <*>", "ledger opened", &late(60, 0, 3)),
        ],
        risen: vec![rise(
            "db timeout after <*> ms",
            "2026-11-22T10:31:07.121Z ERROR shop.db: db timeout after 3021 ms",
            &late(60, 12, 90),
            310,
        )],
        gone: vec![
            gone(LogSeverity::Warning, "cache of <*> is cold", 12_911),
            gone(LogSeverity::Info, "cache warmed in <*> ms", 301),
        ],
        axis: Some(LogAxis { time: true, start: 1_795_341_600_000_000, step: 120_000_000, steps: 60 }),
        notices: vec![
            "app.log was rotated while it was read: what it held at the beginning was read, and once".into(),
        ],
    }
}

/// What somebody writes into a log who knows that it is shown.
pub fn hostile() -> LogDiff {
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mERROR\r\n\u{9b}1m \u{202e}<*> <script>alert(1)</script> \u{0}\u{8} | at \u{1b}[5mx";
    let mut answer = answer();
    let bad = |t: &mut LogTemplate| {
        (t.template, t.parts, t.example, t.file) =
            (evil.into(), parts(evil), format!("{evil}{}", "x".repeat(5_000)), evil.into());
        (t.count, t.file_line, t.over_time) = (u64::MAX, u64::MAX, vec![u64::MAX; 60]);
    };
    answer.new.iter_mut().for_each(bad);
    answer.risen.iter_mut().for_each(|r| bad(&mut r.template));
    answer.gone.iter_mut().for_each(|g| (g.template, g.parts) = (evil.into(), parts(evil)));
    answer.notices = vec![evil.into()];
    answer.baseline.models = vec![evil.into()];
    (answer.risen[0].ratio, answer.risen[0].p_adjusted) = (f64::INFINITY, f64::NAN);
    answer.axis = Some(LogAxis { time: true, start: i64::MAX, step: i64::MAX, steps: u64::MAX });
    answer
}
