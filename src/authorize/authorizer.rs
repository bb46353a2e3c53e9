//! The steps of a decision, in order. The first that fails decides.
//!
//! 1. [`find_resource`]: the resource that the request is for; else 404.
//! 2. [`is_public`]: the resource's own metadata and CORS preflights need no token. [`check_origin`]: browsers of other
//!    origins are refused.
//! 3. [`Bearer::read`]: the token in the `Authorization` header; else 401.
//! 4. to 6. [`Verifier::verify`]: key, signature, claims and scopes of the token; else 401, or 503 without keys.
//! 7. [`mcp::read`]: the operation that the request asks for; else 400 or 413.
//! 8. to 10. [`decide`]: whether the token's scopes suffice for it; else 403.

use std::sync::Arc;

use super::{
    Checked,
    observer::{Observer, ObserverSettings},
};
use crate::{
    audit::AuditHandle,
    domain::{CheckRequest, Dialect, Field, Operation, Reason, Refusal, Selector, Step, Trace},
    mcp,
    policy::{
        Decision, DecisionRecord, Denial, Policy, PolicyHandle, PolicySnapshot, ProtectedResource, decide,
        permit_public, permit_unenforced,
    },
    telemetry::redact,
    token::{Bearer, Identity, Verifier},
};

/// Decides about requests. One value for each worker is not needed: it is shared and holds no lock.
#[derive(Debug)]
pub struct Authorizer {
    policy: PolicyHandle,
    verifier: Verifier,
    observer: ObserverSettings,
    audit: Option<AuditHandle>,
}

impl Authorizer {
    /// An authorizer that reads the policy in force.
    #[must_use]
    pub fn new(policy: PolicyHandle, verifier: Verifier, observer: ObserverSettings) -> Self {
        Self { policy, verifier, observer, audit: None }
    }

    /// The same, writing chosen decisions to the audit log before they go out.
    #[must_use]
    pub fn with_audit(self, audit: Option<AuditHandle>) -> Self {
        Self { audit, ..self }
    }

    /// The policy that it reads.
    #[must_use]
    pub fn policy(&self) -> &PolicyHandle {
        &self.policy
    }

    /// Whether spans are kept of any decision.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.observer.tracer().is_on()
    }

    /// Decides about one request. The decision is counted and logged, also where the caller goes away meanwhile.
    pub async fn check<'a, T: Trace>(&self, request: &CheckRequest<'a>, trace: &mut T) -> Checked<'a> {
        // One snapshot for the whole request: no request is decided by half of a policy.
        let snapshot = self.policy.snapshot();
        let record = DecisionRecord::of_request(request, snapshot.version());
        let mut observer = Observer::start(&self.observer, record);
        self.decide(&snapshot, request, observer.record(), trace).await;
        self.write_down(&mut observer);
        trace.note(Step::Decision, || describe_decision(&observer.record().decision));
        observer.finish()
    }

    /// Decides as [`check`](Self::check) does, for a person who asks why: no counter, clock, log or audit log learns of it.
    pub async fn explain<'a, T: Trace>(&self, request: &CheckRequest<'a>, trace: &mut T) -> Checked<'a> {
        let snapshot = self.policy.snapshot();
        let mut record = DecisionRecord::of_request(request, snapshot.version());
        self.decide(&snapshot, request, &mut record, trace).await;
        trace.note(Step::Decision, || describe_decision(&record.decision));
        Checked::of(&mut record)
    }

    /// Denies a request that was not as its dialect demands, or was not admitted. The denial is counted and logged.
    pub fn refuse(&self, dialect: Dialect, refusal: Refusal) -> Checked<'static> {
        let snapshot = self.policy.snapshot();
        let record = DecisionRecord::of_unread(dialect, refusal.into(), snapshot.version());
        let mut observer = Observer::start(&self.observer, record);
        self.write_down(&mut observer);
        observer.finish()
    }

    /// Writes the decision to the audit log, where there is one; without one this costs a branch. A permit that cannot be
    /// written becomes a denial where the operator wants that.
    fn write_down(&self, observer: &mut Observer<'_, '_>) {
        if let Some(audit) = &self.audit {
            observer.note_duration();
            audit.record(observer.record());
        }
    }

    async fn decide<'s, 'a, T: Trace>(
        &self,
        snapshot: &'s PolicySnapshot,
        request: &CheckRequest<'a>,
        record: &mut DecisionRecord<'s, 'a>,
        trace: &mut T,
    ) {
        record.resource = find_resource(snapshot, request);
        trace.note(Step::Resource, || describe_resource(record.resource, request));
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
            trace.note(Step::Resource, || refusal.to_string());
            return Decision::Deny(refusal.into());
        }
        let identity = match self.identify(policy, request, trace).await {
            Ok(identity) => identity,
            Err(refusal) => return Decision::Deny(policy.challenge().deny_token(refusal)),
        };
        match read_operation(policy, request, trace) {
            Ok(operation) => decide(policy, identity, record.operation.insert(operation)),
            Err(refusal) => {
                trace.note(Step::Operation, || refusal.to_string());
                Decision::Deny(Denial::from(refusal).with_identity(identity))
            }
        }
    }

    /// Invented tokens keep the pace of refused ones; a client without a token is on its way to one.
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
                trace.note(Step::Bearer, || refusal.to_string());
                // What nobody else shall learn of does not slow anybody down either.
                let is_apart = trace.is_thorough();
                return Err(if is_apart { refusal } else { self.refuse_unread(refusal).await });
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
    let found = snapshot
        .find(request.selector, path)
        .or_else(|| snapshot.find_metadata(request.selector, path).map(|(resource, _)| resource));
    found.map(|resource| &**resource)
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

/// A page of an origin that was not allowed may not ask at all; no token would mend that.
fn check_origin(policy: &Policy, request: &CheckRequest<'_>) -> Result<(), Refusal> {
    match request.origin {
        Field::Absent => Ok(()),
        Field::One(origin) if policy.allows_origin(origin) => Ok(()),
        Field::One(_) => Err(Refusal::of(Reason::OriginRefused)),
        Field::Repeated => Err(Refusal::new(Reason::RequestMalformed, "more than one Origin")),
    }
}

/// Step 7.
fn read_operation<'a, T: Trace>(
    policy: &Policy,
    request: &CheckRequest<'a>,
    trace: &mut T,
) -> Result<Operation<'a>, Refusal> {
    let operation = mcp::read(request, policy.trust())?;
    trace.note(Step::Operation, || describe_operation(&operation));
    trace.note(Step::Requirement, || match policy.table().levels((&operation).into()) {
        Ok(levels) => levels
            .iter()
            .map(|level| match level.name {
                "" => format!("{}: {}", level.kind.name(), level.requirement),
                field => format!("field {field}: {}", level.requirement),
            })
            .collect::<Vec<_>>()
            .join("; "),
        Err(Refusal { reason, detail: "", .. }) => format!("no scope opens it ({})", reason.code()),
        Err(Refusal { reason, detail, .. }) => format!("no scope opens it ({}: {detail})", reason.code()),
    });
    Ok(operation)
}

fn describe_resource(resource: Option<&ProtectedResource>, request: &CheckRequest<'_>) -> String {
    match resource {
        Some(resource) => format!("`{}` by path `{}`", resource.id(), request.path()),
        None => match request.selector {
            Selector::Id(id) => format!("none is found by id `{id}` and path `{}`", request.path()),
            Selector::Host(host) => format!("none is found by host `{host}` and path `{}`", request.path()),
            Selector::Sole => format!("none is found by path `{}` alone", request.path()),
        },
    }
}

fn describe_operation(operation: &Operation<'_>) -> String {
    let (method, name) = redact::operation(operation);
    let batch = if let Operation::Batch(messages) = operation { messages.len() } else { 1 };
    match name {
        Some(name) => format!("{method} `{name}`"),
        None if batch > 1 => format!("{method} of {batch} messages"),
        None => method,
    }
}

fn describe_decision(decision: &Decision) -> String {
    match decision {
        Decision::Permit(permit) => format!("permit ({:?})", permit.grounds()),
        Decision::Deny(denial) => format!("deny {} {}", denial.reason().status(), denial.refusal()),
    }
}
