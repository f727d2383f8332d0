use super::*;
use proptest::prelude::*;

/// Remarks as `file:line:column rule message`.
fn shown(format: Option<Format>, output: &str) -> Vec<String> {
    let said = read(format, output, "/w").unwrap();
    let of = |r: Remark| {
        let number = |n: Option<u32>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
        format!("{}:{}:{} {} {}", r.file, number(r.line), number(r.column), r.rule, r.message)
    };
    said.remarks.into_iter().map(of).collect()
}

#[test]
fn text_of_many_checkers() {
    for (output, expected) in [
        ("a.py:1:1: F401 'os' imported but unused\n", &["a.py:1:1 F401 'os' imported but unused"][..]),
        (
            "./src/a.py:12:80: E501 line too long (97 > 79 characters)\n",
            &["src/a.py:12:80 E501 line too long (97 > 79 characters)"],
        ),
        (
            "a.py:3: error: Incompatible types  [assignment]\na.py:4: note: see\n",
            &["a.py:3:- assignment Incompatible types", "a.py:4:-  see"],
        ),
        (
            "a.py:1:0: C0114: Missing module docstring (missing-module-docstring)\n",
            &["a.py:1:0 C0114 Missing module docstring (missing-module-docstring)"],
        ),
        (
            "/w/a.js\n  1:5  error  'x' is unused  no-unused-vars\n  2:1  warning  Odd  @a/b\n\n✖ 2 problems (1 error, 1 warning)\n",
            &["a.js:1:5 no-unused-vars 'x' is unused", "a.js:2:1 @a/b Odd"],
        ),
        ("src/a.ts(3,5): error TS2322: Type 'x' is wrong.\n", &["src/a.ts:3:5 TS2322 Type 'x' is wrong."]),
        (
            "a.go:1:2: exported func A should have comment (revive)\n",
            &["a.go:1:2 revive exported func A should have comment"],
        ),
        ("a.rb:1:1: C: [Correctable] Style/Foo: Do not.\n", &["a.rb:1:1 Style/Foo Do not."]),
        ("Dockerfile:1 DL3006 warning: Always tag\n", &["Dockerfile:1:- DL3006 warning: Always tag"]),
        (
            "a.c:1:2: error: code should be clang-formatted [-Wclang-format-violations]\n",
            &["a.c:1:2 -Wclang-format-violations code should be clang-formatted"],
        ),
        (
            "warning: unused variable: `x`\n --> src/a.rs:3:9\n  |\n3 | let x = 1;\n",
            &["src/a.rs:3:9  unused variable: `x`"],
        ),
        (
            "error[E0425]: cannot find value `y`\n  --> src/a.rs:3:9\n",
            &["src/a.rs:3:9 E0425 cannot find value `y`"],
        ),
        (
            "\nIn a.sh line 3:\necho $x\n     ^-- SC2086 (info): Double quote.\n\n",
            &["a.sh:3:- SC2086 Double quote."],
        ),
        ("\u{1b}[1ma.sh:3:1: warning: Odd. [SC2034]\u{1b}[0m\n", &["a.sh:3:1 SC2034 Odd."]),
        (
            "would reformat /w/a.py\nOh no!\n1 file would be reformatted.\n",
            &["a.py:-:- format it is not formatted"],
        ),
        (
            "[warn] src/a.js\n[warn] Code style issues found in the above file.\n",
            &["src/a.js:-:- format it is not formatted"],
        ),
        (
            "ERROR: /w/a.py Imports are incorrectly sorted and/or formatted.\n",
            &["a.py:-:- format it is not formatted"],
        ),
        ("All checks passed!\n", &[]),
        ("Found 3 errors at 12:30: see the log\n", &[]),
    ] {
        assert_eq!(shown(None, output), expected, "{output}");
    }
}

#[test]
fn hooks() {
    let output = "trim trailing whitespace.......................Failed\n- hook id: trailing-whitespace\n- exit code: 1\n- files were modified by this hook\n\nFixing a.py\n\nflake8...........................................Failed\n- hook id: flake8\n- exit code: 1\n\na.py:1:1: F401 'os' imported but unused\n\ncheck yaml...........................(no files to check)Skipped\nown hook.........................................Failed\n- hook id: own\n- exit code: 7\n\nsomething odd\n\nlast.............................................Passed\n";
    assert_eq!(
        shown(None, output),
        ["a.py:1:1 F401 'os' imported but unused", ":-:- own hook the hook `own hook` failed"]
    );
}

#[test]
fn sarif() {
    let one = r#"{"version":"2.1.0","runs":[{"tool":{},"results":[
        {"ruleId":"R1","level":"error","message":{"text":"Bad"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"file:///w/src/a%20b.py"},"region":{"startLine":3,"startColumn":5,"endLine":4}}}]},
        {"ruleId":"R2","message":{"text":"Odd"},"suppressions":[{"kind":"inSource"}],"locations":[]}]}]}"#;
    assert_eq!(shown(None, one), ["src/a b.py:3:5 R1 Bad"]);
    for (broken, reason) in [
        ("{\"runs\": [{\"tool\": {}}]}", "no `results`"),
        ("{\"version\": 1}", "no `runs`"),
        (&one[..one.len() / 2], "no whole JSON"),
        (
            "{\"runs\":[{\"results\":[],\"invocations\":[{\"executionSuccessful\":false}]}]}",
            "did not succeed",
        ),
    ] {
        let error = read(Some(Format::Sarif), broken, "/w").unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn checkstyle() {
    let one = "noise before\n<?xml version=\"1.0\"?>\n<checkstyle version=\"4.3\"><file name=\"/w/A.java\"><error line=\"3\" column=\"5\" severity=\"error\" message=\"It&apos;s &lt;bad&gt;\" source=\"a.B\"/></file></checkstyle>\n";
    assert_eq!(shown(Some(Format::Checkstyle), one), ["A.java:3:5 a.B It's <bad>"]);
    assert_eq!(shown(None, "<?xml version=\"1.0\"?><checkstyle></checkstyle>"), Vec::<String>::new());
    assert_eq!(shown(None, "<?xml version=\"1.0\"?>\n<checkstyle version=\"1\"/>\n"), Vec::<String>::new());
    for broken in [
        "<checkstyle><file name=\"a\"><error line=\"1\"",
        "<checkstyle><file name=\"a\">",
        "no XML at all",
        "<?xml version=\"1.0\"?><other/>",
    ] {
        read(Some(Format::Checkstyle), broken, "/w").unwrap_err();
    }
}

#[test]
fn json_of_many_checkers() {
    for (output, expected) in [
        (
            r#"[{"filePath":"/w/a.js","messages":[{"ruleId":"no-x","severity":2,"message":"No.","line":1,"column":2},{"ruleId":null,"fatal":true,"severity":2,"message":"Parsing error","line":3}]}]"#,
            &["a.js:1:2 no-x No.", "a.js:3:- syntax Parsing error"][..],
        ),
        (
            r#"[{"code":"F401","filename":"/w/a.py","location":{"row":1,"column":8},"end_location":{"row":1,"column":10},"message":"unused"}]"#,
            &["a.py:1:8 F401 unused"],
        ),
        (
            r#"{"comments":[{"file":"a.sh","line":3,"endLine":3,"column":6,"level":"info","code":2086,"message":"Quote."}]}"#,
            &["a.sh:3:6 SC2086 Quote."],
        ),
        (
            r#"[{"type":"convention","path":"a.py","line":1,"column":0,"symbol":"missing","message":"Missing"}]"#,
            &["a.py:1:- missing Missing"],
        ),
        (
            "{\"file\": \"a.py\", \"line\": 3, \"column\": 1, \"message\": \"Bad\", \"code\": \"assignment\", \"severity\": \"error\"}\n",
            &["a.py:3:1 assignment Bad"],
        ),
        (
            r#"{"files":[{"path":"a.rb","offenses":[{"severity":"convention","message":"No","cop_name":"Style/X","location":{"start_line":2,"start_column":1}}]}]}"#,
            &["a.rb:2:1 Style/X No"],
        ),
        (
            r#"{"Issues":[{"FromLinter":"revive","Text":"doc","Pos":{"Filename":"a.go","Line":3,"Column":1}}],"Report":{}}"#,
            &["a.go:3:1 revive doc"],
        ),
        (r#"{"Issues":null,"Report":{}}"#, &[]),
        (
            r#"[{"type":"issue","check_name":"x","description":"d","severity":"major","location":{"path":"a.py","lines":{"begin":4}}}]"#,
            &["a.py:4:- x d"],
        ),
        (
            r#"{"source":{},"diagnostics":[{"message":"m","location":{"path":"a","range":{"start":{"line":2,"column":3}}},"code":{"value":"c"}}]}"#,
            &["a:2:3 c m"],
        ),
        (
            r#"{"summary":{},"diagnostics":[{"category":"lint/x","severity":"error","description":"d","location":{"path":{"file":"a.ts"},"span":[4,5],"sourceCode":"ab\ncd\n"}}]}"#,
            &["a.ts:2:- lint/x d"],
        ),
        (
            r#"[{"source":"/w/a.css","warnings":[{"line":1,"column":2,"rule":"r","severity":"error","text":"t"}]}]"#,
            &["a.css:1:2 r t"],
        ),
        (
            r#"{"totals":{},"files":{"/w/a.php":{"messages":[{"message":"m","source":"P.x","severity":5,"type":"ERROR","line":2,"column":1}]}}}"#,
            &["a.php:2:1 P.x m"],
        ),
        ("npm warn something\n[{\"filePath\":\"a.js\",\"messages\":[]}]\nand after\n", &[]),
        ("[]", &[]),
    ] {
        assert_eq!(shown(Some(Format::Json), output), expected, "{output}");
    }
    for broken in [
        "",
        "oops",
        "{\"a\": 1}",
        "[1]",
        "[{\"filePath\":\"a.js\",\"messages\":[",
        "Error: Cannot find module 'x'",
    ] {
        read(Some(Format::Json), broken, "/w").unwrap_err();
    }
}

#[test]
fn cargo() {
    let message = r#"{"reason":"compiler-message","message":{"message":"unneeded `return`","code":{"code":"clippy::needless_return"},"level":"warning","spans":[{"file_name":"src/a.rs","line_start":2,"line_end":2,"column_start":5,"is_primary":true}]}}"#;
    let done = r#"{"reason":"build-finished","success":true}"#;
    let output = format!(
        "   Compiling a v0.1.0\n{message}\n{message}\n{{\"reason\":\"compiler-message\",\"message\":{{\"message\":\"1 warning emitted\",\"code\":null,\"level\":\"warning\",\"spans\":[]}}}}\n{done}\n"
    );
    assert_eq!(
        shown(Some(Format::Cargo), &output),
        ["src/a.rs:2:5 clippy::needless_return unneeded `return`"]
    );
    for broken in [message, "error: could not find `Cargo.toml`", "", &format!("{}\n{done}", &message[..40])]
    {
        read(Some(Format::Cargo), broken, "/w").unwrap_err();
    }
}

#[test]
fn diffs() {
    let unified = "--- a/a.py\t2024\n+++ b/a.py\n@@ -1,6 +1,7 @@\n x\n-y=1\n+y = 1\n z\n+new\n w\n-- old\n+- new\n end\n";
    assert_eq!(
        shown(Some(Format::Diff), unified),
        [
            "a.py:2:- format it is not formatted",
            "a.py:3:- format it is not formatted",
            "a.py:5:- format it is not formatted"
        ]
    );
    let rustfmt = "Diff in /w/src/a.rs:3:\n fn a() {\n-    b( );\n-    c();\n+    b();\n }\nDiff in /w/src/b.rs at line 9:\n-x\n+y\n";
    assert_eq!(
        shown(None, rustfmt),
        ["src/a.rs:4:- format it is not formatted", "src/b.rs:9:- format it is not formatted"]
    );
    let gofmt = "diff a.go.orig a.go\n--- a.go.orig\n+++ a.go\n@@ -1,2 +1,2 @@\n package a\n-var  x int\n+var x int\n";
    assert_eq!(shown(None, gofmt), ["a.go:2:- format it is not formatted"]);
    assert_eq!(shown(Some(Format::Diff), ""), Vec::<String>::new());
}

#[test]
fn lists_of_files() {
    assert_eq!(
        shown(Some(Format::Files), "a.go\nb/c.go\n"),
        ["a.go:-:- format it is not formatted", "b/c.go:-:- format it is not formatted"]
    );
    read(Some(Format::Files), "a.go:1:1: expected 'package'\n", "/w").unwrap_err();
}

#[test]
fn remarks_show_no_secret() {
    let secret = format!("ghp_{}", "aB3dE7gH1jK9mN5pQ2rS8tU4vW6xY0zCaB3d");
    let shown = shown(None, &format!("a.py:1:1: S105 hard-coded password: '{secret}'\n"));
    assert!(!shown[0].contains(&secret), "{shown:?}");
}

proptest! {
    #[test]
    fn nothing_panics(output in "(?s).{0,200}") {
        for format in [Format::Sarif, Format::Checkstyle, Format::Cargo, Format::Json, Format::Diff, Format::Files, Format::Text] {
            let _ = read(Some(format), &output, "/w");
        }
        let _ = read(None, &output, "");
    }

    #[test]
    fn nothing_panics_on_near_output(
        lines in prop::collection::vec(
            prop_oneof![
                Just("@@ -4294967295,9 +0,4294967295 @@".to_owned()), Just("--- a/x".to_owned()), Just("+++ /dev/null".to_owned()),
                Just("Diff in x:4294967295:".to_owned()), Just("In é line 0:".to_owned()), Just("é:99999999999:1: x".to_owned()),
                Just("{\"runs\":[{\"results\":[{}]}]}".to_owned()), Just("[{\"filename\":\"\",\"location\":{}}]".to_owned()),
                Just("x....Failed".to_owned()), Just("<checkstyle><error line='1'/>".to_owned()), "[-+ ].{0,12}", ".{0,12}",
            ],
            0..12,
        )
    ) {
        let output = lines.join("\n");
        for format in [None, Some(Format::Sarif), Some(Format::Checkstyle), Some(Format::Cargo), Some(Format::Json), Some(Format::Diff)] {
            let _ = read(format, &output, "/w");
        }
    }
}
