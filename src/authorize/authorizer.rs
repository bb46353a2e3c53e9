//! The steps of a decision, in order. The first that fails decides.

use std::{borrow::Cow, sync::Arc};

use super::{
    CheckRequest,
    observer::{Observer, ObserverSettings},
};
use crate::{
    audit::{AuditHandle, Decided},
    domain::{Dialect, Field, Operation, Reason, Refusal, Step, Trace},
    mcp::{self, Body, HeaderTrust, ShownRequest},
    policy::{
        Decision, Denial, Policy, PolicyHandle, PolicySnapshot, ProtectedResource, Selector, decide,
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

/// A decision, with the operation that it is about.
#[derive(Debug)]
pub struct Checked<'a> {
    /// Whether the request may pass.
    pub decision: Decision,
    /// Whether the gateway shall take `Authorization` away before the server sees the request.
    pub removes_token: bool,
    /// What the request asks for; `None` where that was not read.
    pub operation: Option<Operation<'a>>,
}

impl Checked<'_> {
    /// The operation as the log names it: the JSON-RPC method, and the tool or prompt that it names.
    #[must_use]
    pub fn operation_name(&self) -> Option<(Cow<'_, str>, Option<Cow<'_, str>>)> {
        let (method, name) = self.operation.as_ref()?.method_and_name();
        Some((redact::borrowed(method), name.map(redact::borrowed)))
    }
}

/// A decision before anybody is told of it.
struct Judged<'s, 'a> {
    decision: Decision,
    resource: Option<&'s ProtectedResource>,
    operation: Option<Operation<'a>>,
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

    /// Decides about one request, and counts and logs the decision, also if the caller goes away meanwhile.
    pub async fn check<'a, T: Trace>(&self, request: &CheckRequest<'a>, trace: &mut T) -> Checked<'a> {
        // One snapshot for the whole request: no request is judged by half of a policy.
        let snapshot = self.policy.snapshot();
        let mut observer = Observer::start(&self.observer, request.dialect);
        let found = |resource| observer.note_resource(resource);
        let Judged { decision, resource, operation } = self.judge(&snapshot, request, trace, found).await;
        let decision = self.write_down(decision, || Decided {
            dialect: request.dialect,
            resource,
            operation: operation.as_ref(),
            http_method: Some(request.shown.http_method),
            trace_id: request.trace_id(),
            policy_version: snapshot.version(),
            duration: observer.elapsed(),
        });
        trace.note(Step::Decision, || describe_decision(&decision));
        observer.finish(&decision, operation.as_ref(), request);
        Checked { decision, removes_token: removes_token(resource), operation }
    }

    /// Decides as [`check`](Self::check) does, for a person who asks why: nothing is counted, timed,
    /// logged or written down.
    pub async fn explain<'a, T: Trace>(&self, request: &CheckRequest<'a>, trace: &mut T) -> Checked<'a> {
        let snapshot = self.policy.snapshot();
        let judged = self.judge(&snapshot, request, trace, |_| ()).await;
        trace.note(Step::Decision, || describe_decision(&judged.decision));
        let Judged { decision, resource, operation } = judged;
        Checked { decision, removes_token: removes_token(resource), operation }
    }

    /// The steps themselves. `found` learns of the resource before anything is waited for.
    async fn judge<'s, 'a, T: Trace>(
        &self,
        snapshot: &'s PolicySnapshot,
        request: &CheckRequest<'a>,
        trace: &mut T,
        found: impl FnOnce(&'s ProtectedResource),
    ) -> Judged<'s, 'a> {
        let resource = find_resource(snapshot, request);
        trace.note(Step::Resource, || describe_resource(resource, request));
        let mut operation = None;
        let decision = match resource {
            None => Decision::Deny(Denial::of(Reason::ResourceUnknown)),
            Some(resource) => {
                found(resource);
                self.check_resource(resource, request, &mut operation, trace).await
            }
        };
        Judged { decision, resource, operation }
    }

    /// Counts, logs and writes down a request that could not be read as its dialect demands, and denies it.
    pub fn refuse(&self, dialect: Dialect, denial: Denial) -> Checked<'static> {
        let observer = Observer::start(&self.observer, dialect);
        let snapshot = self.policy.snapshot();
        let decision = self.write_down(Decision::Deny(denial), || Decided {
            dialect,
            resource: None,
            operation: None,
            http_method: None,
            trace_id: None,
            policy_version: snapshot.version(),
            duration: observer.elapsed(),
        });
        observer.finish_unread(&decision);
        Checked { decision, removes_token: false, operation: None }
    }

    /// Where there is an audit log, the decision that it lets go out; without one it costs a branch.
    fn write_down<'d>(&self, decision: Decision, decided: impl FnOnce() -> Decided<'d>) -> Decision {
        match &self.audit {
            None => decision,
            Some(audit) => audit.record(decision, &decided()),
        }
    }

    async fn check_resource<'a, T: Trace>(
        &self,
        resource: &ProtectedResource,
        request: &CheckRequest<'a>,
        operation: &mut Option<Operation<'a>>,
        trace: &mut T,
    ) -> Decision {
        if is_public(resource, request) {
            return permit_public(resource);
        }
        if !resource.has_endpoint(request.path()) {
            return Decision::Deny(Denial::of(Reason::ResourceUnknown));
        }
        match resource.policy() {
            Some(policy) => {
                self.check_policy(policy, request, operation, trace).await.unwrap_or_else(Decision::Deny)
            }
            None => permit_unenforced(resource),
        }
    }

    async fn check_policy<'a, T: Trace>(
        &self,
        policy: &Policy,
        request: &CheckRequest<'a>,
        operation: &mut Option<Operation<'a>>,
        trace: &mut T,
    ) -> Result<Decision, Denial> {
        check_origin(policy, request)
            .inspect_err(|denial| trace.note(Step::Resource, || describe_refusal(denial)))?;
        let identity = self.identify(policy, request, trace).await?;
        let read = read_operation(policy, request, trace)
            .inspect_err(|denial| trace.note(Step::Operation, || describe_refusal(denial)))
            .map_err(|denial| denial.with_identity(Arc::clone(&identity)))?;
        let operation = operation.insert(read);
        Ok(decide(policy, identity, operation))
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
    ) -> Result<Arc<Identity>, Denial> {
        let refused = |refusal: Refusal| {
            Denial::from(refusal).with_challenge(policy.challenge().unauthorized(refusal.reason))
        };
        let bearer = match Bearer::read(request.authorization) {
            Ok(bearer) => bearer,
            Err(refusal) => {
                trace.note(Step::Bearer, || refusal.to_string());
                // What nobody else shall learn of does not slow anybody down either.
                let is_apart = trace.is_thorough();
                return Err(refused(if is_apart { refusal } else { self.refuse_unread(refusal).await }));
            }
        };
        self.verifier.verify(policy.tokens(), bearer, trace).await.map_err(refused)
    }
}

/// Step 1.
fn removes_token(resource: Option<&ProtectedResource>) -> bool {
    resource.and_then(ProtectedResource::policy).is_some_and(|policy| !policy.forwards_token())
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
    match request.shown.http_method {
        "OPTIONS" => !is_endpoint || request.is_preflight(),
        "GET" | "HEAD" => !is_endpoint,
        _ => false,
    }
}

/// A page of an origin that was not allowed may not ask at all; no token would mend that.
fn check_origin(policy: &Policy, request: &CheckRequest<'_>) -> Result<(), Denial> {
    match request.origin {
        Field::Absent => Ok(()),
        Field::One(origin) if policy.allows_origin(origin) => Ok(()),
        Field::One(_) => Err(Denial::of(Reason::OriginRefused)),
        Field::Repeated => Err(Refusal::new(Reason::RequestMalformed, "more than one Origin").into()),
    }
}

/// Step 7.
fn read_operation<'a, T: Trace>(
    policy: &Policy,
    request: &CheckRequest<'a>,
    trace: &mut T,
) -> Result<Operation<'a>, Denial> {
    let trust = if policy.trusts_mcp_headers() { HeaderTrust::Trusted } else { HeaderTrust::Untrusted };
    let operation = mcp::read(&shown(policy, request), trust).map_err(Denial::from)?;
    trace.note(Step::Operation, || describe_operation(&operation));
    trace.note(Step::Requirement, || match policy.table().levels(&operation) {
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

/// A text form of a body is the body itself only where the policy says that it may be taken for it.
fn shown<'a>(policy: &Policy, request: &CheckRequest<'a>) -> ShownRequest<'a> {
    match request.shown.body {
        Body::Text(text) if policy.trusts_string_body() => {
            ShownRequest { body: Body::Whole(text), ..request.shown }
        }
        Body::Absent | Body::Whole(_) | Body::Text(_) | Body::Cut | Body::TooLarge => request.shown,
    }
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
        Decision::Deny(denial) => format!("deny {} {}", denial.reason().status(), describe_refusal(denial)),
    }
}

fn describe_refusal(denial: &Denial) -> String {
    denial.refusal().to_string()
}
