//! Where a command's configuration comes from: the file that was named, or the built-in one for development.

use super::arguments::OriginOptions;
use crate::{
    app::LoadSettings,
    config::{Environment, Mistakes, Origin},
};

/// How to load the configuration, as often as it takes.
///
/// # Errors
/// When neither a file nor `--dev` was given: a missing mount must not start a service that everybody can ask.
pub(super) fn loader(options: &OriginOptions, environment: Environment) -> Result<LoadSettings, Mistakes> {
    let origin = if options.dev {
        Origin::development(environment)
    } else {
        Origin::new(options.config.clone(), environment)
    }?;
    Ok(Box::new(move || origin.load()))
}
