//! Both forms of the report over the fixtures.

use super::fixture::{at, fixture, hostile, just_begun, rolled_back};
use super::{html, markdown};
use hotfix_core::journal::Reading;
use hotfix_core::report::Report;
use jiff::SignedDuration;

/// Set it to a folder to look at the reports with a browser.
const FOLDER: &str = "HOTFIX_REPORT_FIXTURES";

fn all() -> [(&'static str, Report); 5] {
    [
        ("resolved", fixture()),
        ("rolled-back", rolled_back()),
        ("just-begun", just_begun()),
        ("hostile", hostile()),
        ("many", many()),
    ]
}

/// A week of readings every second or so, the baseline days before.
fn many() -> Report {
    let mut r = fixture();
    let reading = |i: i64| {
        let day_before = SignedDuration::from_hours(if i < 60_000 { 30 } else { 0 });
        Reading {
            check: "x".into(),
            at: at("02:00:00") + SignedDuration::from_millis(i * 50) - day_before,
            errors: Some(if i == 95_000 { 90.0 } else { 1.0 }),
            total: Some(100.0),
            value: None,
            missing: (i % 30_000 < 500).then(|| "x".into()),
        }
    };
    r.signals[0].readings = (0..120_000).map(reading).collect();
    r
}

#[test]
fn every_fixture_renders_in_both_forms() {
    for (name, report) in all() {
        let (page, text) = (html(&report).unwrap(), markdown(&report).unwrap());
        if let Ok(folder) = std::env::var(FOLDER) {
            std::fs::write(format!("{folder}/{name}.html"), &page).unwrap();
            std::fs::write(format!("{folder}/{name}.md"), &text).unwrap();
        }
        for part in ["<!DOCTYPE html>", "<main", "<header>", "<footer>", "What happened", "Timeline"] {
            assert!(page.contains(part), "{name}: {part}");
        }
        assert!(text.starts_with("# SPF-1290: "), "{name}");
        assert!(!page.contains("NaN") && !page.contains("inf\""), "{name}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    for (name, report) in all() {
        let page = html(&report).unwrap();
        for part in ["<script", "<link", "@import", "<img", "src=", "javascript:alert(1)\""] {
            assert!(!page.contains(part), "{name}: {part}");
        }
        let urls = page.matches("url(").count();
        assert_eq!(urls, page.matches("url(#").count(), "{name}");
    }
}

#[test]
fn hostile_texts_stay_texts() {
    let (page, text) = (html(&hostile()).unwrap(), markdown(&hostile()).unwrap());
    for out in [&page, &text] {
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'));
    }
    assert!(!page.contains("<script") && !page.contains("onload=\"") && !page.contains("href=\"javascript"));
    let inside = outside_of_code(&text);
    assert!(!inside.contains("<script"), "{inside}");
    assert!(!inside.lines().any(|l| l.starts_with("## Root cause")), "{inside}");
}

/// The text without what stands in code, where nothing is read as HTML.
fn outside_of_code(text: &str) -> String {
    let mut fence: Option<usize> = None;
    let mut out = String::new();
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open => fence = None,
            None if ticks >= 3 => fence = Some(ticks),
            None => out.extend([line, "\n"]),
            Some(_) => {}
        }
    }
    let code = regex::Regex::new("``` .*? ```|`` .*? ``").unwrap();
    code.replace_all(&out, "").into_owned()
}

#[test]
fn the_story_is_told() {
    let page = html(&fixture()).unwrap();
    for part in [
        "43 min 20 s",
        "Tomas Berg &lt;tomas@example.org&gt;",
        "simulated",
        "approval voided",
        "identity: <strong>signed</strong>",
        "exit status 1",
        "v1.4.3 deployed",
        "1 file, 7 lines added, 1 removed",
        "<th scope=\"col\">Owner</th>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let text = markdown(&fixture()).unwrap();
    assert!(text.contains("| ✓ pass | `repro.fails-before` |"), "{text}");
    assert!(text.contains("▇") || text.contains("█"));
}

#[test]
fn a_rollback_and_a_demo_are_conspicuous() {
    let page = html(&rolled_back()).unwrap();
    for part in [
        "↩ Rolled back",
        "nobody asked for it",
        "60 times as fast",
        "back on v1.4.2",
        "1 failed, 1 in doubt",
        "Not complete:",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(markdown(&rolled_back()).unwrap().contains("> **↩ Rolled back** from v1.4.3 to v1.4.2"));
}

#[test]
fn many_readings_make_a_small_picture() {
    let (one, all) = (html(&fixture()).unwrap(), html(&many()).unwrap());
    assert!(all.len() < one.len() + 80_000, "{} {}", one.len(), all.len());
    assert!(all.contains("class=\"cut\""), "the empty day is cut out");
    assert!(all.contains("at worst 90 %"), "the one peak is not lost");
}

#[test]
fn every_table_row_of_the_markdown_has_its_cells() {
    for (name, report) in all() {
        let text = markdown(&report).unwrap();
        let bars = |l: &str| l.replace("\\|", "").matches('|').count();
        let mut lines = text.lines().skip_while(|l| *l != "## Signals").take_while(|l| *l != "## Analysis");
        while let Some(head) = lines.find(|l| l.starts_with('|')) {
            for row in lines.by_ref().take_while(|l| l.starts_with('|')) {
                assert_eq!(bars(row), bars(head), "{name}: {row}");
            }
        }
    }
}
