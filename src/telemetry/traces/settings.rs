//! The keys of `server.otlp`, checked.

use std::{fmt, time::Duration};

use super::Sampler;
use tonic::codegen::http::{HeaderMap, Uri};

/// Where spans go, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpSettings {
    /// The collector's address; over HTTP the path of the request too.
    pub endpoint: Uri,
    /// How it is spoken to.
    pub protocol: OtlpProtocol,
    /// Which of the traces that begin here are kept.
    pub sample: Sampler,
    /// What is sent along with every batch.
    pub headers: OtlpHeaders,
    /// How long one attempt to send may take.
    pub timeout: Duration,
    /// `service.name`.
    pub service_name: String,
}

/// `server.otlp.protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// Protobuf over HTTP/1.1.
    Http,
    /// gRPC.
    Grpc,
}

/// Headers whose values may be credentials.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OtlpHeaders(pub HeaderMap);

/// The names alone.
impl fmt::Debug for OtlpHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
