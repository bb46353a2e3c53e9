//! The version and commit of this build, for `--version` and the metrics. Both come from the environment of the
//! build, which does not run a version control system.

use std::sync::LazyLock;

/// The version: `SCOPEGATE_VERSION` of the build, else the package's.
pub const VERSION: &str = or(option_env!("SCOPEGATE_VERSION"), env!("CARGO_PKG_VERSION"));

/// The commit: `SCOPEGATE_COMMIT` of the build, else `unknown`.
pub const COMMIT: &str = or(option_env!("SCOPEGATE_COMMIT"), "unknown");

/// Version and commit, in one line.
#[must_use]
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{VERSION} ({COMMIT})"));
    &TEXT
}

/// The value; an empty build argument counts as absent.
const fn or(value: Option<&'static str>, default: &'static str) -> &'static str {
    match value {
        Some(value) if !value.is_empty() => value,
        Some(_) | None => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_build_argument_is_none() {
        assert_eq!(
            [or(None, "d"), or(Some(""), "d"), or(Some("t"), "d")],
            ["d", "d", "t"]
        );
    }
}
