//! A document about keys is a JSON object in UTF-8. What `serde` derives would also read an array of the members'
//! values, so that `[[]]`, which is no JWK Set, would say that all keys are gone.

use super::FetchError;

/// The document's text. JSON is UTF-8 (RFC 8259 §8.1), also where a reader skips it.
///
/// # Errors
/// When it is something else.
pub(super) fn utf8(document: &[u8]) -> Result<&str, FetchError> {
    str::from_utf8(document).map_err(|_| FetchError::NotJson)
}

/// Whether the document's first character begins an object.
pub(super) fn is_object(document: &str) -> bool {
    document.trim_ascii_start().starts_with('{')
}
