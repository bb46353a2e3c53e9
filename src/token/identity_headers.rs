//! The headers in which the MCP server learns of an identity.

use std::{
    any::Any,
    borrow::Cow,
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use super::refusal::malformed;
use crate::domain::{Refusal, ResourceId, Scope, ScopeSet};

/// The five identity headers. All of them are always sent, so that a gateway that copies them overwrites the ones a
/// client forged. Their values are visible ASCII of at most 3 KiB together. A percent sign and every byte that is not
/// visible ASCII are percent-encoded, also the spaces of the scope list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeaders(Arc<HeaderValues>);

struct HeaderValues {
    values: [Bytes; 5],
    scopes_cut: bool,
    /// The form that a listener sends, if the values serve many requests.
    prepared: Option<OnceLock<Box<dyn Any + Send + Sync>>>,
}

impl IdentityHeaders {
    /// The names of the headers, in the order in which they are sent.
    pub const NAMES: [&str; 5] = [
        "x-auth-subject",
        "x-auth-client-id",
        "x-auth-issuer",
        "x-auth-scope",
        "x-auth-resource",
    ];

    /// The headers of a request that passes without a token: only the resource has a value.
    #[must_use]
    pub fn of_nobody(resource: &ResourceId) -> Self {
        let values = HeaderValues::of([b"", b"", b"", b"", resource.as_str().as_bytes()]);
        HeaderValues {
            prepared: Some(OnceLock::new()),
            ..values
        }
        .into()
    }

    /// Builds the headers of an identity.
    ///
    /// # Errors
    /// `token-malformed` if they are too long even without scopes. A `sub` that was cut could be that of another user.
    pub(super) fn build(
        resource: &ResourceId,
        names: &HolderNames<'_>,
        scopes: &ScopeSet,
    ) -> Result<Self, Refusal> {
        let encoded = [names.subject, names.client_id, names.issuer].map(encode);
        let others = encoded.iter().map(|name| name.len()).sum::<usize>() + resource.as_str().len();
        let room = MAX_BYTES.checked_sub(others).ok_or(malformed(
            "`sub`, `iss` and the client together are longer than 3 KiB",
        ))?;
        let (scope, scopes_cut) = scope_list(scopes, room);
        let [subject, client_id, issuer] = encoded.each_ref().map(|name| name.as_bytes());
        let values = HeaderValues::of([
            subject,
            client_id,
            issuer,
            scope.as_bytes(),
            resource.as_str().as_bytes(),
        ]);
        Ok(HeaderValues {
            scopes_cut,
            ..values
        }
        .into())
    }

    /// A copy for one thread, whose buffer no other thread counts references of.
    pub(super) fn for_thread(&self) -> Self {
        let values = HeaderValues::of(self.values().each_ref().map(|value| &**value));
        HeaderValues {
            scopes_cut: self.scopes_cut(),
            prepared: Some(OnceLock::new()),
            ..values
        }
        .into()
    }

    /// Name and value of each header. The value is empty if the token has none.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Bytes)> {
        Self::NAMES.into_iter().zip(&self.0.values)
    }

    /// The values, in the order of [`Self::NAMES`].
    #[must_use]
    pub fn values(&self) -> &[Bytes; 5] {
        &self.0.values
    }

    /// Whether the scope list was too long and ends early, after a whole scope.
    #[must_use]
    pub fn scopes_cut(&self) -> bool {
        self.0.scopes_cut
    }

    /// The form that a listener sends, made once for all requests that share the values. Returns `None` for values that
    /// serve one request.
    pub fn prepared<T: Any + Send + Sync>(
        &self,
        make: impl FnOnce(&[Bytes; 5]) -> T,
    ) -> Option<&T> {
        let prepared = self.0.prepared.as_ref()?;
        prepared
            .get_or_init(|| Box::new(make(&self.0.values)))
            .downcast_ref()
    }

    /// The length of all values together.
    pub(super) fn byte_len(&self) -> usize {
        self.0.values.iter().map(Bytes::len).sum()
    }
}

impl HeaderValues {
    /// Puts all values into one buffer.
    fn of(values: [&[u8]; 5]) -> Self {
        let mut rest = Bytes::from(values.concat());
        Self {
            values: values.map(|value| rest.split_to(value.len())),
            scopes_cut: false,
            prepared: None,
        }
    }
}

impl From<HeaderValues> for IdentityHeaders {
    fn from(values: HeaderValues) -> Self {
        Self(Arc::new(values))
    }
}

impl PartialEq for HeaderValues {
    fn eq(&self, other: &Self) -> bool {
        (&self.values, self.scopes_cut) == (&other.values, other.scopes_cut)
    }
}

impl Eq for HeaderValues {}

impl fmt::Debug for HeaderValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderValues")
            .field("values", &self.values)
            .field("scopes_cut", &self.scopes_cut)
            .finish()
    }
}

/// The names in a token. A name is empty if the token does not have it.
pub(super) struct HolderNames<'a> {
    pub(super) subject: &'a str,
    pub(super) client_id: &'a str,
    pub(super) issuer: &'a str,
}

/// The scope list that fits into `room` bytes, and whether scopes are missing from it.
fn scope_list(scopes: &ScopeSet, room: usize) -> (String, bool) {
    let mut list = String::with_capacity(TYPICAL_LIST_BYTES);
    for encoded in scopes.iter().map(Scope::as_str).map(encode) {
        let separator = if list.is_empty() { "" } else { ENCODED_SPACE };
        if list.len() + separator.len() + encoded.len() > room {
            return (list, true);
        }
        list.push_str(separator);
        list.push_str(&encoded);
    }
    (list, false)
}

/// The separator of scopes (RFC 6749 §3.3), encoded like every byte that is not visible ASCII.
const ENCODED_SPACE: &str = "%20";

fn encode(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    if text
        .bytes()
        .fold(true, |so_far, byte| so_far & is_plain(byte))
    {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 0xF] {
                encoded.extend(
                    char::from_digit(nibble.into(), 16).map(|digit| digit.to_ascii_uppercase()),
                );
            }
        }
    }
    Cow::Owned(encoded)
}

const MAX_BYTES: usize = 3 * 1024;
/// Most scope lists fit.
const TYPICAL_LIST_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Reason, token::Identity};

    fn build(subject: &str, scopes: &str) -> Result<IdentityHeaders, Refusal> {
        let names = HolderNames {
            subject,
            client_id: "client",
            issuer: "https://auth.example.com",
        };
        let scopes = scopes
            .split_terminator(' ')
            .map(|text| Scope::parse(text).unwrap())
            .collect();
        IdentityHeaders::build(&ResourceId::parse("mcp").unwrap(), &names, &scopes)
    }

    fn value(headers: &IdentityHeaders, name: &str) -> String {
        let (_, value) = headers.iter().find(|(known, _)| *known == name).unwrap();
        String::from_utf8(value.to_vec()).unwrap()
    }

    #[test]
    fn all_five_headers_are_there_even_when_empty() {
        let headers = build("", "").unwrap();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, IdentityHeaders::NAMES);
        assert_eq!(value(&headers, "x-auth-subject"), "");
        assert_eq!(value(&headers, "x-auth-scope"), "");
        assert_eq!(value(&headers, "x-auth-resource"), "mcp");
        assert_eq!(value(&headers, "x-auth-issuer"), "https://auth.example.com");
    }

    #[test]
    fn a_request_without_a_token_has_headers_too_so_that_forged_ones_are_overwritten() {
        let headers = IdentityHeaders::of_nobody(&ResourceId::parse("mcp").unwrap());
        let values: Vec<&[u8]> = headers.iter().map(|(_, value)| value.as_ref()).collect();
        assert_eq!(values, [b"", b"", b"", b"", b"mcp".as_slice()]);
    }

    #[test]
    fn a_copy_for_a_thread_is_equal_and_prepares_its_form_once() {
        let identity = Identity::granted("mcp", "a b");
        let mine = identity.for_thread();
        assert_eq!(mine, identity);
        assert_eq!(identity.headers.prepared(|_| 1), None);
        assert_eq!(
            (
                mine.headers.prepared(|values| values.len()),
                mine.headers.prepared(|_| 7_usize)
            ),
            (Some(&5), Some(&5))
        );
        assert_eq!(mine.headers.clone().prepared(|_| 7_usize), Some(&5));
    }

    #[test]
    fn bytes_that_are_not_visible_ascii_are_percent_encoded() {
        let headers = build("a b%é\r\n\0\u{7f}~!", "a%b mcp:x").unwrap();
        assert_eq!(
            value(&headers, "x-auth-subject"),
            "a%20b%25%C3%A9%0D%0A%00%7F~!"
        );
        assert_eq!(value(&headers, "x-auth-scope"), "a%25b%20mcp:x");
    }

    #[test]
    fn a_long_scope_list_is_cut_after_a_scope() {
        let scopes: Vec<String> = (0..1000).map(|index| format!("scope:{index}")).collect();
        let headers = build("alice", &scopes.join(" ")).unwrap();
        assert!(headers.scopes_cut());
        let list = value(&headers, "x-auth-scope");
        assert!(scopes.join("%20").starts_with(&format!("{list}%20")));
        assert!(
            (3058..=3072).contains(&headers.byte_len()),
            "{}",
            headers.byte_len()
        );
        assert!(!build("alice", "a b").unwrap().scopes_cut());
    }

    #[test]
    fn a_subject_that_is_too_long_is_refused_and_not_cut() {
        assert_eq!(
            build(&"é".repeat(600), "a").unwrap_err().reason,
            Reason::TokenMalformed
        );
        assert!(build(&"e".repeat(600), "a").is_ok());
    }
}
