//! `hotfix init`: looks at the repository, writes a config and a workflow,
//! and says what it found and why. It never overwrites.

use super::{Answer, Session};
use crate::error::{Failure, exit};
use crate::settings::{CONFIG, WORKFLOW};
use crate::steps::base;
use crate::ui::{GOOD, NAME, styled};
use hotfix_core::config::Config;
use hotfix_core::workflow::BUILT_IN;
use std::fmt::Write as _;
use std::path::Path;

/// Something that was found out.
struct Found {
    what: &'static str,
    value: String,
    why: String,
}

/// Carries the verb out.
pub fn run(session: &Session<'_>) -> Answer {
    let top = &session.repo.top;
    for name in [CONFIG, WORKFLOW] {
        if top.join(name).exists() {
            return Err(Failure::usage("HF0213", format!("{name} is there already: nothing was written"))
                .try_this("see what is understood of it", "hotfix workflow show"));
        }
    }
    let found = look(session);
    let config = config_text(&found);
    // What is written must be what can be read.
    hotfix_core::config::parse(&config)
        .map_err(|e| Failure::bug(format!("init wrote a config that it cannot read: {e}")))?;
    if !session.global.dry_run {
        write(&top.join(CONFIG), &config)?;
        write(&top.join(WORKFLOW), BUILT_IN)?;
    }
    if session.ui.json {
        let rows: Vec<_> = found
            .iter()
            .map(|f| serde_json::json!({"what": f.what, "value": f.value, "why": f.why}))
            .collect();
        session.ui.document(
            &serde_json::json!({"schema": "hotfix.init/1", "found": rows, "written": if session.global.dry_run { vec![] } else { vec![CONFIG, WORKFLOW] }}),
        );
        return Ok(exit::DONE);
    }
    for f in &found {
        session.ui.answer(format!("{:<18} {} ({})", f.what, styled(NAME, &f.value), f.why));
    }
    let verb = if session.global.dry_run { "would write" } else { "wrote" };
    session.ui.answer(format!("{} {verb} {CONFIG} and {WORKFLOW}", styled(GOOD, "✓")));
    session.ui.answer("next: read both, commit them to the default branch, then hotfix trust");
    Ok(exit::DONE)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

fn look(session: &Session<'_>) -> Vec<Found> {
    let repo = &session.repo;
    let mut found = Vec::new();
    let mut add = |what, value: String, why: &str| found.push(Found { what, value, why: why.to_owned() });
    if let Some(branch) = base::production_branch(repo, &Config::default()) {
        add("production.branch", branch, "a branch of that name is on the remote");
    }
    if let Some(tag) = base::latest_tag(repo, &Config::default(), None) {
        add("tag_pattern", pattern(&tag), &format!("the latest release tag is {tag}"));
    }
    if let Some(branch) = repo.default_branch() {
        add("port_to", branch, "the remote's default branch");
    }
    for (file, command, why) in TESTS {
        if repo.top.join(file).exists() {
            add("verify.critical", (*command).to_owned(), why);
            break;
        }
    }
    for (file, command, why) in STYLE {
        if repo.top.join(file).exists() {
            add("verify.style", (*command).to_owned(), why);
            break;
        }
    }
    found
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

/// Which style checker a project has.
const STYLE: &[(&str, &str, &str)] = &[
    (".pre-commit-config.yaml", "pre-commit run --files", "there is a .pre-commit-config.yaml"),
    ("ruff.toml", "ruff check --output-format concise", "there is a ruff.toml"),
    (".flake8", "flake8", "there is a .flake8"),
    ("eslint.config.js", "npx eslint --format unix", "there is an eslint.config.js"),
    (".eslintrc.json", "npx eslint --format unix", "there is an .eslintrc.json"),
    ("rustfmt.toml", "rustfmt --check", "there is a rustfmt.toml"),
];

/// `v1.4.2` gives `v*`, `release-7` gives `release-*`.
fn pattern(tag: &str) -> String {
    let prefix: String = tag.chars().take_while(|c| !c.is_ascii_digit()).collect();
    format!("{prefix}[0-9]*")
}

fn config_text(found: &[Found]) -> String {
    let value = |what: &str| found.iter().find(|f| f.what == what).map(|f| f.value.as_str());
    let mut out = String::from("# How `hotfix` works in this repository. Every section may be left out.\n");
    let quoted = |v: &str| toml_string(v);
    out.push_str("\n[production]\n");
    match value("production.branch") {
        Some(v) => drop(writeln!(out, "branch = {}", quoted(v))),
        None => out.push_str("# branch = \"production\"\n"),
    }
    match value("tag_pattern") {
        Some(v) => drop(writeln!(out, "tag_pattern = {}", quoted(v))),
        None => out.push_str("# tag_pattern = \"v*\"\n"),
    }
    out.push_str("# version_url = \"https://service.example.org/version\"   # reads back what runs\n");
    if let Some(v) = value("port_to") {
        let _ = write!(out, "\n[branch]\nport_to = {}\n", quoted(v));
    }
    out.push_str("\n[verify]\n# reproduce = \"./reproduce.sh\"   # fails while the incident is there\n");
    match value("verify.critical") {
        Some(v) => drop(writeln!(out, "critical = [{{ run = {} }}]", quoted(v))),
        None => out.push_str("# critical = [{ paths = [\"src/auth/**\"], run = \"make test-auth\" }]\n"),
    }
    out.push_str("# smoke = [\"./smoke.sh\"]\n");
    match value("verify.style") {
        Some(v) => drop(writeln!(out, "style = [{}]", quoted(v))),
        None => out.push_str("# style = [\"flake8\"]   # the changed files are appended\n"),
    }
    out.push_str(REST);
    out
}

fn toml_string(text: &str) -> String {
    let escaped: String =
        text.chars().flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] }).collect();
    format!("\"{escaped}\"")
}

/// What nobody can find out by looking.
const REST: &str = r#"
[forge]
kind = "local"   # merge requests are refs on the remote

# [roles]
# on-call = ["Priya Raman <priya@example.org>"]
# tech-lead = ["Jonas Weber <jonas@example.org>"]

# [tracker]
# kind = "folder"
# path = "tickets"

# [channel]
# kind = "file"
# path = "channel"

# [deploy]
# command = ["./deploy.sh"]   # deploys $HOTFIX_VERSION

# [rollback]
# automatic = false

# [telemetry.metrics]
# kind = "metrics-endpoint"
# url = "http://127.0.0.1:9090/metrics"

# [monitor]
# every = "30s"
# checks = [{ name = "errors", telemetry = "metrics", kind = "error-rate", query = 'http_requests_total{status=~"5.."}', total = "http_requests_total" }]
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let all = [
            ("production.branch", "prod\"x"),
            ("tag_pattern", "v[0-9]*"),
            ("port_to", "main"),
            ("verify.critical", "cargo test"),
            ("verify.style", "flake8"),
        ];
        let found: Vec<Found> =
            all.iter().map(|(w, v)| Found { what: w, value: (*v).to_owned(), why: String::new() }).collect();
        let config = hotfix_core::config::parse(&config_text(&found)).unwrap();
        assert_eq!(config.production.branch.as_deref(), Some("prod\"x"));
        hotfix_core::config::parse(&config_text(&[])).unwrap();
        assert_eq!((pattern("v1.2"), pattern("rel-7")), ("v[0-9]*".to_owned(), "rel-[0-9]*".to_owned()));
    }
}
