//! New dependencies in the manifests of the usual ecosystems, told apart from
//! changed versions of those that were there.

use super::{FileChange, LineKind, lang};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a manifest's change does to the dependencies.
#[derive(Debug, Default)]
pub(super) struct Dependencies {
    /// Those that were not there: name and line.
    pub(super) new: Vec<(String, Option<u32>)>,
    /// Those whose version or options changed.
    pub(super) changed: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Toml,
    Json,
    Requirements,
    GoMod,
    Pom,
    Gradle,
    Gemfile,
    MsBuild,
}

fn format(path: &str) -> Option<Format> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name {
        "Cargo.toml" | "pyproject.toml" | "Pipfile" => Format::Toml,
        "package.json" | "composer.json" => Format::Json,
        "go.mod" => Format::GoMod,
        "pom.xml" => Format::Pom,
        "build.gradle" | "build.gradle.kts" => Format::Gradle,
        "Gemfile" => Format::Gemfile,
        _ if name.starts_with("requirements") && matches!(lang::extension(name), "txt" | "in") => {
            Format::Requirements
        }
        _ if lang::extension(name) == "csproj" || name == "Directory.Packages.props" => Format::MsBuild,
        _ => return None,
    })
}

/// What the change does to the dependencies; none where the file is no manifest.
pub(super) fn dependencies(file: &FileChange) -> Option<Dependencies> {
    let format = format(&file.path)?;
    let (mut gone, mut come) = (BTreeMap::new(), BTreeMap::new());
    for hunk in &file.hunks {
        let mut section = None;
        for line in &hunk.lines {
            if let Some(found) = opens_section(format, &line.text) {
                section = Some(found);
            }
            let Some(name) = dependency(format, &line.text, section) else { continue };
            match line.kind {
                LineKind::Added => come.entry(name).or_insert(line.new_line),
                LineKind::Removed => gone.entry(name).or_insert(line.old_line),
                LineKind::Context => continue,
            };
        }
    }
    let mut out = Dependencies::default();
    for (name, line) in come {
        if gone.contains_key(&name) { out.changed.push(name) } else { out.new.push((name, line)) }
    }
    Some(out)
}

/// Where a line opens a section: whether dependencies are listed there.
fn opens_section(format: Format, line: &str) -> Option<bool> {
    let line = line.trim();
    match format {
        Format::Toml => {
            let header = line.strip_prefix('[').filter(|_| line.ends_with(']') && !line.contains('"'));
            let array = line.ends_with("= [").then_some(line);
            let heading = header.or(array)?;
            Some(
                heading.contains("dependencies")
                    || heading.contains("packages]")
                    || heading.starts_with("requires"),
            )
        }
        Format::Json => {
            let key = line.strip_suffix('{')?.trim().strip_suffix(':')?.trim().trim_matches('"');
            Some(key.ends_with("ependencies") || key == "require" || key == "require-dev")
        }
        Format::Pom => {
            (line == "<dependency>").then_some(true).or((line == "</dependency>").then_some(false))
        }
        _ => None,
    }
}

/// The dependency that a line names. Where the hunk does not show the
/// section, the line's form decides.
fn dependency(format: Format, line: &str, section: Option<bool>) -> Option<String> {
    let first = |pattern: &Regex| Some(pattern.captures(line)?.get(1)?.as_str().to_owned());
    match format {
        Format::Toml | Format::Json if section == Some(false) => None,
        Format::Toml => first(&FORMS.toml_table)
            .or_else(|| first(&FORMS.toml_key))
            .filter(|name| !TOML_KEYS.contains(&name.as_str()))
            .or_else(|| {
                if section == Some(true) { first(&FORMS.pep508) } else { first(&FORMS.pep508_versioned) }
            }),
        Format::Json => first(&FORMS.json).filter(|name| !JSON_KEYS.contains(&name.as_str())),
        Format::Requirements => first(&FORMS.requirement),
        Format::GoMod => first(&FORMS.go_mod).filter(|_| !line.contains("// indirect")),
        Format::Pom if section == Some(true) => first(&FORMS.pom),
        Format::Pom => None,
        Format::Gradle => first(&FORMS.gradle),
        Format::Gemfile => first(&FORMS.gem),
        Format::MsBuild => first(&FORMS.msbuild),
    }
}

/// Keys of a TOML manifest that have a version for a value and are no dependency.
const TOML_KEYS: &[&str] = &[
    "version",
    "edition",
    "rust-version",
    "python",
    "requires-python",
    "python_version",
    "target-version",
    "rev",
    "tag",
    "resolver",
];

/// The same for JSON.
const JSON_KEYS: &[&str] = &["version", "node", "npm", "yarn", "pnpm", "vscode", "php", "packageManager"];

struct Forms {
    toml_table: Regex,
    toml_key: Regex,
    pep508: Regex,
    pep508_versioned: Regex,
    json: Regex,
    requirement: Regex,
    go_mod: Regex,
    pom: Regex,
    gradle: Regex,
    gem: Regex,
    msbuild: Regex,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| Forms {
    toml_table: form(r"^\[(?:.*\.)?(?:dev-|build-)?dependencies\.([\w-]+)\]"),
    toml_key: form(
        r#"^([A-Za-z0-9][\w.-]*?)(?:\s*=\s*"(?:[~^=<>! ]*[0-9v][^"]*|\*)"|\s*=\s*\{.*\b(?:version|path|git|workspace|url)\s*=|\.workspace\s*=\s*true|\.(?:version|path|git)\s*=)"#,
    ),
    pep508: form(r#"^\s*["']([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:[<>=!~;@ ][^"']*)?["'],?\s*$"#),
    pep508_versioned: form(
        r#"^\s*["']([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:[<>=!~]=|[<>]|@ )[^"']*["'],?\s*$"#,
    ),
    json: form(
        r#"^\s*"([^"]+)"\s*:\s*"(?:[\^~<>=v ]*[0-9][^"]*|\*|latest|next|(?:workspace|npm|file|git|github|link|catalog|https?|git\+ssh|git\+https)[:/][^"]*|dev-[^"]*)",?\s*$"#,
    ),
    requirement: form(r"^\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:[<>=!~]=|[<>@;#]|===|\\|$)"),
    go_mod: form(r"^\s*(?:require\s+)?([\w~-]+(?:\.[\w~-]+)+(?:/[\w.~-]+)*)\s+v[0-9]"),
    pom: form(r"^\s*<artifactId>([^<]+)</artifactId>"),
    gradle: form(
        r#"^\s*(?:implementation|api|compile|compileOnly|runtimeOnly|testImplementation|kapt|ksp|annotationProcessor|classpath|debugImplementation)\b[\s(]*(?:platform\()?["']([\w.-]+:[\w.-]+)"#,
    ),
    gem: form(r#"^\s*gem\s*\(?\s*["']([^"']+)["']"#),
    msbuild: form(r#"<Package(?:Reference|Version)\s+Include="([^"]+)""#),
});

#[expect(clippy::expect_used, reason = "a literal pattern, compiled by a test")]
fn form(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependency_lines_by_ecosystem() {
        for (path, line, expected) in [
            ("Cargo.toml", r#"serde = "1.0""#, Some("serde")),
            ("Cargo.toml", r#"serde = { version = "1", features = ["derive"] }"#, Some("serde")),
            ("Cargo.toml", "serde.workspace = true", Some("serde")),
            ("Cargo.toml", "[dependencies.serde]", Some("serde")),
            ("Cargo.toml", r#"version = "1.2.3""#, None),
            ("Cargo.toml", r#"edition = "2024""#, None),
            ("Cargo.toml", r#"lto = "thin""#, None),
            ("Cargo.toml", "opt-level = 3", None),
            ("pyproject.toml", r#"  "httpx>=0.27","#, Some("httpx")),
            ("pyproject.toml", r#"httpx = "^0.27""#, Some("httpx")),
            ("pyproject.toml", r#"requires-python = ">=3.12""#, None),
            ("pyproject.toml", r#"  "E501","#, None),
            ("requirements-dev.txt", "httpx[http2]==0.27.0", Some("httpx")),
            ("requirements.txt", "-r base.txt", None),
            ("requirements.txt", "# httpx", None),
            ("package.json", r#"    "left-pad": "^1.3.0","#, Some("left-pad")),
            ("package.json", r#"    "@acme/pay": "workspace:*""#, Some("@acme/pay")),
            ("package.json", r#"  "version": "1.3.0","#, None),
            ("package.json", r#"    "build": "tsc -p .","#, None),
            ("composer.json", r#"    "monolog/monolog": "^3.0","#, Some("monolog/monolog")),
            ("go.mod", "\tgithub.com/acme/pay v1.2.3", Some("github.com/acme/pay")),
            ("go.mod", "\tgithub.com/acme/pay v1.2.3 // indirect", None),
            ("go.mod", "go 1.22", None),
            ("Gemfile", r#"gem "rails", "~> 7""#, Some("rails")),
            ("build.gradle.kts", r#"    implementation("com.acme:pay:1.2")"#, Some("com.acme:pay")),
            ("app.csproj", r#"<PackageReference Include="Polly" Version="8" />"#, Some("Polly")),
            ("src/main.rs", r#"serde = "1.0""#, None),
        ] {
            let found = format(path).and_then(|format| dependency(format, line, None));
            assert_eq!(found.as_deref(), expected, "{path}: {line}");
        }
    }
}
