//! Sets up the log of the process: one line per event on standard output, as JSON or text.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use super::{
    LogFormat, LogLevel, LogSettings,
    json_lines::JsonLines,
    queue::{LogGuard, LogQueue},
};
use crate::clock::SystemClock;

/// Starts logging. The caller drops the guard at the end of the process. Only the first call has an
/// effect, so that every test may call it.
///
/// # Errors
/// If the log thread cannot be started.
pub fn init(settings: LogSettings) -> io::Result<LogGuard> {
    let queue = LogQueue::to_stdout()?;
    let guard = queue.guard();
    let level = level_of(settings.level);
    // Libraries log connections, and some of them headers. Only their warnings and errors are
    // logged.
    let ours = filter_fn(|event| {
        event.target().starts_with("scopegate") || *event.level() <= tracing::Level::WARN
    });
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        LogFormat::Json => {
            JsonLines::new(queue, settings.timestamps.then(SystemClock::default)).boxed()
        }
        LogFormat::Text => text_lines(queue, settings.timestamps),
    };
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(ours))
        .with(level)
        .try_init();
    Ok(guard)
}

/// Lines for people. No colours: tracing-subscriber is built without them, and complains if it is asked for them.
fn text_lines<W>(writer: W, has_time: bool) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_ansi(false).with_writer(writer);
    if has_time {
        lines.boxed()
    } else {
        lines.without_time().boxed()
    }
}

fn level_of(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_of_text_has_a_time_unless_it_is_switched_off() {
        let line = |has_time| {
            let kept = Kept::default();
            let writer = kept.clone();
            let layer = text_lines(move || writer.clone(), has_time);
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                tracing::info!(target: "scopegate::elsewhere", "told");
            });
            let bytes = kept.0.lock().unwrap();
            String::from_utf8(bytes.clone()).unwrap()
        };
        assert_eq!(line(false), " INFO scopegate::elsewhere: told\n");
        let (time, rest) = line(true)
            .split_once(' ')
            .map(|(time, rest)| (time.to_owned(), rest.to_owned()))
            .unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
        assert_eq!(rest, " INFO scopegate::elsewhere: told\n");
    }
}
