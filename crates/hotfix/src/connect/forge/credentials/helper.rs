//! Git's credential helpers: what git itself would send to the host. Nobody
//! is asked: a helper that has nothing gives nothing.

use super::{Found, Secret};
use crate::git::Git;

/// The password that a helper has for the host.
pub fn ask(git: &Git, scheme: &str, host: &str) -> Option<Found> {
    git.maybe(["config", "--get-regexp", r"^credential\..*helper$|^credential\.helper$"])?;
    let quiet = git
        .clone()
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "true")
        .env("SSH_ASKPASS", "true")
        .env("GCM_INTERACTIVE", "never");
    let question = format!("protocol={scheme}\nhost={host}\n\n");
    let answer =
        quiet.feed(["-c", "credential.interactive=false", "credential", "fill"], question.as_bytes()).ok()?;
    let password = answer.lines().find_map(|l| l.strip_prefix("password="))?;
    Some(Found { secret: Secret::new(password)?, from: "git's credential helper".to_owned() })
}
