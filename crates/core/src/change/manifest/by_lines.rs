//! Manifests that are programs or plain lists: read line by line, which is
//! how people write them.

use super::{Dependency, Format, structured};
use regex::Regex;
use std::sync::LazyLock;

/// The dependencies of a manifest.
pub(super) fn list(format: Format, text: &str) -> Vec<Dependency> {
    match format {
        Format::Requirements => {
            text.lines().filter_map(|line| structured::requirement(line, false)).collect()
        }
        Format::SetupCfg => setup_cfg(text),
        Format::SetupPy => setup_py(text),
        Format::GoMod => go_mod(text),
        Format::Pom => pom(text),
        Format::Gemfile => gemfile(text),
        Format::Conan => conan(text),
        Format::Cabal => cabal(text),
        _ => forms(format).map(|forms| by_form(forms, text)).unwrap_or_default(),
    }
}

/// A line that names a dependency (`name`, and `org` before it where the
/// ecosystem has one), and what on it says that only tests and tools need it.
struct Forms {
    line: Regex,
    for_tools: Option<Regex>,
}

fn by_form(forms: &Forms, text: &str) -> Vec<Dependency> {
    let of = |found: regex::Captures<'_>| {
        let name = found.name("name")?.as_str();
        let name =
            found.name("org").map_or_else(|| name.to_owned(), |org| format!("{}:{name}", org.as_str()));
        let start = found.get(0)?.start();
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        let line = &text[start..end];
        let for_tools = forms.for_tools.as_ref().is_some_and(|form| form.is_match(line));
        Some(Dependency::new(name, line.trim(), for_tools))
    };
    forms.line.captures_iter(text).filter_map(of).collect()
}

struct All {
    gradle: Forms,
    gemspec: Forms,
    ms_build: Forms,
    mix: Forms,
    swift: Forms,
    cmake: Forms,
    sbt: Forms,
    clojure: Forms,
    podfile: Forms,
    bazel: Forms,
    submodules: Forms,
    gem: Regex,
    pom_dependency: Regex,
    pom_field: Regex,
    quoted: Regex,
    closing: Regex,
    conan: Regex,
}

static ALL: LazyLock<All> = LazyLock::new(|| {
    let forms =
        |line: &str, for_tools: Option<&str>| Forms { line: form(line), for_tools: for_tools.map(form) };
    All {
        gradle: forms(
            r#"(?m)^[ \t]*(?:implementation|api|compile|compileOnly|runtimeOnly|runtime|kapt|ksp|annotationProcessor|classpath|provided|testImplementation|testCompileOnly|testRuntimeOnly|androidTestImplementation|debugImplementation|"[a-zA-Z]+")[ \t(]+(?:(?:enforcedP|p)latform[ \t(]+)?(?:["'](?P<name>[\w.-]+:[\w.-]+)|(?:libs\.)(?:\w+\.)*\w+)"#,
            Some(r"(?i)^\s*\S*test"),
        ),
        gemspec: forms(
            r#"(?m)\.add_(?:runtime_|development_)?dependency[ \t(]+["'](?P<name>[^"']+)"#,
            Some("development_dependency"),
        ),
        ms_build: forms(
            r#"<(?:Package(?:Reference|Version)|package)\s+(?:Include|id)="(?P<name>[^"]+)""#,
            Some(r#"PrivateAssets="all""#),
        ),
        mix: forms(
            r"(?m)^\s*\{:(?P<name>\w+),\s*(?:[\x22~>]|git:|github:|path:|in_umbrella)",
            Some(r"only:\s*(?::test|:dev|\[\s*:(?:test|dev)(?:\s*,\s*:(?:test|dev))*\s*\])"),
        ),
        swift: forms(
            r#"\.package\(\s*(?:name:\s*"[^"]*",\s*)?(?:url|path):\s*"(?:[^"]*/)?(?P<name>[^"/]+?)(?:\.git)?""#,
            None,
        ),
        cmake: forms(
            r"(?mi)^[ \t]*(?:FetchContent_Declare|ExternalProject_Add|find_package|CPMAddPackage|CPMFindPackage|pkg_check_modules)[ \t]*\([ \t\r\n]*(?:NAME[ \t]+|\x22(?:gh|gl|bb):[\w.-]+/)?(?P<name>[\w.-]+)",
            None,
        ),
        sbt: forms(
            r#""(?P<org>[\w.-]+)"\s*%{1,3}\s*"(?P<name>[\w.-]+)"\s*%"#,
            Some(r#"%\s*"?(?:Test|test|IntegrationTest)\b"#),
        ),
        clojure: forms(r#"\[(?P<name>[A-Za-z][\w./-]*)\s+"[0-9]"#, None),
        podfile: forms(r#"(?m)^[ \t]*pod[ \t(]+["'](?P<name>[^"']+)"#, None),
        bazel: forms(r#"bazel_dep\([^)]*?name\s*=\s*"(?P<name>[^"]+)""#, Some("dev_dependency\\s*=\\s*True")),
        submodules: forms(r#"(?m)^\[submodule "(?P<name>[^"]+)"\]"#, None),
        gem: form(r#"^\s*gem\s*\(?\s*["']([^"']+)["'](.*)$"#),
        pom_dependency: form(r"(?s)<(?:dependency|plugin)>(.*?)</(?:dependency|plugin)>"),
        pom_field: form(r"<(groupId|artifactId|version|scope)>\s*([^<]*?)\s*</"),
        quoted: form(r#"["']([A-Za-z0-9][^"'\n]*)["']"#),
        closing: form(r"\n\s*\]"),
        conan: form(r#"(?m)(?:^\s*|requires\(\s*["']|["'])([a-z0-9_+.-]+)/([\w.\[\]<>=~^*-]+)"#),
    }
});

fn forms(format: Format) -> Option<&'static Forms> {
    let all = &*ALL;
    Some(match format {
        Format::Gradle => &all.gradle,
        Format::Gemspec => &all.gemspec,
        Format::MsBuild => &all.ms_build,
        Format::Mix => &all.mix,
        Format::Swift => &all.swift,
        Format::CMake => &all.cmake,
        Format::Sbt => &all.sbt,
        Format::Clojure => &all.clojure,
        Format::Podfile => &all.podfile,
        Format::Bazel => &all.bazel,
        Format::Submodules => &all.submodules,
        _ => return None,
    })
}

/// `require` blocks; what others bring along (`// indirect`) is no choice of ours.
fn go_mod(text: &str) -> Vec<Dependency> {
    let mut block = "";
    let mut out = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(verb) = line.strip_suffix('(') {
            block = verb.trim();
            continue;
        }
        if line == ")" {
            block = "";
            continue;
        }
        let tool = block == "tool" || line.starts_with("tool ");
        let rest = match block {
            "require" | "tool" => line,
            "" => line.strip_prefix("require ").or_else(|| line.strip_prefix("tool ")).unwrap_or_default(),
            _ => continue,
        };
        let mut words = rest.split_whitespace();
        if let Some(name) = words.next().filter(|name| name.contains('.') && !line.contains("// indirect")) {
            out.push(Dependency::new(name, words.next().unwrap_or_default(), tool));
        }
    }
    out
}

fn pom(text: &str) -> Vec<Dependency> {
    let of = |block: regex::Captures<'_>| {
        let body = block.get(1)?.as_str();
        // What is left out of a dependency is none.
        let body = body.split("<exclusions>").next().unwrap_or(body);
        let field = |name: &str| {
            let mut all = ALL.pom_field.captures_iter(body);
            all.find(|found| &found[1] == name).map(|found| found[2].to_owned())
        };
        let (group, artifact) = (field("groupId").unwrap_or_default(), field("artifactId")?);
        let for_tools = field("scope").as_deref() == Some("test") || block[0].starts_with("<plugin>");
        let name = if group.is_empty() { artifact } else { format!("{group}:{artifact}") };
        Some(Dependency::new(name, field("version").unwrap_or_default(), for_tools))
    };
    ALL.pom_dependency.captures_iter(text).filter_map(of).collect()
}

/// Gems; those in a group for tests and tools are for those.
fn gemfile(text: &str) -> Vec<Dependency> {
    let mut tools = false;
    let mut out = Vec::new();
    let groups = |line: &str| line.contains(":test") || line.contains(":development") || line.contains(":ci");
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("group ") {
            tools = groups(trimmed) && !trimmed.contains(":production") && !trimmed.contains(":default");
        } else if trimmed == "end" {
            tools = false;
        } else if let Some(found) = ALL.gem.captures(line) {
            out.push(Dependency::new(
                &found[1],
                &found[2],
                tools || (found[2].contains("group") && groups(&found[2])),
            ));
        }
    }
    out
}

/// `install_requires =` and the extras, one requirement a line.
fn setup_cfg(text: &str) -> Vec<Dependency> {
    let (mut section, mut key) = ("", "");
    let mut out = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            (section, key) = (name, "");
            continue;
        }
        let value = if line.starts_with([' ', '\t']) {
            trimmed
        } else {
            let (name, value) = trimmed.split_once('=').unwrap_or((trimmed, ""));
            key = name.trim();
            value.trim()
        };
        let listed = (section == "options" && matches!(key, "install_requires" | "setup_requires"))
            || section == "options.extras_require";
        if listed {
            out.extend(structured::requirement(value, key != "install_requires"));
        }
    }
    out
}

/// The texts of the lists that `setup()` takes.
fn setup_py(text: &str) -> Vec<Dependency> {
    let mut out = Vec::new();
    for (key, for_tools) in [("install_requires", false), ("tests_require", true), ("setup_requires", true)] {
        let Some(start) = text.find(key) else { continue };
        let Some(open) = text[start..].find('[').filter(|at| *at < key.len() + 40) else { continue };
        let list = &text[start + open..];
        // An extra has brackets of its own: the list ends on a line that begins with one.
        let end = ALL.closing.find(list).map(|end| end.start()).or_else(|| list.rfind(']'));
        let list = &list[..end.unwrap_or(list.len())];
        let texts = ALL.quoted.captures_iter(list);
        out.extend(texts.filter_map(|found| structured::requirement(&found[1], for_tools)));
    }
    out
}

fn conan(text: &str) -> Vec<Dependency> {
    let of = |found: regex::Captures<'_>| Dependency::new(&found[1], &found[2], false);
    ALL.conan.captures_iter(text).map(of).collect()
}

/// `build-depends:` with its continuation lines.
fn cabal(text: &str) -> Vec<Dependency> {
    let mut inside = false;
    let mut out = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        let rest = match trimmed.split_once(':') {
            Some((key, rest)) if key.trim().eq_ignore_ascii_case("build-depends") => {
                inside = true;
                rest
            }
            Some((key, _)) if !key.contains([' ', ',', '>', '<']) => {
                inside = false;
                continue;
            }
            _ if trimmed.is_empty() => {
                inside = false;
                continue;
            }
            _ => trimmed,
        };
        if inside {
            let names = rest.split(',').filter_map(|part| {
                structured::requirement(part.trim(), false).or_else(|| {
                    let name = part.split_whitespace().next()?;
                    Some(Dependency::new(name, part.trim(), false))
                })
            });
            out.extend(names.filter(|one| one.name != "base"));
        }
    }
    out
}

#[expect(clippy::expect_used, reason = "a literal pattern, compiled by a test")]
fn form(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern")
}
