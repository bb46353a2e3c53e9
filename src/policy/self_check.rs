//! The self-check of a compiled policy before it comes into force: an operation that requires scopes must be denied
//! to a caller without scopes.

use std::{borrow::Cow, sync::Arc};

use super::{
    resource::{Policy, ProtectedResource},
    verdict::{Facts, Verdict, verdict},
    verdict_target::Target,
};
use crate::domain::{Call, Message, Named, Operation, Query};

/// Checks each resource.
///
/// # Errors
/// If a resource permits what it must deny; the text names the resource and the operation.
pub(super) fn run(resources: &[Arc<ProtectedResource>]) -> Result<(), String> {
    for resource in resources {
        if let Some(policy) = resource.policy() {
            check(policy).map_err(|fault| format!("resource `{}`: {fault}", resource.id()))?;
        }
    }
    Ok(())
}

fn check(policy: &Policy) -> Result<(), String> {
    check_target("GET", (&Operation::OpenStream).into(), policy)?;
    for (name, call) in calls().into_iter().chain(graph_tools(policy)) {
        check_target(name, Target::Pattern(&call), policy)?;
        let operation = Operation::Single(Message::Request(call));
        check_target(name, (&operation).into(), policy)?;
    }
    Ok(())
}

fn check_target(name: &str, target: Target<'_>, policy: &Policy) -> Result<(), String> {
    let Ok(levels) = policy.table().levels(target) else {
        return Ok(());
    };
    let requires_scopes = levels.iter().any(|level| !level.requirement.is_empty());
    if requires_scopes && verdict(policy, Facts::Anonymous, target) == Verdict::Permit {
        return Err(format!("{name} is permitted without scopes"));
    }
    Ok(())
}

/// The tools of the graph's operations.
fn graph_tools(policy: &Policy) -> impl Iterator<Item = (&str, Call<'_>)> {
    let names = policy
        .table()
        .graph
        .iter()
        .flat_map(|graph| graph.tools().map(|(name, _)| name));
    names.map(|name| (name, call("tools/call", Named::Tool(Cow::Borrowed(name)))))
}

fn calls() -> [(&'static str, Call<'static>); 4] {
    let tool = |name| call("tools/call", Named::Tool(Cow::Borrowed(name)));
    [
        ("initialize", call("initialize", Named::Nothing)),
        ("tools/list", call("tools/list", Named::Nothing)),
        ("get_operation_info", tool("get_operation_info")),
        ("execute_graphql", tool("execute_graphql")),
    ]
}

fn call<'a>(method: &'a str, named: Named<'a>) -> Call<'a> {
    Call {
        method: Cow::Borrowed(method),
        is_known: true,
        named,
        query: Query::NotShown,
    }
}
