//! The config of the demo's repository.

use super::paths::Paths;
use super::world::{JONAS, MIKA, PRIYA};

/// The text of `.hotfix/config.toml`.
pub fn text(paths: &Paths, port: u16) -> String {
    let person = |p: &super::world::Person| format!("{} <{}>", p.name, p.email);
    let quoted = |path: std::path::PathBuf| format!("{:?}", path.to_string_lossy());
    format!(
        r#"# How `hotfix` works in this repository.

[production]
branch = "production"
tag_pattern = "v*"
version_url = "http://127.0.0.1:{port}/version"

[verify]
critical = [{{ paths = ["src/**"], run = ["ops/test"] }}]
smoke = [["ops/smoke"]]
style = [["ops/style"]]
logs = ["target/smoke.log"]

[forge]
kind = "local"

[tracker]
kind = "folder"
path = {tickets}

[channel]
kind = "file"
path = {channel}

[status_page]
kind = "file"
path = {status_page}

[roles]
on-call = ["{priya}"]
tech-lead = ["{priya}"]
manager = ["{priya}"]
reviewer = ["{jonas}"]

# Who may give a word without a terminal; it is marked as simulated.
[callers]
simulated = ["{mika_mail}", "{priya_mail}", "{jonas_mail}"]

[deploy]
command = [{deploy}]

[rollback]
automatic = true

[telemetry.metrics]
kind = "metrics-endpoint"
url = "http://127.0.0.1:{port}/metrics"

[telemetry.log]
kind = "log-file"
path = {log}

[monitor]
service = "shop"
every = "10s"
checks = [
  {{ name = "failed requests", telemetry = "metrics", kind = "error-rate", query = 'http_requests_total{{status=~"5.."}}', total = "http_requests_total" }},
  {{ name = "time per request", telemetry = "metrics", kind = "mean", query = "http_request_duration_seconds_sum", total = "http_request_duration_seconds_count", margin = {{ ratio = 4.0 }} }},
  {{ name = "new errors", telemetry = "log", kind = "new-errors" }},
]
"#,
        tickets = quoted(paths.tickets()),
        channel = quoted(paths.channel()),
        status_page = quoted(paths.status_page()),
        deploy = quoted(paths.deploy()),
        log = quoted(paths.app_log()),
        priya = person(&PRIYA),
        jonas = person(&JONAS),
        mika_mail = MIKA.email,
        priya_mail = PRIYA.email,
        jonas_mail = JONAS.email,
    )
}
