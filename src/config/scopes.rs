//! Scope lists and what is made of them: `['a', 'b']` is both, `[['a', 'b'], ['c']]` is both or the other.

use std::collections::{HashMap, HashSet};

use config::{Value, ValueKind};

use super::{
    mistake::{Report, below, shown},
    section::Section,
    shape::Shaper,
};
use crate::{
    domain::{NamedScopes, Scope, ScopeGroups},
    policy::ScopeSettings,
};

impl Shaper<'_> {
    /// Reads a scope list. An empty one needs nothing.
    pub(super) fn scopes(&mut self, path: &str, value: &Value) -> Option<ScopeGroups> {
        let items = self.items(path, value, SCOPE_LIST)?;
        let lists = items.iter().filter(|item| matches!(item.kind, ValueKind::Array(_))).count();
        if lists == 0 {
            let group = self.group(path, items)?;
            return Some(if group.is_empty() { Vec::new() } else { vec![group] });
        }
        if lists < items.len() {
            self.report.mistake(path, "scopes and lists of scopes side by side", SCOPE_LIST);
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
        let group = self.items(path, value, "a list of scopes").and_then(|items| self.group(path, items))?;
        if group.is_empty() {
            // "or nothing" would open the whole level.
            self.report.mistake(path, "an empty list among the alternatives", "at least one scope");
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
        let scope = Scope::parse(text);
        if let Err(error) = &scope {
            self.report.mistake(path, shown(text), error.to_string());
        }
        scope.ok()
    }

    /// Reads names with a scope list each, in the order of the file.
    pub(super) fn named(&mut self, path: &str, value: &Value) -> Option<NamedScopes> {
        let members = self.members(path, value, "names with a scope list each")?;
        let read: Vec<_> = members
            .into_iter()
            .map(|(name, value)| {
                let path = below(path, name);
                if name.is_empty() {
                    self.report.mistake(&path, "an empty name", "a name or a glob");
                }
                Some((name.clone(), self.scopes(&path, value)?))
            })
            .collect();
        read.into_iter().collect()
    }

    /// Reads scopes with the scopes that each includes.
    pub(super) fn implies(&mut self, path: &str, value: &Value) -> Option<Vec<(Scope, Vec<Scope>)>> {
        let members = self.members(path, value, "scopes with a list of scopes each")?;
        let read: Vec<_> = members
            .into_iter()
            .map(|(name, value)| {
                let path = below(path, name);
                let scope = self.parse_scope(&path, name);
                let items = self.items(&path, value, "a list of scopes")?;
                Some((scope?, self.group(&path, items)?))
            })
            .collect();
        read.into_iter().collect()
    }
}

/// Reads `oauth.scopes`.
pub(super) fn read(scopes: &Section, report: &mut Report) -> ScopeSettings {
    let settings = ScopeSettings {
        initialize: scopes.scopes("initialize"),
        tools_list: scopes.scopes("tools_list"),
        tools_call: scopes.scopes("tools_call"),
        execute_graphql: scopes.scopes("execute_graphql"),
        get_operation_info: scopes.scopes("get_operation_info"),
        get_schema: scopes.scopes("get_schema"),
        methods: scopes.named("methods"),
        tools: scopes.named("tools"),
        prompts: scopes.named("prompts"),
        resources: scopes.named("resources"),
        implies: scopes.implies("implies"),
    };
    for (method, _) in &settings.methods {
        check_method(&below(&scopes.at("methods"), method), method, report);
    }
    if let Some(cycle) = cycle(&settings.implies) {
        let names: Vec<&str> = cycle.iter().map(|scope| scope.as_str()).collect();
        let found = format!("the cycle {}", shown(&names.join(" > ")));
        report.mistake(&scopes.at("implies"), found, "scopes that do not include themselves");
    }
    settings
}

/// Whether any operation needs more than the initialize level.
pub(super) fn has_further_levels(scopes: &ScopeSettings) -> bool {
    let lists = [
        &scopes.tools_list,
        &scopes.tools_call,
        &scopes.execute_graphql,
        &scopes.get_operation_info,
        &scopes.get_schema,
    ];
    let named = [&scopes.methods, &scopes.tools, &scopes.prompts, &scopes.resources];
    lists.iter().any(|groups| !groups.is_empty())
        || named.iter().any(|named| named.iter().any(|(_, groups)| !groups.is_empty()))
}

fn check_method(path: &str, method: &str, report: &mut Report) {
    let own_key = match method {
        "initialize" | "server/discover" => Some("initialize"),
        "tools/list" => Some("tools_list"),
        "tools/call" => Some("tools_call"),
        _ => None,
    };
    if let Some(key) = own_key {
        report.mistake(path, shown(method), format!("its scopes under `{key}`"));
    }
    let stem = method.strip_suffix('*').unwrap_or(method);
    if stem.contains('*') {
        report.mistake(path, shown(method), "a method, or a prefix with one `*` at its end");
    }
}

/// A chain of scopes that leads back to its beginning.
fn cycle(implies: &[(Scope, Vec<Scope>)]) -> Option<Vec<&Scope>> {
    // Whoever includes nothing that includes something is in no cycle. When nobody of that kind is left, every
    // step from here on meets a scope that can be left again, so that the walk must come back to one.
    let mut left: HashMap<&Scope, &Vec<Scope>> = implies.iter().map(|(scope, list)| (scope, list)).collect();
    loop {
        let names: HashSet<&Scope> = left.keys().copied().collect();
        left.retain(|_, included| included.iter().any(|scope| names.contains(scope)));
        if left.len() == names.len() {
            break;
        }
    }
    let mut chain: Vec<&Scope> = Vec::new();
    let mut next = implies.iter().map(|(scope, _)| scope).find(|scope| left.contains_key(scope))?;
    loop {
        let start = chain.iter().position(|earlier| *earlier == next);
        chain.push(next);
        if let Some(start) = start {
            return Some(chain.split_off(start));
        }
        next = left.get(next)?.iter().find(|scope| left.contains_key(scope))?;
    }
}

const SCOPE_LIST: &str = "a scope list: `['a', 'b']` for both, `[['a', 'b'], ['c']]` for both or the other";
