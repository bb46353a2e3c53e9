//! The whole configuration, checked.

use std::path::PathBuf;

use crate::{http::ServerSettings, keys::OutgoingSettings, policy::ResourceSettings, telemetry::LogSettings};

/// Everything that the file and the environment say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Listeners and limits.
    pub server: ServerSettings,
    /// Logging.
    pub log: LogSettings,
    /// Outgoing requests.
    pub outgoing: OutgoingSettings,
    /// The enabled protected resources; at least one.
    pub resources: Vec<ResourceSettings>,
    /// What loads but should be looked at, one line each.
    pub warnings: Vec<String>,
    /// The files and folders whose change is a reason to load again.
    pub watched: Vec<PathBuf>,
}
