//! Every key that the configuration knows, and the shape of its value. The reader, the environment's names and
//! the list for the documentation all go by these tables.

/// The keys of a section, in parts so that sections can share some.
pub(super) type Keys = &'static [&'static [Key]];

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    /// As it is written.
    pub(super) name: &'static str,
    /// What stands under it.
    pub(super) shape: Shape,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// `true` or `false`.
    Flag,
    /// `true`, `false`, or a number from 0 to 1.
    SamplingRatio,
    /// A whole number, not negative.
    Count,
    /// Bytes: a number, or a text such as `512 KiB`.
    Size,
    /// A text such as `30s`.
    Duration,
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// A list of texts.
    Texts,
    /// A scope list.
    Scopes,
    /// Names with a scope list each.
    Named,
    /// Scopes with a list of scopes each.
    Implies,
    /// Further keys.
    Section(Keys),
    /// A list of sections.
    Entries(Keys),
}

/// The path of every key that has a value: `mcp.oauth.jwks[].refresh_interval`. For checking the documentation.
#[must_use]
pub fn keys() -> Vec<String> {
    paths("", ROOT)
}

fn paths(prefix: &str, keys: Keys) -> Vec<String> {
    let of_key = |key: &Key| match key.shape {
        Shape::Section(keys) => paths(&format!("{prefix}{}.", key.name), keys),
        Shape::Entries(keys) => paths(&format!("{prefix}{}[].", key.name), keys),
        Shape::Flag
        | Shape::SamplingRatio
        | Shape::Count
        | Shape::Size
        | Shape::Duration
        | Shape::Text
        | Shape::Secret
        | Shape::Texts
        | Shape::Scopes
        | Shape::Named
        | Shape::Implies => vec![format!("{prefix}{}", key.name)],
    };
    each(keys).flat_map(of_key).collect()
}

/// The keys of a section, one by one.
pub(super) fn each(keys: Keys) -> impl Iterator<Item = &'static Key> {
    keys.iter().copied().flatten()
}

/// The key of that name.
pub(super) fn find(keys: Keys, name: &str) -> Option<&'static Key> {
    each(keys).find(|key| key.name == name)
}

const fn key(name: &'static str, shape: Shape) -> Key {
    Key { name, shape }
}

/// The sections of ours at the top of the file.
pub(super) const ROOT: Keys = &[&[
    key("server", Shape::Section(SERVER)),
    key("mcp", Shape::Section(&[RESOURCE, &[key("server", Shape::Section(&[PLACE, LISTEN]))]])),
    key("resources", Shape::Entries(&[ID, RESOURCE, &[key("server", Shape::Section(&[PLACE]))]])),
    key("storage_providers", Shape::Section(&[&[key("file_system", Shape::Entries(FILE_SYSTEM))]])),
]];

const SERVER: Keys = &[
    LISTEN,
    &[
        key("grpc_listen_addr", Shape::Text),
        key("admin_listen_addr", Shape::Text),
        key("tls", Shape::Section(TLS)),
        key("max_body_bytes", Shape::Size),
        key("max_in_flight", Shape::Count),
        key("token_cache", Shape::Section(TOKEN_CACHE)),
        key("workers", Shape::Count),
        key("keep_alive", Shape::Duration),
        key("drain", Shape::Duration),
        key("ready_wait", Shape::Duration),
        key("insecure_key_hosts", Shape::Texts),
        key("ca_file", Shape::Text),
        key("debug", Shape::Flag),
        key("debug_hosts", Shape::Texts),
        key("log", Shape::Section(LOG)),
        key("audit", Shape::Section(AUDIT)),
        key("otlp", Shape::Section(OTLP)),
    ],
];

const LISTEN: &[Key] = &[key("listen_addr", Shape::Text)];

const TLS: Keys =
    &[&[key("cert_file", Shape::Text), key("key_file", Shape::Text), key("client_ca_file", Shape::Text)]];

const TOKEN_CACHE: Keys = &[&[key("max_entries", Shape::Count), key("max_bytes", Shape::Size)]];

const LOG: Keys = &[&[
    key("format", Shape::Text),
    key("level", Shape::Text),
    key("permits", Shape::SamplingRatio),
    key("subject", Shape::Text),
]];

const AUDIT: Keys = &[&[
    key("output", Shape::Text),
    key("permits", Shape::SamplingRatio),
    key("operations", Shape::Texts),
    key("subject", Shape::Text),
    key("queue", Shape::Count),
    key("when_full", Shape::Text),
]];

const OTLP: Keys = &[&[
    key("endpoint", Shape::Text),
    key("protocol", Shape::Text),
    key("sample", Shape::SamplingRatio),
    key("headers", Shape::Secret),
    key("timeout", Shape::Duration),
    key("service_name", Shape::Text),
]];

const FILE_SYSTEM: Keys = &[&[key("id", Shape::Text), key("path", Shape::Text)]];

const ID: &[Key] = &[key("id", Shape::Text)];

const RESOURCE: &[Key] = &[
    key("enabled", Shape::Flag),
    key("resource_name", Shape::Text),
    key("resource_documentation", Shape::Text),
    key("resource_policy_uri", Shape::Text),
    key("resource_tos_uri", Shape::Text),
    key("oauth", Shape::Section(OAUTH)),
    key("storage", Shape::Section(&[&[key("provider_id", Shape::Text)]])),
    key("schema_file", Shape::Text),
    key("execution_config_file", Shape::Text),
    key("graphql", Shape::Section(GRAPHQL)),
    key("enable_arbitrary_operations", Shape::Flag),
    key("expose_schema", Shape::Flag),
    key("exclude_mutations", Shape::Flag),
    key("omit_tool_name_prefix", Shape::Flag),
    key("graph_name", Shape::Text),
    key("session", Shape::Section(&[&[key("stateless", Shape::Flag)]])),
];

const GRAPHQL: Keys = &[&[
    key("abstract_types", Shape::Text),
    key("unknown_fields", Shape::Text),
    key("max_query_bytes", Shape::Size),
    key("max_query_depth", Shape::Count),
    key("max_query_tokens", Shape::Count),
    key("max_query_aliases", Shape::Count),
]];

const PLACE: &[Key] = &[
    key("base_url", Shape::Text),
    key("path", Shape::Text),
    key("resource", Shape::Text),
    key("extra_paths", Shape::Texts),
    key("hosts", Shape::Texts),
];

const OAUTH: Keys = &[&[
    key("enabled", Shape::Flag),
    key("authorization_server_url", Shape::Text),
    key("authorization_server_urls", Shape::Texts),
    key("scopes", Shape::Section(SCOPES)),
    key("scope_claims", Shape::Texts),
    key("challenge_scopes", Shape::Text),
    key("scope_challenge_include_token_scopes", Shape::Flag),
    key("max_scope_combinations", Shape::Count),
    key("unknown_methods", Shape::Text),
    key("unknown_operation", Shape::Text),
    key("unlisted", Shape::Text),
    key("trust_mcp_headers", Shape::Flag),
    key("trust_string_body", Shape::Flag),
    key("forward_token", Shape::Flag),
    key("allowed_origins", Shape::Texts),
    key("mode", Shape::Text),
    key("jwks", Shape::Entries(SOURCE)),
]];

const SCOPES: Keys = &[&[
    key("initialize", Shape::Scopes),
    key("tools_list", Shape::Scopes),
    key("tools_call", Shape::Scopes),
    key("execute_graphql", Shape::Scopes),
    key("get_operation_info", Shape::Scopes),
    key("get_schema", Shape::Scopes),
    key("methods", Shape::Named),
    key("tools", Shape::Named),
    key("prompts", Shape::Named),
    key("resources", Shape::Named),
    key("implies", Shape::Implies),
]];

const SOURCE: Keys = &[
    &[
        key("secret", Shape::Secret),
        key("secret_file", Shape::Text),
        key("symmetric_algorithm", Shape::Text),
        key("header_key_id", Shape::Text),
        key("issuer", Shape::Text),
        key("audiences", Shape::Texts),
        key("accept_any_audience", Shape::Flag),
        key("algorithms", Shape::Texts),
        key("leeway", Shape::Duration),
        key("token_type", Shape::Text),
    ],
    REMOTE,
];

/// What only a fetched source has.
pub(super) const REMOTE: &[Key] = &[
    key("url", Shape::Text),
    key("allowed_use", Shape::Texts),
    key("refresh_interval", Shape::Duration),
    key("refresh_unknown_kid", Shape::Section(UNKNOWN_KID)),
    key("max_stale", Shape::Duration),
    key("timeout", Shape::Duration),
    key("max_bytes", Shape::Size),
];

const UNKNOWN_KID: Keys = &[&[
    key("enabled", Shape::Flag),
    key("max_wait", Shape::Duration),
    key("interval", Shape::Duration),
    key("burst", Shape::Count),
]];
