//! Weakened tests: removed assertions that nothing replaces, removed tests,
//! added skips, tests that always pass.

use super::block::squeeze;
use super::lang::Lang;
use super::{Change, FileChange, Finding, Line, LineKind, Status, excerpt};
use regex::{Regex, RegexSet};
use std::collections::HashMap;
use std::sync::LazyLock;

/// All weakened tests of a change. They always bind.
pub(super) fn findings(change: &Change) -> Vec<Finding> {
    let mut moved = Moved::new(change);
    change.files.iter().flat_map(|file| of_file(file, &mut moved)).collect()
}

fn of_file(file: &FileChange, moved: &mut Moved) -> Vec<Finding> {
    let lang = Lang::of(&file.path);
    let lines: Vec<(&Line, bool)> =
        file.lines().into_iter().filter(|(line, _)| line.kind != LineKind::Context).collect();
    let mut out = Vec::new();
    let mut removed = Vec::new();
    let mut added = 0usize;
    let (mut tests_gone, mut tests_new) = (Vec::new(), 0usize);
    let mut skips_gone = 0usize;
    let mut skips = Vec::new();
    for (line, in_test) in lines {
        let text = line.text.as_str();
        let gone = line.kind == LineKind::Removed;
        if lang.is_comment(text) && lang != Lang::Other {
            continue;
        }
        let in_test = in_test || (lang == Lang::Rust && text.contains("#[ignore"));
        if !in_test {
            continue;
        }
        if SKIP.is_match(text) {
            if gone { skips_gone += 1 } else { skips.push(line) }
        }
        if ASSERTION.is_match(text) {
            if TRIVIAL.is_match(text) {
                if !gone {
                    out.push(finding(file, line, "an assertion that always holds"));
                }
            } else if gone {
                removed.push(line);
            } else {
                added += 1;
            }
        }
        if let Some(name) = test_name(text) {
            if gone { tests_gone.push((line, name)) } else { tests_new += 1 }
        }
    }
    if file.status == Status::Deleted && file.is_test() {
        if !moved.takes_all(&removed, lang) || (removed.is_empty() && !tests_gone.is_empty()) {
            out.push(whole(file, removed.len(), tests_gone.len()));
        }
        return out;
    }
    for line in skips.into_iter().skip(skips_gone) {
        out.push(finding(file, line, "a test is skipped"));
    }
    let removed_total = removed.len();
    removed.retain(|line| !moved.take(line, lang));
    let kept = removed_total - removed.len();
    if removed.len() > added.saturating_sub(kept) {
        out.extend(fewer(file, &removed, added.saturating_sub(kept)));
    } else if tests_gone.len() > tests_new
        && let Some((line, name)) = tests_gone.first()
    {
        out.push(finding(file, line, &format!("test `{name}` is removed and not replaced")));
    }
    out
}

fn fewer(file: &FileChange, removed: &[&Line], added: usize) -> Option<Finding> {
    let what = format!("{} removed, {added} added", super::count(removed.len(), "assertion", "assertions"));
    Some(finding(file, removed.first()?, &what))
}

fn whole(file: &FileChange, assertions: usize, tests: usize) -> Finding {
    let message = format!("a test file is deleted ({assertions} assertions, {tests} tests)");
    Finding { line: None, message, ..bare(file) }
}

fn finding(file: &FileChange, line: &Line, what: &str) -> Finding {
    Finding {
        line: line.new_line.or(line.old_line),
        message: format!("{what}: `{}`", excerpt(line.text.trim())),
        ..bare(file)
    }
}

fn bare(file: &FileChange) -> Finding {
    Finding {
        gate: super::shape::GATE,
        file: file.path.clone(),
        line: None,
        message: String::new(),
        hint: "put the test back as it was; if it is wrong, say so in a change of its own, or \
               `hotfix waive change.shape --reason TEXT`"
            .to_owned(),
        binding: true,
    }
}

/// Assertions that are added somewhere, by their text: what is removed in
/// one place and added in another has moved.
struct Moved(HashMap<String, usize>);

impl Moved {
    fn new(change: &Change) -> Moved {
        let mut added = HashMap::new();
        for file in &change.files {
            let lang = Lang::of(&file.path);
            for (line, in_test) in file.lines() {
                if in_test
                    && line.kind == LineKind::Added
                    && ASSERTION.is_match(&line.text)
                    && !lang.is_comment(&line.text)
                {
                    *added.entry(key(line, lang)).or_insert(0) += 1;
                }
            }
        }
        Moved(added)
    }

    fn take(&mut self, line: &Line, lang: Lang) -> bool {
        match self.0.get_mut(&key(line, lang)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    fn takes_all(&mut self, lines: &[&Line], lang: Lang) -> bool {
        lines.iter().filter(|line| !self.take(line, lang)).count() == 0
    }
}

fn key(line: &Line, lang: Lang) -> String {
    squeeze(line.text.trim(), lang)
}

fn test_name(line: &str) -> Option<&str> {
    TEST.captures(line)?.iter().skip(1).flatten().next().map(|name| name.as_str())
}

static ASSERTION: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"^\s*assert\b",
        r"\bassert(?:_\w+)?!\s*[(\[{]",
        r"\b(?:debug_)?assert_\w+!",
        r"\b(?:Assert|Assertions|assert)\.\w+\s*\(",
        r"(?:^|[^.\w])assert\(",
        r"\bassert(?:_\w+|[A-Z]\w*)\s*\(",
        r"(?:^|[^.\w])expect(?:_\w+)?\s*\(|\.should\b|\.to(?:Be|Equal|Have|Throw|Match|Contain)\w*\(",
        r"\b(?:require|assert)\.[A-Z]\w*\(",
        r"\bt\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\(",
        r"\b(?:pytest\.raises|assertThat|verify)\s*\(",
        r"#\[should_panic",
    ])
});

static TRIVIAL: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"^\s*assert\s+(?:True|1|not False)\s*(?:$|[,#])",
        r"\bassert!\s*\(\s*true\b",
        r"\bassert(?:True|That)?\s*\(\s*(?:true|True)\s*[,)]",
        r"\bassertFalse\s*\(\s*(?:false|False)\s*[,)]",
        r"\bexpect\(\s*true\s*\)\s*\.to(?:Be\(\s*true|BeTruthy|Equal\(\s*true)",
        r"\b(?:assert|require)\.(?:True|ok)\(\s*(?:t\s*,\s*)?true\s*[,)]",
    ])
});

static SKIP: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"\bpytest\.(?:mark\.(?:skip|skipif|xfail)|skip|xfail|importorskip)\b",
        r"@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b",
        r"\bself\.skipTest\(|\braise\s+(?:unittest\.)?SkipTest\b",
        r"#\[(?:cfg_attr\([^\]]*)?ignore\b",
        r"\bt\.(?:Skip|Skipf|SkipNow)\(",
        r"\b(?:it|test|describe|context|suite)\.(?:skip|only|todo|fixme|failing|fails|skipIf)\b",
        r"^\s*(?:xit|xtest|xdescribe|xcontext|fit|fdescribe|ftest)\s*\(",
        r"@(?:Disabled|Ignore)\b",
        r"^\s*(?:skip|pending)\b\s*(?:$|\(|[\x22'])",
        r"\bt\.(?:skip|todo)\(|\bskip:\s*true\b",
    ])
});

static TEST: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a literal pattern, compiled by a test")]
    Regex::new(
        r#"^\s*(?:(?:async\s+)?def\s+(test\w*)|func\s+(Test\w*)|(#\[(?:\w+::)*test\b)|(?:it|test)\s*\(\s*["'`]([^"'`]*))"#,
    )
    .expect("a literal pattern")
});

#[expect(clippy::expect_used, reason = "literal patterns, compiled by a test")]
fn set(patterns: &[&str]) -> RegexSet {
    RegexSet::new(patterns).expect("literal patterns")
}
