//! The views over made-up answers.

use super::fixture::{answer, hostile};
use super::page;
use super::terminal::{Screen, ended, told, whole};
use hotfix_core::logs::LogDiff;
use unicode_width::UnicodeWidthStr as _;

/// Set it to a folder to look at the pages with a browser.
const FOLDER: &str = "HOTFIX_REPORT_FIXTURES";

fn plain(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
}

fn shown(answer: &LogDiff, width: usize) -> Vec<String> {
    plain(&whole(answer, Screen { width: Some(width), most: 20 }))
}

#[test]
fn a_terminal_of_eighty_columns() {
    let lines = shown(&answer(), 80);
    let text = lines.join("\n");
    assert_eq!(lines[0], "2 new errors, 2 other new templates, 1 risen, 14 gone in 1,204,332 lines");
    for part in [
        "compared with normal.model, app.log.2.gz (3,911,202 events of 812 templates)",
        "! app.log was rotated",
        "✗ fatal   1 ×  app.log:48211  10:31:07",
        "    payment <*> lost: ledger refused",
        "      at shop.pay.Ledger.post",
        "… 4 more frames",
        "│ 2026-11-22T10:31:07.121Z ERROR [req-98ab11f0]",
        "↑ 21 times as often: 88 a minute, was 4.1 a minute (by chance p < 1e-12)",
        "– warning 12,911 × cache of <*> is cold",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let order =
        ["New errors", "New besides", "Risen", "Gone"].map(|title| lines.iter().position(|l| l == title));
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for answer in [answer(), hostile()] {
        for width in [40, 80, 120, 200] {
            let screen = Screen { width: Some(width), most: 20 };
            let all = [whole(&answer, screen), ended(&answer, screen), told(&answer.new[0], screen)].concat();
            for line in plain(&all) {
                assert!(line.width() <= width, "{width}: {} in {line}", line.width());
            }
        }
    }
}

#[test]
fn wide_characters_are_cut_between_columns() {
    let lines = shown(&answer(), 41);
    let wide = lines.iter().find(|line| line.contains("重试")).unwrap();
    assert!(wide.ends_with('…') && (40..=41).contains(&wide.width()), "{wide}");
}

#[test]
fn nothing_from_a_log_reaches_the_terminal_raw() {
    for width in [Some(80), None] {
        let screen = Screen { width, most: 20 };
        let answer = hostile();
        let all = [whole(&answer, screen), ended(&answer, screen), told(&answer.new[0], screen)].concat();
        for line in &plain(&all) {
            let raw = line
                .chars()
                .find(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
            assert!(raw.is_none(), "{raw:?} in {line:?}");
        }
        // With colours, all escapes are ours.
        for line in &all {
            let ours = line.split('\u{1b}').skip(1).all(|rest| {
                rest.strip_prefix('[')
                    .and_then(|r| r.split_once('m'))
                    .is_some_and(|(code, _)| code.bytes().all(|b| b.is_ascii_digit() || b == b';'))
            });
            assert!(ours, "{line:?}");
        }
    }
}

#[test]
fn an_empty_baseline_is_told_in_clear_words() {
    let mut answer = answer();
    answer.baseline.empty = true;
    let told = "The baseline has no event: everything is new, and nothing is proven by that.";
    assert!(shown(&answer, 80).contains(&format!("! {told}")));
    assert!(page(&answer).unwrap().contains(told));
}

#[test]
fn long_lists_are_cut_and_counted() {
    let mut answer = answer();
    answer.new = vec![answer.new[1].clone(); 30];
    let screen = |most| Screen { width: Some(80), most };
    let text = plain(&whole(&answer, screen(20))).join("\n");
    assert!(
        text.contains("… 10 more; --limit 0 shows all") && text.matches("payment <*> lost").count() == 20
    );
    assert!(!plain(&whole(&answer, screen(usize::MAX))).join("\n").contains("more; --limit"));
}

#[test]
fn the_page_escapes_what_a_log_says() {
    for (name, answer) in [("logs", answer()), ("logs-hostile", hostile())] {
        let text = page(&answer).unwrap();
        if let Ok(folder) = std::env::var(FOLDER) {
            std::fs::write(format!("{folder}/{name}.html"), &text).unwrap();
        }
        assert!(
            !text.contains("<script") && !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{name}"
        );
        assert!(!text.contains("NaN") && !text.contains("inf\"") && !text.contains(">inf<"), "{name}");
        for part in
            ["New errors", "Risen", "Gone", "<i>&lt;*&gt;</i>", "class=\"spark\"", "Content-Security-Policy"]
        {
            assert!(text.contains(part), "{name}: {part}");
        }
    }
}
