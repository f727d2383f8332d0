//! The play: an incident from its first error to its report. Everything that
//! is done is done by the verbs, as processes of their own, in the clones of
//! the people who would do it.

use super::assets::{BAD_FIX, FIX, apply};
use super::snapshot::{manifest, untouched};
use super::world::{INCIDENT, JONAS, MIKA, PRIYA, Person, TITLE, World};
use super::{begin, hotfix, summary};
use crate::args::{Demo, Scenario};
use crate::error::{Failure, exit};
use crate::sys::interrupt;
use crate::ui::{BOLD, DIM, NAME, Ui, clock_time, styled};
use hotfix_core::journal::{WaitingFor, WaitingKind};
use hotfix_core::status::Status;
use jiff::Timestamp;
use std::io::{BufRead as _, BufReader, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// How long the good version serves first, in real time.
pub const BASELINE: Duration = Duration::from_millis(6500);
/// How long the incident lasts before somebody notices, in real time.
const INCIDENT_LASTS: Duration = Duration::from_millis(3500);
/// A play that needs more turns than this does not come to an end.
const MOST_TURNS: usize = 60;

/// What was changed, in the developer's words.
const NOTE: &str = "Session shards take the whole customer name, hyphens included.";

/// Plays the incident.
pub fn run(args: &Demo, ui: &Ui) -> Result<u8, Failure> {
    let folder = place(args)?;
    let (world, operator) = begin(args, folder.path(), true, ui)?;
    let mut stage = Stage {
        world,
        operator,
        ui,
        workflow: args.workflow.clone(),
        bad: args.scenario == Scenario::BadFix,
    };
    let played = stage.play();
    let ended = played.and_then(|(status, untouched)| stage.curtain(&status, untouched, args));
    stage.stop();
    ended
}

/// Where the world lies: a folder that goes away, unless it is to be kept.
enum Place {
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Place::Temporary(dir) => dir.path(),
            Place::Kept(path) => path,
        }
    }
}

fn place(args: &Demo) -> Result<Place, Failure> {
    match &args.keep {
        Some(dir) => {
            if std::fs::read_dir(dir).is_ok_and(|mut d| d.next().is_some()) {
                return Err(Failure::usage("HF0907", format!("{} is not empty", dir.display()))
                    .try_this("name a new folder", "hotfix demo --keep ./world"));
            }
            std::fs::create_dir_all(dir)?;
            Ok(Place::Kept(dir.canonicalize()?))
        }
        None => Ok(Place::Temporary(tempfile::Builder::new().prefix("hotfix-demo-").tempdir()?)),
    }
}

struct Stage<'u> {
    world: World,
    operator: Child,
    ui: &'u Ui,
    workflow: Option<PathBuf>,
    bad: bool,
}

impl Stage<'_> {
    fn play(&mut self) -> Result<(Status, bool), Failure> {
        let clone = self.world.paths().clone_of(&MIKA);
        let before = manifest(&clone).map_err(Failure::from)?;
        self.scene("The shop serves. Mika is in the middle of something else.");
        std::thread::sleep(BASELINE);
        let since = self.world.now();
        self.scene("v1.4.2 goes to production, and sign-ins begin to fail.");
        self.world.deploy("v1.4.2")?;
        std::thread::sleep(INCIDENT_LASTS);
        self.first_act(since)?;
        let status = self.turns()?;
        let after = manifest(&clone).map_err(Failure::from)?;
        let own: Vec<&str> = status.merge_requests.iter().map(|m| m.source.as_str()).collect();
        let same = untouched(&before, &after, &own);
        Ok((status, same))
    }

    /// From the alert to a change that is ready.
    fn first_act(&mut self, since: Timestamp) -> Result<(), Failure> {
        self.scene("The alert wakes Mika. Priya is on call.");
        let since = since.to_string();
        let authorized = format!("{} <{}>", PRIYA.name, PRIYA.email);
        let mut start = vec![
            "start",
            INCIDENT,
            "-m",
            TITLE,
            "--since",
            &since,
            "--alert",
            "shop-sign-in-errors",
            "--authorized-by",
            &authorized,
        ];
        let workflow = self
            .workflow
            .as_ref()
            .map(|p| p.canonicalize())
            .transpose()?
            .map(|p| p.to_string_lossy().into_owned());
        if let Some(workflow) = &workflow {
            start.extend(["--workflow", workflow]);
        }
        self.verb(&MIKA, &start, &[exit::DONE])?;
        self.scene("First the proof that it is there.");
        self.verb(&MIKA, &["reproduce", "--", "ops/reproduce"], &[exit::DONE])?;
        let worktree = self.status()?.worktree.map(|w| PathBuf::from(w.path)).unwrap_or_default();
        let edits = if self.bad { BAD_FIX } else { FIX };
        self.scene(if self.bad {
            "Mika makes a fix that looks right and is not."
        } else {
            "Mika makes the smallest change, in the worktree."
        });
        apply(edits, &worktree)?;
        self.verb(&MIKA, &["ship", "--note", NOTE], &[exit::DONE, exit::WAITS]).map(|_| ())
    }

    /// Whoever is waited for does their part, until the run is over.
    fn turns(&mut self) -> Result<Status, Failure> {
        let mut reviewed = false;
        for _ in 0..MOST_TURNS {
            let status = self.status()?;
            if matches!(status.run.state.as_str(), "closed" | "rolled-back" | "aborted") {
                return Ok(status);
            }
            let owed = status.obligations.iter().any(|o| o.id == "review" && o.state == "open");
            if owed && !reviewed && !is_watching(&status) {
                self.scene("Jonas reviews what was merged.");
                self.verb(
                    &JONAS,
                    &["approve", "--mr", "1", "--note", "Small, tested, reads well."],
                    &[exit::DONE],
                )?;
                reviewed = true;
            }
            match status.waiting_for.first().cloned() {
                Some(wait) if wait.kind != WaitingKind::Time => self.respond(&wait)?,
                _ => {}
            }
            if self.go_on()? {
                return self.status();
            }
        }
        Err(Failure::failed("HF0908", "the play did not come to an end")
            .try_this("play it yourself", "hotfix demo --setup ./world"))
    }

    /// The run goes on; true when it has come to its end.
    fn go_on(&mut self) -> Result<bool, Failure> {
        let status = self.status()?;
        let left = status.steps.iter().any(|s| !matches!(s.state.as_str(), "passed" | "skipped"));
        if left {
            let watching =
                !status.deploys.is_empty() || status.waiting_for.iter().any(|w| w.kind == WaitingKind::Time);
            let next = status
                .steps
                .iter()
                .find(|s| !matches!(s.state.as_str(), "passed" | "skipped"))
                .map(|s| s.id.clone())
                .unwrap_or_default();
            let wait = watching || matches!(next.as_str(), "merge" | "deploy" | "monitor" | "review");
            let approval_open = next == "review"
                && !status.merge_requests.iter().any(|m| !m.approvals.is_empty())
                && !status.waiting_for.is_empty();
            let args: &[&str] = if wait && !approval_open { &["run", "--wait"] } else { &["run"] };
            let ended = self.verb(&MIKA, args, &[exit::DONE, exit::WAITS, exit::ROLLED_BACK])?;
            if ended == exit::ROLLED_BACK {
                self.scene("Production is back. The report tells what happened.");
                self.verb(&MIKA, &["report"], &[exit::DONE])?;
                return Ok(true);
            }
            return Ok(false);
        }
        if status.run.resolved_at.is_none()
            && status
                .gates
                .iter()
                .any(|g| g.id == "incident.resolved" && g.verdict == hotfix_core::gate::Verdict::Pending)
        {
            self.scene("Sign-ins work again. Mika says so.");
            self.verb(&MIKA, &["done", "resolve", "--note", "sign-ins work again"], &[exit::DONE])?;
            self.verb(&MIKA, &["run"], &[exit::DONE, exit::WAITS])?;
        }
        let status = self.status()?;
        if status.obligations.iter().any(|o| o.id == "report" && o.state == "open") {
            self.write_analysis()?;
        }
        self.scene("Everything is in place.");
        let permanence = if status
            .gates
            .iter()
            .any(|g| g.id == "followup.ticket" && g.verdict == hotfix_core::gate::Verdict::Pending)
        {
            vec!["close", "--temporary"]
        } else {
            vec!["close"]
        };
        self.verb(&MIKA, &permanence, &[exit::DONE])?;
        Ok(true)
    }

    /// Does what is waited for, as the person who would do it.
    fn respond(&mut self, wait: &WaitingFor) -> Result<(), Failure> {
        if wait.kind == WaitingKind::Approval {
            self.scene("Priya, on call, reads the merge request and approves.");
            self.verb(&PRIYA, &["approve", "--mr", "1", "--note", "Go."], &[exit::DONE])?;
            if wait.what.contains("review") {
                self.verb(&JONAS, &["approve", "--mr", "1"], &[exit::DONE])?;
            }
            return Ok(());
        }
        let words: Vec<&str> = wait.how.split_whitespace().collect();
        match words.as_slice() {
            ["hotfix", "report", "--edit"] => self.write_analysis(),
            ["hotfix", "done", "follow-up", ..] => {
                self.scene("The fix is a stopgap: the proper one is written down.");
                self.verb(&MIKA, &["done", "follow-up", "--temporary"], &[exit::DONE]).map(|_| ())
            }
            ["hotfix", "done", step, ..] => {
                let step = (*step).to_owned();
                self.verb(&MIKA, &["done", &step, "--note", "played by the demo"], &[exit::DONE]).map(|_| ())
            }
            ["hotfix", "ship", ..] => self.verb(&MIKA, &["ship"], &[exit::DONE, exit::WAITS]).map(|_| ()),
            _ => Err(Failure::failed("HF0908", format!("the play has no answer to: {}", wait.what))
                .try_this("play it yourself", "hotfix demo --setup ./world")),
        }
    }

    fn write_analysis(&mut self) -> Result<(), Failure> {
        self.scene("Now the analysis that was skipped.");
        let file = self.world.paths().root().join("analysis.md");
        std::fs::write(&file, ANALYSIS)?;
        let editor = format!("cp '{}'", file.display());
        self.verb_in(&MIKA, &["report", "--edit"], &[exit::DONE], &[("GIT_EDITOR", &editor)]).map(|_| ())
    }

    fn status(&self) -> Result<Status, Failure> {
        let mut command = hotfix(&self.world, &self.world.paths().clone_of(&MIKA))?;
        let output =
            command.args(["status", "--json", "--incident", INCIDENT]).stderr(Stdio::null()).output()?;
        serde_json::from_slice(&output.stdout)
            .map_err(|e| Failure::bug(format!("the status could not be read: {e}")))
    }

    fn scene(&self, text: &str) {
        if !self.ui.json {
            self.ui.say(format!("\n{} {}", styled(DIM, clock_time(self.world.now())), styled(BOLD, text)));
        }
    }

    fn verb(&self, who: &Person, args: &[&str], expected: &[u8]) -> Result<u8, Failure> {
        self.verb_in(who, args, expected, &[])
    }

    /// Runs a verb as a person, and shows what it says as it says it.
    fn verb_in(
        &self,
        who: &Person,
        args: &[&str],
        expected: &[u8],
        env: &[(&str, &str)],
    ) -> Result<u8, Failure> {
        if interrupt::asked() {
            return Err(crate::engine::drive::interrupted());
        }
        let shown: Vec<String> = args
            .iter()
            .map(|a| if a.contains([' ', '<']) { format!("{a:?}") } else { (*a).to_owned() })
            .collect();
        if !self.ui.json {
            let name = who.name.split(' ').next().unwrap_or(who.name).to_lowercase();
            self.ui.say(format!(
                "{}{} {}",
                styled(DIM, format!("{name}$ ")),
                styled(NAME, "hotfix"),
                styled(NAME, shown.join(" "))
            ));
        }
        let mut command = hotfix(&self.world, &self.world.paths().clone_of(who))?;
        command.args(args).args(if who.id == MIKA.id && args[0] != "start" {
            &["--incident", INCIDENT][..]
        } else {
            &[]
        });
        if args.contains(&"--") {
            // What stands behind `--` belongs to the command.
            command = hotfix(&self.world, &self.world.paths().clone_of(who))?;
            command.args(args);
        }
        if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            command.env("CLICOLOR_FORCE", "1");
        }
        let mut child = command
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut said = Vec::new();
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if !self.ui.json {
                    self.ui.say(format!("  {line}"));
                }
                said.push(line);
            }
        }
        let code = child.wait()?.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(exit::BUG);
        if expected.contains(&code) {
            return Ok(code);
        }
        Err(Failure::failed("HF0908", format!("`hotfix {}` ended with exit status {code}", shown.join(" ")))
            .hint(said.join("\n"))
            .try_this("play it yourself", "hotfix demo --setup ./world"))
    }

    fn curtain(&self, status: &Status, untouched: bool, args: &Demo) -> Result<u8, Failure> {
        let reports = self.keep_reports(args)?;
        if self.ui.json {
            self.ui.document(&serde_json::to_value(status)?);
        } else {
            summary::show(self.ui, status, &self.world, untouched, &reports);
        }
        if !untouched {
            return Err(Failure::bug("the developer's clone was changed"));
        }
        Ok(if status.run.state == "rolled-back" { exit::ROLLED_BACK } else { exit::DONE })
    }

    /// The reports outlive the world.
    fn keep_reports(&self, args: &Demo) -> Result<PathBuf, Failure> {
        let from = self.world.paths().root().join(MIKA.id).join("shop.hotfix/reports");
        if args.keep.is_some() {
            return Ok(from.join(format!("{INCIDENT}.html")));
        }
        let to = std::env::temp_dir().join(format!("hotfix-demo-report-{}", std::process::id()));
        std::fs::create_dir_all(&to)?;
        for ending in ["md", "html"] {
            let name = format!("{INCIDENT}.{ending}");
            if from.join(&name).exists() {
                std::fs::copy(from.join(&name), to.join(&name))?;
            }
        }
        Ok(to.join(format!("{INCIDENT}.html")))
    }

    fn stop(&mut self) {
        drop(self.operator.stdin.take());
        let _ = super::operate::stop(self.world.paths().root());
        let _ = self.operator.wait();
    }
}

/// What Mika writes.
const ANALYSIS: &str = include_str!("assets/analysis.md");

/// `--setup`: the commands to play the incident by hand.
pub fn print_script(world: &World, since: Timestamp, ui: &Ui) {
    let paths = world.paths();
    let (mika, priya, jonas) = (paths.clone_of(&MIKA), paths.clone_of(&PRIYA), paths.clone_of(&JONAS));
    let root = paths.root().display().to_string();
    let env = format!("export XDG_STATE_HOME={root}/state");
    let fix = paths.root().join("fix");
    if let Err(e) = write_fix(world, &fix) {
        ui.say(format!("the fix could not be laid out: {}", e.message));
    }
    let lines = [
        format!("# The world is in {root}; v1.4.2 is in production, and sign-ins fail."),
        env,
        format!("cd {}", mika.display()),
        format!(
            "hotfix start {INCIDENT} -m \"{TITLE}\" --since {since} --alert shop-sign-in-errors --authorized-by Priya"
        ),
        "hotfix reproduce -- ops/reproduce".to_owned(),
        format!("cp -R {}/. ../shop.hotfix/{INCIDENT}/", fix.display()),
        format!("hotfix ship --note \"{NOTE}\"        # stops for the approval"),
        format!("(cd {} && hotfix approve --mr 1)", priya.display()),
        "hotfix run --wait                    # merges, deploys, watches, ports; stops for the analysis"
            .to_owned(),
        format!("(cd {} && hotfix approve --mr 1)   # the review after the deploy", jonas.display()),
        "hotfix report --edit".to_owned(),
        "hotfix done follow-up --permanent".to_owned(),
        "hotfix run && hotfix close".to_owned(),
        format!("hotfix demo --stop {root}"),
    ];
    for line in lines {
        ui.answer(line);
    }
}

/// The fixed files, to be copied into the worktree.
fn write_fix(world: &World, folder: &Path) -> Result<(), Failure> {
    let git = super::world::git_in(world, &MIKA);
    for edit in FIX {
        let to = folder.join(edit.path);
        let before = match std::fs::read_to_string(&to) {
            Ok(text) => text,
            Err(_) => format!("{}\n", git.run(["cat-file", "blob", &format!("v1.4.2:{}", edit.path)])?),
        };
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&to, edit.apply_to(&before)?)?;
    }
    Ok(())
}

fn is_watching(status: &Status) -> bool {
    status.deploys.is_empty()
        || (status.run.resolved_at.is_none()
            && status.steps.iter().any(|s| s.id == "monitor" && s.state != "passed"))
}
