//! A whole source against a provider on loopback: the answers that it accepts and refuses, and how
//! it recovers.

mod provider;
mod proxy;
mod refresh;
mod refusals;
mod unknown_kid;

use std::{future::Future, sync::Arc, time::Duration};

use prometheus::Registry;
use url::Url;

use super::*;
use crate::{
    clock::{ManualClock, SharedClock},
    domain::ResourceId,
};
use provider::{Answer, Provider};

/// Settings of a source at `url`. Its intervals are so long that only the test causes fetches.
pub(super) fn test_settings(url: &str) -> RemoteSettings {
    RemoteSettings {
        url: Url::parse(url).unwrap(),
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
        max_stale: Duration::from_secs(86_400),
        timeout: Duration::from_secs(10),
        max_bytes: 512 * 1024,
    }
}

/// A running source with its clock and metrics.
struct Source {
    handle: KeysHandle,
    clock: Arc<ManualClock>,
    registry: Registry,
}

impl Source {
    /// Asks for a refresh as a token does that the present keys could not verify.
    async fn refresh_for(&self, missing: Missing) {
        let round = self.handle.snapshot().round;
        self.handle.refresh_for(missing, round).await;
    }

    async fn start(settings: RemoteSettings) -> Self {
        Self::start_with(settings, &OutgoingSettings::default()).await
    }

    /// Starts a source and waits for its first answer.
    async fn start_with(settings: RemoteSettings, outgoing: &OutgoingSettings) -> Self {
        let registry = Registry::new();
        let metrics = KeysMetrics::register(&registry).unwrap();
        let clock = Arc::new(ManualClock::at(1_700_000_000));
        let shared: SharedClock = clock.clone();
        let outgoing = Arc::new(Outgoing::new(outgoing).unwrap());
        let id = ResourceId::parse("mcp").unwrap();
        let arbiter = actix::Arbiter::current();
        let handle = start(&id, "idp", settings, outgoing, shared, &metrics, &arbiter);
        soon(handle.first_answer()).await;
        Self {
            handle,
            clock,
            registry,
        }
    }

    /// The cause of the last failure, without the URL.
    fn failure(&self) -> Option<String> {
        let failure = self.handle.snapshot().last_failure.clone()?;
        Some(failure.split_once("`: ").unwrap().1.to_owned())
    }

    fn kids(&self) -> Vec<String> {
        self.handle
            .snapshot()
            .keys
            .iter()
            .filter_map(|key| key.kid().map(str::to_owned))
            .collect()
    }
}

/// The public key of RFC 8037 §A.2, with any `kid`.
fn ed25519(kid: &str) -> String {
    format!(
        r#"{{"kty":"OKP","crv":"Ed25519","use":"sig","kid":"{kid}","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
    )
}

/// The public key of RFC 7517 §A.1, with any `kid`.
fn p256(kid: &str) -> String {
    format!(
        r#"{{"kty":"EC","crv":"P-256","use":"sig","kid":"{kid}","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}}"#
    )
}

fn jwks(keys: &[String]) -> Answer {
    Answer::ok(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
}

/// Fails the test instead of waiting for ever.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .expect("it takes too long")
}

/// Waits until the condition holds, which another task brings about.
async fn eventually(mut is_so: impl FnMut() -> bool) {
    soon(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
