//! All resources at one moment. A request reads one snapshot from start to end.

use std::{collections::HashMap, sync::Arc};

use smallvec::SmallVec;

use super::resource::{ProtectedResource, WELL_KNOWN};
use crate::domain::Selector;

/// The compiled policy of the whole service, immutable. It owns the handles of its key sources.
#[derive(Debug)]
pub struct PolicySnapshot {
    version: String,
    resources: Vec<Arc<ProtectedResource>>,
    by_path: HashMap<String, SmallVec<[Arc<ProtectedResource>; 1]>, ahash::RandomState>,
    warnings: Vec<String>,
}

impl PolicySnapshot {
    /// A snapshot of `resources`. `version` identifies their configuration.
    #[must_use]
    pub fn new(
        version: String,
        resources: Vec<Arc<ProtectedResource>>,
        warnings: Vec<String>,
    ) -> Self {
        let mut by_path: HashMap<String, SmallVec<[_; 1]>, ahash::RandomState> = HashMap::default();
        for resource in &resources {
            let settings = resource.settings();
            let own = std::iter::once(settings.path.as_str())
                .chain(settings.extra_paths.iter().map(String::as_str));
            for path in own.chain([resource.metadata_path()]) {
                by_path
                    .entry(path.to_owned())
                    .or_default()
                    .push(Arc::clone(resource));
            }
        }
        Self {
            version,
            resources,
            by_path,
            warnings,
        }
    }

    /// The version of the configuration, derived from its content.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All resources, in the order of the configuration.
    #[must_use]
    pub fn resources(&self) -> &[Arc<ProtectedResource>] {
        &self.resources
    }

    /// Warnings for the operator.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The resource that has `path` (raw, without the query) as an endpoint or as the path of its metadata.
    #[must_use]
    pub fn find(&self, selector: Selector<'_>, path: &str) -> Option<&Arc<ProtectedResource>> {
        let mut candidates = self.by_path.get(path)?.iter();
        match selector {
            Selector::Id(id) => candidates.find(|resource| resource.id().as_str() == id),
            Selector::Host(_) | Selector::Sole if self.resources.len() == 1 => candidates.next(),
            Selector::Host(host) => candidates.find(|resource| resource.has_host(host)),
            Selector::Sole => None,
        }
    }

    /// The selected resource, if it is the only one of its origin. Its metadata is then also at the root of the
    /// origin.
    #[must_use]
    pub fn find_by_origin(&self, selector: Selector<'_>) -> Option<&Arc<ProtectedResource>> {
        let selected = self.resources.iter().find(|resource| match selector {
            Selector::Id(id) => resource.id().as_str() == id,
            Selector::Host(_) | Selector::Sole if self.resources.len() == 1 => true,
            Selector::Host(host) => resource.has_host(host),
            Selector::Sole => false,
        })?;
        let is_of_origin =
            |other: &&Arc<ProtectedResource>| other.settings().origin == selected.settings().origin;
        (self.resources.iter().filter(is_of_origin).count() == 1).then_some(selected)
    }

    /// The resource whose metadata is at `path` (raw, without the query), and whether that path is the root of the
    /// origin.
    #[must_use]
    pub fn find_metadata(
        &self,
        selector: Selector<'_>,
        path: &str,
    ) -> Option<(&Arc<ProtectedResource>, bool)> {
        let at_path = self
            .find(selector, path)
            .filter(|resource| resource.metadata_path() == path);
        let at_root = || self.find_by_origin(selector).filter(|_| path == WELL_KNOWN);
        at_path
            .map(|resource| (resource, false))
            .or_else(|| at_root().map(|resource| (resource, true)))
    }
}
