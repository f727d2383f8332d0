//! Reading the remote: what it has now, brought into remote-tracking refs.

use super::{Git, GitError};

/// Fetches branches, tags, and the local forge's refs. Writes no FETCH_HEAD
/// and touches no branch.
pub fn all(git: &Git, remote: &str) -> Result<(), GitError> {
    let forge = format!("+refs/hotfix/*:refs/hotfix-remote/{remote}/*");
    let heads = format!("+refs/heads/*:refs/remotes/{remote}/*");
    git.run([
        "fetch",
        "--quiet",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--prune",
        remote,
        &heads,
        &forge,
    ])?;
    // Tags are added, never moved or removed: they are the user's too.
    let _ =
        git.run(["fetch", "--quiet", "--no-write-fetch-head", "--no-recurse-submodules", "--tags", remote]);
    Ok(())
}

/// The object id of a ref on the remote, as it is now.
pub fn remote_ref(git: &Git, remote: &str, name: &str) -> Result<Option<String>, GitError> {
    let answer = git.run(["ls-remote", "--quiet", remote, name])?;
    let line = answer.lines().find(|l| l.split('\t').nth(1) == Some(name));
    Ok(line.and_then(|l| l.split('\t').next()).map(str::to_owned))
}
