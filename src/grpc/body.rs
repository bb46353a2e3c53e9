//! A message while it arrives. Its bytes count towards the limit on all bodies in memory, because a
//! client chooses the length of a message before scopegate has checked the client's token.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

use crate::admission::{BodyBytes, InFlightGuard};

/// A body that fails with `RESOURCE_EXHAUSTED` when the limit on bodies in memory is reached.
pub(super) struct BoundedBody {
    body: Body,
    guard: InFlightGuard<BodyBytes>,
}

impl BoundedBody {
    pub(super) fn new(body: Body, guard: InFlightGuard<BodyBytes>) -> Self {
        Self { body, guard }
    }
}

impl http_body::Body for BoundedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let length = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => 0,
        };
        if self.guard.grow(length) {
            Poll::Ready(frame)
        } else {
            Poll::Ready(Some(Err(Status::resource_exhausted(
                "request bodies in flight take too much memory",
            ))))
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
