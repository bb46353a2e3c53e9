//! TLS of the listeners. Certificate, key and the authorities of client certificates come from
//! files, and are reloaded when the files change.
//!
//! Design: `docs/design/gateways.md#tls-of-the-listeners`.

mod error;
mod files;
mod server_tls;

#[cfg(test)]
mod tests;

pub use error::{TlsError, TlsKey};
pub use files::TlsSettings;
pub use server_tls::ServerTls;
