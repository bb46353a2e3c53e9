//! A request that a person describes, in the form in which a gateway sends it: the same headers in the same places.

use crate::{
    domain::{Body, CheckRequest, Dialect, Field, Refusal},
    gateway::{
        AUTH_REQUEST, EXT_AUTHZ_HTTP, FORWARD_AUTH, HeaderSource, HttpAdapter, Incoming,
        ext_authz_grpc::{self, CheckMessage},
    },
};

/// The description of a request.
#[derive(Clone, Default)]
pub struct RequestDraft {
    /// The id of the resource, if the gateway sends it.
    pub resource: Option<String>,
    /// The original request's method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// Its host.
    pub host: String,
    /// Its further headers, each as `Name: value`.
    pub headers: Vec<String>,
    /// The access token.
    pub token: Option<String>,
    /// Its body; empty for none.
    pub body: Vec<u8>,
}

/// A description that a gateway cannot send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found `{found}`, expected {expected}")]
pub struct DraftError {
    /// The field with the mistake.
    pub field: &'static str,
    /// The value of the field. Never a token.
    pub found: String,
    /// The value that it must have.
    pub expected: &'static str,
}

/// The request as a gateway of one dialect sends it.
pub struct OriginalRequest {
    pub(super) wire: Wire,
    headers: Vec<(String, String)>,
    max_body_bytes: usize,
}

/// The form in which a gateway asks.
pub(super) enum Wire {
    /// An HTTP request with the headers of the original.
    Http {
        adapter: HttpAdapter,
        method: String,
        target: String,
        body: Vec<u8>,
    },
    /// A gRPC message.
    Grpc(Box<CheckMessage>),
}

impl RequestDraft {
    /// The request as a gateway of `dialect` sends it to a listener that reads at most `max_body_bytes` of a body.
    ///
    /// # Errors
    /// When a line is not a header, or the request of the dialect would not be valid HTTP.
    pub fn put(
        self,
        dialect: Dialect,
        max_body_bytes: usize,
    ) -> Result<OriginalRequest, DraftError> {
        let mut headers = self.own_headers()?;
        let wire = match dialect {
            Dialect::AuthRequest => self.auth_request(&mut headers),
            Dialect::ExtAuthzHttp => self.ext_authz_http(&mut headers)?,
            Dialect::ExtAuthzGrpc => self.ext_authz_grpc(&headers),
            Dialect::ForwardAuth => self.forward_auth(&mut headers),
        };
        Ok(OriginalRequest {
            wire,
            headers,
            max_body_bytes,
        })
    }

    /// The headers that the client sends, with the token.
    fn own_headers(&self) -> Result<Headers, DraftError> {
        let mut headers = self
            .headers
            .iter()
            .map(|line| header(line))
            .collect::<Result<Headers, _>>()?;
        if let Some(token) = &self.token {
            add(
                &mut headers,
                "authorization",
                &format!("Bearer {}", token.trim()),
            );
        }
        Ok(headers)
    }

    fn auth_request(self, headers: &mut Headers) -> Wire {
        add(headers, "x-original-method", &self.method);
        add(headers, "x-original-uri", &self.path);
        let target = format!("/authorize{}", self.query());
        self.http(AUTH_REQUEST, target)
    }

    fn ext_authz_http(self, headers: &mut Headers) -> Result<Wire, DraftError> {
        is_http(&self.method, &self.path)?;
        add(headers, "host", &self.host);
        let target = format!("/authorize{}", self.path);
        Ok(self.http(EXT_AUTHZ_HTTP, target))
    }

    fn ext_authz_grpc(self, headers: &Headers) -> Wire {
        let original = [&*self.method, &*self.host, &*self.path];
        let message = CheckMessage::of(original, headers, self.body, self.resource.as_deref());
        Wire::Grpc(Box::new(message))
    }

    fn forward_auth(self, headers: &mut Headers) -> Wire {
        add(headers, "x-forwarded-method", &self.method);
        add(headers, "x-forwarded-uri", &self.path);
        add(headers, "x-forwarded-host", &self.host);
        add(headers, "x-forwarded-proto", "https");
        let target = format!("/forward-auth{}", self.query());
        self.http(FORWARD_AUTH, target)
    }

    fn query(&self) -> String {
        self.resource
            .as_ref()
            .map(|id| format!("?resource={id}"))
            .unwrap_or_default()
    }

    fn http(self, adapter: HttpAdapter, target: String) -> Wire {
        let Self { method, body, .. } = self;
        Wire::Http {
            adapter,
            method,
            target,
            body,
        }
    }
}

/// Names in lower case, with values.
type Headers = Vec<(String, String)>;

fn add(headers: &mut Headers, name: &str, value: &str) {
    headers.push((name.to_owned(), value.to_owned()));
}

impl OriginalRequest {
    /// Reads the request as the listener of its dialect does.
    pub(super) fn read(&self) -> Result<CheckRequest<'_>, Refusal> {
        match &self.wire {
            Wire::Http {
                adapter,
                method,
                target,
                body,
            } => {
                let body = match body.len() {
                    0 => Body::Absent,
                    length if length > self.max_body_bytes => Body::TooLarge,
                    _ => Body::Whole(body),
                };
                (adapter.read)(&Incoming {
                    method,
                    target,
                    headers: self,
                    body,
                })
            }
            Wire::Grpc(message) => ext_authz_grpc::read(message, self.max_body_bytes),
        }
    }
}

impl HeaderSource for OriginalRequest {
    fn field(&self, name: &'static str) -> Field<'_> {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        Field::of(values.map(|(_, value)| value.as_bytes()))
    }
}

/// RFC 9110 §5: a name of token characters, a value without control characters.
fn header(line: &str) -> Result<(String, String), DraftError> {
    let split = line
        .split_once(':')
        .map(|(name, value)| (name.trim(), value.trim()));
    match split {
        Some((name, value))
            if is_token(name) && !value.chars().any(|c| c.is_control() && c != '\t') =>
        {
            Ok((name.to_ascii_lowercase(), value.to_owned()))
        }
        // The line may contain a credential that belongs into the field for the token.
        Some((name, _)) => Err(DraftError {
            field: "header",
            found: format!("{name}: …"),
            expected: "`Name: value` as HTTP allows it",
        }),
        None => Err(DraftError {
            field: "header",
            found: "…".to_owned(),
            expected: "`Name: value`",
        }),
    }
}

/// Method and path are those of the gateway's own request here, so its HTTP parser has checked them.
fn is_http(method: &str, path: &str) -> Result<(), DraftError> {
    if !is_token(method) {
        return Err(DraftError {
            field: "method",
            found: method.to_owned(),
            expected: "letters, as in `POST`",
        });
    }
    if !path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        return Err(DraftError {
            field: "path",
            found: path.to_owned(),
            expected: "visible ASCII characters without `#`",
        });
    }
    Ok(())
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(draft: RequestDraft, dialect: Dialect) -> Option<&'static str> {
        draft.put(dialect, 10).err().map(|error| error.field)
    }

    #[test]
    fn a_field_that_a_gateway_cannot_send_is_named() {
        let draft = |path: &str, method: &str, headers: &[&str]| RequestDraft {
            path: path.to_owned(),
            method: method.to_owned(),
            headers: headers.iter().map(|&line| line.to_owned()).collect(),
            ..RequestDraft::default()
        };
        assert_eq!(
            fault(draft("/a", "POST", &["A: b", "A:"]), Dialect::ExtAuthzHttp),
            None
        );
        for header in ["no colon", ": b", "a b: c", "ä: b", "a: b\u{0}c"] {
            assert_eq!(
                fault(draft("/a", "POST", &[header]), Dialect::AuthRequest),
                Some("header"),
                "{header}"
            );
        }
        for (path, method, field) in [
            ("/a b", "POST", "path"),
            ("/ä", "POST", "path"),
            ("/a", "P OST", "method"),
        ] {
            assert_eq!(
                fault(draft(path, method, &[]), Dialect::ExtAuthzHttp),
                Some(field),
                "{path} {method}"
            );
            assert_eq!(
                fault(draft(path, method, &[]), Dialect::AuthRequest),
                None,
                "the listener says it"
            );
        }
    }

    #[test]
    fn a_mistake_in_a_header_does_not_repeat_its_value() {
        let headers = vec!["Author ization: Bearer secret".to_owned()];
        let error = RequestDraft {
            headers,
            ..RequestDraft::default()
        }
        .put(Dialect::AuthRequest, 10)
        .err();
        assert!(!error.unwrap().to_string().contains("secret"));
    }

    #[test]
    fn a_body_is_shown_as_far_as_the_listener_reads_it() {
        for (length, expected) in [
            (0, Body::Absent),
            (10, Body::Whole(&[b'a'; 10])),
            (11, Body::TooLarge),
        ] {
            for dialect in Dialect::ALL {
                let [method, path, host] = ["POST", "/mcp", "a"].map(str::to_owned);
                let draft = RequestDraft {
                    method,
                    path,
                    host,
                    body: vec![b'a'; length],
                    ..RequestDraft::default()
                };
                let original = draft.put(dialect, 10).unwrap();
                assert_eq!(
                    original.read().unwrap().body,
                    expected,
                    "{length} {dialect:?}"
                );
            }
        }
    }
}
