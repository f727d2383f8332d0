//! What the forge's pipelines, checks and statuses say of a commit.

use crate::gate::Verdict;

/// Everything that ran, or is to run, for one commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// Where a person sees it.
    pub url: Option<String>,
    /// Its jobs, checks and statuses.
    pub jobs: Vec<Job>,
    /// The forge will not merge without one, whether or not one is there yet.
    pub required: bool,
    /// The forge itself says that it is still at it.
    pub running: bool,
}

/// A job, check or status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: JobState,
    /// Where a person sees it.
    pub url: Option<String>,
    /// Whether it has to pass.
    pub required: bool,
    /// The forge's own id, by which its log is found.
    pub id: Option<u64>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobState {
    /// Done, and well.
    Passed,
    /// It had nothing to do.
    Skipped,
    /// Not begun, or not over.
    Running,
    /// It waits for a person to start it.
    Manual,
    /// It did not pass.
    Failed,
}

impl JobState {
    /// A word for people.
    pub fn name(self) -> &'static str {
        match self {
            JobState::Passed => "passed",
            JobState::Skipped => "skipped",
            JobState::Running => "running",
            JobState::Manual => "waits for a person to start it",
            JobState::Failed => "failed",
        }
    }
}

/// What the gate `mr.pipeline` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Says {
    /// The verdict; pending while something that must pass is not over.
    pub verdict: Verdict,
    /// One line that says why.
    pub summary: String,
    /// A line for each job that is worth one.
    pub details: Vec<String>,
}

/// Judges a commit's pipeline. `configured`: the repository has a pipeline's
/// file, so one that is not there yet is still to come.
pub fn judge(pipeline: &Pipeline, configured: bool) -> Says {
    let must: Vec<&Job> = pipeline.jobs.iter().filter(|j| j.required).collect();
    let in_state = |state: JobState| {
        must.iter().filter(|j| j.state == state).map(|j| j.name.as_str()).collect::<Vec<_>>()
    };
    let (failed, running, manual) =
        (in_state(JobState::Failed), in_state(JobState::Running), in_state(JobState::Manual));
    let count = must.iter().filter(|j| matches!(j.state, JobState::Passed | JobState::Skipped)).count();
    let (verdict, summary) = if !failed.is_empty() {
        (Verdict::Fail, format!("failed: {}", failed.join(", ")))
    } else if !running.is_empty() {
        (Verdict::Pending, format!("not over: {}", running.join(", ")))
    } else if !manual.is_empty() {
        (Verdict::Pending, format!("to be started by somebody: {}", manual.join(", ")))
    } else if pipeline.running {
        (Verdict::Pending, "the pipeline is not over".to_owned())
    } else if pipeline.jobs.is_empty() && (pipeline.required || configured) {
        (Verdict::Pending, "the pipeline has not begun".to_owned())
    } else if pipeline.jobs.is_empty() {
        (Verdict::Pass, "the project runs no pipeline for this commit".to_owned())
    } else {
        (Verdict::Pass, format!("{count} of {count} passed"))
    };
    let details = pipeline
        .jobs
        .iter()
        .filter(|j| !matches!(j.state, JobState::Passed | JobState::Skipped))
        .map(|j| {
            let need = if j.required { "" } else { " (need not pass)" };
            let at = j.url.as_ref().map(|u| format!(" {u}")).unwrap_or_default();
            format!("{} {}{need}{at}", j.name, j.state.name())
        })
        .collect();
    Says { verdict, summary, details }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, state: JobState, required: bool) -> Job {
        Job { name: name.into(), state, required, url: None, id: None }
    }

    #[test]
    fn red_stops_and_running_waits() {
        use JobState::{Failed, Manual, Passed, Running, Skipped};
        for (jobs, configured, verdict, says) in [
            (vec![], false, Verdict::Pass, "runs no pipeline"),
            (vec![], true, Verdict::Pending, "has not begun"),
            (vec![job("unit", Passed, true), job("docs", Skipped, true)], true, Verdict::Pass, "2 of 2"),
            (
                vec![job("unit", Passed, true), job("e2e", Running, true)],
                true,
                Verdict::Pending,
                "not over: e2e",
            ),
            (vec![job("unit", Failed, true), job("e2e", Running, true)], true, Verdict::Fail, "failed: unit"),
            (vec![job("unit", Passed, true), job("flaky", Failed, false)], true, Verdict::Pass, "1 of 1"),
            (vec![job("deploy-check", Manual, true)], true, Verdict::Pending, "started by somebody"),
            (vec![job("lint", Failed, false)], false, Verdict::Pass, "0 of 0"),
        ] {
            let found = judge(&Pipeline { jobs, ..Pipeline::default() }, configured);
            assert_eq!(found.verdict, verdict, "{found:?}");
            assert!(found.summary.contains(says), "{found:?}");
        }
    }

    #[test]
    fn a_pipeline_that_the_forge_wants_is_waited_for() {
        let none = Pipeline { required: true, ..Pipeline::default() };
        assert_eq!(judge(&none, false).verdict, Verdict::Pending);
        let begun = Pipeline { running: true, ..Pipeline::default() };
        assert_eq!(judge(&begun, false).verdict, Verdict::Pending);
    }
}
