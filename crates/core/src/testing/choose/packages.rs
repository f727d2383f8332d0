//! The packages of changed files, and those that depend on them: Cargo's by
//! their manifests, Go's by their imports.

use std::collections::{BTreeMap, BTreeSet};

type Text<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The packages that changed files are in, and those that depend on them.
/// An error says why nobody can tell.
pub fn of_cargo(changed: &[String], paths: &[String], text: Text<'_>) -> Result<BTreeSet<String>, String> {
    let mut names: BTreeMap<&str, (String, BTreeSet<String>)> = BTreeMap::new();
    for path in paths.iter().filter(|p| *p == "Cargo.toml" || p.ends_with("/Cargo.toml")) {
        let folder = path.strip_suffix("Cargo.toml").unwrap_or_default().trim_end_matches('/');
        let manifest: Option<toml::Value> = text(path).and_then(|t| toml::from_str(&t).ok());
        let name = manifest.as_ref().and_then(|m| m.get("package")?.get("name")?.as_str().map(str::to_owned));
        if let (Some(name), Some(manifest)) = (name, manifest) {
            names.insert(folder, (name, dependencies(&manifest)));
        }
    }
    let mut found = BTreeSet::new();
    for path in changed {
        let package = folders_of(path).find_map(|f| names.get(f));
        match package {
            Some((name, _)) => {
                found.insert(name.clone());
            }
            None if decides_all(path) => return Err(format!("{path} concerns every package")),
            None => {}
        }
        // A workspace's own manifest decides for all, also where it is a package.
        if matches!(path.as_str(), "Cargo.lock" | "Cargo.toml") && names.len() > 1 {
            return Err(format!("{path} concerns every package"));
        }
    }
    if found.is_empty() {
        return Err("nothing of what has changed is in a package".to_owned());
    }
    loop {
        let more: Vec<String> = names
            .values()
            .filter(|(name, needs)| !found.contains(name) && !needs.is_disjoint(&found))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return Ok(found);
        }
        found.extend(more);
    }
}

/// The folder of a path, its parent, and so on; the top is empty.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let folder = rest?.rsplit_once('/').map_or("", |(f, _)| f);
        rest = (!folder.is_empty()).then_some(folder);
        Some(folder)
    })
}

fn ends(path: &str, extension: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, e)| e == extension)
}

fn decides_all(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with(".cargo/")
        || ends(path, "rs")
        || matches!(name, "Cargo.lock" | "Cargo.toml" | "rust-toolchain" | "rust-toolchain.toml" | "build.rs")
}

fn dependencies(manifest: &toml::Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut add = |table: Option<&toml::Value>| {
        for (key, value) in table.and_then(toml::Value::as_table).into_iter().flatten() {
            let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key);
            all.insert(name.to_owned());
        }
    };
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        add(manifest.get(section));
        let targets = manifest.get("target").and_then(toml::Value::as_table);
        targets.into_iter().flatten().for_each(|(_, t)| add(t.get(section)));
    }
    all
}

/// The folders of the changed Go packages and of those that import them, as
/// `./folder`. An error says why nobody can tell.
pub fn of_go(changed: &[String], paths: &[String], text: Text<'_>) -> Result<BTreeSet<String>, String> {
    if let Some(path) =
        changed.iter().find(|p| matches!(p.rsplit('/').next(), Some("go.mod" | "go.sum" | "go.work")))
    {
        return Err(format!("{path} concerns every package"));
    }
    let module = text("go.mod").and_then(|t| {
        t.lines()
            .find_map(|l| l.trim().strip_prefix("module "))
            .map(|m| m.trim().trim_matches('"').to_owned())
    });
    let module = module.ok_or_else(|| "there is no go.mod at the top".to_owned())?;
    let folder = |p: &str| {
        let folder = p.rsplit_once('/').map_or("", |(f, _)| f);
        let own = folder.split_once("/testdata").map_or(folder, |(f, _)| f);
        if own.starts_with("testdata") { String::new() } else { own.to_owned() }
    };
    let mut found: BTreeSet<String> =
        changed.iter().filter(|p| ends(p, "go") || p.contains("testdata/")).map(|p| folder(p)).collect();
    if found.is_empty() {
        return Err("nothing of what has changed is in a package".to_owned());
    }
    let sources: Vec<(String, String)> =
        paths.iter().filter(|p| ends(p, "go")).filter_map(|p| Some((folder(p), text(p)?))).collect();
    let there: BTreeSet<&String> = sources.iter().map(|(f, _)| f).collect();
    loop {
        let wanted: Vec<String> = found
            .iter()
            .map(|f| if f.is_empty() { format!("\"{module}\"") } else { format!("\"{module}/{f}\"") })
            .collect();
        let imports = |text: &str| wanted.iter().any(|w| text.contains(w));
        let more: Vec<String> = sources
            .iter()
            .filter(|(f, text)| !found.contains(f) && imports(text))
            .map(|(f, _)| f.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    // A package that was removed cannot be tested.
    Ok(found
        .iter()
        .filter(|f| there.contains(f))
        .map(|f| format!("./{f}").trim_end_matches('/').to_owned())
        .collect())
}
