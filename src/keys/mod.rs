//! Public keys: fetches them, keeps them fresh, and publishes the snapshot that verification reads.

mod actor;
mod address;
mod algorithm;
mod discovery;
mod error;
mod fetch;
mod handle;
mod jwk;
mod metrics;
mod report;
mod schedule;
mod set;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;

pub use actor::start;
pub use address::{UrlError, is_fetchable};
pub use algorithm::{Algorithm, AlgorithmSet};
pub use error::{FetchError, KeysError};
pub use fetch::{Outgoing, check_roots, client_tls};
pub use handle::{KeysHandle, MAX_WAITING, Missing};
pub use jwk::{KeyRules, SkipCause, SkippedKey, VerifyingKey};
pub use metrics::KeysMetrics;
pub use set::{KeySet, MAX_CANDIDATES};
pub use settings::{
    OutgoingSettings, ProxySettings, RemoteSettings, SecretKey, SecretSettings, SourceSettings,
    UnknownKidSettings,
};
pub use snapshot::KeySnapshot;
