//! The span of one request for keys or for a discovery document.

use std::time::Duration;

use bytes::Bytes;
use url::Url;

use super::super::FetchError;
use crate::telemetry::{
    redact,
    traces::{Span, SpanContext, SpanKind},
};

/// Follows the OpenTelemetry conventions for HTTP clients, except that the URL has no query: a query may hold a secret.
pub(super) fn of(
    context: SpanContext,
    end: Duration,
    duration: Duration,
    url: &Url,
    outcome: &Result<Bytes, FetchError>,
) -> Span {
    let mut span = Span::new(context, Bytes::from_static(b"GET"), SpanKind::Client, end, duration);
    span.word("http.request.method", "GET");
    let mut shown = url.clone();
    shown.set_query(None);
    span.text("url.full", redact::text(shown.as_str()));
    span.text("server.address", redact::text(url.host_str().unwrap_or_default()));
    span.number("server.port", url.port_or_known_default().unwrap_or_default());
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
