//! The verbs: a file for each. What they share is here: the clone that one
//! stands in, the run that is meant, and how a verb ends.

pub mod abort;
pub mod approve;
pub mod brief;
pub mod cleanup;
pub mod close;
pub mod done;
pub mod init;
pub mod list;
pub mod log;
pub mod logdiff;
mod look;
pub mod monitor;
pub mod port;
pub mod report;
pub mod reproduce;
pub mod rollback;
pub mod run;
pub mod ship;
pub mod start;
pub mod status;
pub mod trust;
pub mod verify;
pub mod waive;
pub mod workflow;

use crate::args::{Cli, Global, Verb};
use crate::connect::chat::file::FileChat;
use crate::connect::forge::{Forge, local::LocalForge};
use crate::connect::http::Http;
use crate::connect::status_page::file::FileStatusPage;
use crate::connect::tracker::folder::FolderTracker;
use crate::engine::drive::{Came, Until, drive};
use crate::engine::journal::FileJournal;
use crate::engine::runs::{self, Wanted};
use crate::error::{Failure, exit};
use crate::git::repo::{self, Repo};
use crate::settings::Trust;
use crate::steps::{Tools, forecast};
use crate::sys::clock::Clock;
use crate::sys::lock::{self, LockError, RunnerLock};
use crate::ui::{self, NAME, Ui, WAIT, styled};
use hotfix_core::approval::email;
use hotfix_core::config::{Config, Connector};
use hotfix_core::journal::{Actor, WaitingFor};
use std::path::{Path, PathBuf};

/// What a verb answers: its exit status, or why it could not go on.
pub type Answer = Result<u8, Failure>;

/// Carries a verb out.
pub fn run(cli: Cli, ui: &Ui) -> Answer {
    let global = &cli.global;
    match cli.verb {
        Verb::Demo(args) => crate::demo::run(&args, ui),
        Verb::LogDiff(args) => logdiff::run(&args, global, ui),
        Verb::Workflow(verb) => workflow::run(&verb, global, ui),
        Verb::Init => init::run(&Session::open(ui, global)?),
        Verb::Start(args) => start::run(&Session::open(ui, global)?, &args),
        Verb::Run(args) => run::run(&Session::open(ui, global)?, &args),
        Verb::Status => status::run(&Session::open(ui, global)?),
        Verb::Brief(args) => brief::run(&Session::open(ui, global)?, &args),
        Verb::Reproduce { command } => reproduce::run(&Session::open(ui, global)?, &command),
        Verb::Verify => verify::run(&Session::open(ui, global)?),
        Verb::Ship(args) => ship::run(&Session::open(ui, global)?, &args),
        Verb::Done(args) => done::run(&Session::open(ui, global)?, &args),
        Verb::Waive { gate, reason } => waive::run(&Session::open(ui, global)?, &gate, &reason),
        Verb::Approve(args) => approve::run(&Session::open(ui, global)?, &args),
        Verb::Monitor(args) => monitor::run(&Session::open(ui, global)?, &args),
        Verb::Rollback { to, reason } => rollback::run(&Session::open(ui, global)?, to.as_deref(), &reason),
        Verb::Port => port::run(&Session::open(ui, global)?),
        Verb::Report(args) => report::run(&Session::open(ui, global)?, &args),
        Verb::Close(args) => close::run(&Session::open(ui, global)?, args),
        Verb::Cleanup => cleanup::run(&Session::open(ui, global)?),
        Verb::Abort { reason } => abort::run(&Session::open(ui, global)?, &reason),
        Verb::Trust => trust::run(&Session::open(ui, global)?),
        Verb::List => list::run(&Session::open(ui, global)?),
        Verb::Log { verify } => log::run(&Session::open(ui, global)?, verify),
    }
}

/// The clone that the caller stands in, and how they want to be answered.
pub struct Session<'a> {
    /// What people see.
    pub ui: &'a Ui,
    /// What every verb takes.
    pub global: &'a Global,
    /// The clone.
    pub repo: Repo,
    /// The clock.
    pub clock: Clock,
}

impl<'a> Session<'a> {
    fn open(ui: &'a Ui, global: &'a Global) -> Result<Session<'a>, Failure> {
        let here = std::env::current_dir().map_err(|e| {
            Failure::usage("HF0101", format!("the folder that you stand in cannot be read: {e}"))
                .try_this("go to your clone", "cd path/to/your/clone")
        })?;
        let repo = repo::open(&here)?;
        let clock = Clock::of(&repo.top, repo.remote_url().as_deref());
        Ok(Session { ui, global, repo, clock })
    }

    /// Who writes into the journal.
    pub fn actor(&self, simulated: bool) -> Result<Actor, Failure> {
        Ok(Actor {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            host: lock::host(),
            person: self.repo.person()?,
            simulated,
        })
    }

    /// The forge of this clone's remote.
    pub fn forge(&self, config: &Config) -> Result<Box<dyn Forge>, Failure> {
        match config.forge.kind.as_deref() {
            None | Some("local") => {
                let remote = self.repo.remote()?;
                Ok(Box::new(LocalForge::new(self.repo.git.clone(), remote, self.clock.clone())))
            }
            Some(other) => Err(Failure::usage(
                "HF0705",
                format!("the forge `{other}` is none that this version speaks to"),
            )
            .try_this("the local forge works on any remote", "[forge] kind = \"local\"")),
        }
    }

    /// The run that is meant, open for reading and for short appends.
    pub fn open_run(&self, ended_too: bool) -> Result<OpenRun<'_>, Failure> {
        let wanted = Wanted { key: self.global.incident.as_deref(), ended_too };
        self.open_folder(&runs::choose(&self.repo, wanted)?, false)
    }

    /// A run by its folder.
    pub fn open_folder(&self, folder: &Path, simulated: bool) -> Result<OpenRun<'_>, Failure> {
        let journal = FileJournal::open(folder, self.actor(simulated)?)?;
        let config = state_of(&journal).plan.as_ref().map(|p| p.config.clone()).unwrap_or_default();
        Ok(OpenRun { tools: self.tools(folder, config)?, journal, session: self })
    }

    fn tools(&self, folder: &Path, config: Config) -> Result<Tools<'_>, Failure> {
        let place = |c: &Connector, kind: &str| {
            let is = c.kind.as_deref().unwrap_or(kind) == kind;
            c.path.as_ref().filter(|_| is).map(|p| self.repo.main.join(p))
        };
        Ok(Tools {
            forge: self.forge(&config)?,
            tracker: place(&config.tracker, "folder")
                .map(|folder| Box::new(FolderTracker { folder }) as Box<_>),
            chat: place(&config.channel, "file").map(|folder| Box::new(FileChat { folder }) as Box<_>),
            status_page: place(&config.status_page, "file")
                .map(|folder| Box::new(FileStatusPage { folder }) as Box<_>),
            trust: Trust::of(&self.repo, &config),
            person: self.repo.person()?,
            http: Http::new(),
            repo: &self.repo,
            clock: &self.clock,
            ui: self.ui,
            folder: folder.to_owned(),
            config,
            rollback_asked: false,
        })
    }

    /// Whether the caller may speak for a person: one at a terminal may, and
    /// one whom the config names (then it is marked as simulated).
    pub fn speaks_for_a_person(&self, config: &Config, verb: &str) -> Result<bool, Failure> {
        if ui::at_terminal() {
            return Ok(false);
        }
        let me = self.repo.person()?;
        if config.callers.simulated.iter().any(|c| email(c) == email(&me)) {
            return Ok(true);
        }
        Err(Failure::usage(
            "HF0211",
            format!("`hotfix {verb}` takes a person's word, and nobody is at a terminal here"),
        )
        .try_this("run it yourself, in a terminal", crate::again::same())
        .hint("an agent cannot say it for you; the config can name callers that may ([callers])"))
    }
}

/// A run, open.
pub struct OpenRun<'a> {
    /// Its journal.
    pub journal: FileJournal,
    /// What its steps work with.
    pub tools: Tools<'a>,
    session: &'a Session<'a>,
}

/// What a journal says.
pub fn state_of(journal: &FileJournal) -> &hotfix_core::run::RunState {
    use crate::engine::effects::Journal as _;
    journal.state()
}

impl OpenRun<'_> {
    /// What is known of it.
    pub fn state(&self) -> &hotfix_core::run::RunState {
        state_of(&self.journal)
    }

    /// Becomes the one that runs it.
    pub fn lock(&self, verb: &str) -> Result<RunnerLock, Failure> {
        RunnerLock::take(self.journal.folder(), verb).map_err(|e| match e {
            LockError::Held(Some(owner)) => Failure::failed(
                "HF0402",
                format!(
                    "another process is running this run: `hotfix {}`, process {} on {}, since {}",
                    owner.verb,
                    owner.pid,
                    owner.host,
                    ui::date_time(owner.since)
                ),
            )
            .hint("done, waive and approve work meanwhile, and it sees them")
            .try_this("see where it stands", "hotfix status"),
            LockError::Held(None) => Failure::failed("HF0402", "another process is running this run")
                .try_this("see where it stands", "hotfix status"),
            LockError::Io { .. } => Failure::failed("HF0407", e.to_string())
                .try_this("see who may write there", "ls -ld .git/hotfix"),
        })
    }

    /// Refuses a run that has ended.
    pub fn must_be_open(&self) -> Result<(), Failure> {
        let state = self.state();
        if !state.has_ended() {
            return Ok(());
        }
        let key = state.incident.as_ref().map(|i| i.key.clone()).unwrap_or_default();
        Err(Failure::usage("HF0405", format!("the hotfix for {key} has ended ({})", state.phase().name()))
            .try_this("see how", format!("hotfix status --incident {key}")))
    }

    /// Takes it forward, and says where it came to.
    pub fn drive(&mut self, until: Until<'_>, verb: &str) -> Answer {
        self.must_be_open()?;
        if self.session.global.dry_run {
            self.would(until);
            return Ok(exit::DONE);
        }
        let _lock = self.lock(verb)?;
        let came = drive(&mut self.journal, &self.tools, until);
        self.finish(came)
    }

    fn would(&self, until: Until<'_>) {
        let lines = forecast::would(self.state(), until.action);
        forecast::show(self.session.ui, &lines);
    }

    /// Where the loop came to, as an answer.
    pub fn finish(&self, came: Result<Came, Failure>) -> Answer {
        let ui = self.session.ui;
        ui.quiet();
        let came = came?;
        if ui.json {
            self.print_status()?;
        }
        match came {
            Came::ToTheEnd => {
                if !ui.json {
                    self.tell_next();
                }
                Ok(exit::DONE)
            }
            Came::Waits(waits) => {
                if !ui.json {
                    tell_waits(ui, &waits);
                }
                Ok(exit::WAITS)
            }
        }
    }

    fn tell_next(&self) {
        let Some(now) = hotfix_core::status::of(self.state(), self.tools.clock.now()) else { return };
        if let Some(next) = now.next {
            self.session.ui.say(format!("next: {}", styled(NAME, next.command)));
        }
    }

    /// The status document.
    pub fn print_status(&self) -> Result<(), Failure> {
        let now = hotfix_core::status::of(self.state(), self.tools.clock.now())
            .ok_or_else(|| Failure::bug("a run without a plan"))?;
        self.session.ui.document(&serde_json::to_value(now)?);
        Ok(())
    }
}

/// Says what is waited for.
pub fn tell_waits(ui: &Ui, waits: &[WaitingFor]) {
    for wait in waits {
        ui.say(format!("{} {}", styled(WAIT, "waits for"), styled(anstyle::Style::new(), &wait.what)));
        ui.say(format!("  {}", styled(NAME, &wait.how)));
    }
}

/// Where worktrees lie: the configured folder, else beside the clone.
pub fn worktree_folder(repo: &Repo, config: &Config) -> PathBuf {
    if let Some(folder) = &config.worktree.directory {
        return repo.main.join(folder);
    }
    let name =
        repo.main.file_name().map_or_else(|| "repository".to_owned(), |n| n.to_string_lossy().into_owned());
    let parent = repo.main.parent().map_or_else(|| repo.main.clone(), Path::to_owned);
    parent.join(format!("{name}.hotfix"))
}
