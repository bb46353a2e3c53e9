//! The form of the debug page: the fields that a person sent, and the part of them that the answer
//! repeats.

use serde::Deserialize;

use crate::{
    domain::Dialect,
    explain::{DraftError, OriginalRequest, RequestDraft},
    token::DecodedToken,
};

/// The fields as the browser sent them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Form {
    dialect: String,
    resource: String,
    method: String,
    path: String,
    host: String,
    headers: String,
    token: String,
    body: String,
}

/// The fields that the page shows: all except the token and headers that may hold a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FormView {
    pub(super) dialect: String,
    pub(super) resource: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) host: String,
    pub(super) headers: String,
    pub(super) body: String,
}

impl Form {
    /// The request that the fields describe, as a listener that reads bodies of at most
    /// `max_body_bytes` gets it.
    ///
    /// # Errors
    /// The first field with a value that a gateway could not send.
    pub(super) fn original(&self, max_body_bytes: usize) -> Result<OriginalRequest, DraftError> {
        let known = Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name() == self.dialect);
        let dialect = known.ok_or_else(|| DraftError {
            field: "dialect",
            found: self.dialect.clone(),
            expected: "`auth_request`, `ext_authz_http`, `ext_authz_grpc` or `forward_auth`",
        })?;
        let draft = RequestDraft {
            resource: non_empty(&self.resource),
            method: self.method.trim().to_owned(),
            path: self.path.trim().to_owned(),
            host: self.host.trim().to_owned(),
            headers: self.header_lines().map(str::to_owned).collect(),
            token: non_empty(without_scheme(&self.token)),
            body: self.body.clone().into_bytes(),
        };
        draft.put(dialect, max_body_bytes)
    }

    /// The content of the token; `None` if there is no token, or it is not a JWT.
    pub(super) fn decoded(&self) -> Option<DecodedToken> {
        DecodedToken::decode(without_scheme(&self.token))
    }

    pub(super) fn has_token(&self) -> bool {
        !self.token.trim().is_empty()
    }

    pub(super) fn view(&self) -> FormView {
        let headers: Vec<_> = self
            .header_lines()
            .filter(|line| may_be_shown(line))
            .collect();
        FormView {
            dialect: self.dialect.clone(),
            resource: self.resource.clone(),
            method: self.method.clone(),
            path: self.path.clone(),
            host: self.host.clone(),
            headers: headers.join("\n"),
            body: self.body.clone(),
        }
    }

    fn header_lines(&self) -> impl Iterator<Item = &str> {
        self.headers
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    }
}

impl FormView {
    /// The fields of an empty page: a `tools/list` for `resource`.
    pub(super) fn example(resource: &str, path: &str, host: &str) -> Self {
        Self {
            dialect: Dialect::AuthRequest.name().to_owned(),
            resource: resource.to_owned(),
            method: "POST".to_owned(),
            path: path.to_owned(),
            host: host.to_owned(),
            headers: "Content-Type: application/json".to_owned(),
            body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.to_owned(),
        }
    }
}

fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The token without the scheme `Bearer`, which a person may have copied with it.
fn without_scheme(token: &str) -> &str {
    let token = token.trim();
    match token.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("Bearer") => rest.trim_start(),
        Some(_) | None => token,
    }
}

/// Whether the header of this line affects the decision and is not a credential. Any other header
/// might hold a secret, and the decision does not need it.
fn may_be_shown(line: &str) -> bool {
    let name = line
        .split_once(':')
        .map(|(name, _)| name.trim().to_ascii_lowercase());
    name.is_some_and(|name| SHOWN_HEADERS.contains(&name.as_str()))
}

const SHOWN_HEADERS: [&str; 9] = [
    "access-control-request-method",
    "content-encoding",
    "content-type",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "origin",
    "traceparent",
    "x-envoy-auth-partial-body",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_may_be_a_credential_is_not_shown_again() {
        let headers = "Origin: https://a\r\nAuthorization : Bearer s1\nCookie: s2\nX-Api-Key: s3\n\nX-Auth-Token: s4\ns5";
        let form = Form {
            headers: headers.to_owned(),
            token: "s6".to_owned(),
            ..Form::default()
        };
        assert_eq!(
            form.view(),
            FormView {
                headers: "Origin: https://a".to_owned(),
                ..FormView::default()
            }
        );
    }

    #[test]
    fn a_token_may_be_copied_with_its_scheme() {
        for text in ["a.b.c", " a.b.c\n", "Bearer a.b.c", "bearer  a.b.c "] {
            assert_eq!(without_scheme(text), "a.b.c", "{text:?}");
        }
    }
}
