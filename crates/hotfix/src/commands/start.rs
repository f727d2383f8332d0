//! `hotfix start`: freezes the plan, makes branch and worktree from
//! production. It needs only git and works offline; everything else is queued.

use super::{Answer, Session, worktree_folder};
use crate::again::{self, With};
use crate::args;
use crate::engine::drive::Until;
use crate::engine::effects::Journal as _;
use crate::engine::journal::FileJournal;
use crate::engine::runs;
use crate::error::{Failure, exit};
use crate::git::worktree;
use crate::settings;
use crate::steps::base::{self, Choice};
use crate::steps::forecast;
use crate::ui::{BOLD, DIM, GOOD, NAME, WAIT, styled};
use hotfix_core::change::bad_patterns;
use hotfix_core::digest;
use hotfix_core::incident::{Incident, check_key};
use hotfix_core::journal::{Event, SCHEMA, World};
use hotfix_core::plan::{self, Means, Plan};
use hotfix_core::run::RunState;
use std::path::{Path, PathBuf};

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Start) -> Answer {
    let plan = compile(session, args)?;
    refuse_second(session, &args.key)?;
    // Told before anything is written: no run could go anywhere.
    session.repo.remote()?;
    let choice = base::choose(&session.repo, &plan.config, &plan.policy.branch, args.from.as_deref())?;
    let started = Start { plan, attempt: attempt(session, args, &choice)? };
    choice.notices.iter().for_each(|n| session.ui.say(format!("{} {n}", styled(WAIT, "note:"))));
    for section in started.plan.config.unused() {
        session
            .ui
            .say(format!("{} [{section}] of the config is not used by this version", styled(WAIT, "note:")));
    }
    if session.global.dry_run {
        let state =
            RunState { plan: Some(started.plan), attempt: Some(started.attempt), ..RunState::default() };
        forecast::show(session.ui, &forecast::would(&state, None));
        return Ok(exit::DONE);
    }
    refuse_taken(session, args, &started)?;
    let folder = write_down(session, args, &started)?;
    let mut run = session.open_folder(&folder, false)?;
    let lock = run.lock("start")?;
    let came = crate::engine::drive::drive(
        &mut run.journal,
        &run.tools,
        Until { action: Some("prepare"), wait: false, offline: true },
    );
    drop(lock);
    if let Err(failure) = came {
        return Err(failure.done(format!("the run is written down in {}", folder.display())));
    }
    tell(session, &run, &started)
}

struct Start {
    plan: Plan,
    attempt: hotfix_core::run::Attempt,
}

fn compile(session: &Session<'_>, args: &args::Start) -> Result<Plan, Failure> {
    check_key(&args.key).map_err(|e| {
        Failure::usage(
            "HF0201",
            format!("`{}` is no incident key: {e}", hotfix_core::text::printable(&args.key)),
        )
        .try_this("a key looks like this", "hotfix start SPF-1290 -m \"what is wrong\"")
    })?;
    let title = hotfix_core::text::one_line(&args.message);
    if title.is_empty() {
        return Err(Failure::usage("HF0201", "the title is empty: nobody could tell what is wrong")
            .try_this("say it in one line", format!("hotfix start {} -m \"what is wrong\"", args.key)));
    }
    let config = settings::config(&session.repo)?;
    let workflow = settings::runnable(Some(&session.repo), args.workflow.as_deref())?;
    let severity = workflow.value.policy.severity(args.severity.as_deref()).map_err(|e| {
        let first = e.known.first().cloned().unwrap_or_default();
        Failure::usage("HF0206", e.to_string()).try_this(
            "take one of them",
            again::with(With { long: "--severity", short: "-s", value: &first }),
        )
    })?;
    let incident = Incident { key: args.key.clone(), title, severity };
    let means = Means { user: settings::user()?.config, ..Means::default() };
    let mut plan = plan::compile(&workflow.value, &config.value, &config.source, &means, incident);
    plan.workflow.source = workflow.source;
    plan.workflow.unreviewed = workflow.unreviewed;
    if !args.only.is_empty() {
        plan.policy.change.only = only(session, &args.only)?;
    }
    Ok(plan)
}

/// The paths that the incident concerns, from the top of the repository: who
/// stands in a folder names what is there.
fn only(session: &Session<'_>, given: &[String]) -> Result<Vec<String>, Failure> {
    if let Some(bad) = bad_patterns(given).first() {
        return Err(Failure::usage(
            "HF0215",
            format!("`{}` is no path and no pattern of paths", hotfix_core::text::printable(bad)),
        )
        .try_this("name a folder, a file or a glob", again::with(With::long("--only", "src/checkout/**"))));
    }
    let here = std::env::current_dir().ok();
    let below =
        here.as_deref().and_then(|here| here.strip_prefix(&session.repo.top).ok()).map(Path::to_owned);
    let from_top = |path: &String| match &below {
        Some(below) if !below.as_os_str().is_empty() && session.repo.top.join(below).join(path).exists() => {
            below.join(path.trim_start_matches("./")).to_string_lossy().into_owned()
        }
        _ => path.trim_start_matches("./").to_owned(),
    };
    Ok(given.iter().map(from_top).collect())
}

fn refuse_second(session: &Session<'_>, key: &str) -> Result<(), Failure> {
    let open = runs::all(&session.repo)?
        .into_iter()
        .find(|f| f.key == key && f.state.as_ref().map_or(true, |s| !s.has_ended()));
    match open {
        None => Ok(()),
        Some(_) => Err(Failure::usage("HF0207", format!("a hotfix for {key} is under way in this clone"))
            .try_this("go on with it", format!("hotfix run --incident {key}"))
            .try_this("or stop it first", format!("hotfix abort --incident {key}"))),
    }
}

fn attempt(
    session: &Session<'_>,
    args: &args::Start,
    choice: &Choice,
) -> Result<hotfix_core::run::Attempt, Failure> {
    let plan = compile(session, args)?;
    let branch = match &args.adopt {
        Some(branch) => branch.clone(),
        None => base::branch_name(
            &plan.policy.branch.pattern,
            &plan.incident,
            choice.version.as_deref(),
            &session.repo,
        ),
    };
    if session.repo.git.run(["check-ref-format", "--branch", &branch]).is_err() {
        return Err(Failure::usage(
            "HF0501",
            format!("git takes no branch called `{}`", hotfix_core::text::printable(&branch)),
        )
        .try_this("change branch.pattern, or the key", "hotfix workflow show"));
    }
    let worktree = worktree_folder(&session.repo, &plan.config).join(&args.key);
    Ok(hotfix_core::run::Attempt {
        number: 1,
        base_ref: choice.base_ref.clone(),
        base: choice.base.clone(),
        base_version: choice.version.clone(),
        branch,
        worktree: worktree.to_string_lossy().into_owned(),
        target: choice.target.clone(),
        adopted: args.adopt.is_some(),
    })
}

/// Refuses a branch or a worktree's path that is there already.
fn refuse_taken(session: &Session<'_>, args: &args::Start, started: &Start) -> Result<(), Failure> {
    let git = &session.repo.git;
    let branch = &started.attempt.branch;
    let there = git.resolve(&format!("refs/heads/{branch}")).is_some();
    if args.adopt.is_some() && !there {
        return Err(Failure::usage("HF0501", format!("there is no branch {branch} to take over"))
            .try_this("see the branches", "git branch --list"));
    }
    let elsewhere = worktree::list(git)?.into_iter().find(|w| w.branch.as_deref() == Some(branch));
    if let Some(elsewhere) = elsewhere.filter(|_| there) {
        let at = elsewhere.path.display();
        return Err(Failure::usage(
            "HF0501",
            format!("the branch {branch} is checked out in {at}, and git checks a branch out once"),
        )
        .try_this("switch to another one there", format!("git -C {at} switch --detach")));
    }
    if args.adopt.is_none() && there {
        return Err(Failure::usage(
            "HF0501",
            format!("the branch {branch} is there already, and may hold work"),
        )
        .try_this("take it over", again::with(With::long("--adopt", branch)))
        .try_this("or rename it", format!("git branch -m {branch} {branch}-old")));
    }
    let path = PathBuf::from(&started.attempt.worktree);
    if path.exists() || worktree::at(git, &path)?.is_some() {
        return Err(Failure::usage(
            "HF0502",
            format!("{} is there already, and may hold work", path.display()),
        )
        .try_this("move it away", format!("git worktree move {0} {0}-old", path.display()))
        .hint("or name another folder for worktrees in the config ([worktree] directory)"));
    }
    writable(&path)
}

/// Whether the worktree's folder can be made: told before anything is written.
fn writable(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent).map_err(|e| {
        Failure::usage("HF0502", format!("the folder for worktrees {} cannot be made: {e}", parent.display()))
            .hint("name another one in the config: [worktree] directory = \"/path\"")
            .try_this(
                "see who may write there",
                format!("ls -ld {}", parent.parent().unwrap_or(parent).display()),
            )
    })
}

/// The first records of a run. The plan comes last: a run without one never began.
fn write_down(session: &Session<'_>, args: &args::Start, started: &Start) -> Result<PathBuf, Failure> {
    let now = session.clock.now();
    let run = format!(
        "{}-{}",
        now.strftime("%Y%m%dT%H%M%SZ"),
        &digest::of_bytes(format!("{now}{}", std::process::id()).as_bytes())[..6]
    );
    let folder = runs::root(&session.repo).join(&args.key).join(&run);
    let mut journal = FileJournal::create(&folder, session.actor(false)?)?;
    let a = &started.attempt;
    let world =
        session.clock.world().map(|(path, scale)| World { path: path.to_string_lossy().into_owned(), scale });
    let incident = started.plan.incident.clone();
    journal.append(
        now,
        Event::RunStarted { schema: SCHEMA.to_owned(), run, incident, since: args.since, world },
    )?;
    journal.append(
        now,
        Event::AttemptStarted {
            number: a.number,
            base_ref: a.base_ref.clone(),
            base: a.base.clone(),
            base_version: a.base_version.clone(),
            branch: a.branch.clone(),
            worktree: a.worktree.clone(),
            target: a.target.clone(),
            adopted: a.adopted,
        },
    )?;
    let alert = args.alert.as_ref().map(|a| (format!("alert {a}"), "the alert is open"));
    let confirmed = args.confirmed_by.clone().map(|by| (by, "claimed at the start")).or(alert);
    for (step, said) in [
        ("prepare.incident-confirmed", confirmed),
        ("prepare.authorized", args.authorized_by.clone().map(|by| (by, "claimed at the start"))),
    ] {
        if let Some((by, note)) = said {
            journal.append(now, Event::Done { step: step.to_owned(), by, note: Some(note.to_owned()) })?;
        }
    }
    journal.append(now, Event::PlanFrozen { digest: started.plan.digest(), plan: started.plan.clone() })?;
    Ok(folder)
}

fn tell(session: &Session<'_>, run: &super::OpenRun<'_>, started: &Start) -> Answer {
    if session.ui.json {
        run.print_status()?;
        return Ok(exit::DONE);
    }
    let a = &started.attempt;
    session.ui.answer(&a.worktree);
    let plan = &started.plan;
    let ui = session.ui;
    ui.say(format!(
        "{} {} {} on {} from {} ({})",
        styled(GOOD, "✓"),
        styled(BOLD, &plan.incident.key),
        plan.incident.severity,
        styled(NAME, &a.branch),
        a.base_ref,
        hotfix_core::effect::short(&a.base)
    ));
    let unreviewed = if plan.workflow.unreviewed { ", a local file that nobody reviewed" } else { "" };
    ui.say(format!(
        "  the plan is frozen: {} actions of {} ({}{unreviewed})",
        plan.actions.len(),
        plan.workflow.name,
        plan.workflow.source
    ));
    ui.say(format!("  {}", actions(plan)));
    if !run.tools.trust.is_granted() {
        ui.say(format!("  the config's commands wait for your word: {}", styled(NAME, "hotfix trust")));
    }
    ui.say(format!("  your own checkout is untouched; work in {}", styled(NAME, &a.worktree)));
    ui.say(format!(
        "next: show the incident ({}), make the smallest change there, then {}",
        styled(NAME, "hotfix reproduce -- COMMAND"),
        styled(NAME, "hotfix ship")
    ));
    Ok(exit::DONE)
}

/// The plan in a line: what the page names, and in brackets what it implies.
fn actions(plan: &Plan) -> String {
    let named = plan
        .actions
        .iter()
        .map(|a| if a.implied { styled(DIM, format!("({})", a.id)) } else { a.id.clone() });
    named.collect::<Vec<_>>().join(" → ")
}
