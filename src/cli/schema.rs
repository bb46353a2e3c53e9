//! `scopegate schema`: the JSON Schema of the configuration file, for editors and CI.

use std::process::ExitCode;

use super::output;
use crate::config;

pub(super) fn run() -> ExitCode {
    output(&format!("{:#}\n", config::schema()))
}
