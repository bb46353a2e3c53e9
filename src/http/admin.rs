//! The admin pages: metrics, health, readiness, and the debug pages, which are off unless switched on.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Data, ServiceConfig},
};
use prometheus::{Registry, TextEncoder};
use serde::Serialize;
use serde_json::Value;

/// What the admin pages show.
pub struct AdminState {
    /// The metrics.
    pub registry: Registry,
    /// Whether the process and both actors are alive.
    pub is_alive: Box<dyn Fn() -> bool + Send + Sync>,
    /// Whether gateways should send requests here.
    pub readiness: Box<dyn Fn() -> Readiness + Send + Sync>,
    /// The debug pages; `None` unless `server.debug`.
    pub debug: Option<DebugPages>,
}

/// The debug pages.
pub struct DebugPages {
    /// Values of `Host` besides loopback that they answer to.
    pub hosts: Vec<String>,
    /// The compiled policy.
    pub policy: Arc<dyn Fn() -> Value + Send + Sync>,
    /// Sources, kids, algorithms, ages.
    pub keys: Arc<dyn Fn() -> Value + Send + Sync>,
}

/// The answer of `/readyz`.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    /// Whether gateways should send requests here.
    pub ready: bool,
    /// Whether the service is going down.
    pub draining: bool,
    /// The policy in force.
    pub policy_version: String,
    /// Why the last load of the configuration failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_reload: Option<String>,
    /// Why the audit log cannot be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_audit: Option<String>,
    /// Key sources that have no keys, stale keys, or fail.
    pub failing_sources: Vec<FailingSource>,
    /// Resources with `oauth.enabled: false`.
    pub unenforced_resources: Vec<String>,
    /// What an operator should look at.
    pub warnings: Vec<String>,
}

/// A key source that needs a look.
#[derive(Clone, Debug, Serialize)]
pub struct FailingSource {
    /// The resource that it belongs to.
    pub resource: String,
    /// Its name.
    pub source: String,
    /// What is wrong.
    pub cause: String,
}

pub(super) fn routes(service: &mut ServiceConfig) {
    service
        .route("/metrics", web::get().to(metrics))
        .route("/livez", web::get().to(livez))
        .route("/readyz", web::get().to(readyz))
        .route("/debug/policy", web::get().to(debug_policy))
        .route("/debug/keys", web::get().to(debug_keys));
}

async fn metrics(state: Data<AdminState>) -> HttpResponse {
    match TextEncoder::new().encode_to_string(&state.registry.gather()) {
        Ok(text) => HttpResponse::Ok().content_type(prometheus::TEXT_FORMAT).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

async fn livez(state: Data<AdminState>) -> HttpResponse {
    if (state.is_alive)() {
        HttpResponse::Ok().body("ok\n")
    } else {
        HttpResponse::ServiceUnavailable().body("an actor has ended\n")
    }
}

async fn readyz(state: Data<AdminState>) -> HttpResponse {
    let readiness = (state.readiness)();
    let mut response = if readiness.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(readiness)
}

async fn debug_policy(state: Data<AdminState>, request: HttpRequest) -> HttpResponse {
    debug_page(&state, &request, |pages| (pages.policy)())
}

async fn debug_keys(state: Data<AdminState>, request: HttpRequest) -> HttpResponse {
    debug_page(&state, &request, |pages| (pages.keys)())
}

/// A page that browsers on this machine may read, but no other site through them: a name that an attacker
/// points at loopback is not answered.
fn debug_page(
    state: &AdminState,
    request: &HttpRequest,
    page: impl Fn(&DebugPages) -> Value,
) -> HttpResponse {
    match &state.debug {
        None => HttpResponse::NotFound().finish(),
        Some(pages) if !is_listed_host(request, &pages.hosts) => HttpResponse::Forbidden().finish(),
        Some(pages) => {
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(page(pages))
        }
    }
}

fn is_listed_host(request: &HttpRequest, listed: &[String]) -> bool {
    let mut hosts = request.headers().get_all(header::HOST);
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let is_loopback = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    is_loopback || listed.iter().any(|known| known == host || known == name)
}
