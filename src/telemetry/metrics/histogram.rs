//! Histograms of durations for the request path. Each worker counts in its own shard; a scrape adds
//! the shards up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus::{
    HistogramOpts, HistogramVec, Registry,
    core::{Collector, Desc},
    proto::{Bucket, Histogram, LabelPair, Metric, MetricFamily, MetricType},
};

use super::Shards;

/// One histogram with fixed buckets for each value of one label.
#[derive(Clone, Debug)]
pub struct DurationHistograms<const VALUES: usize>(Arc<Family<VALUES>>);

#[derive(Debug)]
struct Family<const VALUES: usize> {
    name: &'static str,
    help: &'static str,
    label: &'static str,
    values: [&'static str; VALUES],
    histograms: [Shards<Shard>; VALUES],
    /// Describes the family to the registry. It is always empty.
    descriptor: HistogramVec,
}

/// The observations of one worker.
#[derive(Debug, Default)]
struct Shard {
    /// The count of each bucket, not cumulative; the last is for durations beyond all bounds.
    counts: [AtomicU64; BUCKETS.len() + 1],
    nanoseconds: AtomicU64,
}

impl<const VALUES: usize> DurationHistograms<VALUES> {
    /// Creates the histograms and registers them.
    ///
    /// # Errors
    /// If the registry already has a metric of this name.
    pub fn register(
        registry: &Registry,
        (name, help): (&'static str, &'static str),
        label: &'static str,
        values: [&'static str; VALUES],
    ) -> Result<Self, prometheus::Error> {
        let descriptor = HistogramVec::new(HistogramOpts::new(name, help), &[label])?;
        let histograms = std::array::from_fn(|_| Shards::default());
        let family = Self(Arc::new(Family {
            name,
            help,
            label,
            values,
            histograms,
            descriptor,
        }));
        registry.register(Box::new(family.clone()))?;
        Ok(family)
    }

    /// Adds a duration to the histogram of the `index`th value.
    pub fn observe(&self, index: usize, duration: Duration) {
        let Some(shard) = self.0.histograms.get(index).map(Shards::mine) else {
            return;
        };
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BUCKETS
            .iter()
            .position(|bound| nanoseconds <= *bound)
            .unwrap_or(BUCKETS.len());
        if let Some(count) = shard.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        shard.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

impl<const VALUES: usize> Collector for DurationHistograms<VALUES> {
    fn desc(&self) -> Vec<&Desc> {
        self.0.descriptor.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let family = &self.0;
        let metrics = family
            .values
            .iter()
            .zip(&family.histograms)
            .map(|(value, shards)| {
                let mut label = LabelPair::default();
                label.set_name(family.label.to_owned());
                label.set_value((*value).to_owned());
                let mut metric = Metric::from_label(vec![label]);
                metric.set_histogram(sum(shards));
                metric
            });
        let mut collected = MetricFamily::default();
        collected.set_name(family.name.to_owned());
        collected.set_help(family.help.to_owned());
        collected.set_field_type(MetricType::HISTOGRAM);
        collected.set_metric(metrics.collect());
        vec![collected]
    }
}

/// Adds the shards up to a histogram with cumulative buckets.
fn sum(shards: &Shards<Shard>) -> Histogram {
    let of = |bucket: usize| -> u64 {
        let counts = shards.iter().filter_map(|shard| shard.counts.get(bucket));
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    };
    let mut count = 0;
    let buckets = BUCKETS.iter().enumerate().map(|(index, bound)| {
        count += of(index);
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(seconds(*bound));
        bucket.set_cumulative_count(count);
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(count + of(BUCKETS.len()));
    let nanoseconds = shards
        .iter()
        .map(|shard| shard.nanoseconds.load(Ordering::Relaxed))
        .sum();
    histogram.set_sample_sum(seconds(nanoseconds));
    histogram
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The upper bounds of the buckets in nanoseconds. They range from a hit in the token cache, which
/// takes microseconds, to a request that waits for a key.
const BUCKETS: [u64; 13] = [
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    5_000_000,
    25_000_000,
    100_000_000,
    250_000_000,
    1_000_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_adds_up_the_buckets_of_all_threads() {
        let registry = Registry::new();
        let words = ("took_seconds", "Took.");
        let took = DurationHistograms::register(&registry, words, "who", ["a", "b"]).unwrap();
        std::thread::scope(|scope| {
            for micros in [5, 6, 100, 2_000_000] {
                let took = &took;
                scope.spawn(move || took.observe(1, Duration::from_micros(micros)));
            }
        });
        took.observe(2, Duration::from_secs(1));
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        for line in [
            "# TYPE took_seconds histogram",
            "took_seconds_count{who=\"a\"} 0",
            "took_seconds_bucket{who=\"b\",le=\"0.000005\"} 1",
            "took_seconds_bucket{who=\"b\",le=\"0.00001\"} 2",
            "took_seconds_bucket{who=\"b\",le=\"0.0001\"} 3",
            "took_seconds_bucket{who=\"b\",le=\"1\"} 3",
            "took_seconds_bucket{who=\"b\",le=\"+Inf\"} 4",
            "took_seconds_sum{who=\"b\"} 2.000111",
            "took_seconds_count{who=\"b\"} 4",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}: {text}");
        }
    }
}
