//! Target 9: a second worker on a second core, without sockets. A bench of its own drives them; its last line is
//! the ratio.

use crate::{
    process::{self, BOTH_CORES, run},
    report::{Goal::AtLeast, Report, Unit::Times},
    series::Plan,
};

pub fn measure(plan: Plan, report: &mut Report) {
    process::move_to(BOTH_CORES);
    let ratios: Option<Vec<f64>> = (0..plan.rounds).map(|_| ratio()).collect();
    process::move_to_client_core();
    match ratios {
        Some(ratios) => {
            let (what, against) = ("two workers on two cores, no sockets", "one worker on one core");
            report.row(9, what, against, Times, AtLeast(1.8), ratios);
        }
        None => report.note(format!("Target 9 was not measured: `cargo bench --bench {BENCH}` failed.")),
    }
}

fn ratio() -> Option<f64> {
    let (is_good, output) = run("cargo", &["bench", "--quiet", "--locked", "--bench", BENCH]);
    let last = output.lines().last().filter(|_| is_good)?;
    last.split_whitespace().rev().find_map(|word| word.parse().ok())
}

const BENCH: &str = "workers";
