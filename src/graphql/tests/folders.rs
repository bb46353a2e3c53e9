//! Folders of operations: which of them become tools, which tools are closed, and the warnings for the operator.

use super::*;

const SDL: &str = "type Query { a: Int @requiresScopes(scopes: [[\"a\"]]) b: Int } \
                   type Mutation { c: Int } type Subscription { d: Int }";

/// The tools of a folder, `name: coordinates` or `name: closed`, and the warnings.
fn tools(
    files: &[(&str, &str)],
    change: impl FnOnce(&mut GraphFiles),
) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let operations = folder.path().join("ops");
    fs::create_dir(&operations).unwrap();
    for (name, text) in files {
        let file = operations.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let (graph, warnings) = load(folder.path(), SDL, |files| {
        files.operations = Some(operations.clone());
        change(files);
    })
    .unwrap();
    let tools = graph
        .tools()
        .tools
        .iter()
        .map(|(name, needed)| match needed {
            None => format!("{name}: closed"),
            Some(ids) => {
                let coordinates = ids.iter().map(|id| graph.coordinates().get(*id).unwrap());
                let fields: Vec<_> = coordinates
                    .map(|coordinate| coordinate.name.as_str())
                    .collect();
                format!("{name}: {}", fields.join(" "))
            }
        });
    let base = format!("{}/", operations.display());
    (
        tools.collect(),
        warnings
            .iter()
            .map(|warning| warning.replace(&base, ""))
            .collect(),
    )
}

#[test]
fn every_valid_query_and_mutation_becomes_a_tool() {
    let files = [
        ("a.graphql", "query GetA { a }"),
        ("x/y/unnamed-one.gql", "{ b }"),
        (
            "two.graphql",
            "query One { ...F } query Two { b } fragment F on Query { a }",
        ),
        ("c.graphql", "\u{feff}# a comment\nmutation C { c }"),
        ("readme.md", "query Readme { a }"),
        ("..data/a.graphql", "query GetA { a }"),
        (".b.graphql", "query B { b }"),
    ];
    let (tools, warnings) = tools(&files, |_| {});
    assert_eq!(
        tools,
        [
            "c: ",
            "get_a: Query.a",
            "one: Query.a",
            "two: ",
            "unnamed_one: "
        ]
    );
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn a_tool_whose_challenge_may_exceed_a_gateways_headers_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(2000);
    let sdl = format!(
        "type Query {{ a: Int @requiresScopes(scopes: [[\"a{long}\"], [\"b\"]]) \
         same: Int @requiresScopes(scopes: [[\"a{long}\"], [\"b\"]]) c: Int @requiresScopes(scopes: [[\"c{long}\"]]) }}"
    );
    let operations = folder.path().join("ops");
    fs::create_dir(&operations).unwrap();
    fs::write(operations.join("one.graphql"), "query Short { a same }").unwrap();
    fs::write(operations.join("two.graphql"), "query Long { a same c }").unwrap();
    let (_, warnings) = load(folder.path(), &sdl, |files| {
        files.operations = Some(operations)
    })
    .unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("the tool `long`: its challenge may name 4004 bytes of scopes"),
        "{warnings:?}"
    );
}

#[test]
fn operations_that_do_not_become_tools_are_reported_with_file_line_and_reason() {
    let files = [
        ("field.graphql", "query Field {\n  b\n  unknown\n}"),
        ("syntax.graphql", "query Syntax {\n  b\n"),
        ("garbage.graphql", "%%%"),
        (
            "unused.graphql",
            "query Unused { b } fragment F on Query { a }",
        ),
        ("empty.graphql", ""),
        ("fragment.graphql", "fragment G on Query { b }"),
        ("d.graphql", "subscription D { d }"),
        ("reserved.graphql", "query GetSchema { b }"),
        ("sdl.graphql", "type X { y: Int }"),
    ];
    let (tools, warnings) = tools(&files, |_| {});
    assert_eq!(
        tools,
        [
            "d: closed",
            "empty: closed",
            "field: closed",
            "fragment: closed",
            "garbage: closed",
            "sdl: closed",
            "syntax: closed",
            "unused: closed"
        ]
    );
    let warned = |name: &str, parts: &[&str]| {
        let start = format!("`{name}`");
        let warning = warnings.iter().find(|warning| warning.starts_with(&start));
        let warning = warning.unwrap_or_else(|| panic!("{name}: {warnings:#?}"));
        assert!(parts.iter().all(|part| warning.contains(part)), "{warning}");
    };
    warned("field.graphql", &["line 3: ", "unknown", "closed: field"]);
    warned("syntax.graphql", &["syntax error", "closed: syntax"]);
    warned(
        "garbage.graphql",
        &["line 1", "syntax error", "closed: garbage"],
    );
    warned("unused.graphql", &["fragment", "closed: unused"]);
    warned("d.graphql", &["a subscription cannot be a tool"]);
    warned(
        "reserved.graphql",
        &["`get_schema` is the name of a built-in tool"],
    );
}

#[test]
fn two_operations_of_one_tool_require_the_scopes_of_both_and_an_invalid_one_closes_it() {
    let files = [
        ("1.graphql", "query getA { b }"),
        ("2.graphql", "query GetA { a }"),
    ];
    let (both, warnings) = tools(&files, |_| {});
    assert_eq!(both, ["get_a: Query.a"]);
    assert!(
        warnings[0].contains("another operation makes the tool `get_a` as well"),
        "{warnings:?}"
    );
    for order in [["1.graphql", "2.graphql"], ["2.graphql", "1.graphql"]] {
        let files = [
            (order[0], "query GetA { b }"),
            (order[1], "query GetA { unknown }"),
        ];
        assert_eq!(tools(&files, |_| {}).0, ["get_a: closed"]);
    }
    let files = [
        ("1.graphql", "query GetA { b }"),
        ("2.graphql", "mutation GetA { c }"),
    ];
    assert_eq!(
        tools(&files, |files| files.exclude_mutations = true).0,
        ["get_a: "]
    );
}

#[test]
fn excluded_mutations_are_closed() {
    let (tools, warnings) = tools(&[("c.graphql", "mutation C { c }")], |files| {
        files.exclude_mutations = true;
        files.omit_tool_name_prefix = false;
    });
    assert_eq!(
        (tools, warnings),
        (vec!["execute_operation_c: closed".to_owned()], Vec::new())
    );
}

#[cfg(unix)]
#[test]
fn a_mounted_config_map_is_read_once() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let operations = folder.path().join("ops");
    fs::create_dir_all(operations.join("..2026_01_01")).unwrap();
    fs::write(operations.join("..2026_01_01/a.graphql"), "query A { a }").unwrap();
    symlink("..2026_01_01", operations.join("..data")).unwrap();
    symlink("..data/a.graphql", operations.join("a.graphql")).unwrap();
    symlink("missing.graphql", operations.join("dangling.graphql")).unwrap();
    let (graph, warnings) = load(folder.path(), SDL, |files| {
        files.operations = Some(operations)
    })
    .unwrap();
    assert_eq!(
        graph.tools().tools.keys().collect::<Vec<_>>(),
        ["a", "dangling"]
    );
    assert!(graph.tools().tools["dangling"].is_none());
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}
