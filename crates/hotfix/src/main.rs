//! The command `hotfix`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hotfix::main()
}
