//! Where the results of a run are found, and their reading from the disk.

use hotfix_core::testing::junit::join;
use hotfix_core::testing::runner::{Ask, Project, Results, Sniff};
use hotfix_core::testing::{Format, Lines, ReadError, Report, choose, read as read_format};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// More files than these are not looked at.
const MAX_FILES: usize = 50_000;
/// A larger file of a project is not read to know its runner, in bytes.
const MAX_PROJECT_FILE: u64 = 1024 * 1024;

/// What is known of the project in a tree.
pub fn project(root: &Path) -> Project {
    let text = |name: &str| {
        let path = root.join(name);
        let small = std::fs::metadata(&path).is_ok_and(|m| m.len() <= MAX_PROJECT_FILE);
        small.then(|| std::fs::read_to_string(path).ok()).flatten()
    };
    let has = |name: &str, words: &str| text(name).is_some_and(|t| t.contains(words));
    let pytest = root.join("pytest.ini").exists()
        || root.join("conftest.py").exists()
        || root.join("tests/conftest.py").exists()
        || has("pyproject.toml", "[tool.pytest")
        || has("setup.cfg", "[tool:pytest]")
        || has("tox.ini", "[pytest]");
    let variable = |name: &str| std::env::var(name).ok();
    Project {
        package_json: text("package.json"),
        nextest_toml: text(".config/nextest.toml"),
        pytest,
        pytest_addopts: variable("PYTEST_ADDOPTS"),
        node_options: variable("NODE_OPTIONS"),
        nextest_profile: variable("NEXTEST_PROFILE"),
        cargo_target_dir: variable("CARGO_TARGET_DIR"),
    }
}

/// Who reads what is printed.
pub fn reader(ask: &Ask, root: &Path) -> Option<Box<dyn Lines>> {
    let root = root.to_string_lossy();
    match &ask.results {
        Results::Printed(format) => format.reader(&root),
        Results::Sniffed | Results::Perhaps { .. } => Some(Box::new(Sniff::new(&root))),
        Results::Written { .. } | Results::Given { .. } | Results::ExitStatus => None,
    }
}

/// The reports that were there before, with their sizes and times.
pub type Stamps = BTreeMap<PathBuf, (u64, i64, i64)>;

/// The reports that are there by now.
pub fn stamps(ask: &Ask, root: &Path) -> Stamps {
    let Results::Given { pattern, .. } = &ask.results else { return Stamps::new() };
    let stamp = |path: PathBuf| {
        let about = std::fs::metadata(&path).ok()?;
        Some((path, (about.len(), about.mtime(), about.mtime_nsec())))
    };
    matching(root, pattern).into_iter().filter_map(stamp).collect()
}

/// The results of a run; none where its exit status counts.
pub fn read(
    ask: &Ask,
    root: &Path,
    printed: Option<Box<dyn Lines>>,
    earlier: &Stamps,
) -> Option<Result<Report, ReadError>> {
    let missing = |what: &str| Err(ReadError::Missing(what.to_owned()));
    match &ask.results {
        Results::ExitStatus => None,
        Results::Printed(_) => Some(printed.map_or_else(|| missing("the output"), Lines::finish)),
        Results::Written { path, format } => {
            let path = Path::new(path);
            Some(if path.exists() {
                read_file(path, *format, root)
            } else {
                missing(&format!("the report ({})", format.name()))
            })
        }
        Results::Perhaps { path, format } if Path::new(path).exists() => {
            Some(read_file(Path::new(path), *format, root))
        }
        Results::Perhaps { .. } | Results::Sniffed => match printed.map(Lines::finish) {
            None | Some(Err(ReadError::Nothing)) => None,
            answer => answer,
        },
        Results::Given { pattern, format } => {
            let now = stamps(ask, root);
            let fresh: Vec<&PathBuf> = now
                .iter()
                .filter(|(path, stamp)| earlier.get(*path) != Some(stamp))
                .map(|(p, _)| p)
                .collect();
            if fresh.is_empty() {
                return Some(missing(pattern));
            }
            let reports: Result<Vec<Report>, ReadError> =
                fresh.into_iter().map(|path| read_file(path, *format, root)).collect();
            Some(reports.map(join))
        }
    }
}

fn read_file(path: &Path, format: Format, root: &Path) -> Result<Report, ReadError> {
    let file = File::open(path).map_err(|e| ReadError::Unreadable(e.to_string()))?;
    read_format(format, &mut BufReader::new(file), &root.to_string_lossy())
}

/// The files that a path or glob names.
fn matching(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let is_glob = |part: &str| part.contains(['*', '?']);
    if !is_glob(pattern) {
        let path = root.join(pattern);
        return if path.is_file() { vec![path] } else { Vec::new() };
    }
    let fixed: Vec<&str> = pattern.split('/').take_while(|part| !is_glob(part)).collect();
    let mut open = vec![root.join(fixed.join("/"))];
    let (mut found, mut seen) = (Vec::new(), 0);
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(Result::ok).map(|e| e.path()) {
            seen += 1;
            if seen > MAX_FILES {
                return found;
            }
            let name = path.file_name().unwrap_or_default();
            let is_link = path.symlink_metadata().is_ok_and(|m| m.is_symlink());
            if path.is_dir() && !is_link {
                if name != ".git" && name != "node_modules" {
                    open.push(path);
                }
            } else if path.strip_prefix(root).is_ok_and(|p| choose::matches(pattern, &p.to_string_lossy())) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotfix_core::config::Command;
    use hotfix_core::testing::runner::{Told, ask};

    #[test]
    fn only_reports_of_this_run_count() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let put = |name: &str, test: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text =
                format!("<testsuite name=\"s\"><testcase classname=\"{test}\" name=\"x\"/></testsuite>");
            std::fs::write(path, text).unwrap();
        };
        let told = Told { format: None, report: Some("build/**/TEST-*.xml".to_owned()) };
        let command = Command::Words(vec!["gradle".to_owned(), "test".to_owned()]);
        let ask = ask(&command, &told, &project(root), "/f");
        put("build/a/TEST-old.xml", "Old");
        put("build/other.xml", "Other");
        let earlier = stamps(&ask, root);
        assert_eq!(earlier.len(), 1);
        let none = read(&ask, root, None, &earlier).unwrap();
        assert_eq!(none, Err(ReadError::Missing("build/**/TEST-*.xml".to_owned())));
        put("build/a/b/TEST-new.xml", "New");
        put("build/TEST-more.xml", "More");
        let report = read(&ask, root, None, &earlier).unwrap().unwrap();
        let names: Vec<&str> = report.cases.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["More::x", "New::x"]);
    }
}
