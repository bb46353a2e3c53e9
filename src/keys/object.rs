//! A document about keys is a JSON object. What `serde` derives would also read an array of the members' values,
//! so that `[[]]`, which is no JWK Set, would say that all keys are gone.

/// Whether the document's first character begins an object.
pub(super) fn is_object(document: &[u8]) -> bool {
    document.trim_ascii_start().starts_with(b"{")
}
