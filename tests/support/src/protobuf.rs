//! Protobuf messages that are written field by field, in a fixed order.

use prost::encoding::{WireType, encode_key, encode_varint};

/// A message under construction; its bytes so far.
#[derive(Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    /// Adds bytes, a string or an embedded message.
    #[must_use]
    pub fn bytes(mut self, tag: u32, value: impl AsRef<[u8]>) -> Self {
        encode_key(tag, WireType::LengthDelimited, &mut self.0);
        encode_varint(value.as_ref().len() as u64, &mut self.0);
        self.0.extend_from_slice(value.as_ref());
        self
    }

    /// Adds a varint.
    #[must_use]
    pub fn number(mut self, tag: u32, value: u64) -> Self {
        encode_key(tag, WireType::Varint, &mut self.0);
        encode_varint(value, &mut self.0);
        self
    }

    /// Adds an entry of a map from string to string.
    #[must_use]
    pub fn entry(self, tag: u32, key: &str, value: &str) -> Self {
        self.bytes(tag, Self::default().bytes(1, key).bytes(2, value).0)
    }
}
