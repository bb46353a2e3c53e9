//! From a verdict to the decision that goes out. This file is the only maker of a [`Permit`]: for a token that suffices,
//! for what is public, and for a resource that is not enforced.

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

/// Whether `identity` may do `operation` (steps 8 to 10 of the decision).
#[must_use]
pub fn decide(policy: &Policy, identity: Arc<Identity>, operation: &Operation<'_>) -> Decision {
    let verdict = verdict(policy, Facts::Verified(&identity), operation.into());
    if let Some(reason) = reported(policy, &verdict, operation) {
        return permit(Holder::Known(identity), Grounds::Reported(reason));
    }
    let denial = match verdict {
        Verdict::Permit => return permit(Holder::Known(identity), Grounds::Granted),
        Verdict::Acquirable(missing) => insufficient_scope(policy, &identity, operation, &missing),
        Verdict::Never(refusal) => refusal.into(),
    };
    Decision::Deny(denial.with_identity(identity))
}

/// A permit for what is public by definition: the resource's own metadata, and a CORS preflight. A preflight carries no
/// token, and the server answers it with headers only.
#[must_use]
pub fn permit_public(resource: &ProtectedResource) -> Decision {
    permit(anybody(resource), Grounds::Public)
}

/// The decision where the configuration says `oauth.enabled: false`. An enforced resource is denied here, since no step
/// has looked at its token.
#[must_use]
pub fn permit_unenforced(resource: &ProtectedResource) -> Decision {
    match resource.policy() {
        Some(_) => Decision::Deny(Denial::of(Reason::TokenMissing)),
        None => permit(anybody(resource), Grounds::Unenforced),
    }
}

fn permit(holder: Holder, grounds: Grounds) -> Decision {
    Decision::Permit(Permit { holder, grounds })
}

fn anybody(resource: &ProtectedResource) -> Holder {
    Holder::Anybody(resource.headers_of_nobody().clone())
}

/// The reason that `mode: report` reports instead of denying: methods, listed names and scopes (steps 8 and 9). A request
/// that could not be read, or whose operation was not shown, is denied in this mode too.
fn reported(policy: &Policy, verdict: &Verdict, operation: &Operation<'_>) -> Option<Reason> {
    let reason = verdict.reason().filter(|_| policy.mode == Mode::Report)?;
    let is_unlisted = reason == Reason::OperationUnknown && *operation != Operation::NotShown;
    (is_unlisted || matches!(reason, Reason::MethodUnknown | Reason::ScopeInsufficient)).then_some(reason)
}

/// The denial of a caller who could ask for more scopes, with the challenge that names them.
fn insufficient_scope(
    policy: &Policy,
    identity: &Identity,
    operation: &Operation<'_>,
    missing: &MissingScopes,
) -> Denial {
    let none = ScopeSet::default();
    let first = if policy.include_token_scopes { &identity.scopes } else { &none };
    let text = policy.challenge.insufficient_scope(missing, first, called_tool(operation));
    Denial::of(Reason::ScopeInsufficient).with_challenge(Some(text))
}

/// The tool that a single message calls.
fn called_tool<'a>(operation: &'a Operation<'_>) -> Option<&'a str> {
    match operation {
        Operation::Single(Message::Request(call)) => match &call.named {
            Named::Tool(name) => Some(name),
            Named::Nothing | Named::Prompt(_) | Named::Resource(_) | Named::Resources(_) | Named::Task(_) => {
                None
            }
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
    permit(Holder::Known(Arc::new(identity)), Grounds::Granted)
}

/// The permit of what is public, for the same tests.
#[cfg(test)]
pub(crate) fn permit_public_for_tests() -> Decision {
    let id = crate::domain::ResourceId::parse("mcp").unwrap();
    permit(Holder::Anybody(crate::token::IdentityHeaders::of_nobody(&id)), Grounds::Public)
}
