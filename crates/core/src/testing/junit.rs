//! JUnit's XML as pytest, nextest, node, surefire, gradle and many others
//! write it. Read within limits: a document type, nesting without end, a cut
//! file or a size beyond reason are errors.

use super::case::{Counts, Gather, ReadError, Report, Status, Trouble};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::io::{BufRead, Read as _};

/// A larger report is not read, in bytes.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Deeper nesting is no report.
const MAX_DEPTH: usize = 64;
/// What of a text is kept, in bytes.
const MAX_TEXT: usize = 4_000;

/// Reads a report.
pub fn read(input: &mut dyn BufRead, root: &str) -> Result<Report, ReadError> {
    let mut bytes = Vec::new();
    let read = input.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|e| ReadError::Unreadable(e.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLarge(format!("more than {} MiB", MAX_BYTES >> 20)));
    }
    // What a test prints need not be UTF-8.
    let text = String::from_utf8_lossy(&bytes);
    let mut reading = Reading::new(root);
    reading.all(&text)?;
    reading.gather.done()
}

struct Reading {
    gather: Gather,
    /// The open elements' names.
    open: Vec<String>,
    suites: Vec<Suite>,
    case: Option<OpenCase>,
    seen_root: bool,
}

#[derive(Default)]
struct Suite {
    name: String,
    /// Failures and errors that its head counts.
    claimed: u64,
    failing: u64,
    has_suites: bool,
}

struct OpenCase {
    name: String,
    status: Status,
    message: Option<String>,
    text: String,
    flaky: bool,
    uncollected: bool,
}

impl Reading {
    fn new(root: &str) -> Reading {
        Reading {
            gather: Gather::new(root),
            open: Vec::new(),
            suites: Vec::new(),
            case: None,
            seen_root: false,
        }
    }

    fn all(&mut self, text: &str) -> Result<(), ReadError> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        loop {
            let event = reader.read_event();
            let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
            let malformed = |what: String| {
                let line = text.as_bytes()[..at].iter().map(|b| u64::from(*b == b'\n')).sum::<u64>() + 1;
                Err(ReadError::Malformed { line, what })
            };
            match event {
                Err(quick_xml::Error::Syntax(e)) => {
                    return Err(ReadError::Truncated(format!("the XML ({e})")));
                }
                Err(e) => return malformed(e.to_string()),
                Ok(Event::Eof) => return self.end_of_file(),
                Ok(Event::DocType(_)) => return malformed("it declares a document type".to_owned()),
                Ok(event) => {
                    if let Err(what) = self.event(&event) {
                        return malformed(what);
                    }
                }
            }
        }
    }

    fn end_of_file(&self) -> Result<(), ReadError> {
        if let Some(name) = self.open.last() {
            return Err(ReadError::Truncated(format!("<{name}>")));
        }
        if self.seen_root { Ok(()) } else { Err(ReadError::Nothing) }
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(start) => self.start(start),
            Event::Empty(start) => {
                self.start(start)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => {
                self.text(text);
                Ok(())
            }
            Event::CData(text) => {
                self.text(text);
                Ok(())
            }
            Event::GeneralRef(reference) => {
                let text = resolved(reference)?;
                self.text(&text);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.local_name().as_ref().to_owned();
        if self.open.is_empty() {
            if self.seen_root {
                return Err(format!("<{name}> comes after the end"));
            }
            if !matches!(name.as_str(), "testsuites" | "testsuite") {
                return Err(format!("<{name}> is no report of JUnit's"));
            }
            self.seen_root = true;
        }
        if self.open.len() >= MAX_DEPTH {
            return Err("it is nested too deeply".to_owned());
        }
        match name.as_str() {
            "testsuite" => {
                if let Some(outer) = self.suites.last_mut() {
                    outer.has_suites = true;
                }
                let number =
                    |value: Option<String>| value.and_then(|v| v.trim().parse::<u64>().ok()).unwrap_or(0);
                self.suites.push(Suite {
                    name: attribute(start, "name")?.unwrap_or_default(),
                    claimed: number(attribute(start, "failures")?) + number(attribute(start, "errors")?),
                    ..Suite::default()
                });
            }
            "testcase" => self.case = Some(self.open_case(start)?),
            _ => self.inside_case(&name, start)?,
        }
        self.open.push(name);
        Ok(())
    }

    fn open_case(&self, start: &BytesStart<'_>) -> Result<OpenCase, String> {
        let name = attribute(start, "name")?.unwrap_or_default();
        let class = attribute(start, "classname")?.filter(|c| !c.is_empty() && c != "test");
        let name = if let Some(class) = class {
            format!("{class}::{name}")
        } else {
            let file = attribute(start, "file")?;
            let outer = self.suites.iter().map(|s| s.name.clone()).filter(|n| !n.is_empty());
            file.into_iter().chain(outer).chain([name]).collect::<Vec<_>>().join(" > ")
        };
        let not_run = attribute(start, "status")?.is_some_and(|s| s == "notrun" || s == "disabled")
            || attribute(start, "result")?.is_some_and(|r| r == "skipped" || r == "suppressed");
        let status = if not_run { Status::Skipped } else { Status::Passed };
        Ok(OpenCase { name, status, message: None, text: String::new(), flaky: false, uncollected: false })
    }

    fn inside_case(&mut self, name: &str, start: &BytesStart<'_>) -> Result<(), String> {
        let direct = self.open.last().is_some_and(|n| n == "testcase");
        let Some(case) = self.case.as_mut().filter(|_| direct) else { return Ok(()) };
        match name {
            "failure" | "error" | "rerunFailure" | "rerunError" => {
                case.status = Status::Failed;
                let message = attribute(start, "message")?;
                case.uncollected |= name == "error" && message.as_deref() == Some("collection failure");
                case.message = case.message.take().or(message);
            }
            "skipped" if case.status != Status::Failed => case.status = Status::Skipped,
            "flakyFailure" | "flakyError" => case.flaky = true,
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let wanted = matches!(self.open.last().map(String::as_str), Some("failure" | "error"));
        if let Some(case) = self.case.as_mut().filter(|_| wanted) {
            let room = MAX_TEXT.saturating_sub(case.text.len());
            case.text.extend(text.chars().take(room));
        }
    }

    fn end(&mut self) {
        match self.open.pop().as_deref() {
            Some("testcase") => self.end_case(),
            Some("testsuite") => self.end_suite(),
            _ => {}
        }
    }

    fn end_case(&mut self) {
        let Some(case) = self.case.take() else { return };
        if case.status == Status::Failed
            && let Some(suite) = self.suites.last_mut()
        {
            suite.failing += 1;
        }
        let text = case.text.trim();
        let message = match &case.message {
            Some(message) if text.contains(message.as_str()) || text.is_empty() => text.to_owned(),
            Some(message) => format!("{message}\n{text}"),
            None => text.to_owned(),
        };
        let message = if message.is_empty() { case.message.unwrap_or_default() } else { message };
        let status = if case.uncollected { Status::NotBuilt } else { case.status };
        if case.uncollected {
            self.gather.trouble(Trouble::NotBuilt(format!("{} could not be collected", case.name)));
        }
        self.gather.add(&case.name, status, Some(&message));
        if case.flaky {
            self.gather.mark_flaky(&case.name);
        }
    }

    fn end_suite(&mut self) {
        let Some(suite) = self.suites.pop() else { return };
        if let Some(outer) = self.suites.last_mut() {
            outer.failing += suite.failing;
        }
        if !suite.has_suites && suite.claimed > suite.failing {
            let more = suite.claimed - suite.failing;
            let what = format!("its head counts {more} more failures than its tests");
            self.gather.around(&format!("{} (as a whole)", suite.name), &what);
        }
    }
}

/// The text of a reference such as `&amp;`. Others than XML's own are refused:
/// they could only come from a document type.
fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(c) = reference.resolve_char_ref().map_err(|e| e.to_string())? {
        return Ok(c.to_string());
    }
    let name: &str = reference;
    let text = quick_xml::escape::resolve_predefined_entity(name);
    text.map(str::to_owned).ok_or_else(|| format!("`&{name};` is not declared"))
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        if attribute.key.local_name().as_ref() == name {
            let text = quick_xml::escape::unescape(&attribute.value).map_err(|e| e.to_string())?;
            return Ok(Some(text.chars().take(MAX_TEXT).collect()));
        }
    }
    Ok(None)
}

/// Puts the reports of several files together.
pub fn join(reports: Vec<Report>) -> Report {
    let mut gather = Gather::new("");
    let mut counts = Counts::default();
    for report in reports {
        for case in &report.cases {
            if case.around {
                gather.around(&case.name, case.message.as_deref().unwrap_or_default());
            } else {
                gather.note(&case.name, case.status, case.message.as_deref());
            }
            if case.flaky {
                gather.mark_flaky(&case.name);
            }
        }
        report.troubles.into_iter().for_each(|t| gather.trouble(t));
        counts.passed += report.counts.passed;
        counts.failed += report.counts.failed;
        counts.skipped += report.counts.skipped;
    }
    gather.count(counts);
    gather.done().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Report, ReadError> {
        read(&mut text.as_bytes(), "/tree")
    }

    fn told(report: &Report) -> Vec<String> {
        report.cases.iter().map(|c| format!("{} {}", c.name, c.status.name())).collect()
    }

    #[test]
    fn what_pytest_writes() {
        let report = parse("<?xml version=\"1.0\" encoding=\"utf-8\"?><testsuites name=\"pytest tests\"><testsuite name=\"pytest\" errors=\"2\" failures=\"1\" skipped=\"1\" tests=\"5\"><testcase classname=\"test_a\" name=\"test_ok\" time=\"0.1\" /><testcase classname=\"test_a.TestC\" name=\"test_p[a&amp;b]\"><failure message=\"AssertionError: one is &lt;not&gt; two\">/tree/test_a.py:3: AssertionError</failure></testcase><testcase classname=\"test_a\" name=\"test_err\"><error message=\"failed on setup\">no db</error></testcase><testcase classname=\"test_a\" name=\"test_skip\"><skipped type=\"pytest.skip\" message=\"later\">x</skipped></testcase><testcase classname=\"\" name=\"test_b\"><error message=\"collection failure\">ImportError</error></testcase></testsuite></testsuites>").unwrap();
        assert_eq!(
            told(&report),
            [
                "test_a::test_ok passed",
                "test_a.TestC::test_p[a&b] failed",
                "test_a::test_err failed",
                "test_a::test_skip skipped",
                "pytest > test_b not-built"
            ]
        );
        let message = report.cases[1].message.as_deref().unwrap();
        assert_eq!(message, "AssertionError: one is <not> two\ntest_a.py:3: AssertionError");
        assert!(matches!(&report.troubles[0], Trouble::NotBuilt(_)));
    }

    #[test]
    fn what_node_writes() {
        let report = parse("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<testsuites>\n<testcase name=\"ok\" time=\"0\" classname=\"test\"/><testsuite name=\"suite\" errors=\"0\" failures=\"1\"><testcase name=\"inner bad\" classname=\"test\" failure=\"no\"><failure type=\"testCodeFailure\" message=\"no\">\n[Error: &lt;no>]\n</failure></testcase></testsuite><testcase name=\"/tree/test/b.test.js\" classname=\"test\"><failure message=\"test failed\"/></testcase>\n<!-- tests 3 -->\n</testsuites>\n").unwrap();
        assert_eq!(told(&report), ["ok passed", "suite > inner bad failed", "test/b.test.js failed"]);
    }

    #[test]
    fn a_suite_that_counts_more_failures_than_it_has() {
        let report =
            parse("<testsuite name=\"s\" errors=\"1\" failures=\"0\"><testcase name=\"a\"/></testsuite>")
                .unwrap();
        assert_eq!(told(&report), ["s > a passed", "s (as a whole) failed"]);
    }

    #[test]
    fn flaky_ones_are_marked() {
        let report = parse(
            "<testsuite name=\"s\"><testcase name=\"a\"><flakyFailure message=\"x\"/></testcase></testsuite>",
        )
        .unwrap();
        assert!(report.cases[0].flaky && report.cases[0].status == Status::Passed);
    }

    #[test]
    fn what_is_malformed_or_cut_is_refused() {
        for text in [
            "",
            "   \n",
            "hello",
            "<html><body/></html>",
            "<testsuites><testsuite name=\"s\"><testcase name=\"a\"/>",
            "<testsuites><testsuite name=\"s\"><testcase name=\"a\"></testsuite></testsuites>",
            "<testsuites></testsuites><testsuites/>",
            "<testsuites><testsuite name=\"s",
            "<testsuites a=\"1\" a=\"2\"><testsuite name=\"x\" name=\"y\"/></testsuites>",
            "<testsuite name=\"s\"><testcase name=\"&lol;\"/></testsuite>",
            "<testsuite name=\"s\"><testcase name=\"a\"><failure>&lol;</failure></testcase></testsuite>",
            "<!DOCTYPE l [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><testsuites/>",
        ] {
            let answer = parse(text);
            assert!(answer.is_err(), "{text}: {answer:?}");
        }
        let place = parse("<testsuites>\n<testsuite name=\"s\">\n</wrong>\n").unwrap_err();
        assert!(matches!(place, ReadError::Malformed { line: 3, .. }), "{place:?}");
    }

    #[test]
    fn nesting_and_size_have_limits() {
        let deep = "<testsuite>".repeat(1000);
        assert!(matches!(parse(&deep), Err(ReadError::Malformed { .. })));
        let blank = [b' '; 4096];
        let endless = std::io::Cursor::new(b"<testsuites>".to_vec());
        let mut endless = std::io::BufReader::new(std::io::Read::chain(endless, Endless(&blank)));
        assert!(matches!(read(&mut endless, ""), Err(ReadError::TooLarge(_))));
    }

    struct Endless<'a>(&'a [u8]);

    impl std::io::Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(self.0.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            Ok(length)
        }
    }

    #[test]
    fn reports_are_joined() {
        let one = parse("<testsuite name=\"s\"><testcase classname=\"A\" name=\"a\"/></testsuite>").unwrap();
        let two = parse(
            "<testsuite name=\"s\"><testcase classname=\"B\" name=\"b\"><failure/></testcase></testsuite>",
        )
        .unwrap();
        let both = join(vec![one, two]);
        assert_eq!(told(&both), ["A::a passed", "B::b failed"]);
        assert_eq!(both.counts, Counts { passed: 1, failed: 1, skipped: 0 });
    }
}
