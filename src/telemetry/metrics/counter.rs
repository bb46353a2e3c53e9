//! Counters for the request path. Each worker counts in its own shard; a scrape adds the shards up.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus::{
    IntCounterVec, Opts, Registry,
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::Shards;

/// A number that only increases.
#[derive(Debug, Default)]
pub struct Counter(Shards<AtomicU64>);

impl Counter {
    /// Adds one.
    pub fn inc(&self) {
        self.0.mine().fetch_add(1, Ordering::Relaxed);
    }

    /// The sum over all workers.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.0
            .iter()
            .map(|shard| shard.load(Ordering::Relaxed))
            .sum()
    }
}

/// A family of counters with labels. The caller looks a counter up once and keeps it.
#[derive(Clone, Debug)]
pub struct CounterVec(Arc<Family>);

#[derive(Debug)]
struct Family {
    options: Opts,
    labels: Vec<&'static str>,
    /// Describes the family to the registry. It is always empty.
    descriptor: IntCounterVec,
    children: Mutex<BTreeMap<Vec<String>, Arc<Counter>>>,
}

impl CounterVec {
    /// Creates a family and registers it.
    ///
    /// # Errors
    /// If the registry already has a metric of this name.
    pub fn register(
        registry: &Registry,
        options: Opts,
        labels: &[&'static str],
    ) -> Result<Self, prometheus::Error> {
        let descriptor = IntCounterVec::new(options.clone(), labels)?;
        let labels = labels.to_vec();
        let family = Self(Arc::new(Family {
            options,
            labels,
            descriptor,
            children: Mutex::default(),
        }));
        registry.register(Box::new(family.clone()))?;
        Ok(family)
    }

    /// The counter of these label values. There must be one value for each label.
    #[must_use]
    pub fn with(&self, values: &[&str]) -> Arc<Counter> {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let mut children = self
            .0
            .children
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(children.entry(values).or_default())
    }
}

impl Collector for CounterVec {
    fn desc(&self) -> Vec<&Desc> {
        self.0.descriptor.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Ok(sums) = IntCounterVec::new(self.0.options.clone(), &self.0.labels) else {
            return Vec::new();
        };
        let children = self
            .0
            .children
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (values, counter) in &*children {
            if let Ok(sum) = sums.get_metric_with_label_values(values) {
                sum.inc_by(counter.sum());
            }
        }
        sums.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_adds_up_the_counts_of_all_threads() {
        let registry = Registry::new();
        let family =
            CounterVec::register(&registry, Opts::new("asked_total", "Incoming."), &["how"])
                .unwrap();
        let (once, often) = (family.with(&["once"]), family.with(&["often"]));
        once.inc();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..500).for_each(|_| often.inc()));
            }
        });
        family.with(&["often"]).inc();
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        let expected = "# HELP asked_total Incoming.\n# TYPE asked_total counter\n\
                        asked_total{how=\"often\"} 4001\nasked_total{how=\"once\"} 1\n";
        assert_eq!(text, expected);
        assert!(
            CounterVec::register(&registry, Opts::new("asked_total", "Incoming."), &["how"])
                .is_err()
        );
    }
}
