//! Writes an invented graph of any size: a schema with scopes, and operations.

use std::{fmt::Write, fs, path::Path};

/// Writes `schema.graphql` and `operations/` into a folder. Each type has ten fields, of which
/// three need scopes, and a field of the query type leads to it.
///
/// # Panics
/// If a file cannot be written.
pub fn write_graph(folder: &Path, types: usize, operations: usize) {
    fs::write(folder.join("schema.graphql"), schema(types)).unwrap();
    write_operations(folder, types, operations);
}

fn schema(types: usize) -> String {
    let mut sdl = String::from("type Query {\n");
    for index in 0..types {
        let _ = writeln!(sdl, "  type{index}(s: String): Type{index}");
    }
    for index in 0..60 {
        let groups: Vec<_> = (0..4)
            .map(|group| format!("[\"p{index}-{group}\", \"q{index}-{group}\"]"))
            .collect();
        let _ = writeln!(
            sdl,
            "  p{index}: String @requiresScopes(scopes: [{}])",
            groups.join(", ")
        );
    }
    sdl.push_str("}\n");
    (0..types).for_each(|index| add_type(index, types, &mut sdl));
    sdl.push_str("interface Node { id: ID! }\n");
    sdl
}

fn add_type(index: usize, types: usize, sdl: &mut String) {
    let _ = writeln!(
        sdl,
        "type Type{index} implements Node {{\n  id: ID!\n  next: Type{}",
        (index + 1) % types
    );
    for field in 0..8 {
        let scopes = format!(
            " @requiresScopes(scopes: [[\"scope{}\"], [\"all\", \"x\"]])",
            (index + field) % 100
        );
        let _ = writeln!(
            sdl,
            "  field{field}: String{}",
            if field % 3 == 0 { scopes.as_str() } else { "" }
        );
    }
    sdl.push_str("}\n");
}

fn write_operations(folder: &Path, types: usize, operations: usize) {
    fs::create_dir(folder.join("operations")).unwrap();
    for index in 0..operations {
        let ty = index % types;
        let text = format!(
            "query Operation{index} {{ type{ty} {{ id field0 field3 next {{ field0 field6 next {{ id }} }} }} }}"
        );
        fs::write(
            folder.join(format!("operations/operation-{index}.graphql")),
            text,
        )
        .unwrap();
    }
}
