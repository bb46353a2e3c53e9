//! The trial of a compiled policy, before it is put in force: whatever asks for scopes
//! must be denied to a token that has none.

use std::{borrow::Cow, sync::Arc};

use super::{
    decide::judge,
    resource::{Policy, ProtectedResource},
};
use crate::domain::{Call, Message, Named, Operation, Query, ScopeSet};

/// Tries each resource.
///
/// # Errors
/// When one does not decide as it must; the text names the resource and the operation.
pub(super) fn run(resources: &[Arc<ProtectedResource>]) -> Result<(), String> {
    for resource in resources {
        if let Some(policy) = resource.policy() {
            try_policy(policy).map_err(|fault| format!("resource `{}`: {fault}", resource.id()))?;
        }
    }
    Ok(())
}

fn try_policy(policy: &Policy) -> Result<(), String> {
    for (name, operation) in operations().into_iter().chain(tools(policy)) {
        let Ok(levels) = policy.table().levels(&operation) else { continue };
        let asks = levels.iter().any(|level| !level.requirement.is_nothing());
        if asks && judge(policy, &ScopeSet::default(), &operation).is_ok() {
            return Err(format!("{name} is permitted without scopes"));
        }
    }
    Ok(())
}

/// The tools of the graph's operations.
fn tools(policy: &Policy) -> impl Iterator<Item = (&str, Operation<'_>)> {
    let names = policy.table().graph.iter().flat_map(|graph| graph.tools().map(|(name, _)| name));
    names.map(|name| (name, request("tools/call", Named::Tool(Cow::Borrowed(name)))))
}

fn request<'a>(method: &'a str, named: Named<'a>) -> Operation<'a> {
    let call = Call { method: Cow::Borrowed(method), is_known: true, named, query: Query::NotShown };
    Operation::Single(Message::Request(call))
}

fn operations() -> [(&'static str, Operation<'static>); 4] {
    [
        ("GET", Operation::OpenStream),
        ("initialize", request("initialize", Named::Nothing)),
        ("tools/list", request("tools/list", Named::Nothing)),
        ("tools/call", request("tools/call", Named::Tool(Cow::Borrowed("get_operation_info")))),
    ]
}
