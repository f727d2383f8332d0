use super::*;

#[test]
fn shapes_by_hunk() {
    for (path, body, expected) in [
        ("a.rs", "-let a=1;\n+let a = 1;", &["only the layout differs"][..]),
        ("a.rs", "-call(a,\n-     b);\n+call(a, b);", &["only the layout differs"]),
        ("a.rs", "-let a = \"x y\";\n+let a = \"xy\";", &[]),
        ("a.rs", "+\n fn a() {}\n-\n", &[]),
        ("a.py", " if a:\n-    pay()\n+pay()", &[]),
        ("a.py", "-x = notx\n+x = not x", &[]),
        ("a.py", "-f( a,b )\n+f( a,b  )", &["only the layout differs"]),
        ("a.rs", "+if x {\n-pay();\n+    pay();\n+}", &[]),
        ("a.rs", "+if x {\n a\n-pay();\n+    pay();\n b\n+}", &[]),
        ("a.rs", "-// old\n+// new", &[]),
        ("a.rs", "-let a = 1;\n+let a = 2;", &[]),
        ("a.rs", "+pub fn retry() {}", &["new public function `retry`"]),
        ("a.rs", "-pub fn retry() {}\n+pub fn retry(n: u8) {}", &["new parameter `n` of `retry`"]),
        ("a.rs", "-pub fn retry(n: u8) {}\n+pub fn retry(n: u16) {}", &[]),
        ("tests/a.rs", "+pub fn helper() {}", &[]),
        ("Cargo.toml", " [dependencies]\n+serde = \"1\"", &["new dependency `serde`"]),
        ("Cargo.toml", " [dependencies]\n-serde = \"1.0\"\n+serde = \"1.1\"", &[]),
        ("package.json", " { \"scripts\": {\n+  \"a\": \"1 && 2\"\n } }", &[]),
        ("package.json", " { \"dependencies\": {\n+  \"a\": \"^1.0.0\"\n } }", &["new dependency `a`"]),
        (
            "pom.xml",
            "+<dependency>\n+<artifactId>pay</artifactId>\n+</dependency>",
            &["new dependency `pay`"],
        ),
    ] {
        assert_eq!(messages(&file(path, body), "change.shape"), expected, "{path}\n{body}");
    }
}

#[test]
fn versions_are_said_apart() {
    let all = judged(&file("Cargo.toml", " [dependencies]\n-serde = \"1.0\"\n+serde = \"1.1\""), |_| {});
    assert!(all[2].summary.ends_with("; changed version of serde"), "{}", all[2].summary);
    assert_eq!(all[2].verdict, Verdict::Pass);
}

#[test]
fn moved_code_is_seen() {
    let lines = ["let one = 1;", "let two = 2;", "let three = 3;", "let four = 4;", "let five = 5;"];
    let gone: Vec<_> = lines.iter().map(|line| format!("-{line}")).collect();
    let come: Vec<_> = lines.iter().map(|line| format!("+  {line}")).collect();
    let diff = [file("src/a.rs", &gone.join("\n")), file("src/b.rs", &come.join("\n"))].concat();
    assert_eq!(messages(&diff, "change.shape"), ["5 lines moved from src/a.rs:1"]);
}

#[test]
fn weakened_tests_always_bind() {
    for (path, body, weak) in [
        ("tests/test_a.py", "-    assert pay() == 3\n+    pay()", true),
        ("tests/test_a.py", "-    assert pay() == 3\n+    assert pay() == 4", false),
        ("tests/test_a.py", "-    assert pay() == 3\n+    assert True", true),
        ("tests/test_a.py", "-    assert pay() == 3\n+    # assert pay() == 3", true),
        ("tests/test_a.py", "+@pytest.mark.skip(reason='flaky')\n def test_a():", true),
        ("tests/test_a.py", "+@pytest.mark.xfail\n def test_a():", true),
        ("tests/test_a.py", "-@pytest.mark.skip('a')\n+@pytest.mark.skip('b')", false),
        ("tests/test_a.py", "-def test_a():\n-    run()", true),
        ("tests/test_a.py", "-def test_a():\n+def test_b():", false),
        ("tests/test_a.py", "+def test_b():\n+    assert run()", false),
        ("src/a.rs", "+#[ignore = \"slow\"]\n fn t() {}", true),
        ("src/a.rs", " #[cfg(test)]\n mod tests {\n-    assert_eq!(a, 1);\n }", true),
        ("src/a.rs", "-    assert_eq!(a, 1);", false),
        ("tests/a.rs", "-    assert_eq!(a, 1);\n+    assert!(true);", true),
        ("pay_test.go", "+\tt.Skip(\"later\")", true),
        ("pay_test.go", "-\t\tt.Fatalf(\"got %d\", n)", true),
        ("a.test.ts", "-it('pays', () => {\n+it.skip('pays', () => {", true),
        ("a.test.ts", "-describe('x', f)\n+describe.only('x', f)", true),
        ("a.test.ts", "-  expect(pay()).toBe(3);", true),
        ("src/test/java/ATest.java", "+  @Disabled\n   void pays() {", true),
    ] {
        let shape = judged(&file(path, body), |_| {}).remove(2);
        assert_eq!(shape.findings.iter().any(|finding| finding.binding), weak, "{path}\n{body}\n{shape:?}");
    }
}

#[test]
fn a_moved_test_is_not_weakened() {
    let diff =
        [file("tests/a.rs", "-    assert_eq!(a, 1);"), file("tests/b.rs", "+    assert_eq!(a, 1);")].concat();
    assert!(messages(&diff, "change.shape").is_empty());
}

#[test]
fn a_deleted_test_file_is_weakened() {
    let diff = "diff --git a/tests/a.rs b/tests/a.rs\ndeleted file mode 100644\nindex 1..0\n--- a/tests/a.rs\n\
                +++ /dev/null\n@@ -1,2 +0,0 @@\n-#[test]\n-fn a() { assert_eq!(a, 1); }\n";
    assert_eq!(messages(diff, "change.shape"), ["a test file is deleted (1 assertion, 1 test)"]);
}

#[test]
fn the_policy_makes_features_and_refactoring_bind() {
    let diff = [file("a.rs", "+pub fn b() {}"), file("c.rs", "-a=1;\n+a = 1;")].concat();
    let bind = |refactoring, features| {
        let shape = judged(&diff, |policy| {
            (policy.no_refactoring, policy.no_features) = (refactoring, features);
        });
        shape[2].findings.iter().map(|finding| finding.binding).collect::<Vec<_>>()
    };
    assert_eq!((bind(true, false), bind(false, true)), (vec![true, false], vec![false, true]));
}
