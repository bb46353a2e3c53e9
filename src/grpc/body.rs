//! A message on its way in, bounded together with all bodies that are in memory: a client whose token nobody has
//! looked at decides how long it is.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

use crate::admission::{BodyRoom, InFlightGuard};

/// Fails with `RESOURCE_EXHAUSTED` where there is no room left.
pub(super) struct BoundedBody {
    body: Body,
    room: InFlightGuard<BodyRoom>,
}

impl BoundedBody {
    pub(super) fn new(body: Body, room: InFlightGuard<BodyRoom>) -> Self {
        Self { body, room }
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
        if self.room.grow(length) {
            Poll::Ready(frame)
        } else {
            Poll::Ready(Some(Err(Status::resource_exhausted("too many bodies are in flight"))))
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
