//! Who a verified token speaks for, and the headers that tell the MCP server.

use super::refusal::malformed;
use std::{
    any::Any,
    borrow::Cow,
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use crate::{
    clock::UnixSeconds,
    domain::{Refusal, ResourceId, Scope, ScopeSet},
    telemetry::redact,
};

/// The holder of a verified access token. Only `Verifier` makes one.
///
/// What is counted when it is handed on lies apart from what is only read: a worker that keeps a token has counts
/// of its own (`for_worker`), and shares the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    claims: Arc<VerifiedClaims>,
    /// The identity headers, ready to be sent.
    pub headers: IdentityHeaders,
}

/// What a verified token says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedClaims {
    /// `iss`, as the token writes it.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `client_id`, or `azp` where that is absent.
    pub client_id: Option<String>,
    /// What the token grants.
    pub scopes: ScopeSet,
    /// The `kid` of the key that signed the token.
    pub kid: Option<Arc<str>>,
    /// The name of the key source.
    pub source: Arc<str>,
    /// `exp`, without leeway; seconds since 1970.
    pub expires_at: UnixSeconds,
    /// See [`Identity::subject_hash`].
    pub(super) subject_hash: OnceLock<Box<str>>,
}

impl Deref for Identity {
    type Target = VerifiedClaims;

    fn deref(&self) -> &VerifiedClaims {
        &self.claims
    }
}

impl Identity {
    pub(super) fn new(claims: VerifiedClaims, headers: IdentityHeaders) -> Self {
        Self { claims: Arc::new(claims), headers }
    }

    /// What the log calls the subject where it shall not name it, made once for a token.
    #[must_use]
    pub fn subject_hash(&self) -> Option<&str> {
        let subject = self.subject.as_deref()?;
        Some(self.claims.subject_hash.get_or_init(|| redact::hash(subject).into()))
    }

    /// The same, to be handed on by one worker without a write to memory that others write too.
    pub(super) fn for_worker(&self) -> Self {
        let [subject, client_id, issuer, scope, resource] =
            self.headers.values().each_ref().map(|value| &**value);
        let headers = Text::of([subject, client_id, issuer, scope, resource]);
        let kept = Some(OnceLock::new());
        let headers = Text { scopes_cut: self.headers.scopes_cut(), kept, ..headers };
        Self { claims: Arc::clone(&self.claims), headers: headers.into() }
    }

    /// An estimate of the memory behind it, in bytes.
    pub(super) fn byte_len(&self) -> usize {
        let texts = [&self.issuer, &self.subject, &self.client_id];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let scopes: usize = self.scopes.iter().map(|scope| scope.as_str().len() + SCOPE_OVERHEAD_BYTES).sum();
        texts + scopes + self.headers.byte_len()
    }
}

#[cfg(test)]
impl Identity {
    /// A token's holder for the tests of other rooms, who need no signature.
    pub(crate) fn granted(resource: &str, scopes: &str) -> Self {
        let resource = ResourceId::parse(resource).unwrap();
        let scopes: ScopeSet =
            scopes.split_terminator(' ').map(|scope| Scope::parse(scope).unwrap()).collect();
        let who = Who { subject: "alice", client_id: "client", issuer: "https://auth.example.com" };
        let headers = IdentityHeaders::build(&resource, &who, &scopes).unwrap();
        let claims = VerifiedClaims {
            issuer: Some(who.issuer.to_owned()),
            subject: Some(who.subject.to_owned()),
            client_id: Some(who.client_id.to_owned()),
            scopes,
            kid: Some("k1".into()),
            source: "idp".into(),
            expires_at: UnixSeconds::MAX,
            subject_hash: OnceLock::new(),
        };
        Self::new(claims, headers)
    }

    /// The same, signed by a key of that name.
    pub(crate) fn with_kid(self, kid: &str) -> Self {
        let claims = VerifiedClaims { kid: Some(kid.into()), ..(*self.claims).clone() };
        Self::new(claims, self.headers)
    }
}

/// The five identity headers. All of them are always sent, so that a gateway which copies them overwrites
/// whatever a client forged. Values are printable ASCII, 3 KiB together; a percent sign and every byte that is
/// not visible ASCII are percent-encoded, the spaces of the scope list too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeaders(Arc<Text>);

struct Text {
    values: [Bytes; 5],
    scopes_cut: bool,
    /// What a listener has made of them, where a worker keeps them for further requests.
    kept: Option<OnceLock<Box<dyn Any + Send + Sync>>>,
}

impl IdentityHeaders {
    /// The names of the headers, in the order in which they are sent.
    pub const NAMES: [&str; 5] =
        ["x-auth-subject", "x-auth-client-id", "x-auth-issuer", "x-auth-scope", "x-auth-resource"];

    /// The headers of a request that passes without a token: the resource, and nobody.
    #[must_use]
    pub fn of_nobody(resource: &ResourceId) -> Self {
        Text { kept: Some(OnceLock::new()), ..Text::of([b"", b"", b"", b"", resource.as_str().as_bytes()]) }
            .into()
    }

    /// Builds the headers of a token's holder.
    ///
    /// # Errors
    /// `token-malformed` where they are too long even without scopes: a `sub` that was cut could be another's.
    pub(super) fn build(resource: &ResourceId, who: &Who<'_>, scopes: &ScopeSet) -> Result<Self, Refusal> {
        let names = [who.subject, who.client_id, who.issuer].map(encode);
        let others = names.iter().map(|name| name.len()).sum::<usize>() + resource.as_str().len();
        let room = MAX_BYTES
            .checked_sub(others)
            .ok_or(malformed("`sub`, `iss` and the client together are longer than 3 KiB"))?;
        let (scope, scopes_cut) = scope_list(scopes, room);
        let [subject, client_id, issuer] = names.each_ref().map(|name| name.as_bytes());
        let headers = Text::of([subject, client_id, issuer, scope.as_bytes(), resource.as_str().as_bytes()]);
        Ok(Text { scopes_cut, ..headers }.into())
    }

    /// Name and value of each header; a value is empty where the token has none.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Bytes)> {
        Self::NAMES.into_iter().zip(&self.0.values)
    }

    /// The values, in the order of [`Self::NAMES`].
    #[must_use]
    pub fn values(&self) -> &[Bytes; 5] {
        &self.0.values
    }

    /// Whether the scope list was too long, and was cut after a scope.
    #[must_use]
    pub fn scopes_cut(&self) -> bool {
        self.0.scopes_cut
    }

    /// What a listener makes of them, made once where they are kept for further requests; `None` where they are not.
    pub fn made<T: Any + Send + Sync>(&self, make: impl FnOnce(&[Bytes; 5]) -> T) -> Option<&T> {
        let kept = self.0.kept.as_ref()?;
        kept.get_or_init(|| Box::new(make(&self.0.values))).downcast_ref()
    }

    /// The length of the values together.
    pub(super) fn byte_len(&self) -> usize {
        self.0.values.iter().map(Bytes::len).sum()
    }
}

impl Text {
    /// All values lie in one buffer.
    fn of(values: [&[u8]; 5]) -> Self {
        let mut rest = Bytes::from(values.concat());
        Self { values: values.map(|value| rest.split_to(value.len())), scopes_cut: false, kept: None }
    }
}

impl From<Text> for IdentityHeaders {
    fn from(text: Text) -> Self {
        Self(Arc::new(text))
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        (&self.values, self.scopes_cut) == (&other.values, other.scopes_cut)
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").field("values", &self.values).field("scopes_cut", &self.scopes_cut).finish()
    }
}

/// The claims that name somebody; empty where the token has none.
pub(super) struct Who<'a> {
    pub(super) subject: &'a str,
    pub(super) client_id: &'a str,
    pub(super) issuer: &'a str,
}

/// The list that fits into `room` bytes, and whether scopes are missing from it.
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

/// What separates scopes (RFC 6749 §3.3), encoded like every other byte that is not visible.
const ENCODED_SPACE: &str = "%20";

fn encode(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    if text.bytes().fold(true, |so_far, byte| so_far & is_plain(byte)) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 0xF] {
                encoded.extend(char::from_digit(nibble.into(), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    Cow::Owned(encoded)
}

const MAX_BYTES: usize = 3 * 1024;
/// Most scope lists fit.
const TYPICAL_LIST_BYTES: usize = 256;
/// The pointer in the set, and the allocation with its counts.
const SCOPE_OVERHEAD_BYTES: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Reason;

    fn build(subject: &str, scopes: &str) -> Result<IdentityHeaders, Refusal> {
        let who = Who { subject, client_id: "client", issuer: "https://auth.example.com" };
        let scopes = scopes.split_terminator(' ').map(|text| Scope::parse(text).unwrap()).collect();
        IdentityHeaders::build(&ResourceId::parse("mcp").unwrap(), &who, &scopes)
    }

    fn value(headers: &IdentityHeaders, name: &str) -> String {
        let (_, value) = headers.iter().find(|(known, _)| *known == name).unwrap();
        String::from_utf8(value.to_vec()).unwrap()
    }

    #[test]
    fn all_five_are_there_even_when_empty() {
        let headers = build("", "").unwrap();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, IdentityHeaders::NAMES);
        assert_eq!(value(&headers, "x-auth-subject"), "");
        assert_eq!(value(&headers, "x-auth-scope"), "");
        assert_eq!(value(&headers, "x-auth-resource"), "mcp");
        assert_eq!(value(&headers, "x-auth-issuer"), "https://auth.example.com");
    }

    #[test]
    fn nobody_has_headers_too_so_that_forged_ones_are_overwritten() {
        let headers = IdentityHeaders::of_nobody(&ResourceId::parse("mcp").unwrap());
        let values: Vec<&[u8]> = headers.iter().map(|(_, value)| value.as_ref()).collect();
        assert_eq!(values, [b"", b"", b"", b"", b"mcp".as_slice()]);
    }

    #[test]
    fn what_a_worker_keeps_is_made_once_and_the_same() {
        let identity = Identity::granted("mcp", "a b");
        let mine = identity.for_worker();
        assert_eq!(mine, identity);
        assert_eq!(identity.headers.made(|_| 1), None);
        assert_eq!(
            (mine.headers.made(|values| values.len()), mine.headers.made(|_| 7_usize)),
            (Some(&5), Some(&5))
        );
        assert_eq!(mine.headers.clone().made(|_| 7_usize), Some(&5));
    }

    #[test]
    fn what_is_not_visible_ascii_is_percent_encoded() {
        let headers = build("a b%é\r\n\0\u{7f}~!", "a%b mcp:x").unwrap();
        assert_eq!(value(&headers, "x-auth-subject"), "a%20b%25%C3%A9%0D%0A%00%7F~!");
        assert_eq!(value(&headers, "x-auth-scope"), "a%25b%20mcp:x");
    }

    #[test]
    fn a_long_scope_list_is_cut_after_a_scope() {
        let scopes: Vec<String> = (0..1000).map(|index| format!("scope:{index}")).collect();
        let headers = build("alice", &scopes.join(" ")).unwrap();
        assert!(headers.scopes_cut());
        let list = value(&headers, "x-auth-scope");
        assert!(scopes.join("%20").starts_with(&format!("{list}%20")));
        assert!((3058..=3072).contains(&headers.byte_len()), "{}", headers.byte_len());
        assert!(!build("alice", "a b").unwrap().scopes_cut());
    }

    #[test]
    fn a_subject_that_does_not_fit_is_refused_not_cut() {
        assert_eq!(build(&"é".repeat(600), "a").unwrap_err().reason, Reason::TokenMalformed);
        assert!(build(&"e".repeat(600), "a").is_ok());
    }
}
