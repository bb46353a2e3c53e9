//! The `WWW-Authenticate` text of a denial (RFC 6750 §3, RFC 9728 §5.1). The same situation gives the same bytes,
//! because clients recognise a login loop by a challenge that repeats.

use std::fmt::Write;

use bytestring::ByteString;

use super::{Denial, missing_scopes::MissingScopes, scope_level::LevelKind};
use crate::domain::{Reason, Refusal, ResourceId, Scope, ScopeSet};

/// The text that all challenges of one resource share, built when the policy is compiled.
#[derive(Clone, Debug)]
pub struct ChallengeText {
    realm: ResourceId,
    metadata_url: Option<String>,
    initialize: ScopeSet,
    unauthorized: Vec<(Reason, ByteString)>,
}

impl ChallengeText {
    /// The texts of a resource whose every request requires `initialize`. Without `metadata_url` the challenge
    /// points to no authorization server.
    #[must_use]
    pub fn compile(realm: ResourceId, metadata_url: Option<String>, initialize: ScopeSet) -> Self {
        let mut text = Self {
            realm,
            metadata_url,
            initialize,
            unauthorized: Vec::new(),
        };
        text.unauthorized = Reason::ALL
            .into_iter()
            .filter(|reason| reason.status() == 401)
            .map(|reason| (reason, text.write_unauthorized(reason).into()))
            .collect();
        text
    }

    /// The denial of a token, with the challenge for its reason.
    #[must_use]
    pub fn deny_token(&self, refusal: Refusal) -> Denial {
        Denial::from(refusal).with_challenge(self.unauthorized(refusal.reason))
    }

    /// The challenge of a 401; `None` for reasons with another status.
    #[must_use]
    pub fn unauthorized(&self, reason: Reason) -> Option<ByteString> {
        self.unauthorized
            .iter()
            .find(|(known, _)| *known == reason)
            .map(|(_, text)| text.clone())
    }

    /// The challenge of a 403 that more scopes would turn into a permit. It names the scopes of `first` before the
    /// required ones. `tool` is the tool that the request names.
    #[must_use]
    pub fn insufficient_scope(
        &self,
        missing: &MissingScopes,
        first: &ScopeSet,
        tool: Option<&str>,
    ) -> ByteString {
        let mut text = String::with_capacity(TYPICAL_LENGTH);
        text.push_str("Bearer error=\"insufficient_scope\"");
        if first.is_empty() {
            self.add_scope(&missing.needed, &mut text);
        } else {
            self.add_scope(
                &leading_scopes(first)
                    .chain(&missing.needed)
                    .cloned()
                    .collect(),
                &mut text,
            );
        }
        self.add_metadata(&mut text);
        text.push_str(", error_description=\"");
        match tool.filter(|_| matches!(missing.first_failed, LevelKind::Tool | LevelKind::Field)) {
            Some(tool) => {
                text.push_str("insufficient scopes for tool ");
                text.extend(sanitize(tool.chars()));
            }
            None => {
                text.push_str("missing required scopes: ");
                let spaced = missing
                    .missing
                    .iter()
                    .flat_map(|scope| [" ", scope.as_str()]);
                text.extend(sanitize(spaced.flat_map(str::chars).skip(1)));
            }
        }
        text.push('"');
        text.into()
    }

    fn write_unauthorized(&self, reason: Reason) -> String {
        let mut text = format!("Bearer realm=\"{}\"", self.realm);
        let has_token = reason != Reason::TokenMissing;
        if has_token {
            text.push_str(", error=\"invalid_token\"");
        }
        self.add_scope(&self.initialize, &mut text);
        self.add_metadata(&mut text);
        if has_token {
            let _ = write!(text, ", error_description=\"{}\"", reason.description());
        }
        text
    }

    fn add_scope(&self, scopes: &ScopeSet, text: &mut String) {
        let mut separator = ", scope=\"";
        for scope in scopes {
            text.push_str(separator);
            text.push_str(scope.as_str());
            separator = " ";
        }
        if !scopes.is_empty() {
            text.push('"');
        }
    }

    fn add_metadata(&self, text: &mut String) {
        if let Some(url) = &self.metadata_url {
            let _ = write!(text, ", resource_metadata=\"{url}\"");
        }
    }
}

/// The leading scopes that fit into [`MAX_OWN_SCOPES`] bytes, because gateways limit the size of headers.
fn leading_scopes(scopes: &ScopeSet) -> impl Iterator<Item = &Scope> {
    let mut room = MAX_OWN_SCOPES;
    scopes.iter().take_while(move |scope| {
        let needed = scope.as_str().len() + 1;
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    })
}

/// Makes foreign text safe for a quoted string, also for clients that parse challenges loosely: printable ASCII
/// without `"`, `\` and `=`, at most [`MAX_TEXT`] characters.
fn sanitize(text: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let plain = |c: char| {
        if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '=') {
            c
        } else {
            '?'
        }
    };
    text.take(MAX_TEXT).map(plain)
}

/// In bytes: most challenges fit without another allocation.
const TYPICAL_LENGTH: usize = 512;

/// The most characters of foreign text in one challenge.
const MAX_TEXT: usize = 120;

/// The most bytes of the token's own scopes in one challenge.
const MAX_OWN_SCOPES: usize = 3 * 1024;
