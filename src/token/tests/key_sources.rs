//! Key sources for the tests: fixed keys, and an identity provider on loopback that a test stops, starts and gives new
//! keys. The actor, the fetch and the snapshot between the provider and the verifier are the real ones.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, LazyLock, Mutex, mpsc},
    thread,
    time::Duration,
};

use actix::{ArbiterHandle, System};
use prometheus::Registry;
use serde_json::json;

use super::{bench::Bench, signing::SigningKey};
use crate::{
    domain::ResourceId,
    keys::{
        AlgorithmSet, KeyRules, KeySet, KeysHandle, KeysMetrics, Outgoing, OutgoingSettings,
        RemoteSettings, UnknownKidSettings, start,
    },
};

/// A source whose keys never change.
pub(super) fn fixed(keys: &[&SigningKey]) -> KeysHandle {
    let rules = KeyRules {
        algorithms: AlgorithmSet::asymmetric(),
        allowed_use: &["sig".to_owned()],
    };
    KeysHandle::fixed(KeySet::parse(jwks(keys).as_bytes(), rules).unwrap().0)
}

/// An identity provider, and the source that fetches its keys.
pub(super) struct Provider {
    origin: String,
    state: Arc<Mutex<State>>,
    pub(super) keys: KeysHandle,
}

#[derive(Default)]
struct State {
    /// What it publishes; nothing while it is down.
    jwks: Option<String>,
    fetches: usize,
    /// Holds the next answer back, after it was made, until something is sent.
    gate: Option<mpsc::Receiver<()>>,
}

impl Provider {
    /// A provider whose keys the source has fetched.
    pub(super) async fn up(bench: &Bench, keys: &[&SigningKey]) -> Self {
        Self::start(bench, Some(jwks(keys)), "/jwks.json").await
    }

    /// A provider that has not answered yet.
    pub(super) async fn down(bench: &Bench) -> Self {
        Self::start(bench, None, "/jwks.json").await
    }

    /// The same, but its issuer is to be discovered.
    pub(super) async fn down_with_discovery(bench: &Bench) -> Self {
        Self::start(bench, None, "/.well-known/openid-configuration").await
    }

    /// The issuer that discovery names.
    pub(super) fn issuer(&self) -> &str {
        &self.origin
    }

    /// Sets what the next fetch will bring.
    pub(super) fn will_publish(&self, keys: &[&SigningKey]) {
        self.state.lock().unwrap().jwks = Some(jwks(keys));
    }

    /// Publishes keys, and has the source fetch them.
    pub(super) async fn publish(&self, keys: &[&SigningKey]) {
        self.will_publish(keys);
        self.keys.refresh().await.unwrap();
    }

    /// Lets the next fetch end only when something is sent.
    pub(super) fn hold(&self) -> mpsc::Sender<()> {
        let (sender, receiver) = mpsc::channel();
        self.state.lock().unwrap().gate = Some(receiver);
        sender
    }

    /// From now on every fetch fails.
    pub(super) fn stop(&self) {
        self.state.lock().unwrap().jwks = None;
    }

    /// How often the keys were asked for.
    pub(super) fn fetches(&self) -> usize {
        self.state.lock().unwrap().fetches
    }

    async fn start(bench: &Bench, jwks: Option<String>, path: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            jwks,
            ..State::default()
        }));
        thread::spawn({
            let (origin, state) = (origin.clone(), Arc::clone(&state));
            move || {
                for stream in listener.incoming() {
                    let (origin, state) = (origin.clone(), Arc::clone(&state));
                    thread::spawn(move || answer(&stream.unwrap(), &origin, &state));
                }
            }
        });
        let metrics = KeysMetrics::register(&Registry::new()).unwrap();
        let outgoing = Arc::new(Outgoing::new(&OutgoingSettings::default()).unwrap());
        let settings = remote(&format!("{origin}{path}"));
        let resource = ResourceId::parse("mcp").unwrap();
        let keys = start(
            &resource,
            "idp",
            settings,
            outgoing,
            bench.clock.clone(),
            &metrics,
            &ARBITER,
        );
        keys.first_answer().await;
        Self {
            origin,
            state,
            keys,
        }
    }
}

/// Keys are good for 60 s of uptime, and fresh for 30 s; every fetch is one that a test has caused.
fn remote(url: &str) -> RemoteSettings {
    RemoteSettings {
        url: url.parse().unwrap(),
        issuer: None,
        algorithms: AlgorithmSet::asymmetric(),
        allowed_use: vec!["sig".to_owned()],
        refresh_interval: Duration::from_secs(3600),
        unknown_kid: UnknownKidSettings {
            enabled: true,
            max_wait: Duration::from_secs(20),
            interval: Duration::from_secs(30),
            burst: 2,
        },
        max_stale: Duration::from_secs(60),
        timeout: Duration::from_secs(20),
        max_bytes: 64 * 1024,
    }
}

fn jwks(keys: &[&SigningKey]) -> String {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}).to_string()
}

fn answer(mut stream: &TcpStream, origin: &str, state: &Mutex<State>) {
    let head: Vec<String> = BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let is_discovery = head
        .first()
        .is_some_and(|line| line.contains("openid-configuration"));
    let (jwks, gate) = {
        let mut state = state.lock().unwrap();
        state.fetches += usize::from(!is_discovery);
        (state.jwks.clone(), state.gate.take())
    };
    if let Some(gate) = gate {
        gate.recv().unwrap();
    }
    let (status, body) = match jwks {
        None => ("503 Service Unavailable", String::new()),
        Some(_) if is_discovery => (
            "200 OK",
            json!({"issuer": origin, "jwks_uri": format!("{origin}/jwks.json")}).to_string(),
        ),
        Some(jwks) => ("200 OK", jwks),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    // The source may have hung up; then it has seen enough.
    let _ = stream.write_all((head + &body).as_bytes());
}

/// One thread for the actors of all tests.
static ARBITER: LazyLock<ArbiterHandle> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let system = System::new();
        sender.send(System::current().arbiter().clone()).unwrap();
        system.run().unwrap();
    });
    receiver.recv().unwrap()
});
