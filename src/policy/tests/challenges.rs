//! The challenge of a denial, byte for byte, and that its scopes suffice.

use proptest::prelude::*;

use super::{
    super::{
        challenge::ChallengeText,
        hierarchy::Hierarchy,
        missing_scopes::MissingScopes,
        requirement::Requirement,
        scope_level::{Level, LevelKind},
    },
    *,
};
use crate::domain::{Reason, ResourceId};

fn text() -> ChallengeText {
    let url = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp".to_owned();
    ChallengeText::compile(
        ResourceId::parse("mcp").unwrap(),
        Some(url),
        scopes("mcp:connect"),
    )
}

fn levels(requirements: &[(LevelKind, Requirement)]) -> Vec<Level<'_>> {
    requirements
        .iter()
        .map(|(kind, requirement)| Level::new(*kind, requirement))
        .collect()
}

fn requirement(text: &str) -> Requirement {
    Requirement::compile(&groups(text), &Hierarchy::default())
}

fn missing(
    requirements: &[&str],
    granted: &str,
    names: ChallengeScopes,
) -> Option<(String, String)> {
    let requirements: Vec<_> = requirements
        .iter()
        .map(|text| (LevelKind::Method, requirement(text)))
        .collect();
    let found = MissingScopes::find(&levels(&requirements), &scopes(granted), names, 2048)?;
    Some((found.needed.to_string(), found.missing.to_string()))
}

#[test]
fn a_challenge_without_a_token_has_no_error() {
    let expected = "Bearer realm=\"mcp\", scope=\"mcp:connect\", \
                    resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"";
    assert_eq!(
        &*text().unauthorized(Reason::TokenMissing).unwrap(),
        expected
    );
}

#[test]
fn a_challenge_for_a_bad_token_describes_the_error_last() {
    let expected = "Bearer realm=\"mcp\", error=\"invalid_token\", scope=\"mcp:connect\", \
                    resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\", \
                    error_description=\"the token has expired\"";
    assert_eq!(
        &*text().unauthorized(Reason::TokenExpired).unwrap(),
        expected
    );
    assert!(text().unauthorized(Reason::KeysUnavailable).is_none());
}

#[test]
fn a_challenge_for_missing_scopes_names_the_operations_scopes_at_once() {
    let requirements = [
        (LevelKind::Initialize, requirement("a")),
        (LevelKind::Method, requirement("b")),
    ];
    let missing = MissingScopes::find(
        &levels(&requirements),
        &scopes("a"),
        ChallengeScopes::Operation,
        2048,
    )
    .unwrap();
    let expected = "Bearer error=\"insufficient_scope\", scope=\"a b\", \
                    resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\", \
                    error_description=\"missing required scopes: b\"";
    assert_eq!(
        &*text().insufficient_scope(&missing, &scopes(""), Some("echo")),
        expected
    );
    let with_own = text().insufficient_scope(&missing, &scopes("own a"), None);
    assert!(with_own.contains("scope=\"own a b\""), "{with_own}");
}

#[test]
fn a_token_with_many_scopes_does_not_make_the_challenge_too_long() {
    let requirements = [(LevelKind::Method, requirement("b"))];
    let own = scopes(
        &(0..1000)
            .map(|i| format!("scope-{i:04}"))
            .collect::<Vec<_>>()
            .join(" "),
    );
    let missing = MissingScopes::find(
        &levels(&requirements),
        &own,
        ChallengeScopes::Operation,
        2048,
    )
    .unwrap();
    let written = text().insufficient_scope(&missing, &own, None);
    assert!(
        written.len() < 3500 && written.contains("scope=\"scope-0000 ") && written.contains(" b\""),
        "{written}"
    );
}

#[test]
fn a_tools_name_is_sanitized() {
    let requirements = [(LevelKind::Tool, requirement("b"))];
    let missing = MissingScopes::find(
        &levels(&requirements),
        &scopes(""),
        ChallengeScopes::Operation,
        2048,
    )
    .unwrap();
    let name = format!("x\" scope=\"all\\\r\né{}", "y".repeat(200));
    let written = text().insufficient_scope(&missing, &scopes(""), Some(&name));
    let expected = format!(
        "insufficient scopes for tool x? scope??all????{}\"",
        "y".repeat(103)
    );
    assert!(written.ends_with(&expected), "{written}");
}

#[test]
fn a_challenge_names_the_alternative_with_the_fewest_missing_scopes_in_full() {
    let operation = ChallengeScopes::Operation;
    let named = |needed: &str, missing: &str| Some((needed.to_owned(), missing.to_owned()));
    assert_eq!(missing(&["a b | c d"], "d", operation), named("c d", "c"));
    assert_eq!(missing(&["a b | c d"], "", operation), named("a b", "a b"));
    assert_eq!(
        missing(&["a", "b | c", "c | d"], "a", operation),
        named("a c", "c")
    );
    assert_eq!(
        missing(&["a", "b", "c"], "", ChallengeScopes::Level),
        named("a", "a")
    );
    assert_eq!(
        missing(&["a", "b", "c"], "a", ChallengeScopes::Level),
        named("b", "b")
    );
    assert_eq!(missing(&["a", "b | c"], "a c", operation), None);
}

#[test]
fn beyond_the_bound_alternatives_are_chosen_level_by_level() {
    let requirements: Vec<_> = (0..12)
        .map(|i| (LevelKind::Named, requirement(&format!("a{i} | b{i}"))))
        .collect();
    let found = MissingScopes::find(
        &levels(&requirements),
        &scopes("b3"),
        ChallengeScopes::Operation,
        2048,
    )
    .unwrap();
    assert_eq!(found.needed.len(), 12);
    assert!(as_set(&found.needed).contains("b3"));
    assert!(as_set(&found.needed).contains("a4"));
}

fn any_group() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d", "e"]), 1..4)
        .prop_map(|scopes| scopes.join(" "))
}

fn any_requirement() -> impl Strategy<Value = String> {
    prop::collection::vec(any_group(), 1..4).prop_map(|groups| groups.join("|"))
}

proptest! {
    /// A client that gets the scopes of a challenge must then be permitted; otherwise it would repeat the login for
    /// nothing.
    #[test]
    fn a_client_with_the_named_scopes_is_permitted(
        requirements in prop::collection::vec(any_requirement(), 1..5),
        granted in any_group(),
        max_groups in 1_usize..20,
    ) {
        let requirements: Vec<_> =
            requirements.iter().map(|text| (LevelKind::Method, requirement(text))).collect();
        let levels = levels(&requirements);
        let granted = scopes(&granted);
        let suffices = levels.iter().all(|level| level.requirement.is_met_by(&granted));
        match MissingScopes::find(&levels, &granted, ChallengeScopes::Operation, max_groups) {
            None => prop_assert!(suffices),
            Some(found) => {
                prop_assert!(!suffices);
                prop_assert!(!found.missing.is_empty());
                prop_assert!(levels.iter().all(|level| level.requirement.is_met_by(&found.needed)));
            }
        }
    }

    /// Additional scopes never turn a permit into a denial.
    #[test]
    fn more_scopes_never_deny(text in any_requirement(), granted in any_group(), more in any_group()) {
        let requirement = requirement(&text);
        let wider = scopes(&format!("{granted} {more}"));
        prop_assert!(!requirement.is_met_by(&scopes(&granted)) || requirement.is_met_by(&wider));
    }
}
