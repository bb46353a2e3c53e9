//! What an operation needs, and whether an identity has it.

mod document;

pub use document::{
    ChallengeScopes, Enforcement, GraphqlSettings, Mode, NamedScopes, OauthSettings, ResourceSettings,
    ScopeGroups, ScopeSettings, SourceRules, Unknown, Unlisted,
};
