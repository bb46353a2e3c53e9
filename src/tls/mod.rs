//! TLS of the listeners: certificate, key and trusted client authorities from files, exchanged when those change.

mod current;
mod error;
mod files;

#[cfg(test)]
mod tests;

pub use current::ServerTls;
pub use error::{TlsError, TlsKey};
pub use files::TlsSettings;
