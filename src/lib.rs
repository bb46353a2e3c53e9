//! A gateway asks scopegate whether an HTTP request to an MCP server may pass. scopegate verifies the OAuth access
//! token and determines the scopes that the operation requires. It answers "allow", or "deny" with a challenge that
//! names the scopes to request. It also publishes the RFC 9728 document of each protected resource.
//!
//! # The rooms
//!
//! Imports run downward.
//!
//! ```text
//! main
//!   cli          commands: serve, check, token, explain
//!     app        wiring: builds actors, handles and servers; binds, runs and stops them in order
//!       config   settings from the file and the environment
//!       http     actix-web: decisions, metadata, admin
//!       grpc     tonic: Envoy's Check, gRPC health
//!         admission   limits on requests in flight and on memory for bodies
//!         explain     one decision explained step by step, for the command and the debug page
//!         gateway     one file for each dialect: reads the original request, writes the answer
//!         metadata    the RFC 9728 document of a resource
//!           authorize     the one use case: checks a request; counts and logs the decision
//!             audit       selected decisions, written to a file or standard output (AuditActor)
//!             policy      the scopes that an operation requires, and whether an identity has them (PolicyActor)
//!               graphql   the scopes of GraphQL operations
//!               token     from a bearer token to an identity
//!                 keys    public keys: fetched, kept fresh, published as a snapshot (JwksActor)
//!             mcp         from a JSON-RPC body or headers to an operation
//!               json        objects with unique member names
//!               domain      the terms of the field
//!               clock       time as a value
//!               telemetry   logs, metrics, traces, redaction
//!               tls         the listeners' certificates
//!               build_info  version and commit
//! ```
//!
//! Only `policy` can make a [`policy::Permit`]: with [`policy::decide()`], [`policy::permit_public`] or
//! [`policy::permit_unenforced`]. The gateway's answer "allow" can only be written from a permit.

#![cfg_attr(
    test,
    allow(
        clippy::too_many_lines,
        reason = "tables of cases stand in their tests"
    )
)]

pub mod admission;
pub mod app;
pub mod audit;
pub mod authorize;
pub mod build_info;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod explain;
pub mod gateway;
pub mod graphql;
pub mod grpc;
pub mod http;
pub mod json;
pub mod keys;
pub mod mcp;
pub mod metadata;
pub mod policy;
pub mod telemetry;
pub mod tls;
pub mod token;
