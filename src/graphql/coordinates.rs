//! The scopes that the selection of a field requires: those of the field, those of the type that it returns and, on
//! an abstract type, those of the possible types.

use std::collections::{BTreeSet, HashMap};

use ahash::RandomState;
use apollo_compiler::{Name, Schema, schema::ExtendedType};

use super::scopes::Declared;
use crate::domain::{Scope, ScopeGroups};

/// The scopes that a field on an interface requires, and those of an object that is reached through an interface or
/// union.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbstractTypes {
    /// Also the scopes on every possible type.
    #[default]
    PossibleTypes,
    /// Only the scopes that the schema declares on the interface.
    Static,
}

/// An element of the schema that requires scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coordinate {
    /// `Type.field`, or `Type` for the scopes of every field that returns it.
    pub(crate) name: String,
    /// The index of its scope list among the distinct lists.
    pub(crate) groups: usize,
}

/// The index of a coordinate in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CoordinateId(pub(super) usize);

/// The scopes of every field of a graph.
#[derive(Debug, Default)]
pub(crate) struct Coordinates {
    all: Vec<Coordinate>,
    distinct: Vec<ScopeGroups>,
    of_field: Map<Map<Box<[CoordinateId]>>>,
    of_type: Map<Vec<CoordinateId>>,
}

type Map<T> = HashMap<Name, T, RandomState>;

impl Coordinates {
    pub(super) fn compile(
        schema: &Schema,
        declared: Declared,
        abstract_types: AbstractTypes,
    ) -> Self {
        let mut coordinates = Self::default();
        let mut known = HashMap::new();
        for (ty, groups) in declared.types {
            if let Some(id) = coordinates.add(ty.to_string(), groups, &mut known) {
                coordinates.of_type.entry(ty).or_default().push(id);
            }
        }
        let mut own: Map<Map<Vec<CoordinateId>>> = Map::default();
        for (ty, field, groups) in declared.fields {
            if let Some(id) = coordinates.add(format!("{ty}.{field}"), groups, &mut known) {
                own.entry(ty)
                    .or_default()
                    .entry(field)
                    .or_default()
                    .push(id);
            }
        }
        coordinates.combine(schema, &own, abstract_types);
        coordinates
    }

    /// The coordinates of the scopes that selecting `field` on `ty` requires, in order.
    pub(super) fn of_field(&self, ty: &str, field: &str) -> &[CoordinateId] {
        self.of_field
            .get(ty)
            .and_then(|fields| fields.get(field))
            .map_or(&[], |ids| ids)
    }

    /// The coordinates of the scopes that reaching an object as a `ty` requires.
    pub(super) fn of_type(&self, ty: &str) -> &[CoordinateId] {
        self.of_type.get(ty).map_or(&[], |ids| ids)
    }

    /// The coordinate with this id.
    pub(crate) fn get(&self, id: CoordinateId) -> Option<&Coordinate> {
        self.all.get(id.0)
    }

    /// The distinct scope lists that coordinates refer to.
    pub(crate) fn distinct(&self) -> &[ScopeGroups] {
        &self.distinct
    }

    /// The most bytes of scopes that a challenge for these coordinates may name: the longest alternative of each
    /// list.
    pub(super) fn longest_challenge(&self, ids: &[CoordinateId]) -> usize {
        let coordinates = ids.iter().filter_map(|id| self.get(*id));
        let lists: BTreeSet<_> = coordinates.map(|coordinate| coordinate.groups).collect();
        let length = |group: &Vec<Scope>| group.iter().map(|scope| scope.as_str().len() + 1).sum();
        let longest = |groups: &ScopeGroups| groups.iter().map(length).max().unwrap_or(0);
        lists
            .into_iter()
            .filter_map(|list| self.distinct.get(list))
            .map(longest)
            .sum()
    }

    /// Adds a coordinate, unless its list is empty: such a list requires no scopes.
    fn add(
        &mut self,
        name: String,
        groups: ScopeGroups,
        known: &mut HashMap<ScopeGroups, usize>,
    ) -> Option<CoordinateId> {
        if groups.is_empty() {
            return None;
        }
        let groups = *known.entry(groups).or_insert_with_key(|groups| {
            self.distinct.push(groups.clone());
            self.distinct.len() - 1
        });
        self.all.push(Coordinate { name, groups });
        Some(CoordinateId(self.all.len() - 1))
    }

    fn combine(
        &mut self,
        schema: &Schema,
        own: &Map<Map<Vec<CoordinateId>>>,
        abstract_types: AbstractTypes,
    ) {
        let implementers = match abstract_types {
            AbstractTypes::PossibleTypes => implementers(schema),
            AbstractTypes::Static => Map::default(),
        };
        for (ty, definition) in &schema.types {
            for (field, returned) in fields_of(definition) {
                let mut needed = self.on_type(own, ty, field, returned);
                for other in implementers.get(ty).into_iter().flatten() {
                    let Some(definition) = schema.types.get(other) else {
                        continue;
                    };
                    let Some((_, returned)) =
                        fields_of(definition).find(|(name, _)| *name == field)
                    else {
                        continue;
                    };
                    if definition.is_object() {
                        needed.extend_from_slice(self.of_type(other));
                    }
                    needed.extend(self.on_type(own, other, field, returned));
                }
                if !needed.is_empty() {
                    let fields = self.of_field.entry(ty.clone()).or_default();
                    fields.insert(field.clone(), deduplicated(needed));
                }
            }
        }
    }

    /// The coordinates of a field on one type. Possible types are not considered.
    fn on_type(
        &self,
        own: &Map<Map<Vec<CoordinateId>>>,
        ty: &Name,
        field: &Name,
        returned: &Name,
    ) -> Vec<CoordinateId> {
        let of_field = own.get(ty).and_then(|fields| fields.get(field));
        of_field
            .into_iter()
            .flatten()
            .chain(self.of_type(returned))
            .copied()
            .collect()
    }
}

/// The explicit fields of a type, with the named types that they return.
fn fields_of(ty: &ExtendedType) -> impl Iterator<Item = (&Name, &Name)> {
    let fields = match ty {
        ExtendedType::Object(object) => Some(&object.fields),
        ExtendedType::Interface(interface) => Some(&interface.fields),
        ExtendedType::Scalar(_)
        | ExtendedType::Union(_)
        | ExtendedType::Enum(_)
        | ExtendedType::InputObject(_) => None,
    };
    fields
        .into_iter()
        .flatten()
        .map(|(name, field)| (name, field.ty.inner_named_type()))
}

/// Each interface with the types that implement it, in the order of the schema.
fn implementers(schema: &Schema) -> Map<Vec<Name>> {
    let mut map: Map<Vec<Name>> = Map::default();
    for (name, ty) in &schema.types {
        let interfaces = match ty {
            ExtendedType::Object(object) => &object.implements_interfaces,
            ExtendedType::Interface(interface) => &interface.implements_interfaces,
            ExtendedType::Scalar(_)
            | ExtendedType::Union(_)
            | ExtendedType::Enum(_)
            | ExtendedType::InputObject(_) => continue,
        };
        for interface in interfaces {
            map.entry(interface.name.clone())
                .or_default()
                .push(name.clone());
        }
    }
    map
}

fn deduplicated(ids: Vec<CoordinateId>) -> Box<[CoordinateId]> {
    let mut seen = std::collections::HashSet::new();
    ids.into_iter().filter(|id| seen.insert(*id)).collect()
}
