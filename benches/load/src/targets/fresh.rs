//! Target 5: every token is new.

use std::{
    fs,
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use support::{KeyEndpoint, ProviderKey};

use super::usual::expect;
use crate::{
    generator::{Shape, drive},
    process::{self, BOTH_CORES, SERVER_CORE, Server, run},
    report::{Goal::AtMost, Report, Unit::Times},
    requests::{Once, get},
    series::{CONNECTIONS, Plan, Sample, Side, alternate, charged},
    service::{self, Service},
    tokens::{SCOPE, parsed, signed_parts, token},
};

pub fn measure(plan: Plan, report: &mut Report) {
    let keys = ALGORITHMS.map(|name| ProviderKey::generate(name, name));
    let endpoint = KeyEndpoint::start(&keys.each_ref());
    let service = Service::start(SERVER_CORE, 1, "", &service::usual(&endpoint.url));
    process::move_to(BOTH_CORES);
    let lots: Vec<_> = keys.iter().map(|key| mint_lots(key, plan)).collect();
    process::move_to_client_core();
    for key in &keys {
        expect(
            &service.server,
            200,
            &get(Some(&token(key, usize::MAX, SCOPE))),
        );
        expect(
            &service.server,
            403,
            &get(Some(&token(key, usize::MAX, "x"))),
        );
    }
    let warm = get(Some(&token(&keys[1], usize::MAX, SCOPE)));
    let servers = [&service.server];
    let mut sides = vec![Side::http(
        "scopegate, permit (again)",
        &servers,
        &warm,
        200,
        plan,
    )];
    for (name, lots) in ALGORITHMS.iter().zip(lots) {
        sides.push(new_tokens(name, &service.server, lots));
        sides.push(Side::new(format!("{name}: aws-lc alone"), || {
            raw_check(name)
        }));
    }
    let sides = alternate(plan, sides);
    for (index, name) in ALGORITHMS.iter().enumerate() {
        let (fresh, raw) = (&sides[1 + 2 * index], &sides[2 + 2 * index]);
        let sums = sides[0].against(raw, |warm, raw| warm.cpu + raw.cpu);
        let ratios = fresh
            .samples
            .iter()
            .zip(sums)
            .map(|(fresh, sum)| fresh.cpu / sum)
            .collect();
        let what = format!("every token new, {name}");
        report.row(
            5,
            &what,
            "CPU of target 1 and the signature check alone",
            Times,
            AtMost(1.15),
            ratios,
        );
    }
    report.sides.extend(sides);
}

/// Requests with tokens that the service has not seen, a lot for each round. Each lot has its own
/// thread, since RSA signs slowly.
fn mint_lots(key: &ProviderKey, plan: Plan) -> Vec<Vec<Vec<u8>>> {
    let size = LOT * usize::try_from(plan.duration.as_millis()).unwrap() / 1000;
    let lot = |round: usize| {
        (0..size)
            .map(|index| get(Some(&token(key, round * size + index, SCOPE))))
            .collect()
    };
    thread::scope(|scope| {
        let rounds: Vec<_> = (0..plan.rounds)
            .map(|round| scope.spawn(move || lot(round)))
            .collect();
        rounds
            .into_iter()
            .map(|round| round.join().unwrap())
            .collect()
    })
}

fn new_tokens<'a>(name: &str, server: &'a Server, lots: Vec<Vec<Vec<u8>>>) -> Side<'a> {
    let mut lots = lots.into_iter();
    Side::new(format!("scopegate, new {name} tokens"), move || {
        let requests = Once::new(lots.next().unwrap());
        let shape = Shape {
            connections: CONNECTIONS,
            duration: Duration::from_mins(1),
            status: Some(200),
        };
        charged(&[server], || {
            let answered = drive(server.address, &requests, shape);
            assert_eq!(answered.requests as usize, requests.requests.len());
            (answered.requests, answered.elapsed)
        })
    })
}

/// Measures only the check of signatures, in a separate process on the servers' core.
fn raw_check(name: &str) -> Sample {
    let own = std::env::current_exe().unwrap();
    let (_, output) = run(
        "taskset",
        &[
            "-c",
            SERVER_CORE,
            own.to_str().unwrap(),
            "check-signatures",
            name,
        ],
    );
    let nanoseconds: f64 = output.parse().unwrap();
    Sample {
        rate: 1e9 / nanoseconds,
        cpu: nanoseconds / 1000.0,
        busy: 1.0,
    }
}

/// Processor time of one check of a signature.
pub fn nanoseconds_of_a_check(name: &str) -> f64 {
    let key = ProviderKey::generate("k", name);
    let public = parsed(&key.key);
    let tokens: Vec<_> = (0..64).map(|id| token(&key, id, SCOPE)).collect();
    let parts: Vec<_> = tokens.iter().map(|token| signed_parts(token)).collect();
    let check = |(input, signature): &(&[u8], Vec<u8>)| {
        public.verify_sig(black_box(input), signature).unwrap()
    };
    parts.iter().for_each(check);
    let (started, spent_before) = (Instant::now(), thread_cpu());
    let mut count = 0_u32;
    while started.elapsed() < Duration::from_millis(500) {
        parts.iter().for_each(check);
        count += 64;
    }
    (thread_cpu() - spent_before) / f64::from(count)
}

/// Nanoseconds of processor time of this thread.
fn thread_cpu() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

const ALGORITHMS: [&str; 3] = ["RS256", "ES256", "EdDSA"];

/// New tokens of one algorithm in a round, for each second that a side is measured.
const LOT: usize = 4096;
