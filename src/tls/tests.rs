//! Files that cannot be served, each with the setting that names it.

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
    TlsSettings { cert_file, key_file, client_ca_file: Some(client_ca_file) }
}

#[test]
fn good_files_have_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    assert_eq!(settings.check(), []);
    let tls = ServerTls::load(settings).unwrap();
    assert_eq!(tls.config(&[b"h2"]).unwrap().alpn_protocols, [b"h2".to_vec()]);
}

#[test]
fn every_bad_file_is_told_with_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let tls = ServerTls::load(settings.clone()).unwrap();
    let faults = |file: &Path, content: &str| {
        let good = fs::read(file).unwrap();
        fs::write(file, content).unwrap();
        let faults = settings.check();
        assert!(tls.reload().is_err());
        fs::write(file, good).unwrap();
        faults.iter().map(|fault| (fault.key, fault.cause.clone())).collect::<Vec<_>>()
    };
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let (cert, key, clients) =
        (&settings.cert_file, &settings.key_file, settings.client_ca_file.as_ref().unwrap());
    assert_eq!(faults(cert, "x"), [(TlsKey::CertFile, "holds no certificate".to_owned())]);
    assert_eq!(faults(clients, ""), [(TlsKey::ClientCaFile, "holds no certificate".to_owned())]);
    for (content, cause) in [("x", "holds no private key"), (&*other_key, "does not fit the certificate")] {
        let faults = faults(key, content);
        assert!(matches!(&*faults, [(TlsKey::KeyFile, found)] if found.starts_with(cause)), "{faults:?}");
    }
    fs::remove_file(cert).unwrap();
    let text = settings.check().first().unwrap().to_string();
    assert!(text.contains("tls.crt` cannot be read: "), "{text}");
}
