//! Turns a verdict into a decision. Only this file makes a [`Permit`]: for a token with the scopes of the
//! operation, for what is public, and for a resource that is not enforced.

use std::sync::Arc;

use super::{
    Decision, Denial, Grounds, Mode, Permit,
    decision::Holder,
    missing_scopes::MissingScopes,
    resource::{Policy, ProtectedResource},
    verdict::{Facts, Verdict, verdict},
};
use crate::{
    domain::{Message, Named, Operation, Reason, ScopeSet},
    token::Identity,
};

/// Decides whether `identity` may do `operation` (steps 8 to 10 of the decision).
#[must_use]
pub fn decide(policy: &Policy, identity: Arc<Identity>, operation: &Operation<'_>) -> Decision {
    let verdict = verdict(policy, Facts::Verified(&identity), operation.into());
    if let Some(reason) = reported(policy, &verdict, operation) {
        return permit(Holder::Verified(identity), Grounds::Reported(reason));
    }
    let denial = match verdict {
        Verdict::Permit => return permit(Holder::Verified(identity), Grounds::Granted),
        Verdict::Acquirable(missing) => insufficient_scope(policy, &identity, operation, &missing),
        Verdict::Never(refusal) => refusal.into(),
    };
    Decision::Deny(denial.with_identity(identity))
}

/// Permits a public request: one for the resource's own metadata, or a CORS preflight. A preflight carries no
/// token, and the server answers it with headers only.
#[must_use]
pub fn permit_public(resource: &ProtectedResource) -> Decision {
    permit(anonymous(resource), Grounds::Public)
}

/// Permits a request to a resource with `oauth.enabled: false`. For an enforced resource it returns a denial,
/// because no step has checked the token.
#[must_use]
pub fn permit_unenforced(resource: &ProtectedResource) -> Decision {
    match resource.policy() {
        Some(_) => Decision::Deny(Denial::of(Reason::TokenMissing)),
        None => permit(anonymous(resource), Grounds::Unenforced),
    }
}

fn permit(holder: Holder, grounds: Grounds) -> Decision {
    Decision::Permit(Permit { holder, grounds })
}

fn anonymous(resource: &ProtectedResource) -> Holder {
    Holder::Anonymous(resource.anonymous_headers().clone())
}

/// The reason that `mode: report` reports instead of denying: an unknown method, an unlisted name or missing scopes
/// (steps 8 and 9). This mode still denies a malformed request, and a request whose operation the gateway did not
/// show.
fn reported(policy: &Policy, verdict: &Verdict, operation: &Operation<'_>) -> Option<Reason> {
    let reason = verdict.reason().filter(|_| policy.mode == Mode::Report)?;
    let is_unlisted = reason == Reason::OperationUnknown && *operation != Operation::NotShown;
    (is_unlisted || matches!(reason, Reason::MethodUnknown | Reason::ScopeInsufficient))
        .then_some(reason)
}

/// The denial of a caller who lacks scopes, with the challenge that names them.
fn insufficient_scope(
    policy: &Policy,
    identity: &Identity,
    operation: &Operation<'_>,
    missing: &MissingScopes,
) -> Denial {
    let none = ScopeSet::default();
    let first = if policy.include_token_scopes {
        &identity.scopes
    } else {
        &none
    };
    let text = policy
        .challenge
        .insufficient_scope(missing, first, called_tool(operation));
    Denial::of(Reason::ScopeInsufficient).with_challenge(Some(text))
}

/// The tool that a single message calls.
fn called_tool<'a>(operation: &'a Operation<'_>) -> Option<&'a str> {
    match operation {
        Operation::Single(Message::Request(call)) => match &call.named {
            Named::Tool(name) => Some(name),
            Named::Nothing
            | Named::Prompt(_)
            | Named::Resource(_)
            | Named::Resources(_)
            | Named::Task(_) => None,
        },
        Operation::Single(Message::Response | Message::Notification(_))
        | Operation::OpenStream
        | Operation::EndSession
        | Operation::Batch(_)
        | Operation::NotShown => None,
    }
}

/// A permit for the tests of other rooms, which have no policy.
#[cfg(test)]
pub(crate) fn permit_for_tests(identity: Identity) -> Decision {
    permit(Holder::Verified(Arc::new(identity)), Grounds::Granted)
}

/// The permit of a public request, for the same tests.
#[cfg(test)]
pub(crate) fn permit_public_for_tests() -> Decision {
    let id = crate::domain::ResourceId::parse("mcp").unwrap();
    permit(
        Holder::Anonymous(crate::token::IdentityHeaders::of_nobody(&id)),
        Grounds::Public,
    )
}
