//! Warm traffic beside a flood of tokens that the provider did not sign, on two cores.

use std::{
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use support::ProviderKey;

use super::usual::Usual;
use crate::{
    generator::{Requests, Shape, drive},
    process::{self, BOTH_CORES},
    report::{Goal::AtLeast, Report, Unit::Times},
    requests::get,
    series::{Plan, Sample, Side, alternate, charged},
    tokens::{SCOPE, forged, token},
};

pub fn measure(plan: Plan, report: &mut Report) {
    process::move_to(BOTH_CORES);
    let usual = Usual::start(BOTH_CORES, 2, "");
    let granted = get(Some(&usual.token));
    let stranger = ProviderKey::generate("unknown", "ES256");
    let floods = [
        (
            "bad signatures",
            (0..4096)
                .map(|id| get(Some(&forged(&token(&usual.key, id, SCOPE)))))
                .collect(),
        ),
        (
            "unknown keys",
            (0..4096)
                .map(|id| get(Some(&token(&stranger, id, SCOPE))))
                .collect(),
        ),
        (
            "garbage",
            (0..65_536)
                .map(|id| get(Some(&garbage(id))))
                .collect::<Vec<_>>(),
        ),
    ];
    usual.expect(401, &floods[0].1[0]);
    usual.expect(401, &floods[2].1[0]);
    let warm = || {
        let shape = Shape {
            connections: CONNECTIONS,
            duration: plan.duration,
            status: Some(200),
        };
        charged(&[&usual.service.server], || {
            let answered = drive(usual.service.server.address, &granted, shape);
            (answered.requests, answered.elapsed)
        })
    };
    let mut sides = vec![Side::new("two workers, undisturbed", warm)];
    for (name, requests) in &floods {
        let address = usual.service.server.address;
        sides.push(Side::new(format!("two workers, {name}"), move || {
            beside(address, requests, warm)
        }));
    }
    let sides = alternate(plan, sides);
    for (flood, (name, _)) in sides[1..].iter().zip(&floods) {
        let what = format!("permits beside a flood of {name}, two cores");
        report.row(
            super::LAST,
            &what,
            "the rate undisturbed",
            Times,
            AtLeast(0.5),
            flood.rate_against(&sides[0]),
        );
    }
    report.note(
        "In the rows of the flood the CPU of a request includes what the flood cost, and the clients share the two cores \
         with the service.",
    );
    report.sides.extend(sides);
    process::move_to_client_core();
}

/// Measures beside a flood of these requests, on as many connections as the warm traffic has.
fn beside(
    address: std::net::SocketAddr,
    requests: &[Vec<u8>],
    measure: impl Fn() -> Sample,
) -> Sample {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let requests = Cycled {
                requests,
                next: Cell::new(0),
                is_over: &is_over,
            };
            let shape = Shape {
                connections: CONNECTIONS,
                duration: Duration::from_mins(1),
                status: None,
            };
            drive(address, &requests, shape)
        });
        thread::sleep(Duration::from_millis(200));
        let sample = measure();
        is_over.store(true, Relaxed);
        let flood = flood.join().unwrap();
        eprintln!(
            "  flood: {:.0}/s",
            flood.requests as f64 / flood.elapsed.as_secs_f64()
        );
        sample
    })
}

/// Sends a list again and again.
struct Cycled<'a> {
    requests: &'a [Vec<u8>],
    next: Cell<usize>,
    is_over: &'a AtomicBool,
}

impl Requests for Cycled<'_> {
    fn next(&self, buffer: &mut Vec<u8>) -> bool {
        buffer.extend_from_slice(&self.requests[self.next.get()]);
        self.next.set((self.next.get() + 1) % self.requests.len());
        !self.is_over.load(Relaxed)
    }
}

fn garbage(id: usize) -> String {
    format!("{:x}.{}.{:x}", id * 7919, "e30".repeat(200), id)
}

/// The connections of the warm traffic, and those of the flood.
const CONNECTIONS: usize = 16;
