//! Mistakes in schemas are reported with file and line; no scopes are lost.

use super::*;

fn mistakes(sdl: &str) -> String {
    load(tempfile::tempdir().unwrap().path(), sdl, |_| {}).unwrap_err()
}

#[test]
fn mistakes_in_a_schema_are_reported_with_their_line() {
    for (sdl, expected) in [
        ("type Query {", "line 1: syntax error"),
        (
            "type Query { a: Int }\ntype T { b: Missing }",
            "line 2: cannot find type `Missing`",
        ),
        (
            "type Query { a: Int @unknown }",
            "line 1: cannot find directive `@unknown`",
        ),
        (
            "type Query { a: Int @requireScopes(scopes: [[\"a\"]]) }",
            "cannot find directive `@requireScopes`",
        ),
        ("type Query { a: Int @requiresScopes }", "scopes"),
        (
            "type Query { a: Int @requiresScopes(scopes: 5) }",
            "`5` among the scopes",
        ),
        (
            "type Query { a: Int @requiresScopes(scopes: [[\"a b\"]]) }",
            "`a b` among the scopes",
        ),
        (
            "type Query { a: Int @requiresScopes(scopes: [[\"a\"]]) @requiresScopes(scopes: [[\"b\"]]) }",
            "requiresScopes",
        ),
        (
            "type Query { a(b: Int @requiresScopes(scopes: [[\"a\"]])): Int }",
            "requiresScopes",
        ),
        (
            "type Query { a: U } type T { b: Int } union U @requiresScopes(scopes: [[\"a\"]]) = T",
            "requiresScopes",
        ),
        (
            "type Query { a: Int } { a }",
            "must not contain an operation",
        ),
        ("", "syntax error"),
        ("type T { a: Int }", "quer"),
    ] {
        let mistakes = mistakes(sdl);
        assert!(
            mistakes.starts_with("`schema.graphql`") && mistakes.contains(expected),
            "{sdl}\n{mistakes}"
        );
        assert!(mistakes.contains(", expected "), "{mistakes}");
    }
}

#[test]
fn a_custom_definition_of_the_directive_does_not_allow_scopes_where_they_would_be_lost() {
    let definition = "directive @requiresScopes(scopes: [[String!]!]!) repeatable on \
                      ARGUMENT_DEFINITION | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA | UNION | \
                      FIELD_DEFINITION ";
    for place in [
        "type Query { a(b: Int @requiresScopes(scopes: [[\"a\"]])): Int }",
        "type Query { a: E } enum E { X @requiresScopes(scopes: [[\"a\"]]) }",
        "type Query { a(i: I): Int } input I @requiresScopes(scopes: [[\"a\"]]) { b: Int }",
        "type Query { a(i: I): Int } input I { b: Int @requiresScopes(scopes: [[\"a\"]]) }",
        "type Query { a: Int } extend schema @requiresScopes(scopes: [[\"a\"]])",
    ] {
        let mistakes = mistakes(&format!("{definition}{place}"));
        assert!(
            mistakes.contains("@requiresScopes: the directive on "),
            "{place}\n{mistakes}"
        );
    }
    let union =
        "type Query { a: U } type T { b: Int } union U @requiresScopes(scopes: [[\"u\"]]) = T";
    let graph_of_union = graph(&format!("{definition}{union}"));
    assert_eq!(
        resolve(
            &graph_of_union,
            "{ a { __typename } }",
            UnknownFields::Refuse
        )
        .unwrap(),
        ["U"]
    );
    let twice = "type Query { a: Int @requiresScopes(scopes: [[\"a\"]]) @requiresScopes(scopes: [[\"b\"]]) }";
    let graph_of_both = graph(&format!("{definition}{twice}"));
    let both = resolve(&graph_of_both, "{ a }", UnknownFields::Refuse).unwrap();
    assert_eq!(both, ["Query.a", "Query.a"]);
}

#[test]
fn scopes_of_a_root_type_protect_nothing_and_a_warning_says_so() {
    let sdl = "type Query @requiresScopes(scopes: [[\"a\"]]) { a: Int }";
    let (_, warnings) = load(tempfile::tempdir().unwrap().path(), sdl, |_| {}).unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("the scopes of the type `Query` protect nothing"),
        "{warnings:?}"
    );
}

#[test]
fn a_supergraph_keeps_its_scopes() {
    let sdl = include_str!("supergraph.graphql");
    let graph = graph(sdl);
    let needs = resolve(&graph, "{ me { email } }", UnknownFields::Refuse).unwrap();
    assert_eq!(needs, ["Query.me", "User.email"]);
}

#[test]
fn the_same_files_make_the_same_graph_and_a_change_another() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = load(folder.path(), "type Query { a: Int }", |_| {}).unwrap();
    let (same, _) = load(folder.path(), "type Query { a: Int }", |_| {}).unwrap();
    let (other, _) = load(folder.path(), "type Query { a: Int! }", |_| {}).unwrap();
    assert!(one == same && one != other);
    assert_eq!(
        format!("{one:?}"),
        format!("Graph {{ version: \"{}\", .. }}", one.version())
    );
}

#[test]
fn an_execution_configuration_must_have_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let mistake = |json: &str| {
        fs::write(&file, json).unwrap();
        load(folder.path(), "", |files| {
            files.schema = SchemaSource::ExecutionConfig(file.clone())
        })
        .unwrap_err()
    };
    for (json, expected) in [
        ("", "EOF"),
        ("{}", "engineConfig"),
        (r#"{"engineConfig":{}}"#, "graphqlSchema"),
        (
            r#"{"engineConfig":{"graphqlSchema":"type Query {"}}"#,
            "syntax error",
        ),
        (
            r#"{"engineConfig":{"graphqlSchema":"type Query { a: Int }","fieldConfigurations":[{"typeName":"Query","fieldName":"a","authorizationConfiguration":{"requiredOrScopes":[{"requiredAndScopes":["a b"]}]}}]}}"#,
            "`a b` in the scopes of `Query.a`",
        ),
    ] {
        let mistake = mistake(json);
        assert!(
            mistake.starts_with("`config.json`") && mistake.contains(expected),
            "{json}\n{mistake}"
        );
    }
}
