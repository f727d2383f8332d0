//! Whether what a rule matches is a secret, or an example, a placeholder, a
//! reference to one that is kept elsewhere, or a digest.

use super::rules::{Form, Match, Rule};
use super::{MARK, Site};

/// Whether a match counts at a site.
pub(super) fn counts(rule: &Rule, found: &Match<'_>, secret: &str, site: &Site<'_>) -> bool {
    match site {
        Site::Text => in_text(rule, found, secret),
        Site::Source { line } => in_source(rule, found, (secret, line)),
        // In tests only what a form or its length gives away.
        Site::Test { line } => {
            let sure = matches!(found.form, Form::Token | Form::Own | Form::Beside)
                || (secret.len() >= 20 && entropy(secret) >= 3.8);
            sure && in_source(rule, found, (secret, line)) && !is_made_up(secret)
        }
    }
}

/// In text that is kept, a token's form is enough; it is better to take out
/// an example than to leave a secret.
fn in_text(rule: &Rule, found: &Match<'_>, secret: &str) -> bool {
    match found.form {
        Form::Token => true,
        Form::Own => !secret.contains(MARK),
        Form::Beside => !secret.contains(MARK) && entropy(secret) >= 2.5,
        Form::Address => !secret.contains(MARK) && !is_reference(secret),
        Form::Quoted | Form::Bare => is_secret_value(rule, found, secret),
    }
}

/// In a change, examples and placeholders are no secrets.
fn in_source(rule: &Rule, found: &Match<'_>, (secret, line): (&str, &str)) -> bool {
    match found.form {
        Form::Token => entropy(secret) >= 2.5 && !is_example(secret),
        Form::Own => !is_example(secret),
        Form::Beside => {
            let mixed =
                secret.chars().any(|c| c.is_ascii_digit()) && secret.chars().any(|c| c.is_ascii_alphabetic());
            let digits = secret.chars().all(|c| c.is_ascii_digit());
            (mixed || digits)
                && entropy(secret) >= 3.0
                && is_no_placeholder(secret)
                && !is_digest_context(line)
        }
        Form::Address => is_no_placeholder(secret) && entropy(secret) >= 2.0,
        Form::Quoted | Form::Bare => is_secret_value(rule, found, secret) && !is_digest_context(line),
    }
}

/// Whether a value beside a telling name is a secret rather than a name, a
/// reference or a placeholder.
fn is_secret_value(rule: &Rule, found: &Match<'_>, value: &str) -> bool {
    if !is_no_placeholder(value) || names_something_else(found.tail) {
        return false;
    }
    if ["authorization", "connection-password", "curl-auth-user", "curl-auth-header"]
        .contains(&rule.id.as_str())
    {
        return true;
    }
    let telling = value.chars().any(|c| c.is_ascii_digit() || "!@#%^&*+=?".contains(c));
    let letters = value.chars().any(|c| c.is_ascii_alphabetic());
    let identifier =
        found.form == Form::Bare && value.contains('_') && !value.chars().any(char::is_uppercase);
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

/// A line that speaks of digests, commits and the like: what is random on it
/// is public.
fn is_digest_context(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    [
        "sha1",
        "sha256",
        "sha384",
        "sha512",
        "checksum",
        "integrity",
        "digest",
        "commit",
        "etag",
        "uses:",
        "fingerprint",
    ]
    .iter()
    .any(|word| line.contains(word))
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
        "abcdefghij",
        "qwertyuiop",
        "thisisnot",
        "notareal",
        "notreal",
        "fakefake",
    ]
    .iter()
    .any(|word| lower.contains(word))
        || value.contains("....")
        || value.contains("****")
        || repeats(value)
}

/// What somebody typed to have something: runs of the keyboard, words that say so.
fn is_made_up(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    [
        "test", "fake", "dummy", "mock", "sample", "foobar", "12345", "abcde", "qwert", "asdf", "deadbeef",
        "cafebabe",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// The same few letters again and again.
fn repeats(value: &str) -> bool {
    let bytes = value.as_bytes();
    (1..=4).any(|period| {
        let same = bytes.windows(period + 1).rev().take_while(|w| w.first() == w.last()).count();
        same >= 16
    })
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
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    let mut total = 0u32;
    for c in text.chars() {
        *counts.entry(c).or_insert(0u32) += 1;
        total = total.saturating_add(1);
    }
    let share = |n: &u32| f64::from(*n) / f64::from(total);
    counts.values().map(|n| -share(n) * share(n).log2()).sum()
}
