//! The OTLP exporter: sends one batch to the collector, as protobuf over HTTP/1.1 or over gRPC.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use prost::Message;
use rustls::ClientConfig;
use tokio::time::timeout;
use tonic::{
    Code,
    body::Body,
    client::Grpc,
    codegen::http::{HeaderValue, Method, Request, StatusCode, header, uri::PathAndQuery},
    metadata::MetadataMap,
};
use tonic_prost::ProstCodec;

use super::{
    otlp_message::{
        ExportRequest, ExportResponse, KeyValue, Resource, ResourceSpans, Scope, ScopeSpans, Value,
    },
    settings::{OtlpProtocol, OtlpSettings},
    span::Span,
};
use crate::{build_info, telemetry::redact};

/// Exports batches to one collector.
pub(super) struct Exporter {
    settings: OtlpSettings,
    client: Client<HttpsConnector<HttpConnector>, Body>,
    resource: Resource,
}

/// Why the collector did not accept spans. The texts are safe for the log.
#[derive(Debug)]
pub(super) enum ExportError {
    /// The collector rejected `count` spans and accepted the others.
    Rejected { count: u64, cause: String },
    /// The collector accepted no span. `is_retryable` says whether a retry may help.
    Failed { is_retryable: bool, cause: String },
}

impl Exporter {
    pub(super) fn new(settings: OtlpSettings, tls: ClientConfig) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http();
        let mut builder = Client::builder(TokioExecutor::new());
        // Without pings, a connection to a collector that has vanished would stay in use for a
        // quarter of an hour.
        builder
            .timer(TokioTimer::new())
            .http2_keep_alive_interval(PING)
            .http2_keep_alive_timeout(PONG);
        let client = match settings.protocol {
            OtlpProtocol::Http => builder.build(connector.enable_http1().build()),
            OtlpProtocol::Grpc => builder
                .http2_only(true)
                .build(connector.enable_http2().build()),
        };
        let resource = Resource {
            attributes: vec![
                KeyValue::new(
                    "service.name",
                    Value::Text(settings.service_name.clone().into()),
                ),
                KeyValue::new("service.version", Value::Text(VERSION.into())),
                KeyValue::new("service.instance.id", Value::Text(instance_id().into())),
            ],
        };
        Self {
            settings,
            client,
            resource,
        }
    }

    /// The collector's endpoint for the log: host and path.
    pub(super) fn endpoint(&self) -> String {
        let host = self
            .settings
            .endpoint
            .authority()
            .map_or("", |authority| authority.as_str());
        format!("{host}{}", self.settings.endpoint.path())
    }

    /// The request with these spans.
    pub(super) fn request(&self, spans: Vec<Span>) -> ExportRequest {
        let scope = Scope {
            name: NAME.into(),
            version: VERSION.into(),
        };
        let spans = spans.into_iter().map(|span| span.0).collect();
        ExportRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope),
                    spans,
                }],
                schema_url: SCHEMA.into(),
            }],
        }
    }

    /// Sends the request once, within the configured timeout.
    ///
    /// # Errors
    /// If the collector accepts only some of the spans, or none.
    pub(super) async fn send(&self, request: &ExportRequest) -> Result<(), ExportError> {
        let sending = async {
            match self.settings.protocol {
                OtlpProtocol::Http => self.send_http(request).await,
                OtlpProtocol::Grpc => self.send_grpc(request).await,
            }
        };
        let late = |_| failed(true, "no answer in time");
        let response = timeout(self.settings.timeout, sending)
            .await
            .map_err(late)??;
        match response.partial_success {
            Some(partial) if partial.rejected_spans > 0 => Err(ExportError::Rejected {
                count: u64::try_from(partial.rejected_spans).unwrap_or_default(),
                cause: redact::text(&String::from_utf8_lossy(&partial.error_message)),
            }),
            Some(_) | None => Ok(()),
        }
    }

    async fn send_http(&self, request: &ExportRequest) -> Result<ExportResponse, ExportError> {
        let mut post = Request::new(Body::new(Full::new(Bytes::from(request.encode_to_vec()))));
        *post.method_mut() = Method::POST;
        *post.uri_mut() = self.settings.endpoint.clone();
        post.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-protobuf"),
        );
        post.headers_mut()
            .insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        post.headers_mut().extend(self.settings.headers.0.clone());
        let response = self
            .client
            .request(post)
            .await
            .map_err(|error| failed(true, &chain(&error)))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES)
            .collect()
            .await;
        if status != StatusCode::OK {
            return Err(failed(
                RETRYABLE.contains(&status),
                &format!("status {}", status.as_u16()),
            ));
        }
        let body = body
            .map_err(|_| failed(true, "the answer is incomplete"))?
            .to_bytes();
        // Some collectors answer protobuf with JSON or an empty body. The status 200 is enough.
        Ok(ExportResponse::decode(body).unwrap_or_default())
    }

    async fn send_grpc(&self, request: &ExportRequest) -> Result<ExportResponse, ExportError> {
        let mut grpc = Grpc::with_origin(self.client.clone(), self.settings.endpoint.clone())
            .max_decoding_message_size(MAX_ANSWER_BYTES);
        grpc.ready()
            .await
            .map_err(|error| failed(true, &chain(&error)))?;
        let mut call = tonic::Request::new(request.clone());
        *call.metadata_mut() = MetadataMap::from_headers(self.settings.headers.0.clone());
        let codec = ProstCodec::<ExportRequest, ExportResponse>::default();
        let answer = grpc
            .unary(call, PathAndQuery::from_static(EXPORT), codec)
            .await;
        answer.map(tonic::Response::into_inner).map_err(|status| {
            let is_retryable = matches!(
                status.code(),
                Code::Unavailable | Code::DeadlineExceeded | Code::Aborted | Code::Cancelled
            );
            let cause = std::error::Error::source(&status)
                .map_or_else(|| status.message().to_owned(), chain);
            failed(is_retryable, &format!("{}: {cause}", status.code()))
        })
    }
}

fn failed(is_retryable: bool, cause: &str) -> ExportError {
    ExportError::Failed {
        is_retryable,
        cause: redact::text(cause),
    }
}

/// An error with its sources. The outermost error of hyper says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A random UUID (RFC 9562 §5.4), which the semantic conventions recommend for
/// `service.instance.id`.
fn instance_id() -> String {
    let random = fastrand::u128(..);
    let uuid = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{uuid:032x}");
    let parts =
        [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default());
    parts.join("-")
}

const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = build_info::VERSION;
const USER_AGENT: &str = concat!("scopegate/", env!("CARGO_PKG_VERSION"));

/// The version of the semantic conventions that the names of attributes come from.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.42.0";

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// The statuses that OTLP/HTTP defines as retryable.
const RETRYABLE: [StatusCode; 4] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

const PING: Duration = Duration::from_secs(20);
const PONG: Duration = Duration::from_secs(5);

/// Limit on the length of an answer. An answer contains the number of rejected spans and a reason.
const MAX_ANSWER_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_id_is_a_random_uuid() {
        let id = instance_id();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes().get(14), Some(&b'4'));
        assert!(
            matches!(id.as_bytes().get(19), Some(b'8' | b'9' | b'a' | b'b')),
            "{id}"
        );
        assert_ne!(id, instance_id());
    }
}
