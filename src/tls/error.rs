//! Why TLS cannot be served.

use std::path::PathBuf;

/// What is wrong with one of the files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` {cause}", path.display())]
pub struct TlsError {
    /// The setting that names the file.
    pub key: TlsKey,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it; nothing of a key is ever in it.
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
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CertFile => "cert_file",
            Self::KeyFile => "key_file",
            Self::ClientCaFile => "client_ca_file",
        }
    }

    /// What the file must hold.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::CertFile => "a PEM file with the certificate chain, the listener's own first",
            Self::KeyFile => "a PEM file with the private key of the certificate",
            Self::ClientCaFile => "a PEM file with the certificates of the authorities that sign clients",
        }
    }
}
