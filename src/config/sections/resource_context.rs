//! What the defaults and checks of a key source depend on besides its own section.

use std::path::Path;

use crate::domain::Issuer;

/// What a source's defaults and checks depend on besides its own section.
pub(in crate::config) struct ResourceContext<'a> {
    /// The folder that files are relative to.
    pub(in crate::config) folder: &'a Path,
    /// `server.insecure_key_hosts`.
    pub(in crate::config) insecure_hosts: &'a [String],
    /// The resource's authorization servers.
    pub(in crate::config) authorization_servers: &'a [Issuer],
    /// The audiences of a source that names none.
    pub(in crate::config) audiences: &'a [String],
    /// Whether one provider's keys could sign for another, so that each source must name its issuer.
    pub(in crate::config) needs_issuer: bool,
}
