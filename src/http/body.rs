//! Reads a request's body, bounded in size and time, without waiting for one that was not announced.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

use crate::mcp::Body;

/// A body as far as it was read.
#[derive(Debug)]
pub(super) enum ReadBody {
    Absent,
    Whole(Bytes),
    Cut,
    TooLarge,
}

impl ReadBody {
    /// The body for the dialect to look at.
    pub(super) fn shown(&self) -> Body<'_> {
        match self {
            Self::Absent => Body::Absent,
            Self::Whole(bytes) if bytes.is_empty() => Body::Absent,
            Self::Whole(bytes) => Body::Whole(bytes),
            Self::Cut => Body::Cut,
            Self::TooLarge => Body::TooLarge,
        }
    }
}

/// Reads at most `max_bytes`. What does not arrive in time, or breaks off, is cut.
pub(super) async fn read_body(request: &HttpRequest, payload: Payload, max_bytes: usize) -> ReadBody {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if !headers.contains_key(TRANSFER_ENCODING) && matches!(length, None | Some("0")) {
        return ReadBody::Absent;
    }
    if length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > max_bytes) {
        return ReadBody::TooLarge;
    }
    tokio::time::timeout(BODY_TIMEOUT, collect(payload, max_bytes)).await.unwrap_or(ReadBody::Cut)
}

async fn collect(mut payload: Payload, max_bytes: usize) -> ReadBody {
    let mut whole = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return ReadBody::Cut };
        if whole.len() + chunk.len() > max_bytes {
            return ReadBody::TooLarge;
        }
        whole.extend_from_slice(&chunk);
    }
    ReadBody::Whole(whole.freeze())
}

/// A gateway sends what it has buffered; one that announces a body and sends none would wait for ever.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
