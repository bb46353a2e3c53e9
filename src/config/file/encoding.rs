//! Decodes a configuration file: UTF-8, or a mistake that names the encoding it seems to have.

use crate::config::{
    file::{position::Position, syntax},
    mistake::Mistake,
};

/// Decodes the file `name`.
///
/// # Errors
/// If the bytes are not UTF-8, or hold no text at all.
pub(in crate::config) fn text(name: &str, bytes: Vec<u8>) -> Result<String, Mistake> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Mistake::of_file(
            name,
            "is UTF-16, expected UTF-8: save it in that encoding".to_owned(),
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| not_utf_8(name, &error.into_bytes()))?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(Mistake::of_file(
            name,
            "is empty, expected sections such as `mcp:`".to_owned(),
        ));
    }
    Ok(text)
}

fn not_utf_8(name: &str, bytes: &[u8]) -> Mistake {
    let chunk = bytes.utf8_chunks().next();
    let (valid, invalid) = chunk.map_or(("", &[][..]), |chunk| (chunk.valid(), chunk.invalid()));
    let line = valid.matches('\n').count() + 1;
    let column = valid
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let byte = invalid.first().copied().unwrap_or_default();
    Mistake {
        location: Some(syntax::locate(name, valid, Position { line, column })),
        path: String::new(),
        message: format!(
            "found the byte 0x{byte:02x}, which is not UTF-8, expected UTF-8: save it in that encoding"
        ),
    }
}
