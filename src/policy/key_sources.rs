//! The key sources in use: a policy that is loaded again keeps those whose settings did not change.

use std::{collections::HashMap, sync::Arc};

use actix::ArbiterHandle;

use super::SourceRules;
use crate::{
    clock::SharedClock,
    domain::ResourceId,
    keys::{self, KeysHandle, KeysMetrics, Outgoing, SourceSettings},
};

/// What every key source is started with.
#[derive(Clone, Debug)]
pub struct KeyStarter {
    /// How outgoing requests are made.
    pub outgoing: Arc<Outgoing>,
    /// Time.
    pub clock: SharedClock,
    /// Where fetches are counted.
    pub metrics: KeysMetrics,
    /// The thread that the actors live on; no request is served there.
    pub arbiter: ArbiterHandle,
}

/// The key sources of one policy, by resource and name.
#[derive(Clone, Debug, Default)]
pub struct KeySources(HashMap<(ResourceId, String), (SourceSettings, KeysHandle)>);

impl KeySources {
    /// The handle of a source: the one that `self` has, if its settings are the same, or a new one. It is
    /// noted in `next`.
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

    /// Waits until each source has had its first answer, or failed to get one.
    pub async fn first_answers(&self) {
        futures_util::future::join_all(self.0.values().map(|(_, handle)| handle.first_answer())).await;
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
