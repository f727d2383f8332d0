//! The dependencies that a manifest names, before and after: new ones are
//! told apart from changed versions, and what ships from what only tests and
//! tools need.

mod by_lines;
mod structured;

use super::{FileChange, LineKind, Status};
use std::collections::BTreeMap;

/// What a manifest's change does to the dependencies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dependencies {
    /// Those that ship and were not there: name and line.
    pub(super) new: Vec<(String, Option<u32>)>,
    /// Those that only tests and tools need, and were not there.
    pub(super) new_for_tools: Vec<String>,
    /// Those whose version or options changed.
    pub(super) changed: Vec<String>,
    /// The manifest could not be read.
    pub(super) unread: bool,
}

/// A dependency of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Dependency {
    name: String,
    /// Version and options, as far as they are told.
    version: String,
    /// Only tests and tools need it.
    for_tools: bool,
}

impl Dependency {
    fn new(name: impl Into<String>, version: impl Into<String>, for_tools: bool) -> Dependency {
        Dependency { name: name.into(), version: version.into(), for_tools }
    }
}

/// How a manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Cargo,
    PyProject,
    Pipfile,
    VersionCatalog,
    PackageJson,
    Composer,
    Deno,
    Vcpkg,
    Pubspec,
    Conda,
    Helm,
    Requirements,
    SetupCfg,
    SetupPy,
    GoMod,
    Pom,
    Gradle,
    Gemfile,
    Gemspec,
    MsBuild,
    Mix,
    Swift,
    CMake,
    Conan,
    Sbt,
    Clojure,
    Cabal,
    Podfile,
    Bazel,
    Submodules,
}

fn format(path: &str) -> Option<Format> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = super::lang::extension(name);
    Some(match name {
        "Cargo.toml" => Format::Cargo,
        "pyproject.toml" => Format::PyProject,
        "Pipfile" => Format::Pipfile,
        "libs.versions.toml" => Format::VersionCatalog,
        "package.json" => Format::PackageJson,
        "composer.json" => Format::Composer,
        "deno.json" | "deno.jsonc" | "jsr.json" => Format::Deno,
        "vcpkg.json" => Format::Vcpkg,
        "pubspec.yaml" | "pubspec.yml" => Format::Pubspec,
        "environment.yml" | "environment.yaml" => Format::Conda,
        "Chart.yaml" => Format::Helm,
        "setup.cfg" => Format::SetupCfg,
        "setup.py" => Format::SetupPy,
        "go.mod" => Format::GoMod,
        "pom.xml" => Format::Pom,
        "build.gradle" | "build.gradle.kts" => Format::Gradle,
        "Gemfile" | "gems.rb" => Format::Gemfile,
        "Directory.Packages.props" | "Directory.Build.props" | "packages.config" => Format::MsBuild,
        "mix.exs" => Format::Mix,
        "Package.swift" => Format::Swift,
        "CMakeLists.txt" => Format::CMake,
        "conanfile.txt" | "conanfile.py" => Format::Conan,
        "build.sbt" => Format::Sbt,
        "project.clj" => Format::Clojure,
        "Podfile" => Format::Podfile,
        "MODULE.bazel" => Format::Bazel,
        ".gitmodules" => Format::Submodules,
        _ if is_requirements(path, name, extension) => Format::Requirements,
        _ if matches!(extension, "csproj" | "fsproj" | "vbproj") => Format::MsBuild,
        _ => match extension {
            "gemspec" => Format::Gemspec,
            "cmake" => Format::CMake,
            "cabal" => Format::Cabal,
            _ => return None,
        },
    })
}

fn is_requirements(path: &str, name: &str, extension: &str) -> bool {
    let listed = name.starts_with("requirements") || path.rsplit('/').nth(1) == Some("requirements");
    listed && matches!(extension, "txt" | "in")
}

/// Whether a path is that of a manifest.
pub(super) fn is_manifest(path: &str) -> bool {
    format(path).is_some()
}

/// What the change does to the dependencies; none where the file is no manifest.
pub(super) fn dependencies(file: &FileChange) -> Option<Dependencies> {
    let format = format(&file.path)?;
    let for_tools = names_tools(&file.path);
    let side = |text: Option<&str>| match text {
        Some(text) => list(format, text),
        None => Some(Vec::new()),
    };
    let texts = &file.texts;
    let missing = texts.after.is_none() && file.status != Status::Deleted && !file.hunks.is_empty();
    let (Some(old), Some(new)) = (side(texts.before.as_deref()), side(texts.after.as_deref())) else {
        return Some(Dependencies { unread: true, ..Dependencies::default() });
    };
    let mut out = Dependencies { unread: missing, ..Dependencies::default() };
    let before: BTreeMap<&str, (&str, bool)> = by_name(&old);
    for (name, (version, tools)) in by_name(&new) {
        let tools = tools || for_tools;
        match before.get(name) {
            None if tools => out.new_for_tools.push(name.to_owned()),
            None => out.new.push((name.to_owned(), line_of(file, name))),
            Some((_, true)) if !tools => out.new.push((name.to_owned(), line_of(file, name))),
            Some((old, _)) if *old != version => out.changed.push(name.to_owned()),
            Some(_) => {}
        }
    }
    Some(out)
}

/// Each dependency once; what ships anywhere ships.
fn by_name(all: &[Dependency]) -> BTreeMap<&str, (&str, bool)> {
    let mut out: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for one in all {
        let entry = out.entry(&one.name).or_insert((&one.version, one.for_tools));
        if entry.1 && !one.for_tools {
            *entry = (&one.version, false);
        }
    }
    out
}

/// `requirements-dev.txt`, `requirements/test.txt` and the like.
fn names_tools(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or_default();
    format(path) == Some(Format::Requirements)
        && stem
            .split(['-', '_'])
            .any(|word| matches!(word, "dev" | "test" | "tests" | "docs" | "lint" | "ci"))
}

/// The dependencies of a text; none where it could not be read.
fn list(format: Format, text: &str) -> Option<Vec<Dependency>> {
    match format {
        Format::Cargo | Format::PyProject | Format::Pipfile | Format::VersionCatalog => {
            structured::of_toml(format, text)
        }
        Format::PackageJson | Format::Composer | Format::Deno | Format::Vcpkg => {
            structured::of_json(format, text)
        }
        Format::Pubspec | Format::Conda | Format::Helm => structured::of_yaml(format, text),
        _ => Some(by_lines::list(format, text)),
    }
}

/// The added line that names a dependency.
fn line_of(file: &FileChange, name: &str) -> Option<u32> {
    let last = name.rsplit(':').next().unwrap_or(name);
    let lines = || file.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind == LineKind::Added);
    let whole = |text: &str| {
        text.match_indices(last).any(|(at, _)| {
            let edge = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
            edge(text[..at].chars().next_back()) && edge(text[at + last.len()..].chars().next())
        })
    };
    let exact = lines().find(|line| whole(&line.text));
    // A name can be written in another case, or with other hyphens.
    let near =
        || lines().find(|line| line.text.to_lowercase().replace('_', "-").contains(&last.to_lowercase()));
    exact.or_else(near).and_then(|line| line.new_line)
}

#[cfg(test)]
mod tests;
