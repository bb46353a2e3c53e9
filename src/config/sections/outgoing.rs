//! Settings of outgoing requests: hosts and roots that fetching keys trusts, and proxies.

use std::{fs, path::Path};

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{List, Text},
        },
        environment::process::Environment,
        file::section::Section,
        mistake::{Report, shown},
        sections::hosts::hosts,
    },
    keys::{OutgoingSettings, check_roots},
};

/// `server.insecure_key_hosts`.
pub(in crate::config) const INSECURE_KEY_HOSTS: Key<List> = Key::new(
    "insecure_key_hosts",
    List::EMPTY,
    "Hosts, without port, from which keys may be fetched over plain http. Loopback always may.",
);

/// `server.ca_file`.
pub(in crate::config) const CA_FILE: Key<Text> = Key::new(
    "ca_file",
    Text::PATH,
    "PEM file with further trusted roots, for fetching keys and for `server.otlp`.",
);

/// Reads the settings of outgoing requests; `ca_file` is relative to `folder`.
pub(in crate::config) fn read(
    server: &Section,
    folder: &Path,
    environment: &Environment,
    report: &mut Report,
) -> OutgoingSettings {
    let ca_pem = server
        .find(&CA_FILE)
        .and_then(|file| ca_pem(&folder.join(file), server, report));
    let insecure_hosts = hosts(server, &INSECURE_KEY_HOSTS, report);
    for (index, host) in insecure_hosts
        .iter()
        .enumerate()
        .filter(|(_, host)| has_port(host))
    {
        let path = format!("{}[{index}]", server.at(&INSECURE_KEY_HOSTS));
        report.mistake(&path, shown(host), "a host without a port");
    }
    OutgoingSettings {
        insecure_hosts,
        ca_pem,
        proxy: environment.proxies(),
    }
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
            report.mistake(&server.at(&CA_FILE), found, "a PEM file with certificates");
        })
        .ok()
}

fn has_port(host: &str) -> bool {
    !host.ends_with(']') && host.contains(':')
}
