//! `grpc.health.v1.Health`, which Envoy and Kubernetes ask before they send requests.

use support::{
    CONFIG,
    grpc::{SERVING, health},
};
use tonic::Code;

use crate::app::TestApp;

#[test]
fn health_says_what_readyz_says() {
    let app = TestApp::spawn(CONFIG);
    for service in ["", "envoy.service.auth.v3.Authorization"] {
        // The first fetch of keys may still be running.
        while health(app.grpc, service).is_ok_and(|status| status != SERVING) {}
    }
    assert_eq!(
        health(app.grpc, "other").unwrap_err().code(),
        Code::NotFound
    );
}
