//! `change.secrets`: no secret is added. And [`redact`], by the same rules.

mod gitleaks;
mod key;
mod plausible;
mod redact;
mod rules;

pub use gitleaks::{RuleFile, SecretRulesError, extends};
pub use redact::redact;
pub use rules::SecretRules;

use super::globs::Globs;
use super::{
    Change, FileChange, Finding, Hint, Judgement, Line, LineKind, Rules, Status, Ways, count, paths, verdict,
};
use gitleaks::Spot;
use rules::{Form, Match, Objects, Rule};
use std::collections::BTreeSet;
use std::ops::Range;

const GATE: &str = "change.secrets";

/// Marks the place of a secret that was taken out.
const MARK: &str = "[redacted:";

/// A secret's place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    id: String,
    what: String,
    form: Form,
    range: Range<usize>,
}

/// Where a text stands: what counts as a secret depends on it.
enum Site<'a> {
    /// Output, a message, a log: it is kept.
    Text,
    /// The line of a program or a setting.
    Source { line: &'a str },
    /// The line of a test, or of what a package manager writes.
    Test { line: &'a str },
}

/// Every secret of a text that counts at its site, by place.
fn scan<'t>(text: &'t str, rules: &SecretRules, site: &dyn Fn(&'t str) -> Site<'t>) -> Vec<Hit> {
    let mut hits: Vec<Hit> = key::find(text)
        .into_iter()
        .map(|range| Hit {
            id: "private-key".to_owned(),
            what: "a private key".to_owned(),
            form: Form::Token,
            range,
        })
        .collect();
    let mut add = |rule: &Rule, found: &Match<'_>, start: usize, line: &'t str| {
        let range = start + found.range.start..start + found.range.end;
        if plausible::counts(rule, found, &text[range.clone()], &site(line)) {
            hits.push(Hit { id: rule.id.clone(), what: rule.what.clone(), form: found.form, range });
        }
    };
    for (line, wanted) in rules.by_line(text) {
        let content = &text[line.clone()];
        for rule in wanted {
            rule.matches(content).iter().for_each(|found| add(rule, found, line.start, content));
        }
    }
    for rule in rules.own(text) {
        for found in rule.matches(text) {
            let start = text[..found.range.start].rfind('\n').map_or(0, |end| end + 1);
            let end = text[found.range.end..].find('\n').map_or(text.len(), |end| found.range.end + end);
            add(rule, &found, 0, &text[start..end]);
        }
    }
    hits.sort_by_key(|hit| (hit.range.start, std::cmp::Reverse(hit.range.end), hit.form));
    hits
}

/// Overlapping hits as one, named by the surest.
fn merged(hits: Vec<Hit>) -> Vec<Hit> {
    let mut out: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match out.last_mut() {
            Some(last) if hit.range.start < last.range.end => {
                let range = last.range.start..last.range.end.max(hit.range.end);
                if hit.form < last.form {
                    *last = hit;
                }
                last.range = range;
            }
            _ => out.push(hit),
        }
    }
    out
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
            || self.rules.contains(&hit.id.as_str())
            || self.texts.iter().any(|text| secret.contains(text))
    }
}

/// A secret of a change.
struct Secret<'c> {
    hit: Hit,
    text: String,
    /// The line that it begins on, where one can be named.
    line: Option<&'c Line>,
    /// The column in characters, from 1.
    column: Option<u32>,
}

/// The gate's answer, and the secrets themselves, which nothing may show.
pub(super) fn judge(change: &Change, rules: &Rules<'_>) -> (Judgement, BTreeSet<String>) {
    let set = rules.secret_rules.unwrap_or_else(|| SecretRules::built_in());
    let allowed = Allowed::new(rules.allow_secrets);
    let known = known_before(change, set);
    let (mut findings, mut texts) = (Vec::new(), BTreeSet::new());
    let (mut ignored, mut moved, mut lines, mut binaries) = (0, 0, 0, 0);
    for file in &change.files {
        lines += file.added() as usize;
        binaries += usize::from(file.binary && file.status != Status::Deleted);
        findings.extend(key_store(file).into_iter().filter(|_| !allowed.paths.has(&file.path)));
        for secret in of_file(file, set, LineKind::Added) {
            let objects = objects(set, file, &secret);
            if objects == Objects::Elsewhere {
                continue;
            }
            if objects == Objects::Allowed || allowed.has(&file.path, &secret.hit, &secret.text) {
                ignored += 1;
            } else if known.contains(&secret.text) {
                moved += 1;
                texts.insert(secret.text);
            } else {
                findings.push(finding(file, &secret, rules.base));
                texts.insert(secret.text);
            }
        }
    }
    let found = count(findings.len(), "secret", "secrets");
    let mut summary = vec![format!("{found} in {}", count(lines, "added line", "added lines"))];
    for (n, what) in [(moved, "that the base has as well"), (ignored, "allowed by the config")] {
        if n > 0 {
            summary.push(format!("{n} {what}"));
        }
    }
    if binaries > 0 {
        summary.push(format!("{} not read", count(binaries, "binary file", "binary files")));
    }
    let bad = allowed.bad.len() + allowed.paths.bad.len();
    if bad > 0 {
        summary.push(format!("{bad} of the allowed entries cannot be used"));
    }
    let judgement =
        Judgement { gate: GATE, verdict: verdict(&findings), summary: summary.join("; "), findings };
    (judgement, texts)
}

/// Secrets on lines that go: what only moves is not added.
fn known_before(change: &Change, set: &SecretRules) -> BTreeSet<String> {
    let of = |file| of_file(file, set, LineKind::Removed);
    change.files.iter().flat_map(of).map(|secret| secret.text).collect()
}

/// What the rule that found a secret says of it here.
fn objects(set: &SecretRules, file: &FileChange, secret: &Secret<'_>) -> Objects {
    let line = secret.line.map_or("", |line| line.text.as_str());
    let number = secret.line.and_then(|line| line.new_line).unwrap_or(0);
    if set.ignored.contains(&format!("{}:{}:{number}", file.path, secret.hit.id)) {
        return Objects::Allowed;
    }
    set.objects(&Spot { rule: &secret.hit.id, path: &file.path, secret: &secret.text, line })
}

fn finding(file: &FileChange, secret: &Secret<'_>, base: &str) -> Finding {
    let Hit { id, what, .. } = &secret.hit;
    let message = format!("{} ({})", what, count(secret.text.chars().count(), "character", "characters"));
    Finding {
        rule: id.clone(),
        line: secret.line.and_then(|line| line.new_line),
        column: secret.column,
        message,
        ..bare(file, base)
    }
}

fn bare(file: &FileChange, base: &str) -> Finding {
    let path = crate::finding::shell_word(&file.path);
    Finding {
        rule: "key-file".to_owned(),
        file: file.path.clone(),
        binding: true,
        hints: vec![
            Hint::say("read it from the environment or the secret store; revoke it if it was ever pushed"),
            Hint::run("take it out", format!("git restore --patch --source={base} -- {path}")),
            Hint::say("if it is none, allow it in [change] allow_secrets at the default branch"),
            Ways { gate: GATE, base }.waive(),
        ],
        ..Finding::default()
    }
}

/// The secrets on a file's added or removed lines.
fn of_file<'c>(file: &'c FileChange, set: &SecretRules, kind: LineKind) -> Vec<Secret<'c>> {
    let quiet = file.is_test() || paths::is_lock_file(&file.path) || paths::is_sample(&file.path);
    let mut out = Vec::new();
    for hunk in &file.hunks {
        let lines: Vec<&Line> = hunk.lines.iter().filter(|line| line.kind == kind).collect();
        let mut text = String::new();
        let mut starts = Vec::with_capacity(lines.len());
        for line in &lines {
            starts.push(text.len());
            text.push_str(&line.text);
            text.push('\n');
        }
        let site = |line| if quiet { Site::Test { line } } else { Site::Source { line } };
        for hit in merged(scan(&text, set, &site)) {
            let index = starts.partition_point(|start| *start <= hit.range.start).saturating_sub(1);
            let start = starts.get(index).copied().unwrap_or(0);
            let column = u32::try_from(text[start..hit.range.start].chars().count() + 1).ok();
            let secret = text[hit.range.clone()].to_owned();
            out.push(Secret { hit, text: secret, line: lines.get(index).copied(), column });
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
    (comes && is_store)
        .then(|| Finding { message: "a file that holds keys".to_owned(), ..bare(file, "HEAD") })
}

#[cfg(test)]
mod tests;
