//! The span of one request for keys or for a discovery document.

use std::time::Duration;

use bytes::Bytes;
use url::Url;

use super::super::FetchError;
use crate::telemetry::{
    redact,
    traces::{Span, SpanContext, SpanKind},
};

/// Creates the span according to OpenTelemetry's semantic conventions for HTTP clients. The URL is
/// shown without its query, which may contain a secret.
pub(super) fn fetch_span(
    context: SpanContext,
    end: Duration,
    duration: Duration,
    url: &Url,
    outcome: &Result<Bytes, FetchError>,
) -> Span {
    let mut span = Span::new(
        context,
        Bytes::from_static(b"GET"),
        SpanKind::Client,
        end,
        duration,
    );
    span.word("http.request.method", "GET");
    let mut without_query = url.clone();
    without_query.set_query(None);
    span.text("url.full", redact::text(without_query.as_str()));
    span.text(
        "server.address",
        redact::text(url.host_str().unwrap_or_default()),
    );
    span.number(
        "server.port",
        url.port_or_known_default().unwrap_or_default(),
    );
    match outcome {
        Ok(_) => span.number("http.response.status_code", 200),
        Err(error) => {
            if let FetchError::Status(status) | FetchError::Redirect(status) = error {
                span.number("http.response.status_code", *status);
            }
            span.fail(error.kind());
        }
    }
    span
}
