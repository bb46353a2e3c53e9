//! Rounds. Each round measures every side once, in turn from the front and from the back, so that a
//! drift of the machine affects all sides alike.

use std::time::Duration;

use crate::{
    generator::{Requests, Shape, drive},
    process::Server,
};

/// The amount of measurement.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    /// The time of one side in one round.
    pub duration: Duration,
}

/// One measurement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Requests in a second.
    pub rate: f64,
    /// Processor time of the servers, in µs a request.
    pub cpu: f64,
    /// The part of the time in which the servers ran on their core. Near 1 they were the
    /// bottleneck.
    pub busy: f64,
}

/// The samples of one side, one for each round.
#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    pub samples: Vec<Sample>,
}

/// One side of a comparison.
pub struct Side<'a> {
    name: String,
    measure: Box<dyn FnMut() -> Sample + 'a>,
}

impl<'a> Side<'a> {
    /// A side that measures itself with a function.
    pub fn new(name: impl Into<String>, measure: impl FnMut() -> Sample + 'a) -> Self {
        Self {
            name: name.into(),
            measure: Box::new(measure),
        }
    }

    /// A closed loop of `requests` to the first of `servers`. The processor time of all servers
    /// counts. Every response must have `status`.
    pub fn http(
        name: &str,
        servers: &'a [&'a Server],
        requests: &'a dyn Requests,
        status: u16,
        plan: Plan,
    ) -> Self {
        let shape = move |duration| Shape {
            connections: CONNECTIONS,
            duration,
            status: Some(status),
        };
        Self::new(name, move || {
            drive(servers[0].address, requests, shape(plan.duration / 5));
            charged(servers, || {
                let answered = drive(servers[0].address, requests, shape(plan.duration));
                (answered.requests, answered.elapsed)
            })
        })
    }
}

/// Measures all sides in alternating rounds.
pub fn alternate(plan: Plan, mut sides: Vec<Side<'_>>) -> Vec<Series> {
    let mut all: Vec<_> = sides
        .iter()
        .map(|side| Series {
            name: side.name.clone(),
            samples: Vec::new(),
        })
        .collect();
    for round in 0..plan.rounds {
        let mut order: Vec<_> = (0..sides.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let sample = (sides[index].measure)();
            eprintln!(
                "  {round} {:<44} {:>9.0}/s {:>7.2} µs",
                sides[index].name, sample.rate, sample.cpu
            );
            all[index].samples.push(sample);
        }
    }
    all
}

/// Runs a load, and measures the processor time of the servers. `load` returns its requests and its
/// time.
pub fn charged(servers: &[&Server], load: impl FnOnce() -> (u64, Duration)) -> Sample {
    let cpu = || servers.iter().map(|server| server.cpu()).sum::<Duration>();
    let before = cpu();
    let (requests, elapsed) = load();
    let spent = (cpu() - before).as_secs_f64();
    let seconds = elapsed.as_secs_f64();
    let count = requests as f64;
    Sample {
        rate: count / seconds,
        cpu: spent * 1e6 / count,
        busy: spent / seconds,
    }
}

impl Series {
    /// A figure of every round.
    pub fn of(&self, figure: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().map(figure).collect()
    }

    /// A figure of every round of this and of another.
    pub fn against(&self, other: &Self, figure: impl Fn(&Sample, &Sample) -> f64) -> Vec<f64> {
        self.samples
            .iter()
            .zip(&other.samples)
            .map(|(own, other)| figure(own, other))
            .collect()
    }

    /// The additional processor time of a request compared with the other side, in µs.
    pub fn dearer_than(&self, other: &Self) -> Vec<f64> {
        self.against(other, |own, other| own.cpu - other.cpu)
    }

    /// Requests a second, divided by those of the other side.
    pub fn rate_against(&self, other: &Self) -> Vec<f64> {
        self.against(other, |own, other| own.rate / other.rate)
    }
}

/// The median.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    f64::midpoint(low, high)
}

/// Connections of a closed loop.
pub const CONNECTIONS: usize = 32;
