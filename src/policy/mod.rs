//! What an operation needs, and whether an identity has it. [`decide`] is the only maker of a [`Permit`].

mod actor;
mod built_in;
mod challenge;
mod decide;
mod decision;
mod document;
mod ends;
mod explanation;
mod graphql;
mod handle;
mod implies;
mod level;
mod metrics;
mod named;
mod requirement;
mod resource;
mod selection;
mod shortfall;
mod snapshot;
mod sources;
mod table;
mod trial;
mod uri;

#[cfg(test)]
mod tests;

pub use actor::{LastLoad, Load, PolicyActor, PolicyDocument, Reload, ReloadError, Resolve};
pub use challenge::ChallengeText;
pub use decide::{decide, permit_public, permit_unenforced};
#[cfg(test)]
pub(crate) use decide::{permit_for_tests, permit_public_for_tests};
pub use decision::{Decision, Denial, Grounds, Permit};
pub use document::{
    ChallengeScopes, Enforcement, GraphqlSettings, Mode, NamedScopes, OauthSettings, ResourceSettings,
    ScopeGroups, ScopeSettings, SourceRules, Unknown, Unlisted,
};
pub use explanation::{ExplainedLevel, Explanation, Row, explain};
pub use graphql::{
    AbstractTypes, Graph, GraphFault, GraphFiles, QueryFault, QueryLimits, SchemaSource, UnknownFields,
};
pub use handle::PolicyHandle;
pub use implies::Hierarchy;
pub use level::{Closed, Level, LevelKind, Levels};
pub use metrics::{DecisionCounters, PolicyMetrics};
pub use requirement::{RequiredScope, Requirement};
pub use resource::{Policy, ProtectedResource, WELL_KNOWN};
pub use snapshot::{PolicySnapshot, Selector};
pub use sources::{KeySources, KeyStarter};
pub use table::PolicyTable;
