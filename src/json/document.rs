//! A JSON document that must be an object, read into a typed struct. The code that `serde` derives also accepts an
//! array of the members' values, so that `[[]]` would pass for a JWK Set without keys.

use serde::Deserialize;

/// Why a document was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentError {
    /// It is not JSON in UTF-8 (RFC 8259 §8.1).
    NotJson,
    /// It is JSON, but not an object, or a member has another type than it must have.
    OtherShape,
}

/// Reads an object into a struct that derives [`Deserialize`]. Members that the struct does not have may be repeated.
///
/// # Errors
/// When the document is not JSON, or not such an object.
pub fn parse_document<'a, T: Deserialize<'a>>(document: &'a [u8]) -> Result<T, DocumentError> {
    // `serde_json` does not look at the encoding of strings that it skips.
    let text = str::from_utf8(document).map_err(|_| DocumentError::NotJson)?;
    let read: T = serde_json::from_str(text).map_err(|error| match error.is_data() {
        true => DocumentError::OtherShape,
        false => DocumentError::NotJson,
    })?;
    if text.trim_ascii_start().starts_with('{') {
        Ok(read)
    } else {
        Err(DocumentError::OtherShape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    struct Named {
        name: String,
    }

    fn read(document: &[u8]) -> Result<String, DocumentError> {
        parse_document::<Named>(document).map(|named| named.name)
    }

    #[test]
    fn an_object_is_read_and_an_array_of_its_values_is_not() {
        assert_eq!(read(br#" {"name":"a","x":1,"x":2} "#).as_deref(), Ok("a"));
        for document in [
            r#"["a"]"#,
            r#"{"name":1}"#,
            r#"{"name":"a","name":"b"}"#,
            "{}",
            "7",
        ] {
            assert_eq!(
                read(document.as_bytes()),
                Err(DocumentError::OtherShape),
                "{document}"
            );
        }
    }

    #[test]
    fn a_document_is_one_json_text_in_utf_8() {
        assert_eq!(
            read(b"{\"name\":\"a\",\"x\":\"\xff\"}"),
            Err(DocumentError::NotJson)
        );
        for document in ["", "<html>", r#"{"name":"a"} x"#, "\u{feff}{}"] {
            assert_eq!(
                read(document.as_bytes()),
                Err(DocumentError::NotJson),
                "{document}"
            );
        }
    }
}
