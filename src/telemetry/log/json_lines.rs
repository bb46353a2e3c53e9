//! The log as JSON, one object per event: time, level, the fields of the event, target. A line is
//! built in one buffer with few allocations, because a denial is answered only after its line is
//! built.

use std::time::Duration;

use serde::{Serializer, ser::SerializeMap};
use tracing::{Event, Subscriber};
use tracing_serde::{AsSerde, SerdeMapVisitor};
use tracing_subscriber::layer::{Context, Layer};

use super::queue::LogQueue;
use crate::clock::{Clock, Rfc3339, SystemClock};

/// A layer of `tracing` that puts a line for each event into the queue. Without a clock, lines have no time.
pub(super) struct JsonLines {
    queue: LogQueue,
    clock: Option<SystemClock>,
}

impl JsonLines {
    pub(super) fn new(queue: LogQueue, clock: Option<SystemClock>) -> Self {
        Self { queue, clock }
    }
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        match line_of(event, self.clock.as_ref().map(Clock::unix_time)) {
            Ok(line) => self.queue.push(&line),
            Err(_) => self.queue.count_lost(),
        }
    }
}

fn line_of(event: &Event<'_>, unix_time: Option<Duration>) -> serde_json::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(TYPICAL_BYTES);
    let mut object = serde_json::Serializer::new(&mut line);
    let mut object = object.serialize_map(None)?;
    if let Some(unix_time) = unix_time {
        object.serialize_entry("timestamp", &Rfc3339(unix_time))?;
    }
    object.serialize_entry("level", &event.metadata().level().as_serde())?;
    let mut fields = SerdeMapVisitor::new(object);
    event.record(&mut fields);
    let mut object = fields.take_serializer()?;
    object.serialize_entry("target", event.metadata().target())?;
    object.end()?;
    line.push(b'\n');
    Ok(line)
}

/// The initial capacity of a line, enough for a denial.
const TYPICAL_BYTES: usize = 768;

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Collects the lines, all with the same time or without one.
    struct Collected {
        lines: Arc<Mutex<String>>,
        unix_time: Option<Duration>,
    }

    impl<S: Subscriber> Layer<S> for Collected {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let line = line_of(event, self.unix_time).unwrap();
            self.lines
                .lock()
                .unwrap()
                .push_str(&String::from_utf8(line).unwrap());
        }
    }

    /// The lines of what `log` logs.
    fn lines(unix_time: Option<Duration>, log: impl FnOnce()) -> String {
        let lines = Arc::<Mutex<String>>::default();
        let collected = Collected {
            lines: Arc::clone(&lines),
            unix_time,
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(collected), log);
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn a_line_is_one_object_with_its_fields_in_order() {
        let lines = lines(Some(Duration::from_micros(1_500_000)), || {
            let absent: Option<&str> = None;
            tracing::info!(a = "x\"\n\u{1b}é", absent, count = 7, is_so = true, cause = ?Some("y"), "told");
            tracing::warn!(target: "scopegate::elsewhere", "{} and {}", 1, 2);
        });
        let expected = concat!(
            r#"{"timestamp":"1970-01-01T00:00:01.500000Z","level":"INFO","message":"told","a":"x\"\n\u001bé","count":7,"#,
            r#""is_so":true,"cause":"Some(\"y\")","target":"scopegate::telemetry::log::json_lines::tests"}"#,
            "\n",
            r#"{"timestamp":"1970-01-01T00:00:01.500000Z","level":"WARN","message":"1 and 2","#,
            r#""target":"scopegate::elsewhere"}"#,
            "\n",
        );
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_line_without_a_time_begins_with_its_level() {
        let lines = lines(
            None,
            || tracing::info!(target: "scopegate::elsewhere", "told"),
        );
        assert_eq!(
            lines,
            "{\"level\":\"INFO\",\"message\":\"told\",\"target\":\"scopegate::elsewhere\"}\n"
        );
    }
}
