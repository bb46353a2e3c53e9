//! What the debug pages show, as values: the JSON pages and the HTML page are written from the same ones.

use serde::Serialize;

use crate::{clock::UnixSeconds, http::Readiness, policy::Row};

/// Where the pages have their content from.
pub trait DebugData: Send + Sync {
    /// The compiled policy.
    fn policy(&self) -> PolicyView;
    /// The key sources, without their keys.
    fn keys(&self) -> KeysView;
    /// Everything else, and both.
    fn overview(&self) -> Overview;
    /// What the calendar shows.
    fn now(&self) -> UnixSeconds;
}

/// What is known of the process.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The version of the build.
    pub version: &'static str,
    /// The commit that was built.
    pub commit: &'static str,
    /// How long it runs, in words.
    pub uptime: String,
    /// When it started, in UTC.
    pub started: String,
    /// What `/readyz` says.
    pub readiness: Readiness,
    /// When the configuration was read last, in UTC.
    pub loaded: String,
    /// How long ago, in words.
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
    /// Names the configuration, by its content.
    pub version: String,
    /// The resources, in the order of the configuration.
    pub resources: Vec<ResourceView>,
}

/// One protected resource.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceView {
    /// Its id.
    pub id: String,
    /// Its identifier, as metadata and `aud` have it.
    pub resource: String,
    /// The path of its endpoint.
    pub path: String,
    /// The hosts that select it.
    pub hosts: Vec<String>,
    /// Whether anything is checked.
    pub enforced: bool,
    /// `enforce`, `report` or `off`.
    pub mode: &'static str,
    /// What its operations need; nothing where nothing is checked.
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
    /// The resource that it belongs to.
    pub resource: String,
    /// Its name.
    pub source: String,
    /// The issuer that its discovery document names.
    pub issuer: Option<String>,
    /// The number of the key set; it changes with the keys.
    pub generation: u64,
    /// Seconds since the last fetch that succeeded; nothing for a shared secret.
    pub age_seconds: Option<u64>,
    /// Whether tokens are verified with its keys.
    pub usable: bool,
    /// What is wrong.
    pub trouble: Option<String>,
    /// Its keys, by name.
    pub keys: Vec<KeyView>,
    /// Keys of the provider that are not used.
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

/// A key that is not used.
#[derive(Clone, Debug, Serialize)]
pub struct SkippedView {
    /// Its `kid`.
    pub kid: Option<String>,
    /// Why not.
    pub cause: String,
}

/// Decisions since the start, over all resources and dialects.
#[derive(Clone, Debug, Default)]
pub struct CountsView {
    /// How many.
    pub total: u64,
    /// By outcome and reason, the most frequent first.
    pub rows: Vec<CountView>,
}

/// One outcome with one reason.
#[derive(Clone, Debug)]
pub struct CountView {
    /// `permit`, `deny`, `report` or `abandoned`.
    pub decision: String,
    /// The stable code.
    pub reason: String,
    /// How often.
    pub count: u64,
}

impl SourceView {
    /// The age in words; `fixed` for keys that do not age.
    pub(super) fn age(&self) -> String {
        match self.age_seconds {
            Some(seconds) => format!("{} ago", in_words(seconds)),
            None if self.usable => "fixed".to_owned(),
            None => "never".to_owned(),
        }
    }
}

/// A span of time in its two greatest units: `2h 5m`, `12s`.
pub fn in_words(seconds: u64) -> String {
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
    fn a_span_is_told_in_its_two_greatest_units() {
        let cases = [(0, "0s"), (59, "59s"), (61, "1m 1s"), (3_660, "1h 1m"), (90_000, "1d 1h")];
        for (seconds, words) in cases {
            assert_eq!(in_words(seconds), words);
        }
    }
}
