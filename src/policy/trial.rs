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
    for (name, operation) in operations() {
        let Ok(levels) = policy.table().levels(&operation) else { continue };
        let asks = levels.iter().any(|level| !level.requirement.is_nothing());
        if asks && judge(policy, &ScopeSet::default(), &operation).is_ok() {
            return Err(format!("{name} is permitted without scopes"));
        }
    }
    Ok(())
}

fn operations() -> [(&'static str, Operation<'static>); 4] {
    let request = |method: &'static str, named| {
        Operation::Single(Message::Request(Call { method: Cow::Borrowed(method), is_known: true, named, query: Query::NotShown }))
    };
    [
        ("GET", Operation::OpenStream),
        ("initialize", request("initialize", Named::Nothing)),
        ("tools/list", request("tools/list", Named::Nothing)),
        ("tools/call", request("tools/call", Named::Tool(Cow::Borrowed("get_operation_info")))),
    ]
}
