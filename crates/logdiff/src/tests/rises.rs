//! What has risen and what has gone.

use super::{diff, model};
use crate::{Comparison, Model, Options};

fn log(day: u32, served: u32, retries: u32) -> String {
    let mut lines = Vec::new();
    for i in 0..served {
        lines.push(format!("2024-05-{day:02}T10:{:02}:{:02}Z INFO served {i}", i / 60 % 60, i % 60));
    }
    for i in 0..retries {
        lines.push(format!("2024-05-{day:02}T10:{:02}:{:02}Z WARN retry {i}", i * 7 % 60, i % 60));
    }
    lines.sort();
    lines.join("\n") + "\n"
}

#[test]
fn a_rise_is_told_with_its_numbers() {
    let before = model(&log(1, 2_000, 20));
    let found = diff(&before, &log(2, 2_000, 100), false);
    assert_eq!((found.new.len(), found.risen.len()), (0, 1), "{:?}", found.risen);
    let risen = &found.risen[0];
    assert_eq!(
        (risen.template.text.as_str(), risen.template.count, risen.baseline_count),
        ("<*> WARN retry <*>", 100, 20)
    );
    assert!(
        (risen.share - 100.0 / 2_100.0).abs() < 1e-9 && (risen.baseline_share - 20.0 / 2_020.0).abs() < 1e-6
    );
    assert!((4.0..5.2).contains(&risen.ratio) && risen.p_value < 1e-9 && risen.p_adjusted >= risen.p_value);
    assert!(risen.rate.unwrap() > 4.0 * risen.baseline_rate.unwrap());
    assert_eq!(risen.template.over_time.iter().sum::<u64>(), 100);
}

#[test]
fn a_longer_log_and_chance_are_no_rise() {
    let before = model(&log(1, 2_000, 20));
    assert_eq!(diff(&before, &log(2, 4_000, 40), false).risen, []);
    assert_eq!(diff(&before, &log(2, 2_000, 31), false).risen, []);
    assert_eq!(diff(&before, &log(2, 200, 5), false).risen, []);
    let whole = log(1, 2_000, 20);
    assert_eq!(diff(&before, &(whole.clone() + &whole), false).risen, []);
}

#[test]
fn the_worst_of_several_baselines_is_the_bar() {
    let mut calm = Model::new();
    for (day, retries) in [(1, 20), (2, 90)] {
        calm.learn(log(day, 2_000, retries).as_bytes());
        calm.finish();
    }
    assert_eq!(calm.logs(), 2);
    assert_eq!(diff(&calm, &log(3, 2_000, 100), false).risen, [], "a day like that was there before");
    assert_eq!(diff(&calm, &log(3, 2_000, 400), false).risen.len(), 1);
}

#[test]
fn what_is_gone_is_told_with_its_chance() {
    let before = model(&log(1, 2_000, 20));
    let found = diff(&before, &log(2, 2_000, 0), false);
    assert_eq!(found.gone.len(), 1);
    let gone = &found.gone[0];
    assert_eq!((gone.text.as_str(), gone.baseline_count), ("<*> WARN retry <*>", 20));
    assert!((gone.expected - 20.0 * 2_000.0 / 2_020.0).abs() < 1e-9 && gone.p_value < 1e-5);
    assert_eq!(diff(&before, &log(2, 2_000, 0), true).gone, [], "warnings are no errors");
}

#[test]
fn counts_over_time_follow_the_log() {
    let mut lines: Vec<String> =
        (0..3_600).map(|s| format!("2024-05-01T10:{:02}:{:02}Z INFO tick {s}", s / 60, s % 60)).collect();
    for minute in 30..40 {
        lines.push(format!("2024-05-01T10:{minute:02}:30Z ERROR boom {minute}"));
    }
    lines.sort();
    let found = diff(&model("INFO x\n"), &lines.join("\n"), true);
    let axis = found.axis.unwrap();
    assert!(axis.time && (30..=60).contains(&axis.steps));
    let counts = &found.new[0].over_time;
    assert_eq!(counts.iter().sum::<u64>(), 10);
    let first = counts.iter().position(|n| *n > 0).unwrap();
    let at = axis.start + axis.step * i64::try_from(first).unwrap();
    assert!((at - found.new[0].first_time.unwrap()).abs() <= axis.step);
    let lines = (0..500)
        .map(|i| if i % 100 == 99 { "ERROR boom\n".to_owned() } else { format!("INFO tick {i}\n") })
        .collect::<Vec<_>>()
        .concat();
    let found = diff(&model("INFO x\n"), &lines, true);
    assert!(!found.axis.unwrap().time && found.axis.unwrap().steps <= 60);
    assert_eq!(found.new[0].over_time.iter().sum::<u64>(), 5);
}

#[test]
fn findings_come_as_the_log_is_read() {
    let known = model("INFO fine 1\n");
    let mut comparison = Comparison::new(&known, Options { year: 2024, ..Options::default() });
    let mut told = Vec::new();
    let log = "2024-05-01 10:00:00 ERROR a 1\nINFO fine 2\n2024-05-01 10:00:07 ERROR a 2\n";
    comparison.feed_with(log.as_bytes(), |f| {
        told.push((f.line(), f.is_new(), f.is_first(), f.time().is_some(), f.template()));
    });
    comparison.end_log(|f| told.push((f.line(), f.is_new(), f.is_first(), f.time().is_some(), f.template())));
    assert_eq!(told.len(), 3);
    assert_eq!(
        (told[0].0, told[0].1, told[0].2, told[0].3, told[0].4.as_str()),
        (1, true, true, true, "<*> ERROR a <*>")
    );
    assert_eq!((told[1].0, told[1].1), (2, false));
    assert_eq!((told[2].0, told[2].1, told[2].2), (3, true, false));
}
