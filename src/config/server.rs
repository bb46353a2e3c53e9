//! `server`: listeners, limits, logging and outgoing requests.

use std::{fs, path::Path, time::Duration};

use super::{
    environment::Environment,
    mistake::{Report, shown},
    section::Section,
    units::YEAR,
    web::{is_socket_address, parse_host},
};
use crate::{
    http::ServerSettings,
    keys::{OutgoingSettings, check_roots},
    telemetry::{
        SamplingRatio,
        log::{LogFormat, LogLevel, LogSettings, SubjectLogging},
    },
    tls::{TlsKey, TlsSettings},
    token::CacheSettings,
};

/// Reads the listeners and limits.
pub(super) fn read(root: &Section, folder: &Path, report: &mut Report) -> ServerSettings {
    let server = root.section("server");
    let grpc_listen_addr = address(server, "grpc_listen_addr", "localhost:9191", report);
    let listen_addr = listen_addr(root, report);
    let admin_listen_addr = address(server, "admin_listen_addr", "localhost:9464", report);
    let apart = "an address that no other listener has";
    if is_same_listener(&admin_listen_addr, &listen_addr) {
        report.mistake(&server.at("admin_listen_addr"), shown(&admin_listen_addr), apart);
    }
    if [&listen_addr, &admin_listen_addr].iter().any(|other| is_same_listener(&grpc_listen_addr, other)) {
        report.mistake(&server.at("grpc_listen_addr"), shown(&grpc_listen_addr), apart);
    }
    ServerSettings {
        listen_addr,
        grpc_listen_addr,
        tls: tls(server.section("tls"), folder, report),
        admin_listen_addr,
        max_body_bytes: server.number("max_body_bytes", 4 << 20, 1..=1 << 30, report),
        max_in_flight: server.number("max_in_flight", 10_000, 1..=1_000_000, report),
        token_cache: token_cache(server.section("token_cache"), report),
        workers: server.number("workers", processors(), 1..=1024, report),
        keep_alive: keep_alive(server, report),
        drain: server.duration("drain", Duration::from_secs(5), Duration::ZERO..=HOUR, report),
        ready_wait: server.duration("ready_wait", Duration::from_secs(30), Duration::ZERO..=HOUR, report),
        debug: server.flag("debug").unwrap_or(false),
        debug_hosts: hosts(server, "debug_hosts", report),
    }
}

/// Reads `server.log`.
pub(super) fn log(server: &Section, report: &mut Report) -> LogSettings {
    let log = server.section("log");
    let formats = [("json", LogFormat::Json), ("text", LogFormat::Text)];
    let levels = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    LogSettings {
        format: log.choice("format", LogFormat::Json, &formats, report),
        level: log.choice("level", LogLevel::Info, &levels, report),
        permits: log.share("permits").unwrap_or(SamplingRatio::NONE),
        subject: log.choice("subject", SubjectLogging::Hashed, &SUBJECTS, report),
    }
}

/// Reads what outgoing requests need; `ca_file` is relative to `folder`.
pub(super) fn outgoing(
    server: &Section,
    folder: &Path,
    environment: &Environment,
    report: &mut Report,
) -> OutgoingSettings {
    let ca_pem = server.text("ca_file").and_then(|file| ca_pem(&folder.join(file), server, report));
    let insecure_hosts = hosts(server, "insecure_key_hosts", report);
    for (index, host) in insecure_hosts.iter().enumerate().filter(|(_, host)| has_port(host)) {
        let path = format!("{}[{index}]", server.at("insecure_key_hosts"));
        report.mistake(&path, shown(host), "a host without a port");
    }
    OutgoingSettings { insecure_hosts, ca_pem, proxy: environment.proxies() }
}

fn ca_pem(file: &Path, server: &Section, report: &mut Report) -> Option<Vec<u8>> {
    report.watch(file.to_owned());
    let pem = fs::read(file).map_err(|error| format!("which cannot be read: {error}"));
    let checked = pem.and_then(|pem| match check_roots(&pem) {
        Ok(()) => Ok(pem),
        Err(error) => Err(format!("which is of no use: {error}")),
    });
    checked
        .map_err(|why| {
            let found = format!("{} {why}", shown(&file.display().to_string()));
            report.mistake(&server.at("ca_file"), found, "a PEM file with certificates");
        })
        .ok()
}

/// A list of hosts, each `host` or `host:port`, in lower case.
pub(super) fn hosts(section: &Section, name: &str, report: &mut Report) -> Vec<String> {
    let mut hosts = Vec::new();
    for (index, text) in section.texts(name).unwrap_or_default().iter().enumerate() {
        match parse_host(text) {
            Some(host) => hosts.push(host),
            None => {
                let path = format!("{}[{index}]", section.at(name));
                report.mistake(&path, shown(text), "`host` or `host:port`");
            }
        }
    }
    hosts
}

fn has_port(host: &str) -> bool {
    !host.ends_with(']') && host.contains(':')
}

/// The decision listener's address has two names. What the environment sets wins; else both must agree.
fn listen_addr(root: &Section, report: &mut Report) -> String {
    let (own, alias) = (root.section("server"), root.section("mcp").section("server"));
    let is_outside =
        |section: &Section, report: &Report| report.variable(&section.at("listen_addr")).is_some();
    let (own_text, alias_text) = (own.text("listen_addr"), alias.text("listen_addr"));
    let (own_outside, alias_outside) = (is_outside(own, report), is_outside(alias, report));
    if let (Some(own_text), Some(alias_text)) = (own_text, alias_text)
        && own_text != alias_text
        && own_outside == alias_outside
    {
        let expected = format!("{}, as `server.listen_addr` says, or one of the two", shown(own_text));
        report.mistake(&alias.at("listen_addr"), shown(alias_text), expected);
    }
    let prefers_alias = own_text.is_none() || (alias_outside && !own_outside);
    let chosen = if prefers_alias && alias_text.is_some() { alias } else { own };
    address(chosen, "listen_addr", "localhost:5025", report)
}

fn address(section: &Section, name: &str, default: &str, report: &mut Report) -> String {
    let text = section.text(name).unwrap_or(default);
    if !is_socket_address(text) {
        report.mistake(&section.at(name), shown(text), "`host:port`");
    }
    text.to_owned()
}

fn is_same_listener(one: &str, other: &str) -> bool {
    one == other && !one.ends_with(":0")
}

/// Reads `server.tls`; its files are relative to `folder`. A section without keys is a mistake too: it would serve
/// plain text to somebody who asked for TLS.
fn tls(tls: &Section, folder: &Path, report: &mut Report) -> Option<TlsSettings> {
    if !tls.is_written() {
        return None;
    }
    for key in [TlsKey::CertFile, TlsKey::KeyFile] {
        tls.require(key.name(), key.expected(), report);
    }
    let file = |key: TlsKey| tls.text(key.name()).map(|file| folder.join(file));
    let settings = TlsSettings {
        cert_file: file(TlsKey::CertFile)?,
        key_file: file(TlsKey::KeyFile)?,
        client_ca_file: file(TlsKey::ClientCaFile),
    };
    for file in [&settings.cert_file, &settings.key_file].into_iter().chain(&settings.client_ca_file) {
        report.watch(file.clone());
    }
    for error in settings.check() {
        report.mistake(&tls.at(error.key.name()), error.to_string(), error.key.expected());
    }
    Some(settings)
}

fn token_cache(cache: &Section, report: &mut Report) -> CacheSettings {
    let default = CacheSettings::default();
    let default_bytes = usize::try_from(default.max_bytes).unwrap_or(usize::MAX);
    let max_bytes = cache.number("max_bytes", default_bytes, 1 << 20..=1 << 40, report);
    CacheSettings {
        max_entries: cache.number("max_entries", default.max_entries, 1..=100_000_000, report),
        max_bytes: u64::try_from(max_bytes).unwrap_or(u64::MAX),
    }
}

fn keep_alive(server: &Section, report: &mut Report) -> Duration {
    let least = Duration::from_secs(75);
    let keep_alive = server.duration("keep_alive", least, Duration::from_secs(1)..=YEAR, report);
    if keep_alive < least {
        let path = server.at("keep_alive");
        report.warn(format!(
            "{path} is shorter than 75s: gateways may write into connections that are closing"
        ));
    }
    keep_alive
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How a subject may appear, in the log and in the audit log.
pub(super) const SUBJECTS: [(&str, SubjectLogging); 3] = [
    ("hashed", SubjectLogging::Hashed),
    ("plain", SubjectLogging::Plain),
    ("omitted", SubjectLogging::Omitted),
];

const HOUR: Duration = Duration::from_secs(60 * 60);
