//! A small world for tests: a bare origin, a production branch with a tag,
//! main ahead of it, clones with identities, and the real binary run in them.
//! Nothing of the caller's home or git settings is read, and no network.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The binary under test.
pub const HOTFIX: &str = env!("CARGO_BIN_EXE_hotfix");
/// The file that holds the fault, as production has it.
pub const BAD: &str = "one\ntwo\nthree\nstate=bad\nfive\nsix\nseven\n";
/// The same with the fault mended.
pub const GOOD: &str = "one\ntwo\nthree\nstate=good\nfive\nsix\nseven\n";
/// Fails while the fault is there.
pub const REPRODUCE: [&str; 5] = ["reproduce", "--", "sh", "-c", "grep -q state=good app.txt"];
/// Callers that may speak without a terminal, and who has which role.
pub const PEOPLE: &str = r#"
[callers]
simulated = ["dana@example.org", "olga@example.org", "tina@example.org", "rick@example.org"]
[roles]
on-call = ["Olga <olga@example.org>"]
tech-lead = ["Tina <tina@example.org>"]
"#;

/// A bare origin and what people have of it.
pub struct World {
    folder: tempfile::TempDir,
    /// The developer's clone.
    pub dana: Clone,
    /// The clone of the person on call.
    pub olga: Clone,
}

/// Somebody's clone, and the environment that they work in.
pub struct Clone {
    /// Its folder.
    pub dir: PathBuf,
    /// Their environment: nothing else is inherited but `PATH`.
    pub env: BTreeMap<String, String>,
}

/// What a process answered.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its exit status; -1 for a signal.
    pub status: i32,
    /// Its stdout.
    pub out: String,
    /// Its stderr.
    pub err: String,
}

impl World {
    /// An ordinary repository with no config of ours.
    pub fn plain() -> World {
        World::with(&[])
    }

    /// With this config on main.
    pub fn configured(config: &str) -> World {
        World::with(&[(".hotfix/config.toml", config)])
    }

    /// With these further files on main.
    pub fn with(on_main: &[(&str, &str)]) -> World {
        World::of(&[("app.txt", BAD)], on_main)
    }

    /// A project that has been released, with this config on main.
    pub fn project(released: &[(&str, &str)], config: &str) -> World {
        World::of(released, &[(".hotfix/config.toml", config)])
    }

    /// With these files in the release, and further ones on main.
    fn of(released: &[(&str, &str)], on_main: &[(&str, &str)]) -> World {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("its real path");
        std::fs::create_dir_all(root.join("home")).expect("a home");
        let seed = Clone { dir: root.join("seed"), env: environment(&root, &root.join("home")) };
        std::fs::create_dir_all(&seed.dir).expect("the seed's folder");
        seed.git(["init", "--quiet", "--initial-branch=main"]);
        seed.name("Seed", "seed@example.org");
        for (path, text) in released {
            seed.write(path, text);
        }
        seed.commit("the first version");
        seed.git(["tag", "--annotate", "--message=v1.0.0", "v1.0.0"]);
        seed.git(["branch", "production"]);
        seed.write("other.txt", "unreleased\n");
        for (path, text) in on_main {
            seed.write(path, text);
        }
        seed.commit("work that is not released");
        seed.git(["init", "--quiet", "--bare", "--initial-branch=main", "../origin.git"]);
        seed.git(["remote", "add", "origin", "../origin.git"]);
        seed.git(["push", "--quiet", "origin", "main", "production", "--tags"]);
        let dana = clone_of(&root, "Dana");
        let olga = clone_of(&root, "Olga");
        World { folder, dana, olga }
    }

    /// The folder that everything lies in.
    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("its real path")
    }

    /// The bare repository that all share.
    pub fn origin(&self) -> Clone {
        Clone { dir: self.root().join("origin.git"), env: self.dana.env.clone() }
    }

    /// One more person's clone.
    pub fn clone_for(&self, name: &str) -> Clone {
        clone_of(&self.root(), name)
    }

    /// The clone that was made for somebody before.
    pub fn clone_for_again(&self, name: &str) -> Clone {
        let (root, short) = (self.root(), name.to_lowercase());
        Clone { dir: root.join(&short), env: environment(&root, &root.join(format!("home-{short}"))) }
    }

    /// A commit on a branch of the origin, by somebody else.
    pub fn somebody_pushes(&self, branch: &str, files: &[(&str, &str)]) -> String {
        let seed = Clone { dir: self.root().join("seed"), env: self.dana.env.clone() };
        seed.git(["fetch", "--quiet", "origin"]);
        seed.git(["checkout", "--quiet", "-B", branch, &format!("origin/{branch}")]);
        for (path, text) in files {
            seed.write(path, text);
        }
        seed.commit("something else");
        seed.git(["push", "--quiet", "origin", branch]);
        seed.git(["rev-parse", "HEAD"])
    }

    /// Started, reproduced, mended: only `ship` is left.
    pub fn mended(&self, more: &[&str]) -> PathBuf {
        let worktree = self.dana.start("INC-1", more);
        self.dana.hotfix(REPRODUCE).exits(0);
        std::fs::write(worktree.join("app.txt"), GOOD).expect("the fix");
        worktree
    }

    /// Shipped as far as the approval.
    pub fn in_review(&self, more: &[&str]) -> PathBuf {
        let worktree = self.mended(more);
        self.dana.hotfix(["ship"]).exits(3);
        worktree
    }
}

fn environment(root: &Path, home: &Path) -> BTreeMap<String, String> {
    let text = |p: &Path| p.to_string_lossy().into_owned();
    [
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("HOME", text(home)),
        ("XDG_STATE_HOME", text(&home.join("state"))),
        ("GIT_CONFIG_GLOBAL", text(&home.join("gitconfig"))),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("GIT_CEILING_DIRECTORIES", text(root)),
        ("LANG", "C.UTF-8".to_owned()),
        ("TZ", "UTC".to_owned()),
    ]
    .map(|(k, v)| (k.to_owned(), v))
    .into()
}

fn clone_of(root: &Path, name: &str) -> Clone {
    let short = name.to_lowercase();
    let home = root.join(format!("home-{short}"));
    std::fs::create_dir_all(&home).expect("a home");
    let outside = Clone { dir: root.to_owned(), env: environment(root, &home) };
    outside.git(["clone", "--quiet", "origin.git", &short]);
    let clone = Clone { dir: root.join(&short), env: outside.env };
    clone.name(name, &format!("{short}@example.org"));
    clone
}

impl Clone {
    fn name(&self, name: &str, email: &str) {
        self.git(["config", "user.name", name]);
        self.git(["config", "user.email", email]);
    }

    /// The same person in another folder.
    pub fn at(&self, dir: impl Into<PathBuf>) -> Clone {
        Clone { dir: dir.into(), env: self.env.clone() }
    }

    /// The same with a variable set.
    pub fn env(&self, key: &str, value: &str) -> Clone {
        let mut env = self.env.clone();
        env.insert(key.to_owned(), value.to_owned());
        Clone { dir: self.dir.clone(), env }
    }

    /// The same with a variable missing.
    pub fn without(&self, key: &str) -> Clone {
        let mut env = self.env.clone();
        env.remove(key);
        Clone { dir: self.dir.clone(), env }
    }

    /// A process in this clone, not started yet.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.dir).env_clear().envs(&self.env).stdin(Stdio::null());
        command
    }

    /// Runs git, which must succeed.
    pub fn git<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> String {
        let ran = self.try_git(args);
        assert_eq!(ran.status, 0, "git: {ran:?}");
        ran.out.trim_end().to_owned()
    }

    /// Runs git.
    pub fn try_git<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Ran {
        answer(self.command("git").args(args))
    }

    /// Runs `hotfix`. Whatever it answers, it is never a panic, and no escape
    /// sequence reaches anybody who is no terminal.
    pub fn hotfix<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Ran {
        answer(self.command(HOTFIX).args(args)).sound()
    }

    /// Runs `hotfix` with `--json` and reads its one document.
    pub fn json(&self, args: &[&str]) -> Value {
        self.hotfix(args.iter().copied().chain(["--json"])).document()
    }

    /// Starts `hotfix` in a process group of its own and does not wait.
    pub fn begins(&self, args: &[&str]) -> Child {
        use std::os::unix::process::CommandExt as _;
        let mut command = self.command(HOTFIX);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.spawn().expect("hotfix starts")
    }

    /// `hotfix start`; the worktree that it prints.
    pub fn start(&self, key: &str, more: &[&str]) -> PathBuf {
        let given =
            ["start", key, "-m", "the state is bad", "--confirmed-by", "Max", "--authorized-by", "Max"];
        let ran = self.hotfix(given.into_iter().chain(more.iter().copied())).exits(0);
        PathBuf::from(ran.out.trim_end())
    }

    /// The status document.
    pub fn status(&self) -> Value {
        let document = self.json(&["status"]);
        assert_eq!(document["schema"], "hotfix.status/1");
        document
    }

    /// A gate of the status document.
    pub fn gate(&self, id: &str) -> Value {
        let status = self.status();
        let gates = status["gates"].as_array().expect("gates");
        gates.iter().find(|g| g["id"] == id).unwrap_or_else(|| panic!("no gate {id}")).clone()
    }

    /// Writes a file of the checkout.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.dir.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, text).expect("the file");
    }

    /// Commits everything in the checkout.
    pub fn commit(&self, message: &str) {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--message", message]);
    }

    /// An executable hook of this clone.
    pub fn hook(&self, name: &str, text: &str) {
        let path = self.dir.join(".git/hooks").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, text).expect("the hook");
        executable(&path);
    }

    /// Everything that is the user's own: files, index, stash, branches, HEAD.
    pub fn own_work(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = BTreeMap::new();
        files_under(&self.dir, &self.dir, &mut all);
        for name in ["index", "HEAD", "logs/refs/stash"] {
            all.insert(
                format!(".git/{name}"),
                std::fs::read(self.dir.join(".git").join(name)).unwrap_or_default(),
            );
        }
        let refs = ["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/main", "refs/stash"];
        all.insert("refs".to_owned(), self.git(refs).into_bytes());
        all
    }

    /// The folder of the only run.
    pub fn run_folder(&self) -> PathBuf {
        let mut found = Vec::new();
        for key in std::fs::read_dir(self.dir.join(".git/hotfix")).expect("runs").flatten() {
            for run in std::fs::read_dir(key.path()).expect("runs").flatten() {
                if run.path().join("journal.jsonl").exists() {
                    found.push(run.path());
                }
            }
        }
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// The names of the journal's events, in order.
    pub fn events(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.run_folder().join("journal.jsonl")).expect("a journal");
        let name = |line: &str| {
            serde_json::from_str::<Value>(line).expect("a record")["event"].as_str().map(str::to_owned)
        };
        text.lines().map(|l| name(l).expect("an event")).collect()
    }
}

impl Ran {
    /// With this exit status.
    #[track_caller]
    pub fn exits(self, status: i32) -> Ran {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// An error with this code, its reason, and a next command.
    #[track_caller]
    pub fn fails(self, status: i32, code: &str) -> Ran {
        let ran = self.exits(status);
        assert!(ran.err.contains(&format!("error[{code}]: ")), "{code} was expected: {}", ran.err);
        assert!(ran.err.contains("  hint: "), "no next command: {}", ran.err);
        assert_eq!(ran.out, "", "an error is no answer");
        ran
    }

    /// Says this somewhere beside the answer.
    #[track_caller]
    pub fn says(self, words: &str) -> Ran {
        assert!(
            self.err.contains(words),
            "`{words}` is missing in stderr: {}\nstdout: {}",
            self.err,
            self.out
        );
        self
    }

    /// Answers with this somewhere.
    #[track_caller]
    pub fn answers(self, words: &str) -> Ran {
        assert!(
            self.out.contains(words),
            "`{words}` is missing in stdout: {}\nstderr: {}",
            self.out,
            self.err
        );
        self
    }

    /// The one JSON document on stdout.
    #[track_caller]
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("no document ({e}): {self:?}"))
    }

    /// Never a panic, never an escape sequence.
    #[track_caller]
    pub fn sound(self) -> Ran {
        for text in [&self.out, &self.err] {
            assert!(!text.contains("panicked at") && !text.contains("RUST_BACKTRACE"), "{self:?}");
            let control = |c: char| c.is_control() && c != '\n' && c != '\t';
            assert!(!text.contains(control), "a control character: {self:?}");
        }
        assert_ne!(self.status, 70, "a bug: {self:?}");
        assert_ne!(self.status, 101, "a panic: {self:?}");
        self
    }
}

/// Runs a process to its end.
pub fn answer(command: &mut Command) -> Ran {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits for a process that was begun.
pub fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().expect("its end");
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits until something holds.
#[track_caller]
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Makes a file executable.
pub fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("its mode");
}

fn files_under(root: &Path, folder: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name() != Some(OsStr::new(".git")) {
                files_under(root, &path, all);
            }
        } else {
            let name = path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
            all.insert(name, std::fs::read(&path).expect("its bytes"));
        }
    }
}
