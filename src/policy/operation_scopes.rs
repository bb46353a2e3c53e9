//! The compiled policy of one resource: from an operation to the levels that it requires, prepared at load.

use super::{
    GraphqlSettings, OauthSettings, ScopeSettings, Unknown, Unlisted,
    built_in_tools::{BuiltInTools, ToolClass},
    graph_table::{GraphTable, Tool},
    hierarchy::Hierarchy,
    name_table::{Matches, NameTable},
    requirement::Requirement,
    scope_level::{Level, LevelKind, Levels, add_entries, add_level},
    uri,
    verdict_target::Target,
};
use crate::{
    domain::{Call, Message, Named, Operation, Query, Reason, Refusal, ScopeSet},
    graphql::{QueryLimits, refuse_mutations},
};

/// The requirements of each operation of a resource. A lookup costs the same for ten tools and for ten thousand.
#[derive(Clone, Debug)]
pub struct PolicyTable {
    pub(super) initialize: Requirement,
    pub(super) tools_list: Requirement,
    pub(super) tools_call: Requirement,
    pub(super) built_in: BuiltInTools,
    pub(super) methods: NameTable,
    pub(super) tools: NameTable,
    pub(super) prompts: NameTable,
    pub(super) resources: NameTable,
    pub(super) graph: Option<GraphTable>,
    /// Set if mutations are excluded and there is no schema: then a query is parsed only to find mutations.
    mutation_limits: Option<QueryLimits>,
    unknown_methods: Unknown,
    unknown_operation: Unknown,
    unlisted: Unlisted,
    supported: ScopeSet,
}

impl PolicyTable {
    /// Compiles the `oauth` section of a resource.
    #[must_use]
    pub fn compile(settings: &OauthSettings) -> Self {
        let scopes = &settings.scopes;
        let hierarchy = Hierarchy::compile(&scopes.implies);
        let plain = |groups| Requirement::compile(groups, &hierarchy);
        let graphql = &settings.graphql;
        let graph = graphql.graph.as_ref().map(|graph| {
            let (limits, unknown_fields) = (graphql.limits, graphql.unknown_fields);
            GraphTable::compile(
                graph,
                &hierarchy,
                limits,
                unknown_fields,
                graphql.exclude_mutations,
            )
        });
        let looks_for_mutations =
            graph.is_none() && graphql.storage.is_some() && graphql.exclude_mutations;
        Self {
            initialize: plain(&scopes.initialize),
            tools_list: plain(&scopes.tools_list),
            tools_call: plain(&scopes.tools_call),
            built_in: BuiltInTools::compile(scopes, &settings.graphql, &hierarchy),
            methods: NameTable::of_prefixes(&scopes.methods, &hierarchy),
            tools: NameTable::of_globs(&scopes.tools, &hierarchy),
            prompts: NameTable::of_globs(&scopes.prompts, &hierarchy),
            resources: NameTable::of_uris(&scopes.resources, &hierarchy),
            unknown_methods: settings.unknown_methods,
            unknown_operation: settings.unknown_operation,
            unlisted: settings.unlisted,
            mutation_limits: looks_for_mutations.then_some(graphql.limits),
            supported: supported(scopes, graphql, graph.as_ref()),
            graph,
        }
    }

    /// The requirement of every request.
    #[must_use]
    pub fn initialize(&self) -> &Requirement {
        &self.initialize
    }

    /// Every scope that the policy can require, each once: RFC 9728's `scopes_supported`.
    #[must_use]
    pub fn scopes_supported(&self) -> &ScopeSet {
        &self.supported
    }

    /// The levels that an operation requires; for a batch, those of every message; for a pattern, those that do not
    /// depend on the arguments.
    ///
    /// # Errors
    /// If no scope permits the operation: an unknown method, an operation that the gateway did not show, a tool
    /// that the policy does not list, a URI that is not canonical.
    pub fn levels(&self, target: Target<'_>) -> Result<Levels<'_>, Refusal> {
        let mut levels = Levels::new();
        levels.push(Level::new(LevelKind::Initialize, &self.initialize));
        match target {
            Target::Operation(operation) => self.add_operation(operation, &mut levels)?,
            Target::Pattern(call) => {
                self.check_uris(call)?;
                self.add_call(call, Arguments::Any, &mut levels)?;
            }
        }
        Ok(levels)
    }

    fn add_operation<'t>(
        &'t self,
        operation: &Operation<'_>,
        levels: &mut Levels<'t>,
    ) -> Result<(), Refusal> {
        if matches!(operation, Operation::NotShown) && self.unknown_operation == Unknown::Deny {
            return Err(Refusal::of(Reason::OperationUnknown));
        }
        calls(operation).try_for_each(|call| self.check_uris(call))?;
        let mut first_refusal = None;
        for call in calls(operation) {
            match self.add_call(call, Arguments::Shown, levels) {
                Ok(()) => {}
                // `mode: report` permits the other refusals. A malformed message takes precedence, so that no other
                // message of a batch can hide it.
                Err(malformed) if malformed.reason == Reason::OperationMalformed => {
                    return Err(malformed);
                }
                Err(refusal) => drop(first_refusal.get_or_insert(refusal)),
            }
        }
        first_refusal.map_or(Ok(()), Err)
    }

    /// Refuses a URI that is not canonical: it could pass an entry for another spelling of the same resource.
    fn check_uris(&self, call: &Call<'_>) -> Result<(), Refusal> {
        let is_canonical = match &call.named {
            Named::Resource(uri) => self.resources.is_empty() || uri::is_canonical(uri),
            Named::Resources(uris) => {
                self.resources.is_empty() || uris.iter().all(|uri| uri::is_canonical(uri))
            }
            Named::Nothing | Named::Tool(_) | Named::Prompt(_) | Named::Task(_) => true,
        };
        if is_canonical {
            Ok(())
        } else {
            Err(Refusal::of(Reason::OperationMalformed))
        }
    }

    fn add_call<'t>(
        &'t self,
        call: &Call<'_>,
        arguments: Arguments,
        levels: &mut Levels<'t>,
    ) -> Result<(), Refusal> {
        self.add_method(call, levels)?;
        match &call.named {
            Named::Nothing | Named::Task(_) => Ok(()),
            Named::Tool(name) => self.add_tool(name, arguments.query(call), levels),
            Named::Prompt(name) => self.add_named(&self.prompts, name, LevelKind::Named, levels),
            Named::Resource(uri) => self.add_named(&self.resources, uri, LevelKind::Named, levels),
            Named::Resources(uris) => uris
                .iter()
                .try_for_each(|uri| self.add_named(&self.resources, uri, LevelKind::Named, levels)),
        }
    }

    fn add_method<'t>(&'t self, call: &Call<'_>, levels: &mut Levels<'t>) -> Result<(), Refusal> {
        let requirements = self.method_levels(&call.method);
        if requirements.is_empty() && !call.is_known && self.unknown_methods == Unknown::Deny {
            return Err(Refusal::of(Reason::MethodUnknown));
        }
        requirements
            .into_iter()
            .for_each(|requirement| add_level(LevelKind::Method, requirement, levels));
        Ok(())
    }

    /// The levels that a method adds to the initialize level: its own scopes, and those of all entries of
    /// `scopes.methods` that match it.
    pub(super) fn method_levels(&self, method: &str) -> Matches<'_> {
        let own = match method {
            // Both begin a conversation, each in one generation of MCP, so neither requires more than the
            // initialize level. A client that is denied `server/discover` does not go on to `initialize`.
            "initialize" | "server/discover" => return Matches::new(),
            "tools/list" => Some(&self.tools_list),
            "tools/call" => Some(&self.tools_call),
            _ => None,
        };
        own.into_iter()
            .chain(self.methods.matches(method))
            .collect()
    }

    fn add_tool<'t>(
        &'t self,
        name: &str,
        query: Option<&Query<'_>>,
        levels: &mut Levels<'t>,
    ) -> Result<(), Refusal> {
        let entries = self.tools.matches(name);
        let tool = self.graph.as_ref().and_then(|graph| graph.tool(name));
        match self.built_in.class_of(name) {
            ToolClass::BuiltIn(requirement) => {
                add_level(LevelKind::Tool, requirement, levels);
                add_entries(&entries, LevelKind::Tool, levels);
            }
            ToolClass::Unavailable if tool.is_none() && entries.is_empty() => {
                return Err(Refusal::of(Reason::OperationUnknown));
            }
            ToolClass::Unavailable => add_entries(&entries, LevelKind::Tool, levels),
            ToolClass::Other(requirement) => {
                requirement
                    .into_iter()
                    .for_each(|requirement| add_level(LevelKind::Tool, requirement, levels));
                self.add_listed(&entries, LevelKind::Tool, levels)?;
            }
        }
        match (&self.graph, tool) {
            (_, Some(Tool::Closed)) => Err(Refusal::new(Reason::OperationUnknown, NO_TOOL)),
            (Some(graph), Some(Tool::Operation(ids))) => {
                graph.add_levels(ids, levels);
                Ok(())
            }
            (_, Some(Tool::Operation(_)) | None) => match query {
                Some(query) => self.add_query(name, query, levels),
                None => Ok(()),
            },
        }
    }

    /// Requires the scopes of every field in the query, no matter which rule admitted `execute_graphql`.
    fn add_query<'t>(
        &'t self,
        tool: &str,
        query: &Query<'_>,
        levels: &mut Levels<'t>,
    ) -> Result<(), Refusal> {
        if tool != "execute_graphql" || (self.graph.is_none() && self.mutation_limits.is_none()) {
            return Ok(());
        }
        let text = match query {
            Query::Text(text) => text,
            Query::NotShown => return Err(Refusal::new(Reason::OperationUnknown, NOT_SHOWN)),
            Query::Unreadable => return Err(Refusal::new(Reason::OperationMalformed, NO_QUERY)),
        };
        match (&self.graph, self.mutation_limits) {
            (Some(graph), _) => graph.add_query(text, levels)?,
            (None, Some(limits)) => refuse_mutations(text, limits)?,
            (None, None) => {}
        }
        Ok(())
    }

    fn add_named<'t>(
        &'t self,
        table: &'t NameTable,
        name: &str,
        kind: LevelKind,
        levels: &mut Levels<'t>,
    ) -> Result<(), Refusal> {
        self.add_listed(&table.matches(name), kind, levels)
    }

    fn add_listed<'t>(
        &self,
        entries: &Matches<'t>,
        kind: LevelKind,
        levels: &mut Levels<'t>,
    ) -> Result<(), Refusal> {
        if entries.is_empty() && self.unlisted == Unlisted::Deny {
            return Err(Refusal::of(Reason::OperationUnknown));
        }
        add_entries(entries, kind, levels);
        Ok(())
    }
}

/// Whether a lookup considers the arguments of a call.
#[derive(Clone, Copy)]
enum Arguments {
    /// It considers the arguments in the request.
    Shown,
    /// It leaves out the levels that depend on the arguments.
    Any,
}

impl Arguments {
    fn query<'c, 'a>(self, call: &'c Call<'a>) -> Option<&'c Query<'a>> {
        match self {
            Self::Shown => Some(&call.query),
            Self::Any => None,
        }
    }
}

/// The requests among the messages of an operation.
fn calls<'o, 'a>(operation: &'o Operation<'a>) -> impl Iterator<Item = &'o Call<'a>> {
    operation
        .messages()
        .iter()
        .filter_map(|message| match message {
            Message::Request(call) => Some(call),
            Message::Response | Message::Notification(_) => None,
        })
}

/// The scopes in the order of RFC 9728's `scopes_supported`: initialize, tools_list, tools_call, the built-in tools
/// that exist, then the others sorted. `offline_access` is left out, because it is not a scope of a resource.
fn supported(
    scopes: &ScopeSettings,
    graphql: &GraphqlSettings,
    graph: Option<&GraphTable>,
) -> ScopeSet {
    let is_router = graph.is_some() || graphql.storage.is_some();
    let if_exists = |exists: bool, groups| (!is_router || exists).then_some(groups);
    let built_in = [
        if_exists(graphql.enable_arbitrary_operations, &scopes.execute_graphql),
        if_exists(true, &scopes.get_operation_info),
        if_exists(graphql.expose_schema, &scopes.get_schema),
    ];
    let first = [&scopes.initialize, &scopes.tools_list, &scopes.tools_call];
    let named = [
        &scopes.methods,
        &scopes.tools,
        &scopes.prompts,
        &scopes.resources,
    ];
    let mut rest: Vec<_> = named
        .into_iter()
        .flatten()
        .flat_map(|(_, groups)| groups)
        .flatten()
        .cloned()
        .collect();
    rest.extend(
        graph
            .iter()
            .flat_map(|graph| graph.scopes(graphql.enable_arbitrary_operations)),
    );
    rest.sort();
    let leading = first
        .into_iter()
        .chain(built_in.into_iter().flatten())
        .flatten()
        .flatten()
        .cloned();
    leading
        .chain(rest)
        .filter(|scope| scope.as_str() != "offline_access")
        .collect()
}

const NO_TOOL: &str = "the tool's operation is invalid or excluded";

const NOT_SHOWN: &str = "the gateway did not show the query";

const NO_QUERY: &str = "the arguments must contain exactly one `query`";
