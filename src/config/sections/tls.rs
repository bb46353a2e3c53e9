//! `server.tls`: the certificate files of the listeners.

use std::path::Path;

use crate::{
    config::{
        declaration::{key::Key, kind::Text, shape::Keys},
        file::section::Section,
        mistake::Report,
    },
    tls::{TlsKey, TlsSettings},
};

/// The keys of `server.tls`.
pub(in crate::config) const KEYS: Keys = &[&[&CERT_FILE, &KEY_FILE, &CLIENT_CA_FILE]];

const CERT_FILE: Key<Text> = Key::new(
    TlsKey::CertFile.name(),
    Text::PATH,
    "A PEM file with the certificate chain, the listener's own first. With it the decision and gRPC listeners speak only \
     TLS. Without it they speak plain text, which is for loopback and networks that you trust: tokens pass here. A \
     change of the file is loaded. The admin listener is always plain.",
);

const KEY_FILE: Key<Text> = Key::new(
    TlsKey::KeyFile.name(),
    Text::PATH,
    "Required with `cert_file`: a PEM file with the private key of the certificate.",
);

const CLIENT_CA_FILE: Key<Text> = Key::new(
    TlsKey::ClientCaFile.name(),
    Text::PATH,
    "A PEM file with authorities. With it every client needs a certificate that one of them signed (mutual TLS).",
);

/// Reads the section; paths are relative to `folder`. An empty section is a mistake too: the
/// listeners would serve plain text to an operator who asked for TLS.
pub(in crate::config) fn read(
    tls: &Section,
    folder: &Path,
    report: &mut Report,
) -> Option<TlsSettings> {
    if !tls.is_written() {
        return None;
    }
    for key in [TlsKey::CertFile, TlsKey::KeyFile] {
        tls.require(declared(key), key.expected(), report);
    }
    let file = |key: TlsKey| tls.find(declared(key)).map(|file| folder.join(file));
    let settings = TlsSettings {
        cert_file: file(TlsKey::CertFile)?,
        key_file: file(TlsKey::KeyFile)?,
        client_ca_file: file(TlsKey::ClientCaFile),
    };
    for file in [&settings.cert_file, &settings.key_file]
        .into_iter()
        .chain(&settings.client_ca_file)
    {
        report.watch(file.clone());
    }
    for error in settings.check() {
        report.mistake(
            &tls.at(declared(error.key)),
            error.to_string(),
            error.key.expected(),
        );
    }
    Some(settings)
}

const fn declared(key: TlsKey) -> &'static Key<Text> {
    match key {
        TlsKey::CertFile => &CERT_FILE,
        TlsKey::KeyFile => &KEY_FILE,
        TlsKey::ClientCaFile => &CLIENT_CA_FILE,
    }
}
