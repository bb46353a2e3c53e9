//! What an operation needs, and whether an identity has it. [`decide`] is the only maker of a [`Permit`].

mod actor;
mod built_in_tools;
mod challenge;
mod decide;
mod decision;
mod glob_index;
mod graph_table;
mod group_choice;
mod handle;
mod hierarchy;
mod key_sources;
mod level;
mod metrics;
mod missing_scopes;
mod name_table;
mod record;
mod requirement;
mod resource;
mod rows;
mod self_check;
mod settings;
mod snapshot;
mod table;
mod target;
mod uri;
mod verdict;

#[cfg(test)]
mod tests;

pub use actor::{LastLoad, Load, PolicyActor, PolicyDocument, Reload, ReloadError};
pub use challenge::ChallengeText;
pub use decide::{decide, permit_public, permit_unenforced};
#[cfg(test)]
pub(crate) use decide::{permit_for_tests, permit_public_for_tests};
pub use decision::{Decision, Denial, Grounds, Outcome, OutcomeKind, Permit};
pub use handle::PolicyHandle;
pub use hierarchy::Hierarchy;
pub use key_sources::{KeySources, KeyStarter};
pub use level::{Level, LevelKind, Levels};
pub use metrics::{DecisionCounters, PolicyMetrics};
pub use record::DecisionRecord;
pub use requirement::{RequiredScope, Requirement};
pub use resource::{Policy, ProtectedResource, WELL_KNOWN};
pub use rows::Row;
pub use settings::{
    ChallengeScopes, Enforcement, GraphqlSettings, Mode, OauthSettings, ResourceSettings, ScopeSettings,
    SourceRules, Unknown, Unlisted,
};
pub use snapshot::PolicySnapshot;
pub use table::PolicyTable;
pub use target::Target;
pub use verdict::{Facts, Verdict, verdict};
