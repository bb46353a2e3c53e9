//! Runs a target again and again, and prints how to replay a finding.

use std::{
    collections::BTreeMap,
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::{Duration, Instant},
};

use crate::{draw::Draw, model::Denied};

/// The result of one input.
pub(crate) enum Outcome {
    Permitted,
    Denied,
    /// The service denied for this reason, but the model permitted. Not a fault, but worth a look.
    DeniedAlone(&'static str),
}

impl Outcome {
    /// Compares the two decisions.
    pub(crate) fn of(service: Result<(), &'static str>, model: Result<(), Denied>) -> Self {
        match (service, model) {
            (Ok(()), Ok(())) => Self::Permitted,
            (Ok(()), Err(why)) => panic!("permitted, but the model denies: {why}"),
            (Err(_), Err(_)) => Self::Denied,
            (Err(reason), Ok(())) => Self::DeniedAlone(reason),
        }
    }
}

/// Runs a target for `FUZZ_SECONDS`, or a thousand times. With `FUZZ_SEED` it runs that one input.
///
/// # Panics
/// If an input fails, or if too few inputs were permitted: a generator of denials tests little.
pub(crate) fn drive(
    name: &str,
    least_permitted_percent: u64,
    mut target: impl FnMut(&mut Draw) -> Outcome,
) {
    if let Some(seed) = number("FUZZ_SEED") {
        target(&mut Draw::showing(seed));
        return;
    }
    let first = number("FUZZ_FIRST_SEED").unwrap_or(0);
    let (mut executions, mut permitted, mut alone) = (0, 0, BTreeMap::new());
    let begin = Instant::now();
    let budget = number("FUZZ_SECONDS").map(Duration::from_secs);
    while budget.map_or(executions < 1_000, |budget| begin.elapsed() < budget) {
        let seed = first.wrapping_add(executions);
        match catch_unwind(AssertUnwindSafe(|| target(&mut Draw::of(seed)))) {
            Ok(Outcome::Permitted) => permitted += 1,
            Ok(Outcome::Denied) => {}
            Ok(Outcome::DeniedAlone(reason)) => alone.entry(reason).or_insert((0_u64, seed)).0 += 1,
            Err(found) => {
                println!(
                    "FOUND by {name} after {executions} executions; replay: FUZZ_SEED={seed} fuzz/run {name}"
                );
                let _ = catch_unwind(AssertUnwindSafe(|| target(&mut Draw::showing(seed))));
                resume_unwind(found);
            }
        }
        executions += 1;
    }
    let (seconds, percent) = (
        begin.elapsed().as_secs_f32(),
        permitted * 100 / executions.max(1),
    );
    println!(
        "fuzz {name}: {executions} executions in {seconds:.0} s from {first}, {percent} % permitted"
    );
    for (reason, (count, seed)) in alone {
        println!(
            "fuzz {name}: {count} denied as {reason} though the model permits, the first with FUZZ_SEED={seed}"
        );
    }
    assert!(
        percent >= least_permitted_percent,
        "only {percent} % were permitted"
    );
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number"))
    })
}
