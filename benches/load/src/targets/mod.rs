//! The ten targets, and the overload. Targets that share servers and rounds are measured together.

pub mod fresh;
mod grpc;
mod latency;
mod overload;
mod scale;
mod usual;
mod warm;
mod workers;

pub use usual::expect;

use crate::{report::Report, series::Plan};

/// Measures some targets and reports them.
type Measure = fn(Plan, &mut Report);

/// Measures the targets with these numbers, and those that share their rounds.
pub fn measure(numbers: &[u8], plan: Plan, report: &mut Report) {
    let groups: [(&[u8], Measure); 8] = [
        (&[1, 2, 3, 6], warm::measure),
        (&[4], grpc::measure),
        (&[5], fresh::measure),
        (&[7], scale::measure),
        (&[8], scale::measure_changes),
        (&[9], |_, report| workers::measure(report)),
        (&[10], latency::measure),
        (&[11], overload::measure),
    ];
    for (members, measure) in groups {
        if members.iter().any(|member| numbers.contains(member)) {
            eprintln!("targets {members:?}");
            measure(plan, report);
        }
    }
}

/// The number of the overload.
pub const LAST: u8 = 11;
