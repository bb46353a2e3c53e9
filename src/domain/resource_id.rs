//! The name under which the configuration, logs and metrics know a protected resource.

use std::{fmt, sync::Arc};

/// 1 to 64 letters, digits, `.`, `_` or `-`: safe in a realm, a label and a query without escaping.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(Arc<str>);

/// Why a text is no resource id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("1 to 64 letters, digits, `.`, `_` or `-`")]
pub struct ResourceIdError;

impl ResourceId {
    /// Reads an id.
    ///
    /// # Errors
    /// When `text` is empty, longer than 64 bytes, or has another character.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(is_legal) {
            Ok(Self(text.into()))
        } else {
            Err(ResourceIdError)
        }
    }

    /// The id as it was written.
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
