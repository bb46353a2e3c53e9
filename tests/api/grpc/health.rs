//! `grpc.health.v1.Health`, by which Envoy and Kubernetes look whether to ask here.

use prost::Message;
use tonic::{Code, Request};

use super::client;
use crate::helpers::{CONFIG, TestApp};

#[derive(Clone, PartialEq, Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

#[test]
fn health_says_what_readyz_says() {
    let app = TestApp::spawn(CONFIG);
    let health = |service: &str| {
        let request = Request::new(HealthCheckRequest { service: service.to_owned() });
        client::call::<_, HealthCheckResponse>(&app, "/grpc.health.v1.Health/Check", request)
    };
    for service in ["", "envoy.service.auth.v3.Authorization"] {
        // The first look at the key sources may be under way.
        while health(service).is_ok_and(|health| health.status != SERVING) {}
    }
    assert_eq!(health("other").unwrap_err().code(), Code::NotFound);
}

const SERVING: i32 = 1;
