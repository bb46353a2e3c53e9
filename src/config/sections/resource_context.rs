//! The settings outside a key source's own section on which its defaults and checks depend.

use std::path::Path;

use crate::domain::Issuer;

/// The settings outside a key source's own section on which its defaults and checks depend.
pub(in crate::config) struct ResourceContext<'a> {
    /// The folder to which paths in the file are relative.
    pub(in crate::config) folder: &'a Path,
    /// `server.insecure_key_hosts`.
    pub(in crate::config) insecure_hosts: &'a [String],
    /// The resource's authorization servers.
    pub(in crate::config) authorization_servers: &'a [Issuer],
    /// The audiences of a source that does not name any.
    pub(in crate::config) audiences: &'a [String],
    /// Whether each source must name its issuer, because one provider's keys could sign for
    /// another.
    pub(in crate::config) needs_issuer: bool,
}
