//! Collects the data of the debug pages: the policy in force, the key sources without key material,
//! the counters.

use std::collections::BTreeMap;

use prometheus::Registry;

use super::readiness::{Probes, problem_of};
use crate::{
    build_info,
    clock::{SharedClock, UnixSeconds, Uptime},
    http::debug::{
        CountView, CountsView, DebugData, KeyView, KeysView, Overview, PolicyView, ResourceView,
        SkippedView, SourceView, duration_in_words, utc,
    },
    keys::KeySnapshot,
    policy::{Enforcement, Mode, PolicyHandle, ProtectedResource},
};

/// The sources of the data. Each page reads them again.
pub(super) struct ProcessData {
    pub(super) policy: PolicyHandle,
    pub(super) probes: Probes,
    pub(super) registry: Registry,
    pub(super) clock: SharedClock,
}

impl DebugData for ProcessData {
    fn policy(&self) -> PolicyView {
        let snapshot = self.policy.snapshot();
        let resources = snapshot
            .resources()
            .iter()
            .map(|resource| resource_view(resource));
        PolicyView {
            version: snapshot.version().to_owned(),
            resources: resources.collect(),
        }
    }

    fn keys(&self) -> KeysView {
        let (snapshot, now) = (self.policy.snapshot(), self.clock.uptime());
        let mut sources = Vec::new();
        for resource in snapshot.resources() {
            for source in resource
                .policy()
                .map(|policy| policy.tokens().sources())
                .unwrap_or_default()
            {
                let names = (resource.id().as_str(), &*source.name);
                sources.push(source_view(names, &source.keys.snapshot(), now));
            }
        }
        KeysView { sources }
    }

    fn overview(&self) -> Overview {
        let (uptime, now, load) = (
            self.clock.uptime().as_secs(),
            self.now(),
            self.policy.last_load(),
        );
        Overview {
            version: build_info::VERSION,
            commit: build_info::COMMIT,
            uptime: duration_in_words(uptime),
            started: utc(now.saturating_sub_unsigned(uptime)),
            readiness: self.probes.readiness(),
            loaded: utc(load.at),
            loaded_ago: duration_in_words(now.abs_diff(load.at)),
            policy: self.policy(),
            keys: self.keys(),
            counts: counts(&self.registry),
        }
    }

    fn now(&self) -> UnixSeconds {
        self.clock.unix_seconds()
    }
}

fn resource_view(resource: &ProtectedResource) -> ResourceView {
    let settings = resource.settings();
    ResourceView {
        id: resource.id().to_string(),
        resource: settings.identifier.clone(),
        path: settings.path.clone(),
        hosts: settings.hosts.clone(),
        enforced: resource.policy().is_some(),
        mode: match &settings.enforcement {
            Enforcement::Off => "off",
            Enforcement::On(oauth) => match oauth.mode {
                Mode::Enforce => "enforce",
                Mode::Report => "report",
            },
        },
        operations: resource.policy().map(|policy| policy.table().rows()),
    }
}

fn source_view((resource, source): (&str, &str), keys: &KeySnapshot, now: Uptime) -> SourceView {
    let key = |key: &crate::keys::VerifyingKey| KeyView {
        kid: key.kid().map(str::to_owned),
        alg: key.algorithm().name(),
    };
    let skipped = keys.skipped.iter();
    SourceView {
        resource: resource.to_owned(),
        source: source.to_owned(),
        issuer: keys
            .issuer
            .as_ref()
            .map(|issuer| issuer.as_str().to_owned()),
        generation: keys.generation,
        age_seconds: keys.last_success.map(|at| now.saturating_sub(at).as_secs()),
        usable: keys.is_usable(now),
        trouble: problem_of(keys, now),
        keys: keys.keys.iter().map(key).collect(),
        skipped: skipped
            .map(|key| SkippedView {
                kid: key.kid.clone(),
                cause: key.cause.to_string(),
            })
            .collect(),
    }
}

/// The values of `scopegate_decisions_total`, summed over resources and dialects.
fn counts(registry: &Registry) -> CountsView {
    let families = registry.gather();
    let family = families
        .iter()
        .find(|family| family.name() == "scopegate_decisions_total");
    let mut sums = BTreeMap::<(&str, &str), u64>::new();
    for metric in family.map(|family| family.get_metric()).unwrap_or_default() {
        let label = |name: &str| {
            let found = metric.get_label().iter().find(|label| label.name() == name);
            found.map_or("", |label| label.value())
        };
        *sums
            .entry((label("decision"), label("reason")))
            .or_default() += whole(metric.get_counter().get_value());
    }
    let rows = sums
        .into_iter()
        .map(|((decision, reason), count)| CountView {
            decision: decision.to_owned(),
            reason: reason.to_owned(),
            count,
        });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    CountsView {
        total: rows.iter().map(|row| row.count).sum(),
        rows,
    }
}

/// A counter's value as an integer. Our counters are integers, but Prometheus's type is a float.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count is neither negative nor huge"
)]
fn whole(count: f64) -> u64 {
    count as u64
}
