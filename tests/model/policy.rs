//! Decides whether scopes suffice for an operation.

use std::collections::BTreeSet;

use super::{
    Denied,
    operation::{Named, Operation, is_known},
};

/// Groups of scopes: a token needs all scopes of one group. Without a group no scopes are required.
pub(crate) type Groups = Vec<Vec<String>>;

/// Names or globs, each with the groups that it requires.
pub(crate) type Entries = Vec<(String, Groups)>;

/// `oauth.scopes`, and the settings beside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    pub(crate) initialize: Groups,
    pub(crate) tools_list: Groups,
    pub(crate) tools_call: Groups,
    pub(crate) methods: Entries,
    pub(crate) tools: Entries,
    pub(crate) prompts: Entries,
    pub(crate) resources: Entries,
    pub(crate) implies: Vec<(String, Vec<String>)>,
    pub(crate) unknown_method_is_connect: bool,
    pub(crate) unknown_operation_is_connect: bool,
    pub(crate) denies_unlisted: bool,
    pub(crate) only_reports: bool,
}

/// Steps 8 and 9 of the decision. An operation that cannot be read is denied here only because of
/// its URI.
pub(crate) fn permits(
    policy: &Policy,
    scopes: &[String],
    operation: &Operation,
) -> Result<(), Denied> {
    let mut demands = vec![&policy.initialize];
    let mut refusal = None;
    if let Operation::Method { method, named } = operation {
        if !policy.resources.is_empty()
            && named
                .iter()
                .any(|named| matches!(named, Named::Resource(uri) if !is_canonical(uri)))
        {
            return Err("a URI that could be written in another way");
        }
        let entries = matching(&policy.methods, method);
        if !is_known(method) && entries.is_empty() && !policy.unknown_method_is_connect {
            refusal = Some("no revision knows the method");
        }
        match method.as_str() {
            "tools/list" => demands.push(&policy.tools_list),
            "tools/call" => demands.push(&policy.tools_call),
            _ => demands.extend(entries),
        }
        for named in named {
            let entries = match named {
                Named::Tool(name) => matching(&policy.tools, name),
                Named::Prompt(name) => matching(&policy.prompts, name),
                Named::Resource(uri) => matching(&policy.resources, uri),
                Named::Task(_) => continue,
            };
            if entries.is_empty() && policy.denies_unlisted {
                refusal = Some("not listed");
            }
            demands.extend(entries);
        }
    }
    let held = with_implied(policy, scopes);
    let is_met = |groups: &&Groups| {
        groups.is_empty()
            || groups
                .iter()
                .any(|group| group.iter().all(|scope| held.contains(scope)))
    };
    match refusal {
        _ if policy.only_reports => Ok(()),
        Some(refusal) => Err(refusal),
        None if demands.iter().all(is_met) => Ok(()),
        None => Err("a scope is missing"),
    }
}

fn matching<'p>(entries: &'p Entries, name: &str) -> Vec<&'p Groups> {
    let matching = entries
        .iter()
        .filter(|(pattern, _)| glob(pattern.as_bytes(), name.as_bytes()));
    matching.map(|(_, groups)| groups).collect()
}

/// `*` matches any text, including the empty one.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skipped| glob(rest, &text[skipped..])),
        Some((byte, rest)) => text.first() == Some(byte) && glob(rest, &text[1..]),
    }
}

fn with_implied(policy: &Policy, scopes: &[String]) -> BTreeSet<String> {
    let mut held: BTreeSet<String> = scopes.iter().cloned().collect();
    loop {
        let wider = policy
            .implies
            .iter()
            .filter(|(scope, _)| held.contains(scope));
        let more: BTreeSet<String> = wider.flat_map(|(_, included)| included.clone()).collect();
        if more.is_subset(&held) {
            return held;
        }
        held.extend(more);
    }
}

/// Returns true if a URI has only one spelling, as far as patterns over paths can tell.
fn is_canonical(uri: &str) -> bool {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    if scheme.bytes().any(|byte| byte.is_ascii_uppercase()) || uri.contains('\\') {
        return false;
    }
    let path = rest.split(['?', '#']).next().unwrap();
    if path
        .split('/')
        .any(|segment| segment == "." || segment == "..")
    {
        return false;
    }
    uri.split('%').skip(1).all(|after| {
        let byte = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        byte.is_some_and(|byte| !byte.is_ascii_alphanumeric() && !b"-._~/\\".contains(&byte))
    })
}
