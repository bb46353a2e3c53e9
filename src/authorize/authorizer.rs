//! The steps of a decision, in order. The first step that fails decides.
//!
//! 1. [`find_resource`]: the resource that the request is for; else 404.
//! 2. [`is_public`]: the resource's own metadata and CORS preflights need no token. [`check_origin`]: requests from
//!    browser pages of other origins are refused.
//! 3. [`Bearer::read`]: the token in the `Authorization` header; else 401.
//! 4. to 6. [`VerifyToken::verify`]: key, signature, claims and scopes of the token; else 401, or 503 without keys.
//! 7. [`mcp::read`]: the operation of the request; else 400 or 413.
//! 8. to 10. [`decide`]: whether the token has the scopes of the operation; else 403.

use std::sync::Arc;

use super::{
    Checked, Note, Trace,
    decision_observer::{Observer, ObserverSettings},
};
use crate::{
    audit::AuditHandle,
    domain::{CheckRequest, Dialect, Field, Operation, Reason, Refusal},
    mcp,
    policy::{
        Decision, DecisionRecord, Denial, Policy, PolicyHandle, PolicySnapshot, ProtectedResource,
        decide, permit_public, permit_unenforced,
    },
    token::{Bearer, CachedVerifier, Identity, Verifier, VerifyToken},
};

/// Decides about requests. All workers share one value; it holds no lock.
#[derive(Debug)]
pub struct Authorizer<V = CachedVerifier> {
    policy: PolicyHandle,
    verifier: V,
    observer: ObserverSettings,
    audit: Option<AuditHandle>,
}

impl Authorizer {
    /// An authorizer that reads the policy in force.
    #[must_use]
    pub fn new(policy: PolicyHandle, verifier: CachedVerifier, observer: ObserverSettings) -> Self {
        Self {
            policy,
            verifier,
            observer,
            audit: None,
        }
    }

    /// Sets the audit log. It records selected decisions before the answer is sent.
    #[must_use]
    pub fn with_audit(self, audit: Option<AuditHandle>) -> Self {
        Self { audit, ..self }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &PolicyHandle {
        &self.policy
    }

    /// Whether any decision can have a span.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.observer.tracer().is_on()
    }

    /// Decides about one request. The decision is counted and logged, even if the caller closes the connection
    /// meanwhile.
    pub async fn check<'a, T: Trace>(
        &self,
        request: &CheckRequest<'a>,
        trace: &mut T,
    ) -> Checked<'a> {
        // One snapshot for the whole request, so that a reload cannot change the policy halfway.
        let snapshot = self.policy.snapshot();
        let record = DecisionRecord::of_request(request, snapshot.version());
        let mut observer = Observer::start(&self.observer, record);
        self.decide(&snapshot, request, observer.record(), trace)
            .await;
        self.audit(&mut observer);
        trace.note(|| Note::Decision(&observer.record().decision));
        observer.finish()
    }

    /// Decides as [`check`](Self::check) does, but without effects: the decision is not counted, timed, logged or
    /// audited, and no cache changes. Every step runs, even for a token in the cache.
    pub async fn explain<'a, T: Trace>(
        &self,
        request: &CheckRequest<'a>,
        trace: &mut T,
    ) -> Checked<'a> {
        let snapshot = self.policy.snapshot();
        let mut record = DecisionRecord::of_request(request, snapshot.version());
        self.uncached()
            .decide(&snapshot, request, &mut record, trace)
            .await;
        trace.note(|| Note::Decision(&record.decision));
        Checked::of(&mut record)
    }

    /// The same steps with a verifier that has no token cache.
    fn uncached(&self) -> Authorizer<Verifier> {
        let (policy, observer) = (self.policy.clone(), self.observer.clone());
        Authorizer {
            policy,
            verifier: self.verifier.uncached().clone(),
            observer,
            audit: None,
        }
    }

    /// Denies a request that did not conform to its dialect, or was not admitted. The denial is counted and logged.
    pub fn refuse(&self, dialect: Dialect, refusal: Refusal) -> Checked<'static> {
        let snapshot = self.policy.snapshot();
        let record = DecisionRecord::of_unread(dialect, refusal.into(), snapshot.version());
        let mut observer = Observer::start(&self.observer, record);
        self.audit(&mut observer);
        observer.finish()
    }

    /// Records the decision in the audit log, if there is one; without one this costs a branch. If the record
    /// cannot be written, a permit becomes a denial, provided that the operator configured this.
    fn audit(&self, observer: &mut Observer<'_, '_>) {
        if let Some(audit) = &self.audit {
            observer.note_duration();
            audit.record(observer.record());
        }
    }
}

impl<V: VerifyToken> Authorizer<V> {
    async fn decide<'s, 'a, T: Trace>(
        &self,
        snapshot: &'s PolicySnapshot,
        request: &CheckRequest<'a>,
        record: &mut DecisionRecord<'s, 'a>,
        trace: &mut T,
    ) {
        record.resource = find_resource(snapshot, request);
        note_resource(record.resource, request, trace);
        record.decision = match record.resource {
            None => Decision::Deny(Denial::of(Reason::ResourceUnknown)),
            Some(resource) => self.check_resource(resource, request, record, trace).await,
        };
    }

    async fn check_resource<'a, T: Trace>(
        &self,
        resource: &ProtectedResource,
        request: &CheckRequest<'a>,
        record: &mut DecisionRecord<'_, 'a>,
        trace: &mut T,
    ) -> Decision {
        if is_public(resource, request) {
            return permit_public(resource);
        }
        if !resource.has_endpoint(request.path()) {
            return Decision::Deny(Denial::of(Reason::ResourceUnknown));
        }
        match resource.policy() {
            Some(policy) => self.check_policy(policy, request, record, trace).await,
            None => permit_unenforced(resource),
        }
    }

    async fn check_policy<'a, T: Trace>(
        &self,
        policy: &Policy,
        request: &CheckRequest<'a>,
        record: &mut DecisionRecord<'_, 'a>,
        trace: &mut T,
    ) -> Decision {
        if let Err(refusal) = check_origin(policy, request) {
            trace.note(|| Note::OriginRefused(refusal));
            return Decision::Deny(refusal.into());
        }
        let identity = match self.identify(policy, request, trace).await {
            Ok(identity) => identity,
            Err(refusal) => return Decision::Deny(policy.challenge().deny_token(refusal)),
        };
        match read_operation(policy, request, trace) {
            Ok(operation) => decide(policy, identity, record.operation.insert(operation)),
            Err(refusal) => {
                trace.note(|| Note::OperationRefused(refusal));
                Decision::Deny(Denial::from(refusal).with_identity(identity))
            }
        }
    }

    /// A credential that is not a bearer token costs its client as much as a rejected token. A request without a token
    /// does not: that is how a client learns where to get one.
    async fn refuse_unread(&self, refusal: Refusal) -> Refusal {
        if refusal.reason == Reason::TokenMissing {
            return refusal;
        }
        self.verifier.refuse(refusal).await
    }

    /// Steps 3 to 6: the token.
    async fn identify<T: Trace>(
        &self,
        policy: &Policy,
        request: &CheckRequest<'_>,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Refusal> {
        let bearer = match Bearer::read(request.authorization) {
            Ok(bearer) => bearer,
            Err(refusal) => {
                trace.note(|| Note::BearerRefused(refusal));
                return Err(self.refuse_unread(refusal).await);
            }
        };
        self.verifier.verify(policy.tokens(), bearer, trace).await
    }
}

fn find_resource<'s>(
    snapshot: &'s PolicySnapshot,
    request: &CheckRequest<'_>,
) -> Option<&'s ProtectedResource> {
    let path = request.path();
    let found = snapshot.find(request.selector, path).or_else(|| {
        snapshot
            .find_metadata(request.selector, path)
            .map(|(resource, _)| resource)
    });
    found.map(|resource| &**resource)
}

fn note_resource<T: Trace>(
    resource: Option<&ProtectedResource>,
    request: &CheckRequest<'_>,
    trace: &mut T,
) {
    trace.note(|| match resource {
        Some(resource) => Note::ResourceFound {
            id: resource.id(),
            path: request.path(),
        },
        None => Note::ResourceNotFound {
            selector: request.selector,
            path: request.path(),
        },
    });
}

/// Step 2: the resource's own metadata, and CORS preflights, which browsers send without a token.
fn is_public(resource: &ProtectedResource, request: &CheckRequest<'_>) -> bool {
    let is_endpoint = resource.has_endpoint(request.path());
    match request.http_method {
        "OPTIONS" => !is_endpoint || request.is_preflight(),
        "GET" | "HEAD" => !is_endpoint,
        _ => false,
    }
}

/// Step 2: refuses browser pages of origins that are not allowed. A token would not change that.
fn check_origin(policy: &Policy, request: &CheckRequest<'_>) -> Result<(), Refusal> {
    match request.origin {
        Field::Absent => Ok(()),
        Field::One(origin) if policy.allows_origin(origin) => Ok(()),
        Field::One(_) => Err(Refusal::of(Reason::OriginRefused)),
        Field::Repeated => Err(Refusal::new(
            Reason::RequestMalformed,
            "more than one Origin",
        )),
    }
}

/// Step 7.
fn read_operation<'a, T: Trace>(
    policy: &Policy,
    request: &CheckRequest<'a>,
    trace: &mut T,
) -> Result<Operation<'a>, Refusal> {
    let operation = mcp::read(request, policy.trust())?;
    trace.note(|| Note::Operation(&operation));
    trace.note(|| Note::Levels(policy.table().levels((&operation).into())));
    Ok(operation)
}
