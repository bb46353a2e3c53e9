//! The process: takes its environment, returns its exit code.

use std::process::ExitCode;

use scopegate::{cli, config::Environment};

fn main() -> ExitCode {
    cli::run(Environment::of_process())
}
