//! `change.secrets`: no secret is added. And [`redact`], by the same rules.

use super::globs::Globs;
use super::secret_rules::{Form, RULES, Rule};
use super::{
    Change, FileChange, Finding, Judgement, Line, LineKind, Rules, Status, count, key, paths, verdict,
};
use std::ops::Range;

const GATE: &str = "change.secrets";

/// Marks the place of a secret that was taken out.
const MARK: &str = "[redacted:";

/// A pass that finds nothing more ends [`redact`]; so many passes at most.
const MAX_PASSES: usize = 8;

/// A secret's place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    id: &'static str,
    what: &'static str,
    range: Range<usize>,
}

/// Takes secrets out of text, leaving `[redacted:rule]` in their place.
/// Doing it again changes nothing.
pub fn redact(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_PASSES {
        let hits = merged(scan(&text, &plausible_in_text));
        if hits.is_empty() {
            break;
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for hit in hits {
            out.push_str(&text[at..hit.range.start]);
            out.push_str(MARK);
            out.push_str(hit.id);
            out.push(']');
            at = hit.range.end;
        }
        out.push_str(&text[at..]);
        text = out;
    }
    text
}

/// Every secret of a text for which `keep` holds, by place.
fn scan(text: &str, keep: &dyn Fn(&Rule, &str, &str) -> bool) -> Vec<Hit> {
    let mut hits: Vec<Hit> = key::find(text)
        .into_iter()
        .map(|range| Hit { id: "private-key", what: "a private key", range })
        .collect();
    let mut at = 0;
    while let Some(hot) = RULES.hot.find_at(text, at) {
        let start = text[..hot.start()].rfind('\n').map_or(0, |end| end + 1);
        let end = text[hot.start()..].find('\n').map_or(text.len(), |end| hot.start() + end);
        scan_line(text, start..end, keep, &mut hits);
        at = (end + 1).max(hot.end());
        if at > text.len() {
            break;
        }
    }
    hits.sort_by_key(|hit| (hit.range.start, std::cmp::Reverse(hit.range.end)));
    hits
}

fn scan_line(text: &str, line: Range<usize>, keep: &dyn Fn(&Rule, &str, &str) -> bool, hits: &mut Vec<Hit>) {
    let content = &text[line.clone()];
    for rule in RULES.set.matches(content).into_iter().filter_map(|index| RULES.all.get(index)) {
        for found in rule.pattern.captures_iter(content) {
            let Some(secret) = found.name("s").or_else(|| found.get(1)) else { continue };
            let tail = found.name("tail").map_or("", |tail| tail.as_str());
            if keep(rule, secret.as_str(), tail) {
                let range = line.start + secret.start()..line.start + secret.end();
                hits.push(Hit { id: rule.id, what: rule.what, range });
            }
        }
    }
}

/// Overlapping hits as one, named by the first.
fn merged(hits: Vec<Hit>) -> Vec<Hit> {
    let mut out: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match out.last_mut() {
            Some(last) if hit.range.start < last.range.end => {
                last.range.end = last.range.end.max(hit.range.end);
            }
            _ => out.push(hit),
        }
    }
    out
}

/// In text that is kept, a token's form is enough; it is better to take out
/// an example than to leave a secret.
fn plausible_in_text(rule: &Rule, secret: &str, tail: &str) -> bool {
    match rule.form {
        Form::Token => true,
        Form::Address => !secret.contains(MARK) && !is_reference(secret),
        Form::Quoted | Form::Bare => is_secret_value(rule, secret, tail),
    }
}

/// In a change, examples and placeholders are no secrets.
fn plausible_in_source(rule: &Rule, secret: &str, tail: &str) -> bool {
    match rule.form {
        Form::Token => entropy(secret) >= 2.5 && !is_example(secret),
        Form::Address => is_no_placeholder(secret) && entropy(secret) >= 2.0,
        Form::Quoted | Form::Bare => is_secret_value(rule, secret, tail),
    }
}

/// In tests and lock files only what a token's form or its length gives away.
fn plausible_in_test(rule: &Rule, secret: &str, tail: &str) -> bool {
    let sure = rule.form == Form::Token || (secret.len() >= 20 && entropy(secret) >= 3.8);
    sure && plausible_in_source(rule, secret, tail)
}

/// Whether a value beside a telling name is a secret rather than a name, a
/// reference or a placeholder.
fn is_secret_value(rule: &Rule, value: &str, tail: &str) -> bool {
    if !is_no_placeholder(value) || names_something_else(tail) {
        return false;
    }
    if rule.id == "authorization" || rule.id == "connection-password" {
        return true;
    }
    let telling = value.chars().any(|c| c.is_ascii_digit() || "!@#%^&*+=?".contains(c));
    let letters = value.chars().any(|c| c.is_ascii_alphabetic());
    let identifier = rule.form == Form::Bare && value.contains('_') && !value.chars().any(char::is_uppercase);
    telling && letters && !identifier && entropy(value) >= 2.75
}

/// `token_url`, `secret_name`, `password_field` … hold no secret.
fn names_something_else(tail: &str) -> bool {
    const OTHERS: &[&str] = &[
        "url",
        "uri",
        "path",
        "name",
        "file",
        "type",
        "id",
        "endpoint",
        "header",
        "field",
        "env",
        "ttl",
        "expiry",
        "expires",
        "length",
        "size",
        "prefix",
        "regex",
        "pattern",
        "hash",
        "label",
        "ref",
        "version",
        "algorithm",
        "format",
        "kind",
        "digest",
        "selector",
        "class",
        "column",
        "hint",
        "message",
        "error",
        "count",
        "limit",
    ];
    let tail = tail.to_ascii_lowercase();
    let last = tail.rsplit(['_', '-', '.']).next().unwrap_or("");
    OTHERS
        .iter()
        .any(|other| last == *other || (last.len() > other.len() && other.len() > 3 && last.ends_with(other)))
}

/// A reference to a secret that is kept elsewhere.
fn is_reference(value: &str) -> bool {
    let starts =
        ["$", "%", "{", "<", "*", "(", "@@", "env:", "vault:", "op://", "ENC[", "arn:", "sha256:", "sha1:"];
    let holds = ["${", "$(", "{{", "#{", "%(", "{}", "<%", "process.env", "os.environ", "getenv", "secrets."];
    starts.iter().any(|start| value.starts_with(start)) || holds.iter().any(|part| value.contains(part))
}

/// A token that its issuer's documentation would show.
fn is_example(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    [
        "example",
        "placeholder",
        "changeme",
        "xxxxxx",
        "redacted",
        "dummytoken",
        "yourtoken",
        "0123456789",
        "1234567890",
    ]
    .iter()
    .any(|word| lower.contains(word))
        || value.contains("....")
        || value.contains("****")
}

fn is_no_placeholder(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "example",
        "changeme",
        "change-me",
        "change_me",
        "placeholder",
        "dummy",
        "redacted",
        "your-",
        "your_",
        "yourp",
        "yours",
        "yourt",
        "yourk",
        "replace",
        "insert",
        "sample",
        "xxxx",
        "****",
        "....",
        "todo",
        "fixme",
        "notasecret",
        "not-a-secret",
        "secret",
        "token",
        "fake",
        "mock",
        "foobar",
        "123456",
        "abcdef",
        "abc123",
        "://",
        "\\w",
        "\\d",
        "(?",
        "[a-z",
        "[^",
        "()",
    ];
    const EXACT: &[&str] = &[
        "postgres", "password", "passwd", "pass", "root", "admin", "test", "guest", "user", "pwd", "mysql",
        "redis", "dev",
    ];
    let lower = value.to_ascii_lowercase();
    !(is_reference(value) || WORDS.iter().any(|word| lower.contains(word)) || EXACT.contains(&lower.as_str()))
}

/// Shannon's entropy in bits for each character.
fn entropy(text: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    let mut total = 0u32;
    for c in text.chars() {
        *counts.entry(c).or_insert(0u32) += 1;
        total = total.saturating_add(1);
    }
    let share = |n: &u32| f64::from(*n) / f64::from(total);
    counts.values().map(|n| -share(n) * share(n).log2()).sum()
}

/// What the config says is no secret.
struct Allowed<'a> {
    paths: Globs,
    rules: Vec<&'a str>,
    texts: Vec<&'a str>,
    bad: Vec<&'a str>,
}

impl<'a> Allowed<'a> {
    fn new(entries: &'a [String]) -> Allowed<'a> {
        let (mut globs, mut rules, mut texts, mut bad) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for entry in entries.iter().map(String::as_str) {
            if let Some(glob) = entry.strip_prefix("path:") {
                globs.push(glob);
            } else if let Some(id) = entry.strip_prefix("rule:") {
                rules.push(id);
            } else if entry.chars().count() >= 4 {
                texts.push(entry);
            } else {
                bad.push(entry);
            }
        }
        Allowed { paths: Globs::new(globs), rules, texts, bad }
    }

    fn has(&self, path: &str, hit: &Hit, secret: &str) -> bool {
        self.paths.has(path)
            || self.rules.contains(&hit.id)
            || self.texts.iter().any(|text| secret.contains(text))
    }
}

/// The gate's answer.
pub(super) fn judge(change: &Change, rules: &Rules<'_>) -> Judgement {
    let allowed = Allowed::new(rules.allow_secrets);
    let (mut findings, mut ignored, mut lines, mut binaries) = (Vec::new(), 0, 0, 0);
    for file in &change.files {
        lines += file.added() as usize;
        binaries += usize::from(file.binary && file.status != Status::Deleted);
        findings.extend(key_store(file).into_iter().filter(|_| !allowed.paths.has(&file.path)));
        for (hit, secret, line) in of_file(file) {
            if allowed.has(&file.path, &hit, &secret) {
                ignored += 1;
            } else {
                findings.push(finding(file, line, format!("{} ({})", hit.what, shown(&secret))));
            }
        }
    }
    let found = count(findings.len(), "secret", "secrets");
    let mut summary = vec![format!("{found} in {}", count(lines, "added line", "added lines"))];
    if ignored > 0 {
        summary.push(format!("{ignored} allowed by the config"));
    }
    if binaries > 0 {
        summary.push(format!("{} not read", count(binaries, "binary file", "binary files")));
    }
    let bad = allowed.bad.len() + allowed.paths.bad.len();
    if bad > 0 {
        summary.push(format!("{bad} of the allowed entries cannot be used"));
    }
    Judgement { gate: GATE, verdict: verdict(&findings), summary: summary.join("; "), findings }
}

fn finding(file: &FileChange, line: Option<u32>, message: String) -> Finding {
    let hint = "take it out, read it from the environment or the secret store, and revoke it if it was ever pushed; \
                if it is none, allow it in the config";
    Finding { gate: GATE, file: file.path.clone(), line, message, hint: hint.to_owned(), binding: true }
}

/// The secrets on a file's added lines, each with its line.
fn of_file(file: &FileChange) -> Vec<(Hit, String, Option<u32>)> {
    let quiet = file.is_test() || paths::is_lock_file(&file.path);
    let mut out = Vec::new();
    for hunk in &file.hunks {
        let added: Vec<&Line> = hunk.lines.iter().filter(|line| line.kind == LineKind::Added).collect();
        let mut text = String::new();
        let mut starts = Vec::with_capacity(added.len());
        for line in &added {
            starts.push(text.len());
            text.push_str(&line.text);
            text.push('\n');
        }
        let keep = if quiet { plausible_in_test } else { plausible_in_source };
        for hit in merged(scan(&text, &keep)) {
            let index = starts.partition_point(|start| *start <= hit.range.start).saturating_sub(1);
            let line = added.get(index).and_then(|line| line.new_line);
            let secret = text[hit.range.clone()].to_owned();
            out.push((hit, secret, line));
        }
    }
    out
}

/// A file that by its name is made to hold keys.
fn key_store(file: &FileChange) -> Option<Finding> {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path).to_ascii_lowercase();
    let ends = [".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk", ".agekey"];
    let names = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".pgpass", ".htpasswd"];
    let comes = !matches!(file.status, Status::Deleted | Status::Mode);
    let is_store = ends.iter().any(|end| name.ends_with(end)) || names.contains(&name.as_str());
    (comes && is_store).then(|| finding(file, None, "a file that holds keys".to_owned()))
}

/// At most the first four characters, and the length.
fn shown(secret: &str) -> String {
    let length = secret.chars().count();
    let head: String = secret.chars().take((length / 4).min(4)).collect();
    format!("`{}…`, {length} characters", crate::text::one_line(&head))
}
