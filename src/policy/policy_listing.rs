//! The compiled policy as a table, for `scopegate check` and `/debug/policy`.

use serde::Serialize;

use super::{
    graph_table::GraphTable,
    name_table::NameTable,
    operation_scopes::PolicyTable,
    requirement::Requirement,
    scope_level::{LevelKind, Levels},
};

/// One row of a compiled policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The operation: `every request`, a method, or a method and the name that it calls.
    pub operation: String,
    /// The scopes of all its levels, joined by ` + `.
    pub scopes: String,
}

impl PolicyTable {
    /// The policy as a table: a row for each operation that the policy names.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let row = |operation: String, method: &str, own: Option<&Requirement>| {
            let levels = std::iter::once(&self.initialize)
                .chain(self.method_levels(method))
                .chain(own);
            Row {
                operation,
                scopes: join(levels),
            }
        };
        let of_entries = |table: &NameTable, method: &str| -> Vec<Row> {
            let entries = table.entries();
            entries
                .map(|(name, own)| row(format!("{method} {name}"), method, Some(own)))
                .collect()
        };
        let mut rows = vec![
            row("every request".to_owned(), "initialize", None),
            row("tools/list".to_owned(), "tools/list", None),
            row("tools/call".to_owned(), "tools/call", None),
        ];
        rows.extend(
            self.methods
                .entries()
                .map(|(name, own)| row(name.to_owned(), "initialize", Some(own))),
        );
        let built_in = self.built_in.existing().into_iter();
        rows.extend(
            built_in.map(|(name, own)| row(format!("tools/call {name}"), "tools/call", Some(own))),
        );
        rows.extend(self.graph_rows());
        rows.extend(of_entries(&self.tools, "tools/call"));
        rows.extend(of_entries(&self.prompts, "prompts/get"));
        rows.extend(of_entries(&self.resources, "resources/read"));
        rows
    }

    /// The rows of the tools of GraphQL operations.
    fn graph_rows(&self) -> impl Iterator<Item = Row> {
        let closed = || "(closed)".to_owned();
        let tools = self.graph.iter().flat_map(GraphTable::tools);
        tools.map(move |(name, fields)| Row {
            operation: format!("tools/call {name}"),
            scopes: fields.map_or_else(closed, |fields| self.tool_scopes(name, &fields)),
        })
    }

    /// The scopes of a GraphQL operation's tool; `fields` are the levels of its fields.
    fn tool_scopes(&self, name: &str, fields: &Levels<'_>) -> String {
        let entries = self.tools.matches(name);
        let outer = std::iter::once(&self.initialize)
            .chain(self.method_levels("tools/call"))
            .chain(entries);
        join(outer.chain(fields.iter().map(|level| level.requirement)))
    }
}

/// The levels that require scopes, joined by ` + `.
fn join<'t>(levels: impl Iterator<Item = &'t Requirement>) -> String {
    let requiring = levels
        .filter(|level| !level.is_empty())
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    if requiring.is_empty() {
        "-".to_owned()
    } else {
        requiring.join(" + ")
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
