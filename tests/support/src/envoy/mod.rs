//! Envoy's side of `Check`: the requests that Envoy makes, and its reaction to a response.

mod message;

use std::collections::HashMap;

pub use message::{
    AttributeContext, AttributeRequest, CheckRequest, CheckResponse, DeniedHttpResponse, HeaderMap,
    HeaderValue, HeaderValueOption, HttpRequest, HttpResponse, HttpStatus, OkHttpResponse,
    RpcStatus, Struct, Value,
};

/// What Envoy does with a response.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It sends the request to the server.
    Allowed,
    /// It answers the client with this status.
    Denied(i32),
    /// It follows `failure_mode_allow`, or answers with this status.
    Failed(i32),
}

impl CheckRequest {
    /// A request to `/mcp` without a body.
    #[must_use]
    pub fn of(method: &str) -> Self {
        let headers = [
            (":method", method),
            (":path", "/forged"),
            (":authority", "forged"),
        ];
        let http = HttpRequest {
            id: "1".to_owned(),
            method: method.to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            path: "/mcp?x=1".to_owned(),
            host: "mcp.example.com".to_owned(),
            scheme: "https".to_owned(),
            protocol: "HTTP/1.1".to_owned(),
            ..HttpRequest::default()
        };
        let request = Some(AttributeRequest { http: Some(http) });
        Self {
            attributes: Some(AttributeContext {
                request,
                ..AttributeContext::default()
            }),
        }
    }

    /// A POST of `body`, with `pack_as_bytes`.
    ///
    /// # Panics
    /// If the length of the body is not an `i64`.
    pub fn post(body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self::of("POST")
            .header("content-type", "application/json")
            .change(|http| {
                http.size = i64::try_from(body.len()).unwrap();
                http.raw_body = body;
            })
    }

    /// Sets a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.change(|http| {
            http.headers.insert(name.to_owned(), value.to_owned());
        })
    }

    /// Sets the access token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a header as `encode_raw_headers` has Envoy do.
    #[must_use]
    pub fn raw_header(self, name: &str, value: &str) -> Self {
        self.change(|http| {
            let raw_value = value.as_bytes().to_vec();
            let map = http.header_map.get_or_insert_default();
            map.headers.push(HeaderValue {
                key: name.to_owned(),
                raw_value,
                ..HeaderValue::default()
            });
        })
    }

    /// Sets a context extension, as a route does.
    ///
    /// # Panics
    /// If the request has no attributes.
    #[must_use]
    pub fn extension(mut self, name: &str, value: &str) -> Self {
        let attributes = self.attributes.as_mut().unwrap();
        attributes
            .context_extensions
            .insert(name.to_owned(), value.to_owned());
        self
    }

    /// Changes the HTTP request in the message.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn change(mut self, change: impl FnOnce(&mut HttpRequest)) -> Self {
        change(
            self.attributes
                .as_mut()
                .unwrap()
                .request
                .as_mut()
                .unwrap()
                .http
                .as_mut()
                .unwrap(),
        );
        self
    }
}

impl CheckResponse {
    /// Reads the response as Envoy does (`ext_authz_grpc_impl.cc`): only the status decides whether
    /// it is a permit.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.status.as_ref().map_or(0, |status| status.code) == 0 {
            return Outcome::Allowed;
        }
        let code =
            |denied: &DeniedHttpResponse| denied.status.as_ref().map_or(403, |status| status.code);
        match &self.http_response {
            Some(HttpResponse::Error(error)) => Outcome::Failed(code(error)),
            Some(HttpResponse::Denied(denied)) => Outcome::Denied(code(denied)),
            Some(HttpResponse::Ok(_)) | None => Outcome::Denied(403),
        }
    }

    /// The headers of the request if it is allowed, of the response to the client otherwise.
    ///
    /// # Panics
    /// If a header comes twice, or does not replace the client's.
    #[must_use]
    pub fn headers(&self) -> HashMap<String, String> {
        let headers = match self.http_response.as_ref().unwrap() {
            HttpResponse::Ok(ok) => &ok.headers,
            HttpResponse::Denied(denied) | HttpResponse::Error(denied) => &denied.headers,
        };
        let pairs = headers.iter().map(|option| {
            assert_eq!((option.append_action, option.keep_empty_value), (2, true));
            let header = option.header.clone().unwrap();
            (header.key, header.value)
        });
        let map: HashMap<_, _> = pairs.collect();
        assert_eq!(map.len(), headers.len(), "a header comes twice");
        map
    }

    /// A string of the dynamic metadata.
    #[must_use]
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.dynamic_metadata
            .as_ref()?
            .fields
            .get(name)?
            .string_value
            .as_deref()
    }

    /// Status and reason, as `403 scope-insufficient`; `200` for a permit.
    ///
    /// # Panics
    /// Without a reason.
    #[must_use]
    pub fn summary(&self) -> String {
        let reason = self.metadata("reason").unwrap();
        match self.outcome() {
            Outcome::Allowed => "200".to_owned(),
            Outcome::Denied(status) => format!("{status} {reason}"),
            Outcome::Failed(status) => format!("error {status} {reason}"),
        }
    }
}

/// The path of `Check`.
pub const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";
