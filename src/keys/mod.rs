//! Public keys: where they come from, how they stay fresh, and the snapshot that verification reads.

mod address;
mod algorithm;
mod error;
mod jwk;
mod set;
mod settings;

pub use address::{UrlError, is_fetchable};
pub use algorithm::{Algorithm, AlgorithmSet};
pub use error::{FetchError, KeysError};
pub use jwk::{KeyRules, SkipCause, SkippedKey, VerifyingKey};
pub use set::{KeySet, MAX_CANDIDATES};
pub use settings::{
    OutgoingSettings, ProxySettings, RemoteSettings, SecretKey, SecretSettings, SourceSettings,
    UnknownKidSettings,
};
