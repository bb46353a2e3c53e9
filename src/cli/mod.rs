//! The command line. The one room that prints.
#![allow(
    clippy::print_stderr,
    reason = "mistakes and failures are printed there"
)]

mod arguments;
mod check;
mod config_file;
mod explain;
mod schema;
mod serve;
mod token;

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

use self::arguments::{Arguments, Command};
use crate::config::{Environment, Mistakes};

/// Runs the command that the process was started with. The exit code is 0 for success, 1 for a failure, 2 for
/// mistakes in the arguments or the configuration.
#[must_use]
pub fn run(environment: Environment) -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command.unwrap_or(Command::Serve(arguments.serve)) {
        Command::Serve(options) => serve::run(&options, environment),
        Command::Check(options) => check::run(&options, environment),
        Command::Schema => output(&schema::text()),
        Command::Token(options) => token::run(&options, environment),
        Command::Explain(options) => explain::run(&options, environment),
    }
}

/// Prints the result of a command. A reader that stops early, such as `head`, is not a failure.
fn output(text: &str) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            failure(&anyhow::Error::new(error).context("standard output"))
        }
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

/// Mistakes in the configuration, each with the line of the file that it is about.
fn configuration_mistakes(mistakes: &Mistakes) -> ExitCode {
    eprint!("{}", mistakes.with_lines());
    ExitCode::from(2)
}

/// Mistakes in the arguments.
fn mistakes(text: &impl fmt::Display) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(2)
}

/// A failure that is not a mistake of the configuration.
fn failure(error: &anyhow::Error) -> ExitCode {
    eprintln!("{error:#}");
    ExitCode::FAILURE
}
