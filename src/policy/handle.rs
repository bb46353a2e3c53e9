//! The handle of the PolicyActor: the snapshot that requests read, and the way to request a reload.

use std::sync::Arc;

use actix::{Actor, Addr, Context};
use arc_swap::Guard;

use super::{
    PolicySnapshot,
    actor::{LastLoad, PolicyActor, Published, Reload, ReloadError},
};

/// Reads the policy in force. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PolicyHandle {
    published: Arc<Published>,
    actor: Addr<PolicyActor>,
}

impl PolicyHandle {
    /// Starts the actor on `arbiter`. Its first policy is already in force.
    #[must_use]
    pub fn start(actor: PolicyActor, arbiter: &actix::ArbiterHandle) -> Self {
        let published = actor.published();
        let actor = PolicyActor::start_in_arbiter(arbiter, |_: &mut Context<PolicyActor>| actor);
        Self { published, actor }
    }

    /// The policy in force. Keep it for one request, not longer.
    #[must_use]
    pub fn snapshot(&self) -> Guard<Arc<PolicySnapshot>> {
        self.published.snapshot.load()
    }

    /// Time of the last load of the configuration, and its mistakes if it failed.
    #[must_use]
    pub fn last_load(&self) -> LastLoad {
        self.published.last_load.load().as_ref().clone()
    }

    /// Reads the configuration and puts it in force.
    ///
    /// # Errors
    /// If the configuration has mistakes or the actor has stopped; the previous policy stays in force.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        self.actor
            .send(Reload)
            .await
            .map_err(|_| ReloadError::NotRunning)?
    }

    /// Waits until the first fetch of each key source has succeeded or failed.
    pub async fn first_answers(&self) {
        let snapshot = self.published.snapshot.load_full();
        let policies = snapshot
            .resources()
            .iter()
            .filter_map(|resource| resource.policy());
        let sources = policies.flat_map(|policy| policy.tokens().sources());
        futures_util::future::join_all(sources.map(|source| source.keys.first_answer())).await;
    }

    /// Whether the actor is running.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.actor.connected()
    }
}
