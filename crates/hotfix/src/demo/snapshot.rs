//! What a person's clone looks like, to prove that nobody touched it.

use super::history;
use super::world::WorldError;
use hotfix_core::digest;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Branches that a hotfix may make in a clone.
const OURS: [&str; 3] = ["refs/heads/hotfix/", "refs/heads/release/hotfix/", "refs/heads/port/"];

/// A digest over the files, the index, the stash, HEAD and the branches of a clone.
pub fn snapshot(clone: &Path) -> Result<String, WorldError> {
    Ok(digest::of_bytes(manifest(clone)?.as_bytes()))
}

/// What [`snapshot`] is a digest of, one line for each thing; compare two of them
/// to see what differs. Tags, remote-tracking branches and a hotfix's own branches
/// are left out.
pub fn manifest(clone: &Path) -> Result<String, WorldError> {
    let mut lines = Vec::new();
    for name in ["HEAD", "index", "logs/refs/stash"] {
        let path = clone.join(".git").join(name);
        let bytes = if path.exists() { read(&path)? } else { Vec::new() };
        lines.push(format!(".git/{name} {}", digest::of_bytes(&bytes)));
    }
    let git = history::plain_git(clone);
    let refs = git.run(["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/stash"])?;
    lines.extend(
        refs.lines().filter(|line| !OURS.iter().any(|ours| line.starts_with(ours))).map(str::to_owned),
    );
    files(clone, clone, &mut lines)?;
    lines.sort_unstable();
    Ok(lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    }))
}

/// Whether two manifests are the same, apart from the run's own branches: a
/// page may call them as it likes.
pub fn untouched(before: &str, after: &str, own: &[&str]) -> bool {
    let is_own = |line: &&str| {
        own.iter().any(|b| line.strip_prefix("refs/heads/").is_some_and(|l| l.split(' ').next() == Some(b)))
    };
    after.lines().filter(|line| !is_own(line)).eq(before.lines())
}

fn files(root: &Path, folder: &Path, lines: &mut Vec<String>) -> Result<(), WorldError> {
    for entry in std::fs::read_dir(folder).map_err(WorldError::at(folder))? {
        let path = entry.map_err(WorldError::at(folder))?.path();
        let name = path.strip_prefix(root).unwrap_or(&path);
        let about = path.symlink_metadata().map_err(WorldError::at(&path))?;
        if name == Path::new(".git") {
            continue;
        }
        if about.is_dir() {
            files(root, &path, lines)?;
            continue;
        }
        let bytes = if about.is_symlink() {
            let target = std::fs::read_link(&path).map_err(WorldError::at(&path))?;
            target.as_os_str().as_bytes().to_vec()
        } else {
            read(&path)?
        };
        let mode = about.permissions().mode();
        lines.push(format!("{} {mode:o} {}", name.display(), digest::of_bytes(&bytes)));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, WorldError> {
    std::fs::read(path).map_err(WorldError::at(path))
}
