//! Where the branch comes from and where it goes: from sketches, lines of a
//! branch strategy, notes and the example's commands.

use super::reader::Reader;
use crate::policy::{BaseKind, BranchPolicy, PortBy};

/// The kind of base that a line names first.
fn base_in(text: &str) -> Option<(BaseKind, String)> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.')));
    words.filter(|word| !word.is_empty()).find_map(|word| kind_of(word).map(|kind| (kind, word.to_owned())))
}

pub(crate) fn kind_of(word: &str) -> Option<BaseKind> {
    match word.trim_start_matches("origin/").to_lowercase().as_str() {
        "main" | "master" | "trunk" | "develop" | "development" => Some(BaseKind::Main),
        "production" | "prod" | "release" | "tag" | "live" => Some(BaseKind::Production),
        _ => None,
    }
}

/// Takes a base; from main, the fix also merges there and needs no port.
fn take_base(kind: BaseKind, line: u32, branch: &mut BranchPolicy, reader: &mut Reader) {
    if reader.origins.contains_key("branch.base") {
        return;
    }
    branch.base = kind;
    reader.rule("branch.base", line);
    if kind == BaseKind::Main && !reader.origins.contains_key("branch.merge_to") {
        branch.merge_to = BaseKind::Main;
        branch.port_by = PortBy::Ancestry;
    }
}

/// The name of a branch with its placeholders, if a word is one.
pub(crate) fn pattern(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| matches!(c, '`' | '"' | '\'' | ',' | '.' | ';' | ')' | '('));
    let (family, name) = word.split_once('/')?;
    let known = matches!(family, "hotfix" | "fix" | "hotfixes" | "bugfix" | "emergency" | "patch");
    (known && !name.is_empty() && !name.contains("..")).then(|| format!("{family}/{}", generic(name)))
}

/// Puts placeholders for a version and for a key.
fn generic(name: &str) -> String {
    let name = name.replace(['<', '['], "{").replace(['>', ']'], "}");
    if name.contains('{') {
        return placeholder(&name);
    }
    let bare = name.strip_prefix('v').unwrap_or(&name);
    let numbers: Vec<&str> = bare.split('.').collect();
    if numbers.len() >= 2 && numbers.iter().all(|part| part.parse::<u32>().is_ok()) {
        let prefix = if bare.len() < name.len() { "v" } else { "" };
        return format!("{prefix}{{version}}");
    }
    let key: Vec<&str> = name.splitn(3, '-').collect();
    match key.as_slice() {
        [project, number, ..] if is_key(project, number) => {
            name.replacen(&format!("{project}-{number}"), "{id}", 1)
        }
        _ => name,
    }
}

fn is_key(project: &str, number: &str) -> bool {
    let project = !project.is_empty() && project.chars().all(|c| c.is_ascii_uppercase());
    project && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == 'X')
}

/// Only `{id}` and `{version}` are placeholders; other names mean the key.
fn placeholder(name: &str) -> String {
    let mut out = String::new();
    for (at, part) in name.split('{').enumerate() {
        match part.split_once('}') {
            Some((inner, rest)) if at > 0 => {
                let version = inner.to_lowercase().contains("version");
                out.push_str(if version { "{version}" } else { "{id}" });
                out.push_str(rest);
            }
            _ => out.push_str(part),
        }
    }
    out
}

/// Reads a sketch of branches; answers whether it was one.
pub(crate) fn sketch(
    lines: &[(u32, String)],
    expected: bool,
    branch: &mut BranchPolicy,
    reader: &mut Reader,
) -> bool {
    let mentions = |word: &str| lines.iter().any(|(_, text)| text.to_lowercase().contains(word));
    let is_sketch = expected || (mentions("hotfix/") && mentions("merge to"));
    if !is_sketch {
        return false;
    }
    let mut any = false;
    for (no, text) in lines {
        any |= line(text, *no, branch, reader);
        if !any && let Some((kind, _)) = base_in(text) {
            take_base(kind, *no, branch, reader);
            any = true;
        }
    }
    any
}

/// Reads a line of a branch strategy; answers whether it said something.
pub(crate) fn line(text: &str, no: u32, branch: &mut BranchPolicy, reader: &mut Reader) -> bool {
    let lower = text.to_lowercase();
    let after = |word: &str| lower.find(word).and_then(|at| lower.get(at + word.len()..)).and_then(base_in);
    let mut any = false;
    if let Some((_, to)) =
        ["cherry-pick", "cherry pick", "back-merge", "backport"].iter().find_map(|word| after(word))
    {
        branch.port_to = Some(to);
        branch.port_by = PortBy::CherryPick;
        reader.rule("branch.port_to", no);
        any = true;
    } else if let Some((kind, to)) =
        after("merge to").or_else(|| after("merge into")).or_else(|| after("merges to"))
    {
        take_merge(kind, to, no, branch, reader);
        any = true;
    } else if let Some((kind, _)) = after("from") {
        take_base(kind, no, branch, reader);
        any = true;
    }
    if let Some(pattern) = text.split_whitespace().find_map(pattern) {
        branch.pattern = pattern;
        reader.rule("branch.pattern", no);
        any = true;
    }
    any
}

fn take_merge(kind: BaseKind, to: String, no: u32, branch: &mut BranchPolicy, reader: &mut Reader) {
    if reader.origins.contains_key("branch.merge_to") && kind != branch.merge_to {
        branch.port_to = Some(to);
        reader.rule("branch.port_to", no);
        return;
    }
    branch.merge_to = kind;
    branch.port_by = if kind == BaseKind::Main { PortBy::Ancestry } else { PortBy::CherryPick };
    reader.rule("branch.merge_to", no);
}

/// Defaults from a command that makes the branch, for what no rule says.
pub(crate) fn command(text: &str, no: u32, branch: &mut BranchPolicy, reader: &mut Reader) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let makes =
        matches!(words.as_slice(), ["git", "worktree", "add", ..] | ["git", "checkout" | "switch", ..]);
    let Some(flag) = words.iter().position(|word| matches!(*word, "-b" | "-c" | "-B")).filter(|_| makes)
    else {
        return;
    };
    let Some(name) = words.get(flag + 1).and_then(|word| pattern(word)) else { return };
    if !reader.origins.contains_key("branch.pattern") {
        branch.pattern = name;
        reader.rule("branch.pattern", no);
    }
    let base = words.iter().skip(flag + 2).find_map(|word| kind_of(word));
    if let Some(kind) = base.filter(|_| !reader.origins.contains_key("branch.base")) {
        take_base(kind, no, branch, reader);
    }
}

/// A note such as `Worktree from main`.
pub(crate) fn note(text: &str, no: u32, branch: &mut BranchPolicy, reader: &mut Reader) {
    let lower = text.to_lowercase();
    let from = lower.split_once("from ").and_then(|(_, rest)| base_in(rest));
    if let Some((kind, _)) = from.filter(|_| !reader.origins.contains_key("branch.base")) {
        take_base(kind, no, branch, reader);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let rows = [
            ("hotfix/incident-{id}", Some("hotfix/incident-{id}")),
            ("hotfix/1.2.3", Some("hotfix/{version}")),
            ("hotfix/v1.2.3", Some("hotfix/v{version}")),
            ("hotfix/<ticket>-x", Some("hotfix/{id}-x")),
            ("hotfix/ABC-12-login", Some("hotfix/{id}-login")),
            ("feature/x", None),
            ("hotfix", None),
        ];
        for (word, expected) in rows {
            assert_eq!(pattern(word).as_deref(), expected, "{word}");
        }
    }
}
