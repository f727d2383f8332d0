//! The Test Anything Protocol, versions 12 to 14: bats, node, prove's kind of
//! scripts. Without a plan nobody knows whether all of it is there.

use super::case::{Counts, Gather, ReadError, Report, Status, Trouble};
use super::lines::Lines;

/// The reader.
#[derive(Debug)]
pub struct Tap {
    all: Gather,
    announced: bool,
    versioned: bool,
    /// Tests that were planned at the outermost level.
    plan: Option<u64>,
    /// Test points seen at the outermost level.
    points: u64,
    skipped_all: bool,
    /// The subtests that are open, outermost first: their names, and what was seen in them.
    open: Vec<Subtest>,
    /// The indentation at which a block of YAML began.
    yaml: Option<usize>,
    /// The failed test that its diagnosis belongs to, and the diagnosis so far.
    last: Option<(String, String)>,
    bailed: Option<String>,
}

#[derive(Debug)]
struct Subtest {
    name: String,
    points: u64,
    failed: bool,
}

impl Tap {
    /// A reader for a tree.
    pub fn new(root: &str) -> Tap {
        Tap {
            all: Gather::new(root),
            announced: false,
            versioned: false,
            plan: None,
            points: 0,
            skipped_all: false,
            open: Vec::new(),
            yaml: None,
            last: None,
            bailed: None,
        }
    }

    /// Whether the format names itself: by its version, or by a plan with points.
    pub(super) fn is_named(&self) -> bool {
        self.versioned || (self.plan.is_some() && (self.points > 0 || self.skipped_all))
    }

    fn point(&mut self, level: usize, point: &Point) {
        self.hand_over();
        // A subtest's own point comes after what is in it.
        let own = (self.open.len() > level).then(|| self.open.remove(level));
        self.open.truncate(level);
        let description = if point.description.is_empty() {
            own.as_ref().map_or_else(|| format!("test {}", self.points + 1), |s| s.name.clone())
        } else {
            point.description.clone()
        };
        let path: Vec<&str> =
            self.open.iter().map(|s| s.name.as_str()).chain([description.as_str()]).collect();
        let name = path.join(" > ");
        let failed = !point.ok && point.directive.is_none();
        for outer in &mut self.open {
            outer.points += 1;
            outer.failed |= failed;
        }
        if level == 0 {
            self.points += 1;
        }
        let explained = own.as_ref().is_some_and(|s| s.points > 0 && (s.failed || !failed));
        if explained {
            return;
        }
        let status = match (point.directive, point.ok) {
            (Some(_), _) => Status::Skipped,
            (None, true) => Status::Passed,
            (None, false) => Status::Failed,
        };
        if status == Status::Failed {
            self.last = Some((name, String::new()));
        } else {
            self.all.add(&name, status, None);
        }
    }

    /// The failed test goes in once its diagnosis is known.
    fn hand_over(&mut self) {
        if let Some((name, said)) = self.last.take() {
            self.all.add(&name, Status::Failed, Some(&said));
        }
    }

    fn said(&mut self, line: &str) {
        if let Some((_, said)) = self.last.as_mut().filter(|(_, said)| said.len() < 2_000) {
            said.push_str(line.trim_end());
            said.push('\n');
        }
    }
}

impl Lines for Tap {
    fn line(&mut self, line: &str) {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        if let Some(began) = self.yaml {
            if indent == began && text.trim_end() == "..." {
                self.yaml = None;
            } else {
                self.said(line.get(began..).unwrap_or(text));
            }
            return;
        }
        let level = indent / 4;
        if self.last.is_some() && text.trim_end() == "---" && indent % 4 == 2 {
            self.yaml = Some(indent);
        } else if let Some(name) = text.strip_prefix("# Subtest").filter(|_| level <= self.open.len()) {
            self.hand_over();
            self.open.truncate(level);
            let name = name.trim_start_matches(':').trim().to_owned();
            self.open.push(Subtest { name, points: 0, failed: false });
        } else if let Some(comment) = text.strip_prefix('#') {
            self.said(comment.strip_prefix(' ').unwrap_or(comment));
        } else if !indent.is_multiple_of(4) || level > self.open.len() {
            // What a program prints is none of ours.
        } else if text.starts_with("TAP version ") {
            self.announced = true;
            self.versioned = true;
        } else if let Some(point) = point(text) {
            self.announced = true;
            self.point(level, &point);
        } else if let Some((planned, skipped)) = plan(text).filter(|_| level == 0) {
            self.announced = true;
            self.plan = Some(planned);
            self.skipped_all = skipped && planned == 0;
        } else if let Some(why) = text.strip_prefix("Bail out!") {
            self.bailed = Some(why.trim().to_owned());
        }
    }

    fn so_far(&self) -> Counts {
        self.all.counts()
    }

    fn finish(mut self: Box<Self>) -> Result<Report, ReadError> {
        self.hand_over();
        if !self.announced {
            return Err(ReadError::Nothing);
        }
        if let Some(why) = self.bailed.take() {
            self.all.around("(bailed out)", &why);
            self.all.trouble(Trouble::Cut(format!("it bailed out: {why}")));
        } else {
            match self.plan {
                None => self.all.trouble(Trouble::Cut("there is no plan (1..N)".to_owned())),
                Some(planned) if planned != self.points => self.all.trouble(Trouble::Cut(format!(
                    "{planned} tests were planned, {} were there",
                    self.points
                ))),
                Some(_) => {}
            }
        }
        self.all.done()
    }
}

struct Point {
    ok: bool,
    description: String,
    directive: Option<&'static str>,
}

/// `ok 1 - name # SKIP why`.
fn point(text: &str) -> Option<Point> {
    let (ok, rest) = match text.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, text.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let rest = rest.trim();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest[digits..].trim();
    let rest = rest.strip_prefix("- ").or_else(|| rest.strip_prefix('-')).unwrap_or(rest);
    let rest = rest.strip_suffix(" {").unwrap_or(rest);
    let (description, directive) = directive_of(rest);
    Some(Point { ok, description: description.replace("\\#", "#").trim().to_owned(), directive })
}

/// What comes before an unescaped `#`, and whether SKIP or TODO comes after it.
fn directive_of(rest: &str) -> (&str, Option<&'static str>) {
    let hash = rest.match_indices('#').map(|(at, _)| at).find(|at| !rest[..*at].ends_with('\\'));
    let Some(at) = hash else { return (rest, None) };
    let word = rest[at + 1..].trim_start().get(..4).map(str::to_ascii_uppercase);
    match word.as_deref() {
        Some("SKIP") => (&rest[..at], Some("SKIP")),
        Some("TODO") => (&rest[..at], Some("TODO")),
        _ => (rest, None),
    }
}

/// `1..3`, `1..0 # SKIP why`: how many, and whether all are skipped.
fn plan(text: &str) -> Option<(u64, bool)> {
    let rest = text.strip_prefix("1..")?;
    let (number, comment) = rest.split_once('#').unwrap_or((rest, ""));
    let planned = number.trim().parse().ok()?;
    Some((planned, comment.trim_start().get(..4).is_some_and(|w| w.eq_ignore_ascii_case("skip"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Report, ReadError> {
        let mut reader = Box::new(Tap::new(""));
        text.lines().for_each(|l| reader.line(l));
        reader.finish()
    }

    fn told(report: &Report) -> Vec<String> {
        report.cases.iter().map(|c| format!("{} {}", c.name, c.status.name())).collect()
    }

    #[test]
    fn what_bats_prints() {
        let report = read("1..3\nok 1 ok one\nnot ok 2 bad two\n# (in test file x.bats, line 2)\n#   `false' failed\nok 3 skipped # skip later\n").unwrap();
        assert_eq!(told(&report), ["ok one passed", "bad two failed", "skipped skipped"]);
        assert!(report.cases[1].message.as_deref().unwrap().starts_with("(in test file x.bats, line 2)"));
        assert!(report.troubles.is_empty());
    }

    #[test]
    fn what_node_prints() {
        let text = "TAP version 13\n# Subtest: ok\nok 1 - ok\n  ---\n  duration_ms: 5\n  ...\n# Subtest: suite\n    # Subtest: inner\n    ok 1 - inner\n      ---\n      duration_ms: 0.1\n      ...\n    # Subtest: inner bad\n    not ok 2 - inner bad\n      ---\n      error: |-\n        not ok 9 - forged\n      ...\n    1..2\nnot ok 2 - suite\n  ---\n  error: '1 subtest failed'\n  ...\n# Subtest: todo\nnot ok 3 - todo # TODO\n1..3\n# tests 4\n";
        let report = read(text).unwrap();
        assert_eq!(
            told(&report),
            ["ok passed", "suite > inner passed", "suite > inner bad failed", "todo skipped"]
        );
        assert!(report.troubles.is_empty(), "{:?}", report.troubles);
        assert!(report.cases[2].message.as_deref().unwrap().contains("forged"));
    }

    #[test]
    fn a_suite_that_fails_around_its_tests_is_told() {
        let text = "TAP version 13\n# Subtest: suite\n    # Subtest: inner\n    ok 1 - inner\n    1..1\nnot ok 1 - suite\n1..1\n";
        assert_eq!(told(&read(text).unwrap()), ["suite > inner passed", "suite failed"]);
    }

    #[test]
    fn a_plan_that_is_not_kept_is_told() {
        for (text, why) in [
            ("1..3\nok 1\nok 2\n", "3 tests were planned, 2 were there"),
            ("ok 1\n", "there is no plan (1..N)"),
            ("1..2\nok 1\nBail out! no database\n", "it bailed out: no database"),
        ] {
            assert_eq!(read(text).unwrap().cut(), Some(why));
        }
        assert_eq!(read("hello\nokay\n").unwrap_err(), ReadError::Nothing);
        assert_eq!(read("1..0 # SKIP no database\n").unwrap().counts.total(), 0);
    }

    #[test]
    fn names_numbers_and_escapes() {
        let report = read("1..3\nok\nok 2 - issue \\#7\nok 3 -dash # not a directive\n").unwrap();
        assert_eq!(told(&report), ["test 1 passed", "issue #7 passed", "dash # not a directive passed"]);
    }
}
