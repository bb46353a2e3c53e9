//! The validated keys of the section `server.otlp`.

use std::{fmt, time::Duration};

use super::Sampler;
use tonic::codegen::http::{HeaderMap, Uri};

/// The collector, and the spans that it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpSettings {
    /// The collector's address; for HTTP it includes the path of the request.
    pub endpoint: Uri,
    /// The protocol of the collector.
    pub protocol: OtlpProtocol,
    /// Selects traces that begin here.
    pub sample: Sampler,
    /// Headers that every export request has.
    pub headers: OtlpHeaders,
    /// How long one attempt to export may take.
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

/// Shows only the names.
impl fmt::Debug for OtlpHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
