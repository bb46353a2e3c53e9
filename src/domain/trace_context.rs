//! The trace that a request belongs to: `traceparent` and `tracestate` of W3C Trace Context, as the gateway sent
//! them. A malformed header is treated as absent.

use super::Field;

/// A well-formed `traceparent` (W3C Trace Context §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent<'a> {
    trace_id: &'a str,
    parent_id: &'a str,
    is_sampled: bool,
}

impl<'a> TraceParent<'a> {
    /// The value of the header; `None` if it is absent, repeated or malformed. Of later versions, only the fields
    /// of version 00 are read.
    #[must_use]
    pub fn read(field: Field<'a>) -> Option<Self> {
        let Field::One(value) = field else {
            return None;
        };
        let (head, rest) = std::str::from_utf8(value).ok()?.split_at_checked(LENGTH)?;
        let mut parts = head.split('-');
        let (version, trace_id) = (hex::<2>(parts.next()?)?, hex::<32>(parts.next()?)?);
        let (parent_id, flags) = (hex::<16>(parts.next()?)?, hex::<2>(parts.next()?)?);
        let is_complete = match version {
            "00" => rest.is_empty(),
            "ff" => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let is_zero = |id: &str| id.bytes().all(|byte| byte == b'0');
        let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        (is_complete && !is_zero(trace_id) && !is_zero(parent_id)).then_some(Self {
            trace_id,
            parent_id,
            is_sampled,
        })
    }

    /// The trace id: 32 hex digits in lower case.
    #[must_use]
    pub fn trace_id(&self) -> &'a str {
        self.trace_id
    }

    /// The id of the caller's span: 16 hex digits in lower case.
    #[must_use]
    pub fn parent_id(&self) -> &'a str {
        self.parent_id
    }

    /// Whether the caller samples the trace.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.is_sampled
    }
}

/// The text, if it has `LENGTH` hex digits in lower case.
fn hex<const LENGTH: usize>(text: &str) -> Option<&str> {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == LENGTH && text.bytes().all(is_hex)).then_some(text)
}

/// A well-formed `tracestate` (§3.3), unchanged.
#[must_use]
pub fn read_tracestate(field: Field<'_>) -> Option<&str> {
    let Field::One(value) = field else {
        return None;
    };
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.len() <= MAX_STATE_BYTES)?;
    let members = text
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']));
    let mut count = 0;
    for member in members.filter(|member| !member.is_empty()) {
        count += 1;
        let (key, value) = member.split_once('=')?;
        if !is_key(key) || !is_value(value) {
            return None;
        }
    }
    (1..=MAX_MEMBERS).contains(&count).then_some(text)
}

fn is_key(key: &str) -> bool {
    let is_legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    let has_legal_start =
        key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    has_legal_start && key.len() <= 256 && key.bytes().all(is_legal)
}

fn is_value(value: &str) -> bool {
    let is_legal = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    !value.is_empty() && value.len() <= 256 && value.bytes().all(is_legal)
}

/// The length of a `traceparent` of version 00, in bytes.
const LENGTH: usize = 55;

/// The size that everyone should propagate (§3.3.1.5); longer values may be dropped.
const MAX_STATE_BYTES: usize = 512;
const MAX_MEMBERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    fn parent(text: &str) -> Option<TraceParent<'_>> {
        TraceParent::read(Field::One(text.as_bytes()))
    }

    #[test]
    fn ids_and_the_sampled_flag_are_read() {
        for (flags, is_sampled) in [
            ("00", false),
            ("01", true),
            ("02", false),
            ("03", true),
            ("ff", true),
        ] {
            let text = format!("00-{TRACE}-{PARENT}-{flags}");
            let parent = parent(&text).unwrap();
            assert_eq!((parent.trace_id(), parent.parent_id()), (TRACE, PARENT));
            assert_eq!(parent.is_sampled(), is_sampled, "{flags}");
        }
    }

    #[test]
    fn a_later_version_may_have_more_fields() {
        assert!(parent(&format!("cc-{TRACE}-{PARENT}-01")).is_some());
        assert!(parent(&format!("cc-{TRACE}-{PARENT}-01-what-else")).is_some());
        assert!(parent(&format!("cc-{TRACE}-{PARENT}-01.what-else")).is_none());
    }

    #[test]
    fn a_malformed_parent_is_treated_as_absent() {
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}-{PARENT}-01-"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("0x-{TRACE}-{PARENT}-01"),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{}-{PARENT}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-{PARENT}-0g"),
            format!("00-{TRACE}{PARENT}--01"),
            format!(" 00-{TRACE}-{PARENT}-01"),
            format!("00-{}é-{PARENT}-01", "a".repeat(30)),
        ] {
            assert_eq!(parent(&text), None, "{text}");
        }
        let text = format!("00-{TRACE}-{PARENT}-01");
        assert!(parent(&text).is_some());
        assert_eq!(TraceParent::read(Field::Repeated), None);
        assert_eq!(TraceParent::read(Field::Absent), None);
        assert_eq!(TraceParent::read(Field::One(b"\xff")), None);
    }

    #[test]
    fn only_a_well_formed_state_is_passed_on() {
        let read = |text: &'static str| read_tracestate(Field::One(text.as_bytes()));
        for text in [
            "a=1",
            "a=1,b=2",
            "vendor@tenant=x y",
            " a=1 ,, b=2",
            "0a_-*/=!",
        ] {
            assert_eq!(read(text), Some(text));
        }
        for text in [
            "", ",", "a", "a=", "=1", "A=1", "a=1=2", "a=é", "a=1;b=2", "-a=1", "a=1,b", "a=\u{1}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let many = (0..33)
            .map(|member| format!("a{member}=1"))
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(read_tracestate(Field::One(many.as_bytes())), None);
        let long = format!("a={},b={},c=1", "x".repeat(256), "x".repeat(256));
        assert_eq!(read_tracestate(Field::One(long.as_bytes())), None);
        assert_eq!(read_tracestate(Field::Repeated), None);
    }
}
