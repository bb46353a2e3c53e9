//! The origin of a command's configuration: the file that the operator named, or the built-in one
//! for development.

use super::arguments::OriginOptions;
use crate::{
    app::LoadSettings,
    config::{Environment, Mistakes, Origin},
};

/// The function that loads the configuration. Each call reads it again.
///
/// # Errors
/// If neither a file nor `--dev` is given. There is no default, because a missing mount must not
/// start a service with the development policy.
pub(super) fn loader(
    options: &OriginOptions,
    environment: Environment,
) -> Result<LoadSettings, Mistakes> {
    let origin = if options.dev {
        Origin::development(environment)
    } else {
        Origin::new(options.config.clone(), environment)
    }?;
    Ok(Box::new(move || origin.load()))
}
