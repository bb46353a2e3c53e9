//! Reads the body of a gateway's request, with limits on size and time. It does not wait for a body
//! that the headers do not announce.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

use crate::{
    admission::{InFlightGuard, InFlightLimit},
    domain::Body,
};

/// The result of reading a body.
#[derive(Debug)]
pub(super) enum ReadBody {
    Absent,
    Whole(Bytes),
    Cut,
    TooLarge,
}

/// The bodies in flight have reached their limit, so this body is not read.
#[derive(Debug)]
pub(super) struct BodyBytesExhausted;

impl ReadBody {
    /// The body as the dialect reads it. A body of length 0 counts as absent.
    pub(super) fn as_body(&self) -> Body<'_> {
        match self {
            Self::Absent => Body::Absent,
            Self::Whole(bytes) if bytes.is_empty() => Body::Absent,
            Self::Whole(bytes) => Body::Whole(bytes),
            Self::Cut => Body::Cut,
            Self::TooLarge => Body::TooLarge,
        }
    }
}

/// Reads at most `max_bytes`, counted by `guard`. A body that breaks off, or is incomplete after
/// [`BODY_TIMEOUT`], is cut.
///
/// # Errors
/// If the limit on the bytes of all bodies is reached. The limit is needed because a body arrives
/// before scopegate has checked the client's token.
pub(super) async fn read_body(
    request: &HttpRequest,
    payload: Payload,
    max_bytes: usize,
    guard: &mut InFlightGuard<&InFlightLimit>,
) -> Result<ReadBody, BodyBytesExhausted> {
    let headers = request.headers();
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if !headers.contains_key(TRANSFER_ENCODING) && matches!(length, None | Some("0")) {
        return Ok(ReadBody::Absent);
    }
    if length
        .and_then(|length| length.parse::<usize>().ok())
        .is_some_and(|length| length > max_bytes)
    {
        return Ok(ReadBody::TooLarge);
    }
    let collected = collect(payload, max_bytes, guard);
    tokio::time::timeout(BODY_TIMEOUT, collected)
        .await
        .unwrap_or(Ok(ReadBody::Cut))
}

async fn collect(
    mut payload: Payload,
    max_bytes: usize,
    guard: &mut InFlightGuard<&InFlightLimit>,
) -> Result<ReadBody, BodyBytesExhausted> {
    // Most bodies arrive in one chunk. That chunk is used without a copy.
    let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else {
            return Ok(ReadBody::Cut);
        };
        if first.len() + whole.len() + chunk.len() > max_bytes {
            return Ok(ReadBody::TooLarge);
        }
        if !guard.grow(chunk.len()) {
            return Err(BodyBytesExhausted);
        }
        if first.is_empty() && whole.is_empty() {
            first = chunk;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&chunk);
        }
    }
    Ok(ReadBody::Whole(if whole.is_empty() {
        first
    } else {
        whole.freeze()
    }))
}

/// How long a body may take. A gateway sends a body that it has already buffered; without a limit,
/// one that announces a body and sends none would wait for ever.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
