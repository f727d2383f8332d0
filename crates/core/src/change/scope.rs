//! `change.scope`: only paths that the incident concerns, and no protected ones.

use super::globs::Globs;
use super::{Change, FileChange, Finding, Judgement, Rules, Status, Ways, count, verdict};
use crate::gate::Verdict;

const GATE: &str = "change.scope";

/// Paths that a hotfix leaves alone unless somebody waives the gate: CI,
/// hooks, lock files, migrations, who owns what, this tool's own config.
pub const DEFAULT_PROTECTED: &[&str] = &[
    // This tool's config: a change must not loosen what it is judged by.
    ".hotfix/**",
    ".hotfix.toml",
    "hotfix.toml",
    // CI.
    ".github/workflows/**",
    ".github/actions/**",
    ".gitlab-ci.yml",
    ".gitlab/ci/**",
    ".forgejo/workflows/**",
    ".gitea/workflows/**",
    ".circleci/**",
    ".buildkite/**",
    ".woodpecker/**",
    ".woodpecker.yml",
    ".drone.yml",
    ".travis.yml",
    ".ci/**",
    "Jenkinsfile",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    // Hooks.
    ".githooks/**",
    ".husky/**",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    // Git's own files and owners.
    ".gitattributes",
    ".gitmodules",
    "CODEOWNERS",
    // Migrations.
    "**/migrations/**",
    "**/migrate/**",
    "**/alembic/versions/**",
    "**/db/changelog/**",
    // Lock files.
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "deno.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "go.sum",
    "Gemfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "packages.lock.json",
    "mix.lock",
    "flake.lock",
];

/// The gate's answer.
pub(super) fn judge(change: &Change, rules: &Rules<'_>) -> Judgement {
    let (lifted, more): (Vec<&str>, Vec<&str>) =
        rules.protected.iter().map(String::as_str).partition(|pattern| pattern.starts_with('!'));
    let only = Globs::new(rules.only.iter().map(String::as_str));
    let protected = Globs::new(more.iter().chain(DEFAULT_PROTECTED).copied());
    let lifted = Globs::new(lifted.iter().map(|pattern| &pattern[1..]));
    let bad: Vec<&str> =
        [&only, &protected, &lifted].iter().flat_map(|globs| &globs.bad).map(String::as_str).collect();

    let mut findings = Vec::new();
    let (mut outside, mut guarded) = (0, 0);
    for file in &change.files {
        // A rename takes its source away, a copy leaves it alone.
        let source = file.old_path.as_deref().filter(|_| file.status == Status::Renamed);
        for path in std::iter::once(file.path.as_str()).chain(source) {
            if let Some(pattern) = protected.matching(path).filter(|_| !lifted.has(path)) {
                guarded += 1;
                let message = format!("a protected path (`{pattern}`)");
                findings.push(finding(file, ("protected", path), message, rules.base));
            } else if !rules.only.is_empty() && !only.has(path) && !super::is_test_path(path) {
                outside += 1;
                let message = format!("outside the incident's paths ({})", rules.only.join(", "));
                findings.push(finding(file, ("outside", path), message, rules.base));
            }
        }
    }
    let mut summary = format!(
        "{}: {outside} outside the incident's paths{}, {guarded} protected",
        count(change.files.len(), "path", "paths"),
        if rules.only.is_empty() { " (none declared)" } else { "" },
    );
    let mut verdict = verdict(&findings);
    if !bad.is_empty() && verdict == Verdict::Pass {
        verdict = Verdict::Unknown;
        summary = format!("not a path pattern: `{}`; {summary}", bad.join("`, `"));
    }
    Judgement { gate: GATE, verdict, summary, findings }
}

fn finding(file: &FileChange, (rule, path): (&str, &str), message: String, base: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        file: path.to_owned(),
        line: file.hunks.first().map(|hunk| hunk.new_start.max(1)).filter(|_| path == file.path),
        column: None,
        message,
        binding: true,
        hints: Ways { gate: GATE, base }.of_file(file),
    }
}
