//! The steps of a decision, in order. The first step that fails decides.
//!
//! 1. [`find_resource`]: the resource that the request is for; else 404.
//! 2. [`is_public`]: the resource's own metadata and CORS preflights need no token. [`check_origin`]: requests from
//! browser pages of other origins are refused.
//! 3. [`Bearer::read`]: the token in the `Authorization` header; else 401.
//! 4. to 6. [`Verifier::verify`]: key, signature, claims and scopes of the token; else 401, or 503 without keys.
//! 7. [`mcp::read`]: the operation of the request; else 400 or 413.
//! 8. to 10. [`decide`]: whether the token has the scopes of the operation; else 403.

use std::{borrow::Cow, sync::Arc};

use super::observer::{Observer, ObserverSettings};
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

/// Decides about requests. All workers share one value; it holds no lock.
#[derive(Debug)]
pub struct Authorizer {
    policy: PolicyHandle,
    verifier: Verifier,
    observer: ObserverSettings,
    audit: Option<AuditHandle>,
}

/// A decision, with the data that the gateway's answer needs.
#[derive(Debug)]
pub struct Checked<'a> {
    /// Whether the request may pass.
    pub decision: Decision,
    /// Whether the gateway removes `Authorization` before it forwards the request.
    pub removes_token: bool,
    /// The operation of the request; `None` if it was not read.
    pub operation: Option<Operation<'a>>,
}

impl<'a> Checked<'a> {
    /// A denial of a request before the first step.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        Self { decision: Decision::Deny(refusal.into()), removes_token: false, operation: None }
    }

    /// Takes the decision and the operation out of a record. The record is left with a denial.
    pub(super) fn of(record: &mut DecisionRecord<'_, 'a>) -> Self {
        let policy = record.resource.and_then(ProtectedResource::policy);
        let denial = Decision::Deny(Denial::of(Reason::ResourceUnknown));
        Self {
            decision: std::mem::replace(&mut record.decision, denial),
            removes_token: policy.is_some_and(|policy| !policy.forwards_token()),
            operation: record.operation.take(),
        }
    }

    /// The operation's name as in the log: the JSON-RPC method, and the tool or prompt that it names.
    #[must_use]
    pub fn operation_name(&self) -> Option<(Cow<'_, str>, Option<Cow<'_, str>>)> {
        let (method, name) = self.operation.as_ref()?.method_and_name();
        Some((redact::borrowed(method), name.map(redact::borrowed)))
    }
}

impl Authorizer {
    /// An authorizer that reads the policy in force.
    #[must_use]
    pub fn new(policy: PolicyHandle, verifier: Verifier, observer: ObserverSettings) -> Self {
        Self { policy, verifier, observer, audit: None }
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
    pub async fn check<'a, T: Trace>(&self, request: &CheckRequest<'a>, trace: &mut T) -> Checked<'a> {
        // One snapshot for the whole request, so that a reload cannot change the policy halfway.
        let snapshot = self.policy.snapshot();
        let record = DecisionRecord::of_request(request, snapshot.version());
        let mut observer = Observer::start(&self.observer, record);
        self.decide(&snapshot, request, observer.record(), trace).await;
        self.audit(&mut observer);
        trace.note(Step::Decision, || describe_decision(&observer.record().decision));
        observer.finish()
    }

    /// Decides as [`check`](Self::check) does, but without effects: the decision is not counted, timed, logged or
    /// audited.
    pub async fn explain<'a, T: Trace>(&self, request: &CheckRequest<'a>, trace: &mut T) -> Checked<'a> {
        let snapshot = self.policy.snapshot();
        let mut record = DecisionRecord::of_request(request, snapshot.version());
        self.decide(&snapshot, request, &mut record, trace).await;
        trace.note(Step::Decision, || describe_decision(&record.decision));
        Checked::of(&mut record)
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

/// Step 2: refuses browser pages of origins that are not allowed. A token would not change that.
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
