//! Manifests in TOML, JSON and YAML, read as what they are.

use super::{Dependency, Format};
use serde_json::Value;

/// The dependencies of a TOML manifest; none where it is no TOML.
pub(super) fn of_toml(format: Format, text: &str) -> Option<Vec<Dependency>> {
    let value: toml::Value = toml::from_str(text).ok()?;
    let value = serde_json::to_value(value).ok()?;
    let mut out = Vec::new();
    match format {
        Format::Cargo => cargo(&value, &mut out),
        Format::Pipfile => {
            table(&value["packages"], false, &mut out);
            table(&value["dev-packages"], true, &mut out);
        }
        Format::VersionCatalog => {
            for (alias, library) in entries(&value["libraries"]) {
                let name = library["module"].as_str().or_else(|| library["name"].as_str()).unwrap_or(alias);
                out.push(Dependency::new(name, library["version"].to_string(), false));
            }
        }
        _ => pyproject(&value, &mut out),
    }
    Some(out)
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// A table of names and versions.
fn table(value: &Value, for_tools: bool, out: &mut Vec<Dependency>) {
    for (name, version) in entries(value).filter(|(name, _)| *name != "python") {
        out.push(Dependency::new(name, version.to_string(), for_tools));
    }
}

fn cargo(value: &Value, out: &mut Vec<Dependency>) {
    let mut places = vec![value, &value["workspace"]];
    places.extend(entries(&value["target"]).map(|(_, target)| target));
    for place in places {
        for (section, for_tools) in
            [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
        {
            for (key, version) in entries(&place[section]) {
                // The same crate under another name is the same crate.
                let name = version["package"].as_str().unwrap_or(key);
                // What a workspace names, its members inherit: it is one dependency.
                out.push(Dependency::new(name, version.to_string(), for_tools));
            }
        }
    }
}

fn pyproject(value: &Value, out: &mut Vec<Dependency>) {
    let project = &value["project"];
    requirements(&project["dependencies"], false, out);
    for (group, list) in entries(&project["optional-dependencies"]) {
        requirements(list, is_for_tools(group), out);
    }
    for (_, list) in entries(&value["dependency-groups"]) {
        requirements(list, true, out);
    }
    requirements(&value["build-system"]["requires"], true, out);
    let tool = &value["tool"];
    for (_, list) in entries(&tool["pdm"]["dev-dependencies"]) {
        requirements(list, true, out);
    }
    requirements(&tool["uv"]["dev-dependencies"], true, out);
    let poetry = &tool["poetry"];
    table(&poetry["dependencies"], false, out);
    table(&poetry["dev-dependencies"], true, out);
    for (group, list) in entries(&poetry["group"]) {
        table(&list["dependencies"], is_for_tools(group), out);
    }
}

fn is_for_tools(group: &str) -> bool {
    ["dev", "test", "tests", "testing", "doc", "docs", "lint", "typing", "benchmark"].contains(&group)
}

/// A list of `name[extra]>=1; marker`.
fn requirements(list: &Value, for_tools: bool, out: &mut Vec<Dependency>) {
    for text in list.as_array().into_iter().flatten().filter_map(Value::as_str) {
        out.extend(requirement(text, for_tools));
    }
}

/// A requirement as pip reads it.
pub(super) fn requirement(text: &str, for_tools: bool) -> Option<Dependency> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let name = text.get(..end)?.to_lowercase().replace(['_', '.'], "-");
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let rest = text[end..].trim_start();
    let form =
        rest.is_empty() || rest.starts_with(['[', '<', '>', '=', '!', '~', ';', '@', '(', '#', '\\', ',']);
    (begins && form).then(|| Dependency::new(name, rest, for_tools))
}

/// The dependencies of a JSON manifest; none where it is no JSON.
pub(super) fn of_json(format: Format, text: &str) -> Option<Vec<Dependency>> {
    let value: Value = serde_json::from_str(text).ok()?;
    let mut out = Vec::new();
    match format {
        Format::Composer => {
            table(&value["require"], false, &mut out);
            table(&value["require-dev"], true, &mut out);
            out.retain(|one| one.name.contains('/'));
        }
        Format::Deno => table(&value["imports"], false, &mut out),
        Format::Vcpkg => {
            for one in value["dependencies"].as_array().into_iter().flatten() {
                let name = one.as_str().or_else(|| one["name"].as_str());
                out.extend(name.map(|name| Dependency::new(name, one.to_string(), false)));
            }
        }
        _ => {
            for section in ["dependencies", "optionalDependencies", "peerDependencies"] {
                table(&value[section], false, &mut out);
            }
            table(&value["devDependencies"], true, &mut out);
        }
    }
    Some(out)
}

/// The dependencies of a YAML manifest; none where it is no YAML.
pub(super) fn of_yaml(format: Format, text: &str) -> Option<Vec<Dependency>> {
    let value: Value = serde_saphyr::from_str(text).ok()?;
    let mut out = Vec::new();
    match format {
        Format::Pubspec => {
            table(&value["dependencies"], false, &mut out);
            table(&value["dev_dependencies"], true, &mut out);
        }
        Format::Helm => {
            for one in value["dependencies"].as_array().into_iter().flatten() {
                out.extend(
                    one["name"].as_str().map(|name| Dependency::new(name, one["version"].to_string(), false)),
                );
            }
        }
        _ => {
            for one in value["dependencies"].as_array().into_iter().flatten() {
                let inner = one["pip"].as_array().into_iter().flatten();
                for text in inner.chain(std::iter::once(one)).filter_map(Value::as_str) {
                    let name = text.rsplit("::").next().unwrap_or(text);
                    out.extend(
                        requirement(name, false).filter(|one| one.name != "python" && one.name != "pip"),
                    );
                }
            }
        }
    }
    Some(out)
}
