//! Which paths and lines are tests, and which files are written by tools.

use super::{FileChange, Hunk, LineKind, lang};

/// Folders whose files are tests.
const TEST_FOLDERS: &[&str] = &["test", "tests", "__tests__", "__mocks__", "spec", "testdata", "e2e"];

/// Ends of a file's name (before its extension) that make it a test.
const TEST_ENDS: &[&str] =
    &["_test", "_tests", "_spec", ".test", ".tests", ".spec", ".cy", ".e2e", "-test", "-spec"];

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

/// For each line of each hunk, whether it belongs to a test.
pub(super) fn test_lines(file: &FileChange) -> Vec<bool> {
    let whole = file.is_test() || (file.status == super::Status::Renamed && whole_was_test(file));
    if whole || lang::Lang::of(&file.path) != lang::Lang::Rust {
        return file.hunks.iter().flat_map(|hunk| hunk.lines.iter().map(|_| whole)).collect();
    }
    let mut inside = false;
    file.hunks.iter().flat_map(|hunk| rust_test_lines(hunk, &mut inside)).collect()
}

fn whole_was_test(file: &FileChange) -> bool {
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
