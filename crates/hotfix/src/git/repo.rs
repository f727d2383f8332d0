//! The repository that one stands in: what it is, its remotes, its branches,
//! and who the user is.

use super::{Git, GitError, OLDEST};
use crate::error::Failure;
use std::path::{Path, PathBuf};

/// A clone that can carry hotfixes.
#[derive(Debug, Clone)]
pub struct Repo {
    /// Git in the folder that the caller stands in.
    pub git: Git,
    /// The top of the checkout that the caller stands in.
    pub top: PathBuf,
    /// The git directory that all worktrees share.
    pub common: PathBuf,
    /// The main checkout of the clone.
    pub main: PathBuf,
    /// The remote that the project is on.
    pub remote: Option<String>,
    /// The remote that git pushes to by default, where it is told.
    pub push_default: Option<String>,
}

/// Looks at the folder and says what is wrong with it, if something is.
pub fn open(dir: &Path) -> Result<Repo, Failure> {
    let git = Git::at(dir);
    check_version(&git)?;
    let inside =
        git.run(["rev-parse", "--is-bare-repository", "--is-shallow-repository", "--git-common-dir"]);
    let answer = inside.map_err(|e| not_a_repository(dir, &e))?;
    let mut lines = answer.lines();
    let (bare, shallow, common) = (lines.next(), lines.next(), lines.next().unwrap_or_default());
    if bare == Some("true") {
        return Err(Failure::usage(
            "HF0102",
            format!("{} is a bare repository: it has no checkout to work beside", dir.display()),
        )
        .try_this("work in a clone of it", format!("git clone {} ../work && cd ../work", dir.display())));
    }
    if shallow == Some("true") {
        return Err(Failure::usage(
            "HF0103",
            "this clone is shallow: the history between production and main is not here",
        )
        .try_this("bring the whole history", "git fetch --unshallow"));
    }
    let common = dir.join(common).canonicalize()?;
    let top = git.run(["rev-parse", "--show-toplevel"]).map_err(|e| not_a_repository(dir, &e))?;
    let main = main_checkout(&git, &common).unwrap_or_else(|| PathBuf::from(&top));
    let remote = choose_remote(&git);
    let push_default = git.setting("remote.pushDefault");
    let git = Git::at(&top);
    Ok(Repo { git, top: PathBuf::from(top), common, main, remote, push_default })
}

fn check_version(git: &Git) -> Result<(), Failure> {
    let (major, minor) = git.version().map_err(|e| {
        Failure::usage("HF0104", format!("git cannot be run: {e}"))
            .try_this("install it, for example", "sudo apt-get install git")
    })?;
    if (major, minor) < OLDEST {
        let message =
            format!("git {major}.{minor} is too old: hotfix needs {}.{} or newer", OLDEST.0, OLDEST.1);
        return Err(Failure::usage("HF0105", message)
            .try_this("see which git is found", "command -v git && git --version"));
    }
    Ok(())
}

fn not_a_repository(dir: &Path, error: &GitError) -> Failure {
    let said = error.said();
    if said.contains("dubious ownership") {
        return Failure::usage(
            "HF0101",
            format!("git does not trust {}: it belongs to somebody else", dir.display()),
        )
        .try_this("if you trust it", format!("git config --global --add safe.directory {}", dir.display()));
    }
    Failure::usage("HF0101", format!("{} is not in a git repository", dir.display()))
        .try_this("go to your clone", "cd path/to/your/clone")
        .try_this("or look at the whole thing on a throw-away one", "hotfix demo")
}

fn main_checkout(git: &Git, common: &Path) -> Option<PathBuf> {
    let list = git.run(["worktree", "list", "--porcelain"]).ok()?;
    let first = list.lines().next()?.strip_prefix("worktree ")?;
    let first = PathBuf::from(first);
    (first.as_path() != common).then_some(first)
}

/// The remote that the project is on: the configured one, `origin`, git's own
/// for pushing, or the only one there is.
fn choose_remote(git: &Git) -> Option<String> {
    let remotes: Vec<String> = git.run(["remote"]).ok()?.lines().map(str::to_owned).collect();
    let named = |key: &str| git.setting(key).filter(|n| remotes.contains(n));
    if let Some(named) = named("hotfix.remote") {
        return Some(named);
    }
    if remotes.iter().any(|r| r == "origin") {
        return Some("origin".to_owned());
    }
    if let Some(named) = named("remote.pushDefault") {
        return Some(named);
    }
    (remotes.len() == 1).then(|| remotes[0].clone())
}

impl Repo {
    /// The remote's name, or what to do about there being none.
    pub fn remote(&self) -> Result<&str, Failure> {
        self.remote.as_deref().ok_or_else(|| {
            Failure::usage(
                "HF0106",
                "this clone has no remote: a hotfix needs somewhere to be merged and deployed from",
            )
            .try_this("name the shared repository", "git remote add origin URL")
            .try_this("or choose one of several", "git config hotfix.remote NAME")
        })
    }

    /// The remote that branches are pushed to: git's own choice, else the project's.
    pub fn push_remote(&self) -> Result<&str, Failure> {
        match &self.push_default {
            Some(named) => Ok(named),
            None => self.remote(),
        }
    }

    /// The remote's address.
    pub fn remote_url(&self) -> Option<String> {
        self.git.maybe(["remote", "get-url", self.remote.as_deref()?])
    }

    /// The default branch's short name: what the remote says, else `main`, else `master`.
    pub fn default_branch(&self) -> Option<String> {
        let remote = self.remote.as_deref()?;
        let prefix = format!("refs/remotes/{remote}/");
        if let Some(head) = self.git.maybe(["symbolic-ref", "--quiet", &format!("{prefix}HEAD")]) {
            return head.strip_prefix(&prefix).map(str::to_owned);
        }
        ["main", "master"]
            .into_iter()
            .find(|b| self.git.resolve(&format!("{prefix}{b}")).is_some())
            .map(str::to_owned)
    }

    /// The commit of a branch as the remote was last seen.
    pub fn remote_branch(&self, branch: &str) -> Option<String> {
        self.git.commit(&format!("refs/remotes/{}/{branch}", self.remote.as_deref()?))
    }

    /// Release tags, newest version first.
    pub fn tags(&self, pattern: &str) -> Vec<String> {
        let glob = format!("refs/tags/{pattern}");
        let args = ["for-each-ref", "--sort=-version:refname", "--format=%(refname:short)", &glob];
        self.git.run(args).map(|t| t.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Who the user is: `Name <e-mail>`, as git would write it into a commit.
    pub fn person(&self) -> Result<String, Failure> {
        let ident = self.git.run(["var", "GIT_AUTHOR_IDENT"]).map_err(|e| {
            Failure::usage(
                "HF0111",
                format!("git does not know who you are: {}", e.said().lines().last().unwrap_or_default()),
            )
            .try_this("say it", "git config user.name \"Your Name\" && git config user.email you@example.org")
        })?;
        let end = ident.rfind('>').map_or(ident.len(), |i| i + 1);
        Ok(ident[..end].to_owned())
    }

    /// A file's text at the tip of the default branch as last fetched.
    pub fn reviewed_file(&self, path: &str) -> Option<(String, String)> {
        let branch = self.default_branch()?;
        let remote = self.remote.as_deref()?;
        let revision = format!("refs/remotes/{remote}/{branch}");
        let bytes = self.git.bytes(["cat-file", "blob", &format!("{revision}:{path}")]).ok()?;
        let commit = self.git.commit(&revision)?;
        let source = format!("{path} at {remote}/{branch} ({})", hotfix_core::effect::short(&commit));
        Some((String::from_utf8_lossy(&bytes).into_owned(), source))
    }
}
