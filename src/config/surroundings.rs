//! What the defaults and checks of a key source depend on besides its own section.

use std::path::Path;

use crate::domain::Issuer;

/// What a source's defaults and checks depend on besides its own section.
pub(super) struct Surroundings<'a> {
    /// The folder that files are relative to.
    pub(super) folder: &'a Path,
    /// `server.insecure_key_hosts`.
    pub(super) insecure_hosts: &'a [String],
    /// The resource's authorization servers.
    pub(super) authorization_servers: &'a [Issuer],
    /// The audiences of a source that names none.
    pub(super) audiences: &'a [String],
    /// Whether one provider's keys could sign for another, so that each source must name its issuer.
    pub(super) needs_issuer: bool,
}
