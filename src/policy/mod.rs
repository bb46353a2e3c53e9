//! The scopes that an operation requires, and whether an identity has them.
//!
//! Only `decide.rs` makes a [`Permit`]. It has three makers: [`decide()`] for a token with the scopes of the
//! operation, [`permit_public`] for what is public, and [`permit_unenforced`] for a resource that is not enforced.
//! Design: `docs/design/policy.md`, `docs/design/actors.md`.

mod actor;
mod built_in_tools;
mod challenge;
mod challenge_group;
mod decide;
mod decision;
mod decision_record;
mod glob;
mod glob_index;
mod graph_table;
mod handle;
mod hierarchy;
mod key_sources;
mod metrics;
mod missing_scopes;
mod name_table;
mod operation_scopes;
mod policy_listing;
mod requirement;
mod resource;
mod scope_level;
mod self_check;
mod settings;
mod snapshot;
mod uri;
mod verdict;
mod verdict_target;

#[cfg(test)]
mod tests;

pub use actor::{LastLoad, Load, PolicyActor, PolicyDocument, Reload, ReloadError};
pub use challenge::ChallengeText;
pub use decide::{decide, permit_public, permit_unenforced};
#[cfg(test)]
pub(crate) use decide::{permit_for_tests, permit_public_for_tests};
pub use decision::{Decision, Denial, Grounds, Outcome, OutcomeKind, Permit};
pub use decision_record::DecisionRecord;
pub use handle::PolicyHandle;
pub use hierarchy::Hierarchy;
pub use key_sources::{KeySources, KeyStarter};
pub use metrics::{DecisionCounters, PolicyMetrics};
pub use operation_scopes::PolicyTable;
pub use policy_listing::Row;
pub use requirement::{RequiredScope, Requirement};
pub use resource::{Policy, ProtectedResource, WELL_KNOWN};
pub use scope_level::{Level, LevelKind, Levels};
pub use settings::{
    ChallengeScopes, Enforcement, GraphqlSettings, Mode, OauthSettings, ResourceSettings,
    ScopeSettings, SourceRules, Unknown, Unlisted,
};
pub use snapshot::PolicySnapshot;
pub use verdict::{Facts, Verdict, verdict};
pub use verdict_target::Target;
