//! What a hotfix starts from: what runs in production, as far as this clone
//! knows without asking anybody.

use crate::again::{self, With};
use crate::error::Failure;
use crate::git::repo::Repo;
use hotfix_core::config::Config;
use hotfix_core::incident::Incident;
use hotfix_core::policy::{BaseKind, BranchPolicy};

/// Where an attempt starts and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The ref.
    pub base_ref: String,
    /// Its commit.
    pub base: String,
    /// The version there.
    pub version: Option<String>,
    /// The branch that the fix goes to.
    pub target: String,
    /// What a person should know.
    pub notices: Vec<String>,
}

/// Chooses: the ref given, else the latest release tag, else the production
/// branch, else main. Where they disagree, it says so and takes the first.
pub fn choose(
    repo: &Repo,
    config: &Config,
    policy: &BranchPolicy,
    from: Option<&str>,
) -> Result<Choice, Failure> {
    let main = repo.default_branch();
    let production = production_branch(repo, config);
    let tag = latest_tag(repo, config, production.as_deref());
    let mut notices = Vec::new();
    if let Some(from) = from {
        let base = repo.git.commit(from).ok_or_else(|| {
            Failure::usage("HF0107", format!("there is no commit `{from}` in this clone"))
                .try_this("bring what the remote has", "git fetch --tags")
                .try_this("see the release tags", "git tag --sort=-version:refname")
        })?;
        let version = tag_at(repo, &base);
        let target = target(policy, production, main, version.as_deref(), repo)?;
        return Ok(Choice { base_ref: from.to_owned(), base, version, target, notices });
    }
    let (base_ref, base) = match policy.base {
        BaseKind::Main => on_branch(repo, main.as_deref()),
        BaseKind::Production => {
            let by_tag = tag.as_ref().and_then(|t| Some((t.clone(), repo.git.commit(t)?)));
            by_tag.or_else(|| on_branch(repo, production.as_deref())).or_else(|| {
                notices.push(
                    "no release tag and no production branch were found: the branch starts from main"
                        .to_owned(),
                );
                on_branch(repo, main.as_deref())
            })
        }
    }
    .ok_or_else(no_base)?;
    if let (BaseKind::Production, Some(branch)) = (policy.base, &production) {
        disagreement(repo, branch, &base_ref, &base, &mut notices);
    }
    let version = tag.or_else(|| tag_at(repo, &base));
    let target = target(policy, production, main, version.as_deref(), repo)?;
    Ok(Choice { base_ref, base, version, target, notices })
}

fn no_base() -> Failure {
    Failure::usage(
        "HF0107",
        "nothing here says what is in production: no release tag, no production branch, no main",
    )
    .try_this("bring what the remote has", "git fetch --tags")
    .try_this("or say where the hotfix starts", again::with(With::long("--from", "REF")))
}

fn on_branch(repo: &Repo, branch: Option<&str>) -> Option<(String, String)> {
    let branch = branch?;
    let remote = repo.remote.as_deref()?;
    Some((format!("{remote}/{branch}"), repo.remote_branch(branch)?))
}

fn disagreement(repo: &Repo, branch: &str, base_ref: &str, base: &str, notices: &mut Vec<String>) {
    let Some(tip) = repo.remote_branch(branch).filter(|tip| tip != base) else { return };
    let ahead = repo.git.maybe(["rev-list", "--count", &format!("{base}..{tip}")]).unwrap_or_default();
    notices.push(format!("{branch} and {base_ref} disagree: {branch} has {ahead} commits that {base_ref} lacks; the hotfix starts from {base_ref}"));
}

/// The production branch: the configured one, else one of the usual names.
pub fn production_branch(repo: &Repo, config: &Config) -> Option<String> {
    if let Some(branch) = &config.production.branch {
        return Some(branch.clone());
    }
    ["production", "prod", "release", "stable"]
        .into_iter()
        .find(|b| repo.remote_branch(b).is_some())
        .map(str::to_owned)
}

/// The latest release tag: of the production branch, where there is one.
pub fn latest_tag(repo: &Repo, config: &Config, production: Option<&str>) -> Option<String> {
    let pattern = config.production.tag_pattern.as_deref().unwrap_or("*[0-9].[0-9]*");
    let tags = repo.tags(pattern);
    let tip = production.and_then(|b| repo.remote_branch(b));
    let released = |tag: &&String| match (&tip, repo.git.commit(tag)) {
        (Some(tip), Some(commit)) => repo.git.is_ancestor(&commit, tip),
        (None, Some(_)) => true,
        (_, None) => false,
    };
    tags.iter()
        .filter(|t| !t.contains("-rc") && !t.contains("-beta") && !t.contains("-alpha"))
        .find(released)
        .cloned()
}

fn tag_at(repo: &Repo, commit: &str) -> Option<String> {
    let tags = repo.git.maybe(["tag", "--points-at", commit, "--sort=-version:refname"])?;
    tags.lines().next().map(str::to_owned)
}

/// The branch that the fix goes to. Where production is only a tag, a release
/// branch is made from that tag.
fn target(
    policy: &BranchPolicy,
    production: Option<String>,
    main: Option<String>,
    version: Option<&str>,
    repo: &Repo,
) -> Result<String, Failure> {
    match policy.merge_to {
        BaseKind::Main => main.ok_or_else(no_base),
        BaseKind::Production => match (production, version) {
            (Some(branch), _) => Ok(branch),
            (None, Some(version)) => Ok(format!("release/hotfix/{}", next_version(repo, version))),
            (None, None) => main.ok_or_else(no_base),
        },
    }
}

/// The next patch version that no tag has yet, in the form of the one given.
pub fn next_version(repo: &Repo, version: &str) -> String {
    let mut next = version.to_owned();
    loop {
        next = bump(&next);
        if repo.git.resolve(&format!("refs/tags/{next}")).is_none() {
            return next;
        }
    }
}

/// The same version with its last number one higher; `.1` where there is none.
fn bump(version: &str) -> String {
    let digits = version.chars().rev().take_while(char::is_ascii_digit).count();
    let split = version.len() - digits;
    match version[split..].parse::<u64>() {
        Ok(number) => format!("{}{}", &version[..split], number + 1),
        Err(_) => format!("{version}.1"),
    }
}

/// The branch's name for this incident.
pub fn branch_name(pattern: &str, incident: &Incident, version: Option<&str>, repo: &Repo) -> String {
    let version = version.map_or_else(|| "next".to_owned(), |v| next_version(repo, v));
    let version = version.trim_start_matches('v');
    pattern.replace("{id}", &incident.key).replace("{version}", version)
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_count_up() {
        assert_eq!(super::bump("v1.4.2"), "v1.4.3");
        assert_eq!(super::bump("v1.4.9"), "v1.4.10");
        assert_eq!(super::bump("release-7"), "release-8");
        assert_eq!(super::bump("stable"), "stable.1");
    }
}
