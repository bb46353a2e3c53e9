//! Envoy's side of `Check`, as its published definitions say: a transcription of its own, so that a mistake in
//! the service's shows.

use std::collections::HashMap;

use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CheckRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) attributes: Option<AttributeContext>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AttributeContext {
    #[prost(message, optional, tag = "4")]
    pub(crate) request: Option<AttributeRequest>,
    #[prost(map = "string, string", tag = "10")]
    pub(crate) context_extensions: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AttributeRequest {
    #[prost(message, optional, tag = "2")]
    pub(crate) http: Option<HttpRequest>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HttpRequest {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) method: String,
    #[prost(map = "string, string", tag = "3")]
    pub(crate) headers: HashMap<String, String>,
    #[prost(string, tag = "4")]
    pub(crate) path: String,
    #[prost(string, tag = "5")]
    pub(crate) host: String,
    #[prost(string, tag = "6")]
    pub(crate) scheme: String,
    #[prost(int64, tag = "9")]
    pub(crate) size: i64,
    #[prost(string, tag = "10")]
    pub(crate) protocol: String,
    #[prost(string, tag = "11")]
    pub(crate) body: String,
    #[prost(bytes = "vec", tag = "12")]
    pub(crate) raw_body: Vec<u8>,
    #[prost(message, optional, tag = "13")]
    pub(crate) header_map: Option<HeaderMap>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HeaderMap {
    #[prost(message, repeated, tag = "1")]
    pub(crate) headers: Vec<HeaderValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HeaderValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) raw_value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CheckResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) status: Option<RpcStatus>,
    #[prost(message, optional, tag = "4")]
    pub(crate) dynamic_metadata: Option<Struct>,
    #[prost(oneof = "HttpResponse", tags = "2, 3, 5")]
    pub(crate) http_response: Option<HttpResponse>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum HttpResponse {
    #[prost(message, tag = "2")]
    Denied(DeniedHttpResponse),
    #[prost(message, tag = "3")]
    Ok(OkHttpResponse),
    #[prost(message, tag = "5")]
    Error(DeniedHttpResponse),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct OkHttpResponse {
    #[prost(message, repeated, tag = "2")]
    pub(crate) headers: Vec<HeaderValueOption>,
    #[prost(string, repeated, tag = "5")]
    pub(crate) headers_to_remove: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DeniedHttpResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) status: Option<HttpStatus>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) headers: Vec<HeaderValueOption>,
    #[prost(string, tag = "3")]
    pub(crate) body: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HttpStatus {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HeaderValueOption {
    #[prost(message, optional, tag = "1")]
    pub(crate) header: Option<HeaderValue>,
    #[prost(int32, tag = "3")]
    pub(crate) append_action: i32,
    #[prost(bool, tag = "4")]
    pub(crate) keep_empty_value: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Struct {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) fields: HashMap<String, Value>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Value {
    #[prost(string, optional, tag = "3")]
    pub(crate) string_value: Option<String>,
}

/// What Envoy would do with an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// The request goes to the server.
    Allowed,
    /// The client gets this status.
    Denied(i32),
    /// `failure_mode_allow` decides, else the client gets this status.
    Failed(i32),
}

impl CheckRequest {
    /// A request to `/mcp` without a body.
    pub(crate) fn of(method: &str) -> Self {
        let headers = [(":method", method), (":path", "/forged"), (":authority", "forged")];
        let http = HttpRequest {
            id: "1".to_owned(),
            method: method.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            path: "/mcp?x=1".to_owned(),
            host: "mcp.example.com".to_owned(),
            scheme: "https".to_owned(),
            protocol: "HTTP/1.1".to_owned(),
            ..HttpRequest::default()
        };
        let request = Some(AttributeRequest { http: Some(http) });
        Self { attributes: Some(AttributeContext { request, ..AttributeContext::default() }) }
    }

    /// A POST of `body`, with `pack_as_bytes`.
    pub(crate) fn post(body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self::of("POST").header("content-type", "application/json").change(|http| {
            http.size = i64::try_from(body.len()).unwrap();
            http.raw_body = body;
        })
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.change(|http| {
            http.headers.insert(name.to_owned(), value.to_owned());
        })
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a header as `encode_raw_headers` has Envoy do.
    pub(crate) fn raw_header(self, name: &str, value: &str) -> Self {
        self.change(|http| {
            let raw_value = value.as_bytes().to_vec();
            let map = http.header_map.get_or_insert_default();
            map.headers.push(HeaderValue { key: name.to_owned(), raw_value, ..HeaderValue::default() });
        })
    }

    pub(crate) fn extension(mut self, name: &str, value: &str) -> Self {
        let attributes = self.attributes.as_mut().unwrap();
        attributes.context_extensions.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn change(mut self, change: impl FnOnce(&mut HttpRequest)) -> Self {
        change(self.attributes.as_mut().unwrap().request.as_mut().unwrap().http.as_mut().unwrap());
        self
    }
}

impl CheckResponse {
    /// As Envoy reads it (`ext_authz_grpc_impl.cc`): the status alone decides whether it is a permit.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.status.as_ref().map_or(0, |status| status.code) == 0 {
            return Outcome::Allowed;
        }
        let code = |denied: &DeniedHttpResponse| denied.status.as_ref().map_or(403, |status| status.code);
        match &self.http_response {
            Some(HttpResponse::Error(error)) => Outcome::Failed(code(error)),
            Some(HttpResponse::Denied(denied)) => Outcome::Denied(code(denied)),
            Some(HttpResponse::Ok(_)) | None => Outcome::Denied(403),
        }
    }

    /// The headers: of the request if it is allowed, of the answer to the client otherwise. All must replace
    /// what is there.
    pub(crate) fn headers(&self) -> HashMap<String, String> {
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

    /// A text of the dynamic metadata.
    pub(crate) fn metadata(&self, name: &str) -> Option<&str> {
        self.dynamic_metadata.as_ref()?.fields.get(name)?.string_value.as_deref()
    }

    /// Status and reason, as `403 scope-insufficient`; of a permit `200`.
    pub(crate) fn summary(&self) -> String {
        let reason = self.metadata("reason").unwrap();
        match self.outcome() {
            Outcome::Allowed => "200".to_owned(),
            Outcome::Denied(status) => format!("{status} {reason}"),
            Outcome::Failed(status) => format!("error {status} {reason}"),
        }
    }
}

pub(crate) const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";
