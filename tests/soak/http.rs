//! Mixed load over HTTP while the configuration is reloaded every second.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use support::{SECRET, now, token_of};

use crate::service::{self, Service, claims};

#[test]
fn under_load_and_reloads_every_request_is_answered_and_counted_in_bounded_memory() {
    let service = Service::start(config);
    let seconds = service::seconds("SOAK_SECONDS");
    let sent = AtomicU64::new(0);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut resident = Vec::new();
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (service, sent) = (&service, &sent);
            scope.spawn(move || load(service, worker, end, sent));
        }
        while Instant::now() < end {
            thread::sleep(Duration::from_secs(1));
            service.reload(resident.len());
            resident.push(service.running.resident_kib());
        }
    });
    let (sent, counted) = (
        sent.load(Ordering::SeqCst),
        service.running.metric("scopegate_decisions_total"),
    );
    let reloads = service
        .running
        .metric("scopegate_policy_reload_total{outcome=\"success\"}");
    println!("soak: {sent} requests in {seconds} s, {reloads} reloads, resident KiB {resident:?}");
    assert_eq!(counted, sent);
    assert!(reloads as usize >= resident.len() / 2, "{reloads} reloads");
    service::check_memory(&resident);
}

/// Opens one connection after the other, as a gateway does, and sends a few hundred requests on
/// each.
fn load(service: &Service, worker: u64, end: Instant, sent: &AtomicU64) {
    let mut number = worker * 1_000_000_000;
    while Instant::now() < end {
        let mut connection = BufReader::new(TcpStream::connect(service.running.address).unwrap());
        for _ in 0..300 {
            number += 1;
            let (request, expected) = request(number);
            connection.get_mut().write_all(request.as_bytes()).unwrap();
            let status = read_status(&mut connection);
            sent.fetch_add(1, Ordering::SeqCst);
            assert_eq!(status, expected, "{request}");
        }
    }
}

/// A request of the mix, and the status of its answer under every policy of the soak.
fn request(number: u64) -> (String, u16) {
    let now = now();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#;
    // The same claims give the same token, which is found in the cache.
    let (token, body, expected) = match number % 8 {
        0 | 1 => (
            token("connect call", now / 3600 * 3600 + 7200, "same"),
            call,
            200,
        ),
        2 => (
            token("connect call", now + 600, &number.to_string()),
            call,
            200,
        ),
        3 => (
            token("connect", now + 600, &(number % 100).to_string()),
            call,
            403,
        ),
        4 => (token("connect call", now - 600, "same"), call, 401),
        5 => (token("connect call", now + 600, "same") + "A", call, 401),
        6 => (
            token("connect call", now + 600, "same"),
            r#"{"method":1}"#,
            403,
        ),
        _ => ("no.token".to_owned(), call, 401),
    };
    let length = body.len();
    let head = "POST /authorize HTTP/1.1\r\nHost: scopegate\r\nX-Original-Method: POST\r\nX-Original-URI: /mcp";
    (
        format!(
            "{head}\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
        expected,
    )
}

fn token(scope: &str, expires_at: i64, id: &str) -> String {
    token_of(&claims(scope, expires_at, id))
}

/// Reads one answer, which has no body.
fn read_status(connection: &mut BufReader<TcpStream>) -> u16 {
    let mut status = None;
    loop {
        let mut line = String::new();
        assert_ne!(
            connection.read_line(&mut line).unwrap(),
            0,
            "the connection ended"
        );
        status = status.or_else(|| line.split(' ').nth(1).and_then(|code| code.parse().ok()));
        if line == "\r\n" {
            return status.unwrap();
        }
    }
}

fn config(number: usize) -> String {
    service::config(
        number,
        &format!("secret: '{SECRET}', symmetric_algorithm: HS256, header_key_id: k1"),
    )
}

const WORKERS: u64 = 3;
