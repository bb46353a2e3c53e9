//! What an operation needs, in words: for `scopegate check`, `explain` and `/debug/policy`.

use serde::Serialize;

use super::{
    graphql::GraphTable,
    named::NamedTable,
    requirement::Requirement,
    resource::{Policy, ProtectedResource},
    table::{Closed, LevelKind, PolicyTable},
};
use crate::domain::Operation;

/// The requirement of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Explanation {
    /// The resource is not enforced: nothing is needed.
    Unenforced,
    /// These levels, all of them.
    Levels(Vec<ExplainedLevel>),
    /// No scope opens it; the stable code says why.
    Closed(&'static str),
}

/// One level, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedLevel {
    /// What asks for it: `initialize`, `method`, `tool`, `named` or `field`.
    pub level: &'static str,
    /// Of a field, its coordinate: `Type.field`, or `Type` for all that return it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The scopes: `a b`, `(a b | c)`, or `-` for none.
    pub scopes: String,
}

/// What `operation` needs at `resource`.
#[must_use]
pub fn explain(resource: &ProtectedResource, operation: &Operation<'_>) -> Explanation {
    match resource.policy().map(|policy: &Policy| policy.table().levels(operation)) {
        None => Explanation::Unenforced,
        Some(Err(Closed { reason, .. })) => Explanation::Closed(reason.code()),
        Some(Ok(levels)) => Explanation::Levels(
            levels
                .iter()
                .map(|level| ExplainedLevel {
                    level: level.kind.name(),
                    field: (!level.name.is_empty()).then(|| level.name.to_owned()),
                    scopes: level.requirement.to_string(),
                })
                .collect(),
        ),
    }
}

/// One line of a compiled policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The operation: `every request`, a method, or a method with the name that it calls.
    pub operation: String,
    /// All that it needs: its levels, joined by ` + `.
    pub scopes: String,
}

impl PolicyTable {
    /// The table, a row for each operation that the policy names.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let all = |levels: &[&Requirement]| {
            let asking = levels.iter().filter(|level| !level.is_nothing()).map(ToString::to_string);
            let joined = asking.collect::<Vec<_>>().join(" + ");
            if joined.is_empty() { "-".to_owned() } else { joined }
        };
        let row = |operation: String, levels: &[&Requirement]| Row { operation, scopes: all(levels) };
        let (initialize, call) = (&self.initialize, &self.tools_call);
        let mut rows = vec![
            row("every request".to_owned(), &[initialize]),
            row("tools/list".to_owned(), &[initialize, &self.tools_list]),
            row("tools/call".to_owned(), &[initialize, call]),
        ];
        let of_entries = |table: &NamedTable, prefix: &str, outer: &[&Requirement]| -> Vec<Row> {
            let entries = table.entries();
            entries.map(|(name, own)| row(format!("{prefix}{name}"), &[outer, &[own]].concat())).collect()
        };
        let built_in = self.built_in.existing().into_iter();
        rows.extend(built_in.map(|(name, own)| row(format!("tools/call {name}"), &[initialize, call, own])));
        for (name, levels) in self.graph.iter().flat_map(GraphTable::tools) {
            let operation = format!("tools/call {name}");
            rows.push(match levels {
                None => Row { operation, scopes: "(closed)".to_owned() },
                Some(levels) => {
                    let fields = levels.iter().map(|level| level.requirement);
                    let entries = self.tools.matches(name);
                    let outer = [initialize, call].into_iter().chain(entries.iter().copied());
                    row(operation, &outer.chain(fields).collect::<Vec<_>>())
                }
            });
        }
        rows.extend(of_entries(&self.methods, "", &[initialize]));
        rows.extend(of_entries(&self.tools, "tools/call ", &[initialize, call]));
        rows.extend(of_entries(&self.prompts, "prompts/get ", &[initialize]));
        rows.extend(of_entries(&self.resources, "resources/read ", &[initialize]));
        rows
    }
}

impl LevelKind {
    /// The level's name in `explain` and on debug pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Method => "method",
            Self::Tool => "tool",
            Self::Named => "named",
            Self::Field => "field",
        }
    }
}
