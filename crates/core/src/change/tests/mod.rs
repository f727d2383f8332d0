use super::*;

mod secret;
mod shapes;

fn file(path: &str, body: &str) -> String {
    let old = body.lines().filter(|line| !line.starts_with('+')).count();
    let new = body.lines().filter(|line| !line.starts_with('-')).count();
    format!(
        "diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n{body}\n"
    )
}

/// Judges with no policy, after `with` changed the rules.
fn judged(diff: &str, with: impl Fn(&mut ChangePolicy)) -> Vec<Judgement> {
    let mut policy = ChangePolicy::default();
    with(&mut policy);
    judge(&read(diff), &rules(&policy)).gates
}

/// Reads a diff whose hunks show the whole of each file.
fn read(diff: &str) -> Change {
    let mut change = parse(diff);
    for file in change.files.iter_mut().filter(|file| file.wants_texts()) {
        let side = |gone: LineKind| {
            let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind != gone);
            lines.fold(String::new(), |all, line| all + &line.text + "\n")
        };
        let (before, after) = (side(LineKind::Added), side(LineKind::Removed));
        file.texts = Texts {
            before: Some(before).filter(|_| file.status != Status::Added),
            after: Some(after).filter(|_| file.status != Status::Deleted),
        };
    }
    change
}

fn rules(policy: &ChangePolicy) -> Rules<'_> {
    Rules {
        policy,
        max_files: DEFAULT_MAX_FILES,
        max_lines: DEFAULT_MAX_LINES,
        only: &[],
        protected: &[],
        generated: &[],
        allow_secrets: &[],
        secret_rules: None,
        base: "abc1234",
    }
}

fn messages(diff: &str, gate: &str) -> Vec<String> {
    let all = judged(diff, |_| {});
    let judgement = all.iter().find(|judgement| judgement.gate == gate).unwrap();
    judgement.findings.iter().map(|finding| finding.message.clone()).collect()
}

fn token(prefix: &str, length: usize) -> String {
    let alphabet = b"aB3dE7gH1jK9mN5pQ2rS8tU4vW6xY0zC";
    let body: String =
        (0..length).map(|at| char::from(alphabet[(at * 7 + at / 5) % alphabet.len()])).collect();
    format!("{prefix}{body}")
}

mod reading {
    use super::*;

    #[test]
    fn a_modified_file_with_numbers() {
        let change = parse(
            "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n\
             @@ -3,3 +3,4 @@ fn pay() {\n one\n-two\n+zwei\n+drei\n four\n\\ No newline at end of file\n",
        );
        assert_eq!(change.malformed, Vec::<String>::new());
        let file = &change.files[0];
        assert_eq!(
            (file.path.as_str(), file.status, file.added(), file.removed()),
            ("src/a.rs", Status::Modified, 2, 1)
        );
        assert_eq!(file.hunks[0].section, "fn pay() {");
        let numbers: Vec<_> = file.hunks[0].lines.iter().map(|line| (line.old_line, line.new_line)).collect();
        assert_eq!(
            numbers,
            [(Some(3), Some(3)), (Some(4), None), (None, Some(4)), (None, Some(5)), (Some(5), Some(6))]
        );
    }

    #[test]
    fn headers_of_every_kind() {
        for (diff, path, old, status, binary) in [
            ("diff --git a/x b/x\nnew file mode 100644\nindex 0..1\n", "x", None, Status::Added, false),
            (
                "diff --git a/x b/x\ndeleted file mode 100644\nindex 1..0\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
                "x",
                None,
                Status::Deleted,
                false,
            ),
            ("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", "x", None, Status::Mode, false),
            (
                "diff --git a/x b/y z\nsimilarity index 96%\nrename from x\nrename to y z\n",
                "y z",
                Some("x"),
                Status::Renamed,
                false,
            ),
            (
                "diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n",
                "y",
                Some("x"),
                Status::Copied,
                false,
            ),
            (
                "diff --git a/x.png b/x.png\nindex 1..2\nBinary files a/x.png and b/x.png differ\n",
                "x.png",
                None,
                Status::Modified,
                true,
            ),
            (
                "diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 3\nKcmZ\n\nliteral 0\nHcmV?d00001\n\n",
                "x",
                None,
                Status::Modified,
                true,
            ),
            (
                "diff --git a/a b b/a b\nindex 1..2\n--- a/a b\t\n+++ b/a b\t\n@@ -1 +1 @@\n-a\n+b\n",
                "a b",
                None,
                Status::Modified,
                false,
            ),
            (
                "diff --git \"a/\\303\\244 \\\"q\\\".rs\" \"b/\\303\\244 \\\"q\\\".rs\"\nold mode 1\nnew mode 2\n",
                "ä \"q\".rs",
                None,
                Status::Mode,
                false,
            ),
            ("diff --git a/x b/x b/x b/x\nold mode 1\nnew mode 2\n", "x b/x", None, Status::Mode, false),
        ] {
            let change = parse(diff);
            assert_eq!(change.malformed, Vec::<String>::new(), "{diff}");
            let file = &change.files[0];
            assert_eq!(
                (file.path.as_str(), file.old_path.as_deref(), file.status, file.binary),
                (path, old, status, binary),
                "{diff}"
            );
        }
    }

    #[test]
    fn lines_that_look_like_headers_stay_content() {
        let change = parse(&file("q.sql", "-- old comment\n+++ new\n+@@ -1 +1 @@"));
        assert_eq!(change.malformed, Vec::<String>::new());
        assert_eq!((change.files.len(), change.files[0].added(), change.files[0].removed()), (1, 2, 1));
    }

    #[test]
    fn broken_diffs_pass_no_gate() {
        for diff in [
            "hello",
            "diff --cc x\nindex 1,2..3\n",
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n a\n",
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n-b\n+c\n",
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ nonsense @@\n",
            "@@ -1 +1 @@\n-a\n+b\n",
        ] {
            assert!(!parse(diff).malformed.is_empty(), "{diff}");
            for judgement in judged(diff, |_| {}) {
                assert!(!judgement.verdict.lets_pass(), "{diff}: {judgement:?}");
            }
        }
    }

    #[test]
    fn tests_by_path() {
        for path in [
            "tests/a.rs",
            "a/test_pay.py",
            "pay_test.go",
            "src/cart.spec.ts",
            "src/__tests__/a.js",
            "src/test/java/A.java",
            "CartTest.java",
            "conftest.py",
            "spec/cart_spec.rb",
            "app/PayTests.cs",
        ] {
            assert!(is_test_path(path), "{path}");
        }
        for path in
            ["src/latest.rs", "contest.py", "src/Latest.java", "attest/a.go", "testimony.md", "src/a.rs"]
        {
            assert!(!is_test_path(path), "{path}");
        }
    }
}

mod gates {
    use super::*;

    #[test]
    fn nothing_changed_fails_the_size() {
        let all = judged("", |_| {});
        let verdicts: Vec<_> = all.iter().map(|judgement| (judgement.gate, judgement.verdict)).collect();
        assert_eq!(
            verdicts,
            [
                ("change.size", Verdict::Fail),
                ("change.scope", Verdict::Pass),
                ("change.shape", Verdict::Pass),
                ("change.secrets", Verdict::Pass)
            ]
        );
        assert_eq!(all[0].summary, "nothing has changed yet");
    }

    #[test]
    fn tests_and_lock_files_do_not_count() {
        let diff = [
            file(
                "src/a.rs",
                " fn a() {\n-    1\n+    2\n }\n+#[cfg(test)]\n+mod tests {\n+    fn t() {}\n+}",
            ),
            file("tests/a.rs", "+assert!(x);"),
            file("Cargo.lock", "-a\n+b"),
        ]
        .concat();
        let policy = ChangePolicy { max_lines: Some(1), ..ChangePolicy::default() };
        let judged = judge(&read(&diff), &rules(&policy));
        let used = Budget {
            files: 1,
            lines: 2,
            max_files: DEFAULT_MAX_FILES,
            max_lines: 1,
            test_lines: 5,
            quiet_lines: 0,
            files_aside: 2,
        };
        assert_eq!(judged.budget, used);
        let size = &judged.gates[0];
        assert_eq!(size.verdict, Verdict::Fail);
        assert!(size.findings[0].binding && size.findings[0].message.contains("src/a.rs (2)"));
    }

    #[test]
    fn scope_by_declared_and_protected_paths() {
        let policy = ChangePolicy::default();
        let only = ["src/checkout".to_owned()];
        let lifted = ["!migrations".to_owned(), "vendor/**".to_owned()];
        let base = rules(&policy);
        for (path, only, protected, passes) in [
            ("src/checkout/pay.rs", &only[..], &[][..], true),
            ("src/other.rs", &only, &[], false),
            ("tests/pay.rs", &only, &[], true),
            ("src/other.rs", &[], &[], true),
            (".github/workflows/ci.yml", &[], &[], false),
            ("web/package-lock.json", &[], &[], false),
            (".hotfix/config.toml", &[], &[], false),
            ("app/migrations/0001.py", &[], &[], false),
            ("app/migrations/0001.py", &[], &lifted, true),
            ("vendor/x.rs", &[], &lifted, false),
            ("docs/CODEOWNERS", &[], &[], false),
        ] {
            let verdict =
                judge(&read(&file(path, "-a\n+b")), &Rules { only, protected, ..base }).gates[1].verdict;
            assert_eq!(verdict == Verdict::Pass, passes, "{path}");
        }
        let bad = ["[".to_owned()];
        let answer = &judge(&read(&file("a", "-a\n+b")), &Rules { protected: &bad, ..base }).gates[1];
        assert_eq!(answer.verdict, Verdict::Unknown);
    }

    #[test]
    fn a_rename_concerns_both_paths() {
        let diff =
            "diff --git a/Jenkinsfile b/old\nsimilarity index 100%\nrename from Jenkinsfile\nrename to old\n";
        assert_eq!(messages(diff, "change.scope"), ["a protected path (`Jenkinsfile`)"]);
        assert_eq!(messages(diff, "change.shape"), ["renamed from Jenkinsfile (100 % alike)"]);
    }
}
