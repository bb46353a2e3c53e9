//! A schema in SDL: a plain one, or one of a subgraph or supergraph.

use std::path::Path;

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Directive, Document, FieldDefinition},
    schema::{Component, ExtendedType, SchemaBuilder},
    validation::Valid,
};

use super::{
    fault::GraphFault,
    federation::{Directives, retain_directives},
    scopes::{Declared, groups_of},
};
use crate::domain::ScopeGroups;

/// A schema, and the scopes that it declares.
pub(super) struct ReadSchema {
    pub(super) schema: Valid<Schema>,
    pub(super) declared: Declared,
    /// Warnings, one line each.
    pub(super) warnings: Vec<String>,
}

/// Reads a schema.
///
/// # Errors
/// All mistakes, up to a bound.
pub(super) fn read(text: String, file: &Path) -> Result<ReadSchema, Vec<GraphFault>> {
    let of_diagnostics = |diagnostics: &_| GraphFault::of_diagnostics(file, diagnostics);
    let mut document = Document::parser()
        .parse_ast(text, file)
        .map_err(|broken| of_diagnostics(&broken.errors))?;
    let directives = Directives::read(&document);
    retain_directives(&mut document, |name| !directives.is_foreign(name));
    let mut builder = SchemaBuilder::new()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .add_ast(&document);
    for name in directives.undefined_scoping() {
        builder = builder.parse(definition_of(name), "requiresScopes.graphql");
    }
    let schema = builder
        .build()
        .map_err(|broken| of_diagnostics(&broken.errors))?;
    let schema = schema
        .validate()
        .map_err(|broken| of_diagnostics(&broken.errors))?;
    let mut reader = Reader {
        schema: &schema,
        directives,
        file,
        declared: Declared::default(),
        faults: vec![],
    };
    reader.read();
    let (declared, faults) = (reader.declared, reader.faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let warnings = warnings(&schema, &declared, file);
    Ok(ReadSchema {
        schema,
        declared,
        warnings,
    })
}

/// Collects the scopes that the directives of a schema declare.
struct Reader<'s> {
    schema: &'s Schema,
    directives: Directives,
    file: &'s Path,
    declared: Declared,
    faults: Vec<GraphFault>,
}

impl<'s> Reader<'s> {
    fn read(&mut self) {
        let schema = self.schema;
        self.refuse(
            "the schema",
            schema
                .schema_definition
                .directives
                .iter()
                .map(|at| &at.node),
        );
        for (name, ty) in schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
            match ty {
                ExtendedType::Object(object) => self.read_fields(name, object.fields.values()),
                ExtendedType::Interface(interface) => {
                    self.read_fields(name, interface.fields.values())
                }
                ExtendedType::Enum(values) => {
                    let of_values = values
                        .values
                        .values()
                        .flat_map(|value| value.directives.iter());
                    self.refuse("an enum value", of_values);
                }
                ExtendedType::InputObject(input) => {
                    let of_fields = input
                        .fields
                        .values()
                        .flat_map(|field| field.directives.iter());
                    self.refuse("an input field", of_fields);
                    self.refuse("an input type", input.directives.iter().map(|at| &at.node));
                }
                ExtendedType::Scalar(_) | ExtendedType::Union(_) => {}
            }
            for groups in self.groups(ty.directives().iter().map(|at| &at.node)) {
                self.declared.types.push((name.clone(), groups));
            }
        }
    }

    fn read_fields(
        &mut self,
        ty: &Name,
        fields: impl Iterator<Item = &'s Component<FieldDefinition>>,
    ) {
        for field in fields {
            for groups in self.groups(field.directives.iter()) {
                self.declared
                    .fields
                    .push((ty.clone(), field.name.clone(), groups));
            }
            let of_arguments = field
                .arguments
                .iter()
                .flat_map(|argument| argument.directives.iter());
            self.refuse("an argument", of_arguments);
        }
    }

    /// The scopes of each scoping directive in a list.
    fn groups(&mut self, list: impl Iterator<Item = &'s Node<Directive>>) -> Vec<ScopeGroups> {
        let mut all = Vec::new();
        for directive in list {
            if self.directives.is_scoping(&directive.name) {
                match groups_of(directive) {
                    Ok(groups) => all.push(groups),
                    Err(found) => self.note(directive, &found, SCOPES),
                }
            }
        }
        all
    }

    /// Reports scoping directives in a place where they would protect nothing.
    fn refuse(&mut self, place: &str, list: impl Iterator<Item = &'s Node<Directive>>) {
        for directive in list {
            if self.directives.is_scoping(&directive.name) {
                self.note(directive, &format!("the directive on {place}"), LOCATIONS);
            }
        }
    }

    fn note(&mut self, directive: &Node<Directive>, found: &str, expected: &'static str) {
        let line = directive
            .line_column_range(&self.schema.sources)
            .map_or(0, |range| range.start.line);
        let found = format!("@{}: {found}", directive.name);
        self.faults
            .push(GraphFault::in_line(self.file, line, found, expected));
    }
}

/// Warnings about scopes that are legal but protect nothing: those of root types, which no field returns.
fn warnings(schema: &Schema, declared: &Declared, file: &Path) -> Vec<String> {
    let root = &schema.schema_definition;
    let roots = [&root.query, &root.mutation, &root.subscription]
        .map(|root| root.as_ref().map(|at| &at.name));
    let of_roots = declared
        .types
        .iter()
        .filter(|(name, _)| roots.contains(&Some(name)));
    let name = file.display();
    let texts = of_roots.map(|(ty, _)| {
        format!(
            "`{name}`: the scopes of the type `{ty}` protect nothing, because no field returns it"
        )
    });
    texts.collect()
}

/// The definition of a scoping directive that a document uses without defining it.
fn definition_of(name: &str) -> String {
    format!(
        "directive @{name}(scopes: [[scopegate_{name}_Scope!]!]!) on ENUM | FIELD_DEFINITION | INTERFACE | OBJECT | \
         SCALAR scalar scopegate_{name}_Scope"
    )
}

const SCOPES: &str = "scopes as `[[\"a\", \"b\"], [\"c\"]]`";

const LOCATIONS: &str = "the directive on fields, objects, interfaces, scalars or enums";
