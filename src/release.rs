//! What was built: its version and commit, as `--version` and the metrics tell them. The build may be told both by
//! the environment; it asks no version control.

use std::sync::LazyLock;

/// The version: `SCOPEGATE_VERSION` of the build, else the package's.
pub const VERSION: &str = or(option_env!("SCOPEGATE_VERSION"), env!("CARGO_PKG_VERSION"));

/// The commit: `SCOPEGATE_COMMIT` of the build, else `unknown`.
pub const COMMIT: &str = or(option_env!("SCOPEGATE_COMMIT"), "unknown");

/// Both, in one line.
#[must_use]
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{VERSION} ({COMMIT})"));
    &TEXT
}

/// A build argument that was left empty counts as absent.
const fn or(told: Option<&'static str>, default: &'static str) -> &'static str {
    match told {
        Some(told) if !told.is_empty() => told,
        Some(_) | None => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_build_argument_is_none() {
        assert_eq!([or(None, "d"), or(Some(""), "d"), or(Some("t"), "d")], ["d", "d", "t"]);
    }
}
