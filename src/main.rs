//! The process: its environment in, its exit code out.

use std::process::ExitCode;

use scopegate::{cli, config::Environment};

fn main() -> ExitCode {
    cli::run(Environment::of_process())
}
