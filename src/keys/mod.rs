//! Public keys: fetches them, keeps them fresh, and publishes the snapshot that verification reads.
//!
//! Design: `docs/design/keys.md`.

mod actor;
mod algorithm;
mod discovery;
mod error;
mod fetch;
mod freshness;
mod handle;
mod jwk;
mod key_set;
mod metrics;
mod schedule;
mod settings;
mod snapshot;
mod source_log;
mod ssrf;
#[cfg(test)]
mod tests;

pub use actor::start;
pub use algorithm::{Algorithm, AlgorithmSet};
pub use error::{FetchError, KeysError};
pub use fetch::{Outgoing, check_roots, client_tls};
pub use handle::{KeysHandle, MAX_WAITING, Missing};
pub use jwk::{KeyRules, SkipCause, SkippedKey, VerifyingKey};
pub use key_set::{KeySet, MAX_CANDIDATES};
pub use metrics::KeysMetrics;
pub use settings::{
    OutgoingSettings, ProxySettings, RemoteSettings, SecretKey, SecretSettings, SourceSettings,
    UnknownKidSettings,
};
pub use snapshot::KeySnapshot;
pub use ssrf::{UrlError, is_fetchable};
