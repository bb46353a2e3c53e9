//! The name of a protected resource in the configuration, logs and metrics.

use std::{fmt, sync::Arc};

/// 1 to 64 letters, digits, `.`, `_` or `-`: a realm, a label and a query can contain it without escaping.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(Arc<str>);

/// The text is not a resource id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("1 to 64 letters, digits, `.`, `_` or `-`")]
pub struct ResourceIdError;

impl ResourceId {
    /// Parses an id.
    ///
    /// # Errors
    /// If `text` is empty, longer than 64 bytes, or has another character.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let is_legal =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(is_legal) {
            Ok(Self(text.into()))
        } else {
            Err(ResourceIdError)
        }
    }

    /// The id as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
