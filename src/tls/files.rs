//! Reads and checks the files of `server.tls`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::CertifiedKey,
};

use super::{TlsError, TlsKey};

/// The keys of `server.tls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The file with the certificate chain.
    pub cert_file: PathBuf,
    /// The file with the private key of the certificate.
    pub key_file: PathBuf,
    /// The file with the authorities of client certificates. If it is set, every client needs a
    /// certificate.
    pub client_ca_file: Option<PathBuf>,
}

impl TlsSettings {
    /// Reads all files. Returns an error for each file that cannot be used.
    pub fn check(&self) -> Vec<TlsError> {
        [self.certified_key().err(), self.client_verifier().err()]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The certificate with its key.
    ///
    /// # Errors
    /// If one of the two files cannot be read, or the key does not belong to the certificate.
    pub(super) fn certified_key(&self) -> Result<CertifiedKey, TlsError> {
        let chain = certificates(TlsKey::CertFile, &self.cert_file)?;
        let unusable = |cause: String| error_of(TlsKey::KeyFile, &self.key_file, cause);
        let key = PrivateKeyDer::from_pem_file(&self.key_file);
        let key =
            key.map_err(|error| unusable(format!("contains no readable private key: {error}")))?;
        CertifiedKey::from_der(chain, key, &provider())
            .map_err(|error| unusable(format!("does not belong to the certificate: {error}")))
    }

    /// The verifier of client certificates; `None` if clients need no certificate.
    ///
    /// # Errors
    /// If the file cannot be read or contains a certificate that is not a valid authority.
    pub(super) fn client_verifier(&self) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        let Some(path) = &self.client_ca_file else {
            return Ok(None);
        };
        let unusable = |cause: String| error_of(TlsKey::ClientCaFile, path, cause);
        let mut roots = RootCertStore::empty();
        for certificate in certificates(TlsKey::ClientCaFile, path)? {
            let added = roots.add(certificate);
            added.map_err(|error| {
                unusable(format!(
                    "contains a certificate that is not a valid authority: {error}"
                ))
            })?;
        }
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
                .build();
        verifier
            .map(Some)
            .map_err(|error| unusable(format!("cannot be used: {error}")))
    }
}

/// The cryptography provider of the listeners.
pub(super) fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

fn certificates(key: TlsKey, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| error_of(key, path, format!("cannot be read: {error}")))?;
    if certificates.is_empty() {
        return Err(error_of(key, path, "contains no certificate".to_owned()));
    }
    Ok(certificates)
}

fn error_of(key: TlsKey, path: &Path, cause: String) -> TlsError {
    TlsError {
        key,
        path: path.to_owned(),
        cause,
    }
}
