//! What assertions, tests, skips and the like look like, for the runners and
//! libraries that most projects use, shell, bats and TAP included.

use super::super::super::lang::extension;
use regex::{Regex, RegexSet};
use std::sync::LazyLock;

/// A check that can fail.
pub(super) static ASSERTION: LazyLock<RegexSet> = LazyLock::new(|| {
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
        r"\b(?:pytest\.(?:raises|warns)|assertThat|verify)\s*\(",
        r"#\[should_panic",
        // Ruby, Elixir, C and C++.
        r"^\s*(?:assert|refute)(?:_\w+)?\b",
        r"\b(?:EXPECT|ASSERT|REQUIRE|CHECK)(?:_[A-Z]+)*\s*\(",
        // insta and other snapshots.
        r"\btoMatch(?:Inline)?Snapshot\(",
        // PHPUnit and C#.
        r"\$(?:this|self)->(?:assert|expect)\w+\(|\bself::assert\w+\(",
        // Shell: bats-assert, shunit2, test and [[ on a line of their own.
        r"^\s*assert_(?:success|failure|output|line|equal|not_equal|exist|file\w*|regex)\b",
        r"^\s*(?:refute(?:_\w+)?|assert(?:Equals|NotEquals|True|False|Null|NotNull|Contains))\b",
        r"^\s*\[\[?\s.+\s\]\]?\s*(?:$|\|\||&&|#)",
        r"^\s*test\s+[!-]?\S+\s.*(?:=|-eq|-ne|-gt|-lt|-ge|-le|-f|-e|-n|-z)",
        r"^\s*(?:if\s+!\s|!\s|diff\s|cmp\s|grep\s+-q)",
        // TAP, as Perl and others write it.
        r"^\s*(?:ok|is|isnt|like|unlike|cmp_ok|is_deeply|can_ok|isa_ok|throws_ok|lives_ok|t\.(?:ok|is|equal|same|deepEqual|throws|match|not))\s*\(",
    ])
});

/// A check that cannot fail.
pub(super) static TRIVIAL: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"^\s*assert\s*\(?\s*(?:True|1|not False)\s*\)?\s*(?:$|[,#])",
        r"^\s*assert\s.*\bor\s+True\b",
        r"\bassert!\s*\(\s*true\b",
        r"\bassert(?:True|That)?\s*\(\s*(?:true|True)\s*[,)]",
        r"\bassertFalse\s*\(\s*(?:false|False)\s*[,)]",
        r"\bexpect\(\s*true\s*\)\s*\.to(?:Be\(\s*true|BeTruthy|Equal\(\s*true)",
        r"\b(?:assert|require)\.(?:True|ok)\(\s*(?:t\s*,\s*)?true\s*[,)]",
        r"\b(?:assert|require)\.(?:Equal|equal)\(\s*(?:t\s*,\s*)?(?:true\s*,\s*true|1\s*,\s*1)\s*[,)]",
        r"\bassert_eq!\s*\(\s*(?:true\s*,\s*true|1\s*,\s*1)\s*\)",
        r"^\s*ok\s*\(?\s*1\b",
        r"^\s*\[\[?\s+(?:1|0\s+-eq\s+0|true)\s+\]\]?",
    ])
});

/// What keeps a test from running.
pub(super) static SKIP: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"\bpytest\.(?:mark\.(?:skip|skipif|xfail)|skip|xfail|importorskip)\b",
        r"@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b",
        r"\bself\.skipTest\(|\braise\s+(?:unittest\.)?SkipTest\b",
        r"#\[(?:cfg_attr\([^\]]*)?ignore\b",
        r"#\[cfg\((?:any\(\)|not\(all\(\)\)|FALSE|disabled)\)\]",
        r"\bt\.(?:Skip|Skipf|SkipNow)\(|\btesting\.Short\(\)",
        r"\b(?:it|test|describe|context|suite|specify|scenario)(?:\.\w+)*\.(?:skip|only|todo|fixme|failing|fails|skipIf|runIf)\b",
        r"^\s*(?:xit|xtest|xdescribe|xcontext|xspecify|fit|fdescribe|ftest|fcontext)\b\s*[(\x22']",
        r"@(?:Disabled|Ignore|DisabledOn\w+|DisabledIf\w*)\b",
        r"\[(?:Fact|Theory|Test)\s*\(\s*Skip\s*=|\[Ignore\b|\[Explicit\b",
        r"^\s*(?:skip|pending)\b\s*(?:$|\(|[\x22'])|,\s*(?:skip|pending)(?::|\s*=>)\s*(?:true|['\x22])",
        r"\bt\.(?:skip|todo)\(|\bskip:\s*(?:true\b|['\x22])|@tag\s+:?skip\b|@moduletag\s+:?skip\b",
        r"\$this->mark(?:TestSkipped|TestIncomplete)\(|@group\s+(?:skip|disabled)\b|\bmarkTestSkipped\(",
        r"\bXCTSkip\b|\bGTEST_SKIP\b|\bDISABLED_\w+",
        // TAP's directives.
        r"(?i)^\s*(?:echo|printf|print)?\s*['\x22]?(?:not )?ok\b.*#\s*(?:skip|todo)\b|^1\.\.0\b|\bskip_all\b",
        r"^\s*#\s*if\s+(?:0|false)\b",
    ])
});

/// What runs a test until it passes.
pub(super) static RETRY: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"@?pytest\.mark\.flaky|@flaky\b|@retry\b|\breruns\s*=\s*\d",
        r"\b(?:jest|vi)\.retryTimes\(|\bthis\.retries\(|\bretr(?:y|ies):\s*[1-9]",
        r"@RetryingTest|@RepeatedIfExceptionsTest|@Flaky\b|\[Retry\(",
        r"\bBATS_TEST_RETRIES=|\bflaky_test\b",
    ])
});

/// A row of a table of cases.
pub(super) static CASE: LazyLock<Regex> = LazyLock::new(|| {
    form(
        r#"^\s*(?:\{\s*(?:name|desc\w*|title|"|'|`)|\(\s*["'`\d]|\[\s*["'`\d]|pytest\.param\(|#\[case).*[,\]})]\s*$"#,
    )
});

/// A setting that leaves tests out.
pub(super) static LEFT_OUT: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"--(?:ignore|deselect|ignore-glob)[= ]",
        r#"-k\s*["']?not\b|-m\s*["']?not\b"#,
        r"\b(?:testPathIgnorePatterns|modulePathIgnorePatterns|collect_ignore|norecursedirs|testMatch)\b",
        r"--skip[= ]|\b(?:passWithNoTests|allowOnly|continue-on-error)\b.{0,4}true",
        r"<exclude>.*Test|exclude\s*\(?['\x22].*[Tt]est",
    ])
});

/// Whether a file says how tests are run.
pub(super) fn configures_a_runner(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "pytest.ini"
            | "tox.ini"
            | "setup.cfg"
            | "pyproject.toml"
            | "noxfile.py"
            | "conftest.py"
            | "package.json"
            | "pom.xml"
            | "build.gradle"
            | "build.gradle.kts"
            | "Makefile"
            | "justfile"
            | "nextest.toml"
            | "Rakefile"
            | ".mocharc.json"
            | ".mocharc.yml"
            | "phpunit.xml"
            | "phpunit.xml.dist"
    ) || [
        "jest.config.",
        "vitest.config.",
        "vite.config.",
        "playwright.config.",
        "karma.conf.",
        "cypress.config.",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// Whether a line of a shell test takes a failure for a success.
pub(super) fn silences(path: &str, line: &str) -> bool {
    static FORM: LazyLock<RegexSet> = LazyLock::new(|| {
        set(&[r"\|\|\s*(?:true|:)\s*(?:$|[;#)])", r"^\s*set\s+\+e\b", r"^\s*exit\s+0\s*(?:#.*)?$"])
    });
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(extension(name), "sh" | "bash" | "bats" | "zsh" | "t" | "") && FORM.is_match(line)
}

/// The name of the test that a line opens.
pub(super) fn test_name(line: &str) -> Option<&str> {
    TEST.captures(line)?.iter().skip(1).flatten().next().map(|name| name.as_str())
}

static TEST: LazyLock<Regex> = LazyLock::new(|| {
    form(concat!(
        r"^\s*(?:(?:async\s+)?def\s+(test\w*)|func\s+(Test\w*)|(#\[(?:\w+::)*test\b)",
        r#"|(?:it|test|specify|scenario)\s*\(?\s*["'`]([^"'`]*)"#,
        r#"|@test\s+["']([^"']*)|(@(?:Parameterized)?Test)\b|(\[(?:Fact|Theory|Test|TestMethod)\b)"#,
        r"|public\s+function\s+(test\w*)|function\s+(test\w*)|(test\w*)\s*\(\)\s*\{)",
    ))
});

#[expect(clippy::expect_used, reason = "literal patterns, compiled by a test")]
fn set(patterns: &[&str]) -> RegexSet {
    RegexSet::new(patterns).expect("literal patterns")
}

#[expect(clippy::expect_used, reason = "a literal pattern, compiled by a test")]
fn form(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern")
}
