//! The decision: a pure function of a policy, an identity and an operation. Whatever it does not say, is denied.

use std::sync::Arc;

use super::{
    Decision, Denial, Grounds, Mode, Permit,
    decision::Holder,
    missing_scopes::MissingScopes,
    resource::{Policy, ProtectedResource},
};
use crate::{
    domain::{Message, Named, Operation, Reason, ScopeSet},
    token::Identity,
};

/// Whether `identity` may do `operation` (steps 8 to 10 of the decision).
#[must_use]
pub fn decide(policy: &Policy, identity: Arc<Identity>, operation: &Operation<'_>) -> Decision {
    match judge(policy, &identity.scopes, operation) {
        Ok(()) => permit(Holder::Known(identity), Grounds::Granted),
        Err(denial) if policy.mode == Mode::Report && is_reported(denial.reason(), operation) => {
            permit(Holder::Known(identity), Grounds::Reported(denial.reason()))
        }
        Err(denial) => Decision::Deny(denial.with_identity(identity)),
    }
}

/// A permit for what is public by definition: the resource's own metadata, and a CORS preflight, which carries
/// no token and is answered by the server with headers alone.
#[must_use]
pub fn permit_public(resource: &ProtectedResource) -> Decision {
    permit(anybody(resource), Grounds::Public)
}

/// The decision where the configuration says `oauth.enabled: false`; a resource that is enforced is denied here,
/// since nobody has looked at its token.
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

/// A permit for the tests of other rooms, who have no policy.
#[cfg(test)]
pub(crate) fn permit_for_tests(identity: Identity) -> Decision {
    permit(Holder::Known(Arc::new(identity)), Grounds::Granted)
}

/// `mode: report` reports what a policy decides: methods, listed names, scopes (steps 8 and 9). What could not be
/// read or was not shown is denied as ever.
fn is_reported(reason: Reason, operation: &Operation<'_>) -> bool {
    let is_unlisted = reason == Reason::OperationUnknown && *operation != Operation::NotShown;
    is_unlisted || matches!(reason, Reason::MethodUnknown | Reason::ScopeInsufficient)
}

/// Whether `granted` suffices for `operation`.
pub(super) fn judge(policy: &Policy, granted: &ScopeSet, operation: &Operation<'_>) -> Result<(), Denial> {
    let levels = policy.table.levels(operation).map_err(Denial::from)?;
    let missing =
        MissingScopes::find(&levels, granted, policy.challenge_scopes, policy.max_scope_combinations);
    match missing {
        None => Ok(()),
        Some(missing) => {
            let none = ScopeSet::default();
            let first = if policy.include_token_scopes { granted } else { &none };
            let text = policy.challenge.insufficient_scope(&missing, first, tool_of(operation));
            Err(Denial::of(Reason::ScopeInsufficient).with_challenge(Some(text)))
        }
    }
}

/// The tool that a single message calls.
fn tool_of<'a>(operation: &'a Operation<'_>) -> Option<&'a str> {
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

/// The permit of what is public, for the same tests.
#[cfg(test)]
pub(crate) fn permit_public_for_tests() -> Decision {
    let id = crate::domain::ResourceId::parse("mcp").unwrap();
    permit(Holder::Anybody(crate::token::IdentityHeaders::of_nobody(&id)), Grounds::Public)
}
