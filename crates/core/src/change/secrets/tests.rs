use super::super::{DEFAULT_MAX_FILES, DEFAULT_MAX_LINES, judge, parse};
use super::*;
use crate::policy::ChangePolicy;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts that a pattern matches, made from the pattern itself, so that this
/// file holds no secret.
struct Maker(u64);

impl Maker {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }

    fn make(&mut self, hir: &Hir, out: &mut String) {
        match hir.kind() {
            HirKind::Literal(text) => out.push_str(&String::from_utf8_lossy(&text.0)),
            HirKind::Class(class) => out.extend(self.pick(class)),
            HirKind::Repetition(repeated) => {
                let spread = repeated.max.unwrap_or(repeated.min + 4).saturating_sub(repeated.min).min(6);
                let times = repeated.min as usize + self.next(spread as usize + 1);
                (0..times).for_each(|_| self.make(&repeated.sub, out));
            }
            HirKind::Capture(group) => self.make(&group.sub, out),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.make(part, out)),
            HirKind::Alternation(ways) => {
                let chosen = self.next(ways.len());
                self.make(&ways[chosen], out);
            }
            HirKind::Empty | HirKind::Look(_) => {}
        }
    }

    fn pick(&mut self, class: &Class) -> Option<char> {
        let ranges: Vec<(u32, u32)> = match class {
            Class::Unicode(class) => {
                class.ranges().iter().map(|r| (r.start().into(), r.end().into())).collect()
            }
            Class::Bytes(class) => {
                class.ranges().iter().map(|r| (r.start().into(), r.end().into())).collect()
            }
        };
        let printable = ranges.into_iter().flat_map(|(from, to)| from.max(32)..=to.min(126));
        let all: Vec<char> = printable.filter_map(char::from_u32).collect();
        // Random letters are what secrets have; a class that excludes them is a border.
        let good: Vec<char> = all.iter().copied().filter(char::is_ascii_alphanumeric).collect();
        let from = if good.len() > 5 { good } else { all };
        (!from.is_empty()).then(|| from[self.next(from.len())])
    }
}

fn samples(pattern: &str, count: usize, seed: u64) -> Vec<String> {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
    let hir = parser.parse(pattern).unwrap();
    let mut maker = Maker(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..count)
        .map(|_| {
            let mut out = String::new();
            maker.make(&hir, &mut out);
            out
        })
        .collect()
}

/// What the gate says of a line that is added to a file.
fn judged(path: &str, line: &str, rules: Option<&SecretRules>) -> Judgement {
    let policy = ChangePolicy::default();
    let rules = Rules {
        policy: &policy,
        max_files: DEFAULT_MAX_FILES,
        max_lines: DEFAULT_MAX_LINES,
        only: &[],
        protected: &[],
        generated: &[],
        allow_secrets: &[],
        secret_rules: rules,
        base: "abc1234",
    };
    let diff =
        format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1,2 @@\n x\n+{line}\n");
    judge(&parse(&diff), &rules).gates.remove(3)
}

#[test]
fn every_form_finds_what_is_made_after_it() {
    let rules = SecretRules::built_in();
    // What stands beside `curl` and the like is judged by more than its form.
    let by_form = |rule: &&Rule| {
        matches!(rule.form, Form::Token | Form::Beside) && !rule.pattern().contains("?P<bare>")
    };
    let forms: Vec<&Rule> = rules.rules().iter().filter(by_form).collect();
    assert!(forms.len() >= 180, "{}", forms.len());
    for (seed, rule) in forms.iter().enumerate() {
        let mut found = 0;
        for line in samples(rule.pattern(), 5, seed as u64 + 1) {
            let line = line.replace(['\n', '\r'], " ");
            let judgement = judged("src/a.txt", &line, None);
            found += usize::from(judgement.verdict == crate::gate::Verdict::Fail);
            let places = rule.matches(&line);
            let shown = format!("{judgement:?}");
            for place in places {
                assert!(!shown.contains(&line[place.range]), "{}: {shown}", rule.id);
            }
        }
        // By chance a sample looks like a placeholder.
        assert!(found >= 3, "{} finds {found} of 5", rule.id);
    }
}

#[test]
fn ids_are_unique() {
    let ids: BTreeSet<&str> = SecretRules::built_in().rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), SecretRules::built_in().len());
}

/// Where gitleaks' own rule file is at hand (`HOTFIX_GITLEAKS`), how many of
/// its kinds are found by the built-in forms, and that the file can be used.
#[test]
fn gitleaks_own_rules() {
    #[expect(clippy::disallowed_methods, reason = "a test may look at its environment")]
    let named = std::env::var("HOTFIX_GITLEAKS");
    let Ok(path) = named else {
        println!("skipped: HOTFIX_GITLEAKS names no gitleaks.toml");
        return;
    };
    #[expect(clippy::disallowed_methods, reason = "a test may read a file")]
    let text = std::fs::read_to_string(&path).unwrap();
    let own = SecretRules::with_files(&[RuleFile { name: "gitleaks.toml", text: &text }]).unwrap();
    let file: toml::Table = toml::from_str(&text).unwrap();
    let rules = file["rules"].as_array().unwrap();
    let (mut kinds, mut by_forms, mut by_own, mut missed) = (0, 0, 0, Vec::new());
    for (seed, rule) in rules.iter().enumerate() {
        let (Some(id), Some(pattern)) = (rule["id"].as_str(), rule.get("regex").and_then(|r| r.as_str()))
        else {
            continue;
        };
        kinds += 1;
        let path = if rule.get("path").is_some() { "a.php" } else { "a.txt" };
        let lines: Vec<String> =
            samples(pattern, 10, seed as u64 + 1).iter().map(|l| l.replace(['\n', '\r'], " ")).collect();
        let count = |rules: Option<&SecretRules>| {
            lines
                .iter()
                .filter(|line| judged(path, line, rules).verdict == crate::gate::Verdict::Fail)
                .count()
        };
        if count(None) >= 5 {
            by_forms += 1;
        } else {
            missed.push(format!("{id} ({})", lines[0]));
        }
        by_own += usize::from(count(Some(&own)) >= 5);
    }
    println!(
        "{kinds} kinds, {by_forms} found by the built-in forms, {by_own} with the file itself; not by the forms:"
    );
    for id in missed {
        println!("  {id}");
    }
    assert!(by_own * 100 >= kinds * 90, "{by_own} of {kinds}");
}

#[test]
fn a_projects_own_rules() {
    let text = r#"
[extend]
useDefault = true
disabledRules = ["stripe-access-token"]
[[rules]]
id = "acme-key"
description = "an Acme key"
regex = '''acme_([a-f0-9]{16})'''
keywords = ["acme_"]
entropy = 2.0
[[rules.allowlists]]
stopwords = ["000000"]
[[rules]]
id = "only-php"
regex = '''phpkey-[a-z]{8}'''
path = '''(?i)\.php$'''
[allowlist]
paths = ['''^vendor/''']
regexes = ['''acme_ffff''']
"#;
    let rules = SecretRules::with_files(&[RuleFile { name: ".gitleaks.toml", text }]).unwrap();
    let stripe = format!("sk_live_{}", "aB3dE7gH1jK9mN5pQ2rS8tU4");
    for (path, line, id) in [
        ("a.txt", "x = acme_12ab34cd56ef7890", Some("acme-key")),
        ("a.txt", "x = acme_0000000000000001", None),
        ("a.txt", "x = acme_ffff34cd56ef7890", Some("acme-key")),
        ("vendor/a.txt", "x = acme_12ab34cd56ef7890", None),
        ("a.php", "phpkey-abqxyzuv", Some("only-php")),
        ("a.txt", "phpkey-abqxyzuv", None),
        ("a.txt", stripe.as_str(), None),
    ] {
        let judgement = judged(path, line, Some(&rules));
        let found = judgement.findings.first().map(|finding| finding.rule.as_str());
        assert_eq!(found, id, "{path}: {line}");
    }
    assert_eq!(rules.redact("acme_12ab34cd56ef7890"), "acme_[redacted:acme-key]");
    let ignoring = rules.ignoring("# a comment\na.txt:acme-key:2\n");
    assert_eq!(judged("a.txt", "acme_12ab34cd56ef7890", Some(&ignoring)).verdict, crate::gate::Verdict::Pass);
    assert_eq!(judged("b.txt", "acme_12ab34cd56ef7890", Some(&ignoring)).verdict, crate::gate::Verdict::Fail);
}

#[test]
fn rule_files_that_are_none() {
    for (text, part) in [
        ("rules = 3", "invalid type"),
        ("[[rules]]\nid = \"x\"\nregex = '''('''", "the rule `x` has no pattern"),
        ("[allowlist]\npaths = ['''[''']", "is no pattern"),
    ] {
        let error = SecretRules::with_files(&[RuleFile { name: "f", text }]).unwrap_err();
        assert!(error.to_string().starts_with("f: ") && error.message.contains(part), "{error}");
    }
}

#[test]
fn a_secret_that_only_moves_is_not_added() {
    let secret = format!("ghp_{}", "aB3dE7gH1jK9mN5pQ2rS8tU4vW6xY0zCaB3d");
    let diff = format!(
        "diff --git a/a.rb b/a.rb\n--- a/a.rb\n+++ b/a.rb\n@@ -1 +1,3 @@\n-a = '{secret}'\n+if b\n+  a = '{secret}'\n+end\n"
    );
    let policy = ChangePolicy::default();
    let rules = Rules {
        policy: &policy,
        max_files: 1,
        max_lines: 9,
        only: &[],
        protected: &[],
        generated: &[],
        allow_secrets: &[],
        secret_rules: None,
        base: "b",
    };
    let judged = judge(&parse(&diff), &rules);
    assert_eq!(judged.gates[3].verdict, crate::gate::Verdict::Pass);
    assert!(judged.gates[3].summary.contains("1 that the base has as well"), "{}", judged.gates[3].summary);
    assert!(!format!("{judged:?}").contains(&secret));
}

#[test]
fn a_place_has_a_column() {
    let judgement = judged("a.txt", &format!("é = ghp_{}", "aB3dE7gH1jK9mN5pQ2rS8tU4vW6xY0zCaB3d"), None);
    assert_eq!((judgement.findings[0].line, judgement.findings[0].column), (Some(2), Some(5)));
}
