//! `hotfix init`: looks at the repository, writes a config and a workflow,
//! and says what it found and why. It never overwrites.

use super::look::{Found, facts, look, write};
use super::{Answer, Session};
use crate::error::{Failure, exit};
use crate::settings::{CONFIG, WORKFLOW};
use crate::ui::{GOOD, NAME, styled};
use hotfix_core::config::Config;
use hotfix_core::workflow::starting_page;
use std::fmt::Write as _;

/// Carries the verb out.
pub fn run(session: &Session<'_>) -> Answer {
    let top = &session.repo.top;
    for name in [CONFIG, WORKFLOW] {
        if top.join(name).exists() {
            return Err(Failure::usage("HF0213", format!("{name} is there already: nothing was written"))
                .try_this("see what is understood of it", "hotfix workflow show"));
        }
    }
    let found = look(&session.repo, &Config::default());
    let config = config_text(&found);
    // What is written must be what can be read.
    hotfix_core::config::parse(&config)
        .map_err(|e| Failure::bug(format!("init wrote a config that it cannot read: {e}")))?;
    let page = starting_page(&facts(&session.repo, &Config::default(), &found));
    if !session.global.dry_run {
        write(&top.join(CONFIG), &config)?;
        write(&top.join(WORKFLOW), &page)?;
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
    let styles: Vec<String> =
        found.iter().filter(|f| f.what == "verify.style").map(|f| quoted(&f.value)).collect();
    if styles.is_empty() {
        out.push_str("# style = [\"flake8\"]   # the changed files are appended\n");
    } else {
        let _ = writeln!(out, "style = [{}]", styles.join(", "));
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
            ("verify.style", "ruff format --check"),
        ];
        let found: Vec<Found> =
            all.iter().map(|(w, v)| Found { what: w, value: (*v).to_owned(), why: String::new() }).collect();
        let config = hotfix_core::config::parse(&config_text(&found)).unwrap();
        assert_eq!(config.production.branch.as_deref(), Some("prod\"x"));
        assert_eq!(config.verify.style.len(), 2);
        hotfix_core::config::parse(&config_text(&[])).unwrap();
    }
}
