//! The error of a TLS file that cannot be used. It names the setting of the file.

use std::path::PathBuf;

/// A file of `server.tls` that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` {cause}", path.display())]
pub struct TlsError {
    /// The setting that names the file.
    pub key: TlsKey,
    /// The path of the file.
    pub path: PathBuf,
    /// The cause. It never contains key material.
    pub cause: String,
}

/// A setting of `server.tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsKey {
    /// `cert_file`
    CertFile,
    /// `key_file`
    KeyFile,
    /// `client_ca_file`
    ClientCaFile,
}

impl TlsKey {
    /// The name of the setting in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CertFile => "cert_file",
            Self::KeyFile => "key_file",
            Self::ClientCaFile => "client_ca_file",
        }
    }

    /// The content that the file must have.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::CertFile => {
                "a PEM file with the certificate chain; the listener's certificate comes first"
            }
            Self::KeyFile => "a PEM file with the private key of the certificate",
            Self::ClientCaFile => {
                "a PEM file with the certificates of the authorities that sign clients"
            }
        }
    }
}
