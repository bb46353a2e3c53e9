//! The certificate and the authorities in force. Every handshake reads the ones of that moment, so that files can
//! be exchanged while the listeners run.

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

/// TLS as the listeners speak it; clones share what is in force.
#[derive(Clone, Debug)]
pub struct ServerTls {
    settings: TlsSettings,
    identity: Arc<Identity>,
    clients: Option<Arc<Clients>>,
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn load(settings: TlsSettings) -> Result<Self, TlsError> {
        let identity = Arc::new(Identity(ArcSwap::from_pointee(settings.identity()?)));
        let clients = settings.clients()?.map(|verifier| Arc::new(Clients(ArcSwap::from_pointee(verifier))));
        Ok(Self { settings, identity, clients })
    }

    /// Reads the files anew. Connections that stand are not touched.
    ///
    /// # Errors
    /// When one of them cannot be used: what was in force stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let (identity, clients) = (self.settings.identity()?, self.settings.clients()?);
        self.identity.0.store(Arc::new(identity));
        if let (Some(current), Some(verifier)) = (&self.clients, clients) {
            current.0.store(Arc::new(verifier));
        }
        Ok(())
    }

    /// The configuration of a listener that speaks `protocols` (ALPN, the preferred first).
    ///
    /// # Errors
    /// When the cryptography has no TLS version that is safe.
    pub fn config(&self, protocols: &[&[u8]]) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError {
                key: TlsKey::CertFile,
                path: self.settings.cert_file.clone(),
                cause: format!("cannot be served: {error}"),
            })?;
        let clients = match &self.clients {
            Some(clients) => Arc::clone(clients) as Arc<dyn ClientCertVerifier>,
            None => WebPkiClientVerifier::no_client_auth(),
        };
        let mut config =
            builder.with_client_cert_verifier(clients).with_cert_resolver(Arc::clone(&self.identity) as _);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        // A resumed session would skip the look at the client's certificate. Gateways keep their connections.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

/// The certificate in force.
#[derive(Debug)]
struct Identity(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// The authorities in force. Clients get no hint of their names, which would be those of one moment.
#[derive(Debug)]
struct Clients(ArcSwap<Arc<dyn ClientCertVerifier>>);

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.0.load().verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.load().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.load().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.load().supported_verify_schemes()
    }
}
