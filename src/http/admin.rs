//! The admin pages: metrics, health, readiness.

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Data, ServiceConfig},
};
use prometheus::{Registry, TextEncoder};
use serde::Serialize;

/// What the admin pages show.
pub struct AdminState {
    /// The metrics.
    pub registry: Registry,
    /// Whether the process and both actors are alive.
    pub is_alive: Box<dyn Fn() -> bool + Send + Sync>,
    /// Whether gateways should send requests here.
    pub readiness: Box<dyn Fn() -> Readiness + Send + Sync>,
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
        .route("/readyz", web::get().to(readyz));
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
