//! The compiled policy of one resource: operation → the levels that it needs, ahead of time.

use smallvec::SmallVec;

use super::{
    GraphqlSettings, OauthSettings, ScopeSettings, Unknown, Unlisted,
    built_in::{BuiltInTools, Standing},
    implies::Hierarchy,
    named::{Matches, NamedTable},
    requirement::Requirement,
    uri,
};
use crate::domain::{Call, Message, Named, Operation, Reason, ScopeSet};

/// What each operation of a resource needs. Lookups cost the same for ten tools and for ten thousand.
#[derive(Clone, Debug)]
pub struct PolicyTable {
    pub(super) initialize: Requirement,
    pub(super) tools_list: Requirement,
    pub(super) tools_call: Requirement,
    pub(super) built_in: BuiltInTools,
    pub(super) methods: NamedTable,
    pub(super) tools: NamedTable,
    pub(super) prompts: NamedTable,
    pub(super) resources: NamedTable,
    unknown_methods: Unknown,
    unknown_operation: Unknown,
    unlisted: Unlisted,
    supported: ScopeSet,
}

/// The levels that one operation needs, in the order in which they are checked.
pub type Levels<'t> = SmallVec<[Level<'t>; 6]>;

/// One level of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'t> {
    /// What asks for it.
    pub kind: LevelKind,
    /// What it asks for.
    pub requirement: &'t Requirement,
}

/// What asks for a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelKind {
    /// `scopes.initialize`.
    Initialize,
    /// `scopes.tools_list`, `scopes.tools_call`, or an entry of `scopes.methods`.
    Method,
    /// The scopes of a built-in tool, or an entry of `scopes.tools`.
    Tool,
    /// An entry of `scopes.prompts` or `scopes.resources`.
    Named,
}

/// An operation that no scope opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed(pub Reason);

impl PolicyTable {
    /// Compiles what the configuration says of a resource.
    #[must_use]
    pub fn compile(settings: &OauthSettings) -> Self {
        let scopes = &settings.scopes;
        let hierarchy = Hierarchy::compile(&scopes.implies);
        let plain = |groups| Requirement::compile(groups, &hierarchy);
        Self {
            initialize: plain(&scopes.initialize),
            tools_list: plain(&scopes.tools_list),
            tools_call: plain(&scopes.tools_call),
            built_in: BuiltInTools::compile(scopes, &settings.graphql, &hierarchy),
            methods: NamedTable::of_prefixes(&scopes.methods, &hierarchy),
            tools: NamedTable::of_globs(&scopes.tools, &hierarchy),
            prompts: NamedTable::of_globs(&scopes.prompts, &hierarchy),
            resources: NamedTable::of_uris(&scopes.resources, &hierarchy),
            unknown_methods: settings.unknown_methods,
            unknown_operation: settings.unknown_operation,
            unlisted: settings.unlisted,
            supported: supported(scopes, &settings.graphql),
        }
    }

    /// What every request needs.
    #[must_use]
    pub fn initialize(&self) -> &Requirement {
        &self.initialize
    }

    /// Every scope that the policy can ask for, each once: RFC 9728's `scopes_supported`.
    #[must_use]
    pub fn scopes_supported(&self) -> &ScopeSet {
        &self.supported
    }

    /// The levels that an operation needs; of a batch, those of each message.
    ///
    /// # Errors
    /// When no scope opens the operation: an unknown method, an operation that was not shown, a tool that the
    /// policy does not list, a URI with a second spelling.
    pub fn levels(&self, operation: &Operation<'_>) -> Result<Levels<'_>, Closed> {
        let mut levels = Levels::new();
        levels.push(Level { kind: LevelKind::Initialize, requirement: &self.initialize });
        if matches!(operation, Operation::NotShown) && self.unknown_operation == Unknown::Deny {
            return Err(Closed(Reason::OperationUnknown));
        }
        self.check_uris(operation)?;
        for message in operation.messages() {
            match message {
                Message::Response | Message::Notification(_) => {}
                Message::Request(call) => self.add_call(call, &mut levels)?,
            }
        }
        Ok(levels)
    }

    /// Comes before everything that `mode: report` lets pass: no other message of a batch may hide it.
    fn check_uris(&self, operation: &Operation<'_>) -> Result<(), Closed> {
        let is_canonical = |message: &Message<'_>| match message {
            Message::Response | Message::Notification(_) => true,
            Message::Request(call) => match &call.named {
                Named::Resource(uri) => uri::is_canonical(uri),
                Named::Resources(uris) => uris.iter().all(|uri| uri::is_canonical(uri)),
                Named::Nothing | Named::Tool(_) | Named::Prompt(_) | Named::Task(_) => true,
            },
        };
        if self.resources.is_empty() || operation.messages().iter().all(is_canonical) {
            Ok(())
        } else {
            Err(Closed(Reason::OperationMalformed))
        }
    }

    fn add_call<'t>(&'t self, call: &Call<'_>, levels: &mut Levels<'t>) -> Result<(), Closed> {
        self.add_method(call, levels)?;
        match &call.named {
            Named::Nothing | Named::Task(_) => Ok(()),
            Named::Tool(name) => self.add_tool(name, levels),
            Named::Prompt(name) => self.add_named(&self.prompts, name, LevelKind::Named, levels),
            Named::Resource(uri) => self.add_named(&self.resources, uri, LevelKind::Named, levels),
            Named::Resources(uris) => {
                uris.iter().try_for_each(|uri| self.add_named(&self.resources, uri, LevelKind::Named, levels))
            }
        }
    }

    fn add_method<'t>(&'t self, call: &Call<'_>, levels: &mut Levels<'t>) -> Result<(), Closed> {
        let requirements = self.method_levels(&call.method);
        if requirements.is_empty() && !call.is_known && self.unknown_methods == Unknown::Deny {
            return Err(Closed(Reason::MethodUnknown));
        }
        requirements.into_iter().for_each(|requirement| push(LevelKind::Method, requirement, levels));
        Ok(())
    }

    /// What a method needs beyond the initialize level: its own scopes, and those of all entries of
    /// `scopes.methods` that match it.
    pub(super) fn method_levels(&self, method: &str) -> Matches<'_> {
        let own = match method {
            // Both open a conversation, in the one or the other era of MCP: a client that may not do the
            // second never gets to the first.
            "initialize" | "server/discover" => return Matches::new(),
            "tools/list" => Some(&self.tools_list),
            "tools/call" => Some(&self.tools_call),
            _ => None,
        };
        own.into_iter().chain(self.methods.matches(method)).collect()
    }

    fn add_tool<'t>(&'t self, name: &str, levels: &mut Levels<'t>) -> Result<(), Closed> {
        let entries = self.tools.matches(name);
        match self.built_in.standing(name) {
            Standing::Open(requirement) => {
                push(LevelKind::Tool, requirement, levels);
                push_all(&entries, LevelKind::Tool, levels);
                Ok(())
            }
            Standing::Closed if entries.is_empty() => Err(Closed(Reason::OperationUnknown)),
            Standing::Closed => {
                push_all(&entries, LevelKind::Tool, levels);
                Ok(())
            }
            Standing::Ordinary(requirement) => {
                requirement.into_iter().for_each(|requirement| push(LevelKind::Tool, requirement, levels));
                self.add_listed(&entries, LevelKind::Tool, levels)
            }
        }
    }

    fn add_named<'t>(
        &'t self,
        table: &'t NamedTable,
        name: &str,
        kind: LevelKind,
        levels: &mut Levels<'t>,
    ) -> Result<(), Closed> {
        self.add_listed(&table.matches(name), kind, levels)
    }

    fn add_listed<'t>(
        &self,
        entries: &Matches<'t>,
        kind: LevelKind,
        levels: &mut Levels<'t>,
    ) -> Result<(), Closed> {
        if entries.is_empty() && self.unlisted == Unlisted::Deny {
            return Err(Closed(Reason::OperationUnknown));
        }
        push_all(entries, kind, levels);
        Ok(())
    }
}

fn push_all<'t>(entries: &Matches<'t>, kind: LevelKind, levels: &mut Levels<'t>) {
    entries.iter().for_each(|requirement| push(kind, requirement, levels));
}

/// A level counts once, however many messages and URIs need it: what a challenge costs, and which alternative it
/// names, follows from the policy and not from repetitions in a request.
fn push<'t>(kind: LevelKind, requirement: &'t Requirement, levels: &mut Levels<'t>) {
    let is_there = |known: &Level<'_>| known.kind == kind && std::ptr::eq(known.requirement, requirement);
    if !levels.iter().any(is_there) {
        levels.push(Level { kind, requirement });
    }
}

/// The order of RFC 9728's `scopes_supported`: initialize, tools_list, tools_call, the built-in tools that
/// exist, then the rest sorted; never `offline_access`, which is no scope of a resource.
fn supported(scopes: &ScopeSettings, graphql: &GraphqlSettings) -> ScopeSet {
    let is_router = graphql.schema_file.is_some() || graphql.storage.is_some();
    let if_exists = |exists: bool, groups| (!is_router || exists).then_some(groups);
    let built_in = [
        if_exists(graphql.enable_arbitrary_operations, &scopes.execute_graphql),
        if_exists(true, &scopes.get_operation_info),
        if_exists(graphql.expose_schema, &scopes.get_schema),
    ];
    let first = [&scopes.initialize, &scopes.tools_list, &scopes.tools_call];
    let named = [&scopes.methods, &scopes.tools, &scopes.prompts, &scopes.resources];
    let mut rest: Vec<_> =
        named.into_iter().flatten().flat_map(|(_, groups)| groups).flatten().cloned().collect();
    rest.sort();
    let leading = first.into_iter().chain(built_in.into_iter().flatten()).flatten().flatten().cloned();
    leading.chain(rest).filter(|scope| scope.as_str() != "offline_access").collect()
}
