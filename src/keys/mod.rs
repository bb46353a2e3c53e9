//! Public keys: where they come from, how they stay fresh, and the snapshot that verification reads.

mod algorithm;
mod settings;

pub use algorithm::{Algorithm, AlgorithmSet};
pub use settings::{
    OutgoingSettings, ProxySettings, RemoteSettings, SecretKey, SecretSettings, SourceSettings,
    UnknownKidSettings,
};
