//! Envoy's side of `Check` as bytes: a request with its usual attributes, and whether a response is
//! a permit.

use bytes::{Buf, BufMut, Bytes};
use prost::encoding::{decode_key, decode_varint};
use support::{envoy::CHECK, protobuf::Message};
use tonic::{
    Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Endpoint,
};

/// A `CheckRequest` for a POST of `body` to `/mcp`, as Envoy asks with `pack_as_bytes`.
pub fn question(token: Option<&str>, body: &str) -> Vec<u8> {
    let peer = |port| {
        let socket = Message::default().bytes(2, "127.0.0.1").number(3, port);
        Message::default()
            .bytes(1, Message::default().bytes(1, socket.0).0)
            .0
    };
    let mut http = Message::default()
        .bytes(1, "12397768701817457546")
        .bytes(2, "POST");
    let length = body.len().to_string();
    for (name, value) in [
        (":authority", "mcp.example.com"),
        (":method", "POST"),
        (":path", "/mcp"),
        (":scheme", "https"),
        ("accept", "application/json, text/event-stream"),
        ("content-length", &length),
        ("content-type", "application/json"),
        ("mcp-protocol-version", "2025-11-25"),
        ("mcp-session-id", "6f1d2c34-0a52-4f39-9f0f-5b2c6f2f9a11"),
        ("user-agent", "an-mcp-client/1.0"),
        ("x-envoy-external-address", "203.0.113.7"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "3f1c8a52-9f30-4b51-8d7e-1f0a9a3c7a10"),
    ] {
        http = http.entry(3, name, value);
    }
    if let Some(token) = token {
        http = http.entry(3, "authorization", &format!("Bearer {token}"));
    }
    let http = http
        .bytes(4, "/mcp")
        .bytes(5, "mcp.example.com")
        .bytes(6, "https")
        .number(9, body.len() as u64)
        .bytes(10, "HTTP/1.1")
        .bytes(12, body);
    let time = Message::default()
        .number(1, 1_795_406_821)
        .number(2, 222_758_000);
    let request = Message::default().bytes(1, time.0).bytes(2, http.0);
    let attributes = Message::default()
        .bytes(1, peer(37158))
        .bytes(2, peer(8080))
        .bytes(4, request.0)
        .entry(10, "resource", "mcp");
    Message::default().bytes(1, attributes.0).0
}

/// Calls `Check` once. Returns the `CheckResponse`.
pub async fn check(port: u16, question: Vec<u8>) -> Bytes {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    let mut client = tonic::client::Grpc::new(endpoint.connect().await.unwrap());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(CHECK);
    client
        .unary(Request::new(Bytes::from(question)), path, AsBytes)
        .await
        .unwrap()
        .into_inner()
}

/// Returns true if Envoy would let the request through: the status is 0, and there is an
/// `ok_response`.
pub fn is_allow(mut answer: Bytes) -> bool {
    let (mut is_ok, mut is_refused) = (false, false);
    while answer.has_remaining() {
        let (tag, _) = decode_key(&mut answer).unwrap();
        let length = usize::try_from(decode_varint(&mut answer).unwrap()).unwrap();
        let value = answer.split_to(length);
        match tag {
            // Protobuf omits a status of 0.
            1 => is_refused |= !value.is_empty(),
            3 => is_ok = true,
            2 | 5 => is_refused = true,
            _ => {}
        }
    }
    is_ok && !is_refused
}

/// Messages as bytes.
pub struct AsBytes;

impl Codec for AsBytes {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, wire: &mut EncodeBuf<'_>) -> Result<(), Status> {
        wire.put(message);
        Ok(())
    }
}

impl Decoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, wire: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(wire.copy_to_bytes(wire.remaining())))
    }
}
