//! `hotfix`, the program: verbs, the durable engine, git, connectors, and what
//! people see. What things mean is decided in `hotfix-core`.

pub mod again;
pub mod args;
pub mod brief;
pub mod commands;
pub mod connect;
pub mod demo;
pub mod engine;
pub mod error;
pub mod git;
pub mod logs;
pub mod report;
pub mod settings;
pub mod steps;
pub mod sys;
pub mod ui;

use clap::Parser as _;
use error::{Failure, exit};
use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let code = std::panic::catch_unwind(real_main).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        let failure = Failure::bug(format!("a bug in hotfix: {}", what.unwrap_or_default()))
            .hint("the journal is true up to its last record")
            .try_this("see where the run stands", "hotfix status");
        tell(&failure, std::env::args().any(|a| a == "--json"))
    });
    ExitCode::from(code)
}

fn real_main() -> u8 {
    sys::interrupt::listen();
    let json = std::env::args().any(|a| a == "--json");
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return usage(&e, json),
    };
    let ui = ui::Ui::new(cli.global.json);
    match commands::run(cli, &ui) {
        Ok(status) => status,
        Err(failure) => {
            ui.quiet();
            tell(&failure, json)
        }
    }
}

/// Help and version are answers; anything else is a usage error.
fn usage(error: &clap::Error, json: bool) -> u8 {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return exit::DONE;
    }
    if json {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        return tell(&Failure::usage("HF0214", first).try_this("see what there is", "hotfix --help"), true);
    }
    let _ = error.print();
    exit::USAGE
}

fn tell(failure: &Failure, json: bool) -> u8 {
    use std::io::Write as _;
    if json {
        let text = serde_json::to_string_pretty(&failure.json()).unwrap_or_default();
        let _ = writeln!(std::io::stdout(), "{text}");
    } else {
        let _ = write!(anstream::stderr(), "{}", failure.render());
    }
    failure.exit
}
