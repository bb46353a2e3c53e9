//! The results, as the tables of `docs/performance.md`.

use std::{fmt::Write, fs};

use crate::{
    process::run,
    series::{Plan, Series, median},
};

/// The goal of a row.
#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// No goal: the row is there for comparison.
    Open,
}

/// The format of a figure.
#[derive(Clone, Copy)]
pub enum Unit {
    Microseconds,
    /// A multiple of another figure.
    Times,
}

/// One row of the table of targets.
pub struct Row {
    pub number: u8,
    pub what: String,
    pub against: String,
    pub unit: Unit,
    pub goal: Goal,
    /// The figure of each round.
    pub values: Vec<f64>,
}

/// The results of a run.
#[derive(Default)]
pub struct Report {
    pub rows: Vec<Row>,
    pub sides: Vec<Series>,
    pub peers: Vec<(String, Vec<Series>)>,
    pub notes: Vec<String>,
    /// The load average of the minute before.
    pub load_before: f64,
}

impl Report {
    /// A report without results, of a run that begins now.
    pub fn begin() -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap();
        let load_before = load.split(' ').next().unwrap().parse().unwrap();
        Self {
            load_before,
            ..Self::default()
        }
    }

    /// Adds a row.
    pub fn row(
        &mut self,
        number: u8,
        what: &str,
        against: &str,
        unit: Unit,
        goal: Goal,
        values: Vec<f64>,
    ) {
        let (what, against) = (what.to_owned(), against.to_owned());
        let row = Row {
            number,
            what,
            against,
            unit,
            goal,
            values,
        };
        eprint!("{}", row.markdown());
        self.rows.push(row);
    }

    /// Adds a remark below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The targets, the sides that they were computed from, and the remarks.
    pub fn targets(&mut self, plan: Plan) -> String {
        self.rows.sort_by_key(|row| row.number);
        let mut text = machine(plan, self.load_before);
        text.push_str("\n| # | what | against | median (least to most) | goal | |\n| --- | --- | --- | --- | --- | --- |\n");
        self.rows
            .iter()
            .for_each(|row| text.push_str(&row.markdown()));
        text.push('\n');
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text.push_str(&idle(&self.sides));
        text.push_str("\nWhat each side did:\n\n");
        text.push_str(&sides_table(&self.sides));
        text
    }

    /// A table for each kind of token.
    pub fn peers(&self, plan: Plan) -> String {
        let mut text = machine(plan, self.load_before);
        for (title, sides) in &self.peers {
            let _ = write!(text, "\n{title}:\n\n{}", sides_table(sides));
        }
        text
    }
}

impl Row {
    fn markdown(&self) -> String {
        let Self {
            number,
            what,
            against,
            ..
        } = self;
        let figure = median(&self.values);
        let (least, most) = (
            self.values.iter().copied().fold(f64::MAX, f64::min),
            self.values.iter().copied().fold(f64::MIN, f64::max),
        );
        let show = |value: f64| self.unit.show(value);
        let (goal, verdict) = match self.goal {
            Goal::AtMost(goal) => (format!("≤ {}", show(goal)), verdict(figure <= goal)),
            Goal::AtLeast(goal) => (format!("≥ {}", show(goal)), verdict(figure >= goal)),
            Goal::Open => (String::new(), ""),
        };
        format!(
            "| {number} | {what} | {against} | {} ({} to {}) | {goal} | {verdict} |\n",
            show(figure),
            show(least),
            show(most)
        )
    }
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**missed**" }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Microseconds => format!("{value:.2} µs"),
            Self::Times => format!("{value:.2} ×"),
        }
    }
}

fn sides_table(sides: &[Series]) -> String {
    let mut text =
        "| side | CPU µs a request | requests/s | core busy |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for side in sides {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.0} % |",
            side.name,
            spread(&side.of(|sample| sample.cpu), 2),
            spread(&side.of(|sample| sample.rate), 0),
            median(&side.of(|sample| sample.busy)) * 100.0,
        );
    }
    text
}

fn spread(values: &[f64], digits: usize) -> String {
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    format!(
        "{:.digits$} ({least:.digits$} to {most:.digits$})",
        median(values)
    )
}

/// Names the sides whose servers were idle part of the time, so that their requests/s are not their
/// limit.
fn idle(sides: &[Series]) -> String {
    let idle = sides
        .iter()
        .filter(|side| median(&side.of(|sample| sample.busy)) < 0.9);
    let names: Vec<_> = idle.map(|side| side.name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(
            "- The servers' core was busy for less than 90 % of the time, so that requests/s were bounded by the client or \
             by something else on the machine: {}.\n",
            names.join("; ")
        ),
    }
}

/// One sentence on machine, date and versions.
fn machine(plan: Plan, load: f64) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap();
    let models: Vec<_> = cpus
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .collect();
    let output = |program: &str, arguments: &[&str]| run(program, arguments).1;
    let commit = output("git", &["describe", "--always", "--dirty", "--exclude=*"]);
    format!(
        "{} rounds of {} s a side, {}; {}, {} cores, Linux {}, load average {load} before; {}; scopegate {commit}.\n",
        plan.rounds,
        plan.duration.as_secs_f64(),
        output("date", &["--utc", "+%Y-%m-%d"]),
        models
            .first()
            .map_or("an unknown processor", |(_, name)| name),
        models.len(),
        output("uname", &["-r"]),
        output("rustc", &["--version"]).split(" (").next().unwrap(),
    )
}

/// Puts a text between the markers of this name in `docs/performance.md`.
pub fn publish(name: &str, text: &str) {
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let [begin, end] = [format!("<!-- {name} -->\n"), format!("<!-- /{name} -->")];
    let (before, rest) = document
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{DOCUMENT} has no {begin}"));
    let (_, after) = rest
        .split_once(&end)
        .unwrap_or_else(|| panic!("{DOCUMENT} has no {end}"));
    fs::write(DOCUMENT, format!("{before}{begin}\n{text}\n{end}{after}")).unwrap();
}

const DOCUMENT: &str = "docs/performance.md";
