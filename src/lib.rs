//! scopegate decides, for a gateway, whether one HTTP request to an MCP server may pass.

pub mod authorize;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod gateway;
pub mod http;
pub mod keys;
pub mod mcp;
pub mod metadata;
pub mod policy;
pub mod telemetry;
pub mod token;
