//! The key sources in use. A reload of the policy keeps each source whose settings did not change.

use std::{collections::HashMap, sync::Arc};

use actix::ArbiterHandle;

use super::SourceRules;
use crate::{
    clock::SharedClock,
    domain::ResourceId,
    keys::{self, KeysHandle, KeysMetrics, Outgoing, SourceSettings},
};

/// What it takes to start a key source.
#[derive(Clone, Debug)]
pub struct KeyStarter {
    /// The HTTP client for fetches.
    pub outgoing: Arc<Outgoing>,
    /// The clock.
    pub clock: SharedClock,
    /// The counters of fetches.
    pub metrics: KeysMetrics,
    /// The thread of the actors; it serves no requests.
    pub arbiter: ArbiterHandle,
}

/// The key sources of one policy, by resource and name.
#[derive(Clone, Debug, Default)]
pub struct KeySources(HashMap<(ResourceId, String), (SourceSettings, KeysHandle)>);

impl KeySources {
    /// Returns the handle of a source and records it in `next`. It reuses the handle in `self` if the settings are
    /// the same; otherwise it starts a new source.
    pub fn reuse_or_start(
        &self,
        resource: &ResourceId,
        rules: &SourceRules,
        starter: &KeyStarter,
        next: &mut Self,
    ) -> KeysHandle {
        let name = (resource.clone(), rules.name.clone());
        let handle = match self.0.get(&name) {
            Some((settings, handle)) if *settings == rules.keys => handle.clone(),
            Some(_) | None => starter.start(resource, rules),
        };
        next.0.insert(name, (rules.keys.clone(), handle.clone()));
        handle
    }

    /// Waits until the first fetch of each source has succeeded or failed.
    pub async fn first_answers(&self) {
        futures_util::future::join_all(self.0.values().map(|(_, handle)| handle.first_answer()))
            .await;
    }
}

impl KeyStarter {
    fn start(&self, resource: &ResourceId, rules: &SourceRules) -> KeysHandle {
        match &rules.keys {
            SourceSettings::Secret(secret) => KeysHandle::of_secret(secret),
            SourceSettings::Remote(remote) => keys::start(
                resource,
                &rules.name,
                remote.clone(),
                Arc::clone(&self.outgoing),
                Arc::clone(&self.clock),
                &self.metrics,
                &self.arbiter,
            ),
        }
    }
}
