//! The whole configuration, checked.

use std::path::PathBuf;

use crate::{
    audit::AuditSettings,
    config::{
        environment::{
            overlay::{self, Document},
            process::Environment,
        },
        file::reader::Reader,
        mistake::{Mistakes, Report},
        sections::{
            audit,
            graphql::{Providers, STORAGE_PROVIDERS},
            log,
            oauth::Common,
            otlp, outgoing, resource, server,
            top_level::{MCP, RESOURCES, ROOT, SERVER},
        },
    },
    http::ServerSettings,
    keys::OutgoingSettings,
    policy::ResourceSettings,
    telemetry::{log::LogSettings, traces::OtlpSettings},
};

/// All settings from the file and the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Listeners and limits.
    pub server: ServerSettings,
    /// Logging.
    pub log: LogSettings,
    /// The audit log, if it is enabled.
    pub audit: Option<AuditSettings>,
    /// The destination of traces, if they are enabled.
    pub otlp: Option<OtlpSettings>,
    /// Outgoing requests.
    pub outgoing: OutgoingSettings,
    /// The enabled protected resources; at least one.
    pub resources: Vec<ResourceSettings>,
    /// Warnings, one line each: the configuration loads, but an operator should look at it.
    pub warnings: Vec<String>,
    /// The files and folders whose change triggers a reload.
    pub watched: Vec<PathBuf>,
}

impl Settings {
    /// Reads a text, with the environment over it.
    ///
    /// # Errors
    /// All mistakes at once. A text that is not YAML has one mistake.
    pub(super) fn read(
        document: &Document<'_>,
        environment: &Environment,
        mut report: Report,
    ) -> Result<Self, Mistakes> {
        let folder = document.folder;
        let tree = overlay::read(document, environment, &mut report)?;
        let root = Reader {
            root: ROOT,
            environment,
            report: &mut report,
        }
        .section("", ROOT, Some(&tree));
        let server = root.get(&SERVER);
        let log = log::read(server.get(&server::LOG));
        let audit = audit::read(server.get(&server::AUDIT), folder, &mut report);
        let otlp = otlp::read(server.get(&server::OTLP), &mut report);
        let outgoing = outgoing::read(server, folder, environment, &mut report);
        let providers = Providers::read(root.get(&STORAGE_PROVIDERS), folder, &mut report);
        let common = Common {
            folder,
            insecure_hosts: &outgoing.insecure_hosts,
            providers: &providers,
        };
        let resources = resource::read(root.get(&MCP), root.get(&RESOURCES), &common, &mut report);
        let mcp_server = root.get(&MCP).get(&resource::SERVER);
        let server = server::read(server, mcp_server, folder, &mut report);
        let (warnings, watched) = report.finish()?;
        Ok(Self {
            server,
            log,
            audit,
            otlp,
            outgoing,
            resources,
            warnings,
            watched,
        })
    }
}
