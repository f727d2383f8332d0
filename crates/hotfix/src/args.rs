//! The command line.

use crate::logs::compare::Only;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use std::path::PathBuf;

/// From a production incident to a fix that is deployed, watched, brought back
/// to main and written up, by executing the team's hotfix page.
#[derive(Debug, Parser)]
#[command(name = "hotfix", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// What every verb takes.
    #[command(flatten)]
    pub global: Global,
}

/// What every verb takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The incident whose run is meant.
    #[arg(long, global = true, value_name = "KEY")]
    pub incident: Option<String>,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print each effect that would be carried out, and carry out none.
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Answer confirmations with yes.
    #[arg(long, global = true)]
    pub yes: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Look at this repository and write `.hotfix/config.toml` and a workflow.
    Init,
    /// Freeze the plan; make branch and worktree from production.
    Start(Start),
    /// Go on until the run is done or needs a person.
    Run(Run),
    /// Where the run stands and what it waits for.
    Status,
    /// Everything that a person or an agent needs for a step.
    Brief(Brief),
    /// Record the command that shows the incident: it must fail now.
    Reproduce {
        /// The command.
        #[arg(required = true, last = true, value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// Run the verification gates now and show the evidence.
    Verify,
    /// The change is ready: commit, merge request, review, merge, deploy, monitoring.
    Ship(Ship),
    /// A person's word that something is done.
    Done(Done),
    /// Let a gate pass under your name.
    Waive {
        /// The gate.
        gate: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Approve a merge request on the local forge, from any clone.
    Approve(Approve),
    /// Watch production.
    Monitor(Monitor),
    /// Bring back what ran before the deploy.
    Rollback {
        /// The version; what ran before if left out.
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
        /// Why.
        #[arg(long, default_value = "asked for by hand")]
        reason: String,
    },
    /// Bring the fix to main.
    Port,
    /// The incident report.
    Report(Report),
    /// End the run, when its completion criteria hold.
    Close(Permanence),
    /// Remove the worktree; the branch stays.
    Cleanup,
    /// Stop the run; branch and worktree stay.
    Abort {
        /// Why.
        #[arg(long, default_value = "stopped by hand")]
        reason: String,
    },
    /// Allow the commands of this repository's config, once.
    Trust,
    /// The runs of this clone.
    List,
    /// The journal.
    Log {
        /// Check its chain.
        #[arg(long)]
        verify: bool,
    },
    /// What is new in a log: the message templates that a baseline lacks, and those that rose.
    #[command(name = "logdiff")]
    LogDiff(LogDiff),
    /// What is understood of a workflow.
    #[command(subcommand)]
    Workflow(WorkflowVerb),
    /// The whole way on a throw-away repository, service and forge.
    Demo(Demo),
}

/// `hotfix start`.
#[derive(Debug, Args)]
pub struct Start {
    /// The tracker's key.
    pub key: String,
    /// What is wrong, in one line.
    #[arg(short, long, value_name = "TITLE")]
    pub message: String,
    /// The severity; the highest of the matrix if left out.
    #[arg(short, long)]
    pub severity: Option<String>,
    /// The ref to start from; what is in production if left out.
    #[arg(long, value_name = "REF")]
    pub from: Option<String>,
    /// A workflow of the repository, or a file.
    #[arg(long, value_name = "NAME|FILE")]
    pub workflow: Option<String>,
    /// Who authorised the hotfix (claimed by you).
    #[arg(long, value_name = "WHO")]
    pub authorized_by: Option<String>,
    /// Who confirmed the incident (claimed by you).
    #[arg(long, value_name = "WHO")]
    pub confirmed_by: Option<String>,
    /// The alert that is open.
    #[arg(long)]
    pub alert: Option<String>,
    /// When the incident began (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub since: Option<Timestamp>,
    /// A path (or glob) that the incident concerns; the change may touch no other.
    #[arg(long, value_name = "PATH")]
    pub only: Vec<String>,
    /// Take over this branch instead of making one.
    #[arg(long, value_name = "BRANCH")]
    pub adopt: Option<String>,
}

/// `hotfix brief`.
#[derive(Debug, Args)]
pub struct Brief {
    /// An action, or a step of the page (its name or number); the next one if left out.
    pub step: Option<String>,
    /// Only this input.
    #[arg(long, value_name = "NAME")]
    pub input: Option<String>,
    /// At most so many bytes: what does not fit is cut, and said to be.
    #[arg(long, value_name = "BYTES", default_value_t = hotfix_core::brief::MOST_BYTES as u64)]
    pub max_bytes: u64,
}

/// `hotfix run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Stop after this step.
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
    /// Wait for approvals, pipelines and windows.
    #[arg(long)]
    pub wait: bool,
}

/// `hotfix ship`.
#[derive(Debug, Args)]
pub struct Ship {
    /// What was changed, for the commit and the report.
    #[arg(short, long)]
    pub note: Option<String>,
    /// Wait for approvals, pipelines and windows.
    #[arg(long)]
    pub wait: bool,
    /// Stop after this step; after the monitoring if left out.
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
}

/// `hotfix done`.
#[derive(Debug, Args)]
pub struct Done {
    /// A step, a manual gate, or an effect in doubt.
    pub step: String,
    /// What there is to say of it.
    #[arg(short, long)]
    pub note: Option<String>,
    /// Whether the fix is temporary.
    #[command(flatten)]
    pub permanence: Permanence,
    /// The effect in doubt took place.
    #[arg(long, conflicts_with = "did_not")]
    pub took_place: bool,
    /// The effect in doubt did not take place.
    #[arg(long)]
    pub did_not: bool,
}

/// Whether the fix is temporary.
#[derive(Debug, Clone, Copy, Args)]
pub struct Permanence {
    /// A proper fix must follow.
    #[arg(long, conflicts_with = "permanent")]
    pub temporary: bool,
    /// Nothing has to follow.
    #[arg(long)]
    pub permanent: bool,
}

/// `hotfix approve`.
#[derive(Debug, Args)]
pub struct Approve {
    /// The merge request; the open one if there is only one.
    #[arg(long, value_name = "NUMBER")]
    pub mr: Option<u64>,
    /// Ask for changes instead.
    #[arg(long)]
    pub request_changes: bool,
    /// What there is to say.
    #[arg(short, long)]
    pub note: Option<String>,
}

/// `hotfix monitor`.
#[derive(Debug, Args)]
pub struct Monitor {
    /// Only record what the checks read, so that there is a baseline.
    #[arg(long)]
    pub record: bool,
    /// Stop recording after so many samples.
    #[arg(long, value_name = "COUNT", requires = "record")]
    pub samples: Option<u64>,
}

/// `hotfix report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Complete the analysis in your editor.
    #[arg(long, conflicts_with_all = ["open", "format"])]
    pub edit: bool,
    /// Open the page in a browser.
    #[arg(long)]
    pub open: bool,
    /// Print it in this form.
    #[arg(long, value_enum)]
    pub format: Option<ReportFormat>,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Markdown.
    Md,
    /// A page that stands by itself.
    Html,
    /// Data.
    Json,
}

/// `hotfix logdiff`.
///
/// Exit status: 0 nothing is new, 1 something is, 2 an error.
#[derive(Debug, Args)]
#[command(
    after_help = "A log may be plain, gzip or zstd. `-` is the standard input: what is new in it is told as it \
    comes, until it ends or Ctrl-C.\nA pattern in quotes ('app.log*') stands for all files that match; the files \
    of one rotated log are read oldest first.\nExit status: 0 nothing is new, 1 something is, 2 an error."
)]
pub struct LogDiff {
    /// The logs to look through, as if they were one.
    #[arg(value_name = "CANDIDATE")]
    pub candidates: Vec<String>,
    /// A log with what is normal; can be given several times.
    #[arg(short, long, value_name = "FILE")]
    pub baseline: Vec<String>,
    /// A saved model of what is normal; can be given several times.
    #[arg(short, long, value_name = "FILE")]
    pub model: Vec<String>,
    /// Save what the baselines and models know together.
    #[arg(long, value_name = "FILE")]
    pub save_model: Option<String>,
    /// Which events to look for.
    #[arg(long, value_enum, default_value_t = Only::All)]
    pub only: Only,
    /// Print only the numbers of the new lines, from 1; over several candidates they go on.
    #[arg(long, conflicts_with_all = ["format", "json"])]
    pub lines: bool,
    /// Print it in this form.
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<LogDiffFormat>,
    /// Show at most so many templates of a kind; 0 for all.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// Use so many cores; all if left out.
    #[arg(long, value_name = "COUNT")]
    pub jobs: Option<std::num::NonZeroUsize>,
}

/// The forms of what is new in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogDiffFormat {
    /// For a terminal.
    Text,
    /// One document.
    Json,
    /// A line of JSON for each new template as it comes, then the document.
    Jsonl,
    /// A page that stands by itself.
    Html,
}

/// `hotfix workflow`.
#[derive(Debug, Subcommand)]
pub enum WorkflowVerb {
    /// The compiled plan.
    Show {
        /// The page; this repository's if left out.
        file: Option<String>,
        /// Where each value comes from: page, inherited file, repository, user, built in.
        #[arg(long)]
        origin: bool,
        /// As a page in the exact form: read again, it is the same plan.
        #[arg(long, conflicts_with = "origin")]
        exact: bool,
    },
    /// The JSON Schema of a page's front matter, for editors.
    Schema {
        /// That of a policy in a file of its own.
        #[arg(long)]
        policy: bool,
    },
    /// What was understood, and what a reader should know.
    Check(Check),
    /// Write a commented page to start from, for this repository.
    New {
        /// Where to: a file, or a name for `.hotfix/workflows/NAME.md`.
        file: Option<String>,
    },
}

/// `hotfix workflow check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The page; this repository's if left out.
    pub file: Option<String>,
    /// Show the page with a margin that says what each line became.
    #[arg(long)]
    pub explain: bool,
    /// Fail on lines that read like rules and were not understood.
    #[arg(long)]
    pub strict: bool,
    /// Print it in this form.
    #[arg(long, value_enum, default_value = "text", conflicts_with = "explain")]
    pub format: CheckFormat,
}

/// The forms of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    Text,
    /// `hotfix.workflow/1`, as `--json`.
    Json,
    /// SARIF 2.1.0, for the code views of forges.
    Sarif,
}

/// `hotfix demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Run this workflow.
    #[arg(long, value_name = "FILE")]
    pub workflow: Option<PathBuf>,
    /// What happens.
    #[arg(long, value_enum, default_value = "good-fix")]
    pub scenario: Scenario,
    /// Only build the world in this folder, and keep it running.
    #[arg(long, value_name = "DIR", conflicts_with = "stop")]
    pub setup: Option<PathBuf>,
    /// Stop a world that was built with `--setup`.
    #[arg(long, value_name = "DIR")]
    pub stop: Option<PathBuf>,
    /// Keep the world's folder, here.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// How many times as fast as real time the world's clock runs.
    #[arg(long, default_value_t = 60, hide = true)]
    pub scale: u32,
    /// Requests a second.
    #[arg(long, default_value_t = 300, hide = true)]
    pub rps: u32,
    /// Run the world's service and traffic (what the demo starts for itself).
    #[arg(long, value_name = "DIR", hide = true)]
    pub operate: Option<PathBuf>,
}

/// What happens in a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// The fix ends the incident.
    GoodFix,
    /// The fix makes it worse, and is rolled back.
    BadFix,
}
