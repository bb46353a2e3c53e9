//! The certificate and the client authorities in force. Every handshake reads the present ones, so
//! that a reload can replace them while the listeners run.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::{
        ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};

use super::{TlsError, TlsKey, TlsSettings, files::provider};

/// TLS of the listeners. Clones share the certificate and the authorities in force.
#[derive(Clone, Debug)]
pub struct ServerTls {
    settings: TlsSettings,
    certificate: Arc<CurrentCertificate>,
    client_verifier: Option<Arc<CurrentClientVerifier>>,
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// If one of them cannot be used.
    pub fn load(settings: TlsSettings) -> Result<Self, TlsError> {
        let certificate = ArcSwap::from_pointee(settings.certified_key()?);
        let client_verifier = settings.client_verifier()?.map(ArcSwap::from_pointee);
        Ok(Self {
            settings,
            certificate: Arc::new(CurrentCertificate(certificate)),
            client_verifier: client_verifier
                .map(|current| Arc::new(CurrentClientVerifier(current))),
        })
    }

    /// Reads the files again. Open connections keep their session.
    ///
    /// # Errors
    /// If one of them cannot be used. Then nothing changes.
    pub fn reload(&self) -> Result<(), TlsError> {
        let certificate = self.settings.certified_key()?;
        let client_verifier = self.settings.client_verifier()?;
        self.certificate.0.store(Arc::new(certificate));
        if let (Some(current), Some(verifier)) = (&self.client_verifier, client_verifier) {
            current.0.store(Arc::new(verifier));
        }
        Ok(())
    }

    /// The configuration of a listener with `protocols` (ALPN, the preferred one first).
    ///
    /// # Errors
    /// If the cryptography provider supports no safe TLS version.
    pub fn config(&self, protocols: &[&[u8]]) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError {
                key: TlsKey::CertFile,
                path: self.settings.cert_file.clone(),
                cause: format!("cannot be used: {error}"),
            })?;
        let client_verifier = match &self.client_verifier {
            Some(verifier) => Arc::clone(verifier) as Arc<dyn ClientCertVerifier>,
            None => WebPkiClientVerifier::no_client_auth(),
        };
        let mut config = builder
            .with_client_cert_verifier(client_verifier)
            .with_cert_resolver(Arc::clone(&self.certificate) as _);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        // A resumed session would not verify the client's certificate again. Resumption would gain
        // little, because gateways keep their connections open.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

/// The certificate in force.
#[derive(Debug)]
struct CurrentCertificate(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// The client authorities in force. The handshake does not send their names as a hint, because
/// rustls borrows those names from the verifier, which a reload replaces.
#[derive(Debug)]
struct CurrentClientVerifier(ArcSwap<Arc<dyn ClientCertVerifier>>);

impl ClientCertVerifier for CurrentClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.0
            .load()
            .verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .load()
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .load()
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.load().supported_verify_schemes()
    }
}
