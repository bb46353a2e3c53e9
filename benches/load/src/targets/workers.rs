//! Target 9: a second worker on a second core, without sockets. `cargo bench --bench scaling`
//! measures it and prints the median ratio for each kind of decision.

use crate::{
    process::{self, BOTH_CORES, run},
    report::{Goal::AtLeast, Report, Unit::Times},
};

pub fn measure(report: &mut Report) {
    process::move_to(BOTH_CORES);
    let (is_good, output) = run("cargo", &["bench", "--quiet", "--locked", "--bench", BENCH]);
    process::move_to_client_core();
    let ratios: Vec<f64> = output.lines().filter_map(ratio).collect();
    if is_good && !ratios.is_empty() {
        let (what, against) = (
            "two workers on two cores, no sockets",
            "one worker on one core",
        );
        report.row(9, what, against, Times, AtLeast(1.8), ratios);
    } else {
        report.note(format!(
            "Target 9 was not measured: `cargo bench --bench {BENCH}` failed."
        ));
    }
}

/// `… decisions a second: 1.93 times (quartiles …)`
fn ratio(line: &str) -> Option<f64> {
    line.split_once(": ")?
        .1
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

const BENCH: &str = "scaling";
