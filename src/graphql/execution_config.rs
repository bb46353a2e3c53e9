//! Reads a router's execution configuration (JSON): the schema, and the scopes of its fields.

use std::path::Path;

use apollo_compiler::Name;
use serde::Deserialize;

use super::{
    fault::GraphFault,
    scopes::Declared,
    sdl::{self, ReadSchema},
};
use crate::domain::Scope;

/// Reads an execution configuration. Directives in its SDL are ignored: composition has copied their scopes to the
/// field configurations.
///
/// # Errors
/// All mistakes, up to a bound.
pub(super) fn read(text: &str, file: &Path) -> Result<ReadSchema, Vec<GraphFault>> {
    let fault = |found: String| vec![GraphFault::in_file(file, found, EXPECTED)];
    let document: ExecutionConfig =
        serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
    let engine = document.engine_config;
    let schema = sdl::read(engine.graphql_schema, file)?;
    let mut declared = Declared::default();
    for field in engine.field_configurations {
        let Some(authorization) = field.authorization_configuration else {
            continue;
        };
        let place = format!("{}.{}", field.type_name, field.field_name);
        let name = |name: &str| {
            Name::new(name).map_err(|_| fault(format!("the name `{}`", name.escape_debug())))
        };
        let groups = authorization.required_or_scopes.iter().map(|group| {
            let scopes = group.required_and_scopes.iter();
            let parse =
                |scope: &String| Scope::parse(scope).map_err(|_| scope.escape_debug().to_string());
            scopes.map(parse).collect::<Result<Vec<_>, _>>()
        });
        let groups = groups
            .collect::<Result<Vec<_>, _>>()
            .map_err(|scope| fault(format!("`{scope}` in the scopes of `{place}`")))?;
        declared
            .fields
            .push((name(&field.type_name)?, name(&field.field_name)?, groups));
    }
    Ok(ReadSchema { declared, ..schema })
}

/// The members that scopegate reads; the router uses the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecutionConfig {
    engine_config: EngineConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EngineConfig {
    graphql_schema: String,
    #[serde(default)]
    field_configurations: Vec<FieldConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldConfiguration {
    type_name: String,
    field_name: String,
    authorization_configuration: Option<AuthorizationConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationConfiguration {
    #[serde(default)]
    required_or_scopes: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    #[serde(default)]
    required_and_scopes: Vec<String>,
}

const EXPECTED: &str =
    "an execution configuration with `engineConfig.graphqlSchema` and `fieldConfigurations`";
