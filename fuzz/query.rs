//! Target: queries of `execute_graphql`. The service must require the scopes of every field that a
//! simple reader finds among the words of the query. The name of a selected field is always in the
//! text.

use std::{fs, path::Path};

use scopegate::{
    config::{self, Environment},
    domain::{Call, Message, Named, Operation, Query},
    policy::{Enforcement, PolicyTable},
};

use crate::{
    draw::Draw,
    drive::{Outcome, drive},
    mutate::{mutate, seeds},
};

#[test]
fn query() {
    let seeds = seeds("query");
    let tables = ["refuse", "ignore"].map(table);
    drive("query", 10, |draw: &mut Draw| {
        let mut bytes = draw.one(&seeds).clone();
        if draw.chance(80) {
            mutate(draw, &mut bytes, &WORDS);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        draw.show(|| text.clone());
        let [strict, loose] = tables.each_ref().map(|table| fields_of(table, &text));
        match (strict, loose) {
            (None, None | Some(_)) => Outcome::Denied,
            (Some(_), None) => panic!("what is valid can be read"),
            (Some(strict), Some(loose)) => {
                assert_eq!(strict, loose, "a valid query needs the same in both modes");
                for field in strict
                    .iter()
                    .filter_map(|coordinate| coordinate.split_once('.'))
                {
                    assert!(
                        text.contains(field.1),
                        "`{}` does not stand in the query",
                        field.1
                    );
                }
                Outcome::Permitted
            }
        }
    });
}

/// The coordinates of the fields in a query. `None` if the query is rejected.
fn fields_of(table: &PolicyTable, text: &str) -> Option<Vec<String>> {
    let operation = Operation::Single(Message::Request(Call {
        method: "tools/call".into(),
        is_known: true,
        named: Named::Tool("execute_graphql".into()),
        query: Query::Text(text.into()),
    }));
    let levels = table.levels((&operation).into()).ok()?;
    Some(
        levels
            .iter()
            .map(|level| level.name.to_owned())
            .filter(|name| !name.is_empty())
            .collect(),
    )
}

fn table(unknown_fields: &str) -> PolicyTable {
    let folder = tempfile::tempdir().unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graphql/employees.graphql");
    fs::copy(schema, folder.path().join("schema.graphql")).unwrap();
    let file = folder.path().join("config.yaml");
    fs::write(&file, CONFIG.replace("UNKNOWN", unknown_fields)).unwrap();
    let settings = config::load(&file, &Environment::default()).unwrap();
    match &settings.resources[0].enforcement {
        Enforcement::On(oauth) => PolicyTable::compile(oauth),
        Enforcement::Off => panic!("the resource is enforced"),
    }
}

const WORDS: [&str; 24] = [
    "{",
    "}",
    "(",
    ")",
    "...",
    "... on Employee ",
    "fragment X on Query ",
    "@skip(if: true)",
    "\"",
    "\"\"\"",
    "#",
    "\n",
    "\r",
    "\\u0061",
    "\u{feff}",
    "$v",
    ":",
    "!",
    "[",
    "]",
    ",",
    " fact ",
    " name ",
    "query Q ",
];

const CONFIG: &str = "
mcp:
  enabled: true
  schema_file: schema.graphql
  enable_arbitrary_operations: true
  graphql: {unknown_fields: UNKNOWN}
  server: {base_url: 'https://mcp.example.com'}
  oauth:
    enabled: true
    jwks:
      - {secret: 'an-example-secret-of-thirty-two-bytes!', symmetric_algorithm: HS256, header_key_id: k}
";
