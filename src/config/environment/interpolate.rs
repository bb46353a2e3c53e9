//! `${NAME}` and `${NAME:-default}` inside string values.

use crate::config::environment::process::Environment;

/// A text after its references were replaced.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) struct Interpolated {
    /// The text with its references replaced.
    pub(in crate::config) text: String,
    /// Whether a reference was replaced. Such a text may stand for a flag or a number.
    pub(in crate::config) is_changed: bool,
}

/// Why a reference cannot be replaced.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum InterpolationError {
    /// The variable is not set, and there is no default.
    #[error("`${{{0}}}`, a variable that is not set")]
    Unset(String),
    /// `${` is not followed by a name and `}`.
    #[error("a `${{` that begins no reference")]
    Malformed,
}

/// Replaces the references in `text`. As in a shell, the default also replaces an empty variable.
///
/// # Errors
/// If a variable is not set, or `${` does not begin a reference.
pub(in crate::config) fn interpolate(
    text: &str,
    environment: &Environment,
) -> Result<Interpolated, InterpolationError> {
    let mut done = Interpolated {
        text: String::with_capacity(text.len()),
        is_changed: false,
    };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(kept) = before.strip_suffix('$') {
            done.text.push_str(kept);
            done.text.push_str("${");
            rest = after;
            continue;
        }
        let (reference, after) = after.split_once('}').ok_or(InterpolationError::Malformed)?;
        done.text.push_str(before);
        done.text.push_str(value(reference, environment)?);
        done.is_changed = true;
        rest = after;
    }
    done.text.push_str(rest);
    Ok(done)
}

fn value<'a>(
    reference: &'a str,
    environment: &'a Environment,
) -> Result<&'a str, InterpolationError> {
    let (name, default) = reference
        .split_once(":-")
        .map_or((reference, None), |(name, default)| (name, Some(default)));
    if !is_name(name) {
        return Err(InterpolationError::Malformed);
    }
    match (environment.get(name), default) {
        (Some(""), Some(default)) | (None, Some(default)) => Ok(default),
        (Some(value), _) => Ok(value),
        (None, None) => Err(InterpolationError::Unset(name.to_owned())),
    }
}

fn is_name(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty()
        && name.bytes().all(is_legal)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> Result<String, InterpolationError> {
        let environment = [("A", "1"), ("EMPTY", "")].into_iter().collect();
        interpolate(text, &environment).map(|done| done.text)
    }

    #[test]
    fn references_are_replaced_and_other_dollars_stay() {
        for (text, expected) in [
            ("x${A}y${A}", "x1y1"),
            ("${NONE:-d:-e}", "d:-e"),
            ("${NONE:-}", ""),
            ("${EMPTY}", ""),
            ("${EMPTY:-d}", "d"),
            ("${A:-d}", "1"),
            ("$${A}", "${A}"),
            ("$$${A}", "$${A}"),
            ("a$b $ $$ $(A) 5$", "a$b $ $$ $(A) 5$"),
            ("", ""),
        ] {
            assert_eq!(replaced(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_an_error() {
        assert_eq!(
            replaced("${NONE}"),
            Err(InterpolationError::Unset("NONE".to_owned()))
        );
        for text in ["${", "${}", "${A", "${1A}", "${A-b}", "${A B}", "${:-x}"] {
            assert_eq!(replaced(text), Err(InterpolationError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_replaced_text_is_not_replaced_again() {
        let environment = [("A", "${B}"), ("B", "no")].into_iter().collect();
        assert_eq!(interpolate("${A}", &environment).unwrap().text, "${B}");
    }

    #[test]
    fn only_a_reference_changes_a_text() {
        let environment = [("A", "1")].into_iter().collect();
        assert!(interpolate("${A}", &environment).unwrap().is_changed);
        assert!(!interpolate("$${A}", &environment).unwrap().is_changed);
    }
}
