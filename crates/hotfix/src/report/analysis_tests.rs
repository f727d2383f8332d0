//! The analysis file: what is drafted reads back, and nothing typed is lost.

use super::super::fixture::{SPITE, fixture, hostile, just_begun, rolled_back};
use super::*;

#[test]
fn what_was_written_comes_back() {
    let report = fixture();
    assert_eq!(parse(&draft(&report)), report.analysis);
    let spite = parse(&draft(&hostile()));
    assert_eq!(spite.prevention.len(), 1);
    assert_eq!(parse(&draft(&Report { analysis: spite.clone(), ..fixture() })), spite);
}

#[test]
fn a_draft_knows_what_the_journal_knows() {
    let report = Report { analysis: Analysis::default(), ..fixture() };
    let text = draft(&report);
    for part in [
        "## Root cause",
        "<!-- fill in: why it happened",
        "43 min 20 s",
        "`src/names.rs`",
        "| Measure | Owner | Due |",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let read = parse(&text);
    assert!(
        read.summary.is_some() && read.impact.is_some() && read.fix.is_some() && read.detection.is_some()
    );
    assert_eq!((read.root_cause.clone(), read.prevention.len(), read.lessons.len()), (None, 0, 0));
    assert_eq!(missing(&read).len(), 2);
}

#[test]
fn an_untouched_draft_of_a_young_run_is_empty() {
    for report in [just_begun(), Report { deployed_at: None, ..just_begun() }] {
        assert_eq!(parse(&draft(&report)), Analysis::default());
    }
    assert!(draft(&rolled_back()).contains("## Fix"));
}

#[test]
fn reading_is_tolerant() {
    let a = parse(
        "junk before\n# ROOT CAUSE:\nTODO: ask Mei\n\n## Fix\nDone <!-- a\ncomment --> well.\n\n## Something else\nkept\n\
         ```\n## Summary\n<!-- code -->\n```\n## action items\n| Due | Owner | Action |\n|:--|---|--:|\n\
         | 2026-12-01 | Mei | a \\| b |\n- only a wish\n## Lessons learned\n* one\n  goes on\n* TBD\n",
    );
    assert_eq!(a.root_cause, None);
    let fix = a.fix.unwrap();
    assert!(fix.starts_with("Done  well.") && fix.contains("## Something else\nkept"), "{fix}");
    assert!(fix.contains("## Summary\n<!-- code -->"), "{fix}");
    let wish = |p: &Prevention| (p.measure.clone(), p.owner.clone(), p.due.clone());
    assert_eq!(wish(&a.prevention[0]), ("a | b".into(), "Mei".into(), "2026-12-01".into()));
    assert_eq!(wish(&a.prevention[1]), ("only a wish".into(), String::new(), String::new()));
    assert_eq!(a.lessons, ["one goes on"]);
}

#[test]
fn a_comment_that_is_never_closed_loses_one_line_only() {
    let a = parse("## Root cause\nreal <!-- oops\nmore\n## Fix\ndone");
    assert_eq!((a.root_cause.as_deref(), a.fix.as_deref()), (Some("real \nmore"), Some("done")));
}

#[test]
fn no_text_is_a_fault() {
    let long = "| ".repeat(500);
    for text in ["", "##", "## Fix", "## Prevention\n|", "<!--", "```", "## Fix\r\nyes\r\n", SPITE, &long] {
        let a = parse(text);
        assert_eq!(a, parse(&draft(&Report { analysis: a.clone(), ..just_begun() })), "{text:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let with = |owner: &str, due: &str| {
        let measure = Prevention { measure: "m".into(), owner: owner.into(), due: due.into() };
        Analysis {
            root_cause: Some("r".into()),
            fix: Some("f".into()),
            prevention: vec![measure],
            ..Analysis::default()
        }
    };
    assert!(missing(&with("Mei", "2026-12-05")).is_empty());
    assert_eq!(missing(&with("", "2026-12-05")), ["an owner for a prevention measure"]);
    for due in ["", "soon", "2026-13-40", "2026-12-5", "5.12.2026", "YYYY-MM-DD"] {
        assert_eq!(missing(&with("Mei", due)), ["a due date (YYYY-MM-DD) for a prevention measure"], "{due}");
    }
    assert_eq!(missing(&Analysis::default()).len(), 3);
    assert_eq!(missing(&Analysis { fix: Some("TODO".into()), ..with("M", "2026-12-05") }), ["the fix"]);
}
