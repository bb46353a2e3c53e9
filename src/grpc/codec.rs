//! The codec of `Check`. A message that cannot be decoded is an `Ok` value of the codec, so that
//! the answer is a denial: Envoy's `failure_mode_allow` would apply to a failed call.

use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

use crate::{
    domain::Refusal,
    gateway::ext_authz_grpc::{CheckAnswer, CheckMessage},
};

/// Reads [`CheckMessage`], writes [`CheckAnswer`].
#[derive(Clone, Copy)]
pub(super) struct CheckCodec;

impl Codec for CheckCodec {
    type Encode = CheckAnswer;
    type Decode = Result<CheckMessage, Refusal>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for CheckCodec {
    type Item = CheckAnswer;
    type Error = Status;

    fn encode(&mut self, answer: CheckAnswer, wire: &mut EncodeBuf<'_>) -> Result<(), Status> {
        answer
            .write(wire)
            .map_err(|error| Status::unavailable(error.to_string()))
    }
}

impl Decoder for CheckCodec {
    type Item = Result<CheckMessage, Refusal>;
    type Error = Status;

    fn decode(&mut self, wire: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        Ok(Some(CheckMessage::read(wire)))
    }
}
