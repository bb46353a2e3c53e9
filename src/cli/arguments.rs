//! The commands and their options.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::build_info;

/// Decides for nginx, Envoy and other gateways whether requests to MCP servers may pass.
#[derive(Debug, Parser)]
#[command(name = "scopegate", version = build_info::text(), args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) serve: OriginOptions,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the service (the default)
    Serve(OriginOptions),
    /// Check the configuration: print the scopes of each operation, or all mistakes
    Check(OriginOptions),
    /// Print the JSON Schema of the configuration file, for editors and CI
    Schema,
    /// Mint a token with the configured shared secret
    Token(TokenOptions),
    /// Decide about one request and print each step
    Explain(ExplainOptions),
}

/// The source of the configuration.
#[derive(Clone, Debug, Args)]
pub(super) struct OriginOptions {
    /// The configuration file [env: SCOPEGATE_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Use the built-in development policy, on loopback; the secret is SCOPEGATE_DEV_SECRET, or
    /// random if that is not set
    #[arg(long, conflicts_with = "config")]
    pub(super) dev: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct TokenOptions {
    #[command(flatten)]
    pub(super) origin: OriginOptions,
    /// The id of the resource that the token is for; optional if there is only one
    #[arg(long, value_name = "ID")]
    pub(super) resource: Option<String>,
    /// The scopes, separated by spaces
    #[arg(long, default_value = "")]
    pub(super) scope: String,
    /// The subject (`sub`)
    #[arg(long, default_value = "developer")]
    pub(super) sub: String,
    /// The client (`client_id`)
    #[arg(long, default_value = "scopegate-cli")]
    pub(super) client_id: String,
    /// How long the token is valid, such as 15m or 1h
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    pub(super) ttl: Duration,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ExplainOptions {
    #[command(flatten)]
    pub(super) origin: OriginOptions,
    /// The dialect in which the gateway asks
    #[arg(long, value_enum, default_value = "auth_request")]
    pub(super) dialect: DialectName,
    /// The id of the resource, if the gateway names one
    #[arg(long, value_name = "ID")]
    pub(super) resource: Option<String>,
    /// The original request's method
    #[arg(long, default_value = "POST")]
    pub(super) method: String,
    /// The original request's path and query
    #[arg(long, default_value = "/mcp")]
    pub(super) path: String,
    /// The original request's host
    #[arg(long, default_value = "localhost")]
    pub(super) host: String,
    /// A header of the original request, `Name: value`; may be repeated
    #[arg(long = "header", value_name = "HEADER")]
    pub(super) headers: Vec<String>,
    /// The access token, or @FILE to read it from a file
    #[arg(long, value_name = "TOKEN")]
    pub(super) token: Option<String>,
    /// The body, or @FILE to read it from a file
    #[arg(long, value_name = "JSON")]
    pub(super) body: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// The dialects, with the names that they have in metrics.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum DialectName {
    AuthRequest,
    ExtAuthzHttp,
    ExtAuthzGrpc,
    ForwardAuth,
}
