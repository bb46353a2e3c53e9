//! The files, read and checked.

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
    /// The certificate chain.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// The authorities of client certificates; where there are any, every client needs a certificate.
    pub client_ca_file: Option<PathBuf>,
}

impl TlsSettings {
    /// Reads all files, to see whether they can be served.
    ///
    /// # Errors
    /// Every file that cannot.
    pub fn check(&self) -> Vec<TlsError> {
        [self.identity().err(), self.clients().err()].into_iter().flatten().collect()
    }

    /// The certificate with its key.
    pub(super) fn identity(&self) -> Result<CertifiedKey, TlsError> {
        let chain = certificates(TlsKey::CertFile, &self.cert_file)?;
        let unusable = |cause: String| fault(TlsKey::KeyFile, &self.key_file, cause);
        let key = PrivateKeyDer::from_pem_file(&self.key_file);
        let key = key.map_err(|error| unusable(format!("holds no private key that can be read: {error}")))?;
        CertifiedKey::from_der(chain, key, &provider())
            .map_err(|error| unusable(format!("does not fit the certificate: {error}")))
    }

    /// What looks at clients' certificates, where clients need one.
    pub(super) fn clients(&self) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        let Some(path) = &self.client_ca_file else { return Ok(None) };
        let unusable = |cause: String| fault(TlsKey::ClientCaFile, path, cause);
        let mut roots = RootCertStore::empty();
        for certificate in certificates(TlsKey::ClientCaFile, path)? {
            let added = roots.add(certificate);
            added.map_err(|error| unusable(format!("holds what is no authority: {error}")))?;
        }
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider())).build();
        verifier.map(Some).map_err(|error| unusable(format!("cannot be used: {error}")))
    }
}

/// The cryptography of every TLS connection.
pub(super) fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

fn certificates(key: TlsKey, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fault(key, path, format!("cannot be read: {error}")))?;
    if certificates.is_empty() {
        return Err(fault(key, path, "holds no certificate".to_owned()));
    }
    Ok(certificates)
}

fn fault(key: TlsKey, path: &Path, cause: String) -> TlsError {
    TlsError { key, path: path.to_owned(), cause }
}
