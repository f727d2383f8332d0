//! The events of `go test -json`. Lines that are no events are what the build
//! or a program printed beside them.

use super::case::{Counts, Gather, ReadError, Report, Status, Trouble};
use super::lines::Lines;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The reader.
#[derive(Debug)]
pub struct GoJson {
    all: Gather,
    events: u64,
    line: u64,
    malformed: Option<ReadError>,
    /// Packages that have not ended, with their tests.
    packages: BTreeMap<String, Package>,
}

#[derive(Debug, Default)]
struct Package {
    /// Tests that have begun: their end, and what they printed.
    tests: BTreeMap<String, (Option<Status>, String)>,
    said: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    import_path: String,
    test: Option<String>,
    output: Option<String>,
    failed_build: Option<String>,
}

impl GoJson {
    /// A reader for a tree.
    pub fn new(root: &str) -> GoJson {
        GoJson { all: Gather::new(root), events: 0, line: 0, malformed: None, packages: BTreeMap::new() }
    }

    fn event(&mut self, event: Event) {
        self.events += 1;
        if event.action.starts_with("build-") {
            if event.action == "build-fail" {
                self.not_built(event.import_path.split(' ').next().unwrap_or_default());
            }
            return;
        }
        let package = self.packages.entry(event.package.clone()).or_default();
        match (event.test, event.action.as_str()) {
            (Some(test), "run") => {
                package.tests.entry(test).or_default();
            }
            (Some(test), "output") => {
                let said = &mut package.tests.entry(test).or_default().1;
                keep(said, event.output.as_deref().unwrap_or_default());
            }
            (Some(test), end @ ("pass" | "fail" | "skip" | "bench")) => {
                let status = match end {
                    "fail" => Status::Failed,
                    "skip" => Status::Skipped,
                    _ => Status::Passed,
                };
                let entry = package.tests.entry(test).or_default();
                entry.0 = Some(status);
                if status != Status::Failed {
                    entry.1 = String::new();
                }
            }
            (None, "output") => keep(&mut package.said, event.output.as_deref().unwrap_or_default()),
            (None, end @ ("pass" | "fail" | "skip")) => {
                let failed = end == "fail";
                let built = event.failed_build.is_none();
                self.end(&event.package, failed, built);
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str, failed: bool, built: bool) {
        let Some(package) = self.packages.remove(name) else { return };
        let mut explained = false;
        let has_sub_failure = |test: &str| {
            let prefix = format!("{test}/");
            package.tests.iter().any(|(n, (s, _))| n.starts_with(&prefix) && *s == Some(Status::Failed))
        };
        let has_sub = |test: &str| package.tests.keys().any(|n| n.starts_with(&format!("{test}/")));
        for (test, (status, said)) in &package.tests {
            // A test with no end was running when the package ended.
            let status = status.unwrap_or(Status::Failed);
            explained |= status == Status::Failed;
            let covered = match status {
                Status::Failed => has_sub_failure(test),
                _ => has_sub(test),
            };
            if !covered {
                self.all.add(&format!("{name}.{test}"), status, Some(&without_frame(said)));
            }
        }
        let not_built = package.said.contains("[build failed]") || package.said.contains("[setup failed]");
        if failed && (!built || not_built) {
            self.not_built(name);
        } else if failed && !explained {
            self.all.around(&format!("{name} (as a whole)"), &without_frame(&package.said));
        }
    }

    fn not_built(&mut self, package: &str) {
        let package = package.trim_end_matches("_test").trim_end_matches(".test");
        self.all.trouble(Trouble::NotBuilt(format!("{package} does not build")));
        self.all.note(&format!("{package} (does not build)"), Status::NotBuilt, None);
    }
}

impl Lines for GoJson {
    fn line(&mut self, line: &str) {
        self.line += 1;
        let text = line.trim();
        let is_event = ["{\"Time\":", "{\"Action\":", "{\"ImportPath\":", "{\"Package\":"]
            .iter()
            .any(|start| text.starts_with(start));
        if is_event {
            match serde_json::from_str::<Event>(text) {
                Ok(event) => self.event(event),
                // What a test prints may be longer than any line that is kept.
                Err(_)
                    if text.len() >= super::lines::MAX_LINE
                        && text[..200.min(text.len())].contains("\"output\"") => {}
                Err(e) => {
                    self.malformed
                        .get_or_insert(ReadError::Malformed { line: self.line, what: e.to_string() });
                }
            }
            return;
        }
        // Before Go 1.24 a package that does not build has no events.
        let failed = text.strip_prefix("FAIL\t");
        let unbuilt =
            failed.and_then(|r| r.strip_suffix(" [build failed]").or(r.strip_suffix(" [setup failed]")));
        if let Some(package) = unbuilt {
            self.events += 1;
            self.not_built(package);
        }
    }

    fn so_far(&self) -> Counts {
        let mut counts = self.all.counts();
        for (status, _) in self.packages.values().flat_map(|p| p.tests.values()) {
            match status {
                Some(Status::Failed) => counts.failed += 1,
                Some(Status::Passed) => counts.passed += 1,
                Some(_) => counts.skipped += 1,
                None => {}
            }
        }
        counts
    }

    fn finish(mut self: Box<Self>) -> Result<Report, ReadError> {
        if let Some(error) = self.malformed.take() {
            return Err(error);
        }
        if self.events == 0 {
            return Err(ReadError::Nothing);
        }
        let open: Vec<String> = self.packages.keys().cloned().collect();
        for name in open {
            self.all.trouble(Trouble::Cut(format!("{name} has not ended")));
            self.end(&name, true, true);
        }
        self.all.done()
    }
}

/// Keeps the end of what was printed.
fn keep(said: &mut String, more: &str) {
    said.push_str(more);
    if said.len() > 4_000 {
        let from = said.char_indices().map(|(at, _)| at).find(|at| said.len() - at <= 2_000).unwrap_or(0);
        *said = said[from..].to_owned();
    }
}

/// What a test printed, without the lines that only frame it.
fn without_frame(said: &str) -> String {
    let frame = |l: &&str| {
        let l = l.trim_start();
        l.starts_with("=== ") || l.starts_with("--- ") || l.trim() == "FAIL" || l.starts_with("FAIL\t")
    };
    said.lines().filter(|l| !frame(l)).map(str::trim).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Report, ReadError> {
        let mut reader = Box::new(GoJson::new(""));
        text.lines().for_each(|l| reader.line(l));
        reader.finish()
    }

    fn told(report: &Report) -> Vec<String> {
        report.cases.iter().map(|c| format!("{} {}", c.name, c.status.name())).collect()
    }

    const SHOP: &str = r#"# example.org/shop/bad [example.org/shop/bad.test]
bad/b.go:2:12: undefined: undefined
{"Time":"2026-11-22T21:39:55Z","Action":"run","Package":"example.org/shop","Test":"TestOk"}
{"Time":"2026-11-22T21:39:55Z","Action":"pass","Package":"example.org/shop","Test":"TestOk","Elapsed":0}
{"Time":"2026-11-22T21:39:55Z","Action":"run","Package":"example.org/shop","Test":"TestSub"}
{"Time":"2026-11-22T21:39:55Z","Action":"run","Package":"example.org/shop","Test":"TestSub/in_ner"}
{"Time":"2026-11-22T21:39:55Z","Action":"run","Package":"example.org/shop","Test":"TestSub/bad"}
{"Time":"2026-11-22T21:39:55Z","Action":"output","Package":"example.org/shop","Test":"TestSub/bad","Output":"    a_test.go:5: x\n"}
{"Time":"2026-11-22T21:39:55Z","Action":"pass","Package":"example.org/shop","Test":"TestSub/in_ner","Elapsed":0}
{"Time":"2026-11-22T21:39:55Z","Action":"fail","Package":"example.org/shop","Test":"TestSub/bad","Elapsed":0}
{"Time":"2026-11-22T21:39:55Z","Action":"fail","Package":"example.org/shop","Test":"TestSub","Elapsed":0}
{"Time":"2026-11-22T21:39:55Z","Action":"skip","Package":"example.org/shop","Test":"TestSkip","Elapsed":0}
{"Time":"2026-11-22T21:39:55Z","Action":"fail","Package":"example.org/shop","Elapsed":0.003}
FAIL	example.org/shop/bad [build failed]
{"Time":"2026-11-22T21:39:55Z","Action":"output","Package":"example.org/shop/none","Output":"?   \texample.org/shop/none\t[no test files]\n"}
{"Time":"2026-11-22T21:39:55Z","Action":"skip","Package":"example.org/shop/none","Elapsed":0}
"#;

    #[test]
    fn tests_subtests_and_a_package_that_does_not_build() {
        let report = read(SHOP).unwrap();
        assert_eq!(
            told(&report),
            [
                "example.org/shop.TestOk passed",
                "example.org/shop.TestSkip skipped",
                "example.org/shop.TestSub/bad failed",
                "example.org/shop.TestSub/in_ner passed",
                "example.org/shop/bad (does not build) not-built"
            ]
        );
        assert_eq!(report.cases[2].message.as_deref(), Some("a_test.go:5: x"));
        assert_eq!(report.counts, Counts { passed: 2, failed: 1, skipped: 1 });
    }

    #[test]
    fn a_package_that_fails_around_its_tests() {
        let text = "{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"TestA\"}\n{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"exit status 3\\n\"}\n{\"Action\":\"fail\",\"Package\":\"p\"}\n";
        let report = read(text).unwrap();
        assert_eq!(told(&report), ["p.TestA passed", "p (as a whole) failed"]);
        assert_eq!(report.cases[1].message.as_deref(), Some("exit status 3"));
    }

    #[test]
    fn cut_malformed_and_nothing() {
        let begun = "{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"TestA\"}\n";
        let report = read(begun).unwrap();
        assert_eq!(
            (report.cut(), told(&report)),
            (Some("p has not ended"), vec!["p.TestA failed".to_owned()])
        );
        assert!(matches!(
            read(&format!("{begun}{{\"Action\":\"ru")),
            Err(ReadError::Malformed { line: 2, .. })
        ));
        assert_eq!(read("ok  \tp\t0.1s\n").unwrap_err(), ReadError::Nothing);
        let none = "{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"testing: warning: no tests to run\\n\"}\n{\"Action\":\"pass\",\"Package\":\"p\"}\n";
        assert_eq!(read(none).unwrap().counts.total(), 0);
    }

    #[test]
    fn newer_events_of_a_failed_build() {
        let text = "{\"ImportPath\":\"p [p.test]\",\"Action\":\"build-output\",\"Output\":\"# p\\n\"}\n{\"ImportPath\":\"p [p.test]\",\"Action\":\"build-fail\"}\n{\"Action\":\"start\",\"Package\":\"p\"}\n{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"FAIL\\tp [build failed]\\n\"}\n{\"Action\":\"fail\",\"Package\":\"p\",\"FailedBuild\":\"p [p.test]\"}\n";
        let report = read(text).unwrap();
        assert_eq!(told(&report), ["p (does not build) not-built"]);
        assert_eq!(report.counts.total(), 0);
    }
}
