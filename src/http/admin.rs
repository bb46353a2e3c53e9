//! The admin pages: metrics, health, readiness.

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Data, ServiceConfig},
};
use prometheus::{Registry, TextEncoder};
use serde::Serialize;

/// The content of the admin pages.
pub struct AdminState {
    /// The metrics.
    pub registry: Registry,
    /// Whether every actor of the process runs.
    pub is_alive: Box<dyn Fn() -> bool + Send + Sync>,
    /// The answer of `/readyz` at this moment.
    pub readiness: Box<dyn Fn() -> Readiness + Send + Sync>,
}

/// The answer of `/readyz`.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    /// Whether gateways should send requests here.
    pub ready: bool,
    /// Whether the service is about to stop.
    pub draining: bool,
    /// The version of the policy in force.
    pub policy_version: String,
    /// Why the last load of the configuration failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_reload: Option<String>,
    /// Why the audit log cannot be written, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_audit: Option<String>,
    /// Key sources that have no keys, have stale keys, or cannot be fetched.
    pub failing_sources: Vec<FailingSource>,
    /// The ids of resources with `oauth.enabled: false`.
    pub unenforced_resources: Vec<String>,
    /// Facts that an operator should check.
    pub warnings: Vec<String>,
}

/// A key source with a problem.
#[derive(Clone, Debug, Serialize)]
pub struct FailingSource {
    /// The id of its resource.
    pub resource: String,
    /// Its name.
    pub source: String,
    /// The problem.
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
        Ok(text) => HttpResponse::Ok()
            .content_type(prometheus::TEXT_FORMAT)
            .body(text),
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
    let mut response = if readiness.ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(readiness)
}
