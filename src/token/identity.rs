//! The identity that a verified token proves.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use super::IdentityHeaders;
use crate::{clock::UnixSeconds, domain::ScopeSet, telemetry::redact};

/// The client and user of a verified access token. Only a verifier makes one.
///
/// Reference counts are apart from the data that requests only read: each thread that keeps a token has counts of its
/// own (`for_thread`) and shares the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    claims: Arc<VerifiedClaims>,
    /// The identity headers of the reply, ready to be sent.
    pub headers: IdentityHeaders,
}

/// The claims of a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedClaims {
    /// `iss`, as the token writes it.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `client_id`, or `azp` if the token has no `client_id`.
    pub client_id: Option<String>,
    /// The scopes that the token grants.
    pub scopes: ScopeSet,
    /// The `kid` of the key that signed the token.
    pub kid: Option<Arc<str>>,
    /// The name of the key source that signed the token.
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
        Self {
            claims: Arc::new(claims),
            headers,
        }
    }

    /// The hash that replaces the subject in logs. It is computed once for a token.
    #[must_use]
    pub fn subject_hash(&self) -> Option<&str> {
        let subject = self.subject.as_deref()?;
        Some(
            self.claims
                .subject_hash
                .get_or_init(|| redact::hash(subject).into()),
        )
    }

    /// A copy for one thread. To clone it writes no memory that another thread writes.
    pub(super) fn for_thread(&self) -> Self {
        Self {
            claims: Arc::clone(&self.claims),
            headers: self.headers.for_thread(),
        }
    }

    /// An estimate of its memory in bytes.
    pub(super) fn byte_len(&self) -> usize {
        let texts = [&self.issuer, &self.subject, &self.client_id];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let scopes: usize = self
            .scopes
            .iter()
            .map(|scope| scope.as_str().len() + SCOPE_OVERHEAD_BYTES)
            .sum();
        texts + scopes + self.headers.byte_len()
    }
}

/// The pointer in the set, and the allocation with its counts.
const SCOPE_OVERHEAD_BYTES: usize = 48;

#[cfg(test)]
impl Identity {
    /// An identity for the tests of other rooms, which need no signature.
    pub(crate) fn granted(resource: &str, scopes: &str) -> Self {
        use super::identity_headers::HolderNames;
        use crate::domain::{ResourceId, Scope};

        let resource = ResourceId::parse(resource).unwrap();
        let scopes: ScopeSet = scopes
            .split_terminator(' ')
            .map(|scope| Scope::parse(scope).unwrap())
            .collect();
        let names = HolderNames {
            subject: "alice",
            client_id: "client",
            issuer: "https://auth.example.com",
        };
        let headers = IdentityHeaders::build(&resource, &names, &scopes).unwrap();
        let claims = VerifiedClaims {
            issuer: Some(names.issuer.to_owned()),
            subject: Some(names.subject.to_owned()),
            client_id: Some(names.client_id.to_owned()),
            scopes,
            kid: Some("k1".into()),
            source: "idp".into(),
            expires_at: UnixSeconds::MAX,
            subject_hash: OnceLock::new(),
        };
        Self::new(claims, headers)
    }

    /// The same, signed by a key with this `kid`.
    pub(crate) fn with_kid(self, kid: &str) -> Self {
        let claims = VerifiedClaims {
            kid: Some(kid.into()),
            ..(*self.claims).clone()
        };
        Self::new(claims, self.headers)
    }
}
