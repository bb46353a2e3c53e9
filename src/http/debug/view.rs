//! The data of the debug pages. The JSON pages and the HTML page render the same values.

use serde::Serialize;

use crate::{clock::UnixSeconds, http::Readiness, policy::Row};

/// Provides the data of the pages; the room `app` implements it.
pub trait DebugData: Send + Sync {
    /// The compiled policy.
    fn policy(&self) -> PolicyView;
    /// The key sources, without their keys.
    fn keys(&self) -> KeysView;
    /// All data of the overview page, including the policy and the key sources.
    fn overview(&self) -> Overview;
    /// The current time.
    fn now(&self) -> UnixSeconds;
}

/// The state of the process.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The version of the build.
    pub version: &'static str,
    /// The commit that was built.
    pub commit: &'static str,
    /// How long the process has run, in words.
    pub uptime: String,
    /// When it started, in UTC.
    pub started: String,
    /// The answer of `/readyz`.
    pub readiness: Readiness,
    /// When the configuration was last read, in UTC.
    pub loaded: String,
    /// How long ago that was, in words.
    pub loaded_ago: String,
    /// The policy in force.
    pub policy: PolicyView,
    /// The key sources.
    pub keys: KeysView,
    /// Decisions since the start.
    pub counts: CountsView,
}

/// `/debug/policy`.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyView {
    /// A hash of the configuration.
    pub version: String,
    /// The resources, in the order of the configuration.
    pub resources: Vec<ResourceView>,
}

/// One protected resource.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceView {
    /// Its id.
    pub id: String,
    /// Its identifier (RFC 8707), as in the metadata document and in `aud`.
    pub resource: String,
    /// The path of its endpoint.
    pub path: String,
    /// The hosts that select it.
    pub hosts: Vec<String>,
    /// Whether requests need a token.
    pub enforced: bool,
    /// `enforce`, `report` or `off`.
    pub mode: &'static str,
    /// Its operations and their scopes; `None` if requests need no token.
    pub operations: Option<Vec<Row>>,
}

/// `/debug/keys`.
#[derive(Clone, Debug, Serialize)]
pub struct KeysView {
    /// The sources of all resources.
    pub sources: Vec<SourceView>,
}

/// One key source.
#[derive(Clone, Debug, Serialize)]
pub struct SourceView {
    /// The id of its resource.
    pub resource: String,
    /// Its name.
    pub source: String,
    /// The issuer in its discovery document.
    pub issuer: Option<String>,
    /// The number of the key set. It changes whenever the keys change.
    pub generation: u64,
    /// Seconds since the last successful fetch; `None` for a shared secret, or if there was none.
    pub age_seconds: Option<u64>,
    /// Whether its keys may verify tokens.
    pub usable: bool,
    /// The problem of the source, if it has one.
    pub trouble: Option<String>,
    /// Its keys.
    pub keys: Vec<KeyView>,
    /// Keys of the provider that scopegate does not use.
    pub skipped: Vec<SkippedView>,
}

/// One key, without its key material.
#[derive(Clone, Debug, Serialize)]
pub struct KeyView {
    /// Its `kid`.
    pub kid: Option<String>,
    /// Its algorithm.
    pub alg: &'static str,
}

/// A key that scopegate does not use.
#[derive(Clone, Debug, Serialize)]
pub struct SkippedView {
    /// Its `kid`.
    pub kid: Option<String>,
    /// Why scopegate does not use it.
    pub cause: String,
}

/// Decisions since the start, over all resources and dialects.
#[derive(Clone, Debug, Default)]
pub struct CountsView {
    /// The sum.
    pub total: u64,
    /// The counts by outcome and reason, the most frequent first.
    pub rows: Vec<CountView>,
}

/// One outcome with one reason.
#[derive(Clone, Debug)]
pub struct CountView {
    /// `permit`, `deny`, `report` or `abandoned`.
    pub decision: String,
    /// The stable code of the reason.
    pub reason: String,
    /// The number of decisions.
    pub count: u64,
}

impl SourceView {
    /// The age in words; `fixed` for a shared secret, which does not age; `never` if no fetch has
    /// succeeded.
    pub(super) fn age(&self) -> String {
        match self.age_seconds {
            Some(seconds) => format!("{} ago", duration_in_words(seconds)),
            None if self.usable => "fixed".to_owned(),
            None => "never".to_owned(),
        }
    }
}

/// A duration in its two greatest units: `2h 5m`, `12s`.
pub fn duration_in_words(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest}s"),
        (0, 0, _) => format!("{minutes}m {rest}s"),
        (0, ..) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_its_two_greatest_units() {
        let cases = [
            (0, "0s"),
            (59, "59s"),
            (61, "1m 1s"),
            (3_660, "1h 1m"),
            (90_000, "1d 1h"),
        ];
        for (seconds, words) in cases {
            assert_eq!(duration_in_words(seconds), words);
        }
    }
}
