//! Reads a request's body, bounded in size and time, without waiting for one that was not announced.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

use crate::{
    admission::{InFlightGuard, InFlightLimit},
    mcp::Body,
};

/// A body as far as it was read.
#[derive(Debug)]
pub(super) enum ReadBody {
    Absent,
    Whole(Bytes),
    Cut,
    TooLarge,
}

/// There was no room for a body beside those of other requests.
#[derive(Debug)]
pub(super) struct NoRoom;

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

/// Reads at most `max_bytes` into `room`. What does not arrive in time, or breaks off, is cut.
///
/// # Errors
/// When `room` ends first: bodies come from clients whose token nobody has looked at.
pub(super) async fn read_body(
    request: &HttpRequest,
    payload: Payload,
    max_bytes: usize,
    room: &mut InFlightGuard<&InFlightLimit>,
) -> Result<ReadBody, NoRoom> {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if !headers.contains_key(TRANSFER_ENCODING) && matches!(length, None | Some("0")) {
        return Ok(ReadBody::Absent);
    }
    if length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > max_bytes) {
        return Ok(ReadBody::TooLarge);
    }
    let collected = collect(payload, max_bytes, room);
    tokio::time::timeout(BODY_TIMEOUT, collected).await.unwrap_or(Ok(ReadBody::Cut))
}

async fn collect(
    mut payload: Payload,
    max_bytes: usize,
    room: &mut InFlightGuard<&InFlightLimit>,
) -> Result<ReadBody, NoRoom> {
    // Most bodies come in one piece, which is the body then.
    let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return Ok(ReadBody::Cut) };
        if first.len() + whole.len() + chunk.len() > max_bytes {
            return Ok(ReadBody::TooLarge);
        }
        if !room.grow(chunk.len()) {
            return Err(NoRoom);
        }
        if first.is_empty() && whole.is_empty() {
            first = chunk;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&chunk);
        }
    }
    Ok(ReadBody::Whole(if whole.is_empty() { first } else { whole.freeze() }))
}

/// A gateway sends what it has buffered; one that announces a body and sends none would wait for ever.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
