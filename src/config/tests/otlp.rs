//! `server.otlp`, and OpenTelemetry's variables for it.

use std::time::Duration;

use super::{Example, PLAIN, Plain, load_with};
use crate::telemetry::{
    SamplingRatio,
    traces::{OtlpProtocol, OtlpSettings, Sampler},
};

fn otlp(keys: &'static str) -> Result<Option<OtlpSettings>, String> {
    let root = format!("server: {{otlp: {{{keys}}}}}");
    let yaml = Example {
        root: Box::leak(root.into_boxed_str()),
        ..PLAIN
    }
    .yaml();
    load_with(&yaml, &[("TOKEN", "s3cret")])
        .map(|settings| settings.otlp)
        .map_err(|mistakes| mistakes.plain())
}

#[test]
fn traces_are_off_without_an_endpoint() {
    assert_eq!(load_with(&PLAIN.yaml(), &[]).unwrap().otlp, None);
    let idle = load_with(
        &format!("{}\nserver: {{otlp: {{sample: 0.5}}}}", PLAIN.yaml()),
        &[],
    )
    .unwrap();
    assert_eq!(idle.otlp, None);
    assert_eq!(
        idle.warnings,
        ["server.otlp has no endpoint: no traces are sent"]
    );
}

#[test]
fn an_endpoint_is_enough() {
    let otlp = otlp("endpoint: 'http://collector:4318'").unwrap().unwrap();
    assert_eq!(otlp.endpoint, "http://collector:4318/v1/traces");
    assert_eq!(
        (otlp.protocol, otlp.sample),
        (OtlpProtocol::Http, Sampler::of(SamplingRatio::NONE))
    );
    assert_eq!(
        (otlp.timeout, &*otlp.service_name),
        (Duration::from_secs(10), "scopegate")
    );
    assert!(otlp.headers.0.is_empty());
}

#[test]
fn endpoints_are_completed_as_opentelemetry_does() {
    for (keys, expected) in [
        (
            "endpoint: 'https://c.example/base/'",
            "https://c.example/base/v1/traces",
        ),
        (
            "endpoint: 'https://c.example/v1/traces'",
            "https://c.example/v1/traces",
        ),
        (
            "endpoint: 'http://c:4317', protocol: grpc",
            "http://c:4317/",
        ),
        (
            "endpoint: 'http://c:4318', protocol: 'http/protobuf'",
            "http://c:4318/v1/traces",
        ),
    ] {
        assert_eq!(otlp(keys).unwrap().unwrap().endpoint, expected, "{keys}");
    }
}

#[test]
fn headers_are_read_and_never_shown() {
    let otlp =
        otlp("endpoint: 'http://c:1', headers: 'authorization=Bearer%20${TOKEN}, x-tenant=a%2Cb'")
            .unwrap();
    let headers = otlp.unwrap().headers;
    assert_eq!(headers.0["authorization"], "Bearer s3cret");
    assert_eq!(headers.0["x-tenant"], "a,b");
    assert!(!format!("{headers:?}").contains("s3cret"));
}

#[test]
fn mistakes_name_what_is_expected_and_no_secret() {
    for (keys, path, expected) in [
        (
            "endpoint: 'collector:4317'",
            "endpoint",
            "http://collector:4318",
        ),
        ("endpoint: 'http://c/?a'", "endpoint", "without a query"),
        (
            "endpoint: 'http://c/v1/traces', protocol: grpc",
            "endpoint",
            "without a path",
        ),
        (
            "endpoint: 'http://c', protocol: json",
            "protocol",
            "`http`, `grpc` or `http/protobuf`",
        ),
        (
            "endpoint: 'http://c', sample: 1.5",
            "sample",
            "a number from 0 to 1",
        ),
        (
            "endpoint: 'http://c', sample: '0.5'",
            "sample",
            "a number from 0 to 1",
        ),
        (
            "endpoint: 'http://c', timeout: 5m",
            "timeout",
            "a duration from",
        ),
        (
            "endpoint: 'http://c', service_name: ''",
            "service_name",
            "a name",
        ),
        (
            "endpoint: 'http://c', headers: 's3cret'",
            "headers",
            "`name=value`",
        ),
        (
            "endpoint: 'http://c', headers: 'a b=s3cret'",
            "headers",
            "`name=value`",
        ),
        (
            "endpoint: 'http://c', headers: 'a=s3cret%0A'",
            "headers",
            "`name=value`",
        ),
    ] {
        let mistakes = otlp(keys).unwrap_err();
        assert!(
            mistakes.contains(&format!("server.otlp.{path}")) && mistakes.contains(expected),
            "{mistakes}"
        );
        assert!(!mistakes.contains("s3cret"), "{mistakes}");
    }
}

#[test]
fn opentelemetry_s_own_variables_work() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_SERVICE_NAME", "gate"),
        ("SCOPEGATE__SERVER__OTLP__SAMPLE", "0.25"),
    ];
    let otlp = load_with(&PLAIN.yaml(), &variables).unwrap().otlp.unwrap();
    assert_eq!(otlp.endpoint, "http://c:4317/");
    assert_eq!(
        (otlp.protocol, otlp.sample),
        (
            OtlpProtocol::Grpc,
            Sampler::of(SamplingRatio::of(0.25).unwrap())
        )
    );
    assert_eq!((otlp.headers.0.len(), &*otlp.service_name), (1, "gate"));
}

#[test]
fn an_empty_opentelemetry_variable_is_none_and_its_name_alone_switches_nothing_on() {
    let empty = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        ("OTEL_SERVICE_NAME", "gate"),
    ];
    let settings = load_with(&PLAIN.yaml(), &empty).unwrap();
    assert_eq!((settings.otlp, settings.warnings), (None, Vec::new()));
}
