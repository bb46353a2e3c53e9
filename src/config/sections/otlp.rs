//! `server.otlp`: where spans are sent. OpenTelemetry's own variables set the same keys.

use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Choice, Period, Ratio, Secret, Text},
            shape::{Declared, Form, Keys},
        },
        file::section::Section,
        mistake::{Report, shown_url},
        url::{parse_web_url, written_path},
    },
    telemetry::traces::{OtlpHeaders, OtlpProtocol, OtlpSettings, Sampler},
};

/// The keys of `server.otlp`.
pub(in crate::config) const KEYS: Keys = &[&[
    &ENDPOINT,
    &PROTOCOL,
    &SAMPLE,
    &HEADERS,
    &TIMEOUT,
    &SERVICE_NAME,
]];

const ENDPOINT: Key<Text> = Key::new(
    "endpoint",
    Text::URL,
    "Where [traces](operations.md#traces) are sent, as OTLP. Without it no traces are sent. With `http`, `/v1/traces` is \
     added to its end unless it ends so; with `grpc` it has no path. No proxy is used.",
)
.variable("OTEL_EXPORTER_OTLP_ENDPOINT");

const PROTOCOL: Key<Choice<OtlpProtocol>> = Key::new(
    "protocol",
    Choice {
        default: OtlpProtocol::Http,
        words: &[
            ("http", OtlpProtocol::Http),
            ("grpc", OtlpProtocol::Grpc),
            ("http/protobuf", OtlpProtocol::Http),
        ],
    },
    "`http/protobuf` is OpenTelemetry's own name for `http`.",
)
.variable("OTEL_EXPORTER_OTLP_PROTOCOL");

const SAMPLE: Key<Ratio> = Key::new(
    "sample",
    Ratio,
    "The ratio of requests to trace, among those without `traceparent`. If the gateway sends \
     `traceparent`, its choice counts and this key does not.",
);

const HEADERS: Key<Secret> = Key::new(
    "headers",
    Secret,
    "What to send along: `'authorization=Bearer%20${OTLP_TOKEN}'`, several separated by commas, values percent-encoded. \
     Never shown.",
)
.variable("OTEL_EXPORTER_OTLP_HEADERS");

const TIMEOUT: Key<Period> = Key::new(
    "timeout",
    Period {
        default: Duration::from_secs(10),
        range: Duration::from_millis(10)..=Duration::from_secs(60),
    },
    "How long one attempt to send may take.",
);

const SERVICE_NAME: Key<Text> = Key::new(
    "service_name",
    Text::preset(Form::Any, env!("CARGO_PKG_NAME")),
    "`service.name` of the spans.",
)
.variable("OTEL_SERVICE_NAME");

/// Reads the section; `None` without an endpoint.
pub(in crate::config) fn read(otlp: &Section, report: &mut Report) -> Option<OtlpSettings> {
    let protocol = otlp.get(&PROTOCOL);
    let endpoint = otlp
        .find(&ENDPOINT)
        .and_then(|text| endpoint(text, protocol, otlp, report));
    let headers = headers(otlp, report);
    let service_name = otlp.get(&SERVICE_NAME);
    if service_name.is_empty() {
        report.mistake(&otlp.at(&SERVICE_NAME), "an empty text", "a name");
    }
    if !otlp.has(&ENDPOINT) {
        warn_of_idle_keys(otlp, report);
    }
    Some(OtlpSettings {
        endpoint: endpoint?,
        protocol,
        sample: Sampler::of(otlp.get(&SAMPLE)),
        headers,
        timeout: otlp.get(&TIMEOUT),
        service_name: service_name.to_owned(),
    })
}

/// Over HTTP `/v1/traces` is appended to the endpoint unless it is there. Over gRPC the endpoint is
/// an origin.
fn endpoint(
    text: &str,
    protocol: OtlpProtocol,
    otlp: &Section,
    report: &mut Report,
) -> Option<Uri> {
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
        report.mistake(&otlp.at(&ENDPOINT), shown_url(text), expected);
    }
    uri
}

/// Reads `name=value,name=value` with percent-encoded values, as in `OTEL_EXPORTER_OTLP_HEADERS`.
/// No part of it is ever shown.
fn headers(otlp: &Section, report: &mut Report) -> OtlpHeaders {
    let mut headers = HeaderMap::new();
    let members = otlp.get(&HEADERS).split(',').map(str::trim);
    for member in members.filter(|member| !member.is_empty()) {
        match header(member) {
            Some((name, value)) => {
                headers.append(name, value);
            }
            None => {
                let expected =
                    "`name=value`, or several with commas between them, as headers of HTTP";
                report.mistake(&otlp.at(&HEADERS), "a value that is not shown", expected);
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

/// Warns of keys that have no effect without an endpoint: their author expects traces.
fn warn_of_idle_keys(otlp: &Section, report: &mut Report) {
    let others: [&dyn Declared; 5] = [&PROTOCOL, &SAMPLE, &HEADERS, &TIMEOUT, &SERVICE_NAME];
    if others
        .into_iter()
        .any(|key| otlp.has(key) && report.variable(&otlp.at(key)).is_none())
    {
        report.warn(format!(
            "{} has no endpoint: no traces are sent",
            otlp.path()
        ));
    }
}

const TRACES: &str = "/v1/traces";
const URL: &str = "an http(s) URL without a query, such as `http://collector:4318`";
const ORIGIN: &str = "an http(s) URL without a path, such as `http://collector:4317`";
