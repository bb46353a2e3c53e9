//! The shared part of all outgoing requests: trusted roots, proxies, and the hosts to which plain
//! http is allowed.

use std::{fmt, sync::Arc};

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::super::{KeysError, OutgoingSettings, ProxySettings, ssrf::is_loopback_host};
use crate::telemetry::traces::Tracer;

/// TLS, proxies and rules of outgoing requests. It is created once, and all sources share it.
pub struct Outgoing {
    tls: Arc<ClientConfig>,
    proxies: Matcher,
    insecure_hosts: Vec<String>,
    tracer: Tracer,
}

impl Outgoing {
    /// Loads the trusted roots, as [`client_tls`] does.
    ///
    /// # Errors
    /// If the roots of the settings are not certificates.
    pub fn new(settings: &OutgoingSettings) -> Result<Self, KeysError> {
        let mut tls = client_tls(settings)?;
        // Otherwise awc would use HTTP/2 if the server offered it. HTTP/1.1 is enough for two small
        // documents.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            tls: Arc::new(tls),
            proxies: matcher(&settings.proxy),
            insecure_hosts: settings.insecure_hosts.clone(),
            tracer: Tracer::default(),
        })
    }

    /// The same, with a tracer that records a span of each request.
    #[must_use]
    pub fn with_tracer(self, tracer: Tracer) -> Self {
        Self { tracer, ..self }
    }

    pub(super) fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Hosts besides loopback to which plain http is allowed.
    pub(super) fn insecure_hosts(&self) -> &[String] {
        &self.insecure_hosts
    }

    pub(super) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// The proxy for an origin, if there is one. A loopback host never has one: a proxy would
    /// connect to its own machine.
    pub(super) fn proxy_for(&self, scheme: &str, authority: &str, host: &str) -> Option<Intercept> {
        if is_loopback_host(host) {
            return None;
        }
        let origin = format!("{scheme}://{authority}/").parse().ok()?;
        self.proxies.intercept(&origin)
    }
}

/// Shows no fields, because the URLs of proxies may contain credentials.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").finish_non_exhaustive()
    }
}

/// The TLS configuration of outgoing connections. It trusts the roots of the system, or built-in
/// roots if the system has none, and the roots of the settings.
///
/// # Errors
/// If the roots of the settings are not certificates.
pub fn client_tls(settings: &OutgoingSettings) -> Result<ClientConfig, KeysError> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| KeysError::Tls(error.to_string()))?;
    Ok(config
        .with_root_certificates(roots(settings)?)
        .with_no_client_auth())
}

fn roots(settings: &OutgoingSettings) -> Result<RootCertStore, KeysError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(pem) = &settings.ca_pem {
        add_roots(pem, &mut roots)?;
    }
    Ok(roots)
}

/// Checks that a PEM text contains trusted roots.
///
/// # Errors
/// If it contains no certificate, or one that cannot be read.
pub fn check_roots(pem: &[u8]) -> Result<(), KeysError> {
    add_roots(pem, &mut RootCertStore::empty())
}

fn add_roots(pem: &[u8], roots: &mut RootCertStore) -> Result<(), KeysError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| KeysError::Roots(error.to_string()))?;
    if certificates.is_empty() {
        return Err(KeysError::Roots("it contains no certificate".to_owned()));
    }
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| KeysError::Roots(error.to_string()))?;
    }
    Ok(())
}

fn matcher(proxy: &ProxySettings) -> Matcher {
    let text = |setting: &Option<String>| setting.clone().unwrap_or_default();
    Matcher::builder()
        .all(text(&proxy.all))
        .http(text(&proxy.http))
        .https(text(&proxy.https))
        .no(text(&proxy.no))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_without_a_certificate_are_an_error() {
        let begun = "-----BEGIN CERTIFICATE-----\n";
        for pem in [
            "",
            "hello\n",
            begun,
            &format!("{begun}aGVsbG8=\n-----END CERTIFICATE-----\n"),
        ] {
            assert!(check_roots(pem.as_bytes()).is_err(), "{pem}");
            let settings = OutgoingSettings {
                ca_pem: Some(pem.as_bytes().to_vec()),
                ..OutgoingSettings::default()
            };
            assert!(Outgoing::new(&settings).is_err(), "{pem}");
        }
    }

    #[test]
    fn proxies_are_used_as_by_curl_but_never_for_loopback() {
        let proxy = ProxySettings {
            https: Some("http://proxy.internal:3128".to_owned()),
            no: Some("example.org, 10.0.0.0/8".to_owned()),
            ..ProxySettings::default()
        };
        let outgoing = Outgoing::new(&OutgoingSettings {
            proxy,
            ..OutgoingSettings::default()
        })
        .unwrap();
        let is_proxied =
            |scheme: &str, host: &str| outgoing.proxy_for(scheme, host, host).is_some();
        assert!(is_proxied("https", "auth.example.com"));
        assert!(!is_proxied("http", "auth.example.com"));
        assert!(!is_proxied("https", "auth.example.org"));
        assert!(!is_proxied("https", "10.1.2.3"));
        assert!(!is_proxied("https", "localhost") && !is_proxied("https", "127.0.0.1"));
    }
}
