//! A graph, compiled for the request path: the levels of a tool by a hash lookup, those of a query by its text.

use std::{fmt, sync::Arc};

use ahash::RandomState;
use quick_cache::{Weighter, sync::Cache};

use super::{Level, LevelKind, Levels, hierarchy::Hierarchy, requirement::Requirement};
use crate::{
    domain::Scope,
    graphql::{self, CoordinateId, Graph, QueryFault, QueryLimits, UnknownFields},
};

/// The levels of the tools and queries of one graph.
#[derive(Clone)]
pub(super) struct GraphTable {
    graph: Arc<Graph>,
    tools: Arc<std::collections::HashMap<String, Tool, RandomState>>,
    /// The distinct scope lists of the graph, compiled.
    requirements: Arc<[Requirement]>,
    queries: Arc<Queries>,
    limits: QueryLimits,
    unknown_fields: UnknownFields,
    excludes_mutations: bool,
}

/// The coordinates of queries, cached by their text.
type Queries = Cache<Box<str>, Arc<[CoordinateId]>, ByBytes, RandomState>;

/// What the graph has under the name of a tool.
#[derive(Clone, Debug)]
pub(super) enum Tool {
    /// An operation that touches these coordinates.
    Operation(Box<[CoordinateId]>),
    /// An operation that is invalid or excluded: no scope permits it.
    Closed,
}

impl GraphTable {
    pub(super) fn compile(
        graph: &Arc<Graph>,
        hierarchy: &Hierarchy,
        limits: QueryLimits,
        unknown_fields: UnknownFields,
        excludes_mutations: bool,
    ) -> Self {
        let requirements = graph.coordinates().distinct().iter();
        let tool = |needed: &Option<Vec<_>>| match needed {
            Some(ids) => Tool::Operation(ids.as_slice().into()),
            None => Tool::Closed,
        };
        let tools = graph
            .tools()
            .tools
            .iter()
            .map(|(name, needed)| (name.clone(), tool(needed)));
        Self {
            tools: Arc::new(tools.collect()),
            requirements: requirements
                .map(|groups| Requirement::compile(groups, hierarchy))
                .collect(),
            queries: Arc::new(Cache::with(
                MAX_QUERIES,
                MAX_BYTES,
                ByBytes,
                RandomState::new(),
                Default::default(),
            )),
            graph: Arc::clone(graph),
            limits,
            unknown_fields,
            excludes_mutations,
        }
    }

    /// The tool of that name.
    pub(super) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name)
    }

    /// The tools of the graph's operations with their levels, sorted by name; `None` if no scope permits the tool.
    pub(super) fn tools(&self) -> impl Iterator<Item = (&str, Option<Levels<'_>>)> {
        self.graph.tools().tools.iter().map(|(name, needed)| {
            let levels = needed.as_ref().map(|ids| {
                let mut levels = Levels::new();
                self.add_levels(ids, &mut levels);
                levels
            });
            (name.as_str(), levels)
        })
    }

    /// Adds a level for each coordinate.
    pub(super) fn add_levels<'t>(&'t self, ids: &[CoordinateId], levels: &mut Levels<'t>) {
        let all = self.graph.coordinates();
        let coordinates = ids.iter().filter_map(|id| all.get(*id));
        levels.extend(coordinates.filter_map(|coordinate| {
            let requirement = self.requirements.get(coordinate.groups)?;
            Some(Level {
                kind: LevelKind::Field,
                name: &coordinate.name,
                requirement,
            })
        }));
    }

    /// Adds the levels of a query.
    ///
    /// # Errors
    /// If the query cannot be parsed, exceeds a limit, or is invalid.
    pub(super) fn add_query<'t>(
        &'t self,
        text: &str,
        levels: &mut Levels<'t>,
    ) -> Result<(), QueryFault> {
        let resolved = match self.queries.get(text) {
            Some(resolved) => resolved,
            None => {
                let resolved: Arc<[CoordinateId]> = self.resolve(text)?.into();
                self.queries.insert(text.into(), Arc::clone(&resolved));
                resolved
            }
        };
        self.add_levels(&resolved, levels);
        Ok(())
    }

    fn resolve(&self, text: &str) -> Result<Vec<CoordinateId>, QueryFault> {
        graphql::resolve(
            &self.graph,
            text,
            self.limits,
            self.unknown_fields,
            self.excludes_mutations,
        )
    }

    /// Every scope that the tools of operations require; if clients may write their own queries, every scope of the
    /// graph.
    pub(super) fn scopes(&self, with_queries: bool) -> Vec<Scope> {
        if with_queries {
            return self
                .requirements
                .iter()
                .flat_map(Requirement::scopes)
                .cloned()
                .collect();
        }
        let levels = self.tools().filter_map(|(_, levels)| levels).flatten();
        levels
            .flat_map(|level| level.requirement.scopes())
            .cloned()
            .collect()
    }
}

/// Shows sizes, never queries.
impl fmt::Debug for GraphTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphTable")
            .field("graph", &self.graph)
            .field("tools", &self.tools.len())
            .field("queries", &self.queries.len())
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<str>, Arc<[CoordinateId]>> for ByBytes {
    /// The minimum turns the bound on bytes into a bound on entries as well.
    fn weight(&self, text: &Box<str>, ids: &Arc<[CoordinateId]>) -> u64 {
        let bytes = text.len() + size_of_val::<[CoordinateId]>(ids) + OVERHEAD_BYTES;
        u64::try_from(bytes).unwrap_or(u64::MAX).max(MIN_WEIGHT)
    }
}

/// The expected number of cached queries.
const MAX_QUERIES: usize = 4096;

/// The most bytes of all cached queries of one graph.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

const MIN_WEIGHT: u64 = 2048;

const OVERHEAD_BYTES: usize = 128;
