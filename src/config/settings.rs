//! The whole configuration, checked.

use std::path::{Path, PathBuf};

use super::{
    audit,
    environment::Environment,
    graphql::Providers,
    layers,
    mistake::{Mistakes, Report},
    oauth::Common,
    otlp, resource,
    schema::ROOT,
    server,
    shape::Shaper,
};
use crate::{
    audit::AuditSettings,
    http::ServerSettings,
    keys::OutgoingSettings,
    policy::ResourceSettings,
    telemetry::{log::LogSettings, traces::OtlpSettings},
};

/// Everything that the file and the environment say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Listeners and limits.
    pub server: ServerSettings,
    /// Logging.
    pub log: LogSettings,
    /// The audit log, where one is kept.
    pub audit: Option<AuditSettings>,
    /// Where traces go, if they are sent.
    pub otlp: Option<OtlpSettings>,
    /// Outgoing requests.
    pub outgoing: OutgoingSettings,
    /// The enabled protected resources; at least one.
    pub resources: Vec<ResourceSettings>,
    /// What loads but should be looked at, one line each.
    pub warnings: Vec<String>,
    /// The files and folders whose change is a reason to load again.
    pub watched: Vec<PathBuf>,
}

/// A configuration text and where it stands.
pub(super) struct Text<'a> {
    /// What mistakes in its syntax are called by.
    pub(super) name: &'a str,
    /// The folder that the files it names are relative to.
    pub(super) folder: &'a Path,
    /// YAML.
    pub(super) yaml: &'a str,
}

impl Settings {
    /// Reads a text with the environment over it.
    ///
    /// # Errors
    /// All mistakes at once; a text that is not YAML has no others.
    pub(super) fn read(
        text: &Text<'_>,
        environment: &Environment,
        mut report: Report,
    ) -> Result<Self, Mistakes> {
        let tree = layers::read(text, environment, &mut report)?;
        let root = Shaper { environment, report: &mut report }.section("", ROOT, Some(&tree));
        let server = root.section("server");
        let log = server::log(server, &mut report);
        let audit = audit::read(server.section("audit"), text.folder, &mut report);
        let otlp = otlp::read(server.section("otlp"), &mut report);
        let outgoing = server::outgoing(server, text.folder, environment, &mut report);
        let providers = Providers::read(&root, text.folder, &mut report);
        let common =
            Common { folder: text.folder, insecure_hosts: &outgoing.insecure_hosts, providers: &providers };
        let resources = resource::read(&root, &common, &mut report);
        let server = server::read(&root, text.folder, &mut report);
        let (warnings, watched) = report.finish()?;
        Ok(Self { server, log, audit, otlp, outgoing, resources, warnings, watched })
    }
}
