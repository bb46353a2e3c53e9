//! Reads scope lists: `['a', 'b']` requires both, `[['a', 'b'], ['c']]` requires either both or the
//! third.

use std::collections::{HashMap, HashSet};

use config::{Value, ValueKind};

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Hierarchy, Names, ScopeList},
            shape::{Declared, Keys},
        },
        file::{reader::Reader, section::Section},
        mistake::{Report, below, shown},
    },
    domain::{NamedScopes, Scope, ScopeGroups},
    policy::ScopeSettings,
};

/// The keys of `oauth.scopes`.
pub(in crate::config) const KEYS: Keys = &[&[
    &INITIALIZE,
    &TOOLS_LIST,
    &TOOLS_CALL,
    &EXECUTE_GRAPHQL,
    &GET_OPERATION_INFO,
    &GET_SCHEMA,
    &METHODS,
    &TOOLS,
    &PROMPTS,
    &RESOURCES,
    &IMPLIES,
]];

const INITIALIZE: Key<ScopeList> = Key::new("initialize", ScopeList, "Needed by every request.")
    .variable("MCP_OAUTH_SCOPES_INITIALIZE");

const TOOLS_LIST: Key<ScopeList> = Key::new("tools_list", ScopeList, "Added for `tools/list`.")
    .variable("MCP_OAUTH_SCOPES_TOOLS_LIST");

const TOOLS_CALL: Key<ScopeList> = Key::new(
    "tools_call",
    ScopeList,
    "Added for `tools/call`, for every tool.",
)
.variable("MCP_OAUTH_SCOPES_TOOLS_CALL");

const EXECUTE_GRAPHQL: Key<ScopeList> = Key::new(
    "execute_graphql",
    ScopeList,
    "Added for calls of this built-in tool of a GraphQL router.",
)
.variable("MCP_OAUTH_SCOPES_EXECUTE_GRAPHQL");

const GET_OPERATION_INFO: Key<ScopeList> = Key::new("get_operation_info", ScopeList, "The same.")
    .variable("MCP_OAUTH_SCOPES_GET_OPERATION_INFO");

const GET_SCHEMA: Key<ScopeList> =
    Key::new("get_schema", ScopeList, "The same.").variable("MCP_OAUTH_SCOPES_GET_SCHEMA");

const METHODS: Key<Names> = Key::new(
    "methods",
    Names,
    "JSON-RPC method, or a prefix that ends in `*`. Not for `initialize`, `server/discover`, `tools/list`, `tools/call`, \
     which have keys of their own.",
);

const TOOLS: Key<Names> = Key::new("tools", Names, "Tool name or glob.");

const PROMPTS: Key<Names> = Key::new("prompts", Names, "Prompt name or glob.");

const RESOURCES: Key<Names> = Key::new("resources", Names, "MCP resource URI or glob.");

const IMPLIES: Key<Hierarchy> = Key::new(
    "implies",
    Hierarchy,
    "A scope, and the list of scopes that it includes. A cycle is a mistake.",
);

impl Reader<'_> {
    /// Reads a scope list. An empty one requires no scopes.
    pub(in crate::config) fn scopes(&mut self, path: &str, value: &Value) -> Option<ScopeGroups> {
        let items = self.items(path, value, SCOPE_LIST)?;
        let lists = items
            .iter()
            .filter(|item| matches!(item.kind, ValueKind::Array(_)))
            .count();
        if lists == 0 {
            let group = self.group(path, items)?;
            return Some(if group.is_empty() {
                Vec::new()
            } else {
                vec![group]
            });
        }
        if lists < items.len() {
            self.report
                .mistake(path, "scopes and lists of scopes side by side", SCOPE_LIST);
            return None;
        }
        let groups: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.inner(&format!("{path}[{index}]"), item))
            .collect();
        groups.into_iter().collect()
    }

    fn inner(&mut self, path: &str, value: &Value) -> Option<Vec<Scope>> {
        let group = self
            .items(path, value, "a list of scopes")
            .and_then(|items| self.group(path, items))?;
        if group.is_empty() {
            // An empty alternative would open the whole level.
            self.report.mistake(
                path,
                "an empty list among the alternatives",
                "at least one scope",
            );
            return None;
        }
        Some(group)
    }

    fn group(&mut self, path: &str, items: &[Value]) -> Option<Vec<Scope>> {
        let scopes: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.scope(&format!("{path}[{index}]"), item))
            .collect();
        scopes.into_iter().collect()
    }

    fn scope(&mut self, path: &str, value: &Value) -> Option<Scope> {
        let text = self.text(path, value, "a scope")?.text;
        self.parse_scope(path, &text)
    }

    fn parse_scope(&mut self, path: &str, text: &str) -> Option<Scope> {
        if text == OFFLINE_ACCESS {
            let found = format!("{}, with which clients ask for refresh tokens", shown(text));
            self.report.mistake(
                path,
                found,
                "scopes of the MCP server: no token for it needs this one",
            );
            return None;
        }
        let scope = Scope::parse(text);
        if let Err(error) = &scope {
            self.report.mistake(
                path,
                shown(text),
                scope_instead_of(text, &error.to_string()),
            );
        }
        scope.ok()
    }

    /// Reads names, each with a scope list, in the order of the file.
    pub(in crate::config) fn names(&mut self, path: &str, value: &Value) -> Option<NamedScopes> {
        let members = self.members(path, value, "names with a scope list each")?;
        let read: Vec<_> = members
            .into_iter()
            .map(|(name, value)| {
                let path = below(path, name);
                if name.is_empty() {
                    self.report
                        .misnamed(&path, "an empty name", "a name or a glob");
                }
                Some((name.clone(), self.scopes(&path, value)?))
            })
            .collect();
        read.into_iter().collect()
    }

    /// Reads scopes, each with the scopes that it includes.
    pub(in crate::config) fn hierarchy(
        &mut self,
        path: &str,
        value: &Value,
    ) -> Option<Vec<(Scope, Vec<Scope>)>> {
        let members = self.members(path, value, "scopes with a list of scopes each")?;
        let read: Vec<_> = members
            .into_iter()
            .map(|(name, value)| {
                let path = below(path, name);
                let scope = Scope::parse(name);
                if let Err(error) = &scope {
                    self.report.misnamed(&path, shown(name), error.to_string());
                }
                let items = self.items(&path, value, "a list of scopes")?;
                Some((scope.ok()?, self.group(&path, items)?))
            })
            .collect();
        read.into_iter().collect()
    }
}

/// Suggests a list for a text that holds several scopes.
fn scope_instead_of(text: &str, otherwise: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() < 2 || words.iter().any(|word| Scope::parse(word).is_err()) {
        return otherwise.to_owned();
    }
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("{otherwise}; for several scopes: `[{}]`", quoted.join(", "))
}

/// Reads `oauth.scopes`.
pub(in crate::config) fn read(scopes: &Section, report: &mut Report) -> ScopeSettings {
    let settings = ScopeSettings {
        initialize: scopes.get(&INITIALIZE),
        tools_list: scopes.get(&TOOLS_LIST),
        tools_call: scopes.get(&TOOLS_CALL),
        execute_graphql: scopes.get(&EXECUTE_GRAPHQL),
        get_operation_info: scopes.get(&GET_OPERATION_INFO),
        get_schema: scopes.get(&GET_SCHEMA),
        methods: scopes.get(&METHODS),
        tools: scopes.get(&TOOLS),
        prompts: scopes.get(&PROMPTS),
        resources: scopes.get(&RESOURCES),
        implies: scopes.get(&IMPLIES),
    };
    for (method, _) in &settings.methods {
        check_method(&below(&scopes.at(&METHODS), method), method, report);
    }
    for key in [&METHODS, &TOOLS, &PROMPTS] {
        refuse_expressions(scopes, key, report);
    }
    warn_of_case(&scopes.at(&TOOLS), &settings.tools, report);
    if let Some(cycle) = cycle(&settings.implies) {
        let names: Vec<&str> = cycle.iter().map(|scope| scope.as_str()).collect();
        let found = format!("the cycle {}", shown(&names.join(" > ")));
        report.mistake(
            &scopes.at(&IMPLIES),
            found,
            "scopes that do not include themselves",
        );
    }
    settings
}

/// Rejects a glob with signs of a regular expression: it would match no tool and so protect none.
fn refuse_expressions(scopes: &Section, key: &Key<Names>, report: &mut Report) {
    for (name, _) in scopes.get(key) {
        if name.contains(['^', '$', '\\', '[', '(', '|', '+']) {
            let path = below(&scopes.at(key), &name);
            let found = format!("{}, which looks like a regular expression", shown(&name));
            report.misnamed(&path, found, glob_instead_of(&name, key));
        }
    }
}

/// Suggests the glob for a simple expression: `delete_*` for `^delete_.*$`.
fn glob_instead_of(expression: &str, key: &Key<Names>) -> String {
    let kind = if key.name() == METHODS.name() {
        "a prefix with one `*` at its end"
    } else {
        "a glob, in which `*` stands for any text"
    };
    let glob = expression
        .trim_start_matches('^')
        .trim_end_matches('$')
        .replace(".*", "*")
        .replace(".+", "?*");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.:*?".contains(&byte);
    if glob.bytes().all(is_plain) {
        format!("{kind}: `{glob}`")
    } else {
        kind.to_owned()
    }
}

/// Warns of entries that differ only in case. Tool names are compared byte for byte, and these are
/// seldom two tools.
fn warn_of_case(path: &str, tools: &NamedScopes, report: &mut Report) {
    for (index, (name, _)) in tools.iter().enumerate() {
        let earlier = tools
            .iter()
            .take(index)
            .find(|(earlier, _)| earlier.eq_ignore_ascii_case(name));
        if let Some((earlier, _)) = earlier {
            report.warn(format!(
                "{path} has {} and {}, which differ only in case: each matches only the tool that is written so",
                shown(earlier),
                shown(name)
            ));
        }
    }
}

/// Returns true if an operation requires more than the initialize level.
pub(in crate::config) fn has_further_levels(scopes: &ScopeSettings) -> bool {
    let lists = [
        &scopes.tools_list,
        &scopes.tools_call,
        &scopes.execute_graphql,
        &scopes.get_operation_info,
        &scopes.get_schema,
    ];
    let named = [
        &scopes.methods,
        &scopes.tools,
        &scopes.prompts,
        &scopes.resources,
    ];
    lists.iter().any(|groups| !groups.is_empty())
        || named
            .iter()
            .any(|named| named.iter().any(|(_, groups)| !groups.is_empty()))
}

fn check_method(path: &str, method: &str, report: &mut Report) {
    let own_key = match method {
        "initialize" | "server/discover" => Some(INITIALIZE.name()),
        "tools/list" => Some(TOOLS_LIST.name()),
        "tools/call" => Some(TOOLS_CALL.name()),
        _ => None,
    };
    if let Some(key) = own_key {
        report.misnamed(path, shown(method), format!("its scopes under `{key}`"));
    }
    let stem = method.strip_suffix('*').unwrap_or(method);
    if stem.contains('*') {
        report.misnamed(
            path,
            shown(method),
            "a method, or a prefix with one `*` at its end",
        );
    }
}

/// Finds a chain of scopes that leads back to its start.
fn cycle(implies: &[(Scope, Vec<Scope>)]) -> Option<Vec<&Scope>> {
    // A scope is in no cycle if none of the scopes that it includes has an entry in `left`. The
    // loop removes such entries until there are none. Every step of the walk then finds a scope
    // with an entry, so that it must meet one twice.
    let mut left: HashMap<&Scope, &Vec<Scope>> =
        implies.iter().map(|(scope, list)| (scope, list)).collect();
    loop {
        let names: HashSet<&Scope> = left.keys().copied().collect();
        left.retain(|_, included| included.iter().any(|scope| names.contains(scope)));
        if left.len() == names.len() {
            break;
        }
    }
    let mut chain: Vec<&Scope> = Vec::new();
    let mut next = implies
        .iter()
        .map(|(scope, _)| scope)
        .find(|scope| left.contains_key(scope))?;
    loop {
        let start = chain.iter().position(|earlier| *earlier == next);
        chain.push(next);
        if let Some(start) = start {
            return Some(chain.split_off(start));
        }
        next = left
            .get(next)?
            .iter()
            .find(|scope| left.contains_key(scope))?;
    }
}

const SCOPE_LIST: &str =
    "a scope list: `['a', 'b']` for both, `[['a', 'b'], ['c']]` for both or the other";

/// The authorization server reads this scope, and tokens do not carry it (OpenID Connect Core §11).
const OFFLINE_ACCESS: &str = "offline_access";
