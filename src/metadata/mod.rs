//! The OAuth 2.0 Protected Resource Metadata (RFC 9728) of a resource, as a value.

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

use crate::{
    domain::{Issuer, Scope},
    policy::{Enforcement, ProtectedResource},
};

/// A document, ready to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataDocument {
    /// The JSON text.
    pub json: String,
    /// A strong entity tag, with its quotes. The same text has the same tag on every replica.
    pub etag: String,
}

/// Which of a resource's two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The document at the resource's well-known path; `resource` is its identifier.
    OfResource,
    /// The document at the root of its origin; `resource` is `base_url`. RFC 9728 §3.3 demands the identifier from
    /// which the client built the URL.
    OfOrigin,
}

impl MetadataDocument {
    /// The document of a resource; `None` without authorization servers, because such a document would not help a
    /// client.
    #[must_use]
    pub fn of(resource: &ProtectedResource, which: Which) -> Option<Self> {
        let settings = resource.settings();
        let Enforcement::On(oauth) = &settings.enforcement else {
            return None;
        };
        let policy = resource.policy()?;
        if oauth.authorization_servers.is_empty() {
            return None;
        }
        let members = Members {
            resource: match which {
                Which::OfResource => &settings.identifier,
                Which::OfOrigin => &settings.base_url,
            },
            authorization_servers: oauth
                .authorization_servers
                .iter()
                .map(Issuer::as_str)
                .collect(),
            bearer_methods_supported: ["header"],
            resource_name: settings.resource_name.as_deref(),
            resource_documentation: settings.resource_documentation.as_deref(),
            resource_policy_uri: settings.resource_policy_uri.as_deref(),
            resource_tos_uri: settings.resource_tos_uri.as_deref(),
            scopes_supported: policy
                .table()
                .scopes_supported()
                .iter()
                .map(Scope::as_str)
                .collect(),
        };
        let json = serde_json::to_string(&members).ok()?;
        let etag = etag_of(&json);
        Some(Self { json, etag })
    }
}

/// The members, in the order in which they are written. Empty ones are left out (RFC 9728 §3.2).
#[derive(Serialize)]
struct Members<'a> {
    resource: &'a str,
    authorization_servers: Vec<&'a str>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_tos_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
}

fn etag_of(json: &str) -> String {
    let hash = digest(&SHA256, json.as_bytes());
    let hex: String = hash
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
}
