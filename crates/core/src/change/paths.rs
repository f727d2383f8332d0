//! Which paths and lines are tests, and which files are written by tools.

use super::{FileChange, Hunk, LineKind, lang};
use regex::Regex;
use std::sync::LazyLock;

/// Folders whose files are tests.
const TEST_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "__mocks__",
    "__fixtures__",
    "__snapshots__",
    "spec",
    "specs",
    "testdata",
    "testFixtures",
    "e2e",
    "integration_test",
];

/// Ends of a file's name (before its extension) that make it a test.
const TEST_ENDS: &[&str] = &[
    "_test", "_tests", "_spec", ".test", ".tests", ".spec", ".test-d", ".spec-d", ".cy", ".e2e", "-test",
    "-tests", "-spec",
];

/// Extensions of files that are tests and nothing else.
const TEST_EXTENSIONS: &[&str] = &["bats", "t", "snap", "feature"];

/// Lock files: written by package managers.
const LOCK_FILES: &[&str] = &[
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
    "pixi.lock",
    "go.sum",
    "Gemfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "packages.lock.json",
    "mix.lock",
    "pubspec.lock",
    "Podfile.lock",
    "Package.resolved",
    "flake.lock",
];

/// Whether the path is one that test runners look at, such as `tests/…`,
/// `test_*.py`, `*_test.go`, `*.spec.ts`, `__tests__/…` or `src/test/…`.
pub fn is_test_path(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    if folders.split('/').any(|folder| TEST_FOLDERS.contains(&folder)) {
        return true;
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    stem.starts_with("test_")
        || stem.starts_with("test-")
        || (!stem.is_empty() && TEST_EXTENSIONS.contains(&extension))
        || matches!(
            name,
            "conftest.py" | "tests.rs" | "tests.py" | "test.rs" | "test.py" | "test.js" | "test.ts"
        )
        || TEST_ENDS.iter().any(|end| stem.ends_with(end))
        || (matches!(extension, "java" | "kt" | "cs" | "swift" | "php" | "scala" | "groovy")
            && has_test_word(stem))
}

/// `FooTest`, `FooTests`, `FooSpec`, `FooIT`, `TestFoo`, but not `Latest` or `Contest`.
fn has_test_word(stem: &str) -> bool {
    let starts = stem.strip_prefix("Test").is_some_and(|rest| rest.starts_with(char::is_uppercase));
    starts
        || ["Test", "Tests", "TestCase", "Spec", "IT"]
            .iter()
            .any(|end| stem.len() > end.len() && stem.ends_with(end))
}

/// Whether a package manager writes the file.
pub(super) fn is_lock_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    LOCK_FILES.contains(&name)
}

/// Folders of what shows or measures the program and does not ship with it.
const SAMPLE_FOLDERS: &[&str] = &[
    "examples",
    "example",
    "samples",
    "playground",
    "playgrounds",
    "fixtures",
    "benches",
    "bench",
    "benchmarks",
    "benchmark",
];

/// Whether a file shows or measures the program: it does not ship.
pub(super) fn is_sample(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| SAMPLE_FOLDERS.contains(&folder))
}

/// Whether a file is text for people: it changes nothing that runs.
pub(super) fn is_prose(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let known = [
        "LICENSE",
        "LICENCE",
        "COPYING",
        "NOTICE",
        "AUTHORS",
        "CONTRIBUTORS",
        "CHANGELOG",
        "CHANGES",
        "README",
    ];
    matches!(extension, "md" | "rst" | "adoc" | "asciidoc" | "textile" | "org" | "markdown")
        || (matches!(extension, "" | "txt") && known.contains(&stem))
}

/// Whether a text says of itself that a tool wrote it, near its top.
pub(super) fn says_generated(text: &str) -> bool {
    static MARK: LazyLock<Regex> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "a literal pattern, compiled by a test")]
        Regex::new(r"(?i)@generated\b|\bcode generated\b.{0,80}\bdo not edit\b|\bauto-?generated\b.{0,80}\b(?:do not|don't|never) (?:edit|modify|change)\b")
            .expect("a literal pattern")
    });
    text.lines().take(12).any(|line| line.len() < 400 && MARK.is_match(line))
}

/// For each line of each hunk, whether it belongs to a test, as far as lines
/// tell it.
pub(super) fn test_lines(file: &FileChange) -> Vec<bool> {
    let whole = file.is_test() || (file.status == super::Status::Renamed && was_test(file));
    if whole || lang::Lang::of(&file.path) != lang::Lang::Rust {
        return file.hunks.iter().flat_map(|hunk| hunk.lines.iter().map(|_| whole)).collect();
    }
    let mut inside = false;
    file.hunks.iter().flat_map(|hunk| rust_test_lines(hunk, &mut inside)).collect()
}

/// Whether the file was a test before it got its name.
pub(super) fn was_test(file: &FileChange) -> bool {
    file.old_path.as_deref().is_some_and(is_test_path)
}

/// Rust: everything from `#[cfg(test)]` to a brace in the first column. Git's
/// section names the module where the attribute is above the hunk.
fn rust_test_lines(hunk: &Hunk, inside: &mut bool) -> Vec<bool> {
    if !hunk.section.is_empty() {
        let module = hunk.section.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        *inside = module.starts_with("mod test");
    }
    let mut flags = Vec::with_capacity(hunk.lines.len());
    for (at, line) in hunk.lines.iter().enumerate() {
        let attribute = line.text.trim_start().starts_with("#[cfg(test)]");
        // `#[cfg(test)] use …;` and the like concern one item only.
        let module = attribute
            && hunk.lines[at + 1..].iter().take(3).any(|next| next.text.trim_start().contains("mod "));
        *inside |= module;
        flags.push(*inside || attribute);
        if *inside && line.text == "}" && line.kind != LineKind::Removed {
            *inside = false;
        }
    }
    flags
}
