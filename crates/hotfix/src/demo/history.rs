//! The shop's repository: five weeks of three people's work, released three times.

use super::assets::{self, Asset, Edit};
use super::world::{JONAS, MIKA, PRIYA, Person, WorldError};
use crate::git::Git;
use jiff::{SignedDuration, Timestamp};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Where the caller's configuration stands in the repository.
pub const CONFIG_PATH: &str = ".hotfix/config.toml";

/// Where the caller's workflow stands in the repository.
pub const WORKFLOW_PATH: &str = ".hotfix/workflows/hotfix.md";

/// Files that came with the second commit.
const SMOKE: [&str; 3] = ["tests/smoke.rs", "ops/smoke", "ops/style"];

/// Git as the demo uses it: nobody's own settings have a say.
pub fn plain_git(dir: &Path) -> Git {
    Git::at(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1")
}

/// Makes the bare repository `origin`, working in the empty folder `scratch`.
pub fn build(
    origin: &Path,
    scratch: &Path,
    started: Timestamp,
    extra: &[(&str, &str)],
) -> Result<(), WorldError> {
    let git = plain_git(scratch);
    git.run(["init", "-q", "-b", "main"])?;
    let author = Author { dir: scratch, started };
    author.first_releases()?;
    author.moving_on(extra)?;
    git.run(["init", "-q", "--bare", "-b", "main"].map(Path::new).into_iter().chain([origin]))?;
    let target = origin.to_string_lossy();
    git.run(["push", "-q", target.as_ref(), "main", "production", "--tags"])?;
    Ok(())
}

/// Writes one file of a repository; what stands in `ops/` is a program.
pub fn write(dir: &Path, path: &str, text: &str) -> Result<(), WorldError> {
    let file = dir.join(path);
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).map_err(WorldError::at(parent))?;
    }
    std::fs::write(&file, text).map_err(WorldError::at(&file))?;
    if path.starts_with("ops/") {
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&file, mode).map_err(WorldError::at(&file))?;
    }
    Ok(())
}

struct Author<'a> {
    dir: &'a Path,
    started: Timestamp,
}

impl Author<'_> {
    /// Up to v1.4.2, which is what the assets hold.
    fn first_releases(&self) -> Result<(), WorldError> {
        let later = [assets::NAMED_TIMEOUT, assets::RELEASES_DOC, assets::SHARDED_SESSIONS];
        for Asset { path, text } in assets::SHOP.iter().filter(|asset| !SMOKE.contains(&asset.path)) {
            let mut text = (*text).to_owned();
            for edit in later.concat().iter().filter(|edit| edit.path == *path) {
                text = edit.reversed().apply_to(&text)?;
            }
            write(self.dir, path, &text)?;
        }
        self.commit(&JONAS, hours(40 * 24 + 6), "Shop: sign-in, orders and the catalogue")?;
        for Asset { path, text } in assets::SHOP.iter().filter(|asset| SMOKE.contains(&asset.path)) {
            write(self.dir, path, text)?;
        }
        self.commit(&PRIYA, hours(37 * 24 + 3), "Add a smoke test and a style check")?;
        self.release("v1.4.0", hours(36 * 24 + 7))?;
        self.edit(&MIKA, hours(21 * 24 + 5), NAMED_TIMEOUT, assets::NAMED_TIMEOUT)?;
        self.release("v1.4.1", hours(20 * 24 + 2))?;
        self.edit(&JONAS, hours(4 * 24 + 8), RELEASES_DOC, assets::RELEASES_DOC)?;
        self.edit(&MIKA, hours(3 * 24 + 4), SHARDED_SESSIONS, assets::SHARDED_SESSIONS)?;
        self.release("v1.4.2", hours(26))
    }

    /// What came to main since.
    fn moving_on(&self, extra: &[(&str, &str)]) -> Result<(), WorldError> {
        self.edit(&PRIYA, hours(23), TRIMMED_TOKENS, assets::TRIMMED_TOKENS)?;
        self.edit(&MIKA, hours(21), WISH_LIST, assets::WISH_LIST)?;
        self.edit(&JONAS, hours(4), MORE_SESSIONS, assets::MORE_SESSIONS)?;
        for (path, text) in extra {
            write(self.dir, path, text)?;
        }
        if extra.is_empty() {
            return Ok(());
        }
        self.commit(&PRIYA, SignedDuration::from_mins(95), HOTFIX_PAGE)
    }

    fn edit(
        &self,
        who: &Person,
        ago: SignedDuration,
        message: &str,
        edits: &[Edit],
    ) -> Result<(), WorldError> {
        assets::apply(edits, self.dir)?;
        self.commit(who, ago, message)
    }

    fn commit(&self, who: &Person, ago: SignedDuration, message: &str) -> Result<(), WorldError> {
        let git = self.git(who, ago);
        git.run(["add", "--all"])?;
        git.run(["commit", "-q", "-m", message])?;
        Ok(())
    }

    /// Merges main into production, and tags it.
    fn release(&self, version: &str, ago: SignedDuration) -> Result<(), WorldError> {
        let git = self.git(&JONAS, ago);
        let message = format!("Release {version}");
        let mut arguments = vec!["commit-tree", "main^{tree}", "-m", &message];
        let before = git.run(["rev-parse", "--verify", "--quiet", "production"]);
        if let Ok(before) = &before {
            arguments.extend(["-p", before]);
        }
        arguments.extend(["-p", "main"]);
        let merge = git.run(arguments)?;
        git.run(["update-ref", "refs/heads/production", &merge])?;
        git.run(["tag", "--annotate", "-m", &message, version, &merge])?;
        Ok(())
    }

    fn git(&self, who: &Person, ago: SignedDuration) -> Git {
        let date = (self.started - ago).to_string();
        plain_git(self.dir)
            .env("GIT_AUTHOR_NAME", who.name)
            .env("GIT_AUTHOR_EMAIL", who.email)
            .env("GIT_COMMITTER_NAME", who.name)
            .env("GIT_COMMITTER_EMAIL", who.email)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
    }
}

/// Some hours, and a few minutes, so that nothing happens on the hour.
const fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count * 60 + count * 7 % 53)
}

const NAMED_TIMEOUT: &str = "Do not wait for ever for a slow client

A browser that never sent its request kept a worker busy until the restart.";

const RELEASES_DOC: &str = "README: how releases are made";

const SHARDED_SESSIONS: &str = "Keep sessions in shards

In the load test all sign-ins queued for the one lock of the session table.
Eight shards, chosen by the user's name, bring the 99th percentile of /login
from 41 ms to 6 ms.";

const TRIMMED_TOKENS: &str = "Accept tokens with spaces around them

Mail programs break the line after the link.";

const WISH_LIST: &str = "Add the page of the wish list

It is empty until the catalogue has numbers for its items.";

const MORE_SESSIONS: &str = "Keep more sessions

The spring sale had 420 customers at a time.";

const HOTFIX_PAGE: &str = "Say how a hotfix is done

The team's page and the settings, as agreed in the retrospective.";
