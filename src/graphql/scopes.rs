//! The scopes that a schema declares on fields and types, as written.

use apollo_compiler::{
    Name, Node,
    ast::{Directive, Value},
};

use crate::domain::{Scope, ScopeGroups};

/// The scopes that a graph declares.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// A type, and the scopes of every field that returns it.
    pub(super) types: Vec<(Name, ScopeGroups)>,
    /// A type, a field, and the scopes of that field.
    pub(super) fields: Vec<(Name, Name, ScopeGroups)>,
}

/// The `scopes` of one application of the directive. As in GraphQL, a value that is not a list stands for a list
/// with that value.
///
/// # Errors
/// If the argument is missing or has a value that is not a scope.
pub(super) fn groups_of(directive: &Directive) -> Result<ScopeGroups, String> {
    let argument = directive
        .specified_argument_by_name("scopes")
        .ok_or("no argument `scopes`")?;
    items(argument)
        .iter()
        .map(|group| items(group).iter().map(scope).collect())
        .collect()
}

fn items(value: &Node<Value>) -> &[Node<Value>] {
    match &**value {
        Value::List(items) => items,
        Value::Null
        | Value::Enum(_)
        | Value::Variable(_)
        | Value::String(_)
        | Value::Float(_)
        | Value::Int(_)
        | Value::Boolean(_)
        | Value::Object(_) => std::slice::from_ref(value),
    }
}

fn scope(value: &Node<Value>) -> Result<Scope, String> {
    let text = value
        .as_str()
        .ok_or_else(|| format!("`{value}` among the scopes"))?;
    Scope::parse(text).map_err(|_| format!("`{}` among the scopes", text.escape_debug()))
}
