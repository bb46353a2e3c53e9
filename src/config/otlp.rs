//! `server.otlp`: where spans go. OpenTelemetry's own variables set the same keys.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use tonic::codegen::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::{
    mistake::{Report, shown},
    section::Section,
    web::{parse_web_url, written_path},
};
use crate::telemetry::{
    SamplingRatio,
    traces::{OtlpHeaders, OtlpProtocol, OtlpSettings, Sampler},
};

/// Reads the section; `None` without an endpoint.
pub(super) fn read(otlp: &Section, report: &mut Report) -> Option<OtlpSettings> {
    let protocols =
        [("http", OtlpProtocol::Http), ("grpc", OtlpProtocol::Grpc), ("http/protobuf", OtlpProtocol::Http)];
    let protocol = otlp.choice("protocol", OtlpProtocol::Http, &protocols, report);
    let endpoint = otlp.text("endpoint").and_then(|text| endpoint(text, protocol, otlp, report));
    let headers = headers(otlp, report);
    let limits = Duration::from_millis(10)..=Duration::from_secs(60);
    let timeout = otlp.duration("timeout", Duration::from_secs(10), limits, report);
    let service_name = otlp.text("service_name").unwrap_or(env!("CARGO_PKG_NAME"));
    if service_name.is_empty() {
        report.mistake(&otlp.at("service_name"), "an empty text", "a name");
    }
    if !otlp.has("endpoint") {
        warn_of_idle_keys(otlp, report);
    }
    Some(OtlpSettings {
        endpoint: endpoint?,
        protocol,
        sample: Sampler::of(otlp.share("sample").unwrap_or(SamplingRatio::NONE)),
        headers,
        timeout,
        service_name: service_name.to_owned(),
    })
}

/// Over HTTP the endpoint is what `/v1/traces` is put after, unless it ends so already; over gRPC it is an origin.
fn endpoint(text: &str, protocol: OtlpProtocol, otlp: &Section, report: &mut Report) -> Option<Uri> {
    let path = written_path(text).trim_end_matches('/');
    let (whole, expected) = match protocol {
        OtlpProtocol::Http if path.ends_with(TRACES) => (text.to_owned(), URL),
        OtlpProtocol::Http => (format!("{}{TRACES}", text.trim_end_matches('/')), URL),
        OtlpProtocol::Grpc => (text.to_owned(), ORIGIN),
    };
    let is_fit = parse_web_url(text).is_some_and(|url| url.query().is_none())
        && (protocol == OtlpProtocol::Http || path.is_empty());
    let uri = whole.parse().ok().filter(|_| is_fit);
    if uri.is_none() {
        report.mistake(&otlp.at("endpoint"), shown(text), expected);
    }
    uri
}

/// `name=value,name=value`, values percent-encoded where they have to be: as in `OTEL_EXPORTER_OTLP_HEADERS`. Nothing
/// of it is ever shown.
fn headers(otlp: &Section, report: &mut Report) -> OtlpHeaders {
    let mut headers = HeaderMap::new();
    let members = otlp.text("headers").unwrap_or_default().split(',').map(str::trim);
    for member in members.filter(|member| !member.is_empty()) {
        match header(member) {
            Some((name, value)) => {
                headers.append(name, value);
            }
            None => {
                let expected = "`name=value`, or several with commas between them, as headers of HTTP";
                report.mistake(&otlp.at("headers"), "a value that is not shown", expected);
            }
        }
    }
    OtlpHeaders(headers)
}

fn header(member: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = member.split_once('=')?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some((name.trim().parse().ok()?, value))
}

/// Somebody who writes the other keys wants traces.
fn warn_of_idle_keys(otlp: &Section, report: &mut Report) {
    let is_idle = |name: &&str| otlp.has(name) && report.variable(&otlp.at(name)).is_none();
    if ["protocol", "sample", "headers", "timeout", "service_name"].iter().any(is_idle) {
        report.warn(format!("{} has no endpoint: no traces are sent", otlp.path()));
    }
}

const TRACES: &str = "/v1/traces";
const URL: &str = "an http(s) URL without a query, such as `http://collector:4318`";
const ORIGIN: &str = "an http(s) URL without a path, such as `http://collector:4317`";
