//! The gate `mr.pipeline`: what the forge runs for the commit. A red job that
//! must pass stops the run with its address and the end of its log.

use super::{Cx, Verdict, says};
use crate::engine::Stop;
use crate::error::Failure;
use hotfix_core::forge::pipeline::{JobState, Pipeline, Says, judge};
use hotfix_core::journal::{MergeRequestState, WaitingFor, WaitingKind};

/// Files by which a repository says that it has a pipeline.
const FILES: [&str; 4] = [".gitlab-ci.yml", ".github/workflows", ".gitea/workflows", ".forgejo/workflows"];

/// Looks, and writes down what is decided.
pub fn look(cx: &mut Cx<'_>) -> Result<(), Stop> {
    judged(cx, false).map(|_| ())
}

fn judged(cx: &mut Cx<'_>, at_the_merge: bool) -> Result<Option<(Pipeline, Says)>, Stop> {
    let Some(view) = cx.state().merge_request("production").cloned() else { return Ok(None) };
    // One that passed is looked at again: jobs are run anew, and some come late.
    let over = matches!(cx.verdict("mr.pipeline"), Verdict::NotApplicable | Verdict::Waived);
    if over || view.state != MergeRequestState::Open {
        return Ok(None);
    }
    let head = cx.state().head.as_ref().map(|h| h.commit.clone()).unwrap_or_default();
    let pipeline =
        cx.t.forge.pipeline(view.number, &head).map_err(|e| super::merge_request::forge_failure(&e))?;
    let said = judge(&pipeline, is_configured(cx, &head));
    let decided = match said.verdict {
        Verdict::Pending => false,
        // Nothing there is an answer only once everything else is there.
        Verdict::Pass => !pipeline.jobs.is_empty() || at_the_merge,
        _ => true,
    };
    if decided {
        cx.gate("mr.pipeline", says(said.verdict, said.summary.clone()).details(said.details.clone()))?;
    }
    Ok(Some((pipeline, said)))
}

/// Looks, and goes on only if it passed.
pub fn must_pass(cx: &mut Cx<'_>) -> Result<(), Stop> {
    let Some((pipeline, said)) = judged(cx, true)? else { return Ok(()) };
    let at = pipeline.url.as_ref().map(|u| format!(": {u}")).unwrap_or_default();
    match said.verdict {
        Verdict::Pending => {
            let what = format!("the pipeline ({}){at}", said.summary);
            let how = "hotfix run --wait".to_owned();
            Err(Stop::Waiting(vec![WaitingFor { kind: WaitingKind::Pipeline, what, how, until: None }]))
        }
        Verdict::Fail => Err(red(cx, &pipeline, &said).into()),
        _ => Ok(()),
    }
}

fn red(cx: &Cx<'_>, pipeline: &Pipeline, said: &Says) -> Failure {
    let mut failure = Failure::failed("HF0714", format!("the pipeline is red: {}", said.summary));
    for job in pipeline.jobs.iter().filter(|j| j.required && j.state == JobState::Failed).take(3) {
        if let Some(url) = &job.url {
            failure = failure.hint(format!("{}: {url}", job.name));
        }
        let log = job.id.and_then(|id| cx.t.forge.job_log(id).ok().flatten());
        if let Some(log) = log {
            let text = super::tools::without_secrets(&hotfix_core::text::printable(&log));
            failure = failure.hint(hotfix_core::text::tail(&text, 12));
        }
    }
    failure
        .try_this("mend it, or start the job again on its page, and go on", "hotfix ship")
        .try_this("or let it pass under your name", "hotfix waive mr.pipeline --reason \"why\"")
}

fn is_configured(cx: &Cx<'_>, commit: &str) -> bool {
    let wanted = match cx.t.forge.kind() {
        hotfix_core::forge::Kind::Gitlab => &FILES[..1],
        hotfix_core::forge::Kind::Github => &FILES[1..2],
        _ => &FILES[1..],
    };
    wanted.iter().any(|path| cx.t.git().resolve(&format!("{commit}:{path}")).is_some())
}
