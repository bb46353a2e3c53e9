//! Counters and histograms with a part for each worker, so that no worker writes what another one reads.

mod counter;
mod histogram;
mod shards;

pub use counter::{Counter, CounterVec};
pub use histogram::DurationHistograms;
pub use shards::Shards;
