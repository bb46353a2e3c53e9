//! Counters and histograms with one shard per worker, so that workers do not contend for a cache
//! line.
//!
//! Design: `docs/design/request-path.md#counts-by-worker`.

mod counter;
mod histogram;
mod shards;

pub use counter::{Counter, CounterVec};
pub use histogram::DurationHistograms;
pub use shards::Shards;
