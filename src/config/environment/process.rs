//! The process environment as a value, so that tests can use another one.

use std::{collections::BTreeMap, ffi::OsString, fmt};

use crate::keys::ProxySettings;

/// Variables, as they were when they were captured.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
}

impl Environment {
    /// Captures the environment of this process. Names that are not UTF-8 cannot set a key and are
    /// left out.
    #[must_use]
    pub fn of_process() -> Self {
        let named =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self {
            variables: named.collect(),
        }
    }

    /// The value of a variable, if it is set to UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str()
    }

    /// The same environment with one variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Every variable in the order of names; `None` where the value is not UTF-8.
    pub(in crate::config) fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str()))
    }

    /// The proxies, in upper or lower case as HTTP clients read them. An empty variable sets no
    /// proxy.
    pub(in crate::config) fn proxies(&self) -> ProxySettings {
        let either = |upper: &str| {
            let set = |name: &str| {
                self.get(name)
                    .filter(|value| !value.is_empty())
                    .map(str::to_owned)
            };
            set(upper).or_else(|| set(&upper.to_ascii_lowercase()))
        };
        ProxySettings {
            https: either("HTTPS_PROXY"),
            http: either("HTTP_PROXY"),
            all: either("ALL_PROXY"),
            no: either("NO_PROXY"),
        }
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let pairs = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self {
            variables: pairs.collect(),
        }
    }
}

/// Shows only the number of variables: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.variables.len())
    }
}
