//! Visits a document in order and collects the coordinates that it touches. It enters each fragment once, so the
//! cost is linear in the length of the document.

use std::collections::{HashMap, HashSet};

use ahash::RandomState;
use apollo_compiler::{
    Name, Schema,
    ast::{Definition, Document, FragmentDefinition, OperationDefinition, Selection},
    schema::ExtendedType,
};

use super::{
    AbstractTypes, QueryFault, QueryLimits, UnknownFields,
    coordinates::{CoordinateId, Coordinates},
};

/// The graph and the rules of a visit.
#[derive(Clone, Copy)]
pub(super) struct Context<'g> {
    pub(super) schema: &'g Schema,
    pub(super) coordinates: &'g Coordinates,
    pub(super) abstract_types: AbstractTypes,
    pub(super) unknown_fields: UnknownFields,
    pub(super) limits: QueryLimits,
}

/// The state of a visit.
pub(super) struct Visitor<'g, 'd> {
    context: Context<'g>,
    fragments: HashMap<&'d str, Fragment<'d>, RandomState>,
    aliases: usize,
    seen: HashSet<CoordinateId, RandomState>,
    found: Vec<CoordinateId>,
}

struct Fragment<'d> {
    definition: &'d FragmentDefinition,
    visit: Visit,
}

#[derive(Clone, Copy)]
enum Visit {
    Unvisited,
    InProgress,
    /// The depth of its selections, fragments included.
    Done(usize),
}

/// The type that selections apply to; `None` if the schema does not have it.
type Parent<'g> = Option<&'g ExtendedType>;

impl<'g, 'd> Visitor<'g, 'd> {
    /// A visitor of `document`.
    ///
    /// # Errors
    /// If two fragments have the same name.
    pub(super) fn new(context: Context<'g>, document: &'d Document) -> Result<Self, QueryFault> {
        let mut fragments = HashMap::default();
        for definition in &document.definitions {
            if let Definition::FragmentDefinition(definition) = definition {
                let fragment = Fragment {
                    definition,
                    visit: Visit::Unvisited,
                };
                if fragments
                    .insert(definition.name.as_str(), fragment)
                    .is_some()
                {
                    return Err(QueryFault::Invalid);
                }
            }
        }
        Ok(Self {
            context,
            fragments,
            aliases: 0,
            seen: HashSet::default(),
            found: Vec::new(),
        })
    }

    /// Visits an operation, with the fragments that it uses.
    ///
    /// # Errors
    /// If it names a type or field that the schema does not have, or exceeds a limit.
    pub(super) fn operation(
        &mut self,
        operation: &'d OperationDefinition,
    ) -> Result<(), QueryFault> {
        let root = self.context.schema.root_operation(operation.operation_type);
        let parent = root.and_then(|name| self.context.schema.types.get(name));
        self.check_known(parent)?;
        self.selections(parent, &operation.selection_set, 1)
            .map(drop)
    }

    /// Visits the fragments that no operation uses.
    ///
    /// # Errors
    /// As [`Self::operation`].
    pub(super) fn unused_fragments(&mut self, document: &'d Document) -> Result<(), QueryFault> {
        for definition in &document.definitions {
            if let Definition::FragmentDefinition(definition) = definition
                && !self.has_visited(&definition.name)
            {
                self.spread(None, &definition.name, 0)?;
            }
        }
        Ok(())
    }

    /// Whether the fragment has been visited.
    pub(super) fn has_visited(&self, fragment: &Name) -> bool {
        let fragment = self.fragments.get(fragment.as_str());
        fragment.is_some_and(|fragment| matches!(fragment.visit, Visit::Done(_)))
    }

    /// The coordinates, in the order of their first visit.
    pub(super) fn finish(self) -> Vec<CoordinateId> {
        self.found
    }

    /// Visits selections at nesting depth `depth`; returns how many levels they have themselves.
    fn selections(
        &mut self,
        parent: Parent<'g>,
        selections: &'d [Selection],
        depth: usize,
    ) -> Result<usize, QueryFault> {
        if selections.is_empty() {
            return Ok(0);
        }
        self.check_depth(depth)?;
        let mut height = 0;
        for selection in selections {
            let below = match selection {
                Selection::Field(field) => {
                    self.count_alias(field.alias.is_some())?;
                    match self.field(parent, &field.name)? {
                        Entered::Introspection => 0,
                        Entered::Type(ty) => {
                            self.selections(ty, &field.selection_set, depth + 1)?
                        }
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let ty = match &fragment.type_condition {
                        Some(condition) => self.narrow(parent, condition)?,
                        None => parent,
                    };
                    self.selections(ty, &fragment.selection_set, depth + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.spread(parent, &spread.fragment_name, depth)?
                }
            };
            height = height.max(below);
        }
        Ok(height + 1)
    }

    fn field(&mut self, parent: Parent<'g>, name: &'d Name) -> Result<Entered<'g>, QueryFault> {
        // Introspection requires no scopes: it shows the schema, never data.
        if matches!(name.as_str(), "__typename" | "__schema" | "__type") {
            return Ok(Entered::Introspection);
        }
        let Some(parent) = parent else {
            return Ok(Entered::Type(None));
        };
        let Ok(definition) = self.context.schema.type_field(parent.name(), name) else {
            return self.check_known(None).map(|()| Entered::Type(None));
        };
        self.collect(self.context.coordinates.of_field(parent.name(), name));
        let returned = self
            .context
            .schema
            .types
            .get(definition.ty.inner_named_type());
        Ok(Entered::Type(returned))
    }

    /// The type of a fragment's condition. Narrowing an abstract type to this type requires the scopes of this
    /// type, because no field that returns it was selected.
    fn narrow(&mut self, parent: Parent<'g>, condition: &Name) -> Result<Parent<'g>, QueryFault> {
        let ty = self.context.schema.types.get(condition);
        self.check_known(ty)?;
        let is_narrower = match parent {
            None => true,
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_)) => {
                parent.map(ExtendedType::name) != Some(condition)
            }
            Some(
                ExtendedType::Object(_)
                | ExtendedType::Scalar(_)
                | ExtendedType::Enum(_)
                | ExtendedType::InputObject(_),
            ) => false,
        };
        if is_narrower && self.context.abstract_types == AbstractTypes::PossibleTypes {
            self.collect(self.context.coordinates.of_type(condition));
        }
        Ok(ty)
    }

    fn spread(
        &mut self,
        parent: Parent<'g>,
        name: &Name,
        depth: usize,
    ) -> Result<usize, QueryFault> {
        let Some(fragment) = self.fragments.get_mut(name.as_str()) else {
            return Err(QueryFault::Invalid);
        };
        let (definition, visit) = (fragment.definition, fragment.visit);
        if matches!(visit, Visit::Unvisited) {
            fragment.visit = Visit::InProgress;
        }
        let ty = self.narrow(parent, &definition.type_condition)?;
        let height = match visit {
            Visit::InProgress => return Err(QueryFault::Invalid),
            Visit::Done(height) => height,
            Visit::Unvisited => self.selections(ty, &definition.selection_set, depth + 1)?,
        };
        self.check_depth(depth + height)?;
        if let Some(fragment) = self.fragments.get_mut(name.as_str()) {
            fragment.visit = Visit::Done(height);
        }
        Ok(height)
    }

    fn collect(&mut self, ids: &[CoordinateId]) {
        for id in ids {
            if self.seen.insert(*id) {
                self.found.push(*id);
            }
        }
    }

    fn check_known(&self, ty: Parent<'_>) -> Result<(), QueryFault> {
        match (ty, self.context.unknown_fields) {
            (None, UnknownFields::Refuse) => Err(QueryFault::Unknown),
            (None, UnknownFields::Ignore) | (Some(_), _) => Ok(()),
        }
    }

    fn check_depth(&self, depth: usize) -> Result<(), QueryFault> {
        if depth > self.context.limits.max_depth {
            Err(QueryFault::TooDeep)
        } else {
            Ok(())
        }
    }

    fn count_alias(&mut self, is_aliased: bool) -> Result<(), QueryFault> {
        self.aliases += usize::from(is_aliased);
        if self.aliases > self.context.limits.max_aliases {
            Err(QueryFault::TooManyAliases)
        } else {
            Ok(())
        }
    }
}

/// The selections below a field.
enum Entered<'g> {
    /// A field of introspection. No data of the graph is below it.
    Introspection,
    Type(Parent<'g>),
}
