//! Load over gRPC, first at full speed, then at half of it. Meanwhile the configuration is reloaded
//! every second and the keys are rotated.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use support::{
    ProviderKey,
    envoy::{CHECK, CheckRequest, CheckResponse},
    now,
};
use tokio::runtime;
use tonic::{Request, codegen::http::uri::PathAndQuery, transport::Channel};
use tonic_prost::ProstCodec;

use crate::{
    keys::Keys,
    service::{self, Service, claims},
};

#[test]
fn at_half_of_the_most_no_answer_is_wrong_and_memory_stays_flat() {
    let keys = Keys::start();
    let jwks = keys.url();
    let service = Service::start(move |number| config(number, &jwks));
    let seconds = service::seconds("GRPC_SOAK_SECONDS");
    let soak = Soak {
        service,
        keys,
        sent: AtomicU64::new(0),
    };
    let most = soak.load(
        Duration::from_secs((seconds / 3).clamp(1, 30)),
        Duration::ZERO,
        0,
    );
    let rate = most.rate() / 2.0;
    let half = soak.load(
        Duration::from_secs(seconds),
        Duration::from_secs_f64(1.0 / rate),
        most.changes,
    );
    println!(
        "grpc soak: most {most}; half {half}, resident KiB {:?}",
        half.resident
    );
    let sent = soak.sent.load(Ordering::SeqCst);
    let service = &soak.service.running;
    assert_eq!(service.metric("scopegate_decisions_total"), sent);
    let changes = (most.changes + half.changes) as u64;
    let reloads = service.metric("scopegate_policy_reload_total{outcome=\"success\"}");
    let fetches = service.metric("scopegate_jwks_refresh_total");
    println!("grpc soak: {sent} requests, {reloads} reloads, {fetches} fetches of keys");
    assert!(reloads >= changes / 2, "{reloads} reloads");
    assert!(
        fetches > changes / SECONDS_OF_A_KEY as u64,
        "{fetches} fetches of keys"
    );
    assert_eq!(
        service.metric("scopegate_jwks_refresh_total{outcome=\"failure\""),
        0
    );
    service::check_memory(&half.resident);
}

/// The service, the provider of its keys, and how many requests were sent.
struct Soak {
    service: Service,
    keys: Keys,
    sent: AtomicU64,
}

/// The measurements of one phase of load.
struct Loaded {
    seconds: f64,
    /// In microseconds, in order.
    latencies: Vec<u32>,
    changes: usize,
    resident: Vec<u64>,
}

impl Soak {
    /// Loads the service for `time`, with a request each `interval`, or at full speed if that is
    /// zero. Every second something changes; `changes` counts the earlier changes.
    fn load(&self, time: Duration, interval: Duration, changes: usize) -> Loaded {
        let pace = Pace {
            begun: Instant::now(),
            time,
            interval,
            next: AtomicU32::new(0),
        };
        let mut resident = Vec::new();
        let mut latencies: Vec<u32> = thread::scope(|scope| {
            let connections = [(); CONNECTIONS].map(|()| scope.spawn(|| self.connection(&pace)));
            while !pace.is_over() {
                thread::sleep(Duration::from_secs(1));
                self.change(changes + resident.len());
                resident.push(self.service.running.resident_kib());
            }
            connections
                .into_iter()
                .flat_map(|connection| connection.join().unwrap())
                .collect()
        });
        latencies.sort_unstable();
        Loaded {
            seconds: pace.begun.elapsed().as_secs_f64(),
            latencies,
            changes: resident.len(),
            resident,
        }
    }

    fn change(&self, number: usize) {
        self.service.reload(number);
        if number.is_multiple_of(SECONDS_OF_A_KEY) {
            self.keys.rotate(number + 1);
        }
    }

    /// One connection, as Envoy keeps it, with several calls on it at a time.
    fn connection(&self, pace: &Pace) -> Vec<u32> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let endpoint =
                Channel::from_shared(format!("http://{}", self.service.running.grpc)).unwrap();
            let channel = endpoint.tcp_nodelay(true).connect().await.unwrap();
            let lanes = (0..LANES).map(|_| self.lane(channel.clone(), pace));
            join_all(lanes).await.into_iter().flatten().collect()
        })
    }

    async fn lane(&self, channel: Channel, pace: &Pace) -> Vec<u32> {
        let mut client = tonic::client::Grpc::new(channel);
        let mut latencies = Vec::new();
        while let Some(due) = pace.turn().await {
            let number = self.sent.fetch_add(1, Ordering::SeqCst);
            let (request, expected) = request(number, &self.keys.signer());
            client.ready().await.unwrap();
            let path = PathAndQuery::from_static(CHECK);
            let codec = ProstCodec::<CheckRequest, CheckResponse>::default();
            let answer = client
                .unary(Request::new(request), path, codec)
                .await
                .unwrap()
                .into_inner();
            assert_eq!(answer.summary(), expected, "request {number}");
            latencies.push(u32::try_from(due.elapsed().as_micros()).unwrap());
        }
        latencies
    }
}

/// Tells when the next request is due. All lanes share it.
struct Pace {
    begun: Instant,
    time: Duration,
    interval: Duration,
    next: AtomicU32,
}

impl Pace {
    /// Waits until the next request is due. Returns that time, so that a delay of the service
    /// counts as latency.
    async fn turn(&self) -> Option<Instant> {
        if self.interval.is_zero() {
            return (!self.is_over()).then(Instant::now);
        }
        let due = self.begun + self.interval * self.next.fetch_add(1, Ordering::SeqCst);
        if due > self.begun + self.time {
            return None;
        }
        tokio::time::sleep_until(due.into()).await;
        Some(due)
    }

    fn is_over(&self) -> bool {
        self.begun.elapsed() >= self.time
    }
}

impl Loaded {
    fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.seconds
    }

    fn percentile(&self, percent: usize) -> f64 {
        let place = (self.latencies.len() * percent / 100).min(self.latencies.len() - 1);
        f64::from(self.latencies[place]) / 1000.0
    }
}

impl std::fmt::Display for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, most_of, worst] = [50, 99, 100].map(|percent| self.percentile(percent));
        write!(f, "{:.0}/s for {:.0} s, ", self.rate(), self.seconds)?;
        write!(
            f,
            "latency ms {median:.2} (median) {most_of:.2} (99 %) {worst:.2} (worst)"
        )
    }
}

/// A request of the mix, and its answer under every policy and key set of the soak.
fn request(number: u64, signer: &ProviderKey) -> (CheckRequest, &'static str) {
    let now = now();
    let hour = now / 3600 * 3600 + 7200;
    // The same claims give the same token, which is found in the cache.
    let (token, expected) = match number % 8 {
        0..=2 => (signer.token(&claims("connect call", hour, "same")), "200"),
        3 => (
            signer.token(&claims("connect call", now + 600, &number.to_string())),
            "200",
        ),
        4 => (
            signer.token(&claims("connect", hour, "same")),
            "403 scope-insufficient",
        ),
        5 => (
            signer.token(&claims("connect call", now - 600, "same")),
            "401 token-expired",
        ),
        6 => {
            let mut claims = claims("connect call", hour, "same");
            claims.audience = Some("https://other.example.com/mcp".to_owned());
            (signer.token(&claims), "401 audience-refused")
        }
        _ => ("no.token".to_owned(), "401 token-malformed"),
    };
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#;
    (
        CheckRequest::post(call)
            .extension("resource", "mcp")
            .token(&token),
        expected,
    )
}

fn config(number: usize, jwks: &str) -> String {
    let unknown = "refresh_unknown_kid: {max_wait: 10s, interval: 1s, burst: 10}";
    service::config(number, &format!("url: '{jwks}', {unknown}"))
}

const CONNECTIONS: usize = 2;
const LANES: usize = 8;
/// The number of seconds for which a key signs. It stays published for as long again.
const SECONDS_OF_A_KEY: usize = 2;
