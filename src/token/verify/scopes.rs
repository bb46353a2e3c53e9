//! The scopes that a token grants: the union of the claims in `scope_claims`.

use crate::{
    domain::{Reason, Refusal, Scope, ScopeSet},
    json::{Member, Members},
    token::{TokenRules, refusal},
};

/// Reads the scopes from the claims that `rules` name.
///
/// # Errors
/// `scope-claim-malformed` for a claim that is neither a string nor an array of strings, or contains a scope that is
/// not a scope-token (RFC 6749 §3.3); `token-malformed` for an object on a dotted path that has a member twice.
pub(super) fn granted(claims: &Members<'_>, rules: &TokenRules) -> Result<ScopeSet, Refusal> {
    let mut scopes = ScopeSet::default();
    for name in rules.scope_claims() {
        if let Some(claim) = find(claims, name)? {
            read(claim, rules, &mut scopes)?;
        }
    }
    Ok(scopes)
}

/// Looks the whole name up before it reads the name as a dotted path: `https://example.com/scopes` contains dots too.
fn find<'a>(members: &Members<'a>, name: &str) -> Result<Option<Member<'a>>, Refusal> {
    if let Some(member) = members.get(name) {
        return Ok(Some(member));
    }
    let Some((first, rest)) = name.split_once('.') else {
        return Ok(None);
    };
    match members.get(first) {
        Some(inner) if inner.is_object() => {
            let inner = inner.as_object().ok_or(refusal::malformed(
                "an object on a claim's path has a member twice",
            ))?;
            find(&inner, rest)
        }
        Some(_) | None => Ok(None),
    }
}

/// A string is a list that is split at spaces (RFC 6749 §3.3); repeated spaces are harmless. An element of an array is
/// one scope and is never split.
fn read(claim: Member<'_>, rules: &TokenRules, scopes: &mut ScopeSet) -> Result<(), Refusal> {
    if let Some(list) = claim.as_text() {
        return list
            .split(' ')
            .filter(|text| !text.is_empty())
            .try_for_each(|text| add(text, rules, scopes));
    }
    let elements = claim.as_texts().ok_or(malformed(
        "a scope claim is neither a string nor an array of strings",
    ))?;
    elements
        .iter()
        .try_for_each(|text| add(text, rules, scopes))
}

fn add(text: &str, rules: &TokenRules, scopes: &mut ScopeSet) -> Result<(), Refusal> {
    let scope = match rules.known_scope(text) {
        Some(known) => known.clone(),
        None => Scope::parse(text)
            .map_err(|_| malformed("a scope claim holds what is no scope-token"))?,
    };
    scopes.insert(scope);
    Ok(())
}

const fn malformed(detail: &'static str) -> Refusal {
    Refusal::new(Reason::ScopeClaimMalformed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ResourceId;

    fn granted_by(json: &str, names: &[&str]) -> Result<String, Reason> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let rules = TokenRules::new(ResourceId::parse("mcp").unwrap(), Vec::new(), names);
        let known: ScopeSet = ["b", "a"]
            .iter()
            .map(|scope| Scope::parse(scope).unwrap())
            .collect();
        let members = Members::parse(json.as_bytes()).unwrap();
        let read = |rules: &TokenRules| {
            let scopes = granted(&members, rules).map_err(|refusal| refusal.reason);
            scopes.map(|scopes| scopes.to_string())
        };
        let scopes = read(&rules);
        assert_eq!(
            read(&rules.knowing(&known)),
            scopes,
            "known scopes make no difference"
        );
        scopes
    }

    fn by_default(json: &str) -> Result<String, Reason> {
        granted_by(json, &["scope", "scp"])
    }

    #[test]
    fn a_string_is_split_at_spaces_and_an_array_is_not() {
        for (json, scopes) in [
            (r#"{}"#, ""),
            (r#"{"scope":""}"#, ""),
            (r#"{"scope":[]}"#, ""),
            (r#"{"scope":"a b"}"#, "a b"),
            (r#"{"scope":" a  b "}"#, "a b"),
            (r#"{"scope":["a","b:c"]}"#, "a b:c"),
            (r#"{"scope":"a\u0020b"}"#, "a b"),
            (r#"{"scope":"a,b"}"#, "a,b"),
        ] {
            assert_eq!(by_default(json).as_deref(), Ok(scopes), "{json}");
        }
    }

    #[test]
    fn the_scopes_of_all_configured_claims_are_granted() {
        assert_eq!(
            by_default(r#"{"scope":"a b","scp":["b","c"]}"#).as_deref(),
            Ok("a b c")
        );
        assert_eq!(by_default(r#"{"scp":"a b"}"#).as_deref(), Ok("a b"));
        assert_eq!(
            granted_by(r#"{"scope":"a","roles":"b"}"#, &["roles"]).as_deref(),
            Ok("b")
        );
    }

    #[test]
    fn a_claim_that_is_not_a_list_of_scopes_is_malformed() {
        for json in [
            r#"{"scope":null}"#,
            r#"{"scope":1}"#,
            r#"{"scope":true}"#,
            r#"{"scope":{}}"#,
            r#"{"scope":["a",1]}"#,
            r#"{"scope":["a",null]}"#,
            r#"{"scope":["a b"]}"#,
            r#"{"scope":[""]}"#,
            r#"{"scope":[["a"]]}"#,
            r#"{"scope":"a\tb"}"#,
            r#"{"scope":"a\nb"}"#,
            r#"{"scope":"a\u00a0b"}"#,
            r#"{"scope":"é"}"#,
            r#"{"scope":"a\"b"}"#,
            r#"{"scope":"a","scp":7}"#,
        ] {
            assert_eq!(by_default(json), Err(Reason::ScopeClaimMalformed), "{json}");
        }
    }

    #[test]
    fn a_name_is_tried_whole_before_it_is_read_as_a_path() {
        let path = ["realm_access.roles"];
        assert_eq!(
            granted_by(r#"{"realm_access":{"roles":["a"]}}"#, &path).as_deref(),
            Ok("a")
        );
        let both = r#"{"realm_access.roles":"whole","realm_access":{"roles":["a"]}}"#;
        assert_eq!(granted_by(both, &path).as_deref(), Ok("whole"));
        let url = r#"{"https://example.com/scopes":"a"}"#;
        assert_eq!(
            granted_by(url, &["https://example.com/scopes"]).as_deref(),
            Ok("a")
        );
        assert_eq!(
            granted_by(r#"{"a":{"b.c":"x"}}"#, &["a.b.c"]).as_deref(),
            Ok("x")
        );
        assert_eq!(
            granted_by(r#"{"a":{"b":{"c":"x"}}}"#, &["a.b.c"]).as_deref(),
            Ok("x")
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_grants_nothing() {
        for json in [
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":"b"}"#,
            r#"{"a":{}}"#,
            r#"{"a":[{"b":"x"}]}"#,
        ] {
            assert_eq!(granted_by(json, &["a.b"]).as_deref(), Ok(""), "{json}");
        }
    }

    #[test]
    fn a_member_twice_on_the_path_makes_the_token_malformed() {
        assert_eq!(
            granted_by(r#"{"a":{"b":"x","b":"y"}}"#, &["a.b"]),
            Err(Reason::TokenMalformed)
        );
        assert_eq!(
            granted_by(r#"{"a":{"b":"x","c":1,"c":2}}"#, &["a.b"]),
            Err(Reason::TokenMalformed)
        );
    }
}
