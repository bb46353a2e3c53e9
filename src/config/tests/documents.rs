//! The configuration files of the repository must load unchanged, as must the built-in one.

use std::{fs, path::PathBuf, time::Duration};

use tempfile::TempDir;

use super::{Plain, oauth};
use crate::{
    config::{Environment, Origin, Settings, load},
    domain::{Issuer, ResourceId, Scope},
    http::ServerSettings,
    keys::{
        Algorithm, AlgorithmSet, OutgoingSettings, RemoteSettings, SecretKey, SecretSettings,
        SourceSettings, UnknownKidSettings,
    },
    policy::{
        ChallengeScopes, Enforcement, GraphqlSettings, Mode, OauthSettings, ResourceSettings,
        ScopeSettings, SourceRules, Unknown, Unlisted,
    },
    telemetry::{
        SamplingRatio,
        log::{LogFormat, LogLevel, LogSettings, SubjectLogging},
    },
    token::{Audience, CacheSettings, IssuerRule, TokenSettings, TokenType},
};

const DOCUMENT: &str = "\
mcp:
  enabled: true
  server:
    listen_addr: '0.0.0.0:5025'
    base_url: 'https://mcp.example.com'
  oauth:
    enabled: true
    authorization_server_url: 'https://auth.example.com'
    scopes:
      initialize: ['mcp:connect']
      tools_list: ['mcp:tools:read']
      tools_call: ['mcp:tools:execute']
    jwks:
      - url: 'https://auth.example.com/.well-known/jwks.json'
        refresh_interval: '1m'
  storage:
    provider_id: 'mcp'
storage_providers:
  file_system:
    - id: 'mcp'
      path: 'operations'
";

const REMOTE_SOURCE: &str = "
      - url: 'https://auth.example.com/.well-known/jwks.json'
        refresh_interval: '1m'
";

const SECRET_SOURCE: &str = "
      - secret: 'your-shared-secret'
        symmetric_algorithm: 'HS256'        # HS256, HS384, HS512
        header_key_id: 'my-key-id'
";

fn written(document: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("operations")).unwrap();
    let file = folder.path().join("scopegate.yaml");
    fs::write(&file, document).unwrap();
    (folder, file)
}

fn scopes(name: &str) -> Vec<Vec<Scope>> {
    vec![vec![Scope::parse(name).unwrap()]]
}

fn issuer() -> Issuer {
    Issuer::parse("https://auth.example.com").unwrap()
}

fn token_settings() -> TokenSettings {
    TokenSettings {
        issuer: IssuerRule::AbsentOrOneOf(vec![issuer()]),
        audience: Audience::OneOf(vec![
            "https://mcp.example.com/mcp".to_owned(),
            "https://mcp.example.com".to_owned(),
        ]),
        leeway: Duration::from_secs(30),
        token_type: TokenType::Any,
    }
}

fn remote_source() -> SourceRules {
    SourceRules {
        name: "auth.example.com/.well-known/jwks.json".to_owned(),
        keys: SourceSettings::Remote(RemoteSettings {
            url: "https://auth.example.com/.well-known/jwks.json"
                .parse()
                .unwrap(),
            issuer: None,
            algorithms: AlgorithmSet::asymmetric(),
            allowed_use: vec!["sig".to_owned()],
            refresh_interval: Duration::from_secs(60),
            unknown_kid: UnknownKidSettings {
                enabled: true,
                max_wait: Duration::from_millis(150),
                interval: Duration::from_secs(30),
                burst: 2,
            },
            max_stale: Duration::from_secs(24 * 60 * 60),
            timeout: Duration::from_secs(5),
            max_bytes: 512 * 1024,
        }),
        token: token_settings(),
    }
}

fn secret_source() -> SourceRules {
    SourceRules {
        name: "secret:my-key-id".to_owned(),
        keys: SourceSettings::Secret(SecretSettings {
            secret: SecretKey::new(b"your-shared-secret"),
            algorithm: Algorithm::Hs256,
            key_id: "my-key-id".to_owned(),
        }),
        token: token_settings(),
    }
}

fn oauth_settings(source: SourceRules, operations: PathBuf) -> OauthSettings {
    OauthSettings {
        authorization_servers: vec![issuer()],
        scopes: ScopeSettings {
            initialize: scopes("mcp:connect"),
            tools_list: scopes("mcp:tools:read"),
            tools_call: scopes("mcp:tools:execute"),
            ..ScopeSettings::default()
        },
        scope_claims: vec!["scope".to_owned(), "scp".to_owned()],
        challenge_scopes: ChallengeScopes::Operation,
        include_token_scopes: false,
        max_scope_combinations: 2048,
        unknown_methods: Unknown::Deny,
        unknown_operation: Unknown::Deny,
        unlisted: Unlisted::Level,
        trust_mcp_headers: false,
        trust_string_body: false,
        forward_token: true,
        allowed_origins: None,
        mode: Mode::Enforce,
        sources: vec![source],
        graphql: GraphqlSettings {
            storage: Some(operations),
            ..GraphqlSettings::default()
        },
    }
}

fn server_settings() -> ServerSettings {
    ServerSettings {
        listen_addr: "0.0.0.0:5025".to_owned(),
        grpc_listen_addr: "localhost:9191".to_owned(),
        tls: None,
        admin_listen_addr: "localhost:9464".to_owned(),
        max_body_bytes: 4 * 1024 * 1024,
        max_in_flight: 10_000,
        token_cache: CacheSettings::default(),
        workers: std::thread::available_parallelism().unwrap().get(),
        keep_alive: Duration::from_secs(75),
        drain: Duration::from_secs(5),
        ready_wait: Duration::from_secs(30),
        debug: false,
        debug_hosts: Vec::new(),
    }
}

fn expected(source: SourceRules, file: PathBuf, warnings: &[&str]) -> Settings {
    let operations = file.parent().unwrap().join("operations");
    let storage = "mcp.storage has operations but no schema_file: the scopes of their fields cannot be checked, \
                   the tools need their levels alone";
    Settings {
        server: server_settings(),
        log: LogSettings {
            format: LogFormat::Json,
            level: LogLevel::Info,
            permits: SamplingRatio::NONE,
            timestamps: true,
            subject: SubjectLogging::Hashed,
        },
        audit: None,
        otlp: None,
        outgoing: OutgoingSettings::default(),
        resources: vec![ResourceSettings {
            id: ResourceId::parse("mcp").unwrap(),
            identifier: "https://mcp.example.com/mcp".to_owned(),
            base_url: "https://mcp.example.com".to_owned(),
            origin: "https://mcp.example.com".to_owned(),
            path: "/mcp".to_owned(),
            extra_paths: Vec::new(),
            hosts: vec![
                "mcp.example.com".to_owned(),
                "mcp.example.com:443".to_owned(),
            ],
            resource_name: None,
            resource_documentation: None,
            resource_policy_uri: None,
            resource_tos_uri: None,
            enforcement: Enforcement::On(Box::new(oauth_settings(source, operations.clone()))),
        }],
        warnings: warnings
            .iter()
            .map(|warning| (*warning).to_owned())
            .chain([storage.to_owned()])
            .collect(),
        watched: vec![file, operations],
    }
}

#[test]
fn the_document_with_a_jwks_url_loads_unchanged() {
    let (_folder, file) = written(DOCUMENT);
    let settings = load(&file, &Environment::default()).unwrap();
    assert_eq!(settings, expected(remote_source(), file, &[]));
}

#[test]
fn the_document_with_a_shared_secret_loads_unchanged() {
    let (_folder, file) = written(&DOCUMENT.replace(REMOTE_SOURCE, SECRET_SOURCE));
    let settings = load(&file, &Environment::default()).unwrap();
    let short = "the secret of mcp.oauth.jwks[0] is shorter than the 32 bytes that RFC 7518 asks for with HS256";
    assert_eq!(settings, expected(secret_source(), file, &[short]));
}

#[test]
fn the_development_policy_is_loopback_only_and_has_a_secret_of_its_own() {
    let origin = Origin::development(Environment::default()).unwrap();
    let settings = origin.load().unwrap();
    assert_eq!(settings.server.listen_addr, "127.0.0.1:5025");
    assert_eq!(settings.warnings, Vec::<String>::new());
    let secret = development_secret(&settings);
    assert_eq!(secret.len(), 43);
    assert_eq!(
        development_secret(&origin.load().unwrap()),
        secret,
        "a reload keeps it"
    );
    let other = Origin::development(Environment::default())
        .unwrap()
        .load()
        .unwrap();
    assert_ne!(development_secret(&other), secret);
}

#[test]
fn the_development_policy_takes_its_secret_from_the_environment() {
    let environment =
        Environment::default().with("SCOPEGATE_DEV_SECRET", "0123456789abcdef0123456789abcdef");
    let settings = Origin::development(environment).unwrap().load().unwrap();
    assert_eq!(
        development_secret(&settings),
        b"0123456789abcdef0123456789abcdef"
    );
}

#[test]
fn the_development_policy_does_not_meet_a_network() {
    let environment = Environment::default().with("SCOPEGATE__SERVER__LISTEN_ADDR", "0.0.0.0:5025");
    let mistakes = Origin::development(environment)
        .unwrap()
        .load()
        .unwrap_err();
    let line = "server.listen_addr: found `0.0.0.0:5025`, expected a loopback address with `--dev`";
    assert_eq!(mistakes.plain(), line);
}

fn development_secret(settings: &Settings) -> Vec<u8> {
    match &oauth(settings).sources[0].keys {
        SourceSettings::Secret(secret) => secret.secret.expose().to_vec(),
        SourceSettings::Remote(_) => panic!("no secret"),
    }
}

#[test]
fn no_configuration_is_a_mistake() {
    let mistakes = Origin::new(None, Environment::default()).unwrap_err();
    assert!(
        mistakes
            .plain()
            .starts_with("SCOPEGATE_CONFIG: found no configuration"),
        "{mistakes}"
    );
}

#[test]
fn the_file_that_was_named_wins_over_the_variable() {
    let (_folder, file) = written(DOCUMENT);
    let environment = Environment::default().with("SCOPEGATE_CONFIG", "/nowhere.yaml");
    assert!(
        Origin::new(Some(file), environment.clone())
            .unwrap()
            .load()
            .is_ok()
    );
    let mistakes = Origin::new(None, environment).unwrap().load().unwrap_err();
    assert!(
        mistakes
            .plain()
            .starts_with("/nowhere.yaml: cannot be read: "),
        "{mistakes}"
    );
}
