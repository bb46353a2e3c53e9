//! scopegate decides, for a gateway, whether one HTTP request to an MCP server may pass: it verifies the OAuth
//! access token, works out which scopes the operation needs, and answers allow, or deny with the challenge that
//! tells the client what to fetch. It also publishes the RFC 9728 document of each protected resource.
//!
//! # The rooms
//!
//! Imports run downward.
//!
//! ```text
//! main
//!   cli          serve, check, token, explain
//!     app        the wiring: build actors, handles, servers; bind, run, stop in order
//!       http     actix-web: decisions, metadata, admin  config     file and environment to settings
//!       grpc     tonic: Envoy's Check, gRPC health
//!         explain     one decision told step by step, for the command and the debug page
//!         gateway     one file a dialect: read the original request, write the answer
//!         metadata    the RFC 9728 document of a resource
//!           authorize     the one use case: check a request; count and log the decision
//!             audit       chosen decisions to a file, or none goes out (AuditActor)
//!             policy      what an operation needs, and whether an identity has it (PolicyActor)
//!               token     a bearer string to an identity
//!                 keys    public keys: fetch, keep fresh, snapshot (JwksActor)
//!             mcp         a JSON-RPC body or headers to an operation
//!               json      objects whose member names are unique
//!               domain    the words of the field; clock: time as a value; telemetry: logs, traces, redaction;
//!                                                       tls: the listeners' certificates;
//!                                                       release: version and commit
//! ```
//!
//! A [`policy::Permit`] can only be made by [`policy::decide`] and its neighbours for what is public or switched
//! off; a 200 can only be written from a permit.

pub mod admission;
pub mod app;
pub mod audit;
pub mod authorize;
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
pub mod release;
pub mod telemetry;
pub mod tls;
pub mod token;
