//! The command behind `git hotfix`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hotfix::main()
}
