//! `hotfix monitor`: watches production, or records what the checks read.

use super::{Answer, Session};
use crate::args;
use crate::connect::telemetry::Collector;
use crate::engine::drive::Until;
use crate::engine::runs;
use crate::error::{Failure, exit};
use crate::settings::{self, Trust};
use crate::steps::forecast;
use jiff::SignedDuration;

/// Carries the verb out.
pub fn run(session: &Session<'_>, args: &args::Monitor) -> Answer {
    if args.record {
        return record(session, args.samples);
    }
    let mut run = session.open_run(false)?;
    run.must_be_open()?;
    if session.global.dry_run {
        let mut lines = forecast::would(run.state(), Some("monitor"));
        lines.retain(|w| w.step == "monitor");
        forecast::show(session.ui, &lines);
        return Ok(exit::DONE);
    }
    if run.state().deploys.is_empty() {
        return Err(Failure::failed(
            "HF0806",
            "nothing was deployed by this run yet, so there is nothing to watch",
        )
        .try_this("see where the run stands", "hotfix status")
        .try_this("record a baseline meanwhile", "hotfix monitor --record"));
    }
    run.drive(Until { action: Some("monitor"), wait: true, offline: false }, "monitor")
}

/// A scraped endpoint has no past: recording makes one.
fn record(session: &Session<'_>, samples: Option<u64>) -> Answer {
    let config = settings::config(&session.repo)?.value;
    if config.monitor.checks.is_empty() {
        return Err(Failure::usage("HF0806", "no checks are configured (monitor.checks)")
            .try_this("write a config", "hotfix init"));
    }
    if session.global.dry_run {
        let names: Vec<_> = config.monitor.checks.iter().map(|c| c.name.as_str()).collect();
        session.ui.answer(format!("would sample {}; nothing was carried out", names.join(", ")));
        return Ok(exit::DONE);
    }
    let trust = Trust::of(&session.repo, &config);
    let run = |argv: &[String]| -> Result<String, String> {
        let known = config.telemetry.values().filter_map(|t| t.command.as_ref()).find(|c| c.argv() == argv);
        let command = trust.allow(known.ok_or("the command is not in the config")?).map_err(|f| f.message)?;
        once(&command.argv(), &session.repo.main)
    };
    let mut collector =
        Collector::new(&config, runs::root(&session.repo).join("telemetry"), &session.repo.main, &run);
    let every = config.monitor.every.unwrap_or(SignedDuration::from_secs(30));
    let mut taken = 0;
    loop {
        let now = session.clock.now();
        collector
            .sample(now)
            .map_err(|e| Failure::failed("HF0407", e.to_string()).try_this("make room", "df -h ."))?;
        taken += 1;
        session.ui.busy(&format!("recording: {taken} samples"), "");
        let over = samples.is_some_and(|s| taken >= s);
        if over || !session.clock.sleep_until(now.checked_add(every).unwrap_or(now)) {
            session.ui.say(format!("{taken} samples were recorded"));
            return Ok(exit::DONE);
        }
    }
}

fn once(argv: &[String], cwd: &std::path::Path) -> Result<String, String> {
    use crate::sys::process::{Job, run};
    let output = tempfile::NamedTempFile::new().map_err(|e| e.to_string())?;
    let job = Job {
        argv,
        cwd,
        env: &[],
        limit: std::time::Duration::from_secs(30),
        output: output.path(),
        pid_file: None,
        interruptible: true,
    };
    let finished = run(&job, &mut |_| {}).map_err(|e| e.to_string())?;
    let text = std::fs::read_to_string(output.path()).map_err(|e| e.to_string())?;
    if finished.succeeded() { Ok(text) } else { Err(finished.told()) }
}
