//! The PolicyActor: the one writer of the policy. It builds the next snapshot whole, tries it, and publishes it.

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

/// Reads the configuration anew; an error is one text with all mistakes.
pub type Load = Box<dyn FnMut() -> Result<PolicyDocument, String> + Send>;

/// What the policy is compiled from.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    /// Names the configuration, by its content.
    pub version: String,
    /// The resources that are enabled.
    pub resources: Vec<ResourceSettings>,
    /// What an operator should look at.
    pub warnings: Vec<String>,
}

/// Owns the policy. Readers hold the snapshot that it published last.
pub struct PolicyActor {
    load: Load,
    starter: KeyStarter,
    metrics: PolicyMetrics,
    sources: KeySources,
    published: Arc<Published>,
}

/// What the actor shows to everybody else.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) snapshot: ArcSwap<PolicySnapshot>,
    pub(super) last_load: ArcSwap<LastLoad>,
}

/// How the configuration was read last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastLoad {
    /// When.
    pub at: UnixSeconds,
    /// All mistakes, in one text; `None` if what was read is in force.
    pub failure: Option<String>,
}

/// Reads the configuration and puts it in force, all or nothing.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), ReloadError>")]
pub struct Reload;

/// Why a policy was not put in force. The one before it still is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// The configuration has mistakes.
    #[error("{0}")]
    Configuration(String),
    /// The compiled policy does not decide as it must.
    #[error("the compiled policy failed its trial: {0}")]
    Trial(String),
    /// The actor is gone.
    #[error("the policy actor is not running")]
    Closed,
}

impl PolicyActor {
    /// Loads for the first time and puts the policy in force without waiting for keys.
    ///
    /// # Errors
    /// When the configuration has mistakes.
    pub fn first(load: Load, starter: KeyStarter, metrics: PolicyMetrics) -> Result<Self, ReloadError> {
        let empty = PolicySnapshot::new(String::new(), Vec::new(), Vec::new());
        let last_load = LastLoad { at: starter.clock.unix_seconds(), failure: None };
        let published =
            Published { snapshot: ArcSwap::from_pointee(empty), last_load: ArcSwap::from_pointee(last_load) };
        let sources = KeySources::default();
        let mut actor = Self { load, starter, metrics, sources, published: Arc::new(published) };
        let next = actor.build()?;
        drop(actor.publish(next));
        Ok(actor)
    }

    pub(super) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published)
    }

    /// Builds the next policy beside the one in force.
    fn build(&mut self) -> Result<Next, ReloadError> {
        let document = (self.load)().map_err(ReloadError::Configuration)?;
        let mut sources = KeySources::default();
        let in_force = self.published.snapshot.load_full();
        let known = in_force.resources().iter().map(|resource| (resource.id(), resource)).collect();
        let compile = |settings| self.compile(settings, &known, &mut sources);
        let resources: Vec<_> = document.resources.into_iter().map(compile).collect();
        self_check::run(&resources).map_err(ReloadError::Trial)?;
        Ok(Next { snapshot: PolicySnapshot::new(document.version, resources, document.warnings), sources })
    }

    /// One resource; where nothing about it changed, the one in force, with its warm cache.
    fn compile(
        &self,
        settings: ResourceSettings,
        in_force: &HashMap<&ResourceId, &Arc<ProtectedResource>>,
        next: &mut KeySources,
    ) -> Arc<ProtectedResource> {
        let sources = match &settings.enforcement {
            Enforcement::Off => None,
            Enforcement::On(oauth) => {
                // Also where nothing changed: `next` keeps alive what is asked for here.
                let sources = oauth.sources.iter().map(|rules| {
                    (rules, self.sources.reuse_or_start(&settings.id, rules, &self.starter, next))
                });
                Some((oauth, sources.collect::<Vec<_>>()))
            }
        };
        if let Some(known) = in_force.get(&settings.id).filter(|known| *known.settings() == settings) {
            return Arc::clone(known);
        }
        let tokens = sources.map(|(oauth, sources)| {
            let sources = sources.into_iter().map(|(rules, keys)| rules.for_tokens(keys)).collect();
            TokenRules::new(settings.id.clone(), sources, oauth.scope_claims.clone())
        });
        let counters = self.metrics.counters_of(&settings.id);
        Arc::new(ProtectedResource::compile(settings, tokens, counters))
    }

    /// Puts a policy in force, and gives back the one before it.
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
        // One line an event, in the text format too.
        let mistakes = error.to_string().replace('\n', "; ");
        tracing::error!(error = mistakes, "the policy was not loaded: the one before it stays in force");
        self.note_load(Some(error.to_string()));
    }

    fn note_load(&self, failure: Option<String>) {
        let at = self.starter.clock.unix_seconds();
        self.published.last_load.store(Arc::new(LastLoad { at, failure }));
    }
}

/// A policy that is complete but not in force.
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
            // Requests must not meet a source that has not even tried to get its keys.
            next.sources.first_answers().await;
            Ok(next)
        };
        let publish = |next: Result<Next, _>, actor: &mut Self, context: &mut Context<Self>| {
            let former = actor.publish(next?);
            // Whoever lets go of a large policy last frees it. That shall be this thread and none that decides.
            context.run_later(LONGER_THAN_REQUESTS, move |_, _| drop(former));
            Ok(())
        };
        AtomicResponse::new(Box::pin(ready.into_actor(self).map(publish)))
    }
}

const LONGER_THAN_REQUESTS: Duration = Duration::from_secs(2);
