//! The directives of federated graphs: the names that `@link` gives to `@requiresScopes`, and the directives that a
//! subgraph may use without defining them.

use std::collections::HashSet;

use apollo_compiler::ast::{Definition, Directive, DirectiveList, Document, Value};

/// The names of directives in one document.
#[derive(Debug, Default)]
pub(super) struct Directives {
    scoping: HashSet<String>,
    imported: HashSet<String>,
    defined: HashSet<String>,
}

impl Directives {
    /// Reads every `@link` of a document. A directive on the schema with a `url` counts as a link under any name.
    pub(super) fn read(document: &Document) -> Self {
        let mut directives = Self::default();
        directives
            .scoping
            .extend([SCOPING.to_owned(), format!("federation__{SCOPING}")]);
        for definition in &document.definitions {
            if let Definition::DirectiveDefinition(definition) = definition {
                directives.defined.insert(definition.name.to_string());
            }
            if matches!(
                definition,
                Definition::SchemaDefinition(_) | Definition::SchemaExtension(_)
            ) {
                definition
                    .directives()
                    .iter()
                    .for_each(|link| directives.add_link(link));
            }
        }
        directives
    }

    /// Whether `name` is `@requiresScopes`: under its original name, with a namespace, or renamed by an import.
    pub(super) fn is_scoping(&self, name: &str) -> bool {
        local_name(name) == SCOPING || self.scoping.contains(name)
    }

    /// Whether the document defines the directive.
    pub(super) fn is_defined(&self, name: &str) -> bool {
        self.defined.contains(name)
    }

    /// Whether the document may use the directive without defining it, and scopegate ignores it: a directive of
    /// federation, one with a namespace, or an imported one.
    pub(super) fn is_foreign(&self, name: &str) -> bool {
        let is_known =
            name.contains("__") || FEDERATION.contains(&name) || self.imported.contains(name);
        is_known && !self.is_defined(name) && !self.is_scoping(name)
    }

    /// The scoping directives that the document uses or may use without defining them.
    pub(super) fn undefined_scoping(&self) -> impl Iterator<Item = &String> {
        self.scoping.iter().filter(|name| !self.is_defined(name))
    }

    fn add_link(&mut self, link: &Directive) {
        let text = |name: &str| {
            link.specified_argument_by_name(name)
                .and_then(|value| value.as_str())
        };
        let Some(url) = text("url") else { return };
        // https://specs.apollo.dev/requiresScopes/v0.1: the main directive of a spec has the name of the spec.
        let is_own = url.split('/').any(|part| part == SCOPING);
        if let Some(namespace) = text("as") {
            let own = if is_own {
                namespace.to_owned()
            } else {
                format!("{namespace}__{SCOPING}")
            };
            self.scoping.insert(own);
        }
        let imports = link
            .specified_argument_by_name("import")
            .and_then(|value| value.as_list());
        for import in imports.unwrap_or_default() {
            let member = |key: &str| -> Option<&str> {
                let Value::Object(members) = &**import else {
                    return None;
                };
                members
                    .iter()
                    .find(|(name, _)| name == key)?
                    .1
                    .as_str()?
                    .strip_prefix('@')
            };
            let plain = import.as_str().and_then(|name| name.strip_prefix('@'));
            let Some(name) = plain.or_else(|| member("name")) else {
                continue;
            };
            let local = member("as").unwrap_or(name);
            self.imported.insert(local.to_owned());
            if name == SCOPING {
                self.scoping.insert(local.to_owned());
            }
        }
    }
}

/// Prunes the directives of an object or interface, of its fields and of their arguments. Definitions and extensions have
/// types of their own with the same members.
macro_rules! prune_object {
    ($ty:ident, $prune:ident) => {{
        let ty = $ty.make_mut();
        $prune(&mut ty.directives);
        prune_fields(&mut ty.fields, $prune);
    }};
}

/// Prunes the directives of an enum or input object, and of its members.
macro_rules! prune_members {
    ($ty:ident, $members:ident, $prune:ident) => {{
        let ty = $ty.make_mut();
        $prune(&mut ty.directives);
        ty.$members
            .iter_mut()
            .for_each(|member| $prune(&mut member.make_mut().directives));
    }};
}

/// Removes the applications of all directives that `keep` rejects.
pub(super) fn retain_directives(document: &mut Document, keep: impl Fn(&str) -> bool) {
    let prune = |list: &mut DirectiveList| list.0.retain(|directive| keep(&directive.name));
    for definition in &mut document.definitions {
        match definition {
            Definition::OperationDefinition(_)
            | Definition::FragmentDefinition(_)
            | Definition::DirectiveDefinition(_) => {}
            Definition::SchemaDefinition(schema) => prune(&mut schema.make_mut().directives),
            Definition::SchemaExtension(schema) => prune(&mut schema.make_mut().directives),
            Definition::ScalarTypeDefinition(scalar) => prune(&mut scalar.make_mut().directives),
            Definition::ScalarTypeExtension(scalar) => prune(&mut scalar.make_mut().directives),
            Definition::UnionTypeDefinition(union) => prune(&mut union.make_mut().directives),
            Definition::UnionTypeExtension(union) => prune(&mut union.make_mut().directives),
            Definition::ObjectTypeDefinition(object) => prune_object!(object, prune),
            Definition::ObjectTypeExtension(object) => prune_object!(object, prune),
            Definition::InterfaceTypeDefinition(interface) => prune_object!(interface, prune),
            Definition::InterfaceTypeExtension(interface) => prune_object!(interface, prune),
            Definition::EnumTypeDefinition(ty) => prune_members!(ty, values, prune),
            Definition::EnumTypeExtension(ty) => prune_members!(ty, values, prune),
            Definition::InputObjectTypeDefinition(ty) => prune_members!(ty, fields, prune),
            Definition::InputObjectTypeExtension(ty) => prune_members!(ty, fields, prune),
        }
    }
}

fn prune_fields(
    fields: &mut [apollo_compiler::Node<apollo_compiler::ast::FieldDefinition>],
    prune: impl Fn(&mut DirectiveList),
) {
    for field in fields {
        let field = field.make_mut();
        prune(&mut field.directives);
        field
            .arguments
            .iter_mut()
            .for_each(|argument| prune(&mut argument.make_mut().directives));
    }
}

/// A name without its namespace: `requiresScopes` for `federation__requiresScopes`.
fn local_name(name: &str) -> &str {
    name.rsplit_once("__").map_or(name, |(_, local)| local)
}

/// The directive that declares the scopes of a field.
pub(super) const SCOPING: &str = "requiresScopes";

/// The directives of Apollo Federation 1 and 2. `@authenticated` may be ignored: every request here has a verified
/// token.
const FEDERATION: [&str; 22] = [
    "link",
    "core",
    "key",
    "requires",
    "provides",
    "external",
    "extends",
    "shareable",
    "inaccessible",
    "override",
    "tag",
    "composeDirective",
    "interfaceObject",
    "authenticated",
    "policy",
    "context",
    "fromContext",
    "cost",
    "listSize",
    "cacheTag",
    "connect",
    "source",
];
