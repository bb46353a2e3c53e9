//! A provider that rotates its keys.

use std::sync::{Arc, RwLock};

use support::{KeyEndpoint, ProviderKey};

/// Publishes the key that signs and the one before it.
pub(crate) struct Keys {
    /// The newest first.
    published: RwLock<Vec<Arc<ProviderKey>>>,
    endpoint: KeyEndpoint,
}

impl Keys {
    /// Makes the first key, and publishes it.
    pub(crate) fn start() -> Self {
        let first = key(0);
        let endpoint = KeyEndpoint::start(&[&first]);
        Self {
            published: RwLock::new(vec![Arc::new(first)]),
            endpoint,
        }
    }

    /// The address of the key set.
    pub(crate) fn url(&self) -> String {
        self.endpoint.url.clone()
    }

    /// The key that signs now.
    pub(crate) fn signer(&self) -> Arc<ProviderKey> {
        Arc::clone(&self.published.read().unwrap()[0])
    }

    /// Publishes a new key, which signs from now on.
    pub(crate) fn rotate(&self, number: usize) {
        let mut published = self.published.write().unwrap();
        published.insert(0, Arc::new(key(number)));
        published.truncate(2);
        self.endpoint
            .publish(&published.iter().map(|key| &**key).collect::<Vec<_>>());
    }
}

fn key(number: usize) -> ProviderKey {
    ProviderKey::generate(&format!("k{number}"), "EdDSA")
}
