//! Who imports whom, as far as the sources say it themselves: enough to find
//! the tests of a file, never to say that a file has none.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// More files than these are not read.
const MAX_FILES: usize = 20_000;

/// A language's way to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `import a.b`, `from a import b`.
    Python,
    /// `import … from './x'`, `require('./x')`.
    JavaScript,
}

impl Language {
    /// Whether a path is a source of the language.
    pub fn has(self, path: &str) -> bool {
        let ends: &[&str] = match self {
            Language::Python => &[".py"],
            Language::JavaScript => &[".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"],
        };
        ends.iter().any(|end| path.ends_with(end)) && !path.contains("node_modules/")
    }
}

/// The files that import a file, directly or through others, and itself.
pub fn importers(
    of: &str,
    language: Language,
    paths: &[String],
    text: &dyn Fn(&str) -> Option<String>,
) -> BTreeSet<String> {
    let sources: Vec<&String> = paths.iter().filter(|p| language.has(p)).take(MAX_FILES).collect();
    let mut imports: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for path in &sources {
        let text = text(path).unwrap_or_default();
        imports.insert(path, imported(path, &text, language, &sources));
    }
    let mut reached: BTreeSet<String> = BTreeSet::from([of.to_owned()]);
    loop {
        let more: Vec<String> = imports
            .iter()
            .filter(|(path, to)| !reached.contains(**path) && !to.is_disjoint(&reached))
            .map(|(path, _)| (*path).to_owned())
            .collect();
        if more.is_empty() {
            return reached;
        }
        reached.extend(more);
    }
}

fn imported(path: &str, text: &str, language: Language, sources: &[&String]) -> BTreeSet<String> {
    match language {
        Language::Python => python(path, text, sources),
        Language::JavaScript => javascript(path, text, sources),
    }
}

fn python(path: &str, text: &str, sources: &[&String]) -> BTreeSet<String> {
    let Ok(form) = Regex::new(
        r"(?m)^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+\(?([\w, \t*]*)|import[ \t]+([\w., \t]+))",
    ) else {
        return BTreeSet::new();
    };
    let mut modules: Vec<String> = Vec::new();
    for found in form.captures_iter(text) {
        if let Some(from) = found.get(1) {
            let base = absolute(path, from.as_str());
            modules.push(base.clone());
            let names = found.get(2).map_or("", |m| m.as_str());
            let joined = names.split(',').filter_map(|n| n.split_whitespace().next());
            modules.extend(joined.map(|n| format!("{base}.{n}")));
        } else if let Some(names) = found.get(3) {
            modules.extend(
                names.as_str().split(',').filter_map(|n| n.split_whitespace().next()).map(str::to_owned),
            );
        }
    }
    let is = |source: &str, module: &str| {
        let stem = source.trim_end_matches(".py").trim_end_matches("/__init__").replace('/', ".");
        !module.is_empty() && (stem == module || stem.ends_with(&format!(".{module}")))
    };
    let hit = |s: &&&String| modules.iter().any(|m| is(s, m));
    sources.iter().filter(hit).map(|s| (*s).clone()).collect()
}

/// `.b` in `a/c.py` is `a.b`.
fn absolute(path: &str, module: &str) -> String {
    let dots = module.bytes().take_while(|b| *b == b'.').count();
    if dots == 0 {
        return module.to_owned();
    }
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.truncate(folders.len().saturating_sub(dots));
    let rest = &module[dots..];
    folders.into_iter().chain((!rest.is_empty()).then_some(rest)).collect::<Vec<_>>().join(".")
}

fn javascript(path: &str, text: &str, sources: &[&String]) -> BTreeSet<String> {
    let Ok(form) = Regex::new(r#"(?:from|require\(|import\(|import)\s*['"](\.[^'"]*)['"]"#) else {
        return BTreeSet::new();
    };
    let folder = path.rsplit_once('/').map_or("", |(f, _)| f);
    let wanted: Vec<String> = form.captures_iter(text).map(|c| normal(folder, &c[1])).collect();
    let is = |source: &str, target: &str| {
        let without = source.rsplit_once('.').map_or(source, |(stem, _)| stem);
        let target_stem =
            target.rsplit_once('.').filter(|(_, e)| e.ends_with("js")).map_or(target, |(s, _)| s);
        source == target
            || without == target
            || without == target_stem
            || without == format!("{target}/index")
    };
    let hit = |s: &&&String| wanted.iter().any(|w| is(s, w));
    sources.iter().filter(hit).map(|s| (*s).clone()).collect()
}

/// A relative path as it is from the top.
fn normal(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}
