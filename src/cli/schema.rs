//! `scopegate schema`: the JSON Schema of the configuration file, for editors and CI.

use crate::config;

/// The schema as text.
pub(super) fn text() -> String {
    format!("{:#}\n", config::schema())
}
