//! Target 10: latencies of an open loop at half of the highest rate.

use super::usual::{Bare, Usual};
use crate::{
    process::{SERVER_CORE, Server},
    report::{Goal::AtMost, Report, Unit::Times},
    requests::get,
    series::{Plan, Side, alternate, median},
    tools::{Paced, oha},
};

pub fn measure(plan: Plan, report: &mut Report) {
    let usual = Usual::start(SERVER_CORE, 1, "");
    let bare = Bare::actix(SERVER_CORE, &usual.fields());
    let (bare, scopegate) = (&bare.server, &usual.service.server);
    let rate = half_of_highest(scopegate, &get(Some(&usual.token)), plan);
    let bearer = format!("authorization: Bearer {}", usual.token);
    let ask = |server: &Server| {
        oha(
            server.address,
            "/authorize",
            &headers(&bearer),
            None,
            rate,
            plan.duration * 3,
        )
    };
    let mut rounds = Vec::new();
    for round in 0..plan.rounds {
        let pair = if round % 2 == 0 {
            let first = ask(bare);
            (first, ask(scopegate))
        } else {
            let first = ask(scopegate);
            (ask(bare), first)
        };
        rounds.push(pair);
    }
    for (index, name) in [(1, "p99"), (2, "p99.9")] {
        let what = format!("{name} at {rate} requests/s, open loop");
        let ratios = rounds
            .iter()
            .map(|(bare, scopegate)| scopegate.latencies[index] / bare.latencies[index])
            .collect();
        report.row(10, &what, "bare actix-web", Times, AtMost(1.5), ratios);
    }
    report.note(format!(
        "Target 10, µs at p50, p99 and p99.9: {}.",
        shown(&rounds, "bare actix-web", "scopegate")
    ));
}

/// Medians of both sides.
pub fn shown(rounds: &[(Paced, Paced)], first: &str, second: &str) -> String {
    let of = |pick: fn(&(Paced, Paced)) -> Paced| {
        let at = |index: usize| {
            median(
                &rounds
                    .iter()
                    .map(|round| pick(round).latencies[index])
                    .collect::<Vec<_>>(),
            )
        };
        format!("{:.0}, {:.0}, {:.0}", at(0), at(1), at(2))
    };
    let late = rounds
        .iter()
        .filter(|(first, second)| !first.kept_up || !second.kept_up)
        .count();
    format!(
        "{first} {}; {second} {}; the generator fell behind in {late} of {} rounds",
        of(|round| round.0),
        of(|round| round.1),
        rounds.len()
    )
}

/// Half of the rate that the server reaches in a closed loop.
pub fn half_of_highest(server: &Server, request: &Vec<u8>, plan: Plan) -> usize {
    let servers = [server];
    let series = alternate(
        plan,
        vec![Side::http("highest rate", &servers, request, 200, plan)],
    );
    (median(&series[0].of(|sample| sample.rate)) / 2.0) as usize
}

/// nginx's subrequest.
fn headers(bearer: &str) -> [&str; 3] {
    ["x-original-method: GET", "x-original-uri: /mcp", bearer]
}
