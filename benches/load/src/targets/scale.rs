//! Target 7: many tools, resources, operations and tokens; target 8: while policy and keys change.

use std::{
    cell::Cell,
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use support::{KeyEndpoint, ProviderKey};

use super::{
    latency::{half_of_highest, shown},
    usual::expect,
};
use crate::{
    generator::{Requests, Shape, ask, drive},
    process::SERVER_CORE,
    report::{
        Goal::{AtLeast, AtMost},
        Report,
        Unit::Times,
    },
    requests::{Drawn, Form, call, post, post_around_token},
    series::{CONNECTIONS, Plan, Side, alternate, charged},
    service::{self, OPERATIONS, RESOURCES, Service, TOOLS, exact_name, glob_name},
    tokens::{secret_token, token},
    tools::oha,
};

pub fn measure(plan: Plan, report: &mut Report) {
    let few = (0..1000)
        .map(|id| secret_token(id, ALL))
        .collect::<Vec<_>>();
    let many = (0..TOKENS)
        .map(|id| secret_token(id, ALL))
        .collect::<Vec<_>>();
    let folder = tempfile::tempdir().unwrap();
    let resources = service::large(&folder, None);
    let small = Service::start(SERVER_CORE, 1, "", &service::small());
    let large = Service::start_in(folder, SERVER_CORE, 1, CACHE, &resources);
    let (small_families, large_families) = (vec![[form(0, &exact_name(0))].into()], families());
    let drawn = |tokens, families| Drawn {
        tokens,
        families,
        random: Cell::new(0x9E37_79B9_7F4A_7C15),
    };
    let (few, many) = (drawn(&few, &small_families), drawn(&many, &large_families));
    let before = large.server.resident_mib();
    let narrow = secret_token(usize::MAX, NARROW);
    fill(&small, &few, &narrow);
    fill(&large, &many, &narrow);
    let (filled, misses) = (large.server.resident_mib(), large.misses());
    let (one, all) = ([&small.server], [&large.server]);
    let sides = alternate(
        plan,
        vec![
            Side::http("one tool, 1 000 tokens", &one, &few, 200, plan),
            Side::http(
                "10 000 tools and so on, 1 000 000 tokens",
                &all,
                &many,
                200,
                plan,
            ),
        ],
    );
    let what =
        "10 000 tools with globs, 1 000 resources, a graph of 1 000 operations, 1 000 000 tokens";
    let against = "requests/s with one tool, one resource, 1 000 tokens";
    report.row(
        7,
        what,
        against,
        Times,
        AtLeast(0.90),
        sides[1].rate_against(&sides[0]),
    );
    report.sides.extend(sides);
    report.note(format!(
        "Target 7: resident memory {before} MiB with the policy, {filled} MiB with {TOKENS} tokens besides; {} tokens had to be \
         verified again in the rounds.",
        large.misses() - misses
    ));
}

/// The call of a tool, for any token.
fn form(resource: usize, tool: &str) -> Form {
    post_around_token(&format!("/r{resource}/mcp"), &call(tool, 1024))
}

/// A third of the tokens for the resource with the tools, a third for the graph, a third for all
/// the others.
fn families() -> Vec<Rc<[Form]>> {
    let tools: Rc<[_]> = (0..200)
        .map(|index| index * (TOOLS / 400))
        .flat_map(|index| [form(0, &exact_name(index)), form(0, &glob_name(index))])
        .collect();
    let graph: Rc<[_]> = (0..200)
        .map(|index| {
            form(
                1,
                &format!("execute_operation_operation_{}", index * (OPERATIONS / 200)),
            )
        })
        .collect();
    (2..RESOURCES)
        .flat_map(|resource| {
            [
                tools.clone(),
                graph.clone(),
                [form(resource, &exact_name(0))].into(),
            ]
        })
        .collect()
}

/// Sends every token once to its resource. A token with fewer scopes must be denied there.
fn fill(service: &Service, drawn: &Drawn<'_>, narrow: &str) {
    let each = Each {
        drawn,
        next: Cell::new(0),
    };
    let shape = Shape {
        connections: CONNECTIONS,
        duration: Duration::from_mins(10),
        status: Some(200),
    };
    let answered = drive(service.server.address, &each, shape);
    assert_eq!(answered.requests as usize, drawn.tokens.len());
    let [before, after] = &drawn.families[0][0];
    let narrow = [before.as_bytes(), narrow.as_bytes(), after.as_bytes()].concat();
    expect(&service.server, 403, &narrow);
}

struct Each<'a> {
    drawn: &'a Drawn<'a>,
    next: Cell<usize>,
}

impl Requests for Each<'_> {
    fn next(&self, buffer: &mut Vec<u8>) -> bool {
        let index = self.next.replace(self.next.get() + 1);
        if index >= self.drawn.tokens.len() {
            return false;
        }
        self.drawn.append(buffer, index, 0);
        true
    }
}

pub fn measure_changes(plan: Plan, report: &mut Report) {
    let key = ProviderKey::generate("lasting", "ES256");
    let endpoint = KeyEndpoint::start(&[&key]);
    let folder = tempfile::tempdir().unwrap();
    let resources = service::large(&folder, Some(&endpoint.url));
    let service = Service::start_in(folder, SERVER_CORE, 1, "", &resources);
    let tokens: Vec<_> = (0..1000).map(|id| token(&key, id, ALL)).collect();
    let families = vec![[form(service::WITH_KEYS, &exact_name(0))].into()];
    let drawn = Drawn {
        tokens: &tokens,
        families: &families,
        random: Cell::new(1),
    };
    fill(&service, &drawn, &token(&key, usize::MAX, NARROW));
    let changes = Changes {
        service: &service,
        endpoint: &endpoint,
        lasting: &key,
    };
    let mut request = Vec::new();
    drawn.append(&mut request, 0, 0);
    let load = || {
        let shape = Shape {
            connections: CONNECTIONS,
            duration: plan.duration * 2,
            status: Some(200),
        };
        charged(&[&service.server], || {
            let answered = drive(service.server.address, &drawn, shape);
            (answered.requests, answered.elapsed)
        })
    };
    let sides = alternate(
        plan,
        vec![
            Side::new("nothing changes", load),
            Side::new("reload and rotation each second", || changes.beside(load)),
        ],
    );
    let what = "a reload of that policy and a key rotation each second";
    report.row(
        8,
        what,
        "requests/s undisturbed",
        Times,
        AtLeast(0.90),
        sides[1].rate_against(&sides[0]),
    );
    report.sides.extend(sides);

    let rate = half_of_highest(&service.server, &request, plan);
    let path = format!("/authorize/r{}/mcp", service::WITH_KEYS);
    let headers = [
        "host: mcp.example.com",
        "content-type: application/json",
        &format!("authorization: Bearer {}", tokens[0]),
    ];
    let body = call(&exact_name(0), 1024);
    let latencies = || {
        oha(
            service.server.address,
            &path,
            &headers,
            Some(&body),
            rate,
            plan.duration * 2,
        )
    };
    let rounds: Vec<_> = (0..plan.rounds)
        .map(|_| (latencies(), changes.beside(latencies)))
        .collect();
    let ratios = rounds
        .iter()
        .map(|(quiet, changing)| changing.latencies[1] / quiet.latencies[1])
        .collect();
    let what = format!("the same, p99 at {rate} requests/s");
    report.row(8, &what, "p99 undisturbed", Times, AtMost(2.0), ratios);
    let shown = shown(&rounds, "undisturbed", "while it changes");
    report.note(format!("Target 8, µs at p50, p99 and p99.9: {shown}."));
}

/// The changes beside the traffic.
struct Changes<'a> {
    service: &'a Service,
    endpoint: &'a KeyEndpoint,
    lasting: &'a ProviderKey,
}

impl Changes<'_> {
    /// Each second reloads the policy and replaces the newest key. A token of the new key is used
    /// at once. The key of the traffic stays.
    fn beside<T>(&self, measure: impl FnOnce() -> T) -> T {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Relaxed) {
                    self.change();
                    thread::sleep(Duration::from_secs(1));
                }
            });
            let measured = measure();
            is_over.store(true, Relaxed);
            measured
        })
    }

    fn change(&self) {
        let next = ProviderKey::generate(&format!("key-{}", fastrand::u64(..)), "ES256");
        self.endpoint.publish(&[self.lasting, &next]);
        self.service.server.hang_up();
        let path = format!("/r{}/mcp", service::WITH_KEYS);
        let first = post(&path, &token(&next, 0, ALL), &call(&exact_name(0), 1024));
        // Its response may come before or after the fetch of the key.
        ask(self.service.server.address, &first);
    }
}

/// Scopes that permit no call.
const NARROW: &str = "mcp:connect";

/// Scopes that permit every call in these policies.
const ALL: &str = "mcp:connect mcp:tools:read mcp:tools:execute all x";

const TOKENS: usize = 1_000_000;

/// A cache with room for all tokens.
const CACHE: &str = "  token_cache: {max_entries: 2000000, max_bytes: 4 GiB}\n";
