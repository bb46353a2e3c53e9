//! The PolicyActor, the only writer of the policy. It builds the next snapshot in full, checks it, and publishes
//! it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use actix::{
    Actor, AsyncContext, AtomicResponse, Context, Handler, Message, WrapFuture, fut::ActorFutureExt,
};
use arc_swap::ArcSwap;

use super::{
    Enforcement, PolicyMetrics, PolicySnapshot, ResourceSettings,
    key_sources::{KeySources, KeyStarter},
    resource::ProtectedResource,
    self_check,
};
use crate::{clock::UnixSeconds, domain::ResourceId, token::TokenRules};

/// Reads the configuration; an error is one text with all mistakes.
pub type Load = Box<dyn FnMut() -> Result<PolicyDocument, String> + Send>;

/// The source of a compiled policy.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    /// The version of the configuration, derived from its content.
    pub version: String,
    /// The enabled resources.
    pub resources: Vec<ResourceSettings>,
    /// Warnings for the operator.
    pub warnings: Vec<String>,
}

/// Owns the policy. Requests read the snapshot that it published last.
pub struct PolicyActor {
    load: Load,
    starter: KeyStarter,
    metrics: PolicyMetrics,
    sources: KeySources,
    published: Arc<Published>,
}

/// What the actor publishes to other threads.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) snapshot: ArcSwap<PolicySnapshot>,
    pub(super) last_load: ArcSwap<LastLoad>,
}

/// The last load of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastLoad {
    /// Time of the load.
    pub at: UnixSeconds,
    /// All mistakes, in one text; `None` if the loaded policy is in force.
    pub failure: Option<String>,
}

/// Reads the configuration and puts it in force, all or nothing.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), ReloadError>")]
pub struct Reload;

/// Why a policy did not come into force. The previous policy stays in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// The configuration has mistakes.
    #[error("{0}")]
    Configuration(String),
    /// The compiled policy permits what it must deny.
    #[error("the compiled policy failed its self-check: {0}")]
    SelfCheck(String),
    /// The actor has stopped.
    #[error("the policy actor is not running")]
    NotRunning,
}

impl PolicyActor {
    /// Loads the first policy and puts it in force without waiting for keys.
    ///
    /// # Errors
    /// If the configuration has mistakes, or the policy fails its self-check.
    pub fn first(
        load: Load,
        starter: KeyStarter,
        metrics: PolicyMetrics,
    ) -> Result<Self, ReloadError> {
        let empty = PolicySnapshot::new(String::new(), Vec::new(), Vec::new());
        let last_load = LastLoad {
            at: starter.clock.unix_seconds(),
            failure: None,
        };
        let published = Published {
            snapshot: ArcSwap::from_pointee(empty),
            last_load: ArcSwap::from_pointee(last_load),
        };
        let sources = KeySources::default();
        let mut actor = Self {
            load,
            starter,
            metrics,
            sources,
            published: Arc::new(published),
        };
        let next = actor.build()?;
        drop(actor.publish(next));
        Ok(actor)
    }

    pub(super) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published)
    }

    /// Builds the next policy; the current one stays in force.
    fn build(&mut self) -> Result<Next, ReloadError> {
        let document = (self.load)().map_err(ReloadError::Configuration)?;
        let mut sources = KeySources::default();
        let in_force = self.published.snapshot.load_full();
        let known = in_force
            .resources()
            .iter()
            .map(|resource| (resource.id(), resource))
            .collect();
        let compile = |settings| self.compile(settings, &known, &mut sources);
        let resources: Vec<_> = document.resources.into_iter().map(compile).collect();
        self_check::run(&resources).map_err(ReloadError::SelfCheck)?;
        Ok(Next {
            snapshot: PolicySnapshot::new(document.version, resources, document.warnings),
            sources,
        })
    }

    /// Compiles one resource. If its settings did not change, it reuses the resource in force, with its warm cache.
    fn compile(
        &self,
        settings: ResourceSettings,
        in_force: &HashMap<&ResourceId, &Arc<ProtectedResource>>,
        next: &mut KeySources,
    ) -> Arc<ProtectedResource> {
        let sources = match &settings.enforcement {
            Enforcement::Off => None,
            Enforcement::On(oauth) => {
                // Runs even if nothing changed: only the sources that are recorded in `next` stay alive.
                let sources = oauth.sources.iter().map(|rules| {
                    (
                        rules,
                        self.sources
                            .reuse_or_start(&settings.id, rules, &self.starter, next),
                    )
                });
                Some((oauth, sources.collect::<Vec<_>>()))
            }
        };
        if let Some(known) = in_force
            .get(&settings.id)
            .filter(|known| *known.settings() == settings)
        {
            return Arc::clone(known);
        }
        let tokens = sources.map(|(oauth, sources)| {
            let sources = sources
                .into_iter()
                .map(|(rules, keys)| rules.for_tokens(keys))
                .collect();
            TokenRules::new(settings.id.clone(), sources, oauth.scope_claims.clone())
        });
        let counters = self.metrics.counters_of(&settings.id);
        Arc::new(ProtectedResource::compile(settings, tokens, counters))
    }

    /// Puts a policy in force, and returns the previous one.
    #[must_use]
    fn publish(&mut self, next: Next) -> Arc<PolicySnapshot> {
        self.metrics.loaded(next.snapshot.version());
        tracing::info!(
            version = next.snapshot.version(),
            resources = next.snapshot.resources().len(),
            "the policy is in force"
        );
        self.sources = next.sources;
        let former = self.published.snapshot.swap(Arc::new(next.snapshot));
        self.note_load(None);
        former
    }

    fn note_failure(&self, error: &ReloadError) {
        self.metrics.load_failed();
        // The text format, too, writes one line for each event.
        let mistakes = error.to_string().replace('\n', "; ");
        tracing::error!(
            error = mistakes,
            "the new policy was not loaded; the previous policy stays in force"
        );
        self.note_load(Some(error.to_string()));
    }

    fn note_load(&self, failure: Option<String>) {
        let at = self.starter.clock.unix_seconds();
        self.published
            .last_load
            .store(Arc::new(LastLoad { at, failure }));
    }
}

/// A complete policy that is not in force yet.
struct Next {
    snapshot: PolicySnapshot,
    sources: KeySources,
}

impl Actor for PolicyActor {
    type Context = Context<Self>;
}

impl Handler<Reload> for PolicyActor {
    type Result = AtomicResponse<Self, Result<(), ReloadError>>;

    fn handle(&mut self, _: Reload, _: &mut Context<Self>) -> Self::Result {
        let next = self.build();
        if let Err(error) = &next {
            self.note_failure(error);
        }
        let ready = async move {
            let next = next?;
            // Requests must not meet a source that has not tried to fetch its keys yet.
            next.sources.first_answers().await;
            Ok(next)
        };
        let publish = |next: Result<Next, _>, actor: &mut Self, context: &mut Context<Self>| {
            let former = actor.publish(next?);
            // The last owner of a large policy frees it. That must be this thread, not one that decides.
            context.run_later(LONGER_THAN_REQUESTS, move |_, _| drop(former));
            Ok(())
        };
        AtomicResponse::new(Box::pin(ready.into_actor(self).map(publish)))
    }
}

const LONGER_THAN_REQUESTS: Duration = Duration::from_secs(2);
