//! Files that cannot be used, each with the setting that names it.

use std::{fs, path::Path};

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

use super::*;

fn settings(folder: &Path) -> TlsSettings {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["scopegate.test".to_owned()]).unwrap();
    let [cert_file, key_file, client_ca_file] =
        ["tls.crt", "tls.key", "clients.crt"].map(|name| folder.join(name));
    fs::write(&cert_file, cert.pem()).unwrap();
    fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    fs::write(&client_ca_file, cert.pem()).unwrap();
    TlsSettings {
        cert_file,
        key_file,
        client_ca_file: Some(client_ca_file),
    }
}

#[test]
fn good_files_have_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    assert_eq!(settings.check(), []);
    let tls = ServerTls::load(settings).unwrap();
    assert_eq!(
        tls.config(&[b"h2"]).unwrap().alpn_protocols,
        [b"h2".to_vec()]
    );
}

#[test]
fn the_error_of_a_bad_file_names_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let tls = ServerTls::load(settings.clone()).unwrap();
    let errors = |file: &Path, content: &str| {
        let good = fs::read(file).unwrap();
        fs::write(file, content).unwrap();
        let errors = settings.check();
        assert!(tls.reload().is_err());
        fs::write(file, good).unwrap();
        errors
            .iter()
            .map(|error| (error.key, error.cause.clone()))
            .collect::<Vec<_>>()
    };
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let (cert, key, clients) = (
        &settings.cert_file,
        &settings.key_file,
        settings.client_ca_file.as_ref().unwrap(),
    );
    assert_eq!(
        errors(cert, "x"),
        [(TlsKey::CertFile, "contains no certificate".to_owned())]
    );
    assert_eq!(
        errors(clients, ""),
        [(TlsKey::ClientCaFile, "contains no certificate".to_owned())]
    );
    let not_readable = ("x", "contains no readable private key");
    for (content, cause) in [
        not_readable,
        (&*other_key, "does not belong to the certificate"),
    ] {
        let errors = errors(key, content);
        assert!(
            matches!(&*errors, [(TlsKey::KeyFile, found)] if found.starts_with(cause)),
            "{errors:?}"
        );
    }
    fs::remove_file(cert).unwrap();
    let text = settings.check().first().unwrap().to_string();
    assert!(text.contains("tls.crt` cannot be read: "), "{text}");
}
