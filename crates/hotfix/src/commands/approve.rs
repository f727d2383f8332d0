//! `hotfix approve`: another person's yes to a commit. It works in any clone,
//! from what is on the remote or the forge alone.

use super::{Answer, Session};
use crate::args;
use crate::connect::forge::{Forge, Review, local::LocalForge};
use crate::error::{Failure, exit};
use crate::settings;
use crate::steps::merge_request::forge_failure;
use crate::ui::{BOLD, GOOD, NAME, styled};
use hotfix_core::approval::same_person;
use hotfix_core::effect::short;
use hotfix_core::forge::Kind;
use hotfix_core::journal::{MergeRequestState, MergeRequestView};

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Approve) -> Answer {
    let config = settings::config(&session.repo)?.value;
    let forge = session.forge(&config)?;
    let forge = forge.as_ref();
    if session.global.dry_run {
        return would(session, forge, args);
    }
    forge.refresh().map_err(|e| forge_failure(&e))?;
    let view = choose(session, forge, args.mr)?;
    let me = session.repo.person()?;
    refuse_own(session, &view, &me)?;
    let word = if args.request_changes { "request changes on" } else { "approve" };
    let simulated = session.speaks_for_a_person(&config, "approve")?;
    if !simulated && !session.global.yes {
        show(session, forge, &view)?;
        if !session.ui.confirm(&format!("{word} {} of !{} as {me}?", short(&view.commit), view.number)) {
            return Err(Failure::failed("HF0212", "nothing was approved")
                .try_this("when you have read it", format!("hotfix approve --mr {}", view.number)));
        }
    }
    let review = Review {
        number: view.number,
        commit: &view.commit,
        approved: !args.request_changes,
        note: args.note.as_deref(),
        simulated,
    };
    let given = forge.review(&review).map_err(|e| forge_failure(&e))?;
    if session.ui.json {
        session.ui.document(&serde_json::json!({"schema": "hotfix.approval/1", "approval": given}));
    } else {
        let said = if given.approved { "approved" } else { "changes requested" };
        session.ui.say(format!(
            "{} {said}: {} of !{} as {}",
            styled(GOOD, "✓"),
            short(&given.commit),
            given.number,
            given.by
        ));
    }
    Ok(exit::DONE)
}

/// Nothing is fetched either: what would be approved is told from what is here.
fn would(session: &Session<'_>, forge: &dyn Forge, args: &args::Approve) -> Answer {
    let word = if args.request_changes { "request changes on" } else { "approve" };
    let me = session.repo.person()?;
    let local = forge.kind() == Kind::Local;
    let what = match local.then(|| choose(session, forge, args.mr)) {
        Some(Ok(view)) => {
            refuse_own(session, &view, &me)?;
            format!("{} of !{}, as last fetched,", short(&view.commit), view.number)
        }
        _ => match args.mr {
            Some(number) => format!("!{number}, which was not fetched yet,"),
            None => "the one merge request that is open".to_owned(),
        },
    };
    session.ui.answer(format!("would {word} {what} as {me}; nothing was carried out"));
    Ok(exit::DONE)
}

fn choose(
    session: &Session<'_>,
    forge: &dyn Forge,
    number: Option<u64>,
) -> Result<MergeRequestView, Failure> {
    if let Some(number) = number {
        return forge.view(number).map_err(|e| forge_failure(&e));
    }
    if forge.kind() != Kind::Local {
        return Err(Failure::usage("HF0701", format!("{} may have many merge requests", forge.name()))
            .try_this("name the one that you have read", "hotfix approve --mr NUMBER"));
    }
    let local = LocalForge::new(session.repo.git.clone(), session.repo.remote()?, session.clock.clone());
    let all = local.all().map_err(|e| forge_failure(&e))?;
    let mut open: Vec<_> =
        all.into_iter().filter(|m| m.role == "production" && m.state == MergeRequestState::Open).collect();
    match (open.len(), open.pop()) {
        (1, Some(one)) => Ok(one),
        (0, _) => Err(Failure::usage("HF0701", "no merge request is open")
            .try_this("name one", "hotfix approve --mr NUMBER")),
        _ => Err(Failure::usage("HF0701", "several merge requests are open")
            .try_this("name one", "hotfix approve --mr NUMBER")),
    }
}

/// The author's own word does not count.
fn refuse_own(session: &Session<'_>, view: &MergeRequestView, me: &str) -> Result<(), Failure> {
    let remote = session.repo.remote()?;
    let range = format!("refs/remotes/{remote}/{}..{}", view.target, view.commit);
    let range = if view.state == MergeRequestState::Open {
        range
    } else {
        format!("{}^1..{}", view.merge_commit.as_deref().unwrap_or(&view.commit), view.commit)
    };
    let log = session.repo.git.run(["log", "--format=%an <%ae>%n%cn <%ce>", &range])?;
    if log.lines().any(|author| same_person(author, me)) {
        return Err(Failure::usage(
            "HF0212",
            format!("you ({me}) made this change: your own approval does not count"),
        )
        .try_this("ask somebody else to run", format!("hotfix approve --mr {}", view.number)));
    }
    Ok(())
}

fn show(session: &Session<'_>, forge: &dyn Forge, view: &MergeRequestView) -> Result<(), Failure> {
    let body = forge.body(view.number).map_err(|e| forge_failure(&e))?;
    session.ui.say(styled(BOLD, format!("!{} {}", view.number, view.title)));
    session.ui.say(format!("{} → {}", styled(NAME, &view.source), styled(NAME, &view.target)));
    session.ui.say(hotfix_core::text::printable(&body));
    let range = format!("{}...{}", view.target, view.commit);
    let stat = session.repo.git.maybe([
        "diff",
        "--stat",
        &format!("refs/remotes/{}/{range}", session.repo.remote()?),
    ]);
    session.ui.say(hotfix_core::text::printable(&stat.unwrap_or_default()));
    Ok(())
}
