//! The algebra of fields: the challenge compared with the full product, and the cost of many fields.

use proptest::prelude::*;

use super::{super::missing_scopes::MissingScopes, *};
use crate::clock::{Clock, SystemClock};

/// The requirements of fields, as texts such as `a b | c`.
type Texts = Vec<String>;

fn requirements(texts: &Texts) -> Vec<Requirement> {
    texts
        .iter()
        .map(|text| Requirement::compile(&groups(text), &Hierarchy::default()))
        .collect()
}

fn levels(requirements: &[Requirement]) -> Vec<Level<'_>> {
    requirements
        .iter()
        .map(|requirement| Level::new(LevelKind::Field, requirement))
        .collect()
}

fn find(
    requirements: &[Requirement],
    granted: &ScopeSet,
    max_groups: usize,
) -> Option<MissingScopes> {
    MissingScopes::find(
        &levels(requirements),
        granted,
        ChallengeScopes::Operation,
        max_groups,
    )
}

/// The full product: starts with the groups of the first field. For each further field, joins every group so far
/// with every group of that field; each scope occurs once.
fn product(texts: &Texts) -> Vec<ScopeSet> {
    texts
        .iter()
        .fold(vec![ScopeSet::default()], |so_far, text| {
            let own = groups(text);
            let join =
                |left: &ScopeSet, right: &Vec<Scope>| left.iter().chain(right).cloned().collect();
            so_far
                .iter()
                .flat_map(|left| {
                    own.iter()
                        .map(|right| join(left, right))
                        .collect::<Vec<_>>()
                })
                .collect()
        })
}

fn lacking(group: &ScopeSet, granted: &ScopeSet) -> usize {
    group
        .iter()
        .filter(|scope| !granted.contains(scope))
        .count()
}

fn a_group() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec!["a", "b", "c", "d", "e", "f"]),
        0..4,
    )
    .prop_map(|scopes| scopes.join(" "))
}

fn fields() -> impl Strategy<Value = Texts> {
    let requirement = prop::collection::vec(a_group(), 1..4).prop_map(|groups| groups.join("|"));
    prop::collection::vec(requirement, 1..6)
}

proptest! {
    #[test]
    fn the_challenge_is_the_first_best_group_of_the_product(texts in fields(), granted in a_group()) {
        let granted = scopes(&granted);
        let product = product(&texts);
        let best = product.iter().min_by_key(|group| lacking(group, &granted)).unwrap();
        let found = find(&requirements(&texts), &granted, usize::MAX);
        match found {
            None => prop_assert_eq!(lacking(best, &granted), 0),
            Some(missing) => {
                prop_assert_eq!(&missing.needed, best);
                prop_assert_eq!(missing.missing.len(), lacking(best, &granted));
            }
        }
    }

    #[test]
    fn beyond_the_bound_the_challenge_is_a_group_that_suffices(texts in fields(), granted in a_group()) {
        let granted = scopes(&granted);
        let requirements = requirements(&texts);
        if let Some(missing) = find(&requirements, &granted, 1) {
            let after: ScopeSet = granted.iter().chain(&missing.needed).cloned().collect();
            prop_assert_eq!(find(&requirements, &after, 1), None);
            let product = product(&texts);
            prop_assert!(product.contains(&missing.needed), "{} is not a group", missing.needed);
        }
    }

    #[test]
    fn a_further_scope_never_turns_a_permit_into_a_denial(texts in fields(), granted in a_group(), more in a_group()) {
        let requirements = requirements(&texts);
        let (fewer, all) = (scopes(&granted), scopes(&format!("{granted} {more}")));
        if find(&requirements, &fewer, 2048).is_none() {
            prop_assert_eq!(find(&requirements, &all, 2048), None);
        }
    }
}

#[test]
fn the_product_keeps_the_order_of_the_fields() {
    let texts = vec![
        "read:fact | read:all".to_owned(),
        "read:employee read:private | read:all".to_owned(),
    ];
    let written: Vec<_> = product(&texts).iter().map(ToString::to_string).collect();
    assert_eq!(
        written,
        [
            "read:fact read:employee read:private",
            "read:fact read:all",
            "read:all read:employee read:private",
            "read:all"
        ]
    );
}

#[test]
fn fields_are_compared_only_with_each_other_and_named_last() {
    let [outer, fields] =
        [vec!["a".to_owned()], vec!["a b | c".to_owned()]].map(|texts| requirements(&texts));
    let mut all = vec![Level::new(LevelKind::Initialize, &outer[0])];
    all.extend(levels(&fields));
    let find = |names| {
        MissingScopes::find(&all, &ScopeSet::default(), names, 2048)
            .unwrap()
            .needed
            .to_string()
    };
    assert_eq!(find(ChallengeScopes::Operation), "a c");
    assert_eq!(find(ChallengeScopes::Level), "a");
}

#[test]
fn sixty_fields_of_four_groups_cost_no_more_than_ten_small_operations() {
    let field = |index: usize| {
        (0..4)
            .map(|group| format!("s{index}-{group} t{index}-{group}"))
            .collect::<Vec<_>>()
    };
    let many: Texts = (0..60).map(|index| field(index).join("|")).collect();
    let (many, granted) = (requirements(&many), scopes("mcp:connect s3-1 s59-3"));
    let clock = SystemClock::default();
    let started = clock.uptime();
    let mut missing = None;
    for _ in 0..100 {
        missing = find(&many, &granted, 2048);
    }
    let each = (clock.uptime() - started) / 100;
    let missing = missing.unwrap();
    assert_eq!((missing.needed.len(), missing.missing.len()), (120, 118));
    // Generous, for an unoptimised build on a busy machine. A search whose cost grows with the number of
    // combinations would never end.
    assert!(each.as_millis() < 500, "{each:?}");
}
