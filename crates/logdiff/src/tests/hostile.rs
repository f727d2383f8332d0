//! Input that means harm.

use super::{diff, diff_bytes, model};
use crate::{Comparison, MOST_TEMPLATES, Model, Options, Severity};

#[test]
fn no_escape_survives_and_long_lines_are_cut() {
    let log = "\u{1b}[31mERROR\u{1b}[0m \u{1b}]0;title\u{7}bad\u{8} \u{9b}2J\u{202e}evil\r\n".to_owned()
        + &"x ".repeat(100_000)
        + "\n";
    let found = diff(&Model::new(), &log, false);
    for template in &found.new {
        assert!(!template.text.chars().chain(template.example.chars()).any(char::is_control), "{template:?}");
        assert!(!template.text.contains('\u{202e}') && !template.example.contains('\u{202e}'));
        assert!(template.example.len() < 3_000 && template.text.len() < 3_000);
    }
    assert_eq!((found.lines, found.truncated), (2, 1));
    assert_eq!((found.new[0].severity, found.new[0].text.as_str()), (Severity::Error, "ERROR bad evil"));
}

#[test]
fn a_line_without_an_end_needs_bounded_memory() {
    let known = model("INFO fine\n");
    let mut comparison = Comparison::new(&known, Options::default());
    let chunk = vec![b'x'; 1 << 16];
    comparison.feed(b"ERROR the start of it ");
    for _ in 0..1 << 10 {
        comparison.feed(&chunk);
    }
    comparison.feed(b"\nINFO fine\n");
    let found = comparison.finish();
    assert_eq!((found.lines, found.truncated, found.new_lines), (2, 1, vec![1]));
}

#[test]
fn a_header_inside_a_message_does_not_hide_it() {
    let before = "2024-05-01 10:00:00 INFO login of 'x' ok\n";
    let found = diff(
        &model(before),
        "2024-05-01 10:00:00 INFO login of 'y' ok\\n2024-05-01 10:00:00 ERROR all is lost\n",
        false,
    );
    assert_eq!(found.new.len(), 1);
    let found = diff(
        &model(before),
        "2024-05-01 10:00:00 ERROR all is lost 2024-05-01 10:00:00 INFO login of 'y' ok\n",
        true,
    );
    assert_eq!((found.new.len(), found.new[0].severity), (1, Severity::Error));
}

#[test]
fn templates_are_bounded_and_errors_have_room_left() {
    let known = model("INFO fine\n");
    let mut comparison = Comparison::new(&known, Options::default());
    let word = |mut n: u32| {
        let mut word = String::new();
        for _ in 0..6 {
            word.push(char::from(b'g' + u8::try_from(n % 20).unwrap()));
            n /= 20;
        }
        word
    };
    let mut flood = String::new();
    for i in 0..u32::try_from(MOST_TEMPLATES).unwrap() + 30_000 {
        flood.push_str("INFO ");
        flood.push_str(&word(i));
        flood.push_str(" is ");
        flood.push_str(&word(i * 7 + 3));
        flood.push('\n');
        if flood.len() > 60_000 {
            comparison.feed(flood.as_bytes());
            flood.clear();
        }
    }
    flood.push_str("ERROR the needle\n");
    comparison.feed(flood.as_bytes());
    let found = comparison.finish();
    assert!(found.overflow > 0 && found.events == 130_001, "{} {}", found.overflow, found.events);
    assert!(found.new.iter().any(|template| template.text == "ERROR the needle"));
    assert!(found.new_lines.len() == 130_001 || found.new.len() < MOST_TEMPLATES);
}

#[test]
fn deep_and_endless_structures_end() {
    let known = model("INFO fine\n");
    for bad in [
        "{\"a\":".repeat(20_000),
        "[".repeat(60_000),
        "\"".repeat(60_001),
        "(".repeat(60_000),
        "a=".repeat(30_000),
        "1-beef-".repeat(9_000),
        "a.b:".repeat(15_000),
        "\\".repeat(60_000),
        "/".repeat(60_000),
        "\u{1b}[".repeat(20_000),
        "\u{1b}]".repeat(20_000),
        "12 (1) ".repeat(9_000),
    ] {
        let found = diff(&known, &(bad + "\nINFO fine\n"), false);
        assert_eq!(found.lines, 2);
    }
    let trace = "ERROR x\n".to_owned()
        + &"\tat a.b.c(D.java:1)\n".repeat(100_000)
        + &"Caused by: a.BException: y\n".repeat(10_000)
        + "INFO fine\n";
    let found = diff_bytes(&known, trace.as_bytes(), false);
    assert_eq!((found.events, found.new.len()), (2, 1));
    let object = "{\n".to_owned() + &"  \"a\": 1,\n".repeat(50_000) + "INFO fine\n";
    assert!(diff(&known, &object, false).lines == 50_002);
}

#[test]
fn an_empty_baseline_says_so_and_everything_is_new() {
    let found = diff(&Model::new(), "ERROR a\nINFO b\n", true);
    assert!(found.baseline_empty && found.has_new());
    assert_eq!((found.new.len(), found.gone.len(), found.risen.len()), (1, 0, 0));
    let found = diff(&model(""), "", false);
    assert!(found.baseline_empty && !found.has_new() && found.axis.is_none());
}
