//! What a look at the repository finds out, for those who write its first
//! files: production, tests, style checker, tracker. It never overwrites.

use crate::error::Failure;
use crate::git::repo::Repo;
use crate::steps::base;
use hotfix_core::config::Config;
use hotfix_core::style::detect;
use hotfix_core::workflow::Facts;
use std::collections::BTreeMap;
use std::path::Path;

/// Something that was found out.
pub struct Found {
    /// What, e.g. `production.branch`.
    pub what: &'static str,
    /// What it is.
    pub value: String,
    /// Why we think so.
    pub why: String,
}

/// Looks at a repository; what its config says holds.
pub fn look(repo: &Repo, config: &Config) -> Vec<Found> {
    let mut found = Vec::new();
    let mut add = |what, value: String, why: &str| found.push(Found { what, value, why: why.to_owned() });
    let configured = config.production.branch.is_some();
    if let Some(branch) = base::production_branch(repo, config) {
        let why = if configured { "the config says so" } else { "a branch of that name is on the remote" };
        add("production.branch", branch, why);
    }
    if let Some(tag) = base::latest_tag(repo, config, None) {
        add("tag_pattern", pattern(&tag), &format!("the latest release tag is {tag}"));
    }
    if let Some(branch) = repo.default_branch() {
        add("port_to", branch, "the remote's default branch");
    }
    if let Some((project, count)) = tracker(repo) {
        add("tracker", project, &format!("{count} of the latest commits name one of its tickets"));
    }
    if let Some((_, command, why)) = TESTS.iter().find(|(file, ..)| repo.top.join(file).exists()) {
        add("verify.critical", (*command).to_owned(), why);
    }
    let read = |name: &str| std::fs::read_to_string(repo.top.join(name)).ok();
    for checker in detect::checkers(&read) {
        add("verify.style", checker.command.to_owned(), &checker.why);
    }
    found
}

/// The same as a starting page needs it, with what the config says of roles.
pub fn facts(repo: &Repo, config: &Config, found: &[Found]) -> Facts {
    let value = |what: &str| found.iter().find(|f| f.what == what).map(|f| f.value.clone());
    // `on-call` approves first where there is one, whatever else there is.
    let mut roles: Vec<String> = config.roles.keys().cloned().collect();
    roles.sort_by_key(|role| !matches!(role.as_str(), "on-call" | "oncall" | "sre"));
    Facts {
        name: repo.main.file_name().map(|name| name.to_string_lossy().into_owned()),
        production_branch: value("production.branch"),
        release_tag: base::latest_tag(repo, config, None),
        main: value("port_to"),
        tracker: value("tracker"),
        roles: if roles.len() >= 2 { roles } else { vec![] },
        branch_pattern: config.branch.pattern.clone(),
    }
}

/// Writes a file that must not be there.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// The project whose tickets the latest commits name, and how many do: at
/// least three, and most of those that name any.
fn tracker(repo: &Repo) -> Option<(String, usize)> {
    let subjects = repo.git.maybe(["log", "--all", "--max-count=300", "--format=%s"])?;
    let mut projects: BTreeMap<&str, usize> = BTreeMap::new();
    for project in subjects.lines().filter_map(project) {
        *projects.entry(project).or_default() += 1;
    }
    let all: usize = projects.values().sum();
    let (project, count) = projects.into_iter().max_by_key(|(_, count)| *count)?;
    (count >= 3 && count * 2 > all).then(|| (project.to_owned(), count))
}

/// `SPF` of a subject that names `SPF-1290`.
fn project(subject: &str) -> Option<&str> {
    let words = subject.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter_map(|word| word.split_once('-')).find_map(|(project, number)| {
        let named = (2..=10).contains(&project.len())
            && project.starts_with(|c: char| c.is_ascii_uppercase())
            && project.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let counted = (1..=6).contains(&number.len()) && number.chars().all(|c| c.is_ascii_digit());
        let standard = ["UTF", "SHA", "ISO", "RFC", "CVE", "HTTP", "PEP"].contains(&project);
        (named && counted && !standard).then_some(project)
    })
}

/// Which tests a project has, by a file that it has.
const TESTS: &[(&str, &str, &str)] = &[
    ("Cargo.toml", "cargo test", "there is a Cargo.toml"),
    ("go.mod", "go test ./...", "there is a go.mod"),
    ("pytest.ini", "pytest", "there is a pytest.ini"),
    ("pyproject.toml", "pytest", "there is a pyproject.toml"),
    ("package.json", "npm test", "there is a package.json"),
    ("pom.xml", "mvn -q test", "there is a pom.xml"),
    ("build.gradle", "./gradlew test", "there is a build.gradle"),
    ("Gemfile", "bundle exec rake test", "there is a Gemfile"),
    ("Makefile", "make test", "there is a Makefile"),
];

/// `v1.4.2` gives `v*`, `release-7` gives `release-*`.
fn pattern(tag: &str) -> String {
    let prefix: String = tag.chars().take_while(|c| !c.is_ascii_digit()).collect();
    format!("{prefix}[0-9]*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_ticket() {
        assert_eq!(project("[SPF-1290] Fix the sign-in"), Some("SPF"));
        assert_eq!(project("fix(auth): tokens (PAY2-7)"), Some("PAY2"));
        assert_eq!(project("read UTF-8 and SHA-256"), None);
        assert_eq!(project("a follow-up to v1-2"), None);
        assert_eq!((pattern("v1.2"), pattern("rel-7")), ("v[0-9]*".to_owned(), "rel-[0-9]*".to_owned()));
    }
}
